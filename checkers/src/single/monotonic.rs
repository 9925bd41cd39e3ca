//! Monotonic: values that each came from the greatest one before are in the order of their timestamps.
//!
//! Each `add` reads the greatest value, and inserts the next with the timestamp of its transaction; its result has `val`
//! and `sts`, and maybe `process`, `node` and `tb` (table). The last read has all rows. In the order of the read,
//! timestamps must not fall; values must grow for each process, node and table, and with `global` altogether. Added
//! values must be there, once, and those of failed additions not, where the failure or the call says the value.
//!
//! Source: Jepsen's `monotonic` test of CockroachDB.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "monotonic",
        summary: "values grow with the timestamps of their transactions",
        functions: &["add", "read"],
        options: &["global"],
    },
    per_key: true,
    judge,
    confirm,
};

/// One row of the read.
struct Row {
    value: ValueId,
    number: i64,
    /// Whole part and fraction.
    timestamp: Option<(i128, u128)>,
    groups: [Option<ValueId>; 3],
}

/// What values must grow within, and the anomaly if they do not.
const GROUPS: [(&str, &str); 3] = [
    ("process", "off-order-vals-per-process"),
    ("node", "off-order-vals-per-node"),
    ("tb", "off-order-vals-per-table"),
];

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let added: Vec<&Op> = object.ops.iter().filter(|op| op.f == "add").collect();
    found.fact("additions acknowledged", added.iter().filter(|op| op.is_ok()).count());
    let last = object.ok("read").filter(|read| rows(object, read).is_some()).max_by_key(|read| read.invoked);
    let Some(read) = last else { return found.lack("the rows were never read") };
    let rows = rows(object, read).unwrap_or_default();
    found.fact("rows", rows.len());
    judge_order(object, read, &rows, options, found);
    judge_presence(object, read, &rows, &added, found);
    if rows.len() < 2 {
        found.lack("fewer than two rows were read");
    }
}

fn rows(object: &Object, read: &Op) -> Option<Vec<Row>> {
    let Value::Vector(rows) = object.value(read.result) else { return None };
    rows.iter().map(|row| self::row(object, *row)).collect()
}

fn row(object: &Object, id: ValueId) -> Option<Row> {
    let value = object.field(id, "val")?;
    let timestamp = object.field(id, "sts").and_then(|id| timestamp(object.value(id)));
    let groups = GROUPS.map(|(field, _)| object.field(id, field));
    Some(Row { value, number: object.integer(value)?, timestamp, groups })
}

/// A timestamp as files have it: a number, or a decimal in text.
fn timestamp(value: Value) -> Option<(i128, u128)> {
    let text = match value {
        Value::Int(number) => return Some((i128::from(number), 0)),
        Value::BigInt(text) | Value::Decimal(text) | Value::String(text) => text,
        _ => return None,
    };
    // Below zero a longer fraction would be the smaller one; no clock is there.
    let (whole, fraction) = text.split_once('.').filter(|_| !text.starts_with('-')).unwrap_or((text, "0"));
    let padded = format!("{fraction:0<30}");
    Some((whole.parse().ok()?, padded.get(..30)?.parse().ok()?))
}

fn judge_order(object: &Object, read: &Op, rows: &[Row], options: &SingleOptions, found: &mut Found) {
    let mut last: FxHashMap<(usize, ValueId), &Row> = FxHashMap::default();
    for (place, row) in rows.iter().enumerate() {
        if let Some(before) = place.checked_sub(1).map(|before| &rows[before]) {
            if before.timestamp.is_some() && row.timestamp.is_some() && before.timestamp > row.timestamp {
                found.case("off-order-sts", 1, || case(object, read, before, row, "with a later timestamp"));
            }
            if options.global && before.number >= row.number {
                found.case("off-order-vals", 1, || case(object, read, before, row, "in the order of timestamps"));
            }
        }
        for (group, (field, name)) in GROUPS.iter().enumerate() {
            let Some(id) = row.groups[group] else { continue };
            let before = last.insert((group, id), row);
            if let Some(before) = before.filter(|before| before.number >= row.number) {
                found.case(name, 1, || case(object, read, before, row, &format!("of {field} {}", object.text(id))));
            }
        }
    }
}

