//! Random histories of at most five transactions on two objects, and what the oracles of both kinds of objects share.

use crate::support::transactions::{Objects, edn, recording};
use checkers::txn::{Inferred, Kind, Mop, NEVER};
use history::{CallOutcome, Recording, ValueId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many histories are judged.
pub fn histories() -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 100_000 } else { 10_000 }
}

/// A history of that seed, with its text.
pub fn history(seed: u64, objects: Objects) -> (String, Recording) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut store = Store { written: [Vec::new(), Vec::new()], objects };
    let plans: Vec<String> = (0..rng.random_range(1..=5)).map(|_| store.plan(&mut rng)).collect();
    let orders = [store.order(&mut rng, 0), store.order(&mut rng, 1)];
    let mut words = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        if number > 0 && rng.random_bool(0.3) {
            words.push("then".to_owned());
        }
        let word = fill(plan, &orders, objects, &mut rng);
        words.push(match rng.random_range(0..20) {
            0..2 => format!("!{word}"),
            2..5 => format!("?{word}"),
            5..11 => format!("p{}:{word}", rng.random_range(1..3)),
            _ => word,
        });
    }
    let text = words.join(" ");
    let recording = recording(&edn(&text, objects));
    (text, recording)
}

struct Store {
    written: [Vec<char>; 2],
    objects: Objects,
}

impl Store {
    /// One transaction; what it reads is left open, as `rx*`.
    fn plan(&mut self, rng: &mut ChaCha8Rng) -> String {
        let mut plan = String::new();
        for _ in 0..rng.random_range(1..=3) {
            let key = rng.random_range(0..2);
            let name = ['x', 'y'][key];
            if rng.random_bool(0.5) || self.written[key].len() == 5 {
                plan.push_str(&format!("r{name}*"));
            } else {
                let value = char::from(b'1' + self.written[key].len() as u8);
                self.written[key].push(value);
                let f = if self.objects == Objects::Lists { 'a' } else { 'w' };
                plan.push_str(&format!("{f}{name}{value}"));
            }
        }
        plan
    }

    /// An order of what is written to an object: mostly that of the transactions.
    fn order(&self, rng: &mut ChaCha8Rng, key: usize) -> Vec<char> {
        let mut order = self.written[key].clone();
        for _ in 0..rng.random_range(0..3) {
            if !order.is_empty() {
                let (a, b) = (rng.random_range(0..order.len()), rng.random_range(0..order.len()));
                order.swap(a, b);
            }
        }
        order
    }
}

fn fill(plan: &str, orders: &[Vec<char>; 2], objects: Objects, rng: &mut ChaCha8Rng) -> String {
    let mut word = String::new();
    for letter in plan.chars() {
        if letter != '*' {
            word.push(letter);
            continue;
        }
        let order = &orders[usize::from(word.ends_with('y'))];
        let mut list = order[..rng.random_range(0..=order.len())].to_vec();
        if rng.random_bool(0.06) && list.len() > 1 {
            let at = rng.random_range(1..list.len());
            list[at] = ['9', list[0], list[at - 1]][rng.random_range(0..3)];
        }
        match objects {
            Objects::Lists => word.extend(list),
            Objects::Registers => word.push(list.last().copied().unwrap_or('_')),
        }
    }
    word
}

/// Every order of these.
pub fn permutations(values: &[ValueId]) -> Vec<Vec<ValueId>> {
    if values.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in values.iter().enumerate() {
        let rest = [&values[..at], &values[at + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|rest| [vec![*first], rest].concat()));
    }
    all
}

/// Which rows may have committed: all that are ok, and any of those that nobody knows of.
pub fn commits(inferred: &Inferred<'_>) -> Vec<Vec<bool>> {
    let mut all = vec![Vec::new()];
    for row in 0..inferred.transactions.len() as u32 {
        let choices: &[bool] = match inferred.transactions.outcome(row) {
            CallOutcome::Ok => &[true],
            CallOutcome::Fail => &[false],
            CallOutcome::Info => &[false, true],
        };
        all = all.iter().flat_map(|before| choices.iter().map(|own| [&before[..], &[*own]].concat())).collect();
    }
    all
}

/// The steps of a row on an object.
pub fn steps(inferred: &Inferred<'_>, row: u32, key: u32) -> Vec<Mop> {
    inferred.transactions.mops(row).filter(|mop| mop.key == key).collect()
}

/// Values that a row writes to an object.
pub fn writes(inferred: &Inferred<'_>, row: u32, key: u32) -> Vec<ValueId> {
    let steps = steps(inferred, row, key).into_iter();
    steps.filter(|mop| mop.kind != Kind::Read).map(|mop| mop.value).collect()
}

pub fn rows(inferred: &Inferred<'_>) -> std::ops::Range<u32> {
    0..inferred.transactions.len() as u32
}

pub fn is_ok(inferred: &Inferred<'_>, row: u32) -> bool {
    inferred.transactions.outcome(row) == CallOutcome::Ok
}

/// True if the first had completed before the second began.
pub fn is_before(inferred: &Inferred<'_>, first: u32, second: u32) -> bool {
    let timeline = inferred.transactions.timeline();
    let ended = timeline.completed[first as usize];
    ended != NEVER && ended < timeline.invoked[second as usize]
}

/// Asks that a definition and the engine agree, and counts what was found.
pub struct Tally {
    pub found: std::collections::BTreeMap<&'static str, usize>,
}

impl Tally {
    pub fn agree(&mut self, inferred: &Inferred<'_>, text: &str, name: &'static str, defined: bool) {
        let found = inferred.findings.iter().any(|finding| finding.phenomenon.name() == name);
        assert_eq!(found, defined, "{name} in {text}: {:?}", inferred.findings);
        *self.found.entry(name).or_default() += usize::from(found);
    }
}
