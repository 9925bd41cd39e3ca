//! A set: element 7 is the key `s/7`. A read asks for all keys of that prefix at one revision. That an element is
//! stored twice cannot be seen in this encoding.

use super::Reads;
use super::gateway::{Done, Range, call, decode, encode, integer};
use async_trait::async_trait;
use cluster::http::Connection;
use cluster::{Client, ClientError};
use history::{Set, SetOp, SetRet};
use serde_json::json;

/// The prefix of all elements.
const FIRST: &str = "s/";

/// The first key behind that prefix.
const END: &str = "s0";

/// One client of the set.
pub(super) struct SetClient {
    connection: Connection,
    reads: Reads,
}

impl SetClient {
    pub(super) fn new(connection: Connection, reads: Reads) -> SetClient {
        SetClient { connection, reads }
    }

    async fn add(&mut self, element: i64) -> Result<SetRet, ClientError> {
        let request = json!({"key": encode(&format!("{FIRST}{element}")), "value": encode("1")});
        call::<Done>(&mut self.connection, "/v3/kv/put", &request).await?;
        Ok(SetRet::Done)
    }

    async fn read(&mut self) -> Result<SetRet, ClientError> {
        let request = json!({
            "key": encode(FIRST),
            "range_end": encode(END),
            "keys_only": true,
            "serializable": self.reads == Reads::Serializable,
        });
        let range: Range = call(&mut self.connection, "/v3/kv/range", &request).await?;
        let elements = range.kvs.iter().map(|found| integer(decode(&found.key)?.trim_start_matches(FIRST)));
        Ok(SetRet::Elements(elements.collect::<Result<_, _>>()?))
    }
}

#[async_trait]
impl Client<Set> for SetClient {
    async fn invoke(&mut self, op: &SetOp) -> Result<SetRet, ClientError> {
        match *op {
            SetOp::Add { element } => self.add(element).await,
            SetOp::Read => self.read().await,
        }
    }
}
