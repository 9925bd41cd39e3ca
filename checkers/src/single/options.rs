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
    /// `per-producer`: a consumer takes what one process enqueued in its order.
    pub per_producer: bool,
    /// `linearizable`: a set shows an element in every read that begins after its addition.
    pub linearizable: bool,
    /// `convergent`: causal convergence, not only causal consistency.
    pub convergent: bool,
    /// `memory`: causal memory, not only causal consistency.
    pub memory: bool,
    /// `order`: unique ids grow in real time.
    pub order: bool,
    /// `slack`: ids need to grow only from one call to another that began this many nanoseconds after it, or later.
    pub slack_ns: u64,
    /// `process-order`: unique ids grow from call to call of a process.
    pub process_order: bool,
    /// `bits`: unique ids are not negative and have at most this many bits; 53 is what a JSON number holds.
    pub bits: Option<u32>,
    /// Where unique ids carry a time and a worker.
    pub layout: IdLayout,
    /// `global`: monotonic values grow with the timestamp over all processes.
    pub global: bool,
    /// `limit`: how many requests a rate limiter lets through in a window.
    pub limit: Option<u64>,
    /// `window`: that window, in nanoseconds.
    pub window_ns: Option<u64>,
    /// `rate`: how fast the bucket of a rate limiter is filled. None: it has no bucket.
    pub rate: Option<Rate>,
    /// `burst`: how many requests a full bucket lets through at once.
    pub burst: u64,
    /// `denials`: a rate limiter denies nothing that its promise has room for.
    pub denials: bool,
    /// `wipes`: nodes may lose their disk, so that their terms and logs may go back.
    pub wipes: bool,
    /// `commits`: the commit index of a node never falls; in Raft it may after a restart.
    pub commits: bool,
    /// `local`: a node answers reads out of its own state, without asking others.
    pub local: bool,
    /// `yield`: the share of calls that must be answered, in millionths.
    pub least_yield: Option<u32>,
    /// `bound`: the staleness, the time to converge, or the outage that is promised, in nanoseconds.
    pub bound_ns: Option<u64>,
    /// `after`: when the last fault was healed, in nanoseconds since the origin of the run.
    pub after_ns: Option<u64>,
    /// `unordered`: the order of elements in a read means nothing.
    pub unordered: bool,
}

/// What the bits of a unique id mean, from the lowest, as in Twitter's Snowflake: `time-shift=22 worker-shift=12
/// worker-bits=10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdLayout {
    /// `time-shift`: the lowest bit of the time, which goes up to the highest bit. None: there is no time.
    pub time_shift: Option<u32>,
    /// `time-unit`: nanoseconds that one step of the time means; a millisecond if it is not said.
    pub time_unit_ns: u64,
    /// `origin`: the time that an id would carry at the origin of the run. None: any, but one for all ids.
    pub origin: Option<i64>,
    /// `skew`: how far the clocks of workers may be off, in nanoseconds.
    pub skew_ns: u64,
    /// `worker-shift`: the lowest bit of the worker.
    pub worker_shift: u32,
    /// `worker-bits`: how many bits the worker has. 0: there is no worker.
    pub worker_bits: u32,
}

impl Default for IdLayout {
    fn default() -> IdLayout {
        IdLayout {
            time_shift: None,
            time_unit_ns: 1_000_000,
            origin: None,
            skew_ns: 0,
            worker_shift: 0,
            worker_bits: 0,
        }
    }
}

/// So many in so many nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub number: u64,
    /// In how many nanoseconds; at least 1.
    pub per_ns: u64,
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

