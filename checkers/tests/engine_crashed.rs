//! Registers with many crashed writes: what makes other tools blow up is decided, or unknown within the budget.

use checkers::engine::{Answer, Limits, clean, search};
use checkers::model::{Register, RegisterOp};
use checkers::object::{Decision, Monitor, NIL, Timed, decide};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How one register is used.
struct Load {
    operations: usize,
    processes: usize,
    values: i64,
    /// Writes that crash, all of them early on.
    crashed: usize,
    /// Operations, in percent, that also compare.
    cas_percent: u32,
}

/// A history that is linearizable by construction; some crashed writes take effect, late.
fn simulate(load: &Load, rng: &mut ChaCha8Rng) -> Vec<Timed<RegisterOp>> {
    let mut calls: Vec<Timed<RegisterOp>> = Vec::new();
    let (mut held, mut event, mut begun) = (NIL, 0u32, 0);
    let mut running: Vec<Option<(u32, RegisterOp, bool)>> = vec![None; load.processes];
    let mut ghosts: Vec<RegisterOp> = Vec::new();
    while begun < load.operations || running.iter().any(Option::is_some) {
        if !ghosts.is_empty() && rng.random_range(0..40) == 0 {
            let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
            held = apply(held, ghost).unwrap_or(held);
        }
        let process = rng.random_range(0..load.processes);
        match running[process].take() {
            None if begun < load.operations => {
                begun += 1;
                let op = draw(load, rng);
                let crashes = ghosts.len() + calls.iter().filter(|call| call.crashed()).count() < load.crashed;
                if crashes && !matches!(op, RegisterOp::Read(_)) {
                    ghosts.push(op);
                    let call = calls.len() as u32;
                    calls.push(Timed { op, invoked: event, returned: None, process: -1 - i64::from(call), call });
                } else {
                    running[process] = Some((event, op, false));
                }
                event += 1;
            }
            None => {}
            Some((invoked, op, false)) => {
                let op = if matches!(op, RegisterOp::Read(_)) { RegisterOp::Read(held) } else { op };
                if let Some(after) = apply(held, op) {
                    held = after;
                    running[process] = Some((invoked, op, true));
                }
            }
            Some((invoked, op, true)) => {
                let call = calls.len() as u32;
                calls.push(Timed { op, invoked, returned: Some(event), process: process as i64, call });
                event += 1;
            }
        }
    }
    calls.sort_by_key(|call| call.invoked);
    calls
}

fn apply(held: i64, op: RegisterOp) -> Option<i64> {
    match op {
        RegisterOp::Read(_) => Some(held),
        RegisterOp::Write(value) => Some(value),
        RegisterOp::Cas(old, new) => (old == held).then_some(new),
        RegisterOp::Not(value) => (value != held).then_some(held),
    }
}

fn draw(load: &Load, rng: &mut ChaCha8Rng) -> RegisterOp {
    let value = |rng: &mut ChaCha8Rng| rng.random_range(1..=load.values);
    match rng.random_range(0..100) {
        percent if percent < load.cas_percent => RegisterOp::Cas(value(rng), value(rng)),
        percent if percent < 50 => RegisterOp::Write(value(rng)),
        _ => RegisterOp::Read(NIL),
    }
}

/// Lets one read late in the history answer something else.
fn spoil(calls: &mut [Timed<RegisterOp>], values: i64, rng: &mut ChaCha8Rng) {
    let late: Vec<usize> = (calls.len() / 2..calls.len())
        .filter(|at| matches!(calls[*at].op, RegisterOp::Read(_)) && !calls[*at].crashed())
        .collect();
    let at = late[rng.random_range(0..late.len())];
    let RegisterOp::Read(found) = calls[at].op else { return };
    calls[at].op = RegisterOp::Read(found % values + 1);
}

/// What one search, and then the whole way to a verdict, said of a history.
fn judged(seed: u64, cas_percent: u32, nodes: u64) -> (bool, Answer, u64, Decision<RegisterOp>) {
    let limits = Limits { nodes, bytes: 400 << 20, stall: u64::MAX, foresight: true };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let load = Load { operations: 2000, processes: 10, values: 5, crashed: 40, cas_percent };
    let mut calls = simulate(&load, &mut rng);
    let is_spoilt = !seed.is_multiple_of(3);
    if is_spoilt {
        (0..3).for_each(|_| spoil(&mut calls, load.values, &mut rng));
    }
    clean(&Register::default(), &mut calls);
    let found = search(&Register::default(), &calls, limits);
    (is_spoilt, found.answer, found.nodes, decide(&Register::default(), calls, Some(Register::monitor), limits))
}

/// Judges some histories: valid ones are decided, and others too, or unknown within the budget.
fn decides(cas_percent: u32, least: u32) {
    const NODES: u64 = 300_000;
    let mut decided = 0;
    for seed in 0..12 {
        let (is_spoilt, answer, nodes, decision) = judged(seed, cas_percent, NODES);
        assert!(is_spoilt || matches!(decision, Decision::Valid { .. }), "seed {seed}: {answer:?}");
        assert!(nodes < NODES + NODES / 10, "seed {seed}: {nodes} nodes");
        decided += u32::from(!matches!(decision, Decision::Unknown { .. }));
    }
    assert!(decided >= least, "only {decided} of 12 were decided");
}

#[test]
fn forty_crashed_writes_of_five_values_are_decided_or_unknown_within_the_budget() {
    decides(0, 8);
}

#[test]
fn forty_crashed_updates_of_five_values_are_decided_or_unknown_within_the_budget() {
    decides(20, 7);
}
