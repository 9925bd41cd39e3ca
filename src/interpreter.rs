//! The heart of a run: one task that asks the generator, hands operations to workers, and alone gives every event its
//! index and time.
//!
//! Completions are taken before new work is asked for; otherwise operations that followed each other would look
//! concurrent. An invocation is in the journal's buffer before its operation is sent. Memory does not grow with the
//! number of operations.

use crate::journal::{Journal, JournalError};
use crate::offered::Offered;
use crate::stop::Stop;
use crate::worker::{Done, Job, Worker};
use cluster::{Database, Node};
use history::{DataType, Event, EventKind, EventWriter, Moment, Outcome, Process, Time};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use workloads::{Context, Generator, Next};

/// The history is handed to the journal at least this often.
const FLUSH_EVERY: Duration = Duration::from_millis(50);

/// And whenever so many bytes have gathered.
const FLUSH_BYTES: usize = 64 * 1024;

/// Outcomes so far, for whoever shows progress.
#[derive(Debug, Default)]
pub struct Counters {
    /// Operations that took effect.
    pub ok: AtomicU64,
    /// Operations that did not and never will.
    pub fail: AtomicU64,
    /// Operations of which nobody knows.
    pub info: AtomicU64,
}

/// Why a history could not be recorded to its end.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// The file could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A client panicked: our own bug, never an outcome.
    #[error("the client of thread {0} panicked; this is a bug of gainsay or of its database client")]
    Panic(usize),
}

/// What limits one part of a run.
pub struct Limits {
    /// No new operation is invoked after this time; None ends only with the generator.
    pub until: Option<Time>,
    /// Operations per second in all; None is as fast as they go.
    pub rate: Option<f64>,
    /// An operation may take so long, unless the workload says otherwise.
    pub timeout: Duration,
    /// Operations that are not over so long after the last invocation are given up as indeterminate.
    pub grace: Duration,
}

/// Runs generators against clients, and records what happens.
pub struct Interpreter<D: Offered> {
    slots: Vec<Slot<D>>,
    free: VecDeque<usize>,
    database: Arc<dyn Database>,
    origin: Instant,
    next_index: u64,
    writer: EventWriter,
    journal: Journal,
    flushed: Instant,
    completions: mpsc::UnboundedReceiver<Done<D>>,
    done: mpsc::UnboundedSender<Done<D>>,
    counters: Arc<Counters>,
    timeout_of: fn(&D::Op) -> Option<Duration>,
}

/// A worker slot as the interpreter sees it.
struct Slot<D: DataType> {
    node: Node,
    process: Process,
    fresh: bool,
    in_flight: Option<D::Op>,
    exhausted: bool,
    not_before: Time,
    generation: u32,
    jobs: mpsc::Sender<Job<D>>,
    task: JoinHandle<()>,
}

/// What a recording needs besides generators.
pub struct Setup {
    /// One node for each thread, in the order of the threads.
    pub nodes: Vec<Node>,
    /// Makes the clients.
    pub database: Arc<dyn Database>,
    /// The origin of the run's clock.
    pub origin: Instant,
    /// Where the history goes.
    pub journal: Journal,
    /// Where outcomes are counted.
    pub counters: Arc<Counters>,
}

impl<D: Offered> Interpreter<D> {
    /// Starts one worker for each of `setup.nodes`.
    pub fn new(setup: Setup, timeout_of: fn(&D::Op) -> Option<Duration>) -> Interpreter<D> {
        let (done, completions) = mpsc::unbounded_channel();
        let database = setup.database;
        let start = |(thread, node): (usize, Node)| {
            let (jobs, task) = spawn(thread, 0, node.clone(), &database, &done);
            let process = Process(thread as u64);
            let not_before = Time(0);
            Slot {
                node,
                process,
                fresh: true,
                in_flight: None,
                exhausted: false,
                not_before,
                generation: 0,
                jobs,
                task,
            }
        };
        let slots: Vec<Slot<D>> = setup.nodes.into_iter().enumerate().map(start).collect();
        Interpreter {
            free: (0..slots.len()).collect(),
            slots,
            origin: setup.origin,
            next_index: 0,
            writer: EventWriter::default(),
            journal: setup.journal,
            flushed: Instant::now(),
            completions,
            done,
            counters: setup.counters,
            database,
            timeout_of,
        }
    }

