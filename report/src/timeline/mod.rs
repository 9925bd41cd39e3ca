//! The operations of an anomaly on a timeline: who asked what, when, and why it cannot be.
//!
//! Four steps, each on its own: [`select`] chooses the operations, [`scale`] maps times to pixels, [`layout`] gives
//! every bar its place, [`draw`] makes SVG of it. What is no run of ours comes as a [`Drawing`], and [`ranks`] lays it
//! out by the order of its events.

mod bar;
mod draw;
mod layout;
mod ranks;
mod scale;
mod select;
#[cfg(test)]
mod tests;

pub(crate) use draw::{Legend, style};
pub(crate) use layout::Layout;
pub(crate) use select::{Selection, select};

use crate::bands::Band;
use crate::drawing::{Drawing, PATHS};

/// A drawing for a page.
#[derive(Clone, Debug)]
pub(crate) struct Inline {
    /// SVG, to be styled by the page.
    pub svg: String,
    /// True if what matters most is in its right half, which a narrow window should show first.
    pub is_right: bool,
}

/// Draws a selection for a page.
pub(crate) fn inline(selection: &Selection, bands: &[Band], legend: &Legend<'_>) -> Inline {
    let layout = Layout::new(selection, bands);
    let is_right = layout.bars.iter().any(|bar| bar.is_culprit && bar.left > layout.size.x / 2.0);
    Inline { svg: draw::draw(&layout, legend, ""), is_right }
}

/// Draws a selection as SVG that stands alone.
pub(crate) fn standalone(selection: &Selection, bands: &[Band], legend: &Legend<'_>) -> String {
    draw::draw(&Layout::new(selection, bands), legend, &format!("<style>{}</style>", style()))
}

/// Draws plain data for a page.
pub(crate) fn plain(drawing: &Drawing) -> Inline {
    let layout = Layout::of(drawing);
    let is_right = layout.is_wide && layout.bars.iter().any(|bar| bar.is_culprit && bar.left > layout.size.x / 2.0);
    let legend = Legend { label: &drawing.label, culprit: &drawing.flag };
    Inline { svg: draw::draw(&layout, &legend, ""), is_right }
}

/// Rules that show one path of a drawing while a reader points at its words, or steps to them.
pub(crate) fn path_rules() -> String {
    let rule = |number: usize| {
        format!(
            ".violation:has(.end-{number}:is(:hover,:focus)) .path-{number}{{display:inline}}\n\
             .violation:has(.end-{number}:is(:hover,:focus)) .timeline .op.on-{number}{{opacity:1}}\n"
        )
    };
    (1..=PATHS).map(rule).collect()
}
