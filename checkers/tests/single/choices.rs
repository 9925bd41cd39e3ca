//! What random clients do: for each checker a choice of calls, of which many are wrong together.

use crate::random::{call, same, some};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A choice of one call: a function, an argument, and what an acknowledgement says.
pub type Choose = fn(&mut ChaCha8Rng) -> [String; 3];

/// Transfers between two accounts that hold 5 each at first, and reads of both or one.
pub fn bank(rng: &mut ChaCha8Rng) -> [String; 3] {
    if rng.random_bool(0.5) {
        let (from, amount) = (rng.random_range(0..2), rng.random_range(1..4));
        return same("transfer", format!("{{\"amount\":{amount},\"from\":{from},\"to\":{}}}", 1 - from));
    }
    let one = rng.random_range(1..10);
    let result = match rng.random_range(0..12) {
        0 => format!("{{\"0\":{one}}}"),
        1 => format!("{{\"0\":{one},\"1\":null}}"),
        2 => format!("{{\"0\":{one},\"1\":{}}}", 11 - one),
        3 => format!("{{\"0\":{},\"1\":{}}}", -one, 10 + one),
        _ => format!("{{\"0\":{one},\"1\":{}}}", 10 - one),
    };
    call("read", "null", result)
}

/// Pairs of inserts under two keys, and reads of their rows.
pub fn g2(rng: &mut ChaCha8Rng) -> [String; 3] {
    let key = rng.random_range(1..3);
    if rng.random_bool(0.3) {
        return call("read", format!("key={key} null"), format!("key={key} {}", some(rng, 4)));
    }
    let id = rng.random_range(0..4);
    same("insert", if id % 2 == 0 { format!("key={key} [{id},null]") } else { format!("key={key} [null,{id}]") })
}

/// Few values that go in and come out.
pub fn queue(rng: &mut ChaCha8Rng) -> [String; 3] {
    match rng.random_range(0..10) {
        0..5 => same("enqueue", rng.random_range(1..6)),
        5..9 => call("dequeue", "null", rng.random_range(1..6)),
        _ => call("drain", "null", format!("[{},{}]", rng.random_range(1..6), rng.random_range(1..6))),
    }
}

/// Probes that see a node, its term and a leader.
pub fn leader(rng: &mut ChaCha8Rng) -> [String; 3] {
    let (leader, node, term) = (rng.random_range(1..4), rng.random_range(1..3), rng.random_range(1..6));
    call("probe", "null", format!("{{\"leader\":{leader},\"node\":{node},\"term\":{term}}}"))
}

/// Probes that see a log of one to three entries; `z` is 1 if the node leads.
pub fn logs(rng: &mut ChaCha8Rng) -> [String; 3] {
    let (node, term, commit) = (rng.random_range(1..4), rng.random_range(1..4), rng.random_range(0..4));
    let first = rng.random_range(1..3);
    let entry = |index: i64, rng: &mut ChaCha8Rng| {
        format!("[{index},{},{}]", rng.random_range(1..3), rng.random_range(1..3) / 2 + 1)
    };
    let log: Vec<String> = (first..=rng.random_range(first..4)).map(|index| entry(index, rng)).collect();
    let (role, z) = if rng.random_bool(0.5) { ("leader", 1) } else { ("follower", 0) };
    let log = log.join(",");
    let fields = format!("\"commit\":{commit},\"log\":[{log}],\"node\":{node},\"role\":\"{role}\"");
    call("probe", "null", format!("{{{fields},\"term\":{term},\"z\":{z}}}"))
}

/// Tokens that are granted, given back and used.
pub fn lock(rng: &mut ChaCha8Rng) -> [String; 3] {
    let token = rng.random_range(1..12);
    match rng.random_range(0..8) {
        0..4 => call("acquire", "null", token),
        4 => same("release", "null"),
        _ => same("access", token),
    }
}

