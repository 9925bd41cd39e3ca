//! Takes the processor from the database: busy loops beside it, as a backup or a runaway neighbour would.

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
    name: "cpu-hog",
    family: Family::Process,
    does: "runs busy loops of a higher priority beside the database; one node if not told",
    needs: "systemd; on nodes that share a machine all of them feel it",
    undone_by: "the unit gainsay-fault-cpu-hog.service is ended",
    measured_by: "all loops are running or waiting for a processor, and the time that they have used grows",
    tallied: "nodes with a hog at work",
    hurts: Hurts::Node,
    claims: &[],
    settings: &[
        Setting { name: "loops", default: "4", does: "how many busy loops, 1 to 64" },
        Setting { name: "nice", default: "10", does: "how far they are raised above others, 0 to 20" },
    ],
};

const COMPANION: Companion = Companion { nemesis: ABOUT.name };

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let loops = options.number("loops", 4, 1..=64)?;
    let nice = options.number("nice", 10, 0..=20)?;
    Ok(Box::new(OnEach(Hog { aim: Aim::of(options, Target::One.into())?, loops, nice })))
}

/// A busy neighbour.
#[derive(Clone, Debug)]
struct Hog {
    aim: Aim,
    loops: u64,
    nice: u64,
}

impl Local for Hog {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("cpu-hog of {} loops", self.loops)
    }

    fn make(&self, _: &Scene<'_>) -> String {
        let script = format!("for loop in $(seq {}); do while :; do :; done & done\nwait\n", self.loops);
        COMPANION.start_with(&format!("-p Nice=-{}", self.nice), &script)
    }

    /// Counts, over half a second, the ticks that the loops have used, of which there are a hundred in a second. On a busy
    /// machine they get a small share, but every loop is there to take it.
    fn measure(&self, _: &Scene<'_>) -> String {
        COMPANION.runs()
            + r#"used() {
  total=0
  for file in $(grep -lsF /gainsay-fault-cpu-hog.service /proc/[0-9]*/cgroup); do
    { read -r line <"${file%cgroup}stat"; } 2>/dev/null || continue
    set -- ${line##*) }
    total=$((total + ${12} + ${13}))
    loops=$((loops + 1))
    [ $1 != R ] || busy=$((busy + 1))
  done
}
used
before=$total
busy=0
loops=0
sleep 0.5
used
share=$((2 * (total - before)))
if [ $share -gt 0 ] && [ $busy -ge LOOPS ]; then echo "yes, $busy loops use $share % of a processor"
else echo "$busy loops use $share % of a processor"; fi
"#
            .replace("LOOPS", &self.loops.to_string())
            .as_str()
    }

    fn undo(&self) -> String {
        COMPANION.stop()
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        COMPANION.trace() + "echo yes\n"
    }
}
