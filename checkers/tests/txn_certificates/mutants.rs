//! Certificates that are nearly right: each has one thing changed, dropped or out of place.

use checkers::txn::level::{Before, Cause, Lemma, Link, Step, Why};
use checkers::txn::{Certificate, Cycle, Finding, Kinds, Phenomenon};

/// One that is like another but for a single change, and whether no history at all can make it right.
pub struct Mutant {
    pub certificate: Certificate,
    pub is_hopeless: bool,
    pub what: &'static str,
}

/// Every mutant of a certificate, of a history of so many rows.
pub fn mutants(certificate: &Certificate, rows: u32) -> Vec<Mutant> {
    match certificate {
        Certificate::Finding(finding) => findings(finding, rows),
        Certificate::Cycle(cycle) => cycles(cycle, rows),
        Certificate::Circle(steps) => wrapped(rounds(steps, rows, redirect), Certificate::Circle, &others(steps)),
        Certificate::Befores(steps) => wrapped(rounds(steps, rows, redirected), Certificate::Befores, &causes(steps)),
        Certificate::Orders(lemmas) => orders(lemmas, rows),
        Certificate::Component(_) | Certificate::Nowhere { .. } => Vec::new(),
    }
}

type Changed<S> = (Vec<S>, bool, &'static str);

/// Steps with one left out, two exchanged, or one that leads elsewhere.
fn rounds<S: Clone>(steps: &[S], rows: u32, redirect: impl Fn(&S, u32) -> [S; 2]) -> Vec<Changed<S>> {
    let mut all = vec![(Vec::new(), true, "nothing")];
    for at in 0..steps.len() {
        let mut less = steps.to_vec();
        less.remove(at);
        all.push((less, true, "a step less"));
        if steps.len() > 2 {
            let mut swapped = steps.to_vec();
            swapped.swap(at, (at + 1) % steps.len());
            all.push((swapped, true, "steps exchanged"));
        }
        for row in 0..=rows {
            for other in redirect(&steps[at], row) {
                let mut changed = steps.to_vec();
                changed[at] = other;
                all.push((changed, true, "another transaction"));
            }
        }
    }
    all
}

fn redirect(step: &Step, row: u32) -> [Step; 2] {
    [Step { from: row, ..*step }, Step { to: row, ..*step }]
}

fn redirected(step: &Before, row: u32) -> [Before; 2] {
    [Before { from: row, ..step.clone() }, Before { to: row, ..step.clone() }]
}

/// Each step with every other reason.
fn others(steps: &[Step]) -> Vec<Changed<Step>> {
    let kinds = [Kinds::NONE, Kinds::WW, Kinds::WR, Kinds::RW, Kinds::RWP].map(Why::Data);
    let keys = (0..3).flat_map(|key| [Why::Stale { key }, Why::Overwritten { key }]);
    let whys: Vec<Why> = kinds.into_iter().chain([Why::Session, Why::Realtime]).chain(keys).collect();
    let changed = |at: usize, why: Why| {
        let mut steps = steps.to_vec();
        steps[at].why = why;
        (steps, why == Why::Data(Kinds::NONE) || why == Why::Data(Kinds::RWP), "another reason")
    };
    (0..steps.len()).flat_map(|at| whys.iter().map(move |why| changed(at, *why))).collect()
}

fn causes(steps: &[Before]) -> Vec<Changed<Before>> {
    let changed = |at: usize, cause: Cause| {
        let mut steps = steps.to_vec();
        steps[at].cause = cause;
        (steps, false, "another cause")
    };
    (0..steps.len()).flat_map(|at| [Cause::Reads, Cause::Session].map(|cause| changed(at, cause))).collect()
}

fn wrapped<S: Clone + PartialEq>(
    rounds: Vec<Changed<S>>,
    wrap: impl Fn(Vec<S>) -> Certificate,
    more: &[Changed<S>],
) -> Vec<Mutant> {
    let all = rounds.into_iter().chain(more.iter().cloned());
    all.map(|(steps, is_hopeless, what)| Mutant { certificate: wrap(steps), is_hopeless, what }).collect()
}

fn cycles(cycle: &Cycle, rows: u32) -> Vec<Mutant> {
    use checkers::txn::{Step, Why};
    let redirect = |step: &Step, row: u32| [Step { from: row, ..*step }, Step { to: row, ..*step }];
    let whys = [Kinds::NONE, Kinds::WW, Kinds::WR, Kinds::RW, Kinds::RWP].map(Why::Data);
    let whys: Vec<Why> = whys.into_iter().chain([Why::Process, Why::Realtime]).collect();
    let changed = |at: usize, why: Why| {
        let mut steps = cycle.steps.clone();
        steps[at].why = why;
        (steps, true, "another reason and the same name")
    };
    let reasons: Vec<Changed<Step>> = (0..cycle.steps.len())
        .flat_map(|at| whys.iter().filter(move |why| **why != cycle.steps[at].why).map(move |why| changed(at, *why)))
        // An overwrite for a read, or the other way, may leave the name what it was.
        .map(|(steps, _, what)| (steps, false, what))
        .collect();
    let wrap = |steps| Certificate::Cycle(Cycle { steps, ..cycle.clone() });
    let mut all = wrapped(rounds(&cycle.steps, rows, redirect), wrap, &reasons);
    for phenomenon in Phenomenon::all().filter(|other| *other != cycle.phenomenon) {
        let certificate = Certificate::Cycle(Cycle { phenomenon, ..cycle.clone() });
        all.push(Mutant { certificate, is_hopeless: true, what: "another name" });
    }
    all
}

fn findings(finding: &Finding, rows: u32) -> Vec<Mutant> {
    let mut all = Vec::new();
    let mut add = |is_hopeless: bool, what: &'static str, change: &dyn Fn(&mut Finding)| {
        let mut changed = finding.clone();
        change(&mut changed);
        all.push(Mutant { certificate: Certificate::Finding(changed), is_hopeless, what });
    };
    for phenomenon in Phenomenon::PLAIN.into_iter().filter(|other| *other != finding.phenomenon) {
        add(false, "another name", &|changed| changed.phenomenon = phenomenon);
    }
    add(false, "another object", &|changed| changed.key += 1);
    add(true, "no object", &|changed| changed.key = u32::MAX);
    for at in 0..finding.spots.len() {
        for row in 0..rows {
            add(false, "another transaction", &|changed| changed.spots[at].row = row);
        }
        add(true, "no transaction", &|changed| changed.spots[at].row = rows);
        add(false, "another step", &|changed| changed.spots[at].step += 1);
        add(true, "no step", &|changed| changed.spots[at].step = 999);
        add(finding.spots.len() < 3, "a step less", &|changed| {
            changed.spots.remove(at);
        });
    }
    for at in 0..finding.values.len() {
        add(false, "another value", &|changed| changed.values[at] = history::ValueId::NIL);
        add(false, "a value less", &|changed| {
            changed.values.remove(at);
        });
    }
    all
}

