//! The bytes of a file, mapped into memory where that is possible. The only unsafe code of this crate is here.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file.
pub(super) enum Source {
    Mapped(memmap2::Mmap),
    Read(Vec<u8>),
}

impl Source {
    /// Opens a file. What is no regular file, such as a pipe, is read to its end.
    pub(super) fn open(path: &Path) -> std::io::Result<Source> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() && metadata.len() > 0 {
            // SAFETY: the mapping is private to this crate and read only. It is dropped before `read` returns: what a
            // recording keeps of the file is copied. A file that somebody truncates in that time ends the process with
            // SIGBUS, as it does with every tool that maps files; histories are appended to, not truncated.
            return Ok(Source::Mapped(unsafe { memmap2::Mmap::map(&file)? }));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Source::Read(bytes))
    }
}

impl Deref for Source {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Source::Mapped(map) => map,
            Source::Read(bytes) => bytes,
        }
    }
}
