//! The clock of a machine that stood still is behind by as long as it stood, if it stood still with it. It is set ahead
//! by what it lost, by the controller's own clock, which the node may follow or not: only the difference counts.

use cluster::{Command, Node, NodeError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the way to a node and back may make uncertain, in nanoseconds. A smaller loss is left to whatever keeps clocks.
const UNCERTAIN: i128 = 500_000_000;

/// How long a node may take to say what time it is.
const LIMIT: Duration = Duration::from_secs(20);

/// By how many nanoseconds a node's clock is ahead of ours.
///
/// # Errors
/// If the node cannot be asked, or answers no time.
pub(super) async fn ahead(node: &Node) -> Result<i128, NodeError> {
    let before = ours();
    let said = node.run(&Command::new("date +%s%N").idempotent().within(LIMIT)).await?.text();
    let theirs: i128 = said.parse().map_err(|_| NodeError::Refused {
        node: node.name.clone(),
        reason: format!("asked for the time, it says {said:?}"),
    })?;
    Ok(theirs - (before + ours()) / 2)
}

/// Sets a node's clock to be ahead of ours by as much as it was, unless it is.
///
/// # Errors
/// If the node cannot be asked, or does not let its clock be set.
pub(super) async fn make_up(node: &Node, before: i128) -> Result<(), NodeError> {
    let lost = before - ahead(node).await?;
    if lost.abs() < UNCERTAIN {
        return Ok(());
    }
    node.run(&Command::new(script(lost)).within(LIMIT)).await.map(drop)
}

fn script(lost: i128) -> String {
    format!(
        "now=$(($(date +%s%N) + {lost}))\n\
         date -u -s \"@$((now / 1000000000)).$(printf %09d $((now % 1000000000)))\" >/dev/null\n"
    )
}

fn ours() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::{Output, Recorder};
    use std::sync::{Arc, Mutex};

    async fn told(lag: i128) -> Vec<String> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let answer = move |_: &Command| Output { stdout: (ours() - lag).to_string().into_bytes(), ..Output::default() };
        let recorder = Recorder::answering("n1", Arc::clone(&log), answer);
        let node = Node::new("n1", [10, 0, 0, 1].into(), Arc::new(recorder));
        make_up(&node, 0).await.unwrap();
        let told = log.lock().unwrap();
        told.iter().map(|(_, script)| script.clone()).collect()
    }

    #[tokio::test]
    async fn what_was_lost_is_made_up_for() {
        let told = told(7_000_000_000).await;
        assert_eq!(told.len(), 2);
        let added: i128 = told[1].split(") + ").nth(1).unwrap().split(')').next().unwrap().parse().unwrap();
        assert!((added - 7_000_000_000).abs() < UNCERTAIN, "{}", told[1]);
    }

    #[tokio::test]
    async fn a_clock_that_lost_nothing_is_left_alone() {
        assert_eq!(told(100_000_000).await.len(), 1);
    }
}
