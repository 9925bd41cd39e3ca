//! Histories that no database made, for samples and tests.

use history::{
    DataType, Effect, Fault, History, Lock, LockOp, LockRet, Moment, OpId, Operation, Outcome, Process, Register,
    RegisterOp, RegisterRet, Time,
};

/// Nanoseconds in a millisecond.
const MS: u64 = 1_000_000;

/// One call on its way into a history; times in milliseconds.
pub struct Call<D: DataType> {
    pub process: u64,
    pub node: u16,
    pub from: f64,
    pub to: f64,
    pub op: D::Op,
    pub outcome: Outcome<D::Ret>,
}

/// Puts calls into the order of their events.
pub fn history<D: DataType>(mut calls: Vec<Call<D>>, nodes: &[String]) -> History<D> {
    calls.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut events: Vec<(f64, usize, bool)> = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        events.extend([(call.from, number, false), (call.to.max(call.from), number, true)]);
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
    let mut moments = vec![[Moment { index: 0, time: Time(0) }; 2]; calls.len()];
    for (index, (ms, call, is_end)) in (0u64..).zip(&events) {
        moments[*call][usize::from(*is_end)] = Moment { index, time: Time((ms * MS as f64) as u64) };
    }
    let operation = |(number, call): (usize, Call<D>)| {
        let is_info = matches!(call.outcome, Outcome::Info(_));
        let [invoked, end] = moments[number];
        Operation {
            id: OpId(number as u32),
            process: Process(call.process),
            node: Some(call.node),
            op: call.op,
            invoked,
            outcome: call.outcome,
            completed: (!is_info).then_some(end),
            gave_up: is_info.then_some(end),
        }
    };
    let operations = calls.into_iter().enumerate().map(operation).collect();
    History { operations, nodes: nodes.to_vec(), torn: false }
}

/// `n1` to `n5`.
pub fn five_nodes() -> Vec<String> {
    (1..=5).map(|n| format!("n{n}")).collect()
}

/// A fault that was injected, measured and healed; times in seconds.
pub fn fault(id: u32, nemesis: &str, nodes: &[&str], from: f64, to: f64, measured: &str) -> Fault {
    let at = |seconds: f64| Time((seconds * 1e9) as u64);
    Fault {
        id,
        nemesis: nemesis.to_owned(),
        description: format!("{nemesis} {}", nodes.join(" ")),
        nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
        planned: at(from - 0.2),
        injected: Some(at(from)),
        healed: Some(at(to)),
        effect: Some(Effect { in_effect: true, measured: measured.to_owned() }),
        problem: None,
    }
}

/// A small generator of numbers (xorshift64*), so that samples are the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn share(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }

    /// Milliseconds of an answer: mostly about two, now and then ten times that.
    fn latency(&mut self) -> f64 {
        let tail = if self.share() < 0.02 { 9.0 } else { 1.0 };
        (1.1 + 1.8 * self.share() * self.share()) * tail * (1.0 + 0.5 * self.share())
    }
}

/// How a made run is asked.
pub struct Load {
    pub seconds: f64,
    pub threads: u64,
    pub pause_ms: f64,
    pub keys: u64,
}

/// Reads, writes and compare-and-sets on registers; nodes under a fault refuse, or answer too late.
pub fn registers(load: &Load, faults: &[Fault], dice: &mut Dice) -> Vec<Call<Register>> {
    let mut values = vec![None; load.keys as usize];
    let mut processes: Vec<u64> = (0..load.threads).collect();
    let mut free: Vec<f64> = (0..load.threads).map(|thread| thread as f64 * 3.0).collect();
    let mut calls = Vec::new();
    loop {
        let thread = (0..free.len()).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap_or(0);
        let from = free[thread];
        if from > load.seconds * 1e3 {
            return calls;
        }
        let node = (thread % 5) as u16;
        let key = dice.below(load.keys);
        let op = match dice.below(10) {
            0..5 => RegisterOp::Read { key },
            5..8 => RegisterOp::Write { key, value: dice.below(100) as i64 },
            _ => RegisterOp::Cas { key, expected: dice.below(5) as i64, new: dice.below(100) as i64 },
        };
        let trouble = trouble(faults, &format!("n{}", node + 1), from);
        let (took, outcome) = answer(&op, trouble, &mut values[key as usize], dice);
        calls.push(Call { process: processes[thread], node, from, to: from + took, op, outcome });
        if matches!(calls.last().map(|c| &c.outcome), Some(Outcome::Info(_))) {
            processes[thread] += load.threads;
        }
        free[thread] = from + took + load.pause_ms * (0.5 + dice.share());
    }
}

fn trouble<'a>(faults: &'a [Fault], node: &str, ms: f64) -> Option<&'a str> {
    let lasts = |fault: &&Fault| {
        let from = fault.injected.unwrap_or_default().seconds() * 1e3;
        let to = fault.healed.unwrap_or_default().seconds() * 1e3 + 900.0;
        from <= ms && ms < to && fault.nodes.iter().any(|hit| hit == node)
    };
    faults.iter().find(lasts).map(|fault| fault.nemesis.as_str())
}

