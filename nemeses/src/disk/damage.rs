//! Damages files of the data: flips bits, or cuts off their ends, as a disk does that lies or a file system that was
//! repaired. The files are chosen by a pattern, the place by zone.
//!
//! This is damage, and undone only as far as it can be: a flipped bit is flipped back, and a lost end put back, where
//! nobody wrote there since. What the database made of the damage meanwhile stays. File and place are chosen on the node
//! by chance, not by the seed of the run; what was damaged is measured and written down.

use super::DIR;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name flipped bits.
pub(crate) const BIT_FLIP: Kind = Kind { name: FLIP_ABOUT.name, entry: || FLIP_ABOUT.entry(), open: open_flip };

/// How plans name lost ends.
pub(crate) const TRUNCATE: Kind =
    Kind { name: TRUNCATE_ABOUT.name, entry: || TRUNCATE_ABOUT.entry(), open: open_truncate };

/// Which files.
const PATH: Setting = Setting {
    name: "path",
    default: "*",
    does: "which file below the data directory, as a pattern: path=*.wal; one by chance of those that fit",
};

const FLIP_ABOUT: About = About {
    name: "bit-flip",
    family: Family::Disk,
    does: "flips bits in a file of the data while the database runs; one node if not told",
    needs: "a data directory; perl",
    undone_by: "damage: bits are flipped back in bytes that nobody has written since",
    measured_by: "the bytes are read again, and differ from what they were",
    tallied: "nodes with flipped bits",
    hurts: Hurts::Data,
    claims: &[],
    settings: &[
        PATH,
        Setting {
            name: "zone",
            default: "random",
            does: "where in the file: random, or the third at its start, middle, end",
        },
        Setting { name: "bits", default: "1", does: "how many, each in another byte, 1 to 10000" },
    ],
};

const TRUNCATE_ABOUT: About = About {
    name: "truncate",
    family: Family::Disk,
    does: "cuts off the end of a file of the data while the database runs; one node if not told",
    needs: "a data directory",
    undone_by: "damage: the end is put back if nobody has changed the length since",
    measured_by: "the file is shorter than it was",
    tallied: "nodes with a file that lost its end",
    hurts: Hurts::Data,
    claims: &[],
    settings: &[PATH, Setting { name: "bytes", default: "1024", does: "how much is cut off, 1 to 1048576 bytes" }],
};

fn open_flip(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let path = options.text("path")?.unwrap_or_else(|| "*".to_owned());
    let zone = options.word("zone", &["random", "start", "middle", "end"])?;
    let bits = options.number("bits", 1, 1..=10_000)?;
    Ok(Box::new(OnEach(BitFlip { aim: Aim::of(options, Target::One.into())?, path, zone, bits })))
}

fn open_truncate(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let path = options.text("path")?.unwrap_or_else(|| "*".to_owned());
    let bytes = options.number("bytes", 1_024, 1..=1 << 20)?;
    Ok(Box::new(OnEach(Truncate { aim: Aim::of(options, Target::One.into())?, path, bytes })))
}

/// Sets `file` to one by chance of the files in `$dir` that fit a pattern and hold something.
fn choose(path: &str) -> String {
    format!(
        r#"file=$(find "$dir" -xdev -type f -size +0 ! -name '.gainsay*' -path "$dir/"'{path}' | shuf -n 1)
[ -n "$file" ] || {{ echo "no file in $dir fits {path} and holds something" >&2; exit 1; }}
"#
    )
}

/// Flipped bits.
#[derive(Clone, Debug)]
struct BitFlip {
    aim: Aim,
    path: String,
    zone: &'static str,
    bits: u64,
}

/// Flips bits in a file, and prints a line for each: place, byte before, byte after. Bytes that are zero are left alone
/// as long as others are found: they are mostly space that nobody reads.
const FLIP: &str = r#"
use IO::Handle;
my ($path, $zone, $bits) = @ARGV;
open(my $file, "+<:raw", $path) or die "$path: $!\n";
my $size = -s $file;
my ($from, $to) = (0, $size);
$to = $size / 3 if $zone eq "start";
($from, $to) = ($size / 3, 2 * $size / 3) if $zone eq "middle";
$from = 2 * $size / 3 if $zone eq "end";
my (%done, $tries);
while (keys %done < $bits && $tries++ < 400 * $bits) {
  my $at = int($from + rand($to - $from));
  next if $done{$at};
  sysseek($file, $at, 0);
  sysread($file, my $byte, 1) or next;
  next if $byte eq "\0" && $tries < 200 * $bits;
  my $flipped = chr(ord($byte) ^ (1 << int(rand(8))));
  sysseek($file, $at, 0);
  syswrite($file, $flipped) or die "$path: $!\n";
  print "$at ", ord($byte), " ", ord($flipped), "\n";
  $done{$at} = 1;
}
$file->sync;
die "$path is too short for $bits bits\n" if keys %done < $bits;
"#;

