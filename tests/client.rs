//! Clients in other languages, from the command line: they find a planted bug in a real server, find nothing in an honest
//! one, are checked for keeping the protocol, and never outlive a run.

mod harness;

use harness::{Answer, Harness};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).display().to_string()
}

/// The key-value server of the examples, until it is dropped.
struct Server {
    process: Child,
    port: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let mut command = Command::new("python3");
        command.arg(example("kv_server.py")).args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().expect("python3 runs: the example server needs it");
        let mut port = String::new();
        let stdout = process.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut port).expect("it prints its port");
        Server { process, port: port.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().expect("it runs until then");
        self.process.wait().expect("it ends");
    }
}

fn answer(Output { status, stdout, stderr }: Output) -> Answer {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Answer { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// The command with arguments, and a client that is told the port of a server.
fn with_client(harness: &Harness, arguments: &str, client: &str, server: &Server) -> Command {
    let mut command = harness.command(arguments);
    command.arg("--client").arg(client).arg("--client-option").arg(format!("port={}", server.port));
    command
}

/// A run, made longer where the machine is too busy to do enough in a short time.
fn test(harness: &Harness, client: &str, server: &Server, more: &str) -> Answer {
    let mut found = None;
    for seconds in [3, 8, 30] {
        let arguments = format!("test --time-limit {seconds}s --rate 600 --concurrency 4 --seed 1 {more}");
        let answer = answer(with_client(harness, &arguments, client, server).output().expect("it starts"));
        let is_decided = answer.code != 2;
        found = Some(answer);
        if is_decided {
            break;
        }
    }
    found.expect("at least one run")
}

fn check(client: &str, more: &[&str]) -> Answer {
    let harness = Harness::new();
    answer(harness.command("client check").arg(client).args(more).output().expect("it starts"))
}

/// A client like the example, but for one change.
fn changed(harness: &Harness, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(example("client.py")).expect("the example");
    assert!(text.contains(from), "the example does not hold {from}");
    let path = harness.path().join("changed.py");
    std::fs::write(&path, text.replace(from, to)).expect("it can be written");
    format!("python3 {}", path.display())
}

/// The example in Go, built; None where there is no Go.
#[allow(clippy::print_stderr)]
fn go_client(harness: &Harness) -> Option<PathBuf> {
    let program = harness.path().join("go-client");
    let mut command = Command::new("go");
    command.args(["build", "-o"]).arg(&program).arg(example("client.go")).env("CGO_ENABLED", "0");
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(program)
        }
        Err(_) => {
            eprintln!("not tested: the example in Go, because `go` is not installed");
            None
        }
    }
}

#[test]
fn an_honest_server_is_valid_and_one_with_stale_reads_is_found() {
    let harness = Harness::new();
    let mut clients = vec![example("client.py")];
    clients.extend(go_client(&harness).map(|path| path.display().to_string()));
    let (honest, stale) = (Server::start(&[]), Server::start(&["--bug", "stale-read"]));
    for client in clients {
        let found = test(&harness, &client, &honest, "");
        assert_eq!(found.code, 0, "{client}: {found}");
        assert!(!found.stdout.contains("warning"), "{found}");
        let again = with_client(&harness, "test --time-limit 1s --seed 1", &client, &honest).output();
        let again = answer(again.expect("it starts"));
        assert_ne!(again.code, 1, "what the first run left is not found by the second: {again}");
        let found = test(&harness, &client, &stale, "");
        assert_eq!(found.code, 1, "{client}: {found}");
        assert!(found.stdout.starts_with("VIOLATION"), "{found}");
        let again = harness.run("check --brief results/latest");
        assert_eq!(again.code, 1, "a run is judged again without its client: {again}");
    }
}

