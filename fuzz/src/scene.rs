//! Arbitrary bytes as a history in EDN: a few clients that mostly do what clients do, with functions of one model, and
//! now and then something that none of them can have done.

use checkers::object::models;
use std::fmt::Write;

/// Events of one history, at most: what is judged by search must stay small.
const MOST_EVENTS: usize = 96;
/// Clients, and then the nemesis and nobody.
const CLIENTS: usize = 6;
/// What no model counts with.
const ODD: &[&str] = &[
    "9223372036854775807",
    "-9223372036854775808",
    "123456789012345678901234567890",
    "1073741823",
    "-1",
    "##NaN",
    "##Inf",
    "1e300",
    "-0.0",
    "1/3",
    "1.50M",
    "\"\"",
    "\"a\\n\\u0001\\\"é😀\"",
    "\\a",
    ":a/b",
    "sym",
    "#inst \"2020-01-01\"",
    "#my.Record{:a 1}",
    "[[[[]]]]",
    "{[1] {2 #{}}}",
    "{:#edn 1}",
    "{:gainsay/tag 1, :gainsay/form 2}",
];

/// The bytes that are left; zeros after their end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    /// A number below `limit`, which is at most 256.
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.next()) % limit
    }
}

/// What the clients of one history do.
struct Scene<'a> {
    bytes: Bytes<'a>,
    functions: Vec<&'static str>,
    has_keys: bool,
    has_tuples: bool,
    /// What each client has in flight: its function, key and value.
    open: [Option<(&'static str, String, String)>; CLIENTS],
    /// How often each client crashed.
    crashes: [usize; CLIENTS],
    /// A number that was not used yet.
    fresh: u64,
    time: u64,
    text: String,
}

/// Makes a history of bytes: the first says whose functions are used, the second which fields there are.
#[must_use]
pub fn scene(bytes: &[u8]) -> String {
    let mut bytes = Bytes(bytes);
    let functions = vocabulary(bytes.next());
    let fields = bytes.next();
    let mut scene = Scene {
        bytes,
        functions,
        has_keys: fields & 1 != 0,
        has_tuples: fields & 2 != 0,
        open: [const { None }; CLIENTS],
        crashes: [0; CLIENTS],
        fresh: 0,
        time: 0,
        text: String::new(),
    };
    for index in 0..MOST_EVENTS {
        if scene.bytes.0.is_empty() {
            break;
        }
        scene.event(index, fields & 4 == 0);
    }
    scene.text
}

/// The functions of one model or checker, and of transactions.
fn vocabulary(choice: u8) -> Vec<&'static str> {
    let word = |text: &'static str| text.trim().split(' ').next().unwrap_or_default();
    let of_models = models().iter().map(|entry| entry.functions.split(';').map(word).collect());
    let of_checkers = checkers::checkers().iter().map(|entry| entry.functions.iter().map(|f| word(f)).collect());
    let all: Vec<Vec<&'static str>> = of_models.chain(of_checkers).collect();
    all[usize::from(choice) % all.len()].clone()
}

