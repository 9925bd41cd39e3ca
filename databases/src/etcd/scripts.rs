//! The scripts that put etcd on a node, start it, and take every trace of it away. They are text made from text:
//! nothing here runs.
//!
//! The data lies on an ext4 of its own, on a loop device over a sparse file, so that a fault can freeze or cut it
//! without touching the rest of the node. A second unit attaches it, and the member asserts that it is there: a node
//! that was restarted does not start the member by itself, but can. A member that started on an empty directory would
//! have forgotten its votes, and break promises that are not etcd's to keep.

use cluster::{Command, Node};
use std::fmt::Write;
use std::net::SocketAddr;

/// The unit of the member.
pub(super) const UNIT: &str = "gainsay-etcd.service";

/// Where the members talk to each other.
pub(super) const PEER_PORT: u16 = 2380;

/// The file system of the data; the data itself lies in `data` below it.
pub(super) const DATA_DIR: &str = "/var/lib/gainsay/etcd";

/// What the member writes to its standard output and error.
pub(super) const LOG: &str = "/var/log/gainsay-etcd.log";

/// Where the unit file lies.
const UNIT_FILE: &str = "/etc/systemd/system/gainsay-etcd.service";

/// The unit that attaches the file system of the data, its file, and its script.
const DATA_UNIT: &str = "gainsay-etcd-data.service";
const DATA_UNIT_FILE: &str = "/etc/systemd/system/gainsay-etcd-data.service";
const ATTACH_SCRIPT: &str = "/var/lib/gainsay/etcd.attach";

/// The sparse file below the file system.
const IMAGE: &str = "/var/lib/gainsay/etcd.img";

/// The size of that file system.
const IMAGE_SIZE: &str = "512M";

/// Which release of etcd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    #[default]
    V34,
    V35,
}

impl Version {
    /// The name that spellings use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Version::V34 => "3.4",
            Version::V35 => "3.5",
        }
    }

    /// Where it lies on every node.
    pub(super) fn binary(self) -> &'static str {
        match self {
            Version::V34 => "/usr/bin/etcd",
            Version::V35 => "/opt/gainsay/etcd-3.5/usr/bin/etcd",
        }
    }
}

/// Whether what is written is flushed to the disk before it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flushes {
    #[default]
    Always,
    /// etcd's own `--unsafe-no-fsync`, from 3.5 on.
    Never,
}

/// One member, among all.
pub(super) struct Member<'a> {
    pub(super) version: Version,
    pub(super) node: &'a Node,
    pub(super) all: &'a [Node],
    /// How it treats what it has written.
    pub(super) flushes: Flushes,
    /// Names the cluster.
    pub(super) token: &'a str,
}

/// Sees to it that the binary is there, and that nothing else serves on its ports; prints its version.
pub(super) fn provide(version: Version) -> String {
    let missing = match version {
        Version::V34 => FETCH,
        Version::V35 => MISSING,
    };
    let binary = version.binary();
    format!(
        "set -eu
if [ ! -x {binary} ]; then
{missing}
fi
if systemctl is-active --quiet etcd.service; then
  echo 'etcd.service of the distribution runs here, on the same ports: systemctl disable --now etcd' >&2; exit 1
fi
for tool in mkfs.ext4 losetup fsfreeze mountpoint; do
  command -v \"$tool\" >/dev/null || {{ echo \"$tool is missing; it is needed for the file system of the data\" >&2; exit 1; }}
done
{binary} --version | sed -n 's/^etcd Version: //p'
"
    )
}

