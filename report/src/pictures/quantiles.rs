//! Latency quantiles: what was usual, what was rare, and what was worst.

use super::sheet::{Key, Mark, Sheet};
use super::{Image, Picture, Subject, decades, power, svg};
use crate::buckets::Buckets;
use crate::page::ReportError;
use crate::palette::{FUNCTIONS, Theme, Tone};
use crate::samples::{Kind, Samples};
use plotters::prelude::*;

const HEIGHT: i32 = 280;

struct Quantile {
    name: &'static str,
    share: f64,
    tone: Tone,
    width: u32,
}

const QUANTILES: [Quantile; 4] = [
    Quantile { name: "max", share: 1.0, tone: FUNCTIONS[5], width: 1 },
    Quantile { name: "p99", share: 0.99, tone: FUNCTIONS[3], width: 2 },
    Quantile { name: "p95", share: 0.95, tone: FUNCTIONS[1], width: 2 },
    Quantile { name: "p50", share: 0.5, tone: FUNCTIONS[0], width: 3 },
];

/// Draws it.
pub(super) fn picture(subject: Subject<'_>) -> Result<Picture, ReportError> {
    let samples = subject.samples;
    let buckets = Buckets::new(samples.axis);
    let sheet = Sheet {
        title: format!("Latency quantiles, per {}", buckets.unit()),
        keys: QUANTILES.iter().map(|q| Key { label: q.name.to_owned(), tone: q.tone, mark: Mark::Line }).collect(),
        axis: samples.axis,
        bands: subject.bands,
        theme: Theme::Light,
        zoom: 1,
    };
    let sorted = sorted(samples, &buckets);
    let (low, high) = decades(sorted.iter().flatten().copied());
    let image = svg(sheet.height(HEIGHT), |root| {
        let rest = sheet.open(root)?;
        let mut panel = sheet.panel(&rest, (low..high).log_scale(), &|seconds| power(*seconds))?;
        for quantile in &QUANTILES {
            let style = quantile.tone.shade(sheet.theme).stroke_width(quantile.width);
            for line in lines(&sorted, &buckets, quantile.share) {
                let line = line.into_iter().map(|(x, y)| (x, y.max(low)));
                panel.draw_series(LineSeries::new(line, style)).map_err(ReportError::picture)?;
            }
        }
        Ok(())
    })?;
    let caption = format!(
        "Latency of operations that were answered (ok or fail), per {} of invocation: half of them were faster than \
         p50, all but one in a hundred faster than p99. Where a line is broken, nothing was answered.",
        buckets.unit()
    );
    Ok(Picture { name: "latency-quantiles", caption, image: Image::Svg(image) })
}

/// The latencies of each bucket, ascending.
fn sorted(samples: &Samples, buckets: &Buckets) -> Vec<Vec<f64>> {
    let mut sorted = vec![Vec::new(); buckets.count];
    for sample in samples.list.iter().filter(|sample| sample.kind != Kind::Info) {
        sorted[buckets.of(sample.at)].push(sample.took);
    }
    sorted.iter_mut().for_each(|list| list.sort_by(f64::total_cmp));
    sorted
}

/// Lines that are broken where a bucket is empty; a bucket between two empty ones is a short line of its own.
fn lines(sorted: &[Vec<f64>], buckets: &Buckets, share: f64) -> Vec<Vec<(f64, f64)>> {
    let mut lines = Vec::new();
    let numbered: Vec<(usize, &Vec<f64>)> = sorted.iter().enumerate().collect();
    for run in numbered.split(|(_, list)| list.is_empty()).filter(|run| !run.is_empty()) {
        let points = run.iter().map(|(bucket, list)| (buckets.middle(*bucket), quantile(list, share)));
        let mut line: Vec<(f64, f64)> = points.collect();
        if let [(_, y)] = line[..] {
            let (start, end) = buckets.edges(run[0].0);
            line = vec![(start, y), (end, y)];
        }
        lines.push(line);
    }
    lines
}

/// The smallest value that is no smaller than that share of a sorted, non-empty list (nearest rank).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Axis;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([0.5, 0.95, 0.99, 1.0].map(|share| quantile(&hundred, share)), [50.0, 95.0, 99.0, 100.0]);
        assert_eq!(quantile(&[7.0], 0.5), 7.0);
    }

    #[test]
    fn lines_break_where_nothing_was_answered() {
        let buckets = Buckets::new(Axis { from: 0.0, to: 5.0 });
        let sorted = vec![vec![1.0], vec![2.0], vec![], vec![3.0], vec![]];
        assert_eq!(lines(&sorted, &buckets, 0.5), [vec![(0.5, 1.0), (1.5, 2.0)], vec![(3.0, 3.0), (4.0, 3.0)]]);
    }
}
