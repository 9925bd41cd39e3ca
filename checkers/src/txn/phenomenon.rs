//! What can be wrong with a history of transactions, by its published name.

use std::fmt;

/// Which edges a cycle is of.
///
/// Source: Adya 1999, section 4.4.3 and chapter 4; G-nonadjacent is Elle's name of Adya's G-SIb. `Item` says that no
/// anti-dependency of it is one of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Only writes that overwrite each other: dirty write.
    G0,
    /// Also writes that were read: circular information flow.
    G1c,
    /// Just one anti-dependency, of an object: read skew.
    GSingleItem,
    /// Just one anti-dependency, of a predicate.
    GSingle,
    /// Two or more anti-dependencies, no two of them in a row, all of objects.
    GNonadjacentItem,
    /// The same, of predicates too.
    GNonadjacent,
    /// Two or more anti-dependencies, two of them in a row, all of objects: write skew.
    G2Item,
    /// The same, of predicates too.
    G2,
}

/// Which orders other than those of data a cycle needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// None: data only.
    Data,
    /// The order of a session.
    Process,
    /// The order of real time.
    Realtime,
}

/// An anomaly, the lightest to refute least last. The order is that in which people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phenomenon {
    /// A version twice in one read.
    DuplicateElements,
    /// A version that nobody ever wrote.
    GarbageRead,
    /// Versions of one object that must each precede the other.
    CyclicVersions,
    /// Reads of one object that no one order of its versions explains.
    IncompatibleOrder,
    /// A version of a transaction that failed.
    G1a,
    /// A version that its own transaction overwrote.
    G1b,
    /// A committed version built upon one that failed.
    DirtyUpdate,
    /// A read that does not agree with what its own transaction did before.
    Internal,
    /// A read of what its own transaction wrote only later.
    FutureRead,
    /// Two transactions read the same version and both overwrote it.
    LostUpdate,
    /// An acknowledged write that later reads lack.
    LostAppend,
    /// A predicate read that lacks a row that must match.
    PredicateReadMiss,
    /// A cycle.
    Cycle(Shape, Needs),
}

impl Phenomenon {
    /// Every one that is no cycle.
    pub const PLAIN: [Phenomenon; 12] = [
        Phenomenon::DuplicateElements,
        Phenomenon::GarbageRead,
        Phenomenon::CyclicVersions,
        Phenomenon::IncompatibleOrder,
        Phenomenon::G1a,
        Phenomenon::G1b,
        Phenomenon::DirtyUpdate,
        Phenomenon::Internal,
        Phenomenon::FutureRead,
        Phenomenon::LostUpdate,
        Phenomenon::LostAppend,
        Phenomenon::PredicateReadMiss,
    ];

    /// Every one.
    pub fn all() -> impl Iterator<Item = Phenomenon> {
        let needs = [Needs::Data, Needs::Process, Needs::Realtime];
        let cycles = Shape::ALL.into_iter().flat_map(move |shape| needs.map(|needs| Phenomenon::Cycle(shape, needs)));
        Phenomenon::PLAIN.into_iter().chain(cycles)
    }

    /// The published name: `G-single-item-realtime`.
    #[must_use]
    pub fn name(self) -> String {
        let plain = match self {
            Phenomenon::DuplicateElements => "duplicate-elements",
            Phenomenon::GarbageRead => "garbage-read",
            Phenomenon::CyclicVersions => "cyclic-versions",
            Phenomenon::IncompatibleOrder => "incompatible-order",
            Phenomenon::G1a => "G1a",
            Phenomenon::G1b => "G1b",
            Phenomenon::DirtyUpdate => "dirty-update",
            Phenomenon::Internal => "internal",
            Phenomenon::FutureRead => "future-read",
            Phenomenon::LostUpdate => "lost-update",
            Phenomenon::LostAppend => "lost-append",
            Phenomenon::PredicateReadMiss => "predicate-read-miss",
            Phenomenon::Cycle(shape, needs) => return format!("{}{}", shape.name(), needs.suffix()),
        };
        plain.to_owned()
    }
}

impl fmt::Display for Phenomenon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl Shape {
    /// Every shape, the gravest first.
    pub const ALL: [Shape; 8] = [
        Shape::G0,
        Shape::G1c,
        Shape::GSingleItem,
        Shape::GSingle,
        Shape::GNonadjacentItem,
        Shape::GNonadjacent,
        Shape::G2Item,
        Shape::G2,
    ];

    /// The published name, without what the cycle needs besides data.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Shape::G0 => "G0",
            Shape::G1c => "G1c",
            Shape::GSingleItem => "G-single-item",
            Shape::GSingle => "G-single",
            Shape::GNonadjacentItem => "G-nonadjacent-item",
            Shape::GNonadjacent => "G-nonadjacent",
            Shape::G2Item => "G2-item",
            Shape::G2 => "G2",
        }
    }
}

impl Needs {
    /// What it adds to the name of a shape.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Needs::Data => "",
            Needs::Process => "-process",
            Needs::Realtime => "-realtime",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_its_own() {
        let names: BTreeSet<String> = Phenomenon::all().map(Phenomenon::name).collect();
        assert_eq!(names.len(), Phenomenon::PLAIN.len() + Shape::ALL.len() * 3);
        assert!(names.contains("G-nonadjacent-item-realtime") && names.contains("G2"));
    }
}
