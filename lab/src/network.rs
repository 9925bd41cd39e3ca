//! The lab's bridge. It has an address of this machine, and nothing that comes in on it is forwarded.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::LabError;
use crate::files;
use crate::step::Step;
use crate::subnet::Subnet;

/// What `ip -j route` and `ip -j addr` say, as far as it matters.
#[derive(Debug, Deserialize)]
struct Entry {
    dst: Option<String>,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Option<String>,
    prefixlen: Option<u8>,
}

/// Every network that this machine has a route to or an address in; the default route is to nowhere in particular.
///
/// # Errors
/// When `ip` fails.
pub(crate) fn taken() -> Result<Vec<Subnet>, LabError> {
    let routes = Step::new("ip").args(["-j", "-4", "route", "show", "table", "all"]).run()?;
    let addresses = Step::new("ip").args(["-j", "-4", "addr"]).run()?;
    Ok(parse(&routes).into_iter().chain(parse(&addresses)).collect())
}

/// Reads either list. What is not as expected is passed over: an unknown kind of route takes no subnet.
fn parse(json: &str) -> Vec<Subnet> {
    let entries: Vec<Entry> = serde_json::from_str(json).unwrap_or_default();
    let texts = entries.into_iter().flat_map(|entry| {
        let addresses = entry.addr_info.into_iter().filter_map(|address| {
            let bits = address.prefixlen.unwrap_or(32);
            address.local.map(|local| format!("{local}/{bits}"))
        });
        entry.dst.into_iter().chain(addresses).collect::<Vec<_>>()
    });
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// Makes the bridge, or completes it.
///
/// # Errors
/// When `ip` fails.
pub(crate) fn raise(bridge: &str, subnet: &Subnet) -> Result<(), LabError> {
    if !exists(bridge) {
        Step::new("ip").args(["link", "add", "name", bridge, "type", "bridge"]).run()?;
    }
    let address = format!("{}/{}", subnet.bridge(), subnet.bits());
    Step::new("ip").args(["addr", "replace", &address, "dev", bridge]).run()?;
    Step::new("ip").args(["link", "set", bridge, "up"]).run()?;
    for family in ["ipv4", "ipv6"] {
        let forwarding = PathBuf::from(format!("/proc/sys/net/{family}/conf/{bridge}/forwarding"));
        if forwarding.exists() {
            files::write_there(&forwarding, "0")?;
        }
    }
    Ok(())
}

/// Removes the bridge, if there is one.
///
/// # Errors
/// When `ip` fails.
pub(crate) fn remove(bridge: &str) -> Result<(), LabError> {
    if exists(bridge) {
        Step::new("ip").args(["link", "del", bridge]).run()?;
    }
    Ok(())
}

/// Makes a virtual machine's end of its cable, or completes it, and plugs it into the bridge.
///
/// # Errors
/// When `ip` fails.
pub(crate) fn plug(tap: &str, bridge: &str) -> Result<(), LabError> {
    if !exists(tap) {
        Step::new("ip").args(["tuntap", "add", "dev", tap, "mode", "tap"]).run()?;
    }
    Step::new("ip").args(["link", "set", tap, "master", bridge, "up"]).run().map(drop)
}

/// Removes such a cable, if there is one.
///
/// # Errors
/// When `ip` fails.
pub(crate) fn unplug(tap: &str) -> Result<(), LabError> {
    if exists(tap) {
        Step::new("ip").args(["link", "del", tap]).run()?;
    }
    Ok(())
}

/// True if this machine's firewall looks at bridged packets too and drops what it does not know, as Docker makes it
/// do. It then keeps nodes from each other, while this machine still reaches all of them.
pub(crate) fn is_bridge_filtered() -> bool {
    let switch = files::read(Path::new("/proc/sys/net/bridge/bridge-nf-call-iptables")).ok().flatten();
    let drops = || Step::new("iptables").args(["-w", "5", "-S", "FORWARD"]).run();
    switch.is_some_and(|value| value.trim() == "1") && drops().is_ok_and(|rules| rules.contains("-P FORWARD DROP"))
}

fn exists(bridge: &str) -> bool {
    Path::new("/sys/class/net").join(bridge).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_addresses() {
        let texts = |json| parse(json).iter().map(Subnet::to_string).collect::<Vec<_>>();
        let routes = r#"[{"dst":"default","gateway":"192.0.2.1"},{"dst":"10.213.0.0/24","dev":"b","flags":["linkdown"]},
            {"type":"local","dst":"192.0.2.2","dev":"eth0"}]"#;
        assert_eq!(texts(routes), ["10.213.0.0/24", "192.0.2.2/32"]);
        let addresses = r#"[{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},
            {},{"ifname":"d","addr_info":[]}]"#;
        assert_eq!(texts(addresses), ["127.0.0.1/8"]);
        assert_eq!(texts(""), Vec::<String>::new());
    }
}
