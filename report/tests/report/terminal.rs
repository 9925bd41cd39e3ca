//! The ten lines.

use crate::runs;
use checkers::Check;
use history::OpId;
use report::{Facts, Page};

fn lines(facts: Facts, check: Check, width: usize) -> String {
    let text = Page::new(facts, &runs::registers(), &[check], &runs::faults()).terminal(width);
    assert!(text.lines().count() <= 10, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    text
}

#[test]
fn ok_80() {
    insta::assert_snapshot!(lines(runs::facts(), runs::valid(), 80));
}

#[test]
fn ok_120() {
    insta::assert_snapshot!(lines(runs::facts(), runs::valid(), 120));
}

#[test]
fn violation_80() {
    insta::assert_snapshot!(lines(runs::facts(), runs::invalid(vec![OpId(3), OpId(9)]), 80));
}

#[test]
fn violation_120() {
    insta::assert_snapshot!(lines(runs::facts(), runs::invalid(vec![OpId(3), OpId(9)]), 120));
}

#[test]
fn unknown_80() {
    insta::assert_snapshot!(lines(runs::facts(), runs::unknown(), 80));
}

#[test]
fn unknown_120() {
    insta::assert_snapshot!(lines(runs::facts(), runs::unknown(), 120));
}

#[test]
fn long_and_hostile_texts_stay_within_ten_lines_and_steer_no_terminal() {
    for length in [1, 40, 79, 300, 5000] {
        let nasty = format!("\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}{}", "wide \u{6f22}".repeat(length));
        let facts = Facts {
            title: nasty.clone(),
            run: nasty.clone(),
            report_path: nasty.clone(),
            rerun: "--word ".repeat(length),
            ..runs::facts()
        };
        let check = Check { name: nasty.clone(), ..runs::unknown() };
        let text = Page::new(facts, &runs::registers(), &[check], &runs::faults()).terminal(80);
        assert!(text.lines().count() <= 10, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
}

#[test]
fn the_command_comes_last_and_whole() {
    let text = lines(runs::facts(), runs::valid(), 80);
    let command: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("AGAIN")).collect();
    let joined = command.join(" ").replace('\\', " ").replace("AGAIN", "");
    let words: Vec<&str> = joined.split_whitespace().collect();
    assert_eq!(words.join(" "), runs::facts().rerun);
}
