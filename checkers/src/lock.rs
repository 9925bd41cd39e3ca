//! Locks under leases: no two clients surely hold one lock at one time, and fencing tokens grow.
//!
//! A client *surely holds* a lock from the moment at which it was told so, up to the earliest of: the invocation of its
//! release, the end of its process, and the end of the lease that its last successful refresh asked for, reckoned from
//! the moment before that was sent. Clocks differ in rate, so a margin is taken off the lease. Without any successful
//! refresh nothing is held surely. So an overlap of two such spans is certain, even if the clients were slow.
//!
//! Source: acknowledged critical sections of a lock with owners must be disjoint, which is necessary and sufficient;
//! the reckoning of a lease from before its request is that of Gray and Cheriton 1989, "Leases", section 2.

mod held;
mod recheck;
mod tokens;

use crate::phrase::{count, node, span, who};
use crate::{Anomaly, Budget, Checker, Evidence, Interval, Verdict};
use held::Held;
use history::{History, Lock, LockOp, LockRet, OpId, Time};
use rustc_hash::{FxHashMap, FxHashSet};

/// Judges whether locks exclude each other's holders.
#[derive(Clone, Copy, Debug)]
pub struct LockChecker {
    /// How long a lease lasts after it was refreshed, in nanoseconds.
    pub time_to_live_ns: u64,
    /// How much of that is not counted on, in nanoseconds.
    pub margin_ns: u64,
    /// How many anomalies are returned, at most; the others are counted.
    pub most_anomalies: usize,
}

impl LockChecker {
    /// A checker for leases of that many nanoseconds, with a margin of a tenth.
    #[must_use]
    pub fn new(time_to_live_ns: u64) -> Self {
        LockChecker { time_to_live_ns, margin_ns: time_to_live_ns / 10, most_anomalies: 10 }
    }
}

impl Checker<Lock> for LockChecker {
    fn name(&self) -> &'static str {
        "lock"
    }

    /// The budget is not used: the work is that of sorting.
    fn check(&self, history: &History<Lock>, _: Budget) -> Verdict {
        let lease = self.time_to_live_ns.saturating_sub(self.margin_ns);
        let held = held::collect(history, lease);
        let overlaps = held::overlaps(&held);
        let disorders = tokens::disorders(history);
        let mut evidence = self.evidence(history, &held);
        evidence.push(("overlaps".to_owned(), overlaps.len().to_string()));
        evidence.push(("tokens out of order".to_owned(), disorders.len().to_string()));
        let found = overlaps.len() + disorders.len();
        if found == 0 {
            return match missing_evidence(history, &held) {
                Some(reason) => Verdict::Unknown { reason: format!("not enough evidence: {reason}"), evidence },
                None => Verdict::Valid { evidence },
            };
        }
        let overlaps = overlaps.iter().map(|(first, second)| self.mutual_exclusion(history, first, second, lease));
        let disorders = disorders.iter().map(|&(first, second)| token_order(history, first, second));
        let shown: Vec<Option<Anomaly>> = overlaps.chain(disorders).take(self.most_anomalies.max(1)).collect();
        conclude(shown, found, evidence)
    }
}

fn conclude(shown: Vec<Option<Anomaly>>, found: usize, mut evidence: Evidence) -> Verdict {
    let looked_at = shown.len();
    let anomalies: Vec<Anomaly> = shown.into_iter().flatten().collect();
    let doubts = count(looked_at - anomalies.len(), "anomaly that a second look at its operations did not confirm");
    if anomalies.is_empty() {
        return Verdict::Unknown { reason: doubts, evidence };
    }
    if looked_at > anomalies.len() {
        evidence.push(("not confirmed".to_owned(), doubts));
    }
    if found > looked_at {
        evidence.push(("anomalies not shown".to_owned(), (found - looked_at).to_string()));
    }
    Verdict::Invalid { anomalies, evidence }
}

impl LockChecker {
    /// The anomaly of two overlapping spans; None if a second look does not confirm it.
    fn mutual_exclusion(&self, history: &History<Lock>, first: &Held, second: &Held, lease: u64) -> Option<Anomaly> {
        if !recheck::overlap(history, first, second, lease) {
            return None;
        }
        let mut operations: Vec<OpId> = [first, second].iter().flat_map(|held| held.operations()).collect();
        operations.sort_unstable();
        let (from, to) = (first.from.max(second.from), first.to.min(second.to));
        let explanation = format!(
            "{} surely held lock {} from {} to {}, and {} surely held it from {} to {}: both for {}; {}; {}",
            holder(history, first),
            first.key,
            first.from,
            first.to,
            holder(history, second),
            second.from,
            second.to,
            span(from, to),
            self.grounds(history, first),
            self.grounds(history, second),
        );
        Some(Anomaly {
            name: "mutual-exclusion".to_owned(),
            key: Some(first.key),
            operations,
            culprit: Some(second.acquire),
            intervals: vec![interval(history, first), interval(history, second)],
            explanation,
            argument: None,
        })
    }

