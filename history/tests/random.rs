//! Random histories survive every format, and random bytes never make a reader panic.

use history::{Calls, Format, History, ReadOptions, Recording, Register, Set, read_bytes, write};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn options(format: Format, chunk: Option<usize>) -> ReadOptions {
    ReadOptions { format: Some(format), chunk, ..ReadOptions::default() }
}

/// Scalars of every kind, some of them nasty.
const SCALARS: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "-1",
    "7",
    "1073741822",
    "1073741823",
    "-1073741825",
    "9223372036854775807",
    "-5N",
    "123456789012345678901234567890",
    "1/3",
    "1.5",
    "-0.0",
    "1e300",
    "##Inf",
    "##-Inf",
    "##NaN",
    "1.50M",
    "\"\"",
    "\"a b\"",
    "\"q\\\"\\\\\\n\\u0001\"",
    "\"é😀\"",
    ":a",
    ":a/b",
    ":0",
    ":#edn",
    "::x",
    "sym",
    "+",
    "\\a",
    "\\newline",
    "\"append\"",
    ":append",
    ":gainsay/tag",
];

fn form(rng: &mut impl Rng, depth: u32) -> String {
    let many =
        |rng: &mut ChaCha8Rng| (0..rng.random_range(0..4)).map(|_| form(rng, depth + 1)).collect::<Vec<_>>().join(" ");
    let mut own = ChaCha8Rng::seed_from_u64(rng.next_u64());
    match rng.random_range(0..if depth > 4 { 10 } else { 16 }) {
        0..10 => SCALARS[rng.random_range(0..SCALARS.len())].to_owned(),
        10 => format!("[{}]", many(&mut own)),
        11 => format!("({})", many(&mut own)),
        12 => format!("#{{{}}}", many(&mut own)),
        13 => {
            let pairs =
                (0..own.random_range(0..4)).map(|_| format!("{} {}", form(&mut own, depth + 1), form(rng, depth + 1)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        14 => format!("#{} {}", ["my/tag", "inst", "a.b.C"][own.random_range(0..3)], form(rng, depth + 1)),
        _ => format!("[[{} {}] {}]", [":r", "\"r\"", "1"][own.random_range(0..3)], many(&mut own), many(&mut own)),
    }
}

/// A file of EDN, with everything that may be missing missing now and then.
fn file(rng: &mut ChaCha8Rng) -> String {
    let has_index = rng.random_bool(0.7);
    let mut text = String::new();
    for index in 0..rng.random_range(0..30) {
        text.push('{');
        if has_index {
            text.push_str(&format!(":index {} ", index * 3));
        }
        let kind = ["invoke", "ok", "fail", "info"][rng.random_range(0..4)];
        text.push_str(&format!(":type :{kind}, "));
        let optional: [(&str, String); 7] = [
            ("time", rng.random_range(-1..1_i64 << 60).to_string()),
            ("process", ["0", "1", "77", "99999999999", ":nemesis", "nil"][rng.random_range(0..6)].to_owned()),
            ("f", [":read", ":a/b", "\"two words\"", "nil", "5"][rng.random_range(0..5)].to_owned()),
            ("value", form(rng, 0)),
            ("key", form(rng, 3)),
            ("node", "\"n1\"".to_owned()),
            ("error", form(rng, 3)),
        ];
        for (name, value) in optional {
            if rng.random_bool(0.7) {
                text.push_str(&format!(":{name} {value}, "));
            }
        }
        if rng.random_bool(0.3) {
            let name = [":debug", "\"a string\"", "\"name\"", "[1 :a]", "sym"][rng.random_range(0..5)];
            text.push_str(&format!("{name} {}", form(rng, 2)));
        }
        text.push_str(if rng.random_bool(0.5) { "}\n" } else { "}" });
    }
    text
}

fn written(recording: &Recording, format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    write(recording, format, &mut text).expect("memory takes everything");
    text
}

#[test]
fn random_histories_survive_every_format_and_every_chunk() {
    for seed in 0..1500 {
        let text = file(&mut ChaCha8Rng::seed_from_u64(seed));
        let whole =
            read_bytes(text.as_bytes(), &options(Format::Edn, None)).unwrap_or_else(|e| panic!("{e} in {text}"));
        for chunk in [1, 100, 1000] {
            let parts = read_bytes(text.as_bytes(), &options(Format::Edn, Some(chunk))).expect("it was read before");
            assert!(parts == whole && parts.notes() == whole.notes(), "seed {seed}: chunks of {chunk} matter\n{text}");
        }
        for format in [Format::JsonLines, Format::Json, Format::Edn] {
            let text = written(&whole, format);
            let shown = String::from_utf8_lossy(&text);
            let back = read_bytes(&text, &options(format, Some(64))).unwrap_or_else(|e| panic!("{e} in {shown}"));
            assert!(back == whole, "seed {seed} as {format}\n{shown}");
        }
    }
}

/// Valid texts that mutations begin with.
const VALID: &[(Format, &str)] = &[
    (
        Format::Edn,
        "[{:index 0, :type :invoke, :process 1, :f :cas, :value [1 [2 3]]}\n ; c\n #a.Op{:type :ok, :process 1, :x #{1 2/3 1.5M ##Inf \\a \"s\\n\"}}]",
    ),
    (
        Format::Edn,
        "{:type :ok :value #:n{:a #_ b ^m c} :time 123456789}\n{:process :nemesis :type :info :error #object[a 0x1f \"s\"]}",
    ),
    (
        Format::JsonLines,
        "{\"index\":0,\"process\":1,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\",1,null]],\"node\":\"n1\"}\n{\"type\":\"ok\",\"value\":{\"1\":2.5e3},\"x\":\"\\ud83d\\ude00\"}\n",
    ),
    (
        Format::Json,
        "[{\"type\":\"ok\",\"value\":{\"#edn\":\":a\"},\"time\":99},\n{\"type\":\"info\",\"process\":\"nemesis\",\"a\":{\"b\":[1,true]}}]",
    ),
    (Format::Text, "0\t:invoke\t:read\tnil\n:nemesis\t:info\t:start\t\"x\"\tno such host\n0\t:ok\t:read\t[1 2]\n"),
    (
        Format::Console,
        "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nother line\nINFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n",
    ),
];

/// What mutations insert.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\\",
    "#",
    "#_",
    "#{",
    ":",
    "^",
    ";",
    "\n",
    "\t",
    ",",
    "'",
    "0",
    "-",
    ".",
    "e9",
    "N",
    "M",
    "/",
    "nil",
    "null",
    "\u{0}",
    "é",
    "😀",
    "##",
    "#:",
    "\\u12",
    "99999999999999999999",
    "{:type :ok}",
    "\"type\"",
];

fn mutate(text: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..=text.len());
    let end = (at + rng.random_range(0..12)).min(text.len());
    match rng.random_range(0..6) {
        0 => text.truncate(at),
        1 => drop(text.drain(at..end)),
        2 => drop(text.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].bytes())),
        3 => text.insert(at, rng.random()),
        4 => {
            let copy = text[at..end].to_vec();
            let to = rng.random_range(0..=text.len());
            drop(text.splice(to..to, copy));
        }
        _ => {
            if let Some(byte) = text.get_mut(at) {
                *byte ^= 1 << rng.random_range(0..8);
            }
        }
    }
}

