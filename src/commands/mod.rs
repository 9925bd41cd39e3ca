//! From a typed command to an exit code.

mod check;
mod client;
mod doctor;
mod dry_run;
mod halt;
mod init;
mod lab;
mod list;
mod shrink;
mod test;

use crate::cli::{Cli, ClientVerb, InventoryArgs, Verb};
use crate::exit::{Exit, Failure};
use clap::Parser;
use clap::error::ErrorKind;
use cluster::Inventory;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log(&cli);
    // A panic is our own bug, and is told so; nothing else ends with that code.
    match std::panic::catch_unwind(|| dispatch(cli.verb)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            let _ = writeln!(std::io::stderr().lock(), "gainsay: {:#}", failure.error);
            failure.exit.into()
        }
        Err(_) => Exit::Bug.into(),
    }
}

/// clap's own exit code for a wrong command line is 2, which means `unknown` here.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Valid.into(),
        _ => Exit::Usage.into(),
    }
}

fn log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,gainsay=info",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("GAINSAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_ansi(false)
        .init();
}

fn dispatch(verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Test(arguments) => test::test(*arguments),
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Convert(arguments) => check::convert(&arguments),
        Verb::Shrink(arguments) => shrink::shrink(&arguments),
        Verb::Report(arguments) => check::report(&arguments.run),
        Verb::Heal(arguments) => doctor::heal(&arguments),
        Verb::Halt(arguments) => halt::halt(&arguments),
        Verb::Lab(verb) => lab::lab(&verb),
        Verb::Doctor(arguments) => doctor::doctor(&arguments),
        Verb::Init(arguments) => init::init(&arguments),
        Verb::Client(ClientVerb::Check(arguments)) => client::check(&arguments),
        Verb::List(arguments) => list::list(&arguments),
    }
}

/// Runs a future to its end on a runtime of its own.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Harness, error))?;
    runtime.block_on(future)
}

/// The inventory that a command names, by file or by lab.
fn inventory_of(arguments: &InventoryArgs) -> Result<Inventory, Failure> {
    let path: PathBuf = match (&arguments.inventory, &arguments.lab) {
        (Some(path), _) => path.clone(),
        (None, lab) => {
            let lab = ::lab::Lab::named(lab.as_deref().unwrap_or("lab")).map_err(|e| Failure::new(Exit::Usage, e))?;
            lab.inventory()
        }
    };
    Inventory::load(&path).map_err(|e| Failure::new(Exit::Data, e))
}
