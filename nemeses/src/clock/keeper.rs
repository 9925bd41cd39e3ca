//! What keeps a node's clock right: every service of that kind is stopped while the clock is wrong, and started again if
//! it ran. None is disabled, so that a restart of the node starts it, too.

use crate::marks::FAULTS;

/// The units by which distributions know them.
const UNITS: &str = "chrony chronyd systemd-timesyncd ntp ntpd ntpsec openntpd";

/// Stops and marks those that run.
pub(super) fn stop(nemesis: &str) -> String {
    format!(
        r#"for keeper in {UNITS}; do
  systemctl is-active --quiet $keeper.service || continue
  # One service may have two names.
  id=$(systemctl show -p Id --value $keeper.service)
  : >{FAULTS}/{nemesis}/keeper-$id || exit 1
  systemctl stop $id || exit 1
done
"#
    )
}

/// Starts those that were stopped; `status` becomes 1 if one does not.
pub(super) fn start(nemesis: &str) -> String {
    format!(
        r#"for mark in {FAULTS}/{nemesis}/keeper-*; do
  [ -e "$mark" ] || continue
  if systemctl start "${{mark#*/keeper-}}"; then rm -f "$mark"; else status=1; fi
done
"#
    )
}
