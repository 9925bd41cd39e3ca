//! What must hold for every text whatsoever.

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

fn survives(recording: &Recording) {
    for format in [Format::JsonLines, Format::Json, Format::Edn] {
        let mut text = Vec::new();
        write(recording, format, &mut text).expect("memory takes everything");
        let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
        let back = read_bytes(&text, &options).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(back == *recording, "{format}: {}", String::from_utf8_lossy(&text));
    }
    let _ = Calls::pair(recording).map(|calls| calls.keys());
    let _ = History::<Register>::from_recording(recording);
    let mut unwrapped = recording.clone();
    unwrapped.unwrap_tuples();
    let _ = Calls::pair(&unwrapped).map(|calls| calls.keys());
}
