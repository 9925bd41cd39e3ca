//! Calls of a recording as operations of a model.
//!
//! A decoder is given one call that may have taken effect, and says what it was; None if it says nothing of the object,
//! as a read whose answer nobody knows. Calls that failed took no effect and are left out.

use super::{Model, Names, Timed, V};
use history::{Call, CallOutcome, Calls, Value, ValueId, Values};
use rustc_hash::FxHashMap;

/// What a read of nil says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NilRead {
    /// The object held what it holds at first.
    #[default]
    Initial,
    /// Nothing, as Knossos has it.
    Wildcard,
}

/// One call, as a decoder sees it.
pub(crate) struct Raw<'c, 'v> {
    pub f: &'c str,
    pub call: Call,
    pub values: &'v Values,
    pub choices: Choices,
}

/// How what is ambiguous is read.
#[derive(Clone, Copy)]
pub(crate) struct Choices {
    /// What a read of nil says.
    pub nil: NilRead,
    /// True if a removal that crashed took nothing, as Knossos has it.
    pub crashed_removals_take_nothing: bool,
    /// True if a compare-and-set that failed did so because it compared.
    pub strict_fail_cas: bool,
}

/// What a decoder says; an error is what was expected.
pub(crate) type Decoded<O> = Result<Option<O>, String>;

/// A decoder of a model.
pub(crate) type DecodeOf<M> = fn(&M, &Raw<'_, '_>, &mut Names<'_>) -> Decoded<<M as Model>::Op>;

impl<'v> Raw<'_, 'v> {
    /// True if it is known to have happened.
    pub fn is_ok(&self) -> bool {
        self.call.outcome == CallOutcome::Ok
    }

    /// True if it took no effect. Decoders see only those compare-and-sets of which that says something.
    pub fn failed(&self) -> bool {
        self.call.outcome == CallOutcome::Fail
    }

    /// True if it is a read whose answer says nothing.
    pub fn says_nothing(&self) -> bool {
        !self.is_ok() || (self.call.result.is_nil() && self.choices.nil == NilRead::Wildcard)
    }

    /// The value of the completion of a call that happened; else, or if that has none, the argument.
    pub fn either(&self) -> ValueId {
        if self.call.result.is_nil() { self.call.argument } else { self.call.result }
    }

    /// The argument; in a history of completions only, the result.
    pub fn asked(&self) -> ValueId {
        if self.call.argument.is_nil() { self.call.result } else { self.call.argument }
    }

    pub fn value(&self, id: ValueId) -> Value<'v> {
        self.values.get(id)
    }

    /// A vector of two.
    pub fn pair(&self, id: ValueId) -> Result<(ValueId, ValueId), String> {
        match self.value(id) {
            Value::Vector(&[one, other]) => Ok((one, other)),
            _ => Err(format!("a vector of two as the value of {}", self.f)),
        }
    }

    pub fn integer(&self, id: ValueId) -> Result<i64, String> {
        self.value(id).integer().ok_or_else(|| format!("an integer as the value of {}", self.f))
    }

    pub fn elements(&self, id: ValueId, names: &mut Names<'_>) -> Result<Vec<V>, String> {
        let elements = self.value(id).elements().ok_or_else(|| format!("a list as the value of {}", self.f))?;
        Ok(elements.iter().map(|element| names.number(*element)).collect())
    }

    /// What stands under a name in a map.
    pub fn field(&self, id: ValueId, name: &str) -> Option<ValueId> {
        let mut entries = self.value(id).entries(self.values)?;
        entries.find(|(key, _)| self.value(*key).name() == Some(name)).map(|(_, value)| value)
    }

    /// That this function is none of the model's.
    pub fn unknown<O>(&self, functions: &str) -> Decoded<O> {
        Err(format!("one of the functions {functions}, not {:?}", self.f))
    }
}

/// The calls on one key.
pub(crate) struct Keyed<O> {
    pub key: Option<ValueId>,
    pub calls: Vec<Timed<O>>,
}

/// Decodes every call, each key by itself. A call without key in a history with keys concerns every one of them.
pub(crate) fn decode<'v, M: Model>(
    model: &M,
    calls: &Calls<'v>,
    choices: Choices,
    decoder: DecodeOf<M>,
    names: &mut Names<'v>,
) -> Result<Vec<Keyed<M::Op>>, String> {
    let values = calls.recording().values();
    let (mut objects, numbers) = objects::<M>(calls);
    for (at, call) in calls.iter().enumerate() {
        let raw = Raw { f: calls.function(at), call, values, choices };
        if raw.failed() && !(choices.strict_fail_cas && raw.f == "cas") {
            continue;
        }
        let row = call.invoked.or(call.completion).unwrap_or_default();
        let located = |expected| format!("line {}: expected {expected}", calls.recording().line(row));
        let Some(op) = decoder(model, &raw, names).map_err(located)? else { continue };
        let (invoked, returned) = (call.invoked.unwrap_or_default(), call.returned);
        let timed = Timed { op, invoked, returned, process: call.process, call: at as u32 };
        match numbers.get(&call.key) {
            Some(&object) => objects[object].calls.push(timed),
            None => objects.iter_mut().for_each(|object| object.calls.push(timed.clone())),
        }
    }
    Ok(objects)
}

/// The number of each object, by its key.
type Numbers = FxHashMap<Option<ValueId>, usize>;

/// What is not decoded yet: every object, with room for the calls of its own, and their numbers by key.
fn objects<M: Model>(calls: &Calls<'_>) -> (Vec<Keyed<M::Op>>, Numbers) {
    let keys = calls.keys();
    if keys.is_empty() {
        return (vec![Keyed { key: None, calls: Vec::with_capacity(calls.len()) }], FxHashMap::default());
    }
    let numbers: Numbers = keys.iter().enumerate().map(|(number, key)| (Some(*key), number)).collect();
    let mut counts = vec![0; keys.len()];
    for number in calls.iter().filter_map(|call| numbers.get(&call.key)) {
        counts[*number] += 1;
    }
    let objects = keys.into_iter().zip(counts);
    let objects = objects.map(|(key, count)| Keyed { key: Some(key), calls: Vec::with_capacity(count) });
    (objects.collect(), numbers)
}
