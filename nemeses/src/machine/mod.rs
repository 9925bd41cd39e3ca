//! Faults of whole machines: power cycle, reboot, kernel crash, a machine that stands still, a cable that is pulled.
//!
//! What the node cannot do to itself is one line of the inventory, a [`Lever`](cluster::Lever). What it cannot undo
//! itself, because it is off or cannot be reached, is undone from the controller: by the nemesis, by `gainsay heal`,
//! or, should the controller die, by a [watcher](watcher) that outlives it.

mod fault;
mod lag;
pub(crate) mod lift;
mod watcher;

pub(crate) use fault::{CRASH, PAUSE, POWER_CYCLE, REBOOT, UNPLUG};
