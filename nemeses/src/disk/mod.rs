//! Faults of the disk on which the database keeps its data. All of them leave the file system alone on which the node
//! itself lives.

pub(crate) mod stall;

/// What a fault claims that freezes or mounts the file system of the data.
pub(crate) const MOUNT: &str = "the file system of the data";

/// Goes on only if `$dir` is a mount point whose file system holds nothing that the node itself lives on. Defines
/// `refuse`, and `mark_of`, which names the mark of a path: the path, without slashes.
pub(crate) const OWN_DISK: &str = r#"refuse() { echo "$1" >&2; exit 77; }
mark_of() { printf '%s' "$1" | sed 's/%/%25/g; s,/,%2F,g'; }
mountpoint -q "$dir" || refuse "$dir is no mount point: the data directory needs a file system of its own"
own=$(stat -c %d "$dir")
for other in / /usr /etc /var /var/log /var/lib /home /root /tmp /run; do
  [ "$(stat -c %d $other 2>/dev/null)" != "$own" ] || refuse "$dir is on the same file system as $other"
done
"#;
