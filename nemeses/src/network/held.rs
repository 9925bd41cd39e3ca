//! Packets that arrive late, in another order, or broken: what a node sends to the others passes through a process of
//! ours, which holds each packet back, lets some be overtaken, or flips a bit in some.
//!
//! The firewall hands the packets over (`NFQUEUE`) and takes them back; should the process end, they pass unhurt. It
//! works on kernels without netem, and costs some ten microseconds for each packet. Packets pass it before the table
//! `filter`, so that partitions and losses hold for them all the same.

use super::chains::{Chains, needs};
use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};

/// How plans name late packets.
pub(crate) const DELAY: Kind =
    Kind { name: DELAY_ABOUT.name, entry: || DELAY_ABOUT.entry(), open: |options| open(options, How::Late) };

/// How plans name packets in another order.
pub(crate) const REORDER: Kind =
    Kind { name: REORDER_ABOUT.name, entry: || REORDER_ABOUT.entry(), open: |options| open(options, How::Overtaken) };

/// How plans name broken packets.
pub(crate) const CORRUPT: Kind =
    Kind { name: CORRUPT_ABOUT.name, entry: || CORRUPT_ABOUT.entry(), open: |options| open(options, How::Broken) };

/// What a fault claims that hands packets to a process.
const HANDED_OVER: &str = "the packets on their way out";

const NEEDS: &str = "iptables with the target NFQUEUE, also for IPv6 peers; perl; bash to measure; 2 nodes";

const DELAY_ABOUT: About = About {
    name: "delay",
    family: Family::Network,
    does: "holds back every packet from a node to all others, by a time and a random part more; one node if not told",
    needs: NEEDS,
    undone_by: "our process is ended; GAINSAY-IN-DELAY and GAINSAY-OUT-DELAY are removed",
    measured_by: "the time that TCP connections to every other node take to be made",
    tallied: "nodes with late packets",
    hurts: Hurts::Links,
    claims: &[HANDED_OVER],
    settings: &[
        Setting { name: "ms", default: "100", does: "how long, 1 to 5000 ms" },
        Setting { name: "jitter", default: "0", does: "how much longer at most, by chance for each, 0 to 5000 ms" },
    ],
};

const REORDER_ABOUT: About = About {
    name: "reorder",
    family: Family::Network,
    does: "lets some packets from a node to the others be overtaken by later ones; one node if not told",
    needs: NEEDS,
    undone_by: "our process is ended; GAINSAY-IN-REORDER and GAINSAY-OUT-REORDER are removed",
    measured_by: "of datagrams sent in a row, those that left after a later one",
    tallied: "nodes with packets in another order",
    hurts: Hurts::Links,
    claims: &[HANDED_OVER],
    settings: &[
        Setting { name: "percent", default: "20", does: "how many are held back, 1 to 100" },
        Setting { name: "ms", default: "20", does: "for how long, 1 to 5000 ms" },
    ],
};

const CORRUPT_ABOUT: About = About {
    name: "corrupt",
    family: Family::Network,
    does: "flips a bit in some packets from a node to the others, which checksums should find; one node if not told",
    needs: NEEDS,
    undone_by: "our process is ended; GAINSAY-IN-CORRUPT and GAINSAY-OUT-CORRUPT are removed",
    measured_by: "of datagrams sent in a row, those in which a bit was flipped",
    tallied: "nodes with broken packets",
    hurts: Hurts::Links,
    claims: &[HANDED_OVER],
    settings: &[Setting { name: "percent", default: "10", does: "how many, 1 to 100" }],
};

/// What happens to packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Late,
    Overtaken,
    Broken,
}

fn open(options: &mut Options, how: How) -> Result<Box<dyn Nemesis>, SpecError> {
    let percent = match how {
        How::Late => 100,
        How::Overtaken => options.number("percent", 20, 1..=100)?,
        How::Broken => options.number("percent", 10, 1..=100)?,
    };
    let ms = match how {
        How::Late => options.number("ms", 100, 1..=5_000)?,
        How::Overtaken => options.number("ms", 20, 1..=5_000)?,
        How::Broken => 0,
    };
    let jitter = if how == How::Late { options.number("jitter", 0, 0..=5_000)? } else { 0 };
    Ok(Box::new(OnEach(Held { aim: Aim::of(options, Target::One.into())?, how, percent, ms, jitter })))
}

