//! Histories that others have published: they load, and show what is known of them.
#![allow(clippy::print_stdout, reason = "a folder that is missing must be said")]

use crate::{anomalies, edges};
use checkers::txn::{InferOptions, Inferred, infer_append, infer_register};
use history::{Calls, ReadOptions, read};
use std::path::Path;

/// Calls back with what follows from a file of lists; says so if it is not there.
fn lists(name: &str, then: impl FnOnce(&Inferred<'_>)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/histories").join(name);
    if !path.exists() {
        println!("{} is not there: not judged", path.display());
        return;
    }
    let recording = read(&path, &ReadOptions::default()).expect("a history");
    let calls = Calls::pair(&recording).expect("pairs");
    let infer = if name.contains("rw-register") { infer_register } else { infer_append };
    then(&infer(&calls, &InferOptions::default()).expect("transactions"));
}

#[test]
fn lists_of_elle_load() {
    lists("elle/huge-scc.edn", |inferred| {
        assert!(inferred.exposure.ww > 1000 && inferred.exposure.rw > 1000, "{:?}", inferred.exposure);
        assert_eq!(inferred.exposure.transactions, 10_254);
    });
    lists("elle/si-without-g-single.edn", |inferred| {
        // One after the other in real time, and the last read of 8 lacks what was acknowledged before.
        assert_eq!(anomalies(inferred), "lost-append");
        let all = edges(inferred);
        for edge in ["0 ww 2", "0 wr 3", "1 rw 0", "2 rw 1", "2 rw 3", "3 rw 2"] {
            assert!(all.contains(edge), "{edge} is missing of {all:?}");
        }
    });
    lists("elle/paper-example.edn", |inferred| {
        assert!(inferred.transactions.is_empty());
        assert!(inferred.doubts[0].contains("name no process"), "{:?}", inferred.doubts);
    });
}

#[test]
fn histories_of_elle_cli_load() {
    lists("elle-cli/list-append-gh-30.edn", |inferred| assert!(!inferred.graph.is_empty()));
    // The last read of 255 misses 8, which another had read before.
    lists("elle-cli/paper-example.json", |inferred| {
        let all = edges(inferred);
        assert!(all.contains("1 wr 2") && all.contains("3 rw 1"), "{all:?}");
    });
    lists("elle-cli/rw-register.edn", |inferred| {
        assert_eq!(anomalies(inferred), "garbage-read");
        assert_eq!(inferred.findings[0].sentence, "for key :x, T4 read 3, which nobody ever wrote");
    });
}
