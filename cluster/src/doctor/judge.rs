//! What the answers of the checks mean.

use super::{Finding, Severity};

type Findings = Vec<Finding>;

/// Less than this is too little for a database and its logs, in KiB.
const ENOUGH_KIB: u64 = 1 << 20;
/// A clock that is further off than this makes times in logs hard to compare, in ms.
const CLOCK_NOTE_MS: f64 = 100.0;
/// A clock that is further off than this breaks leases and certificates, in ms.
const CLOCK_PROBLEM_MS: f64 = 1000.0;

pub(super) fn root(name: &'static str, _: i32, text: &str) -> Findings {
    vec![match text {
        "0" => Finding::ok(name, "commands run as root"),
        other => Finding::problem(
            name,
            format!("commands run as user id {other}"),
            "log in as root, or allow sudo without a password in /etc/sudoers.d/gainsay",
        ),
    }]
}

pub(super) fn systemd(name: &'static str, _: i32, text: &str) -> Findings {
    let mut lines = text.lines();
    let (first, state) = (lines.next().unwrap_or("nothing"), lines.next().unwrap_or("unknown"));
    vec![match (first, state) {
        ("systemd", "running") => Finding::ok(name, "process 1, running"),
        ("systemd", "degraded") => Finding::note(name, "process 1, degraded: a unit has failed", "systemctl --failed"),
        ("systemd", "starting" | "initializing") => {
            Finding::note(name, format!("process 1, {state}"), "systemctl is-system-running --wait")
        }
        ("systemd", state) => Finding::problem(name, format!("process 1, {state}"), "systemctl status"),
        (other, _) => Finding::problem(
            name,
            format!("process 1 is {other}, so that nothing can be started or limited"),
            "apt-get install systemd-sysv, and restart the node",
        ),
    }]
}

pub(super) fn tools(name: &'static str, _: i32, text: &str) -> Findings {
    vec![match text.is_empty() {
        true => Finding::ok(name, "all there"),
        false => Finding::problem(
            name,
            format!("without {}", text.split_whitespace().collect::<Vec<_>>().join(" ")),
            "apt-get install util-linux iproute2 coreutils",
        ),
    }]
}

pub(super) fn firewall(name: &'static str, status: i32, text: &str) -> Findings {
    vec![match status {
        0 => Finding::ok(name, "takes rules"),
        127 => Finding::problem(name, format!("is not there: {}", last(text)), "apt-get install iptables"),
        _ => {
            Finding::problem(name, format!("takes no rule: {}", last(text)), "modprobe ip_tables ip6_tables nf_tables")
        }
    }]
}

pub(super) fn queues(name: &'static str, status: i32, text: &str) -> Findings {
    if status != 0 {
        return vec![Finding::note(name, "is not there: no slow or lossy network", "apt-get install iproute2")];
    }
    let has = |kind: &str| text.lines().any(|line| line == kind);
    let lacking: Vec<_> = ["tbf", "netem"].into_iter().filter(|kind| !has(kind)).collect();
    vec![match lacking.as_slice() {
        [] => Finding::ok(name, "tbf and netem"),
        lacking => {
            let modules: Vec<_> = lacking.iter().map(|kind| format!("modprobe sch_{kind}")).collect();
            Finding::note(name, format!("the kernel lacks {}", lacking.join(" and ")), modules.join("; "))
        }
    }]
}

pub(super) fn disk_faults(name: &'static str, status: i32, text: &str) -> Findings {
    vec![match (status, text.lines().find(|line| line.starts_with("/dev/loop"))) {
        (0, Some(device)) => Finding::ok(name, format!("fsfreeze, and {device} is free")),
        (127, _) => Finding::note(name, format!("not possible: {}", last(text)), "apt-get install util-linux mount"),
        _ => Finding::note(name, format!("not possible, no loop device: {}", last(text)), "modprobe loop"),
    }]
}

