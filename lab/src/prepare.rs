//! What makes one node of the base tree: its overlay or disk, its name and address, and its keys.
//!
//! All of it can be done again over what is there, so a crash half-way needs no notes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::error::LabError;
use crate::files::{self, failed};
use crate::kind::Kind;
use crate::machine::Machine;
use crate::state::Stored;
use crate::step::Step;
use crate::{mounts, vm};

/// The types of host keys, in the order of preference of OpenSSH.
const KEY_TYPES: [&str; 3] = ["ed25519", "ecdsa", "rsa"];
/// An RSA key on a busy machine.
const KEYGEN: Duration = Duration::from_secs(60);

/// Makes the root of a node that does not run. `login` is the public key that may log in as root.
///
/// # Errors
/// When the overlay or disk cannot be mounted, or a file or key cannot be written.
pub(crate) fn prepare(node: &Machine, lab: &Stored, login: &str) -> Result<(), LabError> {
    let keys = node.keys();
    if node.kind == Kind::Nspawn {
        mount(node, &lab.base)?;
        identify(node, lab, login, &node.places.root())?;
        return host_keys(&keys);
    }
    files::folder(&keys.join("etc/ssh"))?;
    host_keys(&keys)?;
    vm::edit(&node.places, &lab.base, |root| {
        identify(node, lab, login, root)?;
        let copy = Step::new("cp").arg("-a").arg(keys.join("etc/ssh/.")).arg(root.join("etc/ssh"));
        copy.run().map(drop)
    })
}

/// Writes what tells this node from the others, all but its host keys.
fn identify(node: &Machine, lab: &Stored, login: &str, root: &Path) -> Result<(), LabError> {
    let write = |path: &str, mode, text: &str| files::write(&root.join(path), mode, text);
    write("etc/hostname", 0o644, &format!("{}\n", node.name))?;
    write("etc/hosts", 0o644, &hosts(lab))?;
    write("etc/systemd/network/10-lab.network", 0o644, &network(node, lab))?;
    write("etc/gainsay/allowed", 0o644, &format!("{}\n", lab.name))?;
    write("root/.ssh/authorized_keys", 0o600, login)
}

fn mount(node: &Machine, base: &Path) -> Result<(), LabError> {
    let (root, upper, work) = (node.places.root(), node.places.upper(), node.places.work());
    for dir in [&root, &upper, &work] {
        files::folder(dir)?;
    }
    if mounts::is_mounted(&root) {
        return Ok(());
    }
    let options = format!("lowerdir={},upperdir={},workdir={}", base.display(), upper.display(), work.display());
    Step::new("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(&root).run().map(drop)
}

/// All nodes that the lab may ever have, so that growing it changes no file of a running one.
fn hosts(lab: &Stored) -> String {
    let own = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n".to_owned();
    (1..=9).fold(own, |text, number| text + &format!("{}\tn{number}\n", lab.subnet.node(number)))
}

/// An address and no way out: no gateway, no resolver, nothing accepted from a router.
fn network(node: &Machine, lab: &Stored) -> String {
    format!(
        "[Match]\nName=host0\n\n[Network]\nAddress={}/{}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLMNR=no\n",
        node.address,
        lab.subnet.bits()
    )
}

/// Host keys are made before the first boot, so that what known_hosts says is true from the first connection on.
fn host_keys(root: &Path) -> Result<(), LabError> {
    if known_hosts_lines(root, "any").is_err() {
        for kind in KEY_TYPES {
            files::remove(&root.join(format!("etc/ssh/ssh_host_{kind}_key")))?;
            files::remove(&root.join(format!("etc/ssh/ssh_host_{kind}_key.pub")))?;
        }
        Step::new("ssh-keygen").args(["-q", "-A", "-f"]).arg(root).limit(KEYGEN).run()?;
    }
    Ok(())
}

/// What `known_hosts` says of the node whose root is `root`: one line per type of key.
///
/// # Errors
/// When a key is missing or empty.
pub(crate) fn known_hosts_lines(root: &Path, address: &str) -> Result<String, LabError> {
    let line = |kind: &str| {
        let path = root.join(format!("etc/ssh/ssh_host_{kind}_key.pub"));
        let key = fs::read_to_string(&path).map_err(failed("read", &path))?;
        let mut words = key.split_whitespace();
        match (words.next(), words.next()) {
            (Some(algorithm), Some(data)) => Ok(format!("{address} {algorithm} {data}\n")),
            _ => Err(failed("use", &path)(std::io::ErrorKind::InvalidData.into())),
        }
    };
    KEY_TYPES.into_iter().map(line).collect()
}

/// The lab's own key pair, made once; gives back the public one.
///
/// # Errors
/// When it cannot be made or read.
pub(crate) fn login_key(lab: &str, key: &Path) -> Result<String, LabError> {
    let public = key.with_extension("pub");
    if files::read(key)?.is_none_or(|text| text.is_empty()) || files::read(&public)?.is_none_or(|text| text.is_empty())
    {
        files::remove(key)?;
        files::remove(&public)?;
        let comment = format!("gainsay lab {lab}");
        Step::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", &comment, "-f"]).arg(key).run()?;
    }
    fs::read_to_string(&public).map_err(failed("read", &public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hosts_has_every_type_of_key_or_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let put = |kind: &str, text: &str| {
            files::write(&dir.path().join(format!("etc/ssh/ssh_host_{kind}_key.pub")), 0o644, text).unwrap();
        };
        put("ed25519", "ssh-ed25519 AAAA root@vm\n");
        put("ecdsa", "ecdsa-sha2-nistp256 BBBB root@vm\n");
        assert!(known_hosts_lines(dir.path(), "10.0.0.1").is_err());
        put("rsa", "");
        assert!(known_hosts_lines(dir.path(), "10.0.0.1").is_err());
        put("rsa", "ssh-rsa CCCC root@vm\n");
        let lines = known_hosts_lines(dir.path(), "10.0.0.1").unwrap();
        assert_eq!(lines, "10.0.0.1 ssh-ed25519 AAAA\n10.0.0.1 ecdsa-sha2-nistp256 BBBB\n10.0.0.1 ssh-rsa CCCC\n");
    }
}
