//! Every fault on real nodes: made, measured, healed, without a trace; and healed by the node alone.

#[allow(dead_code, reason = "other tests need the rest of it")]
mod dummy;
mod real;

use cluster::{Command, Node, NodeError};
use nemeses::{Injected, Nemesis, Renewal, Shape, Switch, System};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_on_real_nodes() {
    let lab = match real::Nodes::up("nemeses", 5).await {
        Ok(lab) => lab,
        Err(reason) => return report(&format!("skipped: {reason}")),
    };
    let nodes = lab.all.clone();
    let time_to_live = Duration::from_secs(120);
    let system = System { nodes, database: Arc::new(dummy::Dummy::new()), run: "test".into(), time_to_live };
    a_node_without_a_firewall_is_left_without(&system).await;
    dummy::install(&system.nodes).await;
    healing_what_was_never_hurt(&system).await;
    nothing_is_touched_without_a_switch(&system).await;
    let before = firewalls(&system).await;
    let switch = Switch::arm(&system).await.unwrap();
    every_partition(&system).await;
    every_partition(&with_ipv6(&system).await).await;
    every_fault_of_processes_and_disks(&system).await;
    what_does_not_run_cannot_be_hurt(&system).await;
    what_the_node_lives_on_is_never_frozen(&system).await;
    partitions_are_in_force_quickly(&system).await;
    assert!(switch.renew().await.into_iter().all(|(_, renewal)| renewal.is_ok_and(|r| r == Renewal::Extended)));
    nodes_heal_themselves(&system, &switch).await;
    nodes_are_healed_of_everything_at_once(&system).await;
    assert_eq!(firewalls(&system).await, before, "foreign rules and nothing else");
    dummy::remove(&system.nodes).await;
}

async fn a_node_without_a_firewall_is_left_without(system: &System) {
    let before = firewalls(system).await;
    Switch::arm(system).await.unwrap();
    let nemesis = one("partition:one");
    let injected = decide(nemesis.as_ref(), system, 1).await;
    nemesis.inject(system, &injected).await.unwrap();
    assert_ne!(firewalls(system).await, before);
    all_ok(nemeses::heal_all(&system.nodes).await);
    assert_eq!(firewalls(system).await, before);
}

async fn healing_what_was_never_hurt(system: &System) {
    for _ in 0..2 {
        all_ok(nemeses::heal_all(&system.nodes).await);
    }
    all_healed(system).await;
}

async fn nothing_is_touched_without_a_switch(system: &System) {
    for nemesis in nemeses::all().into_iter().map(|entry| one(entry.name)) {
        if nemesis.suits(system).is_err() {
            continue;
        }
        let injected = decide(nemesis.as_ref(), system, 1).await;
        let error = nemesis.inject(system, &injected).await.unwrap_err();
        assert!(matches!(error, NodeError::Refused { .. }), "{error}");
    }
    all_healed(system).await;
}

async fn every_partition(system: &System) {
    for shape in Shape::ALL {
        let nemesis = one(&format!("partition:{}", shape.name()));
        if nemesis.suits(system).is_ok() {
            round(nemesis.as_ref(), system, 3).await;
        }
    }
}

/// The same nodes, known by an IPv6 address.
async fn with_ipv6(system: &System) -> System {
    let mut system = system.clone();
    for (node, number) in system.nodes.iter_mut().zip(1..) {
        let address = format!("fd67:6e73::{number}");
        run(node, &format!("ip -6 addr replace {address}/64 dev host0 nodad")).await;
        node.address = address.parse().unwrap();
    }
    system
}

async fn every_fault_of_processes_and_disks(system: &System) {
    for spec in ["kill:one", "kill:all", "pause:minority", "pause:all", "disk-stall", "disk-stall:all"] {
        for nemesis in nemeses::parse(spec).unwrap() {
            round(nemesis.as_ref(), system, 5).await;
        }
    }
}

