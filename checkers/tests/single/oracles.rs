//! Checkers of one object against their definitions, written down call by call and pair by pair.

use crate::choices;
use crate::notation::{options, recording};
use crate::random::{Plain, compare, compare_after, history, pairs, plain, rounds};
use checkers::judge;
use history::{CallOutcome, Calls};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

#[test]
fn balances_are_sums_of_subsets() {
    let start = "9 i read\n9 o read {\"0\":5,\"1\":5}\n";
    for (with, realtime) in [("total=10 accounts=2", false), ("total=10 accounts=2 realtime=true", true)] {
        compare_after("bank", with, start, 7, choices::bank, |calls| {
            let mut names = BTreeSet::new();
            for read in calls.iter().filter(|call| call.is("read")) {
                let known: Vec<i64> = read.result.iter().flatten().copied().collect();
                let (is_whole, sum) = (read.result.len() == 2, known.iter().sum::<i64>());
                let wrong = match () {
                    () if known.len() < read.result.len() => Some("nil-balance"),
                    () if is_whole && sum != 10 => Some("wrong-total"),
                    () if known.iter().any(|balance| *balance < 0) => Some("negative-value"),
                    () => None,
                };
                names.extend(wrong);
                for (account, balance) in known.iter().enumerate() {
                    names.extend(beyond(calls, read, account as i64, *balance, realtime));
                }
            }
            names
        });
    }
}

/// Whether no subset of the transfers that may count leaves an account with as much, or as little.
fn beyond(calls: &[Plain], read: &Plain, account: i64, balance: i64, realtime: bool) -> Option<&'static str> {
    let transfers: Vec<&Plain> = calls.iter().filter(|call| call.may("transfer") && call.begin < read.end).collect();
    if !calls.iter().any(|call| call.f == "transfer") {
        return None;
    }
    let moved = |transfer: &Plain| {
        let (amount, from) = (transfer.argument[0].unwrap(), transfer.argument[1].unwrap());
        if from == account { -amount } else { amount }
    };
    let must = |transfer: &Plain| realtime && transfer.is("transfer") && transfer.end < read.begin;
    let sums = (0..1_u32 << transfers.len()).filter_map(|mask| {
        let is_in = |place: usize| mask >> place & 1 == 1;
        let is_whole = (0..transfers.len()).all(|place| is_in(place) || !must(transfers[place]));
        is_whole.then(|| {
            5 + (0..transfers.len()).filter(|place| is_in(*place)).map(|place| moved(transfers[place])).sum::<i64>()
        })
    });
    let sums: BTreeSet<i64> = sums.collect();
    if balance < *sums.first().unwrap() {
        Some("balance-too-low")
    } else {
        (balance > *sums.last().unwrap()).then_some("balance-too-high")
    }
}

#[test]
fn rows_that_took_effect_are_alone() {
    compare("g2", "", 6, choices::g2, |calls| {
        let id = |insert: &Plain| insert.argument.iter().flatten().next().copied();
        let is_seen = |insert: &Plain| {
            calls.iter().any(|read| read.is("read") && read.key == insert.key && read.result.contains(&id(insert)))
        };
        let took = |call: &Plain| call.is("insert") || call.crashed("insert") && is_seen(call);
        let is_pair = |(one, other): (&Plain, &Plain)| {
            one.begin < other.begin && one.key == other.key && took(one) && took(other)
        };
        pairs(calls).any(is_pair).then_some("G2").into_iter().collect()
    });
}

#[test]
fn queues_are_bags_over_time() {
    compare("queue", "", 8, choices::queue, |calls| {
        let mut names = BTreeSet::new();
        let mut bag: Vec<i64> = Vec::new();
        for row in 0..20 {
            for call in calls {
                if call.begin == row && call.may("enqueue") {
                    bag.extend(call.argument[0]);
                }
                if call.end != row || !call.is("dequeue") && !call.is("drain") {
                    continue;
                }
                for value in call.result.iter().flatten() {
                    let enqueued =
                        |call: &&Plain| call.begin < row && call.f == "enqueue" && call.argument[0] == Some(*value);
                    if let Some(place) = bag.iter().position(|other| other == value) {
                        bag.remove(place);
                    } else if calls.iter().filter(enqueued).any(|call| call.may("enqueue")) {
                        names.insert("duplicated");
                    } else if calls.iter().any(|call| enqueued(&call)) {
                        names.insert("revived");
                    } else {
                        names.insert("unexpected");
                    }
                }
            }
        }
        names
    });
}

