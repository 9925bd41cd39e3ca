//! A control group per node.
//!
//! Without one, machines that are started from the same group share a group `payload`: their services of the same
//! name then are one service to the kernel. A limit or a freeze on one node hits all of them, and `systemctl kill`
//! fails with "Input/output error" at the first process of another node, which has no number in this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// Where a machine may have its tree of process groups: version 2 alone, or beside version 1.
const HIERARCHIES: [(&str, &str); 3] = [
    ("/sys/fs/cgroup", "cgroup.controllers"),
    ("/sys/fs/cgroup/unified", "cgroup.controllers"),
    ("/sys/fs/cgroup/systemd", "cgroup.procs"),
];

/// The groups of the node with that machine name, one per hierarchy of this machine.
pub(crate) fn of(machine: &str) -> Vec<PathBuf> {
    let here = HIERARCHIES.iter().filter(|(dir, mark)| Path::new(dir).join(mark).exists());
    here.map(|(dir, _)| Path::new(dir).join(machine)).collect()
}

/// Removes the groups of a node in which nothing runs any more. An ended process leaves its group a moment later
/// than it leaves the process table, hence the rounds. A group that stays is empty and harmless.
pub(crate) fn remove(machine: &str) {
    let groups = [of(machine), of(&format!("{machine}.launcher"))].concat();
    for _round in 0..20 {
        let left: Vec<&PathBuf> = groups.iter().filter(|group| group.exists()).collect();
        if left.is_empty() {
            return;
        }
        left.iter().for_each(|group| remove_tree(group));
        sleep(Duration::from_millis(25));
    }
}

/// Groups are removed from the leaves; the files in them go with them.
fn remove_tree(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    let _busy_or_gone = fs::remove_dir(group);
}
