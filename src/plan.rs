//! What a test is: the same settings from a TOML file and from flags; flags win.

mod names;

pub use names::{ClientCommand, ClientOption, DatabaseName, LevelName, NemesisList, TestName, WorkloadName};

use crate::exit::{Exit, Failure};
use crate::limits::LimitSettings;
use crate::probe::Probe;
use crate::quantity::{Concurrency, NodeChoice, Rate, Seed, Span};
use crate::replay::{self, Step};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The lab whose nodes are used where nothing else is said.
const DEFAULT_LAB: &str = "lab";

/// The settings of a test as a person gives them; whatever is left out has a default.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Name of the test, and of its folder under the results [default: DATABASE-WORKLOAD]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<TestName>,
    /// What is tested, with options: `etcd`, `etcd:reads=serializable`, `memory:stale-read` [default: etcd; running with --client]
    #[arg(long, value_name = "DATABASE[:OPTION,...]")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseName>,
    /// A program that talks to it in place of a client of ours, one process for each: `./my_client.py` (docs/CLIENT.md)
    #[arg(long, value_name = "COMMAND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientCommand>,
    /// What that program is told besides; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_option: Vec<ClientOption>,
    /// What clients ask: `register`, `set`, `lock`, `append`, `wr`, `bank` and so on [default: register]
    #[arg(long, short, value_name = "WORKLOAD")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadName>,
    /// The level of isolation that transactions are promised [default: strict-serializable]
    #[arg(long, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<LevelName>,
    /// What goes wrong: `none`, or a list such as `partition,kill:primary` [default: none]
    #[arg(long, value_name = "NEMESIS[:CHOICE],...")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nemesis: Option<NemesisList>,
    /// Mean time from one fault of a kind to the next [default: 15s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nemesis_interval: Option<Span>,
    /// How long a fault lasts [default: 5s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nemesis_hold: Option<Span>,
    /// After this time nothing new is asked, and everything is healed [default: 60s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<Span>,
    /// Operations per second in all, or `unlimited` [default: 300 on nodes, 5000 in memory]
    #[arg(long, value_name = "PER SECOND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Clients: a number, or a multiple of the number of nodes such as `2n` [default: 2n]
    #[arg(long, value_name = "CLIENTS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// Fixes what is asked, and which faults come when [default: drawn, and printed]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// Nodes of the inventory: a number, or names such as `n1,n2,n3` [default: all; 5 in memory]
    #[arg(long, value_name = "NODES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodeChoice>,
    /// File that says where the nodes are [default: that of the lab]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<PathBuf>,
    /// The lab whose nodes are used [default: lab]
    #[arg(long, value_name = "NAME", conflicts_with = "inventory", num_args = 0..=1, default_missing_value = "lab")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab: Option<String>,
    /// Where runs are kept [default: results]
    #[arg(long, value_name = "DIRECTORY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<PathBuf>,
    /// An operation may take so long [default: 5s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_timeout: Option<Span>,
    /// A node that does not hear from us for so long heals itself [default: 30s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<Span>,
    /// After healing, the system may take so long to serve on every node again [default: 60s]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_limit: Option<Span>,
    /// What must hold for the test to go on: `http://...`, `command:...`, `on-nodes:...`, `ok-rate:...`; may be repeated
    #[arg(long, value_name = "PROBE")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probe: Vec<Probe>,
    /// What goes wrong when, in place of a schedule by chance
    #[arg(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Step>,
    /// How much may be broken at the same time
    #[command(flatten)]
    pub limits: LimitSettings,
    /// Leave the database as it is at the end, running and with its data
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leave_running: bool,
}

