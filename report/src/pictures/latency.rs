//! Latency raw: every operation is a point.

use super::sheet::{Key, Mark, Sheet, WIDTH};
use super::{Image, Picture, Subject, THEMES, decades, png, power};
use crate::page::ReportError;
use crate::palette::{self, Theme};
use crate::samples::{Kind, Sample};
use crate::words::grouped;
use plotters::coord::Shift;
use plotters::prelude::*;

const HEIGHT: i32 = 320;
const ZOOM: i32 = 2;

/// Draws it for light and for dark pages.
pub(super) fn picture(subject: Subject<'_>) -> Result<Picture, ReportError> {
    let [light, dark] = THEMES.map(|theme| draw(subject, theme));
    let caption = format!(
        "Latency of each of {} operations by the time of its invocation. Colour tells the function, shape the outcome; \
         an operation without an answer stands at the time its client waited.",
        grouped(subject.samples.list.len())
    );
    Ok(Picture { name: "latency-raw", caption, image: Image::Png { light: light?, dark: dark? } })
}

fn draw(subject: Subject<'_>, theme: Theme) -> Result<Vec<u8>, ReportError> {
    let samples = subject.samples;
    let sheet = Sheet {
        title: "Latency of every operation".to_owned(),
        keys: keys(subject),
        axis: samples.axis,
        bands: subject.bands,
        theme,
        zoom: ZOOM,
    };
    let (low, high) = decades(samples.list.iter().map(|sample| sample.took));
    let height = (sheet.height(HEIGHT) * ZOOM) as u32;
    png((WIDTH * ZOOM) as u32, height, |root| {
        let rest = sheet.open(root)?;
        let panel = sheet.panel(&rest, (low..high).log_scale(), &|seconds| power(*seconds))?;
        let plot = panel.plotting_area();
        // Drawn in the order of rarity, so that what matters most lies on top.
        for kind in Kind::ALL {
            let points = samples.list.iter().filter(|sample| sample.kind == kind);
            let places = points.map(|sample| (plot.map_coordinate(&(sample.at, sample.took.max(low))), sample));
            let origin = plot.get_base_pixel();
            let inside = places.map(|((x, y), sample)| ((x - origin.0, y - origin.1), sample));
            draw_points(&plot.strip_coord_spec(), inside, kind, Ink::of(subject, theme, kind))?;
        }
        Ok(())
    })
}

fn keys(subject: Subject<'_>) -> Vec<Key> {
    let functions = subject.samples.used_functions().into_iter().map(|function| Key {
        label: subject.samples.functions[function].to_owned(),
        tone: palette::function(function),
        mark: Mark::Block,
    });
    let marks = [Mark::Dot, Mark::Triangle, Mark::Cross];
    let words = ["ok", "failed: did not happen", "info: may have happened"];
    let used = |kind: &Kind| subject.samples.list.iter().any(|sample| sample.kind == *kind);
    let outcomes = Kind::ALL.into_iter().zip(marks).zip(words).filter(|((kind, _), _)| used(kind));
    let outcomes = outcomes.map(|((_, mark), word)| Key { label: word.to_owned(), tone: palette::MUTED, mark });
    functions.chain(outcomes).collect()
}

/// How points of one outcome are drawn: the more of them, the smaller and fainter.
#[derive(Clone, Copy)]
struct Ink {
    theme: Theme,
    size: i32,
    strength: f64,
}

impl Ink {
    fn of(subject: Subject<'_>, theme: Theme, kind: Kind) -> Ink {
        let (size, strength) = match subject.samples.count(kind) {
            0..3_000 => (3, 0.75),
            3_000..30_000 => (2, 0.6),
            30_000..300_000 => (2, 0.35),
            _ => (1, 0.25),
        };
        match kind {
            Kind::Ok => Ink { theme, size, strength },
            Kind::Fail => Ink { theme, size: size + 1, strength },
            Kind::Info => Ink { theme, size: size + 2, strength: (strength + 0.2).min(0.9) },
        }
    }

    fn colour(self, sample: &Sample) -> RGBAColor {
        palette::function(usize::from(sample.function)).shade(self.theme).mix(self.strength)
    }
}

fn draw_points<'a, DB: DrawingBackend>(
    plot: &DrawingArea<DB, Shift>,
    points: impl Iterator<Item = ((i32, i32), &'a Sample)>,
    kind: Kind,
    ink: Ink,
) -> Result<(), ReportError> {
    for (at, sample) in points {
        let colour = ink.colour(sample);
        match kind {
            Kind::Ok => plot.draw(&Circle::new(at, ink.size, colour.filled())),
            Kind::Fail => plot.draw(&TriangleMarker::new(at, ink.size + 1, colour.filled())),
            Kind::Info => plot.draw(&Cross::new(at, ink.size, colour.stroke_width(2))),
        }
        .map_err(ReportError::picture)?;
    }
    Ok(())
}
