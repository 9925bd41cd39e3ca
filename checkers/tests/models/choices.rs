//! What may be chosen: what nil says, whose choices are followed, what a failed compare-and-set says.

use super::text::{Script, told, word};
use checkers::Word;
use checkers::object::{Compat, JudgeOptions, NilRead};

fn with(options: JudgeOptions, model: &str, script: &'static str, expected: Word) {
    assert_eq!(word(model, script, &options), expected, "{model} {options:?}: {script}");
}

/// A model, and a history that is legal only if a read of nil says nothing.
const NIL_READS: &[(&str, &str)] = &[
    ("register", "0 write 1 -> 1; 0 read nil -> nil; 0 read nil -> 1"),
    ("cas-register", "0 write 1 -> 1; 0 read nil -> nil; 0 cas [1 2] -> [1 2]"),
    (
        "multi-register",
        "0 txn [[:w 1 1]] -> [[:w 1 1]]; 0 txn [[:r 1 nil]] -> [[:r 1 nil]]; 0 txn [[:r 1 nil]] -> [[:r 1 1]]",
    ),
    ("versioned-register", "0 write [nil 1] -> [1 1]; 0 read [nil nil] -> [1 nil]; 0 read [nil nil] -> [1 1]"),
    ("kv", r#"0 put "a" -> "a"; 0 get nil -> nil; 0 get nil -> "a""#),
    ("set", "0 add 1 -> true; 0 read nil -> nil; 0 contains 1 -> true"),
    ("grow-only-set", "0 add 1 -> 1; 0 read nil -> nil; 0 read nil -> [1]"),
    ("append-log", "0 append 1 -> 1; 0 read nil -> nil; 0 read nil -> [1]"),
    ("counter", "0 add 1 -> 1; 0 read nil -> nil; 0 read nil -> 1"),
];

#[test]
fn a_read_of_nil_found_what_was_there_at_first_unless_it_says_nothing() {
    let wildcard = JudgeOptions { nil_read: NilRead::Wildcard, ..JudgeOptions::default() };
    for (model, script) in NIL_READS {
        with(JudgeOptions::default(), model, script, Word::Invalid);
        with(wildcard, model, script, Word::Valid);
    }
}

#[test]
fn knossos_takes_nil_for_nothing_where_it_has_registers_only() {
    let knossos = JudgeOptions { compat: Compat::Knossos, ..JudgeOptions::default() };
    for (model, script) in NIL_READS {
        let is_register = ["register", "cas-register", "multi-register"].contains(model);
        with(knossos, model, script, if is_register { Word::Valid } else { Word::Invalid });
    }
}

#[test]
fn knossos_lets_no_crashed_removal_take_anything() {
    let knossos = JudgeOptions { compat: Compat::Knossos, ..JudgeOptions::default() };
    let lost = [
        ("fifo-queue", "0 enqueue 1 -> 1; 0 enqueue 2 -> 2; 1 dequeue nil -> ?; 0 dequeue nil -> 2"),
        ("stack", "0 push 1 -> 1; 0 push 2 -> 2; 1 pop nil -> ?; 0 pop nil -> 1"),
        ("priority-queue", "0 insert 1 -> 1; 0 insert 2 -> 2; 1 poll nil -> ?; 0 poll nil -> 1"),
        ("bag", "0 enqueue 1 -> 1; 1 dequeue nil -> ?; 0 dequeue nil -> nil"),
    ];
    for (model, script) in lost {
        with(JudgeOptions::default(), model, script, Word::Valid);
        with(knossos, model, script, Word::Invalid);
    }
}

#[test]
fn knossos_agrees_about_crashed_and_failed_calls() {
    let knossos = JudgeOptions { compat: Compat::Knossos, ..JudgeOptions::default() };
    let scripts = [
        (
            "cas-register",
            "0 write 1 -> ?; 1 read nil -> ?; 2 read nil -> 1; 3 cas [1 2] -> !; 2 read nil -> 1",
            Word::Valid,
        ),
        ("cas-register", "0 write 1 -> !; 1 read nil -> 1", Word::Invalid),
        ("mutex", "0 acquire nil -> nil; 1 release nil -> nil; 2 acquire nil -> !; 1 acquire nil -> nil", Word::Valid),
        ("mutex", "0 acquire nil -> ?; 1 release nil -> nil; 1 release nil -> nil", Word::Invalid),
    ];
    for (model, script, expected) in scripts {
        with(JudgeOptions::default(), model, script, expected);
        with(knossos, model, script, expected);
    }
}

#[test]
fn porcupine_forces_crashed_calls_to_take_effect() {
    let porcupine = JudgeOptions { compat: Compat::Porcupine, ..JudgeOptions::default() };
    let script = "0 acquire nil -> nil; 1 acquire nil -> ?";
    with(JudgeOptions::default(), "mutex", script, Word::Valid);
    with(porcupine, "mutex", script, Word::Invalid);
}

#[test]
fn a_failed_compare_and_set_can_say_what_was_not_there() {
    let strict = JudgeOptions { strict_fail_cas: true, ..JudgeOptions::default() };
    let held = "0 write 1 -> 1; 1 cas [1 2] -> !; 0 read nil -> 1";
    with(JudgeOptions::default(), "cas-register", held, Word::Valid);
    with(strict, "cas-register", held, Word::Invalid);
    for model in ["register", "cas-register"] {
        with(strict, model, "0 write 1 -> 1; 1 cas [3 2] -> !; 0 read nil -> 1", Word::Valid);
        // Of writes that may have come between, one is enough.
        with(strict, model, "0 write 1 -> 1; 2 write 5 -> ?; 1 cas [1 2] -> !; 0 read nil -> 5", Word::Valid);
        with(strict, model, "0 write 1 -> 1; 2 write 5 -> ?; 1 cas [1 2] -> !", Word::Valid);
        with(strict, model, "0 write 1 -> 1; | 1 cas [1 2] -> !; 2 write 5 -> 5", Word::Valid);
        with(strict, model, "0 cas [nil 2] -> !", Word::Invalid);
        // Other calls that failed say nothing.
        with(strict, model, "0 write 1 -> 1; 0 write 2 -> !; 0 read nil -> !; 0 read nil -> 1", Word::Valid);
    }
}

#[test]
fn an_option_that_a_model_does_not_have_is_refused() {
    let strict = JudgeOptions { strict_fail_cas: true, ..JudgeOptions::default() };
    let error = told("fifo-queue", &Script("0 enqueue 1 -> 1").edn(), false, &strict).unwrap_err();
    assert_eq!(error, "fifo-queue has no option strict-fail-cas");
    let permits = JudgeOptions { permits: Some(3), ..JudgeOptions::default() };
    let error = told("cas-register", &Script("0 write 1 -> 1").edn(), false, &permits).unwrap_err();
    assert_eq!(error, "cas-register has no option permits");
}

#[test]
fn sizes_and_first_values_can_be_told() {
    let permits = JudgeOptions { permits: Some(3), ..JudgeOptions::default() };
    with(permits, "semaphore", "0 acquire 2 -> 2; 1 acquire 1 -> 1", Word::Valid);
    with(permits, "reentrant-mutex", "0 acquire nil -> nil; 0 acquire nil -> nil; 0 acquire nil -> nil", Word::Valid);
    with(permits, "fenced-mutex", "0 acquire nil -> 4; 0 acquire nil -> 4", Word::Valid);
    let initial = JudgeOptions { initial: Some(7), ..JudgeOptions::default() };
    with(initial, "register", "0 read nil -> 7; 0 read nil -> nil", Word::Valid);
    with(initial, "fetch-and-increment", "0 generate nil -> 7; 0 generate nil -> 8", Word::Valid);
    let least = JudgeOptions { least_first: true, ..JudgeOptions::default() };
    with(least, "priority-queue", "0 insert 1 -> 1; 0 insert 2 -> 2; 0 poll nil -> 1", Word::Valid);
}
