//! The ten lines that end a run on a terminal.

use crate::bands::Band;
use crate::page::Page;
use crate::summary::unknown_reason;
use crate::words::{columns, duration};
use checkers::{Verdict, Word};
use history::Fault;

/// Lines in all.
const LINES: usize = 10;
/// Lines of explanation at most.
const EXPLANATION: usize = 4;
/// Columns of the first word with the space after it.
const INDENT: usize = 11;
/// Where lines are not broken.
const HARD_SPACE: &str = "\u{a0}";
/// Columns of a label with the space after it.
const LABEL: usize = 9;
/// Lines that the command may take.
const AGAIN: usize = 4;
/// Columns that a terminal is taken to have at least.
const NARROWEST: usize = 70;

/// Verdict, explanation, faults, history, report, and the command that runs it again.
pub(crate) fn terminal(page: &Page, width: usize) -> String {
    let width = width.max(NARROWEST);
    let room = width - INDENT;
    let again = again(&page.facts.rerun, room);
    let found = wrap(&what_was_found(page), room);
    let faults = wrap(&faults(page), room - LABEL);
    let history = wrap(&history(page), room - LABEL);
    // One line each for the verdict and the report; of the others the explanation grows first.
    let mut spare = LINES - 5 - again.len();
    let explanation = limited(found, EXPLANATION, &mut spare, room);
    let faults = limited(faults, 2, &mut spare, room - LABEL);
    let history = limited(history, 2, &mut spare, room - LABEL);
    let mut lines = vec![first_line(page, width)];
    lines.extend(explanation.iter().map(|text| indented("", text)));
    lines.extend(labelled("faults", &faults));
    lines.extend(labelled("history", &history));
    lines.extend(labelled("report", &[cut(&page.facts.report_path, room - LABEL)]));
    lines.extend(again.iter().enumerate().map(|(n, text)| indented(if n == 0 { "AGAIN" } else { "" }, text)));
    lines.iter().map(|line| format!("{}\n", line.replace(HARD_SPACE, " ").trim_end())).collect()
}

fn labelled(label: &str, texts: &[String]) -> Vec<String> {
    let line =
        |(n, text): (usize, &String)| indented("", &format!("{:<LABEL$}{text}", if n == 0 { label } else { "" }));
    texts.iter().enumerate().map(line).collect()
}

/// The first line, and up to `limit` in all while there are spare ones; an ellipsis says that there were more.
fn limited(mut lines: Vec<String>, limit: usize, spare: &mut usize, width: usize) -> Vec<String> {
    let taken = lines.len().clamp(1, limit).min(1 + *spare);
    *spare -= taken - 1;
    if lines.len() > taken {
        lines.truncate(taken);
        if let Some(last) = lines.last_mut() {
            *last = format!("{} \u{2026}", cut(last, width - 2).trim_end_matches('\u{2026}'));
        }
    }
    lines
}

fn indented(word: &str, text: &str) -> String {
    format!("{word:<INDENT$}{text}")
}

/// A text cut to a number of columns.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += columns(c.encode_utf8(&mut [0; 4]));
        used <= width
    };
    text.chars().take_while(fits).chain(['\u{2026}']).collect()
}

fn first_line(page: &Page, width: usize) -> String {
    let word = match page.summary.word {
        Word::Valid => "OK",
        Word::Unknown => "UNKNOWN",
        Word::Invalid => "VIOLATION",
    };
    let right = cut(&format!("run {}, {}", page.facts.short_run(), duration(page.samples.axis.to)), width / 3);
    let room = width - INDENT - columns(&right) - 2;
    let title = cut(&page.facts.title, room);
    let gap = " ".repeat(room + 2 - columns(&title));
    indented(word, &format!("{title}{gap}{right}"))
}

/// How many faults, and which: those during the first violation, or else all of them, as far as they fit.
fn faults(page: &Page) -> String {
    let window = page.violations.first().map(|violation| violation.selection.window);
    let is_near = |band: &&Band| window.is_none_or(|(from, to)| band.from <= to && from <= band.to);
    let near: Vec<&Band> = page.bands.iter().filter(is_near).collect();
    let chosen = if near.is_empty() { page.bands.iter().collect() } else { near };
    let told: Vec<String> = chosen.iter().map(|band| fault(band, page, chosen.len())).collect();
    if told.is_empty() { page.summary.faults.clone() } else { format!("{}: {}", page.summary.faults, told.join(", ")) }
}

