//! The dead man's switch: a timer on every node that undoes all faults unless the controller keeps saying that it lives.
//!
//! Timer and service are files below `/run/systemd/system`: they survive a full or frozen disk and end with a reboot
//! (what then holds is [`boot`]), and, unlike units made by `systemd-run`, can be restarted after they fired. The timer
//! counts monotonic time, so that clock faults neither delay nor hasten it. systemd's limit of starts (5 in 10 s) is off
//! for both: a renewal is a start, and one too many would leave the timer failed, and the node without a switch.

pub mod boot;

use crate::everywhere::{self, Task, together};
use crate::marks::ARMED;
use crate::network::chains;
use crate::{System, catalogue, heal_script};
use cluster::{Command, Node, NodeError};
use std::time::Duration;

/// How long a node may take to arm, renew or disarm.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a node may take to undo every fault.
const HEAL_LIMIT: Duration = Duration::from_secs(60);

/// The armed switches of all nodes. It is not disarmed when dropped: a controller that dies must not stop the healing.
#[derive(Clone, Debug)]
pub struct Switch {
    nodes: Vec<Node>,
    time_to_live: Duration,
    /// The database's unit, quoted for the shell; empty if it has none. A node that starts anew starts it.
    unit: String,
}

/// What renewing found on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The countdown starts again; nothing had happened.
    Extended,
    /// The node had begun to heal itself, or lost the switch in a reboot. All its faults are healed, and it is armed
    /// again.
    Rearmed,
}

impl Switch {
    /// Arms the switch on every node of a system: from now on each heals itself after `time_to_live` without a
    /// renewal. Nemeses refuse to touch a node that is not armed.
    ///
    /// # Errors
    /// What the first node said on which it could not be armed; the others may be.
    pub async fn arm(system: &System) -> Result<Switch, NodeError> {
        let unit = system.database.daemon().map(|daemon| Command::quote(&daemon.unit)).unwrap_or_default();
        let switch = Switch { nodes: system.nodes.clone(), time_to_live: system.time_to_live, unit };
        let tasks = switch.nodes.iter().map(|node| switch.arming(node)).collect();
        everywhere::run_or_fail(tasks).await?;
        Ok(switch)
    }

    /// Starts every countdown again; to be called every third of the time to live, so that one lost renewal does no
    /// harm. Costs one `systemctl restart` per node. Every node is tried.
    pub async fn renew(&self) -> Vec<(String, Result<Renewal, NodeError>)> {
        let renewal = async |node: &Node| (node.name.clone(), self.renew_on(node).await);
        together(self.nodes.iter().map(renewal).collect()).await
    }

    /// Starts the countdown of one node again, for callers that must not wait for one node because of another: one that
    /// is off answers late, or never.
    ///
    /// # Errors
    /// If the node does not answer within a third of the time to live, or cannot be healed or armed again.
    pub async fn renew_on(&self, node: &Node) -> Result<Renewal, NodeError> {
        let limit = (self.time_to_live / 3).min(LIMIT);
        match Task::new(node, "renew the dead man's switch", RENEW, limit).run().await {
            Ok(_) => Ok(Renewal::Extended),
            Err(NodeError::Failed { .. }) => self.rearm(node).await.map(|()| Renewal::Rearmed),
            Err(error) => Err(error),
        }
    }

    /// The nodes that it is armed on.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
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
        let task = |node: &Node| Task::new(node, "disarm the dead man's switch", disarm_script(), LIMIT);
        let answers = everywhere::run(self.nodes.iter().map(task).collect()).await;
        answers.into_iter().map(|(name, answer)| (name, answer.map(|_| ()))).collect()
    }

    /// Ends what the node's own healing may have left undone, so that it is clear what state the node is in.
    async fn rearm(&self, node: &Node) -> Result<(), NodeError> {
        Task::new(node, "undo every fault", heal_script(), HEAL_LIMIT).run().await?;
        self.arming(node).run().await.map(|_| ())
    }

    fn arming(&self, node: &Node) -> Task {
        let mut task = Task::new(node, "arm the dead man's switch", arm_script(self.time_to_live, &self.unit), LIMIT);
        task.command = task.command.with_stdin(fired_script());
        task
    }
}

/// What the timer starts: it forbids new injections, and heals; if something cannot be healed yet, again, up to 100
/// times, until the controller is back.
fn fired_script() -> String {
    format!(
        r#"undo() {{
{}}}
echo "gainsay: the controller is silent, so this node undoes every fault"
rm -f {ARMED}
left=100
until undo; do
  left=$((left - 1))
  [ $left -gt 0 ] && [ ! -e {ARMED} ] || exit 1
  sleep 2
done
echo "gainsay: every fault is undone"
[ -z "${{GAINSAY_BOOT:-}}" ] || exit 0
{}"#,
        heal_script(),
        boot::FORGET,
    )
}

