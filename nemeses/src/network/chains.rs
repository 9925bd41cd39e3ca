//! Firewall rules as text: two chains of our own for each nemesis, what fills them, what removes them, what is read
//! from them.
//!
//! All rules live in the chains `GAINSAY-IN` and `GAINSAY-OUT`, with the name of the nemesis behind, of the table
//! `filter`, jumped to from the first place of INPUT and OUTPUT, so that no earlier ACCEPT lets packets pass. No other
//! rule or chain is touched, ever. A family for which there are no rules is left alone.

use crate::marks::FAULTS;
use std::fmt::Write;
use std::net::IpAddr;

/// The programs of the two families.
pub(crate) const FAMILIES: [&str; 2] = ["iptables", "ip6tables"];

/// The program for an address.
pub(crate) fn program(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "iptables" } else { "ip6tables" }
}

/// The two chains of a nemesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chains {
    /// The table that holds them: `filter`; `mangle`, through which packets pass before it; `nat`.
    pub table: &'static str,
    /// What stands behind their names: empty, or `-LOSS`.
    pub suffix: &'static str,
}

impl Chains {
    /// Two chains of the table `filter`.
    pub(crate) const fn filter(suffix: &'static str) -> Chains {
        Chains { table: "filter", suffix }
    }
}

/// What stands in the chains, for one family: each rule as `iptables-restore` reads it, without the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// About packets that come in.
    pub input: Vec<String>,
    /// About packets that go out.
    pub output: Vec<String>,
}

impl Rules {
    /// The same rule about all packets from and to a peer.
    pub(crate) fn both_ways(&mut self, peer: IpAddr, rule: &str) {
        self.input.push(format!("-s {peer} {rule}"));
        self.output.push(format!("-d {peer} {rule}"));
    }

    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.output.is_empty()
    }
}

impl Chains {
    /// The rules about these peers, by family.
    pub(crate) fn by_family(peers: &[IpAddr], mut rule: impl FnMut(&mut Rules, IpAddr)) -> [Rules; 2] {
        FAMILIES.map(|family| {
            let mut rules = Rules::default();
            peers.iter().filter(|peer| program(**peer) == family).for_each(|peer| rule(&mut rules, *peer));
            rules
        })
    }

    /// The script that puts these rules in force, in one transaction for each family that has any. It starts one
    /// process for each: a partition is to be in force on all nodes within 50 ms.
    pub(crate) fn install(self, rules: &[Rules; 2]) -> String {
        let mut script = String::new();
        for (family, rules) in FAMILIES.iter().zip(rules).filter(|(_, rules)| !rules.is_empty()) {
            let Chains { suffix, .. } = self;
            let text = self.fill(rules)
                + &format!("-I INPUT 1 -j GAINSAY-IN{suffix}\n-I OUTPUT 1 -j GAINSAY-OUT{suffix}\nCOMMIT\n");
            let _ = write!(script, "{family}-restore -w 5 --noflush <<'END' || exit 1\n{text}END\n");
        }
        script
    }

    /// The script that makes the fault of a nemesis with chains: marks it, and puts these rules in force.
    pub(crate) fn make(self, nemesis: &str, rules: &[Rules; 2]) -> String {
        let mark = format!("{FAULTS}/{nemesis}/rules");
        format!(
            "[ ! -e {mark} ] || {{ echo \"{nemesis} is in force already\" >&2; exit 1; }}\n: >{mark} || exit 1\n{}",
            self.install(rules)
        )
    }

    /// What undoes it.
    pub(crate) fn unmake(self, nemesis: &str) -> String {
        self.undo() + &format!("[ $status != 0 ] || rm -f {FAULTS}/{nemesis}/*\nexit $status\n")
    }

    /// What `iptables-restore` reads to put these rules, and no others, into the chains, up to the commit. To declare a
    /// chain makes it, or empties it.
    pub(crate) fn fill(self, rules: &Rules) -> String {
        let Chains { table, suffix } = self;
        let mut text = format!("*{table}\n:GAINSAY-IN{suffix} - [0:0]\n:GAINSAY-OUT{suffix} - [0:0]\n");
        for rule in &rules.input {
            let _ = writeln!(text, "-A GAINSAY-IN{suffix} {rule}");
        }
        for rule in &rules.output {
            let _ = writeln!(text, "-A GAINSAY-OUT{suffix} {rule}");
        }
        text
    }

    /// Removes jumps and chains, in both families, and sets `status` to 1 if something is left: in one transaction if
    /// all is as we made it, else step by step. A node that has none of them is only looked at: even `iptables -L`
    /// would make a table where there is none, and so would `iptables-save -t filter`; without `-t` it does not.
    pub(crate) fn undo(self) -> String {
        SAVED.to_owned() + &UNDO.replace("SUFFIX", self.suffix).replace("TABLE", self.table)
    }

    /// Prints every rule and chain of ours with its counters, or nothing.
    pub(crate) fn show(self) -> String {
        format!(
            "for program in iptables ip6tables; do\n  \
             command -v $program-save >/dev/null 2>&1 && $program-save -c 2>/dev/null | {}\n\
             done\n",
            self.grep("")
        )
    }

    /// Prints `yes` if neither chain is left.
    pub(crate) fn trace(self) -> String {
        let find = self.grep("");
        format!(
            "{SAVED}left=$(printf '%s\\n' \"$saved\" | {find})\nif [ -z \"$left\" ]; then echo yes; else echo \"$left\"; fi\n"
        )
    }

