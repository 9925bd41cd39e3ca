//! Faults of the processes of the database. They act on its systemd unit, never on a pattern of names.

pub(crate) mod hog;
pub(crate) mod kill;
pub(crate) mod pause;
pub(crate) mod restart;
mod start;
pub(crate) mod stop;
