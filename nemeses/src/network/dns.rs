//! Names that are not found, found at the wrong place, or found late: what a node asks at port 53, whomever it asks.
//!
//! Wrong and late answers come from a process of ours on the node, to which questions over UDP and IPv4 are redirected.

use super::chains::{Chains, FAMILIES, Rules, needs};
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::companion::Companion;
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::net::{Ipv4Addr, Ipv6Addr};

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

const ABOUT: About = About {
    name: "dns",
    family: Family::Network,
    does: "answers no question about names, answers wrongly, or answers late; one node if not told",
    needs: "iptables; for wrong and slow answers also its table nat, and perl; bash to measure",
    undone_by: "the chains GAINSAY-IN-DNS and GAINSAY-OUT-DNS and the jumps to them are removed; our process is ended",
    measured_by: "a question is dropped; or a name that does not exist is found at 192.0.2.66; or an answer takes its time",
    tallied: "nodes with broken names",
    hurts: Hurts::Node,
    claims: &[],
    settings: &[
        Setting { name: "answers", default: "none", does: "none, wrong or slow" },
        Setting { name: "delay", default: "2000", does: "how late slow answers are, 50 to 8000 ms" },
    ],
};

/// Drops questions.
const DEAD: Chains = Chains::filter("-DNS");

/// Redirects questions.
const LIES: Chains = Chains { table: "nat", suffix: "-DNS-LIES" };

const COMPANION: Companion = Companion { nemesis: ABOUT.name };

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let answers = options.word("answers", &["none", "wrong", "slow"])?;
    let delay = options.number("delay", 2_000, 50..=8_000)?;
    Ok(Box::new(OnEach(Dns { aim: Aim::of(options, Target::One.into())?, answers, delay })))
}

/// Broken names.
#[derive(Clone, Debug)]
struct Dns {
    aim: Aim,
    answers: &'static str,
    delay: u64,
}

/// Answers every question after a time: with a wrong address, or with what the node's own server says, or with a failure
/// if there is none.
const SERVER: &str = r#"exec perl -e '
use strict; use Socket; use IO::Socket::INET; use Time::HiRes qw(time);
my ($how, $delay) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 5399, Proto => "udp") or die "no port: $!";
my ($upstream) = grep { defined } map { /^nameserver\s+(\d+\.\d+\.\d+\.\d+)/ && $1 } do { open(my $f, "<", "/etc/resolv.conf"); <$f> };
my $asker = IO::Socket::INET->new(LocalPort => 5398, PeerAddr => $upstream || "127.0.0.1", PeerPort => 53, Proto => "udp")
  or die "no port: $!";
my (@waiting, %asked);
open(my $up, ">", "/run/gainsay/faults/dns/up") or die "no mark: $!";
sub lie {
  my ($question) = @_;
  my $end = index($question, "\0", 12) + 1;
  my ($type) = unpack("n", substr($question, $end, 2));
  my $data = $type == 1 ? pack("C4", 192, 0, 2, 66) : $type == 28 ? pack("n8", 0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x66) : "";
  my $answer = $data eq "" ? "" : pack("nnnNn", 0xc00c, $type, 1, 5, length $data) . $data;
  return substr($question, 0, 2) . pack("nnnnn", 0x8180, 1, $answer eq "" ? 0 : 1, 0, 0) . substr($question, 12, $end - 8) . $answer;
}
while (1) {
  my $ready = "";
  vec($ready, fileno($server), 1) = 1;
  vec($ready, fileno($asker), 1) = 1;
  my $rest = @waiting ? $waiting[0][0] - time : 1;
  select($ready, undef, undef, $rest > 0 ? $rest : 0);
  if (vec($ready, fileno($server), 1)) {
    my $from = $server->recv(my $question, 4096, MSG_DONTWAIT);
    push @waiting, [time + ($how eq "slow" ? $delay / 1000 : 0), $question, $from] if defined $from && length($question) > 16;
  }
  if (vec($ready, fileno($asker), 1)) {
    my $from = $asker->recv(my $answer, 4096, MSG_DONTWAIT);
    if (!defined $from) {
      $server->send($_ . pack("nnnnn", 0x8182, 0, 0, 0, 0), 0, delete $asked{$_}) for keys %asked;
      next;
    }
    my $client = delete $asked{substr($answer, 0, 2)};
    $server->send($answer, 0, $client) if $client;
  }
  while (@waiting && $waiting[0][0] <= time) {
    my (undef, $question, $client) = @{shift @waiting};
    if ($how eq "wrong") { $server->send(lie($question), 0, $client); next }
    $asked{substr($question, 0, 2)} = $client;
    $asker->send($question);
  }
}' "#;

