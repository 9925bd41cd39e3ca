//! Load without nodes or faults: the interpreter, its workers and the journal against the in-process database.

use cluster::{Node, Recorder};
use gainsay::interpreter::{Counters, Interpreter, Limits, Setup};
use gainsay::journal::Journal;
use gainsay::stop::Stop;
use history::{Event, Register};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use workloads::{Context, Generator, Next};

/// Worker slots, as the issue that asked for this figure has them.
pub const THREADS: usize = 20;

/// Asks another generator for so many operations, and then ends.
struct Limited {
    left: u64,
    inner: Box<dyn Generator<Register>>,
}

impl Generator<Register> for Limited {
    fn next(&mut self, context: Context) -> Next<history::RegisterOp> {
        if self.left == 0 {
            return Next::Done;
        }
        self.left -= 1;
        self.inner.next(context)
    }

    fn observe(&mut self, thread: usize, event: &Event<Register>) {
        self.inner.observe(thread, event);
    }
}

/// Runs so many operations on registers as fast as they go, journaled into `directory`; returns the seconds it took.
pub async fn registers(operations: u64, directory: &Path) -> f64 {
    let path = directory.join(format!("history-{operations}.jsonl"));
    let _ = std::fs::remove_file(&path);
    let node = Node::new("n1", IpAddr::V4(Ipv4Addr::LOCALHOST), Arc::new(Recorder::new("n1", Arc::default())));
    let setup = Setup {
        nodes: vec![node; THREADS],
        database: databases::open("memory", 1).expect("the in-process database opens"),
        origin: Instant::now(),
        journal: Journal::create(&path).expect("the journal can be made"),
        counters: Arc::new(Counters::default()),
    };
    let mut interpreter = Interpreter::<Register>::new(setup, |_| None);
    let mut generator = Limited { left: operations, inner: workloads::register(THREADS, 1).main };
    let second = Duration::from_secs(1);
    let limits = Limits { until: None, rate: None, timeout: 5 * second, grace: 5 * second };
    let (_sender, mut stop) = watch::channel(Stop::No);
    let began = Instant::now();
    interpreter.run(&mut generator, &limits, &mut stop).await.expect("the load runs");
    interpreter.finish().expect("the journal closes");
    began.elapsed().as_secs_f64()
}
