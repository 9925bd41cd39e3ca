//! The same step on all nodes of a lab at once.

use std::sync::mpsc;
use std::thread;

use crate::error::LabError;
use crate::machine::Machine;

/// Does the same for all nodes at once; the first error counts, after all are done. What they say is passed on as it
/// comes.
pub(crate) fn on_each<F>(nodes: &[Machine], tell: &mut dyn FnMut(&str), act: F) -> Result<(), LabError>
where
    F: Fn(&Machine, &dyn Fn(String)) -> Result<(), LabError> + Sync,
{
    let (sender, said) = mpsc::channel::<String>();
    thread::scope(|scope| {
        let act = &act;
        let acts: Vec<_> = nodes
            .iter()
            .map(|node| {
                let sender = sender.clone();
                scope.spawn(move || {
                    act(node, &|line| {
                        // The receiver is there until the last sender is gone.
                        let _ = sender.send(line);
                    })
                })
            })
            .collect();
        drop(sender);
        said.iter().for_each(|line| tell(&line));
        let results: Vec<_> =
            acts.into_iter().map(|act| act.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect();
        results.into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Places;

    #[test]
    fn all_nodes_act_and_the_first_error_counts() {
        let places = Places::new("each");
        let machine = |name: &str| Machine {
            name: name.to_owned(),
            address: std::net::Ipv4Addr::LOCALHOST,
            places: places.node(name),
            kind: crate::Kind::Nspawn,
        };
        let nodes = ["n1", "n2", "n3"].map(machine);
        let mut told = Vec::new();
        let result = on_each(&nodes, &mut |line| told.push(line.to_owned()), |node, say| {
            say(node.name.clone());
            if node.name == "n1" { Ok(()) } else { Err(LabError::NoSuchLab { name: node.name.clone() }) }
        });
        told.sort();
        assert_eq!(told, ["n1", "n2", "n3"]);
        assert!(matches!(result, Err(LabError::NoSuchLab { name }) if name == "n2"));
    }
}
