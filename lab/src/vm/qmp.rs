//! What a machine is told from outside, over QEMU's own socket: one command, one answer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::LabError;
use crate::files::failed;

/// How long QEMU may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// Events that may come before the answer.
const MOST_LINES: usize = 1000;

/// Runs one command and gives back what it returns. Source: QEMU Machine Protocol, `qmp-spec`.
///
/// # Errors
/// When the machine does not listen, or refuses.
pub(super) fn run(socket: &Path, command: &str, arguments: &Value) -> Result<Value, LabError> {
    let stream = UnixStream::connect(socket).map_err(failed("connect to", socket))?;
    stream.set_read_timeout(Some(LIMIT)).map_err(failed("use", socket))?;
    stream.set_write_timeout(Some(LIMIT)).map_err(failed("use", socket))?;
    let mut answers = BufReader::new(stream.try_clone().map_err(failed("use", socket))?);
    let mut stream = stream;
    // The greeting is no answer: it has neither key, and is passed over.
    ask(&mut stream, &mut answers, socket, &json!({"execute": "qmp_capabilities"}))?;
    ask(&mut stream, &mut answers, socket, &json!({"execute": command, "arguments": arguments}))
}

fn ask(stream: &mut UnixStream, answers: &mut dyn BufRead, socket: &Path, request: &Value) -> Result<Value, LabError> {
    stream.write_all(format!("{request}\n").as_bytes()).map_err(failed("write to", socket))?;
    for _line in 0..MOST_LINES {
        let mut line = String::new();
        answers.read_line(&mut line).map_err(failed("read from", socket))?;
        let mut answer: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(returned) = answer.get_mut("return") {
            return Ok(returned.take());
        }
        if let Some(error) = answer.get("error") {
            let output = format!(":\n{}", error["desc"].as_str().unwrap_or("no reason given"));
            return Err(LabError::Command { command: request.to_string(), ending: "was refused".to_owned(), output });
        }
        if line.is_empty() {
            break;
        }
    }
    Err(failed("read an answer from", socket)(std::io::ErrorKind::UnexpectedEof.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// Answers the two commands with these lines.
    fn machine(dir: &Path, second: &'static str) -> std::path::PathBuf {
        let path = dir.join("qmp");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(b"{\"QMP\": {}}\n").unwrap();
            lines.next().unwrap().unwrap();
            stream.write_all(b"{\"return\": {}}\n{\"event\": \"RESET\"}\n").unwrap();
            lines.next().unwrap().unwrap();
            stream.write_all(second.as_bytes()).unwrap();
        });
        path
    }

    #[test]
    fn events_are_passed_over_and_answers_returned() {
        let dir = tempfile::tempdir().unwrap();
        let socket = machine(dir.path(), "{\"event\": \"STOP\"}\n{\"return\": {\"status\": \"paused\"}}\n");
        assert_eq!(run(&socket, "query-status", &json!({})).unwrap()["status"], "paused");
    }

    #[test]
    fn a_refusal_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let socket = machine(dir.path(), "{\"error\": {\"class\": \"E\", \"desc\": \"no such device\"}}\n");
        let error = run(&socket, "set_link", &json!({})).unwrap_err().to_string();
        assert!(error.ends_with("was refused:\nno such device"), "{error}");
    }

    #[test]
    fn a_machine_that_ends_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let socket = machine(dir.path(), "");
        assert!(run(&socket, "stop", &json!({})).is_err());
        assert!(run(&dir.path().join("none"), "stop", &json!({})).is_err());
    }
}