/// Installs the distribution's package without starting what it brings.
const FETCH: &str = "  made=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    made=yes
    printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
  fi
  status=0
  DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y --no-install-recommends etcd-server >&2 || status=$?
  if [ -n \"$made\" ]; then rm -f /usr/sbin/policy-rc.d; fi
  if [ \"$status\" -ne 0 ]; then
    echo 'etcd-server could not be installed: install it on every node, or let them reach a package mirror' >&2; exit 1
  fi
  systemctl disable etcd.service >&2 || true";

/// There is no package to install.
const MISSING: &str = "  echo 'there is no /opt/gainsay/etcd-3.5/usr/bin/etcd: unpack an etcd-server 3.5 package to /opt/gainsay/etcd-3.5 \
                       with dpkg -x on every node' >&2; exit 1";

/// Makes the file system and the unit on a node that holds neither.
pub(super) fn install(member: &Member<'_>) -> String {
    let (unit, data_unit) = (Command::quote(&unit(member)), Command::quote(&data_unit()));
    let attach = Command::quote(&format!("set -eu\nif mountpoint -q {DATA_DIR}; then exit 0; fi\n{ATTACH}\n"));
    format!(
        "set -eu
mkdir -p {DATA_DIR} /etc/systemd/system
truncate -s {IMAGE_SIZE} {IMAGE}
mkfs.ext4 -q -F {IMAGE}
printf '%s' {attach} >{ATTACH_SCRIPT}
sh {ATTACH_SCRIPT}
mkdir -m 700 {DATA_DIR}/data
: >{LOG}
printf '%s' {unit} >{UNIT_FILE}
printf '%s' {data_unit} >{DATA_UNIT_FILE}
sync {UNIT_FILE} {DATA_UNIT_FILE} {ATTACH_SCRIPT} {DATA_DIR}/data {IMAGE} /var/lib/gainsay /etc/systemd/system
systemctl daemon-reload
"
    )
}

/// Mounts the image on a loop device. The devices belong to the kernel: on nodes that share one, another node may take
/// the free one first, and in a container its file may have to be made. Once it is mounted the device is told to go
/// with the mount.
const ATTACH: &str = "attempt=0
device=
while [ -z \"$device\" ]; do
  free=$(losetup -f 2>/dev/null) || free=
  number=${free#/dev/loop}
  if [ -n \"$number\" ] && [ ! -b \"$free\" ]; then mknod -m 660 \"$free\" b 7 \"$number\" 2>/dev/null || true; fi
  if [ -n \"$free\" ] && reason=$(losetup \"$free\" /var/lib/gainsay/etcd.img 2>&1); then device=$free; continue; fi
  attempt=$((attempt + 1))
  if [ \"$attempt\" -ge 20 ]; then
    echo \"no loop device for the file system of the data: ${reason:-losetup -f finds none}\" >&2; exit 1
  fi
  sleep 0.$((attempt % 5 + 1))
done
mount -t ext4 \"$device\" /var/lib/gainsay/etcd || { losetup -d \"$device\"; exit 1; }
losetup -d \"$device\"";

/// Starts the member. It does not wait for the others: the unit is not of the type that tells when it is ready.
pub(super) fn start() -> String {
    format!("systemctl start {UNIT}\n")
}

/// The end of the member's log.
pub(super) fn last_words() -> String {
    format!("systemctl is-active {UNIT}; tail -n 5 {LOG}\n")
}

/// Takes away all that is ours, whatever state it is in: frozen, stopped, half made, or not there. Fails if anything
/// is left.
pub(super) fn remove() -> String {
    format!(
        "thaw() {{ timeout 10 fsfreeze -u {DATA_DIR} 2>/dev/null || true; }}
if mountpoint -q {DATA_DIR}; then thaw; fi
if systemctl cat {UNIT} >/dev/null 2>&1; then
  systemctl kill -s CONT {UNIT} 2>/dev/null || true
  systemctl kill -s KILL {UNIT} 2>/dev/null || true
  timeout 30 systemctl stop {UNIT} || true
fi
systemctl stop {DATA_UNIT} 2>/dev/null || true
rm -rf {UNIT_FILE} {UNIT_FILE}.d {DATA_UNIT_FILE} {ATTACH_SCRIPT} /run/systemd/system/{UNIT}.d
systemctl daemon-reload
systemctl reset-failed {UNIT} 2>/dev/null || true
attempt=0
while mountpoint -q {DATA_DIR} && [ \"$attempt\" -lt 50 ]; do
  thaw
  umount {DATA_DIR} 2>/dev/null || sleep 0.2
  attempt=$((attempt + 1))
done
left=
if mountpoint -q {DATA_DIR}; then left=\"$left mount of {DATA_DIR},\"; else rm -rf {DATA_DIR}; fi
rm -f {IMAGE} {LOG}
rmdir /var/lib/gainsay 2>/dev/null || true
for path in {DATA_DIR} {IMAGE} {LOG} {UNIT_FILE} {DATA_UNIT_FILE} {ATTACH_SCRIPT}; do
  if [ -e \"$path\" ]; then left=\"$left $path,\"; fi
done
if systemctl is-active --quiet {UNIT}; then left=\"$left {UNIT} is active,\"; fi
if [ -n \"$left\" ]; then echo \"etcd is not wholly removed:$left see journalctl -u {UNIT}\" >&2; exit 1; fi
"
    )
}

/// The unit file. `Restart=no`, because a killed member is the harness's to start again.
fn unit(member: &Member<'_>) -> String {
    let mut command = member.version.binary().to_owned();
    for word in arguments(member) {
        let _ = write!(command, " {}", unit_word(&word));
    }
    format!(
        "[Unit]
Description=etcd, under test by gainsay
Requires={DATA_UNIT}
After={DATA_UNIT}
AssertPathIsMountPoint={DATA_DIR}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
Restart=no
KillMode=control-group
TimeoutStopSec=10
LimitNOFILE=65536
StandardOutput=append:{LOG}
StandardError=append:{LOG}
"
    )
}

/// The unit of the data. It is never stopped but to be removed: what unmounts is the removal.
fn data_unit() -> String {
    format!(
        "[Unit]
Description=the file system of etcd's data, under test by gainsay

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh {ATTACH_SCRIPT}
"
    )
}

fn arguments(member: &Member<'_>) -> Vec<String> {
    let node = member.node;
    let peer = |node: &Node| format!("http://{}", SocketAddr::new(node.address, PEER_PORT));
    let client = format!("http://{}", super::client_address(node));
    let all: Vec<String> = member.all.iter().map(|node| format!("{}={}", node.name, peer(node))).collect();
    let local = format!("http://127.0.0.1:{}", super::CLIENT_PORT);
    let options = [
        ("name", node.name.clone()),
        ("data-dir", format!("{DATA_DIR}/data")),
        ("listen-peer-urls", peer(node)),
        ("initial-advertise-peer-urls", peer(node)),
        ("listen-client-urls", format!("{client},{local}")),
        ("advertise-client-urls", client),
        ("initial-cluster", all.join(",")),
        ("initial-cluster-state", "new".to_owned()),
        ("initial-cluster-token", member.token.to_owned()),
        ("heartbeat-interval", "100".to_owned()),
        ("election-timeout", "1000".to_owned()),
        ("auto-compaction-retention", "0".to_owned()),
    ];
    let unsafe_option = (member.flushes == Flushes::Never).then(|| "--unsafe-no-fsync".to_owned());
    options.into_iter().map(|(name, value)| format!("--{name}={value}")).chain(unsafe_option).collect()
}

/// A word that systemd reads as itself in a command line.
fn unit_word(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+[]$".contains(c);
    if word.chars().all(plain) { word } else { format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\"")) }
}
