//! Makes SVG of a laid-out timeline. Colours come from CSS variables, so that one drawing serves light and dark pages.

use super::bar::{Bar, End};
use super::layout::{BAR, FONT, GUTTER, LANE, Layout, Route, Row, Span, Window};
use crate::palette::{self, Theme};
use crate::svg::{Area, At, Svg, fitting, text_width};
use crate::words::duration;

/// What stands around a drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Legend<'a> {
    /// Read out instead of the picture.
    pub label: &'a str,
    /// Under the operation that cannot be explained.
    pub culprit: &'a str,
}

/// How much wider bold texts are.
const BOLD: f64 = 1.12;

/// Draws everything from back to front.
pub(crate) fn draw(layout: &Layout, legend: &Legend<'_>, head: &str) -> String {
    let mut svg = Svg::default();
    layout.windows.iter().for_each(|window| draw_window(&mut svg, window, layout));
    layout.rows.iter().for_each(|row| draw_row(&mut svg, row, layout));
    draw_overlap(&mut svg, layout);
    draw_axis(&mut svg, layout);
    layout.spans.iter().for_each(|span| draw_span(&mut svg, span));
    layout.bars.iter().for_each(|bar| draw_bar(&mut svg, bar, legend, layout));
    layout.routes.iter().for_each(|route| draw_route(&mut svg, route));
    svg.finish(layout.size.x, layout.size.y, legend.label, head)
}

/// The style of a drawing that stands alone.
pub(crate) fn style() -> String {
    format!(
        ".timeline{{{}background:var(--surface)}}@media screen and (prefers-color-scheme:dark){{.timeline{{{}}}}}{}",
        palette::variables(Theme::Light),
        palette::variables(Theme::Dark),
        include_str!("timeline.css")
    )
}

fn draw_window(svg: &mut Svg, window: &Window, layout: &Layout) {
    let (x, width) = (window.left, window.right - window.left);
    svg.open("window", &window.title);
    svg.rectangle("band", Area { x, y: layout.top, width, height: layout.bottom - layout.top }, 0.0);
    svg.rectangle("lane", Area { x, y: window.top, width, height: LANE - 3.0 }, 3.0);
    svg.text("lane-text", At { x: window.text, y: window.top + 12.5 }, &fitting(&window.label, FONT, window.room));
    svg.close();
}

fn draw_row(svg: &mut Svg, row: &Row, layout: &Layout) {
    let class = if row.is_witness { "who" } else { "who dim" };
    svg.line("grid", At { x: 0.0, y: row.bottom }, At { x: layout.right, y: row.bottom });
    let label = fitting(&row.label, FONT, GUTTER);
    svg.text(class, At { x: 4.0, y: row.middle + 4.0 }, &label);
    if layout.is_wide {
        svg.text(class, At { x: layout.right + 8.0, y: row.middle + 4.0 }, &label);
    }
}

fn draw_overlap(svg: &mut Svg, layout: &Layout) {
    let Some((left, right, seconds)) = layout.overlap else { return };
    let rows = || layout.rows.iter().filter(|row| row.is_witness);
    let bottom = rows().map(|row| row.bottom).fold(layout.top, f64::max);
    svg.rectangle("both", Area { x: left, y: layout.top, width: right - left, height: bottom - layout.top }, 0.0);
    for x in [left, right] {
        svg.line("both-edge", At { x, y: layout.top - 4.0 }, At { x, y: bottom });
    }
    let text = format!("both for {}", duration(seconds));
    let half = text_width(&text, FONT) / 2.0;
    let middle = f64::midpoint(left, right).clamp(GUTTER + half, (layout.right - half).max(GUTTER + half));
    svg.text("both-text", At { x: middle, y: layout.top - 7.0 }, &text);
}

fn draw_axis(svg: &mut Svg, layout: &Layout) {
    let y = layout.bottom;
    svg.line("axis", At { x: GUTTER, y }, At { x: layout.right, y });
    svg.text("unit", At { x: 4.0, y: y + 18.0 }, layout.unit);
    for tick in &layout.ticks {
        svg.line("guide", At { x: tick.x, y: layout.top }, At { x: tick.x, y: y + 5.0 });
        svg.text("tick", At { x: tick.x, y: y + 18.0 }, &tick.label);
    }
    let mut last = f64::NEG_INFINITY;
    for cut in &layout.cuts {
        svg.path("cut-gap", &format!("M{:.1} {:.1}l6 -10l5 0l-6 10z", cut.x - 5.0, y + 5.0));
        svg.path("cut", &format!("M{:.1} {:.1}l6 -10M{:.1} {:.1}l6 -10", cut.x - 5.0, y + 5.0, cut.x, y + 5.0));
        let text = format!("{} cut", duration(cut.seconds));
        let half = text_width(&text, FONT) / 2.0;
        if cut.x - half > last {
            svg.text("cut-text", At { x: cut.x, y: y + 36.0 }, &text);
            last = cut.x + half + 6.0;
        }
    }
}

