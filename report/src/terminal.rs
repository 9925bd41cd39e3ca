//! The ten lines that end a run on a terminal.

use crate::page::Page;
use crate::summary::unknown_reason;
use crate::words::{columns, duration, shorten};
use checkers::{Verdict, Word};

/// Lines in all.
const LINES: usize = 10;
/// Lines of explanation at most.
const EXPLANATION: usize = 4;
/// Columns of the first word with the space after it.
const INDENT: usize = 11;
/// Columns that a terminal is taken to have at least.
const NARROWEST: usize = 70;

/// Verdict, explanation, faults, history, report, and the command that runs it again.
pub(crate) fn terminal(page: &Page, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut tail = again(&page.facts.rerun, width - INDENT);
    let fixed = 4;
    if tail.len() + fixed + 1 > LINES {
        tail = vec!["the command stands in the report".to_owned()];
    }
    let room = (LINES - fixed - tail.len()).min(EXPLANATION);
    let mut lines = vec![first_line(page, width)];
    lines.extend(explanation(page, width - INDENT, room).into_iter().map(|text| indented("", &text)));
    lines.push(indented("", &cut(&format!("faults   {}", faults(page)), width - INDENT)));
    lines.push(indented("", &cut(&format!("history  {}", history(page)), width - INDENT)));
    lines.push(indented("", &cut(&format!("report   {}", page.facts.report_path), width - INDENT)));
    for (number, text) in tail.iter().enumerate() {
        lines.push(indented(if number == 0 { "AGAIN" } else { "" }, text));
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn indented(word: &str, text: &str) -> String {
    format!("{word:<INDENT$}{text}")
}

/// A text cut to a number of columns.
fn cut(text: &str, width: usize) -> String {
    let mut limit = text.chars().count();
    while columns(&shorten(text, limit)) > width {
        limit -= 1;
    }
    shorten(text, limit)
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

fn faults(page: &Page) -> String {
    let measured = page.faults.iter().filter_map(|fault| {
        let effect = fault.effect.as_ref()?;
        Some(format!("{} ({})", crate::bands::label(fault), effect.measured))
    });
    match measured.last() {
        Some(last) => format!("{}: {last}", page.summary.faults),
        None => page.summary.faults.clone(),
    }
}

fn history(page: &Page) -> String {
    match page.summary.served.as_str() {
        "" => page.summary.history.clone(),
        served => format!("{}; {served}", page.summary.history),
    }
}

/// What was found, in at most so many lines.
fn explanation(page: &Page, width: usize, lines: usize) -> Vec<String> {
    let mut all = wrap(&what_was_found(page), width);
    if all.len() > lines {
        all.truncate(lines);
        if let Some(last) = all.last_mut() {
            *last = cut(&format!("{last} \u{2026}"), width);
        }
    }
    all
}

fn what_was_found(page: &Page) -> String {
    let of_that_word = || page.checks.iter().filter(|check| check.verdict.word() == page.summary.word);
    match page.summary.word {
        Word::Invalid => {
            let anomalies: usize = page.checks.iter().map(|check| check.verdict.anomalies().len()).sum();
            let first = of_that_word().find_map(|check| Some((check, check.verdict.anomalies().first()?)));
            let more = if anomalies > 1 { format!(" (and {} more)", anomalies - 1) } else { String::new() };
            first.map_or_else(
                || page.summary.headline.clone(),
                |(check, anomaly)| format!("{}: {}{more}", check.name, anomaly.explanation),
            )
        }
        Word::Unknown => {
            let reason = |check: &checkers::Check| Some(format!("{}: {}", check.name, unknown_reason(&check.verdict)?));
            let reasons: Vec<String> = of_that_word().filter_map(reason).collect();
            if reasons.is_empty() { page.summary.headline.clone() } else { reasons.join("; ") }
        }
        Word::Valid => {
            let kept: Vec<String> = of_that_word().map(kept).collect();
            format!("no violation found. {}", kept.join("; "))
        }
    }
}

fn kept(check: &checkers::Check) -> String {
    let Verdict::Valid { evidence } = &check.verdict else { return check.name.clone() };
    let facts: Vec<String> = evidence.iter().take(4).map(|(name, value)| format!("{name} {value}")).collect();
    if facts.is_empty() { check.name.clone() } else { format!("{}: {}", check.name, facts.join(", ")) }
}

/// Breaks a text at spaces; a word that is longer than a line is broken anywhere.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
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
    if lines.iter().any(|line| columns(line) + 2 > width) {
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
