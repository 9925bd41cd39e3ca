//! What a node needs so that it can be tested and broken, and what is missing there.
//!
//! Nothing on the node is changed: rules and queues are tried in a network namespace that ends with the trial. Each
//! check is a script and a pure function that judges its answer.

mod judge;

use crate::{Command, Node};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Some nemeses cannot work, or something is worth a look.
    Note,
    /// No run should start.
    Problem,
}

/// What one check found on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check: `clock`.
    pub check: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, for people.
    pub found: String,
    /// The command that mends it; empty if there is nothing to mend.
    pub fix: String,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding { check, severity: Severity::Ok, found: found.into(), fix: String::new() }
    }

    fn note(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check, severity: Severity::Note, found: found.into(), fix: fix.into() }
    }

    fn problem(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check, severity: Severity::Problem, found: found.into(), fix: fix.into() }
    }
}

/// One line for people: node-independent, the fix last.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = match self.severity {
            Severity::Ok => "ok     ",
            Severity::Note => "note   ",
            Severity::Problem => "problem",
        };
        write!(f, "{mark}  {}: {}", self.check, self.found)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; to mend: {}", self.fix) }
    }
}

/// A script, and what its answer means: exit status and standard output with standard error.
struct Check {
    name: &'static str,
    script: &'static str,
    judge: fn(&'static str, i32, &str) -> Vec<Finding>,
}

const CHECKS: [Check; 11] = [
    Check { name: "root", script: "id -u", judge: judge::root },
    Check { name: "systemd", script: "cat /proc/1/comm; systemctl is-system-running 2>&1; :", judge: judge::systemd },
    Check { name: "tools", script: TOOLS, judge: judge::tools },
    Check {
        name: "iptables",
        script: "unshare -n iptables -w 5 -A INPUT -s 192.0.2.1 -j DROP",
        judge: judge::firewall,
    },
    Check {
        name: "ip6tables",
        script: "unshare -n ip6tables -w 5 -A INPUT -s 2001:db8::1 -j DROP",
        judge: judge::firewall,
    },
    Check { name: "tc", script: QUEUES, judge: judge::queues },
    Check { name: "disk faults", script: "fsfreeze --version && losetup -f", judge: judge::disk_faults },
    Check { name: "disk space", script: "df -Pk / /var/lib", judge: judge::disk_space },
    Check { name: "marker", script: "ls /etc/gainsay/allowed", judge: judge::marker },
    Check {
        name: "lock",
        script: "[ -e /run/gainsay/lock ] || exit 0; cut -d. -f1 /proc/uptime; cat /run/gainsay/lock",
        judge: judge::lock,
    },
    Check { name: "leftovers", script: LEFTOVERS, judge: judge::leftovers },
];

/// Prints each tool that is not there.
const TOOLS: &str =
    "for tool in flock unshare ip timeout mountpoint; do command -v $tool >/dev/null || echo $tool; done";

/// Prints each kind of queue that works.
const QUEUES: &str = "command -v tc >/dev/null || exit 127
unshare -n tc qdisc add dev lo root tbf rate 1mbit burst 32kb latency 50ms 2>/dev/null && echo tbf
unshare -n tc qdisc add dev lo root netem delay 1ms 2>/dev/null && echo netem
exit 0";

/// Prints all that carries our name.
const LEFTOVERS: &str = "for tool in iptables ip6tables; do
  $tool -w 5 -S 2>/dev/null | sed -n \"s/^-N \\(GAINSAY-.*\\)/$tool chain \\1/p\"
done
systemctl list-units --all --plain --no-legend 'gainsay-*' 2>/dev/null | sed 's/^\\([^ ]*\\) .*/unit \\1/'
ls -A /run/gainsay/faults 2>/dev/null | sed 's/^/fault /'
:";

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Examines a node; `ports` are those that the database needs. If the node does not answer, that is the only finding.
pub async fn examine(node: &Node, ports: &[u16]) -> Vec<Finding> {
    let begun = Instant::now();
    if let Err(error) = node.run(&Command::new(":").idempotent().within(LIMIT)).await {
        let address = node.address;
        return vec![Finding::problem("ssh", error.to_string(), format!("ssh -v root@{address} true"))];
    }
    let mut findings = vec![Finding::ok("ssh", format!("answers in {:.2} ms", begun.elapsed().as_secs_f64() * 1e3))];
    for check in &CHECKS {
        findings.extend(ask(node, check.name, check.script, check.judge).await);
    }
    findings.push(clock(node).await);
    let listening = "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null; :";
    findings.extend(ask(node, "ports", listening, |name, _, text| judge::ports(name, ports, text)).await);
    findings
}

async fn ask(
    node: &Node,
    name: &'static str,
    script: &str,
    judge: impl Fn(&'static str, i32, &str) -> Vec<Finding>,
) -> Vec<Finding> {
    match node.execute(&Command::new(script).idempotent().within(LIMIT)).await {
        Ok(output) => {
            let text = format!("{}{}", output.text() + "\n", String::from_utf8_lossy(&output.stderr));
            judge(name, output.status, text.trim())
        }
        Err(error) => vec![Finding::problem(name, error.to_string(), "gainsay doctor, once it answers")],
    }
}

/// Compares the node's clock with ours in the middle of the command. The quickest of three is the best.
async fn clock(node: &Node) -> Finding {
    let mut best: Option<(Duration, f64)> = None;
    for _ in 0..3 {
        let (begun, wall) = (Instant::now(), SystemTime::now());
        let answer = node.run(&Command::new("date +%s.%N").idempotent().within(LIMIT)).await;
        let taken = begun.elapsed();
        let theirs = match answer.map(|output| output.text().parse::<f64>()) {
            Ok(Ok(theirs)) => theirs,
            Ok(Err(_)) => {
                return Finding::note("clock", "date does not tell fractions of a second", "apt-get install coreutils");
            }
            Err(error) => return Finding::problem("clock", error.to_string(), "date +%s.%N"),
        };
        let ours = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() + taken.as_secs_f64() / 2.0;
        if best.is_none_or(|(shortest, _)| taken < shortest) {
            best = Some((taken, (theirs - ours) * 1e3));
        }
    }
    let (taken, offset_ms) = best.unwrap_or_default();
    judge::clock("clock", offset_ms, taken.as_secs_f64() * 1e3 / 2.0)
}
