//! What happened: operations, their outcomes, and the files that histories are kept in.
//!
//! A history is a list of *events* in one order, given by the controller that recorded them: an *invocation* before a
//! request is sent, a *completion* after its answer has come. [`read`] takes any file that people keep such lists in
//! into a [`Recording`], which says what the file says; [`Calls`] pairs its events into calls, whatever they mean; and
//! [`History`] understands them as a [`DataType`] does. [`write()`] goes the other way. This crate judges nothing, reads
//! no clock, and knows no node.

mod datatype;
mod decode;
mod fault;
mod format;
mod history;
mod operation;
mod read;
mod record;
mod recording;
mod value;
mod write;

pub use datatype::DataType;
pub use datatype::bank::{Bank, BankOp, BankRet, Transfer};
pub use datatype::lock::{Lock, LockOp, LockRet};
pub use datatype::predicate::{Predicate, Predicates, Rows, TableAsk, TableFound, TableMop, TableOp, TableRet};
pub use datatype::register::{Register, RegisterOp, RegisterRet};
pub use datatype::set::{Set, SetOp, SetRet};
pub use datatype::transaction::{ListAppend, Lists, Mop, Reads, Registers, RwRegister, Transactions, Txn, TxnObject};
pub use decode::{Decoded, Decoder, Numbers};
pub use fault::{Effect, Fault, FaultPhase, FaultRecord};
pub use format::{Format, UnknownFormat};
pub use history::{Event, EventKind, History, HistoryError};
pub use operation::{Moment, OpId, Operation, Outcome, Process, Time};
pub use read::{ReadError, ReadOptions, TransactionsOf, read, read_bytes};
pub use record::{EventWriter, Record};
pub use recording::calls::{Call, CallOutcome, Calls};
pub use recording::{Actor, EventType, ExtraField, Leniency, Note, RecordedEvent, Recording, Tuples};
pub use value::{EdnText, JsonText, Value, ValueId, Values};
pub use write::write;