#[test]
fn consumers_see_the_order_of_producers() {
    compare("queue", "per-producer=true", 8, choices::queue, |calls| {
        let mut names = BTreeSet::new();
        let out: Vec<(&Plain, i64)> = calls
            .iter()
            .filter(|call| call.is("dequeue") || call.is("drain"))
            .flat_map(|call| call.result.iter().flatten().map(move |value| (call, *value)))
            .collect();
        let enqueue = |value: i64| {
            let all: Vec<&Plain> =
                calls.iter().filter(|call| call.f == "enqueue" && call.argument[0] == Some(value)).collect();
            if let [one] = all[..] { Some(one).filter(|call| call.is("enqueue")) } else { None }
        };
        let is_first = |place: usize| !out[..place].iter().any(|(_, value)| *value == out[place].1);
        for (late, early) in (0..out.len()).flat_map(|late| (0..late).map(move |early| (late, early))) {
            let both = enqueue(out[late].1).zip(enqueue(out[early].1)).filter(|_| is_first(late) && is_first(early));
            let Some((own, other)) = both else { continue };
            let is_one_way = own.process == other.process && out[late].0.process == out[early].0.process;
            names.extend((is_one_way && own.end < other.begin).then_some("producer-order"));
        }
        let is_open = calls.iter().any(|call| call.crashed("dequeue") || call.crashed("drain"));
        if is_open { bag_names(calls) } else { names.union(&bag_names(calls)).copied().collect() }
    });
}

/// What the bag itself says, by the checker without the promise; that is compared with its definition elsewhere.
fn bag_names(calls: &[Plain]) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let mut bag: Vec<(i64, bool)> = Vec::new();
    let mut events: Vec<(i64, &Plain)> = calls.iter().flat_map(|call| [(call.begin, call), (call.end, call)]).collect();
    events.sort_by_key(|(row, _)| *row);
    for (row, call) in events {
        if call.f == "enqueue" && row == call.begin {
            bag.extend(call.argument[0].map(|value| (value, call.may("enqueue"))));
        } else if row == call.end && (call.is("dequeue") || call.is("drain")) {
            for value in call.result.iter().flatten() {
                let place = bag.iter().position(|item| *item == (*value, true));
                let was_in = calls
                    .iter()
                    .any(|call| call.may("enqueue") && call.argument[0] == Some(*value) && call.begin < row);
                match place {
                    Some(place) => drop(bag.remove(place)),
                    None if was_in => drop(names.insert("duplicated")),
                    None if bag.iter().any(|item| item.0 == *value) => drop(names.insert("revived")),
                    None => drop(names.insert("unexpected")),
                }
            }
        }
    }
    names
}

#[test]
fn terms_have_one_leader_and_do_not_fall() {
    compare("leader-election", "", 6, choices::leader, |calls| {
        let mut names = BTreeSet::new();
        for (one, other) in pairs(calls).filter(|(one, other)| one.is("probe") && other.is("probe")) {
            let ((leader, node, term), (rival, its, later)) = (seen(one), seen(other));
            names.extend((term == later && leader != rival).then_some("election-safety"));
            names.extend((node == its && one.end < other.begin && term > later).then_some("term-regression"));
        }
        names
    });
}

fn seen(call: &Plain) -> (Option<i64>, Option<i64>, Option<i64>) {
    (call.result[0], call.result[1], call.result[2])
}

/// Commit index, log, node, term, and whether the node leads.
struct Picture {
    commit: i64,
    log: Vec<[i64; 3]>,
    node: i64,
    term: i64,
    leads: bool,
}

