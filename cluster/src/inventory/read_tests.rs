//! Inventories, and what is said about those that are none.

use crate::Inventory;
use std::path::Path;

fn parse(text: &str) -> Result<Inventory, String> {
    Inventory::parse(text, Path::new("dir/lab.toml")).map_err(|error| error.to_string())
}

const WHOLE: &str = r#"
name = "lab"
known_hosts = "known_hosts"
[ssh]
user = "admin"
port = 2200
key = "id_ed25519"
password_env = "LAB_PASSWORD"
[[node]]
name = "n1"
address = "10.213.7.11"
port = 2222
user = "root"
key = "/keys/n1"
labels = { zone = "a", rack = "r1" }
[[node]]
name = "n-2.x"
address = "node2.example.org"
[[node]]
name = "n3"
address = "fd00::3"
"#;

#[test]
fn a_whole_inventory_fills_in_what_nodes_share() {
    let inventory = parse(WHOLE).unwrap();
    assert_eq!((inventory.name.as_str(), inventory.known_hosts.as_path()), ("lab", Path::new("dir/known_hosts")));
    let [first, second, third] = inventory.hosts.as_slice() else { panic!("three nodes") };
    assert_eq!((first.port, first.user.as_str(), first.key.as_deref()), (2222, "root", Some(Path::new("/keys/n1"))));
    assert_eq!(first.labels["zone"], "a");
    assert_eq!((second.port, second.user.as_str()), (2200, "admin"));
    assert_eq!(second.key.as_deref(), Some(Path::new("dir/id_ed25519")));
    assert_eq!(third.password_env.as_deref(), Some("LAB_PASSWORD"));
    let chosen = inventory.only(&["n3".to_owned(), "n1".to_owned()]).unwrap();
    assert_eq!(chosen.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["n1", "n3"]);
    assert_eq!(inventory.only(&["n9".to_owned()]).unwrap_err(), ["n9"]);
    assert_eq!(inventory.first(2).hosts.len(), 2);
}

#[test]
fn the_smallest_inventory_has_defaults() {
    let inventory = parse("name = 'x'\n[[node]]\nname = 'a'\naddress = '::1'").unwrap();
    assert!(inventory.known_hosts.ends_with(".ssh/known_hosts"));
    assert_eq!((inventory.hosts[0].port, inventory.hosts[0].user.as_str()), (22, "root"));
}

#[test]
fn every_complaint_names_its_place() {
    let node = |lines: &str| format!("name = \"x\"\n[[node]]\n{lines}\n");
    let good = "name = \"a\"\naddress = \"h\"";
    let rule = "a node's name (a letter or digit, then letters, digits, dots, dashes or underscores; at most 63)";
    let table: Vec<(String, String)> = vec![
        ("name = ".into(), "1:8: expected TOML: string values must be quoted, expected literal string".into()),
        ("".into(), "1:1: expected `name = \"...\"`, the cluster's name, but there is none".into()),
        ("name = 7".into(), "1:8: expected the cluster's name as a string, found the integer 7".into()),
        ("name = \"\"".into(), "1:8: expected the cluster's name as a string, found an empty string".into()),
        ("name = \"x\"\n".into(), "1:11: expected at least one [[node]], but there is none".into()),
        ("name = \"x\"\nnode = []".into(), "2:8: expected at least one [[node]], found an empty list".into()),
        ("name = \"x\"\nnode = 3".into(), "2:8: expected tables [[node]], found the integer 3".into()),
        ("name = \"x\"\nssh = 3".into(), "2:7: expected the table [ssh], found the integer 3".into()),
        (
            "name = \"x\"\nnodes = []".into(),
            "2:1: expected one of name, known_hosts, ssh, machine, node in an inventory, found `nodes`; did you mean `node`?".into(),
        ),
        (
            "name = \"x\"\n[ssh]\npasword_env = \"X\"".into(),
            "3:1: expected one of user, port, key, password_env in [ssh], found `pasword_env`; did you mean `password_env`?"
                .into(),
        ),
        (
            "name = \"x\"\n[ssh]\npassword_env = \"s3cret!\"".into(),
            "3:16: expected the name of an environment variable (not the password itself), found something else".into(),
        ),
        (
            "name = \"x\"\n[ssh]\nport = 70000".into(),
            "3:8: expected a port from 1 to 65535, found the integer 70000".into(),
        ),
        (
            node(&format!("{good}\nprot = \"y\"")),
            "5:1: expected one of name, address, port, user, key, labels, kind, power_off, power_on, pause, resume, unplug, plug in [[node]], found `prot`; did you mean `port`?"
                .into(),
        ),
        (
            node(&format!("{good}\nzebrastripes = 1")),
            "5:1: expected one of name, address, port, user, key, labels, kind, power_off, power_on, pause, resume, unplug, plug in [[node]], found `zebrastripes`".into(),
        ),
        (node("address = \"h\""), "2:1: expected `name = \"...\"` in [[node]], but there is none".into()),
        (node("name = \"a\""), "2:1: expected `address = \"...\"` in [[node]], but there is none".into()),
        (node("name = \"-a\"\naddress = \"h\""), format!("3:8: expected {rule}, found \"-a\"")),
        (node("name = \"ä\"\naddress = \"h\""), format!("3:8: expected {rule}, found \"ä\"")),
        (
            node("name = \"a\"\naddress = \"10.0.0.\""),
            "4:11: expected an IP address or host name, found \"10.0.0.\"".into(),
        ),
        (
            node("name = \"a\"\naddress = \"10.0.0.256\""),
            "4:11: expected an IP address or host name, found \"10.0.0.256\"".into(),
        ),
        (
            node("name = \"a\"\naddress = \"a b\""),
            "4:11: expected an IP address or host name, found \"a b\"".into(),
        ),
        (node(&format!("{good}\nport = \"22\"")), "5:8: expected a port from 1 to 65535, found the string \"22\"".into()),
        (node(&format!("{good}\nport = 0")), "5:8: expected a port from 1 to 65535, found the integer 0".into()),
        (node(&format!("{good}\nlabels = {{ zone = 1 }}")), "5:19: expected a label as a string, found the integer 1".into()),
        (
            node(&format!("{good}\n[[node]]\nname = \"a\"\naddress = \"i\"")),
            "6:8: expected a name of its own, but two nodes are named \"a\"".into(),
        ),
        (
            node(&format!("{good}\n[[node]]\nname = \"b\"\naddress = \"h\"\nport = 22")),
            "7:11: expected an address of its own, but a is at h port 22 too".into(),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(parse(&text).unwrap_err(), format!("dir/lab.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Inventory::load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(
        error.starts_with("no/such.toml:1:1: expected an inventory, but it cannot be read: No such file"),
        "{error}"
    );
}
