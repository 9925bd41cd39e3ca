//! Which host keys are known for a node, and whether the one that it shows is among them.
//!
//! The types of the known keys come first in the negotiation: otherwise a host of which only an ECDSA key is known
//! shows its Ed25519 key and looks like another machine. A host that is not known is refused like a wrong one.

use super::target::Target;
use crate::NodeError;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};
use ssh2::{CheckResult, KnownHostFileKind, KnownHosts, Session};
use std::path::Path;

/// Key types in the order of preference, with the algorithms by which a host proves them.
const ALGORITHMS: [(&str, &str); 5] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
];

/// The keys that a known_hosts file holds for one host and port.
#[derive(Debug, Default)]
pub(crate) struct Known {
    keys: Vec<Vec<u8>>,
    revoked: Vec<Vec<u8>>,
}

impl Known {
    /// Reads plain and hashed lines for this host and port. Lines that cannot be read make nothing known.
    pub fn read(session: &Session, file: &Path, host: &str, port: u16) -> Result<Known, ssh2::Error> {
        let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Known::parse(session, &text, host, port)
    }

    fn parse(session: &Session, text: &str, host: &str, port: u16) -> Result<Known, ssh2::Error> {
        let mut hosts = session.known_hosts()?;
        let mut known = Known::default();
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("@revoked") {
                known.revoked.extend(rest.split_whitespace().nth(2).and_then(|key| STANDARD.decode(key).ok()));
            } else if !line.is_empty() && !line.starts_with(['#', '@']) {
                let _ = hosts.read_str(line, KnownHostFileKind::OpenSSH);
            }
        }
        known.keys = matching(&hosts, &bracketed(host, port))?;
        // As OpenSSH: a host on an unusual port may be known without its port.
        if known.keys.is_empty() && port != 22 {
            known.keys = matching(&hosts, host)?;
        }
        Ok(known)
    }

    /// The host-key algorithms for the negotiation: those of known keys first.
    pub fn preference(&self) -> String {
        let known = |name: &str| self.keys.iter().any(|key| kind(key) == name);
        let (first, rest): (Vec<_>, Vec<_>) = ALGORITHMS.iter().partition(|(name, _)| known(name));
        first.iter().chain(&rest).map(|(_, algorithms)| *algorithms).collect::<Vec<_>>().join(",")
    }

    /// Whether the key that the host shows is known.
    pub fn verify(&self, target: &Target, shown: &[u8]) -> Result<(), NodeError> {
        let (node, address, found) = (target.name.clone(), target.place(), fingerprint(shown));
        let file = target.known_hosts.display().to_string();
        if self.revoked.iter().any(|key| key == shown) {
            return Err(NodeError::HostKey {
                node,
                address,
                found,
                expected: "another (this one is revoked)".into(),
                file,
            });
        }
        if self.keys.is_empty() {
            let host = bracketed(&target.host, target.address.port());
            let line = format!("{host} {} {}", kind(shown), STANDARD.encode(shown));
            return Err(NodeError::UnknownHost { node, address, found, line, file });
        }
        if self.keys.iter().any(|key| key == shown) {
            return Ok(());
        }
        let expected: Vec<_> = self.keys.iter().map(|key| fingerprint(key)).collect();
        Err(NodeError::HostKey { node, address, found, expected: expected.join(" or "), file })
    }
}

