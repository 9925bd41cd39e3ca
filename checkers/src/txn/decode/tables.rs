//! Calls that have a key of their own ask one table each: rows of the same name are then different objects.

use crate::txn::{Kind, Transactions};
use history::{Calls, ValueId};
use rustc_hash::FxHashMap;

/// Numbers the objects again, those of each table by themselves; nothing changes if no call has a key.
pub(super) fn part(calls: &Calls<'_>, all: &mut Transactions<'_>) {
    let is_whole = |row: usize| matches!(calls.function(row), "" | "txn" | "init");
    let tables = (0..calls.len()).map(|row| calls.get(row).key.filter(|_| is_whole(row)));
    let tables: Vec<Option<ValueId>> = tables.collect();
    if tables.iter().all(Option::is_none) {
        return;
    }
    let mut numbers: FxHashMap<(Option<ValueId>, u32), u32> = FxHashMap::default();
    let (mut names, mut object_tables) = (Vec::new(), Vec::new());
    for (row, table) in tables.iter().enumerate() {
        for step in all.first[row] as usize..all.first[row + 1] as usize {
            if all.kinds[step] == Kind::PredicateRead {
                continue;
            }
            let key = all.keys[step];
            all.keys[step] = *numbers.entry((*table, key)).or_insert_with(|| {
                names.push(all.key_names[key as usize]);
                object_tables.push(*table);
                names.len() as u32 - 1
            });
        }
    }
    (all.tables, all.key_names, all.object_tables) = (tables, names, object_tables);
}
