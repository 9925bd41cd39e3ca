//! The whole machine on real nodes: etcd under faults, a controller that is killed, nodes that may not be touched.
//!
//! Runs where a lab can run: as root, with systemd-nspawn. Elsewhere it says so and passes.

mod harness;

use harness::{Answer, Harness};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The lab of this test; no person's lab has this name.
const LAB: &str = "gs-test";

/// Nodes of the lab.
const NODES: usize = 5;

/// A lab that is taken down when the test ends, however it ends.
struct Lab {
    harness: Harness,
}

impl Lab {
    fn up() -> Lab {
        let lab = Lab { harness: Harness::new() };
        let answer = lab.harness.run(&format!("lab up --nodes {NODES} --name {LAB}"));
        assert_eq!(answer.code, 0, "{answer}");
        lab
    }

    fn inventory(&self) -> String {
        lab::Lab::named(LAB).expect("the name is valid").inventory().display().to_string()
    }

    fn run(&self, arguments: &str) -> Answer {
        self.harness.run(&arguments.replace("LAB", &format!("--lab {LAB}")))
    }

    /// What a command prints on a node.
    fn on(&self, node: usize, script: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gainsay"));
        let output =
            command.args(["lab", "shell", "--name", LAB, &format!("n{node}"), script]).output().expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Everything on the nodes that a run must leave as it was.
    fn state(&self) -> Vec<String> {
        let script = "iptables-save | grep -v '^#' | sed 's/\\[.*\\]//'; ip6tables-save | grep -v '^#' | sed 's/\\[.*\\]//'; \
                      systemctl list-units --all --plain --no-legend 'gainsay-*'; ls /run/gainsay 2>/dev/null; \
                      ls /var/lib/gainsay /run/systemd/system 2>/dev/null; grep gainsay /proc/mounts | grep -v ' / '";
        (1..=NODES).map(|node| self.on(node, script)).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.harness.run(&format!("lab down --name {LAB}"));
    }
}

#[test]
fn real_nodes() {
    if let Err(reason) = lab::supported() {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: no lab on this machine: {reason}");
        }
        return;
    }
    let lab = Lab::up();
    let before = lab.state();
    healthy_nodes_have_nothing_to_fix(&lab);
    a_dry_run_touches_nothing(&lab, &before);
    nodes_that_may_not_be_touched_are_refused(&lab);
    a_killed_controller_leaves_whole_nodes(&lab);
    etcd_keeps_its_promise_under_faults(&lab, &before);
    a_run_that_somebody_halts_ends_whole(&lab, &before);
    a_schedule_is_followed_and_written_down(&lab);
    the_printed_sudoers_file_is_enough(&lab);
    stale_reads_are_found(&lab);
    a_lock_held_twice_is_found(&lab);
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() {
        etcd_loses_nothing_without_power(&lab);
        scenarios_happen_in_order_and_within_limits(&lab);
    }
    assert_eq!(lab.state(), before, "the nodes are not as they were");
}

/// Of what etcd acknowledged, all was flushed: a majority without power loses none of it.
fn etcd_loses_nothing_without_power(lab: &Lab) {
    let answer = lab.run(
        "test LAB --nemesis power-loss:majority,cut-clients,delay:ms=40 --nemesis-interval 12s --nemesis-hold 4s \
         --time-limit 45s --seed 5",
    );
    assert_eq!(answer.code, 0, "{answer}");
}

fn scenarios_happen_in_order_and_within_limits(lab: &Lab) {
    let preset = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/presets/leader-lost-twice.toml");
    let refused = lab.run(&format!("test {preset} LAB --keep-quorum"));
    assert_eq!(refused.code, 65, "{refused}");
    assert!(refused.stderr.contains("never within the limits"), "{refused}");
    let answer = lab.run(&format!("test {preset} LAB --name scenario --seed 2"));
    assert_eq!(answer.code, 0, "{answer}");
    let path = lab.harness.path().join("results/scenario/latest/faults.jsonl");
    let lines = std::fs::read_to_string(path).expect("the faults are written down");
    let place = |nemesis: &str, phase: &str| {
        let (nemesis, phase) = (format!("\"nemesis\":\"{nemesis}\""), format!("\"phase\":\"{phase}\""));
        lines
            .lines()
            .position(|line| line.contains(&nemesis) && line.contains(&phase))
            .unwrap_or_else(|| panic!("{lines}"))
    };
    assert!(place("partition", "measured") < place("kill", "injected"), "{lines}");
    assert!(place("kill", "healed") < place("partition", "healed"), "{lines}");
    assert!(place("partition", "healed") < place("delay", "planned"), "{lines}");
}

fn healthy_nodes_have_nothing_to_fix(lab: &Lab) {
    let answer = lab.run("doctor LAB");
    assert_eq!(answer.code, 0, "{answer}");
    let status = lab.run(&format!("lab status --name {LAB} --output json"));
    assert_eq!(status.stdout.matches("\"name\": \"n").count(), NODES, "{status}");
}

