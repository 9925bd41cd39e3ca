//! A workload as a whole, and the list of all of them.

use crate::Generator;
use checkers::Checker;
use history::DataType;
use serde::Serialize;
use std::time::Duration;

/// A promise in words, and the checker that says whether it was kept.
pub struct Judge<D: DataType> {
    /// What is promised, for people.
    pub promise: &'static str,
    /// Who judges it.
    pub checker: Box<dyn Checker<D>>,
}

/// What clients ask in the main part and at the end, and who judges it.
pub struct Workload<D: DataType> {
    /// What this is, for people and machines.
    pub description: &'static Description,
    /// For the main part, under faults.
    pub main: Box<dyn Generator<D>>,
    /// For the end, after everything is healed.
    pub last: Box<dyn Generator<D>>,
    /// In the order in which they are reported.
    pub judges: Vec<Judge<D>>,
    /// How long one operation may take; None leaves it to the plan.
    pub timeout: fn(&D::Op) -> Option<Duration>,
}

/// What a workload is, for `gainsay list workloads` and the documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The name that plans use.
    pub name: &'static str,
    /// The data type that a database must offer.
    pub data_type: &'static str,
    /// What clients ask.
    pub asks: &'static str,
    /// What is checked.
    pub checks: &'static str,
    /// What would be missed.
    pub misses: &'static str,
    /// True if it is judged by the level of isolation that a plan expects.
    pub has_level: bool,
}

/// Every workload.
pub const ALL: &[&Description] = &[
    &crate::register::DESCRIPTION,
    &crate::set::DESCRIPTION,
    &crate::lock::DESCRIPTION,
    &crate::append::DESCRIPTION,
    &crate::wr::DESCRIPTION,
    &crate::bank::DESCRIPTION,
    &crate::long_fork::DESCRIPTION,
    &crate::write_skew::DESCRIPTION,
    &crate::predicate::DESCRIPTION,
];
