//! Causal memory: each session can put all writes that it may know of into one order that explains its own reads.
//!
//! Beyond causal consistency, each session takes sides: where it read w2 while it knew of w1, another write of the
//! register, it has put w1 before w2, and must stick to that. So from the causal order of what a session knows, the rule
//! *w1 before a read of w2 in this session: w1 before w2* is applied until nothing changes. A cycle is a violation
//! (*cyclic-hb*), and so is a read of the initial value after a write of the register (*write-hb-init-read*). Different
//! sessions may order concurrent writes differently, unlike in causal convergence; neither implies the other.
//!
//! Source: Bouajjani, Enea, Guerraoui and Hamza 2017, "On verifying causal consistency", CM: hb of the last call of
//! each session, for that of the calls before it is contained in it. Within a session clocks are kept as for the causal
//! order; rounds repeat until they are stable, within a budget of steps.

use super::causal_order::{Causality, Source};
use super::found::{Case, Found};
use super::object::Object;
use history::ValueId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// Most steps over clocks, of all sessions together.
const MOST_STEPS: usize = 500_000_000;

/// What a session has put before what, and the read that says so.
#[derive(Clone, Copy)]
struct Choice {
    from: u32,
    to: u32,
    read: u32,
}

/// What one session sees.
struct View<'a, 'b> {
    causality: &'a Causality<'b>,
    /// Its reads, in its order.
    reads: Vec<u32>,
    /// True of every node that comes before its last call, or is it.
    known: Vec<bool>,
    choices: Vec<Choice>,
}

/// Judges every session. Call it only where the causal order has no cycle, and no read is overwritten in it.
pub(super) fn judge(object: &Object, causality: &Causality, order: &[u32], found: &mut Found) {
    let mut steps = 0;
    for last in ends(causality) {
        let mut view = View::new(causality, last);
        steps += causality.nodes.len();
        match view.saturate(order, &mut steps) {
            Ok(None) => {}
            Ok(Some(broken)) => report(object, &view, broken, found),
            Err(()) => return found.doubt("too many calls and sessions to find what each session must have assumed"),
        }
    }
}

/// The last node of each session.
fn ends(causality: &Causality) -> Vec<u32> {
    let size = causality.nodes.len();
    let is_last = |node: usize| node + 1 == size || causality.nodes[node + 1].place == 0;
    (0..size).filter(|node| is_last(*node)).map(|node| node as u32).collect()
}

/// What is wrong in a view.
enum Broken {
    /// A choice that closes a cycle.
    Cycle(usize),
    /// A read of the initial value, and a write of its register before it.
    Initial { read: u32, write: u32 },
}

/// The writes of each register, by session, in their order.
type Writes = FxHashMap<ValueId, FxHashMap<u32, Vec<u32>>>;

impl<'a, 'b> View<'a, 'b> {
    fn new(causality: &'a Causality<'b>, last: u32) -> View<'a, 'b> {
        let mut known = vec![false; causality.nodes.len()];
        let mut left = vec![last];
        while let Some(node) = left.pop() {
            if !std::mem::replace(&mut known[node as usize], true) {
                left.extend(causality.predecessors(node));
            }
        }
        let first = last - causality.nodes[last as usize].place;
        let reads = (first..=last).filter(|node| !causality.nodes[*node as usize].is_write()).collect();
        View { causality, reads, known, choices: Vec::new() }
    }

    /// Applies the rule until nothing changes, or something is broken.
    fn saturate(&mut self, order: &[u32], steps: &mut usize) -> Result<Option<Broken>, ()> {
        let mut order: Vec<u32> = order.iter().copied().filter(|node| self.known[*node as usize]).collect();
        let writes = self.writes(&order);
        let mut chosen: FxHashSet<(u32, u32)> = FxHashSet::default();
        loop {
            *steps += order.len() * (self.causality.sessions + 1);
            if *steps > MOST_STEPS {
                return Err(());
            }
            let clocks = self.clocks(&order);
            let before = self.choices.len();
            if let Some(broken) = self.choose(&clocks, &writes, &mut chosen) {
                return Ok(Some(broken));
            }
            if self.choices.len() == before {
                return Ok(None);
            }
            match self.arrange(&order) {
                Some(arranged) => order = arranged,
                None => return Ok(self.first_cycle(before).map(Broken::Cycle)),
            }
        }
    }

