//! Loop devices of a node's images, and their thawing.
//!
//! Loop devices belong to the whole machine, and a device says of its image only the path inside the node. What ties
//! it to a node is the file system that the image is on: the node's overlay has a device number of its own.
//!
//! A frozen file system does not go away with its mounts: it holds its device, and every writer hangs unkillably.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{major, minor};

use crate::error::LabError;
use crate::files;
use crate::paths::NodePlaces;
use crate::process::Inside;
use crate::step::Step;
use crate::{mounts, process};

/// How long the devices of a node may take to go when nothing uses them any more.
const RELEASE: Duration = Duration::from_secs(10);
const EACH: Duration = Duration::from_secs(5);

#[derive(Debug, PartialEq, Eq)]
struct Loop {
    device: String,
    /// `major:minor` of the file system that the image is on.
    on: String,
    inode: u64,
    /// The image, seen from the root of its node.
    image: String,
}

/// Thaws every image that is mounted in the node, whoever of its processes sees the mount.
pub(crate) fn thaw_mounted(upper: &Path) {
    let mut seen = BTreeSet::new();
    for Inside { process, mounts, .. } in process::inside(upper) {
        for mount in mounts.iter().filter(|mount| mount.source.starts_with("/dev/loop")) {
            if seen.insert(mount.source.clone()) {
                let enter = Step::new("nsenter").args(["-t", &process.pid.to_string(), "-m", "fsfreeze", "-u"]);
                // Fails when it is not frozen, which is nearly always.
                let _not_frozen = enter.arg(&mount.point).limit(EACH).run();
            }
        }
    }
}

/// Detaches the loop devices of a node in which nothing runs any more.
///
/// # Errors
/// When one is still there after 10 s.
pub(crate) fn release(node: &NodePlaces) -> Result<(), LabError> {
    let deadline = Instant::now() + RELEASE;
    for round in 0_u32.. {
        let left = of_node(&node.root())?;
        let Some(first) = left.first() else { break };
        if Instant::now() >= deadline {
            let what = format!("{} with the image {}", first.device, first.image);
            return Err(LabError::Left { node: node.machine.clone(), what, seconds: RELEASE.as_secs() });
        }
        for device in left.iter().map(|each| &each.device) {
            // Both may fail because the device goes by itself at this moment; the next round sees what is left.
            let _gone = Step::new("losetup").args(["-d", device]).limit(EACH).run();
            if round > 0 {
                let _gone = thaw_unmounted(device, &node.thaw());
            }
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// A file system that was frozen when its last mount went is found again by mounting its device.
fn thaw_unmounted(device: &str, at: &Path) -> Result<(), LabError> {
    files::folder(at)?;
    Step::new("mount").arg(device).arg(at).limit(EACH).run()?;
    let _not_frozen = Step::new("fsfreeze").arg("-u").arg(at).limit(EACH).run();
    Step::new("umount").arg(at).limit(EACH).run().map(drop)
}

/// The loop devices whose images are on the overlay at `root`.
fn of_node(root: &Path) -> Result<Vec<Loop>, LabError> {
    if !mounts::is_mounted(root) {
        return Ok(Vec::new());
    }
    let overlay = fs::metadata(root).map_err(files::failed("read", root))?.dev();
    let overlay = format!("{}:{}", major(overlay), minor(overlay));
    let list = Step::new("losetup").args(["-l", "-n", "--raw", "-O", "NAME,BACK-MAJ:MIN,BACK-INO,BACK-FILE"]).run()?;
    Ok(parse(&list).into_iter().filter(|each| each.on == overlay || each.is_file_below(root)).collect())
}

impl Loop {
    /// Where changes and base are on two file systems, files keep the device number of theirs; then the inode tells.
    fn is_file_below(&self, root: &Path) -> bool {
        let file = fs::symlink_metadata(root.join(self.image.trim_start_matches('/')));
        file.is_ok_and(|file| {
            file.ino() == self.inode && format!("{}:{}", major(file.dev()), minor(file.dev())) == self.on
        })
    }
}

/// `/dev/loop0 \x20\x20\x20254:0 10413045 /var/lib/a\x20b.img`
fn parse(list: &str) -> Vec<Loop> {
    list.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(|word| word.replace("\\x20", " "));
            let (device, on, inode) = (words.next()?, words.next()?, words.next()?);
            let image = words.next().unwrap_or_default();
            Some(Loop { device, on: on.trim().to_owned(), inode: inode.trim().parse().ok()?, image })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_padded_list() {
        let list = "/dev/loop23 \\x20\\x20254:0\\x20\\x20 10332813 /root/a\\x20b.img\n/dev/loop1 0:39 7 /d.img\n";
        let one = |device: &str, on: &str, inode, image: &str| Loop {
            device: device.to_owned(),
            on: on.to_owned(),
            inode,
            image: image.to_owned(),
        };
        assert_eq!(
            parse(list),
            [one("/dev/loop23", "254:0", 10_332_813, "/root/a b.img"), one("/dev/loop1", "0:39", 7, "/d.img")]
        );
        assert_eq!(parse(""), []);
    }

    #[test]
    fn a_folder_that_is_no_mount_has_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(of_node(dir.path()).unwrap(), []);
    }
}
