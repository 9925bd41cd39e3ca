//! What people see while a test runs: one line, on a terminal in place, elsewhere every ten seconds.

use crate::interpreter::Counters;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Between two looks at the counters on a terminal.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is going on: the phase, the outcomes so far, the faults in force.
#[derive(Debug, Default)]
pub struct Progress {
    /// Outcomes so far.
    pub counters: Arc<Counters>,
    faults: Mutex<BTreeMap<u32, String>>,
    phase: Mutex<String>,
}

impl Progress {
    /// A fault is about to be injected.
    pub fn fault_begins(&self, number: u32, description: &str) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(number, description.to_owned());
    }

    /// A fault is healed.
    pub fn fault_ends(&self, number: u32) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    /// The run goes over to its next phase.
    pub fn phase(&self, name: &str) {
        name.clone_into(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner));
        tracing::info!("{name}");
    }

    /// Shows the line until the returned guard is dropped.
    #[must_use]
    pub fn show(self: &Arc<Progress>) -> Shown {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template("{wide_msg}").expect("the template is well formed"));
        let on_terminal = std::io::stderr().is_terminal();
        let (progress, shown) = (Arc::clone(self), bar.clone());
        let task = tokio::spawn(async move {
            let (began, mut last) = (Instant::now(), Look::default());
            loop {
                tokio::time::sleep(if on_terminal { LOOK_EVERY } else { LINE_EVERY }).await;
                let line = progress.line(began.elapsed(), &mut last);
                if on_terminal { shown.set_message(line) } else { tracing::info!("{line}") }
            }
        });
        Shown { bar, task }
    }

    fn line(&self, elapsed: Duration, last: &mut Look) -> String {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (ok, fail, info) = (count(&self.counters.ok), count(&self.counters.fail), count(&self.counters.info));
        let total = ok + fail + info;
        let seconds = elapsed.saturating_sub(last.elapsed).as_secs_f64().max(0.001);
        let rate = (total - last.total) as f64 / seconds;
        *last = Look { elapsed, total };
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = match faults.is_empty() {
            true => String::new(),
            false => format!("  fault: {}", faults.values().cloned().collect::<Vec<_>>().join(", ")),
        };
        let seconds = elapsed.as_secs();
        let phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        format!(
            "{:02}:{:02}  {phase}  {rate:.0} op/s  ok {ok} fail {fail} info {info}{fault}",
            seconds / 60,
            seconds % 60
        )
    }
}

#[derive(Default)]
struct Look {
    elapsed: Duration,
    total: u64,
}

/// Takes the line away when it is dropped.
pub struct Shown {
    bar: ProgressBar,
    task: JoinHandle<()>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}
