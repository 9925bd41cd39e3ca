//! The levels by their names: what a database may promise, and what people call it. What follows from what is no
//! matter of this file.

use super::super::Needs;
use std::fmt;

/// A promise about transactions, weak ones first.
///
/// `StrongSession...` adds that no session goes back behind itself, `Strong...` that nobody goes back behind what had
/// ended in real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is documented by its name, which the table below holds")]
pub enum Level {
    ReadUncommitted,
    StrongSessionReadUncommitted,
    StrongReadUncommitted,
    ReadCommitted,
    StrongSessionReadCommitted,
    StrongReadCommitted,
    MonotonicAtomicView,
    StrongSessionMonotonicAtomicView,
    StrongMonotonicAtomicView,
    ReadAtomic,
    StrongSessionReadAtomic,
    StrongReadAtomic,
    CausalCerone,
    StrongSessionCausal,
    StrongCausal,
    ParallelSnapshotIsolation,
    StrongSessionParallelSnapshotIsolation,
    StrongParallelSnapshotIsolation,
    Prefix,
    StrongSessionPrefix,
    StrongPrefix,
    SnapshotIsolation,
    StrongSessionSnapshotIsolation,
    StrongSnapshotIsolation,
    Serializable,
    StrongSessionSerializable,
    StrictSerializable,
    UpdateAtomic,
    MonotonicSnapshotRead,
    MonotonicView,
    CursorStability,
    ConsistentView,
    ForwardConsistentView,
    UpdateSerializable,
    RepeatableRead,
    ViewSerializable,
    OneCopySerializable,
    SessionSerializable,
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
    Pram,
    Causal,
    Sequential,
    Linearizable,
}

/// The name for people, the canonical one, and others by which a level goes.
type Names = (Level, &'static str, &'static str, &'static [&'static str]);

use Level as L;

