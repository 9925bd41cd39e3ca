//! Convergence: once faults are healed and updates are over, all nodes answer the same.
//!
//! What counts are reads that began after the last fault was healed (`after`) and after every update had returned or
//! was given up; indeterminate updates are counted. The last read of each node shows its final state; of reads that
//! overlap, each may be the last, and nodes diverge if no choice makes them equal. A node that was seen before and is
//! not read in the end leaves the verdict open. The time to converge is that of the last read that differs from its
//! node's final state; with `bound` it must not be longer. What the state must hold is the matter of
//! other checkers, and what a replica may not do meanwhile that of `replica`. `unordered` compares collections without
//! their order. A read of a map with `state` is a read of that.

use super::found::{Case, Found};
use super::object::{NEVER, Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions, replica};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "convergence",
        summary: "once faults are healed and updates are over, all nodes answer the same",
        functions: &["read", "every other is an update"],
        options: &["after", "bound", "unordered", "local"],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let updates: Vec<&Op> = object.ops.iter().filter(|op| op.f != "read" && !op.is_failed()).collect();
    let quiet = updates.iter().map(|op| settled(object, op)).max().unwrap_or(-1);
    let mut reads: FxHashMap<ValueId, Vec<&Op>> = FxHashMap::default();
    for op in &object.ops {
        let Some(node) = object.node(op) else { continue };
        let reads = reads.entry(node).or_default();
        reads.extend(Some(op).filter(|op| op.f == "read" && op.is_ok()));
    }
    let mut nodes: Vec<Node> = reads.into_iter().map(|(name, reads)| Node::new(name, reads, quiet, options)).collect();
    nodes.sort_unstable_by_key(|node| (node.ends.first().map(|read| read.at), node.name));
    found.fact("updates", updates.len());
    found.fact("indeterminate updates", updates.iter().filter(|op| op.is_crashed()).count());
    found.fact("nodes", nodes.len());
    for (place, one) in nodes.iter().enumerate() {
        for other in nodes[..place].iter().filter(|other| are_apart(object, one, other, options)) {
            found.case("divergence", 1, || divergence(object, (other.name, other.ends[0]), (one.name, one.ends[0])));
        }
    }
    judge_time(object, &nodes, options, found);
    replica::judge(object, options, found);
    if nodes.len() < 2 {
        found.lack("fewer than two nodes answered anything");
    } else if nodes.iter().any(|node| node.ends.is_empty()) {
        let unread = nodes.iter().filter(|node| node.ends.is_empty()).count();
        found.doubt(format!("{unread} of {} nodes were not read in the end", nodes.len()));
    }
    if updates.is_empty() {
        found.lack("nothing was updated");
    }
}

/// One node in the end.
struct Node<'b, 'a> {
    name: ValueId,
    /// Reads that began when all was quiet.
    late: Vec<&'b Op<'a>>,
    /// Reads of which each may show the final state; none if there is no late read.
    ends: Vec<&'b Op<'a>>,
}

impl<'b, 'a> Node<'b, 'a> {
    fn new(name: ValueId, reads: Vec<&'b Op<'a>>, quiet: i64, options: &SingleOptions) -> Node<'b, 'a> {
        let after = options.after_ns.map_or(i64::MIN, |after| after as i64);
        let is_late = |read: &&Op| read.invoked > quiet && read.begin >= after;
        let late: Vec<&Op> = reads.iter().copied().filter(is_late).collect();
        let Some(last) = late.iter().map(|read| read.invoked).max() else {
            return Node { name, late, ends: Vec::new() };
        };
        let may_be_last = |read: &&Op| read.returned > last.max(quiet) && read.end >= after;
        let mut ends: Vec<&Op> = reads.into_iter().filter(may_be_last).collect();
        ends.sort_unstable_by_key(|read| std::cmp::Reverse(read.returned));
        Node { name, late, ends }
    }
}

/// True if both nodes were read in the end, and no two of those reads agree.
fn are_apart(object: &Object, one: &Node, other: &Node, options: &SingleOptions) -> bool {
    let is_read = !one.ends.is_empty() && !other.ends.is_empty();
    let agree =
        |read: &&Op| other.ends.iter().any(|rival| state(object, read, options) == state(object, rival, options));
    is_read && !one.ends.iter().any(agree)
}

/// The row after which an update is over, or was given up.
fn settled(object: &Object, op: &Op) -> i64 {
    let given_up = object.calls.get(op.at as usize).completion.map_or(op.invoked, i64::from);
    if op.returned == NEVER { given_up } else { op.returned }
}

/// What a read says, with its elements sorted where their order means nothing.
fn state(object: &Object, read: &Op, options: &SingleOptions) -> Vec<ValueId> {
    let state = object.field(read.result, "state").unwrap_or(read.result);
    replica::unordered(object, state, options)
}

fn divergence(object: &Object, one: (ValueId, &Op), other: (ValueId, &Op)) -> Case {
    let words = |(node, op): (ValueId, &Op)| {
        format!("node {} answered {} to {}", object.text(node), object.text(op.result), object.who(op))
    };
    Case::new(other.1.at, [one.1.at], format!("in the end {}, but {}", words(one), words(other)))
}

fn judge_time(object: &Object, nodes: &[Node], options: &SingleOptions, found: &mut Found) {
    let differs = |read: &Op, node: &Node| {
        node.ends.iter().all(|end| state(object, read, options) != state(object, end, options))
    };
    let late = nodes.iter().flat_map(|node| {
        let differing = node.late.iter().copied().filter(|read| differs(read, node));
        differing.map(|read| (read, node.ends[0]))
    });
    let Some((read, end)) = late.max_by_key(|(read, _)| read.begin) else { return };
    let start = options.after_ns.map_or(-1, |after| after as i64);
    if start < 0 || read.begin < 0 {
        return;
    }
    let time = read.begin.saturating_sub(start);
    found.note("time to converge, at least", seconds(time.into()));
    if options.bound_ns.is_some_and(|bound| time > bound as i64) {
        found.case("late-convergence", time as u128, || {
            let (who, time) = (object.who(read), seconds(time.into()));
            let text = format!("the read of {who} still found another state than the last one, {time} after healing");
            Case::new(read.at, [end.at], text)
        });
    }
}

fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> bool {
    if let Some(shows) = replica::confirm(object, options, case) {
        return shows;
    }
    let [one, other] = &object.ops[..] else { return false };
    let is_read = one.is_ok() && other.is_ok() && one.f == "read" && other.f == "read";
    let is_same_node = object.node(one) == object.node(other);
    let differ = state(object, one, options) != state(object, other, options);
    is_read && differ && is_same_node == (case.name == "late-convergence")
}
