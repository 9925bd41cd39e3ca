//! What this project asks of every file, asked by a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Past this a file has two nouns in it.
const MOST_LINES: usize = 500;

fn tracked(endings: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("git").args(["ls-files"]).current_dir(root).output();
    let output = output.expect("git lists its files");
    let files = String::from_utf8(output.stdout).expect("names are text");
    let wanted = |name: &&str| endings.iter().any(|ending| name.ends_with(ending));
    files.lines().filter(wanted).map(|name| root.join(name)).filter(|path| path.exists()).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_source_file_says_what_it_is_for_and_is_one_noun_long() {
    for path in tracked(&[".rs"]) {
        let text = read(&path);
        assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines, more than {MOST_LINES}", path.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["todo", "!("], ["unimplemented", "!("], ["dbg", "!("]];
    for path in tracked(&[".rs", ".md", ".toml", ".sh"]) {
        let text = read(&path);
        for word in words.map(|halves| halves.concat()) {
            assert!(!text.contains(&word), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn no_file_is_named_for_nothing_in_particular() {
    for path in tracked(&[".rs"]) {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let vague = ["util", "utils", "common", "helpers", "misc", "manager", "types", "core"];
        assert!(!vague.contains(&stem), "{} has a name that says nothing", path.display());
    }
}
