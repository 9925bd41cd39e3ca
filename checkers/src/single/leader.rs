//! Leader election: a term has one leader, and no node goes back to an earlier term.
//!
//! An observation is the result of an acknowledged call, whatever its function: a map with `term`, and with `leader`,
//! or with `node` and the `role` of a leader. That two nodes believe to be leaders in different terms at the same time
//! is legal without leases, and not judged. A node is that of the result, or the one that answered.
//!
//! Source: Ongaro and Ousterhout 2014, figure 3 (election safety).

use super::found::{Case, Found};
use super::object::{Object, Op};
use super::{Rule, SingleEntry, SingleOptions, order};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "leader-election",
        summary: "a term has at most one leader, and the term of a node never decreases",
        functions: &["any whose result is a map with a term"],
        options: &[],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, _: &SingleOptions, found: &mut Found) {
    let mut leaders: FxHashMap<i64, (ValueId, &Op)> = FxHashMap::default();
    let (mut observations, mut named) = (0, 0);
    let mut nodes: FxHashMap<ValueId, Vec<u32>> = FxHashMap::default();
    for op in &object.ops {
        let Some(term) = term(object, op) else { continue };
        observations += 1;
        nodes.entry(subject(object, op).unwrap_or(ValueId::NIL)).or_default().push(op.at);
        let Some(leader) = leader(object, op) else { continue };
        named += 1;
        let (first, before) = *leaders.entry(term).or_insert((leader, op));
        if first != leader {
            found.case("election-safety", 1, || two_leaders(object, term, (first, before), (leader, op)));
        }
    }
    found.fact("observations", observations);
    found.fact("terms with a leader", leaders.len());
    nodes.remove(&ValueId::NIL);
    let mut nodes: Vec<(ValueId, Vec<u32>)> = nodes.into_iter().collect();
    nodes.sort_unstable_by_key(|node| node.1[0]);
    for (node, positions) in nodes {
        judge_node(object, node, &positions, found);
    }
    if named < 2 {
        found.lack("fewer than two observations name a leader");
    }
}

fn judge_node(object: &Object, node: ValueId, positions: &[u32], found: &mut Found) {
    let own = super::object::of_positions(object.calls, positions);
    order::regressions(
        &own,
        |op| term(object, op),
        |before, after| {
            found.case("term-regression", u128::from(before.0.abs_diff(after.0)), || {
                let (node, one, other) = (object.text(node), object.who(before.1), object.who(after.1));
                let text = format!("{one} saw node {node} in term {}, and then {other} in term {}", before.0, after.0);
                Case::new(after.1.at, [before.1.at], text)
            });
        },
    );
}

fn two_leaders(object: &Object, term: i64, first: (ValueId, &Op), second: (ValueId, &Op)) -> Case {
    let (one, other) = (object.who(first.1), object.who(second.1));
    let (leader, rival) = (object.text(first.0), object.text(second.0));
    let text = format!("in term {term}, {one} saw {leader} as leader, and {other} saw {rival}");
    Case::new(second.1.at, [first.1.at], text).bounded(i128::from(term))
}

fn term(object: &Object, op: &Op) -> Option<i64> {
    op.is_ok().then(|| object.field(op.result, "term")).flatten().and_then(|term| object.integer(term))
}

/// The node that the observation is of.
fn subject(object: &Object, op: &Op) -> Option<ValueId> {
    object.field(op.result, "node").or_else(|| object.node(op))
}

fn leader(object: &Object, op: &Op) -> Option<ValueId> {
    let role = object.field(op.result, "role").and_then(|role| object.value(role).name());
    let itself = || role.filter(|role| *role == "leader").and_then(|_| subject(object, op));
    object.field(op.result, "leader").or_else(itself)
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let [one, other] = &object.ops[..] else { return false };
    if case.name == "election-safety" {
        let leaders = (leader(object, one), leader(object, other));
        let is_two = leaders.0.is_some() && leaders.1.is_some() && leaders.0 != leaders.1;
        return is_two && term(object, one).is_some() && term(object, one) == term(object, other);
    }
    let goes_back = |one: &Op, other: &Op| one.precedes(other) && term(object, one) > term(object, other);
    subject(object, one) == subject(object, other) && (goes_back(one, other) || goes_back(other, one))
}
