//! A recording as a data type understands it.

use crate::recording::calls::{Call, CallOutcome, Calls};
use crate::recording::columns::NO_TIME;
use crate::{
    DataType, EdnText, History, HistoryError, Moment, Note, OpId, Operation, Outcome, Process, Recording, Time, Value,
    ValueId, Values,
};
use std::collections::HashMap;

/// Integers that stand for values and keys that are none, so that data types of integers can hold them.
///
/// Integers stand for themselves. Any other value gets a number from `i64::MIN` on, any other key one from 2^63 on, or
/// from 0 if no key is an integer, both in the order of first use.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    values: Vec<ValueId>,
    by_value: HashMap<ValueId, i64>,
    keys: Vec<ValueId>,
    by_key: HashMap<ValueId, u64>,
    first_key: u64,
}

impl Numbers {
    /// The value that a number stands for; None if it is an integer itself.
    #[must_use]
    pub fn value(&self, number: i64) -> Option<ValueId> {
        self.values.get(usize::try_from(number.checked_sub(i64::MIN)?).ok()?).copied()
    }

    /// The key that a number stands for; None if it is an integer itself.
    #[must_use]
    pub fn key(&self, number: u64) -> Option<ValueId> {
        self.keys.get(usize::try_from(number.checked_sub(self.first_key)?).ok()?).copied()
    }

    /// A number as the file has its value.
    #[must_use]
    pub fn value_text(&self, number: i64, values: &Values) -> String {
        self.value(number).map_or_else(|| number.to_string(), |id| EdnText { values, id }.to_string())
    }

    /// A number as the file has its key.
    #[must_use]
    pub fn key_text(&self, number: u64, values: &Values) -> String {
        self.key(number).map_or_else(|| number.to_string(), |id| EdnText { values, id }.to_string())
    }

    fn number(&mut self, value: ValueId) -> i64 {
        *self.by_value.entry(value).or_insert_with(|| {
            self.values.push(value);
            // There are fewer than 2^31 values.
            i64::MIN + (self.values.len() as i64 - 1)
        })
    }

    fn key_number(&mut self, key: ValueId) -> u64 {
        *self.by_key.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.first_key + (self.keys.len() as u64 - 1)
        })
    }
}

/// What a data type decodes from: the values of a recording, and numbers for those that are no integers.
#[derive(Debug)]
pub struct Decoder<'a> {
    /// The arena of the recording.
    pub values: &'a Values,
    numbers: Numbers,
}

impl<'a> Decoder<'a> {
    /// The value of that name.
    #[must_use]
    pub fn get(&self, id: ValueId) -> Value<'a> {
        self.values.get(id)
    }

    /// The integer, or the number that stands for a value that is none. None for nil, which is the absence of a value.
    pub fn number(&mut self, id: ValueId) -> Option<i64> {
        match self.values.get(id) {
            Value::Nil => None,
            // What a number for another value could be taken for is given a number itself.
            Value::Int(integer) if integer > i64::MIN + (1 << 32) => Some(integer),
            _ => Some(self.numbers.number(id)),
        }
    }

    /// A value for an error message.
    #[must_use]
    pub fn shown(&self, id: ValueId) -> String {
        crate::datatype::shorten(&EdnText { values: self.values, id }.to_string())
    }

    /// A value as JSON in which every leaf that is no integer is replaced by its number.
    pub fn json(&mut self, id: ValueId) -> String {
        let mut json = String::new();
        self.write_json(id, &mut json);
        json
    }

    fn write_json(&mut self, id: ValueId, json: &mut String) {
        match self.values.get(id) {
            Value::Nil => json.push_str("null"),
            Value::Bool(truth) => json.push_str(if truth { "true" } else { "false" }),
            Value::Vector(elements) | Value::Set(elements) => {
                json.push('[');
                for (position, element) in elements.iter().enumerate() {
                    json.push_str(if position == 0 { "" } else { "," });
                    self.write_json(*element, json);
                }
                json.push(']');
            }
            _ => {
                let number = self.number(id).unwrap_or_default();
                json.push_str(itoa::Buffer::new().format(number));
            }
        }
    }

    fn key(&mut self, id: ValueId) -> u64 {
        let integer = self.values.get(id).integer().and_then(|key| u64::try_from(key).ok());
        integer.filter(|key| *key < 1 << 63).unwrap_or_else(|| self.numbers.key_number(id))
    }
}

/// A history with what its file says beyond it.
#[derive(Clone, Debug)]
pub struct Decoded<D: DataType> {
    /// The operations.
    pub history: History<D>,
    /// What the numbers in it stand for; their values are of the recording's arena.
    pub numbers: Numbers,
    /// Everything that was tolerated, while reading and while pairing.
    pub notes: Vec<Note>,
}

