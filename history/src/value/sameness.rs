//! When two values are the same although one arena holds them twice, as it does the steps of transactions.

use super::arena::Renaming;
use super::tape::is_on_tape;
use super::{Value, ValueId, Values};

impl Values {
    /// True if two values are equal. Equal names are enough, and needed as well unless the file was read with
    /// [`crate::ReadOptions::transactions`]: then transactions, their steps and the lists that they read are looked
    /// into.
    #[must_use]
    #[inline]
    pub fn same(&self, one: ValueId, other: ValueId) -> bool {
        one == other || (!self.tape.is_empty() && self.same_vectors(one, other))
    }

    fn same_vectors(&self, one: ValueId, other: ValueId) -> bool {
        match (self.get(one), self.get(other)) {
            (Value::Vector(one), Value::Vector(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.same(*one, *other))
            }
            _ => false,
        }
    }

    /// Adds a value of another arena, of which all but what is on the tape has its name here already.
    pub(crate) fn import(&mut self, other: &Values, renaming: &Renaming, id: ValueId) -> ValueId {
        if !is_on_tape(id) {
            return renaming.apply(id);
        }
        let elements: Vec<ValueId> =
            other.tape.get(id).iter().map(|element| self.import(other, renaming, *element)).collect();
        self.vector(&elements)
    }
}
