//! Cuts the file system off from its disk, in the middle of whatever it does: by the call that file systems have for
//! this purpose (`FS_IOC_SHUTDOWN`), which ext4, xfs and f2fs know.
//!
//! As a power failure: every process of the database is stopped first, so that it can acknowledge nothing any more; then
//! the file system is cut off without a last flush, the processes are killed, and the disk is mounted anew. What was not
//! flushed to the disk is lost, exactly as if the machine had lost its power, on one node or on all at once; ext4 holds
//! back what is not flushed for up to 30 s, so that a young cluster may lose everything. As an error of the disk: nothing
//! is lost, but from then on every access fails, until the disk is mounted anew.
//!
//! Source: the file systems' own tests (xfstests) cut power this way.

use super::{DIR, MOUNT, OWN_DISK};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::Options;
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::time::Duration;

/// How plans name the loss of power.
pub(crate) const POWER: Kind =
    Kind { name: POWER_ABOUT.name, entry: || POWER_ABOUT.entry(), open: |options| open(options, Cut::Power) };

/// How plans name the error of a disk.
pub(crate) const ERROR: Kind =
    Kind { name: ERROR_ABOUT.name, entry: || ERROR_ABOUT.entry(), open: |options| open(options, Cut::Error) };

const POWER_ABOUT: About = About {
    name: "power-loss",
    family: Family::Disk,
    does: "kills the database and loses all that was not flushed to its disk, as if the power had failed; what is lost \
           is lost",
    needs: "a systemd unit that runs; a data directory that is a mount point of its own, of ext4, xfs or f2fs; perl",
    undone_by: "the disk is mounted anew at once, and the database is started; damage: what was lost does not come back",
    measured_by: "the process is gone; the young files that are gone, shorter or other than in memory are counted",
    tallied: "nodes without power",
    hurts: Hurts::ProcessAndData,
    claims: &[MOUNT],
    settings: &[],
};

const ERROR_ABOUT: About = About {
    name: "disk-error",
    family: Family::Disk,
    does: "from now on every access to the file system of the data directory fails (EIO); one node if not told",
    needs: "a systemd unit that runs; a data directory that is a mount point of its own, of ext4, xfs or f2fs; perl",
    undone_by: "the database is killed, the disk is mounted anew, and the database is started",
    measured_by: "a write fails with an input/output error",
    tallied: "disks fail",
    hurts: Hurts::ProcessAndData,
    claims: &[MOUNT],
    settings: &[],
};

/// What happens to what is not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// It is lost.
    Power,
    /// It is flushed, and nothing after it.
    Error,
}

fn open(options: &mut Options, cut: Cut) -> Result<Box<dyn Nemesis>, SpecError> {
    let otherwise = if cut == Cut::Power { Aim::Chance } else { Target::One.into() };
    Ok(Box::new(OnEach(CutOff { aim: Aim::of(options, otherwise)?, cut })))
}

/// A disk that is cut off.
#[derive(Clone, Debug)]
struct CutOff {
    aim: Aim,
    cut: Cut,
}

/// `cut_off DIR HOW`, with 0 to flush before and 2 not to.
const CUT_OFF: &str = r#"cut_off() {
  perl -e 'open(my $dir, "<", $ARGV[0]) or die "$ARGV[0]: $!\n"; my $how = pack("L", $ARGV[1]);
ioctl($dir, 0x8004587d, $how) or die "$ARGV[0] cannot be cut off: $!\n"' "$1" "$2"
}
"#;

/// Sets `device`, `type` and `options` to how `$dir` is mounted.
const HOW_MOUNTED: &str = r#"device=$(findmnt -n -o SOURCE "$dir")
type=$(findmnt -n -o FSTYPE "$dir")
options=$(findmnt -n -o OPTIONS "$dir")
case $type in ext4|xfs|f2fs) ;; *) refuse "$dir is a file system of type $type, which cannot be cut off" ;; esac
"#;

/// Mounts `$dir` anew, as `$device`, `$type` and `$options` say. The device is held open meanwhile: a loop device may be
/// made to go with its last user.
const MOUNT_ANEW: &str = r#"mount_anew() {
  exec 9<"$device" || return 1
  rounds=50
  until umount "$dir" 2>/dev/null || ! mountpoint -q "$dir"; do
    rounds=$((rounds - 1))
    [ $rounds -gt 0 ] || { umount "$dir"; return 1; }
    sleep 0.1
  done
  mount -t "$type" -o "$options" "$device" "$dir" || return 1
  exec 9<&-
}
"#;

