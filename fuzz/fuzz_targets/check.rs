//! Arbitrary bytes as a history, judged by everything that judges.
#![no_main]

use history::{ReadOptions, read_bytes};

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |bytes: &[u8]| {
    let [choices, independent, rest @ ..] = bytes else { return };
    let text = gainsay_fuzz::scene(rest);
    let options = ReadOptions { independent: independent & 1 != 0, ..ReadOptions::default() };
    if let Ok(recording) = read_bytes(text.as_bytes(), &options) {
        gainsay_fuzz::judge_by_all(&recording, *choices);
    }
});
