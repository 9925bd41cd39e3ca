//! The database of a plan, with the clients that the plan names in place of those that it brings.

use crate::exit::{Exit, Failure};
use crate::plan::Plan;
use crate::store::RunDirectory;
use crate::with_data_type;
use anyhow::{Context, Result};
use cluster::Database;
use databases::{ClientSettings, External};
use history::DataType;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the standard error of clients is kept, below the directory of a run.
const FOLDER: &str = "clients";

/// Opens what a plan tests.
///
/// # Errors
/// Exit 65 if there is no such database.
pub fn open(plan: &Plan, directory: Option<&RunDirectory>) -> Result<Arc<dyn Database>, Failure> {
    let database = databases::open(&plan.database.0, plan.seed.0).map_err(|e| Failure::new(Exit::Data, e))?;
    Ok(match settings(plan, directory.map(|directory| directory.file(FOLDER))) {
        Some(settings) => Arc::new(External::new(database, settings)),
        None => database,
    })
}

/// What clients are told; None if the plan names none.
#[must_use]
pub fn settings(plan: &Plan, logs: Option<PathBuf>) -> Option<ClientSettings> {
    let command = plan.client.as_ref()?.0.clone();
    let workload = plan.workload.0.clone();
    let (data_type, functions) = with_data_type!(workload.as_str(), D => (D::NAME, D::FUNCTIONS));
    let options = plan.client_option.iter().map(|option| option.pair()).collect();
    let timeout = plan.operation_timeout.0;
    Some(ClientSettings { command, options, workload, data_type, functions, timeout, logs })
}

/// Keeps the file that describes the database beside what was found with it.
///
/// # Errors
/// If it cannot be copied.
pub fn keep_description(plan: &Plan, directory: &RunDirectory) -> Result<()> {
    let Some(path) = databases::file_of(&plan.database.0) else { return Ok(()) };
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    directory.write("database.toml", &text)
}

/// What clients wrote to their standard error: a name for people, and the path below the run's directory.
#[must_use]
pub fn logs(directory: &RunDirectory) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(directory.file(FOLDER)) else { return Vec::new() };
    let written = entries.flatten().filter(|entry| entry.metadata().is_ok_and(|meta| meta.len() > 0));
    let mut names: Vec<String> = written.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let named = |name: String| (format!("client {}", name.trim_end_matches(".log")), format!("{FOLDER}/{name}"));
    names.into_iter().map(named).collect()
}
