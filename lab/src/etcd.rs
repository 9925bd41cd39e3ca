//! The second etcd of the base tree: a newer one than the nodes' suite has, unpacked beside it.
//!
//! apt fetches and verifies it with a configuration of its own; nothing of this machine's apt state is touched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::apt::Mirror;
use crate::error::LabError;
use crate::files::{self, failed};
use crate::recipe::{ETCD_DIR, ETCD_PACKAGES, ETCD_SUITE};
use crate::step::Step;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LIMIT: Duration = Duration::from_secs(600);

/// Fetches the packages into `scratch` and unpacks them in `tree`.
///
/// # Errors
/// When apt's sources name no mirror, when there is no keyring to verify them with, or apt or dpkg fails.
pub(crate) fn unpack(mirror: Option<&Mirror>, scratch: &Path, tree: &Path) -> Result<(), LabError> {
    files::folder(&scratch.join("lists/partial"))?;
    files::folder(&scratch.join("cache/archives/partial"))?;
    files::write(&scratch.join("sources.list"), 0o644, &sources_line(mirror)?)?;
    apt(scratch).arg("update").run()?;
    apt(scratch).arg("download").args(ETCD_PACKAGES).run()?;
    let into = tree.join(ETCD_DIR.trim_start_matches('/'));
    files::folder(&into)?;
    for package in packages(scratch)? {
        Step::new("dpkg").arg("-x").arg(&package).arg(&into).limit(LIMIT).run()?;
    }
    Ok(())
}

fn sources_line(mirror: Option<&Mirror>) -> Result<String, LabError> {
    let mirror = mirror.ok_or(LabError::NoMirror { suite: ETCD_SUITE })?;
    let named = mirror.keyring.clone().filter(|path| path.is_file());
    let keyring = named.unwrap_or_else(|| PathBuf::from(KEYRING));
    if !keyring.is_file() {
        return Err(LabError::NoKeyring { suite: ETCD_SUITE, keyring });
    }
    let uri = &mirror.uri;
    Ok(format!("deb [signed-by={}] {uri} {ETCD_SUITE} main\n", keyring.display()))
}

/// apt-get with sources, lists and cache in `scratch`. Its helper user may not be able to look into that folder, so
/// it downloads as root.
fn apt(scratch: &Path) -> Step {
    let path = |name: &str| scratch.join(name).display().to_string();
    let options = [
        format!("Dir::Etc::sourcelist={}", path("sources.list")),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        "Dir::Etc::preferences=/dev/null".to_owned(),
        "Dir::Etc::preferencesparts=/dev/null".to_owned(),
        format!("Dir::State::lists={}", path("lists")),
        "Dir::State::status=/dev/null".to_owned(),
        format!("Dir::Cache={}", path("cache")),
        "APT::Sandbox::User=root".to_owned(),
        "APT::Update::Error-Mode=any".to_owned(),
        "Acquire::Retries=3".to_owned(),
    ];
    let options = options.iter().flat_map(|option| ["-o", option.as_str()]).collect::<Vec<_>>();
    Step::new("apt-get").args(["-q", "-y"]).args(options).within(scratch).limit(LIMIT)
}

fn packages(scratch: &Path) -> Result<Vec<PathBuf>, LabError> {
    let entries = std::fs::read_dir(scratch).map_err(failed("list", scratch))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "deb")).collect())
}
