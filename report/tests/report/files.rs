//! Histories that somebody else recorded: drawing, page and lines.

use crate::markup;
use checkers::object::{JudgeOptions, judge};
use checkers::txn::{Objects, TxnOptions, judge_transactions};
use checkers::{Anomaly, Check, SingleOptions, Verdict, Word};
use history::{Calls, OpId, ReadOptions, Recording};
use report::drawing::{Drawing, Edge, Part};
use report::{FilePage, Finding, JudgedFile, MOST_DRAWN, Source, Told, Upheaval};
use std::fmt::Write;

fn recording(text: &str) -> Recording {
    history::read_bytes(text.as_bytes(), &ReadOptions::default()).unwrap()
}

/// Judges a text by a model, and tells all of it.
fn judged(text: &str, model: &str) -> JudgedFile {
    let recording = recording(text);
    let calls = Calls::pair(&recording).unwrap();
    let faults = Upheaval::all(&calls);
    let judged = judge(model, &calls, &JudgeOptions::default()).unwrap();
    let sources: Vec<Source<'_>> = judged.violations.iter().map(Source::Violation).collect();
    let findings: Vec<Finding> = sources.iter().map(|source| Finding::new(&calls, *source)).collect();
    let pairs = sources.iter().zip(&findings).take(MOST_DRAWN);
    let drawings = pairs.map(|(source, finding)| Drawing::new(&calls, *source, finding, &faults)).collect();
    let verdict = match judged.word {
        Word::Invalid => Verdict::Invalid { anomalies: Vec::new(), evidence: judged.evidence },
        Word::Unknown => Verdict::Unknown { reason: judged.reason, evidence: judged.evidence },
        Word::Valid => Verdict::Valid { evidence: judged.evidence },
    };
    let check = Check { name: model.into(), promise: "a promise".into(), verdict };
    let notes = calls.notes().iter().map(ToString::to_string).collect();
    JudgedFile { path: "a.edn".into(), model: model.into(), told: vec![Told { check, findings, drawings }], notes }
}

fn html(file: JudgedFile) -> String {
    FilePage { files: vec![file], command: "gainsay check a.edn".into() }.html().unwrap()
}

fn event(process: &str, kind: &str, f: &str, value: &str) -> String {
    format!("{{:process {process}, :type :{kind}, :f {f}, :value {value}}}\n")
}

fn call(process: u32, f: &str, asked: &str, answered: &str) -> String {
    let process = process.to_string();
    event(&process, "invoke", f, asked) + &event(&process, "ok", f, answered)
}

/// To a key that holds "a" an append of "b" crashed and one of "c" is in flight; a get finds "cba"; a partition.
fn contested() -> String {
    let mut text = call(0, ":append", "\"a\"", "\"a\"");
    text += &event("1", "invoke", ":append", "\"b\"");
    text += &event("1", "info", ":append", "\"b\"");
    text += &event(":nemesis", "info", ":start-partition", "nil");
    text += &event("2", "invoke", ":append", "\"c\"");
    text += &event(":nemesis", "info", ":stop-partition", "nil");
    text += &event("4", "invoke", ":get", "nil");
    text += &event("4", "ok", ":get", "\"cba\"");
    text + &event("2", "ok", ":append", "\"c\"")
}

