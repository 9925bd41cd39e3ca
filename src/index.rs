//! `results/index.sqlite`: what is asked across runs. Everything in it stands in the runs' directories, too.

use crate::plan::Plan;
use crate::store::{Meta, RunDirectory};
use anyhow::{Context, Result};
use checkers::{Check, Word};
use history::Fault;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Duration;

/// The index of one results directory.
pub struct Index {
    connection: Connection,
}

/// What a finished run adds to the index.
pub struct Finished<'a> {
    /// The worst of its verdicts.
    pub verdict: Word,
    /// How it ended.
    pub exit: u8,
    /// Promise by promise.
    pub checks: &'a [Check],
    /// What went wrong on purpose.
    pub faults: &'a [Fault],
    /// Numbers, each with its name.
    pub metrics: &'a [(String, f64)],
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, started TEXT NOT NULL, database TEXT NOT NULL,
    workload TEXT NOT NULL, nemesis TEXT NOT NULL, seed TEXT NOT NULL, version TEXT NOT NULL,
    verdict TEXT, exit INTEGER);
CREATE TABLE IF NOT EXISTS verdicts (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, checker TEXT NOT NULL, promise TEXT NOT NULL,
    verdict TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS anomalies (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, checker TEXT NOT NULL, name TEXT NOT NULL, key INTEGER,
    explanation TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, fault INTEGER NOT NULL, nemesis TEXT NOT NULL,
    description TEXT NOT NULL, planned_ns INTEGER NOT NULL, injected_ns INTEGER, healed_ns INTEGER, in_effect INTEGER,
    measured TEXT);
CREATE TABLE IF NOT EXISTS metrics (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL);
CREATE INDEX IF NOT EXISTS runs_by_name ON runs(name, started);
";

impl Index {
    /// Opens the index of a results directory, or makes it.
    ///
    /// # Errors
    /// If it cannot be written, or is of a later version.
    pub fn open(results: &Path) -> Result<Index> {
        let path = results.join("index.sqlite");
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        let connection = open().with_context(|| format!("cannot open the index {}", path.display()))?;
        Ok(Index { connection })
    }

    /// Enters a run that begins.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn begin(&self, directory: &RunDirectory, plan: &Plan, meta: &Meta) -> Result<()> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO runs (id, name, path, started, database, workload, nemesis, seed, version)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    meta.run,
                    plan.name.0,
                    directory.path.display().to_string(),
                    meta.started,
                    plan.database.0,
                    plan.workload.0,
                    plan.nemesis.0,
                    plan.seed.to_string(),
                    meta.version,
                ],
            )
            .context("cannot enter the run into the index")?;
        Ok(())
    }

    /// Enters what became of a run, in place of what was said of it before.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn finish(&mut self, run: &str, finished: &Finished<'_>) -> Result<()> {
        self.replace(run, finished).context("cannot enter the verdict into the index")
    }

    fn replace(&mut self, run: &str, finished: &Finished<'_>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "UPDATE runs SET verdict = ?2, exit = ?3 WHERE id = ?1",
            params![run, finished.verdict.to_string(), finished.exit],
        )?;
        for table in ["verdicts", "anomalies", "faults", "metrics"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE run = ?1"), params![run])?;
        }
        for check in finished.checks {
            transaction.execute(
                "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4)",
                params![run, check.name, check.promise, check.verdict.word().to_string()],
            )?;
            for anomaly in check.verdict.anomalies() {
                transaction.execute(
                    "INSERT INTO anomalies VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![run, check.name, anomaly.name, anomaly.key.map(|k| k as i64), anomaly.explanation],
                )?;
            }
        }
        for fault in finished.faults {
            let effect = fault.effect.as_ref();
            transaction.execute(
                "INSERT INTO faults VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    run,
                    fault.id,
                    fault.nemesis,
                    fault.description,
                    fault.planned.0 as i64,
                    fault.injected.map(|t| t.0 as i64),
                    fault.healed.map(|t| t.0 as i64),
                    effect.map(|e| e.in_effect),
                    effect.map(|e| e.measured.clone()),
                ],
            )?;
        }
        for (name, value) in finished.metrics {
            transaction.execute("INSERT INTO metrics VALUES (?1, ?2, ?3)", params![run, name, value])?;
        }
        transaction.commit()
    }
}