/// Rows that are added, and reads of some.
pub fn monotonic(rng: &mut ChaCha8Rng) -> [String; 3] {
    let row = |rng: &mut ChaCha8Rng, value: i64| {
        let sts = value * 2 + if rng.random_ratio(1, 8) { rng.random_range(-3..3) } else { 0 };
        format!("{{\"process\":{},\"sts\":{sts},\"val\":{value}}}", value % 2)
    };
    if rng.random_bool(0.6) {
        let value = rng.random_range(1..5);
        return call("add", format!("{{\"val\":{value}}}"), row(rng, value));
    }
    let mut values: Vec<i64> = (1..5).filter(|_| rng.random_bool(0.8)).collect();
    if values.len() > 1 && rng.random_ratio(1, 8) {
        values.swap(0, 1);
    }
    let rows: Vec<String> = values.into_iter().map(|value| row(rng, value)).collect();
    call("read", "null", format!("[{}]", rows.join(",")))
}

/// Reads of rows in the reverse of the order in which they were written.
pub fn sequential(rng: &mut ChaCha8Rng) -> [String; 3] {
    let mut rows = vec!["1"; rng.random_range(3..5)];
    let nils = rng.random_range(0..=rows.len());
    rows[..nils].fill("null");
    if rng.random_ratio(1, 6) {
        let place = rng.random_range(0..rows.len());
        rows[place] = "null";
    }
    call("read", "null", format!("[{}]", rows.join(",")))
}

/// Updates and reads of three nodes.
pub fn convergence(rng: &mut ChaCha8Rng) -> [String; 3] {
    let node = rng.random_range(1..3);
    if rng.random_bool(0.2) {
        return same("add", format!("#n{node} 1"));
    }
    let value = if rng.random_bool(0.85) { "[1]" } else { "[2]" };
    call("read", format!("#n{node} null"), format!("#n{node} {value}"))
}

/// Additions, removals and reads of a replicated set.
pub fn replicas(rng: &mut ChaCha8Rng) -> [String; 3] {
    let node = rng.random_range(1..3);
    match rng.random_range(0..8) {
        0 => same("add", format!("#n{node} {}", rng.random_range(1..3))),
        1 if rng.random_bool(0.3) => same("remove", format!("#n{node} {}", rng.random_range(1..3))),
        _ => {
            let elements: Vec<i64> = (1..3).filter(|_| rng.random_bool(0.7)).collect();
            call("read", format!("#n{node} null"), format!("#n{node} {elements:?}"))
        }
    }
}

/// Requests, some of which are denied.
pub fn requests(rng: &mut ChaCha8Rng) -> [String; 3] {
    call("request", "null", i64::from(rng.random_bool(0.75)))
}

/// Ids that grow slowly.
pub fn ids(rng: &mut ChaCha8Rng) -> [String; 3] {
    call("generate", "null", rng.random_range(1..40))
}

/// A set to which is added, and that is read.
pub fn set(rng: &mut ChaCha8Rng) -> [String; 3] {
    if rng.random_bool(0.5) { same("add", rng.random_range(1..7)) } else { call("read", "null", some(rng, 7)) }
}

/// A counter that only grows.
pub fn counter(rng: &mut ChaCha8Rng) -> [String; 3] {
    if rng.random_bool(0.5) {
        same("add", rng.random_range(1..3))
    } else {
        call("read", "null", rng.random_range(0..5))
    }
}

/// Registers: a value tells its key.
pub fn registers(rng: &mut ChaCha8Rng) -> [String; 3] {
    let value = rng.random_range(1..9);
    let key = if value % 3 == 0 { 2 } else { 1 };
    match rng.random_range(0..9) {
        0..4 => same("write", format!("key={key} {value}")),
        4 => call("read", format!("key={key} null"), format!("key={key} null")),
        _ => call("read", format!("key={key} null"), format!("key={key} {value}")),
    }
}

/// Writes of values, and reads of many.
pub fn comments(rng: &mut ChaCha8Rng) -> [String; 3] {
    let some = some(rng, 7).replace("0, ", "").replace('0', "1");
    if rng.random_bool(0.6) { same("write", rng.random_range(1..7)) } else { call("read", "null", some) }
}

/// Reads of two keys.
pub fn forks(rng: &mut ChaCha8Rng) -> [String; 3] {
    let mut value = || if rng.random_bool(0.6) { "1" } else { "null" };
    call("read", "null", format!("[[\"r\",1,{}],[\"r\",2,{}]]", value(), value()))
}
