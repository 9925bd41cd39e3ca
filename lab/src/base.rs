//! The base tree: one Debian system that every node sees through an overlay of its own.
//!
//! It is built once per recipe and kept in a cache. A tree that carries its final name is complete: it is built under
//! another name and renamed at the end, and what a crash left under that name is removed first.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::apt::{self, Mirror};
use crate::error::LabError;
use crate::files::{self, failed};
use crate::kind::Kind;
use crate::lock::Lock;
use crate::paths::CACHE;
use crate::recipe::{self, PROOFS, SUITE, tree_name};
use crate::step::Step;
use crate::supported::has_program;
use crate::{etcd, mounts};

/// debootstrap needs a minute on a quick machine with a near mirror; this is for the others.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// Making the initial file system of a kernel takes half of that on a busy machine.
const SETUP_LIMIT: Duration = Duration::from_secs(120);
const REMOVE_LIMIT: Duration = Duration::from_secs(120);

/// Where the tree of this recipe is, or will be.
pub(crate) fn path(kind: Kind) -> PathBuf {
    Path::new(CACHE).join(tree_name(kind))
}

/// Builds the tree unless it is there.
///
/// # Errors
/// When the packages cannot be fetched or installed, or the finished tree does not pass its proofs.
pub(crate) fn ensure(kind: Kind, tell: &mut dyn FnMut(&str)) -> Result<PathBuf, LabError> {
    let tree = path(kind);
    if tree.is_dir() {
        return Ok(tree);
    }
    files::folder(Path::new(CACHE))?;
    let _building = Lock::take(&Path::new(CACHE).join("base.lock"), BUILD_LIMIT, tell)?;
    if !tree.is_dir() {
        build(kind, &tree, tell)?;
    }
    Ok(tree)
}

fn build(kind: Kind, tree: &Path, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let begun = Instant::now();
    let (unfinished, scratch) = (Path::new(CACHE).join("building-tree"), Path::new(CACHE).join("building-etcd"));
    remove(&unfinished)?;
    remove(&scratch)?;
    let mirror = apt::mirror(Path::new("/etc/apt"));
    tell("building the tree that all nodes share (once; 20 s to some minutes)");
    bootstrap(kind, &unfinished, mirror.as_ref())?;
    tell("fetching a second etcd");
    etcd::unpack(mirror.as_ref(), &scratch, &unfinished)?;
    for (path, text) in recipe::files(kind) {
        files::write(&unfinished.join(path), 0o644, text)?;
    }
    chroot(&unfinished).args(["sh", "-euc", &recipe::setup(kind)]).limit(SETUP_LIMIT).run()?;
    prove(&unfinished)?;
    flush(&unfinished)?;
    fs::rename(&unfinished, tree).map_err(failed("finish", &unfinished))?;
    remove(&scratch)?;
    tell(&format!("built {} in {} s", tree.display(), begun.elapsed().as_secs()));
    Ok(())
}

/// mmdebstrap is three times as quick as debootstrap; either will do.
fn bootstrap(kind: Kind, tree: &Path, mirror: Option<&Mirror>) -> Result<(), LabError> {
    let program = if has_program("mmdebstrap") { "mmdebstrap" } else { "debootstrap" };
    let options = ["--variant=minbase".to_owned(), format!("--include={}", recipe::packages(kind).join(","))];
    let step = Step::new(program).args(options).arg(SUITE).arg(tree);
    step.args(mirror.map(|mirror| &mirror.uri)).limit(BUILD_LIMIT).run().map(drop)
}

fn prove(tree: &Path) -> Result<(), LabError> {
    for (command, says) in PROOFS {
        let said = chroot(tree).args(command).run()?;
        if !said.contains(says) {
            let what = format!("`{}` should say {says:?}, but said {:?}", command.join(" "), said.trim());
            return Err(LabError::BadBase { what });
        }
    }
    Ok(())
}

fn chroot(tree: &Path) -> Step {
    Step::new("chroot").arg(tree).limit(Duration::from_secs(60))
}

/// Without this a power cut after the rename could leave a whole name on half a tree.
fn flush(tree: &Path) -> Result<(), LabError> {
    let folder = fs::File::open(tree).map_err(failed("open", tree))?;
    rustix::fs::syncfs(&folder).map_err(|error| failed("flush", tree)(error.into()))
}

/// Removes a tree, but never through a mount: one of those may be this machine's /dev.
pub(crate) fn remove(tree: &Path) -> Result<(), LabError> {
    if fs::symlink_metadata(tree).is_err() {
        return Ok(());
    }
    mounts::unmount_below(tree)?;
    Step::new("rm").args(["-rf", "--one-file-system", "--"]).arg(tree).limit(REMOVE_LIMIT).run().map(drop)
}
