//! One small shell that outlives us: whatever way we end, it kills the process groups of clients that are left.
//!
//! It reads which groups there are from a pipe that only we hold; the pipe ends with us, also by SIGKILL. A parent-death
//! signal would be simpler and wrong: it is sent when the *thread* that started a process ends, and threads of an
//! asynchronous runtime come and go.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Keeps the list of groups; the end of its input is the end of them.
const SCRIPT: &str = r#"trap '' HUP INT QUIT TERM
groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    drop) case $groups in *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
"#;

/// The shell, while we live.
pub(super) struct Guard {
    shell: Child,
    input: Mutex<Option<ChildStdin>>,
}

impl Guard {
    /// Starts it, in a group of its own, so that Ctrl-C is not for it.
    pub(super) fn start() -> std::io::Result<Guard> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(SCRIPT).process_group(0);
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let input = Mutex::new(shell.stdin.take());
        Ok(Guard { shell, input })
    }

    /// Remembers a group.
    pub(super) fn remember(&self, group: i32) {
        self.tell("add", group);
    }

    /// Forgets a group that is gone.
    pub(super) fn forget(&self, group: i32) {
        self.tell("drop", group);
    }

    fn tell(&self, verb: &str, group: i32) {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = input.as_mut() {
            // If the shell is gone, clients still end with their input, and by our own hand.
            let _told = writeln!(input, "{verb} {group}");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        *self.input.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _reaped = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").process_group(0).spawn().unwrap()
    }

    #[test]
    fn what_is_left_is_killed_and_what_was_dropped_is_not() {
        let guard = Guard::start().unwrap();
        let mut children = [sleeper(), sleeper(), sleeper()];
        let groups = children.each_ref().map(|child| child.id() as i32);
        for group in groups {
            guard.remember(group);
        }
        guard.forget(groups[1]);
        guard.forget(4_000_000);
        drop(guard);
        for position in [0, 2] {
            assert!(!children[position].wait().unwrap().success());
        }
        assert_eq!(children[1].try_wait().unwrap(), None, "it was not the guard's any more");
        children[1].kill().unwrap();
        children[1].wait().unwrap();
    }
}
