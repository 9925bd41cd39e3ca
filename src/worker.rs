//! One worker slot: it talks to one node for the whole run, for one logical client after another.

use crate::offered::Offered;
use cluster::{Client, ClientError, Database, Node};
use history::{DataType, Outcome};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A client that could not connect waits so long before it says so, so that a node that is down is not asked all the
/// time.
const BACK_OFF: Duration = Duration::from_millis(100);

/// What a slot is asked to do.
pub struct Job<D: DataType> {
    /// What.
    pub op: D::Op,
    /// How long it may take.
    pub timeout: Duration,
    /// True if a new logical client does it, with a connection of its own.
    pub fresh: bool,
}

/// What a slot answers.
pub struct Done<D: DataType> {
    /// Which slot.
    pub thread: usize,
    /// The slot's generation: a slot that was given up and replaced is not heard any more.
    pub generation: u32,
    /// What became of the operation.
    pub outcome: Outcome<D::Ret>,
}

/// A slot and its client.
pub struct Worker<D: DataType> {
    /// Its number.
    pub thread: usize,
    /// How often the slot was replaced before.
    pub generation: u32,
    /// The node that its clients talk to.
    pub node: Node,
    /// What makes its clients.
    pub database: Arc<dyn Database>,
    /// Where answers go.
    pub done: mpsc::UnboundedSender<Done<D>>,
}

impl<D: Offered> Worker<D> {
    /// Does what it is asked until nobody asks any more. At most one job waits at a time.
    pub async fn work(self, mut jobs: mpsc::Receiver<Job<D>>) {
        let mut client: Option<Box<dyn Client<D>>> = None;
        while let Some(job) = jobs.recv().await {
            if job.fresh {
                client = None;
            }
            let result = self.answer(&mut client, &job).await;
            // After an indefinite error nobody knows what is still on its way on that connection.
            if matches!(result, Err(ClientError::Indefinite(_))) {
                client = None;
            }
            let outcome = match result {
                Ok(ret) => Outcome::Ok(ret),
                Err(error) => error.into_outcome::<D>(&job.op),
            };
            let Worker { thread, generation, .. } = self;
            if self.done.send(Done { thread, generation, outcome }).is_err() {
                return;
            }
        }
    }

    async fn answer(&self, client: &mut Option<Box<dyn Client<D>>>, job: &Job<D>) -> Result<D::Ret, ClientError> {
        let connected = match client {
            Some(connected) => connected,
            None => client.insert(self.connect().await?),
        };
        match tokio::time::timeout(job.timeout, connected.invoke(&job.op)).await {
            Ok(result) => result,
            Err(_) => Err(ClientError::Indefinite("timeout".to_owned())),
        }
    }

    async fn connect(&self) -> Result<Box<dyn Client<D>>, ClientError> {
        let Some(connect) = D::connect(self.database.as_ref()) else {
            return Err(ClientError::Definite(format!("the database offers no {}", D::NAME)));
        };
        let connecting = connect.connect(&self.node);
        let error = match tokio::time::timeout(connect.limit(), connecting).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no connection in time".to_owned(),
        };
        tokio::time::sleep(BACK_OFF).await;
        // Nothing was asked yet, so nothing can have happened, whatever the error calls itself.
        Err(ClientError::Definite(format!("no connection: {error}")))
    }
}
