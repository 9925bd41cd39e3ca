//! A store in this process that keeps its promises: the reference that every checker must find valid, and, with one
//! planted bug, the one that it must find invalid.
//!
//! Registers, one set, and locks under leases, each linearizable, shared by all clients of one opened database; and
//! transactions over lists, registers, a bank and tables, at the level that `isolation` names. It answers at once, unless
//! `latency` asks for overlap; only transactions always take some milliseconds, so that they meet. It starts no task,
//! except for `flaky` writes that take effect after their client was told that nobody knows.

mod bug;
mod locks;
mod registers;
mod session;
mod set;
mod transactions;

use crate::spec::{Choice, Entry, Spec, SpecError};
use async_trait::async_trait;
use bug::Bug;
use cluster::{Client, ClientError, Connect, Daemon, Database, Node, NodeError};
use history::{Bank, ListAppend, Lock, Predicates, Register, RwRegister, Set};
use session::Session;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stores::Level;
use transactions::Transactions;

/// How it is spelled.
pub(crate) const NAME: &str = "memory";

/// Longer than this no answer is ever delayed, on average.
const MAX_LATENCY: Duration = Duration::from_secs(10);

/// What is said of it, and of its options.
pub(crate) fn entry() -> Entry {
    let mut options: Vec<Choice> = Bug::ALL.iter().map(|bug| bug.choice()).collect();
    options.push(Choice {
        name: "flaky",
        values: &["<share from 0 to 1>"],
        summary: "so many of the operations that change something end indeterminate; half of them take effect, some late",
    });
    options.push(Choice {
        name: "latency",
        values: &["<time, as 2ms>"],
        summary: "an answer takes from 0 to twice as long; the effect is somewhere in between",
    });
    options.push(Choice {
        name: "isolation",
        values: &Level::NAMES,
        summary: "transactions keep this level and no stronger one",
    });
    Entry {
        name: NAME,
        summary: "a store in this process: linearizable, but for one bug that can be planted; transactions at a level",
        needs_nodes: false,
        options,
    }
}

/// What was asked for behind its name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// The one bug that is planted.
    bug: Option<Bug>,
    /// The share of changing operations whose outcome is not told.
    flaky: f64,
    /// The mean time to an answer.
    latency: Duration,
    /// The level of transactions; None: the strongest, and everything else is offered, too.
    isolation: Option<Level>,
}

impl Options {
    /// Reads the values that the spelling holds.
    pub(crate) fn of(spec: &Spec) -> Result<Options, SpecError> {
        let mut options = Options::default();
        for (name, value) in &spec.options {
            match *name {
                "flaky" => {
                    options.flaky = share(value).ok_or_else(|| spec.bad_value("flaky", "a share from 0 to 1"))?
                }
                "latency" => {
                    let expected = "a time such as 2ms, at most 10s";
                    options.latency = duration(value).ok_or_else(|| spec.bad_value("latency", expected))?;
                }
                "isolation" => options.isolation = Level::named(value),
                name => options.plant(Bug::named(name))?,
            }
        }
        match (options.bug, options.isolation) {
            (Some(bug), Some(_)) => Err(SpecError::TwoBugs { first: bug.name(), second: "isolation" }),
            _ => Ok(options),
        }
    }

    fn plant(&mut self, bug: Bug) -> Result<(), SpecError> {
        match self.bug.replace(bug) {
            Some(first) => Err(SpecError::TwoBugs { first: first.name(), second: bug.name() }),
            None => Ok(()),
        }
    }
}

fn share(text: &str) -> Option<f64> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share))
}

fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: u64 = text[..split].parse().ok()?;
    let duration = match &text[split..] {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return None,
    };
    (duration <= MAX_LATENCY).then_some(duration)
}

/// The in-process database; see the head of its module.
pub(crate) struct Memory {
    options: Options,
    seed: u64,
    clients: AtomicU64,
    clock: Arc<AtomicU64>,
    registers: Arc<registers::Registers>,
    set: Arc<set::Elements>,
    locks: Arc<locks::Locks>,
    transactions: Transactions,
}

impl Memory {
    /// An empty store. Each of its clients draws from a stream of its own, which `seed` and the number of clients
    /// before it fix.
    pub(crate) fn new(options: Options, seed: u64) -> Memory {
        Memory {
            options,
            seed,
            clients: AtomicU64::new(0),
            clock: Arc::default(),
            registers: Arc::new(registers::Registers::new(options.bug.is_some())),
            set: Arc::default(),
            locks: Arc::default(),
            transactions: Transactions::new(options.isolation.unwrap_or(Level::StrictSerializable)),
        }
    }

    fn session(&self) -> Session {
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        Session::new(self.options, self.seed, number, Arc::clone(&self.clock))
    }

