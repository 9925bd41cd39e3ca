//! Levels of isolation: what they are called, what follows from what, and which of them a history keeps.
//!
//! The [`Lattice`] says what anomalies refute. It finds none of them: cycles are somebody else's.

mod lattice;
mod name;

pub use lattice::{Boundary, Lattice};
pub use name::Level;
