//! Disks: one image of the base tree, and a sparse copy of it for each machine.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::LabError;
use crate::files::{self, failed};
use crate::lock::Lock;
use crate::mounts;
use crate::paths::{CACHE, NodePlaces};
use crate::step::Step;

/// How large a machine takes its disk to be; on this machine it takes what is written.
const SIZE: &str = "4G";
/// Making or copying an image on a busy disk.
const LIMIT: Duration = Duration::from_secs(300);

/// Where the image of a tree is.
fn image(tree: &Path) -> PathBuf {
    tree.with_extension("img")
}

/// Makes the image of a tree unless it is there.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn ensure(tree: &Path, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let image = image(tree);
    let _making = Lock::take(&Path::new(CACHE).join("image.lock"), LIMIT, tell)?;
    if image.is_file() {
        return Ok(());
    }
    let begun = Instant::now();
    let part = image.with_extension("part");
    files::remove(&part)?;
    Step::new("truncate").args(["-s", SIZE]).arg(&part).run()?;
    let mkfs = Step::new("mkfs.ext4").args(["-q", "-F", "-N", "65536", "-L", "gainsay"]);
    mkfs.args(["-E", "lazy_itable_init=0,lazy_journal_init=0", "-d"]).arg(tree).arg(&part).limit(LIMIT).run()?;
    std::fs::rename(&part, &image).map_err(failed("finish", &part))?;
    tell(&format!("made {} in {:.1?}", image.display(), begun.elapsed()));
    Ok(())
}

/// Gives the machine its disk unless it has one, and lets `act` write to it at [`NodePlaces::root`]. The machine must
/// not run. A journal that a power cut left is replayed here, as the machine itself would.
///
/// # Errors
/// When the disk cannot be copied, mounted or unmounted, and what `act` says.
pub(crate) fn edit(
    places: &NodePlaces,
    tree: &Path,
    act: impl FnOnce(&Path) -> Result<(), LabError>,
) -> Result<(), LabError> {
    let (disk, root) = (places.disk(), places.root());
    files::folder(&root)?;
    if !disk.exists() {
        let part = disk.with_extension("part");
        let copy = Step::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(image(tree)).arg(&part);
        copy.limit(LIMIT).run()?;
        std::fs::rename(&part, &disk).map_err(failed("finish", &part))?;
    }
    if mounts::is_mounted(&root) {
        Step::new("umount").arg(&root).run()?;
    }
    Step::new("mount").args(["-t", "ext4", "-o", "loop"]).arg(&disk).arg(&root).limit(LIMIT).run()?;
    let acted = act(&root);
    let unmounted = Step::new("umount").arg(&root).limit(LIMIT).run().map(drop);
    acted.and(unmounted)
}