/// In the order of the variants.
const NAMES: [Names; 46] = [
    (L::ReadUncommitted, "read-uncommitted", "PL-1", &[]),
    (L::StrongSessionReadUncommitted, "strong-session-read-uncommitted", "strong-session-PL-1", &[]),
    (L::StrongReadUncommitted, "strong-read-uncommitted", "strong-PL-1", &[]),
    (L::ReadCommitted, "read-committed", "PL-2", &[]),
    (L::StrongSessionReadCommitted, "strong-session-read-committed", "strong-session-PL-2", &[]),
    (L::StrongReadCommitted, "strong-read-committed", "strong-PL-2", &[]),
    (L::MonotonicAtomicView, "monotonic-atomic-view", "monotonic-atomic-view", &["MAV"]),
    (L::StrongSessionMonotonicAtomicView, "strong-session-monotonic-atomic-view", "strong-session-MAV", &[]),
    (L::StrongMonotonicAtomicView, "strong-monotonic-atomic-view", "strong-MAV", &[]),
    (L::ReadAtomic, "read-atomic", "read-atomic", &["RA"]),
    (L::StrongSessionReadAtomic, "strong-session-read-atomic", "strong-session-RA", &[]),
    (L::StrongReadAtomic, "strong-read-atomic", "strong-RA", &[]),
    (L::CausalCerone, "causal-cerone", "causal-cerone", &["transactional-causal", "transactional-causal-consistency"]),
    (L::StrongSessionCausal, "strong-session-causal", "strong-session-causal", &["strong-session-causal-cerone"]),
    (L::StrongCausal, "strong-causal", "strong-causal", &["strong-causal-cerone"]),
    (
        L::ParallelSnapshotIsolation,
        "parallel-snapshot-isolation",
        "parallel-snapshot-isolation",
        &["PSI", "parallel-SI"],
    ),
    (
        L::StrongSessionParallelSnapshotIsolation,
        "strong-session-parallel-snapshot-isolation",
        "strong-session-PSI",
        &["strong-session-parallel-SI"],
    ),
    (L::StrongParallelSnapshotIsolation, "strong-parallel-snapshot-isolation", "strong-PSI", &["strong-parallel-SI"]),
    (L::Prefix, "prefix", "prefix", &["prefix-consistency", "consistent-prefix"]),
    (L::StrongSessionPrefix, "strong-session-prefix", "strong-session-prefix", &["strong-session-prefix-consistency"]),
    (L::StrongPrefix, "strong-prefix", "strong-prefix", &["strong-prefix-consistency"]),
    (L::SnapshotIsolation, "snapshot-isolation", "PL-SI", &["SI"]),
    (
        L::StrongSessionSnapshotIsolation,
        "strong-session-snapshot-isolation",
        "strong-session-PL-SI",
        &["strong-session-SI"],
    ),
    (L::StrongSnapshotIsolation, "strong-snapshot-isolation", "strong-PL-SI", &["strong-SI"]),
    (L::Serializable, "serializable", "PL-3", &["conflict-serializable", "serializability", "SER"]),
    (L::StrongSessionSerializable, "strong-session-serializable", "strong-session-PL-3", &["strong-session-SER"]),
    (
        L::StrictSerializable,
        "strict-serializable",
        "PL-SS",
        &["strong-serializable", "strong-PL-3", "strict-serializability"],
    ),
    (L::UpdateAtomic, "update-atomic", "update-atomic", &[]),
    (L::MonotonicSnapshotRead, "monotonic-snapshot-read", "PL-MSR", &[]),
    (L::MonotonicView, "monotonic-view", "PL-2L", &[]),
    (L::CursorStability, "cursor-stability", "PL-CS", &[]),
    (L::ConsistentView, "consistent-view", "PL-2+", &[]),
    (L::ForwardConsistentView, "forward-consistent-view", "PL-FCV", &[]),
    (L::UpdateSerializable, "update-serializable", "PL-3U", &[]),
    (L::RepeatableRead, "repeatable-read", "PL-2.99", &[]),
    (L::ViewSerializable, "view-serializable", "view-serializable", &[]),
    (L::OneCopySerializable, "1SR", "1SR", &["one-copy-serializable"]),
    (L::SessionSerializable, "session-serializable", "session-serializable", &[]),
    (L::ReadYourWrites, "read-your-writes", "read-your-writes", &["RYW"]),
    (L::MonotonicReads, "monotonic-reads", "monotonic-reads", &["MR"]),
    (L::MonotonicWrites, "monotonic-writes", "monotonic-writes", &["MW"]),
    (L::WritesFollowReads, "writes-follow-reads", "writes-follow-reads", &["WFR", "session-causality"]),
    (L::Pram, "PRAM", "PRAM", &["FIFO"]),
    (L::Causal, "causal", "causal", &["causal-consistency"]),
    (L::Sequential, "sequential", "sequential", &[]),
    (L::Linearizable, "linearizable", "linearizable", &["linearizability", "atomic-consistency"]),
];

impl Level {
    /// How many there are.
    pub const COUNT: usize = NAMES.len();

    /// The levels that version orders decide, weak ones first; [`Level::under`] gives their stronger variants.
    pub const BASES: [Level; 9] = [
        Level::ReadUncommitted,
        Level::ReadCommitted,
        Level::MonotonicAtomicView,
        Level::ReadAtomic,
        Level::CausalCerone,
        Level::ParallelSnapshotIsolation,
        Level::Prefix,
        Level::SnapshotIsolation,
        Level::Serializable,
    ];

    /// What one session may count on, whatever other sessions see.
    pub const GUARANTEES: [Level; 6] = [
        Level::ReadYourWrites,
        Level::MonotonicReads,
        Level::MonotonicWrites,
        Level::WritesFollowReads,
        Level::Pram,
        Level::Causal,
    ];

    /// Every level.
    pub fn all() -> impl Iterator<Item = Level> {
        NAMES.iter().map(|names| names.0)
    }

