//! Clients against a scripted gateway and against a real etcd, both on the loopback; scripts against a recorder.

mod driver;
mod gateway;
mod real;
mod scripted;

use super::lock::LockClient;
use super::register::RegisterClient;
use super::set::SetClient;
use super::*;
use cluster::http::Connection;

async fn registers(address: SocketAddr) -> RegisterClient {
    RegisterClient::new(Connection::open(address).await.unwrap(), Reads::Linearizable)
}

async fn elements(address: SocketAddr) -> SetClient {
    SetClient::new(Connection::open(address).await.unwrap(), Reads::Linearizable)
}

async fn locks(address: SocketAddr) -> LockClient {
    LockClient::new(Connection::open(address).await.unwrap(), Connection::later(address))
}
