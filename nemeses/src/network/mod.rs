//! Faults of the network. All firewall rules live in chains of our own; all other rules are left alone.

pub(crate) mod bandwidth;
pub(crate) mod chains;
pub(crate) mod clients;
pub(crate) mod connections;
pub(crate) mod dns;
pub(crate) mod duplicate;
mod firewall;
pub(crate) mod flap;
pub(crate) mod grudge;
pub(crate) mod held;
pub(crate) mod loss;
pub(crate) mod mtu;
pub(crate) mod partition;
mod probe;
pub(crate) mod reset;
