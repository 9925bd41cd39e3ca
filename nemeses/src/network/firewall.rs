//! The firewall rules of a partition, and what is read from them.
//!
//! Rules name addresses of peers only: the controller and clients, which are no peers, are never cut off.

use super::chains::{Chains, Rules};
use crate::marks::{FAULTS, guard};
use std::fmt::Write;
use std::net::IpAddr;

/// The chains of a partition.
pub const CHAINS: Chains = Chains::filter("");

/// One peer that a node is cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The peer's address.
    pub peer: IpAddr,
    /// True if the peer drops this node's packets as well; they are stopped on their way out too.
    pub mutual: bool,
    /// Only TCP connections to this port, of either side, are cut; all packets if None.
    pub port: Option<u16>,
}

/// The script that puts these rules in force.
pub fn cut(rules: &[Rule]) -> String {
    let mark = format!("{FAULTS}/partition/cut");
    let mut script = guard();
    let _ = writeln!(script, "[ ! -e {mark} ] || {{ echo \"a partition is in force already\" >&2; exit 1; }}");
    let _ = writeln!(script, ": >{mark}");
    let peers: Vec<_> = rules.iter().map(|rule| rule.peer).collect();
    let by_family = Chains::by_family(&peers, |lines, peer| {
        rules.iter().filter(|rule| rule.peer == peer).for_each(|rule| add(lines, rule));
    });
    script + &CHAINS.install(&by_family)
}

fn add(lines: &mut Rules, rule: &Rule) {
    let Rule { peer, mutual, port } = rule;
    let matches = match port {
        None => vec![String::new()],
        Some(port) => ["--dport", "--sport"].map(|side| format!("-p tcp {side} {port} ")).to_vec(),
    };
    for matched in matches {
        lines.input.push(format!("-s {peer} {matched}-j DROP"));
        if *mutual {
            lines.output.push(format!("-d {peer} {matched}-j DROP"));
        }
    }
}

/// Removes jumps, chains and mark.
pub fn undo() -> String {
    CHAINS.undo() + "[ $status != 0 ] || rm -f /run/gainsay/faults/partition/cut\nexit $status\n"
}

/// Asks all of these peers at once for a TCP connection to a port, and prints `ADDRESS heard` if any answer came (a
/// refusal is one), `ADDRESS silent` if none came within 3 s, or `ADDRESS` and an error.
pub fn probe(peers: &[(IpAddr, u16)]) -> String {
    let mut script = r#"probe() {
  said=$(LC_ALL=C timeout 3 bash -c ": </dev/tcp/$1/$2" 2>&1)
  case "$?$said" in
    0*|*refused*) echo "$1 heard" ;;
    124*) echo "$1 silent" ;;
    *) echo "$1" $said ;;
  esac
}
probes=
"#
    .to_owned();
    for (peer, port) in peers {
        let _ = writeln!(script, "probe {peer} {port} & probes=\"$probes $!\"");
    }
    script + "[ -z \"$probes\" ] || wait $probes\n"
}

/// What a probe printed about a peer: `heard`, `silent` or an error; None if it printed nothing.
pub fn answer_of(output: &str, peer: IpAddr) -> Option<&str> {
    output.lines().find_map(|line| line.strip_prefix(&format!("{peer} ")))
}

/// How many packets the rule against a peer has dropped: on their way out if the cut is mutual (our own probes among
/// them), on their way in otherwise, which tells that the peer heard us and only its answers were lost.
pub fn dropped(output: &str, rule: Rule) -> u64 {
    let bits = if rule.peer.is_ipv4() { 32 } else { 128 };
    let matched = |side| rule.port.map_or(String::new(), |port| format!("-p tcp -m tcp {side} {port} "));
    let rest = match rule.mutual {
        true => format!("-A GAINSAY-OUT -d {}/{bits} {}-j DROP", rule.peer, matched("--dport")),
        false => format!("-A GAINSAY-IN -s {}/{bits} {}-j DROP", rule.peer, matched("--sport")),
    };
    let counted = output.lines().filter_map(|line| line.strip_suffix(&rest)?.strip_prefix('[')?.split_once(':'));
    counted.filter_map(|(packets, _)| packets.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutual_cut_drops_both_ways_and_each_family_has_its_own_table() {
        let rules = [
            Rule { peer: "10.0.0.2".parse().unwrap(), mutual: true, port: None },
            Rule { peer: "10.0.0.3".parse().unwrap(), mutual: false, port: None },
            Rule { peer: "fd00::4".parse().unwrap(), mutual: true, port: None },
        ];
        insta::assert_snapshot!(cut(&rules), @r#"
        [ -e /run/gainsay/armed ] || { echo "the dead man's switch is not armed here" >&2; exit 77; }
        [ ! -e /run/gainsay/halt ] || { echo "this run was halted" >&2; exit 77; }
        [ ! -e /run/gainsay/faults/partition/cut ] || { echo "a partition is in force already" >&2; exit 1; }
        : >/run/gainsay/faults/partition/cut
        iptables-restore -w 5 --noflush <<'END' || exit 1
        *filter
        :GAINSAY-IN - [0:0]
        :GAINSAY-OUT - [0:0]
        -A GAINSAY-IN -s 10.0.0.2 -j DROP
        -A GAINSAY-IN -s 10.0.0.3 -j DROP
        -A GAINSAY-OUT -d 10.0.0.2 -j DROP
        -I INPUT 1 -j GAINSAY-IN
        -I OUTPUT 1 -j GAINSAY-OUT
        COMMIT
        END
        ip6tables-restore -w 5 --noflush <<'END' || exit 1
        *filter
        :GAINSAY-IN - [0:0]
        :GAINSAY-OUT - [0:0]
        -A GAINSAY-IN -s fd00::4 -j DROP
        -A GAINSAY-OUT -d fd00::4 -j DROP
        -I INPUT 1 -j GAINSAY-IN
        -I OUTPUT 1 -j GAINSAY-OUT
        COMMIT
        END
        "#);
    }

    #[test]
    fn counters_are_read_in_the_direction_that_the_cut_has() {
        let shown = ":GAINSAY-IN - [0:0]\n[3:180] -A GAINSAY-IN -s 10.0.0.2/32 -j DROP\n\
                     [15:900] -A GAINSAY-OUT -d 10.0.0.2/32 -j DROP\n[1:60] -A GAINSAY-IN -s fd00::4/128 -j DROP\n";
        let count = |peer: &str, mutual| dropped(shown, Rule { peer: peer.parse().unwrap(), mutual, port: None });
        assert_eq!((count("10.0.0.2", true), count("10.0.0.2", false)), (15, 3));
        assert_eq!((count("fd00::4", false), count("10.0.0.20", false)), (1, 0));
    }

    #[test]
    fn answers_are_told_apart_by_the_whole_address() {
        let said = "10.0.0.20 heard\n10.0.0.2 silent\n";
        assert_eq!(answer_of(said, "10.0.0.2".parse().unwrap()), Some("silent"));
        assert_eq!(answer_of(said, "10.0.0.3".parse().unwrap()), None);
    }
}