fn orders(lemmas: &[Lemma], rows: u32) -> Vec<Mutant> {
    let mut all = Vec::new();
    let mut add = |is_hopeless: bool, what: &'static str, lemmas: Vec<Lemma>| {
        all.push(Mutant { certificate: Certificate::Orders(lemmas), is_hopeless, what });
    };
    add(true, "nothing", Vec::new());
    for at in 0..lemmas.len() {
        let mut less = lemmas.to_vec();
        less.remove(at);
        add(false, "a cycle less", less);
        for link in 0..lemmas[at].links.len() {
            let mut cut = lemmas.to_vec();
            cut[at].links.remove(link);
            add(true, "a link less", cut);
            let mut other = lemmas.to_vec();
            other[at].links[link] = match lemmas[at].links[link] {
                Link::Known(step) => Link::Known(Step { to: rows, ..step }),
                Link::Chosen { second, reader, .. } => Link::Chosen { first: rows, second, reader },
            };
            add(true, "another transaction", other);
            let mut turned = lemmas.to_vec();
            turned[at].links[link] = match lemmas[at].links[link] {
                Link::Known(step) => Link::Known(Step { why: Why::Data(Kinds::NONE), ..step }),
                Link::Chosen { first, second, reader } => Link::Chosen { first: second, second: first, reader },
            };
            add(false, "a link turned", turned);
        }
    }
    all
}
