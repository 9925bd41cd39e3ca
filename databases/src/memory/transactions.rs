//! Transactions at an isolation level: stores that know no time, with a pause before every micro-operation, so that those
//! of several clients fall between each other. Each node is a site, for levels that have sites.

use super::session::{Fate, Session, unanswered};
use async_trait::async_trait;
use cluster::{Client, ClientError};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stores::{Level, Objects, Running, Step, Store, Stored};

/// The mean pause before a micro-operation where no latency was asked for.
const PAUSE: Duration = Duration::from_millis(1);

/// With a latency, the pause before a micro-operation is this part of it.
const MOPS: u32 = 4;

/// So many nodes have a site of their own; further ones share.
const SITES: usize = 16;

/// A store for each kind of object.
pub(super) struct Transactions {
    pub(super) lists: Shared,
    pub(super) registers: Shared,
    pub(super) bank: Shared,
    pub(super) tables: Shared,
    /// The names of the nodes in the order in which they were first connected to.
    nodes: Mutex<Vec<String>>,
}

/// A store that all clients share; it is locked for one step at a time.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Store>>);

impl Shared {
    fn new(level: Level, objects: Objects) -> Shared {
        Shared(Arc::new(Mutex::new(Store::new(level, objects, SITES))))
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transactions {
    pub(super) fn new(level: Level) -> Transactions {
        Transactions {
            lists: Shared::new(level, Objects::Lists),
            registers: Shared::new(level, Objects::Registers),
            bank: Shared::new(level, Objects::Registers),
            tables: Shared::new(level, Objects::Registers),
            nodes: Mutex::default(),
        }
    }

    pub(super) fn client<D: Stored>(&self, session: Session, node: &str, store: &Shared) -> Box<dyn Client<D>> {
        Box::new(TransactionClient { session, place: stores::Session::at(self.site(node)), store: store.clone() })
    }

    fn site(&self, node: &str) -> usize {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = nodes.iter().position(|name| name == node);
        known.unwrap_or_else(|| {
            nodes.push(node.to_owned());
            nodes.len() - 1
        }) % SITES
    }
}

/// One client of a store.
struct TransactionClient {
    session: Session,
    place: stores::Session,
    store: Shared,
}

#[async_trait]
impl<D: Stored> Client<D> for TransactionClient {
    async fn invoke(&mut self, op: &D::Op) -> Result<D::Ret, ClientError> {
        let fate = if D::is_read(op) { Fate::Answered } else { self.session.fate() };
        let pause = match self.session.latency() {
            Duration::ZERO => PAUSE,
            latency => latency / MOPS,
        };
        let flight = Flight::<D> { running: Running::new(op.clone()), store: self.store.clone(), pause };
        match fate {
            Fate::Answered => flight.land(&mut self.place, self.session.rng()).await,
            Fate::Silent => flight.land(&mut self.place, self.session.rng()).await.and(Err(unanswered())),
            Fate::Late(delay) => {
                let (mut place, mut rng) = (self.place.clone(), ChaCha8Rng::seed_from_u64(self.session.rng().random()));
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    // Nobody is told what becomes of it.
                    flight.land(&mut place, &mut rng).await.ok();
                });
                Err(unanswered())
            }
            Fate::Swallowed => Err(unanswered()),
        }
    }
}

/// A transaction on its way. If its client is dropped while it waits, it is given up, so that it is in nobody's way.
struct Flight<D: Stored> {
    running: Running<D>,
    store: Shared,
    pause: Duration,
}

impl<D: Stored> Flight<D> {
    async fn land(mut self, place: &mut stores::Session, rng: &mut ChaCha8Rng) -> Result<D::Ret, ClientError> {
        loop {
            let step = self.running.step(&mut self.store.lock(), place, rng);
            match step {
                Step::More => tokio::time::sleep(self.pause.mul_f64(rng.random_range(0.0..2.0))).await,
                Step::Done(ret, _) => return Ok(ret),
                Step::Aborted(reason) => return Err(ClientError::Definite(reason)),
            }
        }
    }
}

impl<D: Stored> Drop for Flight<D> {
    fn drop(&mut self) {
        self.running.abort(&mut self.store.lock());
    }
}
