//! Less of the machine for the database: processor, memory, tasks, by the limits of its control group. With a limit of
//! memory below what it uses the kernel kills it.
//!
//! The limits stand in a drop-in of ours, in memory, which systemd applies when it reads its units again. Whether they
//! bite is not assumed: where systemd cannot reach the controllers (in a container that shares its host's, or where
//! versions 1 and 2 are mixed) it accepts every limit and enforces none. So the preflight starts a process of ours
//! under such a limit, and refuses the fault unless it is held to it.

use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::{FAULTS, PROCESSES, running};
use crate::options::{Options, Setting};
use crate::process::life;
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name less processor.
pub(crate) const CPU: Kind =
    Kind { name: CPU_ABOUT.name, entry: || CPU_ABOUT.entry(), open: |options| open(options, Resource::Processor) };

/// How plans name less memory.
pub(crate) const MEMORY: Kind =
    Kind { name: MEMORY_ABOUT.name, entry: || MEMORY_ABOUT.entry(), open: |options| open(options, Resource::Memory) };

/// How plans name too little memory.
pub(crate) const OOM: Kind = Kind {
    name: OOM_ABOUT.name,
    entry: || OOM_ABOUT.entry(),
    open: |options| open(options, Resource::TooLittleMemory),
};

/// How plans name no more tasks.
pub(crate) const TASKS: Kind =
    Kind { name: TASKS_ABOUT.name, entry: || TASKS_ABOUT.entry(), open: |options| open(options, Resource::Tasks) };

const CPU_ABOUT: About = About {
    name: "cpu-throttle",
    family: Family::Process,
    does: "leaves the database a small part of one processor; one node if not told",
    needs: "a systemd unit that runs; a processor controller that systemd can use, which is tried",
    undone_by: "the drop-in with the limit is removed",
    measured_by: "the kernel counts that the group was throttled, or the limit is that of the group",
    tallied: "units throttled",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "percent", default: "5", does: "of one processor, 1 to 100" }],
};

const MEMORY_ABOUT: About = About {
    name: "memory-pressure",
    family: Family::Process,
    does: "makes the kernel take memory back from the database at each step (MemoryHigh); one node if not told",
    needs: "a systemd unit that runs; a memory controller of version 2 that systemd can use, which is tried",
    undone_by: "the drop-in with the limit is removed",
    measured_by: "the limit is that of the group, and it uses as much as it may",
    tallied: "units under pressure",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[Setting { name: "percent", default: "60", does: "of what it uses now, 10 to 100" }],
};

const OOM_ABOUT: About = About {
    name: "oom-kill",
    family: Family::Process,
    does: "leaves the database half of the memory that it uses, so that the kernel kills it; one node if not told",
    needs: "a systemd unit that runs; a memory controller that systemd can use, which is tried",
    undone_by: "the drop-in with the limit is removed, and the database is started",
    measured_by: "the process that ran is gone",
    tallied: "units killed for memory",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

const TASKS_ABOUT: About = About {
    name: "process-limit",
    family: Family::Process,
    does: "lets the database start no further process or thread; one node if not told",
    needs: "a systemd unit that runs; a controller of processes that systemd can use, which is tried",
    undone_by: "the drop-in with the limit is removed",
    measured_by: "the limit of the group is what it uses",
    tallied: "units that start no task",
    hurts: Hurts::Process,
    claims: &[],
    settings: &[],
};

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Processor,
    Memory,
    TooLittleMemory,
    Tasks,
}

fn open(options: &mut Options, resource: Resource) -> Result<Box<dyn Nemesis>, SpecError> {
    let percent = match resource {
        Resource::Processor => options.number("percent", 5, 1..=100)?,
        Resource::Memory => options.number("percent", 60, 10..=100)?,
        Resource::TooLittleMemory | Resource::Tasks => 50,
    };
    Ok(Box::new(OnEach(Limited { aim: Aim::of(options, Target::One.into())?, resource, percent })))
}

/// A database that gets less.
#[derive(Clone, Debug)]
struct Limited {
    aim: Aim,
    resource: Resource,
    percent: u64,
}

/// `in_group CONTROLLER FILE...` prints the first of these files that is there, of the group of `$unit` in version 2 of
/// control groups or in that of a controller of version 1. `bytes` prints how much memory its processes use.
const GROUP: &str = r#"in_group() {
  path=$(systemctl show -p ControlGroup --value "$unit")
  controller=$1
  shift
  for file do
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/$controller; do
      [ ! -e "$root$path/$file" ] || { cat "$root$path/$file"; return; }
    done
  done
}
bytes() {
  total=0
  for pid in $(states "$unit" | cut -d ' ' -f 1); do
    pages=$(cut -d ' ' -f 2 /proc/$pid/statm 2>/dev/null)
    total=$((total + ${pages:-0} * $(getconf PAGESIZE)))
  done
  echo $total
}
"#;

