//! Scripted gateways and a real etcd on the loopback.
