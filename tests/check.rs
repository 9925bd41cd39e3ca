//! `gainsay check` and `gainsay convert`: histories that somebody else recorded.

mod harness;

use harness::Harness;
use std::path::{Path, PathBuf};

/// Published histories, each with the arguments under which it is judged, and its verdict.
const PUBLISHED: &[(&str, &str, &str)] = &[
    ("knossos/good/memstress3-24.edn", "--model cas-register --option initial=0", "valid"),
    ("knossos/good/mongodb-v0-ack-rollback-0.edn", "--model cas-register --option initial=0", "valid"),
    ("knossos/good/mongodb-v0-ack-rollback-.edn", "--model cas-register --option initial=0", "unknown"),
    ("knossos/bad/bad-analysis.edn", "--model cas-register --option initial=0", "invalid"),
    ("knossos/bad/cas-failure.edn", "--model cas-register --option initial=0", "invalid"),
    ("porcupine/etcd/etcd_000.log", "--model cas-register", "invalid"),
    ("porcupine/etcd/etcd_002.log", "--model cas-register", "valid"),
    ("porcupine/kv/c10-ok.txt", "--model kv", "valid"),
    ("porcupine/kv/c10-bad.txt", "--model kv", "invalid"),
    ("elle-cli/bank.edn", "--model bank", "valid"),
    ("elle-cli/bank-negative-balances.json", "--model bank", "invalid"),
    ("elle-cli/counter.edn", "--model counter", "unknown"),
    ("elle-cli/set_full.edn", "--model set-full --independent", "valid"),
    ("elle-cli/long-fork.edn", "--model long-fork --anonymous", "invalid"),
];

/// The folder of published histories, where it stands beside the project.
fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    folder.is_dir().then_some(folder)
}

#[test]
fn published_histories_have_their_known_verdicts() {
    let Some(folder) = published() else {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: no published histories beside the project");
        }
        return;
    };
    let harness = Harness::new();
    for (file, arguments, verdict) in PUBLISHED {
        let path = folder.join(file);
        let answer = harness.run(&format!("check {} {arguments} --brief", path.display()));
        assert_eq!(answer.stdout, format!("{}\t{verdict}\n", path.display()), "{answer}");
        let code = match *verdict {
            "valid" => 0,
            "invalid" => 1,
            _ => 2,
        };
        assert_eq!(answer.code, code, "{answer}");
    }
}

const STALE: &str = "\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok, :f :write, :value 1}
{:process 0, :type :invoke, :f :write, :value 2, :note \"kept\"}
{:process 0, :type :ok, :f :write, :value 2}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value 1}
";

#[test]
fn a_history_keeps_its_verdict_and_its_fields_in_every_format() {
    let harness = Harness::new();
    std::fs::write(harness.path().join("stale.edn"), STALE).expect("a file is written");
    let answer = harness.run("check stale.edn --model register");
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.contains("stale.edn: invalid") && answer.stdout.contains("read 1"), "{answer}");
    for (from, to) in [("stale.edn", "stale.jsonl"), ("stale.jsonl", "again.edn")] {
        let converted = harness.run(&format!("convert {from} {to}"));
        assert_eq!(converted.code, 0, "{converted}");
        let judged = harness.run(&format!("check {to} --model register --output json"));
        assert_eq!(judged.code, 1, "{judged}");
        assert!(judged.stdout.contains("\"verdict\": \"invalid\""), "{judged}");
        let text = std::fs::read_to_string(harness.path().join(to)).expect("it was written");
        assert!(text.contains("kept"), "an unknown field is lost: {text}");
    }
}

#[test]
fn what_cannot_be_judged_says_what_there_is() {
    let harness = Harness::new();
    std::fs::write(harness.path().join("stale.edn"), STALE).expect("a file is written");
    for (arguments, code, message) in [
        ("check stale.edn --model regster", 64, "there are register, cas-register"),
        ("check stale.edn --model bank --option sum=1", 64, "sum=1"),
        ("check stale.edn --model cas-register --option permits=2", 64, "it has initial=NUMBER, strict-fail-cas=true"),
        ("check stale.edn --model mutex --option initial=1", 64, "it has none"),
        ("check stale.edn --model fifo-queue", 65, "stale.edn"),
        ("convert stale.edn stale.txt", 64, ".jsonl or .edn"),
        ("convert absent.edn new.jsonl", 65, "absent.edn"),
    ] {
        let answer = harness.run(arguments);
        assert_eq!(answer.code, code, "`gainsay {arguments}`: {answer}");
        assert!(answer.stderr.contains(message), "`gainsay {arguments}`: {answer}");
    }
    let listed = harness.run("list models --output json");
    assert!(listed.stdout.matches("\"name\"").count() > 30, "{listed}");
}