/// `young` prints a checksum, the size and the name of every file below `$dir` that was written in the last two minutes:
/// nothing else can be unflushed. Of files beyond 256 MiB only the size is compared.
const YOUNG: &str = r#"young() {
  find "$dir" -xdev -type f -mmin -2 -size -256M -exec cksum {} + 2>/dev/null
  find "$dir" -xdev -type f -mmin -2 -size +255M -printf '0 %s %p\n' 2>/dev/null
}
"#;

impl CutOff {
    fn lose_power(unit: &str) -> String {
        running(unit)
            + PROCESSES
            + &format!(
                r#"{HOW_MOUNTED}{YOUNG}{CUT_OFF}{MOUNT_ANEW}signal STOP "$unit"
signal STOP "$unit"
before=$(young)
cut_off "$dir" 2 || exit 1
{}mount_anew || exit 1
after=$(find "$dir" -xdev -type f -exec cksum {{}} + 2>/dev/null)
printf '%s\nEND\n%s\n' "$after" "$before" | awk '
  $0 == "END" {{ old = 1; next }}
  {{ sum = $1; size = $2; $1 = $2 = "" }}
  !old {{ sums[$0] = sum; sizes[$0] = size; next }}
  sizes[$0] != size || (sum != 0 && sums[$0] != sum) {{ files++; bytes += size - sizes[$0] }}
  END {{ print files + 0, bytes + 0 }}' >{FAULTS}/power-loss/lost
"#,
                life::kill("power-loss")
            )
    }

    fn fail(unit: &str) -> String {
        running(unit)
            + &format!(
                r#"{HOW_MOUNTED}{CUT_OFF}printf '%s\n' "$dir" "$device" "$type" "$options" >{FAULTS}/disk-error/mount || exit 1
cut_off "$dir" 0
"#
            )
    }

    /// Kills what keeps the disk busy, and mounts it anew.
    fn mend() -> String {
        format!(
            r#"{PROCESSES}{MOUNT_ANEW}if [ -e {FAULTS}/disk-error/mount ]; then
  {{ read -r dir; read -r device; read -r type; read -r options; }} <{FAULTS}/disk-error/mount
  for mark in {FAULTS}/disk-error/*.service; do
    [ -e "$mark" ] || continue
    signal KILL "${{mark##*/}}"
    systemctl stop "${{mark##*/}}"
  done
  if mountpoint -q "$dir" && ! true >"$dir/.gainsay-probe"; then mount_anew || exit 1; fi 2>/dev/null
  rm -f "$dir/.gainsay-probe" {FAULTS}/disk-error/mount
fi
"#
        )
    }
}

impl Local for CutOff {
    fn about(&self) -> &'static About {
        match self.cut {
            Cut::Power => &POWER_ABOUT,
            Cut::Error => &ERROR_ABOUT,
        }
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["perl", "findmnt", "awk"], scene)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let dir = format!("dir={}\n{DIR}{OWN_DISK}", scene.dir);
        match self.cut {
            Cut::Power => dir + &CutOff::lose_power(scene.unit),
            Cut::Error => {
                dir + &format!(": >{FAULTS}/disk-error/{} || exit 1\n", scene.unit) + &CutOff::fail(scene.unit)
            }
        }
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        match self.cut {
            Cut::Power => {
                life::gone("power-loss", scene.unit)
                    + &format!(
                        "[ -s {FAULTS}/power-loss/lost ] || {{ echo \"its disk was not cut off\"; exit 0; }}\n\
                         read -r files bytes <{FAULTS}/power-loss/lost\n\
                         echo \"yes, $files files lost writes, and $bytes bytes of length\"\n"
                    )
            }
            Cut::Error => format!(
                "said=$( (LC_ALL=C; export LC_ALL; : >{}/.gainsay-probe) 2>&1)\n\
                 case $said in *nput/output*) echo yes ;; *) echo \"a write succeeds\" ;; esac\n",
                scene.dir
            ),
        }
    }

    fn undo(&self) -> String {
        match self.cut {
            Cut::Power => format!("rm -f {FAULTS}/power-loss/lost\n{}", life::revive("power-loss")),
            Cut::Error => CutOff::mend() + &life::revive("disk-error"),
        }
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(self.about().name)
    }
}
