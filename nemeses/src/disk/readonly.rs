//! Makes the file system of the data read-only, as the kernel does after an error of the disk.
//!
//! A file system on which files are open for writing cannot be made so: then the database is killed first, and started
//! again on a disk that takes no writes.

use super::{DIR, MARK, MOUNT, MOUNTED, OWN_DISK};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES};
use crate::options::Options;
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "disk-readonly",
    family: Family::Disk,
    does: "makes the file system of the data directory read-only, and kills and starts the database if it has files open \
           for writing; one node if not told",
    needs: "a data directory that is a mount point of its own",
    undone_by: "it is made writable, and a database that was killed is started",
    measured_by: "a write fails because the file system is read-only",
    tallied: "disks read-only",
    hurts: Hurts::Data,
    claims: &[MOUNT],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(ReadOnly { aim: Aim::of(options, Target::One.into())? })))
}

/// A read-only disk.
#[derive(Clone, Debug)]
struct ReadOnly {
    aim: Aim,
}

impl Local for ReadOnly {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&[], scene)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let restart = match scene.unit {
            "" => "refuse \"$dir cannot be made read-only: $said\"\n".to_owned(),
            unit => format!(
                r#"  unit={unit}
  : >{FAULTS}/disk-readonly/"$unit" || exit 1
  signal KILL "$unit"
  systemctl stop "$unit"
  said=$(mount -o remount,ro "$dir" 2>&1) || refuse "$dir cannot be made read-only: $said"
  systemctl reset-failed "$unit" 2>/dev/null
  systemctl start --no-block "$unit"
"#
            ),
        };
        format!("dir={}\n{PROCESSES}", scene.dir)
            + DIR
            + OWN_DISK
            + &MARK.replace("NEMESIS", ABOUT.name)
            + &format!("said=$(mount -o remount,ro \"$dir\" 2>&1) || {{\n{restart}}}\n")
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"said=$( (LC_ALL=C; export LC_ALL; : >{0}/.gainsay-probe) 2>&1)
rm -f {0}/.gainsay-probe 2>/dev/null
case $said in *[Rr]ead-only*) echo yes ;; *) echo "a write succeeds" ;; esac
"#,
            scene.dir
        )
    }

    fn undo(&self) -> String {
        let undo = r#"mount -o remount,rw "$dir" || { status=1; continue; }"#;
        let writable = MOUNTED.replace("NEMESIS", ABOUT.name).replace("UNDO", undo);
        format!("(\n{writable}) || exit 1\n{}", life::revive(ABOUT.name))
    }

    fn trace(&self, scene: &Scene<'_>) -> String {
        match scene.dir {
            "" => "echo yes\n".to_owned(),
            dir => format!(
                "case $(findmnt -n -o OPTIONS {dir}) in ro*) echo \"{{}} is read-only\" ;; *) echo yes ;; esac\n"
            )
            .replace("{}", "the disk"),
        }
    }
}
