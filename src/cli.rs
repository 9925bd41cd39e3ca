//! The command line: what can be typed.

use crate::plan::Settings;
use clap::{Args, Parser, Subcommand, ValueEnum};
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
    /// Draw the report of a recorded run again
    Report(RunArgs),
    /// Undo, from a fresh process, whatever any fault has done to the nodes
    Heal(InventoryArgs),
    /// Real nodes on this machine
    #[command(subcommand)]
    Lab(LabVerb),
    /// Look at every node, and say what to fix
    Doctor(DoctorArgs),
    /// What there is: nemeses, workloads, databases
    List(ListArgs),
}

/// A plan from a file, from flags, or from both.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Plan in TOML, with the flags' names as keys; flags win over it
    #[arg(value_name = "PLAN.toml")]
    pub plan: Option<PathBuf>,
    /// Settings given as flags
    #[command(flatten)]
    pub settings: Settings,
    /// Print the plan and each command that would be run on nodes, and touch nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What is judged.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Directories of runs, or files of JSON lines
    #[arg(value_name = "RUN|FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// What a file is judged as; a run knows it itself
    #[arg(long, value_enum)]
    pub model: Option<Model>,
    /// One line for each: path, tab, valid, invalid or unknown
    #[arg(long)]
    pub brief: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Output::Human, conflicts_with = "brief")]
    pub output: Output,
}

/// What a history that somebody else recorded is judged as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Registers with reads, writes and compare-and-sets
    #[value(alias = "cas-register")]
    Register,
    /// One set with additions and reads of all of it
    Set,
    /// Locks under a lease of 3 s
    Lock,
}

impl Model {
    /// The workload whose checks judge it.
    #[must_use]
    pub fn workload(self) -> &'static str {
        match self {
            Model::Register => "register",
            Model::Set => "set",
            Model::Lock => "lock",
        }
    }
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
    /// How to print
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub output: Output,
}

/// What can be done with nodes on this machine.
#[derive(Debug, Subcommand)]
pub enum LabVerb {
    /// Bring nodes up; harmless if they are up
    Up {
        /// How many nodes
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=9))]
        nodes: u8,
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
}
