//! The calls of one object, with their rows and times at hand.

use history::{Call, CallOutcome, Calls, EdnText, Value, ValueId, Values};
use rustc_hash::FxHashMap;

/// The row of a call that never returns, and its time.
pub(super) const NEVER: i64 = i64::MAX;

/// One call. Rows order calls: `a.returned < b.invoked` means that a was over before b began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op<'a> {
    /// Its position in the calls.
    pub at: u32,
    pub process: i64,
    pub f: &'a str,
    pub key: Option<ValueId>,
    /// The value of the invocation, or of the completion if there is no invocation.
    pub argument: ValueId,
    pub result: ValueId,
    pub outcome: CallOutcome,
    /// The row of the invocation; -1 if it may have begun at any time.
    pub invoked: i64,
    /// The row of the return; [`NEVER`] if it is indeterminate.
    pub returned: i64,
    /// Nanoseconds at the invocation; -1 if nobody knows.
    pub begin: i64,
    /// Nanoseconds at the return; -1 if nobody knows, [`NEVER`] if it is indeterminate.
    pub end: i64,
}

impl<'a> Op<'a> {
    fn of(calls: &Calls<'a>, position: usize) -> Op<'a> {
        let call: Call = calls.get(position);
        let time = |row: u32| calls.recording().event(row).time;
        Op {
            at: position as u32,
            process: call.process,
            f: calls.function(position),
            key: call.key,
            argument: if call.invoked.is_some() { call.argument } else { call.result },
            result: call.result,
            outcome: call.outcome,
            invoked: call.invoked.map_or(-1, i64::from),
            returned: call.returned.map_or(NEVER, i64::from),
            begin: call.invoked.map_or(-1, time),
            end: call.returned.map_or(NEVER, time),
        }
    }

    pub fn is_ok(&self) -> bool {
        self.outcome == CallOutcome::Ok
    }

    pub fn is_failed(&self) -> bool {
        self.outcome == CallOutcome::Fail
    }

    pub fn is_crashed(&self) -> bool {
        self.outcome == CallOutcome::Info
    }

    /// True if it was over before the other began.
    pub fn precedes(&self, other: &Op) -> bool {
        self.returned < other.invoked
    }

    /// True if both its times are known.
    pub fn is_timed(&self) -> bool {
        self.begin >= 0 && self.end >= 0
    }
}

/// The calls of one object in the order of their invocations.
pub(super) struct Object<'a> {
    pub calls: &'a Calls<'a>,
    pub key: Option<ValueId>,
    pub ops: Vec<Op<'a>>,
}

/// Calls without a key concern every object; more copies of them than this are not made.
const MOST_COPIES: usize = 20_000_000;

/// The objects of a history, one per key, or all calls as one.
pub(super) fn split<'a>(calls: &'a Calls<'a>, per_key: bool) -> Result<impl Iterator<Item = Object<'a>> + 'a, String> {
    let keys = if per_key { calls.keys() } else { Vec::new() };
    let number: FxHashMap<ValueId, usize> = keys.iter().enumerate().map(|(number, key)| (*key, number)).collect();
    let mut positions: Vec<Vec<u32>> = vec![Vec::new(); keys.len().max(1)];
    let mut copies = 0;
    for (position, call) in calls.iter().enumerate() {
        match call.key.and_then(|key| number.get(&key)) {
            Some(number) => positions[*number].push(position as u32),
            None => {
                copies += positions.len();
                if copies > MOST_COPIES {
                    return Err(format!("too many calls without a key for {} keys", keys.len()));
                }
                positions.iter_mut().for_each(|positions| positions.push(position as u32));
            }
        }
    }
    let object = move |(number, positions): (usize, Vec<u32>)| Object {
        key: keys.get(number).copied(),
        ..of_positions(calls, &positions)
    };
    Ok(positions.into_iter().enumerate().map(object))
}

/// Some calls only, in their order.
pub(super) fn of_positions<'a>(calls: &'a Calls<'a>, positions: &[u32]) -> Object<'a> {
    let ops = positions.iter().map(|position| Op::of(calls, *position as usize)).collect();
    Object { calls, key: None, ops }
}

/// An event of one of the calls of an object: its row, and the call's place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    Begin(usize),
    End(usize),
}

impl<'a> Object<'a> {
    pub fn values(&self) -> &'a Values {
        self.calls.recording().values()
    }

    pub fn value(&self, id: ValueId) -> Value<'a> {
        self.values().get(id)
    }

    pub fn integer(&self, id: ValueId) -> Option<i64> {
        self.value(id).integer()
    }

    /// The key as a number that is not negative.
    pub fn key_number(&self) -> Option<u64> {
        self.key.and_then(|key| self.integer(key)).and_then(|key| u64::try_from(key).ok())
    }

    /// Calls of a function that were acknowledged.
    pub fn ok(&self, f: &'static str) -> impl Iterator<Item = &Op<'a>> + '_ {
        self.ops.iter().filter(move |op| op.is_ok() && op.f == f)
    }

    /// Invocations and returns in their order. Crashed calls do not return.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<(i64, Edge)> = Vec::with_capacity(self.ops.len() * 2);
        for (place, op) in self.ops.iter().enumerate() {
            edges.push((op.invoked, Edge::Begin(place)));
            if op.returned != NEVER {
                edges.push((op.returned, Edge::End(place)));
            }
        }
        edges.sort_unstable();
        edges.into_iter().map(|(_, edge)| edge).collect()
    }

    /// The value of a map's entry whose key has that name.
    pub fn field(&self, map: ValueId, name: &str) -> Option<ValueId> {
        let mut entries = self.value(map).entries(self.values())?;
        let is_it = |key: ValueId| self.value(key).name() == Some(name);
        entries.find(|(key, _)| is_it(*key)).map(|(_, value)| value).filter(|value| !value.is_nil())
    }

    /// A value for people, cut off where it is long.
    pub fn text(&self, id: ValueId) -> String {
        const MOST: usize = 60;
        let mut text = Short { text: String::new(), room: MOST };
        let whole = std::fmt::write(&mut text, format_args!("{}", EdnText { values: self.values(), id })).is_ok();
        if whole { text.text } else { text.text + "..." }
    }

    /// Whose call it is, and where it stands: `process 3 at index 12`.
    pub fn who(&self, op: &Op) -> String {
        let row = if op.invoked >= 0 { op.invoked } else { op.returned };
        let index = u32::try_from(row).map_or(0, |row| self.calls.recording().index(row));
        format!("process {} at index {index}", op.process)
    }

    /// The node that a call went to: that of its completion, or of its invocation.
    pub fn node(&self, op: &Op) -> Option<ValueId> {
        let node = |row: i64| u32::try_from(row).ok().and_then(|row| self.calls.recording().event(row).node);
        let returned = if op.returned == NEVER { -1 } else { op.returned };
        node(returned).or_else(|| node(op.invoked))
    }
}

/// A text that takes no more than it has room for.
struct Short {
    text: String,
    room: usize,
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let mut fits = part.len().min(self.room);
        while !part.is_char_boundary(fits) {
            fits -= 1;
        }
        self.text.push_str(&part[..fits]);
        self.room -= fits;
        if fits == part.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

/// Nanoseconds as seconds for people.
pub(super) fn seconds(nanoseconds: i128) -> String {
    format!("{:.6} s", nanoseconds as f64 / 1e9)
}
