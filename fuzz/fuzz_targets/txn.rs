//! Arbitrary bytes as a small history of transactions, judged by several levels.
#![no_main]

libfuzzer_sys::fuzz_target!(init: gainsay_fuzz::work_alone(), |bytes: &[u8]| gainsay_fuzz::judge_transactions_of(bytes));
