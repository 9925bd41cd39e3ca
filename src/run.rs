//! A whole run, top-down: reach, install, start, load and faults, heal, recover, final reads, logs, judge, report, put
//! away. Whatever fails on the way, the nodes are healed and given back, and what was recorded is kept.

use crate::clients;
use crate::exit::{Exit, Failure};
use crate::faults::Faults;
use crate::index::{Finished, Index};
use crate::interpreter::{Interpreter, Limits, Setup};
use crate::journal::Journal;
use crate::judge::{Promised, Results, judge, worst};
use crate::limits::InForce;
use crate::offered::{Offered, Wanted};
use crate::plan::Plan;
use crate::probe::{Watch, When};
use crate::progress::Progress;
use crate::replay;
use crate::stop::{Ending, Stop};
use crate::store::{FaultLog, Meta, RunDirectory};
use crate::testbed::Testbed;
use anyhow::{Context, Result};
use checkers::{Check, Word};
use history::{Fault, History, Time};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use workloads::Workload;

/// Final reads may take so long in all.
const FINAL_LIMIT: Duration = Duration::from_secs(60);

/// Everything that one run goes through.
struct Run<D: Offered> {
    plan: Plan,
    directory: RunDirectory,
    meta: Meta,
    testbed: Testbed,
    workload: Workload<D>,
    progress: Arc<Progress>,
    ending: Ending,
    watch: Arc<Watch>,
    telling: Telling,
}

/// What a run prints when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// The lines of its verdict.
    Verdict,
    /// Nothing: it is one of many, and somebody else tells of them.
    Nothing,
}

/// Runs a plan from the first connection to the last trace removed, prints what was found, and says how it ended.
///
/// # Errors
/// If the harness or its surroundings failed; the nodes are healed then as well as they can be.
pub async fn run_test<D: Offered>(plan: Plan, ending: Ending, telling: Telling) -> Result<Exit, Failure> {
    let workload = D::workload(Wanted::by(&plan, 1)).description;
    let database = clients::open(&plan, None)?;
    if D::connect(database.as_ref()).is_none() {
        let message =
            format!("`{}` offers no {} for the workload `{}`", plan.database, workload.data_type, plan.workload);
        return Err(Failure::message(Exit::Data, message));
    }
    drop(database);
    let progress = Arc::new(Progress::default());
    progress.phase("reaching nodes");
    let mut testbed = Testbed::reach(&plan, &format!("{}-{}", plan.name, std::process::id()), &ending).await?;
    let prepared = suitable(&plan, &testbed).await.and_then(|()| {
        let (directory, meta) = RunDirectory::create(&plan)?;
        testbed.audit.keep_in(&directory.path).context("cannot write down what is done on nodes")?;
        clients::keep_description(&plan, &directory)?;
        testbed.system.database = clients::open(&plan, Some(&directory))?;
        Ok((directory, meta))
    });
    let (directory, mut meta) = match prepared {
        Ok(created) => created,
        Err(failure) => {
            testbed.put_away(true).await;
            return Err(failure);
        }
    };
    meta.nodes = testbed.names();
    testbed.system.run.clone_from(&meta.run);
    let threads = plan.concurrency.on(testbed.system.nodes.len());
    let workload = D::workload(Wanted::by(&plan, threads));
    let watch = Watch::new(&plan.probe, &testbed.system.nodes, Arc::clone(&progress.counters), ending.clone());
    Run { plan, directory, meta, testbed, workload, progress, ending, watch: Arc::new(watch), telling }
        .go_through()
        .await
}

/// Refuses, before anything is touched, a fault that could not be made with these nodes and this database.
async fn suitable(plan: &Plan, testbed: &Testbed) -> Result<(), Failure> {
    let refused = |error| Failure::new(Exit::Data, anyhow::Error::from(error));
    if let Some(error) = replay::unknown_node(&plan.fault, &testbed.names()) {
        return Err(Failure::message(Exit::Data, error));
    }
    for nemesis in nemeses::parse(&plan.nemesis.0).map_err(refused)? {
        nemesis.suits(&testbed.system).map_err(refused)?;
        nemesis.preflight(&testbed.system).await.map_err(refused)?;
        if let Some(objection) = plan.limits.never(nemesis.as_ref(), &testbed.system).await {
            return Err(Failure::message(Exit::Data, objection));
        }
    }
    Ok(())
}

