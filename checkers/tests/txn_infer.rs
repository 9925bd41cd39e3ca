//! What follows from small histories of transactions before any cycle is looked for: edges, anomalies, doubts.

mod support;

#[path = "txn_infer/golden_lists.rs"]
mod golden_lists;
#[path = "txn_infer/golden_predicates.rs"]
mod golden_predicates;
#[path = "txn_infer/golden_registers.rs"]
mod golden_registers;
#[path = "txn_infer/published.rs"]
mod published;
#[path = "txn_infer/random.rs"]
mod random;
#[path = "txn_infer/random_lists.rs"]
mod random_lists;
#[path = "txn_infer/random_predicates.rs"]
mod random_predicates;
#[path = "txn_infer/random_registers.rs"]
mod random_registers;

use checkers::txn::{Inferred, Kinds};
use std::collections::BTreeSet;

/// Names of the anomalies, sorted, with a space between.
fn anomalies(inferred: &Inferred<'_>) -> String {
    let names: BTreeSet<String> = inferred.findings.iter().map(|finding| finding.phenomenon.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// Edges between rows, as `0 ww 1`, hubs looked through.
fn edges(inferred: &Inferred<'_>) -> BTreeSet<String> {
    let graph = &inferred.graph;
    let mut edges = BTreeSet::new();
    for from in 0..graph.transactions() {
        for (first, kinds) in graph.out(from) {
            let (mut open, mut seen) = (vec![first], BTreeSet::new());
            while let Some(node) = open.pop() {
                if !seen.insert(node) {
                    continue;
                }
                if node >= graph.transactions() {
                    open.extend(graph.out(node).inspect(|(_, via)| assert_eq!(*via, Kinds::VIA)).map(|(to, _)| to));
                    continue;
                }
                for kind in [Kinds::WW, Kinds::WR, Kinds::RW, Kinds::WWP, Kinds::WRP, Kinds::RWP] {
                    if kinds.has(kind) {
                        edges.insert(format!("{from} {kind} {node}"));
                    }
                }
            }
        }
    }
    edges
}

/// The same in parts: from, what, to.
fn edges_in_parts(inferred: &Inferred<'_>) -> Vec<(u32, String, u32)> {
    let parse = |text: &String| {
        let parts: Vec<&str> = text.split(' ').collect();
        (parts[0].parse().expect("a row"), parts[1].to_owned(), parts[2].parse().expect("a row"))
    };
    edges(inferred).iter().map(parse).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
