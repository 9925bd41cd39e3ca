//! What is wrong among transactions, in words: who is concerned, and for a cycle why each precedes the next.
//!
//! Source: the form of the argument is Kingsbury and Alvaro 2020, "Elle", section 5: *let T1 be ..., T1 before T2 because
//! ..., and yet*. Nothing is judged here.

mod by_predicates;
pub(super) mod circle;

use super::{Cycle, Finding, INITIAL, Inferred, Kind, Kinds, Mop, Phenomenon, Shape, Step, Transactions, Why, Write};
use std::collections::BTreeSet;

/// Something wrong, as people are told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// The transactions, in the order in which they are spoken of.
    pub rows: Vec<u32>,
    /// What each is called: `T12`.
    pub names: Vec<String>,
    /// What each did: `r 5 [1 2], append 5 3`.
    pub programs: Vec<String>,
    /// Of a cycle, why each precedes the next; the last leads to the first.
    pub hops: Vec<Hop>,
    /// What people call an anomaly of this shape: `write skew`.
    pub nickname: Option<&'static str>,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

/// Why a transaction precedes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Position of the first among the rows.
    pub from: usize,
    /// Position of the second.
    pub to: usize,
    /// `ww`, `wr`, `rw`, `process`, `realtime`.
    pub kind: String,
    /// In words.
    pub why: String,
}

/// Tells of an anomaly that needs no cycle.
pub(super) fn finding(transactions: &Transactions<'_>, finding: &Finding) -> Explained {
    let rows = finding.rows();
    Explained {
        names: rows.iter().map(|row| transactions.name(*row)).collect(),
        programs: rows.iter().map(|row| program(transactions, *row)).collect(),
        rows,
        sentence: finding.sentence.clone(),
        ..Explained::default()
    }
}

/// Tells of a cycle.
pub(super) fn cycle(inferred: &Inferred<'_>, cycle: &Cycle) -> Explained {
    let transactions = &inferred.transactions;
    let rows: Vec<u32> = cycle.steps.iter().map(|step| step.from).collect();
    let reasons: Vec<Reason> = cycle.steps.iter().map(|step| Reason::of(inferred, step)).collect();
    let names: Vec<String> = rows.iter().map(|row| transactions.name(*row)).collect();
    let count = rows.len();
    let hop = |(at, reason): (usize, &Reason)| Hop {
        from: at,
        to: (at + 1) % count,
        kind: reason.kind.clone(),
        why: reason.why.clone(),
    };
    let hops: Vec<Hop> = reasons.iter().enumerate().map(hop).collect();
    Explained {
        programs: rows.iter().map(|row| program(transactions, *row)).collect(),
        sentence: argument(&names, &hops),
        nickname: nickname(cycle, &reasons),
        rows,
        names,
        hops,
    }
}

/// `T1 < T2, because ...; however T2 < T1, because ...: a contradiction`.
fn argument(names: &[String], hops: &[Hop]) -> String {
    let last = hops.len().saturating_sub(1);
    let part = |(at, hop): (usize, &Hop)| {
        let however = if at == last { "however, " } else { "" };
        format!("{however}{} < {}, because {}", names[hop.from], names[hop.to], hop.why)
    };
    let parts: Vec<String> = hops.iter().enumerate().map(part).collect();
    format!("{}: a contradiction", parts.join("; "))
}

/// What a transaction did.
fn program(transactions: &Transactions<'_>, row: u32) -> String {
    let steps: Vec<String> = transactions.mops(row).map(|mop| step(transactions, mop)).collect();
    steps.join(", ")
}

/// One step of it.
pub(super) fn step(transactions: &Transactions<'_>, mop: Mop) -> String {
    let word = match mop.kind {
        Kind::Read => "r",
        Kind::Write => "w",
        Kind::Append => "append",
        Kind::Insert => "insert",
        Kind::Delete => "delete",
        Kind::Init => "init",
        Kind::PredicateRead => {
            let (predicate, found) = (transactions.predicate(mop.key), mop.value);
            return format!("rp {} {}", transactions.text(predicate), transactions.text(found));
        }
    };
    format!("{word} {} {}", transactions.key_text(mop.key), brief(transactions, mop))
}

