//! Random small graphs of transactions, with sessions, intervals, rows in doubt, and hubs.

use checkers::txn::{Edge, Graph, Kinds, NEVER, Timeline};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A graph, and when its transactions were.
#[derive(Debug)]
pub struct Small {
    pub graph: Graph,
    pub timeline: Timeline,
}

/// Reasons of an edge: mostly one, as weighted for this graph.
fn kinds(rng: &mut ChaCha8Rng, palette: &[Kinds]) -> Kinds {
    let one = palette[rng.random_range(0..palette.len())];
    if rng.random_range(0..6) == 0 { one | palette[rng.random_range(0..palette.len())] } else { one }
}

/// A graph of two to seven transactions.
pub fn small(rng: &mut ChaCha8Rng) -> Small {
    let rows = rng.random_range(2..=7);
    let hubs = [0, 0, 1, 2][rng.random_range(0..4)];
    let all = [Kinds::WW, Kinds::WR, Kinds::RW, Kinds::WWP, Kinds::WRP, Kinds::RWP];
    let palettes: [&[Kinds]; 6] = [
        &all,
        &[Kinds::RW],
        &[Kinds::RW, Kinds::RWP],
        &[Kinds::WR, Kinds::RW],
        &[Kinds::WW, Kinds::WR, Kinds::RW, Kinds::RW],
        &[Kinds::WW, Kinds::RWP, Kinds::RWP],
    ];
    let palette = palettes[rng.random_range(0..palettes.len())];
    let mut edges = Vec::new();
    for _ in 0..rng.random_range(1..=rows + rows / 2 + 1) {
        let (from, to) = (rng.random_range(0..rows), rng.random_range(0..rows));
        edges.push(Edge { from, to, kinds: kinds(rng, palette) });
    }
    for hub in rows..rows + hubs {
        for _ in 0..rng.random_range(1..3) {
            edges.push(Edge { from: rng.random_range(0..rows), to: hub, kinds: kinds(rng, palette) });
            edges.push(Edge { from: hub, to: rng.random_range(0..rows), kinds: Kinds::VIA });
        }
        if hub > rows && rng.random_range(0..2) == 0 {
            edges.push(Edge { from: hub, to: hub - 1, kinds: Kinds::VIA });
        }
    }
    Small { graph: Graph::new(rows, hubs, &edges), timeline: timeline(rng, rows) }
}

/// Sessions do one transaction after the other; what is in doubt ends its session. Rows are in no order.
fn timeline(rng: &mut ChaCha8Rng, rows: u32) -> Timeline {
    let sessions = rng.random_range(1..=rows);
    let mut open: Vec<Option<u32>> = vec![None; sessions as usize];
    let mut intervals = Vec::new();
    let (mut clock, mut next_session) = (0, sessions);
    let mut names: Vec<u32> = (0..sessions).collect();
    let in_doubt = [0, 0, 6][rng.random_range(0..3)];
    while intervals.len() < rows as usize {
        clock += 1;
        let at = rng.random_range(0..sessions as usize);
        match open[at].take() {
            None => open[at] = Some(clock),
            Some(invoked) if in_doubt > 0 && rng.random_range(0..in_doubt) == 0 => {
                let invoked = if rng.random_range(0..4) == 0 { 0 } else { invoked };
                intervals.push((invoked, NEVER, names[at]));
                names[at] = next_session;
                next_session += 1;
            }
            Some(invoked) => intervals.push((invoked, clock, names[at])),
        }
    }
    let mut timeline = Timeline::default();
    while !intervals.is_empty() {
        let (invoked, completed, session) = intervals.swap_remove(rng.random_range(0..intervals.len()));
        timeline.push(invoked, completed, session);
    }
    timeline
}
