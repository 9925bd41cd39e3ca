//! The dead man's switch: a timer on every node that undoes all faults unless the controller keeps saying that it lives.
//!
//! Timer and service are files below `/run/systemd/system`: they survive a full or frozen disk and end with a reboot,
//! and, unlike units made by `systemd-run`, can be restarted after they fired. The timer counts monotonic time, so that
//! clock faults neither delay nor hasten it.

use crate::everywhere::{self, Task};
use crate::marks::ARMED;
use crate::{System, heal_script, spec};
use cluster::{Node, NodeError};
use std::time::Duration;

/// How long a node may take to arm, renew or disarm.
const LIMIT: Duration = Duration::from_secs(10);

/// The armed switches of all nodes. It is not disarmed when dropped: a controller that dies must not stop the healing.
#[derive(Clone, Debug)]
pub struct Switch {
    nodes: Vec<Node>,
    time_to_live: Duration,
}

/// What renewing found on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The countdown starts again; nothing had happened.
    Extended,
    /// The node had healed itself, or lost the switch in a reboot: its faults are gone. It is armed again.
    Rearmed,
}

impl Switch {
    /// Arms the switch on every node of a system: from now on each heals itself after `time_to_live` without a
    /// renewal. Nemeses refuse to touch a node that is not armed.
    ///
    /// # Errors
    /// What the first node said on which it could not be armed; the others may be.
    pub async fn arm(system: &System) -> Result<Switch, NodeError> {
        let switch = Switch { nodes: system.nodes.clone(), time_to_live: system.time_to_live };
        let tasks = switch.nodes.iter().map(|node| switch.arming(node)).collect();
        everywhere::run_or_fail(tasks).await?;
        Ok(switch)
    }

    /// Starts every countdown again; to be called every third of the time to live, so that one lost renewal does no
    /// harm. Costs one `systemctl restart` per node. Every node is tried.
    pub async fn renew(&self) -> Vec<(String, Result<Renewal, NodeError>)> {
        let renewal = |node: &Node| Task::new(node, "renew the dead man's switch", RENEW, LIMIT);
        let mut answers = Vec::new();
        for (node, answer) in self.nodes.iter().zip(everywhere::run(self.nodes.iter().map(renewal).collect()).await) {
            let renewed = match answer.1 {
                Ok(output) if output.text() == "extended" => Ok(Renewal::Extended),
                Ok(output) if output.text() == "fired" => Ok(Renewal::Rearmed),
                Ok(_) | Err(NodeError::Failed { .. }) => self.arming(node).run().await.map(|_| Renewal::Rearmed),
                Err(error) => Err(error),
            };
            answers.push((answer.0, renewed));
        }
        answers
    }

    /// Makes sure that the switch is armed and counting on these nodes.
    ///
    /// # Errors
    /// [`NodeError::Refused`] by the first node where it is not; [`Switch::renew`] arms it again.
    pub async fn check(&self, names: &[String]) -> Result<(), NodeError> {
        let concerned = self.nodes.iter().filter(|node| names.contains(&node.name));
        let tasks = concerned.map(|node| Task::new(node, "check the dead man's switch", CHECK, LIMIT)).collect();
        everywhere::run_or_fail(tasks).await.map(|_| ())
    }

    /// Takes the switch off every node, once everything is healed; a node that still bears the mark of a fault keeps
    /// it and answers with an error. Harmless where it is not armed. Every node is tried.
    pub async fn disarm(&self) -> Vec<(String, Result<(), NodeError>)> {
        let task = |node: &Node| Task::new(node, "disarm the dead man's switch", DISARM, LIMIT);
        let answers = everywhere::run(self.nodes.iter().map(task).collect()).await;
        answers.into_iter().map(|(name, answer)| (name, answer.map(|_| ()))).collect()
    }

    fn arming(&self, node: &Node) -> Task {
        let mut task = Task::new(node, "arm the dead man's switch", arm_script(self.time_to_live), LIMIT);
        task.command = task.command.with_stdin(fired_script());
        task
    }
}

/// What the timer starts: it forbids new injections, leaves word for the controller, and heals.
fn fired_script() -> String {
    format!(
        "echo 'gainsay: the controller is silent, so this node undoes every fault'\n\
         rm -f {ARMED}\n: >/run/gainsay/fired\n{}",
        heal_script()
    )
}

