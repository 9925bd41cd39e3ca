//! What every engine is given: calls on one object, and a model that says what the object may do.
//!
//! An engine knows no data type. Decoders make [`Timed`] calls out of a history, with every result inside the
//! operation; a [`Model`] is a sequential machine over such operations. Nothing here searches or judges.

mod decide;
mod decode;
mod judge;
mod monitored;
mod names;
mod registry;
mod shapes;

pub use decide::{Decision, MonitorOf, decide};
pub use decode::NilRead;
pub use judge::{Compat, JudgeOptions, Judged, Violation};
pub use monitored::{Monitor, Monitored};
pub use names::{NIL, Names, V};
pub use registry::{ModelEntry, judge, models};

use std::fmt::Debug;
use std::hash::Hash;

/// One call on one object, as engines see it. Order is by event position only: one call precedes another if its
/// `returned` is less than the other's `invoked`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timed<O> {
    /// What was asked, and what was answered.
    pub op: O,
    /// The event of its invocation.
    pub invoked: u32,
    /// The event after which it can have no more effect. None: it crashed, and may take effect at any later time or
    /// never.
    pub returned: Option<u32>,
    /// The logical client.
    pub process: i64,
    /// Its position among the calls of the history, for reports.
    pub call: u32,
}

impl<O> Timed<O> {
    /// True if nobody knows whether it took effect.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.returned.is_none()
    }
}

/// How calls of one object hang together when some of them are left out of a witness.
///
/// To leave calls out is honest only if it cannot break a legal order. The rule: of each value that a kept call
/// *needs*, every call that *makes* it is kept too. A value that may only be left out as a whole, such as an element of
/// a queue, is made and needed by all that touch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tie {
    /// It may never be left out.
    pub fixed: bool,
    /// What it brings about.
    pub makes: Vec<V>,
    /// What it can only have with everything that brings it about.
    pub needs: Vec<V>,
}

impl Tie {
    /// May always be left out: it changes nothing, and nothing explains it.
    #[must_use]
    pub fn free() -> Tie {
        Tie::default()
    }

    /// May never be left out.
    #[must_use]
    pub fn fixed() -> Tie {
        Tie { fixed: true, ..Tie::default() }
    }

    /// May be left out only with everything else that touches the value.
    #[must_use]
    pub fn group(value: V) -> Tie {
        Tie { fixed: false, makes: vec![value], needs: vec![value] }
    }
}

/// Which independent parts of an object a call touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// The object has no parts, or the call concerns all of them.
    Whole,
    /// These, and no other.
    Some(Vec<V>),
}

/// What an operation does to an object of which every change replaces all that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<S> {
    /// What the object must hold; None if that does not matter.
    pub needs: Option<S>,
    /// What it holds afterwards; None if it is left alone.
    pub makes: Option<S>,
}

/// A sequential object: what it holds, and which operations with which results are possible then.
///
/// `step` is pure and total. What a crashed operation would have answered is unknown, so an operation of a model has
/// an unknown result where that matters.
pub trait Model: Sync {
    /// An operation with its result.
    type Op: Clone + Debug + Eq + Hash + Send + Sync;
    /// What the object holds.
    type State: Clone + Eq + Hash + Debug + Send + Sync;

    /// The name that `--model` takes.
    fn name(&self) -> &'static str;

    /// What it holds at first.
    fn initial(&self) -> Self::State;

    /// What it holds afterwards. None: the operation cannot have had this result in this state.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Every state that it may hold afterwards. Only of a model in which an unknown result leaves several is this more
    /// than [`Model::step`].
    fn steps(&self, state: &Self::State, op: &Self::Op, into: &mut Vec<Self::State>) {
        into.extend(self.step(state, op));
    }

    /// What it needs and makes, if that is all there is to say: `step` is possible in the state needed, or in any, and
    /// leads to the state made, or nowhere else. A model that answers answers for every operation.
    fn cell(&self, _op: &Self::Op) -> Option<Cell<Self::State>> {
        None
    }

    /// What the object holds after it, whatever it held before; None if it does not say. A history can be cut after such
    /// a call.
    fn pins(&self, op: &Self::Op) -> Option<Self::State> {
        let cell = self.cell(op)?;
        cell.makes.or(cell.needs)
    }

    /// True if it changes no state whatever: engines then take it as soon as it is possible, and drop it if it crashed.
    fn is_read(&self, _op: &Self::Op) -> bool {
        false
    }

    /// True if a call with this result says something of what the object held. A history without such a call shows
    /// nothing.
    fn observes(&self, _op: &Self::Op) -> bool {
        true
    }

    /// True if it is one that a system may answer by doing nothing, as a compare-and-set is. Only `--compat porcupine`
    /// asks: there any other crashed operation is forced to take effect.
    fn may_do_nothing(&self, _op: &Self::Op) -> bool {
        false
    }

    /// Which parts of the object it touches. Calls that touch disjoint parts are judged apart.
    fn parts(&self, _op: &Self::Op) -> Parts {
        Parts::Whole
    }

    /// What may be left out of a witness with it.
    fn tie(&self, op: &Self::Op) -> Tie {
        if self.is_read(op) { Tie::free() } else { Tie::fixed() }
    }

    /// An operation that asks less of the order and leaves the same: what it may stand for in a witness that has only
    /// some of the values that it needs with everything that brings them about. None: it must be left out.
    fn weaken(&self, _op: &Self::Op, _has: &dyn Fn(V) -> bool) -> Option<Self::Op> {
        None
    }

    /// How many values an operation tells of: what it costs to look at it.
    fn size(&self, _op: &Self::Op) -> usize {
        1
    }

    /// Takes out crashed calls that no legal order has any use for: to leave them out only removes constraints.
    /// Crashed reads are gone already.
    fn prune(&self, _calls: &mut Vec<Timed<Self::Op>>) {}

    /// Bytes that a state holds, about.
    fn weight(&self, _state: &Self::State) -> usize {
        size_of::<Self::State>()
    }

    /// An operation in words: `read 3`.
    fn describe_op(&self, op: &Self::Op, names: &Names<'_>) -> String;

    /// A state in words: `holds 3`.
    fn describe_state(&self, state: &Self::State, names: &Names<'_>) -> String;
}