fn a_dry_run_touches_nothing(lab: &Lab, before: &[String]) {
    let answer = lab.run("test LAB --nemesis partition,kill,pause,disk-stall --dry-run --seed 1");
    assert_eq!(answer.code, 0, "{answer}");
    for expected in ["GAINSAY-IN", "systemctl", "fsfreeze", "mkfs.ext4"] {
        assert!(answer.stdout.contains(expected), "the dry run lacks {expected}: {answer}");
    }
    assert_eq!(lab.state(), before);
}

fn nodes_that_may_not_be_touched_are_refused(lab: &Lab) {
    lab.on(2, "mv /etc/gainsay/allowed /etc/gainsay/elsewhere");
    let refused = lab.run("test LAB --time-limit 1s");
    lab.on(2, "mv /etc/gainsay/elsewhere /etc/gainsay/allowed");
    assert_eq!(refused.code, 77, "{refused}");
    assert!(refused.stderr.contains("n2") && refused.stderr.contains("/etc/gainsay/allowed"), "{refused}");

    let inventory = lab.inventory();
    let known = std::path::Path::new(&inventory).with_file_name("known_hosts");
    let text = std::fs::read_to_string(&known).expect("known_hosts is there");
    let swapped = swap_keys(&text);
    std::fs::write(&known, swapped).expect("known_hosts is written");
    let wrong = lab.run("test LAB --time-limit 1s");
    std::fs::write(&known, text).expect("known_hosts is written");
    assert_eq!(wrong.code, 3, "{wrong}");
    assert_eq!(wrong.stderr.matches("SHA256:").count() % 2, 0, "both fingerprints: {wrong}");
    assert!(wrong.stderr.contains("SHA256:"), "{wrong}");
}

/// Gives every host the keys of the next one.
fn swap_keys(known_hosts: &str) -> String {
    let lines: Vec<(&str, &str)> = known_hosts.lines().filter_map(|line| line.split_once(' ')).collect();
    let hosts = lines.iter().map(|(host, _)| *host);
    let keys = lines.iter().map(|(_, key)| *key).cycle().skip(lines.len() / NODES);
    hosts.zip(keys).map(|(host, key)| format!("{host} {key}\n")).collect()
}

fn etcd_keeps_its_promise_under_faults(lab: &Lab, before: &[String]) {
    let answer = lab.run(
        "test LAB --nemesis partition,kill,pause --nemesis-interval 7s --nemesis-hold 3s --time-limit 25s --seed 3",
    );
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stdout.starts_with("OK"), "{answer}");
    assert_eq!(lab.state(), before, "the nodes are not as they were: {answer}");
    let report = std::fs::read_to_string(lab.harness.latest().join("report.html")).expect("there is a report");
    assert!(report.contains("<svg") && report.contains("partition"));
}

fn stale_reads_are_found(lab: &Lab) {
    let answer = lab
        .run("test LAB --database etcd:reads=serializable --workload register --time-limit 10s --rate 1000 --seed 1");
    assert_eq!(answer.code, 1, "{answer}");
    // Which of them comes first depends on what ran when.
    assert!(["stale-read", "nonlinearizable"].iter().any(|name| answer.stdout.contains(name)), "{answer}");
}

fn a_lock_held_twice_is_found(lab: &Lab) {
    let preset = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/presets/lock-under-disk-stall.toml");
    let answer = lab.run(&format!("test {preset} LAB --seed 1"));
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stdout.contains("mutual-exclusion"), "{answer}");
}

/// SIGKILL in the middle of a partition: the nodes heal themselves, another run is refused while the lock lives, and
/// what was recorded can be judged.
fn a_killed_controller_leaves_whole_nodes(lab: &Lab) {
    let arguments = format!(
        "test --lab {LAB} --name killed --nemesis partition:halves --nemesis-interval 4s --nemesis-hold 50s \
         --time-limit 60s --time-to-live 6s --seed 1"
    );
    let mut controller =
        lab.harness.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let faults = lab.harness.path().join("results/killed/latest/faults.jsonl");
    let limit = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(&faults).unwrap_or_default().contains("measured") {
        assert!(Instant::now() < limit, "no partition was measured");
        std::thread::sleep(Duration::from_millis(100));
    }
    controller.kill().expect("it is killed");
    controller.wait().expect("it is gone");
    let killed = Instant::now();
    let refused = lab.run("test LAB --time-limit 1s");
    assert_eq!(refused.code, 77, "{refused}");
    while (1..=NODES).any(|node| lab.on(node, "iptables-save").contains("GAINSAY")) {
        assert!(killed.elapsed() < Duration::from_secs(10), "not healed {:?} after the kill", killed.elapsed());
        std::thread::sleep(Duration::from_millis(200));
    }
    let judged = lab.run("check results/killed/latest");
    assert!([0, 2].contains(&judged.code), "{judged}");
    let healed = lab.run("heal LAB");
    assert_eq!(healed.code, 0, "{healed}");
    // The lock of a dead controller expires after a minute; nobody need wait for that here.
    for node in 1..=NODES {
        lab.on(node, "rm -f /run/gainsay/lock; rmdir /run/gainsay 2>/dev/null");
    }
}