fn answer(
    op: &RegisterOp,
    trouble: Option<&str>,
    value: &mut Option<i64>,
    dice: &mut Dice,
) -> (f64, Outcome<RegisterRet>) {
    let port = dice.below(60_000);
    match (trouble, op) {
        (Some("kill"), _) => {
            return (
                0.3 + dice.latency() / 9.0,
                Outcome::Fail(format!("connect to 10.0.0.3:{port}: connection refused")),
            );
        }
        (Some(_), RegisterOp::Read { .. }) => {
            return (
                1000.0 + 9.0 * dice.latency(),
                Outcome::Fail("timeout after 1000 ms, and a read changes nothing".to_owned()),
            );
        }
        (Some(_), _) => return (1000.0 + 4.0 * dice.latency(), Outcome::Info("timeout after 1000 ms".to_owned())),
        (None, _) => {}
    }
    let outcome = match op {
        RegisterOp::Read { .. } => Outcome::Ok(RegisterRet::Value(*value)),
        RegisterOp::Write { value: new, .. } => {
            *value = Some(*new);
            Outcome::Ok(RegisterRet::Done)
        }
        RegisterOp::Cas { expected, .. } if *value != Some(*expected) => {
            Outcome::Fail(format!("it did not hold {expected}"))
        }
        RegisterOp::Cas { new, .. } => {
            *value = Some(*new);
            Outcome::Ok(RegisterRet::Done)
        }
    };
    (dice.latency() * if matches!(op, RegisterOp::Read { .. }) { 0.6 } else { 1.0 }, outcome)
}

/// A stale read of key 99: written 4, then 9, read as 9 by one process and then as 4 by another. Times from `at` on,
/// in milliseconds.
pub fn stale_read(at: f64) -> Vec<Call<Register>> {
    let write = |value| RegisterOp::Write { key: 99, value };
    let read = RegisterOp::Read { key: 99 };
    let value = |v| Outcome::Ok(RegisterRet::Value(Some(v)));
    let done = || Outcome::Ok(RegisterRet::Done);
    let call = |process, node, from: f64, took: f64, op, outcome| Call {
        process,
        node,
        from: at + from,
        to: at + from + took,
        op,
        outcome,
    };
    vec![
        call(203, 2, 0.0, 18.0, write(4), done()),
        call(205, 4, 190.0, 3.1, read, value(4)),
        call(204, 3, 300.0, 1000.0, write(7), Outcome::Info("timeout after 1000 ms".to_owned())),
        call(207, 2, 410.0, 122.0, write(9), done()),
        call(205, 4, 602.0, 2.4, read, value(9)),
        call(
            209,
            1,
            633.0,
            1.9,
            RegisterOp::Cas { key: 99, expected: 4, new: 5 },
            Outcome::Fail("it did not hold 4".into()),
        ),
        call(202, 0, 738.0, 2.2, read, value(4)),
        call(205, 4, 745.0, 2.4, read, value(9)),
    ]
}

/// A lock that two processes hold at once, and the writes that keep the system busy; times in milliseconds.
pub fn locks(faults: &[Fault], dice: &mut Dice) -> Vec<Call<Lock>> {
    let mut calls: Vec<Call<Lock>> = Vec::new();
    let mut push =
        |process, node, from: f64, to: f64, op, outcome| calls.push(Call { process, node, from, to, op, outcome });
    let done = || Outcome::Ok(LockRet::Done);
    let token = |token| Outcome::Ok(LockRet::Acquired { token });
    for round in 0..4 {
        let start = f64::from(round) * 2500.0 + 40.0;
        push(4, 3, start, start + 6.0, LockOp::Acquire { key: 0 }, token(i64::from(round) + 30));
        push(4, 3, start + 1100.0, start + 1104.0, LockOp::Refresh { key: 0 }, done());
        push(4, 3, start + 2200.0, start + 2203.0, LockOp::Release { key: 0 }, done());
    }
    push(3, 0, 10_203.0, 10_211.0, LockOp::Acquire { key: 0 }, token(41));
    push(3, 0, 11_640.0, 11_645.0, LockOp::Refresh { key: 0 }, done());
    push(3, 0, 13_080.0, 15_904.0, LockOp::Refresh { key: 0 }, done());
    push(3, 0, 16_400.0, 16_409.0, LockOp::Release { key: 0 }, done());
    push(7, 1, 12_900.0, 14_220.0, LockOp::Acquire { key: 0 }, token(42));
    push(7, 1, 15_300.0, 15_306.0, LockOp::Refresh { key: 0 }, done());
    push(7, 1, 17_800.0, 17_806.0, LockOp::Release { key: 0 }, done());
    push(
        8,
        2,
        13_500.0,
        15_500.0,
        LockOp::Acquire { key: 0 },
        Outcome::Fail("timeout after 2000 ms, lease revoked".into()),
    );
    push(9, 0, 12_600.0, 17_600.0, LockOp::Acquire { key: 0 }, Outcome::Info("timeout after 5000 ms".into()));
    for thread in 0..5u16 {
        let mut at = 10.0 * f64::from(thread);
        let mut process = 20 + u64::from(thread);
        while at < 31_000.0 {
            let stalled = trouble(faults, &format!("n{}", thread + 1), at).is_some();
            let took = if stalled { 5000.0 } else { dice.latency() * 2.0 };
            let outcome = if stalled { Outcome::Info("timeout after 5000 ms".into()) } else { done() };
            push(process, thread, at, at + took, LockOp::Write { value: dice.below(1000) as i64 }, outcome);
            process += if stalled { 5 } else { 0 };
            at += took + 25.0;
        }
    }
    calls
}
