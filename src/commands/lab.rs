//! `gainsay lab`: real nodes on this machine.

use crate::cli::{LabVerb, Output};
use crate::exit::{Exit, Failure};
use crate::terminal::say;
use ::lab::{Kind, Lab, LabError, LabState, NodeState};
use std::os::unix::process::CommandExt;

/// Does what is asked of the lab.
pub(super) fn lab(verb: &LabVerb) -> Result<Exit, Failure> {
    match verb {
        LabVerb::Up { nodes, kind, name } => up(name, *kind, *nodes),
        LabVerb::Status { name, output } => status(name, *output),
        LabVerb::Down { name } => {
            named(name)?.down(&mut |line| say(line)).map_err(failed)?;
            Ok(Exit::Valid)
        }
        LabVerb::Machine { node, lever, name } => {
            named(name)?.pull(node, *lever).map_err(failed)?;
            Ok(Exit::Valid)
        }
        LabVerb::Shell { node, command, name } => {
            let mut shell = named(name)?.shell(node).map_err(failed)?;
            shell.args(command);
            // On success this process becomes the shell, and nothing below is reached.
            Err(Failure::new(Exit::Harness, anyhow::Error::from(shell.exec()).context("cannot start ssh")))
        }
    }
}

fn named(name: &str) -> Result<Lab, Failure> {
    Lab::named(name).map_err(|e| Failure::new(Exit::Usage, e))
}

fn failed(error: LabError) -> Failure {
    Failure::new(Exit::Harness, error)
}

fn up(name: &str, kind: Option<Kind>, nodes: u8) -> Result<Exit, Failure> {
    let lab = kind.into_iter().fold(named(name)?, Lab::of_kind);
    let state = lab.up(nodes, &mut |line| say(line)).map_err(failed)?;
    show(&state);
    Ok(Exit::Valid)
}

fn status(name: &str, output: Output) -> Result<Exit, Failure> {
    let state = named(name)?.status().map_err(failed)?;
    match output {
        Output::Human => show(&state),
        Output::Json => say(format!("{:#}", json(&state))),
    }
    Ok(Exit::Valid)
}

fn show(state: &LabState) {
    if state.nodes.is_empty() {
        say(format!("lab {}: no nodes", state.name));
        return;
    }
    say(format!("lab {} ({}) on {}, inventory {}", state.name, state.kind, state.subnet, state.inventory.display()));
    for node in &state.nodes {
        let state = match (node.is_running, node.answers_ssh) {
            (true, true) => "up",
            (true, false) => "running, but ssh does not answer",
            (false, _) => "down",
        };
        say(format!("  {:<4} {:<15} {state}", node.name, node.address));
    }
}

fn json(state: &LabState) -> serde_json::Value {
    let node = |node: &NodeState| {
        serde_json::json!({
            "name": node.name, "address": node.address, "running": node.is_running, "ssh": node.answers_ssh,
        })
    };
    serde_json::json!({
        "name": state.name, "kind": state.kind.name(), "subnet": state.subnet, "inventory": state.inventory,
        "nodes": state.nodes.iter().map(node).collect::<Vec<_>>(),
    })
}
