//! The same thing on many nodes at the same moment, and what came of it.

use crate::Measured;
use crate::marks::REFUSED;
use cluster::{Command, Node, NodeError, Output};
use std::task::Poll;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How much longer than its command's own limit a node is waited for, whatever its transport does.
const GRACE: Duration = Duration::from_secs(6);

/// What one node shall do.
pub struct Task {
    /// The node.
    pub node: Node,
    /// What it runs.
    pub command: Command,
    /// The same for people; stands for the script in errors: `kill gainsay-etcd.service`.
    pub does: String,
}

impl Task {
    /// A task whose script may be repeated when the connection is lost: it looks, heals or arms.
    pub fn new(node: &Node, does: impl Into<String>, script: impl Into<String>, limit: Duration) -> Task {
        Task { node: node.clone(), command: Command::new(script).idempotent().within(limit), does: does.into() }
    }

    /// The same task, never repeated: a fault that is made twice would be refused the second time.
    pub fn once(mut self) -> Task {
        self.command.idempotent = false;
        self
    }

    /// Runs it. A status other than 0 is an error that repeats what the script said.
    pub async fn run(&self) -> Result<Output, NodeError> {
        let limit = self.command.timeout + GRACE;
        let output = match timeout(limit, self.node.execute(&self.command)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(self.timed_out(limit)),
        };
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let node = self.node.name.clone();
        match output.status {
            0 => Ok(output),
            REFUSED => Err(NodeError::Refused { node, reason: said }),
            status => Err(NodeError::Failed { node, status, script: self.does.clone(), stderr: said }),
        }
    }

    fn timed_out(&self, limit: Duration) -> NodeError {
        NodeError::TimedOut { node: self.node.name.clone(), seconds: limit.as_secs(), script: self.does.clone() }
    }
}

/// Runs all tasks at once. Every one is tried, whatever becomes of the others; the answers come in the order of the
/// tasks, with the names of their nodes.
pub async fn run(tasks: Vec<Task>) -> Vec<(String, Result<Output, NodeError>)> {
    let mut answers: Vec<_> = tasks.iter().map(|task| (task.node.name.clone(), Err(task.timed_out(GRACE)))).collect();
    let mut running = JoinSet::new();
    for (index, task) in tasks.into_iter().enumerate() {
        running.spawn(async move { (index, task.run().await) });
    }
    while let Some(joined) = running.join_next().await {
        match joined {
            Ok((index, answer)) => answers[index].1 = answer,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    answers
}

/// Waits for all of them at once, within one task; the answers come in their order.
pub async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut left: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_over = true;
        for (future, answer) in left.iter_mut().filter(|(_, answer)| answer.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *answer = Some(output),
                Poll::Pending => is_over = false,
            }
        }
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    left.into_iter().filter_map(|(_, answer)| answer).collect()
}

/// Runs all tasks at once, and returns the first error if there is one.
pub async fn run_or_fail(tasks: Vec<Task>) -> Result<Vec<(String, Output)>, NodeError> {
    run(tasks).await.into_iter().map(|(name, answer)| answer.map(|output| (name, output))).collect()
}

/// Sums up what nodes said of themselves: each answers `yes`, `yes, 31 % lost`, or why not.
pub fn tally(what: &str, answers: &[(String, Output)]) -> Measured {
    let mut held = 0;
    let mut remarks = String::new();
    for (name, output) in answers {
        let text = output.text();
        let agreed = text.strip_prefix("yes").filter(|rest| rest.is_empty() || rest.starts_with(", "));
        held += usize::from(agreed.is_some());
        let remark = agreed.map_or(text.as_str(), |rest| rest.trim_start_matches(", "));
        if !remark.is_empty() || agreed.is_none() {
            remarks += &format!("; {name}: {remark}");
        }
    }
    Measured {
        in_effect: held == answers.len() && !answers.is_empty(),
        description: format!("{held} of {} {what}{remarks}", answers.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::Recorder;
    use std::sync::{Arc, Mutex};

    fn node(name: &str, status: i32) -> Node {
        let log = Arc::new(Mutex::new(Vec::new()));
        let answer = move |_: &Command| Output { status, stdout: vec![], stderr: b"because".to_vec() };
        let transport = Recorder::answering(name, log, answer);
        Node::new(name, std::net::IpAddr::from([10, 0, 0, 1]), Arc::new(transport))
    }

    #[tokio::test]
    async fn every_node_is_tried_and_the_answers_keep_their_order() {
        let second = Duration::from_secs(1);
        let tasks = ["a", "b", "c"].iter().zip([0, 1, REFUSED]);
        let tasks = tasks.map(|(name, status)| Task::new(&node(name, status), "do it", "script", second)).collect();
        let answers = run(tasks).await;
        assert!(matches!(&answers[0], (name, Ok(_)) if name == "a"));
        assert!(
            matches!(&answers[1], (name, Err(NodeError::Failed { script, .. })) if name == "b" && script == "do it")
        );
        assert!(matches!(&answers[2], (_, Err(NodeError::Refused { reason, .. })) if reason == "because"));
    }

    #[test]
    fn nothing_measured_is_not_in_effect() {
        assert!(!tally("nodes", &[]).in_effect);
    }

    #[test]
    fn a_tally_names_who_differs_and_why() {
        let say = |text: &str| Output { stdout: text.as_bytes().to_vec(), ..Output::default() };
        let tally = tally("processes gone", &[("n1".into(), say("yes\n")), ("n2".into(), say("it runs\n"))]);
        assert_eq!(tally.description, "1 of 2 processes gone; n2: it runs");
        assert!(!tally.in_effect);
    }

    #[test]
    fn a_yes_may_say_more_and_a_word_that_begins_like_it_is_none() {
        let say = |text: &str| Output { stdout: text.as_bytes().to_vec(), ..Output::default() };
        let all = tally("lossy", &[("n1".into(), say("yes, 30 % lost\n"))]);
        assert_eq!((all.in_effect, all.description.as_str()), (true, "1 of 1 lossy; n1: 30 % lost"));
        assert!(!tally("lossy", &[("n1".into(), say("yesterday\n"))]).in_effect);
    }
}
