//! How fast histories are read, in bytes per second: each format on one core and on all, and what pairing costs.
//!
//! Measured on transactions of list-append with lists of up to 32 (`gen_history.py append --procs 20 --keys 16
//! --txn-len 4`). Instructions are those of 3 MB under callgrind, with pairing left out, so they hold on a busy
//! machine; the two columns are without and with the short cuts for lists of integers, fields and short names.
//!
//! | text | before | with short cuts |
//! |---|---|---|
//! | JSON lines, instructions a byte | 46 | 35 |
//! | EDN, instructions a byte | 56 | 45 |
//! | JSON lines, one core, of an idle machine | 330-360 MB/s | not measured |
//! | the same of a machine that others keep busy, alternating | 73-109 MB/s | 99-147 MB/s |
//! | 286 MB of EDN, 1 000 000 transactions, read and paired: processor seconds on two threads | 5.4 s | 4.4 s |
//!
//! Reading and pairing those transactions, 3 855 491 different values, took 718 MB resident at most, the mapped file of
//! 286 MB among them: some 430 MB beside it, before and after alike. Ten times as many were not measured. Pairing took
//! a fortieth of the time of reading. What is left for large files is mostly the table of values: a memory access that
//! no cache can have for each value that was not there before.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use history::{Calls, Format, ReadOptions, read_bytes, write};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;
use std::hint::black_box;

/// Events of a register with compare-and-set on a hundred keys.
const REGISTER_EVENTS: u64 = 400_000;

/// Transactions of list-append, whose reads grow.
const TRANSACTIONS: u64 = 60_000;

/// One event of the register: function and value, as EDN and as JSON.
fn register_value(rng: &mut ChaCha8Rng) -> (&'static str, String, String) {
    let (old, new) = (rng.random_range(0..5), rng.random_range(0..5));
    match rng.random_range(0..3) {
        0 => ("read", "nil".to_owned(), "null".to_owned()),
        1 => ("write", new.to_string(), new.to_string()),
        _ => ("cas", format!("[{old} {new}]"), format!("[{old},{new}]")),
    }
}

/// The same history as EDN, JSON lines, a JSON array, and console lines.
fn register() -> [(Format, String); 4] {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut edn, mut lines, mut array, mut console) = (String::new(), String::new(), String::from("["), String::new());
    for index in 0..REGISTER_EVENTS {
        let (process, kind) = ((index / 2) % 10, ["invoke", "ok"][index as usize % 2]);
        let (f, value, json) = register_value(&mut rng);
        let (time, key) = (index * 1_234_567, index / 2 % 100);
        writeln!(
            edn,
            "{{:index {index}, :time {time}, :type :{kind}, :process {process}, :f :{f}, :value [{key} {value}]}}"
        )
        .expect("memory");
        let object = format!(
            "{{\"index\":{index},\"time\":{time},\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":{key},\"value\":{json},\"node\":\"n{}\"}}",
            1 + process % 5
        );
        writeln!(lines, "{object}").expect("memory");
        let separator = if index == 0 { "" } else { ",\n" };
        write!(array, "{separator}{object}").expect("memory");
        writeln!(console, "INFO  jepsen.util - {process}\t:{kind}\t:{f}\t{value}").expect("memory");
    }
    array.push(']');
    [(Format::Edn, edn), (Format::JsonLines, lines), (Format::Json, array), (Format::Console, console)]
}

/// Transactions as EDN and JSON lines.
fn append() -> [(Format, String); 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut edn, mut json) = (String::new(), String::new());
    let mut lists: Vec<Vec<u64>> = vec![Vec::new(); 16];
    for index in 0..TRANSACTIONS {
        let (read, key) = (rng.random_range(0..16), rng.random_range(0..16));
        lists[key].push(index);
        if lists[key].len() > 64 {
            lists[key].clear();
        }
        let list = format!("{:?}", lists[read]);
        let (process, time) = (index % 20, index * 987_654);
        writeln!(edn, "{{:index {index}, :time {time}, :type :ok, :process {process}, :f :txn, :value [[:r {read} {}] [:append {key} {index}]]}}", list.replace(',', ""))
            .expect("memory");
        writeln!(json, "{{\"index\":{index},\"time\":{time},\"type\":\"ok\",\"process\":{process},\"f\":\"txn\",\"value\":[[\"r\",{read},{list}],[\"append\",{key},{index}]]}}")
            .expect("memory");
    }
    [(Format::Edn, edn), (Format::JsonLines, json)]
}

fn parse(criterion: &mut Criterion) {
    let texts = register().into_iter().map(|(format, text)| ("register", format, text));
    let texts = texts.chain(append().into_iter().map(|(format, text)| ("append", format, text)));
    for (what, format, text) in texts {
        let mut group = criterion.benchmark_group(format!("{what} {format}"));
        group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
        let whole = ReadOptions { chunk: Some(usize::MAX), ..ReadOptions::default() };
        group.bench_function("one core", |b| b.iter(|| read_bytes(black_box(text.as_bytes()), &whole)));
        let shared = ReadOptions::default();
        group.bench_function("all cores", |b| b.iter(|| read_bytes(black_box(text.as_bytes()), &shared)));
        let recording = read_bytes(text.as_bytes(), &whole).expect("the text was made here");
        if what == "register" {
            group.bench_function("pairing", |b| b.iter(|| Calls::pair(black_box(&recording)).map(|calls| calls.len())));
            group.bench_function("writing edn", |b| b.iter(|| write(&recording, Format::Edn, std::io::sink())));
        }
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