    fn writes(&self, order: &[u32]) -> Writes {
        let mut nodes: Vec<u32> = order.to_vec();
        nodes.sort_unstable();
        let mut writes = Writes::default();
        for node in nodes {
            let own = &self.causality.nodes[node as usize];
            if own.is_write() {
                writes.entry(own.key).or_default().entry(own.session).or_default().push(node);
            }
        }
        writes
    }

    /// What comes just before each node: in its session, in what it reads, and by choice.
    fn before(&self) -> FxHashMap<u32, Vec<u32>> {
        let mut before: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        self.choices.iter().for_each(|choice| before.entry(choice.to).or_default().push(choice.from));
        before
    }

    /// Of every node, how many calls of each session come before it or are it.
    fn clocks(&self, order: &[u32]) -> FxHashMap<u32, Vec<u32>> {
        let chosen = self.before();
        let mut clocks: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for node in order {
            let own = &self.causality.nodes[*node as usize];
            let mut clock = vec![0_u32; self.causality.sessions];
            let others = chosen.get(node).into_iter().flatten().copied();
            for before in self.causality.predecessors(*node).chain(others) {
                if let Some(theirs) = clocks.get(&before) {
                    clock.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
                }
            }
            clock[own.session as usize] = own.place + 1;
            clocks.insert(*node, clock);
        }
        clocks
    }

    /// One round over the reads of the session.
    fn choose(
        &mut self,
        clocks: &FxHashMap<u32, Vec<u32>>,
        writes: &Writes,
        chosen: &mut FxHashSet<(u32, u32)>,
    ) -> Option<Broken> {
        let causality = self.causality;
        for read in self.reads.clone() {
            let own = &causality.nodes[read as usize];
            let Some(clock) = clocks.get(&read) else { continue };
            for (session, nodes) in writes.get(&own.key).into_iter().flatten() {
                let is_before = |node: &u32| causality.nodes[*node as usize].place < clock[*session as usize];
                let Some(write) = nodes.partition_point(is_before).checked_sub(1).map(|last| nodes[last]) else {
                    continue;
                };
                match own.source {
                    Source::Write(source) if source == write => {}
                    Source::Write(source) if chosen.insert((write, source)) => {
                        self.choices.push(Choice { from: write, to: source, read });
                    }
                    Source::Write(_) => {}
                    Source::Initial | Source::Itself => return Some(Broken::Initial { read, write }),
                }
            }
        }
        None
    }

    /// The nodes of `order` so that all that is before a node comes first; None if there is a cycle.
    fn arrange(&self, order: &[u32]) -> Option<Vec<u32>> {
        let mut missing: FxHashMap<u32, u32> = order.iter().map(|node| (*node, 0)).collect();
        let mut after: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let mut edge = |from: u32, to: u32| {
            after.entry(from).or_default().push(to);
            missing.entry(to).and_modify(|number| *number += 1);
        };
        for node in order {
            self.causality.predecessors(*node).for_each(|before| edge(before, *node));
        }
        self.choices.iter().for_each(|choice| edge(choice.from, choice.to));
        let mut arranged: Vec<u32> = order.iter().copied().filter(|node| missing[node] == 0).collect();
        let mut done = 0;
        while let Some(node) = arranged.get(done).copied() {
            done += 1;
            for next in after.get(&node).into_iter().flatten() {
                let Some(number) = missing.get_mut(next) else { continue };
                *number -= 1;
                if *number == 0 {
                    arranged.push(*next);
                }
            }
        }
        (arranged.len() == order.len()).then_some(arranged)
    }

    /// The first choice from that one on that has a way from its end to its start.
    fn first_cycle(&self, from: usize) -> Option<usize> {
        let is_closed = |choice: &usize| {
            let Choice { from, to, .. } = self.choices[*choice];
            from == to || !self.way(to, from, *choice).is_empty()
        };
        (from..self.choices.len()).find(is_closed)
    }

    /// A shortest way from one node to another over the causal order and the first so many choices: nodes, both ends
    /// included. Empty if there is none.
    fn way(&self, from: u32, to: u32, choices: usize) -> Vec<u32> {
        let mut before: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        self.choices[..choices].iter().for_each(|choice| before.entry(choice.to).or_default().push(choice.from));
        let mut next: FxHashMap<u32, u32> = FxHashMap::default();
        let mut queue = VecDeque::from([to]);
        while let Some(node) = queue.pop_front() {
            if node == from {
                let mut way = vec![node];
                way.extend(std::iter::successors(next.get(&node), |node| next.get(node).filter(|_| **node != to)));
                return way;
            }
            let others = before.get(&node).into_iter().flatten().copied();
            for earlier in self.causality.predecessors(node).chain(others) {
                if earlier != to && !next.contains_key(&earlier) {
                    next.insert(earlier, node);
                    queue.push_back(earlier);
                }
            }
        }
        Vec::new()
    }

