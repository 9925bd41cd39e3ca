//! The framing against a `sh` on this machine, through pipes that do not block.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};

struct Local {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

impl Local {
    fn start(shell: &str) -> Local {
        let mut process = std::process::Command::new(shell);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that `kill 0` in a script does not reach the test.
        std::os::unix::process::CommandExt::process_group(&mut process, 0);
        let mut child = process.spawn().unwrap();
        let (stdin, stdout, stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for fd in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            fcntl_setfl(fd, fcntl_getfl(fd).unwrap() | OFlags::NONBLOCK).unwrap();
        }
        Local { child, stdin, stdout, stderr }
    }

    fn run(&mut self, command: &Command) -> Result<(Output, bool), Broken> {
        let id = format!("{:016x}", std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1));
        run(self, command, &id, Instant::now() + command.timeout)
    }

    fn answer(&mut self, command: &Command) -> Output {
        let (output, usable) = self.run(command).unwrap();
        assert!(usable, "{command:?}");
        output
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Streams for Local {
    fn write(&mut self, bytes: &[u8], _: Instant) -> io::Result<usize> {
        self.stdin.write(bytes)
    }

    fn read(&mut self, stream: Stream, buffer: &mut [u8], _: Instant) -> io::Result<usize> {
        match stream {
            Stream::Stdout => self.stdout.read(buffer),
            Stream::Stderr => self.stderr.read(buffer),
        }
    }

    fn wait(&mut self, writing: bool, deadline: Instant) -> io::Result<()> {
        // A stream at its end is always ready, so the wait is short: this is a test.
        let limit = deadline.saturating_duration_since(Instant::now()).min(Duration::from_millis(5));
        let mut fds = vec![PollFd::new(&self.stdout, PollFlags::IN), PollFd::new(&self.stderr, PollFlags::IN)];
        if writing {
            fds.push(PollFd::new(&self.stdin, PollFlags::OUT));
        }
        poll(&mut fds, Some(&Timespec::try_from(limit).unwrap()))?;
        Ok(())
    }

    fn ended(&mut self, _: Instant) -> Option<i32> {
        let status = self.child.wait().ok()?;
        status.code().or(status.signal().map(|signal| 128 + signal))
    }
}

fn shells() -> Vec<&'static str> {
    ["sh", "bash"]
        .into_iter()
        .filter(|shell| std::process::Command::new(shell).arg("-c").arg(":").status().is_ok())
        .collect()
}

#[test]
fn every_script_answers_what_it_would_alone_and_leaves_the_shell_usable() {
    let table: &[(&str, i32, &str, &str)] = &[
        ("", 0, "", ""),
        ("echo hello", 0, "hello\n", ""),
        ("printf 'no newline'", 0, "no newline", ""),
        ("echo out; echo err >&2", 0, "out\n", "err\n"),
        ("exit 3", 3, "", ""),
        ("-x 2>/dev/null", 127, "", ""),
        ("false", 1, "", ""),
        ("cd /tmp; x=1; set -e; false; echo never", 1, "", ""),
        ("case $x$(pwd) in /tmp|1*) echo leaked;; *) echo clean;; esac", 0, "clean\n", ""),
        ("echo 'single' \"double\" `echo tick` \\$HOME", 0, "single double tick $HOME\n", ""),
        ("cat <<EOF\nhere $((1 + 1))\nEOF", 0, "here 2\n", ""),
        ("cat <<'EOF'\nit's $raw\nEOF\n", 0, "it's $raw\n", ""),
        ("echo a # comment without newline", 0, "a\n", ""),
        ("echo a\n\n\n# comment\n", 0, "a\n", ""),
        ("cat; echo end", 0, "end\n", ""),
        ("read line || echo none", 0, "none\n", ""),
        ("printf '\\036abc>0;'", 0, "\u{1e}abc>0;", ""),
        ("PS4=; set -x; echo x", 0, "x\n", "echo x\n"),
        ("exec echo replaced", 0, "replaced\n", ""),
        ("trap 'echo bye' EXIT; exit 4", 4, "bye\n", ""),
        ("sh -c 'kill -9 $$'; exit $?", 137, "", "Killed\n"),
        ("exec >&- 2>&-; exit 5", 5, "", ""),
        ("f() { return 7; }; f", 7, "", ""),
        ("echo äöü €", 0, "äöü €\n", ""),
    ];
    for shell in shells() {
        let mut local = Local::start(shell);
        for (script, status, stdout, stderr) in table {
            let output = local.answer(&Command::new(*script));
            assert_eq!(output.status, *status, "{shell}: {script}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), *stdout, "{shell}: {script}");
            if shell == "sh" || !stderr.contains("Killed") {
                assert_eq!(String::from_utf8_lossy(&output.stderr), *stderr, "{shell}: {script}");
            }
        }
    }
}

#[test]
fn syntax_errors_fail_and_leave_the_shell_usable() {
    for shell in shells() {
        let mut local = Local::start(shell);
        for script in ["if", "echo 'open", "done", "( echo", "cat <<", "}", ")", "echo \"", "case x in"] {
            let output = local.answer(&Command::new(script));
            assert_ne!(output.status, 0, "{shell}: {script}");
            assert!(!output.stderr.is_empty(), "{shell}: {script}");
            assert_eq!(local.answer(&Command::new("echo on")).text(), "on", "{shell}: {script}");
        }
    }
}

#[test]
fn binary_output_and_input_come_through_exactly() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for shell in shells() {
        let mut local = Local::start(shell);
        let output = local.answer(&Command::new("cat").with_stdin(bytes.clone()));
        assert!(output.stdout == bytes && output.status == 0, "{shell}");
        assert_eq!(local.answer(&Command::new("wc -c").with_stdin(bytes.clone())).text(), "1048576");
        assert_eq!(local.answer(&Command::new("exit 6").with_stdin(bytes.clone())).status, 6, "{shell}: unread input");
        assert_eq!(local.answer(&Command::new("head -c 3").with_stdin("-%n\\ x")).stdout, b"-%n");
        assert_eq!(local.answer(&Command::new("echo on")).text(), "on");
    }
}

#[test]
fn megabytes_on_both_streams_do_not_block_each_other() {
    let mut local = Local::start("sh");
    let script = "head -c 8388608 /dev/zero >&2; head -c 3000000 /dev/zero; echo end >&2";
    let output = local.answer(&Command::new(script));
    assert_eq!((output.stdout.len(), output.stderr.len()), (3_000_000, 8_388_612));
    let long = format!("echo {} | wc -c", "x".repeat(1 << 20));
    assert_eq!(local.answer(&Command::new(long)).text(), "1048577");
}

#[test]
fn a_script_that_kills_its_own_shell_answers_the_signal() {
    for (script, status, text) in
        [("echo before; kill -9 $$", 137, "before"), ("echo group; kill -TERM 0", 143, "group")]
    {
        let (output, usable) = Local::start("sh").run(&Command::new(script)).unwrap();
        assert_eq!((output.status, output.text().as_str(), usable), (status, text, false), "{script}");
    }
}

#[test]
fn a_process_left_in_the_background_does_not_hold_the_answer() {
    let mut local = Local::start("sh");
    let begun = Instant::now();
    let output = local.answer(&Command::new("sleep 30 & echo $!"));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let pid = output.text();
    local.answer(&Command::new("(echo stray; sleep 0.2; echo stray >&2) & echo first"));
    std::thread::sleep(Duration::from_millis(400));
    let output = local.answer(&Command::new(format!("kill {pid}; echo second")));
    assert_eq!((output.text().as_str(), output.status), ("second", 0));
    assert!(output.stderr.is_empty());
}

#[test]
fn silence_ends_at_the_deadline_and_floods_at_the_bound() {
    let begun = Instant::now();
    let error = Local::start("sh").run(&Command::new("sleep 30").within(Duration::from_millis(200))).unwrap_err();
    assert!(matches!(error, Broken::TimedOut) && begun.elapsed() < Duration::from_secs(5));
    let error = Local::start("sh").run(&Command::new("cat /dev/zero")).unwrap_err();
    assert!(matches!(error, Broken::TooMuch(_)), "{error:?}");
    let error = Local::start("sh").run(&Command::new("echo \0")).unwrap_err();
    assert!(matches!(error, Broken::TooMuch(_)), "{error:?}");
}

#[test]
fn a_shell_that_ends_before_the_command_is_lost() {
    let mut local = Local::start("sh");
    local.child.kill().unwrap();
    local.child.wait().unwrap();
    assert!(matches!(local.run(&Command::new("echo")), Err(Broken::Lost(_))));
}
