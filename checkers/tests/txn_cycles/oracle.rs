//! Every simple cycle of a small graph, by enumeration, and what each of them is.

use checkers::txn::{Graph, GraphLevel, Kinds, Needs, Phenomenon, Shape, Step, Timeline, Why};
use std::collections::BTreeSet;

/// What there is in a graph.
pub struct Oracle {
    /// For each simple cycle of transactions and each order, the gravest name under the least order.
    pub phenomena: BTreeSet<Phenomenon>,
    /// The levels that have a cycle.
    pub levels: BTreeSet<(GraphLevel, Needs)>,
}

/// How one transaction precedes another: 0 ww, 1 wr, 2 rw, 3 rw by predicate, 4 session, 5 real time.
type Label = u8;

const ORDERS: [Needs; 3] = [Needs::Data, Needs::Process, Needs::Realtime];

fn data(graph: &Graph, from: u32, to: u32) -> Kinds {
    let mut kinds = graph.between(from, to);
    for (hub, reason) in graph.out(from).filter(|edge| edge.0 >= graph.transactions()) {
        if behind(graph, hub).contains(&to) {
            kinds = kinds | reason;
        }
    }
    kinds
}

fn behind(graph: &Graph, hub: u32) -> BTreeSet<u32> {
    let mut seen = BTreeSet::from([hub]);
    loop {
        let hubs = seen.iter().filter(|&&node| node >= graph.transactions());
        let more: BTreeSet<u32> = hubs.flat_map(|&hub| graph.out(hub).map(|edge| edge.0)).collect();
        let before = seen.len();
        seen.extend(more);
        if seen.len() == before {
            return seen;
        }
    }
}

/// True if a step is what it says.
pub fn holds(graph: &Graph, timeline: &Timeline, step: Step) -> bool {
    let before = timeline.is_before(step.from, step.to);
    match step.why {
        Why::Data(kinds) => kinds != Kinds::NONE && data(graph, step.from, step.to).has(kinds),
        Why::Process => before && timeline.session[step.from as usize] == timeline.session[step.to as usize],
        Why::Realtime => before,
    }
}

fn labels(graph: &Graph, timeline: &Timeline, from: u32, to: u32) -> Vec<Label> {
    let kinds = data(graph, from, to);
    let sorts = [Kinds(1 | 8), Kinds(2 | 16), Kinds::RW, Kinds::RWP];
    let mut labels: Vec<Label> = (0..4).filter(|&sort| kinds.any(sorts[sort as usize])).collect();
    if timeline.is_before(from, to) {
        if timeline.session[from as usize] == timeline.session[to as usize] {
            labels.push(4);
        }
        labels.push(5);
    }
    labels
}

fn shape(labels: &[Label]) -> Option<Shape> {
    let anti = |at: usize| matches!(labels[at % labels.len()], 2 | 3);
    let count = (0..labels.len()).filter(|&at| anti(at)).count();
    let adjacent = (0..labels.len()).any(|at| anti(at) && anti(at + 1));
    let items = !labels.contains(&3);
    Some(match count {
        0 if labels.contains(&1) => Shape::G1c,
        0 if labels.contains(&0) => Shape::G0,
        0 => return None,
        1 if items => Shape::GSingleItem,
        1 => Shape::GSingle,
        _ if items && adjacent => Shape::G2Item,
        _ if items => Shape::GNonadjacentItem,
        _ if adjacent => Shape::G2,
        _ => Shape::GNonadjacent,
    })
}

fn needs(labels: &[Label]) -> Needs {
    match labels.iter().max() {
        Some(5) => Needs::Realtime,
        Some(4) => Needs::Process,
        _ => Needs::Data,
    }
}

impl Oracle {
    pub fn new(graph: &Graph, timeline: &Timeline) -> Oracle {
        let mut oracle = Oracle { phenomena: BTreeSet::new(), levels: BTreeSet::new() };
        for first in 0..graph.transactions() {
            oracle.extend(graph, timeline, &mut vec![first], &mut Vec::new());
        }
        oracle
    }

    fn extend(&mut self, graph: &Graph, timeline: &Timeline, path: &mut Vec<u32>, steps: &mut Vec<Vec<Label>>) {
        let (first, last) = (path[0], path[path.len() - 1]);
        for to in first..graph.transactions() {
            let ways = labels(graph, timeline, last, to);
            if ways.is_empty() || to == last {
                continue;
            }
            steps.push(ways);
            if to == first {
                self.judge(steps);
            } else if !path.contains(&to) {
                path.push(to);
                self.extend(graph, timeline, path, steps);
                path.pop();
            }
            steps.pop();
        }
    }

    /// Tries every choice of one label for each step.
    fn judge(&mut self, steps: &[Vec<Label>]) {
        let mut best: [Option<(Shape, Needs)>; 3] = [None; 3];
        let mut choice = vec![0; steps.len()];
        loop {
            let labels: Vec<Label> = steps.iter().zip(&choice).map(|(ways, &at)| ways[at]).collect();
            if let Some(shape) = shape(&labels) {
                let needs = needs(&labels);
                for order in ORDERS.into_iter().filter(|&order| needs <= order) {
                    let better = best[order as usize].is_none_or(|old| (shape, needs) < old);
                    if better {
                        best[order as usize] = Some((shape, needs));
                    }
                    self.levels.extend(levels(shape).iter().map(|&level| (level, order)));
                }
            }
            let Some(at) = (0..choice.len()).find(|&at| choice[at] + 1 < steps[at].len()) else { break };
            choice[..at].fill(0);
            choice[at] += 1;
        }
        self.phenomena.extend(best.into_iter().flatten().map(|(shape, needs)| Phenomenon::Cycle(shape, needs)));
    }
}

fn levels(shape: Shape) -> &'static [GraphLevel] {
    use GraphLevel::{Flow, RepeatableRead, Serializable, Snapshot, Writes};
    match shape {
        Shape::G0 => &[Writes, Flow, Snapshot, RepeatableRead, Serializable],
        Shape::G1c => &[Flow, Snapshot, RepeatableRead, Serializable],
        Shape::GSingleItem | Shape::GNonadjacentItem => &[Snapshot, RepeatableRead, Serializable],
        Shape::GSingle | Shape::GNonadjacent => &[Snapshot, Serializable],
        Shape::G2Item => &[RepeatableRead, Serializable],
        Shape::G2 => &[Serializable],
    }
}

/// Elle's implication among cycles.
pub fn implies(first: Phenomenon, second: Phenomenon) -> bool {
    use Shape::{G0, G1c, G2, G2Item, GNonadjacent, GNonadjacentItem, GSingle, GSingleItem};
    let (Phenomenon::Cycle(a, first), Phenomenon::Cycle(b, second)) = (first, second) else { return false };
    let implied: &[Shape] = match a {
        G0 => &[G0, G1c],
        G1c => &[G1c],
        GSingleItem => &[GSingleItem, GSingle, GNonadjacentItem, GNonadjacent, G2Item, G2],
        GSingle => &[GSingle, GNonadjacent, G2],
        GNonadjacentItem => &[GNonadjacentItem, GNonadjacent, G2Item, G2],
        GNonadjacent => &[GNonadjacent, G2],
        G2Item => &[G2Item, G2],
        G2 => &[G2],
    };
    first <= second && implied.contains(&b)
}

/// True if the first refutes each level that the second does.
pub fn graver(first: Phenomenon, second: Phenomenon) -> bool {
    let (Phenomenon::Cycle(a, first), Phenomenon::Cycle(b, second)) = (first, second) else { return false };
    first <= second && levels(b).iter().all(|level| levels(a).contains(level))
}
