//! What nodes are told, word by word, and what is made of their answers; no node is needed.

#[allow(dead_code, reason = "the real nodes need more of it")]
mod dummy;

use cluster::{Command, Lever, Machine, MachineKind, Node, NodeError, Output, Recorder};
use nemeses::{Injected, Nemesis, Switch, System};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Log = Arc<Mutex<Vec<(String, String)>>>;

/// Recorders n1, n2 … at 10.0.0.1, 10.0.0.2 …, which answer by a function of their name and the command.
fn system(nodes: u8, answer: fn(&str, &Command) -> Output) -> (System, Log) {
    let log = Log::default();
    let node = |number: u8| {
        let name = format!("n{number}");
        let own = name.clone();
        let recorder = Recorder::answering(&name, Arc::clone(&log), move |command| answer(&own, command));
        Node::new(name, [10, 0, 0, number].into(), Arc::new(recorder))
    };
    let nodes = (1..=nodes).map(node).collect();
    let time_to_live = Duration::from_secs(30);
    (System { nodes, database: Arc::new(dummy::Dummy::new()), run: "test".into(), time_to_live }, log)
}

fn silent(_: &str, _: &Command) -> Output {
    Output::default()
}

fn says(text: &str) -> Output {
    Output { stdout: text.as_bytes().to_vec(), ..Output::default() }
}

fn one(spec: &str) -> Box<dyn Nemesis> {
    nemeses::parse_one(spec).unwrap()
}

async fn decide(nemesis: &dyn Nemesis, system: &System) -> Injected {
    nemesis.decide(system, &mut ChaCha8Rng::seed_from_u64(1)).await.unwrap()
}

/// What nodes are told by an injection, each line once for the nodes that are told the same.
async fn told(spec: &str) -> String {
    let (system, log) = system(3, silent);
    let nemesis = one(spec);
    let injected = decide(nemesis.as_ref(), &system).await;
    nemesis.inject(&system, &injected).await.unwrap();
    let mut log = log.lock().unwrap().clone();
    log.sort();
    let scripts = log.into_iter().map(|(node, script)| format!("--- {node}\n{script}"));
    format!("{}\n{}", injected.description, scripts.collect::<String>())
}

#[tokio::test]
async fn a_partition_is_told_in_one_script_per_node() {
    insta::assert_snapshot!(told("partition:primary").await);
}

#[tokio::test]
async fn one_way_tells_one_node_only() {
    insta::assert_snapshot!(told("partition:one-way").await);
}

#[tokio::test]
async fn kill() {
    insta::assert_snapshot!(told("kill:primary").await);
}

#[tokio::test]
async fn pause() {
    insta::assert_snapshot!(told("pause:primary").await);
}

#[tokio::test]
async fn disk_stall() {
    insta::assert_snapshot!(told("disk-stall").await);
}

#[test]
fn healing_undoes_disks_first_and_units_last_and_everything_in_one_script() {
    let script = nemeses::heal_script();
    let mut places = Vec::new();
    for entry in nemeses::all() {
        places.push(script.find(&format!("# {}\n(\n", entry.name)).unwrap_or_else(|| panic!("no {}", entry.name)));
    }
    assert!(places.is_sorted_by(|one, next| one > next), "the catalogue backwards");
}

#[tokio::test]
async fn the_switch_is_armed_before_and_removed_after() {
    let (system, log) = system(1, silent);
    Switch::arm(&system).await.unwrap().disarm().await;
    let scripts: Vec<_> = log.lock().unwrap().iter().map(|(_, script)| script.clone()).collect();
    let names: Vec<_> = nemeses::all().iter().map(|entry| entry.name).collect();
    insta::assert_snapshot!(scripts.join("---\n").replace(&names.join(" "), "EVERY NEMESIS"));
}

/// n1 is cut from n2 and n3, which hear each other.
async fn measured(answer: fn(&str, &Command) -> Output) -> (bool, String) {
    let (system, _) = system(3, answer);
    let nemesis = one("partition:primary");
    let injected = decide(nemesis.as_ref(), &system).await;
    let measured = nemesis.in_effect(&system, &injected).await.unwrap();
    (measured.in_effect, measured.description)
}

const N1: &str = "10.0.0.2 silent\n10.0.0.3 silent\n[1:60] -A GAINSAY-OUT -d 10.0.0.2/32 -j DROP\n\
                  [1:60] -A GAINSAY-OUT -d 10.0.0.3/32 -j DROP\n";

#[tokio::test]
async fn silence_and_a_counter_prove_a_cut() {
    let found = measured(|node, _| match node {
        "n1" => says(N1),
        "n2" => says("10.0.0.1 silent\n10.0.0.3 heard\n[1:60] -A GAINSAY-OUT -d 10.0.0.1/32 -j DROP\n"),
        _ => says("10.0.0.1 silent\n10.0.0.2 heard\n[2:90] -A GAINSAY-OUT -d 10.0.0.1/32 -j DROP\n"),
    });
    assert_eq!(found.await, (true, "4 of 4 links cut, 2 of 2 others open".to_owned()));
}

