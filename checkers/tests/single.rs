//! The checkers of one object: smallest histories of each anomaly with a valid near-miss, random histories against
//! brute-force definitions, and published files.

#[path = "single/notation.rs"]
mod notation;

#[path = "single/choices.rs"]
mod choices;
#[path = "single/examples.rs"]
mod examples;
#[path = "single/laws.rs"]
mod laws;
#[path = "single/oracles.rs"]
mod oracles;
#[path = "single/promises.rs"]
mod promises;
#[path = "single/published.rs"]
mod published;
#[path = "single/random.rs"]
mod random;
#[path = "single/random_memory.rs"]
mod random_memory;
#[path = "single/random_orders.rs"]
mod random_orders;