    /// All nodes on which a way rests: its own, and for each choice on it those that made it one.
    fn reasons(&self, ways: Vec<(Vec<u32>, usize)>) -> Vec<u32> {
        let mut nodes: FxHashSet<u32> = FxHashSet::default();
        let mut explained: FxHashSet<usize> = FxHashSet::default();
        let mut left = ways;
        while let Some((way, choices)) = left.pop() {
            nodes.extend(&way);
            for pair in way.windows(2) {
                let is_plain = self.causality.predecessors(pair[1]).any(|before| before == pair[0]);
                let made = |choice: &Choice| choice.from == pair[0] && choice.to == pair[1];
                let Some(place) = self.choices[..choices].iter().position(made).filter(|_| !is_plain) else { continue };
                if explained.insert(place) {
                    let choice = self.choices[place];
                    nodes.insert(choice.read);
                    left.push((self.way(choice.from, choice.read, place), place));
                }
            }
        }
        let mut nodes: Vec<u32> = nodes.into_iter().collect();
        nodes.sort_unstable();
        nodes
    }
}

fn report(object: &Object, view: &View, broken: Broken, found: &mut Found) {
    let node = |at: u32| &view.causality.nodes[at as usize];
    match broken {
        Broken::Cycle(last) => found.case("cyclic-hb", 1, || {
            let Choice { from, to, read } = view.choices[last];
            let ways = vec![(view.way(to, from, last), last), (view.way(from, read, last), last), (vec![read], last)];
            let nodes = view.reasons(ways);
            let (who, known, seen) =
                (object.who(node(read).op), object.text(node(from).value()), object.text(node(to).value()));
            let text = format!(
                "{who} read {seen} and knew of {known}, so it has put {known} first; what else the same process read \
                 puts {seen} first"
            );
            Case::new(node(read).op.at, nodes.iter().map(|at| node(*at).op.at), text)
        }),
        Broken::Initial { read, write } => found.case("write-hb-init-read", 1, || {
            let all = view.choices.len();
            let nodes = view.reasons(vec![(view.way(write, read, all), all), (vec![read], all)]);
            let (who, known) = (object.who(node(read).op), object.text(node(write).value()));
            let text = format!(
                "the read of {who} found the initial value, though by what the same process read before, the write of \
                 {known} came first"
            );
            Case::new(node(read).op.at, nodes.iter().map(|at| node(*at).op.at), text).about(node(write).op.argument)
        }),
    }
}

/// By the definition, over all pairs of the named calls: whether some session has a cycle, or an overwritten read of
/// the initial value.
pub(super) fn is_broken(causality: &Causality) -> bool {
    ends(causality).into_iter().any(|last| is_session_broken(causality, last))
}

fn is_session_broken(causality: &Causality, last: u32) -> bool {
    let size = causality.nodes.len();
    let view = View::new(causality, last);
    let mut before = vec![vec![false; size]; size];
    for node in (0..size).filter(|node| view.known[*node]) {
        causality.predecessors(node as u32).for_each(|earlier| before[earlier as usize][node] = true);
    }
    loop {
        close(&mut before);
        let mut changed = false;
        for read in view.reads.iter().map(|read| *read as usize) {
            let own = &causality.nodes[read];
            let known: Vec<usize> = (0..size).filter(|write| before[*write][read]).collect();
            for write in known {
                let other = &causality.nodes[write];
                if !other.is_write() || other.key != own.key {
                    continue;
                }
                let Source::Write(source) = own.source else { return true };
                if write != source as usize {
                    changed |= !std::mem::replace(&mut before[write][source as usize], true);
                }
            }
        }
        if !changed {
            return (0..size).any(|node| before[node][node]);
        }
    }
}

/// The transitive closure.
fn close(before: &mut [Vec<bool>]) {
    let size = before.len();
    for middle in 0..size {
        let after = before[middle].clone();
        for row in before.iter_mut().filter(|row| row[middle]) {
            row.iter_mut().zip(&after).for_each(|(reaches, next)| *reaches |= next);
        }
    }
}
