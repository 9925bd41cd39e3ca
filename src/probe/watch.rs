//! Probes at work: asked at their times, counted, and acted upon.

use super::ask::ask;
use super::{OnFail, Probe, Question, When};
use crate::interpreter::Counters;
use crate::stop::Ending;
use cluster::Node;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Between two questions where one is asked again at once, to see whether it was bad luck.
const AGAIN: Duration = Duration::from_millis(500);

/// The probes of one run.
pub struct Watch {
    watched: Vec<Watched>,
    nodes: Vec<Node>,
    counters: Arc<Counters>,
    ending: Ending,
}

/// A probe, and what it was answered.
struct Watched {
    probe: Probe,
    asked: AtomicU64,
    failed: AtomicU64,
    /// The last failure, in words.
    last: Mutex<String>,
}

impl Watch {
    /// Probes of a run whose end they may bring about.
    #[must_use]
    pub fn new(probes: &[Probe], nodes: &[Node], counters: Arc<Counters>, ending: Ending) -> Watch {
        let watched = |probe: &Probe| Watched {
            probe: probe.clone(),
            asked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last: Mutex::default(),
        };
        Watch { watched: probes.iter().map(watched).collect(), nodes: nodes.to_vec(), counters, ending }
    }

    /// Asks all probes of a time, each as often as it tolerates failures; `what` says which time, for people.
    pub async fn at(&self, when: When, what: &str) {
        for watched in self.watched.iter().filter(|watched| watched.probe.when.contains(&when)) {
            let mut tries = 0;
            while let Err(problem) = watched.note(ask(&watched.probe, &self.nodes).await) {
                tries += 1;
                if tries > watched.probe.tolerate {
                    self.act(watched, what, &problem);
                    break;
                }
                tokio::time::sleep(AGAIN.min(watched.probe.every.0)).await;
            }
        }
    }

    /// Asks what is asked continuously, until it is dropped.
    pub async fn continuously(self: Arc<Watch>) {
        let mut tasks = JoinSet::new();
        for number in 0..self.watched.len() {
            if self.watched[number].probe.when.contains(&When::Continuously) {
                let watch = Arc::clone(&self);
                tasks.spawn(async move { watch.follow(&watch.watched[number]).await });
            }
        }
        while tasks.join_next().await.is_some() {}
        std::future::pending().await
    }

    async fn follow(&self, watched: &Watched) {
        let (mut in_a_row, mut counted) = (0, (Instant::now(), self.acknowledged()));
        loop {
            tokio::time::sleep(watched.probe.every.0).await;
            let answer = match watched.probe.question {
                Question::OkRate(least) => self.rate(least, &mut counted),
                _ => ask(&watched.probe, &self.nodes).await,
            };
            match watched.note(answer) {
                Ok(()) => in_a_row = 0,
                Err(problem) => {
                    in_a_row += 1;
                    if in_a_row > watched.probe.tolerate {
                        self.act(watched, &format!("{in_a_row} times in a row"), &problem);
                    }
                }
            }
        }
    }

    fn acknowledged(&self) -> u64 {
        self.counters.ok.load(Ordering::Relaxed)
    }

    fn rate(&self, least: f64, counted: &mut (Instant, u64)) -> Result<(), String> {
        let (now, ok) = (Instant::now(), self.acknowledged());
        let seconds = now.duration_since(counted.0).as_secs_f64();
        let rate = ok.saturating_sub(counted.1) as f64 / seconds;
        *counted = (now, ok);
        if rate >= least { Ok(()) } else { Err(format!("{rate:.1} operations a second were acknowledged")) }
    }

    fn act(&self, watched: &Watched, what: &str, problem: &str) {
        let text = format!("the probe {} failed {what}: {problem}", watched.probe.name);
        match watched.probe.on_fail {
            OnFail::Abort => self.ending.abort(text),
            OnFail::Note => tracing::warn!("{text}"),
        }
    }

    /// How often each was asked, and how it ended, in words.
    #[must_use]
    pub fn summary(&self) -> Vec<(String, String)> {
        self.watched.iter().map(|watched| (format!("probe {}", watched.probe.name), watched.summary())).collect()
    }
}

impl Watched {
    fn note(&self, answer: Result<(), String>) -> Result<(), String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Err(problem) = &answer {
            self.failed.fetch_add(1, Ordering::Relaxed);
            problem.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
        }
        answer
    }

    fn summary(&self) -> String {
        let (asked, failed) = (self.asked.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        match failed {
            0 => format!("asked {asked} times, always well"),
            _ => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                format!("asked {asked} times, failed {failed} times, at last: {last}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Stop;

    fn watch(flags: &[&str], change: impl Fn(&mut Probe)) -> (Arc<Watch>, Ending) {
        let mut probes: Vec<Probe> = flags.iter().map(|flag| flag.parse().unwrap()).collect();
        probes.iter_mut().for_each(|probe| {
            probe.every = crate::quantity::Span(Duration::from_millis(10));
            change(probe);
        });
        let ending = Ending::default();
        (Arc::new(Watch::new(&probes, &[], Arc::default(), ending.clone())), ending)
    }

    #[tokio::test]
    async fn a_probe_that_fails_too_often_aborts_and_says_why() {
        let (watch, ending) = watch(&["command:echo closed >&2; false"], |_| {});
        watch.at(When::Before, "before the test").await;
        assert_eq!(ending.now(), Stop::Abort);
        let expected = "the probe command:echo closed >&2; false failed before the test: exit status: 1: closed";
        assert_eq!(ending.reason(), Some(expected));
        assert_eq!(watch.summary()[0].1, "asked 3 times, failed 3 times, at last: exit status: 1: closed");
    }

    #[tokio::test]
    async fn what_is_borne_or_only_noted_aborts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let second_time = format!("command:mkdir {0}/was-here && exit 1; exit 0", folder.path().display());
        let (borne, ending) = watch(&[&second_time, "command:true"], |_| {});
        borne.at(When::Before, "before").await;
        assert_eq!(ending.now(), Stop::No);
        let (noted, ending) = watch(&["command:false"], |probe| probe.on_fail = OnFail::Note);
        noted.at(When::After, "after").await;
        assert_eq!(ending.now(), Stop::No);
    }

    #[tokio::test]
    async fn a_rate_that_is_too_low_and_a_command_that_hangs_abort() {
        for flag in ["ok-rate:5", "command:sleep 60"] {
            let (watch, ending) = watch(&[flag], |probe| {
                probe.timeout = crate::quantity::Span(Duration::from_millis(20));
            });
            let mut asked = ending.subscribe();
            tokio::select! {
                () = Arc::clone(&watch).continuously() => {}
                () = crate::stop::requested(&mut asked) => {}
            }
            assert!(ending.reason().unwrap().contains("3 times in a row"), "{:?}", ending.reason());
        }
    }

    #[tokio::test]
    async fn a_server_that_answers_is_well() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for status in ["204 No Content", "503 Service Unavailable"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await.unwrap();
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let probe: Probe = format!("http://{address}/well").parse().unwrap();
        assert_eq!(ask(&probe, &[]).await, Ok(()));
        assert_eq!(ask(&probe, &[]).await, Err("it answered with status 503".to_owned()));
        assert!(ask(&probe, &[]).await.unwrap_err().contains("refused"));
    }
}
