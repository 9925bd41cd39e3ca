//! The levels of isolation against brute force: every verdict on small random histories is that of the axioms, and every
//! refutation holds for whoever checks it step by step.

mod exact;
mod oracle;
mod polygraph;
mod random;
mod recheck;
mod timestamps;
mod weak;

/// How many random histories a test takes.
fn rounds() -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 100_000 } else { 10_000 }
}