fn picture(call: &Plain) -> Picture {
    let numbers: Vec<i64> = call.result.iter().map(|number| number.unwrap_or(-1)).collect();
    let [commit, log @ .., node, _role, term, leads] = &numbers[..] else { panic!("{call:?}") };
    let log = log.chunks(3).map(|entry| [entry[0], entry[1], entry[2]]).collect();
    Picture { commit: *commit, log, node: *node, term: *term, leads: *leads == 1 }
}

#[test]
fn logs_are_compared_entry_by_entry() {
    compare("leader-election", "", 4, choices::logs, |calls| {
        let mut names = BTreeSet::new();
        for (one, other) in pairs(calls).filter(|(one, other)| one.is("probe") && other.is("probe")) {
            let (a, b) = (picture(one), picture(other));
            names.extend((a.leads && b.leads && a.term == b.term && a.node != b.node).then_some("election-safety"));
            names.extend((a.node == b.node && one.end < other.begin && a.term > b.term).then_some("term-regression"));
            for entry in &a.log {
                let same = b.log.iter().find(|other| other[0] == entry[0]);
                let previous =
                    |log: &[[i64; 3]]| log.iter().find(|other| other[0] == entry[0] - 1).map(|other| other[1]);
                if let Some(same) = same.filter(|same| same[1] == entry[1]) {
                    let pasts = previous(&a.log).zip(previous(&b.log));
                    let differ = same[2] != entry[2] || pasts.is_some_and(|(one, other)| one != other);
                    names.extend(differ.then_some("log-matching"));
                }
                let is_committed = entry[0] <= a.commit;
                let both = is_committed && entry[0] <= b.commit;
                names.extend((both && same.is_some_and(|same| same != entry)).then_some("state-machine-safety"));
                let must = is_committed && b.leads && a.term < b.term && b.log[0][0] <= entry[0];
                names.extend((must && same != Some(entry)).then_some("leader-completeness"));
            }
        }
        names
    });
}

#[test]
fn tokens_grow_pair_by_pair() {
    compare("fenced-lock", "", 7, choices::lock, |calls| {
        let mut names = BTreeSet::new();
        for (one, other) in pairs(calls).filter(|(one, other)| one.begin < other.begin) {
            let both = |f: &str| one.is(f) && other.is(f);
            let release = |call: &Plain| {
                call.f == "release" && call.process == one.process && one.begin < call.begin && call.begin < other.begin
            };
            let again = one.process == other.process && !calls.iter().any(release);
            if both("acquire") {
                names.extend((one.result == other.result && !again).then_some("duplicate-token"));
                names.extend((one.end < other.begin && one.result > other.result).then_some("token-regression"));
            }
            let is_back = both("access") && one.end < other.begin && one.argument > other.argument;
            names.extend(is_back.then_some("stale-token-accepted"));
        }
        names
    });
}

#[test]
fn rows_are_compared_pair_by_pair() {
    for (with, global) in [("", false), ("global=true", true)] {
        compare("monotonic", with, 7, choices::monotonic, |calls| {
            let mut names = BTreeSet::new();
            let Some(read) = calls.iter().filter(|call| call.is("read")).max_by_key(|call| call.begin) else {
                return names;
            };
            let cells: Vec<i64> = read.result.iter().flatten().copied().collect();
            let rows: Vec<&[i64]> = cells.chunks(3).collect();
            for (late, early) in (0..rows.len()).flat_map(|late| (0..late).map(move |early| (late, early))) {
                let (one, other) = (rows[early], rows[late]);
                names.extend((one[1] > other[1]).then_some("off-order-sts"));
                names.extend((global && one[2] >= other[2]).then_some("off-order-vals"));
                names.extend((one[0] == other[0] && one[2] >= other[2]).then_some("off-order-vals-per-process"));
                names.extend((one[2] == other[2]).then_some("duplicated"));
            }
            let is_there = |value: i64| rows.iter().any(|row| row[2] == value);
            let is_lost = |add: &Plain| add.is("add") && add.end < read.begin && !is_there(add.result[2].unwrap());
            names.extend(calls.iter().any(is_lost).then_some("lost"));
            let is_made = |value: i64| calls.iter().any(|add| add.is("add") && add.result[2] == Some(value));
            let back = |add: &Plain| {
                add.failed("add") && add.argument[0].is_some_and(|value| is_there(value) && !is_made(value))
            };
            let is_open = calls.iter().any(|add| add.crashed("add"));
            names.extend((!is_open && calls.iter().any(back)).then_some("revived"));
            names
        });
    }
}