impl<D: DataType> History<D> {
    /// Understands a recording as histories of this data type are understood. Events that are no client's are left
    /// out. Keys and values that are no integers are numbered; [`History::decode`] says what the numbers stand for.
    ///
    /// # Errors
    /// The first event that no client can have made, or that is none of this data type.
    pub fn from_recording(recording: &Recording) -> Result<History<D>, HistoryError> {
        Self::decode(recording).map(|decoded| decoded.history)
    }

    /// The same with what the numbers stand for, and what was tolerated.
    ///
    /// # Errors
    /// The first event that no client can have made, or that is none of this data type.
    pub fn decode(recording: &Recording) -> Result<Decoded<D>, HistoryError> {
        let calls = Calls::pair(recording)?;
        let is_integer = |id: ValueId| recording.values().get(id).integer().is_some();
        let first_key = if calls.keys().into_iter().any(is_integer) { 1 << 63 } else { 0 };
        let numbers = Numbers { first_key, ..Numbers::default() };
        let mut decoding = Decoding {
            recording,
            decoder: Decoder { values: recording.values(), numbers },
            nodes: HashMap::new(),
            history: History { torn: recording.is_torn(), ..History::default() },
        };
        for call in calls.iter() {
            decoding.push(&call)?;
        }
        let notes = calls.notes().to_vec();
        Ok(Decoded { history: decoding.history, numbers: decoding.decoder.numbers, notes })
    }
}

struct Decoding<'a, D: DataType> {
    recording: &'a Recording,
    decoder: Decoder<'a>,
    nodes: HashMap<ValueId, u16>,
    history: History<D>,
}

impl<D: DataType> Decoding<'_, D> {
    fn push(&mut self, call: &Call) -> Result<(), HistoryError> {
        // In a history of completions the completion says what was asked, too.
        let row = call.invoked.or(call.completion).unwrap_or_default();
        let argument = if call.invoked.is_some() { call.argument } else { call.result };
        let complaint = |expected| self.recording.complaint(row, expected);
        let Ok(process) = u64::try_from(call.process) else {
            return Err(complaint(format!("`process` to be at least 0, not {}", call.process)));
        };
        let key = call.key.map(|key| self.decoder.key(key));
        let function = self.decoder.get(call.f).name().unwrap_or_default();
        let op = D::decode_op(function, key, argument, &mut self.decoder).map_err(complaint)?;
        let outcome = self.outcome(call, &op)?;
        let completion = call.completion.map(|row| self.moment(row));
        let is_open = call.outcome == CallOutcome::Info;
        let id = OpId(self.history.operations.len() as u32);
        let node = self.node(row)?;
        // What began at any time before its completion began before everything.
        let invoked = call.invoked.map_or(Moment { index: 0, time: Time(0) }, |row| self.moment(row));
        self.history.operations.push(Operation {
            id,
            process: Process(process),
            node,
            op,
            invoked,
            outcome,
            completed: completion.filter(|_| !is_open),
            gave_up: completion.filter(|_| is_open),
        });
        Ok(())
    }

    fn outcome(&mut self, call: &Call, op: &D::Op) -> Result<Outcome<D::Ret>, HistoryError> {
        let row = call.completion.unwrap_or_default();
        let complaint = |expected| self.recording.complaint(row, expected);
        Ok(match call.outcome {
            CallOutcome::Ok => Outcome::Ok(D::decode_ret(op, call.result, &mut self.decoder).map_err(complaint)?),
            CallOutcome::Fail => Outcome::Fail(self.reason(call)),
            CallOutcome::Info => Outcome::Info(self.reason(call)),
        })
    }

    /// Why a call failed: the text of its error, or of the value that stands in its place.
    fn reason(&self, call: &Call) -> String {
        let Some(row) = call.completion else { return "no completion was recorded".to_owned() };
        let value = self.recording.columns.value[row as usize];
        let stands_in = (value != call.argument && !value.is_nil()).then_some(value);
        match self.recording.columns.error(row).or(stands_in) {
            None => String::new(),
            Some(id) => match self.decoder.get(id) {
                Value::String(text) | Value::Keyword(text) => text.to_owned(),
                _ => EdnText { values: self.decoder.values, id }.to_string(),
            },
        }
    }

    fn moment(&self, row: u32) -> Moment {
        let time = self.recording.columns.time[row as usize];
        let time = if time == NO_TIME { 0 } else { u64::try_from(time).unwrap_or_default() };
        Moment { index: self.recording.index(row), time: Time(time) }
    }

    fn node(&mut self, row: u32) -> Result<Option<u16>, HistoryError> {
        let Some(id) = self.recording.columns.node[row as usize].present() else { return Ok(None) };
        if let Some(number) = self.nodes.get(&id) {
            return Ok(Some(*number));
        }
        let number = u16::try_from(self.history.nodes.len())
            .map_err(|_| self.recording.complaint(row, "at most 65536 nodes".to_owned()))?;
        let name = self.decoder.get(id).name().map_or_else(|| self.decoder.shown(id), str::to_owned);
        self.history.nodes.push(name);
        self.nodes.insert(id, number);
        Ok(Some(number))
    }
}
