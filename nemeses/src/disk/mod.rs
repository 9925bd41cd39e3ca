//! Faults of the disk on which the database keeps its data. All of them leave the file system alone on which the node
//! itself lives.

pub(crate) mod damage;
pub(crate) mod full;
pub(crate) mod power;
pub(crate) mod readonly;
pub(crate) mod rollback;
pub(crate) mod slow;
pub(crate) mod stall;

use crate::local::Scene;
use std::fmt::Write;

/// What a fault claims that freezes or mounts the file system of the data.
pub(crate) const MOUNT: &str = "the file system of the data";

/// Makes `$dir` a path without links, and defines `refuse`.
const DIR: &str = r#"refuse() { echo "$1" >&2; exit 77; }
dir=$(readlink -f "$dir")
"#;

/// Goes on only if `$dir` is a mount point whose file system holds nothing that the node itself lives on.
const OWN_DISK: &str = r#"mountpoint -q "$dir" || refuse "$dir is no mount point: the data directory needs a file system of its own"
own=$(stat -c %d "$dir")
for other in / /usr /etc /var /var/log /var/lib /home /root /tmp /run; do
  [ "$(stat -c %d $other 2>/dev/null)" != "$own" ] || refuse "$dir is on the same file system as $other"
done
"#;

/// Writes the mark of NEMESIS for `$dir`: named by the path, without slashes, and it holds the path.
const MARK: &str = r#"echo "$dir" >/run/gainsay/faults/NEMESIS/"$(printf '%s' "$dir" | sed 's/%/%25/g; s,/,%2F,g')" || exit 1
"#;

/// Does UNDO for every `$dir` that NEMESIS has marked and that is still mounted, and takes the mark away; UNDO may set
/// `status` and `continue`. It is the body of a `( )`.
const MOUNTED: &str = r#"status=0
for mark in /run/gainsay/faults/NEMESIS/%2F*; do
  [ -e "$mark" ] || continue
  read -r dir <"$mark"
  if mountpoint -q "$dir"; then
    UNDO
  fi
  rm -f "$mark"
done
(exit $status)
"#;

/// Prints `yes` if these programs are there. Whether the data directory is a mount point of its own is asked when the
/// fault is made: before the database is installed there may be none.
fn needs(programs: &[&str], _: &Scene<'_>) -> String {
    let mut script = String::new();
    for program in programs {
        let _ = writeln!(script, "command -v {program} >/dev/null || {{ echo '{program} is missing'; exit 0; }}");
    }
    script + "echo yes\n"
}

/// Prints `yes` if a file of ours is not in a directory.
fn no_file(dir: &str, name: &str) -> String {
    match dir {
        "" => "echo yes\n".to_owned(),
        dir => format!("if [ -e {dir}/{name} ]; then echo \"{name} is left\"; else echo yes; fi\n"),
    }
}
