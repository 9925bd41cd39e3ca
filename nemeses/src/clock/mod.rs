//! Faults of the clock that tells the time of day: it jumps, flickers, runs fast or slow, or stands still.
//!
//! Whatever keeps a node's clock right is stopped first and started again afterwards. The time is restored from the
//! kernel's raw monotonic clock, which none of these faults touches: what it was when the fault began, and what has
//! passed since. Only nodes with a clock of their own are touched: to set the clock of a container is to set that of its
//! host, the controller's perhaps.

mod fault;
mod keeper;
mod program;

pub(crate) use fault::{DRIFT, FROZEN, JUMP, STROBE};
