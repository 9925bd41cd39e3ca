//! History in, verdict out. Every checker is a pure function of a history and a budget: no clock, no files, no
//! randomness, no logging. An invalid verdict always carries anomalies whose witness was re-checked by other code.

mod answer;
mod argument;
pub mod engine;
mod evidence;
mod guard;
mod linearizable;
mod lock;
pub mod model;
mod monitor;
pub mod object;
mod phrase;
mod recovery;
mod set;
mod single;
pub mod txn;
mod verdict;

pub use argument::{Argument, Member, MinimalHistory, Precedence};
pub use evidence::{Expectations, evidence};
pub use guard::{guarded, merge};
pub use linearizable::Linearizable;
pub use lock::LockChecker;
pub use recovery::recovery;
pub use set::{Promise, SetChecker};
pub use single::{Delivery, IdLayout, OptionError, Rate, SingleEntry, SingleOptions, checkers, judge};
pub use verdict::{Anomaly, Budget, Check, Checker, Evidence, Interval, Verdict, Word};
