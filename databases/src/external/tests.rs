//! Clients of every temper, as small scripts of the shell: what each is told, and what becomes of its operation.

use super::*;
use cluster::Recorder;
use history::{Outcome, RegisterOp, RegisterRet};

/// Answers the handshake and the look, then does what `rest` says with each line in `$line` and its number in `$id`.
fn script(rest: &str) -> String {
    format!(
        "number() {{ id=${{line#*:}}; id=${{id%%,*}}; }}
read -r line; echo '{{\"id\":0,\"type\":\"ready\",\"protocol\":\"gainsay-client/1\"}}'
read -r line || exit 0; echo '{{\"id\":1,\"type\":\"ok\",\"value\":null}}'
while read -r line; do number; {rest}; done"
    )
}

fn settings(command: String) -> ClientSettings {
    ClientSettings {
        command,
        options: BTreeMap::from([("port".to_owned(), "7".to_owned())]),
        workload: "register".to_owned(),
        data_type: Register::NAME,
        functions: Register::FUNCTIONS,
        timeout: Duration::from_secs(1),
        logs: None,
    }
}

fn node() -> Node {
    Node::new("n1", [127, 0, 0, 1].into(), Arc::new(Recorder::new("n1", Arc::default())))
}

fn external(command: String) -> External {
    let inner = crate::open("running", 0).unwrap();
    External::new(inner, settings(command))
}

async fn connect(external: &External) -> Result<Box<dyn Client<Register>>, ClientError> {
    external.connect(&node()).await
}

const WRITE: RegisterOp = RegisterOp::Write { key: 3, value: 5 };
const READ: RegisterOp = RegisterOp::Read { key: 3 };

/// What becomes of a write and of a read when the client does `rest` for each.
async fn outcomes(rest: &str) -> (Outcome<RegisterRet>, Outcome<RegisterRet>, Vec<String>) {
    let external = external(script(rest));
    let mut found = Vec::new();
    for op in [WRITE, READ] {
        let mut client = match connect(&external).await {
            Ok(client) => client,
            Err(error) => panic!("{rest}: {error}"),
        };
        let result = tokio::time::timeout(Duration::from_secs(5), client.invoke(&op)).await;
        let result = result.unwrap_or_else(|_| Err(ClientError::Indefinite("timeout".to_owned())));
        found.push(match result {
            Ok(ret) => Outcome::Ok(ret),
            Err(error) => error.into_outcome::<Register>(&op),
        });
        // Every client of these scripts expects to be asked for a look first.
        *external.clients.prepared.lock().await = false;
    }
    let read = found.pop().unwrap();
    (found.pop().unwrap(), read, external.warnings())
}

