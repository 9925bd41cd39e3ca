//! Leader election: a term has one leader, no node goes back to an earlier term, and logs agree.
//!
//! An observation is the result of an acknowledged call, whatever its function: a map with `term`, and with `leader`,
//! or with `node` and the `role` of a leader. It is a picture of one node at one moment: the node of the result, or the
//! one that answered. That two nodes believe to be leaders in different terms at the same time is legal without leases,
//! and not judged. With `wipes` nodes may lose their disk, and with it their term. A `commit` index that falls is
//! counted, and a violation only with `commits`: it need not survive a restart. What logs must fulfil is judged by
//! `leader_log`.
//!
//! Reported, not judged: terms in which nobody saw a leader, and the longest time in which nobody did.
//!
//! Source: Ongaro and Ousterhout 2014, figure 3 (election safety). It misses leases that overlap.

use super::found::{Case, Found};
use super::object::{Object, Op, of_positions, seconds};
use super::{Rule, SingleEntry, SingleOptions, leader_log, order};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "leader-election",
        summary: "a term has at most one leader, the term of a node never decreases, and logs agree",
        functions: &["any whose result is a map with a term"],
        options: &["wipes", "commits"],
    },
    per_key: true,
    judge,
    confirm,
};

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let mut leaders: FxHashMap<i64, (ValueId, &Op)> = FxHashMap::default();
    let (mut observations, mut named) = (Vec::new(), Vec::new());
    let mut nodes: FxHashMap<ValueId, Vec<u32>> = FxHashMap::default();
    for op in &object.ops {
        let Some(term) = term(object, op) else { continue };
        observations.push((term, op));
        nodes.entry(subject(object, op).unwrap_or(ValueId::NIL)).or_default().push(op.at);
        let Some(leader) = leader(object, op) else { continue };
        named.push(op);
        let (first, before) = *leaders.entry(term).or_insert((leader, op));
        if first != leader {
            found.case("election-safety", 1, || two_leaders(object, term, (first, before), (leader, op)));
        }
    }
    found.fact("observations", observations.len());
    found.fact("terms with a leader", leaders.len());
    let (least, most) =
        observations.iter().fold((i64::MAX, i64::MIN), |(a, b), (term, _)| (a.min(*term), b.max(*term)));
    let terms = if observations.is_empty() { 0 } else { i128::from(most) - i128::from(least) + 1 };
    found.most("terms without a known leader", terms - leaders.len() as i128);
    judge_gap(&observations, &named, found);
    nodes.remove(&ValueId::NIL);
    let mut nodes: Vec<(ValueId, Vec<u32>)> = nodes.into_iter().collect();
    nodes.sort_unstable_by_key(|node| node.1[0]);
    for (node, positions) in nodes {
        judge_node(object, node, &positions, options, found);
    }
    leader_log::judge(object, options, found);
    if named.len() < 2 {
        found.lack("fewer than two observations name a leader");
    }
}

/// The longest time between two observations of a leader in which somebody saw none.
fn judge_gap(observations: &[(i64, &Op)], named: &[&Op], found: &mut Found) {
    let mut seen: Vec<&Op> = named.iter().copied().filter(|op| op.is_timed()).collect();
    seen.sort_unstable_by_key(|op| op.begin);
    let is_named = |op: &Op| named.binary_search_by_key(&op.at, |named| named.at).is_ok();
    let mut none: Vec<i64> =
        observations.iter().filter(|(_, op)| op.is_timed() && !is_named(op)).map(|(_, op)| op.begin).collect();
    none.sort_unstable();
    let (mut until, mut longest) = (None::<i64>, None::<i64>);
    for op in seen {
        let gap = until.map(|until| (until, op.begin)).filter(|(until, begin)| {
            let next = none.partition_point(|time| time < until);
            none.get(next).is_some_and(|time| time <= begin)
        });
        longest = longest.max(gap.map(|(until, begin)| begin - until));
        until = until.max(Some(op.end));
    }
    if let Some(longest) = longest {
        found.note("longest time without an observed leader", seconds(longest.into()));
    }
}

