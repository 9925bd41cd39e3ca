//! SVG text, put together so that nothing from a history can leave its place in it.

use crate::words::clean;
use std::fmt::Write;

/// Escapes a text for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// How wide a text will be, in pixels; on the safe side for the sans-serif fonts of browsers.
pub(crate) fn text_width(text: &str, font_size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' => 0.34,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '\u{b7}' => 0.42,
        'm' | 'w' | 'M' | 'W' | '\u{2192}' | '\u{2026}' => 1.0,
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => 0.62,
        c if c.is_ascii() => 0.75,
        _ => 1.05,
    };
    text.chars().map(em).sum::<f64>() * font_size
}

/// As much of the start of a text as fits into a width; empty if that would say nothing.
pub(crate) fn fitting(text: &str, font_size: f64, width: f64) -> String {
    if text_width(text, font_size) <= width {
        return text.to_owned();
    }
    let mut used = font_size;
    let fits = |c: &char| {
        used += text_width(c.encode_utf8(&mut [0; 4]), font_size);
        used <= width
    };
    let start: String = text.chars().take_while(fits).collect();
    if start.chars().count() < 3 { String::new() } else { format!("{}\u{2026}", start.trim_end()) }
}

/// A drawing that grows.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A point in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct At {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Svg {
    /// A rectangle; `class` and further attributes are ours, never a history's.
    pub(crate) fn rectangle(&mut self, class: &str, area: Area, rounding: f64) {
        let Area { x, y, width, height } = area;
        self.element(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{rounding}"/>"#
        ));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: At, to: At) {
        self.element(format_args!(
            r#"<line class="{class}" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}"/>"#,
            from.x, from.y, to.x, to.y
        ));
    }

    /// A circle round a point.
    pub(crate) fn circle(&mut self, class: &str, middle: At, radius: f64) {
        let At { x, y } = middle;
        self.element(format_args!(r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"/>"#));
    }

    /// A path with data of our own making.
    pub(crate) fn path(&mut self, class: &str, data: &str) {
        self.element(format_args!(r#"<path class="{class}" d="{data}"/>"#));
    }

    /// A text that begins, is centred, or ends at a point, as its class says.
    pub(crate) fn text(&mut self, class: &str, at: At, text: &str) {
        if !text.is_empty() {
            self.element(format_args!(
                r#"<text class="{class}" x="{:.1}" y="{:.1}">{}</text>"#,
                at.x,
                at.y,
                escape(text)
            ));
        }
    }

    /// Opens a group whose tooltip is `title`.
    pub(crate) fn open(&mut self, class: &str, title: &str) {
        self.element(format_args!(r#"<g class="{class}"><title>{}</title>"#, escape(title)));
    }

    /// Closes the group opened last.
    pub(crate) fn close(&mut self) {
        self.element(format_args!("</g>"));
    }

    /// The whole drawing. `label` is read out instead of the picture.
    pub(crate) fn finish(self, width: f64, height: f64, label: &str, head: &str) -> String {
        self.finish_as("timeline", At { x: width, y: height }, label, head)
    }

    /// The same under a class of its own.
    pub(crate) fn finish_as(self, class: &str, size: At, label: &str, head: &str) -> String {
        let At { x: width, y: height } = size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" role=\"img\" aria-label=\"{}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">{head}\n{}</svg>",
            escape(label),
            self.body
        )
    }

    fn element(&mut self, markup: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{markup}").expect("text is written to memory without an error");
    }
}
