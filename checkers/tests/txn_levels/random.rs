//! Small random histories, near enough to right ones that many are right.

use checkers::txn::{Accesses, Edge, Graph, INITIAL, Kinds, NEVER, Read, Timeline, Write};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Random {
    pub accesses: Accesses,
    pub timeline: Timeline,
    pub graph: Graph,
}

/// A history of 2 to `most` transactions.
pub fn history(seed: u64, most: usize) -> Random {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rows = rng.random_range(2..=most);
    let keys = rng.random_range(2..=3u32);
    let timeline = timeline(&mut rng, rows);
    let accesses = accesses(&mut rng, &timeline, keys);
    let graph = graph(&accesses);
    Random { accesses, timeline, graph }
}

/// Sessions that each do one transaction after the other, at their own pace.
fn timeline(rng: &mut impl Rng, rows: usize) -> Timeline {
    let mut sessions = rng.random_range(1..=3u32);
    let mut names: Vec<u32> = (0..sessions).collect();
    let mut timeline = Timeline::default();
    let mut open: Vec<Option<usize>> = vec![None; names.len()];
    let mut event = 0;
    while timeline.len() < rows || open.iter().any(Option::is_some) {
        event += 1;
        let slot = rng.random_range(0..open.len());
        match open[slot] {
            None if timeline.len() < rows => {
                open[slot] = Some(timeline.len());
                timeline.push(event, NEVER, names[slot]);
            }
            None => {}
            Some(row) => {
                open[slot] = None;
                if rng.random_bool(0.12) {
                    names[slot] = sessions;
                    sessions += 1;
                } else {
                    timeline.completed[row] = event;
                }
            }
        }
    }
    timeline
}

fn accesses(rng: &mut impl Rng, timeline: &Timeline, keys: u32) -> Accesses {
    let rows = timeline.len();
    let mut serial: Vec<usize> = (0..rows).collect();
    for _ in 0..rng.random_range(0..3) {
        serial.swap(rng.random_range(0..rows), rng.random_range(0..rows));
    }
    let mut reads = vec![Vec::new(); rows];
    let mut writes = vec![Vec::new(); rows];
    let mut written: Vec<Vec<u32>> = vec![vec![INITIAL]; keys as usize];
    for &row in &serial {
        for _ in 0..rng.random_range(0..=3) {
            let key = rng.random_range(0..keys);
            let known = &written[key as usize];
            let back = if rng.random_bool(0.3) { rng.random_range(0..known.len()) } else { 0 };
            reads[row].push(Read { key, from: known[known.len() - 1 - back] });
        }
        for key in (0..keys).filter(|_| rng.random_bool(0.4)).collect::<Vec<_>>() {
            let list = &mut written[key as usize];
            let late = list.len() > 1 && rng.random_bool(0.15);
            list.insert(list.len() - usize::from(late), row as u32);
            writes[row].push(key);
        }
    }
    // A few read from what only comes later.
    if rng.random_bool(0.15) {
        let row = rng.random_range(0..rows);
        let key = rng.random_range(0..keys);
        let from = written[key as usize][rng.random_range(0..written[key as usize].len())];
        if from != row as u32 {
            reads[row].push(Read { key, from });
        }
    }
    forget_the_unseen(timeline, &mut reads, &mut writes, &mut written);
    let mut accesses = Accesses::default();
    for row in 0..rows {
        let place =
            |key: u32| written[key as usize].iter().position(|&by| by == row as u32).expect("it wrote it") as u32;
        let writes: Vec<_> = writes[row].iter().map(|&key| Write { key, version: place(key) }).collect();
        accesses.push(reads[row].iter().copied(), writes);
    }
    accesses
}

/// Rows in doubt that nobody read from neither read nor wrote, as far as anybody knows.
fn forget_the_unseen(timeline: &Timeline, reads: &mut [Vec<Read>], writes: &mut [Vec<u32>], written: &mut [Vec<u32>]) {
    loop {
        let seen = |row: usize| reads.iter().flatten().any(|read| read.from == row as u32);
        let unseen =
            |row: usize| timeline.completed[row] == NEVER && !seen(row) && (reads[row].len() + writes[row].len() > 0);
        let Some(row) = (0..reads.len()).find(|&row| unseen(row)) else { return };
        reads[row].clear();
        writes[row].clear();
        written.iter_mut().for_each(|list| list.retain(|&by| by != row as u32));
    }
}

/// The edges that follow from accesses: each version to the next, to its readers, and its readers to the next.
pub fn graph(accesses: &Accesses) -> Graph {
    let rows = accesses.len() as u32;
    let mut edges = Vec::new();
    let version = |row: u32, key: u32| {
        if row == INITIAL {
            return 0;
        }
        accesses.writes(row).iter().find(|write| write.key == key).expect("read what was written").version
    };
    for to in 0..rows {
        for write in accesses.writes(to).iter().filter(|write| write.version != Write::UNORDERED) {
            for from in 0..rows {
                let before = accesses.writes(from).iter().any(|w| w.key == write.key && w.version + 1 == write.version);
                let mut read = accesses.reads(from).iter().filter(|read| read.key == write.key);
                let missed = read.any(|read| version(read.from, read.key) + 1 == write.version);
                edges.extend(before.then_some(Edge { from, to, kinds: Kinds::WW }));
                edges.extend(missed.then_some(Edge { from, to, kinds: Kinds::RW }));
            }
        }
        let sources = accesses.reads(to).iter().filter(|read| read.from != INITIAL);
        edges.extend(sources.map(|read| Edge { from: read.from, to, kinds: Kinds::WR }));
    }
    Graph::new(rows, 0, &edges)
}
