//! A cycle is its own certificate: whether it holds can be seen from the graph and the timeline alone.
//!
//! This is the second opinion on every cycle that is told to anybody. It shares no code with the search, and is meant
//! to be read in one sitting.

use super::{Cycle, Step, Why};
use crate::txn::{Graph, Kinds, Needs, Phenomenon, Shape, Timeline};

/// Checks that each step is there for the reason given, that the steps close without meeting a row twice, and that the
/// phenomenon is what the reasons make of it.
///
/// # Errors
/// What does not hold.
pub fn verify(cycle: &Cycle, graph: &Graph, timeline: &Timeline) -> Result<(), String> {
    let steps = &cycle.steps;
    if steps.len() < 2 {
        return Err(format!("{} steps make no cycle", steps.len()));
    }
    for (at, step) in steps.iter().enumerate() {
        let next = &steps[(at + 1) % steps.len()];
        if step.to != next.from {
            return Err(format!("step {at} leads to {}, the one after it begins at {}", step.to, next.from));
        }
        if step.from >= graph.transactions() || step.from as usize >= timeline.len() {
            return Err(format!("{} is no transaction", step.from));
        }
    }
    let mut rows: Vec<u32> = steps.iter().map(|step| step.from).collect();
    rows.sort_unstable();
    if let Some(pair) = rows.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("{} is met twice", pair[0]));
    }
    if let Some(step) = steps.iter().find(|step| !holds(step, graph, timeline)) {
        return Err(format!("{} does not precede {} by {:?}", step.from, step.to, step.why));
    }
    match phenomenon(steps)? {
        right if right == cycle.phenomenon => Ok(()),
        right => Err(format!("this is {right}, not {}", cycle.phenomenon)),
    }
}

fn holds(step: &Step, graph: &Graph, timeline: &Timeline) -> bool {
    let (from, to) = (step.from as usize, step.to as usize);
    match step.why {
        Why::Data(kinds) => kinds != Kinds::NONE && !kinds.any(Kinds::VIA) && data(step, graph).has(kinds),
        Why::Process => timeline.session[from] == timeline.session[to] && timeline.is_before(step.from, step.to),
        Why::Realtime => timeline.is_before(step.from, step.to),
    }
}

/// Every reason of data: of the edge between the two, and of each edge into a hub from which the second is reached.
fn data(step: &Step, graph: &Graph) -> Kinds {
    let mut kinds = graph.between(step.from, step.to);
    for (hub, reason) in graph.out(step.from).filter(|edge| edge.0 >= graph.transactions()) {
        let (mut open, mut seen) = (vec![hub], std::collections::HashSet::from([hub]));
        while let Some(node) = open.pop() {
            for (next, _) in graph.out(node) {
                if next == step.to {
                    kinds = kinds | reason;
                }
                if next >= graph.transactions() && seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    kinds
}

/// One step has one meaning: if its reasons are of more than one sort, the cycle has more than one name.
fn phenomenon(steps: &[Step]) -> Result<Phenomenon, String> {
    let sorts = [Kinds::WW | Kinds::WWP, Kinds::WR | Kinds::WRP, Kinds::RW, Kinds::RWP];
    let mut counts = [0usize; 4];
    let (mut anti, mut needs) = (Vec::new(), Needs::Data);
    for step in steps {
        anti.push(false);
        match step.why {
            Why::Process => needs = needs.max(Needs::Process),
            Why::Realtime => needs = Needs::Realtime,
            Why::Data(kinds) => {
                let fitting = |sort: &usize| kinds.any(sorts[*sort]) && sorts[*sort].has(kinds);
                let sort = (0..4).find(fitting).ok_or_else(|| format!("{kinds} is no single reason"))?;
                counts[sort] += 1;
                *anti.last_mut().expect("one a step") = sort >= 2;
            }
        }
    }
    let adjacent = (0..anti.len()).any(|at| anti[at] && anti[(at + 1) % anti.len()]);
    let [_, reads, objects, predicates] = counts;
    let shape = match (objects + predicates, adjacent, predicates) {
        (0, _, _) if counts[0] + reads == 0 => return Err("no step of data".to_owned()),
        (0, _, _) if reads == 0 => Shape::G0,
        (0, _, _) => Shape::G1c,
        (1, _, 0) => Shape::GSingleItem,
        (1, _, _) => Shape::GSingle,
        (_, false, 0) => Shape::GNonadjacentItem,
        (_, false, _) => Shape::GNonadjacent,
        (_, true, 0) => Shape::G2Item,
        (_, true, _) => Shape::G2,
    };
    Ok(Phenomenon::Cycle(shape, needs))
}
