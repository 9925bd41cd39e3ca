//! Times to pixels. The order of events is kept exactly; lengths give way where they must: a bar is at least as wide as
//! its text, two events never fall together, and idle time is cut.
//!
//! Counter-example to a plain linear scale: a write of 3 ms, half a second before the read of 2 ms that misses it. On
//! 1000 pixels both would be bars of 5 pixels, and nobody would see which process did what.

/// Pixels between two events at least.
const SMALLEST: f64 = 5.0;

/// A stretch between two events, by their positions, that must have some width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Need {
    /// Position of the event on the left.
    pub from: usize,
    /// Position of the event on the right.
    pub to: usize,
    /// Pixels.
    pub width: f64,
}

/// Idle time that is drawn shorter than the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cut {
    /// The middle of it.
    pub x: f64,
    /// How long it is, in seconds.
    pub seconds: f64,
}

/// A mapping of times to pixels, ascending, linear between events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    times: Vec<f64>,
    places: Vec<f64>,
    /// Where time is cut.
    pub cuts: Vec<Cut>,
}

impl Scale {
    /// Maps ascending `times` to pixels from `left` on, about `width` pixels in all, more if the needs ask for it.
    pub(crate) fn new(times: &[f64], needs: &[Need], left: f64, width: f64) -> Scale {
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
        let longest = (width * 0.6 / gaps.len().max(1) as f64).max(150.0);
        let rate = rate(&gaps, needs, longest, width);
        let widths: Vec<f64> = gaps.iter().map(|gap| (gap * rate).clamp(SMALLEST, longest)).collect();
        let places: Vec<f64> = stretch(&widths, needs).into_iter().map(|x| x + left).collect();
        let cut = |n: usize| Cut { x: f64::midpoint(places[n], places[n + 1]), seconds: gaps[n] };
        let is_cut = |n: &usize| gaps[*n] * rate > 1.5 * (places[n + 1] - places[*n]);
        Scale { times: times.to_vec(), cuts: (0..gaps.len()).filter(is_cut).map(cut).collect(), places }
    }

    /// Where the event at that position stands.
    pub(crate) fn place(&self, event: usize) -> f64 {
        self.places[event]
    }

    /// Where a moment lies; moments outside are drawn at the edge.
    pub(crate) fn x(&self, time: f64) -> f64 {
        let next = self.times.partition_point(|t| *t < time);
        match (next.checked_sub(1), self.times.get(next)) {
            (_, None) => self.right(),
            (None, Some(_)) => self.left(),
            (Some(before), Some(_)) => {
                let share = (time - self.times[before]) / (self.times[next] - self.times[before]);
                self.places[before] + share * (self.places[next] - self.places[before])
            }
        }
    }

    /// The left edge.
    pub(crate) fn left(&self) -> f64 {
        self.places.first().copied().unwrap_or(0.0)
    }

    /// The right edge.
    pub(crate) fn right(&self) -> f64 {
        self.places.last().copied().unwrap_or(0.0)
    }
}

/// Pixels per second with which everything takes the width that there is.
fn rate(gaps: &[f64], needs: &[Need], longest: f64, width: f64) -> f64 {
    const STEPS: usize = 60;
    let Some(shortest) = gaps.iter().copied().filter(|gap| *gap > 0.0).min_by(f64::total_cmp) else { return 0.0 };
    let total = |rate: f64| {
        let widths: Vec<f64> = gaps.iter().map(|gap| (gap * rate).clamp(SMALLEST, longest)).collect();
        stretch(&widths, needs).last().copied().unwrap_or(0.0)
    };
    let (mut low, mut high) = (0.0, longest / shortest);
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if total(middle) > width { high = middle } else { low = middle }
    }
    low
}

/// Places from 0 on, each as far left as its gap and the needs that end there allow.
fn stretch(widths: &[f64], needs: &[Need]) -> Vec<f64> {
    let mut ending: Vec<Vec<&Need>> = vec![Vec::new(); widths.len() + 1];
    for need in needs.iter().filter(|need| need.from < need.to && need.to <= widths.len()) {
        ending[need.to].push(need);
    }
    let mut places = vec![0.0];
    for (gap, width) in widths.iter().enumerate() {
        let after = places[gap] + width;
        let needed = ending[gap + 1].iter().map(|need| places[need.from] + need.width);
        places.push(needed.fold(after, f64::max));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_keep_their_order_and_needs_are_met() {
        let times = [1.0, 1.0, 1.002, 1.002_1, 61.0, 61.000_1];
        let needs = [Need { from: 0, to: 2, width: 90.0 }, Need { from: 4, to: 5, width: 70.0 }];
        let scale = Scale::new(&times, &needs, 100.0, 800.0);
        for pair in scale.places.windows(2) {
            assert!(pair[1] - pair[0] >= SMALLEST - 1e-9, "{:?}", scale.places);
        }
        assert!(scale.place(2) - scale.place(0) >= 90.0 - 1e-9);
        assert!(scale.place(5) - scale.place(4) >= 70.0 - 1e-9);
        assert!(scale.right() <= 900.0 + 1e-9);
    }

    #[test]
    fn a_minute_of_idling_is_cut_and_said() {
        let scale = Scale::new(&[0.0, 0.002, 60.0, 60.002], &[], 0.0, 900.0);
        assert_eq!(scale.cuts.len(), 1);
        assert!((scale.cuts[0].seconds - 59.998).abs() < 1e-9);
    }

    #[test]
    fn moments_lie_between_their_events() {
        let scale = Scale::new(&[0.0, 1.0, 2.0], &[], 10.0, 400.0);
        assert!(scale.place(0) < scale.x(0.5) && scale.x(0.5) < scale.place(1));
        assert_eq!(scale.x(-5.0), scale.left());
        assert_eq!(scale.x(5.0), scale.right());
    }

    #[test]
    fn nothing_and_a_single_moment_have_a_scale() {
        assert_eq!(Scale::new(&[], &[], 0.0, 900.0).x(3.0), 0.0);
        assert_eq!(Scale::new(&[3.0], &[], 7.0, 900.0).x(3.0), 7.0);
        assert_eq!(Scale::new(&[3.0, 3.0], &[], 7.0, 900.0).cuts, []);
    }
}