fn case(object: &Object, read: &Op, before: &Row, row: &Row, how: &str) -> Case {
    let (who, before, number) = (object.who(read), before.number, row.number);
    Case::new(read.at, None, format!("the read of {who} has {before} before {number}, {how}")).about(row.value)
}

fn judge_presence(object: &Object, read: &Op, rows: &[Row], added: &[&Op], found: &mut Found) {
    let mut there = FxHashSet::default();
    for row in rows {
        if !there.insert(row.value) {
            found.case("duplicated", 1, || {
                let text = format!("the read of {} has {} more than once", object.who(read), row.number);
                Case::new(read.at, None, text).about(row.value)
            });
        }
    }
    judge_revived(object, read, &there, added, found);
    let value = |add: &Op| object.field(add.result, "val");
    let acknowledged: FxHashSet<ValueId> =
        added.iter().filter(|add| add.is_ok()).filter_map(|add| value(add)).collect();
    found.fact("recovered", there.iter().filter(|value| !acknowledged.contains(value)).count());
    for add in added.iter().filter(|add| add.is_ok() && add.precedes(read)) {
        let Some(value) = value(add).filter(|value| !there.contains(value)) else { continue };
        found.case("lost", 1, || {
            let (who, by) = (object.who(read), object.who(add));
            let text = format!("{}, added by {by}, is missing in the last read, of {who}", object.text(value));
            Case::new(read.at, [add.at], text).about(value)
        });
    }
}

/// The value that a failed addition wanted to make.
fn failed_value(object: &Object, add: &Op) -> Option<ValueId> {
    let completion = object.calls.get(add.at as usize).completion?;
    let value = object.calls.recording().event(completion).value;
    let said = object.field(value, "val").or_else(|| object.field(add.argument, "val"));
    said.filter(|_| add.is_failed() && add.f == "add")
}

/// A value is revived if every addition that says it has failed, and none leaves open what it added.
fn judge_revived(object: &Object, read: &Op, there: &FxHashSet<ValueId>, added: &[&Op], found: &mut Found) {
    if added.iter().any(|add| add.is_crashed()) {
        return;
    }
    let made: FxHashSet<ValueId> =
        added.iter().filter(|add| add.is_ok()).filter_map(|add| object.field(add.result, "val")).collect();
    for add in added {
        let Some(value) = failed_value(object, add).filter(|value| there.contains(value) && !made.contains(value))
        else {
            continue;
        };
        found.case("revived", 1, || {
            let (who, by) = (object.who(read), object.who(add));
            let text = format!("the read of {who} has {}, whose addition by {by} failed", object.text(value));
            Case::new(read.at, [add.at], text).about(value)
        });
    }
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let Some(read) = object.ok("read").find(|op| op.at == case.culprit) else { return false };
    let rows = rows(object, read).unwrap_or_default();
    let times = rows.iter().filter(|row| row.value == case.subject).count();
    let follows = |holds: &dyn Fn(&Row, &Row) -> bool| {
        let at = |place: usize| rows[place].value == case.subject;
        (1..rows.len()).any(|place| at(place) && rows[..place].iter().any(|before| holds(before, &rows[place])))
    };
    let within = |group: usize, one: &Row, other: &Row| {
        one.groups[group].is_some() && one.groups[group] == other.groups[group] && one.number >= other.number
    };
    match case.name {
        "duplicated" => times > 1,
        "revived" => times > 0 && object.ops.iter().any(|add| failed_value(object, add) == Some(case.subject)),
        "lost" => times == 0 && object.ok("add").any(|add| object.field(add.result, "val") == Some(case.subject)),
        "off-order-sts" => follows(&|one, other| one.timestamp > other.timestamp),
        "off-order-vals" => follows(&|one, other| one.number >= other.number),
        name => (0..GROUPS.len()).any(|group| GROUPS[group].1 == name && follows(&|a, b| within(group, a, b))),
    }
}
