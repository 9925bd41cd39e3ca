//! A rolling restart: every node in turn is restarted in order, and the next one only when the one before serves again
//! or has had its time, as an upgrade or a change of configuration would go.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Injected, Measured, Nemesis, SpecError, System};
use async_trait::async_trait;
use cluster::{Node, NodeError};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "rolling-restart",
    family: Family::Membership,
    does: "restarts the database in order on one node after the other, each when the one before serves; all if not told",
    needs: "a database that is a systemd unit and runs",
    undone_by: "units that do not run are started",
    measured_by: "the main process of every node is another one than before",
    tallied: "units restarted",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "wait", default: "20", does: "how long at most a node may take to serve, 1 to 300 s" }],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let wait = Duration::from_secs(options.number("wait", 20, 1..=300)?);
    let each = OnEach(Restarted { aim: Aim::of(options, Target::All.into())? });
    Ok(Box::new(RollingRestart { each, wait }))
}

/// What happens to each node.
#[derive(Clone, Debug)]
struct Restarted {
    aim: Aim,
}

impl Local for Restarted {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let mark = format!("echo \"$pid\" >{FAULTS}/rolling-restart/\"$unit\" || exit 1\n");
        running(scene.unit) + &mark + "timeout 60 systemctl restart \"$unit\"\n"
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(70)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"[ -e {FAULTS}/rolling-restart/{unit} ] || {{ echo "it was not restarted"; exit 0; }}
pid=$(systemctl show -p MainPID --value {unit})
if [ "${{pid:-0}}" != 0 ] && [ "$pid" != "$(cat {FAULTS}/rolling-restart/{unit})" ]; then echo yes; else echo "process $pid"; fi
"#,
            unit = scene.unit
        )
    }

    fn undo(&self) -> String {
        life::revive(ABOUT.name)
    }
}

/// One after the other.
struct RollingRestart {
    each: OnEach<Restarted>,
    wait: Duration,
}

#[async_trait]
impl Nemesis for RollingRestart {
    fn name(&self) -> &'static str {
        ABOUT.name
    }

    fn suits(&self, system: &System) -> Result<(), SpecError> {
        self.each.suits(system)
    }

    async fn decide(&self, system: &System, rng: &mut ChaCha8Rng) -> Result<Injected, NodeError> {
        self.each.decide(system, rng).await
    }

    /// A node that does not serve in time does not hold up the others: that is what the fault may show.
    async fn inject(&self, system: &System, injected: &Injected) -> Result<(), NodeError> {
        for name in &injected.nodes {
            let one = Injected { nodes: vec![name.clone()], ..injected.clone() };
            self.each.inject(system, &one).await?;
            for node in system.named(&one.nodes)? {
                let _served = tokio::time::timeout(self.wait, system.database.ready(node, self.wait)).await;
            }
        }
        Ok(())
    }

    async fn in_effect(&self, system: &System, injected: &Injected) -> Result<Measured, NodeError> {
        self.each.in_effect(system, injected).await
    }

    fn heal_script(&self) -> String {
        self.each.heal_script()
    }

    fn trace_script(&self, system: &System, node: &Node) -> Option<String> {
        self.each.trace_script(system, node)
    }

    async fn healed(&self, system: &System, node: &Node) -> Result<Measured, NodeError> {
        self.each.healed(system, node).await
    }
}
