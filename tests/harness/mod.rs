//! How a test runs the command, and looks at what it left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command with a results directory of its own.
pub struct Harness {
    directory: tempfile::TempDir,
}

/// What a command answered.
pub struct Answer {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Harness {
    /// With nothing in its directory.
    pub fn new() -> Harness {
        Harness { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// Its directory; results are below `results`.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of the last run.
    #[allow(dead_code)]
    pub fn latest(&self) -> PathBuf {
        self.path().join("results/latest")
    }

    /// A command that is about to be started there.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gainsay"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .env("COLUMNS", "100")
            .env_remove("GAINSAY_LOG");
        command
    }

    /// Runs the command to its end.
    pub fn run(&self, arguments: &str) -> Answer {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Answer { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n{}{}", self.code, self.stdout, self.stderr)
    }
}