#[test]
fn rows_are_seen_from_the_first_on() {
    compare("sequential", "", 3, choices::sequential, |calls| {
        let has_hole = |read: &Plain| {
            let rows = &read.result;
            (0..rows.len()).any(|late| (0..late).any(|early| rows[early].is_some() && rows[late].is_none()))
        };
        calls.iter().any(|call| call.is("read") && has_hole(call)).then_some("trailing-nil").into_iter().collect()
    });
}

#[test]
fn nodes_end_in_one_state() {
    compare("convergence", "", 8, choices::convergence, |calls| {
        let quiet = calls
            .iter()
            .filter(|call| call.f == "add" && call.outcome != CallOutcome::Fail)
            .map(|call| call.over)
            .max();
        let is_late = |read: &&Plain| read.is("read") && Some(read.begin) > quiet;
        // What a node may hold in the end: what a read shows that may have been the last.
        let last = |node: &str| -> Vec<&Plain> {
            let of_node = || calls.iter().filter(move |call| call.node.as_deref() == Some(node));
            if of_node().find(is_late).is_none() {
                return Vec::new();
            }
            let may = |read: &&Plain| read.is("read") && Some(read.end) > quiet;
            of_node()
                .filter(may)
                .filter(|read| !of_node().filter(is_late).any(|later| read.end < later.begin))
                .collect()
        };
        let (one, other) = (last("n1"), last("n2"));
        let differ = one.iter().all(|one| other.iter().all(|other| one.result != other.result));
        (!one.is_empty() && !other.is_empty() && differ).then_some("divergence").into_iter().collect()
    });
}

#[test]
fn replicas_neither_forget_nor_remember() {
    compare("convergence", "local=true bound=1s", 8, choices::replicas, |calls| {
        let mut names = BTreeSet::new();
        let reads: Vec<&Plain> = calls.iter().filter(|call| call.is("read")).collect();
        let only_grows = !calls.iter().any(|call| call.f == "remove");
        for element in [Some(1), Some(2)] {
            let is_single = calls.iter().filter(|call| call.may("add") && call.argument[0] == element).count() < 2;
            let follows = |one: &Plain, other: &Plain| one.node == other.node && one.end < other.begin;
            for one in reads.iter().filter(|read| is_single && read.result.contains(&element)) {
                for other in reads.iter().filter(|read| follows(one, read) && !read.result.contains(&element)) {
                    names.extend(only_grows.then_some("shrinkage"));
                    let again = reads.iter().any(|third| follows(other, third) && third.result.contains(&element));
                    names.extend(again.then_some("resurrection"));
                }
            }
        }
        names.extend(ends_apart(calls).then_some("divergence"));
        names
    });
}

/// Whether the two nodes of a set differ in every read that may be their last.
fn ends_apart(calls: &[Plain]) -> bool {
    let quiet =
        calls.iter().filter(|call| call.f != "read" && call.outcome != CallOutcome::Fail).map(|call| call.over).max();
    let last = |node: &str| -> Vec<&Plain> {
        let reads: Vec<&Plain> =
            calls.iter().filter(|call| call.is("read") && call.node.as_deref() == Some(node)).collect();
        let late: Vec<&Plain> = reads.iter().copied().filter(|read| Some(read.begin) > quiet).collect();
        let may = |read: &Plain| Some(read.end) > quiet && late.iter().all(|later| read.end > later.begin);
        reads.iter().copied().filter(|read| !late.is_empty() && may(read)).collect()
    };
    let (one, other) = (last("n1"), last("n2"));
    !one.is_empty() && !other.is_empty() && one.iter().all(|one| other.iter().all(|other| one.result != other.result))
}

