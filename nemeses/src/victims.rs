//! Whom a fault of a process or a disk befalls, and with whom it cannot be made.

use crate::aim::Aim;
use crate::local::Hurts;
use crate::{Injected, SpecError, System};
use rand_chacha::ChaCha8Rng;

/// Refuses faults of what a database does not have.
pub fn suits(nemesis: &str, hurts: Hurts, system: &System) -> Result<(), SpecError> {
    let refused = |reason: String| Err(SpecError::Unsuitable { spec: nemesis.to_owned(), reason });
    let (process, data) = match hurts {
        Hurts::Links if system.nodes.len() < 2 => return refused("one node alone has no links".to_owned()),
        Hurts::Node | Hurts::Links => (false, false),
        Hurts::Process => (true, false),
        Hurts::Data => (false, true),
        Hurts::ProcessAndData => (true, true),
    };
    if process && system.database.daemon().is_none() {
        return refused(format!("{} is not a process on the nodes", system.database.describe()));
    }
    if data && system.database.data_dir().is_none() {
        return refused(format!("{} keeps no data on the nodes", system.database.describe()));
    }
    Ok(())
}

/// Chooses nodes, and says what will be done to them.
pub async fn decide_nodes(what: &str, aim: &Aim, system: &System, rng: &mut ChaCha8Rng) -> Injected {
    let (nodes, how) = aim.choose(system, rng).await;
    Injected { description: format!("{what} {} ({how})", nodes.join(" ")), nodes, grudge: Vec::new() }
}