/// Reads the lines of [`FLIP`] after the path, and counts the bytes that are as they were left; with `undo` it puts the
/// former ones back.
const LOOK: &str = r#"
my ($marks, $undo) = @ARGV;
open(my $lines, "<", $marks) or die "$marks: $!\n";
chomp(my $path = <$lines>);
my ($flipped, $all) = (0, 0);
open(my $file, $undo ? "+<:raw" : "<:raw", $path) or do { print "0 0 $path\n"; exit 0 };
while (<$lines>) {
  my ($at, $before, $after) = split;
  $all++;
  sysseek($file, $at, 0);
  sysread($file, my $byte, 1) or next;
  next if ord($byte) != $after;
  $flipped++;
  next unless $undo;
  sysseek($file, $at, 0);
  syswrite($file, chr($before)) or die "$path: $!\n";
}
print "$flipped $all $path\n";
"#;

impl Local for BitFlip {
    fn about(&self) -> &'static About {
        &FLIP_ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("bit-flip, {} in {} ({}),", self.bits, self.path, self.zone)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["perl", "shuf"], scene)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        format!("dir={}\n{DIR}", scene.dir)
            + &choose(&self.path)
            + &format!(
                "echo \"$file\" >{FAULTS}/bit-flip/flips || exit 1\nperl -e '{FLIP}' \"$file\" {} {} >>{FAULTS}/bit-flip/flips\n",
                self.zone, self.bits
            )
    }

    fn measure(&self, _: &Scene<'_>) -> String {
        format!(
            r#"[ -s {FAULTS}/bit-flip/flips ] || {{ echo "no bit was flipped"; exit 0; }}
set -- $(perl -e '{LOOK}' {FAULTS}/bit-flip/flips)
if [ "$1" -gt 0 ]; then echo "yes, $1 of $2 in $3"; else echo "all was written over in $3"; fi
"#
        )
    }

    fn undo(&self) -> String {
        format!(
            "[ ! -s {FAULTS}/bit-flip/flips ] || perl -e '{LOOK}' {FAULTS}/bit-flip/flips undo >/dev/null || exit 1\n\
             rm -f {FAULTS}/bit-flip/flips\n"
        )
    }
}

/// A lost end.
#[derive(Clone, Debug)]
struct Truncate {
    aim: Aim,
    path: String,
    bytes: u64,
}

impl Local for Truncate {
    fn about(&self) -> &'static About {
        &TRUNCATE_ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("truncate {} by {} bytes", self.path, self.bytes)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        super::needs(&["shuf", "truncate"], scene)
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        format!("dir={}\n{DIR}", scene.dir)
            + &choose(&self.path)
            + &format!(
                r#"size=$(stat -c %s "$file")
left=$((size > {0} ? size - {0} : 0))
tail -c $((size - left)) "$file" >{FAULTS}/truncate/end || exit 1
printf '%s\n' "$file" $size $left >{FAULTS}/truncate/cut || exit 1
truncate -s $left "$file" && sync "$file"
"#,
                self.bytes
            )
    }

    fn measure(&self, _: &Scene<'_>) -> String {
        format!(
            r#"[ -s {FAULTS}/truncate/cut ] || {{ echo "nothing was cut off"; exit 0; }}
{{ read -r file; read -r size; read -r left; }} <{FAULTS}/truncate/cut
now=$(stat -c %s "$file" 2>/dev/null)
if [ "${{now:-$size}}" -lt $size ]; then echo "yes, $file has $now bytes of $size"; else echo "$file is as long as before"; fi
"#
        )
    }

    fn undo(&self) -> String {
        format!(
            r#"if [ -s {FAULTS}/truncate/cut ]; then
  {{ read -r file; read -r size; read -r left; }} <{FAULTS}/truncate/cut
  if [ "$(stat -c %s "$file" 2>/dev/null)" = "$left" ]; then cat {FAULTS}/truncate/end >>"$file" || exit 1; fi
fi
rm -f {FAULTS}/truncate/cut {FAULTS}/truncate/end
"#
        )
    }
}
