//! How a unit is killed so that its supervisor does not undo it, and how one that a fault has stopped is started again.
//!
//! A nemesis marks a unit by a file of the unit's name in its own directory, and keeps what forbids the restart in a
//! drop-in of its own name, in memory.

use crate::marks::{FAULTS, PROCESSES, REFUSED};

/// Marks `$unit`, forbids its restart, kills it, and goes on when `$pid` and all other processes of it are gone. A unit
/// that systemd would forget when it fails could not be started again, and is refused. The mark holds when the process
/// was started.
pub fn kill(nemesis: &str) -> String {
    PROCESSES.to_owned()
        + &format!(
            r#"if [ "$(systemctl show -p CollectMode --value "$unit")" = inactive-or-failed ]; then
  echo "systemd forgets $unit when it fails (CollectMode), so it could not be started again" >&2; exit {REFUSED}
fi
systemctl show -p ExecMainStartTimestampMonotonic --value "$unit" >{FAULTS}/{nemesis}/"$unit" || exit 1
if [ "$(systemctl show -p Restart --value "$unit")" != no ]; then
  mkdir -p /run/systemd/system/"$unit".d
  printf '[Service]\nRestart=no\n' >/run/systemd/system/"$unit".d/gainsay-{nemesis}.conf
  systemctl daemon-reload || exit 1
fi
left=50
signal KILL "$unit"
while [ -n "$(states "$unit")" ] || [ "$(systemctl show -p MainPID --value "$unit")" = "$pid" ]; do
  left=$((left - 1))
  [ $left -gt 0 ] || {{ echo "$unit was killed but does not die:" $(states "$unit") >&2; exit 1; }}
  sleep 0.02
  signal KILL "$unit"
done
"#
        )
}

/// Answers `yes` if the process that was killed is gone; another one may have been started since.
pub fn gone(nemesis: &str, unit: &str) -> String {
    format!(
        r#"unit={unit}
[ -e {FAULTS}/{nemesis}/"$unit" ] || {{ echo "it was not killed"; exit 0; }}
pid=$(systemctl show -p MainPID --value "$unit")
started=$(systemctl show -p ExecMainStartTimestampMonotonic --value "$unit")
state=$(systemctl is-active "$unit")
case "${{pid:-0}} $state" in
  "0 inactive"|"0 failed") ;;
  *) [ "$started" != "$(cat {FAULTS}/{nemesis}/"$unit")" ] || {{ echo "$unit is $state, process $pid"; exit 0; }} ;;
esac
"#
    )
}

/// Takes a drop-in of this name away from `$unit`.
fn unhand(nemesis: &str) -> String {
    format!(
        r#"if [ -e /run/systemd/system/"$unit".d/gainsay-{nemesis}.conf ]; then
    rm -f /run/systemd/system/"$unit".d/gainsay-{nemesis}.conf
    rmdir /run/systemd/system/"$unit".d 2>/dev/null
    systemctl daemon-reload
  fi
"#
    )
}

/// Takes away the drop-in of every marked unit, starts it and waits up to 5 s for it to be active; the body of a `( )`.
/// One that is still starting by then, with a main process, counts as started: a member that waits for its peers cannot
/// do better while another fault lasts. A unit that is gone needs no start.
pub fn revive(nemesis: &str) -> String {
    format!(
        r#"status=0
for mark in {FAULTS}/{nemesis}/*.service; do
  [ -e "$mark" ] || continue
  unit=${{mark##*/}}
  {}  [ "$(systemctl show -p LoadState --value "$unit")" = not-found ] || systemctl start --no-block "$unit"
done
for mark in {FAULTS}/{nemesis}/*.service; do
  [ -e "$mark" ] || continue
  unit=${{mark##*/}}
{WAIT}done
exit $status
"#,
        unhand(nemesis)
    )
}

/// Waits for `$unit`, whose mark is `$mark`, and starts it once more if it fails.
const WAIT: &str = r#"  left=50
  tried=
  while [ $left -gt 0 ]; do
    state=$(systemctl is-active "$unit")
    [ "$(systemctl show -p LoadState --value "$unit")" != not-found ] || state=gone
    case $state in active|gone) break ;; esac
    if [ $state = failed ] && [ -z "$tried" ]; then
      tried=yes
      systemctl start --no-block "$unit" || { systemctl reset-failed "$unit"; systemctl start --no-block "$unit"; }
    fi
    sleep 0.1
    left=$((left - 1))
  done
  pid=$(systemctl show -p MainPID --value "$unit")
  case "$state ${pid:-0}" in
    active*|gone*|"activating "[1-9]*) rm -f "$mark" ;;
    *) echo "$unit was started, but is $state" >&2; status=1 ;;
  esac
"#;

/// Answers `yes` if no drop-in is left. A mark goes only when its unit was seen to run again. Whether a unit runs that
/// was never killed is not asked: before a database is installed none does.
pub fn trace(nemesis: &str) -> String {
    format!(
        r#"for left in /run/systemd/system/*.d/gainsay-{nemesis}.conf; do
  [ ! -e "$left" ] || {{ echo "$left is left"; exit 0; }}
done
echo yes
"#
    )
}
