//! Proving who we are: by key file, else by agent, else by the password in an environment variable.

use super::target::Target;
use crate::NodeError;
use ssh2::Session;
use std::path::{Path, PathBuf};

/// The environment variable that holds the passphrase of an encrypted key file.
const PASSPHRASE: &str = "GAINSAY_SSH_KEY_PASSPHRASE";
/// A server gives up after six tries; one is left for the password.
const MAX_AGENT_KEYS: usize = 4;

/// A way to log in, and why it did not work.
type Way = fn(&Session, &Target) -> Result<(), String>;

/// Logs in by the first way that the node accepts.
pub(crate) fn authenticate(session: &Session, target: &Target) -> Result<(), NodeError> {
    let ways: [Way; 3] = [by_key, by_agent, by_password];
    let mut reasons = Vec::new();
    for way in ways {
        match way(session, target) {
            Ok(()) if session.authenticated() => return Ok(()),
            Ok(()) => reasons.push("it wants a second way to authenticate".to_owned()),
            Err(reason) => reasons.push(reason),
        }
    }
    Err(target.unauthenticated(reasons.join("; ")))
}

fn by_key(session: &Session, target: &Target) -> Result<(), String> {
    let Some(key) = &target.key else { return Err("the inventory names no key".to_owned()) };
    if let Err(error) = std::fs::File::open(key) {
        return Err(format!("key {}: {error}", key.display()));
    }
    let passphrase = std::env::var(PASSPHRASE).ok();
    session
        .userauth_pubkey_file(&target.user, certificate(key).as_deref(), key, passphrase.as_deref())
        .map_err(|error| format!("key {}: {}{}", key.display(), error.message(), hint(passphrase.as_deref())))
}

fn hint(passphrase: Option<&str>) -> String {
    match passphrase {
        Some(_) => String::new(),
        None => format!(" (if it is encrypted, put its passphrase into {PASSPHRASE})"),
    }
}

/// The user certificate beside a key, if there is one: it is what must be shown then.
fn certificate(key: &Path) -> Option<PathBuf> {
    let mut name = key.as_os_str().to_owned();
    name.push("-cert.pub");
    Some(PathBuf::from(name)).filter(|path| path.exists())
}

fn by_agent(session: &Session, target: &Target) -> Result<(), String> {
    if std::env::var_os("SSH_AUTH_SOCK").is_none() {
        return Err("no agent runs (SSH_AUTH_SOCK is not set)".to_owned());
    }
    let failed = |error: ssh2::Error| format!("agent: {}", error.message());
    let mut agent = session.agent().map_err(failed)?;
    agent.connect().map_err(failed)?;
    agent.list_identities().map_err(failed)?;
    let keys = agent.identities().map_err(failed)?;
    let accepted = keys.iter().take(MAX_AGENT_KEYS).any(|key| agent.userauth(&target.user, key).is_ok());
    if accepted { Ok(()) } else { Err(format!("agent: none of its keys ({}) is accepted", keys.len())) }
}

fn by_password(session: &Session, target: &Target) -> Result<(), String> {
    let Some(variable) = &target.password_env else { return Err("the inventory names no password_env".to_owned()) };
    let password = std::env::var(variable).map_err(|_| format!("{variable} is not set"))?;
    session
        .userauth_password(&target.user, &password)
        .map_err(|error| format!("password in {variable}: {}", error.message()))
}
