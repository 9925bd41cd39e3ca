//! Of each model a history that it allows and one that it does not, in both formats.

use super::text::word;
use checkers::Word;
use checkers::object::{JudgeOptions, models};

/// A model, a history that it allows, and one that it does not.
const HISTORIES: &[(&str, &str, &str)] = &[
    (
        "register",
        "0 read nil -> nil; 0 write 1 -> 1; | 1 write 2 -> 2; 0 read nil -> 2; 1 read nil -> 2",
        "0 write 1 -> 1; 1 write 2 -> 2; 0 read nil -> 1",
    ),
    (
        "cas-register",
        "0 cas [nil 1] -> [nil 1]; 1 cas [1 2] -> [1 2]; 2 cas [2 3] -> ?; 3 cas [9 1] -> !; 0 read nil -> 3",
        "0 write 1 -> 1; 1 cas [2 3] -> [2 3]; 0 read nil -> 3",
    ),
    (
        "multi-register",
        "0 txn [[:write 1 7] [:w 2 8]] -> [[:write 1 7] [:w 2 8]]; 1 txn [[:read 1 nil] [:r 2 nil]] -> [[:read 1 7] [:r 2 8]]",
        "0 txn [[:write 1 7] [:write 2 8]] -> [[:write 1 7] [:write 2 8]]; \
         1 txn [[:read 1 nil] [:read 2 nil]] -> [[:read 1 7] [:read 2 nil]]",
    ),
    (
        "versioned-register",
        "0 read [nil nil] -> [0 nil]; 0 write [nil 5] -> [1 5]; 1 cas [nil [5 6]] -> [2 [5 6]]; \
         1 cas-version [nil [2 7]] -> [3 [2 7]]; 0 read [nil nil] -> [3 7]; 1 write [nil 8] -> ?",
        "0 write [nil 5] -> [1 5]; 1 write [nil 5] -> [2 5]; 0 read [nil nil] -> [1 5]",
    ),
    (
        "kv",
        r#"0 get nil -> ""; 0 put "a" -> "a"; 1 append "b" -> "b"; 2 append "c" -> ?; 0 get nil -> "abc"; 0 read nil -> "abc""#,
        r#"0 put "a" -> "a"; 1 append "b" -> "b"; 0 get nil -> "ba""#,
    ),
    (
        "mutex",
        "0 acquire nil -> nil; 1 release nil -> nil; 2 lock nil -> ?; 3 unlock nil -> nil",
        "0 acquire nil -> nil; 1 acquire nil -> nil",
    ),
    (
        "owner-mutex",
        "0 acquire nil -> nil; 0 release nil -> nil; 1 lock {:client :a} -> {:client :a}; 2 unlock {:client :a} -> {:client :a}",
        "0 acquire nil -> nil; 1 release nil -> nil",
    ),
    (
        "reentrant-mutex",
        "0 acquire nil -> nil; 0 acquire nil -> nil; 0 release nil -> nil; 0 release nil -> nil; 1 acquire nil -> nil",
        "0 acquire nil -> nil; 0 acquire nil -> nil; 0 release nil -> nil; 1 acquire nil -> nil",
    ),
    (
        "fenced-mutex",
        "0 acquire nil -> 1; 0 release nil -> nil; 1 acquire nil -> {:client :b :fence 5}; 2 release {:client :b} -> {:client :b}; \
         3 lock nil -> {:token 6}; 3 unlock nil -> nil; 0 acquire nil -> 0",
        "0 acquire nil -> 2; 0 release nil -> nil; 1 acquire nil -> 1",
    ),
    (
        "semaphore",
        "0 acquire 1 -> 1; 1 acquire nil -> nil; 0 release 1 -> 1; 2 acquire {:client 7 :permits 1} -> nil",
        "0 acquire 2 -> 2; 1 acquire 1 -> 1",
    ),
    (
        "fifo-queue",
        "0 dequeue nil -> nil; 0 enqueue 1 -> 1; 1 offer 2 -> 2; 0 dequeue nil -> 1; 1 poll nil -> 2; 1 take nil -> nil",
        "0 enqueue 1 -> 1; 1 enqueue 2 -> 2; 0 dequeue nil -> 2",
    ),
    (
        "bag",
        "0 enqueue 1 -> 1; 1 enqueue 2 -> 2; 0 dequeue nil -> 2; 2 dequeue nil -> ?; 1 dequeue nil -> nil",
        "0 enqueue 1 -> 1; 0 dequeue nil -> 1; 1 dequeue nil -> 1",
    ),
    (
        "stack",
        "0 push 1 -> 1; 1 push 2 -> 2; 0 pop nil -> 2; 1 pop nil -> 1; 1 pop nil -> nil",
        "0 push 1 -> 1; 1 push 2 -> 2; 0 pop nil -> 1",
    ),
    (
        "priority-queue",
        "0 insert 1 -> 1; 1 offer 3 -> 3; 2 add 2 -> 2; 0 poll nil -> 3; 1 take nil -> 2; 2 remove nil -> 1; 0 poll nil -> nil",
        "0 insert 1 -> 1; 1 insert 2 -> 2; 0 poll nil -> 1",
    ),
    (
        "set",
        "0 add 1 -> true; 1 insert 1 -> false; 0 contains 1 -> true; 0 contains 2 -> [2 false]; 0 read nil -> [1]; \
         1 remove 1 -> true; 1 delete 1 -> false; 0 contains nil -> [1 false]; 0 read nil -> []; 0 add 3 -> 3; 0 read nil -> [3]",
        "0 add 1 -> true; 1 remove 1 -> true; 0 contains 1 -> true",
    ),
    (
        "grow-only-set",
        "0 add 1 -> 1; 1 broadcast 2 -> 2; 2 add 3 -> ?; 0 read nil -> [2 1]; 0 read nil -> [3 1 2]",
        "0 add 1 -> 1; 1 add 2 -> 2; 0 read nil -> [2]",
    ),
    (
        "append-log",
        "0 append 1 -> 1; 1 add 2 -> 2; 0 read nil -> [1 2]",
        "0 append 1 -> 1; 1 append 2 -> 2; 0 read nil -> [2 1]",
    ),
    (
        "counter",
        "0 add 5 -> 5; 1 subtract 2 -> 2; 0 read nil -> 3; 0 increment nil -> nil; 0 dec 1 -> 1; 0 read nil -> 3; \
         0 add-and-get 4 -> 7; 0 fetch-and-add 3 -> 7; 0 increment-and-get nil -> 11; 1 add-and-get 2 -> ?; 0 read nil -> 13",
        "0 add 5 -> 5; 0 add-and-get 2 -> 6",
    ),
    (
        "fetch-and-increment",
        "0 fetch-and-increment nil -> 0; 1 generate nil -> 1; 2 next nil -> ?; 0 inc nil -> 3",
        "0 fetch-and-increment nil -> 0; 1 fetch-and-increment nil -> 0",
    ),
];

#[test]
fn every_model_allows_one_history_and_not_the_other() {
    let options = JudgeOptions::default();
    for (model, valid, invalid) in HISTORIES {
        assert_eq!(word(model, valid, &options), Word::Valid, "{model}: {valid}");
        assert_eq!(word(model, invalid, &options), Word::Invalid, "{model}: {invalid}");
    }
}

#[test]
fn no_model_is_left_out() {
    let tried: Vec<&str> = HISTORIES.iter().map(|(model, ..)| *model).collect();
    assert_eq!(tried, models().iter().map(|entry| entry.name).collect::<Vec<_>>());
}
