//! What an inventory says of machines: `[machine]` for all nodes, the same keys in a `[[node]]` for one.

use super::read::{Complaint, Table, allow, get, string};
use crate::{Lever, Machine, MachineKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// The keys of `[machine]`.
pub(super) const KEYS: [&str; 7] = ["kind", "power_off", "power_on", "pause", "resume", "unplug", "plug"];

/// What was said, with its places; `{node}`, `{address}` and `{LABEL}` in commands are not filled in yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    kind: MachineKind,
    levers: BTreeMap<Lever, (Range<usize>, String)>,
}

impl Template {
    /// Reads `[machine]`.
    pub(super) fn of_all(table: &Table<'_>) -> Result<Template, Complaint> {
        allow(table, &KEYS, "[machine]")?;
        Template::default().overridden(table)
    }

    /// The same with what this table says instead; keys that are none of ours are passed over.
    pub(super) fn overridden(&self, table: &Table<'_>) -> Result<Template, Complaint> {
        let mut template = self.clone();
        if let Some(value) = get(table, "kind") {
            let word = string(value, "what the machine is")?;
            let known = MachineKind::ALL.map(MachineKind::name).join(", ");
            let kind = MachineKind::ALL.into_iter().find(|kind| kind.name() == word);
            template.kind = kind.ok_or((value.span(), format!("expected one of {known}, found \"{word}\"")))?;
        }
        for lever in Lever::ALL {
            if let Some(value) = get(table, lever.key()) {
                let command = string(value, "a shell command for the controller")?;
                template.levers.insert(lever, (value.span(), command.to_owned()));
            }
        }
        Ok(template)
    }

    /// Fills the placeholders of every command in.
    pub(super) fn fill(
        self,
        name: &str,
        address: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Machine, Complaint> {
        let value_of = |key: &str| match key {
            "node" => Some(name),
            "address" => Some(address),
            label => labels.get(label).map(String::as_str),
        };
        let mut levers = BTreeMap::new();
        for (lever, (place, command)) in self.levers {
            let filled = filled(&command, value_of).map_err(|key| {
                (place, format!("expected {{node}}, {{address}} or a label of {name} in braces, found {{{key}}}"))
            })?;
            levers.insert(lever, filled);
        }
        Ok(Machine { kind: self.kind, levers })
    }
}

/// Replaces `{word}`; what else stands in braces is the shell's. A word without a value is returned as the error.
fn filled<'a>(command: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let (mut text, mut rest) = (String::new(), command);
    while let Some(open) = rest.find('{') {
        let is_of_shell = rest[..open].ends_with('$');
        match rest[open + 1..].split_once('}') {
            Some((word, after)) if is_word(word) && !is_of_shell => {
                text += &rest[..open];
                text += value_of(word).ok_or(word)?;
                rest = after;
            }
            _ => {
                text += &rest[..=open];
                rest = &rest[open + 1..];
            }
        }
    }
    Ok(text + rest)
}

#[cfg(test)]
mod tests {
    use crate::{Inventory, Lever, MachineKind};
    use std::path::Path;

    fn parse(machine: &str, node: &str) -> Result<Inventory, String> {
        let text = format!(
            "name = 'x'\n[machine]\n{machine}\n[[node]]\nname = 'a'\naddress = '10.0.0.1'\nlabels = {{ bmc = 'a-bmc' }}\n{node}"
        );
        Inventory::parse(&text, Path::new("lab.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn one_line_for_all_nodes_and_another_for_one() {
        let inventory =
            parse("kind = 'hardware'\npower_off = 'ipmitool -H {bmc} power off # {node} {address}'", "power_on = 'on'");
        let machine = &inventory.unwrap().hosts[0].machine;
        assert_eq!(machine.kind, MachineKind::Hardware);
        assert_eq!(machine.levers[&Lever::PowerOff], "ipmitool -H a-bmc power off # a 10.0.0.1");
        assert_eq!(machine.levers[&Lever::PowerOn], "on");
    }

    #[test]
    fn braces_of_the_shell_stay() {
        let inventory = parse("pause = '${HOME}/x; { a; }; {node}'", "").unwrap();
        assert_eq!(inventory.hosts[0].machine.levers[&Lever::Pause], "${HOME}/x; { a; }; a");
    }

    #[test]
    fn complaints_name_their_place() {
        for (machine, expected) in [
            ("kind = 'toaster'", "lab.toml:3:8: expected one of container, vm, hardware, found \"toaster\""),
            ("power = 'x'", "lab.toml:3:1: expected one of kind, power_off, "),
            ("power_off = '{bmx}'", "lab.toml:3:13: expected {node}, {address} or a label of a in braces, found {bmx}"),
        ] {
            let error = parse(machine, "").unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
