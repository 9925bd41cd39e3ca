//! Processes, known by more than a number that the kernel gives to somebody else later.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::mounts::{self, Mount};

/// A process: its id, and when it started in clock ticks since boot. Together they are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    started: u64,
}

/// A process in a node, and what it sees mounted.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) process: Process,
    /// True for PID 1 of the node; when it is killed, the kernel kills all others.
    pub(crate) is_init: bool,
    pub(crate) mounts: Vec<Mount>,
}

impl Process {
    /// Reads what [`crate::machine`] has a new process write: both numbers with a blank between them.
    pub(crate) fn recorded(text: &str) -> Option<Process> {
        let (pid, started) = text.trim().split_once(' ')?;
        Some(Process { pid: pid.parse().ok()?, started: started.parse().ok()? })
    }

    /// True while it runs. A zombie does not: some machines have a PID 1 that never reaps one.
    pub(crate) fn is_alive(self) -> bool {
        stat_of(self.pid).is_some_and(|(state, started)| started == self.started && !matches!(state, 'Z' | 'X'))
    }

    /// Sends a signal, unless the process has ended. Never to another process that has got its id: the handle is
    /// opened before its start is compared.
    pub(crate) fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid.cast_signed()) else { return };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if self.is_alive() {
            // It may end between the two lines, which is what was wanted.
            let _ended = pidfd_send_signal(&handle, signal);
        }
    }
}

/// Every living process whose `/` is the overlay with the changes in `upper`.
pub(crate) fn inside(upper: &Path) -> Vec<Inside> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        let mounts = mounts::of_process(pid);
        mounts.iter().find(|mount| mount.point == "/" && mount.is_overlay_of(upper))?;
        let (_, started) = stat_of(pid)?;
        let is_init = is_init(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?);
        Some(Inside { process: Process { pid, started }, is_init, mounts })
    })
    .filter(|inside| inside.process.is_alive())
    .collect()
}

fn stat_of(pid: u32) -> Option<(char, u64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// State and start time of a `stat` line. The name in it may hold blanks and brackets, so counting starts behind it.
fn parse_stat(stat: &str) -> Option<(char, u64)> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// True if the innermost id of the process is 1, and there is an outer one.
fn is_init(status: &str) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    ids.is_some_and(|ids| ids.split_whitespace().count() > 1 && ids.split_whitespace().last() == Some("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this() -> Process {
        let pid = std::process::id();
        Process { pid, started: stat_of(pid).unwrap().1 }
    }

    #[test]
    fn a_stat_line_with_a_wicked_name() {
        let stat = "42 (a) Z (b) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3";
        assert_eq!(parse_stat(stat), Some(('S', 987_654)));
        assert_eq!(parse_stat("42 (a) S 1"), None);
    }

    #[test]
    fn we_are_alive_and_our_number_at_another_time_is_not() {
        assert!(this().is_alive());
        let former = Process { started: this().started - 1, ..this() };
        assert!(!former.is_alive());
        former.signal(Signal::KILL);
    }

    #[test]
    fn a_zombie_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = Process { pid: child.id(), started: stat_of(child.id()).unwrap().1 };
        for _ in 0..2000 {
            if !process.is_alive() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!process.is_alive());
        child.wait().unwrap();
    }

    #[test]
    fn records() {
        assert_eq!(Process::recorded("12 345\n"), Some(Process { pid: 12, started: 345 }));
        assert_eq!(Process::recorded("12"), None);
        assert_eq!(Process::recorded(""), None);
    }

    #[test]
    fn the_first_process_of_a_node() {
        assert!(is_init("Name:\tsystemd\nNSpid:\t19797\t1\n"));
        assert!(!is_init("NSpid:\t19797\t11\n"));
        assert!(!is_init("NSpid:\t1\n"));
    }
}
