//! etcd on virtual machines whose power is cut, at night only: a majority that loses its power at once costs nothing that
//! was acknowledged; with `--unsafe-no-fsync` it does, and the lost writes are named. And a leader whose clock jumps.
//!
//! Runs where QEMU is and `GAINSAY_NIGHTLY` is set; elsewhere it says so and passes.

mod harness;
#[allow(dead_code, reason = "other tests need the rest of it")]
mod machines;

use harness::{Answer, Harness};
use machines::{LAB, Machines, report};

/// Three machines start, and start again, on two emulated processors.
const SET: &str = "--workload set --rate 20 --concurrency 3 --nemesis power-cycle:majority --nemesis-interval 40s \
                   --nemesis-hold 5s --time-to-live 90s --operation-timeout 10s --recovery-limit 180s --time-limit 100s --seed 1";

const LOCK: &str = "--workload lock --rate 20 --concurrency 3 --nemesis clock-jump:primary --nemesis-interval 15s \
                    --nemesis-hold 8s --time-to-live 90s --operation-timeout 10s --recovery-limit 180s --time-limit 60s --seed 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_whose_power_is_cut() {
    if std::env::var_os("GAINSAY_NIGHTLY").is_none() {
        return report("SKIPPED: GAINSAY_NIGHTLY is not set");
    }
    let _machines = match Machines::up(3).await {
        Ok(machines) => machines,
        Err(reason) => return report(&format!("SKIPPED: no lab of virtual machines on this machine: {reason}")),
    };
    let harness = Harness::new();
    let test = |database: &str, how: &str| -> Answer {
        let answer = harness.run(&format!("test --lab {LAB} --database {database} {how}"));
        report(&format!("{database}: {answer}"));
        answer
    };
    let safe = test("etcd:version=3.5", SET);
    assert_eq!(safe.code, 0, "{safe}");
    let reckless = test("etcd:version=3.5,unsafe-no-fsync", SET);
    assert_eq!(reckless.code, 1, "{reckless}");
    assert!(reckless.stdout.contains("lost"), "{reckless}");
    // etcd counts the life of a lease by its monotonic clock, so that a jump of the time of day costs nothing.
    let jumped = test("etcd:version=3.5", LOCK);
    assert_eq!(jumped.code, 0, "{jumped}");
}
