//! Random histories of one object, and a brute-force oracle that every engine must agree with.

use super::laws::Renamed;
use super::{LIMITS, Rng};
use checkers::engine::{Answer, Limits, Since, Span, clean, search, spans, wing_gong};
use checkers::object::{Decision, Model, MonitorOf, Timed, decide};
use rand::{RngExt, SeedableRng};
use std::collections::HashSet;

/// What one kind of object is tried with.
pub struct Trial<M: Model> {
    /// The object.
    pub model: M,
    /// Any operation with any result.
    pub draw: fn(&mut Rng) -> M::Op,
    /// What is left of it if it crashed; None if that says nothing.
    pub crash: fn(M::Op) -> Option<M::Op>,
    /// The monitor, if there is one.
    pub monitor: Option<MonitorOf<M>>,
}

/// How many histories of each model: all of them at night.
fn rounds() -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 100_000 } else { 10_000 }
}

/// Every subset of crashed calls, every order. Source: checkers.md, appendix A.
pub fn oracle<M: Model>(model: &M, calls: &[Timed<M::Op>]) -> bool {
    let full: u32 = (0..calls.len()).filter(|at| calls[*at].returned.is_some()).map(|at| 1 << at).sum();
    let mut seen = HashSet::from([(0u32, model.initial())]);
    let mut open: Vec<_> = seen.iter().cloned().collect();
    while let Some((done, state)) = open.pop() {
        if done & full == full {
            return true;
        }
        let left = (0..calls.len()).filter(|at| done >> at & 1 == 0);
        let first = left.clone().filter_map(|at| calls[at].returned).min().unwrap_or(u32::MAX);
        for at in left.filter(|at| calls[*at].invoked <= first) {
            let mut states = Vec::new();
            model.steps(&state, &calls[at].op, &mut states);
            for state in states {
                let next = (done | 1 << at, state);
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
    }
    false
}

impl<M: Model<Op: Renamed>> Trial<M> {
    /// A history that a real object could have produced, mostly spoiled afterwards.
    fn history(&self, rng: &mut Rng) -> Vec<Timed<M::Op>> {
        let (count, processes) = (rng.random_range(2..=8usize), rng.random_range(2..=5usize));
        let crash_rate = rng.random_range(0..=25);
        let mut running: Vec<Option<(u32, Option<M::Op>)>> = vec![None; processes];
        let (mut state, mut calls, mut begun, mut event) = (self.model.initial(), Vec::new(), 0, 0);
        let mut names: Vec<i64> = (0..processes as i64).collect();
        for _ in 0..200 {
            let process = rng.random_range(0..processes);
            match running[process].take() {
                None if begun < count => {
                    running[process] = Some((event, None));
                    begun += 1;
                    event += 1;
                }
                None => {}
                Some((invoked, None)) => {
                    let possible = (0..30).find_map(|_| {
                        let op = (self.draw)(rng);
                        Some((self.model.step(&state, &op)?, op))
                    });
                    let is_lost = rng.random_range(0..100) < crash_rate / 2;
                    if let Some((next, op)) = possible {
                        if is_lost {
                            calls.extend(self.crashed(op, invoked, names[process]));
                            names[process] += processes as i64;
                        } else {
                            state = next;
                            running[process] = Some((invoked, Some(op)));
                        }
                    }
                }
                Some((invoked, Some(op))) if rng.random_range(0..100) < crash_rate => {
                    calls.extend(self.crashed(op, invoked, names[process]));
                    names[process] += processes as i64;
                }
                Some((invoked, Some(op))) => {
                    let call = calls.len() as u32;
                    calls.push(Timed { op, invoked, returned: Some(event), process: names[process], call });
                    event += 1;
                }
            }
        }
        if rng.random_range(0..10) < 6 {
            self.spoil(&mut calls, rng);
        }
        calls.sort_by_key(|call| call.invoked);
        calls.iter_mut().enumerate().for_each(|(at, call)| call.call = at as u32);
        calls
    }

    fn crashed(&self, op: M::Op, invoked: u32, process: i64) -> Option<Timed<M::Op>> {
        Some(Timed { op: (self.crash)(op)?, invoked, returned: None, process, call: 0 })
    }

    fn spoil(&self, calls: &mut [Timed<M::Op>], rng: &mut Rng) {
        if calls.is_empty() {
            return;
        }
        let at = rng.random_range(0..calls.len());
        let op = (self.draw)(rng);
        if !calls[at].crashed() {
            calls[at].op = op;
        } else if let Some(op) = (self.crash)(op) {
            calls[at].op = op;
        }
    }

    /// Tries many histories.
    pub fn run(&self, seed: u64) {
        let mut rng = Rng::seed_from_u64(seed);
        let (mut valid, mut invalid, mut by_monitor) = (0u64, 0u64, [0u64; 2]);
        for round in 0..rounds() {
            let calls = self.history(&mut rng);
            let truth = oracle(&self.model, &calls);
            let told = format!("{} seed {seed} round {round}: {calls:#?}", self.model.name());
            self.engines_agree(&calls, truth, &told);
            match decide(&self.model, calls.clone(), self.monitor, LIMITS) {
                Decision::Valid { engine } => {
                    assert!(truth, "called valid: {told}");
                    by_monitor[0] += u64::from(engine == "monitor");
                }
                Decision::Invalid { engine, calls: witness, culprit } => {
                    assert!(!truth, "called invalid: {told}");
                    by_monitor[1] += u64::from(engine == "monitor");
                    assert!(!oracle(&self.model, &witness), "the witness has an order: {witness:#?} of {told}");
                    let before = prefix(&witness, witness[culprit].returned.unwrap());
                    assert!(oracle(&self.model, &before), "broken before its culprit: {witness:#?} of {told}");
                }
                Decision::Unknown { reason, .. } => panic!("{reason}: {told}"),
            }
            if truth {
                valid += 1;
                self.laws(&calls, &mut rng, &told);
            } else {
                invalid += 1;
            }
        }
        let told =
            format!("{} seed {seed}: {valid} valid, {invalid} not, by monitor {by_monitor:?}", self.model.name());
        assert!(valid * 20 > rounds() && invalid * 20 > rounds(), "{told}");
        // A monitor that refuses everything would pass as well.
        let decides = by_monitor.iter().all(|decided| decided * 50 > rounds());
        assert!(decides || self.monitor.is_none(), "{told}");
    }

    fn engines_agree(&self, calls: &[Timed<M::Op>], truth: bool, told: &str) {
        let second = wing_gong(&self.model, calls, LIMITS).answer;
        assert_eq!(second == Answer::Linearizable, truth, "Wing-Gong: {told}");
        let mut cleaned = calls.to_vec();
        clean(&self.model, &mut cleaned);
        let first = search(&self.model, &cleaned, LIMITS).answer;
        assert_eq!(first == Answer::Linearizable, truth, "just in time: {told}");
        let ahead = search(&self.model, &cleaned, Limits { foresight: true, ..LIMITS }).answer;
        assert_eq!(ahead == Answer::Linearizable, truth, "with foresight: {told}");
        let is_legal = |span: Span<M::State>| {
            let state = span.state.unwrap_or_else(|| self.model.initial());
            oracle(&Since { model: &self.model, state }, &cleaned[span.calls])
        };
        assert_eq!(spans(&self.model, &cleaned, 1).into_iter().all(is_legal), truth, "in spans: {told}");
        if let (Answer::Broken(one), Answer::Broken(other)) = (first, wing_gong(&self.model, &cleaned, LIMITS).answer) {
            assert_eq!(one, other, "blame: {told}");
        }
    }
}

/// What was known just before an event.
fn prefix<O: Clone>(calls: &[Timed<O>], end: u32) -> Vec<Timed<O>> {
    let mut calls: Vec<Timed<O>> = calls.iter().filter(|call| call.invoked < end).cloned().collect();
    calls.iter_mut().for_each(|call| call.returned = call.returned.filter(|returned| *returned < end));
    calls
}
