//! Machines with a kernel of their own: QEMU, booted from a kernel file, with a disk and a cable each.
//!
//! The disk is a copy of an image of the base tree, written with cache mode `unsafe`: what the guest has flushed is in
//! this machine's page cache and outlives the QEMU process; what the guest still holds dies with it. SIGKILL is
//! therefore a power cut to the guest, and costs no flush of this machine's disk. It does not model a disk whose own
//! write cache is lost: what the guest has written, flushed or not, stays.

mod accelerator;
mod image;
mod qmp;
mod switchboard;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cgroup;
use crate::error::LabError;
use crate::files::{self, failed};
use crate::machine::{BECOME, Machine, running};
use crate::network;
use crate::step::{Step, search_path};

pub(crate) use accelerator::{Accelerator, choose as choose_accelerator};
pub(crate) use image::{edit, ensure as ensure_image};
pub use switchboard::Lever;
pub(crate) use switchboard::pull;

/// The memory of a machine, in MiB.
const MEMORY_MIB: u32 = 384;
/// What an emulated machine may keep of translated code, in MiB; QEMU's own default is 1 GiB each.
const TRANSLATED_MIB: u32 = 96;
/// Where a machine stands in the queue for the processor.
const NICENESS: &str = "-10";
/// How long QEMU may take to record itself.
const LAUNCH: Duration = Duration::from_secs(10);

/// Plugs the machine's cable into the bridge and starts it; returns when QEMU runs, long before the guest answers.
///
/// # Errors
/// When the cable cannot be made, or QEMU does not start.
pub(crate) fn start(node: &Machine, bridge: &str, tree: &Path) -> Result<(), LabError> {
    network::plug(&node.places.tap(), bridge)?;
    let accelerator = choose_accelerator(tree)?;
    let record = node.places.process();
    files::remove(&record)?;
    files::remove(&node.places.qmp())?;
    let console = node.places.console();
    let log = std::fs::File::create(&console).map_err(failed("create", &console))?;
    let log_too = log.try_clone().map_err(failed("open", &console))?;
    let groups: Vec<String> =
        cgroup::of(&node.places.machine).iter().map(|group| group.display().to_string()).collect();
    let mut launcher = Command::new("setsid");
    launcher.args(["--fork", "sh", "-c", BECOME, "gainsay-lab"]).arg(&record).arg(groups.join(" "));
    launcher.args(command_line(node, tree, accelerator)).env("PATH", search_path()).current_dir("/");
    let status = launcher.stdin(Stdio::null()).stdout(log).stderr(log_too).status();
    status.map_err(failed("launch", Path::new("setsid")))?;
    // QEMU makes its socket when its options are understood and its files are open.
    let deadline = Instant::now() + LAUNCH;
    while !node.places.qmp().exists() {
        let is_gone = record.exists() && running(&node.places).is_none();
        if is_gone || Instant::now() >= deadline {
            return Err(node.no_boot("was not launched".to_owned()));
        }
        sleep(Duration::from_millis(5));
    }
    prefer(node);
    Ok(())
}

/// A machine that gets no time looks like one that is broken, so machines come first where the processor is busy. Each
/// is in a session of its own, and where the kernel shares time among sessions, only the niceness of the session counts.
fn prefer(node: &Machine) {
    let Some(process) = running(&node.places) else { return };
    let session = PathBuf::from(format!("/proc/{}/autogroup", process.pid));
    // It is a favour, and a machine without it works.
    let _not_granted = match session.exists() {
        true => files::write_there(&session, NICENESS),
        false => Step::new("renice").args(["-n", NICENESS, "-p", &process.pid.to_string()]).run().map(drop),
    };
}

/// No device but what is named, no window, no guest that reads this user's configuration. A guest that reboots is
/// reset in place; one that panics stays as it is, as hardware does.
fn command_line(node: &Machine, tree: &Path, accelerator: Accelerator) -> Vec<String> {
    let places = &node.places;
    let kernel = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off quiet loglevel=4 panic=0";
    let options = [
        ("-name", places.machine.clone()),
        ("-machine", "q35".to_owned()),
        ("-m", MEMORY_MIB.to_string()),
        ("-kernel", tree.join("boot/vmlinuz").display().to_string()),
        ("-initrd", tree.join("boot/initrd.img").display().to_string()),
        ("-append", format!("{kernel} systemd.show_status=0")),
        ("-drive", format!("file={},format=raw,if=none,id=disk,cache=unsafe", places.disk().display())),
        ("-device", "virtio-blk-pci,drive=disk".to_owned()),
        ("-netdev", format!("tap,id=net,ifname={},script=no,downscript=no", places.tap())),
        ("-device", format!("virtio-net-pci,id=cable,netdev=net,mac={}", places.hardware_address())),
        ("-device", "virtio-rng-pci".to_owned()),
        ("-serial", "stdio".to_owned()),
        ("-rtc", "base=utc,clock=host".to_owned()),
        ("-qmp", format!("unix:{},server=on,wait=off", places.qmp().display())),
    ];
    let alone = ["-nodefaults", "-no-user-config", "-display", "none"].map(str::to_owned);
    let program = std::iter::once("qemu-system-x86_64".to_owned());
    let options = options.into_iter().flat_map(|(option, value)| [option.to_owned(), value]);
    program.chain(alone).chain(options).chain(accelerator.options()).collect()
}
