//! What a terminal shows at the end: its width, and the verdict in colour where colour is wanted.

use checkers::Word;
use std::io::{IsTerminal, Write};

/// Columns to print in: those of the terminal, between 40 and 160, or 100 where there is none.
#[must_use]
pub fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || clap_width().filter(|_| std::io::stdout().is_terminal());
    told.or_else(measured).unwrap_or(100).clamp(40, 160)
}

fn clap_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Prints the lines of a verdict to standard output. Colour says nothing that the words do not say.
pub fn print(lines: &str, verdict: Word) {
    let mut out = std::io::stdout().lock();
    let colour = match verdict {
        Word::Valid => "\x1b[32m",
        Word::Unknown => "\x1b[33m",
        Word::Invalid => "\x1b[31m",
    };
    let wanted = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let written = match lines.split_once(' ').filter(|_| wanted) {
        Some((word, rest)) => writeln!(out, "{colour}{word}\x1b[0m {rest}"),
        None => writeln!(out, "{lines}"),
    };
    // A reader that went away has seen enough; the exit code still says it all.
    let _ = written.and_then(|()| out.flush());
}

/// Prints one line to standard output.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
