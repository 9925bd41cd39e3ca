//! The firewall rules of a partition, as text: what fills our chains, what removes them, what is read from them.
//!
//! All rules live in the chains `GAINSAY-IN` and `GAINSAY-OUT` of the table `filter`, jumped to from the first place of
//! INPUT and OUTPUT, so that no earlier ACCEPT lets packets pass. No other rule or chain is touched, ever. Rules name
//! addresses of peers only: the controller and clients, which are no peers, are never cut off. A family in which no
//! peer has an address is left alone.

use crate::marks::{FAULTS, guard};
use std::fmt::Write;
use std::net::IpAddr;

/// One peer that a node is cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The peer's address.
    pub peer: IpAddr,
    /// True if the peer drops this node's packets as well; they are stopped on their way out too.
    pub mutual: bool,
}

/// The program for an address.
fn program(peer: IpAddr) -> &'static str {
    if peer.is_ipv4() { "iptables" } else { "ip6tables" }
}

/// The script that puts these rules in force. It starts one process per family that has rules: a partition is to
/// be in force on all nodes within 50 ms.
pub fn cut(rules: &[Rule]) -> String {
    let mark = format!("{FAULTS}/partition/cut");
    let mut script = guard();
    let _ = writeln!(script, "[ ! -e {mark} ] || {{ echo \"a partition is in force already\" >&2; exit 1; }}");
    let _ = writeln!(script, ": >{mark}");
    for family in ["iptables", "ip6tables"] {
        let rules: Vec<_> = rules.iter().filter(|rule| program(rule.peer) == family).collect();
        if !rules.is_empty() {
            let _ = write!(script, "{family}-restore -w 5 --noflush <<'END' || exit 1\n{}END\n", table(&rules));
        }
    }
    script
}

/// What `iptables-restore` reads: one transaction. To declare a chain makes it, or empties it.
fn table(rules: &[&Rule]) -> String {
    let mut text = "*filter\n:GAINSAY-IN - [0:0]\n:GAINSAY-OUT - [0:0]\n".to_owned();
    for Rule { peer, mutual } in rules {
        let _ = writeln!(text, "-A GAINSAY-IN -s {peer} -j DROP");
        if *mutual {
            let _ = writeln!(text, "-A GAINSAY-OUT -d {peer} -j DROP");
        }
    }
    text + "-I INPUT 1 -j GAINSAY-IN\n-I OUTPUT 1 -j GAINSAY-OUT\nCOMMIT\n"
}

/// Removes jumps, chains and mark, in both families, and succeeds if nothing is left: in one transaction if all is as
/// we made it, else step by step. A node that has none of them is only looked at: even `iptables -L` would make a table
/// where there is none, and so would `iptables-save -t filter`; without `-t` it does not.
pub const HEAL: &str = r#"status=0
for program in iptables ip6tables; do
  command -v $program-save >/dev/null 2>&1 || continue
  $program-save 2>/dev/null | grep -q GAINSAY- || continue
  $program-restore -w 5 --noflush 2>/dev/null <<'END' && continue
*filter
-D INPUT -j GAINSAY-IN
-D OUTPUT -j GAINSAY-OUT
-F GAINSAY-IN
-F GAINSAY-OUT
-X GAINSAY-IN
-X GAINSAY-OUT
COMMIT
END
  while $program -w 5 -D INPUT -j GAINSAY-IN 2>/dev/null; do :; done
  while $program -w 5 -D OUTPUT -j GAINSAY-OUT 2>/dev/null; do :; done
  for chain in GAINSAY-IN GAINSAY-OUT; do
    $program -w 5 -F $chain 2>/dev/null
    $program -w 5 -X $chain 2>/dev/null
  done
  $program-save | grep GAINSAY- >&2 && status=1
done
[ $status != 0 ] || rm -f /run/gainsay/faults/partition/cut
exit $status
"#;

