//! Freezes the file system of the database's data directory: writes and syncs block, reads and the network go on. It
//! is the half failure of a disk or of its controller, and bites only where writes are in flight.

use crate::SpecError;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::disk::{DIR, MARK, MOUNT, OWN_DISK};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::running;
use crate::options::Options;
use crate::target::Target;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "disk-stall",
    family: Family::Disk,
    does: "freezes the file system of the data directory: writes block, reads go on; the primary's if not told",
    needs: "a data directory that is a mount point of its own",
    undone_by: "every file system that was frozen is thawed",
    measured_by: "a small write is still blocked after 0.3 s",
    tallied: "disks block a write",
    hurts: Hurts::Data,
    claims: &[MOUNT],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn crate::Nemesis>, SpecError> {
    Ok(Box::new(OnEach(DiskStall { aim: Aim::of(options, Target::Primary.into())? })))
}

/// A disk on which nothing can be written.
#[derive(Clone, Debug)]
struct DiskStall {
    aim: Aim,
}

impl Local for DiskStall {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, _: &Scene<'_>) -> String {
        "if command -v fsfreeze >/dev/null; then echo yes; else echo 'fsfreeze is missing (util-linux)'; fi\n"
            .to_owned()
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let runs = if scene.unit.is_empty() { String::new() } else { running(scene.unit) };
        format!("{runs}dir={}\n{DIR}{OWN_DISK}", scene.dir)
            + &MARK.replace("NEMESIS", ABOUT.name)
            + "timeout 10 fsfreeze -f \"$dir\"\n"
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        probe_script(scene.dir) + "if [ $state = D ]; then echo yes; else echo \"a write is not blocked\"; fi\n"
    }

    fn undo(&self) -> String {
        HEAL.to_owned()
    }

    fn trace(&self, scene: &Scene<'_>) -> String {
        let dir = scene.dir;
        if dir.is_empty() {
            return "echo yes\n".to_owned();
        }
        format!("mountpoint -q {dir} || {{ echo yes; exit 0; }}\n")
            + &probe_script(dir)
            + "if [ $state = D ]; then echo \"a write is blocked\"; else echo yes; fi\n"
    }
}

/// Writes a small file in the background and sets `state` to what the writer is doing after 0.3 s: D if it is
/// blocked, empty if it is done. It is never waited for: what writes to a frozen file system cannot even be killed.
/// It removes its file itself, at the latest when the disk moves again.
fn probe_script(dir: &str) -> String {
    format!(
        r#"setsid sh -c 'echo x >"$0"; rm -f "$0"' {}/.gainsay-probe </dev/null >/dev/null 2>&1 &
writer=$!
sleep 0.3
state=-
if {{ read -r line </proc/$writer/stat; }} 2>/dev/null; then rest=${{line##*) }}; state=${{rest%% *}}; fi
"#,
        dir
    )
}

/// Thaws every marked directory. One that is not frozen, or no longer mounted, is fine.
const HEAL: &str = r#"status=0
for mark in /run/gainsay/faults/disk-stall/*; do
  [ -e "$mark" ] || continue
  read -r dir <"$mark"
  if mountpoint -q "$dir"; then
    said=$(LC_ALL=C timeout 10 fsfreeze -u "$dir" 2>&1) || case $said in
      *"Invalid argument"*) ;;
      *) echo "$said" >&2; status=1; continue ;;
    esac
  fi
  rm -f "$mark"
done
exit $status
"#;
