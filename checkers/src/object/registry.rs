//! The models by name: what `--model` takes, and what each of them wants.

use super::judge::{JudgeOptions, Judged, judge_with};
use super::{Monitor, NIL, shapes};
use crate::model::*;
use history::Calls;

/// One model.
pub struct ModelEntry {
    /// What `--model` takes.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The functions that it knows, with the shapes of their values: invocation, then completion.
    pub functions: &'static str,
    /// What may be told of it: of `initial=NUMBER`, `permits=NUMBER`, `least-first=true`, `strict-fail-cas=true`.
    pub options: &'static [&'static str],
    run: fn(&Calls<'_>, &JudgeOptions) -> Result<Judged, String>,
}

/// Judges a history against the model of a name.
///
/// # Errors
/// If there is no such model, or the first call that is none of its operations: its line, and what was expected.
pub fn judge(model: &str, calls: &Calls<'_>, options: &JudgeOptions) -> Result<Judged, String> {
    let names = || models().iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let entry = models().iter().find(|entry| entry.name == model);
    let entry = entry.ok_or_else(|| format!("there is no model {model:?}; there are {}", names()))?;
    let given = [
        ("initial", options.initial.is_some()),
        ("permits", options.permits.is_some()),
        ("least-first", options.least_first),
        ("strict-fail-cas", options.strict_fail_cas),
    ];
    let is_known = |name: &str| entry.options.iter().any(|known| known.starts_with(name));
    if let Some((name, _)) = given.iter().find(|(name, is_given)| *is_given && !is_known(name)) {
        return Err(format!("{model} has no option {name}"));
    }
    (entry.run)(calls, options)
}

/// Every model.
#[must_use]
pub fn models() -> &'static [ModelEntry] {
    MODELS
}

const REGISTER_OPTIONS: &[&str] = &["initial=NUMBER", "strict-fail-cas=true"];

