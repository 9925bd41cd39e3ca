//! `running`: a system that somebody else started. It is talked to, broken and healed, and never installed, started,
//! stopped or wiped.

use super::Description;
use crate::spec::{Choice, Entry, Spec, SpecError};

/// How it is spelled.
pub(crate) const NAME: &str = "running";

/// What is said of it, and of its options.
pub(crate) fn entry() -> Entry {
    let choice = |name, values, summary| Choice { name, values, summary };
    Entry {
        name: NAME,
        summary: "what runs already; never installed, started, stopped or wiped; needs --client, and nodes only for faults",
        needs_nodes: false,
        options: vec![
            choice("unit", &["<systemd unit>"], "its unit on every node, for faults of processes"),
            choice("data-dir", &["</path>"], "where it keeps its data, for faults of disks"),
            choice("port", &["<number>"], "it serves on a node once it accepts connections there"),
            choice("log", &["</path>"], "a file on every node that helps to understand a run"),
        ],
    }
}

/// What the spelling says.
pub(super) fn description(spec: &Spec) -> Result<Description, SpecError> {
    let text = |option: &str| spec.value(option).map(str::to_owned);
    let path = |option: &'static str| match text(option) {
        Some(path) if !path.starts_with('/') => Err(spec.bad_value(option, "an absolute path")),
        path => Ok(path),
    };
    let port = spec.value("port").map(|port| port.parse().map_err(|_| spec.bad_value("port", "a number to 65535")));
    Ok(Description {
        name: NAME.to_owned(),
        unit: text("unit"),
        data_dir: path("data-dir")?,
        ports: port.transpose()?.into_iter().collect(),
        logs: path("log")?.into_iter().collect(),
        ..Description::default()
    })
}