    /// Runs one part: asks `generator` until it is exhausted, the time is over, or somebody says stop; then waits for
    /// what is in flight, at most `limits.grace`.
    ///
    /// # Errors
    /// If the history cannot be written, or a client panicked.
    pub async fn run(
        &mut self,
        generator: &mut dyn Generator<D>,
        limits: &Limits,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<(), InterpreterError> {
        for slot in &mut self.slots {
            slot.exhausted = false;
            slot.not_before = Time(0);
        }
        let mut pace = Pace::new(limits.rate, self.now());
        loop {
            let took = self.take_completions(generator)?;
            self.flush(false)?;
            let over = *stop.borrow() != Stop::No || limits.until.is_some_and(|until| self.now() >= until);
            if over || self.slots.iter().all(|s| s.exhausted) {
                break;
            }
            let wake = match self.invoke_next(generator, limits, &mut pace)? {
                Asked::Invoked => continue,
                Asked::Nothing(wake) => wake,
            };
            if !took {
                self.wait(wake, limits.until, stop, generator).await?;
            }
        }
        self.drain(generator, limits.grace).await
    }

    /// Ends the workers and the journal.
    ///
    /// # Errors
    /// If the last lines cannot be written.
    pub fn finish(mut self) -> Result<(), InterpreterError> {
        for slot in &self.slots {
            slot.task.abort();
        }
        self.flush(true)?;
        self.journal.close()?;
        Ok(())
    }

    fn now(&self) -> Time {
        Time(self.origin.elapsed().as_nanos() as u64)
    }

    fn stamp(&mut self) -> Moment {
        let moment = Moment { index: self.next_index, time: self.now() };
        self.next_index += 1;
        moment
    }

    /// Records every completion that has arrived. True if there was one.
    fn take_completions(&mut self, generator: &mut dyn Generator<D>) -> Result<bool, InterpreterError> {
        let mut took = false;
        while let Ok(done) = self.completions.try_recv() {
            self.complete(done, generator);
            took = true;
        }
        Ok(took)
    }

    fn complete(&mut self, done: Done<D>, generator: &mut dyn Generator<D>) {
        let slot = &mut self.slots[done.thread];
        if slot.generation != done.generation {
            return;
        }
        let Some(op) = slot.in_flight.take() else { return };
        let moment = self.stamp();
        let slots = self.slots.len() as u64;
        let slot = &mut self.slots[done.thread];
        let process = slot.process;
        self.writer.completion::<D>(moment, process, &slot.node.name, &op, &done.outcome);
        let counter = match &done.outcome {
            Outcome::Ok(_) => &self.counters.ok,
            Outcome::Fail(_) => &self.counters.fail,
            Outcome::Info(_) => &self.counters.info,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if matches!(done.outcome, Outcome::Info(_)) {
            slot.process = Process(process.0 + slots);
            slot.fresh = true;
        }
        self.free.push_back(done.thread);
        generator.observe(done.thread, &Event { moment, process, kind: EventKind::Complete(done.outcome) });
    }

    /// Invokes the next operation, if a thread is free, the pace allows it, and the generator has one.
    fn invoke_next(
        &mut self,
        generator: &mut dyn Generator<D>,
        limits: &Limits,
        pace: &mut Pace,
    ) -> Result<Asked, InterpreterError> {
        let now = self.now();
        if pace.due > now {
            return Ok(Asked::Nothing(Some(pace.due)));
        }
        let mut wake: Option<Time> = None;
        for _ in 0..self.free.len() {
            let Some(thread) = self.free.pop_front() else { break };
            let slot = &mut self.slots[thread];
            if slot.not_before <= now && !slot.exhausted {
                match generator.next(Context { time: now, thread, process: slot.process }) {
                    Next::Invoke(op) => {
                        pace.passed(now);
                        self.invoke(thread, op, generator, limits.timeout)?;
                        return Ok(Asked::Invoked);
                    }
                    Next::Wait(until) => slot.not_before = until,
                    Next::Done => slot.exhausted = true,
                }
            }
            if !slot.exhausted {
                wake = Some(wake.map_or(slot.not_before, |wake| wake.min(slot.not_before)));
            }
            self.free.push_back(thread);
        }
        Ok(Asked::Nothing(wake))
    }

    fn invoke(
        &mut self,
        thread: usize,
        op: D::Op,
        generator: &mut dyn Generator<D>,
        timeout: Duration,
    ) -> Result<(), InterpreterError> {
        let moment = self.stamp();
        let slot = &mut self.slots[thread];
        self.writer.invocation::<D>(moment, slot.process, &slot.node.name, &op);
        let timeout = (self.timeout_of)(&op).unwrap_or(timeout);
        let fresh = std::mem::replace(&mut slot.fresh, false);
        slot.in_flight = Some(op.clone());
        let process = slot.process;
        slot.jobs.try_send(Job { op: op.clone(), timeout, fresh }).map_err(|_| InterpreterError::Panic(thread))?;
        generator.observe(thread, &Event { moment, process, kind: EventKind::Invoke(op) });
        Ok(())
    }

    /// Waits for a completion, for the next due time, for the end, or for `stop`; whichever comes first.
    async fn wait(
        &mut self,
        wake: Option<Time>,
        until: Option<Time>,
        stop: &mut watch::Receiver<Stop>,
        generator: &mut dyn Generator<D>,
    ) -> Result<(), InterpreterError> {
        let limit = self.now().plus(FLUSH_EVERY.as_nanos() as u64);
        let wake = [wake, until].into_iter().flatten().fold(limit, Time::min);
        let sleep = tokio::time::sleep_until((self.origin + Duration::from_nanos(wake.0)).into());
        tokio::select! {
            biased;
            done = self.completions.recv() => {
                let done = done.expect("the interpreter itself holds a sender");
                self.complete(done, generator);
            }
            _ = stop.changed() => {}
            () = sleep => self.look_for_panics()?,
        }
        Ok(())
    }

    /// Waits for what is in flight; gives up what is not over in time.
    async fn drain(&mut self, generator: &mut dyn Generator<D>, grace: Duration) -> Result<(), InterpreterError> {
        let deadline = tokio::time::Instant::now() + grace;
        while self.slots.iter().any(|s| s.in_flight.is_some()) {
            self.flush(false)?;
            let next_look = deadline.min(tokio::time::Instant::now() + FLUSH_EVERY);
            match tokio::time::timeout_at(next_look, self.completions.recv()).await {
                Ok(done) => self.complete(done.expect("the interpreter itself holds a sender"), generator),
                Err(_) if tokio::time::Instant::now() >= deadline => self.give_up(generator),
                Err(_) => self.look_for_panics()?,
            }
        }
        self.flush(true)
    }

    /// Replaces every slot that is still busy: its operation stays indeterminate.
    fn give_up(&mut self, generator: &mut dyn Generator<D>) {
        for thread in 0..self.slots.len() {
            if self.slots[thread].in_flight.is_none() {
                continue;
            }
            let generation = self.slots[thread].generation;
            let outcome = Outcome::Info("not over when this part of the run ended".to_owned());
            self.complete(Done { thread, generation, outcome }, generator);
            let node = self.slots[thread].node.clone();
            let (jobs, task) = spawn(thread, generation + 1, node, &self.database, &self.done);
            let slot = &mut self.slots[thread];
            slot.task.abort();
            slot.generation = generation + 1;
            slot.jobs = jobs;
            slot.task = task;
        }
    }

    fn look_for_panics(&self) -> Result<(), InterpreterError> {
        match self.slots.iter().position(|s| s.task.is_finished()) {
            Some(thread) => Err(InterpreterError::Panic(thread)),
            None => Ok(()),
        }
    }

    fn flush(&mut self, now: bool) -> Result<(), InterpreterError> {
        let bytes = self.writer.bytes().len();
        if bytes == 0 || !(now || bytes >= FLUSH_BYTES || self.flushed.elapsed() >= FLUSH_EVERY) {
            return Ok(());
        }
        let lines = self.writer.take(self.journal.buffer());
        self.journal.append(lines)?;
        self.flushed = Instant::now();
        Ok(())
    }
}

/// What came of asking for work.
enum Asked {
    /// An operation was invoked; there may be more.
    Invoked,
    /// There is nothing to do before this time, or before a completion.
    Nothing(Option<Time>),
}

/// Spreads invocations evenly. After a stall it goes on at the same pace; it does not catch up.
struct Pace {
    interval: u64,
    due: Time,
}

impl Pace {
    fn new(rate: Option<f64>, now: Time) -> Pace {
        Pace { interval: rate.map_or(0, |rate| (1e9 / rate) as u64), due: now }
    }

    fn passed(&mut self, now: Time) {
        // Up to ten intervals are made good, so that the wake-up delays of timers do not lower the rate.
        let behind = Time(now.0.saturating_sub(10 * self.interval));
        self.due = self.due.max(behind).plus(self.interval);
    }
}

fn spawn<D: Offered>(
    thread: usize,
    generation: u32,
    node: Node,
    database: &Arc<dyn Database>,
    done: &mpsc::UnboundedSender<Done<D>>,
) -> (mpsc::Sender<Job<D>>, JoinHandle<()>) {
    let (jobs, received) = mpsc::channel(1);
    let worker = Worker { thread, generation, node, database: Arc::clone(database), done: done.clone() };
    (jobs, tokio::spawn(worker.work(received)))
}
