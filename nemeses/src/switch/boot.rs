//! The part of the dead man's switch that outlives a restart of the node: a service that, at the next start and only
//! then, undoes what the restart left and starts the database, and afterwards removes itself.
//!
//! It lies on the disk and is flushed there when the switch is armed. A node that starts during a run is armed anew by
//! the controller; if there is none any more, nothing of ours is left.

use super::ARMED;

/// The script that keeps the healing script, which lies in memory, on the disk. Where that cannot be, faults by which a
/// node starts anew are refused, and all others work. `unit` is the database's, quoted; empty if it has none.
pub(super) fn keep(unit: &str) -> String {
    format!(
        r#"keep() {{
  mkdir -p /var/lib/gainsay/switch /etc/systemd/system/multi-user.target.wants &&
  cp /run/gainsay/heal.sh /var/lib/gainsay/switch/heal.sh &&
  cat >/var/lib/gainsay/switch/boot.sh <<'BOOT' &&
{}BOOT
  cat >/etc/systemd/system/gainsay-boot.service <<'UNIT' &&
[Unit]
Description=gainsay: undo what outlived a restart of this node
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh /var/lib/gainsay/switch/boot.sh
UNIT
  ln -sfn ../gainsay-boot.service /etc/systemd/system/multi-user.target.wants/gainsay-boot.service &&
  timeout 20 sync /var/lib/gainsay/switch/* /var/lib/gainsay/switch /var/lib/gainsay /etc/systemd/system \
    /etc/systemd/system/gainsay-boot.service /etc/systemd/system/multi-user.target.wants
}}
rm -f /run/gainsay/unkept
keep 2>/dev/null || : >/run/gainsay/unkept
"#,
        boot_script(unit)
    )
}

/// A member may fail at first, because the address that it binds to is not there yet.
fn boot_script(unit: &str) -> String {
    let start = r#"left=90
calm=0
while [ $left -gt 0 ] && [ $calm -lt 3 ]; do
  if systemctl is-active --quiet UNIT; then calm=$((calm + 1)); else calm=0; systemctl start UNIT; fi
  left=$((left - 1))
  sleep 1
done
"#;
    let start = if unit.is_empty() { String::new() } else { start.replace("UNIT", unit) };
    format!("GAINSAY_BOOT=yes sh /var/lib/gainsay/switch/heal.sh\n{start}[ -e {ARMED} ] || {{\n{FORGET}}}\n")
}

/// Removes all of it.
pub(super) const FORGET: &str = "\
rm -rf /var/lib/gainsay/switch /run/gainsay/unkept
rm -f /etc/systemd/system/gainsay-boot.service /etc/systemd/system/multi-user.target.wants/gainsay-boot.service
rmdir /var/lib/gainsay 2>/dev/null
:
";

/// Ends a script that shall make a node start anew, unless what matters survives that. `unit` is as for [`keep`].
pub fn survives(unit: &str) -> String {
    let kept = format!(
        "[ -e /var/lib/gainsay/switch/boot.sh ] || {{ echo \"the dead man's switch does not survive a restart here\" >&2; exit {}; }}\n",
        crate::marks::REFUSED
    );
    if unit.is_empty() {
        return kept;
    }
    let of_memory = format!(
        "case $(systemctl show -p FragmentPath --value {unit}) in\n  /run/*) echo {unit} lies in memory, and a restart loses it >&2; exit {} ;;\nesac\n",
        crate::marks::REFUSED
    );
    kept + &of_memory
}

/// Sets `starting` to `yes` while the node has not undone yet what outlived its last start.
pub const STARTING: &str = r#"starting=no
[ "$(systemctl show -p ActiveState --value gainsay-boot.service 2>/dev/null)" != activating ] || starting=yes
[ ! -e /var/lib/gainsay/switch/boot.sh ] || [ -e /run/gainsay/armed ] || starting=yes
"#;
