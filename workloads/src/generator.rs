//! What comes next: the one question that a runner asks a workload.

use history::{DataType, Event, Process, Time};

/// Who is asked, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The time of the question.
    pub time: Time,
    /// The worker slot that is free; it stays with one node for the whole run.
    pub thread: usize,
    /// The logical client that runs in that slot at present.
    pub process: Process,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<Op> {
    /// Do this.
    Invoke(Op),
    /// Nothing for this thread before this time; it is asked again then, or earlier.
    Wait(Time),
    /// Nothing for this thread, ever.
    Done,
}

/// Says what clients ask. Pure but for its own state: it reads no clock and draws only from its own seeded source.
pub trait Generator<D: DataType>: Send {
    /// What the free thread in `context` does next. An answer `Invoke` is always carried out.
    fn next(&mut self, context: Context) -> Next<D::Op>;

    /// Hears of every event, invocations included, in the order of the history.
    fn observe(&mut self, thread: usize, event: &Event<D>) {
        let _ = (thread, event);
    }
}
