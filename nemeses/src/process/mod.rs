//! Faults of the processes of the database. They act on its systemd unit, never on a pattern of names.

pub(crate) mod control_group;
pub(crate) mod crash;
pub(crate) mod descriptors;
pub(crate) mod hog;
pub(crate) mod kill;
pub(crate) mod life;
pub(crate) mod pause;
pub(crate) mod restart;
pub(crate) mod slow;
pub(crate) mod stop;