/// The keys of all entries that name this host, also by hash. Asking whether each entry's key is right for the host
/// leaves the hashing to libssh2.
fn matching(hosts: &KnownHosts, name: &str) -> Result<Vec<Vec<u8>>, ssh2::Error> {
    let keys = hosts.hosts()?.into_iter().filter_map(|entry| STANDARD.decode(entry.key()).ok());
    let mut keys: Vec<_> = keys.filter(|key| matches!(hosts.check(name, key), CheckResult::Match)).collect();
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// How known_hosts names a host: `[host]:port` unless the port is 22.
fn bracketed(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// The type that a key names in its own first field.
fn kind(key: &[u8]) -> &str {
    let length = key.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    key.get(4..4 + length.min(64)).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("unknown")
}

/// As `ssh-keygen -l` prints it: type, and SHA256 in base64.
fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{} ({})", STANDARD_NO_PAD.encode(Sha256::digest(key)), kind(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    const EC: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=";
    /// `192.168.1.61`, from the manual of sshd.
    const HASHED: &str = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=";

    fn known(text: &str, host: &str, port: u16) -> Known {
        Known::parse(&Session::new().unwrap(), text, host, port).unwrap()
    }

    #[test]
    fn known_types_come_first() {
        for (text, host, port, keys, first) in [
            (format!("n1 ssh-ed25519 {ED}\n"), "n1", 22, 1, "ssh-ed25519,"),
            (format!("n1 ecdsa-sha2-nistp256 {EC}\n"), "n1", 22, 1, "ecdsa-sha2-nistp256,ssh-ed25519,"),
            (format!("# c\n\nn0,n1 ecdsa-sha2-nistp256 {EC} comment\n"), "n1", 22, 1, "ecdsa-sha2-nistp256,"),
            (format!("[n1]:2222 ecdsa-sha2-nistp256 {EC}\nn1 ssh-ed25519 {ED}\n"), "n1", 2222, 1, "ecdsa"),
            (format!("[n1]:2222 ecdsa-sha2-nistp256 {EC}\nn1 ssh-ed25519 {ED}\n"), "n1", 22, 1, "ssh-ed25519"),
            (format!("n1 ecdsa-sha2-nistp256 {EC}\n"), "n1", 2222, 1, "ecdsa"),
            (format!("n1 ssh-ed25519 {ED}\nn1 ecdsa-sha2-nistp256 {EC}\n"), "n1", 22, 2, "ssh-ed25519,ecdsa"),
            (format!("n2 ecdsa-sha2-nistp256 {EC}\n"), "n1", 22, 0, "ssh-ed25519,"),
            (format!("n1 broken\n@cert-authority n1 ssh-ed25519 {ED}\n"), "n1", 22, 0, "ssh-ed25519,"),
            (String::new(), "n1", 22, 0, "ssh-ed25519,"),
        ] {
            let known = known(&text, host, port);
            assert_eq!(known.keys.len(), keys, "{text}");
            assert!(known.preference().starts_with(first), "{text} {}", known.preference());
        }
    }

    #[test]
    fn hashed_names_are_found() {
        let text = format!("{HASHED} ssh-rsa {EC}\n{HASHED} ssh-ed25519 {ED}\n");
        assert!(!known(&text, "192.168.1.61", 22).keys.is_empty());
        assert!(known(&text, "192.168.1.62", 22).keys.is_empty());
    }

    fn target() -> Target {
        Target {
            name: "n1".into(),
            host: "10.0.0.1".into(),
            address: "10.0.0.1:2222".parse().unwrap(),
            user: "root".into(),
            key: None,
            password_env: None,
            known_hosts: "known".into(),
        }
    }

    #[test]
    fn wrong_and_unknown_and_revoked_keys_are_refused_with_fingerprints() {
        let (ed, ec) = (STANDARD.decode(ED).unwrap(), STANDARD.decode(EC).unwrap());
        let text = format!("[10.0.0.1]:2222 ssh-ed25519 {ED}");
        known(&text, "10.0.0.1", 2222).verify(&target(), &ed).unwrap();
        let error = known(&text, "10.0.0.1", 2222).verify(&target(), &ec).unwrap_err().to_string();
        assert!(error.contains("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU (ssh-ed25519) is known"), "{error}");
        assert!(error.contains("(ecdsa-sha2-nistp256), but"), "{error}");
        let error = known("", "10.0.0.1", 2222).verify(&target(), &ed).unwrap_err().to_string();
        assert!(error.ends_with(&format!("add this line to known:\n{text}")), "{error}");
        let revoked = format!("@revoked * ssh-ed25519 {ED}\n{text}");
        let error = known(&revoked, "10.0.0.1", 2222).verify(&target(), &ed).unwrap_err().to_string();
        assert!(error.contains("revoked"), "{error}");
    }
}
