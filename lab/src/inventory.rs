//! The inventory: the file that tells the harness which nodes there are.

use std::fmt::Write;

use crate::machine::Machine;

/// The text of the inventory. Paths in it are relative to it.
///
/// Zones and racks cut across each other, so that faults by either take different nodes: zones go round (n1 in a,
/// n2 in b, n3 in c, n4 in a), racks hold two neighbours each.
pub(crate) fn text(lab: &str, nodes: &[Machine]) -> String {
    let mut text = format!(
        "# Written by `gainsay lab up`; it describes the nodes of lab \"{lab}\".\n\
         name = \"{lab}\"\n\
         known_hosts = \"known_hosts\"\n\n\
         [ssh]\n\
         user = \"root\"\n\
         port = 22\n\
         key = \"id_ed25519\"\n"
    );
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
        };
        let text = text("lab", &[machine(1), machine(2)]);
        let expected = r#"# Written by `gainsay lab up`; it describes the nodes of lab "lab".
name = "lab"
known_hosts = "known_hosts"

[ssh]
user = "root"
port = 22
key = "id_ed25519"

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
    }
}
