//! What clients ask, and what they make of every kind of answer.

use super::scripted::{Gateway, Reply, error, ok};
use super::{elements, locks, registers};
use crate::etcd::Reads;
use crate::etcd::register::RegisterClient;
use cluster::http::Connection;
use cluster::{Client, ClientError};
use history::{LockOp, LockRet, RegisterOp, RegisterRet, SetOp, SetRet};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

const READ: RegisterOp = RegisterOp::Read { key: 7 };
const WRITE: RegisterOp = RegisterOp::Write { key: 7, value: -12 };
const CAS: RegisterOp = RegisterOp::Cas { key: 7, expected: -12, new: 3 };
const DONE: &str = r#"{"header":{"revision":"2"}}"#;

fn is_definite(error: &ClientError) -> bool {
    matches!(error, ClientError::Definite(_))
}

#[tokio::test]
async fn registers_speak_base64_and_take_absent_fields_for_zero() {
    let found = r#"{"header":{},"kvs":[{"key":"ci83","value":"LTEy"}],"count":"1"}"#;
    let gateway =
        Gateway::serving([ok(r#"{"header":{}}"#), ok(DONE), ok(r#"{"header":{},"succeeded":true}"#), ok(found)]).await;
    let mut client = registers(gateway.address).await;
    assert_eq!(client.invoke(&READ).await, Ok(RegisterRet::Value(None)));
    assert_eq!(client.invoke(&WRITE).await, Ok(RegisterRet::Done));
    assert_eq!(client.invoke(&CAS).await, Ok(RegisterRet::Done));
    assert_eq!(client.invoke(&READ).await, Ok(RegisterRet::Value(Some(-12))));
    let asked = gateway.asked();
    assert!(asked.iter().all(|asked| asked.connection == 0));
    assert_eq!((asked[0].path.as_str(), &asked[0].body), ("/v3/kv/range", &json!({"key":"ci83","serializable":false})));
    assert_eq!((asked[1].path.as_str(), &asked[1].body), ("/v3/kv/put", &json!({"key":"ci83","value":"LTEy"})));
    let cas = json!({
        "compare": [{"key":"ci83","target":"VALUE","result":"EQUAL","value":"LTEy"}],
        "success": [{"requestPut":{"key":"ci83","value":"Mw=="}}],
    });
    assert_eq!((asked[2].path.as_str(), &asked[2].body), ("/v3/kv/txn", &cas));
}

#[tokio::test]
async fn serializable_reads_say_so() {
    let gateway = Gateway::serving([ok(DONE)]).await;
    let connection = Connection::open(gateway.address).await.unwrap();
    RegisterClient::new(connection, Reads::Serializable).invoke(&READ).await.unwrap();
    assert_eq!(gateway.asked()[0].body["serializable"], true);
}

#[tokio::test]
async fn a_false_comparison_is_definite_even_though_the_answer_does_not_say_false() {
    let gateway = Gateway::serving([ok(DONE)]).await;
    let outcome = registers(gateway.address).await.invoke(&CAS).await;
    assert_eq!(outcome, Err(ClientError::Definite("value was not -12".into())));
}

#[tokio::test]
async fn each_code_is_definite_or_not() {
    for code in 1..=16 {
        let gateway = Gateway::serving([error(code)]).await;
        let outcome = registers(gateway.address).await.invoke(&WRITE).await.unwrap_err();
        assert_eq!(is_definite(&outcome), [3, 5, 8, 9, 11, 16].contains(&code), "code {code}");
        assert_eq!(outcome.to_string(), format!("etcdserver: it hurts (code {code})"));
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_indefinite() {
    for reply in [
        ok("{}"),
        ok(""),
        ok("<html>"),
        ok(r#"{"header":"#),
        Reply::Json(502, "bad gateway".into()),
        Reply::Json(500, "{}".into()),
        Reply::Json(301, String::new()),
        Reply::Cut,
        Reply::Close,
    ] {
        let gateway = Gateway::serving([reply]).await;
        let outcome = registers(gateway.address).await.invoke(&CAS).await.unwrap_err();
        assert!(!is_definite(&outcome), "{outcome}");
    }
}

#[tokio::test]
async fn a_late_answer_is_never_that_of_the_next_request() {
    let stale = r#"{"header":{},"kvs":[{"key":"ci83","value":"MQ=="}]}"#;
    let fresh = r#"{"header":{},"kvs":[{"key":"ci83","value":"Mg=="}]}"#;
    let gateway = Gateway::serving([Reply::Late(Duration::from_millis(80), stale.into()), ok(fresh)]).await;
    let mut client = registers(gateway.address).await;
    assert!(timeout(Duration::from_millis(40), client.invoke(&READ)).await.is_err());
    assert_eq!(client.invoke(&READ).await, Ok(RegisterRet::Value(Some(2))));
    let connections: Vec<usize> = gateway.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 1], "the next request has a connection of its own");
}

#[tokio::test]
async fn a_lost_connection_is_made_again_for_the_next_operation_only() {
    let gateway = Gateway::serving([Reply::Cut, ok(DONE)]).await;
    let mut client = registers(gateway.address).await;
    client.invoke(&WRITE).await.unwrap_err();
    assert_eq!(gateway.asked().len(), 1, "nothing is sent twice");
    assert_eq!(client.invoke(&WRITE).await, Ok(RegisterRet::Done));
}

#[tokio::test]
async fn what_was_never_sent_is_definite() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = registers(address).await;
    // The server ends, and with it the connection that it had accepted.
    drop(listener.accept().await.unwrap());
    drop(listener);
    let refused = async {
        // Until the end of the connection has come through, a request may count as sent.
        while !client.invoke(&WRITE).await.is_err_and(|error| is_definite(&error)) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), refused).await.expect("a refused connection is definite");
    assert!(Connection::open(address).await.map_err(ClientError::from).is_err_and(|error| is_definite(&error)));
}

#[tokio::test]
async fn a_set_is_the_keys_of_a_prefix() {
    let found = r#"{"header":{},"kvs":[{"key":"cy8xMA=="},{"key":"cy8tMw=="}],"count":"2"}"#;
    let gateway = Gateway::serving([ok(DONE), ok(found)]).await;
    let mut client = elements(gateway.address).await;
    assert_eq!(client.invoke(&SetOp::Add { element: 10 }).await, Ok(SetRet::Done));
    assert_eq!(client.invoke(&SetOp::Read).await, Ok(SetRet::Elements(vec![10, -3])));
    let asked = gateway.asked();
    assert_eq!(asked[0].body["key"], "cy8xMA==");
    let range = json!({"key":"cy8=","range_end":"czA=","keys_only":true,"serializable":false});
    assert_eq!(asked[1].body, range);
}

const LEASE: &str = r#"{"header":{},"ID":"7587","TTL":"3"}"#;
const LOCKED: &str = r#"{"header":{"revision":"41"},"key":"bC8x"}"#;
const ALIVE: &str = r#"{"result":{"header":{},"ID":"7587","TTL":"3"}}"#;
const DEAD: &str = r#"{"result":{"header":{},"ID":"7587"}}"#;

#[tokio::test]
async fn a_lock_is_acquired_refreshed_and_released() {
    let gateway = Gateway::serving([ok(LEASE), ok(LOCKED), ok(ALIVE), ok(DONE), ok(DONE)]).await;
    let mut client = locks(gateway.address).await;
    assert_eq!(client.invoke(&LockOp::Acquire { key: 1 }).await, Ok(LockRet::Acquired { token: 41 }));
    assert_eq!(client.invoke(&LockOp::Refresh { key: 1 }).await, Ok(LockRet::Done));
    let elsewhere = client.invoke(&LockOp::Refresh { key: 2 }).await;
    assert_eq!(elsewhere, Err(ClientError::Definite("lock 2 is not held by this client".into())));
    assert_eq!(client.invoke(&LockOp::Release { key: 1 }).await, Ok(LockRet::Done));
    let asked = gateway.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    let expected = ["/v3/lease/grant", "/v3/lock/lock", "/v3/lease/keepalive", "/v3/lock/unlock", "/v3/lease/revoke"];
    assert_eq!(paths, expected);
    assert_eq!(asked[1].body, json!({"name": "bC8x", "lease": "7587"}));
    assert_eq!(asked[3].body, json!({"key": "bC8x"}));
}

#[tokio::test]
async fn a_dead_lease_is_definite_and_an_unanswered_release_is_not() {
    let gateway = Gateway::serving([ok(LEASE), ok(LOCKED), ok(DEAD), ok(LEASE), ok(LOCKED), error(14)]).await;
    let mut client = locks(gateway.address).await;
    client.invoke(&LockOp::Acquire { key: 1 }).await.unwrap();
    let dead = client.invoke(&LockOp::Refresh { key: 1 }).await;
    assert_eq!(dead, Err(ClientError::Definite("lease expired".into())));
    client.invoke(&LockOp::Acquire { key: 1 }).await.unwrap();
    let lost = client.invoke(&LockOp::Release { key: 1 }).await.unwrap_err();
    assert!(!is_definite(&lost));
}

#[tokio::test]
async fn an_error_within_a_stream_is_read_too() {
    let refused = r#"{"error":{"grpc_code":5,"http_code":404,"message":"lease not found","http_status":"Not Found"}}"#;
    let gateway = Gateway::serving([ok(LEASE), ok(LOCKED), ok(refused)]).await;
    let mut client = locks(gateway.address).await;
    client.invoke(&LockOp::Acquire { key: 1 }).await.unwrap();
    let outcome = client.invoke(&LockOp::Refresh { key: 1 }).await;
    assert_eq!(outcome, Err(ClientError::Definite("lease not found (code 5)".into())));
}

#[tokio::test]
async fn a_lock_is_not_taken_under_a_lease_that_died_while_waiting() {
    let gateway =
        Gateway::serving([ok(LEASE), Reply::Late(Duration::from_secs(2), LOCKED.into()), ok(ALIVE), ok(DEAD)]).await;
    let mut client = locks(gateway.address).await;
    let outcome = client.invoke(&LockOp::Acquire { key: 1 }).await.unwrap_err();
    assert!(!is_definite(&outcome), "{outcome}");
    assert!(outcome.to_string().contains("expired while waiting"), "{outcome}");
    let keepers: Vec<usize> = gateway.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(keepers, [0, 0, 1, 1], "keep-alives have a connection of their own");
}

#[tokio::test]
async fn without_a_lease_no_lock_is_asked_for() {
    let gateway = Gateway::serving([error(14)]).await;
    let outcome = locks(gateway.address).await.invoke(&LockOp::Acquire { key: 1 }).await.unwrap_err();
    assert!(is_definite(&outcome), "{outcome}");
}
