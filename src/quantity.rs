//! Quantities of a plan, each with its unit: times, rates, numbers of clients. They are read from flags and files by the
//! same rules, and print as they are read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time greater than zero: `500ms`, `5s`, `2m`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Span, String> {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(format!("a time needs a unit: `{text}s` or `{text}m`, not `{text}`"));
        }
        let length: jiff::SignedDuration =
            text.parse().map_err(|_| format!("expected a time such as `500ms`, `5s` or `2m`, not `{text}`"))?;
        match Duration::try_from(length) {
            Ok(length) if !length.is_zero() => Ok(Span(length)),
            _ => Err(format!("a time must be greater than zero, not `{text}`")),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        match milliseconds {
            m if m % 3_600_000 == 0 && m > 0 => write!(f, "{}h", m / 3_600_000),
            m if m % 60_000 == 0 && m > 0 => write!(f, "{}m", m / 60_000),
            m if m % 1000 == 0 && m > 0 => write!(f, "{}s", m / 1000),
            m => write!(f, "{m}ms"),
        }
    }
}

/// Operations per second in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many.
    PerSecond(f64),
    /// As fast as they go.
    Unlimited,
}

impl Rate {
    /// None if unlimited.
    #[must_use]
    pub fn per_second(self) -> Option<f64> {
        match self {
            Rate::PerSecond(rate) => Some(rate),
            Rate::Unlimited => None,
        }
    }
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Rate, String> {
        if text == "unlimited" {
            return Ok(Rate::Unlimited);
        }
        match text.trim_end_matches("/s").parse::<f64>() {
            Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(Rate::PerSecond(rate)),
            _ => Err(format!("expected operations per second greater than zero, or `unlimited`, not `{text}`")),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rate::PerSecond(rate) => write!(f, "{rate}"),
            Rate::Unlimited => f.write_str("unlimited"),
        }
    }
}

/// A number of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// So many in all.
    Clients(usize),
    /// So many for each node.
    PerNode(usize),
}

/// More clients than this are a typing error.
const MOST_CLIENTS: usize = 10_000;

impl Concurrency {
    /// The number of clients on so many nodes.
    #[must_use]
    pub fn on(self, nodes: usize) -> usize {
        match self {
            Concurrency::Clients(clients) => clients,
            Concurrency::PerNode(clients) => clients * nodes,
        }
    }
}

impl FromStr for Concurrency {
    type Err = String;
    fn from_str(text: &str) -> Result<Concurrency, String> {
        let (number, per_node) = match text.strip_suffix('n') {
            Some("") => ("1", true),
            Some(number) => (number, true),
            None => (text, false),
        };
        match number.parse::<usize>() {
            Ok(clients) if (1..=MOST_CLIENTS).contains(&clients) => {
                Ok(if per_node { Concurrency::PerNode(clients) } else { Concurrency::Clients(clients) })
            }
            _ => Err(format!(
                "expected a number of clients from 1 to {MOST_CLIENTS}, or `2n` for two on each node, not `{text}`"
            )),
        }
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Concurrency::Clients(clients) => write!(f, "{clients}"),
            Concurrency::PerNode(clients) => write!(f, "{clients}n"),
        }
    }
}

/// Where a run's choices come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl FromStr for Seed {
    type Err = String;
    fn from_str(text: &str) -> Result<Seed, String> {
        let parsed = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        parsed.map(Seed).map_err(|_| format!("expected a number from 0 to 2^64-1, not `{text}`"))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which nodes of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeChoice {
    /// All of them.
    All,
    /// The first so many.
    First(usize),
    /// Those of these names.
    Named(Vec<String>),
}

impl FromStr for NodeChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<NodeChoice, String> {
        if text == "all" {
            return Ok(NodeChoice::All);
        }
        if let Ok(number) = text.parse::<usize>() {
            return match number {
                0 => Err("a test needs at least one node".to_owned()),
                number => Ok(NodeChoice::First(number)),
            };
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let twice = names.iter().enumerate().find(|(position, name)| names[..*position].contains(name));
        match twice {
            Some((_, name)) => Err(format!("`{name}` is named twice")),
            None if names.iter().any(String::is_empty) => {
                Err(format!("expected `all`, a number, or names such as `n1,n2,n3`, not `{text}`"))
            }
            None => Ok(NodeChoice::Named(names)),
        }
    }
}

impl fmt::Display for NodeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeChoice::All => f.write_str("all"),
            NodeChoice::First(number) => write!(f, "{number}"),
            NodeChoice::Named(names) => f.write_str(&names.join(",")),
        }
    }
}

/// A number or a text of a file, as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Integer(u64),
    Float(f64),
    Text(String),
}

fn from_scalar<'de, T: FromStr<Err = String>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let scalar = Scalar::deserialize(deserializer)
        .map_err(|_| serde::de::Error::custom("expected a text or a number that is not negative"))?;
    let text = match scalar {
        Scalar::Integer(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => text,
    };
    text.parse().map_err(serde::de::Error::custom)
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                from_scalar(deserializer)
            }
        }
    )*};
}

as_text!(Span, Rate, Concurrency, Seed, NodeChoice);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_print_as_they_are_read() {
        for text in ["500ms", "5s", "2m", "1h", "90s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["2n", "17"] {
            assert_eq!(text.parse::<Concurrency>().unwrap().to_string(), text);
        }
        for text in ["all", "3", "n1,n2"] {
            assert_eq!(text.parse::<NodeChoice>().unwrap().to_string(), text);
        }
        assert_eq!("unlimited".parse::<Rate>().unwrap(), Rate::Unlimited);
        assert_eq!("0x10".parse::<Seed>().unwrap(), Seed(16));
    }

    #[test]
    fn wrong_quantities_say_what_was_expected() {
        assert!("60".parse::<Span>().unwrap_err().contains("`60s`"));
        assert!("0s".parse::<Span>().unwrap_err().contains("greater than zero"));
        assert!("-5s".parse::<Span>().unwrap_err().contains("greater than zero"));
        assert!("soon".parse::<Span>().unwrap_err().contains("such as"));
        assert!("0".parse::<Concurrency>().unwrap_err().contains("from 1"));
        assert!("0".parse::<Rate>().unwrap_err().contains("greater than zero"));
        assert!("n1,n1".parse::<NodeChoice>().unwrap_err().contains("twice"));
        assert!("0".parse::<NodeChoice>().unwrap_err().contains("at least one"));
    }
}
