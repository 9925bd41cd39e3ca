//! All of a node that a fault could leave changed, as text that is equal if nothing is.

use cluster::{Command, Node};

/// The state of every node, in their order.
pub async fn state(nodes: &[Node]) -> Vec<String> {
    let mut states = Vec::new();
    for node in nodes {
        states.push(node.run(&Command::new(STATE)).await.unwrap().text());
    }
    states
}

/// The lines by which two states differ, with the place of the node; empty if they are equal.
pub fn difference(before: &[String], after: &[String]) -> String {
    let mut found = String::new();
    for (number, (before, after)) in (1..).zip(before.iter().zip(after)) {
        let lacks = |text: &str, line: &str| text.lines().all(|other| other != line);
        before.lines().filter(|line| lacks(after, line)).for_each(|line| found += &format!("\n{number}: - {line}"));
        after.lines().filter(|line| lacks(before, line)).for_each(|line| found += &format!("\n{number}: + {line}"));
        if found.is_empty() && before != after {
            found += &format!("\n{number}: the same lines in another order or number");
        }
    }
    found
}

/// Counters, process ids and times are left out.
const STATE: &str = r#"
for save in iptables-save ip6tables-save; do
  $save 2>/dev/null | grep -v '^#' | sed 's/ *\[[0-9:]*\]//'
done
command -v nft >/dev/null && nft list ruleset
tc qdisc show
ls -d /run/gainsay /run/gainsay/* 2>/dev/null
find /run/systemd/system /run/systemd/system.control /run/systemd/transient ! -type d 2>/dev/null | sort
ls -d /run/systemd/system/*.d 2>/dev/null
systemctl list-units --all --plain --no-legend 'gainsay*' | sed 's/  */ /g'
systemctl list-units --plain --no-legend --failed | sed 's/  */ /g'
systemctl show gainsay-dummy.service -p ActiveState -p SubState -p DropInPaths -p CPUQuotaPerSecUSec -p MemoryMax \
  -p MemoryHigh -p TasksMax -p LimitNOFILE -p LimitNPROC -p FreezerState -p Restart
pid=$(systemctl show -p MainPID --value gainsay-dummy.service)
cat /proc/$pid/limits | sed 's/  */ /g'
cut -d ' ' -f 1-4,6 /proc/mounts | grep -v ' /run/user' | sed 's,/dev/loop[0-9]*,/dev/loop,'
losetup -n -O BACK-FILE -j /var/tmp/gainsay-dummy.img
ls -a /srv/gainsay-dummy /var/tmp
sha256sum /srv/gainsay-dummy/still
cat /etc/resolv.conf
"#;