/// A value; of a long list the end.
fn brief(transactions: &Transactions<'_>, mop: Mop) -> String {
    const SHOWN: usize = 8;
    if mop.value.is_nil() && mop.kind == Kind::Read && transactions.holds_lists() {
        return "[]".to_owned();
    }
    let elements = transactions.list(mop.value);
    if elements.len() <= SHOWN {
        return transactions.text(mop.value);
    }
    let end: Vec<String> =
        elements[elements.len() - SHOWN..].iter().map(|element| transactions.text(*element)).collect();
    format!("[.. {}]", end.join(" "))
}

/// Why one transaction precedes another, and about which object.
struct Reason {
    kind: String,
    why: String,
    key: Option<u32>,
}

impl Reason {
    fn of(inferred: &Inferred<'_>, step: &Step) -> Reason {
        let transactions = &inferred.transactions;
        match step.why {
            Why::Process => Reason::of_order("process", transactions, step.from, step.to),
            Why::Realtime => Reason::of_order("realtime", transactions, step.from, step.to),
            Why::Data(kinds) => Pair { inferred, from: step.from, to: step.to }.reason(kinds),
        }
    }
}

impl Reason {
    fn of_order(kind: &str, transactions: &Transactions<'_>, from: u32, to: u32) -> Reason {
        let (kind, why) = circle::ordered(kind, transactions, from, to);
        Reason { kind, why, key: None }
    }
}

/// Two transactions with something in common.
struct Pair<'a> {
    inferred: &'a Inferred<'a>,
    from: u32,
    to: u32,
}

impl Pair<'_> {
    fn reason(&self, kinds: Kinds) -> Reason {
        let ways = [
            (Kinds::WR | Kinds::WRP, self.read_from().filter(|_| kinds.any(Kinds::WR)), "wr"),
            (Kinds::WW | Kinds::WWP, self.overwrote(), "ww"),
            (Kinds::RW | Kinds::RWP, self.missed().filter(|_| kinds.any(Kinds::RW)), "rw"),
        ];
        let by_predicate = kinds.any(Kinds::WRP | Kinds::WWP | Kinds::RWP);
        let mut possible = ways.into_iter().filter(|(of, ..)| kinds.any(*of));
        let named = possible.clone().find_map(|(_, way, kind)| way.map(|(key, why)| (Some(key), why, kind)));
        let (key, why, kind) = named.unwrap_or_else(|| {
            let kind = possible.next().map_or("data", |(.., kind)| kind);
            let why = by_predicate
                .then(|| by_predicates::why(&self.inferred.transactions, self.from, self.to, kind))
                .flatten();
            (None, why.unwrap_or_else(|| self.unnamed(kind, by_predicate)), kind)
        });
        Reason { kind: kind.to_owned(), why, key }
    }

    fn unnamed(&self, kind: &str, by_predicate: bool) -> String {
        let (from, to) = self.names();
        let how = if by_predicate { ", by a predicate" } else { "" };
        match kind {
            "wr" => format!("{to} read what {from} wrote{how}"),
            "ww" => format!("{to} overwrote what {from} wrote{how}"),
            _ => format!("{from} did not see what {to} wrote{how}"),
        }
    }

    fn names(&self) -> (String, String) {
        let transactions = &self.inferred.transactions;
        (transactions.name(self.from), transactions.name(self.to))
    }

    fn read_from(&self) -> Option<(u32, String)> {
        let accesses = &self.inferred.accesses;
        let read = accesses.reads(self.to).iter().find(|read| read.from == self.from)?;
        let (from, to) = self.names();
        let value = self.written(self.from, read.key)?;
        let wrote = self.verb();
        Some((read.key, format!("{to} observed {from}'s {wrote} of {value} to key {}", self.key(read.key))))
    }

    fn overwrote(&self) -> Option<(u32, String)> {
        let (first, second) = self.nearest(self.writes(self.from))?;
        let (from, to) = self.names();
        let wrote = self.verb();
        let (old, new) = (self.written(self.from, first), self.written_at(self.to, first, second)?);
        let old = old.map_or_else(String::new, |old| format!(" of {old}"));
        Some((first, format!("{to}'s {wrote} of {new} to key {} came after {from}'s{old}", self.key(first))))
    }

    fn missed(&self) -> Option<(u32, String)> {
        let accesses = &self.inferred.accesses;
        let version = |key: u32, from: u32| match from {
            INITIAL => Some(0),
            writer => accesses.writes(writer).iter().filter(|write| write.key == key).map(|write| write.version).max(),
        };
        let reads = accesses.reads(self.from).iter();
        let seen = reads.filter_map(|read| Some((read.key, version(read.key, read.from)?)));
        let (key, second) = self.nearest(seen.collect())?;
        let (from, to) = self.names();
        let wrote = self.verb();
        let new = self.written_at(self.to, key, second)?;
        Some((key, format!("{from} did not observe {to}'s {wrote} of {new} to key {}", self.key(key))))
    }

    fn writes(&self, row: u32) -> Vec<(u32, u32)> {
        self.inferred.accesses.writes(row).iter().map(|write| (write.key, write.version)).collect()
    }

    /// The object of which the second transaction made the version that comes soonest after one of these; with it.
    fn nearest(&self, seen: Vec<(u32, u32)>) -> Option<(u32, u32)> {
        let writes = self.inferred.accesses.writes(self.to);
        let after = seen.iter().flat_map(|&(key, version)| {
            writes.iter().filter(move |write| write.key == key && is_after(write, version)).map(move |write| {
                let distance = write.version.saturating_sub(version);
                (distance, key, write.version)
            })
        });
        after.min().map(|(_, key, version)| (key, version))
    }

    /// The last value that a row wrote to an object.
    fn written(&self, row: u32, key: u32) -> Option<String> {
        let transactions = &self.inferred.transactions;
        let mut writes = transactions.mops(row).filter(|mop| mop.key == key && mop.kind.is_write());
        writes.next_back().map(|mop| transactions.text(mop.value))
    }

    /// The value that a row wrote to an object as this version: it may have written several.
    fn written_at(&self, row: u32, key: u32, version: u32) -> Option<String> {
        let transactions = &self.inferred.transactions;
        let versions = self.inferred.accesses.writes(row).iter().filter(|write| write.key == key);
        let at = versions.clone().position(|write| write.version == version)?;
        let mut values = transactions.mops(row).filter(|mop| mop.key == key && mop.kind.is_write());
        let value = if versions.count() == values.clone().count() { values.nth(at) } else { values.next_back() };
        value.map(|mop| transactions.text(mop.value))
    }

    fn key(&self, key: u32) -> String {
        self.inferred.transactions.key_text(key)
    }

    fn verb(&self) -> &'static str {
        if self.inferred.transactions.holds_lists() { "append" } else { "write" }
    }
}

