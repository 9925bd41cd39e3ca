//! What is told of calls that are none of a model's, of keys, and of strings and other values.

use super::text::{Script, told, word};
use checkers::Word;
use checkers::object::{JudgeOptions, models};

/// A model, one call of the wrong shape, and what is told.
const WRONG: &[(&str, &str, &str)] = &[
    ("cas-register", "0 cas 1 -> 1", "a vector of two as the value of cas"),
    ("cas-register", "0 cas [1 2 3] -> [1 2 3]", "a vector of two as the value of cas"),
    ("multi-register", "0 txn 1 -> 1", "a vector of steps as the value of txn"),
    ("multi-register", "0 txn [1] -> [1]", "a step [:read key value] or [:write key value]"),
    ("multi-register", "0 txn [[:swap 1 2]] -> [[:swap 1 2]]", "a step :read or :write"),
    ("versioned-register", "0 read nil -> 3", "a vector of two as the value of read"),
    ("versioned-register", "0 cas [nil 3] -> [1 3]", "a vector of two as the value of cas"),
    ("versioned-register", "0 cas-version [nil [:a 3]] -> [1 [:a 3]]", "an integer as the value of cas-version"),
    ("priority-queue", "0 insert :high -> :high", "an integer as the value of insert"),
    ("set", "0 contains 1 -> 1", "true, false, or [element true] as the answer of contains"),
    ("set", "0 read nil -> 3", "a list as the value of read"),
    ("grow-only-set", "0 read nil -> 3", "a list as the value of read"),
    ("append-log", "0 read nil -> 3", "a list as the value of read"),
    ("counter", "0 add :one -> :one", "an integer as the value of add"),
    ("counter", "0 read nil -> :one", "an integer as the value of read"),
    ("counter", "0 add-and-get 1 -> nil", "an integer as the value of add-and-get"),
    ("counter", "0 add-and-get nil -> 1", "an integer as the value of add-and-get"),
    ("fetch-and-increment", "0 generate nil -> nil", "an integer as the value of generate"),
    ("semaphore", "0 acquire :two -> :two", "a number of permits as the value of acquire"),
    ("semaphore", "0 release -1 -> -1", "a number of permits as the value of release"),
];

#[test]
fn a_wrong_shape_is_told_with_its_line() {
    for (model, script, expected) in WRONG {
        let script = Script(script);
        for text in [script.edn(), script.json()] {
            let error = told(model, &text, false, &JudgeOptions::default());
            let error = error.expect_err(&format!("{model}: {text}"));
            let line = text.lines().count() - 1;
            assert_eq!(error, format!("line {line}: expected {expected}"), "{model}: {text}");
        }
    }
}

#[test]
fn a_function_that_no_model_knows_is_told_with_those_that_it_knows() {
    for entry in models() {
        let text = Script("0 frobnicate [1 [2 3]] -> [1 [2 3]]").edn();
        let error = told(entry.name, &text, false, &JudgeOptions::default());
        // Several registers are known by the shape of the value alone.
        if entry.name == "multi-register" {
            assert!(error.is_err());
            continue;
        }
        let error = error.expect_err(entry.name);
        assert!(error.starts_with("line 1: expected one of the functions "), "{}: {error}", entry.name);
        assert!(error.ends_with(", not \"frobnicate\""), "{}: {error}", entry.name);
    }
}

#[test]
fn the_documented_functions_are_the_ones_in_the_message() {
    for entry in models().iter().filter(|entry| entry.name != "multi-register") {
        let error =
            told(entry.name, &Script("0 frobnicate [1 [2 3]] -> [1 [2 3]]").edn(), false, &JudgeOptions::default());
        let error = error.unwrap_err();
        for function in entry.functions.split(';').filter_map(|part| part.split_whitespace().next()) {
            let is_told = error.contains(&format!("{function},")) || error.contains(&format!("{function} "));
            assert!(is_told || function == "the", "{}: {function} is not in {error}", entry.name);
        }
    }
}

#[test]
fn an_answer_that_nobody_can_have_put_in_is_a_violation() {
    let options = JudgeOptions::default();
    assert_eq!(word("priority-queue", "0 insert 1 -> 1; 0 poll nil -> :high", &options), Word::Invalid);
    assert_eq!(word("fifo-queue", "0 enqueue 1 -> 1; 0 dequeue nil -> :high", &options), Word::Invalid);
    assert_eq!(word("grow-only-set", "0 add 1 -> 1; 0 read nil -> [1 :high]", &options), Word::Invalid);
}

#[test]
fn emptiness_is_nil_or_a_keyword() {
    let options = JudgeOptions::default();
    for empty in [":empty", ":exhausted", "nil"] {
        let text = format!(
            "{{:type :invoke, :process 0, :f :dequeue}} {{:type :ok, :process 0, :f :dequeue, :value {empty}}}"
        );
        assert_eq!(told("fifo-queue", &text, false, &options).unwrap().word, Word::Valid, "{empty}");
    }
    // A string may be an element.
    assert_eq!(word("fifo-queue", r#"0 enqueue "empty" -> "empty"; 0 dequeue nil -> "empty""#, &options), Word::Valid);
    assert_eq!(word("fifo-queue", r#"0 dequeue nil -> "empty""#, &options), Word::Invalid);
}

#[test]
fn keys_are_judged_apart() {
    let valid = "0 write [1 5] -> [1 5]; 0 write [2 6] -> [2 6]; 1 read [1 nil] -> [1 5]; 1 cas [2 [6 7]] -> [2 [6 7]]; 1 read [2 nil] -> [2 7]";
    let broken = "0 write [1 5] -> [1 5]; 0 write [:b 6] -> [:b 6]; 1 read [1 nil] -> [1 5]; 1 read [:b nil] -> [:b 5]";
    let options = JudgeOptions::default();
    for text in [Script(valid).edn(), Script(valid).json()] {
        assert_eq!(told("cas-register", &text, true, &options).unwrap().word, Word::Valid, "{text}");
    }
    for text in [Script(broken).edn(), Script(broken).json()] {
        let judged = told("cas-register", &text, true, &options).unwrap();
        assert_eq!((judged.word, judged.violations.len()), (Word::Invalid, 1), "{text}: {judged:#?}");
        assert!(judged.violations[0].explanation.starts_with("key "), "{judged:#?}");
    }
    // Without keys each write would be of another pair.
    assert_eq!(
        word("register", "0 write [1 5] -> [1 5]; 0 write [2 6] -> [2 6]; 1 read nil -> [2 6]", &options),
        Word::Valid
    );
}

#[test]
fn values_are_equal_by_kind_and_content() {
    let options = JudgeOptions::default();
    assert_eq!(word("register", r#"0 write "a" -> "a"; 0 read nil -> "a""#, &options), Word::Valid);
    assert_eq!(word("register", r#"0 write "1" -> "1"; 0 read nil -> 1"#, &options), Word::Invalid);
    assert_eq!(word("register", "0 write 1.5 -> 1.5; 0 read nil -> 1.5", &options), Word::Valid);
    assert_eq!(word("register", "0 write [1 2] -> [1 2]; 0 read nil -> [1 2]", &options), Word::Valid);
    assert_eq!(word("fifo-queue", r#"0 enqueue "a" -> "a"; 0 dequeue nil -> "a""#, &options), Word::Valid);
    assert_eq!(
        word("grow-only-set", r#"0 add "a" -> "a"; 0 add 1 -> 1; 0 read nil -> [1 "a"]"#, &options),
        Word::Valid
    );
}
