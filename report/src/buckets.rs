//! The time axis in equal pieces, for pictures that count or sum up.

use crate::samples::{Axis, Sample};

/// So many pieces at most, however long the run: pictures have no more columns than that, and pages stay small.
const LIMIT: f64 = 600.0;

/// Pieces of the time axis: one second each, or more where the run is long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Buckets {
    from: f64,
    to: f64,
    /// Seconds of one piece.
    pub width: f64,
    /// How many there are; at least 1.
    pub count: usize,
}

impl Buckets {
    /// Cuts an axis.
    pub(crate) fn new(axis: Axis) -> Buckets {
        let width = (axis.length() / LIMIT).ceil().max(1.0);
        let count = ((axis.length() / width).round() as usize).max(1);
        Buckets { from: axis.from, to: axis.to, width, count }
    }

    /// The piece in which a moment lies.
    pub(crate) fn of(&self, at: f64) -> usize {
        (((at - self.from) / self.width).max(0.0) as usize).min(self.count - 1)
    }

    /// Where a piece begins and ends. The last one ends with the axis, so that it may be up to half a piece longer or
    /// shorter than the others.
    pub(crate) fn edges(&self, bucket: usize) -> (f64, f64) {
        let start = self.from + bucket as f64 * self.width;
        let end = if bucket + 1 == self.count { self.to } else { start + self.width };
        (start, end)
    }

    /// The middle of a piece.
    pub(crate) fn middle(&self, bucket: usize) -> f64 {
        let (start, end) = self.edges(bucket);
        f64::midpoint(start, end)
    }

    /// How many of the samples were invoked in each piece.
    pub(crate) fn counts<'a>(&self, samples: impl Iterator<Item = &'a Sample>) -> Vec<u32> {
        let mut counts = vec![0; self.count];
        for sample in samples {
            counts[self.of(sample.at)] += 1;
        }
        counts
    }

    /// `1 s`, as captions say it.
    pub(crate) fn unit(&self) -> String {
        if self.width == 1.0 { "second".to_owned() } else { format!("{:.0} seconds", self.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_lies_in_the_bucket_whose_edges_hold_it() {
        for (from, to) in [(0.0, 0.1), (0.0, 30.5), (12.0, 4000.0), (0.0, 100_000.0)] {
            let buckets = Buckets::new(Axis { from, to });
            assert!((1..=600).contains(&buckets.count));
            for step in 0..=1000 {
                let at = from + (to - from) * f64::from(step) / 1000.0;
                let (start, end) = buckets.edges(buckets.of(at));
                assert!(start <= at + 1e-9 && at <= end + 1e-9, "{at} in {start}..{end}");
            }
        }
    }
}
