//! What a cycle of rows is: which reason each step is given, and the name that follows.
//!
//! A step can hold for several reasons. The weakest order that closes the cycle is used, data before sessions before
//! real time; then the gravest shape, and under that again as little order as can be.

use super::hubs::each_behind;
use super::piece::{gravest, reasons};
use super::{Cycle, Step, Why};
use crate::txn::{Graph, Kinds, Needs, Phenomenon, Shape, Timeline};

/// The most steps of a cycle whose reasons are weighed against each other.
const WEIGHED: usize = 256;

/// What a cycle is looked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub shape: Shape,
    pub needs: Needs,
}

impl Target {
    /// True if a cycle of the first is one of the second too, or refutes whatever the second does.
    pub fn implies(self, other: Target) -> bool {
        let weaker = |shape: Shape| match shape {
            Shape::G0 => [Shape::G0, Shape::G1c].contains(&other.shape),
            Shape::G1c => other.shape == Shape::G1c,
            Shape::GSingle | Shape::GNonadjacent => {
                other.shape >= shape && ![Shape::GNonadjacentItem, Shape::G2Item].contains(&other.shape)
            }
            shape => other.shape >= shape,
        };
        self.needs <= other.needs && weaker(self.shape)
    }
}

/// Why one row precedes the next: each way that there is.
#[derive(Clone, Copy)]
struct Ways {
    data: Option<Kinds>,
    order: Option<Why>,
}

/// The name and the reasons of a cycle of rows, in which no row is twice.
///
/// With a target, the weakest order is used under which the cycle is at least as grave; if it never is, then the order
/// of the target. None if the rows make no cycle.
pub(super) fn classify(rows: &[u32], graph: &Graph, timeline: &Timeline, target: Target) -> Option<Cycle> {
    let first = (0..rows.len()).min_by_key(|&at| rows[at])?;
    let pair = |at: usize| (rows[(first + at) % rows.len()], rows[(first + at + 1) % rows.len()]);
    let pairs: Vec<(u32, u32)> = (0..rows.len()).map(pair).collect();
    let data: Vec<Option<Kinds>> = pairs.iter().map(|&(from, to)| by_data(from, to, graph)).collect();
    let mut best = None;
    for needs in [Needs::Data, Needs::Process, Needs::Realtime].into_iter().filter(|&needs| needs <= target.needs) {
        let ways = |(&(from, to), &data)| Ways { data, order: by_order(from, to, timeline, needs) };
        let ways: Vec<Ways> = pairs.iter().zip(&data).map(ways).collect();
        let Some(whys) = choose(&ways) else { continue };
        let Some(found) = name(&whys) else { continue };
        best = Some((found, whys));
        if found.shape <= target.shape {
            break;
        }
    }
    let (found, whys) = best?;
    let steps = pairs.iter().zip(whys).map(|(&(from, to), why)| Step { from, to, why }).collect();
    Some(Cycle { phenomenon: Phenomenon::Cycle(found.shape, found.needs), steps })
}

/// The reasons of data of the gravest label.
fn by_data(from: u32, to: u32, graph: &Graph) -> Option<Kinds> {
    let direct = graph.between(from, to);
    let transactions = graph.transactions();
    let mut kinds = direct;
    if !matches!(gravest(direct), Kinds::WW | Kinds::WR) {
        for (hub, reason) in graph.out(from).filter(|edge| edge.0 >= transactions) {
            let mut leads = false;
            each_behind(graph, hub, |behind| leads |= behind == to);
            if leads {
                kinds = kinds | reason;
            }
        }
    }
    let label = gravest(kinds);
    (label != Kinds::VIA).then(|| reasons(kinds, label))
}

fn by_order(from: u32, to: u32, timeline: &Timeline, needs: Needs) -> Option<Why> {
    let before = needs > Needs::Data && timeline.is_before(from, to);
    match timeline.session[from as usize] == timeline.session[to as usize] {
        true if before => Some(Why::Process),
        false if before && needs == Needs::Realtime => Some(Why::Realtime),
        _ => None,
    }
}

/// The reasons under which the cycle is gravest, and of those the ones with most data.
fn choose(ways: &[Ways]) -> Option<Vec<Why>> {
    let overwrites = |kinds: &Kinds| gravest(*kinds) == Kinds::WW;
    let pick = |way: &Ways| match (way.data, way.order) {
        (Some(data), order) if overwrites(&data) || order.is_none() => Some(Why::Data(data)),
        (_, order) => order,
    };
    let mut whys: Vec<Why> = ways.iter().map(pick).collect::<Option<_>>()?;
    let Some(best) = name(&whys) else {
        return ways.iter().map(|way| way.data.map(Why::Data)).collect();
    };
    for dropped in [Why::Realtime, Why::Process].into_iter().filter(|_| ways.len() <= WEIGHED) {
        for at in 0..ways.len() {
            let (Some(data), true) = (ways[at].data, whys[at] == dropped) else { continue };
            whys[at] = Why::Data(data);
            if name(&whys).is_none_or(|found| found.shape > best.shape) {
                whys[at] = dropped;
            }
        }
    }
    Some(whys)
}

/// What these steps make; none without any data.
fn name(whys: &[Why]) -> Option<Target> {
    let label = |why: &Why| match why {
        Why::Data(kinds) => gravest(*kinds),
        _ => Kinds::NONE,
    };
    let labels: Vec<Kinds> = whys.iter().map(label).collect();
    let all = labels.iter().fold(Kinds::NONE, |all, &label| all | label);
    let anti = |at: usize| labels[at % labels.len()].any(Kinds::ANTI);
    let count = (0..labels.len()).filter(|&at| anti(at)).count();
    let adjacent = (0..labels.len()).any(|at| anti(at) && anti(at + 1));
    let (items, any) = match (count, adjacent) {
        (0, _) if all == Kinds::NONE => return None,
        (0, _) if all.any(Kinds::WR) => (Shape::G1c, Shape::G1c),
        (0, _) => (Shape::G0, Shape::G0),
        (1, _) => (Shape::GSingleItem, Shape::GSingle),
        (_, false) => (Shape::GNonadjacentItem, Shape::GNonadjacent),
        (_, true) => (Shape::G2Item, Shape::G2),
    };
    let shape = if all.any(Kinds::RWP) { any } else { items };
    let needs = whys.iter().map(|why| match why {
        Why::Data(_) => Needs::Data,
        Why::Process => Needs::Process,
        Why::Realtime => Needs::Realtime,
    });
    Some(Target { shape, needs: needs.max().unwrap_or(Needs::Data) })
}

/// The cycles in which no row is twice, of a closed walk over rows.
pub(super) fn simple(walk: &[u32]) -> Vec<Vec<u32>> {
    let (mut cycles, mut open): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut place = rustc_hash::FxHashMap::default();
    for &row in walk {
        if let Some(&at) = place.get(&row) {
            let cycle: Vec<u32> = open.drain(at..).collect();
            cycle.iter().for_each(|row| {
                place.remove(row);
            });
            cycles.push(cycle);
        }
        place.insert(row, open.len());
        open.push(row);
    }
    cycles.push(open);
    cycles.retain(|cycle| cycle.len() > 1);
    cycles
}
