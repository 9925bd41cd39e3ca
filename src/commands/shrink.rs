//! `gainsay shrink`: the fewest faults and the shortest time with which a violation comes back.
//!
//! A run is not a function of its schedule: clients and nodes have timing of their own. So each smaller schedule is run
//! several times, is taken as soon as one of these runs is invalid, and what is reported at the end is how often the
//! smallest one failed. Faults are taken away in halves, then in ever smaller parts, as in delta debugging (Zeller and
//! Hildebrandt 2002); then the time limit comes down to what is left.

use super::{block_on, test};
use crate::cli::ShrinkArgs;
use crate::exit::{Exit, Failure};
use crate::plan::{Plan, Settings};
use crate::quantity::Span;
use crate::replay::{self, Step};
use crate::run::Telling;
use crate::stop::{Ending, Stop};
use crate::terminal::say;
use anyhow::Context;
use std::time::{Duration, Instant};

/// A shorter time limit than this is not tried.
const SHORTEST: Duration = Duration::from_secs(2);

/// The time after the last fault that a run needs to see what it did.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// Makes the schedule of a run smaller, and says how small it became.
pub(super) fn shrink(arguments: &ShrinkArgs) -> Result<Exit, Failure> {
    let settings = test::recorded(&arguments.run)?;
    let plan = settings.clone().decide()?;
    block_on(async {
        let ending = Ending::default();
        ending.listen(test::farewell(&plan)).context("while asking for signals")?;
        let until = Instant::now() + arguments.limit.0;
        Shrinking { settings, smallest: plan, ending, times: arguments.times, until, runs: 0 }.go().await
    })
}

/// The search for a smaller plan.
struct Shrinking {
    settings: Settings,
    /// The smallest plan of which an invalid run is known.
    smallest: Plan,
    ending: Ending,
    times: u32,
    until: Instant,
    runs: u32,
}

impl Shrinking {
    async fn go(mut self) -> Result<Exit, Failure> {
        let first = self.smallest.clone();
        say(format!("the whole schedule: {}", told(&first)));
        if !self.fails(&first).await? {
            say(format!("no violation in {} runs of the whole schedule; more --times may show one", self.runs));
            return Ok(Exit::Unknown);
        }
        self.take_faults_away().await?;
        self.shorten().await?;
        self.report().await
    }

    /// Takes away parts of the schedule, halves first, as long as a violation comes back.
    async fn take_faults_away(&mut self) -> Result<(), Failure> {
        let mut parts = 2;
        while !self.smallest.fault.is_empty() && self.may_go_on() {
            let size = self.smallest.fault.len().div_ceil(parts);
            let mut taken = false;
            for start in (0..self.smallest.fault.len()).step_by(size).rev() {
                let mut fewer = self.smallest.fault.clone();
                fewer.drain(start..(start + size).min(fewer.len()));
                if self.try_smaller(&fewer, self.smallest.time_limit).await? {
                    taken = true;
                    break;
                }
            }
            match (taken, size) {
                (true, _) => parts = 2.max(parts - 1),
                (false, 1) => return Ok(()),
                (false, _) => parts = (parts * 2).min(self.smallest.fault.len()),
            }
        }
        Ok(())
    }

    /// Halves the time that is left after the last fault, as long as a violation comes back.
    async fn shorten(&mut self) -> Result<(), Failure> {
        loop {
            let last = self.smallest.fault.iter().map(Step::end).max().unwrap_or_default();
            let least = SHORTEST.max(last + if last.is_zero() { Duration::ZERO } else { AFTERWARDS });
            let now = self.smallest.time_limit.0;
            let shorter = Duration::from_millis((least.max(least + now.saturating_sub(least) / 2).as_millis()) as u64);
            if now.saturating_sub(shorter) < Duration::from_secs(1) || !self.may_go_on() {
                return Ok(());
            }
            let faults = self.smallest.fault.clone();
            if !self.try_smaller(&faults, Span(shorter)).await? {
                return Ok(());
            }
        }
    }

    async fn try_smaller(&mut self, faults: &[Step], limit: Span) -> Result<bool, Failure> {
        if !self.may_go_on() {
            return Ok(false);
        }
        let mut settings = self.settings.clone();
        (settings.fault, settings.time_limit, settings.nemesis) = (faults.to_vec(), Some(limit), None);
        let plan = settings.decide()?;
        say(format!("tried: {}", told(&plan)));
        let fails = self.fails(&plan).await?;
        if fails {
            self.smallest = plan;
        }
        Ok(fails)
    }

    /// Runs a plan until a run is invalid, or as often as it shall be tried.
    async fn fails(&mut self, plan: &Plan) -> Result<bool, Failure> {
        for _ in 0..self.times {
            if self.run(plan).await? {
                return Ok(true);
            }
            if !self.may_go_on() {
                break;
            }
        }
        Ok(false)
    }

    async fn run(&mut self, plan: &Plan) -> Result<bool, Failure> {
        self.runs += 1;
        match test::run(plan.clone(), self.ending.clone(), Telling::Nothing).await {
            Ok(exit) => Ok(exit == Exit::Invalid),
            // What ends one run by chance need not end the next one; what is wrong with the plan or the nodes does.
            Err(failure) if failure.exit == Exit::Harness => {
                tracing::warn!("a run failed: {:#}", failure.error);
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    fn may_go_on(&self) -> bool {
        self.ending.now() == Stop::No && Instant::now() < self.until
    }

    /// Runs the smallest plan once more as often as each was tried, and says how often it failed.
    async fn report(mut self) -> Result<Exit, Failure> {
        let (mut failed, mut ran) = (0, 0);
        let plan = self.smallest.clone();
        while ran < self.times && self.ending.now() == Stop::No {
            failed += u32::from(self.run(&plan).await?);
            ran += 1;
        }
        let folder = plan.results.join(&plan.name.0);
        let path = folder.join("smallest.toml");
        let text = toml::to_string(&plan).context("a plan can be written")?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        say(format!("smallest after {} runs: {}", self.runs, told(&plan)));
        plan.fault.iter().for_each(|step| {
            say(format!(
                "  at {:<8} for {:<6} {}",
                step.start,
                step.hold,
                step.description.as_deref().unwrap_or(&step.nemesis)
            ));
        });
        say(format!("it failed in {failed} of {ran} more runs; again: gainsay test {}", path.display()));
        if self.ending.now() != Stop::No {
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::Invalid)
    }
}

fn told(plan: &Plan) -> String {
    let kinds = replay::nemeses_of(&plan.fault);
    match plan.fault.len() {
        0 => format!("no faults, {}", plan.time_limit),
        1 => format!("1 fault ({kinds}), {}", plan.time_limit),
        many => format!("{many} faults ({kinds}), {}", plan.time_limit),
    }
}
