//! Arbitrary bytes as JSON lines and as one JSON array.
#![no_main]

use history::Format;

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |text: &[u8]| {
    gainsay_fuzz::check(Format::JsonLines, text);
    gainsay_fuzz::check(Format::Json, text);
});
