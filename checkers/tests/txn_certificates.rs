//! What proves an invalid verdict is proved to others: every certificate stands before a checker that has nothing but the
//! transactions, and nearly right ones are refused by it and by the verifiers of production.

mod support;

#[path = "txn_certificates/findings.rs"]
mod findings;
#[path = "txn_certificates/mutants.rs"]
mod mutants;
#[path = "txn_infer/random.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod random;
#[path = "txn_certificates/raw.rs"]
mod raw;

use checkers::Word;
use checkers::txn::level::Level;
use checkers::txn::{Certificate, Inferred, Objects, TxnOptions, infer_append, infer_register, judge_transactions};
use history::{Calls, ReadOptions, Recording, read_bytes};
use raw::Raw;
use std::collections::BTreeMap;
use support::transactions::{Objects as Notation, lists, registers};

const BUDGET: u64 = 10_000_000;

/// Levels of each kind of engine.
const LEVELS: [Level; 14] = [
    Level::ReadUncommitted,
    Level::ReadCommitted,
    Level::MonotonicAtomicView,
    Level::StrongSessionReadAtomic,
    Level::StrongSessionCausal,
    Level::StrongCausal,
    Level::StrongReadAtomic,
    Level::ParallelSnapshotIsolation,
    Level::Prefix,
    Level::SnapshotIsolation,
    Level::StrongSessionSerializable,
    Level::StrictSerializable,
    Level::ReadYourWrites,
    Level::Causal,
];

/// How many certificates of each sort stood, and how many mutants were refused and were not.
#[derive(Default)]
struct Tally {
    stood: BTreeMap<&'static str, u64>,
    refused: u64,
    still_right: u64,
}

fn sort(certificate: &Certificate) -> &'static str {
    match certificate {
        Certificate::Finding(_) => "finding",
        Certificate::Cycle(_) => "cycle",
        Certificate::Component(_) => "component",
        Certificate::Circle(_) => "circle",
        Certificate::Befores(_) => "befores",
        Certificate::Orders(_) => "orders",
        Certificate::Nowhere { .. } => "nowhere",
    }
}

/// Judges a history by a level, and has what proves the verdict checked again, as it is and with each single change.
fn check(objects: Objects, recording: &Recording, level: Level, with_mutants: bool, tally: &mut Tally) {
    let calls = Calls::pair(recording).expect("pairs");
    let options = TxnOptions { expect: vec![level], ..TxnOptions::default() };
    let judged = judge_transactions(objects, &calls, &options).expect("transactions");
    if judged.word != Word::Invalid {
        return;
    }
    let inferred = match objects {
        Objects::Lists => infer_append(&calls, &options.infer),
        _ => infer_register(&calls, &options.infer),
    };
    let inferred: Inferred<'_> = inferred.expect("transactions");
    let raw = Raw { transactions: &inferred.transactions };
    let anomalies = judged.anomalies.iter().map(|found| (&found.certificate, None, found.breaks_promise));
    let refutations =
        judged.refutations.iter().map(|found| (&found.certificate, Some(found.level), found.breaks_promise));
    let all: Vec<_> = anomalies.chain(refutations).collect();
    assert!(all.iter().any(|found| found.2), "{level} is refuted by nothing: {judged:#?}");
    for (certificate, refutes, _) in all {
        assert_eq!(certificate.verify(&inferred, refutes, BUDGET), Ok(()), "{refutes:?} {certificate:?}");
        assert!(raw.stands(certificate, refutes), "{refutes:?} {certificate:?} of {}", told(&inferred));
        *tally.stood.entry(sort(certificate)).or_default() += 1;
        if with_mutants {
            refuse(certificate, refutes, &inferred, &raw, tally);
        }
    }
}

/// Who did what, for whoever looks for what went wrong.
fn told(inferred: &Inferred<'_>) -> String {
    let transactions = &inferred.transactions;
    let mop = |mop: checkers::txn::Mop| {
        format!("{:?} {} {}", mop.kind, transactions.key_text(mop.key), transactions.text(mop.value))
    };
    let row = |row: u32| {
        let program: Vec<String> = transactions.mops(row).map(mop).collect();
        format!("\n{row} {:?}: {}", transactions.outcome(row), program.join(", "))
    };
    (0..transactions.len() as u32).map(row).collect()
}

