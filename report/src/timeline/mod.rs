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

/// Draws a selection as inline SVG, to be styled by the page.
pub(crate) fn inline(selection: &Selection, bands: &[Band], legend: &Legend<'_>) -> String {
    draw::draw(&Layout::new(selection, bands), legend, "")
}

/// Draws a selection as SVG that stands alone.
pub(crate) fn standalone(selection: &Selection, bands: &[Band], legend: &Legend<'_>) -> String {
    draw::draw(&Layout::new(selection, bands), legend, &format!("<style>{}</style>", style()))
}
