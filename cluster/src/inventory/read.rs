//! The inventory's text, with the place of every complaint.

use super::machine::{KEYS, Template};
use super::{Host, Inventory, InventoryError};
use crate::nearest;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A complaint about a place in the text.
pub(super) type Complaint = (Range<usize>, String);
pub(super) type Table<'a> = DeTable<'a>;
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a whole inventory.
pub(super) fn inventory(text: &str, path: &Path) -> Result<Inventory, InventoryError> {
    read(text, path.parent().unwrap_or(Path::new(""))).map_err(|(span, message)| {
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        InventoryError {
            path: path.display().to_string(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    })
}

fn read(text: &str, folder: &Path) -> Result<Inventory, Complaint> {
    let parsed = DeTable::parse(text)
        .map_err(|error| (error.span().unwrap_or(0..0), format!("expected TOML: {}", error.message())))?;
    let end = text.trim_end().len()..text.len();
    let table = parsed.get_ref();
    allow(table, &["name", "known_hosts", "ssh", "machine", "node"], "an inventory")?;
    let name = match get(table, "name") {
        Some(value) => string(value, "the cluster's name")?.to_owned(),
        None => return Err((0..0, "expected `name = \"...\"`, the cluster's name, but there is none".to_owned())),
    };
    let known_hosts = match get(table, "known_hosts") {
        Some(value) => expand(string(value, "the path of a known_hosts file")?, folder),
        None => expand("~/.ssh/known_hosts", folder),
    };
    let shared = match get(table, "ssh") {
        Some(value) => login(section(value, "[ssh]")?, folder)?,
        None => Login::default(),
    };
    let machine = match get(table, "machine") {
        Some(value) => Template::of_all(section(value, "[machine]")?)?,
        None => Template::default(),
    };
    let nodes = get(table, "node").ok_or((end, "expected at least one [[node]], but there is none".to_owned()))?;
    let hosts = hosts(nodes, &shared, &machine, folder)?;
    Ok(Inventory { name, known_hosts, hosts })
}

/// How to log in, as far as it was said.
#[derive(Default)]
struct Login {
    user: Option<String>,
    port: Option<u16>,
    key: Option<PathBuf>,
    password_env: Option<String>,
}

fn login(table: &Table<'_>, folder: &Path) -> Result<Login, Complaint> {
    allow(table, &["user", "port", "key", "password_env"], "[ssh]")?;
    let password_env = match get(table, "password_env") {
        Some(value) => Some(variable(value)?),
        None => None,
    };
    Ok(Login { password_env, ..login_of_node(table, folder)? })
}

fn login_of_node(table: &Table<'_>, folder: &Path) -> Result<Login, Complaint> {
    let user = get(table, "user").map(|value| string(value, "a user name")).transpose()?.map(str::to_owned);
    let port = get(table, "port").map(port).transpose()?;
    let key = get(table, "key").map(|value| string(value, "the path of a private key")).transpose()?;
    Ok(Login { user, port, key: key.map(|key| expand(key, folder)), password_env: None })
}

fn hosts(value: &Value<'_>, shared: &Login, machine: &Template, folder: &Path) -> Result<Vec<Host>, Complaint> {
    let DeValue::Array(nodes) = value.get_ref() else {
        return Err((value.span(), format!("expected tables [[node]], found {}", describe(value))));
    };
    if nodes.is_empty() {
        return Err((value.span(), "expected at least one [[node]], found an empty list".to_owned()));
    }
    let mut hosts: Vec<Host> = Vec::new();
    for node in nodes.iter() {
        let table = section(node, "[[node]]")?;
        let host = host(node, table, shared, machine, folder)?;
        if let Some(value) = get(table, "name").filter(|_| hosts.iter().any(|other| other.name == host.name)) {
            return Err((
                value.span(),
                format!("expected a name of its own, but two nodes are named \"{}\"", host.name),
            ));
        }
        let twin = hosts.iter().find(|other| (&other.address, other.port) == (&host.address, host.port));
        if let (Some(twin), Some(value)) = (twin, get(table, "address")) {
            let Host { address, port, .. } = &host;
            let message = format!("expected an address of its own, but {} is at {address} port {port} too", twin.name);
            return Err((value.span(), message));
        }
        hosts.push(host);
    }
    Ok(hosts)
}

fn host(
    node: &Value<'_>,
    table: &Table<'_>,
    shared: &Login,
    machine: &Template,
    folder: &Path,
) -> Result<Host, Complaint> {
    let known = [["name", "address", "port", "user", "key", "labels"].as_slice(), KEYS.as_slice()].concat();
    allow(table, &known, "[[node]]")?;
    let own = login_of_node(table, folder)?;
    let name = need(node, table, "name").and_then(node_name)?.to_owned();
    let address = need(node, table, "address").and_then(address)?.to_owned();
    let labels = get(table, "labels").map_or(Ok(BTreeMap::new()), labels)?;
    let machine = machine.overridden(table)?.fill(&name, &address, &labels)?;
    Ok(Host {
        name,
        address,
        port: own.port.or(shared.port).unwrap_or(22),
        user: own.user.or_else(|| shared.user.clone()).unwrap_or_else(|| "root".to_owned()),
        key: own.key.or_else(|| shared.key.clone()),
        password_env: shared.password_env.clone(),
        labels,
        machine,
    })
}

fn labels(value: &Value<'_>) -> Result<BTreeMap<String, String>, Complaint> {
    let table = section(value, "labels")?;
    table.iter().map(|(key, value)| Ok((key.get_ref().to_string(), string(value, "a label")?.to_owned()))).collect()
}

fn need<'a, 'b>(node: &Value<'_>, table: &'a Table<'b>, key: &str) -> Result<&'a Value<'b>, Complaint> {
    get(table, key).ok_or_else(|| (node.span(), format!("expected `{key} = \"...\"` in [[node]], but there is none")))
}

fn node_name<'a>(value: &'a Value<'_>) -> Result<&'a str, Complaint> {
    let name = string(value, "a node's name")?;
    let good = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 63
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let rule =
        "expected a node's name (a letter or digit, then letters, digits, dots, dashes or underscores; at most 63)";
    if good { Ok(name) } else { Err((value.span(), format!("{rule}, found \"{name}\""))) }
}

fn address<'a>(value: &'a Value<'_>) -> Result<&'a str, Complaint> {
    let text = string(value, "an IP address or host name")?;
    let labels_good = text.split('.').all(|label| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(inner) && !label.starts_with('-')
    });
    // A name of digits and dots alone is an address that was mistyped.
    let mistyped = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let good = text.parse::<std::net::IpAddr>().is_ok() || (labels_good && !mistyped && text.len() <= 253);
    if good { Ok(text) } else { Err((value.span(), format!("expected an IP address or host name, found \"{text}\""))) }
}

fn port(value: &Value<'_>) -> Result<u16, Complaint> {
    let complaint = || (value.span(), format!("expected a port from 1 to 65535, found {}", describe(value)));
    let DeValue::Integer(number) = value.get_ref() else { return Err(complaint()) };
    let port = u16::from_str_radix(number.as_str(), number.radix()).map_err(|_| complaint())?;
    if port == 0 { Err(complaint()) } else { Ok(port) }
}

fn variable(value: &Value<'_>) -> Result<String, Complaint> {
    let text = string(value, "the name of an environment variable")?;
    let good = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // What stood there is perhaps the password itself, so it is not shown.
    let message = "expected the name of an environment variable (not the password itself), found something else";
    if good { Ok(text.to_owned()) } else { Err((value.span(), message.to_owned())) }
}

pub(super) fn string<'a>(value: &'a Value<'_>, what: &str) -> Result<&'a str, Complaint> {
    match value.get_ref() {
        DeValue::String(text) if !text.is_empty() => Ok(text),
        _ => Err((value.span(), format!("expected {what} as a string, found {}", describe(value)))),
    }
}

fn section<'a, 'b>(value: &'a Value<'b>, what: &str) -> Result<&'a Table<'b>, Complaint> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err((value.span(), format!("expected the table {what}, found {}", describe(value)))),
    }
}

fn describe(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) if text.is_empty() => "an empty string".to_owned(),
        DeValue::String(text) => format!("the string \"{text}\""),
        DeValue::Integer(number) => format!("the integer {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(truth) => format!("{truth}"),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

pub(super) fn get<'a, 'b>(table: &'a Table<'b>, key: &str) -> Option<&'a Value<'b>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

/// Complains about the first key that is not allowed here.
pub(super) fn allow(table: &Table<'_>, known: &[&str], place: &str) -> Result<(), Complaint> {
    let unknown =
        table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).min_by_key(|key| key.span().start);
    let Some(key) = unknown else { return Ok(()) };
    let name = key.get_ref().as_ref();
    let near = nearest(name, known.iter().copied());
    let hint = near.map_or(String::new(), |other| format!("; did you mean `{other}`?"));
    Err((key.span(), format!("expected one of {} in {place}, found `{name}`{hint}", known.join(", "))))
}

/// `~` is the home folder; all else is relative to the inventory.
fn expand(path: &str, folder: &Path) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
