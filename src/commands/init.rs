//! `gainsay init`: a plan with a word on every setting, to begin with.

use crate::cli::InitArgs;
use crate::exit::{Exit, Failure};
use crate::terminal::say;
use anyhow::Context;
use std::fs::File;
use std::io::{ErrorKind, Write};

/// Runs as it is; every other setting stands there with its default.
const PLAN: &str = include_str!("init.toml");

/// Writes the plan, unless there is one.
pub(super) fn init(arguments: &InitArgs) -> Result<Exit, Failure> {
    let path = &arguments.plan;
    let shown = path.display();
    let mut file = match File::create_new(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::message(Exit::Usage, format!("{shown} is there already, and is left as it is")));
        }
        Err(error) => {
            let error = anyhow::Error::from(error).context(format!("cannot write {shown}"));
            return Err(Failure::new(Exit::Harness, error));
        }
    };
    file.write_all(PLAN.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    say(format!("wrote {shown}; run it with: gainsay test {shown}"));
    Ok(Exit::Valid)
}
