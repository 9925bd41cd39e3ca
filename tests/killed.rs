//! Controllers that are killed by SIGKILL at random instants: every node undoes its faults by itself within the time to
//! live, nothing of ours is left that hurts, and what was recorded until then can be judged.
//!
//! `GAINSAY_NIGHTLY=1` kills 200 of them, `GAINSAY_KILLS=N` so many; else it is left to the one of `tests/lab.rs`.

mod harness;

use harness::{Answer, Harness};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LAB: &str = "gs-killed";
const NODES: usize = 3;
/// A node that hears nothing for so long heals itself.
const TIME_TO_LIVE: Duration = Duration::from_secs(4);
/// Healing starts units and waits for them; on a loaded machine that takes a while.
const HEALING: Duration = Duration::from_secs(30);
/// Set-up, load and the end of the run are all hit: a fifth of the controllers is killed within this time of their start...
const SET_UP: Duration = Duration::from_secs(10);
/// ... and the others within this time of their first fault.
const FAULTS: Duration = Duration::from_secs(16);

/// Prints every trace of a fault that is still there, and nothing if there is none.
const TRACES: &str = r#"iptables-save 2>/dev/null | grep GAINSAY
ip6tables-save 2>/dev/null | grep GAINSAY
tc qdisc show 2>/dev/null | grep -E 'netem|tbf'
systemctl list-units --plain --no-legend 'gainsay-fault-*'
ls /run/gainsay/faults/*/* /run/systemd/system/*.d/gainsay-* 2>/dev/null
for stat in /proc/[0-9]*/stat; do { read -r line <$stat; } 2>/dev/null || continue
  case $line in *') T '*) echo "stopped: $line" ;; esac
done
if grep -q ' /var/lib/gainsay/etcd ' /proc/mounts; then
  # What writes to a frozen disk cannot be killed, so nothing may wait for it.
  { : >/var/lib/gainsay/etcd/.written && rm -f /var/lib/gainsay/etcd/.written; } </dev/null >/dev/null 2>&1 &
  sleep 0.5
  kill -0 $! 2>/dev/null && echo 'the disk stalls'
fi
true
"#;

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

    fn run(&self, arguments: &str) -> Answer {
        self.harness.run(arguments)
    }

    fn on(&self, node: usize, script: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gainsay"));
        let name = format!("n{node}");
        let output = command.args(["lab", "shell", "--name", LAB, &name, script]).output().expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is left of faults on any node.
    fn traces(&self) -> String {
        (1..=NODES).fold(String::new(), |mut all, node| {
            let found = self.on(node, TRACES);
            if !found.trim().is_empty() {
                let _ = write!(all, "n{node}: {found}");
            }
            all
        })
    }

    /// Rules, units, mounts, files of ours.
    fn state(&self) -> Vec<String> {
        let script = "iptables-save | grep -v '^#' | sed 's/\\[.*\\]//'; systemctl list-units --all --plain --no-legend \
                      'gainsay-*'; ls /run/gainsay /var/lib/gainsay /run/systemd/system 2>/dev/null; \
                      grep gainsay /proc/mounts | grep -v ' / '; ps -eo comm= | grep -c etcd";
        (1..=NODES).map(|node| self.on(node, script)).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.harness.run(&format!("lab down --name {LAB}"));
    }
}

fn wanted() -> u64 {
    let told = std::env::var("GAINSAY_KILLS").ok().and_then(|kills| kills.parse().ok());
    told.unwrap_or(if std::env::var_os("GAINSAY_NIGHTLY").is_some() { 200 } else { 0 })
}

#[test]
#[allow(clippy::print_stderr)]
fn killed_controllers_leave_whole_clusters() {
    let kills = wanted();
    match lab::supported() {
        Ok(()) if kills > 0 => {}
        Ok(()) => return eprintln!("SKIPPED: GAINSAY_NIGHTLY=1 or GAINSAY_KILLS=N asks for this"),
        Err(reason) => return eprintln!("SKIPPED: no lab on this machine: {reason}"),
    }
    let lab = Lab::up();
    let before = lab.state();
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_121);
    let (mut healed_within, mut hit) = (Vec::new(), 0);
    for kill in 0..kills {
        let (took, was_hurt) = kill_one(&lab, kill, &mut rng);
        eprintln!("kill {kill}: {}, whole {took:.1?} later", if was_hurt { "hurt" } else { "not hurt" });
        healed_within.push(took);
        hit += u64::from(was_hurt);
    }
    healed_within.sort();
    let (median, longest) = (healed_within[healed_within.len() / 2], healed_within[healed_within.len() - 1]);
    eprintln!(
        "{kills} controllers killed, {hit} with a fault in force; whole after {median:.1?} (median), {longest:.1?} at most"
    );
    assert!(hit * 5 >= kills, "only {hit} of {kills} were killed while a fault was in force");
    let last = lab.run(&format!("test --lab {LAB} --nodes {NODES} --time-limit 3s --seed 1"));
    assert!([0, 2].contains(&last.code), "the cluster serves no more: {last}");
    assert_eq!(lab.state(), before, "the nodes are not as they were");
}

/// Starts a run, kills it after so long, and waits until nothing of its faults is left: how long that took, and whether
/// there was anything to undo.
fn kill_one(lab: &Lab, number: u64, rng: &mut ChaCha8Rng) -> (Duration, bool) {
    let arguments = format!(
        "test --lab {LAB} --name killed-{number} --nemesis partition,loss,kill,pause,disk-stall --nemesis-interval 2s \
         --nemesis-hold 3s --time-limit 15s --time-to-live {}s --seed {number}",
        TIME_TO_LIVE.as_secs()
    );
    let mut controller =
        lab.harness.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    if rng.random_ratio(1, 5) {
        std::thread::sleep(rng.random_range(Duration::ZERO..SET_UP));
    } else {
        let faults = lab.harness.path().join(format!("results/killed-{number}/latest/faults.jsonl"));
        let limit = Instant::now() + Duration::from_secs(90);
        while std::fs::metadata(&faults).map_or(0, |file| file.len()) == 0 && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(rng.random_range(Duration::ZERO..FAULTS));
    }
    controller.kill().expect("it is killed");
    controller.wait().expect("it is gone");
    let killed = Instant::now();
    let was_hurt = !lab.traces().is_empty();
    loop {
        let traces = lab.traces();
        if traces.is_empty() {
            break;
        }
        assert!(killed.elapsed() < TIME_TO_LIVE + HEALING, "kill {number}: {traces}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let took = killed.elapsed();
    let run = format!("results/killed-{number}/latest");
    if lab.harness.path().join(&run).join("history.jsonl").exists() {
        let judged = lab.run(&format!("check {run}"));
        assert!([0, 2].contains(&judged.code), "kill {number}: {judged}");
    }
    // The lock of a dead controller expires after a minute, which `gainsay halt` would wait for.
    for node in 1..=NODES {
        lab.on(node, "rm -f /run/gainsay/lock");
    }
    (took, was_hurt)
}