#[test]
fn the_examples_keep_the_protocol() {
    let harness = Harness::new();
    let server = Server::start(&[]);
    let port = format!("port={}", server.port);
    let go = go_client(&harness).map(|path| path.display().to_string());
    for client in [Some(example("client.py")), go].into_iter().flatten() {
        let found = check(&client, &["--client-option", &port]);
        assert_eq!(found.code, 0, "{client}: {found}");
        assert!(found.stdout.ends_with("gainsay-client/1: 10 rules kept, 0 broken\n"), "{found}");
    }
    // Without a system behind it only what needs none can be checked.
    let found = check(&example("client.py"), &["--client-option", "port=1"]);
    assert_eq!(found.code, 1, "{found}");
    assert!(found.stdout.contains("SKIP  answers operations: it was not ready"), "{found}");
}

#[test]
fn clients_that_break_a_rule_are_told_which() {
    let server = Server::start(&[]);
    let port = format!("port={}", server.port);
    for (from, to, expected) in [
        (
            "for line in sys.stdin:",
            "print('connected', flush=True)\nfor line in sys.stdin:",
            "FAIL  is ready, and says so once: line 1",
        ),
        (
            "hello[\"protocol\"] != ",
            "hello[\"protocol\"] == ",
            "FAIL  is ready, and says so once: answers the handshake with fail",
        ),
        (
            "if hello[\"protocol\"] != \"gainsay-client/1\"",
            "if False",
            "FAIL  refuses a protocol that it does not know: answers",
        ),
        (
            "return int(answer[1])",
            "return answer[1]",
            "FAIL  answers operations with their ids and the right shapes: the client answers `read`",
        ),
        ("\"id\": message[\"id\"],", "\"id\": int(float(message[\"id\"])),", "FAIL  takes ids of any size: line 3"),
        (
            "raise DidNotHappen(\"not-supported\", f\"no",
            "return 5 or print(f\"no",
            "FAIL  fails a function that it does not know: answers `no-such-function` with ok",
        ),
        (
            "flush=True)\n    except",
            "flush=True)\n        print()\n    except",
            "FAIL  is ready, and says so once: said more than one line",
        ),
        (
            "import sys\n",
            "import sys, atexit, time\natexit.register(lambda: time.sleep(5))\n",
            "FAIL  ends when its standard input ends: still ran 1 s after",
        ),
    ] {
        let harness = Harness::new();
        let found = check(&changed(&harness, from, to), &["--client-option", &port]);
        assert_eq!(found.code, 1, "{to}: {found}");
        assert!(found.stdout.contains(expected), "{to}: {found}");
    }
}

#[test]
fn a_client_that_misbehaves_at_times_makes_no_wrong_history() {
    let server = Server::start(&[]);
    let harness = Harness::new();
    let trouble =
        "if __import__(\"random\").random() < 0.02: print(\"oops\")\n        print(json.dumps({\"id\": message[\"id\"]";
    let client = changed(&harness, "print(json.dumps({\"id\": message[\"id\"]", trouble);
    let found = test(&harness, &client, &server, "");
    assert_ne!(found.code, 1, "{found}");
    let meta = std::fs::read_to_string(harness.latest().join("meta.json")).expect("a run");
    assert!(meta.contains("is not a JSON object; expected the answer to message"), "{meta}");
    assert!(meta.contains("it was: \\\"oops\\\""), "{meta}");
    assert!(meta.contains("clients/n1-0.log"), "{meta}");
    let history = std::fs::read_to_string(harness.latest().join("history.jsonl")).expect("a history");
    assert!(history.contains("\"type\":\"info\""), "a garbled write is indeterminate");
}

#[test]
fn data_of_an_earlier_run_is_no_violation() {
    let server = Server::start(&[]);
    let harness = Harness::new();
    let forgetful = changed(&harness, "f\"{self.run}/{key}\"", "f\"{key}\"");
    let first = test(&harness, &forgetful, &server, "");
    assert_eq!(first.code, 0, "{first}");
    let second = test(&harness, &forgetful, &server, "");
    assert_eq!(second.code, 3, "{second}");
    assert!(second.stderr.contains("before the first operation `read` of key 0 gave"), "{second}");
}

