//! Registers: register 7 is the key `r/7`, and holds its integer as decimal text.

use super::Reads;
use super::gateway::{Done, Range, Transaction, call, decode, encode, integer};
use async_trait::async_trait;
use cluster::http::Connection;
use cluster::{Client, ClientError};
use history::{Register, RegisterOp, RegisterRet};
use serde_json::json;

/// One client of registers.
pub(super) struct RegisterClient {
    connection: Connection,
    reads: Reads,
}

impl RegisterClient {
    pub(super) fn new(connection: Connection, reads: Reads) -> RegisterClient {
        RegisterClient { connection, reads }
    }

    async fn read(&mut self, key: u64) -> Result<RegisterRet, ClientError> {
        let request = json!({"key": name(key), "serializable": self.reads == Reads::Serializable});
        let range: Range = call(&mut self.connection, "/v3/kv/range", &request).await?;
        let value = range.kvs.first().map(|found| integer(&decode(&found.value)?)).transpose()?;
        Ok(RegisterRet::Value(value))
    }

    async fn write(&mut self, key: u64, value: i64) -> Result<RegisterRet, ClientError> {
        let request = json!({"key": name(key), "value": encode(&value.to_string())});
        call::<Done>(&mut self.connection, "/v3/kv/put", &request).await?;
        Ok(RegisterRet::Done)
    }

    async fn cas(&mut self, key: u64, expected: i64, new: i64) -> Result<RegisterRet, ClientError> {
        let key = name(key);
        let held = encode(&expected.to_string());
        let request = json!({
            "compare": [{"key": key, "target": "VALUE", "result": "EQUAL", "value": held}],
            "success": [{"requestPut": {"key": key, "value": encode(&new.to_string())}}],
        });
        let transaction: Transaction = call(&mut self.connection, "/v3/kv/txn", &request).await?;
        if transaction.succeeded {
            return Ok(RegisterRet::Done);
        }
        Err(ClientError::Definite(format!("value was not {expected}")))
    }
}

fn name(key: u64) -> String {
    encode(&format!("r/{key}"))
}

#[async_trait]
impl Client<Register> for RegisterClient {
    async fn invoke(&mut self, op: &RegisterOp) -> Result<RegisterRet, ClientError> {
        match *op {
            RegisterOp::Read { key } => self.read(key).await,
            RegisterOp::Write { key, value } => self.write(key, value).await,
            RegisterOp::Cas { key, expected, new } => self.cas(key, expected, new).await,
        }
    }
}
