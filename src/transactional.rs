//! Histories of transactions that somebody else recorded, judged by the level of isolation that they are promised.

use crate::exit::{Exit, Failure};
use crate::recorded::{Asked, Judgeable};
use checkers::txn::level::Level;
use checkers::txn::{Initial, Objects, StampFields, TxnOptions, judge_independent};
use checkers::{Check, Verdict};
use history::{Calls, TransactionsOf};

/// What `--option` takes for transactions.
const OPTIONS: &[&str] =
    &["initial", "linearizable-keys", "own-writes", "realtime", "sequential-keys", "timestamps", "writes-follow-reads"];

/// What transactions may be about, by name.
const NAMES: [(&str, Objects, &str, &str); 3] = [
    (
        "list-append",
        Objects::Lists,
        "transactions over lists that are appended to: the level of isolation that --expect names",
        "txn [[:append k v] [:r k nil]] -> [[:append k v] [:r k [v ..]]]",
    ),
    (
        "rw-register",
        Objects::Registers,
        "transactions over registers that are overwritten: the level of isolation that --expect names",
        "txn [[:w k v] [:r k nil]] -> [[:w k v] [:r k v]]",
    ),
    (
        "predicate",
        Objects::Predicates,
        "transactions over rows that are set up, change once and are read by predicate: the level that --expect names",
        "init {k v ..}; txn [[:insert k v] [:delete k] [:w k v] [:r k nil] [:rp :true nil]] -> [.. [:rp :true {k v ..}]]",
    ),
];

/// Everything of the kind.
pub(crate) fn judgeable() -> impl Iterator<Item = Judgeable> {
    NAMES.iter().map(|(name, _, summary, functions)| Judgeable {
        name,
        summary: (*summary).to_owned(),
        functions: (*functions).to_owned(),
        options: OPTIONS.to_vec(),
    })
}

/// What the transactions of that name are about; None if it is no such name.
pub(crate) fn objects(name: &str) -> Option<Objects> {
    NAMES.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

/// How transactions are read that are about that; None where they hold what only the general reader knows.
pub(crate) fn as_read(objects: Objects) -> Option<TransactionsOf> {
    match objects {
        Objects::Lists => Some(TransactionsOf::Lists),
        Objects::Registers => Some(TransactionsOf::Registers),
        Objects::Predicates => None,
    }
}

/// Judges a history: what is promised, the verdict on it, and what else is promised where timestamps are given.
pub(crate) fn judge(
    objects: Objects,
    asked: &Asked,
    calls: &Calls<'_>,
    malformed: impl FnOnce(String) -> Failure,
) -> Result<(String, Verdict, Option<Check>), Failure> {
    let minimise = TxnOptions::MINIMISE;
    let mut options = TxnOptions { as_elle: asked.as_elle, minimise, ..TxnOptions::default() };
    if !asked.expect.is_empty() {
        options.expect = asked.expect.clone();
    }
    asked.options.iter().try_for_each(|pair| set(&mut options, pair))?;
    let fields = asked.options.iter().filter_map(|pair| pair.strip_prefix("timestamps=")).next_back().map(fields);
    options.stamps = fields.as_ref().map(|fields| fields.of(calls)).unwrap_or_default();
    let names: Vec<&str> = options.expect.iter().map(|level| level.name()).collect();
    if fields.is_some() {
        check_levels(objects, &options)?;
    }
    let verdicts = judge_independent(objects, calls, &options).map_err(malformed)?;
    let promise = format!("transactions keep {}", names.join(", "));
    let besides = fields.zip(verdicts.timestamps).map(|(fields, verdict)| by_timestamps(&fields, verdict));
    Ok((promise, verdicts.isolation, besides))
}

/// `START,COMMIT`, or one field that is both; those of the default for anything that is no name.
fn fields(value: &str) -> StampFields {
    match value.split_once(',') {
        Some((start, commit)) => StampFields { start: start.trim().to_owned(), commit: commit.trim().to_owned() },
        None if value == "true" => StampFields::default(),
        None => StampFields { start: value.to_owned(), commit: value.to_owned() },
    }
}

/// Timestamps say nothing of most levels.
fn check_levels(objects: Objects, options: &TxnOptions) -> Result<(), Failure> {
    let bases = options.expect.iter().filter_map(|level| level.base());
    let is_decided =
        bases.map(|base| base.0).any(|base| matches!(base, Level::SnapshotIsolation | Level::Serializable));
    if is_decided && objects != Objects::Predicates {
        return Ok(());
    }
    let what = "is about lists and registers under snapshot isolation or serializability";
    Err(Failure::message(Exit::Usage, format!("the option `timestamps` {what}")))
}

/// Whether what was read and written is what the timestamps say: a promise of its own.
fn by_timestamps(StampFields { start, commit }: &StampFields, verdict: Verdict) -> Check {
    let promise = format!("reads and writes are as the timestamps say that the database gave ({start}, {commit})");
    Check { name: "timestamps".to_owned(), promise, verdict }
}

fn set(options: &mut TxnOptions, pair: &str) -> Result<(), Failure> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let infer = &mut options.infer;
    let flag = match name {
        "initial" => {
            infer.initial = Initial::All(value.to_owned());
            return Ok(());
        }
        "timestamps" if !value.is_empty() => return Ok(()),
        "linearizable-keys" => &mut infer.linearizable_keys,
        "own-writes" => &mut infer.own_writes,
        "realtime" => &mut infer.realtime,
        "sequential-keys" => &mut infer.sequential_keys,
        "writes-follow-reads" => &mut infer.writes_follow_reads,
        _ => {
            let message = format!("transactions have no option `{name}`; there are {}", OPTIONS.join(", "));
            return Err(Failure::message(Exit::Usage, message));
        }
    };
    *flag = value.parse().map_err(|_| {
        let message = format!("the option `{name}` is true or false, not `{value}`");
        Failure::message(Exit::Usage, message)
    })?;
    if name == "realtime" && !infer.realtime {
        options.cycles.orders = options.cycles.orders.min(checkers::txn::Needs::Process);
    }
    Ok(())
}
