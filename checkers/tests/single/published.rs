//! Published histories with known verdicts, where the folder of them is there.

use crate::notation::{options, words};
use checkers::judge;
use history::{Calls, ReadOptions, read};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories/elle-cli")
}

fn check(file: &str, checker: &str, with: &str, read_options: ReadOptions, adopt: bool, expected: &str) {
    let path = folder().join(file);
    let mut recording = read(&path, &read_options).unwrap_or_else(|error| panic!("{error}"));
    if adopt {
        recording.adopt_orphans();
    }
    let calls = Calls::pair(&recording).unwrap();
    let verdict = judge(checker, &calls, &options(with)).unwrap();
    assert_eq!(words(&verdict), expected, "{file} {checker}: {verdict:#?}");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
fn published_files_get_their_verdicts() {
    if !folder().is_dir() {
        eprintln!("skipped: no published histories in {}", folder().display());
        return;
    }
    let (plain, keyed) = (ReadOptions::default(), ReadOptions { independent: true, ..ReadOptions::default() });
    check("bank.edn", "bank", "", plain, false, "valid");
    check("bank-negative-balances.json", "bank", "", plain, false, "negative-value");
    check("counter.edn", "counter", "", plain, false, "unknown");
    check("set_full.edn", "set-full", "", keyed, false, "valid");
    check("set_full.edn", "set", "", keyed, false, "valid");
    check("set_full.edn", "set-full", "", plain, false, "unknown");
    check("long-fork.edn", "long-fork", "group=3", plain, false, "unknown");
    check("long-fork.edn", "long-fork", "group=3", plain, true, "long-fork");
}
