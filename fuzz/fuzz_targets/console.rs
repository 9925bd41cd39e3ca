//! Arbitrary bytes as console lines and as `history.txt`.
#![no_main]

use history::Format;

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |text: &[u8]| {
    gainsay_fuzz::check(Format::Console, text);
    gainsay_fuzz::check(Format::Text, text);
});
