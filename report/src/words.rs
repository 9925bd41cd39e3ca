//! Numbers, times and texts as people read them, and hostile texts made harmless.

/// Removes what could steer a terminal or turn text around: control characters, terminal escape sequences, and
/// Unicode's invisible direction marks. A line end or tab becomes a space.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' if characters.next_if_eq(&'[').is_some() => {
                while characters.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
                characters.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if c.is_control() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The start of a text, at most `limit` characters, with an ellipsis if anything was cut.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) if limit == 0 => String::new(),
        Some(_) => text.chars().take(limit - 1).chain(['\u{2026}']).collect(),
    }
}

/// `12 004`: digits in groups of three.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1 fault`, `2 faults`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A length of time with three digits that matter: `310 us`, `2.1 s`, `4 min 10 s`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        0.0 => "0 s".to_owned(),
        s if s < 0.000_999_5 => format!("{:.0} us", s * 1e6),
        s if s < 0.009_95 => format!("{:.1} ms", s * 1e3),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1e3),
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 119.5 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min {:.0} s", (s / 60.0).floor(), (s % 60.0).floor()),
        s => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
    }
}

/// A moment, to the millisecond: `14.220 s`.
pub(crate) fn moment(seconds: f64) -> String {
    format!("{seconds:.3} s")
}

/// How many terminal columns a text takes; East Asian wide characters take two.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

/// A sentence begins with a capital letter.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_escape_sequences_are_removed() {
        assert_eq!(clean("a\u{1b}[31;1mred\u{1b}[0m\u{7}\nb\u{202e}c\u{0}\u{9b}d"), "ared bcd");
        assert_eq!(clean("\u{1b}]0;title\u{7}"), "]0;title");
    }

    #[test]
    fn texts_are_cut_by_characters_not_bytes() {
        assert_eq!(shorten("\u{e9}\u{e9}\u{e9}\u{e9}", 3), "\u{e9}\u{e9}\u{2026}");
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("abc", 0), "");
    }

    #[test]
    fn numbers_and_durations_read_well() {
        let read: Vec<String> = [0, 999, 1000, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(read, ["0", "999", "1 000", "1 234 567"]);
        let times: Vec<String> =
            [0.0, 0.000_31, 0.002_1, 0.25, 2.1, 31.2, 250.0, 7260.0].into_iter().map(duration).collect();
        assert_eq!(times, ["0 s", "310 us", "2.1 ms", "250 ms", "2.1 s", "31 s", "4 min 10 s", "2 h 1 min"]);
        assert_eq!(counted(1, "fault"), "1 fault");
    }
}
