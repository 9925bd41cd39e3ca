//! Bounded staleness: the smallest delta for which a register is linearizable once every read may have begun that much
//! earlier (delta-atomicity).
//!
//! Registers with unique writes. A value's operations have `f`, the first end among them, and `s`, the last beginning,
//! where a read's beginning counts delta earlier. Two values conflict if each must come before the other: `f1 < s2` and
//! `f2 < s1`. No conflict means linearizable (Gibbons and Korach 1997). That is monotone in delta: binary search over
//! nanoseconds. The initial value is nil, written before everything. Values that nobody wrote, or that are read before
//! their write begins, no delta explains. Times must be there; those of one clock.
//!
//! Source: Golab, Li and Shah 2011, "Analyzing consistency properties for fun and profit".

use super::found::{Case, Found};
use super::object::{NEVER, Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions};
use history::ValueId;
use rustc_hash::FxHashMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "staleness",
        summary: "no read of a register is staler than the bound; reports the smallest delta that would do",
        functions: &["read", "write"],
        options: &["bound"],
    },
    per_key: true,
    judge,
    confirm,
};

/// Times before everything, and far enough from the edge to be moved.
const BEFORE: i64 = -(1 << 62);

/// A write and the reads of its value.
#[derive(Clone, Copy)]
struct Cluster {
    value: ValueId,
    write_begin: i64,
    read_begin: i64,
    /// The first end.
    end: i64,
    write: Option<u32>,
    last_read: Option<u32>,
    first_end: Option<u32>,
}

impl Cluster {
    fn start(&self, delta: i64) -> i64 {
        self.write_begin.max(self.read_begin.saturating_sub(delta))
    }

    fn members(&self) -> impl Iterator<Item = u32> {
        [self.write, self.last_read, self.first_end].into_iter().flatten()
    }
}

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let Some(clusters) = clusters(object, found) else { return };
    let reads = object.ok("read").count();
    found.fact("reads", reads);
    found.fact("values written", clusters.iter().filter(|cluster| cluster.write.is_some()).count());
    let last = object.ops.iter().map(|op| op.begin).max().unwrap_or(0);
    let delta = smallest(&clusters, last);
    found.most("smallest delta in nanoseconds", i128::from(delta));
    if let Some(bound) = options.bound_ns.filter(|bound| delta > *bound as i64)
        && let Some((one, other)) = conflict(&clusters, delta - 1)
    {
        found.case("stale-read", delta as u128, || case(object, &one, &other, delta, bound));
    }
    if options.bound_ns.is_none() {
        found.lack(format!("no bound was promised (`bound=1s`); the smallest that holds is {}", seconds(delta.into())));
    }
    if reads == 0 || clusters.iter().all(|cluster| cluster.write.is_none()) {
        found.lack("nothing was written and read");
    }
}

/// None if the rule does not apply.
fn clusters(object: &Object, found: &mut Found) -> Option<Vec<Cluster>> {
    let is_other = |op: &&Op| !matches!(op.f, "read" | "write") && !op.is_failed();
    if let Some(other) = object.ops.iter().find(is_other) {
        found.doubt(format!("the function `{}` is neither read nor write", other.f));
        return None;
    }
    let relevant = |op: &&Op| !op.is_failed() && (op.f == "write" || op.is_ok());
    if object.ops.iter().filter(relevant).any(|op| !op.is_timed()) {
        found.doubt("some calls have no times");
        return None;
    }
    let initial = Cluster { write_begin: BEFORE, end: BEFORE, ..empty(ValueId::NIL) };
    let mut clusters: FxHashMap<ValueId, Cluster> = FxHashMap::from_iter([(ValueId::NIL, initial)]);
    for op in object.ops.iter().filter(|op| op.f == "write" && !op.is_failed()) {
        let cluster = Cluster { write_begin: op.begin, end: op.end, write: Some(op.at), ..empty(op.argument) };
        let cluster = Cluster { first_end: (op.end != NEVER).then_some(op.at), ..cluster };
        if clusters.insert(op.argument, cluster).is_some() {
            found.doubt(format!("{} was written more than once", object.text(op.argument)));
            return None;
        }
    }
    object.ok("read").for_each(|read| add_read(object, read, &mut clusters, found));
    // A crashed write that nobody read need not have happened; and nil need not have been read.
    let is_real = |cluster: &Cluster| cluster.end != NEVER && (cluster.write.is_some() || cluster.last_read.is_some());
    let mut clusters: Vec<Cluster> = clusters.into_values().filter(is_real).collect();
    clusters.sort_unstable_by_key(|cluster| (cluster.end, cluster.value));
    Some(clusters)
}

