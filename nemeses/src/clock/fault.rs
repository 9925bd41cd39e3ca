//! The four faults of clocks.

use super::keeper;
use super::program::{FILE, PERL};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, REFUSED};
use crate::options::{Options, Setting};
use crate::{Nemesis, SpecError};

/// How plans name it.
pub(crate) const JUMP: Kind = Kind { name: ABOUT_JUMP.name, entry: || ABOUT_JUMP.entry(), open: open_jump };
/// How plans name it.
pub(crate) const STROBE: Kind = Kind { name: ABOUT_STROBE.name, entry: || ABOUT_STROBE.entry(), open: open_strobe };
/// How plans name it.
pub(crate) const DRIFT: Kind = Kind { name: ABOUT_DRIFT.name, entry: || ABOUT_DRIFT.entry(), open: open_drift };
/// How plans name it.
pub(crate) const FROZEN: Kind = Kind { name: ABOUT_FROZEN.name, entry: || ABOUT_FROZEN.entry(), open: open_frozen };

/// What all of them are and need.
const CLOCK: About = About {
    name: "clock",
    family: Family::Clock,
    does: "",
    needs: "a clock that is the node's own (no container), perl, and the right to set it",
    undone_by: "the time that it was and the raw monotonic time since; what kept it right is started again",
    measured_by: "the time of day against the raw monotonic time since the fault began",
    tallied: "clocks wrong",
    hurts: Hurts::Node,
    claims: &["the clock"],
    settings: &[],
};

const ABOUT_JUMP: About =
    About { name: "clock-jump", does: "sets the clock ahead, or back", settings: &[BY_MS, DIRECTION], ..CLOCK };

const ABOUT_STROBE: About = About {
    name: "clock-strobe",
    does: "sets the clock ahead and right again, many times a second",
    settings: &[BY_MS, DIRECTION, EVERY_MS],
    ..CLOCK
};

const ABOUT_DRIFT: About = About {
    name: "clock-drift",
    does: "makes the clock run fast, or slow",
    settings: &[
        Setting { name: "ppm", default: "50000", does: "by so many millionths, 1 to 100000; 50000 is 3 s a minute" },
        DIRECTION,
    ],
    ..CLOCK
};

const ABOUT_FROZEN: About = About {
    name: "clock-frozen",
    does: "sets the clock back to the same moment again and again",
    settings: &[EVERY_MS],
    ..CLOCK
};

const BY_MS: Setting = Setting { name: "by-ms", default: "60000", does: "by so many milliseconds, 1 to 315360000000" };
const DIRECTION: Setting = Setting { name: "direction", default: "ahead", does: "ahead or back (fast or slow)" };
const EVERY_MS: Setting = Setting { name: "every-ms", default: "20", does: "every so many milliseconds, 1 to 10000" };

fn sign(options: &mut Options) -> Result<i64, SpecError> {
    match options.text("direction")?.as_deref() {
        None | Some("ahead") => Ok(1),
        Some("back") => Ok(-1),
        Some(other) => Err(options.bad("direction", other, "ahead or back")),
    }
}

fn by_ms(options: &mut Options) -> Result<i64, SpecError> {
    let by = options.number("by-ms", 60_000, 1..=315_360_000_000)?.cast_signed();
    Ok(by * sign(options)?)
}

fn every_ms(options: &mut Options) -> Result<u64, SpecError> {
    options.number("every-ms", 20, 1..=10_000)
}

fn open(about: &'static About, wrong: Wrong, aim: Aim) -> Box<dyn Nemesis> {
    Box::new(OnEach(Clock { about, wrong, aim }))
}

fn open_jump(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let wrong = Wrong::Jump { by_ms: by_ms(options)? };
    Ok(open(&ABOUT_JUMP, wrong, Aim::of(options, Aim::Chance)?))
}

fn open_strobe(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let wrong = Wrong::Strobe { by_ms: by_ms(options)?, every_ms: every_ms(options)? };
    Ok(open(&ABOUT_STROBE, wrong, Aim::of(options, Aim::Chance)?))
}

fn open_drift(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let ppm = options.number("ppm", 50_000, 1..=100_000)?.cast_signed();
    let wrong = Wrong::Drift { ppm: ppm * sign(options)? };
    Ok(open(&ABOUT_DRIFT, wrong, Aim::of(options, Aim::Chance)?))
}

fn open_frozen(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let wrong = Wrong::Frozen { every_ms: every_ms(options)? };
    Ok(open(&ABOUT_FROZEN, wrong, Aim::of(options, Aim::Chance)?))
}

/// How a clock is wrong.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Jump { by_ms: i64 },
    Strobe { by_ms: i64, every_ms: u64 },
    Drift { ppm: i64 },
    Frozen { every_ms: u64 },
}

/// A clock that is wrong.
struct Clock {
    about: &'static About,
    wrong: Wrong,
    aim: Aim,
}

impl Clock {
    fn companion(&self) -> Companion {
        Companion { nemesis: self.about.name }
    }

    fn dir(&self) -> String {
        format!("{FAULTS}/{}", self.about.name)
    }
}

/// Prints why the node's clock is not to be touched; nothing if it may be.
const OF_OTHERS: &str = r#"why_not() {
  if systemd-detect-virt -q -c; then echo "it is a container, and its clock is that of its host"; return; fi
  command -v perl >/dev/null || { echo "perl is not installed (Debian package perl-base)"; return; }
  case $(uname -m) in x86_64|aarch64) ;; *) echo "no system calls known for $(uname -m)"; return ;; esac
  date -s "@$(date +%s.%N)" >/dev/null 2>&1 || echo "its clock cannot be set"
}
"#;