/// A test, with every setting decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// Name of the test, and of its folder under the results.
    pub name: TestName,
    /// What is tested.
    pub database: DatabaseName,
    /// The program that talks to it; None if the database brings its own client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<ClientCommand>,
    /// What that program is told besides.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub client_option: Vec<ClientOption>,
    /// What clients ask.
    pub workload: WorkloadName,
    /// The level of isolation that is promised; None if the workload has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expect: Option<LevelName>,
    /// What goes wrong.
    pub nemesis: NemesisList,
    /// Mean time from one fault of a kind to the next.
    pub nemesis_interval: Span,
    /// How long a fault lasts.
    pub nemesis_hold: Span,
    /// After this time nothing new is asked.
    pub time_limit: Span,
    /// Operations per second in all.
    pub rate: Rate,
    /// Clients.
    pub concurrency: Concurrency,
    /// Fixes what is asked, and which faults come when.
    pub seed: Seed,
    /// Which nodes of the inventory.
    pub nodes: NodeChoice,
    /// Where the nodes are described; None where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inventory: Option<PathBuf>,
    /// Where runs are kept.
    pub results: PathBuf,
    /// An operation may take so long.
    pub operation_timeout: Span,
    /// A node that does not hear from us for so long heals itself.
    pub time_to_live: Span,
    /// After healing, the system may take so long to serve on every node again.
    pub recovery_limit: Span,
    /// Leave the database as it is at the end.
    pub leave_running: bool,
    /// What must hold for the test to go on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub probe: Vec<Probe>,
    /// What goes wrong when; empty if chance decides.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fault: Vec<Step>,
    /// How much may be broken at the same time.
    #[serde(skip_serializing_if = "LimitSettings::are_none", default)]
    pub limits: LimitSettings,
}

impl Settings {
    /// Reads a plan file; every error has its line and column.
    ///
    /// # Errors
    /// If it cannot be read (exit 65), or is not a plan (exit 65).
    pub fn load(path: &Path) -> Result<Settings, Failure> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the plan {}", path.display()))
            .map_err(|e| Failure::new(Exit::Data, e))?;
        Settings::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Settings, Failure> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let before = &text[..start];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let message = error.message();
            Failure::message(Exit::Data, format!("{}:{line}:{column}: {message}", path.display()))
        })
    }

    /// These settings where they are given, otherwise those of `file`.
    #[must_use]
    pub fn over(self, file: Settings) -> Settings {
        // A lab given as a flag replaces an inventory of the file, and the reverse.
        let (inventory, lab) = match (self.inventory, self.lab) {
            (None, None) => (file.inventory, file.lab),
            given => given,
        };
        Settings {
            name: self.name.or(file.name),
            database: self.database.or(file.database),
            client: self.client.or(file.client),
            client_option: if self.client_option.is_empty() { file.client_option } else { self.client_option },
            workload: self.workload.or(file.workload),
            expect: self.expect.or(file.expect),
            nemesis: self.nemesis.or(file.nemesis),
            nemesis_interval: self.nemesis_interval.or(file.nemesis_interval),
            nemesis_hold: self.nemesis_hold.or(file.nemesis_hold),
            time_limit: self.time_limit.or(file.time_limit),
            rate: self.rate.or(file.rate),
            concurrency: self.concurrency.or(file.concurrency),
            seed: self.seed.or(file.seed),
            nodes: self.nodes.or(file.nodes),
            inventory,
            lab,
            results: self.results.or(file.results),
            operation_timeout: self.operation_timeout.or(file.operation_timeout),
            time_to_live: self.time_to_live.or(file.time_to_live),
            recovery_limit: self.recovery_limit.or(file.recovery_limit),
            fault: if self.fault.is_empty() { file.fault } else { self.fault },
            limits: self.limits.over(file.limits),
            probe: if self.probe.is_empty() { file.probe } else { self.probe },
            leave_running: self.leave_running || file.leave_running,
        }
    }

    /// Decides whatever is left open.
    ///
    /// # Errors
    /// If settings contradict each other (exit 65), or the lab has a name that no lab can have (exit 64).
    pub fn decide(self) -> Result<Plan, Failure> {
        let database = self.database.unwrap_or_else(|| DatabaseName::default_for(self.client.is_some()));
        let workload = self.workload.unwrap_or(WorkloadName("register".to_owned()));
        let is_broken = self.nemesis.as_ref().is_some_and(|list| list.0 != "none") || !self.fault.is_empty();
        let is_placed = is_broken || self.inventory.is_some() || self.lab.is_some();
        let on_nodes = database.needs_nodes() || database.is_elsewhere() && is_placed;
        let inventory = match (on_nodes, self.inventory, self.lab) {
            (false, _, _) => None,
            (true, Some(inventory), _) => Some(inventory),
            (true, None, lab) => Some(inventory_of_lab(lab.as_deref().unwrap_or(DEFAULT_LAB))?),
        };
        let default_name = format!("{}-{}", database.kind(), workload.0);
        let alone = if database.is_elsewhere() { NodeChoice::First(1) } else { NodeChoice::First(5) };
        let is_quick = !on_nodes && !database.is_elsewhere();
        let plan = Plan {
            name: self.name.unwrap_or(TestName(default_name)),
            nemesis: self.nemesis.unwrap_or(NemesisList::from_steps(&self.fault)?),
            nemesis_interval: self.nemesis_interval.unwrap_or(Span::seconds(15)),
            nemesis_hold: self.nemesis_hold.unwrap_or(Span::seconds(5)),
            time_limit: self.time_limit.unwrap_or(Span::seconds(60)),
            rate: self.rate.unwrap_or(Rate::PerSecond(if is_quick { 5000.0 } else { 300.0 })),
            concurrency: self.concurrency.unwrap_or(Concurrency::PerNode(if on_nodes || is_quick { 2 } else { 5 })),
            seed: self.seed.unwrap_or_else(|| Seed(rand::random::<u64>() >> 11)),
            nodes: self.nodes.unwrap_or(if on_nodes { NodeChoice::All } else { alone }),
            inventory,
            results: self.results.unwrap_or(PathBuf::from("results")),
            operation_timeout: self.operation_timeout.unwrap_or(Span::seconds(5)),
            time_to_live: self.time_to_live.unwrap_or(Span::seconds(30)),
            recovery_limit: self.recovery_limit.unwrap_or(Span::seconds(60)),
            client: self.client,
            client_option: self.client_option,
            probe: self.probe,
            fault: self.fault,
            limits: self.limits,
            leave_running: self.leave_running,
            expect: self.expect.or_else(|| workload.has_level().then(LevelName::default)),
            database,
            workload,
        };
        plan.check()?;
        Ok(plan)
    }
}