const KEYS: &str = "`key=value` with a key of: accounts, after, bits, bound, burst, commits, convergent, delivery, \
                    denials, global, group, limit, linearizable, local, memory, negative-balances, order, origin, \
                    per-producer, process-order, rate, realtime, skew, slack, time-shift, time-unit, total, unordered, window, \
                    wipes, worker-bits, worker-shift, yield";
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
            "per-producer" => self.per_producer = truth(value)?,
            "delivery" => self.delivery = delivery(value)?,
            "linearizable" => self.linearizable = truth(value)?,
            "convergent" => self.convergent = truth(value)?,
            "memory" => self.memory = truth(value)?,
            "order" => self.order = truth(value)?,
            "process-order" => self.process_order = truth(value)?,
            "bits" => self.bits = Some(place(value)?),
            "time-shift" => self.layout.time_shift = Some(place(value)?),
            "time-unit" => self.layout.time_unit_ns = some_time(value)?,
            "origin" => self.layout.origin = Some(value.parse().map_err(|_| "a whole number")?),
            "skew" => self.layout.skew_ns = duration(value)?,
            "worker-shift" => self.layout.worker_shift = place(value)?,
            "worker-bits" => self.layout.worker_bits = place(value)?,
            "rate" => self.rate = Some(rate(value)?),
            "burst" => self.burst = count(value)?,
            "denials" => self.denials = truth(value)?,
            "wipes" => self.wipes = truth(value)?,
            "commits" => self.commits = truth(value)?,
            "local" => self.local = truth(value)?,
            "yield" => self.least_yield = Some(millionths(value)?),
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

fn some_time(value: &str) -> Result<u64, &'static str> {
    duration(value).ok().filter(|time| *time > 0).ok_or(DURATION)
}

/// A place among the bits of a number that is not negative, or how many of them.
fn place(value: &str) -> Result<u32, &'static str> {
    value.parse().ok().filter(|bits| *bits < 64).ok_or("a number of bits, from 0 to 63")
}

fn rate(value: &str) -> Result<Rate, &'static str> {
    const RATE: &str = "so many in so much time, such as `10/s` or `5/100ms`";
    let (number, time) = value.split_once('/').ok_or(RATE)?;
    let time = time.trim();
    let per_ns = if time.starts_with(|first: char| first.is_ascii_digit()) {
        duration(time)
    } else {
        duration(&format!("1{time}"))
    };
    let number = number.trim().parse().ok().filter(|number| (1..1 << 32).contains(number)).ok_or(RATE)?;
    Ok(Rate { number, per_ns: per_ns.ok().filter(|time| *time > 0).ok_or(RATE)? })
}

/// A share between 0 and 1, or per cent.
fn millionths(value: &str) -> Result<u32, &'static str> {
    const SHARE: &str = "a share such as `0.99` or `99.9%`";
    let (number, scale) = value.strip_suffix('%').map_or((value, 1e6), |number| (number, 1e4));
    let share = number.trim().parse::<f64>().map_err(|_| SHARE)? * scale;
    if (0.0..=1e6).contains(&share) { Ok(share.round() as u32) } else { Err(SHARE) }
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
    fn rates_and_shares_have_two_notations() {
        let rate = |text| SingleOptions::parse([text]).map(|options| options.rate);
        assert_eq!(rate("rate=10/s"), Ok(Some(Rate { number: 10, per_ns: 1_000_000_000 })));
        assert_eq!(rate("rate=5 / 100ms"), Ok(Some(Rate { number: 5, per_ns: 100_000_000 })));
        let share = |text| SingleOptions::parse([text]).map(|options| options.least_yield);
        assert_eq!((share("yield=0.999"), share("yield=99.9%")), (Ok(Some(999_000)), Ok(Some(999_000))));
    }

    #[test]
    fn errors_name_what_was_given_and_expected() {
        for pair in [
            "total",
            "totl=1",
            "group=0",
            "window=5",
            "window=99999999999s",
            "delivery=once",
            "order=1",
            "rate=5",
            "rate=0/s",
            "yield=101%",
            "bits=64",
        ] {
            let error = SingleOptions::parse([pair]).unwrap_err();
            assert!(error.to_string().contains(pair), "{error}");
        }
    }
}
