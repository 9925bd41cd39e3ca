//! Objects that are inserted, overwritten and deleted, and reads of all that a predicate matches.
//!
//! The universe is closed: an `:init` sets it up, and afterwards each object changes at most once, so that the order of its
//! versions is known: absent, what was set up, what came of it. A predicate read saw, of every object that it returned,
//! the version that it returned, and of every other one that the predicate does not match; where something that matches
//! lies between several of those, nothing is inferred.
//!
//! Source: Elle's `closed-predicate`, except that writes count as changes, that objects which were never there are versions
//! too, and that an `:init` which had not surely completed does not rule out that an object was still absent.

mod matching;
mod reads;
mod versions;

use super::by_key::ByKey;
use super::decode::{Vocabulary, decode};
use super::inferred::{Inferred, Part, join};
use super::object::Object;
use super::{Kinds, Write};
use crate::phrase::count;
use history::{CallOutcome, Calls};
pub(super) use matching::matches;
use versions::Versions;

/// Whether what was set up is seen by everything that begins afterwards. Systems that promise no real time may show what
/// was before; then an anomaly follows only if it follows either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetUp {
    /// It is.
    Seen,
    /// It may not be.
    Unsure,
}

/// All that follows from a history of `:init`, `:insert`, `:delete`, `:w`, `:r` and `:rp`.
///
/// What was set up is taken to be seen by everything that begins afterwards.
///
/// # Errors
/// The first call that is no such transaction, or the first predicate that is not known.
pub fn infer_predicate<'a>(calls: &Calls<'a>, options: &super::InferOptions) -> Result<Inferred<'a>, String> {
    infer(calls, options, SetUp::Seen)
}

pub(super) fn infer<'a>(
    calls: &Calls<'a>,
    options: &super::InferOptions,
    set_up: SetUp,
) -> Result<Inferred<'a>, String> {
    let transactions = decode(calls, Vocabulary::Predicate)?;
    for predicate in &transactions.predicates {
        matching::known(&transactions, *predicate)?;
    }
    let by_key = ByKey::of(&transactions);
    let mut part = Part::default();
    let mut all = Vec::new();
    for key in 0..transactions.objects() {
        let object = Object::of(&transactions, &by_key, key);
        let versions = Versions::of(&object, set_up);
        if versions.is_unordered {
            let key = transactions.key_text(key);
            part.doubt(format!(
                "for key {key}, there are several changes after :init, or one that may have come before it"
            ));
        }
        overwrites(&versions, &mut part);
        reads::of_objects(&object, &versions, options, &mut part);
        all.push(versions);
    }
    reads::of_predicates(&transactions, &all, options, &mut part);
    let open = part.open_reads;
    let mut inferred = join(transactions, vec![part], &by_key.steps);
    let total = inferred.exposure.ww + inferred.exposure.wr + inferred.exposure.rw;
    if open > 0 {
        inferred.doubts.push(format!("{} may have seen one of several versions", count(open as usize, "read")));
    }
    inferred.sources = vec![("closed universe", total)];
    Ok(inferred)
}

fn overwrites(versions: &Versions, part: &mut Part) {
    for pair in versions.all.windows(2) {
        if let (Some(from), Some(to)) = (pair[0].writer, pair[1].writer) {
            part.edges.add(from, to, Kinds::WW);
        }
    }
}

/// Where the version that a slot makes stands.
fn place(object: &Object<'_, '_>, versions: &Versions, slot: usize) -> u32 {
    let row = object.row(slot);
    let place = versions.all.iter().position(|version| version.writer == Some(row));
    place.filter(|_| object.outcome(slot) != CallOutcome::Fail).map_or(Write::UNORDERED, |place| place as u32)
}
