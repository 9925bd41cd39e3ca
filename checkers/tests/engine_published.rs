//! Published histories get the verdicts that are known of them, and the mutations that must be noticed are.

#![allow(clippy::print_stdout)] // What is skipped is said.

use checkers::Word;
use checkers::object::{JudgeOptions, Judged, judge};
use history::{Calls, ReadOptions, read_bytes};
use std::path::{Path, PathBuf};

/// The published histories, where they are.
fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn judged(text: &str, model: &str, options: &JudgeOptions, path: &Path) -> (Judged, Option<u64>) {
    let read = ReadOptions { independent: false, ..ReadOptions::default() };
    let recording = read_bytes(text.as_bytes(), &read).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let calls = Calls::pair(&recording).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let judged = judge(model, &calls, options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let culprit = judged.violations.first().and_then(|violation| calls.get(violation.culprit as usize).completion);
    (judged, culprit.map(|row| recording.index(row)))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

fn knossos() -> JudgeOptions {
    JudgeOptions { initial: Some(0), ..JudgeOptions::default() }
}

#[test]
fn knossos_good_histories_are_valid() {
    let Some(folder) = published() else { return };
    let files = files(&folder.join("knossos/good"));
    assert!(files.len() > 50);
    for path in files {
        let (judged, _) = judged(&text(&path), "cas-register", &knossos(), &path);
        let expected = if stem(&path) == "mongodb-v0-ack-rollback-" { Word::Unknown } else { Word::Valid };
        assert_eq!(judged.word, expected, "{}: {judged:#?}", path.display());
    }
}

#[test]
fn knossos_bad_histories_fail_where_they_are_known_to() {
    let Some(folder) = published() else { return };
    let expected = [("bad-analysis", 14), ("cas-failure", 491), ("immediate-failure", 3), ("rethink-fail-minimal", 4)];
    for (name, index) in expected {
        let path = folder.join(format!("knossos/bad/{name}.edn"));
        let (judged, culprit) = judged(&text(&path), "cas-register", &knossos(), &path);
        assert_eq!(judged.word, Word::Invalid, "{name}: {judged:#?}");
        assert_eq!(culprit, Some(index), "{name}: {judged:#?}");
    }
}

const ETCD_VALID: [usize; 10] = [2, 5, 7, 18, 25, 31, 38, 45, 48, 49];

#[test]
fn porcupine_etcd_logs_have_their_verdicts() {
    let Some(folder) = published() else { return };
    for (number, path) in files(&folder.join("porcupine/etcd")).iter().enumerate() {
        let expected = if ETCD_VALID.contains(&number) { Word::Valid } else { Word::Invalid };
        for compat in [checkers::object::Compat::None, checkers::object::Compat::Porcupine] {
            let options = JudgeOptions { compat, ..JudgeOptions::default() };
            let (judged, _) = judged(&text(path), "cas-register", &options, path);
            assert_eq!(judged.word, expected, "{}: {judged:#?}", path.display());
        }
    }
}

#[test]
fn porcupine_kv_logs_are_as_their_names_say() {
    let Some(folder) = published() else { return };
    for path in files(&folder.join("porcupine/kv")) {
        let (judged, _) = judged(&text(&path), "kv", &JudgeOptions::default(), &path);
        let expected = if stem(&path).ends_with("ok") { Word::Valid } else { Word::Invalid };
        assert_eq!(judged.word, expected, "{}: {judged:#?}", path.display());
    }
}

#[test]
fn a_counter_that_nobody_reads_is_not_enough_evidence() {
    let Some(folder) = published() else { return };
    let path = folder.join("elle-cli/counter.edn");
    let (judged, _) = judged(&text(&path), "counter", &JudgeOptions::default(), &path);
    assert_eq!(judged.word, Word::Unknown);
}

/// Info read as fail, and info read as ok at its line, change verdicts: whoever ignores crashed operations is caught.
#[test]
fn mutated_crashes_change_the_verdicts() {
    let Some(folder) = published() else { return };
    let good = ["memstress3-24", "memstress3-27", "memstress3-40", "memstress3-41", "memstress3-43", "memstress3-45"];
    for name in good.into_iter().chain(["mongodb-v0-ack-rollback-0"]) {
        let path = folder.join(format!("knossos/good/{name}.edn"));
        let text = text(&path).replace(":type :info", ":type :fail").replace(":type  :info", ":type :fail");
        let (judged, _) = judged(&text, "cas-register", &knossos(), &path);
        assert_eq!(judged.word, Word::Invalid, "{name}");
    }
    for number in ETCD_VALID {
        let path = folder.join(format!("porcupine/etcd/etcd_{number:03}.log"));
        let text = text(&path);
        let verdict = |text: String| judged(&text, "cas-register", &JudgeOptions::default(), &path).0.word;
        if number != 38 {
            assert_eq!(verdict(text.replace(":info\t", ":fail\t")), Word::Invalid, "{number} fail");
        }
        assert_eq!(verdict(info_as_ok(&text)), Word::Invalid, "{number} ok");
    }
}

/// Every info of a client becomes an ok with the value of its invocation.
fn info_as_ok(text: &str) -> String {
    let mut asked = std::collections::HashMap::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [process, ":invoke", _, value, ..] = fields[..] {
            asked.insert(process.to_owned(), value.to_owned());
        }
        match fields[..] {
            [process, ":info", f, ..] if asked.contains_key(process) => {
                lines.push(format!("{process}\t:ok\t{f}\t{}", asked[process]));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}
