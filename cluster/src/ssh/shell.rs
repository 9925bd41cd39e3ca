//! Many commands through one shell: how a command is put on the standard input of a `sh` that stays, and how its
//! answer is cut out of what that shell writes.
//!
//! One `exec` per command costs 3 to 110 ms on a node; a command in a shell that is there already costs a fork. Each
//! command runs in a subshell, so that `exit`, `cd`, `set -e` and syntax errors end with it. Marks with a number that
//! no command can know stand before and after the answer, on both streams. A process that a command leaves in the
//! background does not delay the answer; what it writes later is dropped if no command runs at that moment, and
//! otherwise lands in the answer of that one, so it must redirect its output.

use crate::{Command, Output};
use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// The most that one command may write to each of its streams, in bytes.
pub(crate) const OUTPUT_LIMIT: usize = 64 << 20;
/// The longest script with its standard input, in bytes.
pub(crate) const INPUT_LIMIT: usize = 16 << 20;
/// How long a shell that has closed its output may take to say how it ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// One of the two streams that a shell writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The three streams of a shell. Reading and writing give `WouldBlock` rather than wait.
pub(crate) trait Streams {
    /// Gives some bytes to the standard input.
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<usize>;
    /// Takes some bytes of a stream; 0 at its end.
    fn read(&mut self, stream: Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize>;
    /// Waits until a stream can be read (or written, if `writing`), or the deadline has passed.
    fn wait(&mut self, writing: bool, deadline: Instant) -> io::Result<()>;
    /// How the shell itself ended, after the end of its output: its exit status, or 128 + n for signal n.
    fn ended(&mut self, deadline: Instant) -> Option<i32>;
}

/// Why there is no answer; the shell cannot be used any more.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The deadline passed.
    TimedOut,
    /// The connection or the shell is gone.
    Lost(String),
    /// More output than [`OUTPUT_LIMIT`], or more input than [`INPUT_LIMIT`].
    TooMuch(String),
}

/// Runs one command in the shell behind `streams`. `id` must be new, and not to be guessed.
///
/// The flag tells whether the shell can take another command: not if the script killed it.
pub(crate) fn run<S: Streams>(
    streams: &mut S,
    command: &Command,
    id: &str,
    deadline: Instant,
) -> Result<(Output, bool), Broken> {
    let input = frame(command, id)?;
    let mut answer = [Answer::new(id), Answer::new(id)];
    let mut written = 0;
    loop {
        let mut moved = false;
        if written < input.len() {
            let chunk = &input[written..input.len().min(written + CHUNK)];
            if let Some(count) = available(streams.write(chunk, deadline))? {
                written += count;
                moved |= count > 0;
            }
        }
        for (part, stream) in answer.iter_mut().zip([Stream::Stdout, Stream::Stderr]) {
            moved |= part.take(streams, stream, deadline)?;
        }
        if answer.iter().all(Answer::complete) {
            return Ok((output(answer, None), true));
        }
        if answer.iter().all(|part| part.closed || part.complete()) {
            return killed(streams, answer, deadline);
        }
        if Instant::now() >= deadline {
            return Err(Broken::TimedOut);
        }
        if !moved {
            streams.wait(written < input.len(), deadline).map_err(lost)?;
        }
    }
}

/// How much is written or read at a time.
const CHUNK: usize = 32 << 10;

/// The script ended the shell that ran it; that is its answer, if the shell says how it ended.
fn killed<S: Streams>(streams: &mut S, answer: [Answer; 2], deadline: Instant) -> Result<(Output, bool), Broken> {
    let started = answer[0].begun;
    match streams.ended(deadline.min(Instant::now() + LAST_WORDS)) {
        Some(status) if started && status != 0 => Ok((output(answer, Some(status)), false)),
        Some(status) => {
            let last = String::from_utf8_lossy(&answer[1].bytes).trim().to_owned();
            Err(Broken::Lost(format!("the shell ended with status {status}: {last}")))
        }
        None => Err(Broken::Lost("the connection was closed".to_owned())),
    }
}

fn output(answer: [Answer; 2], status: Option<i32>) -> Output {
    let [stdout, stderr] = answer;
    let status = status.or(stdout.status).unwrap_or(-1);
    Output { status, stdout: stdout.bytes, stderr: stderr.bytes }
}

fn available(result: io::Result<usize>) -> Result<Option<usize>, Broken> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        // The shell is gone; what it wrote before tells more than this error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(lost(error)),
    }
}