    fn grounds(&self, history: &History<Lock>, held: &Held) -> String {
        let refresh = history.operation(held.refresh);
        let released = held.release.map_or_else(
            || "was not seen to release it".to_owned(),
            |release| format!("asked to release it at {}", history.operation(release).invoked.time),
        );
        format!(
            "the last successful keep-alive of process {} was sent at {} for {}, of which {} count, and it {released}",
            held.process,
            refresh.invoked.time,
            Time(self.time_to_live_ns),
            Time(self.time_to_live_ns.saturating_sub(self.margin_ns)),
        )
    }

    fn evidence(&self, history: &History<Lock>, held: &[Held]) -> Evidence {
        let ok = |function: &str| {
            let matching = |o: &&history::Operation<Lock>| o.ok().is_some() && function_of(o) == function;
            history.operations.iter().filter(matching).count().to_string()
        };
        let total: u64 = held.iter().map(|held| held.to.0.saturating_sub(held.from.0)).sum();
        let facts = [
            ("locks", keys(history).len().to_string()),
            ("acquisitions", ok("acquire")),
            ("successful refreshes", ok("refresh")),
            ("successful releases", ok("release")),
            ("spans for which a lock was surely held", held.len().to_string()),
            ("surely held, in all", Time(total).to_string()),
            ("lease", format!("{}, less {}", Time(self.time_to_live_ns), Time(self.margin_ns))),
        ];
        facts.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

fn function_of(operation: &history::Operation<Lock>) -> &'static str {
    <Lock as history::DataType>::function(&operation.op)
}

fn keys(history: &History<Lock>) -> FxHashSet<u64> {
    history.operations.iter().filter_map(|o| <Lock as history::DataType>::key(&o.op)).collect()
}

/// What is missing for an acquittal.
fn missing_evidence(history: &History<Lock>, held: &[Held]) -> Option<&'static str> {
    let mut holders: FxHashMap<u64, FxHashSet<u64>> = FxHashMap::default();
    for operation in history.operations.iter().filter(|o| o.ok().is_some()) {
        if let LockOp::Acquire { key } = operation.op {
            holders.entry(key).or_default().insert(operation.process.0);
        }
    }
    if !holders.values().any(|processes| processes.len() > 1) {
        return Some("no lock was acquired by two different processes");
    }
    held.is_empty().then_some("no holder ever refreshed its lease, so nothing was surely held")
}

fn holder(history: &History<Lock>, held: &Held) -> String {
    who(history, history.operation(held.acquire))
}

fn interval(history: &History<Lock>, held: &Held) -> Interval {
    let label = format!("{} surely holds lock {}", holder(history, held), held.key);
    Interval { label, operation: held.acquire, from: held.from, to: held.to }
}

/// The anomaly of two tokens; None if a second look does not confirm it.
fn token_order(history: &History<Lock>, first: OpId, second: OpId) -> Option<Anomaly> {
    if !recheck::out_of_order(history, first, second) {
        return None;
    }
    let told = |id: OpId| {
        let operation = history.operation(id);
        let token = match operation.ok() {
            Some(LockRet::Acquired { token }) => *token,
            _ => 0,
        };
        (operation, token)
    };
    let ((a, a_token), (b, b_token)) = (told(first), told(second));
    let key = <Lock as history::DataType>::key(&b.op);
    let place = |o| match node(history, o) {
        "" => String::new(),
        node => format!(" on {node}"),
    };
    let order = if a.precedes(b) {
        format!("although process {} had acquired it{} with token {a_token} before", a.process, place(a))
    } else {
        format!("and so did process {}{}", a.process, place(a))
    };
    let explanation = format!(
        "process {} acquired lock {}{} with token {b_token} at {}, {order} (at {})",
        b.process,
        key.unwrap_or_default(),
        place(b),
        b.completed.unwrap_or(b.invoked).time,
        a.completed.unwrap_or(a.invoked).time,
    );
    let mut operations = vec![first, second];
    operations.sort_unstable();
    Some(Anomaly {
        name: "token-order".to_owned(),
        key,
        operations,
        culprit: Some(second),
        intervals: Vec::new(),
        explanation,
        argument: None,
    })
}
