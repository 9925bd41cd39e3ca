//! Every published history that lies beside the project is read, with the right number of events and operations.

use history::{CallOutcome, Calls, Format, ReadOptions, Recording, read, read_bytes, write};
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories");
    if !folder.is_dir() {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: there are no published histories in ../shared/histories");
        }
        return None;
    }
    Some(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder is listed") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push(path),
        }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending != "md"));
    files.sort();
    files
}

fn open(path: &Path) -> Recording {
    read(path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// File, format, events, client operations, operations that are ok, nemesis events, events without process.
const SHAPES: &[(&str, Format, [usize; 5])] = &[
    ("knossos/bad/bad-analysis.edn", Format::Edn, [16, 9, 7, 0, 0]),
    ("knossos/bad/cas-failure.edn", Format::Edn, [590, 291, 205, 8, 0]),
    ("knossos/bad/immediate-failure.edn", Format::Edn, [4, 2, 1, 0, 0]),
    ("knossos/bad/rethink-fail-minimal.edn", Format::Edn, [8, 4, 4, 0, 0]),
    ("knossos/good/memstress3-0.edn", Format::Edn, [634, 317, 231, 0, 0]),
    ("knossos/good/mongodb-v0-ack-rollback-.edn", Format::Edn, [28, 0, 0, 28, 0]),
    ("porcupine/etcd/etcd_002.log", Format::Console, [154, 77, 45, 0, 0]),
    ("porcupine/kv/c01-ok.txt", Format::Edn, [116, 58, 58, 0, 0]),
    ("porcupine/kv/c10-bad.txt", Format::Edn, [810, 405, 405, 0, 0]),
    ("elle/huge-scc.edn", Format::Edn, [20_602, 10_254, 3036, 94, 0]),
    ("elle/si-without-g-single.edn", Format::Edn, [8, 4, 4, 0, 0]),
    ("elle/paper-example.edn", Format::Edn, [8, 0, 0, 0, 8]),
    ("elle-cli/paper-example.json", Format::Json, [8, 4, 4, 0, 0]),
    ("elle-cli/list-append-gh-30.edn", Format::Edn, [10, 5, 5, 0, 0]),
    ("elle-cli/rw-register.edn", Format::Edn, [6, 3, 3, 0, 0]),
    ("elle-cli/bank.edn", Format::Edn, [680, 321, 221, 38, 0]),
    ("elle-cli/bank-negative-balances.json", Format::Json, [4, 2, 2, 0, 0]),
    ("elle-cli/counter.edn", Format::Edn, [574, 287, 287, 0, 0]),
    ("elle-cli/set_full.edn", Format::Edn, [588, 294, 294, 0, 0]),
    ("elle-cli/long-fork.edn", Format::Edn, [4, 0, 0, 0, 4]),
];

#[test]
fn every_file_has_the_events_that_it_is_known_to_have() {
    let Some(folder) = folder() else { return };
    for (name, format, shape) in SHAPES {
        let recording = open(&folder.join(name));
        let calls = Calls::pair(&recording).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ok = calls.iter().filter(|call| call.outcome == CallOutcome::Ok).count();
        let found = [recording.len(), calls.len(), ok, calls.others().len(), calls.orphans().len()];
        assert_eq!((recording.format(), &found), (*format, shape), "{name}");
    }
}

/// What a file holds by a count that knows nothing of parsers: words that stand once in each event.
fn counted(path: &Path) -> [usize; 2] {
    let text = std::fs::read_to_string(path).expect("a file is text");
    let text: String = text.lines().filter(|line| !line.trim_start().starts_with(';')).collect::<Vec<_>>().join("\n");
    let count = |words: &[&str]| words.iter().map(|word| text.matches(word).count()).sum();
    let invocations = count(&[":invoke", "\"invoke\""]);
    let completions: usize =
        count(&[":type :ok", ":ok\t", "\"ok\"", ":type :fail", ":fail\t", ":type :info", ":info\t"]);
    [invocations, invocations + completions]
}

#[test]
fn every_file_is_read_and_survives_each_format() {
    let Some(folder) = folder() else { return };
    let files = files(&folder);
    assert!(files.len() >= 120, "only {} files", files.len());
    for path in files {
        let recording = open(&path);
        let calls = Calls::pair(&recording).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let invocations = recording.events().filter(|event| event.kind.word() == "invoke").count();
        assert_eq!([invocations, recording.len()], counted(&path), "{}", path.display());
        assert!(calls.remarks().is_empty(), "{}", path.display());
        for format in [Format::JsonLines, Format::Json, Format::Edn] {
            let mut text = Vec::new();
            write(&recording, format, &mut text).expect("memory takes everything");
            let options = ReadOptions { chunk: Some(1000), ..ReadOptions::default() };
            let back = read_bytes(&text, &options).unwrap_or_else(|e| panic!("{} as {format}: {e}", path.display()));
            assert!(back == recording, "{} as {format}", path.display());
        }
    }
}
