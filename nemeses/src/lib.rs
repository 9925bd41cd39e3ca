//! What goes wrong on purpose, and how it is undone for certain.
//!
//! A [`Nemesis`] makes one kind of fault, measures that it is in effect, and heals all that it could ever have done,
//! on every node, without remembering what it did. It knows nothing of operations or histories.

mod nemesis;

pub use nemesis::{Injected, Measured, Nemesis, System};
