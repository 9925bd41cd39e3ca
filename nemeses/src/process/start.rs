//! How a unit that a fault has stopped is started again.

/// Starts every unit that the nemesis has marked by its name and waits up to 5 s for it to be active; the body of a
/// `( )`. One that is still starting by then, with a main process, counts as started: a member that waits for its peers
/// cannot do better while another fault lasts. A unit that is gone needs no start.
pub fn marked(nemesis: &str) -> String {
    MARKED.replace("NEMESIS", nemesis)
}

const MARKED: &str = r#"status=0
for mark in /run/gainsay/faults/NEMESIS/*.service; do
  [ -e "$mark" ] || continue
  unit=${mark##*/}
  [ "$(systemctl show -p LoadState --value "$unit")" = not-found ] || systemctl start --no-block "$unit"
done
for mark in /run/gainsay/faults/NEMESIS/*.service; do
  [ -e "$mark" ] || continue
  unit=${mark##*/}
  left=50
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
done
exit $status
"#;
