//! What files may say, and which commands come of it.

use super::*;
use std::sync::Arc;

const WHOLE: &str = r#"
name = "acme"
version = "0.3"
unit = "acme.service"
install = "apt-get install -y acme"
wipe = "rm -rf /var/lib/acme"
ready = "acmectl ping"
primary = "acmectl role | grep -q leader"
ports = [7000, 7001]
data-dir = "/var/lib/acme"
logs = ["/var/log/acme.log"]
install-limit-seconds = 900
[variables]
TOKEN = "it's $HOME"
"#;

fn described(text: &str) -> Described {
    Described::new(read::description(text, Path::new("acme.toml")).unwrap())
}

type Log = Arc<Mutex<Vec<(String, String)>>>;

fn nodes(log: &Log) -> Vec<Node> {
    let node = |n: u8| {
        let recorder = cluster::Recorder::new(format!("n{n}"), Arc::clone(log));
        Node::new(format!("n{n}"), [10, 0, 0, n].into(), Arc::new(recorder))
    };
    (1..=3).map(node).collect()
}

#[test]
fn a_whole_file_is_read() {
    let database = described(WHOLE);
    assert_eq!(database.describe(), "acme 0.3");
    assert_eq!(database.daemon(), Some(&Daemon { unit: "acme.service".to_owned(), ports: vec![7000, 7001] }));
    assert_eq!(database.data_dir(), Some("/var/lib/acme"));
    assert_eq!(database.log_files(), ["/var/log/acme.log"]);
    assert_eq!(database.description.install_limit, Some(Duration::from_secs(900)));
    assert_eq!(database.description.start.as_deref(), Some("systemctl start acme.service"));
}

#[test]
fn wrong_files_are_told_where_and_what() {
    for (text, expected) in [
        (
            "nmae = \"x\"\nstart = \"x\"",
            "acme.toml:1:1: a database has no key `nmae`; did you mean `name`? There are: name,",
        ),
        ("name = \"x\"\nunits = \"x\"", "acme.toml:2:1: a database has no key `units`; did you mean `unit`?"),
        ("name = \"x\"", "acme.toml:1:1: expected `start = \"...\"`, or `unit = \"...\"`"),
        ("start = \"x\"", "expected `name = \"...\"`"),
        ("name = 7\nstart = \"x\"", "acme.toml:1:8: expected a text as `name`"),
        ("name = \"x\"\nstart = \" \"", "acme.toml:2:9: `start` is empty; leave it out"),
        ("name = \"x\"\nstart = \"x\"\nports = 7000", "acme.toml:3:9: expected a list as `ports`"),
        ("name = \"x\"\nstart = \"x\"\nports = [0]", "acme.toml:3:10: expected a number from 1 to 65535 in `ports`"),
        ("name = \"x\"\nstart = \"x\"\nlogs = [\"x.log\"]", "expected an absolute path in `logs`, found `x.log`"),
        (
            "name = \"x\"\nstart = \"x\"\n[variables]\nNODE = \"x\"",
            "acme.toml:4:1: `NODE` is a variable of gainsay's own",
        ),
        ("name = \"x\"\nstart = \"x\"\n[variables]\n\"a b\" = \"x\"", "acme.toml:4:1: expected the name of a variable"),
        ("name = \"x\"\nname = \"y\"", "acme.toml:2:1: expected TOML: duplicate key"),
    ] {
        let error = read::description(text, Path::new("acme.toml")).unwrap_err();
        assert!(error.starts_with(expected) || error.contains(expected), "{text:?} gave: {error}");
    }
}

#[tokio::test]
async fn commands_know_their_node_and_all_others() {
    let log = Log::default();
    let nodes = nodes(&log);
    let database = described(WHOLE);
    database.install(&nodes[1], &nodes).await.unwrap();
    database.start(&nodes[1], &nodes).await.unwrap();
    let scripts: Vec<String> = log.lock().unwrap().drain(..).map(|(_, script)| script).collect();
    let head = "export NODE=n2\nexport ADDRESS=10.0.0.2\nexport NUMBER=2\n\
                export ALL='n1=10.0.0.1 n2=10.0.0.2 n3=10.0.0.3'\nexport TOKEN='it'\\''s $HOME'\n";
    assert_eq!(scripts, [format!("{head}apt-get install -y acme\n"), format!("{head}systemctl start acme.service\n")]);
    database.remove(&nodes[0]).await.unwrap();
    let removed: Vec<String> = log.lock().unwrap().drain(..).map(|(_, script)| script).collect();
    assert_eq!(removed.len(), 2);
    assert!(removed[0].ends_with("systemctl stop acme.service 2>/dev/null || [ $? -eq 5 ]\n"), "{removed:?}");
    assert!(removed[1].ends_with("rm -rf /var/lib/acme\n"));
}

#[tokio::test]
async fn what_runs_already_is_left_as_it_is() {
    let log = Log::default();
    let nodes = nodes(&log);
    let spec = Spec::parse("running:unit=acme.service,data-dir=/var/lib/acme", &[running_entry()]).unwrap();
    let database = Described::running(&spec).unwrap();
    for node in &nodes {
        database.remove(node).await.unwrap();
        database.install(node, &nodes).await.unwrap();
        database.start(node, &nodes).await.unwrap();
    }
    assert!(log.lock().unwrap().is_empty());
    assert_eq!(database.daemon().map(|daemon| daemon.unit.as_str()), Some("acme.service"));
    database.ready(&nodes[0], Duration::from_secs(1)).await.unwrap();
    assert!(log.lock().unwrap()[0].1.ends_with("systemctl is-active acme.service\n"));
}

#[tokio::test]
async fn a_node_serves_once_its_port_accepts_connections() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut here = nodes(&Log::default()).remove(0);
    here.address = [127, 0, 0, 1].into();
    let spec = Spec::parse(&format!("running:port={port}"), &[running_entry()]).unwrap();
    let database = Described::running(&spec).unwrap();
    database.ready(&here, Duration::from_secs(5)).await.unwrap();
    drop(listener);
    let error = database.ready(&here, Duration::from_millis(300)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("running did not serve within 0 s: port {port}: ")), "{error}");
}

#[test]
fn options_of_what_runs_are_checked() {
    for (spelling, expected) in [
        ("running:data-dir=data", "data-dir of running must be an absolute path"),
        ("running:port=70000", "port of running must be a number to 65535"),
        ("running:prot=7", "running has no option `prot`; did you mean `port`?"),
    ] {
        let found = Spec::parse(spelling, &[running_entry()]).and_then(|spec| Described::running(&spec).map(drop));
        let error = found.unwrap_err().to_string();
        assert!(error.contains(expected), "{spelling}: {error}");
    }
}
