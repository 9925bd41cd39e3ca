//! Small random histories of every model: the engines say what a brute-force oracle says.

use checkers::engine::{Answer, Limits, Since, Span, clean, search, spans, wing_gong};
use checkers::model::*;
use checkers::object::{Decision, Model, Monitor, MonitorOf, NIL, Timed, decide};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

type Rng = ChaCha8Rng;

const LIMITS: Limits = Limits { nodes: 1_000_000, bytes: 1 << 28, stall: u64::MAX, foresight: false };

/// What one kind of object is tried with.
struct Trial<M: Model> {
    model: M,
    /// Any operation with any result.
    draw: fn(&mut Rng) -> M::Op,
    /// What is left of it if it crashed; None if that says nothing.
    crash: fn(M::Op) -> Option<M::Op>,
    monitor: Option<MonitorOf<M>>,
}

/// How many histories of each model: all of them at night.
fn rounds() -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 100_000 } else { 4_000 }
}

/// Every subset of crashed calls, every order. Source: checkers.md, appendix A.
fn oracle<M: Model>(model: &M, calls: &[Timed<M::Op>]) -> bool {
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

impl<M: Model> Trial<M> {
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

    fn run(&self, seed: u64) {
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

    /// What must never turn valid into invalid: a wider interval, a crash, other processes.
    fn laws(&self, calls: &[Timed<M::Op>], rng: &mut Rng, told: &str) {
        let Some(at) = (!calls.is_empty()).then(|| rng.random_range(0..calls.len())) else { return };
        let mut wider = calls.to_vec();
        wider[at].invoked = wider[at].invoked.saturating_sub(rng.random_range(0..4));
        wider[at].returned = wider[at].returned.map(|returned| returned + rng.random_range(0..4));
        let mut crashed = calls.to_vec();
        match (self.crash)(crashed[at].op.clone()) {
            Some(op) => crashed[at] = Timed { op, returned: None, ..crashed[at].clone() },
            // A read without an answer says nothing.
            None => drop(crashed.remove(at)),
        }
        let mut renamed = calls.to_vec();
        renamed.iter_mut().for_each(|call| call.process = 1000 - call.process);
        for (law, calls) in [("wider", wider), ("crashed", crashed), ("renamed", renamed)] {
            let decision = decide(&self.model, calls, self.monitor, LIMITS);
            assert!(matches!(decision, Decision::Valid { .. }), "{law} {at}: {told}");
        }
    }
}

/// What was known just before an event.
fn prefix<O: Clone>(calls: &[Timed<O>], end: u32) -> Vec<Timed<O>> {
    let mut calls: Vec<Timed<O>> = calls.iter().filter(|call| call.invoked < end).cloned().collect();
    calls.iter_mut().for_each(|call| call.returned = call.returned.filter(|returned| *returned < end));
    calls
}

/// Values so few that they repeat, which leaves monitors without a verdict, or so many that they mostly do not.
const FEW: i64 = 3;
const MANY: i64 = 12;

fn value<const VALUES: i64>(rng: &mut Rng) -> i64 {
    rng.random_range(1..=VALUES)
}

fn small(rng: &mut Rng) -> i64 {
    value::<FEW>(rng)
}

fn got<const VALUES: i64>(rng: &mut Rng) -> Got {
    if rng.random_range(0..5) == 0 { Got::Empty } else { Got::Value(value::<VALUES>(rng)) }
}

fn some<T>(value: T, rng: &mut Rng) -> Option<T> {
    rng.random_bool(0.5).then_some(value)
}

fn few(rng: &mut Rng) -> Vec<i64> {
    (1..=3).filter(|_| rng.random_bool(0.4)).collect()
}

fn register_op<const VALUES: i64>(rng: &mut Rng) -> RegisterOp {
    match rng.random_range(0..4) {
        0 | 1 => RegisterOp::Read(if rng.random_range(0..6) == 0 { NIL } else { value::<VALUES>(rng) }),
        2 => RegisterOp::Write(value::<VALUES>(rng)),
        _ => RegisterOp::Cas(value::<VALUES>(rng), value::<VALUES>(rng)),
    }
}

#[test]
fn register() {
    let crash = |op| (!matches!(op, RegisterOp::Read(_))).then_some(op);
    let monitor = Some(Monitor::monitor as MonitorOf<Register>);
    Trial { model: Register::default(), draw: register_op::<FEW>, crash, monitor }.run(1);
    Trial { model: Register { initial: 2 }, draw: register_op::<FEW>, crash, monitor }.run(2);
    Trial { model: Register { initial: 2 }, draw: register_op::<MANY>, crash, monitor }.run(22);
}

#[test]
fn multi_register() {
    let draw = |rng: &mut Rng| {
        let access = |rng: &mut Rng| match rng.random_range(0..5) {
            0 => Access::Read(small(rng), NIL),
            1 | 2 => Access::Read(small(rng), small(rng)),
            _ => Access::Write(small(rng), small(rng)),
        };
        (0..rng.random_range(1..=2)).map(|_| access(rng)).collect()
    };
    let crash = |op: MultiOp| {
        let op: MultiOp = op.into_iter().filter(|access| matches!(access, Access::Write(..))).collect();
        (!op.is_empty()).then_some(op)
    };
    Trial { model: MultiRegister, draw, crash, monitor: None }.run(3);
}

#[test]
fn versioned_register() {
    let draw = |rng: &mut Rng| {
        let version = rng.random_range(0..4);
        match rng.random_range(0..5) {
            0 | 1 => VersionedOp::Read(some(version, rng), if version == 0 { NIL } else { small(rng) }),
            2 => VersionedOp::Write(some(version, rng), small(rng)),
            3 => VersionedOp::Cas(some(version, rng), small(rng), small(rng)),
            _ => VersionedOp::CasVersion(version, small(rng)),
        }
    };
    let crash = |op| match op {
        VersionedOp::Read(..) => None,
        VersionedOp::Write(_, value) => Some(VersionedOp::Write(None, value)),
        VersionedOp::Cas(_, old, new) => Some(VersionedOp::Cas(None, old, new)),
        VersionedOp::CasVersion(..) => Some(op),
    };
    Trial { model: VersionedRegister, draw, crash, monitor: None }.run(4);
}

#[test]
fn kv() {
    let draw = |rng: &mut Rng| {
        let text = ["", "a", "b", "ab", "ba"][rng.random_range(0..5)].into();
        match rng.random_range(0..3) {
            0 => KvOp::Get(text),
            1 => KvOp::Put(text),
            _ => KvOp::Append(["a", "b"][rng.random_range(0..2)].into()),
        }
    };
    let crash = |op| (!matches!(op, KvOp::Get(_))).then_some(op);
    Trial { model: Kv, draw, crash, monitor: None }.run(5);
}

#[test]
fn mutex() {
    let draw = |rng: &mut Rng| if rng.random_bool(0.5) { MutexOp::Acquire } else { MutexOp::Release };
    Trial { model: Mutex, draw, crash: Some, monitor: None }.run(6);
}

#[test]
fn owned_mutexes() {
    let draw = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => OwnerOp::Acquire(small(rng)),
        _ => OwnerOp::Release(small(rng)),
    };
    Trial { model: OwnerMutex, draw, crash: Some, monitor: Some(Monitor::monitor) }.run(7);
    Trial { model: ReentrantMutex { limit: 2 }, draw, crash: Some, monitor: None }.run(8);
}

#[test]
fn fenced_mutex() {
    let draw = |rng: &mut Rng| {
        let token = rng.random_range(1..6);
        match rng.random_range(0..2) {
            0 => FencedOp::Acquire(small(rng), some(token, rng)),
            _ => FencedOp::Release(small(rng)),
        }
    };
    let crash = |op| match op {
        FencedOp::Acquire(client, _) => Some(FencedOp::Acquire(client, None)),
        FencedOp::Release(_) => Some(op),
    };
    Trial { model: FencedMutex { limit: 1 }, draw, crash, monitor: None }.run(9);
    Trial { model: FencedMutex { limit: 2 }, draw, crash, monitor: None }.run(10);
}

#[test]
fn semaphore() {
    let draw = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => SemaphoreOp::Acquire(small(rng), rng.random_range(1..=2)),
        _ => SemaphoreOp::Release(small(rng), rng.random_range(1..=2)),
    };
    Trial { model: Semaphore { permits: 3 }, draw, crash: Some, monitor: Some(Monitor::monitor) }.run(11);
}

