//! The program that reads and sets clocks on a node. It is Perl without modules, which every Debian has; the kernel is
//! asked by its numbers of system calls, which differ between architectures.
//!
//! Words: `base` prints the time of day and the raw monotonic time; `restore TIME RAW` sets what it would be without us;
//! `jump TIME RAW NS`, `strobe TIME RAW NS EVERY`, `freeze TIME EVERY` and `drift PPM` are the faults; `tune TICK FREQ`
//! restores the speed, which `speed` prints; `offset TIME RAW` prints by how much the clock is off. All in nanoseconds.

/// The program.
pub(super) const PERL: &str = r#"use strict;
my $arch = `uname -m`; chomp $arch;
my %numbers = ("x86_64" => [228, 227, 159], "aarch64" => [113, 112, 171]);
my $calls = $numbers{$arch} or die "no system calls known for $arch\n";
my ($get, $set, $adjust) = @$calls;
sub now { my $t = "\0" x 16; syscall($get, $_[0], $t) == 0 or die "clock_gettime: $!\n"; my ($s, $n) = unpack("qq", $t); return $s * 1000000000 + $n; }
sub day { return now(0); }
sub raw { return now(4); }
sub put { use integer; my $t = pack("qq", $_[0] / 1000000000, $_[0] % 1000000000); syscall($set, 0, $t) == 0 or die "clock_settime: $!\n"; }
# struct timex: modes and frequency are fields 0 and 2, tick is field 11 of the 64-bit ones.
sub timex { my ($modes, $freq, $tick) = @_; my $x = pack("L x4 q q q q l x4 q q q q q q", $modes, 0, $freq, 0, 0, 0, 0, 0, 0, 0, 0, $tick) . "\0" x 112; syscall($adjust, $x) >= 0 or die "adjtimex: $!\n"; my @f = unpack("L x4 q q q q l x4 q q q q q q", $x); return ($f[11], $f[2]); }
sub true_day { my ($day, $raw) = @_; return $day + raw() - $raw; }
my ($word, @a) = @ARGV;
if ($word eq "base") { my $raw = raw(); print day(), " ", $raw, "\n"; }
elsif ($word eq "restore") { put(true_day(@a)); }
elsif ($word eq "jump") { put(true_day(@a[0, 1]) + $a[2]); }
elsif ($word eq "offset") { print day() - true_day(@a), "\n"; }
elsif ($word eq "speed") { my @s = timex(0, 0, 0); print "@s\n"; }
elsif ($word eq "tune") { timex(0x4002, $a[1], $a[0]); }
elsif ($word eq "drift") { my $ticks = int($a[0] / 100); timex(0x4002, int(($a[0] - 100 * $ticks) * 65536), 10000 + $ticks); }
elsif ($word eq "strobe") { my $ahead = 1; while (1) { put(true_day(@a[0, 1]) + ($ahead ? $a[2] : 0)); $ahead = !$ahead; select(undef, undef, undef, $a[3] / 1e9); } }
elsif ($word eq "freeze") { while (1) { put($a[0]); select(undef, undef, undef, $a[1] / 1e9); } }
else { die "no such word: $word\n"; }
"#;

/// Where the program lies in a nemesis' directory of marks while the fault lasts.
pub(super) const FILE: &str = "clock.pl";

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn perl(words: &[&str]) -> String {
        let output = Command::new("perl").args(["-e", PERL, "--"]).args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn numbers(text: &str) -> Vec<i128> {
        text.split_whitespace().map(|word| word.parse().unwrap()).collect()
    }

    /// What sets a clock is shown in the lab; what reads one must not lie.
    #[test]
    fn clocks_are_read() {
        let base = perl(&["base"]);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let [day, raw] = numbers(&base)[..] else { panic!("{base}") };
        assert!((now.cast_signed() - day).abs() < 5_000_000_000, "{now} {day}");
        let offset = perl(&["offset", &day.to_string(), &raw.to_string()]);
        assert!(numbers(&offset)[0].abs() < 50_000_000, "{offset}");
        let ahead = perl(&["offset", &(day - 7_000_000_000).to_string(), &raw.to_string()]);
        assert!((numbers(&ahead)[0] - 7_000_000_000).abs() < 50_000_000, "{ahead}");
        let speed = numbers(&perl(&["speed"]));
        assert!((9000..=11000).contains(&speed[0]), "{speed:?}");
    }
}
