//! A narrow link: what a node sends to the others leaves at no more than a certain rate. What it sends to clients and to
//! the controller is not slowed down.
//!
//! A node whose network device has a queue that somebody configured is refused, for only the kernel's own queue comes
//! back by itself and exactly.

use super::probe;
use crate::aim::Aim;
use crate::catalogue::{About, Family, Kind};
use crate::local::{Hurts, Local, OnEach, Scene};
use crate::marks::FAULTS;
use crate::options::{Options, Setting};
use crate::target::Target;
use crate::{Nemesis, SpecError};
use std::fmt::Write;

/// How plans name it.
pub(crate) const KIND: Kind = Kind { name: ABOUT.name, entry: || ABOUT.entry(), open };

/// What a fault claims that puts its own queue before the network device.
pub(crate) const QUEUE: &str = "the queue of the network device";

const ABOUT: About = About {
    name: "bandwidth",
    family: Family::Network,
    does: "limits the rate at which a node sends to all others; one node if not told",
    needs: "tc with htb and u32; no queue of somebody else on the network device; bash to measure; 2 nodes",
    undone_by: "the queue with the handle 6761: is removed, and the kernel puts its own one back",
    measured_by: "bytes that pass in a second in which more is sent",
    tallied: "nodes with a narrow link",
    hurts: Hurts::Links,
    claims: &[QUEUE],
    settings: &[Setting { name: "kbit", default: "1000", does: "the rate, 10 to 50000 kbit/s" }],
};

fn open(options: &mut Options) -> Result<Box<dyn Nemesis>, SpecError> {
    let kbit = options.number("kbit", 1_000, 10..=50_000)?;
    Ok(Box::new(OnEach(Bandwidth { aim: Aim::of(options, Target::One.into())?, kbit })))
}

/// A narrow link.
#[derive(Clone, Debug)]
struct Bandwidth {
    aim: Aim,
    kbit: u64,
}

/// Sets `device` to that by which `$peer` is reached.
const DEVICE: &str = r#"device=$(ip -o route get $peer | sed -n 's/.* dev \([^ ]*\).*/\1/p')
"#;

impl Local for Bandwidth {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn aim(&self) -> &Aim {
        &self.aim
    }

    fn title(&self) -> String {
        format!("bandwidth of {} kbit/s", self.kbit)
    }

    fn needs(&self, scene: &Scene<'_>) -> String {
        format!(
            r#"for program in tc ip bash; do command -v $program >/dev/null || {{ echo "$program is missing"; exit 0; }}; done
tried=$(unshare -n sh -c 'ip link set lo up && tc qdisc add dev lo root handle 6761: htb &&
  tc class add dev lo parent 6761: classid 6761:1 htb rate 1mbit &&
  tc filter add dev lo parent 6761: protocol ip prio 1 u32 match ip dst 10.0.0.1/32 flowid 6761:1' 2>&1) ||
  {{ echo "tc cannot do it: $tried"; exit 0; }}
for peer in {}; do
  {DEVICE}  case $(tc qdisc show dev "$device" root) in
    *" 0: "*|*" 6761: "*|"") ;;
    *) echo "$device has a queue of somebody else: $(tc qdisc show dev "$device" root)"; exit 0 ;;
  esac
done
echo yes
"#,
            probe::words(&scene.peers())
        )
    }

    fn make(&self, scene: &Scene<'_>) -> String {
        let mut script = format!(": >{FAULTS}/bandwidth/queue || exit 1\nmade=\n");
        for peer in scene.peers() {
            let (protocol, word, bits, place) =
                if peer.is_ipv4() { ("ip", "ip", 32, 1) } else { ("ipv6", "ip6", 128, 2) };
            let _ = write!(
                script,
                r#"peer={peer}
{DEVICE}case "$made" in *" $device "*) ;; *)
  made="$made $device "
  case $(tc qdisc show dev "$device" root) in
    *" 0: "*|"") ;;
    *) echo "$device has a queue of somebody else" >&2; exit 77 ;;
  esac
  tc qdisc replace dev "$device" root handle 6761: htb || exit 1
  tc class add dev "$device" parent 6761: classid 6761:1 htb rate {}kbit burst 2k cburst 2k || exit 1 ;;
esac
tc filter add dev "$device" parent 6761: protocol {protocol} prio {place} u32 match {word} dst {peer}/{bits} flowid 6761:1 || exit 1
"#,
                self.kbit
            );
        }
        script
    }

    fn measure(&self, scene: &Scene<'_>) -> String {
        let Some(peer) = scene.peers().first().copied() else { return "echo 'no peer'\n".to_owned() };
        format!(
            r#"peer={peer}
{DEVICE}sent() {{ tc -s class show dev "$device" 2>/dev/null | sed -n '/htb 6761:1 /,/Sent/s/.*Sent \([0-9]*\) bytes.*/\1/p'; }}
[ -n "$(sent)" ] || {{ echo "there is no queue of ours"; exit 0; }}
timeout 2 bash -c 'while :; do printf %1200s x >/dev/udp/'$peer'/9; done' 2>/dev/null &
sleep 0.5
first=$(sent)
begun=$(date +%s%N)
sleep 1
last=$(sent)
ended=$(date +%s%N)
wait
rate=$(((last - first) * 8000000 / (ended - begun)))
if [ $rate -ge $(({0} / 2)) ] && [ $rate -le $(({0} * 3 / 2)) ]; then echo "yes, $rate kbit/s"; else echo "$rate kbit/s"; fi
"#,
            self.kbit
        )
    }

    fn undo(&self) -> String {
        format!(
            r#"if command -v tc >/dev/null; then
  tc qdisc show | sed -n 's/^qdisc htb 6761: dev \([^ ]*\) root .*/\1/p' | while read -r device; do
    tc qdisc del dev "$device" root || exit 1
  done || exit 1
fi
rm -f {FAULTS}/bandwidth/queue
"#
        )
    }

    fn trace(&self, _: &Scene<'_>) -> String {
        "left=$(tc qdisc show 2>/dev/null | grep ' 6761: ')\nif [ -z \"$left\" ]; then echo yes; else echo \"$left\"; fi\n"
            .to_owned()
    }
}
