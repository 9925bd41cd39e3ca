//! Sequential objects, one file each: what a correct single copy would do.

mod counter;
mod fenced;
mod kv;
mod log;
mod multi;
mod mutex;
mod priority;
mod queue;
mod register;
mod semaphore;
mod set;
mod stack;
mod versioned;

pub use counter::{Counter, CounterOp, Fetch, FetchAndIncrement};
pub use fenced::{Fenced, FencedMutex, FencedOp};
pub use kv::{Kv, KvOp};
pub use log::{AppendLog, LogOp};
pub use multi::{Access, MultiOp, MultiRegister};
pub use mutex::{Mutex, MutexOp, OwnerMutex, OwnerOp, ReentrantMutex};
pub use priority::{First, PriorityOp, PriorityQueue};
pub use queue::{Bag, Fifo, Got, QueueOp};
pub use register::{Register, RegisterOp};
pub use semaphore::{Semaphore, SemaphoreOp};
pub use set::{GrowOnlyOp, GrowOnlySet, Set, SetOp};
pub use stack::{Stack, StackOp};
pub use versioned::{VersionedOp, VersionedRegister};
