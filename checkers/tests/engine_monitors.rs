//! Every model with a monitor has it asked first; what it says is told, confirmed, and where it says nothing, searched.

use checkers::Word;
use checkers::object::{JudgeOptions, Judged, judge};
use history::{Calls, ReadOptions, read_bytes};

/// The function of a call, what was asked, and what was answered.
type Call = (&'static str, &'static str, &'static str);

/// Judges calls that one process made one after the other.
fn judged(model: &str, calls: &[Call]) -> Judged {
    let mut text = String::new();
    for (f, asked, answered) in calls {
        for (kind, value) in [("invoke", asked), ("ok", answered)] {
            text.push_str(&format!("{{:type :{kind}, :process 0, :f :{f}, :value {value}}}\n"));
        }
    }
    let read = ReadOptions { independent: false, ..ReadOptions::default() };
    let recording = read_bytes(text.as_bytes(), &read).unwrap();
    judge(model, &Calls::pair(&recording).unwrap(), &JudgeOptions::default()).unwrap()
}

fn decided_by(judged: &Judged, engine: &str) -> bool {
    judged.evidence.iter().any(|(name, parts)| *name == format!("decided by {engine}") && parts == "1")
}

/// Of each model calls that are legal, and one more that is not after them.
const HISTORIES: [(&str, &[Call]); 12] = [
    ("register", &[("write", "1", "1"), ("read", "nil", "1"), ("read", "nil", "2")]),
    ("cas-register", &[("write", "1", "1"), ("cas", "[1 2]", "[1 2]"), ("read", "nil", "1")]),
    ("owner-mutex", &[("acquire", "nil", "nil"), ("release", "nil", "nil"), ("release", "nil", "nil")]),
    ("semaphore", &[("acquire", "1", "1"), ("release", "1", "1"), ("release", "1", "1")]),
    ("fifo-queue", &[("enqueue", "1", "1"), ("dequeue", "nil", "1"), ("dequeue", "nil", "1")]),
    ("stack", &[("push", "1", "1"), ("push", "2", "2"), ("pop", "nil", "1")]),
    ("priority-queue", &[("insert", "1", "1"), ("insert", "2", "2"), ("poll", "nil", "1")]),
    ("set", &[("add", "1", "true"), ("contains", "1", "true"), ("contains", "1", "false")]),
    ("grow-only-set", &[("add", "1", "1"), ("read", "nil", "[1]"), ("read", "nil", "[]")]),
    ("append-log", &[("append", "1", "1"), ("append", "2", "2"), ("read", "nil", "[2 1]")]),
    ("counter", &[("add", "1", "1"), ("read", "nil", "1"), ("read", "nil", "2")]),
    ("fetch-and-increment", &[("generate", "nil", "0"), ("generate", "nil", "1"), ("generate", "nil", "1")]),
];

#[test]
fn monitors_are_asked_first() {
    for (model, calls) in HISTORIES {
        let good = judged(model, &calls[..2]);
        assert_ne!(good.word, Word::Invalid, "{model}: {good:#?}");
        assert!(decided_by(&good, "monitor"), "{model}: {good:#?}");
    }
}

#[test]
fn what_a_monitor_refutes_two_searches_confirm() {
    for (model, calls) in HISTORIES {
        let bad = judged(model, calls);
        assert_eq!(bad.word, Word::Invalid, "{model}: {bad:#?}");
        assert!(decided_by(&bad, "monitor"), "{model}: {bad:#?}");
        let [violation] = &bad.violations[..] else { panic!("{model}: {bad:#?}") };
        assert_eq!((violation.culprit, violation.engine), (2, "monitor"), "{model}: {violation:#?}");
        assert_eq!(violation.confirmed_by, ["just-in-time search", "Wing-Gong search"], "{model}");
    }
}

#[test]
fn what_a_monitor_cannot_judge_is_searched() {
    let twice = [("write", "1", "1"), ("write", "1", "1"), ("read", "nil", "1"), ("read", "nil", "2")];
    assert!(decided_by(&judged("register", &twice[..3]), "just-in-time search"));
    let bad = judged("register", &twice);
    assert_eq!(bad.violations.first().map(|violation| violation.culprit), Some(3), "{bad:#?}");
}