    fn offers(&self, data_type: &str) -> bool {
        self.options.isolation.is_none() && self.options.bug.is_none_or(|bug| bug.data_types().contains(&data_type))
    }

    fn offers_transactions(&self) -> bool {
        self.options.bug.is_none()
    }

    fn offered(&self, data_type: &'static str) -> Result<(), ClientError> {
        match self.options.bug {
            Some(bug) if !self.offers(data_type) => Err(ClientError::Definite(format!(
                "memory:{} is a bug of {}, it does not concern a {data_type}",
                bug.name(),
                bug.data_types().join(" and ")
            ))),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Database for Memory {
    fn describe(&self) -> String {
        let mut text = NAME.to_owned();
        if let Some(bug) = self.options.bug {
            text += &format!(", {}", bug.name());
        }
        if let Some(level) = self.options.isolation {
            text += &format!(", isolation={level}");
        }
        if self.options.flaky > 0.0 {
            text += &format!(", flaky={}", self.options.flaky);
        }
        if !self.options.latency.is_zero() {
            text += &format!(", latency={:?}", self.options.latency);
        }
        text
    }

    async fn install(&self, _: &Node, _: &[Node]) -> Result<(), NodeError> {
        Ok(())
    }

    async fn start(&self, _: &Node, _: &[Node]) -> Result<(), NodeError> {
        Ok(())
    }

    async fn ready(&self, _: &Node, _: Duration) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remove(&self, _: &Node) -> Result<(), NodeError> {
        Ok(())
    }

    fn daemon(&self) -> Option<&Daemon> {
        None
    }

    fn data_dir(&self) -> Option<&str> {
        None
    }

    fn log_files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn primaries(&self, _: &[Node]) -> Vec<Node> {
        Vec::new()
    }

    fn registers(&self) -> Option<&dyn Connect<Register>> {
        self.offers("register").then_some(self as &dyn Connect<Register>)
    }

    fn sets(&self) -> Option<&dyn Connect<Set>> {
        self.offers("set").then_some(self as &dyn Connect<Set>)
    }

    fn locks(&self) -> Option<&dyn Connect<Lock>> {
        self.offers("lock").then_some(self as &dyn Connect<Lock>)
    }

    fn lists(&self) -> Option<&dyn Connect<ListAppend>> {
        self.offers_transactions().then_some(self as &dyn Connect<ListAppend>)
    }

    fn transactional_registers(&self) -> Option<&dyn Connect<RwRegister>> {
        self.offers_transactions().then_some(self as &dyn Connect<RwRegister>)
    }

    fn banks(&self) -> Option<&dyn Connect<Bank>> {
        self.offers_transactions().then_some(self as &dyn Connect<Bank>)
    }

    fn tables(&self) -> Option<&dyn Connect<Predicates>> {
        self.offers_transactions().then_some(self as &dyn Connect<Predicates>)
    }
}

#[async_trait]
impl Connect<Register> for Memory {
    async fn connect(&self, _: &Node) -> Result<Box<dyn Client<Register>>, ClientError> {
        self.offered("register")?;
        Ok(Box::new(registers::RegisterClient::new(self.session(), Arc::clone(&self.registers))))
    }
}

#[async_trait]
impl Connect<Set> for Memory {
    async fn connect(&self, _: &Node) -> Result<Box<dyn Client<Set>>, ClientError> {
        self.offered("set")?;
        Ok(Box::new(set::SetClient::new(self.session(), Arc::clone(&self.set))))
    }
}

#[async_trait]
impl Connect<Lock> for Memory {
    async fn connect(&self, _: &Node) -> Result<Box<dyn Client<Lock>>, ClientError> {
        self.offered("lock")?;
        Ok(Box::new(locks::LockClient::new(self.session(), Arc::clone(&self.locks))))
    }
}

#[async_trait]
impl Connect<ListAppend> for Memory {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<ListAppend>>, ClientError> {
        Ok(self.transactions.client(self.session(), &node.name, &self.transactions.lists))
    }
}

#[async_trait]
impl Connect<RwRegister> for Memory {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<RwRegister>>, ClientError> {
        Ok(self.transactions.client(self.session(), &node.name, &self.transactions.registers))
    }
}

#[async_trait]
impl Connect<Bank> for Memory {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<Bank>>, ClientError> {
        Ok(self.transactions.client(self.session(), &node.name, &self.transactions.bank))
    }
}

#[async_trait]
impl Connect<Predicates> for Memory {
    async fn connect(&self, node: &Node) -> Result<Box<dyn Client<Predicates>>, ClientError> {
        Ok(self.transactions.client(self.session(), &node.name, &self.transactions.tables))
    }
}

#[cfg(test)]
mod tests;