impl<D: Offered> Run<D> {
    async fn go_through(mut self) -> Result<Exit, Failure> {
        let shown = self.progress.show();
        let recorded = self.record().await;
        let problems = self.clean_up().await;
        drop(shown);
        self.meta.warnings.extend(problems);
        self.finish(recorded)
    }

    /// Everything up to the last operation.
    async fn record(&mut self) -> Result<()> {
        Index::open(&self.plan.results)?.begin(&self.directory, &self.plan, &self.meta)?;
        self.timed("install", async |run| run.testbed.install().await).await?;
        self.timed("start", async |run| run.testbed.start().await).await?;
        self.meta.tested = self.testbed.system.database.describe();
        self.meta.environment = self.testbed.facts().await;
        self.directory.write_meta(&self.meta)?;
        self.watch.at(When::Before, "before the test").await;
        if self.ending.now() != Stop::No {
            return Ok(());
        }
        let origin = Instant::now();
        let mut interpreter = self.interpreter(origin)?;
        let watching = tokio::spawn(Arc::clone(&self.watch).continuously());
        let loaded =
            self.timed("load and faults", async |run| run.load_and_faults(&mut interpreter, origin).await).await;
        let healed = self.timed("heal", async |run| run.testbed.heal().await).await;
        watching.abort();
        loaded.and(healed)?;
        self.meta.healed = Some(Time(origin.elapsed().as_nanos() as u64));
        self.directory.write_meta(&self.meta)?;
        if self.ending.now() == Stop::No {
            let limit = self.plan.recovery_limit.0;
            let recovered = self.timed("recover", async |run| run.testbed.ready(limit).await).await;
            // A system that does not recover is judged, not forgiven: the final reads will fail and say so.
            self.meta.warnings.extend(recovered.err().map(|error| format!("{error:#}")));
            self.watch.at(When::After, "after everything was healed").await;
            self.timed("final reads", async |run| run.final_reads(&mut interpreter).await).await?;
        }
        interpreter.finish()?;
        Ok(())
    }

    fn interpreter(&self, origin: Instant) -> Result<Interpreter<D>> {
        let nodes = &self.testbed.system.nodes;
        let threads = self.plan.concurrency.on(nodes.len());
        let setup = Setup {
            nodes: (0..threads).map(|thread| nodes[thread % nodes.len()].clone()).collect(),
            database: Arc::clone(&self.testbed.system.database),
            origin,
            journal: Journal::create(&self.directory.file("history.jsonl"))?,
            counters: Arc::clone(&self.progress.counters),
        };
        Ok(Interpreter::new(setup, self.workload.timeout))
    }

    async fn load_and_faults(&mut self, interpreter: &mut Interpreter<D>, origin: Instant) -> Result<()> {
        let log = FaultLog::create(&self.directory, origin)?;
        let faults = self.faults(log, origin)?;
        let limits = Limits {
            until: Some(Time(self.plan.time_limit.0.as_nanos() as u64)),
            rate: self.plan.rate.per_second(),
            timeout: self.plan.operation_timeout.0,
            grace: self.plan.operation_timeout.0,
        };
        // The load ends when faults cannot be written down, and the reverse: nothing is broken without a record.
        let (end, mut ended) = watch::channel(Stop::No);
        let mut asked = self.ending.subscribe();
        let forward = async {
            crate::stop::requested(&mut asked).await;
            end.send_replace(Stop::Judge);
            std::future::pending::<()>().await;
        };
        let listener = end.subscribe();
        let load = async {
            let loaded = interpreter.run(self.workload.main.as_mut(), &limits, &mut ended).await;
            if loaded.is_err() {
                end.send_replace(Stop::Judge);
            }
            loaded
        };
        let drive = async {
            let driven = faults.drive(&listener).await;
            if driven.is_err() {
                end.send_replace(Stop::Judge);
            }
            driven
        };
        tokio::select! {
            (loaded, driven) = async { tokio::join!(load, drive) } => Ok(loaded.map_err(anyhow::Error::from).and(driven)?),
            () = forward => unreachable!("forwarding a stop never returns"),
        }
    }