fn draw_span(svg: &mut Svg, span: &Span) {
    svg.open("span", &format!("{} for {}", span.label, duration(span.seconds)));
    let (width, height) = ((span.right - span.left).max(2.0), span.bottom - span.top);
    svg.rectangle("hold", Area { x: span.left, y: span.top, width, height }, 4.0);
    let label = fitting(&span.label, FONT, width - 10.0);
    svg.text("hold-text", At { x: span.left + 6.0, y: span.top + 13.0 }, &label);
    svg.close();
}

fn draw_bar(svg: &mut Svg, bar: &Bar, legend: &Legend<'_>, layout: &Layout) {
    let rank = match (bar.is_culprit, bar.is_witness) {
        (true, _) => "culprit",
        (false, true) => "witness",
        (false, false) => "dim",
    };
    let on: String = bar.paths.iter().map(|path| format!(" on-{path}")).collect();
    let (colour, kind) = (bar.said.colour % palette::FUNCTIONS.len(), bar.said.kind.word());
    svg.open(&format!("op c{colour} {kind} {rank}{on}"), &bar.said.title);
    match bar.end {
        End::Closed => {
            let area = Area { x: bar.left, y: bar.top, width: bar.right - bar.left, height: BAR };
            svg.rectangle("under", area, 3.0);
            svg.rectangle("bar", area, 3.0);
        }
        End::Cut => draw_cut(svg, bar),
        End::Open(gave_up) => draw_open(svg, bar, gave_up),
    }
    let text = fitting(&bar.said.text, FONT, bar.right - bar.left - if bar.is_witness { 8.0 } else { 6.0 });
    svg.text("bar-text", At { x: bar.left + if bar.is_witness { 6.0 } else { 4.0 }, y: bar.top + 16.0 }, &text);
    svg.close();
    if bar.is_culprit {
        draw_flag(svg, bar, legend.culprit, layout.right);
    }
}

/// A bar that goes on right of the drawing.
fn draw_cut(svg: &mut Svg, bar: &Bar) {
    let area = Area { x: bar.left, y: bar.top, width: bar.right - bar.left, height: BAR };
    svg.rectangle("under", area, 0.0);
    let (left, right, top, bottom) = (bar.left, bar.right, bar.top, bar.top + BAR);
    svg.path("bar open", &format!("M{right:.1} {bottom:.1}H{left:.1}V{top:.1}H{right:.1}"));
}

/// A bar with a torn right end: it may still take effect.
fn draw_open(svg: &mut Svg, bar: &Bar, gave_up: Option<f64>) {
    let (left, right, top, bottom) = (bar.left, bar.right - 6.0, bar.top, bar.top + BAR);
    let tooth = BAR / 4.0;
    let torn = format!("l6 {tooth}l-6 {tooth}l6 {tooth}l-6 {tooth}");
    svg.path("under", &format!("M{left:.1} {top:.1}H{right:.1}{torn}H{left:.1}z"));
    svg.path("bar open", &format!("M{right:.1} {bottom:.1}H{left:.1}V{top:.1}H{right:.1}"));
    svg.path("bar torn", &format!("M{right:.1} {top:.1}{torn}"));
    if let Some(x) = gave_up.filter(|x| left < *x && *x < right) {
        svg.line("gave-up", At { x, y: top }, At { x, y: bottom });
    }
}

/// Says under the culprit that it is one, within the drawing.
fn draw_flag(svg: &mut Svg, bar: &Bar, text: &str, right: f64) {
    let text = format!("\u{25b2} {text}");
    let width = text_width(&text, FONT) * BOLD;
    let x = bar.left.min(right - width).max(GUTTER);
    svg.text("flag", At { x, y: bar.top + BAR + 15.0 }, &text);
}

/// A way over the bars: its stops are numbered, and a cross says where it fails.
fn draw_route(svg: &mut Svg, route: &Route) {
    const ROUND: f64 = 7.5;
    const CROSS: f64 = 5.0;
    svg.open(&format!("path path-{}", route.number), &route.caption);
    let way: Vec<String> =
        route.stops.iter().chain(&route.failure).map(|at| format!("{:.1} {:.1}", at.x, at.y)).collect();
    if way.len() > 1 {
        svg.path("way", &format!("M{}", way.join("L")));
    }
    for (stop, number) in route.stops.iter().zip(1..) {
        svg.circle("stop", *stop, ROUND);
        svg.text("stop-text", At { x: stop.x, y: stop.y + 4.0 }, &number.to_string());
    }
    if let Some(At { x, y }) = route.failure {
        svg.circle("wall", At { x, y }, ROUND + 1.0);
        let (left, top, size) = (x - CROSS, y - CROSS, 2.0 * CROSS);
        svg.path("cross", &format!("M{left:.1} {top:.1}l{size} {size}m0 -{size}l-{size} {size}"));
    }
    svg.close();
}
