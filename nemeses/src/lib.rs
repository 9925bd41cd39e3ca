//! What goes wrong on purpose, and how it is undone for certain.
//!
//! A [`Nemesis`] makes one kind of fault, measures that it is in effect, and heals all that it could ever have done,
//! on every node, without remembering what it did: everything that it makes on a node carries our name and is found
//! again under `/run/gainsay`, in the chains `GAINSAY-IN` and `GAINSAY-OUT`, and nowhere else. A [`Switch`] on every
//! node runs the same healing when the controller falls silent.
//!
//! It knows nothing of operations or histories, and never touches a rule, a unit or a directory that it did not mark
//! or was not told to break.

#![allow(clippy::result_large_err, reason = "NodeError tells all that there is to know, and is never on a hot path")]

mod aim;
mod catalogue;
mod clock;
mod companion;
mod disk;
mod everywhere;
mod heal;
mod limits;
mod local;
mod machine;
mod marks;
mod membership;
mod nemesis;
mod network;
mod options;
mod process;
mod schedule;
mod spec;
mod switch;
mod target;
mod victims;

pub use catalogue::{Choice, Entry, Family, all};
pub use heal::{heal, heal_all, heal_script, verify_healed};
pub use limits::Limits;
pub use nemesis::{Injected, Measured, Nemesis, System};
pub use network::grudge::Shape;
pub use options::Setting;
pub use schedule::{PlannedFault, Timing, schedule};
pub use spec::{SpecError, parse, parse_one};
pub use switch::{Renewal, Switch};
pub use target::Target;
