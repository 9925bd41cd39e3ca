//! The engines on histories of a simulated register that is linearizable by construction: `cargo bench -p
//! gainsay-checkers --bench engine`. Making and pairing a history is not measured.

#![allow(clippy::print_stdout)] // Verdicts and memory are said beside the times.

use checkers::Budget;
use checkers::engine::{Limits, clean};
use checkers::model::{Register, RegisterOp};
use checkers::object::{JudgeOptions, NIL, Timed, decide, judge};
use criterion::{Criterion, criterion_group, criterion_main};
use history::{Calls, ReadOptions, Recording, read_bytes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

/// How a register is used.
#[derive(Clone, Copy)]
struct Load {
    operations: usize,
    processes: usize,
    keys: usize,
    /// Crashes among 10 000 operations.
    crashes: u32,
    seed: u64,
}

/// Where one process is.
#[derive(Clone, Copy)]
enum Phase {
    Idle,
    Invoked(usize, RegisterOp),
    Done(usize, RegisterOp, bool),
}

/// JSON lines of registers with five values: each operation takes effect at one moment between its two events.
fn simulate(load: Load) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(load.seed);
    let (mut text, mut begun) = (String::new(), 0);
    let mut registers = vec![NIL; load.keys];
    let mut phases = vec![Phase::Idle; load.processes];
    let mut names: Vec<usize> = (0..load.processes).collect();
    loop {
        let at = rng.random_range(0..load.processes);
        phases[at] = match phases[at] {
            Phase::Idle if begun == load.operations => {
                if phases.iter().all(|phase| matches!(phase, Phase::Idle)) {
                    return text;
                }
                Phase::Idle
            }
            Phase::Idle => {
                begun += 1;
                let (key, op) = (rng.random_range(0..load.keys), draw(&mut rng));
                event(&mut text, "invoke", names[at], key, op, false);
                Phase::Invoked(key, op)
            }
            Phase::Invoked(key, op) => {
                let held = &mut registers[key];
                let (op, happened) = match op {
                    RegisterOp::Read(_) => (RegisterOp::Read(*held), true),
                    RegisterOp::Write(value) => {
                        *held = value;
                        (op, true)
                    }
                    RegisterOp::Cas(old, new) => {
                        let happened = *held == old;
                        if happened {
                            *held = new;
                        }
                        (op, happened)
                    }
                    RegisterOp::Not(value) => (op, *held != value),
                };
                Phase::Done(key, op, happened)
            }
            Phase::Done(key, op, happened) => {
                let crashes = rng.random_range(0..10_000) < load.crashes;
                let kind = if crashes {
                    "info"
                } else if happened {
                    "ok"
                } else {
                    "fail"
                };
                event(&mut text, kind, names[at], key, op, !crashes);
                if crashes {
                    names[at] += load.processes;
                }
                Phase::Idle
            }
        };
    }
}

fn draw(rng: &mut ChaCha8Rng) -> RegisterOp {
    let value = |rng: &mut ChaCha8Rng| rng.random_range(1..=5);
    match rng.random_range(0..3) {
        0 => RegisterOp::Read(NIL),
        1 => RegisterOp::Write(value(rng)),
        _ => RegisterOp::Cas(value(rng), value(rng)),
    }
}

