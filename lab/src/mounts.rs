//! What is mounted where, as a process sees it.

use std::fs;
use std::path::Path;

use crate::error::LabError;
use crate::step::Step;

/// One line of `mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where it is, seen from the root of the process that was asked.
    pub(crate) point: String,
    /// The type of the file system.
    pub(crate) kind: String,
    /// What is mounted: a device, or any word.
    pub(crate) source: String,
    options: String,
}

impl Mount {
    /// True if this is an overlay whose changes go to `upper`.
    pub(crate) fn is_overlay_of(&self, upper: &Path) -> bool {
        let option = format!("upperdir={}", upper.display());
        self.kind == "overlay" && self.options.split(',').any(|word| word == option)
    }
}

/// The mounts that a process sees; none if it is gone or a zombie.
pub(crate) fn of_process(pid: u32) -> Vec<Mount> {
    parse(&fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default())
}

/// The mounts that we see.
pub(crate) fn ours() -> Vec<Mount> {
    of_process(std::process::id())
}

/// True if something is mounted exactly there.
pub(crate) fn is_mounted(point: &Path) -> bool {
    ours().iter().any(|mount| Path::new(&mount.point) == point)
}

/// Unmounts everything at and below `dir`, what was mounted last first.
///
/// # Errors
/// When one of them is busy.
pub(crate) fn unmount_below(dir: &Path) -> Result<(), LabError> {
    let mounts = ours();
    for mount in mounts.iter().rev().filter(|mount| Path::new(&mount.point).starts_with(dir)) {
        Step::new("umount").arg("--").arg(&mount.point).run()?;
    }
    Ok(())
}

/// `36 35 98:0 /sub /point rw,noatime shared:1 - ext4 /dev/root rw,errors=continue`, see proc(5).
fn parse(text: &str) -> Vec<Mount> {
    text.lines()
        .filter_map(|line| {
            let (place, what) = line.split_once(" - ")?;
            let point = place.split(' ').nth(4)?;
            let mut what = what.splitn(3, ' ');
            let (kind, source) = (what.next()?, what.next()?);
            Some(Mount {
                point: unescape(point),
                kind: kind.to_owned(),
                source: unescape(source),
                options: what.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// The kernel writes blanks and backslashes of paths as three octal digits.
fn unescape(word: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(word.to_owned(), |word, (escape, plain)| word.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
140 119 0:39 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/b,upperdir=/labs/x/n1/upper,workdir=/w,uuid=on
141 140 7:0 / /a\\040b rw shared:829 master:2 - ext4 /dev/loop0 rw
nonsense
";

    #[test]
    fn reads_point_kind_source() {
        let mounts = parse(TEXT);
        assert_eq!(mounts.len(), 3);
        assert_eq!((mounts[2].point.as_str(), mounts[2].source.as_str()), ("/a b", "/dev/loop0"));
    }

    #[test]
    fn an_overlay_is_known_by_the_whole_upper_path() {
        let mounts = parse(TEXT);
        assert!(mounts[1].is_overlay_of(Path::new("/labs/x/n1/upper")));
        assert!(!mounts[1].is_overlay_of(Path::new("/labs/x/n1/up")));
        assert!(!mounts[0].is_overlay_of(Path::new("/labs/x/n1/upper")));
    }

    #[test]
    fn sees_our_own_mounts() {
        assert!(is_mounted(Path::new("/proc")));
        assert!(!is_mounted(Path::new("/proc/self")));
    }
}
