//! Answers of nodes, and what is made of them.

use super::*;

type Judge = fn(&'static str, i32, &str) -> Findings;

#[test]
fn every_answer_has_its_severity_and_every_bad_one_a_fix() {
    use Severity::{Note, Ok, Problem};
    let table: &[(Judge, i32, &str, Severity, &str)] = &[
        (root, 0, "0", Ok, "root"),
        (root, 0, "1000", Problem, "user id 1000"),
        (systemd, 0, "systemd\nrunning", Ok, "running"),
        (systemd, 0, "systemd\ndegraded", Note, "degraded"),
        (systemd, 0, "systemd\noffline", Problem, "offline"),
        (systemd, 0, "sh\nsh: systemctl: not found", Problem, "process 1 is sh"),
        (tools, 0, "", Ok, "all"),
        (tools, 0, "flock\nip", Problem, "flock ip"),
        (firewall, 0, "", Ok, "rules"),
        (firewall, 127, "sh: 1: iptables: not found", Problem, "not there: sh: 1: iptables: not found"),
        (firewall, 3, "x\nPermission denied", Problem, "no rule: Permission denied"),
        (queues, 0, "tbf\nnetem", Ok, "tbf and netem"),
        (queues, 0, "tbf", Note, "lacks netem"),
        (queues, 0, "", Note, "lacks tbf and netem"),
        (queues, 127, "", Note, "not there"),
        (disk_faults, 0, "fsfreeze from util-linux 2.38\n/dev/loop0", Ok, "/dev/loop0"),
        (disk_faults, 1, "losetup: cannot find an unused loop device", Note, "no loop device: losetup"),
        (disk_faults, 127, "sh: fsfreeze: not found", Note, "not possible"),
        (
            disk_space,
            0,
            "File 1K Used Avail Cap On\n/dev/a 9 9 2097152 1% /\n/dev/a 9 9 2097152 1% /",
            Ok,
            "2.0 GiB free on /",
        ),
        (disk_space, 0, "/dev/a 9 9 9097152 1% /\n/dev/b 9 9 1024 1% /var/lib", Problem, "0.0 GiB free on /var/lib"),
        (disk_space, 1, "df: broken", Problem, "df: broken"),
        (marker, 0, "/etc/gainsay/allowed", Ok, "may be broken"),
        (marker, 2, "ls: no", Problem, "nobody"),
        (lock, 0, "", Ok, "free"),
        (lock, 0, "100\nrun1\nalice@host\n160\n60", Problem, "run1 of alice@host holds it for another 60 s"),
        (lock, 0, "200\nrun1\nalice@host\n160\n60", Note, "expired"),
        (leftovers, 0, "", Ok, "none"),
        (leftovers, 0, "iptables chain GAINSAY-IN\nunit gainsay-heal.timer", Problem, "GAINSAY-IN, unit gainsay-heal"),
        (leftovers, 0, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10", Problem, "8 and 2 more"),
    ];
    for (judge, status, text, severity, found) in table {
        let findings = judge("check", *status, text);
        let [finding] = findings.as_slice() else { panic!("{text}: {findings:?}") };
        assert_eq!(finding.severity, *severity, "{text}: {finding}");
        assert!(finding.found.contains(found), "{text}: {finding}");
        assert_eq!(finding.fix.is_empty(), *severity == Ok, "{finding}");
    }
}

#[test]
fn a_clock_counts_as_off_only_beyond_the_uncertainty() {
    for (offset, uncertainty, severity) in [
        (0.3, 0.1, Severity::Ok),
        (-90.0, 1.0, Severity::Ok),
        (-150.0, 1.0, Severity::Note),
        (150.0, 80.0, Severity::Ok),
        (1500.0, 1.0, Severity::Problem),
        (-86_400_000.0, 1.0, Severity::Problem),
    ] {
        assert_eq!(clock("clock", offset, uncertainty).severity, severity, "{offset}");
    }
}

#[test]
fn listening_ports_are_taken_and_connected_ones_are_not() {
    let text = "  sl  local_address rem_address   st tx_queue\n\
        0: 00000000:094B 00000000:0000 0A 00000000:00000000 00:0 0 0 0 1 1\n\
        1: 0100007F:094C 0100007F:A000 01 00000000:00000000 00:0 0 0 0 1 1\n\
        2: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1 1\n";
    let found = |wanted: &[u16]| ports("ports", wanted, text).iter().map(|f| f.found.clone()).collect::<Vec<_>>();
    assert_eq!(found(&[2379, 2380]), ["2379 is taken"]);
    assert_eq!(found(&[5432]), ["5432 is taken"]);
    assert_eq!(found(&[2380, 80]), ["2380 80 free"]);
    assert_eq!(found(&[]), ["none asked for"]);
}