    /// The name for people: `snapshot-isolation`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// The name of the literature: `PL-SI`; that for people where there is none.
    #[must_use]
    pub fn canonical(self) -> &'static str {
        NAMES[self as usize].2
    }

    /// The name that Elle prints, which is that for people but for strict serializability.
    #[must_use]
    pub fn elle_name(self) -> &'static str {
        match self {
            Level::StrictSerializable => "strong-serializable",
            other => other.name(),
        }
    }

    /// By what else it goes.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        NAMES[self as usize].3
    }

    /// Every name that [`Level::parse`] understands, for whoever suggests the nearest.
    pub fn names() -> impl Iterator<Item = (Level, &'static str)> {
        NAMES.iter().flat_map(|&(level, name, canonical, aliases)| {
            let canonical = (canonical != name).then_some(canonical);
            [name].into_iter().chain(canonical).chain(aliases.iter().copied()).map(move |name| (level, name))
        })
    }

    /// The level of that name: for people, of the literature, or an alias; case, a colon before it, and underscores or
    /// spaces for hyphens make no difference.
    #[must_use]
    pub fn parse(name: &str) -> Option<Level> {
        let plain = |name: &str| name.trim().trim_start_matches(':').to_lowercase().replace(['_', ' '], "-");
        let wanted = plain(name);
        Level::names().find(|&(_, known)| plain(known) == wanted).map(|(level, _)| level)
    }

    /// The variant of one of [`Level::BASES`] that also keeps the order of sessions, or of real time. Others have none.
    #[must_use]
    pub fn under(self, order: Needs) -> Option<Level> {
        let step = match order {
            Needs::Data => 0,
            Needs::Process => 1,
            Needs::Realtime => 2,
        };
        Level::BASES.contains(&self).then(|| NAMES[self as usize + step].0)
    }

    /// The base and the order that it is a variant of, if it is one.
    #[must_use]
    pub fn base(self) -> Option<(Level, Needs)> {
        let orders = [Needs::Data, Needs::Process, Needs::Realtime];
        let at = self as usize;
        (at < 27).then(|| (NAMES[at - at % 3].0, orders[at % 3]))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which orders besides data a level is about.
#[must_use]
pub fn orders_of(levels: &[Level]) -> Needs {
    let needs = |level: &Level| match level {
        Level::Linearizable => Needs::Realtime,
        Level::SessionSerializable | Level::Sequential => Needs::Process,
        other => other.base().map_or(Needs::Process, |(_, needs)| needs),
    };
    levels.iter().map(needs).max().unwrap_or(Needs::Realtime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (at, level) in Level::all().enumerate() {
            assert_eq!(level as usize, at, "{level}");
        }
    }

    #[test]
    fn no_name_means_two_levels_and_each_is_understood() {
        let mut meant = BTreeMap::new();
        for (level, name) in Level::names() {
            assert_eq!(meant.insert(name.to_lowercase(), level), None, "{name}");
            assert_eq!(Level::parse(name), Some(level), "{name}");
        }
        assert_eq!(Level::parse(":Snapshot_Isolation"), Some(Level::SnapshotIsolation));
        assert_eq!(Level::parse("strong-serializable"), Some(Level::StrictSerializable));
        assert_eq!(Level::parse("serialisable"), None);
    }

    #[test]
    fn variants_are_found_from_their_base_and_back() {
        assert_eq!(Level::Serializable.under(Needs::Realtime), Some(Level::StrictSerializable));
        assert_eq!(Level::Prefix.under(Needs::Process), Some(Level::StrongSessionPrefix));
        assert_eq!(Level::RepeatableRead.under(Needs::Data), None);
        for base in Level::BASES {
            for order in [Needs::Data, Needs::Process, Needs::Realtime] {
                let variant = base.under(order).expect("a base has variants");
                assert_eq!(variant.base(), Some((base, order)));
            }
        }
        assert_eq!(Level::UpdateAtomic.base(), None);
    }
}
