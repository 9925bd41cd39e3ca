//! The graph of crates is the one that ARCHITECTURE.md draws, and the left half stays pure.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each crate of ours, and the crates of ours that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("history", &[]),
    ("checkers", &["history"]),
    ("stores", &["history"]),
    ("workloads", &["history", "checkers"]),
    ("report", &["history", "checkers"]),
    ("cluster", &["history"]),
    ("lab", &["cluster"]),
    ("nemeses", &["cluster"]),
    ("databases", &["cluster", "history", "stores"]),
];

/// Crates that read no clock, open no socket and wait for nothing.
const PURE: &[&str] = &["history", "checkers", "stores", "workloads", "report"];

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    told.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

fn metadata() -> Value {
    // Packages of other platforms need not be there.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &host()])
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// Name of each package, and the names of the packages that it uses outside of its tests.
fn graph(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeMap<String, String> = packages.iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
    let is_normal = |dep: &Value| dep["dep_kinds"].as_array().expect("kinds").iter().any(|kind| kind["kind"].is_null());
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let uses = |node: &Value| {
        let deps = node["deps"].as_array().expect("deps").iter().filter(|dep| is_normal(dep));
        deps.map(|dep| names[dep["pkg"].as_str().expect("an id")].clone()).collect()
    };
    nodes.iter().map(|node| (names[node["id"].as_str().expect("an id")].clone(), uses(node))).collect()
}

#[test]
fn crates_use_only_the_layers_below_them() {
    let graph = graph(&metadata());
    for (name, allowed) in ALLOWED {
        let uses = &graph[&format!("gainsay-{name}")];
        for used in uses.iter().filter_map(|used| used.strip_prefix("gainsay-")) {
            assert!(allowed.contains(&used), "{name} must not use {used}; see ARCHITECTURE.md, section 2");
        }
        assert!(!uses.contains("gainsay"), "{name} must not use the command's own crate");
    }
}

#[test]
fn the_left_half_is_synchronous() {
    let graph = graph(&metadata());
    for name in PURE {
        let mut reached = BTreeSet::new();
        let mut open = vec![format!("gainsay-{name}")];
        while let Some(package) = open.pop() {
            if reached.insert(package.clone()) {
                open.extend(graph[&package].iter().cloned());
            }
        }
        for forbidden in ["tokio", "ssh2", "hyper", "rusqlite"] {
            assert!(!reached.contains(forbidden), "{name} must not reach {forbidden}");
        }
    }
}
