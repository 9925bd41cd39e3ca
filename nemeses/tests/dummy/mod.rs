//! A database that does nothing, in a unit and on a disk of its own, beside firewall rules of somebody else.

use async_trait::async_trait;
use cluster::{Command, Daemon, Database, Node, NodeError};
use std::time::Duration;

/// Where the disk is mounted.
const DATA: &str = "/srv/gainsay-dummy";

/// Its unit restarts by itself unless that is forbidden.
pub struct Dummy {
    daemon: Daemon,
    data: &'static str,
}

impl Dummy {
    /// The dummy, with a disk of its own.
    pub fn new() -> Dummy {
        Dummy::with_data(DATA)
    }

    /// One that says that it keeps its data elsewhere.
    pub fn with_data(data: &'static str) -> Dummy {
        Dummy { daemon: Daemon { unit: "gainsay-dummy.service".into(), ports: vec![9700] }, data }
    }
}

#[async_trait]
impl Database for Dummy {
    fn describe(&self) -> String {
        "dummy".into()
    }

    async fn install(&self, _: &Node, _: &[Node]) -> Result<(), NodeError> {
        Ok(())
    }

    async fn start(&self, _: &Node, _: &[Node]) -> Result<(), NodeError> {
        Ok(())
    }

    async fn ready(&self, _: &Node, _: Duration) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remove(&self, _: &Node) -> Result<(), NodeError> {
        Ok(())
    }

    fn daemon(&self) -> Option<&Daemon> {
        Some(&self.daemon)
    }

    fn data_dir(&self) -> Option<&str> {
        Some(self.data)
    }

    fn log_files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn primaries(&self, all: &[Node]) -> Vec<Node> {
        all.first().cloned().into_iter().collect()
    }
}

/// Mounts the disk, starts the unit, and adds a foreign rule that accepts what we want to drop.
pub async fn install(nodes: &[Node]) {
    for node in nodes {
        each(node, REMOVE).await;
        each(node, INSTALL).await;
    }
}

/// The same with a process that serves on its port and writes numbers to its disk ten times a second: to `synced`,
/// which it flushes to the disk each time, and to `unsynced`, which it never does.
pub async fn install_busy(nodes: &[Node]) {
    for node in nodes {
        each(node, REMOVE).await;
        each(node, &format!("cat >/run/gainsay-dummy.pl <<'END'\n{BUSY}END\n{INSTALL}")).await;
    }
}

const BUSY: &str = r#"use strict;
use IO::Handle;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 9700, Listen => 64, ReuseAddr => 1) or die "no port: $!";
open(my $synced, ">>", "/srv/gainsay-dummy/synced") or die "no disk: $!";
open(my $unsynced, ">>", "/srv/gainsay-dummy/unsynced") or die "no disk: $!";
my $number = 0;
while (1) {
  my $ready = "";
  vec($ready, fileno($server), 1) = 1;
  if (select($ready, undef, undef, 0.1)) {
    my $client = $server->accept() or next;
    print $client "ok\n";
    close $client;
    next;
  }
  $number++;
  print $synced "$number\n"; $synced->flush; $synced->sync;
  print $unsynced "$number\n"; $unsynced->flush;
}
"#;

/// Removes all of it.
pub async fn remove(nodes: &[Node]) {
    for node in nodes {
        each(node, REMOVE).await;
    }
}

async fn each(node: &Node, script: &str) {
    node.run(&Command::new(script)).await.unwrap();
}

const INSTALL: &str = r#"set -e
mkdir -p /srv/gainsay-dummy
truncate -s 16M /var/tmp/gainsay-dummy.img
mkfs.ext4 -q -F /var/tmp/gainsay-dummy.img
for i in 1 2 3 4 5; do
  loop=$(losetup -f)
  [ -e "$loop" ] || mknod "$loop" b 7 "${loop#/dev/loop}"
  losetup "$loop" /var/tmp/gainsay-dummy.img && break
done
mount "$loop" /srv/gainsay-dummy
seq 1 20000 >/srv/gainsay-dummy/still
sync -f /srv/gainsay-dummy
cat >/run/gainsay-dummy.sh <<'END'
[ $# = 0 ] || { echo "unknown option $1" >&2; exit 2; }
sleep infinity &
[ ! -e /run/gainsay-dummy.pl ] || exec perl /run/gainsay-dummy.pl
while :; do sleep 1; done
END
cat >/run/systemd/system/gainsay-dummy.service <<'END'
[Service]
ExecStart=/bin/sh /run/gainsay-dummy.sh
Restart=always
END
systemctl daemon-reload
systemctl start gainsay-dummy.service
for program in iptables ip6tables; do
  $program -A INPUT -p tcp --dport 22 -j ACCEPT
  $program -A OUTPUT -p tcp --dport 22 -j ACCEPT
done
"#;

const REMOVE: &str = r#"systemctl stop gainsay-dummy.service 2>/dev/null
rm -f /run/systemd/system/gainsay-dummy.service /run/gainsay-dummy.pl /run/gainsay-dummy.sh
systemctl daemon-reload
fsfreeze -u /srv/gainsay-dummy 2>/dev/null
loop=$(findmnt -n -o SOURCE /srv/gainsay-dummy)
umount /srv/gainsay-dummy 2>/dev/null
[ -z "$loop" ] || losetup -d "$loop" 2>/dev/null
rm -rf /srv/gainsay-dummy /var/tmp/gainsay-dummy.img
for program in iptables ip6tables; do
  $program -D INPUT -p tcp --dport 22 -j ACCEPT 2>/dev/null
  $program -D OUTPUT -p tcp --dport 22 -j ACCEPT 2>/dev/null
done
true
"#;