/// Makes a fault, measures it, heals it, heals it again, and measures that nothing is left of it.
async fn round(nemesis: &dyn Nemesis, system: &System, seed: u64) {
    let injected = decide(nemesis, system, seed).await;
    assert!(!measured(nemesis, system, &injected).await.0, "in effect before it is made: {}", injected.description);
    let start = Instant::now();
    nemesis.inject(system, &injected).await.unwrap();
    let took = start.elapsed();
    let (in_effect, found) = measured(nemesis, system, &injected).await;
    assert!(in_effect, "{}: {found}", injected.description);
    let start = Instant::now();
    all_ok(nemeses::heal(nemesis, &system.nodes).await);
    report(&format!("{} ({took:.1?}): {found}; healed in {:.1?}", injected.description, start.elapsed()));
    all_ok(nemeses::heal(nemesis, &system.nodes).await);
    for node in &system.nodes {
        let healed = nemesis.healed(system, node).await.unwrap();
        assert!(healed.in_effect, "{}: {}", node.name, healed.description);
    }
    assert!(!measured(nemesis, system, &injected).await.0, "in effect after it was healed");
}

async fn what_does_not_run_cannot_be_hurt(system: &System) {
    let node = &system.nodes[0];
    run(node, "systemctl stop gainsay-dummy.service").await;
    for spec in ["kill:all", "pause:all", "disk-stall:all"] {
        for nemesis in nemeses::parse(spec).unwrap() {
            let injected = decide(nemesis.as_ref(), system, 1).await;
            let error = nemesis.inject(system, &injected).await.unwrap_err();
            assert!(error.to_string().contains("gainsay-dummy.service does not run: inactive"), "{error}");
            let healed = nemeses::heal(nemesis.as_ref(), &system.nodes).await;
            all_ok(healed);
        }
    }
    run(node, "systemctl start gainsay-dummy.service").await;
}

async fn what_the_node_lives_on_is_never_frozen(system: &System) {
    let node = &system.nodes[0];
    run(node, "mkdir -p /srv/bound && mount --bind /var/tmp /srv/bound").await;
    for (data, reason) in [
        ("/", "/ is on the same file system as /"),
        ("/var/tmp", "/var/tmp is no mount point"),
        ("/srv/bound", "/srv/bound is on the same file system as /"),
        ("/run", "/run is on the same file system as /run"),
    ] {
        let system = System { database: Arc::new(dummy::Dummy::with_data(data)), ..system.clone() };
        let nemesis = one("disk-stall:primary");
        let injected = decide(nemesis.as_ref(), &system, 1).await;
        let error = nemesis.inject(&system, &injected).await.unwrap_err();
        assert!(matches!(&error, NodeError::Refused { reason: said, .. } if said.starts_with(reason)), "{error}");
    }
    run(node, "umount /srv/bound && rmdir /srv/bound").await;
}

async fn partitions_are_in_force_quickly(system: &System) {
    let nemesis = one("partition:halves");
    let mut took = Vec::new();
    for seed in 0..20 {
        let injected = decide(nemesis.as_ref(), system, seed).await;
        let start = Instant::now();
        nemesis.inject(system, &injected).await.unwrap();
        took.push(start.elapsed());
        all_ok(nemeses::heal(nemesis.as_ref(), &system.nodes).await);
    }
    took.sort();
    let nodes = system.nodes.len();
    report(&format!("partition of {nodes} nodes in force: median {:.1?}, slowest {:.1?}", took[10], took[19]));
    assert!(took[10] < Duration::from_millis(500), "even a busy machine is not that slow: {took:?}");
}

