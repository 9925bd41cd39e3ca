//! Puts files of the data back to what they were some seconds ago: writes that the disk acknowledged and lost, or a
//! machine that was restored from a snapshot. The database is killed for it, and does not know.
//!
//! This is damage: what was written since the snapshot does not come back.

use super::DIR;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::time::Duration;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "rollback",
    family: Family::Disk,
    does: "keeps a copy of files of the data for some seconds, kills the database, and puts the copies back; one node if \
           not told",
    needs: "a systemd unit that runs; a data directory with room for the copies",
    undone_by: "damage: the database is started; what was written since the copy does not come back",
    measured_by: "the process is gone; bytes that differ between the copies and the files that they replaced are counted",
    tallied: "nodes put back",
    hurts: Hurts::ProcessAndData,
    claims: &[],
    settings: &[
        Setting { name: "path", default: "*", does: "which files below the data directory, as a pattern: path=*.snap" },
        Setting { name: "age", default: "2", does: "how old the copies are when they are put back, 1 to 60 s" },
    ],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let path = options.text("path")?.unwrap_or_else(|| "*".to_owned());
    let age = options.number("age", 2, 1..=60)?;
    Ok(Box::new(OnEach(Rollback { aim: Aim::of(options, Target::One.into())?, path, age })))
}

/// Files of some seconds ago.
#[derive(Clone, Debug)]
struct Rollback {
    aim: Aim,
    path: String,
    age: u64,
}

impl Local for Rollback {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("rollback of {} by {} s", self.path, self.age)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["cmp", "awk"], scene)
    }

    /// The copies lie beside the data, for they may be large; a name that begins with a dot is not taken for data.
    fn make(&self, scene: &Scene<'_>) -> String {
        format!("dir={}\n{DIR}", scene.dir)
            + &running(scene.unit)
            + &format!(
                r#"copies=$dir/.gainsay-rollback
echo "$copies" >{FAULTS}/rollback/copies || exit 1
rm -rf "$copies"
mkdir "$copies" && cd "$dir" || exit 1
find . -xdev -name '.gainsay*' -prune -o -type f -path './'{path} -print | while read -r file; do
  mkdir -p "$copies/${{file%/*}}" && cp -p --sparse=always "$file" "$copies/$file" || exit 1
done || exit 1
sleep {age}
{kill}cd "$copies" && find . -type f | while read -r file; do
  cmp -l "$file" "$dir/$file" 2>/dev/null | wc -l
  echo $(($(stat -c %s "$dir/$file" 2>/dev/null || echo 0) - $(stat -c %s "$file")))
  cp -p --sparse=always "$file" "$dir/$file" || exit 1
done | awk '{{ bytes += $1 < 0 ? -$1 : $1 }} END {{ print int(NR / 2), bytes + 0 }}' >{FAULTS}/rollback/lost
cd / && rm -rf "$copies" {FAULTS}/rollback/copies
sync -f "$dir"
"#,
                path = cluster::Command::quote(&self.path),
                age = self.age,
                kill = life::kill(ABOUT.name),
            )
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.age + 60)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        life::gone(ABOUT.name, scene.unit)
            + &format!(
                "read -r files bytes <{FAULTS}/rollback/lost\n\
                 if [ \"${{bytes:-0}}\" -gt 0 ]; then echo \"yes, $files files, $bytes bytes differ\"; \
                 else echo \"nothing was written meanwhile\"; fi\n"
            )
    }

    fn undo(&self) -> String {
        format!(
            r#"if [ -e {FAULTS}/rollback/copies ]; then rm -rf "$(cat {FAULTS}/rollback/copies)" {FAULTS}/rollback/copies; fi
rm -f {FAULTS}/rollback/lost
"#
        ) + &life::revive(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(ABOUT.name)
    }
}