pub(super) fn disk_space(name: &'static str, _: i32, text: &str) -> Findings {
    let rows = text.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        Some((*words.get(5)?, words.get(3)?.parse::<u64>().ok()?))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.dedup();
    let shown: Vec<_> =
        rows.iter().map(|(place, free)| format!("{:.1} GiB free on {place}", *free as f64 / 1048576.0)).collect();
    let fix = "journalctl --vacuum-size=100M; apt-get clean";
    vec![match rows.iter().map(|(_, free)| *free).min() {
        None => Finding::problem(name, format!("df does not tell: {}", last(text)), "df -Pk / /var/lib"),
        Some(free) if free < ENOUGH_KIB => Finding::problem(name, shown.join(", "), fix),
        Some(_) => Finding::ok(name, shown.join(", ")),
    }]
}

pub(super) fn marker(name: &'static str, status: i32, _: &str) -> Findings {
    vec![match status {
        0 => Finding::ok(name, "this node may be broken"),
        _ => Finding::problem(
            name,
            "nobody has marked this node as one that may be broken",
            "install -d /etc/gainsay && touch /etc/gainsay/allowed",
        ),
    }]
}

/// The first line is the node's clock, the others are the lock.
pub(super) fn lock(name: &'static str, _: i32, text: &str) -> Findings {
    let lines: Vec<_> = text.lines().collect();
    let [now, run, controller, until, ..] = lines.as_slice() else {
        return vec![Finding::ok(name, "free")];
    };
    let left = until.parse::<i64>().unwrap_or(0) - now.parse::<i64>().unwrap_or(0);
    vec![match left {
        1.. => Finding::problem(
            name,
            format!("run {run} of {controller} holds it for another {left} s"),
            "end that run, or wait",
        ),
        _ => Finding::note(name, format!("run {run} of {controller} left it; it has expired"), "rm /run/gainsay/lock"),
    }]
}

pub(super) fn leftovers(name: &'static str, _: i32, text: &str) -> Findings {
    const SHOWN: usize = 8;
    let lines: Vec<_> = text.lines().collect();
    let more = if lines.len() > SHOWN { format!(" and {} more", lines.len() - SHOWN) } else { String::new() };
    vec![match lines.is_empty() {
        true => Finding::ok(name, "none"),
        false => {
            let shown: Vec<_> = lines.iter().take(SHOWN).copied().collect();
            Finding::problem(name, format!("{}{more}", shown.join(", ")), "gainsay heal")
        }
    }]
}

pub(super) fn clock(name: &'static str, offset_ms: f64, uncertainty_ms: f64) -> Finding {
    let found = format!("{offset_ms:+.1} ms from the controller's, give or take {uncertainty_ms:.1} ms");
    let severity = match offset_ms.abs() - uncertainty_ms {
        off if off > CLOCK_PROBLEM_MS => Severity::Problem,
        off if off > CLOCK_NOTE_MS => Severity::Note,
        _ => return Finding::ok(name, found),
    };
    Finding { check: name, severity, found, fix: "chronyc makestep || systemctl restart systemd-timesyncd".to_owned() }
}

/// Reads /proc/net/tcp and tcp6: the local address is the second word, the state the fourth, 0A is listening.
pub(super) fn ports(name: &'static str, wanted: &[u16], text: &str) -> Findings {
    let listening: Vec<u16> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let (_, port) = words.get(1)?.rsplit_once(':')?;
            (*words.get(3)? == "0A").then(|| u16::from_str_radix(port, 16).ok())?
        })
        .collect();
    let taken: Vec<_> = wanted.iter().filter(|port| listening.contains(port)).collect();
    if taken.is_empty() {
        let list: Vec<_> = wanted.iter().map(ToString::to_string).collect();
        let found = if list.is_empty() { "none asked for".to_owned() } else { format!("{} free", list.join(" ")) };
        return vec![Finding::ok(name, found)];
    }
    taken
        .into_iter()
        .map(|port| {
            Finding::problem(
                name,
                format!("{port} is taken"),
                format!("systemctl stop the unit that this shows: ss -ltnp 'sport = :{port}'"),
            )
        })
        .collect()
}

/// The last line of an answer, where tools say what went wrong.
fn last(text: &str) -> &str {
    text.lines().last().unwrap_or("no answer")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