fn judge_node(object: &Object, node: ValueId, positions: &[u32], options: &SingleOptions, found: &mut Found) {
    let own = of_positions(object.calls, positions);
    let case = |what: &str, before: (i64, &Op), after: (i64, &Op)| {
        let (node, one, other) = (object.text(node), object.who(before.1), object.who(after.1));
        let text = format!("{one} saw node {node} {what} {}, and then {other} {what} {}", before.0, after.0);
        Case::new(after.1.at, [before.1.at], text)
    };
    let (mut terms, mut commits) = (0, 0);
    order::regressions(
        &own,
        |op| term(object, op),
        |before, after| {
            terms += 1;
            if !options.wipes {
                let weight = u128::from(before.0.abs_diff(after.0));
                found.case("term-regression", weight, || case("in term", before, after));
            }
        },
    );
    order::regressions(
        &own,
        |op| commit(object, op),
        |before, after| {
            commits += 1;
            if options.commits {
                let weight = u128::from(before.0.abs_diff(after.0));
                found.case("commit-regression", weight, || case("at commit index", before, after));
            }
        },
    );
    found.fact("terms that fell", terms);
    found.fact("commit indices that fell", commits);
}

fn two_leaders(object: &Object, term: i64, first: (ValueId, &Op), second: (ValueId, &Op)) -> Case {
    let (one, other) = (object.who(first.1), object.who(second.1));
    let (leader, rival) = (object.text(first.0), object.text(second.0));
    let text = format!("in term {term}, {one} saw {leader} as leader, and {other} saw {rival}");
    Case::new(second.1.at, [first.1.at], text).bounded(i128::from(term))
}

/// The term of an observation; None of any other call.
pub(super) fn term(object: &Object, op: &Op) -> Option<i64> {
    op.is_ok().then(|| object.field(op.result, "term")).flatten().and_then(|term| object.integer(term))
}

/// Up to where an observed node knows its log to be committed.
pub(super) fn commit(object: &Object, op: &Op) -> Option<i64> {
    term(object, op)?;
    object.field(op.result, "commit").and_then(|commit| object.integer(commit))
}

/// The node that the observation is of.
pub(super) fn subject(object: &Object, op: &Op) -> Option<ValueId> {
    object.field(op.result, "node").or_else(|| object.node(op))
}

fn leader(object: &Object, op: &Op) -> Option<ValueId> {
    let itself = || subject(object, op).filter(|_| is_leader(object, op));
    object.field(op.result, "leader").or_else(itself)
}

/// True if the observed node says of itself that it leads.
pub(super) fn is_leader(object: &Object, op: &Op) -> bool {
    object.field(op.result, "role").and_then(|role| object.value(role).name()) == Some("leader")
}

fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> bool {
    let [one, other] = &object.ops[..] else { return false };
    let is_same_node = subject(object, one).is_some() && subject(object, one) == subject(object, other);
    let is_back = |number: &dyn Fn(&Op) -> Option<i64>, one: &Op, other: &Op| {
        one.precedes(other) && number(other).is_some() && number(one) > number(other)
    };
    let falls = |number: &dyn Fn(&Op) -> Option<i64>| is_back(number, one, other) || is_back(number, other, one);
    match case.name {
        "election-safety" => {
            let leaders = (leader(object, one), leader(object, other));
            let is_two = leaders.0.is_some() && leaders.1.is_some() && leaders.0 != leaders.1;
            is_two && term(object, one).is_some() && term(object, one) == term(object, other)
        }
        "term-regression" => is_same_node && falls(&|op| term(object, op)),
        "commit-regression" => options.commits && is_same_node && falls(&|op| commit(object, op)),
        _ => leader_log::confirm(object, case, one, other),
    }
}