/// An append crashed, and a get finds what nobody appended.
fn documented() -> (String, String) {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CHECK.md"));
    let page = page.expect("the page is there");
    let mut blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(text, _)| text);
    let mut next = || blocks.next().expect("the page shows a history and its answer").to_owned();
    (next(), next())
}

#[test]
fn machines_are_told_what_the_documentation_says() {
    let harness = Harness::new();
    let (history, answer) = documented();
    std::fs::write(harness.path().join("h.jsonl"), history).expect("a file is written");
    let told = harness.run("check h.jsonl --model kv --output json");
    assert_eq!((told.code, without_effort(&told.stdout)), (1, without_effort(&answer)), "{told}");
}

/// The same but for how hard the engine had to search, which may become less.
fn without_effort(json: &str) -> serde_json::Value {
    let mut answer: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
    let evidence = answer["files"][0]["checks"][0]["evidence"].as_array_mut().expect("there is evidence");
    let before = evidence.len();
    evidence.retain(|fact| fact[0] != "configurations");
    assert_eq!(evidence.len() + 1, before, "the effort is told once");
    answer
}

#[test]
fn a_report_of_files_is_one_page_with_every_violation() {
    let harness = Harness::new();
    std::fs::write(harness.path().join("h.jsonl"), documented().0).expect("a file is written");
    std::fs::write(harness.path().join("stale.edn"), STALE).expect("a file is written");
    let answer = harness.run("check h.jsonl stale.edn --model kv --report out.html --brief");
    assert_eq!(answer.code, 1, "{answer}");
    assert_eq!(answer.stdout, "h.jsonl\tinvalid\nstale.edn\tinvalid\n", "{answer}");
    let page = std::fs::read_to_string(harness.path().join("out.html")).expect("it was written");
    assert_eq!(page.matches("class=\"timeline\"").count(), 2, "a violation is not drawn");
    for expected in ["gainsay check h.jsonl stale.edn --model kv", "end end-2", "process 2", "no order explains this"] {
        assert!(page.contains(expected), "{expected}");
    }
    for forbidden in ["<script", "src=\"http", "@import"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let said = harness.run("check stale.edn --model register --report out.html");
    assert!(said.stdout.ends_with("report: out.html\n"), "{said}");
    let nowhere = harness.run("check stale.edn --model register --report absent/out.html");
    assert!(nowhere.code == 3 && nowhere.stderr.contains("absent/out.html"), "{nowhere}");
}

/// Two transactions that each read what the other is about to append to; then both are read. Keys are hostile texts.
fn write_skew() -> String {
    let (x, y) = ("\"\\u001b[2J<b>\"", "\"y\"");
    let event = |process: u32, kind: &str, program: &str| {
        format!("{{:process {process}, :type :{kind}, :f :txn, :value [{program}]}}\n")
    };
    let read = |key: &str, value: &str| format!("[:r {key} {value}]");
    let append = |key: &str| format!("[:append {key} 1]");
    let program = |key: &str, value: &str, other: &str| format!("{} {}", read(key, value), append(other));
    [
        event(0, "invoke", &program(x, "nil", y)),
        event(1, "invoke", &program(y, "nil", x)),
        event(0, "ok", &program(x, "[]", y)),
        event(1, "ok", &program(y, "[]", x)),
        event(2, "invoke", &format!("{} {}", read(x, "nil"), read(y, "nil"))),
        event(2, "ok", &format!("{} {}", read(x, "[1]"), read(y, "[1]"))),
    ]
    .concat()
}

#[test]
fn a_cycle_of_transactions_is_told_to_people_and_machines() {
    let harness = Harness::new();
    std::fs::write(harness.path().join("skew.edn"), write_skew()).expect("a file is written");
    let kept = harness.run("check skew.edn --model list-append --expect snapshot-isolation --brief");
    assert_eq!((kept.code, kept.stdout.as_str()), (0, "skew.edn\tvalid\n"), "{kept}");
    for width in [40_usize, 60, 100] {
        let mut command = harness.command("check skew.edn --model list-append --expect serializable");
        let output = command.env("COLUMNS", width.to_string()).output().expect("the command starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in [
            "G2-item: write skew Let T2 = r ",
            "T2 < T3 rw because T2 did not observe T3's append of 1 to key",
            "However, T3 < T2 rw because T3 did not observe T2's append of 1 to key \"y\": a contradiction",
        ] {
            assert!(joined.contains(expected), "{width}: {expected}: {text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    let told = harness.run("check skew.edn --model list-append --expect serializable --output json");
    let answer: serde_json::Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    let violation = &answer["files"][0]["checks"][0]["violations"][0];
    assert_eq!((&violation["name"], &violation["nickname"]), (&"G2-item".into(), &"write skew".into()), "{told}");
    let steps: Vec<(u64, u64, &str)> = (violation["steps"].as_array().expect("there are steps").iter())
        .map(|step| {
            (step["from"].as_u64().unwrap_or(9), step["to"].as_u64().unwrap_or(9), step["kind"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(steps, [(0, 1, "rw"), (1, 0, "rw")], "{told}");
    assert_eq!(violation["minimal"]["of"], 3, "{told}");
    assert_eq!(violation["minimal"]["transactions"].as_array().map(Vec::len), Some(2), "{told}");
    for transaction in violation["transactions"].as_array().expect("there are transactions") {
        let at = transaction["operation"].as_u64().expect("it is a position") as usize;
        let index = &violation["operations"][at]["completed"]["index"];
        assert_eq!(transaction["name"], format!("T{index}"), "{told}");
    }
}

#[test]
fn timestamps_of_the_database_are_a_promise_of_their_own() {
    let harness = Harness::new();
    let event = |process: u32, value: &str, stamps: &str| {
        let ask = format!("{{:process {process}, :type :invoke, :f :txn, :value [{value}]}}\n");
        ask + &format!("{{:process {process}, :type :ok, :f :txn, :value [{value}], {stamps}}}\n")
    };
    let write = event(0, "[:w 1 1]", ":begin 1, :end 2") + &event(0, "[:r 1 1] [:w 1 2]", ":begin 3, :end 4");
    for (begin, code, verdict) in [(5, 0, "valid"), (3, 1, "invalid")] {
        let text = write.clone() + &event(1, "[:r 1 2]", &format!(":begin {begin}, :end {begin}"));
        std::fs::write(harness.path().join("stamped.edn"), text).expect("a file is written");
        let asked = "check stamped.edn --model rw-register --expect snapshot-isolation --option timestamps=begin,end";
        let told = harness.run(&format!("{asked} --output json"));
        assert_eq!(told.code, code, "{told}");
        let answer: serde_json::Value = serde_json::from_str(&told.stdout).expect("it is JSON");
        let checks = &answer["files"][0]["checks"];
        assert_eq!((&checks[0]["verdict"], &checks[1]["verdict"]), (&"valid".into(), &verdict.into()), "{told}");
        assert_eq!(checks[1]["name"], "timestamps", "{told}");
    }
    let weak = harness.run("check stamped.edn --model rw-register --expect read-atomic --option timestamps=true");
    assert_eq!(weak.code, 64, "{weak}");
}

#[test]
fn a_cycle_of_transactions_is_drawn() {
    let harness = Harness::new();
    std::fs::write(harness.path().join("skew.edn"), write_skew()).expect("a file is written");
    let answer = harness.run("check skew.edn --model list-append --expect serializable --report out.html --brief");
    assert_eq!(answer.code, 1, "{answer}");
    let page = std::fs::read_to_string(harness.path().join("out.html")).expect("it was written");
    for expected in ["Write skew (G2-item)", "class=\"cycle\"", "class=\"timeline\"", "arrow k-rw closing", "&lt;b&gt;"]
        .into_iter()
        .chain(["Minimal history: 2 of 3 transactions"])
    {
        assert!(page.contains(expected), "{expected}");
    }
    assert_eq!(page.matches("class=\"node\"").count(), 2, "a transaction is not drawn");
    assert!(!page.contains("<b>") && !page.contains('\u{1b}') && !page.contains("<script"), "{page}");
}

#[test]
fn people_are_told_within_their_terminal() {
    let harness = Harness::new();
    let hostile = STALE.replace("\"kept\"", "\"\\u001b[2J\"").replace(":value 2", ":value \"\\u001b[2J<b>\"");
    std::fs::write(harness.path().join("stale.edn"), hostile).expect("a file is written");
    for width in [40_usize, 60, 80] {
        let mut command = harness.command("check stale.edn --model register");
        let output = command.env("COLUMNS", width.to_string()).output().expect("the command starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("every way leads nowhere") && text.contains("read 1"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
