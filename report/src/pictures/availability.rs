//! Availability: for every node and second, which share of its operations came to what. The height tells the share,
//! so that colour is only a help.

use super::sheet::{FONT, Key, LEFT, Mark, Sheet};
use super::{Image, Picture, Subject, SvgArea, svg};
use crate::buckets::Buckets;
use crate::page::ReportError;
use crate::palette::{self, INK, Theme, Tone};
use crate::recovery::longest_silence;
use crate::samples::{Kind, Sample, Samples};
use crate::svg::fitting;
use crate::words::{duration, moment};
use plotters::prelude::*;

/// Height of one node's row.
const ROW: i32 = 30;
/// Most nodes that have a row of their own.
const NODES: usize = 12;

/// One row: a name, and for every bucket the numbers of ok, fail and info.
struct Row {
    name: String,
    counts: Vec<[u32; 3]>,
}

/// Draws it.
pub(super) fn picture(subject: Subject<'_>) -> Result<Picture, ReportError> {
    let buckets = Buckets::new(subject.samples.axis);
    let rows = rows(subject.samples, &buckets);
    let sheet = Sheet {
        title: format!("Availability: share of outcomes per node and {}", buckets.unit()),
        keys: [("ok", palette::OK), ("failed", palette::FAIL), ("info", palette::INFO)]
            .map(|(label, tone)| Key { label: label.to_owned(), tone, mark: Mark::Block })
            .to_vec(),
        axis: subject.samples.axis,
        bands: subject.bands,
        theme: Theme::Light,
        zoom: 1,
    };
    let image =
        svg(sheet.height(rows.len() as i32 * ROW + 44), |root| draw(&sheet, &sheet.open(root)?, &rows, &buckets))?;
    Ok(Picture { name: "availability", caption: caption(subject.samples), image: Image::Svg(image) })
}

fn caption(samples: &Samples) -> String {
    let hidden = samples.nodes.len().saturating_sub(NODES);
    let more =
        if hidden > 0 { format!(" {hidden} more nodes are counted in the first row only.") } else { String::new() };
    let silence = longest_silence(samples).map_or_else(String::new, |(from, to)| {
        format!(
            " The longest time without any success was {}, from {} to {}.",
            duration(to - from),
            moment(from),
            moment(to)
        )
    });
    format!("A full bar is all operations of that node invoked in that time; a gap is none at all.{silence}{more}")
}

fn rows(samples: &Samples, buckets: &Buckets) -> Vec<Row> {
    let shown = samples.nodes.len().min(NODES);
    let mut rows = vec![Row::new("all", buckets)];
    rows.extend(samples.nodes[..shown].iter().map(|name| Row::new(name, buckets)));
    for sample in &samples.list {
        let bucket = buckets.of(sample.at);
        rows[0].add(bucket, sample);
        if let Some(row) = sample.node.and_then(|node| rows.get_mut(usize::from(node) + 1)) {
            row.add(bucket, sample);
        }
    }
    rows
}

impl Row {
    fn new(name: &str, buckets: &Buckets) -> Row {
        Row { name: name.to_owned(), counts: vec![[0; 3]; buckets.count] }
    }

    fn add(&mut self, bucket: usize, sample: &Sample) {
        self.counts[bucket][sample.kind as usize] += 1;
    }
}

/// The shares of ok, fail and info in steps of one in twenty; None if there was nothing.
fn shares(counts: &[u32; 3]) -> Option<[f64; 3]> {
    const STEPS: f64 = 20.0;
    let total: u32 = counts.iter().sum();
    (total > 0).then(|| {
        // What happened at all is never rounded away: a single failure among thousands stays visible.
        let step = |count: u32| (f64::from(count) / f64::from(total) * STEPS).ceil().min(STEPS) / STEPS;
        let (fail, info) = (step(counts[1]), step(counts[2]));
        let info = info.min(1.0 - if counts[1] > 0 { 1.0 / STEPS } else { 0.0 });
        let fail = fail.min(1.0 - info);
        [1.0 - fail - info, fail, info]
    })
}

fn draw(sheet: &Sheet<'_>, area: &SvgArea<'_>, rows: &[Row], buckets: &Buckets) -> Result<(), ReportError> {
    let panel = sheet.panel(area, 0.0..rows.len() as f64, &|_| String::new())?;
    let plot = panel.plotting_area();
    for (number, row) in rows.iter().enumerate() {
        let floor = (rows.len() - 1 - number) as f64 + 0.1;
        for (from, to, shares) in stretches(row, buckets) {
            let mut bottom = floor;
            for (share, tone) in shares.into_iter().zip([palette::OK, palette::FAIL, palette::INFO]) {
                let top = bottom + share * 0.8;
                if share > 0.0 {
                    plot.draw(&block(sheet, tone, (from, bottom), (to, top))).map_err(ReportError::picture)?;
                }
                bottom = top;
            }
        }
        let name = fitting(&row.name, f64::from(FONT), f64::from(LEFT - 16));
        let at = (8, 8 + number as i32 * ROW + ROW / 2 - 6);
        area.draw(&Text::new(name, at, sheet.font(FONT, INK))).map_err(ReportError::picture)?;
    }
    Ok(())
}

fn block(sheet: &Sheet<'_>, tone: Tone, from: (f64, f64), to: (f64, f64)) -> Rectangle<(f64, f64)> {
    Rectangle::new([from, to], tone.shade(sheet.theme).filled())
}

/// Neighbouring buckets with the same shares as one.
fn stretches(row: &Row, buckets: &Buckets) -> Vec<(f64, f64, [f64; 3])> {
    let mut stretches: Vec<(f64, f64, [f64; 3])> = Vec::new();
    for (bucket, counts) in row.counts.iter().enumerate() {
        let Some(shares) = shares(counts) else { continue };
        let (from, to) = buckets.edges(bucket);
        match stretches.last_mut() {
            Some(last) if last.1 == from && last.2 == shares => last.1 = to,
            _ => stretches.push((from, to, shares)),
        }
    }
    stretches
}

/// The position of a kind among the counts of a row is its number.
const _: () = assert!(Kind::Ok as usize == 0 && Kind::Fail as usize == 1 && Kind::Info as usize == 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_a_single_failure_shows() {
        for counts in [[1, 0, 0], [0, 0, 3], [9999, 1, 0], [9999, 0, 1], [5, 5, 5], [0, 1, 9999]] {
            let shares = shares(&counts).unwrap();
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(
                counts.iter().zip(shares).skip(1).all(|(count, share)| (*count > 0) == (share > 1e-9)),
                "{shares:?}"
            );
        }
        assert_eq!(shares(&[0, 0, 0]), None);
    }
}
