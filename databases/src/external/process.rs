//! One process that speaks in lines: started in a group of its own, ended with the whole group.

use super::guard::Guard;
use super::log::Log;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// No line is longer; a set of a million elements is shorter.
const LONGEST_LINE: usize = 16 << 20;

/// A client whose input ended may take so long to end by itself.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the last words of a client that ended are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A running client, and its three streams.
pub(super) struct Process {
    child: Child,
    group: i32,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    words: Option<JoinHandle<()>>,
    log: Arc<Log>,
    guard: Arc<Guard>,
    /// Lines read so far.
    pub(super) lines: u64,
}

/// Why there is no line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoLine {
    /// Its standard output ended: how the process ended, as far as it is known, and its last words.
    Ended {
        /// Its exit status; None if it goes on without an output.
        status: Option<i32>,
        /// For people.
        told: String,
    },
    /// The line does not end.
    TooLong,
}

impl Process {
    /// Starts a command line of the shell.
    pub(super) fn start(line: &str, log: Arc<Log>, guard: Arc<Guard>) -> std::io::Result<Process> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
        guard.remember(group);
        log.begin();
        let missing = || std::io::Error::other("a stream is missing");
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let words = child.stderr.take().map(|stderr| tokio::spawn(keep(stderr, Arc::clone(&log))));
        let input = child.stdin.take();
        Ok(Process { child, group, input, output, words, log, guard, lines: 0 })
    }

    /// Hands it a line.
    pub(super) async fn send(&mut self, line: &[u8]) -> std::io::Result<()> {
        let Some(input) = self.input.as_mut() else { return Err(std::io::ErrorKind::BrokenPipe.into()) };
        input.write_all(line).await?;
        input.flush().await
    }

    /// The next line, without its end.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, NoLine> {
        let mut line = Vec::new();
        let read = (&mut self.output).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line).await;
        self.lines += 1;
        match (read, line.pop()) {
            (Ok(_), Some(b'\n')) => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                Ok(line)
            }
            (Ok(_), Some(_)) if line.len() >= LONGEST_LINE => Err(NoLine::TooLong),
            _ => Err(self.ended().await),
        }
    }

    /// True if something can be read at once, though nothing was asked: a line, or the end.
    pub(super) async fn has_spoken(&mut self) -> bool {
        tokio::time::timeout(Duration::ZERO, self.output.fill_buf()).await.is_ok()
    }

    /// Ends its input, and waits for its end.
    ///
    /// # Errors
    /// What it still says, or that it goes on.
    pub(super) async fn close(&mut self, limit: Duration) -> Result<i32, String> {
        self.input = None;
        let ending = async {
            match self.receive().await {
                Ok(line) => Err(format!("said more: \"{}\"", super::protocol::excerpt(&line))),
                Err(NoLine::Ended { status: Some(status), .. }) => Ok(status),
                Err(NoLine::Ended { told, .. }) => Err(told),
                Err(NoLine::TooLong) => Err("said more, without an end".to_owned()),
            }
        };
        let late = || Err(format!("still ran {} s after its standard input had ended", limit.as_secs_f64()));
        tokio::time::timeout(limit, ending).await.unwrap_or_else(|_| late())
    }

    /// Why its output ended.
    async fn ended(&mut self) -> NoLine {
        let status = tokio::time::timeout(LAST_WORDS, self.child.wait()).await.ok().and_then(Result::ok);
        if let Some(words) = self.words.take() {
            let _heard = tokio::time::timeout(LAST_WORDS, words).await;
        }
        let mut told = match status {
            Some(status) => format!("the client ended ({status})"),
            None => "the client closed its standard output".to_owned(),
        };
        if let Some(words) = self.log.last_words() {
            told += &format!("; its last words: {words}");
        }
        let status = status.map(|status| status.code().unwrap_or(-1));
        NoLine::Ended { status, told }
    }

    /// Lets an idle client end by itself for a moment; one that is still busy just ends.
    pub(super) fn farewell(mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        self.input = None;
        runtime.spawn(async move {
            let _ended = tokio::time::timeout(FAREWELL, self.child.wait()).await;
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group's number stays its own until its leader is reaped; others of the group may outlive a leader that is.
        if let Some(group) = Pid::from_raw(self.group) {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        self.guard.forget(self.group);
    }
}

/// Copies the standard error into the log.
async fn keep(mut stderr: ChildStderr, log: Arc<Log>) {
    let mut chunk = vec![0; 8192];
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        log.wrote(&chunk[..length]);
    }
}
