//! Scripts by which a node finds out what becomes of its packets. They need bash, for its `/dev/tcp` and `/dev/udp`.
//!
//! A datagram that a rule of this node drops on its way out is an error of the call that sends it, so that the sender
//! sees each loss at once, and no other node has to be asked.

use std::fmt::Write;
use std::net::IpAddr;

/// Sets `sent` to how many datagrams of one byte were sent to the port discard of these peers, so many to each, and
/// `lost` to how many of them were dropped.
pub fn lost(peers: &[IpAddr], count: u32) -> String {
    format!(
        r#"counted=$(bash -c 'sent=0; lost=0
for peer do
  for ((i = 0; i < {count}; i++)); do
    sent=$((sent + 1))
    {{ echo >/dev/udp/$peer/9; }} 2>/dev/null || lost=$((lost + 1))
  done
done
echo $sent $lost' probe {})
sent=${{counted% *}}
lost=${{counted#* }}
"#,
        words(peers)
    )
}

/// Sets `pattern` to one character for each of so many datagrams to the first of these peers, one every 20 ms: `.` for
/// one that was sent, `x` for one that was dropped.
pub fn pattern(peers: &[IpAddr], count: u32) -> String {
    let peer = peers.first().map(ToString::to_string).unwrap_or_default();
    format!(
        r#"pattern=$(bash -c 'for ((i = 0; i < {count}; i++)); do
  if {{ echo >/dev/udp/{peer}/9; }} 2>/dev/null; then printf .; else printf x; fi
  sleep 0.02
done')
"#
    )
}

/// Defines `dial ADDRESS PORT [SECONDS]`, which prints what a TCP connection meets: `open`, `refused`, `silent`, or an
/// error.
pub const DIAL: &str = r#"dial() {
  said=$(LC_ALL=C timeout "${3:-1}" bash -c ": </dev/tcp/$1/$2" 2>&1)
  case "$?$said" in
    0*) echo open ;;
    *refused*) echo refused ;;
    124*) echo silent ;;
    *) echo $said ;;
  esac
}
"#;

/// Dials the port of ssh of all of these peers at once, and sets `met` to what each met, one a line: `ADDRESS open`.
pub fn dial(peers: &[IpAddr]) -> String {
    let mut script = format!("{DIAL}met=$(\n");
    for peer in peers {
        let _ = writeln!(script, "  echo {peer} $(dial {peer} 22) &");
    }
    script + "  wait\n)\n"
}

/// Prints `yes` if each dialled peer met this word, otherwise what they met.
pub fn all_met(peers: &[IpAddr], word: &str) -> String {
    format!("if [ \"$(echo \"$met\" | grep -c ' {word}$')\" = {} ]; then echo yes; else echo $met; fi\n", peers.len())
}

/// The addresses as words of a command.
pub fn words(peers: &[IpAddr]) -> String {
    peers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