#[test]
fn buckets_are_tried_span_by_span() {
    compare("rate-limiter", "rate=1/4ms burst=2", 8, choices::requests, |calls| {
        let passed: Vec<&Plain> = calls.iter().filter(|call| call.is("request") && call.result == [Some(1)]).collect();
        let too_many = |start: i64, end: i64| {
            let inside = passed.iter().filter(|call| call.begin >= start && call.end <= end).count() as i64;
            inside * 4 > 2 * 4 + (end - start)
        };
        (0..20)
            .any(|start| (start..20).any(|end| too_many(start, end)))
            .then_some("bucket-overdrawn")
            .into_iter()
            .collect()
    });
}

#[test]
fn false_denials_have_no_full_window_and_no_empty_bucket() {
    let rounds = rounds();
    let (mut rng, mut number) = (ChaCha8Rng::seed_from_u64(11), [0; 2]);
    for _ in 0..rounds {
        let text = history(&mut rng, 9, choices::requests);
        let recording = recording(&text);
        let calls = Calls::pair(&recording).unwrap();
        let requests = plain(&calls);
        let may: Vec<&Plain> = (0..requests.len())
            .filter(|at| requests[*at].outcome != CallOutcome::Fail && requests[*at].result != [Some(0)])
            .map(|at| &requests[at])
            .collect();
        for (place, with) in
            ["limit=2 window=6ms denials=true", "rate=1/3ms burst=2 denials=true"].into_iter().enumerate()
        {
            let verdict = judge("rate-limiter", &calls, &options(with)).unwrap();
            for anomaly in verdict.anomalies().iter().filter(|anomaly| anomaly.name == "false-denial") {
                let denied = &requests[anomaly.culprit.unwrap().0 as usize];
                for now in denied.begin..=denied.end {
                    let most =
                        |start: i64| may.iter().filter(|call| call.begin <= now && call.end >= start).count() as i64;
                    let is_full = match place {
                        0 => most(now - 6) >= 2,
                        _ => (0..=now).any(|start| most(start) * 3 - (now - start) > 3),
                    };
                    assert!(!is_full, "{with}\n{text}\n{verdict:#?}");
                }
                number[place] += 1;
            }
        }
    }
    assert!(number.iter().all(|number| number * 50 > rounds), "{number:?}");
}

#[test]
fn ids_have_one_origin_of_time_and_one_worker() {
    let times = |calls: &[Plain], skew: i64| {
        let ids: Vec<&Plain> = calls.iter().filter(|call| call.is("generate")).collect();
        let fits = |origin: i64| {
            ids.iter().all(|call| {
                let tick = call.result[0].unwrap() >> 1;
                (call.begin - skew..=call.end + skew).any(|moment| (moment + origin).div_euclid(2) == tick)
            })
        };
        let is_twice = pairs(calls).any(|(one, other)| {
            one.is("generate") && other.is("generate") && one.begin < other.begin && one.result == other.result
        });
        let mut names: BTreeSet<&'static str> = is_twice.then_some("duplicate-ids").into_iter().collect();
        names.extend((!(-100..100).any(fits)).then_some("id-time-off"));
        names
    };
    compare("unique-ids", "time-shift=1 time-unit=2ms", 4, choices::ids, |calls| times(calls, 0));
    compare("unique-ids", "time-shift=1 time-unit=2ms skew=5ms", 4, choices::ids, |calls| times(calls, 5));
    compare("unique-ids", "worker-shift=2 worker-bits=2 process-order=true", 5, choices::ids, |calls| {
        let mut names = BTreeSet::new();
        for (one, other) in pairs(calls).filter(|(one, other)| one.begin < other.begin) {
            let Some((id, next)) = one.result[0].zip(other.result[0]) else { continue };
            let worker = |id: i64| id / 4 % 4;
            names.extend((id == next).then_some("duplicate-ids"));
            names.extend((one.process == other.process && worker(id) != worker(next)).then_some("worker-changed"));
            names.extend((one.process == other.process && id > next).then_some("process-order-inversion"));
        }
        names
    });
}
