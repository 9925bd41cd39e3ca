//! Arbitrary bytes as EDN.
#![no_main]

use history::Format;

libfuzzer_sys::fuzz_target!(|text: &[u8]| gainsay_fuzz::check(Format::Edn, text));
