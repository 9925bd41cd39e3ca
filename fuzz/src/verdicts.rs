//! What must hold of every verdict, whatever the history: no panic, the same again, within the budget, and never one
//! word with little budget and the opposite with more.

use checkers::object::{Compat, JudgeOptions, Judged, NilRead, models};
use checkers::{Budget, Checker, Linearizable, LockChecker, SetChecker, SingleOptions, Word};
use history::{Calls, DataType, Fault, History, Lock, Recording, Register, Set};

/// What a search may do at first, and then.
const BUDGETS: [Budget; 2] = [Budget { nodes: 300, bytes: 1 << 16 }, Budget { nodes: 6_000, bytes: 1 << 20 }];

/// Judges a recording by every model and every checker. `choices` says how.
///
/// # Panics
/// If a verdict breaks one of the rules of this module.
pub fn judge_by_all(recording: &Recording, choices: u8) {
    by_types(recording);
    let Ok(calls) = Calls::pair(recording) else { return };
    let options = model_options(choices);
    for entry in models() {
        by_model(entry.name, &calls, &options);
    }
    let options = single_options(choices);
    for entry in checkers::checkers() {
        let judge = || checkers::judge(entry.name, &calls, &options).expect("it is on the list");
        let verdict = judge();
        assert_eq!(verdict, judge(), "{} is not sure", entry.name);
        assert_eq!(verdict.word() == Word::Invalid, !verdict.anomalies().is_empty(), "{}: no anomaly", entry.name);
        let named = verdict.anomalies().iter().flat_map(|anomaly| &anomaly.operations);
        named.for_each(|call| assert!((call.0 as usize) < calls.len(), "{} names a call that is none", entry.name));
    }
}

fn model_options(choices: u8) -> JudgeOptions {
    JudgeOptions {
        nil_read: [NilRead::Initial, NilRead::Wildcard][usize::from(choices & 1)],
        compat: [Compat::None, Compat::None, Compat::Knossos, Compat::Porcupine][usize::from(choices >> 1 & 3)],
        initial: [None, None, Some(1), Some(i64::MAX)][usize::from(choices >> 3 & 3)],
        permits: [None, None, Some(1), Some(0)][usize::from(choices >> 5 & 3)],
        least_first: choices >> 7 != 0,
        ..JudgeOptions::default()
    }
}

fn single_options(choices: u8) -> SingleOptions {
    let pairs = [
        ["total=10", "realtime=true", "linearizable=true", "limit=1", "window=3ms", "bound=5ms", "after=7ms"],
        [
            "negative-balances=true",
            "accounts=3",
            "group=2",
            "delivery=at-least-once",
            "order=true",
            "global=true",
            "limit=0",
        ],
        [
            "convergent=true",
            "slack=1ms",
            "delivery=at-most-once",
            "unordered=true",
            "bound=0ns",
            "after=0ns",
            "limit=2",
        ],
    ];
    let chosen = pairs.get(usize::from(choices & 3)).into_iter().flatten();
    SingleOptions::parse(chosen.copied()).expect("options are well formed")
}

fn by_model(name: &str, calls: &Calls<'_>, options: &JudgeOptions) {
    let judge = |budget| checkers::object::judge(name, calls, &JudgeOptions { budget, ..*options });
    let [little, more] = BUDGETS.map(judge);
    assert_eq!(little, judge(BUDGETS[0]), "{name} is not sure");
    let (Ok(little), Ok(more)) = (little, more) else { return };
    for (judged, budget) in [(&little, BUDGETS[0]), (&more, BUDGETS[1])] {
        is_sound(name, judged, calls, budget);
    }
    let is_known = |judged: &Judged| judged.word != Word::Unknown;
    if is_known(&little) && is_known(&more) {
        assert_eq!(little.word, more.word, "{name} changes its mind");
    }
}

fn is_sound(name: &str, judged: &Judged, calls: &Calls<'_>, budget: Budget) {
    assert_eq!(judged.word == Word::Invalid, !judged.violations.is_empty(), "{name}: no evidence");
    assert!(judged.word != Word::Unknown || !judged.reason.is_empty(), "{name}: unknown without a reason");
    for violation in &judged.violations {
        assert!(violation.calls.contains(&violation.culprit), "{name}: the culprit is no part of the witness");
        assert!(violation.calls.iter().all(|call| (*call as usize) < calls.len()), "{name}: a call that is none");
        assert_eq!(violation.calls.len(), violation.operations.len(), "{name}: a call without words");
    }
    let configurations = judged.evidence.iter().find(|(fact, _)| fact == "configurations");
    let spent: u64 = configurations.and_then(|(_, number)| number.parse().ok()).unwrap_or_default();
    // Every part of every object has the whole of a small budget, and there are no more parts than calls.
    assert!(spent <= budget.nodes * (calls.len() as u64 + 1), "{name} spent {spent}");
}

/// The checkers of histories that a data type understands.
fn by_types(recording: &Recording) {
    if let Ok(history) = History::<Register>::from_recording(recording) {
        by_type(&Linearizable::default(), &history);
    }
    if let Ok(history) = History::<Set>::from_recording(recording) {
        by_type(&SetChecker::default(), &history);
    }
    if let Ok(history) = History::<Lock>::from_recording(recording) {
        by_type(&LockChecker::new(3_000_000), &history);
    }
}

fn by_type<D: DataType>(checker: &impl Checker<D>, history: &History<D>) {
    let [little, more] = BUDGETS.map(|budget| checker.check(history, budget).word());
    if little != Word::Unknown && more != Word::Unknown {
        assert_eq!(little, more, "{} changes its mind", checker.name());
    }
    let _ = checkers::recovery(history, &[] as &[Fault], &[]);
}