/// Packets that a process holds back.
#[derive(Clone, Debug)]
struct Held {
    aim: Aim,
    how: How,
    percent: u64,
    ms: u64,
    jitter: u64,
}

impl Held {
    fn chains(&self) -> Chains {
        let suffix = match self.how {
            How::Late => "-DELAY",
            How::Overtaken => "-REORDER",
            How::Broken => "-CORRUPT",
        };
        Chains { table: "mangle", suffix }
    }

    fn companion(&self) -> Companion {
        Companion { nemesis: self.about().name }
    }

    /// Its arguments: where it counts, what it does, to how many of a hundred, how long, how much longer at most.
    fn process(&self) -> String {
        let word = match self.how {
            How::Late | How::Overtaken => "hold",
            How::Broken => "flip",
        };
        let Held { percent, ms, jitter, .. } = self;
        format!(
            "cat >{FAULTS}/{0}/process <<'PROCESS'\n{PROCESS}PROCESS\nexec perl {FAULTS}/{0}/process {FAULTS}/{0}/counted {word} \
             {percent} {ms} {jitter}\n",
            self.about().name
        )
    }
}

/// The rule that hands packets over: to the process with this number, or to nobody if there is none.
const RULE: &str = "-j NFQUEUE --queue-num 6761 --queue-bypass";

/// Speaks the kernel's protocol for such queues (nfnetlink_queue): binds to the queue, asks for packets, and answers each
/// with a verdict, some of them later, some with other bytes. It writes down how many packets it saw, how many of them it
/// changed, and how many left after a later one.
const PROCESS: &str = r#"use strict;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my ($counted, $how, $percent, $ms, $jitter) = @ARGV;
my $queue = 6761;
socket(my $netlink, 16, 3, 12) or die "no netlink: $!\n";
sub message {
  my ($type, $flags, $attributes) = @_;
  return pack("LSSLLCCn", 20 + length $attributes, 0x300 | $type, $flags, 1, 0, 0, 0, $queue) . $attributes;
}
sub attribute {
  my ($type, $value) = @_;
  return pack("SS", 4 + length $value, $type) . $value . "\0" x (-length($value) % 4);
}
sub say_to_kernel { send($netlink, $_[0], 0, pack("SSLL", 16, 0, 0, 0)) or die "netlink: $!\n" }
sub acknowledged {
  recv($netlink, my $answer, 8192, 0);
  my (undef, $type, undef, undef, undef, $error) = unpack("LSSLLl", $answer);
  die "the queue is refused: error $error\n" if $type == 2 && $error;
}
say_to_kernel(message(2, 5, attribute(1, pack("CCn", 1, 0, 0))));
acknowledged();
exit 0 if $how eq "try";
say_to_kernel(message(2, 5, attribute(2, pack("NC", $how eq "flip" ? 0xffff : 0, $how eq "flip" ? 2 : 1))));
acknowledged();
say_to_kernel(message(2, 1, attribute(3, pack("N", 16384))));
setsockopt($netlink, 1, 33, pack("l", 16 << 20));
my ($seen, $changed, $overtaken, $last, $written) = (0, 0, 0, -1, 0);
my @held;
sub verdict {
  my ($number, $packet, $payload) = @_;
  my $attributes = attribute(2, pack("NN", 1, $packet));
  $attributes .= attribute(10, $payload) if defined $payload;
  say_to_kernel(message(1, 1, $attributes));
  if ($number < $last) { $overtaken++ } else { $last = $number }
}
sub hold {
  my ($due, @packet) = @_;
  my $place = @held;
  $place-- while $place > 0 && $held[$place - 1][0] > $due;
  splice(@held, $place, 0, [$due, @packet]);
}
sub taken {
  my ($packet, $payload) = @_;
  my $number = $seen++;
  my $chosen = rand(100) < $percent;
  $changed++ if $chosen;
  return verdict($number, $packet) unless $chosen;
  if ($how eq "flip") {
    my $version = ord($payload) >> 4;
    my $head = $version == 6 ? 40 : 4 * (ord($payload) & 15);
    my $at = $head + int(rand(length($payload) - $head));
    substr($payload, $at, 1) = chr(ord(substr($payload, $at, 1)) ^ (1 << int(rand(8))));
    return verdict($number, $packet, $payload);
  }
  hold(clock_gettime(CLOCK_MONOTONIC) + ($ms + rand($jitter)) / 1000, $number, $packet);
}
while (1) {
  my $now = clock_gettime(CLOCK_MONOTONIC);
  while (@held && $held[0][0] <= $now) { my (undef, $number, $packet) = @{shift @held}; verdict($number, $packet) }
  if ($now - $written > 0.1) {
    $written = $now;
    if (open(my $file, ">", "$counted.part")) {
      print $file "$seen $changed $overtaken\n";
      close $file;
      rename("$counted.part", $counted);
    }
  }
  my $rest = @held ? $held[0][0] - $now : 0.1;
  my $ready = "";
  vec($ready, fileno($netlink), 1) = 1;
  next unless select($ready, undef, undef, $rest < 0.1 ? $rest : 0.1);
  defined recv($netlink, my $messages, 131072, 0) or next;
  while (length($messages) >= 20) {
    my ($length, $type) = unpack("LS", $messages);
    last if $length < 20 || $length > length($messages);
    my $attributes = substr($messages, 20, $length - 20);
    $messages = substr($messages, ($length + 3) & ~3 < length($messages) ? ($length + 3) & ~3 : length($messages));
    next if $type != 0x300;
    my ($packet, $payload);
    while (length($attributes) >= 4) {
      my ($size, $kind) = unpack("SS", $attributes);
      last if $size < 4;
      $packet = unpack("N", substr($attributes, 4, 4)) if ($kind & 0x7fff) == 1;
      $payload = substr($attributes, 4, $size - 4) if ($kind & 0x7fff) == 10;
      my $step = ($size + 3) & ~3;
      $attributes = $step < length($attributes) ? substr($attributes, $step) : "";
    }
    taken($packet, $payload) if defined $packet;
  }
}
"#;

