//! The causal order of a history of registers: calls, sessions, which write each read reads from, and cycles.

use super::object::{Object, Op};
use history::ValueId;
use rustc_hash::FxHashMap;

/// What a read reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It is a write.
    Itself,
    /// No write: the value that a register begins with.
    Initial,
    /// The write at that place.
    Write(u32),
}

/// A call that took effect.
pub(super) struct Node<'a> {
    pub op: &'a Op<'a>,
    pub key: ValueId,
    pub session: u32,
    /// Place within its session, from 0.
    pub place: u32,
    pub source: Source,
}

impl Node<'_> {
    pub fn is_write(&self) -> bool {
        self.source == Source::Itself
    }

    pub fn value(&self) -> ValueId {
        if self.op.f == "write" { self.op.argument } else { self.op.result }
    }
}

/// Every read with a source, every write that took effect, session by session in their order.
pub(super) struct Causality<'a> {
    pub nodes: Vec<Node<'a>>,
    pub sessions: usize,
    /// Reads of a value that nobody wrote, and of a failed write.
    pub strange: Vec<(&'a Op<'a>, Option<&'a Op<'a>>)>,
    /// A value that two writes of one register wrote.
    pub ambiguous: Option<ValueId>,
}

pub(super) fn is_read(op: &Op) -> bool {
    op.is_ok() && matches!(op.f, "read" | "read-init")
}

/// The register of a call.
pub(super) fn register(op: &Op) -> ValueId {
    op.key.unwrap_or(ValueId::NIL)
}

/// True of what a register holds before anybody wrote: nil, and zero where nobody writes it.
pub(super) fn is_initial(value: ValueId) -> bool {
    value.is_nil() || value.as_small() == Some(0)
}

impl<'a> Causality<'a> {
    pub fn new(object: &'a Object<'a>) -> Causality<'a> {
        let mut writers: FxHashMap<(ValueId, ValueId), &Op> = FxHashMap::default();
        let mut causality = Causality { nodes: Vec::new(), sessions: 0, strange: Vec::new(), ambiguous: None };
        for op in object.ops.iter().filter(|op| op.f == "write") {
            let name = (register(op), op.argument);
            let before = writers.get(&name);
            if before.is_some_and(|before| !before.is_failed() && !op.is_failed()) {
                causality.ambiguous = Some(op.argument);
            }
            if before.is_none_or(|before| before.is_failed()) {
                writers.insert(name, op);
            }
        }
        let reads = || object.ops.iter().filter(|op| is_read(op));
        let writer = |read: &Op| writers.get(&(register(read), read.result)).copied();
        let observed: rustc_hash::FxHashSet<u32> = reads().filter_map(|read| Some(writer(read)?.at)).collect();
        let mut taken: Vec<&Op> = Vec::new();
        for op in &object.ops {
            let takes_effect = op.f == "write" && (op.is_ok() || op.is_crashed() && observed.contains(&op.at));
            match is_read(op).then(|| writer(op)) {
                Some(Some(write)) if write.is_failed() => causality.strange.push((op, Some(write))),
                Some(None) if !is_initial(op.result) => causality.strange.push((op, None)),
                Some(_) => taken.push(op),
                None if takes_effect => taken.push(op),
                None => {}
            }
        }
        causality.number(taken, writer);
        causality
    }

    fn number(&mut self, mut taken: Vec<&'a Op<'a>>, writer: impl Fn(&Op) -> Option<&'a Op<'a>>) {
        taken.sort_by_key(|op| (op.process, op.at));
        let places: FxHashMap<u32, u32> = taken.iter().enumerate().map(|(node, op)| (op.at, node as u32)).collect();
        let mut last: Option<(i64, u32)> = None;
        for op in taken {
            let place = match last {
                Some((process, place)) if process == op.process => place + 1,
                _ => {
                    self.sessions += 1;
                    0
                }
            };
            last = Some((op.process, place));
            let source = match is_read(op).then(|| writer(op).and_then(|write| places.get(&write.at))) {
                None => Source::Itself,
                Some(None) => Source::Initial,
                Some(Some(write)) => Source::Write(*write),
            };
            let session = self.sessions as u32 - 1;
            self.nodes.push(Node { op, key: register(op), session, place, source });
        }
    }

    /// What comes just before a node: in its session, and where it reads from.
    pub fn predecessors(&self, node: u32) -> impl Iterator<Item = u32> + use<> {
        let own = &self.nodes[node as usize];
        let before = (own.place > 0).then(|| node - 1);
        let write = if let Source::Write(write) = own.source { Some(write) } else { None };
        before.into_iter().chain(write)
    }

    /// The shortest way back from one node to another, both included; empty if there is none.
    pub fn way_back(&self, from: u32, to: u32) -> Vec<u32> {
        let mut next: FxHashMap<u32, u32> = FxHashMap::default();
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for before in self.predecessors(node) {
                next.entry(before).or_insert_with(|| {
                    queue.push_back(before);
                    node
                });
                if before == to {
                    return self.unwind(&next, from, to);
                }
            }
        }
        Vec::new()
    }

    /// Of a run within one session the ends are enough.
    fn unwind(&self, next: &FxHashMap<u32, u32>, from: u32, to: u32) -> Vec<u32> {
        let mut way = vec![to];
        let mut node = to;
        while let Some(after) = next.get(&node).copied() {
            way.push(after);
            node = after;
            if node == from {
                break;
            }
        }
        let session = |at: usize| way.get(at).map(|node| self.nodes[*node as usize].session);
        let is_inside = |at: usize| at > 0 && session(at - 1) == session(at) && session(at + 1) == session(at);
        (0..way.len()).filter(|at| !is_inside(*at)).map(|at| way[at]).collect()
    }
}