/// The same without setting anything: a preflight changes nothing.
fn needs() -> String {
    let script =
        OF_OTHERS.replace("  date -s \"@$(date +%s.%N)\" >/dev/null 2>&1 || echo \"its clock cannot be set\"\n", "");
    script + "reason=$(why_not)\necho \"${reason:-yes}\"\n"
}

impl Local for Clock {
    fn about(&self) -> &'static About {
        self.about
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        let name = self.about.name;
        match self.wrong {
            Wrong::Jump { by_ms } => format!("{name} by {by_ms} ms"),
            Wrong::Strobe { by_ms, every_ms } => format!("{name} by {by_ms} ms every {every_ms} ms"),
            Wrong::Drift { ppm } => format!("{name} of {ppm} ppm"),
            Wrong::Frozen { .. } => name.to_owned(),
        }
    }

    fn needs(&self, _: &Scene<'_>) -> String {
        needs()
    }

    fn make(&self, _: &Scene<'_>) -> String {
        let (dir, name) = (self.dir(), self.about.name);
        let program = format!("perl {dir}/{FILE}");
        let looped =
            |words: &str| self.companion().start(&format!("read -r base <{dir}/base\nexec {program} {words}\n"));
        let act = match self.wrong {
            Wrong::Jump { by_ms } => format!("{program} jump $base {by_ms}000000 || exit 1\n"),
            Wrong::Drift { ppm } => format!("{program} drift {ppm} || exit 1\n"),
            Wrong::Strobe { by_ms, every_ms } => looped(&format!("strobe $base {by_ms}000000 {every_ms}000000")),
            Wrong::Frozen { every_ms } => looped(&format!("freeze ${{base% *}} {every_ms}000000")),
        };
        format!(
            r#"{OF_OTHERS}reason=$(why_not)
[ -z "$reason" ] || {{ echo "$reason" >&2; exit {REFUSED}; }}
[ ! -e {dir}/base ] || {{ echo "the clock is wrong already" >&2; exit 1; }}
cat >{dir}/{FILE} <<'PERL' || exit 1
{PERL}PERL
{}{program} speed >{dir}/speed || exit 1
{program} base >{dir}/base.part && mv {dir}/base.part {dir}/base || exit 1
read -r base <{dir}/base
{act}"#,
            keeper::stop(name)
        )
    }

    /// Twice, with a pause, where once is not enough: a clock that is ahead says nothing of one that flickers. One that
    /// drifts must gain at least half of what it should.
    fn measure(&self, _: &Scene<'_>) -> String {
        let dir = self.dir();
        let judge = match self.wrong {
            Wrong::Jump { by_ms } => {
                format!("[ $((off - {by_ms})) -gt -1000 ] && [ $((off - {by_ms})) -lt 1000 ] && sure=yes\n")
            }
            Wrong::Strobe { by_ms, .. } => format!(
                "left=200\nlow= high=\nwhile [ $left -gt 0 ]; do\n  left=$((left - 1))\n  read_off\n  \
                 if [ $((2 * {sign} * off)) -gt {by} ]; then high=$off; else low=$off; fi\n  \
                 [ -z \"$high\" ] || [ -z \"$low\" ] || {{ sure=yes; off=\"$low and $high\"; break; }}\ndone\n",
                sign = by_ms.signum(),
                by = by_ms.abs(),
            ),
            Wrong::Drift { ppm } => format!(
                "first=$exact\nsleep 2\nread_off\nran=$((exact - first))\n\
                 [ $(({sign} * ran)) -gt {half} ] && sure=yes\noff=\"$off, $((ran / 1000000)) more in 2 s\"\n",
                sign = ppm.signum(),
                half = ppm.abs() * 1000,
            ),
            Wrong::Frozen { .. } => {
                "first=$off\nsleep 1\nread_off\n[ $((first - off)) -gt 700 ] && sure=yes\n".to_owned()
            }
        };
        format!(
            r#"[ -e {dir}/base ] || {{ echo "nothing was done to the clock"; exit 0; }}
read -r base <{dir}/base
read_off() {{ exact=$(perl {dir}/{FILE} offset $base); off=$((exact / 1000000)); }}
sure=
read_off
{judge}if [ -n "$sure" ]; then echo "yes, off by $off ms"; else echo "the clock is off by $off ms"; fi
"#
        )
    }

    fn undo(&self) -> String {
        let (dir, name) = (self.dir(), self.about.name);
        format!(
            r#"status=0
{}if [ -e {dir}/base ]; then
  read -r base <{dir}/base
  read -r speed <{dir}/speed
  if perl {dir}/{FILE} tune $speed && perl {dir}/{FILE} restore $base; then rm -f {dir}/base; else status=1; fi
fi
{}[ $status = 0 ] || exit 1
rm -f {dir}/{FILE} {dir}/speed {dir}/base.part
"#,
            self.companion().stop(),
            keeper::start(name)
        )
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        self.companion().trace() + "echo yes\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_one;

    #[test]
    fn settings_are_understood() {
        for good in
            ["clock-jump:by-ms=500:direction=back", "clock-drift:ppm=100000", "clock-frozen:one", "clock-strobe"]
        {
            parse_one(good).unwrap();
        }
        for bad in ["clock-jump:by-ms=0", "clock-drift:ppm=200000", "clock-frozen:by-ms=5", "clock-jump:direction=up"] {
            assert!(parse_one(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_preflight_sets_no_clock() {
        assert!(!needs().contains("date -s") && needs().contains("systemd-detect-virt"));
        assert!(OF_OTHERS.contains("date -s"));
    }
}
