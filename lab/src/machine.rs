//! The machine of a node: how it is started, and how we know that it runs.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cgroup;
use crate::error::LabError;
use crate::files::{self, failed};
use crate::kind::Kind;
use crate::paths::NodePlaces;
use crate::process::Process;
use crate::state::Stored;
use crate::step::search_path;
use crate::vm;

/// How long a node may take until its sshd answers.
const BOOT: Duration = Duration::from_secs(60);
/// The same of a virtual machine; nine of them, emulated on two busy cores, need so long.
const VM_BOOT: Duration = Duration::from_secs(400);
/// How long the launcher may take to record itself.
const LAUNCH: Duration = Duration::from_secs(10);
/// How long sshd may take for its banner.
const BANNER: Duration = Duration::from_secs(1);
/// The same in a virtual machine. Whoever gives up sooner and asks again keeps an emulated sshd too busy to answer.
const VM_BANNER: Duration = Duration::from_secs(15);
const CONSOLE_LINES: usize = 20;

/// A machine that reboots ends with this status and expects to be started again.
/// Source: systemd-nspawn(1), `--keep-unit`.
///
/// The launcher stays beside the machine for that, and only for that; told to end, it passes that on.
const LAUNCHER: &str = r#"
set -eu
launcher=$1; record=$2; groups=$3; become=$4; shift 4
echo "$$ $(cut -d ' ' -f 22 /proc/$$/stat)" > "$launcher.new"
mv "$launcher.new" "$launcher"
for group in $groups; do
    mkdir -p "$group.launcher"
    echo $$ > "$group.launcher/cgroup.procs"
done
machine=; ending=
trap 'ending=yes; [ -z "$machine" ] || kill -TERM "$machine"' TERM
status=133
while [ "$status" = 133 ] && [ -z "$ending" ]; do
    sh -c "$become" gainsay-lab "$record" "$groups" "$@" &
    machine=$!
    status=0
    wait "$machine" || status=$?
    while kill -0 "$machine" 2>/dev/null; do
        status=0
        wait "$machine" || status=$?
    done
done
exit "$status"
"#;

/// What the launcher starts writes down who it is, moves into the node's own groups and becomes `systemd-nspawn` or
/// QEMU, which keeps its process id and start time. So there is no moment at which a node runs that nobody knows of.
pub(crate) const BECOME: &str = r#"
set -eu
record=$1; groups=$2; shift 2
echo "$$ $(cut -d ' ' -f 22 /proc/$$/stat)" > "$record.new"
mv "$record.new" "$record"
for group in $groups; do
    mkdir -p "$group"
    echo $$ > "$group/cgroup.procs"
done
exec "$@"
"#;

/// One node of a lab, on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Its name in the lab: n1 to n9.
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) places: NodePlaces,
    pub(crate) kind: Kind,
}

/// The processes that run a node from outside, those that are alive: its launcher, then its `systemd-nspawn`.
pub(crate) fn keepers(places: &NodePlaces) -> Vec<Process> {
    let records = [places.launcher(), places.process()].map(|path| files::read(&path).ok().flatten());
    let processes = records.into_iter().flatten().filter_map(|record| Process::recorded(&record));
    processes.filter(|process| process.is_alive()).collect()
}

/// The process that runs the node: its QEMU, its `systemd-nspawn`, or the launcher of that while the node reboots.
pub(crate) fn running(places: &NodePlaces) -> Option<Process> {
    keepers(places).pop()
}

impl Machine {
    /// Starts the machine in a session of its own, so that it outlives us and our terminal.
    ///
    /// # Errors
    /// When the launcher cannot be started, or does not record itself.
    pub(crate) fn start(&self, bridge: &str, lab: &Stored) -> Result<(), LabError> {
        match self.kind {
            Kind::Nspawn => self.start_nspawn(bridge),
            Kind::Vm => vm::start(self, bridge, &lab.base),
        }
    }

    fn start_nspawn(&self, bridge: &str) -> Result<(), LabError> {
        let (record, launched) = (self.places.process(), self.places.launcher());
        files::remove(&record)?;
        files::remove(&launched)?;
        let console = self.places.console();
        let log = std::fs::File::create(&console).map_err(failed("create", &console))?;
        let log_too = log.try_clone().map_err(failed("open", &console))?;
        let groups: Vec<String> =
            cgroup::of(&self.places.machine).iter().map(|group| group.display().to_string()).collect();
        let mut launcher = Command::new("setsid");
        launcher.args(["--fork", "sh", "-c", LAUNCHER, "gainsay-lab"]).arg(&launched).arg(&record);
        launcher
            .arg(groups.join(" "))
            .arg(BECOME)
            .args(self.nspawn(bridge))
            .env("PATH", search_path())
            .current_dir("/");
        let status = launcher.stdin(Stdio::null()).stdout(log).stderr(log_too).status();
        status.map_err(failed("launch", Path::new("setsid")))?;
        let deadline = Instant::now() + LAUNCH;
        while !launched.exists() {
            if Instant::now() >= deadline {
                return Err(self.no_boot("was not launched".to_owned()));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// No registration: that needs a running machined. No link to the machine's journal, resolver or time zone.
    fn nspawn(&self, bridge: &str) -> Vec<String> {
        let options = [
            "systemd-nspawn".to_owned(),
            "--boot".to_owned(),
            format!("--directory={}", self.places.root().display()),
            format!("--machine={}", self.places.machine),
            format!("--hostname={}", self.name),
            format!("--network-bridge={bridge}"),
            "--bind=/dev/loop-control".to_owned(),
        ];
        let alone = ["--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--link-journal=no"]
            .map(str::to_owned);
        options.into_iter().chain(alone).collect()
    }

    /// The folder whose `etc/ssh` holds the node's host keys, whether it runs or not.
    pub(crate) fn keys(&self) -> PathBuf {
        match self.kind {
            Kind::Nspawn => self.places.root(),
            Kind::Vm => self.places.identity(),
        }
    }

    /// Waits until sshd answers.
    ///
    /// # Errors
    /// When the machine ends, or it takes too long.
    pub(crate) fn wait(&self) -> Result<(), LabError> {
        let limit = if self.kind == Kind::Vm { VM_BOOT } else { BOOT };
        let deadline = Instant::now() + limit;
        while !self.answers() {
            if running(&self.places).is_none() {
                return Err(self.no_boot("ended while it booted".to_owned()));
            }
            if Instant::now() >= deadline {
                return Err(self.no_boot(format!("did not answer on port 22 within {} s", limit.as_secs())));
            }
            sleep(Duration::from_millis(if self.kind == Kind::Vm { 500 } else { 50 }));
        }
        Ok(())
    }

    /// True if an SSH server answers at the node's address.
    pub(crate) fn answers(&self) -> bool {
        let address = SocketAddr::from((self.address, 22));
        let limit = if self.kind == Kind::Vm { VM_BANNER } else { BANNER };
        let Ok(mut stream) = TcpStream::connect_timeout(&address, BANNER) else { return false };
        let mut banner = [0; 4];
        let read = stream.set_read_timeout(Some(limit)).and_then(|()| stream.read_exact(&mut banner));
        read.is_ok() && &banner == b"SSH-"
    }

    /// The error of a machine that does not come up, with the end of its console.
    pub(crate) fn no_boot(&self, problem: String) -> LabError {
        let console = files::tail(&self.places.console(), CONSOLE_LINES);
        LabError::NoBoot { node: self.name.clone(), address: self.address.to_string(), problem, console }
    }
}