/// Nodes so that all predecessors come first, or those of one cycle, each before the next. `edges` are beside the
/// predecessors.
pub(super) fn arrange(causality: &Causality, edges: &[(u32, u32)]) -> Result<Vec<u32>, Vec<u32>> {
    let size = causality.nodes.len();
    let mut all: Vec<(u32, u32)> = edges.to_vec();
    all.extend((0..size as u32).flat_map(|node| causality.predecessors(node).map(move |before| (before, node))));
    all.sort_unstable();
    let mut missing = vec![0_u32; size];
    all.iter().for_each(|(_, node)| missing[*node as usize] += 1);
    let mut order: Vec<u32> = (0..size as u32).filter(|node| missing[*node as usize] == 0).collect();
    let mut done = 0;
    while let Some(node) = order.get(done).copied() {
        done += 1;
        let first = all.partition_point(|edge| edge.0 < node);
        for (_, after) in all[first..].iter().take_while(|edge| edge.0 == node) {
            missing[*after as usize] -= 1;
            if missing[*after as usize] == 0 {
                order.push(*after);
            }
        }
    }
    if order.len() == size { Ok(order) } else { Err(cycle(&all, &missing)) }
}

/// Every node that is left has a predecessor that is left: going back must repeat itself.
fn cycle(edges: &[(u32, u32)], missing: &[u32]) -> Vec<u32> {
    let is_left = |node: u32| missing[node as usize] > 0;
    let mut before = vec![u32::MAX; missing.len()];
    for (from, to) in edges.iter().filter(|(from, to)| is_left(*from) && is_left(*to)) {
        before[*to as usize] = *from;
    }
    let mut seen = vec![false; missing.len()];
    let Some(mut node) = (0..missing.len() as u32).find(|node| is_left(*node)) else { return Vec::new() };
    while !std::mem::replace(&mut seen[node as usize], true) {
        node = before[node as usize];
    }
    let mut cycle = vec![node];
    let mut at = before[node as usize];
    while at != node {
        cycle.push(at);
        at = before[at as usize];
    }
    cycle.reverse();
    cycle
}
