//! `gainsay list`: what there is.

use crate::cli::{ListArgs, Listed, Output};
use crate::exit::{Exit, Failure};
use crate::recorded::judgeable;
use crate::terminal::say;
use anyhow::Context;
use checkers::txn::Phenomenon;
use checkers::txn::level::{Lattice, Level};

/// Prints one kind of thing.
pub(super) fn list(arguments: &ListArgs) -> Result<Exit, Failure> {
    match arguments.output {
        Output::Json => {
            let json = match arguments.what {
                Listed::Nemeses => serde_json::to_string_pretty(&nemeses::all()),
                Listed::Workloads => serde_json::to_string_pretty(workloads::ALL),
                Listed::Databases => serde_json::to_string_pretty(&databases::all()),
                Listed::Models => serde_json::to_string_pretty(&judgeable()),
                Listed::Levels => serde_json::to_string_pretty(&levels()),
            };
            say(json.context("a list can be written")?);
        }
        Output::Human => match arguments.what {
            Listed::Nemeses => list_nemeses(),
            Listed::Workloads => list_workloads(),
            Listed::Databases => list_databases(),
            Listed::Models => list_models(),
            Listed::Levels => list_levels(),
        },
    }
    Ok(Exit::Valid)
}

fn list_nemeses() {
    for entry in nemeses::all() {
        say(entry.name);
        say(format!("  family    {}", format!("{:?}", entry.family).to_lowercase()));
        say(format!("  does      {}", entry.does));
        say(format!("  needs     {}", entry.needs));
        say(format!("  undone    {}", entry.undone_by));
        say(format!("  measured  {}", entry.measured_by));
        if !entry.choices.is_empty() {
            let choices: Vec<String> = entry.choices.iter().map(|c| format!("{} ({})", c.name, c.does)).collect();
            say(format!("  choices   {}", choices.join("; ")));
        }
        for setting in entry.settings {
            let default = if setting.default.is_empty() { String::new() } else { format!("={}", setting.default) };
            say(format!("  {:8}  {}{default}: {}", "setting", setting.name, setting.does));
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

/// A level of isolation as people see it.
#[derive(serde::Serialize)]
struct ListedLevel {
    name: &'static str,
    also: Vec<&'static str>,
    implies: Vec<&'static str>,
    forbids: Vec<String>,
}

/// Every level, with what follows from it at least.
fn levels() -> Vec<ListedLevel> {
    let lattice = Lattice::corrected();
    let listed = |level: Level| {
        let weaker: Vec<Level> =
            Level::all().filter(|other| *other != level && lattice.implies(level, *other)).collect();
        let names = Level::names().filter(|(of, name)| *of == level && *name != level.name());
        let own = Phenomenon::all().filter(|phenomenon| lattice.proscribing(*phenomenon).contains(&level));
        ListedLevel {
            name: level.name(),
            also: names.map(|(_, name)| name).collect(),
            implies: lattice.strongest(&weaker).into_iter().map(Level::name).collect(),
            forbids: own.map(Phenomenon::name).collect(),
        }
    };
    Level::all().map(listed).collect()
}

fn list_levels() {
    for level in levels() {
        say(level.name);
        let lines = [("also", level.also.join(", ")), ("implies", level.implies.join(", "))];
        for (name, text) in
            lines.iter().chain(&[("forbids", level.forbids.join(", "))]).filter(|(_, text)| !text.is_empty())
        {
            say(format!("  {name:8} {text}"));
        }
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
