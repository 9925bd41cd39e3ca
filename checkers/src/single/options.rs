//! What a checker must be told, as `key=value`.

use std::fmt;

/// How often a queue delivers what it acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Never zero times.
    AtLeastOnce,
    /// Never twice.
    AtMostOnce,
    /// Neither.
    #[default]
    ExactlyOnce,
}

/// Everything that a checker of this module can be told. Each looks at what concerns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SingleOptions {
    /// `total`: the sum of all balances of a bank. None: that of the first read of all accounts.
    pub total: Option<i64>,
    /// `accounts`: a bank has the accounts 0 up to, not including, this. None: those of the largest read.
    pub accounts: Option<u32>,
    /// `negative-balances`: balances of a bank may be below zero.
    pub negative_balances: bool,
    /// `realtime`: reads of a bank see every transfer that was over before.
    pub realtime: bool,
    /// `group`: how many keys each read of a long fork history has. None: any number.
    pub group: Option<usize>,
    /// `delivery`: what a queue promises.
    pub delivery: Delivery,
    /// `linearizable`: a set shows an element in every read that begins after its addition.
    pub linearizable: bool,
    /// `convergent`: causal convergence, not only causal consistency.
    pub convergent: bool,
    /// `order`: unique ids grow in real time.
    pub order: bool,
    /// `slack`: ids need to grow only from one call to another that began this many nanoseconds after it, or later.
    pub slack_ns: u64,
    /// `global`: monotonic values grow with the timestamp over all processes.
    pub global: bool,
    /// `limit`: how many requests a rate limiter lets through in a window.
    pub limit: Option<u64>,
    /// `window`: that window, in nanoseconds.
    pub window_ns: Option<u64>,
    /// `bound`: the staleness, or the time to converge, that is promised, in nanoseconds.
    pub bound_ns: Option<u64>,
    /// `after`: when the last fault was healed, in nanoseconds since the origin of the run.
    pub after_ns: Option<u64>,
    /// `unordered`: the order of elements in a read means nothing.
    pub unordered: bool,
}

/// Why options were not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// What was given.
    pub given: String,
    /// What was expected in its place.
    pub expected: &'static str,
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot understand the option `{}`: expected {}", self.given, self.expected)
    }
}

impl std::error::Error for OptionError {}

const KEYS: &str = "`key=value` with a key of: accounts, after, bound, convergent, delivery, global, group, limit, \
                    linearizable, negative-balances, order, realtime, slack, total, unordered, window";
const DURATION: &str = "a number with a unit, such as `500ms`, `2s`, `20us` or `7ns`";
const COUNT: &str = "a number of at least 1";

impl SingleOptions {
    /// Options from pairs such as `total=100` and `window=1s`. What is not named has its default; of two equal keys
    /// the last counts.
    ///
    /// # Errors
    /// The first pair that is none, whose key nobody knows, or whose value does not fit.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Result<SingleOptions, OptionError> {
        let mut options = SingleOptions::default();
        for pair in pairs {
            let set = pair.split_once('=').map_or(Err(KEYS), |(key, value)| options.set(key.trim(), value.trim()));
            set.map_err(|expected| OptionError { given: pair.to_owned(), expected })?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "total" => self.total = Some(value.parse().map_err(|_| "a whole number")?),
            "accounts" => self.accounts = Some(count(value)?),
            "negative-balances" => self.negative_balances = truth(value)?,
            "realtime" => self.realtime = truth(value)?,
            "group" => self.group = Some(count(value)?),
            "delivery" => self.delivery = delivery(value)?,
            "linearizable" => self.linearizable = truth(value)?,
            "convergent" => self.convergent = truth(value)?,
            "order" => self.order = truth(value)?,
            "slack" => self.slack_ns = duration(value)?,
            "global" => self.global = truth(value)?,
            "limit" => self.limit = Some(value.parse().map_err(|_| "a whole number, not below 0")?),
            "window" => self.window_ns = Some(duration(value)?).filter(|window| *window > 0),
            "bound" => self.bound_ns = Some(duration(value)?),
            "after" => self.after_ns = Some(duration(value)?),
            "unordered" => self.unordered = truth(value)?,
            _ => return Err(KEYS),
        }
        Ok(())
    }
}

fn count<N: std::str::FromStr + PartialOrd + From<u8>>(value: &str) -> Result<N, &'static str> {
    value.parse().ok().filter(|number| *number >= N::from(1)).ok_or(COUNT)
}

fn truth(value: &str) -> Result<bool, &'static str> {
    match value {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err("true or false"),
    }
}

fn delivery(value: &str) -> Result<Delivery, &'static str> {
    match value {
        "at-least-once" => Ok(Delivery::AtLeastOnce),
        "at-most-once" => Ok(Delivery::AtMostOnce),
        "exactly-once" => Ok(Delivery::ExactlyOnce),
        _ => Err("at-least-once, at-most-once or exactly-once"),
    }
}

fn duration(value: &str) -> Result<u64, &'static str> {
    let digits = value.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(value.len());
    let scale = match value[digits..].trim() {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return Err(DURATION),
    };
    let number = value[..digits].parse::<u64>().map_err(|_| DURATION)?;
    number.checked_mul(scale).filter(|time| *time < 1 << 62).ok_or(DURATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_understood() {
        let options = SingleOptions::parse(["total=100", "window = 500ms", "delivery=at-most-once", "order=yes"]);
        let expected = SingleOptions {
            total: Some(100),
            window_ns: Some(500_000_000),
            delivery: Delivery::AtMostOnce,
            order: true,
            ..SingleOptions::default()
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn errors_name_what_was_given_and_expected() {
        for pair in ["total", "totl=1", "group=0", "window=5", "window=99999999999s", "delivery=once", "order=1"] {
            let error = SingleOptions::parse([pair]).unwrap_err();
            assert!(error.to_string().contains(pair), "{error}");
        }
    }
}
