//! Whether this machine can run a lab. What can be tried is tried: a kernel, a container or a file system may refuse
//! what every list of features promises.

use std::path::{Path, PathBuf};

use crate::error::LabError;
use crate::kind::Kind;
use crate::step::{Step, search_path};
use crate::{base, files};

/// What a lab calls, and the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("setsid", "util-linux"),
    ("nsenter", "util-linux"),
    ("fsfreeze", "util-linux"),
    ("losetup", "mount"),
    ("mount", "mount"),
    ("umount", "mount"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
];

/// What runs nodes of each kind.
const NSPAWN: (&str, &str) = ("systemd-nspawn", "systemd-container");
const VM: &[(&str, &str)] =
    &[("qemu-system-x86_64", "qemu-system-x86"), ("mkfs.ext4", "e2fsprogs"), ("truncate", "coreutils")];

/// What building the base tree calls beside a bootstrapper, which may be one of two.
const BUILDERS: &[(&str, &str)] = &[("apt-get", "apt"), ("dpkg", "dpkg"), ("chroot", "coreutils")];

/// Whether this machine can run a lab of nspawn nodes.
///
/// # Errors
/// The reason why not, in words for a person.
pub fn supported() -> Result<(), String> {
    supports(Kind::Nspawn)
}

/// Whether this machine can run a lab of nodes of that kind.
///
/// # Errors
/// The reason why not, in words for a person.
pub fn supports(kind: Kind) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("a lab needs root".to_owned());
    }
    PROGRAMS.iter().try_for_each(need)?;
    match kind {
        Kind::Nspawn => need(&NSPAWN)?,
        Kind::Vm => VM.iter().try_for_each(need)?,
    }
    if !base::path(kind).is_dir() {
        BUILDERS.iter().try_for_each(need)?;
        if !has_program("mmdebstrap") && !has_program("debootstrap") {
            return Err("neither mmdebstrap nor debootstrap is installed".to_owned());
        }
    }
    if !Path::new("/dev/loop-control").exists() {
        return Err("there are no loop devices: /dev/loop-control is missing".to_owned());
    }
    if kind == Kind::Vm {
        return try_cable();
    }
    try_overlay().map_err(|error| format!("an overlay cannot be mounted: {error}"))
}

fn need((program, package): &(&str, &str)) -> Result<(), String> {
    if has_program(program) {
        return Ok(());
    }
    Err(format!("{program} is not installed (Debian package {package})"))
}

/// True if a program of that name can be called.
pub(crate) fn has_program(name: &str) -> bool {
    std::env::split_paths(&search_path()).any(|dir| dir.join(name).is_file())
}

/// A virtual machine is for x86-64 and has a tap device for a cable.
fn try_cable() -> Result<(), String> {
    if std::env::consts::ARCH != "x86_64" {
        return Err(format!("virtual machines are x86_64, and this machine is {}", std::env::consts::ARCH));
    }
    let is_there = Path::new("/dev/net/tun").exists();
    is_there.then_some(()).ok_or_else(|| "there are no tap devices: /dev/net/tun is missing".to_owned())
}

/// Mounts and unmounts an overlay where those of nodes will be. Fails in most containers, whose own root is one.
fn try_overlay() -> Result<(), LabError> {
    let dir = PathBuf::from(format!("/var/lib/gainsay/probe-{}-{:?}", std::process::id(), std::thread::current().id()));
    let path = |name: &str| dir.join(name).display().to_string();
    let tried = ["lower", "upper", "work", "root"].iter().try_for_each(|name| files::folder(&dir.join(name)));
    let options = format!("lowerdir={},upperdir={},workdir={}", path("lower"), path("upper"), path("work"));
    let tried = tried
        .and_then(|()| Step::new("mount").args(["-t", "overlay", "overlay", "-o", &options, &path("root")]).run())
        .map(drop);
    base::remove(&dir)?;
    tried
}
