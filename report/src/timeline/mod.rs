//! The operations of an anomaly on a timeline: who asked what, when, and why it cannot be.
//!
//! Four steps, each on its own: [`select`] chooses the operations, [`scale`] maps times to pixels, [`layout`] gives
//! every bar its place, [`draw`] makes SVG of it.

mod draw;
mod layout;
mod scale;
mod select;
#[cfg(test)]
mod tests;

pub(crate) use draw::{Legend, style};
pub(crate) use layout::Layout;
pub(crate) use select::{Selection, select};

use crate::bands::Band;

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
