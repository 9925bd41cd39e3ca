//! Where a node remembers what was done to it, and the pieces of shell that every script shares.
//!
//! All of it is below `/run/gainsay`, a file system in memory: it stays writable when a disk is full or frozen, and a
//! reboot, which undoes every fault of this crate, removes it too.

/// One directory per nemesis, one file per thing that was hurt.
pub const FAULTS: &str = "/run/gainsay/faults";

/// There while the dead man's switch is armed.
pub const ARMED: &str = "/run/gainsay/armed";

/// Exit status of a script that refused to do what would not be safe.
pub const REFUSED: i32 = 77;

/// There once somebody has halted the run that holds the node.
pub const HALTED: &str = "/run/gainsay/halt";

/// Ends a script on a node whose dead man's switch is not armed, or whose run was halted. It starts no process, for
/// injections are in a hurry.
pub fn guard() -> String {
    format!(
        "[ -e {ARMED} ] || {{ echo \"the dead man's switch is not armed here\" >&2; exit {REFUSED}; }}\n\
         [ ! -e {HALTED} ] || {{ echo \"this run was halted\" >&2; exit {REFUSED}; }}\n"
    )
}

/// Sets `unit` to this name, which is quoted, and `pid` to its main process; ends the script if it does not run, for
/// what is not there cannot be hurt.
pub fn running(unit: &str) -> String {
    format!(
        "unit={unit}\n\
         pid=$(systemctl show -p MainPID --value \"$unit\")\n\
         [ \"${{pid:-0}}\" != 0 ] || {{ echo \"$unit does not run: $(systemctl is-active \"$unit\")\" >&2; exit 1; }}\n"
    )
}

/// Two shell functions about a unit's processes.
///
/// `states UNIT` prints a line `PID STATE` for each process in its control group, dead ones left out. It asks /proc, for
/// where the group is mounted differs (version 1, version 2, both, or neither in a container).
///
/// `signal NAME UNIT` sends a signal to all of them: by systemd, and then one by one, for where version 1 and 2 of
/// control groups are mixed, systemd reaches the main process and fails with "auxiliary processes: Input/output error".
pub const PROCESSES: &str = r#"states() {
  [ -n "$1" ] || return
  for file in $(grep -lsF "/$1" /proc/[0-9]*/cgroup); do
    { read -r line <"${file%cgroup}stat"; } 2>/dev/null || continue
    rest=${line##*) }
    file=${file%/cgroup}
    case $rest in Z*|X*) ;; *) echo "${file#/proc/} ${rest%% *}" ;; esac
  done
}
signal() {
  systemctl kill -s "$1" "$2" 2>/dev/null
  states "$2" | while read -r pid state; do kill -s "$1" "$pid" 2>/dev/null; done
}
"#;
