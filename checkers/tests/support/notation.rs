//! A notation for small histories: one line per process, time runs to the right, one column is a tenth of a second.
//!
//! `[w1   ]` is a write of 1 that succeeded, `[w1  !` one that failed, `[w1  ?` one that nobody answered; `[r1 ]` is a
//! read that found 1, `[r_ ]` one that found nothing; `[c1:2]` is a compare-and-set from 1 to 2. `@7` names the key.
//!
//! For locks, `[a5 ]` is an acquisition with token 5, `[f ]` a refresh and `[r ]` a release.

use super::{Draft, assemble};
use history::{DataType, History, Lock, LockOp, LockRet, Outcome, Register, RegisterOp, RegisterRet};

pub fn registers(text: &str) -> History<Register> {
    history(text, register)
}

pub fn locks(text: &str) -> History<Lock> {
    history(text, lock)
}

fn history<D: DataType>(text: &str, parse: fn(&str) -> (D::Op, D::Ret)) -> History<D> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let drafts = lines().enumerate().flat_map(|(process, line)| operations(process as u64, line, parse)).collect();
    assemble(drafts, lines().count())
}

fn operations<D: DataType>(process: u64, line: &str, parse: fn(&str) -> (D::Op, D::Ret)) -> Vec<Draft<D>> {
    let time = |column: usize| column as u64 * 100 + process;
    let mut drafts = Vec::new();
    let mut from = 0;
    while let Some(start) = line[from..].find('[').map(|at| from + at) {
        let end = start + line[start..].find([']', '!', '?']).expect("an end of the operation");
        let (op, ret) = parse(line[start + 1..end].trim());
        drafts.push(Draft {
            process,
            node: Some(process as u16),
            op,
            invoked: time(start),
            ended: Some(time(end)),
            outcome: match &line[end..=end] {
                "]" => Outcome::Ok(ret),
                "!" => Outcome::Fail("refused".into()),
                _ => Outcome::Info("timeout".into()),
            },
        });
        from = end + 1;
    }
    drafts
}

fn register(text: &str) -> (RegisterOp, RegisterRet) {
    let (text, key) = text.split_once('@').unwrap_or((text, "0"));
    let key = key.trim().parse().expect("a key");
    let (function, value) = text.split_at(1);
    let number = |text: &str| text.trim().parse::<i64>().expect("a number");
    match function {
        "r" => (RegisterOp::Read { key }, RegisterRet::Value((value.trim() != "_").then(|| number(value)))),
        "w" => (RegisterOp::Write { key, value: number(value) }, RegisterRet::Done),
        "c" => {
            let (expected, new) = value.split_once(':').expect("a colon");
            (RegisterOp::Cas { key, expected: number(expected), new: number(new) }, RegisterRet::Done)
        }
        other => panic!("no function {other}"),
    }
}

fn lock(text: &str) -> (LockOp, LockRet) {
    let (text, key) = text.split_once('@').unwrap_or((text, "0"));
    let key = key.trim().parse().expect("a key");
    let (function, value) = text.split_at(1);
    match function {
        "a" => {
            let token = value.trim().parse().expect("a token");
            (LockOp::Acquire { key }, LockRet::Acquired { token })
        }
        "f" => (LockOp::Refresh { key }, LockRet::Done),
        "r" => (LockOp::Release { key }, LockRet::Done),
        other => panic!("no function {other}"),
    }
}

/// A history in words, one line per operation.
pub fn show(history: &History<Register>) -> String {
    let line = |o: &history::Operation<Register>| {
        let to = o.completed.map_or("..".to_owned(), |completed| completed.index.to_string());
        format!("\n{} process {}: {:?} -> {:?}, {}-{to}", o.id.0, o.process, o.op, o.outcome, o.invoked.index)
    };
    history.operations.iter().map(line).collect()
}