/// Makes the directories of all marks, takes the healing script from standard input, and starts the timer.
fn arm_script(time_to_live: Duration) -> String {
    let names: Vec<_> = spec::every_nemesis().iter().map(|nemesis| nemesis.name()).collect();
    format!(
        r#"for nemesis in {names}; do mkdir -p /run/gainsay/faults/$nemesis || exit 1; done
cat >/run/gainsay/heal.sh.part && mv /run/gainsay/heal.sh.part /run/gainsay/heal.sh || exit 1
mkdir -p /run/systemd/system
cat >/run/systemd/system/gainsay-heal.service <<'END'
[Unit]
Description=gainsay: undo every fault on this node
[Service]
Type=oneshot
ExecStart=/bin/sh /run/gainsay/heal.sh
TimeoutStartSec=120
END
cat >/run/systemd/system/gainsay-heal.timer <<'END'
[Unit]
Description=gainsay: the controller has been silent for too long
[Timer]
OnActiveSec={ttl}ms
AccuracySec=100ms
END
systemctl daemon-reload && systemctl restart gainsay-heal.timer || exit 1
rm -f /run/gainsay/fired
: >{ARMED}
"#,
        names = names.join(" "),
        ttl = time_to_live.as_millis(),
    )
}

const RENEW: &str = r#"systemctl restart gainsay-heal.timer || exit 1
said=extended
[ -e /run/gainsay/armed ] || said=fired
[ -e /run/gainsay/heal.sh ] || exit 1
: >/run/gainsay/armed
rm -f /run/gainsay/fired
echo $said
"#;

const CHECK: &str = r#"state=$(systemctl show -p SubState --value gainsay-heal.timer)
[ "$state" = waiting ] && [ -e /run/gainsay/armed ] || {
  echo "the dead man's switch is not armed here: its timer is $state" >&2
  exit 77
}
"#;

/// Removes timer, service, script and the directories of marks; refuses while a mark is left.
pub const DISARM: &str = r#"for mark in /run/gainsay/faults/*/*; do
  [ ! -e "$mark" ] || { echo "$mark is not healed" >&2; exit 1; }
done
rm -f /run/gainsay/armed
if [ -e /run/systemd/system/gainsay-heal.timer ]; then
  systemctl stop gainsay-heal.timer
  rm -f /run/systemd/system/gainsay-heal.timer /run/systemd/system/gainsay-heal.service
  systemctl daemon-reload
fi
rm -f /run/gainsay/heal.sh /run/gainsay/heal.sh.part /run/gainsay/fired
rmdir /run/gainsay/faults/* /run/gainsay/faults /run/gainsay 2>/dev/null
true
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::{Command, Output, Recorder};
    use std::sync::{Arc, Mutex};

    type Log = Arc<Mutex<Vec<(String, String)>>>;

    fn switch(answer: impl Fn(&Command) -> Output + Send + Sync + Clone + 'static) -> (Switch, Log) {
        let log = Log::default();
        let node = |name: &str| {
            let transport = Recorder::answering(name, Arc::clone(&log), answer.clone());
            Node::new(name, [10, 0, 0, 1].into(), Arc::new(transport))
        };
        (Switch { nodes: vec![node("n1"), node("n2")], time_to_live: Duration::from_secs(30) }, log)
    }

    fn said(text: &str) -> Output {
        Output { stdout: text.as_bytes().to_vec(), ..Output::default() }
    }

    #[tokio::test]
    async fn a_node_that_lost_its_switch_is_armed_again_when_renewed() {
        let failing = Output { status: 1, ..Output::default() };
        let lost = move |command: &Command| if command.script == RENEW { failing.clone() } else { Output::default() };
        let (switch, log) = switch(lost);
        let renewed = switch.renew().await;
        assert!(renewed.iter().all(|(_, answer)| matches!(answer, Ok(Renewal::Rearmed))));
        let scripts: Vec<_> = log.lock().unwrap().iter().map(|(_, script)| script.clone()).collect();
        assert_eq!(scripts.iter().filter(|script| **script == arm_script(switch.time_to_live)).count(), 2);
    }

    #[tokio::test]
    async fn a_renewal_tells_whether_the_switch_had_fired() {
        for (text, expected) in [("extended\n", Renewal::Extended), ("fired\n", Renewal::Rearmed)] {
            let (switch, log) = switch(move |_| said(text));
            assert!(switch.renew().await.into_iter().all(|(_, answer)| answer.is_ok_and(|found| found == expected)));
            assert_eq!(log.lock().unwrap().len(), 2, "one command per node");
        }
    }

    #[tokio::test]
    async fn only_the_nodes_concerned_are_checked() {
        let (switch, log) = switch(|_| Output::default());
        switch.check(&["n2".to_owned()]).await.unwrap();
        assert_eq!(log.lock().unwrap().iter().map(|(node, _)| node.as_str()).collect::<Vec<_>>(), ["n2"]);
    }

    #[test]
    fn the_timer_has_the_time_to_live() {
        assert!(arm_script(Duration::from_millis(4500)).contains("\nOnActiveSec=4500ms\n"));
    }

    #[test]
    fn scripts_are_posix_shell() {
        for script in [arm_script(Duration::from_secs(30)), fired_script(), RENEW.into(), CHECK.into(), DISARM.into()] {
            let checked = std::process::Command::new("sh").args(["-n", "-c", &script]).output().unwrap();
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}
