//! What was measured of every fault, as the table of `docs/FAULTS.md`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// What one fault did on real nodes.
pub struct Shown {
    /// As plans name it: `loss:all`.
    pub spec: String,
    /// On how many nodes it was made at once; none where it was refused.
    pub nodes: usize,
    /// How long it took to be made, each time.
    pub inject: Vec<Duration>,
    /// How long it took to be undone on all nodes, each time.
    pub heal: Vec<Duration>,
    /// What was measured while it lasted, or why it was refused.
    pub found: String,
}

/// The page, with every fault of the catalogue: what it is, and what was measured of it on nodes of this kind.
pub fn page(kind: &str, nodes: usize, shown: &[Shown]) -> String {
    let mut page = format!(
        "# Faults\n\n\
         Written by `make fault-table`, which makes every fault on {nodes} nodes of the lab, measures it while it lasts, heals it\n\
         twice, and compares each node with what it was before: firewall, queues, units and drop-ins, mounts, limits, files.\n\
         What is listed here passed, or was refused before anything was touched, with the reason. Times are medians of {}\n\
         rounds, in milliseconds: until the fault was in force on all the nodes that it was aimed at, and until it was undone\n\
         on all nodes of the cluster. Kind of the lab: {kind}.\n\n\
         What each fault needs and what may follow its name is printed by `gainsay list nemeses`. Faults that destroy data say\n\
         *damage*.\n",
        shown.iter().map(|one| one.inject.len()).max().unwrap_or(0)
    );
    let mut families: BTreeMap<String, Vec<nemeses::Entry>> = BTreeMap::new();
    for entry in nemeses::all() {
        families.entry(format!("{:?}", entry.family)).or_default().push(entry);
    }
    for (family, entries) in families {
        let _ = write!(
            page,
            "\n## {family}\n\n| fault | nodes | made in | undone in | measured while it lasted |\n|---|---|---|---|---|\n"
        );
        for entry in &entries {
            let of_it = |one: &&Shown| one.spec.split(':').next() == Some(entry.name);
            for one in shown.iter().filter(of_it) {
                let _ = writeln!(page, "{}", row(one));
            }
        }
        page += "\n| fault | does | undone |\n|---|---|---|\n";
        for entry in &entries {
            let _ = writeln!(page, "| `{}` | {} | {} |", entry.name, entry.does, entry.undone_by);
        }
    }
    page
}

fn row(one: &Shown) -> String {
    let time = |times: &[Duration]| match median(times) {
        Some(time) => format!("{:.0}", time.as_secs_f64() * 1000.0),
        None => "–".to_owned(),
    };
    let nodes = if one.nodes == 0 { "refused".to_owned() } else { one.nodes.to_string() };
    let found = first_node(&one.found).replace('|', "\\|").replace('\n', " ");
    format!("| `{}` | {nodes} | {} | {} | {found} |", one.spec, time(&one.inject), time(&one.heal))
}

/// What was found, with the remark about the first node only.
fn first_node(found: &str) -> String {
    let mut parts = found.split("; n");
    let (sum, first) = (parts.next().unwrap_or_default(), parts.next());
    let rest = if parts.next().is_some() { "; ..." } else { "" };
    first.map_or(sum.to_owned(), |first| format!("{sum}; n{first}{rest}"))
}

fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied()
}