/// Somebody else ends a run: its faults are undone at once, it makes no new one, it judges what it has, and gives back.
fn a_run_that_somebody_halts_ends_whole(lab: &Lab, before: &[String]) {
    let arguments = format!(
        "test --lab {LAB} --name halted --nemesis partition:halves,pause --nemesis-interval 3s --nemesis-hold 40s \
         --time-limit 90s --seed 1"
    );
    let controller =
        lab.harness.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let faults = lab.harness.path().join("results/halted/latest/faults.jsonl");
    let limit = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(&faults).unwrap_or_default().contains("measured") {
        assert!(Instant::now() < limit, "no fault was measured");
        std::thread::sleep(Duration::from_millis(100));
    }
    let halted = lab.run("halt LAB");
    assert_eq!(halted.code, 0, "{halted}");
    assert!(halted.stdout.contains("is told to end") && halted.stdout.contains("has given it back"), "{halted}");
    let ended = controller.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(5), "{told}");
    assert!(told.contains("halted this run"), "{told}");
    assert_eq!(lab.state(), before, "the nodes are not as they were: {halted}");
    let commands = std::fs::read_to_string(lab.harness.path().join("results/halted/latest/commands.jsonl"));
    let commands = commands.expect("there is an audit");
    assert!(commands.contains("iptables-restore") && commands.contains("\"status\":0"), "{commands}");
}

/// Faults that a plan lists happen at their time to their nodes, and the run writes them down as it found them.
fn a_schedule_is_followed_and_written_down(lab: &Lab) {
    let faults = "[[fault]]\nnemesis = \"pause\"\nstart = \"1s\"\nhold = \"2s\"\ndescription = \"pause n3\"\n\
                  nodes = [\"n3\"]\n\n[[fault]]\nnemesis = \"partition\"\nstart = \"2s\"\nhold = \"2s\"\n\
                  description = \"partition n2 from n1\"\nnodes = [\"n2\"]\n\n[fault.grudge]\nn2 = [\"n1\"]\n";
    let plan = lab.harness.path().join("listed.toml");
    std::fs::write(&plan, format!("name = \"listed\"\ntime-limit = \"6s\"\nseed = 1\n{faults}"))
        .expect("it is written");
    let answer = lab.run(&format!("test {} LAB", plan.display()));
    assert!([0, 2].contains(&answer.code), "{answer}");
    let run = lab.harness.path().join("results/listed/latest");
    let written = std::fs::read_to_string(run.join("schedule.toml")).expect("it is written down");
    assert_eq!(written.trim(), faults.trim());
    let record = std::fs::read_to_string(run.join("faults.jsonl")).expect("faults are recorded");
    assert_eq!(record.matches("\"in_effect\":true").count(), 2, "{record}");
    let dry = lab.run("test LAB --replay results/listed/latest --dry-run");
    assert!(dry.stdout.contains("# at 2.0 s: partition n2 from n1"), "{dry}");
    std::fs::write(&plan, faults.replace("n1", "n9")).expect("it is written");
    let refused = lab.run(&format!("test {} LAB", plan.display()));
    assert_eq!(refused.code, 65, "{refused}");
    assert!(refused.stderr.contains("fault 2 names the node `n9`"), "{refused}");
}

/// A user who may do nothing but what `doctor --sudoers` prints can run a test.
fn the_printed_sudoers_file_is_enough(lab: &Lab) {
    let inventory = lab.inventory();
    let text = std::fs::read_to_string(&inventory).expect("the inventory is there");
    let as_tester = std::path::Path::new(&inventory).with_file_name("tester.toml");
    std::fs::write(&as_tester, text.replace("user = \"root\"", "user = \"tester\"")).expect("it is written");
    let wanted = lab.run(&format!("doctor --inventory {} --sudoers", as_tester.display()));
    assert_eq!(wanted.code, 0, "{wanted}");
    for node in 1..=NODES {
        let made = lab.on(
            node,
            &format!(
                "useradd -m tester && install -d -m 700 -o tester /home/tester/.ssh && \
                 install -m 600 -o tester /root/.ssh/authorized_keys /home/tester/.ssh/ && \
                 cat >/etc/sudoers.d/gainsay <<'END' && visudo -cf /etc/sudoers.d/gainsay && echo made\n{}\nEND\n",
                wanted.stdout
            ),
        );
        assert!(made.contains("made"), "n{node}: {made}");
    }
    let flags = "--nodes 3 --nemesis kill --nemesis-interval 3s --nemesis-hold 2s --time-limit 8s --seed 2";
    let ran = lab.run(&format!("test --inventory {} {flags}", as_tester.display()));
    let other = lab.on(1, "runuser -u tester -- sudo -n /bin/cat /etc/shadow || echo refused");
    for node in 1..=NODES {
        lab.on(node, "rm -f /etc/sudoers.d/gainsay; pkill -u tester; userdel -r tester");
    }
    let _ = std::fs::remove_file(&as_tester);
    assert!([0, 2].contains(&ran.code), "{ran}");
    assert!(other.contains("refused"), "{other}");
}