/// Makes the directories of all marks, takes the healing script from standard input, and starts the timer.
fn arm_script(time_to_live: Duration, unit: &str) -> String {
    let names: Vec<_> = catalogue::KINDS.iter().map(|kind| kind.name).collect();
    format!(
        r#"mkdir -p /run/gainsay/faults && cd /run/gainsay/faults && mkdir -p {names} || exit 1
{bare}cat >/run/gainsay/heal.sh.part && mv /run/gainsay/heal.sh.part /run/gainsay/heal.sh || exit 1
{keep}mkdir -p /run/systemd/system
cat >/run/systemd/system/gainsay-heal.service <<'END'
[Unit]
Description=gainsay: undo every fault on this node
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh /run/gainsay/heal.sh
END
cat >/run/systemd/system/gainsay-heal.timer <<'END'
[Unit]
Description=gainsay: the controller has been silent for too long
StartLimitIntervalSec=0
[Timer]
OnActiveSec={ttl}ms
AccuracySec=100ms
END
systemctl daemon-reload || exit 1
systemctl stop gainsay-heal.service
systemctl restart gainsay-heal.timer || exit 1
: >{ARMED}
"#,
        names = names.join(" "),
        bare = chains::REMEMBER_BARE,
        keep = boot::keep(unit),
        ttl = time_to_live.as_millis(),
    )
}

/// Fails where the switch has fired, for then it is not armed any more, or was lost. A node that has started anew refuses
/// until it has undone what outlived that: who armed it sooner would see its own service removed with the former one.
const RENEW: &str = "\
if [ ! -e /run/gainsay/armed ] && [ ! -e /run/systemd/system/gainsay-heal.timer ] &&
  [ -e /var/lib/gainsay/switch/boot.sh ]; then
  echo 'it has started anew, and is healing itself' >&2
  exit 77
fi
[ -e /run/gainsay/armed ] && [ -e /run/gainsay/heal.sh ] || exit 1
[ -e /var/lib/gainsay/switch/boot.sh ] || [ -e /run/gainsay/unkept ] || exit 1
systemctl restart gainsay-heal.timer
";

const CHECK: &str = r#"state=$(systemctl show -p SubState --value gainsay-heal.timer)
[ "$state" = waiting ] && [ -e /run/gainsay/armed ] || {
  echo "the dead man's switch is not armed here: its timer is $state" >&2
  exit 77
}
"#;

/// Removes timer, service, script, the directories of marks and a table that we made; refuses while a mark is left.
pub fn disarm_script() -> String {
    format!("{UNMARKED}{}{}{DISARM}", chains::LEAVE_BARE, boot::FORGET)
}

const UNMARKED: &str = r#"for mark in /run/gainsay/faults/*/*; do
  [ ! -e "$mark" ] || { echo "$mark is not healed" >&2; exit 1; }
done
"#;

const DISARM: &str = r#"rm -f /run/gainsay/armed
if [ -e /run/systemd/system/gainsay-heal.timer ]; then
  systemctl stop gainsay-heal.timer gainsay-heal.service
  rm -f /run/systemd/system/gainsay-heal.timer /run/systemd/system/gainsay-heal.service
  systemctl daemon-reload
  systemctl reset-failed gainsay-heal.service 2>/dev/null
fi
rm -f /run/gainsay/heal.sh /run/gainsay/heal.sh.part
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
        (
            Switch { nodes: vec![node("n1"), node("n2")], time_to_live: Duration::from_secs(30), unit: String::new() },
            log,
        )
    }

    #[tokio::test]
    async fn a_node_that_lost_its_switch_is_healed_and_armed_again_when_renewed() {
        let failing = Output { status: 1, ..Output::default() };
        let lost = move |command: &Command| if command.script == RENEW { failing.clone() } else { Output::default() };
        let (switch, log) = switch(lost);
        let renewed = switch.renew().await;
        assert!(renewed.iter().all(|(_, answer)| matches!(answer, Ok(Renewal::Rearmed))));
        let done: Vec<_> =
            log.lock().unwrap().iter().filter(|(node, _)| node == "n1").map(|(_, script)| script.clone()).collect();
        assert_eq!(done, [RENEW.to_owned(), heal_script(), arm_script(switch.time_to_live, "")]);
    }

    #[tokio::test]
    async fn a_renewal_costs_one_command_per_node() {
        let (switch, log) = switch(|_| Output::default());
        assert!(switch.renew().await.iter().all(|(_, answer)| matches!(answer, Ok(Renewal::Extended))));
        assert_eq!(log.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn only_the_nodes_concerned_are_checked() {
        let (switch, log) = switch(|_| Output::default());
        switch.check(&["n2".to_owned()]).await.unwrap();
        assert_eq!(log.lock().unwrap().iter().map(|(node, _)| node.as_str()).collect::<Vec<_>>(), ["n2"]);
    }

    #[test]
    fn the_timer_has_the_time_to_live() {
        assert!(arm_script(Duration::from_millis(4500), "").contains("\nOnActiveSec=4500ms\n"));
    }

    #[test]
    fn scripts_are_posix_shell() {
        for script in [
            arm_script(Duration::from_secs(30), "a.service"),
            fired_script(),
            RENEW.into(),
            CHECK.into(),
            disarm_script(),
        ] {
            let checked = std::process::Command::new("sh").args(["-n", "-c", &script]).output().unwrap();
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}
