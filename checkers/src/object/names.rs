//! Values as engines see them: numbers, and how to call them for people.

use history::{EdnText, Value, ValueId, Values};
use rustc_hash::FxHashMap;

/// A value. Integers are themselves, so that they have an order and a sum; any other value is a number near the least.
pub type V = i64;

/// nil: what a register holds that nobody wrote to.
pub const NIL: V = i64::MIN;

/// Integers below this are given a name like any other value.
const LEAST_INTEGER: i64 = i64::MIN + (1 << 33);

/// Gives values of a recording their numbers, and numbers their text.
#[derive(Clone, Debug, Default)]
pub struct Names<'a> {
    values: Option<&'a Values>,
    others: Vec<ValueId>,
    numbers: FxHashMap<ValueId, V>,
}

impl<'a> Names<'a> {
    /// Names of the values of a recording.
    #[must_use]
    pub fn new(values: &'a Values) -> Self {
        Names { values: Some(values), others: Vec::new(), numbers: FxHashMap::default() }
    }

    /// Names of plain integers: every value is itself.
    #[must_use]
    pub fn plain() -> Self {
        Names::default()
    }

    /// The number of a value. Equal values have equal numbers, and different ones different numbers.
    pub fn number(&mut self, id: ValueId) -> V {
        if let Some(small) = id.as_small() {
            return small;
        }
        if id.is_nil() {
            return NIL;
        }
        if let Some(Value::Int(integer)) = self.values.map(|values| values.get(id))
            && integer >= LEAST_INTEGER
        {
            return integer;
        }
        let (others, numbers) = (&mut self.others, &mut self.numbers);
        *numbers.entry(id).or_insert_with(|| {
            others.push(id);
            NIL + others.len() as i64
        })
    }

    /// A value as EDN.
    #[must_use]
    pub fn text(&self, value: V) -> String {
        if value == NIL {
            return "nil".to_owned();
        }
        let position = value.wrapping_sub(NIL).wrapping_sub(1);
        let other = usize::try_from(position).ok().and_then(|at| self.others.get(at));
        match (other, self.values) {
            (Some(id), Some(values)) => EdnText { values, id: *id }.to_string(),
            _ => value.to_string(),
        }
    }

    /// Several values as EDN, in brackets.
    #[must_use]
    pub fn list(&self, values: &[V]) -> String {
        let texts: Vec<String> = values.iter().map(|value| self.text(*value)).collect();
        format!("[{}]", texts.join(" "))
    }
}
