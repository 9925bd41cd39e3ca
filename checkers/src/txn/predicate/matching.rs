//! What predicates match: `:true` everything that is there, `[:= x]` what equals x, `[:mod m r]` the integers that leave r
//! when divided by m.

use crate::txn::Transactions;
use history::{Value, ValueId};

/// True if the predicate matches an object of that value; nothing matches an object that is not there.
pub(in crate::txn) fn matches(transactions: &Transactions<'_>, predicate: ValueId, value: Option<ValueId>) -> bool {
    let arena = transactions.arena();
    let Some(value) = value else { return false };
    match arena.get(predicate) {
        Value::Vector(&[_, modulus, rest]) => {
            let integers = [modulus, rest, value].map(|id| arena.get(id).integer());
            let [Some(modulus), Some(rest), Some(value)] = integers else { return false };
            value.checked_rem_euclid(modulus) == Some(rest)
        }
        Value::Vector(&[_, wanted]) => wanted == value,
        _ => true,
    }
}

/// An error if nobody knows what the predicate matches.
pub(super) fn known(transactions: &Transactions<'_>, predicate: ValueId) -> Result<(), String> {
    let arena = transactions.arena();
    let is_named = |id: ValueId, name: &str| arena.get(id).name() == Some(name);
    let is_known = match arena.get(predicate) {
        Value::Vector(&[name, modulus, rest]) => {
            let is_modulus = arena.get(modulus).integer().is_some_and(|modulus| modulus > 0);
            is_named(name, "mod") && is_modulus && arena.get(rest).integer().is_some()
        }
        Value::Vector(&[name, _]) => is_named(name, "="),
        Value::Bool(true) => true,
        _ => is_named(predicate, "true"),
    };
    let found = || {
        format!("expected a predicate :true, [:= value] or [:mod modulus rest], found {}", transactions.text(predicate))
    };
    if is_known { Ok(()) } else { Err(found()) }
}
