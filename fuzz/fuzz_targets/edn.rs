//! Arbitrary bytes as EDN.
#![no_main]

use history::Format;

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |text: &[u8]| gainsay_fuzz::check(Format::Edn, text));
