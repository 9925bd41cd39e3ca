//! G2: of two inserts under one key, each of which first looks for the other, at most one takes effect.
//!
//! A key has an insert of `[a nil]` and one of `[nil b]`; both acknowledged means that neither saw the other. A crashed
//! insert counts as neither, unless a read of the key shows its row. Keys are those of the calls, never of values.
//!
//! Source: Adya 1999, and Jepsen's `adya` test. It misses all other anti-dependency cycles.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "g2",
        summary: "of two guarded inserts under one key at most one takes effect",
        functions: &["insert", "read"],
        options: &[],
    },
    per_key: false,
    judge,
    confirm,
};

/// Inserts under one key that took effect, each with the call that proves it.
#[derive(Default)]
struct Key<'a> {
    attempts: usize,
    effective: Vec<(&'a Op<'a>, &'a Op<'a>)>,
}

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let without = object.ops.iter().filter(|op| op.f == "insert" && op.key.is_none()).count();
    if without > 0 {
        found.doubt(format!("{without} inserts have no key; if their values are `[key [a b]]`, unwrap them"));
    }
    let keys = keys(object);
    let contested = keys.values().filter(|key| key.attempts > 1 && !key.effective.is_empty()).count();
    found.fact("keys with an insert", keys.len());
    found.fact("keys with two inserts of which one took effect", contested);
    let mut broken: Vec<(&ValueId, &Key)> = keys.iter().filter(|(_, key)| key.effective.len() > 1).collect();
    broken.sort_unstable_by_key(|(_, key)| key.effective[0].0.at);
    for (id, key) in broken {
        found.case("G2", key.effective.len() as u128, || {
            let (one, other) = (key.effective[0], key.effective[1]);
            let (first, second) = (object.who(one.0), object.who(other.0));
            let text = format!("under key {} both inserts took effect: {first} and {second}", object.text(*id));
            Case::new(other.0.at, [one.0.at, one.1.at, other.1.at], text).about(*id)
        });
    }
    if contested == 0 {
        found.lack("under no key did two inserts compete and one take effect");
    }
}

fn keys<'a>(object: &'a Object<'a>) -> FxHashMap<ValueId, Key<'a>> {
    let mut rows: FxHashMap<(ValueId, ValueId), &Op> = FxHashMap::default();
    for read in object.ok("read") {
        let (Some(key), Some(elements)) = (read.key, object.value(read.result).elements()) else { continue };
        rows.extend(elements.iter().map(|row| ((key, *row), read)));
    }
    let mut keys: FxHashMap<ValueId, Key> = FxHashMap::default();
    for op in object.ops.iter().filter(|op| op.f == "insert") {
        let Some(id) = op.key else { continue };
        let key = keys.entry(id).or_default();
        key.attempts += 1;
        let proof = match op.is_ok() {
            true => Some(op),
            false => ids(object, op).iter().find_map(|row| rows.get(&(id, *row)).copied()).filter(|_| op.is_crashed()),
        };
        key.effective.extend(proof.map(|proof| (op, proof)));
    }
    keys
}

/// The rows that an insert may make.
fn ids(object: &Object, op: &Op) -> Vec<ValueId> {
    let ids = object.value(op.argument).elements().unwrap_or_default();
    ids.iter().copied().filter(|id| !id.is_nil()).collect()
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let shown = |insert: &Op| {
        let has = |read: &Op| {
            let rows = object.value(read.result).elements().unwrap_or_default();
            read.key == insert.key && ids(object, insert).iter().any(|id| rows.contains(id))
        };
        insert.is_ok() || insert.is_crashed() && object.ok("read").any(has)
    };
    let inserts = object.ops.iter().filter(|op| op.f == "insert" && op.key == Some(case.subject));
    inserts.filter(|insert| shown(insert)).count() > 1
}
