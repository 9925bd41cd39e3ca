//! Causal consistency of registers with unique writes: nobody sees an effect without its causes.
//!
//! A call comes causally before another if it is earlier in its session (process) or wrote what the other read, and so
//! on. Bad patterns: a cycle; a read of a value that nobody wrote, or whose write failed; a read of the initial value
//! after a write of the register; a read of a write that another write of the register follows, which comes before
//! the read. With `convergent` also a cycle of causes and conflicts, where a write comes before another if a read of
//! the other knows of it. Real time does not count. Vector clocks over sessions; crashed writes count if they are read.
//!
//! Source: Bouajjani, Enea, Guerraoui and Hamza 2017, "On verifying causal consistency", CC and CCv. Jepsen's `causal`
//! checks one scripted session per register by `:link`; those histories are a special case. Causal memory (CM) is judged
//! with `memory`; see `causal_memory`. Initial values are nil, and zero where nobody writes it.

use super::causal_order::{Causality, Node, Source, arrange, is_initial, is_read, register};
use super::found::{Case, Found};
use super::object::Object;
use super::{Rule, SingleEntry, SingleOptions, causal_memory};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "causal",
        summary: "no client sees an effect without its causes",
        functions: &["read", "read-init", "write"],
        options: &["convergent", "memory"],
    },
    per_key: false,
    judge,
    confirm,
};

/// Most entries of all clocks together.
const MOST_ENTRIES: usize = 64_000_000;

/// Of each register, the places of its writes within each session that writes it.
type Writes = FxHashMap<ValueId, Vec<(u32, Vec<u32>)>>;

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let causality = Causality::new(object);
    found.fact("calls that took effect", causality.nodes.len());
    found.fact("sessions", causality.sessions);
    if let Some(value) = causality.ambiguous {
        return found.doubt(format!("{} was written more than once", object.text(value)));
    }
    for (read, write) in &causality.strange {
        let (name, what) =
            if write.is_some() { ("G1a", "whose write failed") } else { ("thin-air-read", "which nobody wrote") };
        found.case(name, 1, || {
            let text = format!("the read of {} found {}, {what}", object.who(read), object.text(read.result));
            Case::new(read.at, write.map(|write| write.at), text).about(read.result)
        });
    }
    let from_writes = causality.nodes.iter().filter(|node| matches!(node.source, Source::Write(_))).count();
    found.fact("reads of a write", from_writes);
    if from_writes == 0 {
        found.lack("no read found what a write had written");
    }
    if causality.nodes.len().saturating_mul(causality.sessions) > MOST_ENTRIES {
        return found.doubt(format!("too many sessions to keep clocks of: {}", causality.sessions));
    }
    match arrange(&causality, &[]) {
        Err(cycle) => found.case("cyclic-causality", 1, || {
            cyclic(
                object,
                &causality,
                &cycle,
                "each of these calls comes causally before the next, and the last before the first",
            )
        }),
        Ok(order) => judge_order(object, &causality, &order, options, found),
    }
}

fn cyclic(object: &Object, causality: &Causality, cycle: &[u32], what: &str) -> Case {
    let ops: Vec<_> = cycle.iter().map(|node| causality.nodes[*node as usize].op).collect();
    let culprit = ops.iter().map(|op| op.at).max().unwrap_or_default();
    let whose: Vec<String> = ops.iter().take(6).map(|op| object.who(op)).collect();
    let text = format!("{what}: {}", whose.join("; "));
    Case::new(culprit, ops.iter().map(|op| op.at), text)
}

fn judge_order(object: &Object, causality: &Causality, order: &[u32], options: &SingleOptions, found: &mut Found) {
    let (clocks, writes) = (clocks(causality, order), writes(causality));
    let mut conflicts: Vec<(u32, u32)> = Vec::new();
    let starts = starts(causality);
    for node in order {
        let read = &causality.nodes[*node as usize];
        if read.is_write() {
            continue;
        }
        let clock = &clocks[*node as usize];
        for (session, places) in writes.get(&read.key).map_or(&[][..], Vec::as_slice) {
            let known = places.partition_point(|place| *place < clock[*session as usize]);
            let Some(place) = known.checked_sub(1).map(|last| places[last]) else { continue };
            let other = starts[*session as usize] + place;
            match read.source {
                Source::Write(write) if write == other => {}
                Source::Write(write) => {
                    let source = &causality.nodes[write as usize];
                    let is_hidden = clocks[other as usize][source.session as usize] > source.place;
                    if is_hidden {
                        found.case("write-co-read", 1, || overwritten(object, causality, *node, other, Some(write)));
                    }
                    conflicts.push((other, write));
                }
                Source::Initial | Source::Itself => {
                    found.case("write-co-init-read", 1, || overwritten(object, causality, *node, other, None));
                }
            }
        }
    }
    if found.total("write-co-read") + found.total("write-co-init-read") > 0 {
        return;
    }
    if options.convergent {
        judge_conflicts(object, causality, &conflicts, found);
    }
    if options.memory {
        causal_memory::judge(object, causality, order, found);
    }
}

