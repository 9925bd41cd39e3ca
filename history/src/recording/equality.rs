//! When two recordings say the same, whatever files they come from.

use super::Recording;
use crate::value::{Renaming, ValueId, Values};

impl PartialEq for Recording {
    /// True if the events are equal in everything but their place in the file. Extra fields are compared by value, so
    /// that EDN can be compared with JSON.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.columns, &other.columns);
        if (a.len(), &a.index, &a.time, &a.kind) != (b.len(), &b.index, &b.time, &b.kind) {
            return false;
        }
        let mut values = a.values.clone();
        let unchanged = values.absorb(&a.values);
        let renaming = values.absorb(&b.values);
        let mut same = |ours: &[ValueId], theirs: &[ValueId]| {
            ours.iter().zip(theirs).all(|(ours, theirs)| {
                values.import(&a.values, &unchanged, *ours) == values.import(&b.values, &renaming, *theirs)
            })
        };
        let columns =
            [(&a.process, &b.process), (&a.f, &b.f), (&a.key, &b.key), (&a.value, &b.value), (&a.node, &b.node)];
        columns.into_iter().all(|(ours, theirs)| same(ours, theirs))
            && a.errors.len() == b.errors.len()
            && a.errors.iter().zip(&b.errors).all(|(x, y)| (x.0, x.1) == (y.0, renaming.apply(y.1)))
            && self.same_extras(other, &mut values, &renaming)
    }
}

impl Recording {
    fn same_extras(&self, other: &Recording, values: &mut Values, renaming: &Renaming) -> bool {
        if !self.columns.has_extras() && !other.columns.has_extras() {
            return true;
        }
        (0..self.len() as u32).all(|row| {
            let ours = self.extra_values(row, values, |id| id);
            let theirs = other.extra_values(row, values, |id| renaming.apply(id));
            ours == theirs
        })
    }

    /// Names and values of the extra fields, sorted; nil is as good as none.
    fn extra_values(
        &self,
        row: u32,
        values: &mut Values,
        rename: impl Fn(ValueId) -> ValueId,
    ) -> Vec<(ValueId, Option<ValueId>)> {
        let fields = self.extra_fields(row);
        let mut parsed: Vec<_> =
            fields.map(|field| (rename(field.name), self.parse_extra(field.text, values).ok())).collect();
        parsed.retain(|field| field.1 != Some(ValueId::NIL));
        parsed.sort_unstable();
        parsed
    }
}
