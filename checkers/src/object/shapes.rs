//! What the functions and values of each model look like in a history. Source: checkers.md 1.9, and the clients of
//! Jepsen, Knossos and Porcupine.

use super::decode::{Decoded, NilRead, Raw};
use super::{Model, NIL, Names, V};
use crate::model::*;
use history::{Value, ValueId};
use std::sync::Arc;

/// A value that was read: None if it says nothing.
fn found(raw: &Raw<'_, '_>, value: ValueId, initial: V, names: &mut Names<'_>) -> Option<V> {
    match (raw.is_ok(), value.is_nil(), raw.choices.nil) {
        (false, ..) | (true, true, NilRead::Wildcard) => None,
        (true, true, NilRead::Initial) => Some(initial),
        (true, false, _) => Some(names.number(value)),
    }
}

pub(super) fn register(model: &Register, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<RegisterOp> {
    match raw.f {
        "read" => Ok(found(raw, raw.call.result, model.initial, names).map(RegisterOp::Read)),
        "write" => Ok(Some(RegisterOp::Write(names.number(raw.asked())))),
        "cas" => {
            let (old, new) = raw.pair(raw.asked())?;
            let (old, new) = (names.number(old), names.number(new));
            Ok(Some(if raw.failed() { RegisterOp::Not(old) } else { RegisterOp::Cas(old, new) }))
        }
        _ => raw.unknown("read, write, cas"),
    }
}

/// Values are `[version value]`, either of which may be nil; a version alone may stand before the old value of a cas.
pub(super) fn versioned(_model: &VersionedRegister, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<VersionedOp> {
    let (version, value) = raw.pair(raw.either())?;
    let version = raw.value(version).integer().filter(|_| raw.is_ok());
    match raw.f {
        "read" => Ok(found(raw, value, NIL, names).map(|value| VersionedOp::Read(version, value))),
        "write" => Ok(Some(VersionedOp::Write(version, names.number(value)))),
        "cas" => {
            let (old, new) = raw.pair(value)?;
            Ok(Some(VersionedOp::Cas(version, names.number(old), names.number(new))))
        }
        "cas-version" => {
            let (old, new) = raw.pair(value)?;
            Ok(Some(VersionedOp::CasVersion(raw.integer(old)?, names.number(new))))
        }
        _ => raw.unknown("read, write, cas, cas-version"),
    }
}

/// Values are `[[:read k nil] [:write k v]]`; `:r` and `:w` are understood too.
pub(super) fn multi(_model: &MultiRegister, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<MultiOp> {
    let Value::Vector(steps) = raw.value(raw.either()) else {
        return Err(format!("a vector of steps as the value of {}", raw.f));
    };
    let mut op = Vec::with_capacity(steps.len());
    for step in steps {
        let Value::Vector(&[kind, key, value]) = raw.value(*step) else {
            return Err("a step [:read key value] or [:write key value]".to_owned());
        };
        let key = names.number(key);
        match raw.value(kind).name() {
            Some("read" | "r") => op.extend(found(raw, value, NIL, names).map(|value| Access::Read(key, value))),
            Some("write" | "w") => op.push(Access::Write(key, names.number(value))),
            _ => return Err("a step :read or :write".to_owned()),
        }
    }
    Ok(Some(op))
}

pub(super) fn kv(_model: &Kv, raw: &Raw<'_, '_>, _names: &mut Names<'_>) -> Decoded<KvOp> {
    let text = |id: ValueId| -> Arc<str> {
        match raw.value(id) {
            Value::Nil => Arc::from(""),
            Value::String(text) => Arc::from(text),
            _ => history::EdnText { values: raw.values, id }.to_string().into(),
        }
    };
    match raw.f {
        "get" | "read" => Ok((!raw.says_nothing()).then(|| KvOp::Get(text(raw.call.result)))),
        "put" | "write" => Ok(Some(KvOp::Put(text(raw.asked())))),
        "append" => Ok(Some(KvOp::Append(text(raw.asked())))),
        _ => raw.unknown("get, put, append"),
    }
}

/// What a removal took: nil is nothing.
fn got(raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Option<Got> {
    match (raw.is_ok(), raw.value(raw.call.result)) {
        (false, _) => (!raw.choices.crashed_removals_take_nothing).then_some(Got::Unknown),
        (true, Value::Nil) => Some(Got::Empty),
        (true, Value::Keyword("empty" | "exhausted")) => Some(Got::Empty),
        (true, _) => Some(Got::Value(names.number(raw.call.result))),
    }
}

pub(super) fn queue<M: Model>(_model: &M, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<QueueOp> {
    match raw.f {
        "enqueue" | "enq" | "offer" | "add" => Ok(Some(QueueOp::Enqueue(names.number(raw.asked())))),
        "dequeue" | "deq" | "poll" | "take" => Ok(got(raw, names).map(QueueOp::Dequeue)),
        _ => raw.unknown("enqueue, dequeue"),
    }
}

pub(super) fn stack(_model: &Stack, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<StackOp> {
    match raw.f {
        "push" => Ok(Some(StackOp::Push(names.number(raw.asked())))),
        "pop" => Ok(got(raw, names).map(StackOp::Pop)),
        _ => raw.unknown("push, pop"),
    }
}

pub(super) fn priority(_model: &PriorityQueue, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<PriorityOp> {
    match raw.f {
        "insert" | "offer" | "enqueue" | "add" => Ok(Some(PriorityOp::Insert(raw.integer(raw.asked())?))),
        "poll" | "dequeue" | "take" | "remove" => Ok(got(raw, names).map(PriorityOp::Poll)),
        _ => raw.unknown("insert, poll"),
    }
}

/// The elements that a full read found, ascending; what stands twice stands twice.
fn all(raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Result<Option<Vec<V>>, String> {
    if raw.says_nothing() {
        return Ok(None);
    }
    let mut elements = raw.elements(raw.call.result, names)?;
    elements.sort_unstable();
    Ok(Some(elements))
}

pub(super) fn set(_model: &Set, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<SetOp> {
    // The answer of a call: true, false, `[element true]`, or none at all.
    let answer = || match raw.value(raw.call.result) {
        Value::Bool(truth) => Some(truth),
        Value::Vector(&[_, truth]) => match raw.value(truth) {
            Value::Bool(truth) => Some(truth),
            _ => None,
        },
        _ => None,
    };
    let element = match (raw.call.argument.is_nil(), raw.value(raw.call.result)) {
        (true, Value::Vector(&[element, _])) => element,
        _ => raw.asked(),
    };
    match raw.f {
        "add" | "insert" => Ok(Some(SetOp::Add(names.number(element), answer()))),
        "remove" | "delete" => Ok(Some(SetOp::Remove(names.number(element), answer()))),
        "contains" | "contains?" => match (raw.is_ok(), answer()) {
            (false, _) => Ok(None),
            (true, Some(truth)) => Ok(Some(SetOp::Contains(names.number(element), truth))),
            (true, None) => Err("true, false, or [element true] as the answer of contains".to_owned()),
        },
        "read" => Ok(all(raw, names)?.map(|all| SetOp::ReadAll(all.into()))),
        _ => raw.unknown("add, remove, contains, read"),
    }
}

pub(super) fn grow_only(_model: &GrowOnlySet, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<GrowOnlyOp> {
    match raw.f {
        "add" | "broadcast" => Ok(Some(GrowOnlyOp::Add(names.number(raw.asked())))),
        "read" => Ok(all(raw, names)?.map(|all| GrowOnlyOp::ReadAll(all.into()))),
        _ => raw.unknown("add, read"),
    }
}

pub(super) fn log(_model: &AppendLog, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<LogOp> {
    match raw.f {
        "append" | "add" => Ok(Some(LogOp::Append(names.number(raw.asked())))),
        "read" if raw.says_nothing() => Ok(None),
        "read" => Ok(Some(LogOp::ReadAll(raw.elements(raw.call.result, names)?.into()))),
        _ => raw.unknown("append, read"),
    }
}

/// An addition that is answered with what the counter is afterwards, less so much.
fn and_get(raw: &Raw<'_, '_>, delta: i64, less: i64) -> Decoded<CounterOp> {
    if !raw.is_ok() {
        return Ok(Some(CounterOp::Add(delta)));
    }
    let answer = raw.integer(raw.call.result)?;
    Ok(Some(CounterOp::AddAndGet(delta, answer.wrapping_add(less))))
}

/// `add` is often completed with what was asked for, so only the others are taken to answer with the number.
pub(super) fn counter(_model: &Counter, raw: &Raw<'_, '_>, _names: &mut Names<'_>) -> Decoded<CounterOp> {
    let delta = || if raw.asked().is_nil() { Ok(1) } else { raw.integer(raw.asked()) };
    match raw.f {
        "add" | "increment" | "inc" => Ok(Some(CounterOp::Add(delta()?))),
        "subtract" | "decrement" | "dec" => Ok(Some(CounterOp::Add(delta()?.wrapping_neg()))),
        "add-and-get" => and_get(raw, raw.integer(raw.call.argument)?, 0),
        "fetch-and-add" => {
            let delta = raw.integer(raw.call.argument)?;
            and_get(raw, delta, delta)
        }
        "increment-and-get" => and_get(raw, 1, 0),
        "read" if raw.says_nothing() => Ok(None),
        "read" if raw.call.result.is_nil() => Ok(Some(CounterOp::Read(0))),
        "read" => Ok(Some(CounterOp::Read(raw.integer(raw.call.result)?))),
        _ => raw.unknown("add, subtract, read, add-and-get, fetch-and-add, increment-and-get"),
    }
}

pub(super) fn fetch(_model: &FetchAndIncrement, raw: &Raw<'_, '_>, _names: &mut Names<'_>) -> Decoded<Fetch> {
    match raw.f {
        "fetch-and-increment" | "fetch" | "increment" | "inc" | "generate" | "next" => {
            let number = if raw.is_ok() { Some(raw.integer(raw.call.result)?) } else { None };
            Ok(Some(Fetch(number)))
        }
        _ => raw.unknown("fetch-and-increment, generate"),
    }
}

/// The client that a lock knows: `:client` of the value, or the process.
fn client(raw: &Raw<'_, '_>, names: &mut Names<'_>) -> V {
    let named = raw.field(raw.either(), "client").or_else(|| raw.field(raw.call.argument, "client"));
    named.map_or(raw.call.process, |client| names.number(client))
}

pub(super) fn mutex(_model: &Mutex, raw: &Raw<'_, '_>, _names: &mut Names<'_>) -> Decoded<MutexOp> {
    match raw.f {
        "acquire" | "lock" => Ok(Some(MutexOp::Acquire)),
        "release" | "unlock" => Ok(Some(MutexOp::Release)),
        _ => raw.unknown("acquire, release"),
    }
}

pub(super) fn owner<M: Model>(_model: &M, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<OwnerOp> {
    match raw.f {
        "acquire" | "lock" => Ok(Some(OwnerOp::Acquire(client(raw, names)))),
        "release" | "unlock" => Ok(Some(OwnerOp::Release(client(raw, names)))),
        _ => raw.unknown("acquire, release"),
    }
}

/// The token is `:fence` or `:token` of the value of the answer, or that value itself; below 1 it is none.
pub(super) fn fenced(_model: &FencedMutex, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<FencedOp> {
    let client = client(raw, names);
    let result = raw.call.result;
    let token = raw.field(result, "fence").or_else(|| raw.field(result, "token")).unwrap_or(result);
    let token = raw.value(token).integer().filter(|token| *token > 0 && raw.is_ok());
    match raw.f {
        "acquire" | "lock" => Ok(Some(FencedOp::Acquire(client, token))),
        "release" | "unlock" => Ok(Some(FencedOp::Release(client))),
        _ => raw.unknown("acquire, release"),
    }
}

/// How many permits: `:permits` of the argument, or the argument itself; one if it does not say.
fn permits(raw: &Raw<'_, '_>) -> Result<u32, String> {
    let told = raw.field(raw.asked(), "permits").unwrap_or(raw.call.argument);
    match raw.value(told) {
        Value::Nil | Value::Map(_) => Ok(1),
        number => {
            let count = number.integer().and_then(|count| u32::try_from(count).ok());
            count.ok_or_else(|| format!("a number of permits as the value of {}", raw.f))
        }
    }
}

pub(super) fn semaphore(_model: &Semaphore, raw: &Raw<'_, '_>, names: &mut Names<'_>) -> Decoded<SemaphoreOp> {
    let client = client(raw, names);
    match raw.f {
        "acquire" => Ok(Some(SemaphoreOp::Acquire(client, permits(raw)?))),
        "release" => Ok(Some(SemaphoreOp::Release(client, permits(raw)?))),
        _ => raw.unknown("acquire, release"),
    }
}