/// A single change makes a certificate wrong, or it is another that both believe.
fn refuse(
    certificate: &Certificate,
    refutes: Option<Level>,
    inferred: &Inferred<'_>,
    raw: &Raw<'_>,
    tally: &mut Tally,
) {
    for mutant in mutants::mutants(certificate, raw.rows()) {
        if mutant.certificate == *certificate {
            continue;
        }
        let by_us = mutant.certificate.verify(inferred, refutes, BUDGET).is_ok();
        let by_test = raw.stands(&mutant.certificate, refutes);
        let what = mutant.what;
        assert!(!by_us || by_test, "{what}: {refutes:?} {:?} is believed, out of {certificate:?}", mutant.certificate);
        assert!(!mutant.is_hopeless || !(by_us || by_test), "{what}: {:?} out of {certificate:?}", mutant.certificate);
        tally.refused += u64::from(!by_us);
        tally.still_right += u64::from(by_us);
    }
}

impl Tally {
    /// Mostly a single change makes a certificate wrong.
    #[allow(clippy::print_stdout, reason = "figures are for people")]
    fn is_enough(&self, sorts: &[&str], least: u64) {
        println!("{:?}: {} mutants refused, {} still right", self.stood, self.refused, self.still_right);
        for sort in sorts {
            assert!(self.stood.get(sort).is_some_and(|stood| *stood >= least), "{sort}: {:?}", self.stood);
        }
        assert!(self.refused > 9 * self.still_right, "{} against {}", self.refused, self.still_right);
    }
}

#[test]
fn golden_histories_are_proved() {
    let mut tally = Tally::default();
    let of_lists = [
        "ax1ay1 ax2ay2 rx12ry21",
        "!ax1 rx1",
        "ax1ax2 rx1",
        "ax1ry1 ax2ay1 rx12",
        "ax1ay1 rx1ry",
        "ax1ry ay1rx",
        "ax1 rx1ry ay1 ry1rx",
        "rx1ax1",
        "ax2 rxrx2",
        "ax0 rx0ax1 rx0ax2 rx012",
        "ax1 ax2 ax3 rx13 rx123",
        "ax1 rx11",
        "!ax1 ax2 rx12",
        "p1:ax1 then p1:rx rx1",
        "ax1 then rx rx1",
        "ax1 then ay1 then ry1 rx ax1",
        "p1:ax1 then p1:ay1 then ry1rx rx1ry1",
        "ax1 then p1:rx1 then p1:ay1 then ry1rx",
    ];
    let of_registers = [
        "!wx1 rx1",
        "wx1wx2 rx1",
        "wx1ry1 wy1rx1",
        "wx1wy1 rx1ry_",
        "wx1ry_ wy1rx_",
        "rx1wx1",
        "wx1 rx7",
        "wx0 rx0wx1 rx0wx2",
        "wx1wy1 wx2wy2 rx1ry2 rx2ry1",
        "p1:wx1 then p1:wx2 rx2rx1",
        "p1:wx1 then p1:rx_ rx1",
        "wx1 wx2 rx1 then rx2 then rx1",
        "wx1wy1 wx2wy2 rx1ry2wz1 rx2ry1wz2",
    ];
    for level in LEVELS {
        of_lists.iter().for_each(|text| check(Objects::Lists, &lists(text), level, true, &mut tally));
        of_registers.iter().for_each(|text| check(Objects::Registers, &registers(text), level, true, &mut tally));
    }
    tally.is_enough(&["finding", "cycle", "circle", "befores", "orders"], 3);
}

#[test]
fn random_histories_are_proved() {
    let rounds = if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 20_000 } else { 2_000 };
    let mut tally = Tally::default();
    for seed in 0..rounds {
        let level = LEVELS[seed as usize % LEVELS.len()];
        for (objects, notation) in [(Objects::Lists, Notation::Lists), (Objects::Registers, Notation::Registers)] {
            let (_, recording) = random::history(seed, notation);
            check(objects, &recording, level, seed % 4 == 0, &mut tally);
        }
    }
    tally.is_enough(&["finding", "cycle", "circle", "befores"], 5);
}

#[test]
fn runs_of_simulated_stores_are_proved() {
    use stores::{Level as Store, simulate_appends, simulate_registers};
    let mut tally = Tally::default();
    let weak = [Store::ReadUncommitted, Store::ReadCommitted, Store::Causal, Store::Prefix, Store::SnapshotIsolation];
    for store in weak {
        for seed in 0..4 {
            for (objects, lines) in [
                (Objects::Lists, simulate_appends(store, seed, 24, 5).lines()),
                (Objects::Registers, simulate_registers(store, seed, 24, 5).lines()),
            ] {
                let recording = read_bytes(&lines, &ReadOptions::default()).expect("a history");
                for level in [Level::ReadCommitted, Level::StrongSessionCausal, Level::Serializable] {
                    check(objects, &recording, level, seed == 0, &mut tally);
                }
            }
        }
    }
    tally.is_enough(&["finding", "cycle", "circle"], 20);
}
