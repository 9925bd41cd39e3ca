//! The inventory: the file that tells the harness which nodes there are.

use std::fmt::Write;

use crate::kind::Kind;
use crate::machine::Machine;
use crate::state::Stored;
use crate::vm::Lever;

/// The text of the inventory. Paths in it are relative to it.
///
/// Zones and racks cut across each other, so that faults by either take different nodes: zones go round (n1 in a,
/// n2 in b, n3 in c, n4 in a), racks hold two neighbours each.
pub(crate) fn text(lab: &Stored, nodes: &[Machine], program: &str) -> String {
    let Stored { name: lab, kind, .. } = lab;
    let mut text = format!(
        "# Written by `gainsay lab up`; it describes the nodes of lab \"{lab}\".\n\
         name = \"{lab}\"\n\
         known_hosts = \"known_hosts\"\n\n\
         [ssh]\n\
         user = \"root\"\n\
         port = 22\n\
         key = \"id_ed25519\"\n\n\
         [machine]\n"
    );
    match kind {
        Kind::Nspawn => text += "kind = \"container\"\n",
        Kind::Vm => text += &levers(lab, program),
    }
    for (index, node) in nodes.iter().enumerate() {
        let (zone, rack) = (["a", "b", "c"][index % 3], index / 2 + 1);
        let (name, address) = (&node.name, node.address);
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "\n[[node]]\nname = \"{name}\"\naddress = \"{address}\"\nlabels = {{ zone = \"{zone}\", rack = \"r{rack}\" }}\n"
        );
    }
    text
}

/// What the harness runs on this machine to break a node from outside: `{node}` stands for its name.
fn levers(lab: &str, program: &str) -> String {
    let line = |lever: Lever| {
        let key = lever.name().replace('-', "_");
        format!("{key} = \"'{program}' lab machine {{node}} {lever} --name {lab}\"\n")
    };
    Lever::ALL.into_iter().map(line).fold("kind = \"vm\"\n".to_owned(), |text, line| text + &line)
}

/// The command that the inventory names: this program, if it is the one that understands `lab machine`.
pub(crate) fn program() -> String {
    let own = std::env::current_exe().ok().filter(|path| path.file_stem().is_some_and(|stem| stem == "gainsay"));
    let path = own.and_then(|path| path.into_os_string().into_string().ok());
    // What a shell or TOML would read otherwise is not worth quoting twice.
    path.filter(|path| !path.contains(['\'', '"', '\\'])).unwrap_or_else(|| "gainsay".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Places;
    use crate::subnet::Subnet;

    #[test]
    fn two_nodes() {
        let (places, subnet) = (Places::new("lab"), "10.213.7.0/24".parse::<Subnet>().unwrap());
        let machine = |number: u8| Machine {
            name: format!("n{number}"),
            address: subnet.node(number),
            places: places.node(&format!("n{number}")),
            kind: Kind::Nspawn,
        };
        let mut lab = Stored { name: "lab".into(), subnet, base: "/b".into(), nodes: 2, kind: Kind::Nspawn };
        let text_of = |lab: &Stored| text(lab, &[machine(1), machine(2)], "/bin/gainsay");
        let text = text_of(&lab);
        let expected = r#"# Written by `gainsay lab up`; it describes the nodes of lab "lab".
name = "lab"
known_hosts = "known_hosts"

[ssh]
user = "root"
port = 22
key = "id_ed25519"

[machine]
kind = "container"

[[node]]
name = "n1"
address = "10.213.7.11"
labels = { zone = "a", rack = "r1" }

[[node]]
name = "n2"
address = "10.213.7.12"
labels = { zone = "b", rack = "r1" }
"#;
        assert_eq!(text, expected);
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["node"].as_array().unwrap().len(), 2);
        lab.kind = Kind::Vm;
        let read: toml::Table = text_of(&lab).parse().unwrap();
        assert_eq!(read["machine"].as_table().unwrap().len(), 7);
        let expected = "'/bin/gainsay' lab machine {node} power-off --name lab";
        assert_eq!(read["machine"]["power_off"].as_str(), Some(expected));
    }
}