static MODELS: &[ModelEntry] = &[
    ModelEntry {
        name: "register",
        summary: "one register",
        functions: "read nil -> v; write v",
        options: REGISTER_OPTIONS,
        run: register,
    },
    ModelEntry {
        name: "cas-register",
        summary: "one register with compare-and-set",
        functions: "read nil -> v; write v; cas [old new]",
        options: REGISTER_OPTIONS,
        run: register,
    },
    ModelEntry {
        name: "multi-register",
        summary: "several registers, read and written together",
        functions: "txn [[:read k nil] [:write k v]] -> [[:read k v] [:write k v]]",
        options: &[],
        run: |calls, options| judge_with(&MultiRegister, calls, options, shapes::multi, None),
    },
    ModelEntry {
        name: "versioned-register",
        summary: "a register that counts its changes, as a key of etcd does",
        functions: "read [nil nil] -> [version v]; write [nil v] -> [version v]; cas [nil [old new]] -> [version [old new]]",
        options: &[],
        run: |calls, options| judge_with(&VersionedRegister, calls, options, shapes::versioned, None),
    },
    ModelEntry {
        name: "kv",
        summary: "a text per key that is appended to, as Porcupine's",
        functions: "get nil -> text; put text; append text",
        options: &[],
        run: |calls, options| judge_with(&Kv, calls, options, shapes::kv, None),
    },
    ModelEntry {
        name: "mutex",
        summary: "a lock that any client may release",
        functions: "acquire nil; release nil",
        options: &[],
        run: |calls, options| judge_with(&Mutex, calls, options, shapes::mutex, None),
    },
    ModelEntry {
        name: "owner-mutex",
        summary: "a lock that only its owner may release",
        functions: "acquire nil; release nil; the owner is :client of the value, or the process",
        options: &[],
        run: |calls, options| judge_with(&OwnerMutex, calls, options, shapes::owner, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "reentrant-mutex",
        summary: "a lock that its owner may take again",
        functions: "acquire nil; release nil; the owner is :client of the value, or the process",
        options: &["permits=NUMBER"],
        run: |calls, options| {
            let limit = options.permits.unwrap_or(ReentrantMutex::default().limit);
            judge_with(&ReentrantMutex { limit }, calls, options, shapes::owner, None)
        },
    },
    ModelEntry {
        name: "fenced-mutex",
        summary: "a lock whose tokens grow",
        functions: "acquire nil -> {:client c :fence n} or n; release nil",
        options: &["permits=NUMBER"],
        run: |calls, options| {
            let limit = options.permits.unwrap_or(FencedMutex::default().limit);
            judge_with(&FencedMutex { limit }, calls, options, shapes::fenced, None)
        },
    },
    ModelEntry {
        name: "semaphore",
        summary: "so many permits",
        functions: "acquire n; release n; the owner is :client of the value, or the process",
        options: &["permits=NUMBER"],
        run: |calls, options| {
            let permits = options.permits.unwrap_or(Semaphore::default().permits);
            judge_with(&Semaphore { permits }, calls, options, shapes::semaphore, Some(Monitor::monitor))
        },
    },
    ModelEntry {
        name: "fifo-queue",
        summary: "a first-in, first-out queue",
        functions: "enqueue v; dequeue nil -> v, or nil if it was empty",
        options: &[],
        run: |calls, options| judge_with(&Fifo, calls, options, shapes::queue, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "bag",
        summary: "a queue without order",
        functions: "enqueue v; dequeue nil -> v, or nil if it was empty",
        options: &[],
        run: |calls, options| judge_with(&Bag, calls, options, shapes::queue, None),
    },
    ModelEntry {
        name: "stack",
        summary: "a last-in, first-out stack",
        functions: "push v; pop nil -> v, or nil if it was empty",
        options: &[],
        run: |calls, options| judge_with(&Stack, calls, options, shapes::stack, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "priority-queue",
        summary: "a queue that gives out the greatest integer first",
        functions: "insert n; poll nil -> n, or nil if it was empty",
        options: &["least-first=true"],
        run: |calls, options| {
            let first = if options.least_first { First::Least } else { First::Greatest };
            judge_with(&PriorityQueue { first }, calls, options, shapes::priority, Some(Monitor::monitor))
        },
    },
    ModelEntry {
        name: "set",
        summary: "a set with removal",
        functions: "add v -> true; remove v -> true; contains v -> true or [v true]; read nil -> [v ..]",
        options: &[],
        run: |calls, options| judge_with(&Set, calls, options, shapes::set, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "grow-only-set",
        summary: "a set that only grows",
        functions: "add v; read nil -> [v ..]",
        options: &[],
        run: |calls, options| judge_with(&GrowOnlySet, calls, options, shapes::grow_only, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "append-log",
        summary: "a log that is only appended to",
        functions: "append v; read nil -> [v ..]",
        options: &[],
        run: |calls, options| judge_with(&AppendLog, calls, options, shapes::log, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "counter",
        summary: "a number that is added to",
        functions: "add n; read nil -> n; add-and-get n -> the number after; fetch-and-add n -> the number before",
        options: &[],
        run: |calls, options| judge_with(&Counter, calls, options, shapes::counter, Some(Monitor::monitor)),
    },
    ModelEntry {
        name: "fetch-and-increment",
        summary: "tickets: each call answers with the number before it",
        functions: "fetch-and-increment nil -> n; generate nil -> n",
        options: &["initial=NUMBER"],
        run: |calls, options| {
            let first = options.initial.unwrap_or(0);
            judge_with(&FetchAndIncrement { first }, calls, options, shapes::fetch, Some(Monitor::monitor))
        },
    },
];

fn register(calls: &Calls<'_>, options: &JudgeOptions) -> Result<Judged, String> {
    let initial = options.initial.unwrap_or(NIL);
    judge_with(&Register { initial }, calls, options, shapes::register, Some(Monitor::monitor))
}