fn queue_op<const VALUES: i64>(rng: &mut Rng) -> QueueOp {
    if rng.random_bool(0.5) { QueueOp::Enqueue(value::<VALUES>(rng)) } else { QueueOp::Dequeue(got::<VALUES>(rng)) }
}

fn queue_crash(op: QueueOp) -> Option<QueueOp> {
    match op {
        QueueOp::Enqueue(_) => Some(op),
        QueueOp::Dequeue(_) => Some(QueueOp::Dequeue(Got::Unknown)),
    }
}

#[test]
fn fifo_queue() {
    let monitor = Some(Monitor::monitor as MonitorOf<Fifo>);
    Trial { model: Fifo, draw: queue_op::<FEW>, crash: queue_crash, monitor }.run(12);
    Trial { model: Fifo, draw: queue_op::<MANY>, crash: queue_crash, monitor }.run(23);
}

#[test]
fn bag() {
    Trial { model: Bag, draw: queue_op::<FEW>, crash: queue_crash, monitor: None }.run(13);
}

fn stack_op<const VALUES: i64>(rng: &mut Rng) -> StackOp {
    if rng.random_bool(0.5) { StackOp::Push(value::<VALUES>(rng)) } else { StackOp::Pop(got::<VALUES>(rng)) }
}

#[test]
fn stack() {
    let crash = |op| match op {
        StackOp::Push(_) => Some(op),
        StackOp::Pop(_) => Some(StackOp::Pop(Got::Unknown)),
    };
    let monitor = Some(Monitor::monitor as MonitorOf<Stack>);
    Trial { model: Stack, draw: stack_op::<FEW>, crash, monitor }.run(14);
    Trial { model: Stack, draw: stack_op::<MANY>, crash, monitor }.run(24);
}