    fn faults(&self, log: FaultLog, origin: Instant) -> Result<Faults> {
        let (words, nemeses) = replay::parsed(&self.plan.nemesis.0)?;
        let (schedule, decided) = replay::of(&self.plan, nemeses.len());
        Ok(Faults {
            system: self.testbed.system.clone(),
            schedule,
            decided,
            words,
            nemeses,
            log: Arc::new(log),
            origin,
            seed: self.plan.seed.0,
            progress: Arc::clone(&self.progress),
            with: self.plan.fault.iter().map(|step| step.with.clone()).collect(),
            in_force: InForce::none(self.plan.limits),
            watch: Arc::clone(&self.watch),
        })
    }

    async fn final_reads(&mut self, interpreter: &mut Interpreter<D>) -> Result<()> {
        let now = self.meta.healed.unwrap_or_default();
        let limits = Limits {
            until: Some(now.plus((FINAL_LIMIT + self.plan.recovery_limit.0).as_nanos() as u64)),
            rate: self.plan.rate.per_second(),
            timeout: self.plan.operation_timeout.0,
            grace: self.plan.operation_timeout.0,
        };
        let mut stop = self.ending.subscribe();
        Ok(interpreter.run(self.workload.last.as_mut(), &limits, &mut stop).await?)
    }

    /// Heals once more whatever happened, fetches logs, and gives the nodes back. Every problem is returned.
    async fn clean_up(&mut self) -> Vec<String> {
        let mut problems = Vec::new();
        problems.extend(self.testbed.heal().await.err().map(|error| format!("{error:#}")));
        self.progress.phase("logs");
        self.testbed.fetch_logs(&self.directory, &mut self.meta).await;
        self.meta.logs.extend(clients::logs(&self.directory));
        problems.extend(self.testbed.system.database.warnings());
        let began = Instant::now();
        self.progress.phase("remove");
        problems.extend(self.testbed.put_away(self.plan.leave_running).await);
        self.meta.durations.push(("remove".to_owned(), began.elapsed().as_secs_f64()));
        problems
    }

    /// Judges, writes the verdict and the report, and prints the ten lines.
    fn finish(mut self, recorded: Result<()>) -> Result<Exit, Failure> {
        let left = self.ending.now();
        self.meta.aborted = self.ending.reason().map(str::to_owned);
        self.meta.environment.extend(self.watch.summary());
        self.meta.environment.extend(self.testbed.audit.summary().map(|told| ("audit".to_owned(), told)));
        if left == Stop::Leave {
            self.meta.exit = Some(Exit::Interrupted as u8);
            self.directory.write_meta(&self.meta)?;
            return Ok(Exit::Interrupted);
        }
        if !self.directory.file("history.jsonl").exists() {
            return self.never_began(recorded, left);
        }
        if let Err(error) = &recorded {
            tracing::error!("the run ended early: {error:#}");
        }
        let judged = judge_directory::<D>(&self.directory, &self.plan, &mut self.meta)?;
        let unhealed = self.meta.healed.is_none() && judged.faults.iter().any(|f| f.injected.is_some());
        let exit = match (judged.verdict, &recorded, unhealed, left) {
            (Word::Invalid, ..) => Exit::Invalid,
            (_, _, true, _) => Exit::NotHealed,
            (_, Err(_), ..) => Exit::Harness,
            (.., Stop::Abort) => Exit::Aborted,
            (.., Stop::Judge) => Exit::Interrupted,
            (word, ..) => word.into(),
        };
        self.meta.exit = Some(exit as u8);
        self.directory.write_meta(&self.meta)?;
        let metrics = self.metrics();
        let finished = Finished {
            verdict: judged.verdict,
            exit: exit as u8,
            checks: &judged.checks,
            faults: &judged.faults,
            metrics: &metrics,
        };
        Index::open(&self.plan.results)?.finish(&self.meta.run, &finished)?;
        if self.telling == Telling::Verdict {
            crate::terminal::print(&judged.lines, judged.verdict);
        }
        recorded.map_err(|error| Failure::new(exit, error))?;
        Ok(exit)
    }

