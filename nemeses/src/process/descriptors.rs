//! Takes the last file descriptors away from the database: it can open no file and accept no connection, and keeps those
//! that it has.
//!
//! Only the soft limit is lowered, which can always be raised again; a process that was started since has its own.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "fd-limit",
    family: Family::Process,
    does: "lowers the limit of open files of every process of the database to what it has open; one node if not told",
    needs: "a database that is a systemd unit and runs; prlimit",
    undone_by: "every process that still runs gets its former limit back",
    measured_by: "the limit of every process is the lowered one, and so many descriptors are in use",
    tallied: "nodes out of descriptors",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "spare", default: "0", does: "how many descriptors it may still open, 0 to 1000" }],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let spare = options.number("spare", 0, 0..=1_000)?;
    Ok(Box::new(OnEach(Descriptors { aim: Aim::of(options, Target::One.into())?, spare })))
}

/// A database that can open nothing.
#[derive(Clone, Debug)]
struct Descriptors {
    aim: Aim,
    spare: u64,
}

/// Sets `started` to when a process was started, in ticks since boot; empty if there is no such process.
const STARTED: &str = r#"started_of() {
  started=
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return
  set -- ${line##*) }
  started=${20}
}
"#;

impl Local for Descriptors {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, _: &Scene<'_>) -> String {
        "if command -v prlimit >/dev/null; then echo yes; else echo 'prlimit is missing (util-linux)'; fi\n".to_owned()
    }

    /// The limit is the lowest free number, so that none below it is free.
    fn make(&self, scene: &Scene<'_>) -> String {
        running(scene.unit)
            + PROCESSES
            + STARTED
            + &format!(
                r#"states "$unit" | while read -r pid state; do
  started_of "$pid"
  [ -n "$started" ] || continue
  limit=0
  while [ -e /proc/$pid/fd/$limit ]; do limit=$((limit + 1)); done
  limit=$((limit + {}))
  former=$(prlimit --pid "$pid" --nofile --output SOFT,HARD --noheadings) || exit 1
  echo $started $limit $former >{FAULTS}/fd-limit/"$pid" || exit 1
  set -- $former
  prlimit --pid "$pid" --nofile=$limit:"$2" || exit 1
done
"#,
                self.spare
            )
    }

    fn measure(&self, _: &Scene<'_>) -> String {
        format!(
            r#"{STARTED}all=
for mark in {FAULTS}/fd-limit/*; do
  [ -e "$mark" ] || continue
  pid=${{mark##*/}}
  read -r then limit former <"$mark"
  started_of "$pid"
  [ "$started" = "$then" ] || continue
  now=$(prlimit --pid "$pid" --nofile --output SOFT --noheadings)
  [ $now = $limit ] || {{ echo "the limit of process $pid is $now, not $limit"; exit 0; }}
  all="$all, $(ls /proc/$pid/fd | wc -l) of $limit in use"
done
if [ -n "$all" ]; then echo "yes$all"; else echo "no process is limited"; fi
"#
        )
    }

    fn undo(&self) -> String {
        format!(
            r#"{STARTED}status=0
for mark in {FAULTS}/fd-limit/*; do
  [ -e "$mark" ] || continue
  pid=${{mark##*/}}
  read -r then limit soft hard <"$mark"
  started_of "$pid"
  [ "$started" != "$then" ] || prlimit --pid "$pid" --nofile="$soft:$hard" || {{ status=1; continue; }}
  rm -f "$mark"
done
exit $status
"#
        )
    }
}