fn event(text: &mut String, kind: &str, process: usize, key: usize, op: RegisterOp, answered: bool) {
    let (f, value) = match op {
        RegisterOp::Read(value) if answered && value != NIL => ("read", value.to_string()),
        RegisterOp::Read(_) => ("read", "null".to_owned()),
        RegisterOp::Write(value) => ("write", value.to_string()),
        RegisterOp::Cas(old, new) => ("cas", format!("[{old},{new}]")),
        RegisterOp::Not(value) => ("cas", format!("[{value},{value}]")),
    };
    let line = format!(r#"{{"type":"{kind}","process":{process},"f":"{f}","key":{key},"value":{value}}}"#);
    writeln!(text, "{line}").expect("a string takes all");
}

fn recording(text: &str) -> Recording {
    read_bytes(text.as_bytes(), &ReadOptions::default()).expect("a history that was made for it")
}

fn bench_loads(criterion: &mut Criterion) {
    let one = Load { operations: 100_000, processes: 10, keys: 1, crashes: 0, seed: 1 };
    let loads = [
        ("100 000 operations, 10 processes, 1 key", one),
        ("1 000 000 operations, 100 keys, 1 % crashed", Load { operations: 1_000_000, keys: 100, crashes: 100, ..one }),
        ("100 000 operations, 1 000 keys, 1 % crashed", Load { keys: 1_000, crashes: 100, ..one }),
    ];
    for (name, load) in loads {
        let recording = recording(&simulate(load));
        let calls = Calls::pair(&recording).expect("events that clients can have made");
        let judged = judge("cas-register", &calls, &JudgeOptions::default()).expect("a register");
        println!("{name}: {} {} {:?}, peak {}", judged.word, judged.reason, judged.evidence, peak());
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| judge("cas-register", black_box(&calls), &JudgeOptions::default()));
        });
    }
}

/// The most memory that this process ever held, where the system says.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}

/// Forty crashed writes of five values, pending on one key while two thousand operations go on.
fn bench_crashes(criterion: &mut Criterion) {
    for (name, is_spoiled) in [("40 crashed writes pending", false), ("40 crashed writes pending, spoiled", true)] {
        let calls = with_crashes(is_spoiled);
        let limits = Limits { nodes: Budget::default().nodes, bytes: 256 << 20, stall: u64::MAX, foresight: true };
        println!("{name}: {:?}, peak {}", decide(&Register::default(), calls.clone(), None, limits), peak());
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| decide(&Register::default(), black_box(calls.clone()), None, limits));
        });
    }
}

fn with_crashes(is_spoiled: bool) -> Vec<Timed<RegisterOp>> {
    let text = simulate(Load { operations: 2_000, processes: 10, keys: 1, crashes: 0, seed: 3 });
    let recording = recording(&text);
    let pairs = Calls::pair(&recording).expect("events that clients can have made");
    let mut calls: Vec<Timed<RegisterOp>> = (0..40)
        .map(|at| Timed { op: RegisterOp::Write(at % 5 + 1), invoked: 0, returned: None, process: -at, call: 0 })
        .collect();
    for (at, call) in pairs.iter().enumerate().filter(|(_, call)| call.outcome == history::CallOutcome::Ok) {
        let values = recording.values();
        let number = |id| values.get(id).integer().unwrap_or(NIL);
        let op = match (pairs.function(at), values.get(call.argument).elements()) {
            ("cas", Some(&[old, new])) => RegisterOp::Cas(number(old), number(new)),
            ("write", _) => RegisterOp::Write(number(call.argument)),
            _ => RegisterOp::Read(number(call.result)),
        };
        calls.push(Timed {
            op,
            invoked: call.invoked.unwrap_or(0),
            returned: call.returned,
            process: call.process,
            call: 0,
        });
    }
    if is_spoiled {
        // Nobody ever wrote 6.
        let late = calls.iter().rposition(|call| matches!(call.op, RegisterOp::Read(_))).expect("a read");
        calls[late].op = RegisterOp::Read(6);
    }
    clean(&Register::default(), &mut calls);
    calls
}

/// The published etcd logs, where they are: all of them, paired beforehand.
fn bench_etcd(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories/porcupine/etcd");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let recordings: Vec<Recording> = texts.map(|text| recording(&text)).collect();
    let calls: Vec<Calls<'_>> = recordings.iter().filter_map(|recording| Calls::pair(recording).ok()).collect();
    criterion.bench_function("the etcd logs, with witnesses", |bencher| {
        bencher.iter(|| {
            let word = |calls| judge("cas-register", calls, &JudgeOptions::default()).map(|judged| judged.word);
            calls.iter().filter(|calls| word(calls) == Ok(checkers::Word::Valid)).count()
        });
    });
}

criterion_group! {
    name = engine;
    config = Criterion::default().sample_size(10);
    targets = bench_crashes, bench_etcd, bench_loads
}
criterion_main!(engine);
