//! What the base tree of all nodes consists of. All of it goes into the name of the cached tree, so that a change
//! here builds another tree and leaves the former to the labs that run on it.

use crate::hash::fnv1a;
use crate::kind::Kind;

/// The suite that nodes run.
pub(crate) const SUITE: &str = "bookworm";

/// The packages of a node, beside Debian's minimum.
const PACKAGES: &[&str] = &[
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "iptables",
    "iproute2",
    "procps",
    "sudo",
    "ca-certificates",
    "e2fsprogs",
    "util-linux",
    "kmod",
    "curl",
    "etcd-server",
    "etcd-client",
];

/// What a machine with a kernel of its own has beside them: the kernel, what boots it, block devices that can be made to
/// fail, and a clock that somebody keeps right.
const VM_PACKAGES: &[&str] = &["linux-image-cloud-amd64", "initramfs-tools", "udev", "dmsetup", "chrony"];

/// The suite that the second etcd comes from.
pub(crate) const ETCD_SUITE: &str = "trixie";
/// The packages that are unpacked, not installed, under [`ETCD_DIR`].
pub(crate) const ETCD_PACKAGES: &[&str] = &["etcd-server", "etcd-client"];
/// Where the second etcd is in a node.
pub(crate) const ETCD_DIR: &str = "/opt/gainsay/etcd-3.5";
/// The commands that must run in the finished tree, and what each must say.
pub(crate) const PROOFS: &[([&str; 2], &str)] = &[
    (["/usr/bin/etcd", "--version"], "etcd Version: 3.4."),
    (["/opt/gainsay/etcd-3.5/usr/bin/etcd", "--version"], "etcd Version: 3.5."),
    (["/opt/gainsay/etcd-3.5/usr/bin/etcdctl", "version"], "etcdctl version: 3.5."),
];

/// Files that are the same on every node.
const FILES: &[(&str, &str)] = &[
    ("etc/ssh/sshd_config.d/10-gainsay.conf", SSHD),
    ("etc/systemd/journald.conf.d/10-gainsay.conf", JOURNALD),
    ("etc/systemd/system/loop-devices.service", LOOPS),
];

/// Many short sessions at once, none of them slowed down by names or greetings.
const SSHD: &str = "\
UseDNS no
PrintMotd no
PrintLastLog no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxSessions 32
MaxStartups 50
";

/// Logs survive a killed node and are not thinned out, but they are bounded.
const JOURNALD: &str = "\
[Journal]
Storage=persistent
SystemMaxUse=64M
RuntimeMaxUse=64M
RateLimitIntervalSec=0
";

/// systemd-tmpfiles skips /dev in containers, so a unit makes the loop devices that `mount -o loop` looks for.
const LOOPS: &str = "\
[Unit]
Description=Loop devices for disk faults
Before=ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for i in $(seq 0 63); do [ -b /dev/loop$i ] || mknod -m 0660 /dev/loop$i b 7 $i; done'

[Install]
WantedBy=multi-user.target
";

/// Runs once inside the tree: what starts at boot, and nothing that only one node may have.
const SETUP: &str = "\
export SYSTEMD_OFFLINE=1
systemctl --quiet disable etcd.service e2scrub_reap.service
systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
systemctl --quiet enable systemd-networkd.service ssh.service loop-devices.service
systemctl --quiet disable systemd-networkd-wait-online.service
systemctl --quiet mask console-getty.service
sed -i /pam_motd/d /etc/pam.d/sshd
rm -rf /var/lib/etcd/* /etc/ssh/ssh_host_* /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
: > /etc/resolv.conf
: > /etc/machine-id
";

/// A small initial file system: the disk, and nothing else, is needed before the tree is there. The interface gets the
/// name that it has in the other kind of node. What nobody needs is not started: an emulated machine boots slowly
/// enough.
const VM_FILES: &[(&str, &str)] = &[
    ("etc/initramfs-tools/conf.d/gainsay", "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n"),
    ("etc/initramfs-tools/modules", "virtio_pci\nvirtio_blk\next4\ncrc32c_generic\ncrc32c_intel\n"),
    ("etc/systemd/network/10-lab.link", "[Match]\nOriginalName=eth0\n[Link]\nName=host0\n"),
    ("etc/modules-load.d/gainsay.conf", "loop\n"),
    ("etc/modprobe.d/gainsay.conf", "options loop max_loop=64\n"),
];

const VM_SETUP: &str = "\
systemctl --quiet mask getty@tty1.service serial-getty@.service getty.target systemd-logind.service
systemctl --quiet mask dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
systemctl --quiet disable e2scrub_all.timer chrony-wait.service 2>/dev/null || true
update-initramfs -u -k all
ln -sf \"$(basename /boot/vmlinuz-*)\" /boot/vmlinuz
ln -sf \"$(basename /boot/initrd.img-*)\" /boot/initrd.img
";

/// The packages of a node of that kind.
pub(crate) fn packages(kind: Kind) -> Vec<&'static str> {
    let more = if kind == Kind::Vm { VM_PACKAGES } else { &[] };
    PACKAGES.iter().chain(more).copied().collect()
}

/// The files that are the same on every node of that kind.
pub(crate) fn files(kind: Kind) -> Vec<(&'static str, &'static str)> {
    let more = if kind == Kind::Vm { VM_FILES } else { &[] };
    FILES.iter().chain(more).copied().collect()
}

/// What runs once inside the tree.
pub(crate) fn setup(kind: Kind) -> String {
    // The setup of all nodes ends by emptying what package scripts may fill, so it comes last.
    if kind == Kind::Vm { VM_SETUP.to_owned() + SETUP } else { SETUP.to_owned() }
}

/// The name of the tree that this recipe makes.
pub(crate) fn tree_name(kind: Kind) -> String {
    let proofs = PROOFS.iter().map(|(command, says)| format!("{} {says}", command.join(" ")));
    let files = files(kind).into_iter().map(|(path, text)| format!("{path}\n{text}"));
    let setup = setup(kind);
    let words = [SUITE, ETCD_SUITE, ETCD_DIR, setup.as_str()].into_iter().chain(packages(kind));
    let all: Vec<String> =
        words.chain(ETCD_PACKAGES.iter().copied()).map(str::to_owned).chain(files).chain(proofs).collect();
    let prefix = if kind == Kind::Vm { "vm" } else { "base" };
    format!("{prefix}-{:016x}", fnv1a(&all.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_stable_within_a_version() {
        assert_eq!(tree_name(Kind::Nspawn), tree_name(Kind::Nspawn));
        assert_eq!(tree_name(Kind::Nspawn).len(), "base-".len() + 16);
        assert_eq!(tree_name(Kind::Vm).len(), "vm-".len() + 16);
    }

    #[test]
    fn proofs_are_about_what_is_unpacked() {
        assert!(PROOFS.iter().any(|([program, _], _)| program.starts_with(ETCD_DIR)));
    }
}