fn priority_op<const VALUES: i64>(rng: &mut Rng) -> PriorityOp {
    if rng.random_bool(0.5) { PriorityOp::Insert(value::<VALUES>(rng)) } else { PriorityOp::Poll(got::<VALUES>(rng)) }
}

#[test]
fn priority_queue() {
    let crash = |op| match op {
        PriorityOp::Insert(_) => Some(op),
        PriorityOp::Poll(_) => Some(PriorityOp::Poll(Got::Unknown)),
    };
    let monitor = Some(Monitor::monitor as MonitorOf<PriorityQueue>);
    for (first, seed) in [(First::Greatest, 15), (First::Least, 16)] {
        Trial { model: PriorityQueue { first }, draw: priority_op::<FEW>, crash, monitor }.run(seed);
        Trial { model: PriorityQueue { first }, draw: priority_op::<MANY>, crash, monitor }.run(seed + 10);
    }
}

#[test]
fn set() {
    let draw = |rng: &mut Rng| {
        let (value, truth) = (small(rng), rng.random_bool(0.5));
        match rng.random_range(0..9) {
            0..3 => SetOp::Add(value, some(truth, rng)),
            3..5 => SetOp::Remove(value, some(truth, rng)),
            5..8 => SetOp::Contains(value, truth),
            _ => SetOp::ReadAll(few(rng).into()),
        }
    };
    let crash = |op| match op {
        SetOp::Add(value, _) => Some(SetOp::Add(value, None)),
        SetOp::Remove(value, _) => Some(SetOp::Remove(value, None)),
        SetOp::Contains(..) | SetOp::ReadAll(_) => None,
    };
    Trial { model: Set, draw, crash, monitor: Some(Monitor::monitor) }.run(17);
}

#[test]
fn grow_only_set() {
    let draw = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => GrowOnlyOp::Add(small(rng)),
        _ => GrowOnlyOp::ReadAll(few(rng).into()),
    };
    let crash = |op| matches!(op, GrowOnlyOp::Add(_)).then_some(op);
    Trial { model: GrowOnlySet, draw, crash, monitor: Some(Monitor::monitor) }.run(18);
}

#[test]
fn append_log() {
    let draw = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => LogOp::Append(small(rng)),
        _ => LogOp::ReadAll((0..rng.random_range(0..3)).map(|_| small(rng)).collect()),
    };
    let crash = |op| matches!(op, LogOp::Append(_)).then_some(op);
    Trial { model: AppendLog, draw, crash, monitor: Some(Monitor::monitor) }.run(19);
}

#[test]
fn counter() {
    let by_one = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => CounterOp::Add(1),
        _ => CounterOp::Read(rng.random_range(0..=5)),
    };
    let draw = |rng: &mut Rng| match rng.random_range(0..2) {
        0 => CounterOp::Add(rng.random_range(-1..=2)),
        _ => CounterOp::Read(rng.random_range(-1..=4)),
    };
    let crash = |op| matches!(op, CounterOp::Add(_)).then_some(op);
    Trial { model: Counter, draw: by_one, crash, monitor: Some(Monitor::monitor) }.run(27);
    Trial { model: Counter, draw, crash, monitor: Some(Monitor::monitor) }.run(20);
}

#[test]
fn fetch_and_increment() {
    let draw = |rng: &mut Rng| Fetch(Some(rng.random_range(0..6)));
    Trial { model: FetchAndIncrement::default(), draw, crash: |_| Some(Fetch(None)), monitor: Some(Monitor::monitor) }
        .run(21);
}