impl Plan {
    /// Refuses what contradicts itself.
    fn check(&self) -> Result<(), Failure> {
        let wrong = |message: String| Err(Failure::message(Exit::Data, message));
        if let Some(error) = self.database.misfit(self.client.is_some()) {
            return wrong(error);
        }
        if self.inventory.is_none() && self.nemesis.0 != "none" {
            return wrong(format!(
                "`{}` runs in this process and not on nodes, so `{}` has nothing to break; leave --nemesis out, or \
                 choose a database on nodes",
                self.database.0, self.nemesis.0
            ));
        }
        if self.expect.is_some() && !self.workload.has_level() {
            return wrong(format!(
                "the workload `{}` is judged by no level of isolation; leave --expect out",
                self.workload
            ));
        }
        if self.nemesis.0 != "none" && self.fault.is_empty() && self.nemesis_hold.0 >= self.time_limit.0 {
            return wrong(format!(
                "a fault lasts {}, but the time limit is {}; make --nemesis-hold shorter or --time-limit longer",
                self.nemesis_hold, self.time_limit
            ));
        }
        if !self.fault.is_empty() && self.nemesis.0 != replay::nemeses_of(&self.fault) {
            return wrong(format!(
                "the faults of this plan need the nemeses {}, not {}; leave --nemesis out",
                replay::nemeses_of(&self.fault),
                self.nemesis
            ));
        }
        if let Err(error) = replay::check(&self.fault, self.time_limit) {
            return wrong(error);
        }
        if self.time_to_live.0.as_secs() < 3 {
            return wrong(format!("--time-to-live is {}, but must be at least 3s", self.time_to_live));
        }
        Ok(())
    }

    /// The command that runs this plan again.
    #[must_use]
    pub fn command(&self) -> String {
        let mut words = vec![
            "gainsay test".to_owned(),
            format!("--database {}", self.database),
            format!("--workload {}", self.workload),
            format!("--nemesis {}", self.nemesis),
        ];
        words.extend(self.client.as_ref().map(|client| format!("--client {}", cluster::Command::quote(&client.0))));
        let options = self.client_option.iter().map(|option| cluster::Command::quote(&option.0));
        words.extend(options.map(|option| format!("--client-option {option}")));
        words.extend(self.expect.as_ref().map(|expect| format!("--expect {expect}")));
        if self.nemesis.0 != "none" {
            words.push(format!("--nemesis-interval {}", self.nemesis_interval));
            words.push(format!("--nemesis-hold {}", self.nemesis_hold));
        }
        words.push(format!("--time-limit {}", self.time_limit));
        words.push(format!("--rate {}", self.rate));
        words.push(format!("--concurrency {}", self.concurrency));
        if self.nodes != NodeChoice::All {
            words.push(format!("--nodes {}", self.nodes));
        }
        if let Some(inventory) = &self.inventory
            && *inventory != inventory_of_lab(DEFAULT_LAB).unwrap_or_default()
        {
            words.push(format!("--inventory {}", cluster::Command::quote(&inventory.display().to_string())));
        }
        words.extend(self.limits.words());
        words.push(format!("--seed {}", self.seed));
        words.join(" ")
    }
}