    /// The run ended before its first operation.
    fn never_began(mut self, recorded: Result<()>, left: Stop) -> Result<Exit, Failure> {
        let exit = match (&recorded, left) {
            (Err(_), _) => Exit::Harness,
            (Ok(()), Stop::Abort) => Exit::Aborted,
            (Ok(()), _) => Exit::Interrupted,
        };
        self.meta.exit = Some(exit as u8);
        self.directory.write_meta(&self.meta)?;
        recorded?;
        let reason = self.meta.aborted.filter(|_| exit == Exit::Aborted);
        reason.map_or(Ok(exit), |reason| Err(Failure::message(exit, reason)))
    }

    fn metrics(&self) -> Vec<(String, f64)> {
        let counters = &self.progress.counters;
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let mut metrics = vec![
            ("ok".to_owned(), count(&counters.ok)),
            ("fail".to_owned(), count(&counters.fail)),
            ("info".to_owned(), count(&counters.info)),
        ];
        metrics.extend(self.meta.durations.iter().map(|(phase, seconds)| (format!("seconds: {phase}"), *seconds)));
        metrics
    }

    /// Goes through one phase, and remembers how long it took.
    async fn timed(&mut self, phase: &str, action: impl AsyncFnOnce(&mut Run<D>) -> Result<()>) -> Result<()> {
        self.progress.phase(phase);
        let began = Instant::now();
        let result = action(self).await;
        self.meta.durations.push((phase.to_owned(), began.elapsed().as_secs_f64()));
        result
    }
}

/// What was found in the directory of a run.
pub struct Judged {
    /// The worst verdict.
    pub verdict: Word,
    /// Promise by promise.
    pub checks: Vec<Check>,
    /// What went wrong on purpose.
    pub faults: Vec<Fault>,
    /// For a terminal.
    pub lines: String,
}

/// Judges what a directory holds; writes `results.json`, `report.html` and the pictures.
///
/// # Errors
/// Exit 65 if the history is malformed, 3 if the results cannot be written.
pub fn judge_directory<D: Offered>(directory: &RunDirectory, plan: &Plan, meta: &mut Meta) -> Result<Judged, Failure> {
    let history = read_history::<D>(&directory.file("history.jsonl"))?;
    let faults = directory.faults().map_err(|e| Failure::new(Exit::Data, e))?;
    let began = Instant::now();
    let checks = judge(&history, &faults, &Promised::by(plan, &meta.nodes), Wanted::by(plan, 1));
    let verdict = worst(&checks);
    let results = Results { schema: 1, verdict, checks: &checks, faults: &faults };
    directory.write("results.json", &serde_json::to_vec_pretty(&results).context("results can be written")?)?;
    meta.durations.retain(|(phase, _)| phase != "judge");
    meta.durations.push(("judge".to_owned(), began.elapsed().as_secs_f64()));
    let page = crate::summary::page(plan, meta, directory, &history, &checks, &faults);
    directory.write("report.html", page.html().context("while drawing the report")?.as_bytes())?;
    for (name, picture) in page.pictures().context("while drawing pictures")? {
        directory.write(&format!("plots/{name}"), &picture)?;
    }
    let lines = page.terminal(crate::terminal::width());
    Ok(Judged { verdict, checks, faults, lines })
}

/// Reads a history from a file.
///
/// # Errors
/// Exit 65, with file, line and column.
pub fn read_history<D: Offered>(path: &Path) -> Result<History<D>, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the history {}", path.display()))
        .map_err(|e| Failure::new(Exit::Data, e))?;
    History::parse(&text).map_err(|error| {
        let place = format!("{}:{}:{}", path.display(), error.line, error.column);
        Failure::message(Exit::Data, format!("{place}: expected {}", error.expected))
    })
}