    /// Finds the lines that name these chains, and not those of another nemesis.
    fn grep(self, option: &str) -> String {
        format!("grep {option}-E 'GAINSAY-(IN|OUT){}( |$)'", self.suffix)
    }
}

/// Sets `saved` to all rules of the node, unless a script around has done so: to save them takes two processes.
pub(crate) const SAVED: &str = "saved=${saved-$(iptables-save 2>/dev/null; ip6tables-save 2>/dev/null)}\n";

const UNDO: &str = r#"status=0
for program in $(printf '%s\n' "$saved" | grep -qE 'GAINSAY-(IN|OUT)SUFFIX( |$)' && echo iptables ip6tables); do
  $program-save 2>/dev/null | grep -qE 'GAINSAY-(IN|OUT)SUFFIX( |$)' || continue
  $program-restore -w 5 --noflush 2>/dev/null <<'END' && continue
*TABLE
-D INPUT -j GAINSAY-INSUFFIX
-D OUTPUT -j GAINSAY-OUTSUFFIX
-F GAINSAY-INSUFFIX
-F GAINSAY-OUTSUFFIX
-X GAINSAY-INSUFFIX
-X GAINSAY-OUTSUFFIX
COMMIT
END
  while $program -w 5 -t TABLE -D INPUT -j GAINSAY-INSUFFIX 2>/dev/null; do :; done
  while $program -w 5 -t TABLE -D OUTPUT -j GAINSAY-OUTSUFFIX 2>/dev/null; do :; done
  for chain in GAINSAY-INSUFFIX GAINSAY-OUTSUFFIX; do
    $program -w 5 -t TABLE -F $chain 2>/dev/null
    $program -w 5 -t TABLE -X $chain 2>/dev/null
  done
  $program-save | grep -E 'GAINSAY-(IN|OUT)SUFFIX( |$)' >&2 && status=1
done
"#;

/// Prints `yes` if the firewall of the node takes a rule, which is tried in a network of its own that ends with the
/// trial, otherwise why not.
pub(crate) fn needs(peers: &[IpAddr], rule: &str) -> String {
    let mut script = String::new();
    for family in FAMILIES.iter().filter(|family| peers.iter().any(|peer| program(*peer) == **family)) {
        let _ = write!(
            script,
            "tried=$(unshare -n sh -c '{family} -N TRIAL && {family} -A TRIAL {rule}' 2>&1) ||\n  \
             {{ echo \"{family} cannot do {rule}: $tried\"; exit 0; }}\n"
        );
    }
    script
        + "command -v bash >/dev/null || { echo 'bash is missing, with which the fault is measured'; exit 0; }\necho yes\n"
}

/// Remembers, before anything is made, which family has which table not at all.
pub(crate) const REMEMBER_BARE: &str = r#"for program in iptables ip6tables; do
  command -v $program-save >/dev/null 2>&1 || continue
  tables=$($program-save 2>/dev/null | grep '^\*')
  for table in filter nat mangle; do
    case $tables in *"*$table"*) ;; *) : >/run/gainsay/bare-$program-$table ;; esac
  done
done
"#;

/// Removes a table where there was none and is nothing in it but what makes a table: its own chains without rules,
/// accepting all. The restoring of an empty table removes it; where iptables is not the nft variant the table is always
/// there, and nothing was remembered.
pub(crate) const LEAVE_BARE: &str = r#"for bare in /run/gainsay/bare-*; do
  [ -e "$bare" ] || continue
  table=${bare##*-}
  program=${bare%-*}
  program=${program##*-}
  $program-save | sed -n "/^\*$table/,/^COMMIT/p" |
    grep -qvE '^(\*[a-z]+|COMMIT|:(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING) ACCEPT.*)$' ||
    printf '*%s\nCOMMIT\n' $table | $program-restore -w 5
  rm -f "$bare"
done
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_chains_are_flushed_or_deleted() {
        let undo = Chains::filter("-LOSS").undo();
        let dangerous = undo.lines().filter(|line| ["-F", "-X", "-D"].iter().any(|option| line.contains(option)));
        for line in dangerous {
            assert!(line.contains("$chain") || line.contains("GAINSAY-"), "{line}");
        }
    }

    #[test]
    fn names_of_chains_are_as_long_as_the_kernel_allows() {
        for kind in crate::catalogue::KINDS {
            assert!(format!("GAINSAY-OUT-{}", kind.name).len() <= 28, "{}", kind.name);
        }
    }

    #[test]
    fn each_family_has_a_table_of_its_own_and_only_if_it_has_rules() {
        let peers = ["10.0.0.2".parse().unwrap(), "fd00::4".parse().unwrap()];
        let both = Chains::by_family(&peers, |rules, peer| rules.both_ways(peer, "-j DROP"));
        let script = Chains::filter("-X").install(&both);
        assert!(script.contains("-A GAINSAY-IN-X -s 10.0.0.2 -j DROP\n"));
        assert!(script.contains("ip6tables-restore") && script.contains("-A GAINSAY-OUT-X -d fd00::4 -j DROP\n"));
        let one = Chains::by_family(&peers[..1], |rules, peer| rules.both_ways(peer, "-j DROP"));
        assert!(!Chains::filter("-X").install(&one).contains("ip6tables"));
    }
}