impl Scene<'_> {
    fn event(&mut self, index: usize, has_index: bool) {
        let what = self.bytes.next();
        let actor = usize::from(what & 7);
        self.time += u64::from(what >> 3) * 1_000_000;
        self.text.push('{');
        if has_index {
            let _ = write!(self.text, ":index {index} ");
        }
        match actor {
            6 => {
                let value = self.value();
                let _ = write!(self.text, ":process :nemesis :type :info :f :kill :value {value}");
            }
            7 => self.oddity(),
            client => self.step(client, what >> 3),
        }
        self.text.push_str("}\n");
    }

    /// The next thing that a client does.
    fn step(&mut self, client: usize, how: u8) {
        let process = client + 8 * self.crashes[client];
        let (kind, f, key, value) = match self.open[client].take() {
            None => {
                let choice = self.bytes.below(self.functions.len());
                let (f, key, value) = (self.functions[choice], self.key(), self.value());
                self.open[client] = Some((f, key.clone(), value.clone()));
                ("invoke", f, key, value)
            }
            Some((f, key, asked)) => {
                let kind = ["ok", "ok", "ok", "ok", "ok", "fail", "info", "info"][usize::from(how & 7)];
                self.crashes[client] += usize::from(kind == "info");
                let value = if how & 8 == 0 { asked } else { self.value() };
                (kind, f, key, value)
            }
        };
        let (time, value) =
            (self.time, if self.has_tuples { format!("[{} {value}]", key_or_nil(&key)) } else { value });
        let key = if self.has_keys && !self.has_tuples { format!(":key {}", key_or_nil(&key)) } else { String::new() };
        let _ = write!(self.text, ":time {time} :process {process} :type :{kind} :f :{f} {key} :value {value}");
    }

    fn key(&mut self) -> String {
        if !self.has_keys && !self.has_tuples {
            return String::new();
        }
        ["0", "1", "2", "\"k\"", ":k", "nil", "[1 2]", "0"][self.bytes.below(8)].to_owned()
    }

    /// An event that lacks something, or that no client can have made, or with fields of its own.
    fn oddity(&mut self) {
        let kind = ["invoke", "ok", "fail", "info"][self.bytes.below(4)];
        let _ = write!(self.text, ":type :{kind} ");
        let which = self.bytes.next();
        for (bit, name) in [":time", ":process", ":f", ":key", ":value", ":error", ":node", ":debug"].iter().enumerate()
        {
            if which >> bit & 1 != 0 {
                let value = if *name == ":time" { self.time.to_string() } else { self.value() };
                let _ = write!(self.text, "{name} {value} ");
            }
        }
    }

    fn small(&mut self) -> usize {
        self.bytes.below(6)
    }

    /// A value of any of the shapes that models know, and of others.
    fn value(&mut self) -> String {
        let (shape, a) = (self.bytes.below(24), self.small());
        match shape {
            0..3 => "nil".to_owned(),
            3..6 => a.to_string(),
            6 | 7 => {
                self.fresh += 1;
                self.fresh.to_string()
            }
            8 => self.fresh.saturating_sub(a as u64).to_string(),
            9 => format!("[{a} {}]", self.small()),
            10 => format!("[{}]", self.numbers(a)),
            11 => format!("#{{{}}}", self.numbers(a)),
            12 => format!("[nil [{a} {}]]", self.small()),
            13 => format!("[{a} [{} {}]]", self.small(), self.small()),
            14 => format!("{{:client {a} :fence {} :term {a} :leader {}}}", self.small(), self.small()),
            15 => format!("{{0 {a}, 1 {}, 2 {}}}", self.small(), self.small()),
            16 => format!("{{:from {a} :to {} :amount {}}}", self.small(), self.small()),
            17 | 18 => self.transaction(a),
            19 => format!("{{:val {a} :sts {} :node {} :process 0 :tb 1}}", self.small(), self.small()),
            20 => format!("[{a} {}]", ["true", "false"][self.bytes.below(2)]),
            21 => format!("\"{}\"", ["", "a", "x 0 0 y", "xy"][self.bytes.below(4)]),
            22 => ["true", "false"][self.bytes.below(2)].to_owned(),
            _ => ODD[self.bytes.below(ODD.len())].to_owned(),
        }
    }

    fn numbers(&mut self, count: usize) -> String {
        (0..count).map(|_| self.small().to_string()).collect::<Vec<_>>().join(" ")
    }

    fn transaction(&mut self, count: usize) -> String {
        let mut text = String::from("[");
        for _ in 0..count {
            let f = ["r", "append", "w", "read", "write", "insert"][self.bytes.below(6)];
            let key = self.small();
            let value = match self.bytes.below(3) {
                0 => "nil".to_owned(),
                1 => self.small().to_string(),
                _ => {
                    let count = self.small();
                    format!("[{}]", self.numbers(count))
                }
            };
            let _ = write!(text, "[:{f} {key} {value}]");
        }
        text.push(']');
        text
    }
}

fn key_or_nil(key: &str) -> &str {
    if key.is_empty() { "nil" } else { key }
}
