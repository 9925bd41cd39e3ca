//! Small random histories against definitions written down as directly as can be: all pairs, all windows, all orders.

use crate::notation::{options, recording, words};
use checkers::{Verdict, judge};
use history::{CallOutcome, Calls, Value, ValueId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A call as definitions look at it. Times are rows.
#[derive(Clone, Debug)]
pub struct Plain {
    pub process: i64,
    pub f: String,
    pub argument: Vec<Option<i64>>,
    pub result: Vec<Option<i64>>,
    pub outcome: CallOutcome,
    pub begin: i64,
    pub end: i64,
    /// The row of the completion, also of an info; that of the invocation if there is none.
    pub over: i64,
    pub key: Option<i64>,
    pub node: Option<String>,
}

impl Plain {
    pub fn is(&self, f: &str) -> bool {
        self.f == f && self.outcome == CallOutcome::Ok
    }
    pub fn may(&self, f: &str) -> bool {
        self.f == f && self.outcome != CallOutcome::Fail
    }
    pub fn failed(&self, f: &str) -> bool {
        self.f == f && self.outcome == CallOutcome::Fail
    }
    pub fn crashed(&self, f: &str) -> bool {
        self.f == f && self.outcome == CallOutcome::Info
    }
}

/// The numbers of a value in their order; those of a map in the order of its keys' names. None for what is no number.
pub fn numbers(calls: &Calls, id: ValueId) -> Vec<Option<i64>> {
    let values = calls.recording().values();
    if let Some(entries) = values.get(id).entries(values) {
        let name =
            |key: ValueId| values.get(key).name().map_or_else(|| format!("{:?}", values.get(key)), str::to_owned);
        let mut entries: Vec<(String, ValueId)> = entries.map(|(key, value)| (name(key), value)).collect();
        entries.sort();
        return entries.into_iter().flat_map(|(_, value)| numbers(calls, value)).collect();
    }
    match values.get(id) {
        Value::Vector(elements) => elements.iter().flat_map(|element| numbers(calls, *element)).collect(),
        Value::Int(number) => vec![Some(number)],
        _ => vec![None],
    }
}

pub fn plain(calls: &Calls) -> Vec<Plain> {
    let row = |row: Option<u32>, none: i64| row.map_or(none, i64::from);
    let one = |(position, call): (usize, history::Call)| Plain {
        process: call.process,
        f: calls.function(position).to_owned(),
        argument: numbers(calls, call.argument),
        result: numbers(calls, call.result),
        outcome: call.outcome,
        begin: row(call.invoked, -1),
        end: row(call.returned, i64::MAX),
        over: row(call.completion, row(call.invoked, -1)),
        key: call.key.and_then(|key| numbers(calls, key)[0]),
        node: call
            .invoked
            .and_then(|row| calls.recording().event(row).node)
            .map(|node| calls.recording().values().get(node).name().expect("a node has a name").to_owned()),
    };
    calls.iter().enumerate().map(one).collect()
}

/// How many histories are tried.
pub fn rounds() -> usize {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 100_000 } else { 10_000 }
}

/// Three clients that do what `choose` says: a function, an argument, and what an acknowledgement says.
pub fn history(rng: &mut ChaCha8Rng, most: u32, mut choose: impl FnMut(&mut ChaCha8Rng) -> [String; 3]) -> String {
    let (mut text, mut left) = (String::new(), rng.random_range(2..=most));
    let mut clients: [(i64, Option<[String; 3]>); 3] = [(0, None), (1, None), (2, None)];
    while left > 0 || clients.iter().any(|client| client.1.is_some()) {
        let (process, pending) = &mut clients[rng.random_range(0..3)];
        match pending.take() {
            None if left > 0 => {
                let call = choose(rng);
                left -= 1;
                writeln!(text, "{process} i {} {}", call[0], call[1]).unwrap();
                *pending = Some(call);
            }
            None => {}
            Some([f, argument, result]) => match rng.random_range(0..10) {
                0 => writeln!(text, "{process} f {f} {argument}").unwrap(),
                1 => {
                    writeln!(text, "{process} c {f} {argument}").unwrap();
                    *process += 3;
                }
                _ => writeln!(text, "{process} o {f} {result}").unwrap(),
            },
        }
    }
    text
}

/// Judges random histories, and compares the names of the anomalies with those that the definition finds.
pub fn compare(
    checker: &str,
    with: &str,
    most: u32,
    choose: impl Fn(&mut ChaCha8Rng) -> [String; 3],
    definition: impl Fn(&[Plain]) -> BTreeSet<&'static str>,
) {
    compare_after(checker, with, "", most, choose, definition);
}

