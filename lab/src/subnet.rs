//! Which private subnet a lab takes: one that nothing on this machine knows of.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hash::fnv1a;

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Subnet {
    first: Ipv4Addr,
    bits: u8,
}

/// Labs live in 10.213.0.0/24 to 10.220.255.0/24.
const SECOND: std::ops::RangeInclusive<u8> = 213..=220;

impl Subnet {
    /// The bridge's address, which is where the controller is.
    pub(crate) fn bridge(&self) -> Ipv4Addr {
        self.host(1)
    }

    /// The address of node `number`.
    pub(crate) fn node(&self, number: u8) -> Ipv4Addr {
        self.host(10 + u32::from(number))
    }

    /// The length of the prefix.
    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }

    fn host(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.first.to_bits() + number)
    }

    fn overlaps(&self, other: &Subnet) -> bool {
        let mask = u32::MAX.checked_shl(32 - u32::from(self.bits.min(other.bits))).unwrap_or(0);
        self.first.to_bits() & mask == other.first.to_bits() & mask
    }
}

/// The first candidate that overlaps none of `taken`. The name says where to begin, so that labs of different names
/// seldom meet and one that is made again mostly gets its former addresses.
pub(crate) fn choose(lab: &str, taken: &[Subnet]) -> Option<Subnet> {
    let third = fnv1a(lab).to_le_bytes()[0];
    let candidates = SECOND.flat_map(|second| (0..=255_u8).map(move |step| (second, third.wrapping_add(step))));
    let mut subnets = candidates.map(|(second, third)| Subnet { first: Ipv4Addr::new(10, second, third, 0), bits: 24 });
    subnets.find(|subnet| !taken.iter().any(|other| subnet.overlaps(other)))
}

impl FromStr for Subnet {
    type Err = String;

    /// `10.213.7.0/24`, or a lone address for /32.
    fn from_str(text: &str) -> Result<Subnet, String> {
        let (first, bits) = text.split_once('/').unwrap_or((text, "32"));
        let wrong = || format!("{text:?} is no IPv4 network");
        let first = first.parse().map_err(|_| wrong())?;
        let bits = bits.parse().ok().filter(|bits| *bits <= 32).ok_or_else(wrong)?;
        Ok(Subnet { first, bits })
    }
}

impl TryFrom<String> for Subnet {
    type Error = String;

    fn try_from(text: String) -> Result<Subnet, String> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> String {
        subnet.to_string()
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<Subnet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn overlaps_in_both_directions() {
        let check = |a: &str, b: &str, expected| {
            let (a, b) = (a.parse::<Subnet>().unwrap(), b.parse::<Subnet>().unwrap());
            assert_eq!((a.overlaps(&b), b.overlaps(&a)), (expected, expected), "{a} {b}");
        };
        check("10.213.7.0/24", "10.213.7.0/24", true);
        check("10.213.7.0/24", "10.0.0.0/8", true);
        check("10.213.7.0/24", "10.213.7.9", true);
        check("10.213.7.0/24", "0.0.0.0/0", true);
        check("10.213.7.0/24", "10.213.8.0/24", false);
        check("10.213.7.0/24", "192.168.0.0/16", false);
    }

    #[test]
    fn takes_the_first_that_is_free() {
        let free = choose("lab", &[]).unwrap();
        let next = choose("lab", &[free]).unwrap();
        assert_ne!(free, next);
        assert_eq!(choose("lab", &[free]).unwrap(), next, "the choice is stable");
        assert!(choose("lab", &nets(&["10.213.0.0/16"])).unwrap().to_string().starts_with("10.214."));
        assert_eq!(choose("lab", &nets(&["10.0.0.0/8"])), None);
    }

    #[test]
    fn addresses() {
        let net: Subnet = "10.213.7.0/24".parse().unwrap();
        assert_eq!(net.bridge(), Ipv4Addr::new(10, 213, 7, 1));
        assert_eq!(net.node(9), Ipv4Addr::new(10, 213, 7, 19));
        assert!("10.213.7.0/33".parse::<Subnet>().is_err());
        assert!("default".parse::<Subnet>().is_err());
    }
}
