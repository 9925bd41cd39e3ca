//! Fills the file system of the data to its last block, by one file of ours.

use super::{DIR, MARK, MOUNTED, OWN_DISK};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::options::Options;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "disk-full",
    family: Family::Disk,
    does: "fills the file system of the data directory; one node if not told",
    needs: "a data directory that is a mount point of its own; fallocate",
    undone_by: "the file .gainsay-full in the data directory is removed",
    measured_by: "a write of 64 KiB fails for lack of space",
    tallied: "disks full",
    hurts: Hurts::Data,
    claims: &[],
    settings: &[],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    Ok(Box::new(OnEach(Full { aim: Aim::of(options, Target::One.into())? })))
}

/// A full disk.
#[derive(Clone, Debug)]
struct Full {
    aim: Aim,
}

impl Local for Full {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["fallocate"], scene)
    }

    /// `fallocate` takes what is free in pieces, each half of the one that did not fit; the rest is written.
    fn make(&self, scene: &Scene<'_>) -> String {
        format!("dir={}\n", scene.dir)
            + DIR
            + OWN_DISK
            + &MARK.replace("NEMESIS", ABOUT.name)
            + r#"file=$dir/.gainsay-full
: >"$file" || exit 1
size=$(($(df --output=avail -B1 "$dir" | tail -n 1) + 0))
while [ $size -ge 65536 ]; do
  end=$(stat -c %s "$file")
  LC_ALL=C fallocate -o "$end" -l $size "$file" 2>/dev/null || size=$((size / 2))
done
dd if=/dev/zero bs=1024 count=4096 oflag=append conv=notrunc of="$file" 2>/dev/null
true
"#
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"said=$(LC_ALL=C dd if=/dev/zero of={0}/.gainsay-probe bs=65536 count=1 conv=fsync 2>&1)
rm -f {0}/.gainsay-probe
case $said in
  *"No space left"*) echo "yes, $(df --output=avail -B1 {0} | tail -n 1 | tr -d ' ') bytes free" ;;
  *) echo "a write succeeds" ;;
esac
"#,
            scene.dir
        )
    }

    fn undo(&self) -> String {
        MOUNTED
            .replace("NEMESIS", ABOUT.name)
            .replace("UNDO", r#"rm -f "$dir/.gainsay-full" || { status=1; continue; }"#)
    }

    fn trace(&self, scene: &Scene<'_>) -> String {
        super::no_file(scene.dir, ".gainsay-full")
    }
}
