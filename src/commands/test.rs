//! `gainsay test`: from flags and file to a plan, and from a plan to a run.

use super::{block_on, dry_run};
use crate::cli::TestArgs;
use crate::exit::{Exit, Failure};
use crate::plan::{Plan, Settings};
use crate::replay;
use crate::run::{Telling, run_test};
use crate::stop::Ending;
use crate::with_data_type;
use anyhow::Context;
use std::path::Path;

/// Runs a test, or prints what it would do.
pub(super) fn test(arguments: TestArgs) -> Result<Exit, Failure> {
    let file = match (&arguments.plan, &arguments.replay) {
        (Some(path), _) => Settings::load(path)?,
        (None, Some(run)) => recorded(run)?,
        (None, None) => Settings::default(),
    };
    let plan = arguments.settings.over(file).decide()?;
    if arguments.dry_run {
        return block_on(dry_run::print(&plan));
    }
    block_on(async {
        let ending = Ending::default();
        ending.listen(farewell(&plan)).context("while asking for signals")?;
        run(plan, ending, Telling::Verdict).await
    })
}

/// The settings of a run, with all that was decided while it went on.
pub(super) fn recorded(run: &Path) -> Result<Settings, Failure> {
    let mut settings = Settings::load(&run.join("run.toml"))?;
    let steps = replay::load(run).map_err(|error| Failure::new(Exit::Data, error))?;
    if settings.fault.is_empty() && !steps.is_empty() {
        // Kinds of faults that never had their turn need not be there again.
        settings.nemesis = None;
        settings.fault = steps;
    }
    Ok(settings)
}

/// Runs one test.
pub(super) async fn run(plan: Plan, ending: Ending, telling: Telling) -> Result<Exit, Failure> {
    let workload = plan.workload.0.clone();
    with_data_type!(workload.as_str(), D => run_test::<D>(plan, ending, telling).await)
}

/// What a person is told who does not even want to wait for healing.
pub(super) fn farewell(plan: &Plan) -> String {
    let heal = plan.inventory.as_deref().map(|path| format!("gainsay heal --inventory {}", path.display()));
    let now = heal.unwrap_or_else(|| "nothing was broken".to_owned());
    format!("nodes heal themselves within {}, or now by: {now}", plan.time_to_live)
}