/// 50 000 cases, of which every tenth is looked at in every way.
#[test]
fn mutated_histories_never_panic_and_chunks_never_matter() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for case in 0..50_000 {
        let (format, valid) = VALID[case % VALID.len()];
        let mut text = valid.as_bytes().to_vec();
        for _ in 0..rng.random_range(1..6) {
            mutate(&mut text, &mut rng);
        }
        let whole = read_bytes(&text, &options(format, None));
        if case % 10 != 0 {
            continue;
        }
        let parts = read_bytes(&text, &options(format, Some(16)));
        let shown = String::from_utf8_lossy(&text);
        match (whole, parts) {
            (Ok(whole), Ok(parts)) => {
                assert!(whole == parts && whole.notes() == parts.notes(), "{shown}");
                survives(&whole, &shown);
            }
            (Err(whole), Err(parts)) => assert_eq!(whole, parts, "{shown}"),
            (whole, parts) => panic!("{whole:?} and {parts:?} of {shown}"),
        }
    }
}

fn survives(recording: &Recording, shown: &str) {
    let _ = Calls::pair(recording).map(|calls| calls.keys());
    let _ = History::<Register>::from_recording(recording);
    let _ = History::<Set>::from_recording(recording);
    for format in [Format::JsonLines, Format::Edn] {
        let text = written(recording, format);
        let back = read_bytes(&text, &options(format, None)).unwrap_or_else(|error| panic!("{error} of {shown}"));
        assert!(back == *recording, "{} of {shown}", String::from_utf8_lossy(&text));
    }
}