fn lost(error: io::Error) -> Broken {
    match error.kind() {
        ErrorKind::TimedOut => Broken::TimedOut,
        _ => Broken::Lost(error.to_string()),
    }
}

/// The bytes that make a `sh` run the command and mark its answer. They are one quoted word within one compound
/// command, so that a connection that is lost while they are sent runs nothing.
fn frame(command: &Command, id: &str) -> Result<Vec<u8>, Broken> {
    if command.script.len() + command.stdin.len() > INPUT_LIMIT {
        return Err(Broken::TooMuch(format!("script and standard input exceed {} MiB", INPUT_LIMIT >> 20)));
    }
    if command.script.contains('\0') {
        return Err(Broken::TooMuch("the script holds a NUL byte, which no shell can read".to_owned()));
    }
    // The space before it keeps a script that starts with a dash from being an option of `eval`.
    let script = command.script.replace('\'', r"'\''");
    let begin = format!("printf '\\036%s<' {id}; printf '\\036%s<' {id} >&2");
    let end = format!("gainsay_status=$?; printf '\\036%s>%d;' {id} $gainsay_status; printf '\\036%s>0;' {id} >&2");
    let run = if command.stdin.is_empty() {
        format!("( eval ' {script}' ) </dev/null")
    } else {
        format!("{{ {}}} 2>/dev/null | ( eval ' {script}' )", printed(&command.stdin))
    };
    Ok(format!("{{ {begin}; {run}; {end}; }}\n").into_bytes())
}

/// `printf` commands that write exactly these bytes. The shell reads ahead on its own standard input, so that raw
/// bytes behind the command would be lost in its buffer, and left there if the script does not read them all.
fn printed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.chunks(4096) {
        text.push_str("printf '");
        for &byte in chunk {
            if byte.is_ascii_alphanumeric() || b" ._/:=,;{}[]\"+@#".contains(&byte) {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "\\{byte:03o}");
            }
        }
        text.push_str("'; ");
    }
    text
}

/// What came on one stream so far.
struct Answer {
    begin: Vec<u8>,
    end: Vec<u8>,
    bytes: Vec<u8>,
    begun: bool,
    status: Option<i32>,
    closed: bool,
}

impl Answer {
    fn new(id: &str) -> Answer {
        let mark = |kind| format!("\u{1e}{id}{kind}").into_bytes();
        Answer { begin: mark('<'), end: mark('>'), bytes: Vec::new(), begun: false, status: None, closed: false }
    }

    fn complete(&self) -> bool {
        self.status.is_some()
    }

    /// Reads once; true if something came.
    fn take<S: Streams>(&mut self, streams: &mut S, stream: Stream, deadline: Instant) -> Result<bool, Broken> {
        if self.closed || self.complete() {
            return Ok(false);
        }
        let mut buffer = [0; CHUNK];
        match available(streams.read(stream, &mut buffer, deadline))? {
            None => Ok(false),
            Some(0) => {
                self.closed = true;
                Ok(true)
            }
            Some(count) => self.append(&buffer[..count]).map(|()| true),
        }
    }

    fn append(&mut self, new: &[u8]) -> Result<(), Broken> {
        let mut from = self.bytes.len().saturating_sub(self.end.len() + 8);
        self.bytes.extend_from_slice(new);
        if !self.begun {
            let Some(at) = find(&self.bytes, &self.begin, from) else { return self.bounded() };
            self.bytes.drain(..at + self.begin.len());
            self.begun = true;
            from = 0;
        }
        let Some(at) = find(&self.bytes, &self.end, from) else { return self.bounded() };
        let rest = &self.bytes[at + self.end.len()..];
        if let Some(length) = rest.iter().position(|&byte| byte == b';') {
            self.status = std::str::from_utf8(&rest[..length]).ok().and_then(|text| text.parse().ok()).or(Some(-1));
            self.bytes.truncate(at);
        }
        Ok(())
    }

    fn bounded(&self) -> Result<(), Broken> {
        if self.bytes.len() <= OUTPUT_LIMIT {
            return Ok(());
        }
        Err(Broken::TooMuch(format!("it wrote more than {} MiB", OUTPUT_LIMIT >> 20)))
    }
}

/// Where `needle` starts in `bytes`, at `from` or later.
fn find(bytes: &[u8], needle: &[u8], mut from: usize) -> Option<usize> {
    loop {
        from += bytes.get(from..)?.iter().position(|&byte| byte == needle[0])?;
        if bytes[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;