/// Of every node, how many calls of each session come before it or are it.
fn clocks(causality: &Causality, order: &[u32]) -> Vec<Vec<u32>> {
    let mut clocks: Vec<Vec<u32>> = vec![Vec::new(); causality.nodes.len()];
    for node in order {
        let own = &causality.nodes[*node as usize];
        let mut clock = vec![0_u32; causality.sessions];
        for before in causality.predecessors(*node) {
            clock.iter_mut().zip(&clocks[before as usize]).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        }
        clock[own.session as usize] = own.place + 1;
        clocks[*node as usize] = clock;
    }
    clocks
}

fn writes(causality: &Causality) -> Writes {
    let mut writes = Writes::default();
    for node in causality.nodes.iter().filter(|node| node.is_write()) {
        let sessions = writes.entry(node.key).or_default();
        match sessions.last_mut().filter(|last| last.0 == node.session) {
            Some((_, places)) => places.push(node.place),
            None => sessions.push((node.session, vec![node.place])),
        }
    }
    writes
}

/// The first node of each session.
fn starts(causality: &Causality) -> Vec<u32> {
    (0..causality.nodes.len() as u32).filter(|node| causality.nodes[*node as usize].place == 0).collect()
}

fn overwritten(object: &Object, causality: &Causality, read: u32, other: u32, write: Option<u32>) -> Case {
    let node = |at: u32| &causality.nodes[at as usize];
    let mut way = causality.way_back(read, other);
    way.extend(write.into_iter().flat_map(|write| causality.way_back(other, write)));
    let who = object.who(node(read).op);
    let (value, newer) = (object.text(node(read).value()), object.text(node(other).value()));
    let text =
        format!("the read of {who} found {value}, though the write of {newer}, which replaces it, is among its causes");
    Case::new(node(read).op.at, way.iter().map(|at| node(*at).op.at), text).about(node(other).op.argument)
}

fn judge_conflicts(object: &Object, causality: &Causality, conflicts: &[(u32, u32)], found: &mut Found) {
    let Err(cycle) = arrange(causality, conflicts) else { return };
    found.case("cyclic-conflict", 1, || {
        // What makes each conflict one is the way from the write to a read of the other.
        let mut ways: Vec<u32> = cycle.clone();
        for (place, from) in cycle.iter().enumerate() {
            let to = cycle[(place + 1) % cycle.len()];
            if causality.predecessors(to).any(|before| before == *from) {
                continue;
            }
            let reads = (0..causality.nodes.len() as u32)
                .filter(|read| causality.nodes[*read as usize].source == Source::Write(to));
            ways.extend(
                reads.map(|read| causality.way_back(read, *from)).find(|way| !way.is_empty()).unwrap_or_default(),
            );
        }
        cyclic(object, causality, &ways, "no one order of the conflicting writes explains these calls")
    });
}

/// Walks over the named calls alone, pair by pair.
fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let causality = Causality::new(object);
    let before = |from: &Node, to: &Node| {
        let of = |node: &Node| causality.nodes.iter().position(|other| other.op.at == node.op.at).unwrap_or(0) as u32;
        !causality.way_back(of(to), of(from)).is_empty()
    };
    let read = causality.nodes.iter().find(|node| node.op.at == case.culprit && !node.is_write());
    let newer = |read: &Node| {
        causality.nodes.iter().find(|node| node.is_write() && node.key == read.key && node.value() == case.subject)
    };
    match case.name {
        "thin-air-read" => object.ops.iter().all(|op| is_read(op) && !is_initial(op.result)),
        "G1a" => object.ops.iter().any(|op| op.is_failed() && op.argument == case.subject),
        "cyclic-causality" => causality.nodes.iter().any(|node| before(node, node)),
        "cyclic-hb" | "write-hb-init-read" => causal_memory::is_broken(&causality),
        "cyclic-conflict" => arrange(&causality, &conflicts_of(&causality, before)).is_err(),
        _ => read.and_then(|read| Some((read, newer(read)?))).is_some_and(|(read, newer)| {
            let replaced = match read.source {
                Source::Write(write) => before(&causality.nodes[write as usize], newer),
                _ => is_initial(read.op.result) && register(read.op) == newer.key,
            };
            replaced && before(newer, read)
        }),
    }
}

/// Conflicts by their definition: every write that comes before a read of another write of its register.
fn conflicts_of(causality: &Causality, before: impl Fn(&Node, &Node) -> bool) -> Vec<(u32, u32)> {
    let mut conflicts = Vec::new();
    for read in &causality.nodes {
        let Source::Write(write) = read.source else { continue };
        for (place, other) in causality.nodes.iter().enumerate() {
            let is_rival = other.is_write() && other.key == read.key && place as u32 != write;
            if is_rival && before(other, read) {
                conflicts.push((place as u32, write));
            }
        }
    }
    conflicts
}
