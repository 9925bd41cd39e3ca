//! Faults that need a kernel, a clock or a power switch of the node's own, on virtual machines: made, measured while they
//! last, healed, and the node as it was before.
//!
//! Runs where QEMU is and `GAINSAY_NIGHTLY` is set, for an emulated machine takes a minute to start; elsewhere it says so and
//! passes.

mod machines;

use machines::{Machines, ahead, gainsay, on, report, state};
use nemeses::{Injected, Nemesis, Renewal, Switch, System};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

/// What is shown, all on n1.
const FAULTS: [&str; 10] = [
    "unplug",
    "machine-pause",
    "clock-jump",
    "clock-jump:direction=back:by-ms=90000",
    "clock-strobe",
    "clock-drift",
    "clock-frozen",
    "reboot",
    "kernel-crash",
    "power-cycle",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_break_and_are_whole_again() {
    if std::env::var_os("GAINSAY_NIGHTLY").is_none() {
        return report("SKIPPED: GAINSAY_NIGHTLY is not set");
    }
    let machines = match Machines::up(1).await {
        Ok(machines) => machines,
        Err(reason) => return report(&format!("SKIPPED: no lab of virtual machines on this machine: {reason}")),
    };
    let system = machines.system();
    let node = &system.nodes[0];
    let before = state(node).await;
    system.database.install(node, &system.nodes).await.unwrap();
    system.database.start(node, &system.nodes).await.unwrap();
    let installed = state(node).await;

    what_is_not_flushed_is_lost(&system, &installed).await;
    for spec in FAULTS {
        round(spec, &system, &installed).await;
    }
    a_silent_node_is_lifted_without_memory(&system).await;

    system.database.remove(node).await.unwrap();
    assert_eq!(state(node).await, before);
}

/// A power cycle, with two writers: one flushes, one does not. The unit that ran runs again, and the switch is armed
/// again when it is renewed.
async fn what_is_not_flushed_is_lost(system: &System, whole: &str) {
    let node = &system.nodes[0];
    let switch = Switch::arm(system).await.unwrap();
    let write = "mkdir -p /root/written && cd /root/written && sync . /root || exit 1
i=0; while [ $i -lt 500 ]; do echo $i >>flushed; i=$((i + 1)); done; sync flushed .
i=0; while [ $i -lt 500 ]; do echo $i >>unflushed; i=$((i + 1)); done; cat flushed unflushed | wc -l";
    assert_eq!(on(node, write).await, "1000");
    let nemesis = one("power-cycle");
    let injected = decide(nemesis.as_ref(), system).await;
    let begun = Instant::now();
    nemesis.inject(system, &injected).await.unwrap();
    let took = begun.elapsed();
    let (in_effect, found) = measured(nemesis.as_ref(), system, &injected).await;
    assert!(in_effect, "{found}");
    let begun = Instant::now();
    heal(nemesis.as_ref(), system).await;
    let back = begun.elapsed();
    let found = on(node, "cd /root/written; wc -l <flushed; cat unflushed 2>/dev/null | wc -l").await;
    let lines: Vec<u32> = found.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(lines[0], 500, "what was flushed is there");
    assert!(lines[1] < 500, "what was not flushed is lost, at least in part");
    assert_eq!(on(node, "systemctl is-active gainsay-sleeper.service").await, "active");
    let lost = 500 - lines[1];
    report(&format!("power-cycle ({took:.1?}), back in {back:.1?}: 0 of 500 flushed lines lost, {lost} of 500 others"));

    let renewed = switch.renew().await;
    assert!(matches!(renewed[0].1, Ok(Renewal::Rearmed)), "{renewed:?}");
    switch.check(&["n1".to_owned()]).await.unwrap();
    on(node, "rm -r /root/written").await;
    heal_everything(system).await;
    assert_eq!(state(node).await, whole);
}

/// One fault, from before it is made to after it is healed.
async fn round(spec: &str, system: &System, whole: &str) {
    let node = &system.nodes[0];
    let nemesis = one(spec);
    nemesis.preflight(system).await.unwrap();
    Switch::arm(system).await.unwrap();
    let injected = decide(nemesis.as_ref(), system).await;
    let offset = ahead(node).await;
    assert!(!measured(nemesis.as_ref(), system, &injected).await.0, "{spec} is in effect before it is made");
    let begun = Instant::now();
    nemesis.inject(system, &injected).await.unwrap_or_else(|error| panic!("{spec}: {error}"));
    let took = begun.elapsed();
    let (in_effect, found) = measured(nemesis.as_ref(), system, &injected).await;
    assert!(in_effect, "{spec}: {found}");
    let wrong = clock_against_ours(spec, system, offset).await;
    let begun = Instant::now();
    heal(nemesis.as_ref(), system).await;
    report(&format!("{} ({took:.1?}): {found}{wrong}; healed in {:.1?}", injected.description, begun.elapsed()));
    heal(nemesis.as_ref(), system).await;
    for node in &system.nodes {
        let healed = nemesis.healed(system, node).await.unwrap();
        assert!(healed.in_effect, "{spec}: {}", healed.description);
    }
    assert!(!measured(nemesis.as_ref(), system, &injected).await.0, "{spec} is in effect after it was healed");
    heal_everything(system).await;
    assert_eq!(state(node).await, whole, "after {spec}");
    let (least, most) = ahead(node).await;
    assert!(least < offset.1 + 0.5 && most > offset.0 - 0.5, "{spec}: {offset:?} before, {:?} after", (least, most));
}

/// What the controller sees of a clock that is said to be wrong, and that it is so.
async fn clock_against_ours(spec: &str, system: &System, before: (f64, f64)) -> String {
    if !spec.starts_with("clock") {
        return String::new();
    }
    if spec.starts_with("clock-drift") {
        // 5 % of this is more than what the way to the node makes uncertain.
        tokio::time::sleep(Duration::from_secs(8)).await;
    }
    let (least, most) = ahead(&system.nodes[0]).await;
    let jumped = if spec.contains("back") { most < before.0 - 80.0 } else { least > before.1 + 50.0 };
    assert!(jumped || !spec.starts_with("clock-jump"), "{spec}: {before:?} before, {:?} now", (least, most));
    assert!(least > before.1 || !spec.starts_with("clock-drift"), "{spec}: {before:?} before, {:?} now", (least, most));
    format!(", {least:.2} to {most:.2} s against the controller (before: {:.2} to {:.2})", before.0, before.1)
}

/// As `gainsay heal` does it, from a process that knows nothing.
async fn a_silent_node_is_lifted_without_memory(system: &System) {
    for lever in ["pause", "unplug"] {
        gainsay(&["lab", "machine", "n1", lever, "--name", machines::LAB]);
        heal_everything(system).await;
    }
}

fn one(spec: &str) -> Box<dyn Nemesis> {
    let (name, rest) = spec.split_once(':').map_or((spec, String::new()), |(name, rest)| (name, format!(":{rest}")));
    nemeses::parse_one(&format!("{name}:node=n1{rest}")).unwrap_or_else(|error| panic!("{error}"))
}

async fn decide(nemesis: &dyn Nemesis, system: &System) -> Injected {
    nemesis.decide(system, &mut ChaCha8Rng::seed_from_u64(1)).await.unwrap()
}

async fn measured(nemesis: &dyn Nemesis, system: &System, injected: &Injected) -> (bool, String) {
    let measured = nemesis.in_effect(system, injected).await.unwrap_or_else(|error| panic!("{error}"));
    (measured.in_effect, measured.description)
}

async fn heal(nemesis: &dyn Nemesis, system: &System) {
    for (node, healed) in nemeses::heal(nemesis, &system.nodes).await {
        healed.unwrap_or_else(|error| panic!("{node}: {error}"));
    }
}

async fn heal_everything(system: &System) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        for (node, healed) in nemeses::heal_all(&system.nodes).await {
            healed.unwrap_or_else(|error| panic!("{node}: {error}"));
        }
        let found = nemeses::verify_healed(system).await;
        if found.iter().all(|(_, measured)| measured.in_effect) {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
