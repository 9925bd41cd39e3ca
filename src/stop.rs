//! Why a run ends before its time: a signal, a stop condition, somebody who halts it.
//!
//! Ctrl-C and SIGTERM: once heals and judges what there is, twice heals and leaves, three times leaves at once.

use std::sync::{Arc, OnceLock};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How soon a run must end, and on whose word; what comes later outranks what comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    No,
    /// A stop condition holds, or the run was halted: heal, and judge what was recorded.
    Abort,
    /// Somebody at the terminal wants it: heal, and judge what was recorded.
    Judge,
    /// Heal, and leave.
    Leave,
}

/// Where a run learns that it must end. Clones share it.
#[derive(Clone, Debug)]
pub struct Ending {
    sender: Arc<watch::Sender<Stop>>,
    reason: Arc<OnceLock<String>>,
}

impl Default for Ending {
    fn default() -> Ending {
        Ending { sender: Arc::new(watch::Sender::new(Stop::No)), reason: Arc::default() }
    }
}

impl Ending {
    /// Listens to signals from now on. `farewell` is printed if somebody does not even want to wait for healing.
    ///
    /// # Errors
    /// If the operating system refuses to tell us of signals.
    pub fn listen(&self, farewell: String) -> std::io::Result<()> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::spawn(self.clone().obey(interrupt, terminate, farewell));
        Ok(())
    }

    async fn obey(self, mut interrupt: Signal, mut terminate: Signal, farewell: String) {
        for stop in [Stop::Judge, Stop::Leave] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            let what =
                if stop == Stop::Judge { "healing, then judging what there is" } else { "healing, then leaving" };
            tracing::warn!("interrupted: {what}");
            self.sender.send_replace(stop);
        }
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::error!("leaving without healing: {farewell}");
        std::process::exit(crate::exit::Exit::Interrupted as i32);
    }

    /// Ends the run for a reason that is not of the person at the terminal. The first reason is kept.
    pub fn abort(&self, reason: String) {
        if self.reason.set(reason.clone()).is_ok() {
            tracing::warn!("aborted: {reason}; healing, then judging what there is");
        }
        self.sender.send_if_modified(|stop| {
            let is_new = *stop < Stop::Abort;
            *stop = (*stop).max(Stop::Abort);
            is_new
        });
    }

    /// How soon it must end.
    #[must_use]
    pub fn now(&self) -> Stop {
        *self.sender.borrow()
    }

    /// Why it was aborted, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.get().map(String::as_str)
    }

    /// For whoever waits for it.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Stop> {
        self.sender.subscribe()
    }
}

/// Returns when somebody says stop; never, if nobody does.
pub async fn requested(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_is_kept_and_a_person_outranks_it() {
        let ending = Ending::default();
        let mut waiting = ending.subscribe();
        ending.abort("the shop is closed".to_owned());
        ending.abort("so is the bank".to_owned());
        requested(&mut waiting).await;
        assert_eq!((ending.now(), ending.reason()), (Stop::Abort, Some("the shop is closed")));
        ending.sender.send_replace(Stop::Leave);
        ending.abort("late".to_owned());
        assert_eq!(ending.now(), Stop::Leave);
    }
}
