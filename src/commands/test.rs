//! `gainsay test`: from flags and file to a plan, and from a plan to a run.

use super::{block_on, dry_run};
use crate::cli::TestArgs;
use crate::exit::{Exit, Failure};
use crate::plan::Settings;
use crate::run::run_test;
use crate::with_data_type;

/// Runs a test, or prints what it would do.
pub(super) fn test(arguments: TestArgs) -> Result<Exit, Failure> {
    let file = match &arguments.plan {
        Some(path) => Settings::load(path)?,
        None => Settings::default(),
    };
    let plan = arguments.settings.over(file).decide()?;
    if arguments.dry_run {
        return block_on(dry_run::print(&plan));
    }
    let workload = plan.workload.0.clone();
    with_data_type!(workload.as_str(), D => block_on(run_test::<D>(plan)))
}