#[tokio::test]
async fn a_link_that_is_heard_or_not_counted_is_not_cut() {
    let found = measured(|node, _| match node {
        "n1" => says(N1),
        "n2" => says("10.0.0.1 heard\n10.0.0.3 heard\n[1:60] -A GAINSAY-OUT -d 10.0.0.1/32 -j DROP\n"),
        _ => says("10.0.0.1 silent\n10.0.0.2 heard\n"),
    });
    let expected = "2 of 4 links cut, 2 of 2 others open; n2 from n1: heard, 1 dropped; n3 from n1: silent, 0 dropped";
    assert_eq!(found.await, (false, expected.to_owned()));
}

#[tokio::test]
async fn silence_everywhere_proves_nothing() {
    let found = measured(|node, _| match node {
        "n1" => says(N1),
        "n2" => says("10.0.0.1 silent\n10.0.0.3 silent\n[1:60] -A GAINSAY-OUT -d 10.0.0.1/32 -j DROP\n"),
        _ => says("10.0.0.1 silent\n10.0.0.2 heard\n[2:90] -A GAINSAY-OUT -d 10.0.0.1/32 -j DROP\n"),
    });
    let expected = "4 of 4 links cut, 1 of 2 others open; n2 from n3, not cut: silent";
    assert_eq!(found.await, (false, expected.to_owned()));
}

#[tokio::test]
async fn one_node_that_cannot_be_healed_does_not_spare_the_others() {
    let (system, log) = system(3, |node, _| match node {
        "n2" => Output { status: 1, stderr: b"gainsay-dummy.service was started, but is failed".to_vec(), ..says("") },
        _ => Output::default(),
    });
    let healed = nemeses::heal_all(&system.nodes).await;
    assert_eq!(log.lock().unwrap().len(), 3);
    let failed: Vec<_> = healed.iter().filter(|(_, result)| result.is_err()).map(|(node, _)| node.as_str()).collect();
    assert_eq!(failed, ["n2"]);
    assert_eq!(
        healed[1].1.as_ref().unwrap_err().to_string(),
        "on n2, exit status 1: undo every fault\ngainsay-dummy.service was started, but is failed"
    );
}

#[tokio::test]
async fn what_makes_no_sense_in_a_small_cluster_is_refused_by_name_and_never_chosen() {
    for nodes in 1..=9 {
        let (system, log) = system(nodes, silent);
        for entry in nemeses::all() {
            for choice in entry.choices {
                let nemesis = one(&format!("{}:{}", entry.name, choice.name));
                let decided = nemesis.decide(&system, &mut ChaCha8Rng::seed_from_u64(1)).await;
                match nemesis.suits(&system) {
                    Ok(()) => assert!(!decided.unwrap().nodes.is_empty(), "{} {} of {nodes}", entry.name, choice.name),
                    Err(_) => assert!(matches!(decided, Err(NodeError::Refused { .. }))),
                }
            }
        }
        assert!(log.lock().unwrap().is_empty(), "to decide touches nothing");
    }
    let (three, _) = system(3, silent);
    assert_eq!(
        one("partition:ring").suits(&three).unwrap_err().to_string(),
        "partition:ring cannot be done here: it needs 4 nodes or more and there are 3"
    );
    let (two, _) = system(2, silent);
    assert_eq!(
        one("kill:minority").suits(&two).unwrap_err().to_string(),
        "kill:minority cannot be done here: a cluster of 2 has no minority"
    );
}

#[tokio::test]
async fn chance_always_decides_on_something() {
    for nodes in 2..=9 {
        let (mut system, _) = system(nodes, silent);
        for node in &mut system.nodes {
            let levers = Lever::ALL.into_iter().map(|lever| (lever, format!("bmc {}", lever.key())));
            node.machine = Machine { kind: MachineKind::Vm, levers: levers.collect() };
        }
        for nemesis in nemeses::all().into_iter().map(|entry| one(entry.name)) {
            let mut rng = ChaCha8Rng::seed_from_u64(nodes.into());
            for _ in 0..100 {
                assert!(!nemesis.decide(&system, &mut rng).await.unwrap().nodes.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn power_is_cut_by_the_inventorys_command_and_only_where_it_has_one() {
    let answer = |_: &str, command: &Command| match command.script.as_str() {
        ":" => Output { status: 1, ..Output::default() },
        _ => says("one"),
    };
    let (mut system, log) = system(3, answer);
    let nemesis = one("power-cycle:node=n2");
    let error = nemesis.suits(&system).unwrap_err().to_string();
    assert_eq!(error, "power-cycle cannot be done here: n1 has no power_off in the inventory");
    for node in &mut system.nodes {
        let name = node.name.clone();
        let levers = [Lever::PowerOff, Lever::PowerOn].map(|lever| (lever, format!("bmc {name} {}", lever.key())));
        node.machine = Machine { kind: MachineKind::Unknown, levers: levers.into() };
    }
    let injected = nemesis.decide(&system, &mut ChaCha8Rng::seed_from_u64(1)).await.unwrap();
    nemesis.inject(&system, &injected).await.unwrap();
    let told: Vec<_> = log.lock().unwrap().clone();
    assert!(told.iter().all(|(node, _)| node == "n2"), "{told:?}");
    assert!(told[1].1.contains("bmc n2 power_on"), "its watcher: {}", told[1].1);
    assert_eq!(told[2].1, "# on the controller: bmc n2 power_off");
    let found = nemesis.in_effect(&system, &injected).await.unwrap();
    assert!(found.in_effect, "{}", found.description);
    let crash = one("kernel-crash:node=n2").suits(&system).unwrap_err().to_string();
    assert!(crash.contains("may share its kernel with others"), "{crash}");
}
