//! Choices between two sides each, some of which cannot be made together: is nothing left that can be?
//!
//! Source: Davis, Logemann and Loveland 1962: follow what must be, then split a choice into its two sides. It learns
//! nothing and knows no graphs, so that it shares no defect with the engine whose answer it looks at again.

/// What is left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// No way to choose.
    Nothing,
    /// A way to choose.
    Something,
    /// The budget ended before.
    Unfinished,
}

/// Literal `2c + s` takes side `s` of choice `c`. Of each forbidden set not all can be taken.
pub(super) fn leaves_nothing(mut forbidden: Vec<Vec<u32>>, budget: u64) -> Split {
    forbidden.iter_mut().for_each(|set| {
        set.sort_unstable();
        set.dedup();
    });
    // Who would take both sides of a choice is never forbidden anything.
    forbidden.retain(|set| set.windows(2).all(|pair| pair[0] / 2 != pair[1] / 2));
    let literals = forbidden.iter().flatten().max().map_or(0, |last| (last | 1) + 1) as usize;
    let mut within = vec![Vec::new(); literals];
    for (at, set) in (0..).zip(&forbidden) {
        set.iter().for_each(|&literal| within[literal as usize].push(at));
    }
    let state = vec![State::default(); forbidden.len()];
    let mut search = Search { forbidden, within, state, taken: vec![false; literals], trail: Vec::new(), budget };
    search.run()
}

#[derive(Clone, Copy, Default)]
struct State {
    /// How many of the set are taken.
    taken: u32,
    /// How many of the set cannot be taken any more.
    refused: u32,
}

/// Sides that were taken for a try: where they stand in the trail, and whether the other side was tried before.
struct Try {
    at: usize,
    is_second: bool,
}

struct Search {
    forbidden: Vec<Vec<u32>>,
    /// By literal, the sets that hold it.
    within: Vec<Vec<u32>>,
    state: Vec<State>,
    taken: Vec<bool>,
    trail: Vec<u32>,
    budget: u64,
}

impl Search {
    fn run(&mut self) -> Split {
        let mut tries: Vec<Try> = Vec::new();
        let mut must: Vec<u32> = self.forbidden.iter().filter(|set| set.len() == 1).map(|set| set[0] ^ 1).collect();
        let mut has_failed = self.forbidden.iter().any(Vec::is_empty);
        loop {
            if self.budget == 0 {
                return Split::Unfinished;
            }
            if has_failed || !self.follow(&mut must) {
                let Some(open) = tries.iter().rposition(|tried| !tried.is_second) else { return Split::Nothing };
                tries.truncate(open + 1);
                let at = tries[open].at;
                let literal = self.trail[at];
                self.give_back(at);
                tries[open].is_second = true;
                must = vec![literal ^ 1];
                has_failed = false;
                continue;
            }
            let Some(literal) = self.tightest() else { return Split::Something };
            tries.push(Try { at: self.trail.len(), is_second: false });
            must = vec![literal];
        }
    }

    /// Takes what must be taken and all that follows; false if something forbidden is taken whole.
    fn follow(&mut self, must: &mut Vec<u32>) -> bool {
        while let Some(literal) = must.pop() {
            if self.taken[literal as usize] {
                continue;
            }
            if self.taken[literal as usize ^ 1] {
                return false;
            }
            self.taken[literal as usize] = true;
            self.trail.push(literal);
            self.count(literal, 1);
            for &at in &self.within[literal as usize] {
                let (state, set) = (self.state[at as usize], &self.forbidden[at as usize]);
                if state.refused == 0 && state.taken as usize == set.len() {
                    return false;
                }
                if state.refused == 0 && state.taken as usize + 1 == set.len() {
                    must.extend(set.iter().find(|other| !self.taken[**other as usize]).map(|other| other ^ 1));
                }
            }
        }
        true
    }

    fn count(&mut self, literal: u32, by: i32) {
        let [taken, refused] = [literal, literal ^ 1].map(|literal| &self.within[literal as usize]);
        self.budget = self.budget.saturating_sub(1 + taken.len() as u64 + refused.len() as u64);
        for &at in taken {
            let count = &mut self.state[at as usize].taken;
            *count = count.saturating_add_signed(by);
        }
        for &at in refused {
            let count = &mut self.state[at as usize].refused;
            *count = count.saturating_add_signed(by);
        }
    }

    fn give_back(&mut self, from: usize) {
        for literal in self.trail.split_off(from) {
            self.taken[literal as usize] = false;
            self.count(literal, -1);
        }
    }

    /// A literal of the set that may still be taken whole and lacks the fewest.
    fn tightest(&mut self) -> Option<u32> {
        self.budget = self.budget.saturating_sub(self.state.len() as u64);
        let open = (0..self.state.len()).filter(|&at| self.state[at].refused == 0);
        let at = open.min_by_key(|&at| self.forbidden[at].len() - self.state[at].taken as usize)?;
        self.forbidden[at].iter().copied().find(|&literal| !self.taken[literal as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn what_is_left_is_what_trying_everything_leaves() {
        let mut tally = [0, 0];
        for seed in 0..4_000 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let choices = rng.random_range(1..=7u32);
            let sets = rng.random_range(0..=24);
            let mut set = || -> Vec<u32> {
                let length = rng.random_range(if seed % 50 == 0 { 0 } else { 1 }..=3);
                (0..length).map(|_| rng.random_range(0..2 * choices)).collect()
            };
            let forbidden: Vec<Vec<u32>> = (0..sets).map(|_| set()).collect();
            let allowed = |sides: u32| {
                let is_taken = |literal: &u32| sides >> (literal / 2) & 1 == literal % 2;
                !forbidden.iter().any(|set| set.iter().all(is_taken))
            };
            let is_left = (0..1 << choices).any(allowed);
            tally[usize::from(is_left)] += 1;
            let expected = if is_left { Split::Something } else { Split::Nothing };
            assert_eq!(leaves_nothing(forbidden.clone(), 1_000_000), expected, "seed {seed}: {forbidden:?}");
        }
        assert!(tally[0] > 500 && tally[1] > 500, "{tally:?}");
    }

    #[test]
    fn a_budget_that_ends_says_nothing() {
        assert_eq!(leaves_nothing(vec![vec![0, 2], vec![1, 3], vec![0, 3], vec![1, 2]], 1), Split::Unfinished);
    }
}