#[test]
fn a_client_that_cannot_start_ends_the_run_at_once() {
    let server = Server::start(&[]);
    let harness = Harness::new();
    for (client, expected) in [
        ("./no-such-client", "not found"),
        ("echo hello", "line 1 of the client's standard output is not a JSON object"),
    ] {
        let began = Instant::now();
        let found = test(&harness, client, &server, "");
        assert_eq!(found.code, 3, "{found}");
        assert!(found.stderr.contains(expected), "{found}");
        assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    }
}

/// True if the process is there, and is not a dead one that nobody has reaped.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['R', 'S', 'D', 'T', 't']))
}

#[test]
fn no_client_outlives_a_controller_that_is_killed() {
    let server = Server::start(&[]);
    let harness = Harness::new();
    let pids = harness.path().join("pids");
    // A client that does not care for the end of its input, and has a child that cares for nothing.
    let client = format!("sleep 300 & echo $$ $! >>{}; {}; sleep 300", pids.display(), example("client.py"));
    let mut command = with_client(&harness, "test --time-limit 60s --rate 100 --seed 1", &client, &server);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let end = Instant::now() + Duration::from_secs(20);
    let written = || std::fs::read_to_string(&pids).unwrap_or_default();
    while written().lines().count() < 6 {
        assert!(Instant::now() < end, "clients were started: {}", written());
        std::thread::sleep(Duration::from_millis(50));
    }
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    let end = Instant::now() + Duration::from_secs(10);
    while written().split_whitespace().any(is_alive) {
        assert!(Instant::now() < end, "still there: {}", written());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_plan_is_written_once_and_runs() {
    let harness = Harness::new();
    let written = harness.run("init my.toml");
    assert_eq!(written.code, 0, "{written}");
    let found = harness.run("test my.toml --time-limit 1s --seed 1");
    assert_eq!(found.code, 0, "{found}");
    let again = harness.run("init my.toml");
    assert_eq!(again.code, 64, "{again}");
    assert!(again.stderr.contains("my.toml is there already"), "{again}");
    // Every setting that is only shown can be said, too.
    let plan = std::fs::read_to_string(harness.path().join("my.toml")).expect("a plan");
    let is_setting = |line: &str| {
        let line = line.trim_start_matches("# ");
        line.starts_with("[[") || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let said: Vec<&str> =
        plan.lines().filter(|line| is_setting(line)).map(|line| line.trim_start_matches("# ")).collect();
    assert!(said.len() > 15, "{said:?}");
    let text = said.join("\n").replace("database = \"memory\"", "database = \"etcd\"").replace("client", "#client");
    let text = text.replace("expect = ", "#").replace("nemesis = \"partition,kill:primary\"", "#");
    std::fs::write(harness.path().join("whole.toml"), text).expect("it can be written");
    let found = harness.run("test whole.toml --dry-run");
    assert!(found.stderr.contains("there is no inventory staging.toml"), "{found}");
}

#[test]
fn a_database_that_a_file_describes_is_run_by_its_commands() {
    let harness = Harness::new();
    let write = |name: &str, text: &str| std::fs::write(harness.path().join(name), text).expect("it can be written");
    write("nodes.toml", "name = \"x\"\n[[node]]\nname = \"n1\"\naddress = \"192.0.2.1\"\n");
    write(
        "acme.toml",
        "name = \"acme\"\nunit = \"acme.service\"\ninstall = \"echo $NODE of $ALL\"\nwipe = \"rm -rf /var/lib/acme\"\n",
    );
    let plan = "test --database file:acme.toml --client ./c --inventory nodes.toml --nemesis kill --time-limit 20s --seed 1 --dry-run";
    let found = harness.run(plan);
    assert_eq!(found.code, 0, "{found}");
    for expected in
        ["name = \"acme-register\"", "export ALL=n1=192.0.2.1", "echo $NODE of $ALL", "systemctl start acme.service"]
    {
        assert!(found.stdout.contains(expected), "{expected}: {found}");
    }
    write("acme.toml", "name = \"acme\"\nunti = \"acme.service\"\n");
    let found = harness.run(plan);
    assert_eq!(found.code, 65, "{found}");
    assert!(found.stderr.contains("acme.toml:2:1: a database has no key `unti`; did you mean `unit`?"), "{found}");
}