impl Limited {
    /// Sets `limit` to the lines of the drop-in.
    fn limit_script(&self) -> String {
        match self.resource {
            Resource::Processor => format!("limit='CPUQuota={}%'\n", self.percent),
            Resource::Memory => format!("limit=\"MemoryHigh=$(($(bytes) * {} / 100))\"\n", self.percent),
            Resource::TooLittleMemory => {
                "limit=\"MemoryMax=$(($(bytes) / 2))\nMemorySwapMax=0\nRestart=no\"\n".to_owned()
            }
            Resource::Tasks => "limit=\"TasksMax=$(in_group pids pids.current)\"\n".to_owned(),
        }
    }

    /// Starts something under such a limit, and prints why it is not held to it, if it is not.
    fn trial(&self) -> &'static str {
        match self.resource {
            Resource::Processor => {
                r#"begun=$(date +%s%N)
systemd-run --quiet --wait --collect -p CPUQuota=10% /bin/sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done' || exit 0
held=$((($(date +%s%N) - begun) / 1000000))
begun=$(date +%s%N)
systemd-run --quiet --wait --collect /bin/sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done' || exit 0
free=$((($(date +%s%N) - begun) / 1000000))
[ $held -ge $((free * 3)) ] || { echo "a quota of processor time is not enforced here ($held ms with it, $free ms without)"; exit 0; }
"#
            }
            Resource::Memory => {
                r#"said=$(systemd-run --quiet --wait --pipe --collect -p MemoryHigh=64M /bin/sh -c \
  'cat /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)/memory.high' 2>&1)
[ "$said" = 67108864 ] || { echo "MemoryHigh is not enforced here: the kernel's limit is not what systemd was told"; exit 0; }
"#
            }
            Resource::TooLittleMemory => {
                r#"if systemd-run --quiet --wait --collect -p MemoryMax=16M -p MemorySwapMax=0 /bin/sh -c \
  'head -c 67108864 /dev/zero | tail >/dev/null' 2>/dev/null; then echo "a limit of memory is not enforced here"; exit 0; fi
"#
            }
            Resource::Tasks => {
                r#"if systemd-run --quiet --wait --collect -p TasksMax=2 /bin/sh -c \
  'sleep 0.1 & sleep 0.1 & sleep 0.1 & wait' 2>/dev/null; then echo "a limit of tasks is not enforced here"; exit 0; fi
"#
            }
        }
    }

    fn gauge(&self) -> String {
        match self.resource {
            Resource::Processor => "throttled=$(in_group cpu cpu.stat | sed -n 's/^nr_throttled //p')\n\
                 quota=$(in_group cpu cpu.max cpu.cfs_quota_us)\n\
                 case $quota in ''|max*|-1*) echo \"there is no quota\" ;; \
                 *) echo \"yes, throttled $throttled times\" ;; esac\n"
                .to_owned(),
            Resource::Memory => "limit=$(in_group memory memory.high)\nuses=$(in_group memory memory.current)\n\
                 if [ \"${limit:-max}\" != max ]; then echo \"yes, $uses of $limit bytes\"; else echo \"there is no limit\"; fi\n"
                .to_owned(),
            Resource::TooLittleMemory => life::gone("oom-kill", "\"$unit\"") + "echo yes\n",
            Resource::Tasks => "limit=$(in_group pids pids.max)\nuses=$(in_group pids pids.current)\n\
                 if [ \"${limit:-max}\" != max ] && [ \"$uses\" -ge \"$limit\" ]; then echo \"yes, $uses of $limit tasks\"; \
                 else echo \"$uses of ${limit:-any number of} tasks\"; fi\n"
                .to_owned(),
        }
    }
}

impl Local for Limited {
    fn about(&self) -> &'static About {
        match self.resource {
            Resource::Processor => &CPU_ABOUT,
            Resource::Memory => &MEMORY_ABOUT,
            Resource::TooLittleMemory => &OOM_ABOUT,
            Resource::Tasks => &TASKS_ABOUT,
        }
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn needs(&self, _: &Scene<'_>) -> String {
        self.trial().to_owned() + "echo yes\n"
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let name = self.about().name;
        let wait = match self.resource {
            Resource::TooLittleMemory => {
                "left=100\nwhile [ \"$(systemctl show -p MainPID --value \"$unit\")\" = \"$pid\" ]; do\n  left=$((left - 1))\n  \
                 [ $left -gt 0 ] || { echo \"$unit was not killed for its memory\" >&2; exit 1; }\n  sleep 0.05\ndone\n"
            }
            _ => "",
        };
        running(scene.unit)
            + PROCESSES
            + GROUP
            + &self.limit_script()
            + &format!(
                r#"systemctl show -p ExecMainStartTimestampMonotonic --value "$unit" >{FAULTS}/{name}/"$unit" || exit 1
mkdir -p /run/systemd/system/"$unit".d
printf '[Service]\n%s\n' "$limit" >/run/systemd/system/"$unit".d/gainsay-{name}.conf
systemctl daemon-reload || exit 1
{wait}"#
            )
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let name = self.about().name;
        format!(
            "unit={}\n{PROCESSES}{GROUP}[ -e {FAULTS}/{name}/\"$unit\" ] || {{ echo \"it is not limited\"; exit 0; }}\n{}",
            scene.unit,
            self.gauge()
        )
    }

    fn undo(&self) -> String {
        life::revive(self.about().name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        life::trace(self.about().name)
    }
}