fn fault(band: &Band, page: &Page, of: usize) -> String {
    let told = format!("{} {:.1}-{:.1}{HARD_SPACE}s", band.label, band.from, band.to);
    let is_it = |fault: &&Fault| fault.injected.is_some_and(|time| time.seconds() == band.from) && of == 1;
    match page.faults.iter().find(is_it).and_then(|fault| fault.effect.as_ref()) {
        Some(effect) => format!("{told} ({})", effect.measured),
        None => told,
    }
}

fn history(page: &Page) -> String {
    match page.summary.served.as_str() {
        "" => page.summary.history.clone(),
        served => format!("{}; {served}", page.summary.history),
    }
}

/// What was found, and by which check.
fn what_was_found(page: &Page) -> String {
    let of_that_word = || page.checks.iter().filter(|check| check.verdict.word() == page.summary.word);
    match page.summary.word {
        Word::Invalid => {
            let anomalies: usize = page.checks.iter().map(|check| check.verdict.anomalies().len()).sum();
            let first = of_that_word().find_map(|check| check.verdict.anomalies().first());
            let more = if anomalies > 1 { format!(" (and {} more)", anomalies - 1) } else { String::new() };
            first.map_or_else(
                || page.summary.headline.clone(),
                |anomaly| format!("{}: {}{more}", anomaly.name, anomaly.explanation),
            )
        }
        Word::Unknown => {
            let reason = |check: &checkers::Check| Some(format!("{}: {}", check.name, unknown_reason(&check.verdict)?));
            let reasons: Vec<String> = of_that_word().filter_map(reason).collect();
            if reasons.is_empty() { page.summary.headline.clone() } else { reasons.join("; ") }
        }
        Word::Valid => {
            let kept: Vec<String> = of_that_word().map(kept).collect();
            format!("no violation found by {}", kept.join("; "))
        }
    }
}

fn kept(check: &checkers::Check) -> String {
    let Verdict::Valid { evidence } = &check.verdict else { return check.name.clone() };
    let facts: Vec<String> = evidence.iter().take(4).map(|(name, value)| format!("{name}: {value}")).collect();
    if facts.is_empty() { check.name.clone() } else { format!("{} ({})", check.name, facts.join(", ")) }
}

/// Breaks a text at spaces; a word that is longer than a line is broken anywhere.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()) {
        for piece in pieces(word, width) {
            match lines.last_mut() {
                Some(line) if columns(line) + 1 + columns(&piece) <= width => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let wide = columns(c.encode_utf8(&mut [0; 4]));
        if used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        pieces.last_mut().expect("there is a first piece").push(c);
    }
    pieces
}

/// A command over several lines, each but the last with a backslash at its end, broken only where a shell joins them
/// again to the same command.
fn again(command: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in shell_words(command) {
        let indent = if lines.is_empty() { 0 } else { 2 };
        match lines.last_mut() {
            Some(line) if columns(line) + columns(&word) + 3 <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    if lines.len() > AGAIN || lines.iter().any(|line| columns(line) + 2 > width) {
        return vec!["the command stands in the report".to_owned()];
    }
    let last = lines.len().saturating_sub(1);
    lines.iter_mut().take(last).for_each(|line| line.push_str(" \\"));
    lines
}

/// Words at spaces that are not inside quotes.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (c, quote) {
            (' ', None) => words.push(String::new()),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        if c != ' ' || quote.is_some() {
            words.last_mut().expect("there is a first word").push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_broken_outside_of_quotes_only() {
        let lines = again("gainsay test --plan 'a b c d e f' --seed 17", 30);
        assert_eq!(lines, ["gainsay test --plan \\", "  'a b c d e f' --seed 17"]);
    }

    #[test]
    fn long_words_are_broken_and_all_lines_fit() {
        let text = format!("short {} end", "x".repeat(200));
        assert!(wrap(&text, 40).iter().all(|line| columns(line) <= 40));
        assert_eq!(wrap("", 40), Vec::<String>::new());
    }
}
