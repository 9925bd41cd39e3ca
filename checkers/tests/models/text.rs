//! Calls as they stand in a file, and what is said of the file.

use checkers::Word;
use checkers::object::{JudgeOptions, Judged, judge};
use history::{Calls, ReadOptions, read_bytes};

/// One call: `process function argument result`, with values in EDN; a result of `?` crashed, one of `!` failed. One
/// call of a process is over before the next line begins, unless the line begins with `|`: it runs beside the next.
pub struct Script(pub &'static str);

struct Line<'a> {
    is_beside: bool,
    process: &'a str,
    f: &'a str,
    argument: &'a str,
    result: &'a str,
}

fn lines(script: &str) -> Vec<Line<'_>> {
    script.split(';').map(str::trim).filter(|line| !line.is_empty()).map(parse).collect()
}

fn parse(line: &str) -> Line<'_> {
    let (is_beside, line) = line.strip_prefix('|').map_or((false, line), |line| (true, line.trim()));
    let mut words = line.splitn(3, ' ');
    let (process, f) = (words.next().unwrap(), words.next().unwrap());
    let (argument, result) = words.next().unwrap().split_once(" -> ").unwrap();
    Line { is_beside, process, f, argument, result }
}

/// The events of a script: type, process, function, value.
fn events(script: &str) -> Vec<(&'static str, String, String, String)> {
    let (mut events, mut late) = (Vec::new(), Vec::new());
    for line in lines(script) {
        let event = |kind, value: &str| (kind, line.process.to_owned(), line.f.to_owned(), value.to_owned());
        events.push(event("invoke", line.argument));
        let completion = match line.result {
            "?" => event("info", line.argument),
            "!" => event("fail", line.argument),
            value => event("ok", value),
        };
        late.push(completion);
        if !line.is_beside {
            events.append(&mut late);
        }
    }
    events
}

impl Script {
    /// As EDN, a map in each line.
    pub fn edn(&self) -> String {
        let line =
            |(kind, process, f, value)| format!("{{:type :{kind}, :process {process}, :f :{f}, :value {value}}}\n");
        events(self.0).into_iter().map(line).collect()
    }

    /// As JSON, an object in each line.
    pub fn json(&self) -> String {
        let line = |(kind, process, f, value): (_, _, _, String)| {
            let value = json(&value);
            format!("{{\"type\":\"{kind}\",\"process\":{process},\"f\":\"{f}\",\"value\":{value}}}\n")
        };
        events(self.0).into_iter().map(line).collect()
    }
}

/// EDN of which JSON knows the like: keywords are strings, and so are keys.
fn json(edn: &str) -> String {
    let json = edn.replace("nil", "null");
    let mut out = String::new();
    let mut letters = json.chars().peekable();
    let (mut depth_of_map, mut is_key) = (0, false);
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                is_quoted = !is_quoted;
                out.push(letter);
            }
            _ if is_quoted => out.push(letter),
            ':' => {
                let mut name = String::new();
                while letters.peek().is_some_and(|next| next.is_alphanumeric() || *next == '-') {
                    name.extend(letters.next());
                }
                out.push_str(&format!("{name:?}"));
            }
            '{' => {
                (depth_of_map, is_key) = (depth_of_map + 1, true);
                out.push(letter);
            }
            '}' => {
                depth_of_map -= 1;
                out.push(letter);
            }
            ' ' if depth_of_map > 0 => {
                out.push(if is_key { ':' } else { ',' });
                is_key = !is_key;
            }
            ' ' => out.push(','),
            _ => out.push(letter),
        }
    }
    out
}

/// Judges text of either format.
pub fn told(model: &str, text: &str, independent: bool, options: &JudgeOptions) -> Result<Judged, String> {
    let read = ReadOptions { independent, ..ReadOptions::default() };
    let recording = read_bytes(text.as_bytes(), &read).unwrap_or_else(|error| panic!("{model}: {error}: {text}"));
    judge(model, &Calls::pair(&recording).unwrap(), options)
}

/// The word on a script, the same in both formats.
pub fn word(model: &str, script: &'static str, options: &JudgeOptions) -> Word {
    let script = Script(script);
    let [edn, json] = [script.edn(), script.json()];
    let one = told(model, &edn, false, options).unwrap_or_else(|error| panic!("{model}: {error}: {edn}"));
    let other = told(model, &json, false, options).unwrap_or_else(|error| panic!("{model}: {error}: {json}"));
    assert_eq!(one.word, other.word, "{model}: {one:#?} of {edn}, {other:#?} of {json}");
    one.word
}
