//! Where it may be known from that one version of a register came before another.

use super::versions::{NONE, Touch, Versions};
use crate::txn::object::Object;
use crate::txn::{InferOptions, NEVER};
use history::CallOutcome;
use rustc_hash::FxHashMap;

/// What sources are called, in the order in which they are asked.
pub(super) const NAMES: [&str; 5] =
    ["initial state", "commit order", "writes follow reads", "sequential keys", "linearizable keys"];

/// A step, and another that saw or made a later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// What a source says, in slots. The initial state is no matter of steps, and says nothing here.
pub(super) fn links(object: &Object<'_, '_>, versions: &Versions, options: &InferOptions, source: usize) -> Vec<Link> {
    match source {
        1 if !options.commit_order.is_empty() => commits(versions, options),
        2 if options.writes_follow_reads => follow(versions),
        3 if options.sequential_keys => sequential(object, versions),
        4 if options.linearizable_keys => linearizable(object, versions),
        _ => Vec::new(),
    }
}

impl Touch {
    /// Where a transaction left the register: its write, or else what it read.
    fn last(&self) -> u32 {
        if self.write == NONE { self.read } else { self.write }
    }

    /// Where a transaction found the register: what it read, or else its write. Of one that nobody knows of, its write.
    fn first(&self) -> u32 {
        if self.outcome == CallOutcome::Info || self.read == NONE { self.write } else { self.read }
    }

    fn is_ok(&self) -> bool {
        self.outcome == CallOutcome::Ok
    }
}

fn commits(versions: &Versions, options: &InferOptions) -> Vec<Link> {
    let number = |touch: &Touch| options.commit_order.get(touch.row as usize).copied().flatten();
    let writes = versions.touches.iter().filter(|touch| touch.is_ok() && touch.write != NONE);
    let mut writes: Vec<(u64, u32)> = writes.filter_map(|touch| Some((number(touch)?, touch.write))).collect();
    writes.sort_unstable();
    // Equal numbers order nothing.
    let groups: Vec<&[(u64, u32)]> = writes.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() == 1).collect();
    groups.windows(2).map(|pair| Link { from: pair[0][0].1, to: pair[1][0].1 }).collect()
}

fn follow(versions: &Versions) -> Vec<Link> {
    let both = versions.touches.iter().filter(|touch| touch.is_ok() && touch.read != NONE && touch.write != NONE);
    both.map(|touch| Link { from: touch.read, to: touch.write }).collect()
}

fn sequential(object: &Object<'_, '_>, versions: &Versions) -> Vec<Link> {
    let mut links = Vec::new();
    let mut left: FxHashMap<u32, u32> = FxHashMap::default();
    for touch in versions.touches.iter().filter(|touch| touch.outcome != CallOutcome::Fail) {
        let session = object.transactions.timeline().session[touch.row as usize];
        if let Some(from) = left.get(&session).filter(|_| touch.first() != NONE) {
            links.push(Link { from: *from, to: touch.first() });
        }
        if touch.is_ok() && touch.last() != NONE {
            left.insert(session, touch.last());
        }
    }
    links
}

/// Every transaction that completed is kept until another that began after it has completed, too.
fn linearizable(object: &Object<'_, '_>, versions: &Versions) -> Vec<Link> {
    let timeline = object.transactions.timeline();
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    let touches = versions.touches.iter().enumerate().filter(|(_, touch)| touch.outcome != CallOutcome::Fail);
    for (at, touch) in touches {
        events.push((timeline.invoked[touch.row as usize], false, at));
        if timeline.completed[touch.row as usize] != NEVER {
            events.push((timeline.completed[touch.row as usize], true, at));
        }
    }
    events.sort_unstable();
    let (mut links, mut left): (Vec<Link>, Vec<Touch>) = (Vec::new(), Vec::new());
    for (_, is_end, at) in events {
        let touch = versions.touches[at];
        if is_end {
            if touch.last() != NONE {
                left.retain(|before| !timeline.is_before(before.row, touch.row));
                left.push(touch);
            }
        } else if touch.first() != NONE {
            let before = left.iter().filter(|before| timeline.is_before(before.row, touch.row));
            links.extend(before.map(|before| Link { from: before.last(), to: touch.first() }));
        }
    }
    links
}
