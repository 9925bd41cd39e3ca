//! Ctrl-C and SIGTERM: once heals and judges what there is, twice heals and leaves, three times leaves at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How soon somebody wants us to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    No,
    /// Heal, and judge what was recorded.
    Judge,
    /// Heal, and leave.
    Leave,
}

/// Listens to signals from now on. `farewell` is printed if somebody does not even want to wait for healing.
///
/// # Errors
/// If the operating system refuses to tell us of signals.
pub fn listen(farewell: String) -> std::io::Result<watch::Receiver<Stop>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, receiver) = watch::channel(Stop::No);
    tokio::spawn(async move {
        for stop in [Stop::Judge, Stop::Leave] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            let what =
                if stop == Stop::Judge { "healing, then judging what there is" } else { "healing, then leaving" };
            tracing::warn!("interrupted: {what}");
            sender.send_replace(stop);
        }
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::error!("leaving without healing: {farewell}");
        std::process::exit(crate::exit::Exit::Interrupted as i32);
    });
    Ok(receiver)
}

/// Returns when somebody says stop; never, if nobody does.
pub async fn requested(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        std::future::pending::<()>().await;
    }
}
