//! Files and folders, with errors that name them.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::LabError;

/// The error of doing `doing` to `path`, for `map_err`.
pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LabError {
    let path = path.to_owned();
    move |source| LabError::File { doing, path, source }
}

/// Makes a folder and those above it.
pub(crate) fn folder(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(failed("make the folder", path))
}

/// Writes a file with the permissions `mode`, and the folders above it.
pub(crate) fn write(path: &Path, mode: u32, text: &str) -> Result<(), LabError> {
    if let Some(above) = path.parent() {
        folder(above)?;
    }
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    let mut file = open.map_err(failed("open", path))?;
    file.write_all(text.as_bytes()).map_err(failed("write", path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(failed("set the permissions of", path))
}

/// Writes to a file of the kernel, which is there already.
pub(crate) fn write_there(path: &Path, text: &str) -> Result<(), LabError> {
    let open = OpenOptions::new().write(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed("write", path))
}

/// Replaces a file in one step: a reader, or we after a crash, see the former text or the whole of the new.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), LabError> {
    let beside = path.with_extension("new");
    write(&beside, 0o644, text)?;
    let sync = fs::File::open(&beside).and_then(|file| file.sync_all());
    sync.map_err(failed("flush", &beside))?;
    fs::rename(&beside, path).map_err(failed("replace", path))
}

/// Reads a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, LabError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Removes a file; it is no error if there is none.
pub(crate) fn remove(path: &Path) -> Result<(), LabError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The last `lines` lines of a file that may be missing; for error messages.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_reads_removes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/state.json");
        assert_eq!(read(&path).unwrap(), None);
        write(&path, 0o600, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }

    #[test]
    fn tail_is_the_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console.log");
        assert_eq!(tail(&path, 2), "");
        write(&path, 0o600, "a\nb\n\nc\n").unwrap();
        assert_eq!(tail(&path, 2), "b\nc");
    }
}
