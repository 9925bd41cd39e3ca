//! Undoes every fault that this crate could ever have made, and measures that none is left.

use crate::catalogue::every_nemesis;
use crate::everywhere::{self, Task};
use crate::machine::lift::lift;
use crate::network::chains::SAVED;
use crate::{Measured, Nemesis, System, switch};
use cluster::{Node, NodeError};
use std::time::Duration;

/// How long one node may take to heal, units that start again included.
const LIMIT: Duration = Duration::from_secs(60);

/// The script that undoes, on one node, all that any nemesis could ever have done there, and exits 0 only if all of it
/// is undone. Disks are thawed first and units started last, for what starts may write and talk.
#[must_use]
pub fn heal_script() -> String {
    let mut script = format!("failed=0\n{SAVED}");
    for nemesis in every_nemesis().iter().rev() {
        script += &format!("# {}\n{} || failed=1\n", nemesis.name(), nemesis.heal_script());
    }
    script + "[ $failed = 0 ]\n"
}

/// Undoes one nemesis on all nodes at once; the dead man's switch stays armed. Every node is tried.
pub async fn heal(nemesis: &dyn Nemesis, nodes: &[Node]) -> Vec<(String, Result<(), NodeError>)> {
    let script = nemesis.heal_script();
    let heal = async |node: &Node| {
        let restored = nemesis.restore(node).await;
        let task = Task::new(node, format!("heal {}", nemesis.name()), script.clone(), LIMIT);
        (node.name.clone(), restored.and(task.run().await.map(drop)))
    };
    everywhere::together(nodes.iter().map(heal).collect()).await
}

/// Undoes everything on all nodes at once, and then, on each node where that succeeded, removes the dead man's switch.
/// Every node is tried, whatever becomes of the others, for at most 66 s; one that is silent is first brought back by the
/// levers that the inventory has, if it has any. It needs no memory of what was done: it may
/// be run by a fresh process, on nodes that were never hurt, and twice.
pub async fn heal_all(nodes: &[Node]) -> Vec<(String, Result<(), NodeError>)> {
    let script = format!("(\n{}) && {{\n{}}}\n", heal_script(), switch::disarm_script());
    let heal = async |node: &Node| {
        let lifted = lift(node).await;
        let task = Task::new(node, "undo every fault", script.clone(), LIMIT);
        (node.name.clone(), lifted.and(task.run().await.map(drop)))
    };
    everywhere::together(nodes.iter().map(heal).collect()).await
}

/// Measures, on all nodes at once, that no fault is left: every peer heard, what was killed started again, nothing
/// stopped or frozen, and no rule, mark or timer of ours. It does not ask whether the database serves. The switch must
/// have been disarmed before, by [`heal_all`] or [`Switch::disarm`](crate::Switch::disarm). A node that does not answer
/// counts as not healed.
pub async fn verify_healed(system: &System) -> Vec<(String, Measured)> {
    let mut measured = Vec::new();
    let asked = system.nodes.iter().map(|node| {
        let (system, node) = (system.clone(), node.clone());
        tokio::spawn(async move { (node.name.clone(), verify_node(&system, &node).await) })
    });
    for answer in asked.collect::<Vec<_>>() {
        match answer.await {
            Ok(answer) => measured.push(answer),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    measured
}

async fn verify_node(system: &System, node: &Node) -> Measured {
    let mut all = Measured { in_effect: true, description: String::new() };
    let mut script = SAVED.to_owned();
    for nemesis in every_nemesis() {
        match nemesis.trace_script(system, node) {
            Some(trace) => {
                script += &format!("said=$(\n{trace})\n[ \"$said\" = yes ] || echo {}: $said\n", nemesis.name())
            }
            None => add(&mut all, nemesis.name(), nemesis.healed(system, node).await),
        }
    }
    let task = Task::new(node, "look for what is left", script + "true\n", LIMIT);
    let left = task.run().await.map(|output| Measured {
        in_effect: output.text().is_empty(),
        description: if output.text().is_empty() { "nothing".to_owned() } else { output.text().replace('\n', "; ") },
    });
    add(&mut all, "left of faults", left);
    let left = Task::new(node, "look for what is left", LEFT, LIMIT).run().await;
    let left = left.map(|output| everywhere::tally("nodes without a trace", &[(node.name.clone(), output)]));
    add(&mut all, "switch", left);
    all
}

fn add(all: &mut Measured, name: &str, found: Result<Measured, NodeError>) {
    let found = found.unwrap_or_else(|error| Measured { in_effect: false, description: error.to_string() });
    all.in_effect &= found.in_effect;
    let comma = if all.description.is_empty() { "" } else { ", " };
    all.description += &format!("{comma}{name}: {}", found.description);
}

/// Answers `yes` if no file or timer of the switch is left on a node.
const LEFT: &str = r#"for file in /run/gainsay/heal.sh /run/gainsay/armed /run/gainsay/faults /run/gainsay/bare-* \
  /run/gainsay/unkept /var/lib/gainsay/switch /etc/systemd/system/gainsay-boot.service \
  /run/systemd/system/gainsay-heal.*; do
  [ ! -e "$file" ] || { echo "$file is left"; exit 0; }
done
state=$(systemctl is-active gainsay-heal.timer)
if [ "$state" = active ]; then echo "the timer still runs"; else echo yes; fi
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_script_is_posix_shell() {
        let checked = Command::new("sh").args(["-n", "-c", &heal_script()]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }

    #[test]
    fn disks_are_thawed_before_units_are_started() {
        let script = heal_script();
        let place = |name: &str| script.find(&format!("# {name}\n")).unwrap();
        assert!(place("disk-stall") < place("pause") && place("pause") < place("kill"));
    }

    #[test]
    fn a_nemesis_that_cannot_be_healed_does_not_keep_the_others_from_healing() {
        let script = heal_script();
        assert_eq!(script.matches(") || failed=1\n").count(), crate::all().len());
    }
}
