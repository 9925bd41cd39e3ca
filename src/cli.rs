//! The command line: what can be typed.

use crate::plan::{ClientCommand, ClientOption, LevelName, Settings, WorkloadName};
use crate::quantity::Span;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

/// Contradicts the claims of distributed systems, with evidence.
///
/// gainsay starts a system on real nodes, lets clients work on it, breaks the network, processes and disks under it,
/// heals everything, and judges what the clients saw.
#[derive(Debug, Parser)]
#[command(name = "gainsay", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
    /// Say more while working; twice says even more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but the result
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// What gainsay can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a test: set up, load, faults, heal, final reads, verdict, report
    #[command(visible_alias = "run")]
    Test(Box<TestArgs>),
    /// Judge a recorded run, or a history that somebody else recorded
    Check(CheckArgs),
    /// Write a history in another format
    Convert(ConvertArgs),
    /// Find the fewest faults and the shortest time with which a violation comes back
    Shrink(ShrinkArgs),
    /// Draw the report of a recorded run again
    Report(RunArgs),
    /// Undo, from a fresh process, whatever any fault has done to the nodes
    Heal(InventoryArgs),
    /// End every run on these nodes, whoever started it, and undo all that faults have done
    Halt(InventoryArgs),
    /// Real nodes on this machine
    #[command(subcommand)]
    Lab(LabVerb),
    /// Look at every node, and say what to fix
    Doctor(DoctorArgs),
    /// Write a plan with a word on every setting
    Init(InitArgs),
    /// Clients in other languages
    #[command(subcommand)]
    Client(ClientVerb),
    /// What there is: nemeses, workloads, databases, models
    List(ListArgs),
}

/// A plan from a file, from flags, or from both.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Plan in TOML, with the flags' names as keys; flags win over it
    #[arg(value_name = "PLAN.toml")]
    pub plan: Option<PathBuf>,
    /// Do again what a run did: its plan, and each fault at its time to its nodes; flags win over it
    #[arg(long, value_name = "RUN", conflicts_with = "plan")]
    pub replay: Option<PathBuf>,
    /// Settings given as flags
    #[command(flatten)]
    pub settings: Settings,
    /// Print the plan and each command that would be run on nodes, and touch nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What is judged.
#[derive(Debug, Args)]
#[command(after_help = FORMATS)]
pub struct CheckArgs {
    /// Directories of runs, or histories in any format: JSON lines, a JSON array, EDN, Jepsen's text and console lines
    #[arg(value_name = "RUN|FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// What a file is judged as (`gainsay list models`); a run knows it itself
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Every value is [key value], and keys are independent objects
    #[arg(long)]
    pub independent: bool,
    /// Events without a process are operations of clients of their own
    #[arg(long)]
    pub anonymous: bool,
    /// What a read of nil says
    #[arg(long, value_enum, default_value_t = Nil::Initial)]
    pub nil_read: Nil,
    /// Whose documented choices are followed where tools differ
    #[arg(long, value_enum, default_value_t = Like::None)]
    pub compat: Like,
    /// What the model must be told, for example total=100, or timestamps=start-ts,commit-ts; may be repeated
    #[arg(long = "option", value_name = "KEY=VALUE")]
    pub options: Vec<String>,
    /// A level of isolation that transactions are promised [default: strict-serializable]; may be repeated
    #[arg(long, value_name = "LEVEL", value_delimiter = ',')]
    pub expect: Vec<LevelName>,
    /// Draw what was found in files: one page that needs no network and no other file
    #[arg(long, value_name = "OUT.html")]
    pub report: Option<PathBuf>,
    /// One line for each: path, tab, valid, invalid or unknown
    #[arg(long)]
    pub brief: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Output::Human, conflicts_with = "brief")]
    pub output: Output,
}

/// The format in a few lines; the whole of it is a page.
const FORMATS: &str = r#"A history is a list of events in the order in which one recorder saw them. As JSON lines:
  {"process":0,"type":"invoke","f":"write","value":5}
  {"process":1,"type":"invoke","f":"read","value":null}
  {"process":0,"type":"ok","f":"write","value":5}
  {"process":1,"type":"ok","f":"read","value":5}
Types: invoke, then ok (it happened), fail (it did not and never will) or info (nobody knows).
history/FORMAT.md has every field, one example for each model, and a producer in Python."#;