#[tokio::test]
async fn a_client_that_answers_is_believed() {
    let (write, read, told) = outcomes("echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"ok\\\",\\\"value\\\":5}\"").await;
    assert_eq!(write, Outcome::Ok(RegisterRet::Done));
    assert_eq!(read, Outcome::Ok(RegisterRet::Value(Some(5))));
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_definite_failure_is_one_and_leaves_the_client() {
    let external = external(script("echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"fail\\\",\\\"code\\\":22}\""));
    let mut client = connect(&external).await.unwrap();
    for _ in 0..3 {
        let error = client.invoke(&WRITE).await.unwrap_err();
        assert_eq!(error, ClientError::Definite("precondition-failed".to_owned()));
    }
}

#[tokio::test]
async fn whatever_is_no_answer_is_indefinite_and_told() {
    for (rest, expected) in [
        (
            "echo connected",
            "line 3 of the client's standard output is not a JSON object; expected the answer to message 2",
        ),
        ("echo '{\"id\":1,\"type\":\"ok\"}'", "answers message 1; expected the answer to message 2, and once"),
        (
            "echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"okay\\\"}\"",
            "has the type `okay`; expected ready, ok, fail or info",
        ),
        ("echo oh no >&2; exit 3", "the client ended (exit status: 3); its last words: oh no"),
        ("exec >&-; read -r more", "the client closed its standard output"),
        ("printf '{\"id\":2'; exit 0", "the client ended (exit status: 0)"),
        ("printf '\\377\\n'", "is not UTF-8; expected one JSON object a line"),
        ("tr '\\0' x </dev/zero", "does not end; expected at most 16 MiB"),
    ] {
        let (write, read, told) = outcomes(rest).await;
        assert!(matches!(&write, Outcome::Info(reason) if reason.contains(expected)), "{rest}: {write:?}");
        assert!(matches!(&read, Outcome::Fail(_)), "{rest}: {read:?}");
        assert!(told.iter().any(|told| told.contains(expected)), "{rest}: {told:?}");
    }
}

#[tokio::test]
async fn a_value_of_another_shape_is_no_result() {
    let (write, read, told) =
        outcomes("echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"ok\\\",\\\"value\\\":\\\"5\\\"}\"").await;
    assert_eq!(write, Outcome::Ok(RegisterRet::Done));
    let expected = "the client answers `read` with ok and the value \"5\"; expected an integer or null that was read";
    assert!(matches!(&read, Outcome::Fail(reason) if reason.starts_with(expected)), "{read:?}");
    assert!(told[0].contains(expected), "{told:?}");
    let (_, read, _) = outcomes("echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"ok\\\"}\"").await;
    assert!(matches!(&read, Outcome::Fail(reason) if reason.contains("and no `value`")), "{read:?}");
}

#[tokio::test]
async fn a_slow_client_is_given_up_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(script("sleep 60"));
    settings.logs = Some(folder.path().to_owned());
    let external = External::new(crate::open("running", 0).unwrap(), settings);
    let mut client = connect(&external).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), client.invoke(&WRITE)).await.is_err());
    drop(client);
    assert!(external.warnings()[0].starts_with("1 operations got no answer from their client in time"));
    let log = std::fs::read_to_string(folder.path().join("n1-0.log")).unwrap();
    assert!(log.contains("no answer to `write` of key 3 in time; the client is ended"), "{log}");
}

#[tokio::test]
async fn what_was_not_asked_for_is_found_before_anything_is_sent() {
    let answer = "echo \"{\\\"id\\\":$id,\\\"type\\\":\\\"ok\\\",\\\"value\\\":5}\"";
    let external = external(script(&format!("{answer}; {answer}")));
    let mut client = connect(&external).await.unwrap();
    assert_eq!(client.invoke(&READ).await, Ok(RegisterRet::Value(Some(5))));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = client.invoke(&WRITE).await.unwrap_err();
    assert!(matches!(&error, ClientError::Definite(told) if told.contains("was not asked for")), "{error}");
}

#[tokio::test]
async fn a_client_that_cannot_start_says_why() {
    for (command, expected) in [
        ("./there-is-no-such-client", "not found"),
        ("echo hello; cat >/dev/null", "is not a JSON object; expected the answer to message 0"),
        (
            "read -r line; echo '{\"id\":0,\"type\":\"ready\",\"protocol\":\"gainsay-client/2\"}'",
            "speaks the protocol `gainsay-client/2`",
        ),
        (
            "read -r line; echo '{\"id\":0,\"type\":\"fail\",\"code\":11,\"text\":\"later\"}'",
            "not ready: temporarily-unavailable: later",
        ),
        ("read -r line; echo '{\"id\":0,\"type\":\"ok\"}'", "answers the handshake with ok"),
        ("exit 4", "the client ended (exit status: 4)"),
    ] {
        let external = external(command.to_owned());
        let error = connect(&external).await.err().expect("no client");
        assert!(matches!(&error, ClientError::Definite(told) if told.contains(expected)), "{command}: {error}");
    }
}

#[tokio::test]
async fn old_data_is_found_before_the_first_operation() {
    let old = script("echo no").replace("\"value\":null", "\"value\":9");
    let external = external(old);
    let error = external.ready(&node(), Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(error.contains("before the first operation `read` of key 0 gave 9, expected null"), "{error}");
}

#[tokio::test]
async fn a_client_and_its_children_end_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let command = script(&format!("sleep 61 & echo $$ $! >{}; wait", file.display()));
    let external = external(command);
    let mut client = connect(&external).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(500), client.invoke(&WRITE)).await.is_err());
    drop(client);
    drop(external);
    let pids = std::fs::read_to_string(&file).unwrap();
    let is_alive = |pid: &str| {
        // A dead process that nobody has reaped yet is dead.
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status
            .rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
    };
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while pids.split_whitespace().any(is_alive) {
        assert!(std::time::Instant::now() < end, "still there: {pids}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
