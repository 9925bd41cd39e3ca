//! Lists that only grow: what a read found is the order of the versions itself.
//!
//! Each object is judged on its own, in parallel. The longest list that an ok transaction read is its *spine*, and every
//! other read is a length of it; a read that leaves the spine is an anomaly, and past the place where it does nothing is
//! inferred from the order. What indeterminate transactions read proves no order, because they may have been undone.
//!
//! Source: Kingsbury and Alvaro 2020, section 4.2, with the edges of Elle, except that nothing is inferred past a place
//! where reads disagree, and that what nobody knows to have committed has no edges that leave it.

mod anomalies;
mod edges;
mod inside;
mod lost;
mod order;
mod writers;

use super::InferOptions;
use super::by_key::ByKey;
use super::decode::{Vocabulary, decode};
use super::inferred::{Inferred, Part, join};
use super::object::Object;
use history::Calls;
use order::{Order, Scratch};
use rayon::prelude::*;

/// Slots that one task judges, at least.
const RUN: u32 = 1 << 15;

/// All that follows from a history of `:r` and `:append`.
///
/// # Errors
/// The first call that is no such transaction: its line, and what was expected.
pub fn infer_append<'a>(calls: &Calls<'a>, options: &InferOptions) -> Result<Inferred<'a>, String> {
    let transactions = decode(calls, Vocabulary::Append)?;
    let by_key = ByKey::of(&transactions);
    let runs = by_key.runs(RUN);
    let judge = |scratch: &mut Scratch, keys: std::ops::Range<u32>| {
        let mut part = Part::for_slots((by_key.first[keys.end as usize] - by_key.first[keys.start as usize]) as usize);
        for key in keys {
            let object = Object::of(&transactions, &by_key, key);
            let order = Order::of(&object, scratch);
            edges::infer(&object, &order, &mut part);
            anomalies::find(&object, &order, scratch, &mut part);
            lost::find(&object, &order, options, &mut part);
            inside::find(&object, &order, options, &mut part);
        }
        part
    };
    let parts: Vec<Part> = runs.into_par_iter().map_init(Scratch::default, judge).collect();
    let mut inferred = join(transactions, parts, &by_key.steps);
    let total = inferred.exposure.ww + inferred.exposure.wr + inferred.exposure.rw;
    inferred.sources = vec![("lists", total)];
    Ok(inferred)
}
