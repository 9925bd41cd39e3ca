//! Rate: how many operations per second, by function and by what became of them.

use super::sheet::{Key, Mark, Sheet};
use super::{Image, Picture, Subject, SvgArea, svg};
use crate::buckets::Buckets;
use crate::page::ReportError;
use crate::palette::{self, Theme, Tone};
use crate::samples::{Kind, Samples};
use plotters::prelude::*;

const OK_HEIGHT: i32 = 220;
const OTHER_HEIGHT: i32 = 160;

struct Series {
    function: usize,
    kind: Kind,
    points: Vec<(f64, f64)>,
}

/// Draws it.
pub(super) fn picture(subject: Subject<'_>) -> Result<Picture, ReportError> {
    let buckets = Buckets::new(subject.samples.axis);
    let series = series(subject.samples, &buckets);
    let sheet = Sheet {
        title: "Operations per second: above ok, below failed and info".to_owned(),
        keys: keys(subject, &series),
        axis: subject.samples.axis,
        bands: subject.bands,
        theme: Theme::Light,
        zoom: 1,
    };
    let (ok, other): (Vec<Series>, Vec<Series>) = series.into_iter().partition(|s| s.kind == Kind::Ok);
    let image = svg(sheet.height(OK_HEIGHT + OTHER_HEIGHT), |root| {
        let rest = sheet.open(root)?;
        let (above, below) = rest.split_vertically(sheet.px(OK_HEIGHT));
        draw_panel(&sheet, &above, &ok)?;
        draw_panel(&sheet, &below, &other)
    })?;
    let caption = format!(
        "Operations per second by the time of invocation, counted per {}. The two panels have scales of their own.",
        buckets.unit()
    );
    Ok(Picture { name: "rate", caption, image: Image::Svg(image) })
}

fn series(samples: &Samples, buckets: &Buckets) -> Vec<Series> {
    let mut all = Vec::new();
    for function in samples.used_functions() {
        for kind in Kind::ALL {
            let of_it = samples.list.iter().filter(|s| usize::from(s.function) == function && s.kind == kind);
            let counts = buckets.counts(of_it);
            if counts.iter().any(|count| *count > 0) {
                all.push(Series { function, kind, points: steps(&counts, buckets) });
            }
        }
    }
    all
}

/// A line with a flat step for each bucket, so that the axis is met where a bucket begins and ends.
fn steps(counts: &[u32], buckets: &Buckets) -> Vec<(f64, f64)> {
    let step = |(bucket, count): (usize, &u32)| {
        let (start, end) = buckets.edges(bucket);
        let rate = f64::from(*count) / (end - start);
        [(start, rate), (end, rate)]
    };
    counts.iter().enumerate().flat_map(step).collect()
}

fn keys(subject: Subject<'_>, series: &[Series]) -> Vec<Key> {
    let function = |function: usize| Key {
        label: subject.samples.functions[function].to_owned(),
        tone: palette::function(function),
        mark: Mark::Line,
    };
    let other = [(Kind::Fail, "failed (below)", Mark::Line), (Kind::Info, "info (below)", Mark::Dashes)];
    let used = other.into_iter().filter(|(kind, ..)| series.iter().any(|s| s.kind == *kind));
    let outcomes = used.map(|(_, label, mark)| Key { label: label.to_owned(), tone: palette::MUTED, mark });
    subject.samples.used_functions().into_iter().map(function).chain(outcomes).collect()
}

fn look(series: &Series) -> (Tone, Mark) {
    (palette::function(series.function), if series.kind == Kind::Info { Mark::Dashes } else { Mark::Line })
}

fn draw_panel(sheet: &Sheet<'_>, area: &SvgArea<'_>, series: &[Series]) -> Result<(), ReportError> {
    let most = series.iter().flat_map(|s| &s.points).map(|(_, rate)| *rate).fold(0.0, f64::max);
    let top = if most > 0.0 { most * 1.08 } else { 1.0 };
    let label = |rate: &f64| if top < 5.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
    let mut panel = sheet.panel(area, 0.0..top, &label)?;
    for one in series {
        let (tone, mark) = look(one);
        let style = tone.shade(sheet.theme).stroke_width(2);
        let points = one.points.iter().copied();
        match mark {
            Mark::Dashes => panel.draw_series(DashedLineSeries::new(points, 6, 4, style)).map(drop),
            _ => panel.draw_series(LineSeries::new(points, style)).map(drop),
        }
        .map_err(ReportError::picture)?;
    }
    Ok(())
}
