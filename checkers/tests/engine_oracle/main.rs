//! Small random histories of every model: the engines say what a brute-force oracle says.

mod laws;
mod trial;

use checkers::engine::Limits;
use checkers::model::*;
use checkers::object::{Monitor, MonitorOf, NIL};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use trial::Trial;

type Rng = ChaCha8Rng;

const LIMITS: Limits = Limits { nodes: 1_000_000, bytes: 1 << 28, stall: u64::MAX, foresight: false };

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
fn register_with_compare_and_sets_that_failed() {
    let draw = |rng: &mut Rng| match rng.random_range(0..3) {
        0 => RegisterOp::Not(if rng.random_range(0..4) == 0 { NIL } else { small(rng) }),
        _ => register_op::<FEW>(rng),
    };
    let crash = |op| (!matches!(op, RegisterOp::Read(_) | RegisterOp::Not(_))).then_some(op);
    Trial { model: Register::default(), draw, crash, monitor: None }.run(28);
    Trial { model: Register { initial: 2 }, draw, crash, monitor: None }.run(29);
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
    let answered = |rng: &mut Rng| match rng.random_range(0..4) {
        0 => CounterOp::Add(rng.random_range(-1..=2)),
        1 => CounterOp::Read(rng.random_range(-1..=4)),
        _ => CounterOp::AddAndGet(rng.random_range(-1..=2), rng.random_range(-1..=5)),
    };
    let crash = |op| match op {
        CounterOp::Add(delta) | CounterOp::AddAndGet(delta, _) => Some(CounterOp::Add(delta)),
        CounterOp::Read(_) => None,
    };
    Trial { model: Counter, draw: answered, crash, monitor: None }.run(30);
    Trial { model: Counter, draw: by_one, crash, monitor: Some(Monitor::monitor) }.run(27);
    Trial { model: Counter, draw, crash, monitor: Some(Monitor::monitor) }.run(20);
}

#[test]
fn fetch_and_increment() {
    let draw = |rng: &mut Rng| Fetch(Some(rng.random_range(0..6)));
    Trial { model: FetchAndIncrement::default(), draw, crash: |_| Some(Fetch(None)), monitor: Some(Monitor::monitor) }
        .run(21);
}
