//! What must hold for every text: no panic, chunks that do not matter, and nothing lost by writing. Judges nothing.

use history::{Calls, Format, History, ReadOptions, Recording, Register, read_bytes, write};

/// Reads a text as one format. It must not panic; the chunks must not matter; what was read must survive being written.
///
/// # Panics
/// If one of these does not hold.
pub fn check(format: Format, text: &[u8]) {
    let options = |chunk| ReadOptions { format: Some(format), chunk: Some(chunk), ..ReadOptions::default() };
    let whole = read_bytes(text, &options(usize::MAX));
    let parts = read_bytes(text, &options(24));
    match (whole, parts) {
        (Ok(whole), Ok(parts)) => {
            assert!(whole == parts && whole.notes() == parts.notes(), "chunks matter");
            survives(&whole);
        }
        (Err(whole), Err(parts)) => assert_eq!(whole, parts),
        (whole, parts) => panic!("chunks matter: {whole:?} and {parts:?}"),
    }
}

/// Writes a recording in every format that can hold it. Read again it must be the same, with its tuples as they are and
/// with keys in their place; and wrapping must undo unwrapping.
///
/// # Panics
/// If one of these does not hold.
pub fn survives(recording: &Recording) {
    comes_back(recording);
    let _ = Calls::pair(recording).map(|calls| calls.keys());
    let _ = History::<Register>::from_recording(recording);
    let mut keyed = recording.clone();
    keyed.unwrap_tuples();
    let _ = Calls::pair(&keyed).map(|calls| calls.keys());
    comes_back(&keyed);
    if recording.events().all(|event| event.key.is_none()) {
        keyed.wrap_tuples();
        assert!(keyed == *recording, "wrapping does not undo unwrapping");
    }
    let mut adopted = recording.clone();
    adopted.adopt_orphans();
    let _ = Calls::pair(&adopted).map(|calls| calls.keys());
}

fn comes_back(recording: &Recording) {
    for format in [Format::JsonLines, Format::Json, Format::Edn] {
        let text = written(recording, format);
        let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
        let back = read_bytes(&text, &options).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(back == *recording, "{format}: {}", String::from_utf8_lossy(&text));
        assert_eq!(written(&back, format).len(), text.len(), "{format} is not stable");
    }
}

fn written(recording: &Recording, format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    write(recording, format, &mut text).expect("memory takes everything");
    text
}
