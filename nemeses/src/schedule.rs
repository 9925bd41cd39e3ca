//! When faults start and end: pure, decided before the run from its seed.
//!
//! Each nemesis has a sequence of its own, in which no fault starts before the one before it has ended; faults of
//! different nemeses overlap as chance wants. It does not decide what is done or to whom: that may depend on who is
//! primary then.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The least time between the end of a nemesis' fault and the start of its next one: there must be time to heal.
const REST: Duration = Duration::from_secs(1);

/// How often, how long, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The mean time between two starts of the same nemesis; stretched if it is shorter than `hold` and a second of
    /// rest.
    pub interval: Duration,
    /// How long each fault lasts.
    pub hold: Duration,
    /// The time limit of the run, by which every fault has ended.
    pub limit: Duration,
}

/// One fault to come. Times count from the start of the run's main phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// Which nemesis, by its place in the plan.
    pub nemesis: usize,
    /// When it starts.
    pub start: Duration,
    /// How long it lasts.
    pub hold: Duration,
}

/// Plans the faults of a run, in the order of their starts.
///
/// The first fault starts after 2 to 5 s, in runs shorter than 20 s within the first quarter; the first faults of other
/// nemeses follow within one interval. Every nemesis has a fault, unless not even one fits: then the list is empty.
/// Gaps between starts are spread evenly around the interval, from half of it to half more.
#[must_use]
pub fn schedule(nemeses: usize, timing: Timing, rng: &mut ChaCha8Rng) -> Vec<PlannedFault> {
    let Some(latest) = timing.limit.checked_sub(timing.hold) else { return Vec::new() };
    let mut faults = Vec::new();
    for nemesis in 0..nemeses {
        let mut start = first_start(nemesis, nemeses, timing, rng).min(latest);
        while start <= latest {
            faults.push(PlannedFault { nemesis, start, hold: timing.hold });
            start += gap(timing, rng);
        }
    }
    faults.sort_by_key(|fault| (fault.start, fault.nemesis));
    faults
}

/// When the first fault of a nemesis starts: the first nemesis early, the others one after the other within an interval,
/// or within the time that there is.
fn first_start(nemesis: usize, nemeses: usize, timing: Timing, rng: &mut ChaCha8Rng) -> Duration {
    let quarter = timing.limit / 4;
    let early = between(Duration::from_secs(2).min(quarter / 2), Duration::from_secs(5).min(quarter), rng);
    let room = timing.interval.min(timing.limit.saturating_sub(timing.hold).saturating_sub(early));
    early + room.mul_f64(nemesis as f64 / nemeses as f64)
}

fn gap(timing: Timing, rng: &mut ChaCha8Rng) -> Duration {
    let least = (timing.hold + REST).max(timing.interval / 2);
    between(least, (timing.interval * 2).saturating_sub(least).max(least), rng)
}

fn between(least: Duration, most: Duration, rng: &mut ChaCha8Rng) -> Duration {
    least + most.saturating_sub(least).mul_f64(rng.random())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn timing(interval: u64, hold: u64, limit: u64) -> Timing {
        Timing { interval: seconds(interval), hold: seconds(hold), limit: seconds(limit) }
    }

    /// All schedules of many sizes and seeds.
    fn check(expect: impl Fn(usize, Timing, &[PlannedFault])) {
        for (interval, hold) in [(10, 5), (3, 2), (1, 5), (60, 10), (10, 0)] {
            for limit in [0, 1, 5, 8, 20, 60, 600] {
                for (nemeses, seed) in (0..=4).flat_map(|nemeses| (0..10).map(move |seed| (nemeses, seed))) {
                    let timing = timing(interval, hold, limit);
                    let faults = schedule(nemeses, timing, &mut ChaCha8Rng::seed_from_u64(seed));
                    expect(nemeses, timing, &faults);
                }
            }
        }
    }

    #[test]
    fn every_fault_ends_before_the_time_limit() {
        check(|_, timing, faults| assert!(faults.iter().all(|fault| fault.start + fault.hold <= timing.limit)));
    }

    #[test]
    fn every_nemesis_has_a_fault_if_one_fits() {
        check(|nemeses, timing, faults| {
            let fits = timing.hold <= timing.limit;
            for nemesis in 0..nemeses {
                assert_eq!(faults.iter().any(|fault| fault.nemesis == nemesis), fits, "{timing:?}");
            }
        });
    }

    #[test]
    fn faults_are_in_order_and_those_of_one_nemesis_never_overlap() {
        check(|nemeses, _, faults| {
            assert!(faults.is_sorted_by_key(|fault| fault.start));
            for nemesis in 0..nemeses {
                let own: Vec<_> = faults.iter().filter(|fault| fault.nemesis == nemesis).collect();
                assert!(own.windows(2).all(|pair| pair[0].start + pair[0].hold + REST <= pair[1].start));
            }
        });
    }

    #[test]
    fn the_first_fault_comes_early() {
        check(|_, timing, faults| {
            if let Some(first) = faults.first() {
                assert!(first.start <= seconds(5) && first.start <= timing.limit / 4);
            }
        });
    }

    #[test]
    fn the_mean_between_starts_is_the_interval() {
        let timing = timing(10, 4, 100_000);
        let faults = schedule(1, timing, &mut ChaCha8Rng::seed_from_u64(1));
        assert!((9_500..=10_500).contains(&faults.len()), "{}", faults.len());
    }

    #[test]
    fn nemeses_overlap_at_times_and_a_seed_fixes_all() {
        let of = |seed| schedule(3, timing(10, 5, 600), &mut ChaCha8Rng::seed_from_u64(seed));
        let faults = of(1);
        assert!(faults.windows(2).any(|pair| pair[0].start + pair[0].hold > pair[1].start));
        assert_eq!(faults, of(1));
        assert_ne!(faults, of(2));
    }
}
