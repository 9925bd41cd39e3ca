//! What every client of the store has: its stream of random choices, its delays, and its place in time.
//!
//! The controller stamps an invocation before a client sees it, and a completion after the client has answered. So a
//! store that wants to break a promise must not go by its own clock: a write that it answered may not be stamped as
//! completed yet, and the read that it works on may have been stamped before that. It goes by what must have been
//! stamped: a client's answer, once the same client was asked for more (its write is then *settled*), and a client's
//! invocation, as lying after its previous answer. A settled write that precedes the reader's previous answer is over
//! before the read begins, whatever the controller's queues did.

use super::Options;
use super::bug::Bug;
use cluster::ClientError;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A late effect comes after up to so many milliseconds.
const LATE_MS: u64 = 200;

/// What becomes of an operation that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is done and answered.
    Answered,
    /// It is done, and nobody is told.
    Silent,
    /// It is done after this time, and nobody is told.
    Late(Duration),
    /// It is not done, and nobody is told.
    Swallowed,
}

/// The error of an operation whose outcome is not told.
pub(super) fn unanswered() -> ClientError {
    ClientError::Indefinite("flaky: no answer".to_owned())
}

/// One client's side of the store.
pub(super) struct Session {
    options: Options,
    rng: ChaCha8Rng,
    clock: Arc<AtomicU64>,
    /// The client's number among those of this store.
    pub(super) number: u64,
    /// When the client answered last, on the clock of planted bugs.
    pub(super) answered: u64,
}

impl Session {
    pub(super) fn new(options: Options, seed: u64, number: u64, clock: Arc<AtomicU64>) -> Session {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number);
        Session { options, rng, clock, number, answered: 0 }
    }

    /// Its stream of random choices.
    pub(super) fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    /// The mean time to an answer that was asked for; zero if none was.
    pub(super) fn latency(&self) -> Duration {
        self.options.latency
    }

    /// True if a bug is planted, so that past states must be kept and settled.
    pub(super) fn has_bug(&self) -> bool {
        self.options.bug.is_some()
    }

    /// True if this bug is planted and may strike now.
    pub(super) fn strikes(&mut self, bug: Bug) -> bool {
        self.options.bug == Some(bug) && self.rng.random_bool(bug.chance())
    }

    /// True if this bug is planted.
    pub(super) fn plans(&self, bug: Bug) -> bool {
        self.options.bug == Some(bug)
    }

    /// True with this probability.
    pub(super) fn tosses(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// Steps the clock of planted bugs, and tells its time. Without a bug there is no such clock.
    pub(super) fn tick(&self) -> u64 {
        if self.has_bug() { self.clock.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 }
    }

    /// Waits until the effect is due, and returns how long to wait after it.
    pub(super) async fn arrive(&mut self) -> Duration {
        if self.options.latency.is_zero() {
            return Duration::ZERO;
        }
        let whole = self.options.latency.mul_f64(self.rng.random_range(0.0..2.0));
        let before = whole.mul_f64(self.rng.random::<f64>());
        tokio::time::sleep(before).await;
        whole - before
    }

    /// Waits until the answer is due, and notes that it is given.
    pub(super) async fn answer(&mut self, after: Duration) {
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        self.answered = self.tick();
    }

    /// What becomes of the next operation that changes something.
    pub(super) fn fate(&mut self) -> Fate {
        if self.options.flaky <= 0.0 || !self.rng.random_bool(self.options.flaky) {
            return Fate::Answered;
        }
        match self.rng.random_range(0..4) {
            0 => Fate::Silent,
            1 => Fate::Late(Duration::from_millis(self.rng.random_range(1..LATE_MS))),
            _ => Fate::Swallowed,
        }
    }
}