/// The same, with events before each history.
pub fn compare_after(
    checker: &str,
    with: &str,
    before: &str,
    most: u32,
    choose: impl Fn(&mut ChaCha8Rng) -> [String; 3],
    definition: impl Fn(&[Plain]) -> BTreeSet<&'static str>,
) {
    let rounds = rounds();
    let (mut invalid, mut rng) = (0, ChaCha8Rng::seed_from_u64(17));
    for _ in 0..rounds {
        let text = before.to_owned() + &history(&mut rng, most, &choose);
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let verdict = judge(checker, &calls, &options(with)).unwrap();
        let is_bug = matches!(&verdict, Verdict::Unknown { reason, .. } if reason.contains("bug"));
        let names: Vec<&str> = definition(&plain(&calls)).into_iter().collect();
        let found = if verdict.anomalies().is_empty() { String::new() } else { words(&verdict) };
        assert!(!is_bug && found == names.join(" "), "{checker} {with}: {names:?}\n{text}\n{verdict:#?}");
        invalid += usize::from(!names.is_empty());
    }
    assert!(
        invalid * 50 > rounds && invalid < rounds,
        "{checker}: {invalid} of {rounds} are invalid, which tests little"
    );
}

pub fn call(f: &str, argument: impl ToString, result: impl ToString) -> [String; 3] {
    [f.to_owned(), argument.to_string(), result.to_string()]
}

pub fn same(f: &str, value: impl ToString) -> [String; 3] {
    call(f, value.to_string(), value.to_string())
}

/// Some of the numbers below `below` as an array, now and then one twice.
pub fn some(rng: &mut ChaCha8Rng, below: i64) -> String {
    let mut numbers: Vec<i64> = (0..below).filter(|_| rng.random_bool(0.7)).collect();
    if !numbers.is_empty() && rng.random_ratio(1, 12) {
        numbers.push(numbers[0]);
    }
    format!("{numbers:?}")
}

pub fn pairs(calls: &[Plain]) -> impl Iterator<Item = (&Plain, &Plain)> {
    calls.iter().flat_map(move |one| calls.iter().map(move |other| (one, other)))
}

#[test]
fn counters_keep_their_bounds() {
    let choose = |rng: &mut ChaCha8Rng| match rng.random_bool(0.5) {
        true => same("add", rng.random_range(0..3)),
        false => call("read", "null", rng.random_range(0..5)),
    };
    compare("counter", "", 8, choose, |calls| {
        let mut names = BTreeSet::new();
        for read in calls.iter().filter(|call| call.is("read")) {
            let value = read.result[0].unwrap();
            let least: i64 = calls
                .iter()
                .filter(|add| add.is("add") && add.end < read.begin)
                .map(|add| add.argument[0].unwrap())
                .sum();
            let most: i64 = calls
                .iter()
                .filter(|add| add.may("add") && add.begin < read.end)
                .map(|add| add.argument[0].unwrap())
                .sum();
            names.extend((value < least).then_some("counter-too-low"));
            names.extend((value > most).then_some("counter-too-high"));
            let back = |one: &&Plain| one.is("read") && one.end < read.begin && one.result[0].unwrap() > value;
            names.extend(calls.iter().find(back).map(|_| "non-monotonic-read"));
        }
        names
    });
}

#[test]
fn counters_that_fall_keep_their_bounds() {
    let choose = |rng: &mut ChaCha8Rng| match rng.random_bool(0.5) {
        true => same("add", [-2, -1, 1, 3][rng.random_range(0..4)]),
        false => call("read", "null", rng.random_range(-2..4)),
    };
    // Every subset of what is doubtful, one by one.
    compare("counter", "", 7, choose, |calls| {
        let mut names = BTreeSet::new();
        if calls.iter().all(|call| call.f != "add" || call.argument[0] > Some(0)) {
            for (one, other) in pairs(calls).filter(|(one, other)| one.is("read") && other.is("read")) {
                names.extend((one.end < other.begin && one.result > other.result).then_some("non-monotonic-read"));
            }
        }
        for read in calls.iter().filter(|call| call.is("read")) {
            let adds = |sure: bool| {
                let mine = calls.iter().filter(move |add| add.may("add") && add.begin < read.end);
                mine.filter(move |add| (add.is("add") && add.end < read.begin) == sure)
                    .map(|add| add.argument[0].unwrap())
            };
            let doubtful: Vec<i64> = adds(false).collect();
            let sums = (0..1_u32 << doubtful.len()).map(|mask| {
                adds(true).sum::<i64>()
                    + (0..doubtful.len()).filter(|at| mask >> at & 1 == 1).map(|at| doubtful[at]).sum::<i64>()
            });
            let sums: BTreeSet<i64> = sums.collect();
            let value = read.result[0].unwrap();
            names.extend((value < *sums.first().unwrap()).then_some("counter-too-low"));
            names.extend((value > *sums.last().unwrap()).then_some("counter-too-high"));
        }
        names
    });
}

