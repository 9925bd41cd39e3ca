//! Registers: a write replaces what was there, and no read says what had been there before.
//!
//! Each register is judged on its own, in parallel. What is known of the order of its versions comes from sources that
//! can be chosen: the initial state comes first; a transaction that read a version and then wrote made a later one; and, if
//! a system promises as much, the orders of sessions, of real time, or of commits. A source that makes the versions of one
//! register precede each other in a circle is an anomaly, and is left out for that register alone.
//!
//! Source: Kingsbury and Alvaro 2020, section 4.3, and Elle's `rw-register`, except that an indeterminate transaction whose
//! write an ok transaction read counts as committed, and that values of nobody are found.

mod anomalies;
mod edges;
mod order;
mod sources;
mod versions;

use super::InferOptions;
use super::by_key::ByKey;
use super::decode::{Vocabulary, decode};
use super::inferred::{Inferred, Part, join};
use super::object::Object;
use history::Calls;
use order::Order;
use rayon::prelude::*;
use versions::{Numbers, Versions};

/// Slots that one task judges, at least.
const RUN: u32 = 1 << 15;

/// All that follows from a history of `:r` and `:w`.
///
/// # Errors
/// The first call that is no such transaction: its line, and what was expected.
pub fn infer_register<'a>(calls: &Calls<'a>, options: &InferOptions) -> Result<Inferred<'a>, String> {
    let transactions = decode(calls, Vocabulary::Register)?;
    let by_key = ByKey::of(&transactions);
    let judge = |numbers: &mut Numbers, keys: std::ops::Range<u32>| {
        let (mut part, mut given) = (Part::default(), [0; sources::NAMES.len()]);
        for key in keys {
            let object = Object::of(&transactions, &by_key, key);
            let versions = Versions::of(&object, options, numbers);
            let order = Order::of(&object, &versions, options, &mut part);
            given.iter_mut().zip(order.given).for_each(|(all, own)| *all += own);
            edges::infer(&object, &versions, &order, &mut part);
            anomalies::find(&object, &versions, options, &mut part);
        }
        (part, given)
    };
    let runs = by_key.runs(RUN).into_par_iter();
    let (parts, given): (Vec<Part>, Vec<_>) = runs.map_init(Numbers::default, judge).unzip();
    let mut inferred = join(transactions, parts, &by_key.steps);
    let total = |source: usize| given.iter().map(|given| given[source]).sum();
    inferred.sources = sources::NAMES.iter().enumerate().map(|(source, name)| (*name, total(source))).collect();
    Ok(inferred)
}
