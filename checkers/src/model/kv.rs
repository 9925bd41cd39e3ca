//! A text that is put, got and appended to: one key of Porcupine's key-value store.

use crate::object::{Model, Names};
use std::sync::Arc;

/// What is done to one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KvOp {
    /// Found this text.
    Get(Arc<str>),
    /// Made it this text.
    Put(Arc<str>),
    /// Put this text behind what was there.
    Append(Arc<str>),
}

/// One key, which holds the empty text at first. Source: Porcupine's `kvModel`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kv;

impl Model for Kv {
    type Op = KvOp;
    type State = Arc<str>;

    fn name(&self) -> &'static str {
        "kv"
    }

    fn initial(&self) -> Arc<str> {
        Arc::from("")
    }

    fn step(&self, state: &Arc<str>, op: &KvOp) -> Option<Arc<str>> {
        match op {
            KvOp::Get(text) => (text == state).then(|| Arc::clone(state)),
            KvOp::Put(text) => Some(Arc::clone(text)),
            KvOp::Append(text) => Some([&**state, &**text].concat().into()),
        }
    }

    fn is_read(&self, op: &KvOp) -> bool {
        matches!(op, KvOp::Get(_))
    }

    fn weight(&self, state: &Arc<str>) -> usize {
        32 + state.len()
    }

    fn observes(&self, op: &KvOp) -> bool {
        matches!(op, KvOp::Get(_))
    }

    fn describe_op(&self, op: &KvOp, _names: &Names<'_>) -> String {
        match op {
            KvOp::Get(text) => format!("get {text:?}"),
            KvOp::Put(text) => format!("put {text:?}"),
            KvOp::Append(text) => format!("append {text:?}"),
        }
    }

    fn describe_state(&self, state: &Arc<str>, _names: &Names<'_>) -> String {
        format!("the key holds {state:?}")
    }
}
