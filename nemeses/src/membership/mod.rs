//! What operators do to a cluster on purpose, and by mistake.

pub(crate) mod config;
pub(crate) mod rolling;
