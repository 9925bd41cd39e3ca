//! The history on its way to the disk: a thread of its own writes it, so that no operation waits for a disk.
//!
//! What the interpreter hands over is written at once; it hands over at least every 50 ms, so that a controller that is
//! killed loses no more than that. The file is synchronised once a second and at the end.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two synchronisations with the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// So many buffers may wait for the disk before the interpreter waits for it, too.
const BUFFERS: usize = 64;

/// The history could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {reason}")]
pub struct JournalError {
    path: String,
    reason: String,
}

/// Takes lines, and brings them to a file in the order in which they come.
pub struct Journal {
    path: PathBuf,
    lines: Option<SyncSender<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
    writer: Option<JoinHandle<std::io::Result<()>>>,
}

impl Journal {
    /// Creates the file and starts to write.
    ///
    /// # Errors
    /// If the file exists already, or cannot be created.
    pub fn create(path: &Path) -> Result<Journal, JournalError> {
        let error = |e: std::io::Error| JournalError { path: path.display().to_string(), reason: e.to_string() };
        let file = File::create_new(path).map_err(error)?;
        let (lines, received) = sync_channel::<Vec<u8>>(BUFFERS);
        let (give_back, empty) = sync_channel(BUFFERS);
        let write = move || write_all(file, &received, &give_back);
        let writer = std::thread::Builder::new().name("journal".to_owned()).spawn(write).map_err(error)?;
        Ok(Journal { path: path.to_owned(), lines: Some(lines), empty, writer: Some(writer) })
    }

    /// A buffer to fill; one that was written already, if there is one.
    #[must_use]
    pub fn buffer(&self) -> Vec<u8> {
        self.empty.try_recv().unwrap_or_default()
    }

    /// Hands whole lines over.
    ///
    /// # Errors
    /// If an earlier write failed: the disk is full, for example.
    pub fn append(&mut self, lines: Vec<u8>) -> Result<(), JournalError> {
        let sender = self.lines.as_ref().expect("a journal that was not closed takes lines");
        match sender.send(lines) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.close_with_error()),
        }
    }

    /// Writes and synchronises all that was handed over.
    ///
    /// # Errors
    /// If a write failed.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.lines = None;
        match self.join() {
            Ok(()) => Ok(()),
            Err(reason) => Err(self.error(reason)),
        }
    }

    fn close_with_error(&mut self) -> JournalError {
        self.lines = None;
        let reason = self.join().err().unwrap_or_else(|| "the writer ended early".to_owned());
        self.error(reason)
    }

    fn join(&mut self) -> Result<(), String> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        match writer.join() {
            Ok(written) => written.map_err(|e| e.to_string()),
            Err(_) => Err("the writer panicked".to_owned()),
        }
    }

    fn error(&self, reason: String) -> JournalError {
        JournalError { path: self.path.display().to_string(), reason }
    }
}

fn write_all(mut file: File, lines: &Receiver<Vec<u8>>, give_back: &SyncSender<Vec<u8>>) -> std::io::Result<()> {
    let mut synced = Instant::now();
    let mut dirty = false;
    loop {
        match lines.recv_timeout(SYNC_EVERY) {
            Ok(mut buffer) => {
                file.write_all(&buffer)?;
                dirty = true;
                buffer.clear();
                if let Err(TrySendError::Disconnected(_)) = give_back.try_send(buffer) {
                    return file.sync_data();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return file.sync_data(),
        }
        if dirty && synced.elapsed() >= SYNC_EVERY {
            file.sync_data()?;
            synced = Instant::now();
            dirty = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_reach_the_file_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        let mut journal = Journal::create(&path).unwrap();
        for number in 0..1000 {
            let mut buffer = journal.buffer();
            buffer.extend_from_slice(format!("{number}\n").as_bytes());
            journal.append(buffer).unwrap();
        }
        journal.close().unwrap();
        let expected: String = (0..1000).map(|n| format!("{n}\n")).collect();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let file = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (lines, received) = sync_channel(1);
        let (give_back, _empty) = sync_channel(1);
        lines.send(b"line\n".to_vec()).unwrap();
        let error = write_all(file, &received, &give_back).unwrap_err();
        assert!(error.to_string().contains("No space left"), "{error}");
    }
}