impl Dns {
    /// What a node asks, and whether the answer is broken, as a condition of the shell.
    fn question(&self) -> String {
        match self.answers {
            "none" => r#"server=$(sed -n 's/^nameserver *\([0-9a-f.:]*\).*/\1/p' /etc/resolv.conf | head -n 1)
said=$(bash -c "echo >/dev/udp/${server:-127.0.0.1}/53" 2>&1) && said="a question passes"
case $said in *"not permitted"*) echo yes ;; *) echo "$said" ;; esac
"#
            .to_owned(),
            "wrong" => r#"said=$(RES_OPTIONS="timeout:1 attempts:1" getent ahostsv4 probe.gainsay.test | head -n 1)
case $said in 192.0.2.66*) echo yes ;; *) echo "${said:-no answer}" ;; esac
"#
            .to_owned(),
            _ => format!(
                r#"begun=$(date +%s%N)
RES_OPTIONS="timeout:9 attempts:1" timeout 9 getent ahostsv4 probe.gainsay.test >/dev/null
took=$((($(date +%s%N) - begun) / 1000000))
if [ $took -ge {} ]; then echo "yes, an answer takes $took ms"; else echo "an answer takes $took ms"; fi
"#,
                self.delay * 9 / 10
            ),
        }
    }
}

impl Local for Dns {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        match self.answers {
            "none" => "dns without answers on".to_owned(),
            "wrong" => "dns with wrong answers on".to_owned(),
            _ => format!("dns with answers {} ms late on", self.delay),
        }
    }

    fn needs(&self, _: &Scene<'_>) -> String {
        let firewall = needs(&[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], "-p udp --dport 53 -j DROP");
        if self.answers == "none" {
            return firewall;
        }
        r#"tried=$(unshare -n sh -c 'iptables -t nat -N TRIAL && iptables -t nat -A TRIAL -p udp -j REDIRECT --to-ports 5399' 2>&1) ||
  { echo "iptables cannot redirect: $tried"; exit 0; }
perl -MTime::HiRes -MIO::Socket::INET -e 1 2>/dev/null || { echo 'perl is missing'; exit 0; }
"#
        .to_owned()
            + &firewall
    }

    fn make(&self, _: &Scene<'_>) -> String {
        let mut rules = Rules::default();
        if self.answers == "none" {
            rules.output = ["udp", "tcp"].map(|protocol| format!("-p {protocol} --dport 53 -j DROP")).to_vec();
            return DEAD.make(ABOUT.name, &FAMILIES.map(|_| rules.clone()));
        }
        rules.output.push("-p udp --sport 5398 -j RETURN".to_owned());
        rules.output.push("-p udp --dport 53 -j REDIRECT --to-ports 5399".to_owned());
        let server = format!("{SERVER}{} {}\n", self.answers, self.delay);
        let up = format!(
            "left=100\nwhile [ ! -e {FAULTS}/dns/up ]; do\n  left=$((left - 1))\n  [ $left -gt 0 ] || {{ echo 'our process \
             does not start' >&2; exit 1; }}\n  sleep 0.02\ndone\n"
        );
        COMPANION.start(&server) + &up + &LIES.make(ABOUT.name, &[rules, Rules::default()])
    }

    fn measure(&self, _: &Scene<'_>) -> String {
        format!("[ -e {FAULTS}/dns/rules ] || {{ echo \"names are as they were\"; exit 0; }}\n{}", self.question())
    }

    fn undo(&self) -> String {
        COMPANION.stop() + &format!("(\n{}exit $status\n) || exit 1\n", LIES.undo()) + &DEAD.unmake(ABOUT.name)
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        COMPANION.trace() + &LIES.trace().replace("echo yes", ":") + &DEAD.trace()
    }
}
