//! What happened: operations, their outcomes, and the file that a run's history is kept in.
//!
//! A history is a list of *events* in one order, given by the controller that recorded them: an *invocation* before a
//! request is sent, a *completion* after its answer has come. This crate pairs them into [`Operation`]s, and reads and
//! writes them as JSON lines. It judges nothing, reads no clock, and knows no node.

mod datatype;
mod fault;
mod history;
mod operation;
mod record;

pub use datatype::DataType;
pub use datatype::lock::{Lock, LockOp, LockRet};
pub use datatype::register::{Register, RegisterOp, RegisterRet};
pub use datatype::set::{Set, SetOp, SetRet};
pub use fault::{Effect, Fault, FaultPhase, FaultRecord};
pub use history::{Event, EventKind, History, HistoryError};
pub use operation::{Moment, OpId, Operation, Outcome, Process, Time};
pub use record::{EventWriter, Record};
