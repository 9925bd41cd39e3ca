//! Pictures of a whole run over one time axis: latency, rate, availability. Made by plotters, which needs no system
//! library for it. Lines are SVG; points are PNG, because a million of them are one picture but a hundred megabytes of
//! SVG.

mod availability;
mod latency;
mod quantiles;
mod rate;
mod sheet;

use crate::bands::Band;
use crate::page::ReportError;
use crate::palette::Theme;
use crate::samples::Samples;
use crate::words::duration;
use plotters::coord::Shift;
use plotters::prelude::*;
use sheet::WIDTH;

/// What pictures are drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The operations.
    pub samples: &'a Samples,
    /// The faults.
    pub bands: &'a [Band],
}

/// One picture on a page.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Name of its file, without the ending.
    pub name: &'static str,
    /// What it shows, in words; also for those who cannot see it.
    pub caption: String,
    /// The picture itself.
    pub image: Image,
}

/// A picture's bytes.
#[derive(Clone, Debug)]
pub(crate) enum Image {
    /// Lines; painted for a light page, repainted by the page's style for a dark one.
    Svg(String),
    /// Points, for a light and for a dark page.
    Png {
        /// Dark ink.
        light: Vec<u8>,
        /// Light ink.
        dark: Vec<u8>,
    },
}

/// All pictures of a run, from top to bottom; none without operations.
pub(crate) fn all(subject: Subject<'_>) -> Result<Vec<Picture>, ReportError> {
    if subject.samples.list.is_empty() {
        return Ok(Vec::new());
    }
    let pictures = [
        latency::picture(subject)?,
        quantiles::picture(subject)?,
        rate::picture(subject)?,
        availability::picture(subject)?,
    ];
    Ok(pictures.into_iter().collect())
}

type SvgArea<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws SVG of that height at zoom 1.
fn svg(height: i32, draw: impl FnOnce(&SvgArea<'_>) -> Result<(), ReportError>) -> Result<String, ReportError> {
    let mut text = String::new();
    let root = SVGBackend::with_string(&mut text, (WIDTH as u32, height as u32)).into_drawing_area();
    draw(&root)?;
    root.present().map_err(ReportError::picture)?;
    drop(root);
    Ok(text)
}

type BitmapArea<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws PNG of that size.
fn png(
    width: u32,
    height: u32,
    draw: impl FnOnce(&BitmapArea<'_>) -> Result<(), ReportError>,
) -> Result<Vec<u8>, ReportError> {
    let mut pixels = vec![0; (width * height * 3) as usize];
    let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    draw(&root)?;
    root.present().map_err(ReportError::picture)?;
    drop(root);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(ReportError::picture)?;
    writer.write_image_data(&pixels).map_err(ReportError::picture)?;
    writer.finish().map_err(ReportError::picture)?;
    Ok(bytes)
}

const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

/// The powers of ten that hold all of some positive numbers.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    const SMALLEST: f64 = 1e-6;
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    let low = if low.is_finite() { low.max(SMALLEST) } else { 1e-3 };
    let bottom = low.log10().floor();
    let top = high.max(low).log10().ceil().max(bottom + 1.0);
    (10f64.powf(bottom), 10f64.powf(top))
}

/// A power of ten on an axis of seconds: `10 ms`.
fn power(seconds: f64) -> String {
    duration(seconds).replace(".0 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_hold_their_values_and_are_never_empty() {
        for (values, expected) in [
            (vec![0.002, 0.03], (1e-3, 1e-1)),
            (vec![0.01], (1e-2, 1e-1)),
            (vec![0.0], (1e-6, 1e-5)),
            (vec![], (1e-3, 1e-2)),
        ] {
            let (low, high) = decades(values.into_iter());
            assert!((low / expected.0 - 1.0).abs() < 1e-9 && (high / expected.1 - 1.0).abs() < 1e-9, "{low} {high}");
        }
    }
}