fn is_after(write: &Write, version: u32) -> bool {
    write.version == Write::UNORDERED || version == Write::UNORDERED || write.version > version
}

/// What people call a cycle of this shape.
fn nickname(cycle: &Cycle, reasons: &[Reason]) -> Option<&'static str> {
    let Phenomenon::Cycle(shape, _) = cycle.phenomenon else { return None };
    let count = |kind: &str| reasons.iter().filter(|reason| reason.kind == kind).count();
    let keys: BTreeSet<u32> = reasons.iter().filter_map(|reason| reason.key).collect();
    let (two, all_named) = (reasons.len() == 2, reasons.iter().all(|reason| reason.key.is_some()));
    match shape {
        Shape::G0 => Some("dirty write"),
        Shape::G1c => Some("circular information flow"),
        Shape::GSingleItem | Shape::GSingle if two && all_named && keys.len() == 1 && count("ww") == 1 => {
            Some("lost update")
        }
        Shape::GSingleItem | Shape::GSingle if two && all_named && keys.len() == 2 && count("wr") == 1 => {
            Some("fractured read")
        }
        Shape::GSingleItem | Shape::GSingle => Some("read skew"),
        Shape::GNonadjacentItem | Shape::GNonadjacent if count("rw") == 2 && count("wr") == 2 && reasons.len() == 4 => {
            Some("long fork")
        }
        Shape::G2Item | Shape::G2 if two && all_named && keys.len() == 1 => Some("lost update"),
        Shape::G2Item | Shape::G2 if two && all_named && keys.len() == 2 => Some("write skew"),
        Shape::G2 if two && reasons.iter().all(|reason| reason.kind == "rw") => Some("phantom write skew"),
        _ => None,
    }
}
