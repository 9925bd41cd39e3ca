//! What the runner knows of a run and no history says.

use crate::words::clean;

/// The facts of a run. All of it is text for people; none of it is trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// `register on etcd 3.4.23 under partition, kill, pause`.
    pub title: String,
    /// The run's id: `20261120T181500Z-7f3a`.
    pub run: String,
    /// When it began, in UTC.
    pub started: String,
    /// `etcd 3.4.23, reads=linearizable, on 5 nodes (n1..n5)`.
    pub tested: String,
    /// What clients asked, in words.
    pub workload: String,
    /// The command that runs it again.
    pub rerun: String,
    /// Where the page will stand, as a terminal should show it: `results/latest/report.html`.
    pub report_path: String,
    /// The plan: seed, rate, concurrency, time limit and so on.
    pub settings: Vec<(String, String)>,
    /// Versions, kernel, nodes.
    pub environment: Vec<(String, String)>,
    /// Phases, each with the seconds of wall time that it took.
    pub durations: Vec<(String, f64)>,
    /// The names of all nodes, those that no client talked to as well.
    pub nodes: Vec<String>,
    /// `node/file`, and its path relative to the page.
    pub logs: Vec<(String, String)>,
    /// What went wrong around the run without touching its verdict.
    pub warnings: Vec<String>,
}

impl Facts {
    /// The same facts without control characters.
    pub(crate) fn cleaned(self) -> Facts {
        let pairs = |v: Vec<(String, String)>| v.into_iter().map(|(a, b)| (clean(&a), clean(&b))).collect();
        let all = |v: Vec<String>| v.iter().map(|text| clean(text)).collect();
        Facts {
            title: clean(&self.title),
            run: clean(&self.run),
            started: clean(&self.started),
            tested: clean(&self.tested),
            workload: clean(&self.workload),
            rerun: clean(&self.rerun),
            report_path: clean(&self.report_path),
            settings: pairs(self.settings),
            environment: pairs(self.environment),
            durations: self.durations.into_iter().map(|(phase, seconds)| (clean(&phase), seconds)).collect(),
            nodes: all(self.nodes),
            logs: pairs(self.logs),
            warnings: all(self.warnings),
        }
    }

    /// The last part of the run's id, which people use: `7f3a`.
    pub(crate) fn short_run(&self) -> &str {
        self.run.rsplit('-').next().unwrap_or_default()
    }
}
