//! Files to and from a node, in chunks, over a channel of their own on a session that blocks with a time-out.
//!
//! A copy appears under its name only when it is whole, on both sides; so copying again is always right.

use super::fresh_number;
use super::link::{start, status};
use super::shell::Broken;
use super::target::Target;
use crate::{Command, NodeError};
use ssh2::{Channel, Session};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A copy that moves nothing for this long is given up.
pub(crate) const STALL_LIMIT: Duration = Duration::from_secs(30);
/// The largest file that is copied, in bytes.
const SIZE_LIMIT: u64 = 16 << 30;
/// How much is held in memory.
const CHUNK: usize = 64 << 10;

/// Which file on which side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy<'a> {
    /// On the controller.
    pub local: &'a Path,
    /// On the node.
    pub remote: &'a str,
}

/// Why a copy failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection; the link cannot be used any more.
    Broken(Broken),
    /// The node or the controller refused, and the link is as good as before.
    Refused(Box<NodeError>),
}

/// Writes beside the target, and moves it there when all has arrived.
pub(crate) fn upload(line: &Line<'_>, copy: &Copy<'_>, mode: u32) -> Result<(), Failure> {
    let mut file = File::open(copy.local).map_err(|error| local(copy.local, &error))?;
    let size = file.metadata().map_err(|error| local(copy.local, &error))?.len();
    let script = receive(copy.remote, size, mode);
    line.run(&script, |channel| send(channel, &mut file, copy.local, size))
}

fn send(channel: &mut Channel, file: &mut File, path: &Path, size: u64) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let want = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
        let count = file.read(&mut buffer[..want]).map_err(|error| local(path, &error))?;
        if count == 0 {
            break;
        }
        match channel.write_all(&buffer[..count]) {
            Ok(()) => left -= count as u64,
            // The node has closed its end; its exit status says why.
            Err(_) if channel.eof() => break,
            Err(error) => return Err(broken(&error)),
        }
    }
    Ok(())
}

/// Receives exactly `size` bytes, or fails and leaves nothing: a connection that is lost on the way looks like the end
/// of the file to `cat`.
fn receive(remote: &str, size: u64, mode: u32) -> String {
    let part = Command::quote(&format!("{remote}.gainsay-{:08x}", fresh_number() as u32));
    let remote = Command::quote(remote);
    format!(
        "umask 077; trap 'rm -f {}' EXIT; cat >{part} && [ \"$(wc -c <{part})\" -eq {size} ] && chmod {mode:o} {part} && \
         mv -fT {part} {remote}",
        part.replace('\'', r"'\''")
    )
}

/// Streams into a file beside the local one, and moves it there when all has arrived.
pub(crate) fn download(line: &Line<'_>, copy: &Copy<'_>) -> Result<(), Failure> {
    let part = beside(copy.local);
    let result = fetch(line, copy, &part)
        .and_then(|()| std::fs::rename(&part, copy.local).map_err(|error| local(copy.local, &error)));
    if result.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    result
}

fn fetch(line: &Line<'_>, copy: &Copy<'_>, part: &Path) -> Result<(), Failure> {
    let mut file = File::create(part).map_err(|error| local(part, &error))?;
    // The size at the start is the bound: a log grows while it is read.
    let remote = Command::quote(copy.remote);
    let script = format!("size=$(wc -c <{remote}) && [ $size -le {SIZE_LIMIT} ] && exec head -c $size {remote}");
    line.run(&script, |channel| store(channel, &mut file, part))
}

fn store(channel: &mut Channel, file: &mut File, part: &Path) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match channel.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => file.write_all(&buffer[..count]).map_err(|error| local(part, &error))?,
            Err(error) => return Err(broken(&error)),
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".part-{:08x}", fresh_number() as u32));
    PathBuf::from(name)
}

/// A session that blocks, and the socket below it.
pub(crate) struct Line<'a> {
    /// Logged in.
    pub session: &'a Session,
    /// What it talks over.
    pub socket: &'a TcpStream,
    /// Whom it talks to.
    pub target: &'a Target,
}

impl Line<'_> {
    /// Starts a script on the node, moves its bytes, and waits for its end.
    fn run(&self, script: &str, work: impl FnOnce(&mut Channel) -> Result<(), Failure>) -> Result<(), Failure> {
        let line = self.target.shell(&format!("-c {}", Command::quote(script)));
        let lost = |error: ssh2::Error| Failure::Broken(Broken::Lost(error.message().to_owned()));
        let mut channel = start(self.session, &line).map_err(lost)?;
        let result = work(&mut channel).and_then(|()| finish(&mut channel, self.target, script));
        // A channel whose process lives blocks when it is dropped, for as long as the session's time-out.
        match &result {
            Ok(()) => {}
            Err(Failure::Refused(_)) => self.session.set_timeout(2_000),
            Err(Failure::Broken(_)) => drop(self.socket.shutdown(Shutdown::Both)),
        }
        result
    }
}

/// Ends the input, takes the last words, and turns an exit status other than 0 into an error.
fn finish(channel: &mut Channel, target: &Target, script: &str) -> Result<(), Failure> {
    const WORDS: u64 = 64 << 10;
    let lost = |error: ssh2::Error| Failure::Broken(Broken::Lost(error.message().to_owned()));
    let _ = channel.send_eof();
    let mut stderr = Vec::new();
    channel.stderr().take(WORDS).read_to_end(&mut stderr).map_err(|error| broken(&error))?;
    channel.wait_eof().and_then(|()| channel.close()).and_then(|()| channel.wait_close()).map_err(lost)?;
    match status(channel) {
        0 => Ok(()),
        status => Err(Failure::Refused(Box::new(NodeError::Failed {
            node: target.name.clone(),
            status,
            script: Command::new(script).excerpt(),
            stderr: String::from_utf8_lossy(&stderr).trim().to_owned(),
        }))),
    }
}

fn local(path: &Path, error: &io::Error) -> Failure {
    Failure::Refused(Box::new(NodeError::File { path: path.display().to_string(), reason: error.to_string() }))
}

fn broken(error: &io::Error) -> Failure {
    Failure::Broken(match error.kind() {
        io::ErrorKind::TimedOut => Broken::TimedOut,
        _ => Broken::Lost(error.to_string()),
    })
}
