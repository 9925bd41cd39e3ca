//! Sequential: rows that one client writes one after another are never seen out of that order.
//!
//! A reader reads the rows in the reverse of the order in which they are written, and so may find nil for the last
//! ones, but nil after a row means that an earlier write is missing. Source: Jepsen's `sequential` test of CockroachDB
//! (`trailing-nil?`). It misses orders between different clients.

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions};
use history::{Value, ValueId};

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "sequential",
        summary: "writes of one client are seen in its order",
        functions: &["read"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let (mut all, mut some, mut none) = (0, 0, 0);
    for read in object.ok("read") {
        let Some(rows) = rows(object, read) else { continue };
        match rows.iter().filter(|row| row.is_nil()).count() {
            0 => all += 1,
            nils if nils == rows.len() => none += 1,
            _ => some += 1,
        }
        if let Some(place) = trailing_nil(rows) {
            found.case("trailing-nil", 1, || {
                let (who, result) = (object.who(read), object.text(read.result));
                let text = format!("the read of {who} found {result}: row {place} is missing, which was written first");
                Case::new(read.at, None, text)
            });
        }
    }
    found.fact("reads of all rows", all);
    found.fact("reads of some rows", some);
    found.fact("reads of no row", none);
    if some == 0 {
        found.lack("no read found some rows and not others");
    }
}

/// The rows of a read; those in `[key rows]` if it says so.
fn rows<'a>(object: &Object<'a>, read: &Op) -> Option<&'a [ValueId]> {
    let is_rows = |rows: &[ValueId]| !rows.is_empty();
    match object.value(read.result) {
        Value::Vector(&[key, rows]) if !key.is_nil() => match (object.value(key), object.value(rows)) {
            (Value::Vector(_), _) | (_, Value::Nil) => Some(object.value(read.result).elements()?),
            (_, Value::Vector(rows)) => Some(rows).filter(|rows| is_rows(rows)),
            _ => object.value(read.result).elements(),
        },
        Value::Vector(rows) => Some(rows).filter(|rows| is_rows(rows)),
        _ => None,
    }
}

/// The place of the first nil that stands after a row.
fn trailing_nil(rows: &[ValueId]) -> Option<usize> {
    let first = rows.iter().position(|row| !row.is_nil())?;
    rows[first..].iter().position(|row| row.is_nil()).map(|place| first + place)
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let Some(read) = object.ok("read").find(|op| op.at == case.culprit) else { return false };
    rows(object, read).is_some_and(|rows| rows.windows(2).any(|pair| !pair[0].is_nil() && pair[1].is_nil()))
}
