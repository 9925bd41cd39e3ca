//! `gainsay list`: what there is.

use crate::cli::{ListArgs, Listed, Output};
use crate::exit::{Exit, Failure};
use crate::recorded::judgeable;
use crate::terminal::say;
use anyhow::Context;

/// Prints one kind of thing.
pub(super) fn list(arguments: &ListArgs) -> Result<Exit, Failure> {
    match arguments.output {
        Output::Json => {
            let json = match arguments.what {
                Listed::Nemeses => serde_json::to_string_pretty(&nemeses::all()),
                Listed::Workloads => serde_json::to_string_pretty(workloads::ALL),
                Listed::Databases => serde_json::to_string_pretty(&databases::all()),
                Listed::Models => serde_json::to_string_pretty(&judgeable()),
            };
            say(json.context("a list can be written")?);
        }
        Output::Human => match arguments.what {
            Listed::Nemeses => list_nemeses(),
            Listed::Workloads => list_workloads(),
            Listed::Databases => list_databases(),
            Listed::Models => list_models(),
        },
    }
    Ok(Exit::Valid)
}

fn list_nemeses() {
    for entry in nemeses::all() {
        say(entry.name);
        say(format!("  does      {}", entry.does));
        say(format!("  needs     {}", entry.needs));
        say(format!("  undone    {}", entry.undone_by));
        say(format!("  measured  {}", entry.measured_by));
        if !entry.choices.is_empty() {
            let choices: Vec<String> = entry.choices.iter().map(|c| format!("{} ({})", c.name, c.does)).collect();
            say(format!("  choices   {}", choices.join("; ")));
        }
    }
}

fn list_workloads() {
    for workload in workloads::ALL {
        say(workload.name);
        say(format!("  asks     {}", workload.asks));
        say(format!("  checks   {}", workload.checks));
        say(format!("  misses   {}", workload.misses));
    }
}

fn list_databases() {
    for entry in databases::all() {
        say(format!("{}: {}", entry.name, entry.summary));
        for option in entry.options {
            let values = match option.values {
                [] => String::new(),
                values => format!("={}", values.join("|")),
            };
            say(format!("  {}{values}  {}", option.name, option.summary));
        }
    }
}

fn list_models() {
    for entry in judgeable() {
        say(format!("{}: {}", entry.name, entry.summary));
        say(format!("  functions  {}", entry.functions));
        if !entry.options.is_empty() {
            say(format!("  options    {}", entry.options.join(", ")));
        }
    }
}
