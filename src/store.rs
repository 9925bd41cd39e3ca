//! A run on disk: a directory that outlives every crash, and the links that lead to it.
//!
//! ```text
//! results/index.sqlite   latest -> NAME/STAMP-ID
//! results/NAME/latest -> STAMP-ID
//! results/NAME/STAMP-ID/
//!     run.toml       the plan, every setting decided        meta.json     version, times, nodes, exit
//!     history.jsonl  events, as they happen                 faults.jsonl  faults, before they are injected
//!     results.json   the verdict                            report.html   for people
//!     schedule.toml  what was decided, to do it again
//!     plots/  nodes/NODE/                               commands.jsonl all that was done on nodes
//! ```

use crate::exit::{Exit, Failure};
use crate::plan::Plan;
use crate::replay::{self, Step};
use anyhow::{Context, Result};
use history::{Fault, FaultPhase, FaultRecord, Time};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The directory of one run.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    /// Where it is.
    pub path: PathBuf,
}

/// What is known of a run besides its plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The layout of this directory.
    pub schema: u32,
    /// The run's name: its start in UTC and four hexadecimal digits.
    pub run: String,
    /// The version of gainsay that recorded it.
    pub version: String,
    /// The command line.
    pub arguments: Vec<String>,
    /// Start of the run, UTC.
    pub started: String,
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// What the database said that it is.
    pub tested: String,
    /// Facts about the surroundings, each a name and a value.
    pub environment: Vec<(String, String)>,
    /// Seconds of wall time for each phase.
    pub durations: Vec<(String, f64)>,
    /// What people should know.
    pub warnings: Vec<String>,
    /// Why a stop condition, or somebody else, ended the run before its time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aborted: Option<String>,
    /// Files fetched from the nodes: a name, and the path below this directory.
    pub logs: Vec<(String, String)>,
    /// The time on the run's clock at which everything was shown to be healed.
    pub healed: Option<Time>,
    /// The exit code, once there is one.
    pub exit: Option<u8>,
}

impl RunDirectory {
    /// Makes the directory of a new run, with its plan in it, and lets the `latest` links point to it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(plan: &Plan) -> Result<(RunDirectory, Meta)> {
        let started = jiff::Timestamp::now();
        let run = format!("{}-{:04x}", started.strftime("%Y%m%dT%H%M%SZ"), rand::random::<u16>());
        let tests = plan.results.join(&plan.name.0);
        let path = tests.join(&run);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make the run's directory {}", path.display()))?;
        let directory = RunDirectory { path };
        directory.write("run.toml", toml::to_string(plan).context("a plan can be written")?.as_bytes())?;
        let meta = Meta {
            schema: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            arguments: std::env::args().collect(),
            started: started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            run,
            ..Meta::default()
        };
        directory.write_meta(&meta)?;
        link(&tests.join("latest"), Path::new(&meta.run))?;
        link(&plan.results.join("latest"), &Path::new(&plan.name.0).join(&meta.run))?;
        Ok((directory, meta))
    }

    /// The run in an existing directory, with its plan and what else is known of it.
    ///
    /// # Errors
    /// Exit 65 if this is not the directory of a run.
    pub fn open(path: &Path) -> Result<(RunDirectory, Plan, Meta), Failure> {
        let directory = RunDirectory { path: path.to_owned() };
        let plan = directory.read("run.toml").and_then(|text| Ok(toml::from_str(&text)?));
        let meta = directory.read("meta.json").and_then(|text| Ok(serde_json::from_str(&text)?));
        let not_a_run = |e: anyhow::Error| {
            Failure::new(Exit::Data, e.context(format!("{} is not the directory of a run", path.display())))
        };
        Ok((directory, plan.map_err(not_a_run)?, meta.map_err(not_a_run)?))
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file in it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.file(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Writes a file in it, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.file(name);
        let temporary = path.with_extension("writing");
        let written = (|| {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            file.sync_data()?;
            std::fs::rename(&temporary, &path)
        })();
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes `meta.json`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_meta(&self, meta: &Meta) -> Result<()> {
        self.write("meta.json", &serde_json::to_vec_pretty(meta).context("meta can be written")?)
    }

    /// The faults of the run; a torn last line is left out.
    ///
    /// # Errors
    /// If the file is there but cannot be read, or holds something else.
    pub fn faults(&self) -> Result<Vec<Fault>> {
        if !self.file("faults.jsonl").exists() {
            return Ok(Vec::new());
        }
        let text = self.read("faults.jsonl")?;
        let mut records = Vec::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            match serde_json::from_str::<FaultRecord>(line) {
                Ok(record) => records.push(record),
                Err(_) if !line.ends_with('\n') => {}
                Err(error) => anyhow::bail!("{}:{}: {error}", self.file("faults.jsonl").display(), number + 1),
            }
        }
        Ok(Fault::collect(&records))
    }
}

/// Points a link somewhere, replacing it in one step.
fn link(link: &Path, target: &Path) -> Result<()> {
    let temporary = link.with_extension(format!("linking-{}", std::process::id()));
    let _ = std::fs::remove_file(&temporary);
    std::os::unix::fs::symlink(target, &temporary)
        .and_then(|()| std::fs::rename(&temporary, link))
        .with_context(|| format!("cannot make the link {}", link.display()))
}

/// `faults.jsonl`: what goes wrong on purpose, written before it is done, each line on the disk before the next step.
pub struct FaultLog {
    file: Mutex<File>,
    schedule: Mutex<File>,
    path: PathBuf,
    origin: Instant,
}

impl FaultLog {
    /// An empty log of a run whose clock begins at `origin`.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(directory: &RunDirectory, origin: Instant) -> Result<FaultLog> {
        let path = directory.file("faults.jsonl");
        let file = File::create_new(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let schedule = directory.file(replay::FILE);
        let schedule = File::create_new(&schedule).with_context(|| format!("cannot write {}", schedule.display()))?;
        Ok(FaultLog { file: Mutex::new(file), schedule: Mutex::new(schedule), path, origin })
    }

    /// Writes down what was decided, so that another run can do it again.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn decided(&self, step: &Step) -> Result<()> {
        replay::append(&mut *self.schedule.lock().unwrap_or_else(PoisonError::into_inner), step)
    }

    /// Writes one line, with the time of now.
    ///
    /// # Errors
    /// If it cannot be written: then nothing must be injected.
    pub fn record(&self, fault: u32, nemesis: &str, decided: &nemeses::Injected, phase: FaultPhase) -> Result<()> {
        let record = FaultRecord {
            fault,
            time: Time(self.origin.elapsed().as_nanos() as u64),
            nemesis: nemesis.to_owned(),
            description: decided.description.clone(),
            nodes: decided.nodes.clone(),
            phase,
        };
        let mut line = serde_json::to_vec(&record).context("a fault can be written")?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)
            .and_then(|()| file.sync_data())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}