#[test]
fn a_violation_is_drawn_with_its_culprit_its_faults_and_every_way() {
    let file = judged(&contested(), "kv");
    let (finding, drawing) = (&file.told[0].findings[0], &file.told[0].drawings[0]);
    let culprits: Vec<&str> =
        drawing.bars.iter().filter(|bar| bar.part == Part::Culprit).map(|bar| bar.text.as_str()).collect();
    assert_eq!(culprits, ["get \"cba\""]);
    let crashed = drawing.bars.iter().find(|bar| bar.text.starts_with("append \"b\"")).unwrap();
    assert!(matches!(crashed.to, Edge::Never(_)), "{crashed:?}");
    assert_eq!(drawing.bands.iter().map(|band| band.label.as_str()).collect::<Vec<_>>(), ["nemesis: partition"]);
    assert!(drawing.rows.contains(&"process 4".to_owned()), "{:?}", drawing.rows);
    assert!(!finding.states.is_empty() && !finding.dead_ends.is_empty());
    assert_eq!(drawing.paths.len(), finding.dead_ends.len());
    let steps: usize = finding.dead_ends.iter().map(|end| end.steps.len()).sum();
    assert!(steps > 0, "no way has a step: {finding:?}");
    for (path, end) in drawing.paths.iter().zip(&finding.dead_ends) {
        assert_eq!(drawing.bars[path.fails_at.unwrap()].part, Part::Culprit);
        let of_path: Vec<&str> = path.bars.iter().map(|bar| drawing.bars[*bar].text.as_str()).collect();
        let of_end: Vec<&str> = end.steps.iter().map(|step| step.text.as_str()).collect();
        assert_eq!(of_path, of_end);
    }
    let page = html(file);
    for number in 1..=2 {
        assert!(page.contains(&format!("class=\"end end-{number}\"")) && page.contains(&format!("path-{number}\"")));
    }
    let text = markup::read(&page).unwrap();
    for expected in
        ["No order of the operations", "nemesis: partition", "so no get", "Wing-Gong", "How the file was read"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn what_is_not_there_is_not_drawn() {
    let valid = judged(&call(0, ":read", "nil", "nil"), "register");
    assert_eq!(valid.word(), Word::Valid);
    assert!(markup::read(&html(valid)).unwrap().contains("No violation found"));
    assert!(markup::read(&FilePage::default().html().unwrap()).unwrap().contains("Nothing was judged"));
}

#[test]
fn checkers_without_a_search_are_drawn_without_ways() {
    let text = call(0, ":generate", "nil", "7") + &call(1, ":generate", "nil", "7");
    let recording = recording(&text);
    let calls = Calls::pair(&recording).unwrap();
    let verdict = checkers::judge("unique-ids", &calls, &SingleOptions::default()).unwrap();
    let source = Source::Anomaly(&verdict.anomalies()[0]);
    let finding = Finding::new(&calls, source);
    let drawing = Drawing::new(&calls, source, &finding, &[]);
    assert_eq!(finding.operations.len(), 2, "{finding:?}");
    assert_eq!(finding.operations[1].operation, "generate \u{2192} 7");
    assert!(drawing.paths.is_empty() && drawing.bars.len() == 2, "{drawing:?}");
    let check = Check { name: "unique-ids".into(), promise: "ids are unique".into(), verdict: verdict.clone() };
    let told = Told { check, findings: vec![finding], drawings: vec![drawing] };
    let page = html(JudgedFile { path: "ids".into(), told: vec![told], ..JudgedFile::default() });
    assert!(markup::read(&page).unwrap().contains("generate \u{2192} 7"));
    assert!(!page.contains("class=\"end end-1\""));
}

const HOSTILE: &str = r#""\"'><script>alert(1)</script>]]>{{ 7*7 }}{% raw %}\u001b[31m\u001b]0;x\u0007\u202e<!--""#;

#[test]
fn hostile_values_stay_texts_on_the_page_and_on_the_terminal() {
    let mut text = event(HOSTILE, "info", HOSTILE, HOSTILE);
    text += &call(0, ":write", HOSTILE, HOSTILE);
    text += &format!(
        "{{:process 1, :type :invoke, :f :write, :value 3, :node {HOSTILE}}}\n{{:process 1, :type :info, :f :write, :value 3, :error {HOSTILE}}}\n"
    );
    text += &call(2, ":read", "nil", "5");
    let mut file = judged(&text, "register");
    assert_eq!(file.word(), Word::Invalid);
    (file.path, file.model) = ("\u{1b}[2J<script>".into(), "<b>".into());
    file.notes.push("<img src=x>\u{1b}[2J".into());
    for line in file.lines(80) {
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
    let page = html(file);
    let text = markup::read(&page).unwrap();
    assert!(text.contains("&lt;script&gt;alert(1)") && text.contains("{{ 7*7 }}"), "{text}");
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("http:") || page.contains("w3.org"));
}

#[test]
fn a_huge_witness_makes_a_small_drawing_around_its_culprit() {
    let mut text = String::new();
    let long = format!("\"{}\"", "x".repeat(10_000));
    for number in 0..3_000 {
        write!(text, "{}", call(number % 50, ":add", &long, &long)).unwrap();
    }
    let recording = recording(&text);
    let calls = Calls::pair(&recording).unwrap();
    let anomaly = Anomaly {
        name: "lost".into(),
        key: None,
        operations: (0..3_000).chain([4_000_000]).map(OpId).collect(),
        culprit: Some(OpId(1_500)),
        intervals: Vec::new(),
        explanation: "x".repeat(1_000_000),
        argument: None,
    };
    let source = Source::Anomaly(&anomaly);
    let finding = Finding::new(&calls, source);
    let drawing = Drawing::new(&calls, source, &finding, &[]);
    assert_eq!(finding.operations.len(), 3_000);
    assert!(drawing.bars.len() <= 60 && drawing.bars.iter().all(|bar| bar.text.chars().count() <= 48));
    assert_eq!(drawing.bars.iter().filter(|bar| bar.part == Part::Culprit).count(), 1);
    let check = Check {
        name: "set".into(),
        promise: "p".into(),
        verdict: Verdict::Invalid { anomalies: vec![anomaly], evidence: vec![] },
    };
    let told = Told { check, findings: vec![finding], drawings: vec![drawing] };
    let file = JudgedFile { told: vec![told], ..JudgedFile::default() };
    assert!(file.lines(80).len() < 60);
    assert!(html(file).len() < 300_000);
}

#[test]
fn more_violations_than_are_drawn_are_counted() {
    let mut file = judged(&contested(), "kv");
    let told = &mut file.told[0];
    told.findings = vec![told.findings[0].clone(); MOST_DRAWN + 7];
    told.drawings = vec![told.drawings[0].clone(); MOST_DRAWN];
    assert!(file.lines(80).iter().any(|line| line.contains("24 more violations")));
    let text = markup::read(&html(file)).unwrap();
    assert!(text.contains("7 more violations") && text.contains("20. No order"));
}

#[test]
fn faults_begin_and_end_by_name_or_in_turn() {
    let faults = |functions: &[&str]| {
        let text: String = functions.iter().map(|f| event(":nemesis", "info", f, "nil")).collect();
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let told = Upheaval::all(&calls);
        told.into_iter().map(|fault| (fault.label, fault.from, fault.to)).collect::<Vec<_>>()
    };
    let named = |what: &str, from: u32, to: Option<u32>| (format!("nemesis{what}"), from, to);
    assert_eq!(faults(&[":start", ":stop"]), [named("", 0, Some(1))]);
    // Jepsen tells everything twice.
    assert_eq!(faults(&[":start", ":start", ":stop", ":stop", ":start"]), [named("", 0, Some(3)), named("", 4, None)]);
    assert_eq!(
        faults(&[":pause", ":pause", ":resume", ":resume", ":pause", ":pause"]),
        [named(": pause", 0, Some(3)), named(": pause", 4, None)]
    );
    assert_eq!(
        faults(&[":start-kill", ":start-cut", ":stop-kill", ":stop-cut"]),
        [named(": kill", 0, Some(2)), named(": cut", 1, Some(3))]
    );
    assert_eq!(faults(&[":stop"]), []);
}

#[test]
fn lines_at_80_columns() {
    insta::assert_snapshot!(lines(80));
}

#[test]
fn lines_at_60_columns() {
    insta::assert_snapshot!(lines(60));
}

fn lines(width: usize) -> String {
    let lines = judged(&contested(), "kv").lines(width);
    assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
    lines.join("\n")
}

/// So many transactions, all at once, of which each missed what the next one appended; then everything is read.
fn ring(count: u32) -> String {
    let each = |kind: &str, seen: &str| {
        let program = |at: u32| format!("[[:append {at} 1] [:r {} {seen}]]", (at + 1) % count);
        (0..count).map(|at| event(&at.to_string(), kind, ":txn", &program(at))).collect::<String>()
    };
    let all = |seen: &str| format!("[{}]", (0..count).map(|at| format!("[:r {at} {seen}]")).collect::<String>());
    each("invoke", "nil") + &each("ok", "[]") + &call(99, ":txn", &all("nil"), &all("[1]"))
}

#[test]
fn cycles_of_transactions_are_drawn_whole_or_in_part() {
    for count in [2_u32, 5, 40] {
        let recording = recording(&ring(count));
        let calls = Calls::pair(&recording).unwrap();
        let judged = judge_transactions(Objects::Lists, &calls, &TxnOptions::default()).unwrap();
        let verdict = judged.verdict();
        let steps = |anomaly: &Anomaly| anomaly.argument.as_ref().map_or(0, |argument| argument.steps.len());
        let cycle = verdict.anomalies().iter().find(|anomaly| steps(anomaly) == count as usize);
        let source = Source::Anomaly(cycle.expect("the ring is found"));
        let finding = Finding::new(&calls, source);
        let drawing = Drawing::new(&calls, source, &finding, &[]);
        assert!(drawing.bars.iter().all(|bar| bar.part == Part::Witness && bar.text.starts_with('T')), "{drawing:?}");
        assert_eq!(finding.transactions.len(), count as usize);
        for transaction in &finding.transactions {
            let completed = finding.operations[transaction.operation].completed.unwrap();
            assert_eq!(transaction.name, format!("T{}", completed.index));
        }
        let check = Check { name: "list-append".into(), promise: "a promise".into(), verdict: verdict.clone() };
        let told = Told { check, findings: vec![finding], drawings: vec![drawing] };
        let file = JudgedFile { path: "ring".into(), told: vec![told], ..JudgedFile::default() };
        let lines = file.lines(60);
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:#?}");
        let (text, page) = (lines.join("\n"), html(file));
        let words = markup::read(&page).unwrap();
        let shown = count.min(16) as usize;
        assert_eq!(text.matches("because").count(), shown, "{text}");
        assert_eq!(page.matches("class=\"node\"").count(), shown);
        assert_eq!(text.matches("However, ").count(), 1, "{text}");
        let more = ["24 more transactions", "24 more steps"];
        assert_eq!(more.map(|more| text.contains(more)), [count == 40; 2], "{text}");
        assert_eq!(more.map(|more| words.contains(more)), [count == 40; 2], "{words}");
    }
}
