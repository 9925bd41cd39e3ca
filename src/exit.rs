//! Exit codes, and what each one tells the shell or the nightly job that called us.

use checkers::Word;

/// How a command ended. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every promise was kept, on enough evidence.
    Valid = 0,
    /// A promise was broken. Outranks everything else.
    Invalid = 1,
    /// Nobody can say: out of budget, or not enough evidence.
    Unknown = 2,
    /// The harness or its surroundings failed.
    Harness = 3,
    /// A stop condition held, or somebody halted the run; healed.
    Aborted = 5,
    /// Healing could not be verified.
    NotHealed = 8,
    /// The command line is wrong.
    Usage = 64,
    /// A plan, an inventory or a history is wrong.
    Data = 65,
    /// Our own bug.
    Bug = 70,
    /// A safety rule refused it.
    Refused = 77,
    /// Interrupted, healed.
    Interrupted = 130,
}

impl From<Word> for Exit {
    fn from(word: Word) -> Exit {
        match word {
            Word::Valid => Exit::Valid,
            Word::Unknown => Exit::Unknown,
            Word::Invalid => Exit::Invalid,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit as u8)
    }
}

/// An error that ends a command, with the exit code that it deserves.
#[derive(Debug)]
pub struct Failure {
    /// What the shell is told.
    pub exit: Exit,
    /// What people are told; one or more whole messages.
    pub error: anyhow::Error,
}

impl Failure {
    /// An error with this exit code.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit, error: error.into() }
    }

    /// A message with this exit code.
    pub fn message(exit: Exit, message: impl std::fmt::Display) -> Failure {
        Failure { exit, error: anyhow::anyhow!("{message}") }
    }
}

/// An error that nobody classified is one of the harness or its surroundings.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        let refused = |e: &cluster::NodeError| matches!(e, cluster::NodeError::Refused { .. });
        let exit = match error.downcast_ref::<cluster::NodeError>() {
            Some(node_error) if refused(node_error) => Exit::Refused,
            _ => Exit::Harness,
        };
        Failure { exit, error }
    }
}

impl From<cluster::NodeError> for Failure {
    fn from(error: cluster::NodeError) -> Failure {
        Failure::from(anyhow::Error::from(error))
    }
}
