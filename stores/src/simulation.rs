//! Runs of a store without time: clients and crashed operations take steps in a random order that a seed fixes, and what
//! a controller would have recorded is written down, together with the truth that no controller knows.

use crate::running::{Running, Step};
use crate::session::Session;
use crate::store::Store;
use crate::stored::Stored;
use crate::transaction::Commit;
use crate::{Level, Load};
use history::{DataType, History, ListAppend, Moment, OpId, Operation, Outcome, Process, RwRegister, Time, Txn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// What the store keeps.
    pub level: Level,
    /// Fixes everything.
    pub seed: u64,
    /// How many operations are asked.
    pub operations: usize,
    /// How many clients there are at a time.
    pub threads: usize,
    /// How many sites they are spread over.
    pub sites: usize,
    /// The share of operations that would change something whose outcome is not told: a quarter of them take effect at
    /// once, a quarter late, and half never.
    pub crashes: f64,
    /// The share of operations that are given up on their way.
    pub rollbacks: f64,
}

impl Scenario {
    /// A scenario with three sites, in which one operation in fifty crashes and one in fifty is given up.
    #[must_use]
    pub fn new(level: Level, seed: u64) -> Scenario {
        Scenario { level, seed, operations: 200, threads: 6, sites: 3, crashes: 0.02, rollbacks: 0.02 }
    }
}

/// A commit, and the operation that it was of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The position of the operation among all invocations.
    pub operation: usize,
    /// What happened.
    pub commit: Commit,
}

/// What was recorded, and what happened.
#[derive(Clone, Debug)]
pub struct Simulated<D: DataType> {
    /// What a controller would have recorded.
    pub history: History<D>,
    /// Every commit, in the order in which they happened; those of crashed operations, too.
    pub commits: Vec<Witnessed>,
}

impl<D: DataType> Simulated<D> {
    /// The history as lines of JSON, for readers that know no data type; see [`history::read_bytes`].
    #[must_use]
    pub fn lines(&self) -> Vec<u8> {
        self.history.lines()
    }
}

/// Transactions that append to lists, half of them reads, of so many operations by so many clients at a time.
#[must_use]
pub fn simulate_appends(level: Level, seed: u64, operations: usize, threads: usize) -> Simulated<ListAppend> {
    of_load(Scenario { operations, threads, ..Scenario::new(level, seed) })
}

/// The same with registers.
#[must_use]
pub fn simulate_registers(level: Level, seed: u64, operations: usize, threads: usize) -> Simulated<RwRegister> {
    of_load(Scenario { operations, threads, ..Scenario::new(level, seed) })
}

fn of_load<D: Stored<Op = Txn>>(scenario: Scenario) -> Simulated<D> {
    let mut load = Load::new(4, 16);
    simulate(scenario, |_, rng| load.next(rng))
}

/// Simulates operations that `ask` draws for a thread.
pub fn simulate<D: Stored>(scenario: Scenario, mut ask: impl FnMut(usize, &mut ChaCha8Rng) -> D::Op) -> Simulated<D> {
    let mut world = World::<D>::new(scenario);
    while !world.is_over() {
        let actor = world.rng.random_range(0..world.threads.len() + world.late.len());
        if actor < world.threads.len() {
            world.act(actor, &mut ask);
        } else {
            world.act_late(actor - scenario.threads);
        }
    }
    Simulated { history: world.history, commits: world.commits }
}

struct World<D: Stored> {
    scenario: Scenario,
    rng: ChaCha8Rng,
    store: Store,
    threads: Vec<Thread<D>>,
    late: Vec<Late<D>>,
    events: u64,
    history: History<D>,
    commits: Vec<Witnessed>,
}

struct Thread<D: Stored> {
    process: u64,
    session: Session,
    doing: Doing<D>,
}

enum Doing<D: Stored> {
    Nothing,
    /// Silent: nobody will be told.
    Running {
        running: Running<D>,
        operation: usize,
        is_silent: bool,
    },
    /// It is over, and the answer is on its way.
    Answering {
        operation: usize,
        outcome: Outcome<D::Ret>,
    },
}

/// An operation of a client that was told that nobody knows, and that goes on.
struct Late<D: Stored> {
    running: Running<D>,
    session: Session,
    operation: usize,
    /// So many turns it waits at first.
    rests: u32,
}