/// Remembers, before anything is made, which family has no table `filter` at all.
pub const REMEMBER_BARE: &str = r#"for program in iptables ip6tables; do
  command -v $program-save >/dev/null 2>&1 || continue
  $program-save 2>/dev/null | grep -q '^\*filter' || : >/run/gainsay/bare-$program
done
"#;

/// Removes the table `filter` where there was none and is nothing in it but what makes a table: three chains without
/// rules, accepting all. The restoring of an empty table removes it; where iptables is not the nft variant the table is
/// always there, and nothing was remembered.
pub const LEAVE_BARE: &str = r#"for program in iptables ip6tables; do
  [ -e /run/gainsay/bare-$program ] || continue
  $program-save | sed -n '/^\*filter/,/^COMMIT/p' | grep -qvE '^(\*filter|COMMIT|:(INPUT|FORWARD|OUTPUT) ACCEPT.*)$' ||
    printf '*filter\nCOMMIT\n' | $program-restore -w 5
  rm -f /run/gainsay/bare-$program
done
"#;

/// Prints every rule and chain of ours with its counters, or nothing.
pub const SHOW: &str = "for program in iptables ip6tables; do
  command -v $program-save >/dev/null 2>&1 && $program-save -c 2>/dev/null | grep GAINSAY-
done
";

/// Asks all of these peers at once for a TCP connection to the port of ssh, and prints `ADDRESS heard` if any answer
/// came (a refusal is one), `ADDRESS silent` if none came within a second, or `ADDRESS` and an error.
pub fn probe(peers: &[IpAddr]) -> String {
    let mut script = r#"probe() {
  said=$(LC_ALL=C timeout 1 bash -c ": </dev/tcp/$1/22" 2>&1)
  case "$?$said" in
    0*|*refused*) echo "$1 heard" ;;
    124*) echo "$1 silent" ;;
    *) echo "$1" $said ;;
  esac
}
probes=
"#
    .to_owned();
    for peer in peers {
        let _ = writeln!(script, "probe {peer} & probes=\"$probes $!\"");
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
    let rest = match rule.mutual {
        true => format!("-A GAINSAY-OUT -d {}/{bits} -j DROP", rule.peer),
        false => format!("-A GAINSAY-IN -s {}/{bits} -j DROP", rule.peer),
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
            Rule { peer: "10.0.0.2".parse().unwrap(), mutual: true },
            Rule { peer: "10.0.0.3".parse().unwrap(), mutual: false },
            Rule { peer: "fd00::4".parse().unwrap(), mutual: true },
        ];
        insta::assert_snapshot!(cut(&rules), @r#"
        [ -e /run/gainsay/armed ] || { echo "the dead man's switch is not armed here" >&2; exit 77; }
        [ ! -e /run/gainsay/faults/partition/cut ] || { echo "a partition is in force already" >&2; exit 1; }
        : >/run/gainsay/faults/partition/cut
        iptables-restore -w 5 --noflush <<'END' || exit 1
        *filter
        :GAINSAY-IN - [0:0]
        :GAINSAY-OUT - [0:0]
        -A GAINSAY-IN -s 10.0.0.2 -j DROP
        -A GAINSAY-OUT -d 10.0.0.2 -j DROP
        -A GAINSAY-IN -s 10.0.0.3 -j DROP
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
    fn only_our_own_chains_are_flushed_or_deleted() {
        for line in HEAL.lines().filter(|line| ["-F", "-X", "-D"].iter().any(|option| line.contains(option))) {
            assert!(line.contains("$chain") || line.contains("GAINSAY-"), "{line}");
        }
    }

    #[test]
    fn counters_are_read_in_the_direction_that_the_cut_has() {
        let shown = ":GAINSAY-IN - [0:0]\n[3:180] -A GAINSAY-IN -s 10.0.0.2/32 -j DROP\n\
                     [15:900] -A GAINSAY-OUT -d 10.0.0.2/32 -j DROP\n[1:60] -A GAINSAY-IN -s fd00::4/128 -j DROP\n";
        let count = |peer: &str, mutual| dropped(shown, Rule { peer: peer.parse().unwrap(), mutual });
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
