//! How soon nodes served again after a fault was healed.

use crate::samples::{Kind, Samples};

/// The successes of every node, so that the first one after any moment is found at once.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    /// By node: invocation, and the earliest completion of this or any later invocation; by invocation.
    successes: Vec<Vec<(f64, f64)>>,
    /// By node: whether any client talked to it.
    asked: Vec<bool>,
}

/// What happened on some nodes after a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Served {
    /// Nodes with a success that was invoked after the moment.
    pub served: usize,
    /// Nodes that clients talked to at any time.
    pub asked: usize,
    /// Seconds until the last of those that served had served.
    pub slowest: f64,
}

impl Recovery {
    /// Sorts the successes of a run.
    pub(crate) fn new(samples: &Samples) -> Recovery {
        let mut successes = vec![Vec::new(); samples.nodes.len()];
        let mut asked = vec![false; samples.nodes.len()];
        for sample in &samples.list {
            let Some(node) = sample.node.map(usize::from).filter(|node| *node < successes.len()) else { continue };
            asked[node] = true;
            if sample.kind == Kind::Ok {
                successes[node].push((sample.at, sample.at + sample.took));
            }
        }
        successes.iter_mut().for_each(|list| earliest_from_here_on(list));
        Recovery { successes, asked }
    }

    /// What happened after `moment` on those nodes for which `wanted` is true.
    pub(crate) fn after(&self, moment: f64, wanted: impl Fn(usize) -> bool) -> Served {
        let mut result = Served { served: 0, asked: 0, slowest: 0.0 };
        for node in (0..self.asked.len()).filter(|node| self.asked[*node] && wanted(*node)) {
            result.asked += 1;
            if let Some(first) = self.first_success(node, moment) {
                result.served += 1;
                result.slowest = result.slowest.max(first - moment);
            }
        }
        result
    }

    fn first_success(&self, node: usize, after: f64) -> Option<f64> {
        let list = &self.successes[node];
        list.get(list.partition_point(|(invoked, _)| *invoked < after)).map(|(_, completed)| *completed)
    }
}

fn earliest_from_here_on(list: &mut [(f64, f64)]) {
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut earliest = f64::INFINITY;
    for (_, completed) in list.iter_mut().rev() {
        earliest = earliest.min(*completed);
        *completed = earliest;
    }
}

/// The longest time in which no operation succeeded on any node: from, to; between the first invocation and the end.
pub(crate) fn longest_silence(samples: &Samples) -> Option<(f64, f64)> {
    let first = samples.list.iter().map(|s| s.at).min_by(f64::total_cmp)?;
    let end = samples.list.iter().map(|s| s.at + s.took).max_by(f64::total_cmp)?;
    let mut moments: Vec<f64> = samples.list.iter().filter(|s| s.kind == Kind::Ok).map(|s| s.at + s.took).collect();
    moments.push(first);
    moments.push(end);
    moments.sort_by(f64::total_cmp);
    let gaps = moments.windows(2).map(|pair| (pair[0], pair[1]));
    gaps.max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
}