fn empty(value: ValueId) -> Cluster {
    Cluster { value, write_begin: 0, read_begin: BEFORE, end: NEVER, write: None, last_read: None, first_end: None }
}

fn add_read(object: &Object, read: &Op, clusters: &mut FxHashMap<ValueId, Cluster>, found: &mut Found) {
    let text =
        |what: &str| format!("the read of {} found {}, which {what}", object.who(read), object.text(read.result));
    let Some(cluster) = clusters.get_mut(&read.result) else {
        return found.case("garbage-read", 1, || Case::new(read.at, None, text("nobody wrote")).about(read.result));
    };
    if read.end < cluster.write_begin {
        return found.case("future-read", 1, || {
            Case::new(read.at, cluster.write, text("was written only later")).about(read.result)
        });
    }
    if read.begin > cluster.read_begin {
        (cluster.read_begin, cluster.last_read) = (read.begin, Some(read.at));
    }
    if read.end < cluster.end {
        (cluster.end, cluster.first_end) = (read.end, Some(read.at));
    }
}

fn smallest(clusters: &[Cluster], last: i64) -> i64 {
    // With delta past the last beginning only the initial value's reads might still count.
    let (mut wrong, mut right) = (-1, last.saturating_add(1));
    while right - wrong > 1 {
        let middle = wrong + (right - wrong) / 2;
        match conflict(clusters, middle) {
            Some(_) => wrong = middle,
            None => right = middle,
        }
    }
    right
}

/// Two values that must each come before the other. Clusters are in the order of their ends: among those before one
/// value that end before it starts, the one that starts last is the one that may conflict.
fn conflict(clusters: &[Cluster], delta: i64) -> Option<(Cluster, Cluster)> {
    let mut greatest: Vec<usize> = Vec::with_capacity(clusters.len());
    for (place, cluster) in clusters.iter().enumerate() {
        let before = greatest.last().copied().unwrap_or(place);
        greatest.push(if clusters[before].start(delta) > cluster.start(delta) { before } else { place });
    }
    // Of two in conflict the earlier end is a's: f_a <= f_b < s_a, and f_a < s_b.
    for (place, b) in clusters.iter().enumerate().skip(1) {
        let ended = clusters[..place].partition_point(|a| a.end < b.start(delta));
        let Some(a) = ended.checked_sub(1).map(|last| &clusters[greatest[last]]) else { continue };
        if b.end < a.start(delta) {
            return Some((*a, *b));
        }
    }
    None
}

fn case(object: &Object, one: &Cluster, other: &Cluster, delta: i64, bound: u64) -> Case {
    let (first, second) = (object.text(one.value), object.text(other.value));
    let culprit = one.last_read.or(other.last_read).unwrap_or_default();
    let text = format!(
        "{first} was still read after {second} had taken its place and been seen: a staleness of {}, where {} is \
         allowed",
        seconds(delta.into()),
        seconds(bound.into())
    );
    Case::new(culprit, one.members().chain(other.members()), text).bounded(i128::from(delta) - 1)
}

fn confirm(object: &Object, _: &SingleOptions, case: &Case) -> bool {
    let read = object.ok("read").find(|op| op.at == case.culprit);
    let written = object.ops.iter().find(|op| op.f == "write" && op.argument == case.subject);
    match case.name {
        "garbage-read" => read.is_some_and(|read| read.result == case.subject) && written.is_none(),
        "future-read" => read.zip(written).is_some_and(|(read, write)| read.end < write.begin),
        _ => {
            let value = |op: &Op| if op.f == "write" { op.argument } else { op.result };
            let shift = |op: &Op| i128::from(op.begin) - if op.f == "read" { case.bound } else { 0 };
            // a before b: some call of a ends before some call of b begins.
            let before = |a: ValueId, b: ValueId| {
                let ends = object.ops.iter().filter(|op| value(op) == a).map(|op| i128::from(op.end)).min();
                let begins = object.ops.iter().filter(|op| value(op) == b).map(shift).max();
                a.is_nil() || ends < begins
            };
            let mut all: Vec<ValueId> = object.ops.iter().map(value).collect();
            all.sort_unstable();
            all.dedup();
            all.len() == 2 && before(all[0], all[1]) && before(all[1], all[0])
        }
    }
}
