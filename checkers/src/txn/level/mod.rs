//! Levels of isolation: what they are called, what follows from what, and which of them a history keeps.
//!
//! The [`Lattice`] says what anomalies refute; [`Exact`] decides levels where the order of versions is known, [`Polygraph`]
//! and [`Weak`] where it is not. Whoever says that a level is refuted has it looked at again by [`verify_circle`] or
//! [`verify_lemmas`]. Anomalies are not found here.

mod digraph;
mod exact;
mod lattice;
mod name;
mod order;
mod polygraph;
mod second_look;
mod timestamps;
mod weak;

pub use exact::{Exact, Outcome, Standing, Step, Why};
pub use lattice::{Boundary, Lattice};
pub use name::{Level, orders_of};
pub use polygraph::{Explained, Lemma, Link, Polygraph};
pub use second_look::{Evidence, Unproven, verify_circle, verify_lemmas};
pub use timestamps::{Claim, Contradiction, Stamps, contradictions, keep_realtime, verify_contradiction};
pub use weak::{Before, Cause, Reason, Weak, WeakOutcome, verify_befores};
