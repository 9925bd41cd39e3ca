//! Arbitrary bytes as a history, which must survive being written and read.
#![no_main]

use history::Format;

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |bytes: &[u8]| gainsay_fuzz::check(Format::Edn, gainsay_fuzz::scene(bytes).as_bytes()));