fn inventory_of_lab(name: &str) -> Result<PathBuf, Failure> {
    Ok(lab::Lab::named(name).map_err(|e| Failure::new(Exit::Usage, e))?.inventory())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        match Settings::parse(text, Path::new("plan.toml")).and_then(Settings::decide) {
            Ok(plan) => panic!("accepted: {plan:?}"),
            Err(failure) => {
                assert_eq!(failure.exit, Exit::Data);
                failure.error.to_string()
            }
        }
    }

    #[test]
    fn errors_in_a_plan_have_their_place() {
        for (text, expected) in [
            ("workload = \n", "plan.toml:1:"),
            ("seed = 1\nworkload = \"regster\"\n", "plan.toml:2:12: there is no workload `regster`"),
            ("time-limit = \"0s\"\n", "plan.toml:1:14: "),
            ("time-limit = \"60\"\n", "needs a unit"),
            ("seed = 1\ntime_limit = \"6s\"\n", "plan.toml:2:1: unknown field `time_limit`"),
            ("database = \"memory\"\nnemesis = \"kill\"\n", "nothing to break"),
            ("concurrency = \"0\"\n", "plan.toml:1:15: "),
            ("client = \" \"\n", "plan.toml:1:10: expected the command that starts a client"),
            ("client-option = [\"port\"]\n", "plan.toml:1:17: expected KEY=VALUE, not `port`"),
            ("database = \"memory\"\nclient = \"./c\"\n", "a client from outside cannot reach"),
            ("database = \"running\"\n", "`running` brings no client; name one with --client"),
            ("database = \"file:/nowhere.toml\"\nclient = \"./c\"\n", "cannot read the database /nowhere.toml"),
            ("nemesis = \"partiton\"\n", "plan.toml:1:11: "),
        ] {
            let error = error_of(text);
            assert!(error.contains(expected), "{text:?} gave: {error}");
        }
    }

    #[test]
    fn flags_win_over_the_file_and_a_plan_comes_back_from_its_own_text() {
        let file = Settings::parse("database = \"memory\"\ntime-limit = \"1m\"\nseed = 7\n", Path::new("p")).unwrap();
        let flags = Settings { time_limit: Some(Span::seconds(5)), ..Settings::default() };
        let plan = flags.over(file).decide().unwrap();
        assert_eq!((plan.time_limit, plan.seed), (Span::seconds(5), Seed(7)));
        assert_eq!(plan.name.0, "memory-register");
        let text = toml::to_string(&plan).unwrap();
        assert_eq!(toml::from_str::<Plan>(&text).unwrap(), plan);
    }

    #[test]
    fn a_client_alone_talks_to_what_runs_here() {
        let plan = Settings::parse("client = \"./c.py\"\nclient-option = [\"port=7\"]\n", Path::new("p"));
        let plan = plan.unwrap().decide().unwrap();
        assert_eq!((plan.database.0.as_str(), plan.name.0.as_str()), ("running", "running-register"));
        assert_eq!((plan.inventory.as_ref(), plan.nodes.clone()), (None, NodeChoice::First(1)));
        assert!(plan.command().contains("--client ./c.py --client-option port=7 "), "{}", plan.command());
        let text = toml::to_string(&plan).unwrap();
        assert_eq!(toml::from_str::<Plan>(&text).unwrap(), plan);
        let broken = Settings::parse("client = \"./c.py\"\nnemesis = \"kill\"\n", Path::new("p")).unwrap();
        assert!(broken.decide().unwrap().inventory.is_some(), "faults need nodes");
    }
}
