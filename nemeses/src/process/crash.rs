//! A crash loop: the database is killed, started, and killed again before it has come to itself, for as long as the
//! fault lasts.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "crash-loop",
    family: Family::Process,
    does: "kills the database again and again, each time soon after it has been started; one node if not told",
    needs: "a database that is a systemd unit and runs",
    undone_by: "the unit gainsay-fault-crash-loop.service is ended, and the database is started",
    measured_by: "within four rounds the main process is another one twice or more",
    tallied: "units in a crash loop",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "up", default: "500", does: "how long it lives each time, 100 to 5000 ms" }],
};

const COMPANION: Companion = Companion { nemesis: ABOUT.name };

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let up = options.number("up", 500, 100..=5_000)?;
    Ok(Box::new(OnEach(CrashLoop { aim: Aim::of(options, Target::One.into())?, up })))
}

/// A database that does not come up.
#[derive(Clone, Debug)]
struct CrashLoop {
    aim: Aim,
    up: u64,
}

impl Local for CrashLoop {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let up = self.up as f64 / 1000.0;
        let script = format!(
            "{PROCESSES}unit={}\nwhile :; do\n  signal KILL \"$unit\"\n  sleep 0.1\n  systemctl reset-failed \"$unit\" \
             2>/dev/null\n  systemctl start \"$unit\"\n  sleep {up}\ndone\n",
            scene.unit
        );
        running(scene.unit) + &format!(": >{FAULTS}/crash-loop/\"$unit\" || exit 1\n") + &COMPANION.start(&script)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let looks = (self.up + 300) * 4 / 100;
        COMPANION.runs()
            + &format!(
                r#"seen=
changes=-1
for look in $(seq {looks}); do
  pid=$(systemctl show -p MainPID --value {})
  [ "${{pid:-0}}" = 0 ] || [ "$pid" = "$seen" ] || {{ seen=$pid; changes=$((changes + 1)); }}
  sleep 0.1
done
if [ $changes -ge 2 ]; then echo "yes, $changes new processes"; else echo "$changes new processes"; fi
"#,
                scene.unit
            )
    }

    fn undo(&self) -> String {
        COMPANION.stop() + &life::revive(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        COMPANION.trace() + "echo yes\n"
    }
}
