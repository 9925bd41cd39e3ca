//! A lock file: two processes do not bring up or take down the same lab at once.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::LabError;
use crate::files::{self, failed};

/// A held lock. The kernel drops it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for the lock on `path` for at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be made, or another process holds it for longer than that.
    pub(crate) fn take(path: &Path, limit: Duration, tell: &mut dyn FnMut(&str)) -> Result<Lock, LabError> {
        if let Some(above) = path.parent() {
            files::folder(above)?;
        }
        let deadline = Instant::now() + limit;
        let mut is_told = false;
        loop {
            if let Some(lock) = Lock::attempt(path)? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                return Err(LabError::Locked { path: path.to_owned(), seconds: limit.as_secs() });
            }
            if !is_told {
                tell(&format!("waiting for another process that holds {}", path.display()));
                is_told = true;
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// A holder may remove the file as it goes. A lock on a file that has no name any more keeps nobody out, so
    /// it counts only if the name still leads to it.
    fn attempt(path: &Path) -> Result<Option<Lock>, LabError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(failed("open the lock", path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(None),
            Err(error) => return Err(failed("lock", path)(error.into())),
        }
        let held = file.metadata().map_err(failed("read", path))?;
        let is_current = fs::metadata(path).is_ok_and(|named| named.ino() == held.ino() && named.dev() == held.dev());
        Ok(is_current.then(|| Lock { path: path.to_owned(), _file: file }))
    }

    /// Removes the file while holding it.
    pub(crate) fn remove(self) -> Result<(), LabError> {
        files::remove(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(120);

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/lab.lock");
        let held = Lock::take(&path, SHORT, &mut |_| {}).unwrap();
        let mut told = Vec::new();
        let refused = Lock::take(&path, SHORT, &mut |line| told.push(line.to_owned()));
        assert!(matches!(refused, Err(LabError::Locked { .. })));
        assert_eq!(told.len(), 1);
        drop(held);
        Lock::take(&path, SHORT, &mut |_| {}).unwrap();
    }

    #[test]
    fn a_removed_lock_can_be_taken_and_excludes_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lab.lock");
        Lock::take(&path, SHORT, &mut |_| {}).unwrap().remove().unwrap();
        assert!(!path.exists());
        let _held = Lock::take(&path, SHORT, &mut |_| {}).unwrap();
        assert!(Lock::take(&path, SHORT, &mut |_| {}).is_err());
    }
}
