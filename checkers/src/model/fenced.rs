//! Locks that hand out fencing tokens, plain and reentrant.

use crate::object::{Model, Names, Tie, V};

/// What is done to a fenced lock by one of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FencedOp {
    /// This client took it, and got this token; None if it got none, or nobody knows which.
    Acquire(V, Option<i64>),
    /// This client let go of it.
    Release(V),
}

/// A lock whose tokens grow. It may be held up to `limit` times by its owner; the token stays until it is let go.
/// Source: checkers.md 2.3, `fenced mutex` with a limit of 1 and `reentrant fenced` with more.
#[derive(Clone, Copy, Debug)]
pub struct FencedMutex {
    /// How often it may be held at a time.
    pub limit: u32,
}

impl Default for FencedMutex {
    fn default() -> Self {
        FencedMutex { limit: 1 }
    }
}

/// What a fenced lock knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fenced {
    /// The owner, and how often it holds the lock.
    pub owner: Option<(V, u32)>,
    /// The token of the present hold, if it is known.
    pub current: Option<i64>,
    /// The greatest token ever handed out.
    pub greatest: i64,
}

impl Model for FencedMutex {
    type Op = FencedOp;
    type State = Fenced;

    fn name(&self) -> &'static str {
        "fenced-mutex"
    }

    fn initial(&self) -> Fenced {
        Fenced { owner: None, current: None, greatest: i64::MIN }
    }

    fn step(&self, state: &Fenced, op: &FencedOp) -> Option<Fenced> {
        match (*op, state.owner) {
            (FencedOp::Acquire(client, token), None) => {
                let grows = token.is_none_or(|token| token > state.greatest) && self.limit > 0;
                let greatest = token.unwrap_or(state.greatest);
                grows.then_some(Fenced { owner: Some((client, 1)), current: token, greatest })
            }
            (FencedOp::Acquire(client, token), Some((owner, count))) if client == owner && count < self.limit => {
                again(state, client, count + 1, token)
            }
            (FencedOp::Release(client), Some((owner, count))) if client == owner => Some(if count > 1 {
                Fenced { owner: Some((owner, count - 1)), ..*state }
            } else {
                Fenced { owner: None, current: None, ..*state }
            }),
            _ => None,
        }
    }

    fn tie(&self, op: &FencedOp) -> Tie {
        match *op {
            FencedOp::Acquire(client, _) | FencedOp::Release(client) => Tie::group(client),
        }
    }

    fn describe_op(&self, op: &FencedOp, names: &Names<'_>) -> String {
        match op {
            FencedOp::Acquire(client, Some(token)) => {
                format!("acquire by client {} with token {token}", names.text(*client))
            }
            FencedOp::Acquire(client, None) => format!("acquire by client {}", names.text(*client)),
            FencedOp::Release(client) => format!("release by client {}", names.text(*client)),
        }
    }

    fn describe_state(&self, state: &Fenced, names: &Names<'_>) -> String {
        let token = if state.greatest == i64::MIN { "none".to_owned() } else { state.greatest.to_string() };
        match state.owner {
            Some((client, count)) => {
                format!("client {} holds the lock {count} times, greatest token {token}", names.text(client))
            }
            None => format!("the lock is free, greatest token {token}"),
        }
    }
}

/// The owner takes it once more: with the token that it has, or the first one that is known.
fn again(state: &Fenced, client: V, count: u32, token: Option<i64>) -> Option<Fenced> {
    let owner = Some((client, count));
    match (token, state.current) {
        (None, current) => Some(Fenced { owner, current, ..*state }),
        (Some(token), Some(current)) => (token == current).then_some(Fenced { owner, ..*state }),
        (Some(token), None) => {
            let grows = token > state.greatest;
            grows.then_some(Fenced { owner, current: Some(token), greatest: token })
        }
    }
}
