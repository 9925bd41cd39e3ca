//! What a client writes to its standard error, kept beside the run within bounds, and its last words for messages.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// So much of one slot is kept; the rest is counted.
const MOST_BYTES: usize = 1 << 20;

/// So much of the end is shown in messages.
const LAST_BYTES: usize = 400;

/// The log of one worker slot: its clients come one after another.
pub(super) struct Log(Mutex<Inner>);

struct Inner {
    file: Option<File>,
    written: usize,
    last: Vec<u8>,
}

impl Log {
    /// A log in this folder, or one that only knows the last words. A file that cannot be made is none: a run does not
    /// end for it.
    pub(super) fn create(folder: Option<&Path>, name: &str) -> Log {
        let file = folder.and_then(|folder| {
            std::fs::create_dir_all(folder).ok()?;
            File::options().create(true).append(true).open(folder.join(format!("{name}.log"))).ok()
        });
        Log(Mutex::new(Inner { file, written: 0, last: Vec::new() }))
    }

    /// What the client wrote.
    pub(super) fn wrote(&self, bytes: &[u8]) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.last.extend_from_slice(bytes);
        let surplus = inner.last.len().saturating_sub(LAST_BYTES);
        inner.last.drain(..surplus);
        inner.keep(bytes);
    }

    /// What we say of the client.
    pub(super) fn remark(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(format!("[gainsay] {text}\n").as_bytes());
    }

    /// The last line that is not empty, as the end of a sentence; the words of an earlier client are forgotten.
    pub(super) fn last_words(&self) -> Option<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&inner.last);
        text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| super::protocol::excerpt(line.as_bytes()))
    }

    /// Another client begins.
    pub(super) fn begin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.clear();
    }
}

impl Inner {
    fn keep(&mut self, bytes: &[u8]) {
        let Some(file) = self.file.as_mut().filter(|_| self.written < MOST_BYTES) else { return };
        let part = &bytes[..bytes.len().min(MOST_BYTES - self.written)];
        self.written += part.len();
        let mut kept = file.write_all(part);
        if self.written == MOST_BYTES {
            kept = kept.and_then(|()| file.write_all(b"\n[gainsay] more was said, and is left out\n"));
        }
        if kept.is_err() {
            self.file = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_bounded_and_knows_the_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::create(Some(folder.path()), "n1-0");
        assert_eq!(log.last_words(), None);
        for _ in 0..300 {
            log.wrote(&[b'x'; 8192]);
        }
        log.wrote(b"\nTraceback\nValueError: no\n\n");
        log.remark("ended");
        assert_eq!(log.last_words().as_deref(), Some("ValueError: no"));
        log.begin();
        assert_eq!(log.last_words(), None);
        let text = std::fs::read(folder.path().join("n1-0.log")).unwrap();
        assert!(text.len() < MOST_BYTES + 100, "{}", text.len());
        assert!(text.ends_with(b"[gainsay] more was said, and is left out\n"));
    }
}
