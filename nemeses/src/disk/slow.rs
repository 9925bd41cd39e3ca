//! A slow disk: the file system of the data is frozen and thawed again and again, so that writes wait most of the time
//! and come through in the end. It needs nothing of the block layer, and slows down every kind of disk alike.

use super::{DIR, MARK, MOUNT, MOUNTED, OWN_DISK};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "disk-slow",
    family: Family::Disk,
    does: "freezes and thaws the file system of the data directory again and again; one node if not told",
    needs: "a data directory that is a mount point of its own; fsfreeze",
    undone_by: "the process that freezes is ended, and the file system is thawed",
    measured_by: "eight small writes, each flushed to the disk, wait for a third of the frozen time or more, on average",
    tallied: "disks slow",
    hurts: Hurts::Data,
    claims: &[MOUNT],
    settings: &[
        Setting { name: "frozen", default: "200", does: "how long writes wait, 20 to 5000 ms" },
        Setting { name: "open", default: "20", does: "how long they come through, 5 to 5000 ms" },
    ],
};

const COMPANION: Companion = Companion { nemesis: ABOUT.name };

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let frozen = options.number("frozen", 200, 20..=5_000)?;
    let open = options.number("open", 20, 5..=5_000)?;
    Ok(Box::new(OnEach(Slow { aim: Aim::of(options, Target::One.into())?, frozen, open })))
}

/// A slow disk.
#[derive(Clone, Debug)]
struct Slow {
    aim: Aim,
    frozen: u64,
    open: u64,
}

impl Local for Slow {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("disk-slow, {} of {} ms frozen,", self.frozen, self.frozen + self.open)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["fsfreeze"], scene)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
        let script = format!(
            "while :; do\n  fsfreeze -f {0}\n  sleep {1}\n  fsfreeze -u {0}\n  sleep {2}\ndone\n",
            scene.dir,
            seconds(self.frozen),
            seconds(self.open)
        );
        format!("dir={}\n", scene.dir)
            + DIR
            + OWN_DISK
            + &MARK.replace("NEMESIS", ABOUT.name)
            + &COMPANION.start(&script)
    }

    /// The process that writes is never waited for longer than 8 s: on a disk that is frozen it cannot be killed.
    fn measure(&self, scene: &Scene<'_>) -> String {
        let least = self.frozen / 3;
        COMPANION.runs()
            + &format!(
                r#"setsid sh -c 'begun=$(date +%s%N)
for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of="$0/.gainsay-probe" bs=512 count=1 conv=fsync 2>/dev/null; sleep 0.0$i; done
echo $(( ($(date +%s%N) - begun) / 1000000 - 360 )) >/run/gainsay/faults/disk-slow/took
rm -f "$0/.gainsay-probe"' {} </dev/null >/dev/null 2>&1 &
left=160
while [ ! -s /run/gainsay/faults/disk-slow/took ] && [ $left -gt 0 ]; do sleep 0.05; left=$((left - 1)); done
took=$(cat /run/gainsay/faults/disk-slow/took 2>/dev/null)
rm -f /run/gainsay/faults/disk-slow/took
[ -n "$took" ] || {{ echo "yes, eight writes take more than 8 s"; exit 0; }}
each=$((took / 8))
if [ $each -ge {least} ]; then echo "yes, a write takes $each ms"; else echo "a write takes $each ms"; fi
"#,
                scene.dir
            )
    }

    fn undo(&self) -> String {
        let undo = r#"said=$(LC_ALL=C timeout 10 fsfreeze -u "$dir" 2>&1) || case $said in
      *"Invalid argument"*) ;;
      *) echo "$said" >&2; status=1; continue ;;
    esac"#;
        COMPANION.stop()
            + "rm -f /run/gainsay/faults/disk-slow/took\n"
            + &MOUNTED.replace("NEMESIS", ABOUT.name).replace("UNDO", undo)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        COMPANION.trace() + "echo yes\n"
    }
}