impl Local for Held {
    fn about(&self) -> &'static About {
        match self.how {
            How::Late => &DELAY_ABOUT,
            How::Overtaken => &REORDER_ABOUT,
            How::Broken => &CORRUPT_ABOUT,
        }
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        let Held { percent, ms, jitter, .. } = self;
        match self.how {
            How::Late if *jitter == 0 => format!("delay of {ms} ms"),
            How::Late => format!("delay of {ms} to {} ms", ms + jitter),
            How::Overtaken => format!("reorder of {percent} % by {ms} ms"),
            How::Broken => format!("corrupt of {percent} %"),
        }
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        format!(
            "tried=$(unshare -n perl - /dev/null try 2>&1 <<'PROCESS'\n{PROCESS}PROCESS\n) ||\n  \
             {{ echo \"packets cannot be handed to a process: $tried\"; exit 0; }}\n{}",
            needs(&scene.peers(), RULE)
        )
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let name = self.about().name;
        let rules = Chains::by_family(&scene.peers(), |rules, peer| rules.output.push(format!("-d {peer} {RULE}")));
        self.companion().start(&self.process())
            + &format!(
                "left=100\nwhile [ ! -e {FAULTS}/{name}/counted ]; do\n  left=$((left - 1))\n  [ $left -gt 0 ] || {{ echo \
                 'our process does not start' >&2; exit 1; }}\n  sleep 0.02\ndone\n"
            )
            + &self.chains().make(name, &rules)
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let peers = scene.peers();
        let name = self.about().name;
        let runs = self.companion().runs();
        if self.how != How::Late {
            let (place, what) = if self.how == How::Overtaken { (3, "overtaken") } else { (2, "with a flipped bit") };
            return runs
                + &probe::lost(&peers, 50)
                + &format!(
                    r#"sleep 0.5
set -- $(cat {FAULTS}/{name}/counted)
if [ "$1" -ge $sent ] && [ "${place}" -gt 0 ]; then echo "yes, ${place} of $1 packets {what}"; else echo "${place} of $1 packets {what}"; fi
"#
                );
        }
        runs + &format!(
            r#"for peer in {}; do
  begun=$(date +%s%N)
  timeout 12 bash -c ": </dev/tcp/$peer/22" 2>/dev/null || {{ echo "$peer is not reached"; exit 0; }}
  took=$((($(date +%s%N) - begun) / 1000000))
  [ $took -ge {} ] || {{ echo "a connection to $peer takes $took ms"; exit 0; }}
  times="$times $took"
done
echo yes, connections take $times ms
"#,
            probe::words(&peers[..peers.len().min(4)]),
            self.ms
        )
    }

    fn undo(&self) -> String {
        self.companion().stop() + &self.chains().unmake(self.about().name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        self.companion().trace() + &self.chains().trace()
    }
}