/// What a read of nil says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Nil {
    /// The object holds what it held at first
    Initial,
    /// Nothing, as Knossos has it
    Wildcard,
}

/// Whose choices are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Like {
    /// Nobody's but ours
    None,
    /// A read of nil says nothing
    Knossos,
    /// Crashed operations are forced to take effect
    Porcupine,
    /// Transactions: Elle's lattice, and nothing that it does not look for
    Elle,
}

/// From one format to another.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// History in any format
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// File to write; its ending says the format: jsonl or edn
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    /// Every value is [key value]: keys get a field of their own
    #[arg(long)]
    pub independent: bool,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Human,
    /// For machines
    Json,
}

/// One run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Directory of the run
    #[arg(value_name = "RUN", default_value = "results/latest")]
    pub run: PathBuf,
}

/// A run whose schedule is made smaller.
#[derive(Debug, Args)]
pub struct ShrinkArgs {
    /// Directory of a run that found a violation
    #[arg(value_name = "RUN", default_value = "results/latest")]
    pub run: PathBuf,
    /// A smaller schedule is tried so often before it is given up
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub times: u32,
    /// Nothing new is tried after this time
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub limit: crate::quantity::Span,
}

/// Some nodes.
#[derive(Debug, Args)]
pub struct InventoryArgs {
    /// File that says where the nodes are
    #[arg(long, value_name = "FILE", required_unless_present = "lab")]
    pub inventory: Option<PathBuf>,
    /// The lab whose nodes are meant
    #[arg(long, value_name = "NAME", conflicts_with = "inventory", num_args = 0..=1, default_missing_value = "lab")]
    pub lab: Option<String>,
}

/// Nodes to look at.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Which nodes
    #[command(flatten)]
    pub nodes: InventoryArgs,
    /// Print what sudo must allow on nodes that are not reached as root, and look at nothing
    #[arg(long)]
    pub sudoers: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub output: Output,
}

/// A plan to begin with.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write; one that is there is left as it is
    #[arg(value_name = "PLAN.toml", default_value = "gainsay.toml")]
    pub plan: PathBuf,
}

/// What can be done with clients in other languages.
#[derive(Debug, Subcommand)]
pub enum ClientVerb {
    /// Does a client keep the protocol? One line for each rule; exit 0, or 1 if one is broken
    Check(ClientCheckArgs),
}

/// A client to be checked.
#[derive(Debug, Args)]
pub struct ClientCheckArgs {
    /// The command that starts it
    #[arg(value_name = "COMMAND")]
    pub client: ClientCommand,
    /// What it is asked
    #[arg(long, short, value_name = "WORKLOAD", default_value = "register")]
    pub workload: WorkloadName,
    /// Where the system is to which it talks
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub address: IpAddr,
    /// What it is told besides; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub client_option: Vec<ClientOption>,
    /// An operation may take so long
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub operation_timeout: Span,
}

/// What can be done with nodes on this machine.
#[derive(Debug, Subcommand)]
pub enum LabVerb {
    /// Bring nodes up; harmless if they are up
    Up {
        /// How many nodes
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=9))]
        nodes: u8,
        /// What they are: nspawn (quick), or vm (a kernel, a clock and a power switch each); as they are if not given
        #[arg(long)]
        kind: Option<lab::Kind>,
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
    },
    /// Say what is up
    Status {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
        /// How to print
        #[arg(long, value_enum, default_value_t = Output::Human)]
        output: Output,
    },
    /// Take all nodes down, and leave nothing
    Down {
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
    },
    /// Work on a virtual machine from outside: power-off, power-on, pause, resume, unplug, plug
    Machine {
        /// The node: n1, n2, ...
        node: String,
        /// What to do to it
        lever: lab::Lever,
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
    },
    /// Open a shell on a node, or run a command there
    Shell {
        /// The node: n1, n2, ...
        node: String,
        /// A command to run in place of a shell
        #[arg(trailing_var_arg = true)]
        command: Vec<String>,
        /// The lab's name
        #[arg(long, default_value = "lab")]
        name: String,
    },
}

/// What is listed.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which kind of thing
    #[arg(value_enum)]
    pub what: Listed,
    /// How to print
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub output: Output,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// What can go wrong on purpose
    Nemeses,
    /// What clients can ask
    Workloads,
    /// What can be tested
    Databases,
    /// What a history can be judged as
    Models,
    /// Levels of isolation that transactions can be promised
    Levels,
}
