//! Large graphs: a valid one of a simulated serial order, and components as large as the history.

use checkers::txn::{Edge, Graph, Kinds, Timeline};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where a session is.
#[derive(Clone, Copy)]
enum Phase {
    Idle,
    Begun(u32),
    /// Begun then, and this many-th to take effect.
    Done(u32, u32),
}

/// A run of sessions whose transactions take effect one after the other, each between its two events.
pub struct Run {
    /// When they were, in the order of completion.
    pub timeline: Timeline,
    /// Rows in the order in which they took effect.
    pub serial: Vec<u32>,
}

impl Run {
    pub fn new(rows: u32, sessions: u32, rng: &mut ChaCha8Rng) -> Run {
        let mut phases = vec![Phase::Idle; sessions as usize];
        let mut run = Run { timeline: Timeline::default(), serial: vec![u32::MAX; rows as usize] };
        let (mut begun, mut effects, mut clock, mut at) = (0, 0, 0, 0);
        while run.timeline.len() < rows as usize {
            at = (at + rng.random_range(1..=3)) % sessions as usize;
            phases[at] = match phases[at] {
                Phase::Idle if begun == rows => Phase::Idle,
                Phase::Idle => {
                    (begun, clock) = (begun + 1, clock + 1);
                    Phase::Begun(clock)
                }
                Phase::Begun(invoked) => {
                    effects += 1;
                    Phase::Done(invoked, effects - 1)
                }
                Phase::Done(invoked, effect) => {
                    clock += 1;
                    run.serial[effect as usize] = run.timeline.len() as u32;
                    run.timeline.push(invoked, clock, at as u32);
                    Phase::Idle
                }
            };
        }
        run
    }

    /// Edges that agree with the order of effect, so many into each row, from rows not long before.
    pub fn forward(&self, each: u32, kinds: &[Kinds], rng: &mut ChaCha8Rng) -> Vec<Edge> {
        let mut edges = Vec::with_capacity(self.serial.len() * each as usize);
        for (effect, &to) in self.serial.iter().enumerate().skip(1) {
            for _ in 0..each {
                let back = rng.random_range(1..=effect.min(64));
                let kinds = kinds[rng.random_range(0..kinds.len())];
                edges.push(Edge { from: self.serial[effect - back], to, kinds });
            }
        }
        edges
    }

    /// One anti-dependency out of each `every`-th row, to what took effect up to `far` before it: a stale read.
    pub fn stale(&self, every: usize, far: usize, rng: &mut ChaCha8Rng) -> Vec<Edge> {
        let effects = (1..self.serial.len()).filter(|effect| effect % every == 0);
        let back = |effect: usize| effect - rng.random_range(1..=effect.min(far));
        let edge = |(from, to): (usize, usize)| Edge { from: self.serial[from], to: self.serial[to], kinds: Kinds::RW };
        let pairs: Vec<(usize, usize)> = effects.clone().zip(effects.map(back)).collect();
        pairs.into_iter().map(edge).collect()
    }
}

/// A strict serializable history, with about four edges a transaction.
pub fn valid(rows: u32) -> (Graph, Timeline) {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let run = Run::new(rows, 20, rng);
    let edges = run.forward(4, &[Kinds::WW, Kinds::WR, Kinds::RW], rng);
    (Graph::new(rows, 0, &edges), run.timeline)
}

/// One in so many transactions reads what was overwritten up to 200 transactions before: one component from end to end.
pub fn stale(rows: u32, every: usize) -> (Graph, Timeline) {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let run = Run::new(rows, 20, rng);
    let mut edges = run.forward(2, &[Kinds::WW, Kinds::WR], rng);
    edges.extend(run.stale(every, 200, rng));
    (Graph::new(rows, 0, &edges), run.timeline)
}

/// Everything concurrent and every transaction with anti-dependencies both ways, but dependencies only among those of
/// one colour, which no anti-dependency joins: G2 without G-single, and nothing short of following every path says so.
/// With a flaw, one anti-dependency joins the ends of a path of dependencies.
pub fn coloured(rows: u32, flaw: Option<u32>) -> (Graph, Timeline) {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let mut edges = Vec::new();
    for row in 0..rows {
        for _ in 0..2 {
            let next = row + 2 * rng.random_range(1..=32);
            edges.extend((next < rows).then_some(Edge { from: row, to: next, kinds: Kinds::WR }));
        }
        let (near, far) = (row ^ 1, rng.random_range(0..rows) & !1 | (row & 1 ^ 1));
        edges.extend([near, far].iter().filter(|&&to| to < rows).map(|&to| Edge { from: row, to, kinds: Kinds::RW }));
    }
    if let Some(first) = flaw {
        let middle = first + 2;
        edges.push(Edge { from: first, to: middle, kinds: Kinds::WW });
        edges.push(Edge { from: middle, to: middle + 2, kinds: Kinds::WW });
        edges.push(Edge { from: middle + 2, to: first, kinds: Kinds::RW });
    }
    let mut timeline = Timeline::default();
    (0..rows).for_each(|row| timeline.push(row, rows + row, row));
    (Graph::new(rows, 0, &edges), timeline)
}
