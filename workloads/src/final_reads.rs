//! Reads after everything is healed, from every thread and so from every node, repeated until each has its answer.

use crate::{Context, Generator, Next};
use history::{DataType, Event, EventKind, Outcome, Time};
use std::collections::HashMap;

/// A thread that gets no answer in so many attempts gives up on that read; the evidence then says what is missing.
const ATTEMPTS: u32 = 20;

/// Between two attempts at the same read.
const PAUSE: u64 = 500_000_000;

/// Gives every thread the same list of reads, one after another, each until it is answered.
pub(crate) struct FinalReads<D: DataType> {
    reads: Box<dyn Fn() -> Vec<D::Op> + Send>,
    threads: HashMap<usize, Progress<D>>,
}

struct Progress<D: DataType> {
    left: Vec<D::Op>,
    attempts: u32,
    not_before: Time,
}

impl<D: DataType> FinalReads<D> {
    /// `reads` is called once for each thread, when that thread is first asked.
    pub(crate) fn new(reads: impl Fn() -> Vec<D::Op> + Send + 'static) -> FinalReads<D> {
        FinalReads { reads: Box::new(reads), threads: HashMap::new() }
    }
}

impl<D: DataType> Generator<D> for FinalReads<D> {
    fn next(&mut self, context: Context) -> Next<D::Op> {
        let reads = &self.reads;
        let progress = self.threads.entry(context.thread).or_insert_with(|| {
            let mut left = reads();
            left.reverse();
            Progress { left, attempts: 0, not_before: Time(0) }
        });
        match progress.left.last() {
            None => Next::Done,
            Some(_) if context.time < progress.not_before => Next::Wait(progress.not_before),
            Some(op) => Next::Invoke(op.clone()),
        }
    }

    fn observe(&mut self, thread: usize, event: &Event<D>) {
        let (EventKind::Complete(outcome), Some(progress)) = (&event.kind, self.threads.get_mut(&thread)) else {
            return;
        };
        progress.attempts += 1;
        if matches!(outcome, Outcome::Ok(_)) || progress.attempts >= ATTEMPTS {
            progress.left.pop();
            progress.attempts = 0;
        } else {
            progress.not_before = event.moment.time.plus(PAUSE);
        }
    }
}