#[test]
fn forks_are_pairs_of_reads() {
    let choose = |rng: &mut ChaCha8Rng| {
        let mut value = || if rng.random_bool(0.7) { "1" } else { "null" };
        let read = format!("[[\"r\",1,{}],[\"r\",2,{}],[\"r\",3,{}]]", value(), value(), value());
        call("read", "null", read)
    };
    compare("long-fork", "", 6, choose, |calls| {
        let seen = |call: &Plain| -> BTreeSet<usize> {
            call.result.chunks(3).enumerate().filter(|(_, mop)| mop[2].is_some()).map(|(place, _)| place).collect()
        };
        let is_fork = |(one, other): (&Plain, &Plain)| {
            let (one, other) = (seen(one), seen(other));
            !one.is_subset(&other) && !other.is_subset(&one)
        };
        let reads: Vec<Plain> = calls.iter().filter(|call| call.is("read")).cloned().collect();
        pairs(&reads).any(is_fork).then_some("long-fork").into_iter().collect()
    });
}

#[test]
fn ids_are_compared_pair_by_pair() {
    let choose = |rng: &mut ChaCha8Rng| call("generate", "null", rng.random_range(0..25));
    for (with, slack) in [("", None), ("order=true", Some(0)), ("order=true slack=2ms", Some(2))] {
        compare("unique-ids", with, 6, choose, |calls| {
            let mut names = BTreeSet::new();
            let ids: Vec<Plain> = calls.iter().filter(|call| call.is("generate")).cloned().collect();
            for (one, other) in pairs(&ids) {
                names.extend((one.begin != other.begin && one.result == other.result).then_some("duplicate-ids"));
                let is_late = slack.is_some_and(|slack| one.end + slack < other.begin);
                names.extend((is_late && one.result > other.result).then_some("order-inversion"));
            }
            names
        });
    }
}

#[test]
fn queues_are_multisets() {
    let choose = |rng: &mut ChaCha8Rng| match rng.random_range(0..10) {
        0..5 => same("enqueue", rng.random_range(0..8)),
        5..8 => call("dequeue", "null", rng.random_range(0..8)),
        8 => call("dequeue", "null", "null"),
        _ => call("drain", "null", format!("[{}]", rng.random_range(0..8))),
    };
    for (with, may_lose, may_repeat) in
        [("", false, false), ("delivery=at-least-once", false, true), ("delivery=at-most-once", true, false)]
    {
        compare("total-queue", with, 8, choose, |calls| {
            let out: Vec<i64> = calls
                .iter()
                .filter(|call| call.is("dequeue") || call.is("drain"))
                .flat_map(|call| call.result.iter().flatten().copied())
                .collect();
            let mut names = BTreeSet::new();
            let mut attempts: Vec<Option<i64>> =
                calls.iter().filter(|c| c.may("enqueue")).map(|c| c.argument[0]).collect();
            let (attempted, failed) =
                (attempts.clone(), |value| calls.iter().any(|c| c.failed("enqueue") && c.argument[0] == Some(value)));
            for value in &out {
                if let Some(place) = attempts.iter().position(|attempt| *attempt == Some(*value)) {
                    attempts.remove(place);
                } else if attempted.contains(&Some(*value)) {
                    names.extend((!may_repeat).then_some("duplicated"));
                } else {
                    names.insert(if failed(*value) { "revived" } else { "unexpected" });
                }
            }
            let empty = |call: &&Plain| call.is("drain") || call.is("dequeue") && call.result[0].is_none();
            let emptied = calls.iter().filter(empty).map(|call| call.begin).max().unwrap_or(-1);
            // Of each value: more that were in before the queue was emptied than ever came out.
            let count = |value: i64| {
                let in_before =
                    |call: &&Plain| call.is("enqueue") && call.argument[0] == Some(value) && call.end < emptied;
                let came = out.iter().filter(|other| **other == value).count();
                calls.iter().filter(in_before).count().saturating_sub(came)
            };
            let lost: usize = (0..8).map(count).sum();
            let takers = calls.iter().filter(|call| call.crashed("dequeue")).count();
            let is_open = calls.iter().any(|call| call.crashed("drain"));
            names.extend((!may_lose && !is_open && lost > takers).then_some("lost"));
            names
        });
    }
}

#[test]
fn windows_are_all_tried() {
    let choose = |_: &mut ChaCha8Rng| call("request", "null", "true");
    compare("rate-limiter", "limit=2 window=8ms", 7, choose, |calls| {
        let is_full = |start: i64| {
            calls.iter().filter(|call| call.is("request") && call.begin >= start && call.end < start + 8).count() > 2
        };
        (0..30).any(is_full).then_some("rate-limit-exceeded").into_iter().collect()
    });
}

