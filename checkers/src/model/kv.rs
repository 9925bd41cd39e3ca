//! A text that is put, got and appended to: one key of Porcupine's key-value store.

use crate::object::{Model, Names, Tie, V};
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

    fn pins(&self, op: &KvOp) -> Option<Arc<str>> {
        match op {
            KvOp::Get(text) | KvOp::Put(text) => Some(Arc::clone(text)),
            KvOp::Append(_) => None,
        }
    }

    /// What was got begins with what was put last, and holds all that was appended since. So whoever gets a text keeps
    /// every put of what the text begins with, and every append that begins with one of its characters.
    fn tie(&self, op: &KvOp) -> Tie {
        match op {
            KvOp::Get(text) => {
                let mut needs: Vec<V> = text.bytes().map(appended).collect();
                needs.sort_unstable();
                needs.dedup();
                needs.extend(prefixes(text));
                Tie { needs, ..Tie::default() }
            }
            KvOp::Put(text) => Tie { makes: prefixes(text).last().into_iter().collect(), ..Tie::default() },
            KvOp::Append(text) => {
                Tie { makes: text.bytes().next().map(appended).into_iter().collect(), ..Tie::default() }
            }
        }
    }

    fn size(&self, op: &KvOp) -> usize {
        let (KvOp::Get(text) | KvOp::Put(text) | KvOp::Append(text)) = op;
        1 + text.len()
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

/// Stands for every append that begins with this byte.
fn appended(first: u8) -> V {
    -1 - V::from(first)
}

/// One number for each beginning of a text, the empty one and the whole included. If two collide, more is kept than need
/// be.
fn prefixes(text: &str) -> impl Iterator<Item = V> {
    let step = |hash: &mut u64, byte: u8| {
        *hash = hash.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte) + 1);
        Some((*hash >> 1) as V)
    };
    std::iter::once(0).chain(text.bytes().scan(7, step))
}