/// Everything at once, and then silence: within the time to live and 2 s the nodes are whole.
async fn nodes_heal_themselves(system: &System, long: &Switch) {
    let short = System { time_to_live: Duration::from_secs(4), ..system.clone() };
    let switch = Switch::arm(&short).await.unwrap();
    let armed = Instant::now();
    let all = nemeses::parse("partition:halves,pause:one,disk-stall:primary").unwrap();
    for nemesis in &all {
        let injected = decide(nemesis.as_ref(), &short, 2).await;
        nemesis.inject(&short, &injected).await.unwrap();
    }
    let kill = one("kill:all");
    let last = system.nodes.last().unwrap().name.clone();
    let injected = Injected { description: format!("kill {last}"), nodes: vec![last], grudge: vec![] };
    kill.inject(&short, &injected).await.unwrap();
    assert!(measured(kill.as_ref(), &short, &injected).await.0);
    assert!(armed.elapsed() < Duration::from_secs(3), "too slow to tell: {:?}", armed.elapsed());
    tokio::time::sleep_until((armed + Duration::from_secs(6)).into()).await;
    for nemesis in nemeses::parse("partition,kill,pause,disk-stall").unwrap() {
        for node in &system.nodes {
            let healed = nemesis.healed(&short, node).await.unwrap();
            assert!(healed.in_effect, "{} on {}: {}", nemesis.name(), node.name, healed.description);
        }
    }
    let show =
        "systemctl show -p ExecMainStartTimestampMonotonic -p ExecMainExitTimestampMonotonic gainsay-heal.service";
    let mut took = Vec::new();
    for node in &system.nodes {
        let times = run(node, &format!("{show} | sed 's/.*=//' | sort -n")).await;
        let times: Vec<u64> = times.lines().map(|time| time.parse().unwrap()).collect();
        took.push(Duration::from_micros(times[1] - times[0]));
    }
    report(&format!("four faults at once were healed by the nodes alone, once silent for 4 s: in {took:.0?}"));
    assert!(matches!(switch.check(&names(system)).await, Err(NodeError::Refused { .. })));
    assert!(kill.inject(&short, &injected).await.is_err(), "no fault without a switch");
    assert!(long.renew().await.into_iter().all(|(_, renewal)| renewal.is_ok_and(|r| r == Renewal::Rearmed)));
    switch.check(&names(system)).await.unwrap();
}

async fn nodes_are_healed_of_everything_at_once(system: &System) {
    Switch::arm(system).await.unwrap();
    for nemesis in nemeses::parse("partition:ring,pause:all,disk-stall:all,kill:minority").unwrap() {
        if nemesis.suits(system).is_ok() {
            let injected = decide(nemesis.as_ref(), system, 4).await;
            // A paused process on a frozen disk can be killed: it sleeps.
            nemesis.inject(system, &injected).await.unwrap();
        }
    }
    let start = Instant::now();
    for _ in 0..2 {
        all_ok(nemeses::heal_all(&system.nodes).await);
    }
    report(&format!("everything healed everywhere, twice, in {:.1?}", start.elapsed()));
    all_healed(system).await;
}

/// The only nemesis of a plan.
fn one(spec: &str) -> Box<dyn Nemesis> {
    nemeses::parse_one(spec).unwrap()
}

async fn decide(nemesis: &dyn Nemesis, system: &System, seed: u64) -> Injected {
    nemesis.decide(system, &mut ChaCha8Rng::seed_from_u64(seed)).await.unwrap()
}

async fn measured(nemesis: &dyn Nemesis, system: &System, injected: &Injected) -> (bool, String) {
    let measured = nemesis.in_effect(system, injected).await.unwrap();
    (measured.in_effect, measured.description)
}

async fn all_healed(system: &System) {
    for (node, found) in nemeses::verify_healed(system).await {
        assert!(found.in_effect, "{node}: {}", found.description);
    }
}

fn all_ok(answers: Vec<(String, Result<(), NodeError>)>) {
    for (node, answer) in answers {
        answer.unwrap_or_else(|error| panic!("{node}: {error}"));
    }
}

/// The rules of both families on every node, without counters and dates.
async fn firewalls(system: &System) -> Vec<String> {
    let mut saved = Vec::new();
    for node in &system.nodes {
        saved.push(run(node, "(iptables-save; ip6tables-save) | grep -v '^#' | sed 's/ *\\[[0-9:]*\\]//'").await);
    }
    saved
}

async fn run(node: &Node, script: &str) -> String {
    node.run(&Command::new(script)).await.unwrap().text()
}

fn names(system: &System) -> Vec<String> {
    system.nodes.iter().map(|node| node.name.clone()).collect()
}

#[expect(clippy::print_stderr, reason = "a test says what it measured")]
fn report(line: &str) {
    eprintln!("{line}");
}