#[test]
fn causes_of_writes_are_seen_with_them() {
    let next = std::cell::Cell::new(0);
    let choose = |rng: &mut ChaCha8Rng| {
        next.set((next.get() + 1) % 1_000_000);
        if rng.random_bool(0.6) { same("write", next.get()) } else { call("read", "null", "[SEEN]") }
    };
    let rounds = rounds();
    let (mut rng, mut invalid) = (ChaCha8Rng::seed_from_u64(5), 0);
    for _ in 0..rounds {
        next.set(0);
        let text = history(&mut rng, 8, choose);
        let text =
            text.split_inclusive("[SEEN]").map(|part| part.replace("[SEEN]", &some(&mut rng, 9).replace('0', "1")));
        let text: String = text.collect();
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let verdict = judge("causal-reverse", &calls, &options("")).unwrap();
        let found = verdict.anomalies().iter().any(|anomaly| anomaly.name == "causal-reverse");
        let calls = plain(&calls);
        let hidden = |read: &Plain| {
            pairs(&calls).any(|(one, other)| {
                let both = one.is("write") && other.may("write") && one.end < other.begin;
                both && read.result.contains(&other.argument[0]) && !read.result.contains(&one.argument[0])
            })
        };
        let expected = calls.iter().any(|read| read.is("read") && hidden(read));
        assert_eq!(found, expected, "{text}\n{verdict:#?}");
        invalid += usize::from(expected);
    }
    assert!(invalid * 20 > rounds && invalid < rounds, "{invalid}");
}

/// What a set's anomalies of presence are, beside what is lost or stale.
fn presence(calls: &[Plain], names: &mut BTreeSet<&'static str>) {
    for read in calls.iter().filter(|call| call.is("read")) {
        for value in &read.result {
            let adds = || calls.iter().filter(|call| call.f == "add" && call.argument[0] == *value);
            let may = adds().any(|add| add.may("add"));
            let twice = read.result.iter().filter(|other| *other == value).count() > 1;
            names.extend(twice.then_some("duplicated"));
            names.extend(
                (adds().next().is_none() || may && adds().all(|add| read.end < add.begin)).then_some("phantom"),
            );
            names.extend((adds().next().is_some() && !may).then_some("revived"));
        }
    }
}

#[test]
fn elements_of_sets_are_followed_one_by_one() {
    for (checker, with) in [("set", ""), ("set-full", ""), ("set-full", "linearizable=true")] {
        let rounds = rounds();
        let (mut rng, mut invalid) = (ChaCha8Rng::seed_from_u64(23), 0);
        for _ in 0..rounds {
            let next = std::cell::Cell::new(-1);
            let text = history(&mut rng, 8, |rng| {
                next.set(next.get() + i64::from(next.get() < 8));
                match rng.random_bool(0.5) {
                    true => same("add", next.get()),
                    false => call("read", "null", some(rng, next.get())),
                }
            });
            let recording = recording(&text);
            let calls = Calls::pair(&recording).unwrap();
            let verdict = judge(checker, &calls, &options(with)).unwrap();
            let found = if verdict.anomalies().is_empty() { String::new() } else { words(&verdict) };
            let names = set_definition(&plain(&calls), checker == "set", !with.is_empty());
            assert_eq!(
                found,
                names.into_iter().collect::<Vec<_>>().join(" "),
                "{checker} {with}\n{text}\n{verdict:#?}"
            );
            invalid += usize::from(!found.is_empty());
        }
        assert!(invalid * 20 > rounds && invalid < rounds, "{invalid}");
    }
}

fn set_definition(calls: &[Plain], last_only: bool, linearizable: bool) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    presence(calls, &mut names);
    let reads: Vec<&Plain> = calls.iter().filter(|call| call.is("read")).collect();
    for value in (0..9).map(Some) {
        let added = calls.iter().filter(|call| call.is("add") && call.argument[0] == value).map(|call| call.end);
        let seen = reads.iter().filter(|read| read.result.contains(&value)).map(|read| read.end);
        let Some(known) = added.chain(seen).min() else { continue };
        let last = |present: bool| {
            reads
                .iter()
                .filter(|read| read.result.contains(&value) == present)
                .map(|read| read.begin)
                .max()
                .unwrap_or(-1)
        };
        let is_lost = last(false) > last(true) && known < last(false);
        let is_stale = last(true) > last(false) && known < last(false);
        let was_added = calls.iter().any(|call| call.may("add") && call.argument[0] == value);
        names.extend((is_lost && (was_added || last_only)).then_some("lost"));
        names.extend((is_stale && was_added && linearizable && !last_only).then_some("stale-read"));
    }
    names
}
