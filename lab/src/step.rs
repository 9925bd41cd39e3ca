//! One command on this machine, with a time limit.
//!
//! A command that hangs must not hang us: it is asked to end, then killed, then left behind. Its output goes into
//! memory files, so that neither a full pipe nor a grandchild that keeps one open can block anybody.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::MemfdFlags;
use rustix::process::{Pid, Signal, kill_process};

use crate::error::LabError;

/// How long a command may take that should take milliseconds.
const USUAL: Duration = Duration::from_secs(20);
/// How long a command that is over its limit gets to clean up.
const GRACE: Duration = Duration::from_secs(3);
/// How much of what a command said goes into an error.
const SAID_LINES: usize = 12;

/// A command to run.
pub(crate) struct Step {
    command: Command,
    limit: Duration,
}

impl Step {
    /// A command with the usual limit of 20 s.
    pub(crate) fn new(program: &str) -> Step {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).env("LC_ALL", "C").env("PATH", search_path());
        Step { command, limit: USUAL }
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Step {
        self.command.args(args);
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Step {
        self.command.arg(arg);
        self
    }

    /// Sets the folder to run in.
    pub(crate) fn within(mut self, folder: &Path) -> Step {
        self.command.current_dir(folder);
        self
    }

    /// Sets another limit.
    pub(crate) fn limit(mut self, limit: Duration) -> Step {
        self.limit = limit;
        self
    }

    /// Runs it and gives back its standard output.
    ///
    /// # Errors
    /// When it cannot be started, fails, or takes longer than its limit.
    pub(crate) fn run(mut self) -> Result<String, LabError> {
        let (mut out, mut err) = (self.memory()?, self.memory()?);
        let (stdout, stderr) = (self.clone_of(&out)?, self.clone_of(&err)?);
        self.command.stdout(stdout).stderr(stderr);
        let mut child = self.command.spawn().map_err(|error| self.error(&format!("did not start: {error}"), ""))?;
        let ended = wait(&mut child, self.limit);
        let ended = ended.map_err(|error| self.error(&format!("cannot be waited for: {error}"), ""))?;
        let (said, complained) = (text(&mut out), text(&mut err));
        match ended {
            Some(status) if status.success() => Ok(said),
            Some(status) => Err(self.error(&format!("failed ({status})"), &format!("{said}\n{complained}"))),
            None => {
                let ending = format!("took longer than {} s", self.limit.as_secs());
                Err(self.error(&ending, &format!("{said}\n{complained}")))
            }
        }
    }

    fn memory(&self) -> Result<File, LabError> {
        let file = rustix::fs::memfd_create("gainsay", MemfdFlags::CLOEXEC);
        file.map(File::from).map_err(|error| self.error(&format!("has no place for its output: {error}"), ""))
    }

    fn clone_of(&self, file: &File) -> Result<Stdio, LabError> {
        let clone = file.try_clone();
        clone.map(Stdio::from).map_err(|error| self.error(&format!("has no place for its output: {error}"), ""))
    }

    fn error(&self, ending: &str, said: &str) -> LabError {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let command = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        LabError::Command { command, ending: ending.to_owned(), output: last_lines(said) }
    }
}

/// Waits for the end of `child`; `None` if it did not come in time, and then it is killed.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    if let Some(status) = wait_until(child, Instant::now() + limit)? {
        return Ok(Some(status));
    }
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        let _gone_already = kill_process(pid, Signal::TERM);
    }
    if wait_until(child, Instant::now() + GRACE)?.is_none() {
        child.kill()?;
        wait_until(child, Instant::now() + GRACE)?;
    }
    Ok(None)
}

fn wait_until(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    if let Err(error) = read {
        return format!("(its output cannot be read: {error})");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(SAID_LINES)..];
    if last.is_empty() { String::new() } else { format!(":\n{}", last.join("\n")) }
}

/// The caller's PATH, and where Debian keeps the tools of root, which `su` does not add.
pub(crate) fn search_path() -> String {
    let given = std::env::var("PATH").unwrap_or_default();
    format!("{given}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_standard_output() {
        assert_eq!(Step::new("echo").args(["a", "b"]).run().unwrap(), "a b\n");
    }

    #[test]
    fn a_failure_names_command_status_and_what_was_said() {
        let error = Step::new("sh").args(["-c", "echo no such thing >&2; exit 3"]).run().unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.ends_with(":\nno such thing"), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let begun = Instant::now();
        let hangs = Step::new("sh").args(["-c", "echo begun; exec sleep 60"]).limit(Duration::from_millis(100));
        let error = hangs.run().unwrap_err().to_string();
        assert!(error.contains("took longer than") && error.ends_with("begun"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_command_that_does_not_exist() {
        let error = Step::new("gainsay-no-such-program").run().unwrap_err().to_string();
        assert!(error.contains("did not start"), "{error}");
    }
}