impl<D: Stored> World<D> {
    fn new(scenario: Scenario) -> World<D> {
        let thread = |thread: usize| Thread {
            process: thread as u64,
            session: Session::at(thread % scenario.sites),
            doing: Doing::Nothing,
        };
        let nodes = (1..=scenario.sites).map(|site| format!("n{site}")).collect();
        World {
            scenario,
            rng: ChaCha8Rng::seed_from_u64(scenario.seed),
            store: Store::new(scenario.level, D::OBJECTS, scenario.sites),
            threads: (0..scenario.threads).map(thread).collect(),
            late: Vec::new(),
            events: 0,
            history: History { nodes, ..History::default() },
            commits: Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        let is_idle = |thread: &Thread<D>| matches!(thread.doing, Doing::Nothing);
        self.history.operations.len() == self.scenario.operations && self.threads.iter().all(is_idle)
    }

    fn moment(&mut self) -> Moment {
        self.events += 1;
        Moment { index: self.events - 1, time: Time(self.events * 1_000) }
    }

    fn act(&mut self, at: usize, ask: &mut impl FnMut(usize, &mut ChaCha8Rng) -> D::Op) {
        match std::mem::replace(&mut self.threads[at].doing, Doing::Nothing) {
            Doing::Nothing if self.history.operations.len() < self.scenario.operations => {
                let op = ask(at, &mut self.rng);
                self.invoke(at, op);
            }
            Doing::Nothing => {}
            Doing::Running { running, operation, is_silent } => self.go_on(at, running, operation, is_silent),
            Doing::Answering { operation, outcome } => self.complete(at, operation, outcome),
        }
    }

    fn invoke(&mut self, at: usize, op: D::Op) {
        let invoked = self.moment();
        let operation = self.history.operations.len();
        self.history.operations.push(Operation {
            id: OpId(operation as u32),
            process: Process(self.threads[at].process),
            node: Some((at % self.scenario.sites) as u16),
            op: op.clone(),
            invoked,
            outcome: Outcome::Info("no completion was recorded".to_owned()),
            completed: None,
            gave_up: None,
        });
        let is_read = D::is_read(&op);
        let running = Running::new(op);
        let crashes = !is_read && self.rng.random_bool(self.scenario.crashes);
        let fate = if crashes { self.rng.random_range(0..4) } else { 4 };
        let unknown = Outcome::Info("no answer".to_owned());
        self.threads[at].doing = match fate {
            0 | 4 => Doing::Running { running, operation, is_silent: fate == 0 },
            1 => {
                let session = self.threads[at].session.clone();
                self.late.push(Late { running, session, operation, rests: self.rng.random_range(0..40) });
                Doing::Answering { operation, outcome: unknown }
            }
            _ => Doing::Answering { operation, outcome: unknown },
        };
    }

    fn go_on(&mut self, at: usize, mut running: Running<D>, operation: usize, is_silent: bool) {
        if self.rng.random_bool(self.scenario.rollbacks / 3.0) {
            running.abort(&mut self.store);
            let outcome = Outcome::Fail("rolled back".to_owned());
            self.threads[at].doing = Doing::Answering { operation, outcome };
            return;
        }
        let step = running.step(&mut self.store, &mut self.threads[at].session, &mut self.rng);
        let outcome = match step {
            Step::More => {
                self.threads[at].doing = Doing::Running { running, operation, is_silent };
                return;
            }
            Step::Done(ret, commit) => {
                self.commits.push(Witnessed { operation, commit });
                Outcome::Ok(ret)
            }
            Step::Aborted(reason) => Outcome::Fail(reason),
        };
        let outcome = if is_silent { Outcome::Info("no answer".to_owned()) } else { outcome };
        self.threads[at].doing = Doing::Answering { operation, outcome };
    }

    fn complete(&mut self, at: usize, operation: usize, outcome: Outcome<D::Ret>) {
        let moment = self.moment();
        let is_open = matches!(outcome, Outcome::Info(_));
        let operation = &mut self.history.operations[operation];
        operation.outcome = outcome;
        operation.completed = (!is_open).then_some(moment);
        operation.gave_up = is_open.then_some(moment);
        if is_open {
            let thread = &mut self.threads[at];
            thread.process += self.scenario.threads as u64;
            thread.session = Session::at(at % self.scenario.sites);
        }
    }

    fn act_late(&mut self, at: usize) {
        let late = &mut self.late[at];
        if late.rests > 0 {
            late.rests -= 1;
            return;
        }
        match late.running.step(&mut self.store, &mut late.session, &mut self.rng) {
            Step::More => return,
            Step::Done(_, commit) => self.commits.push(Witnessed { operation: late.operation, commit }),
            Step::Aborted(_) => {}
        }
        self.late.swap_remove(at);
    }
}
