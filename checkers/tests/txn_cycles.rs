//! The cycle engine against enumeration: on random small graphs it finds what is there and nothing else; on large ones
//! it is quick enough, and every cycle that it tells of verifies.

#[path = "txn_cycles/large.rs"]
mod large;
#[path = "txn_cycles/oracle.rs"]
mod oracle;
#[path = "txn_cycles/random.rs"]
mod random;

use checkers::txn::{
    Cycle, CycleOptions, Cycles, Edge, Gap, Graph, GraphLevel, Kinds, NEVER, Needs, Phenomenon, Shape, Step, Timeline,
    Why, cycles, verify,
};
use oracle::{Oracle, implies};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use random::{Small, small};
use std::collections::BTreeSet;

fn rounds(ordinary: u64) -> u64 {
    if std::env::var_os("GAINSAY_NIGHTLY").is_some() { ordinary * 10 } else { ordinary }
}

fn names(found: &Cycles) -> Vec<String> {
    found.cycles.iter().map(|cycle| cycle.phenomenon.name()).collect()
}

fn edge(from: u32, to: u32, kinds: Kinds) -> Edge {
    Edge { from, to, kinds }
}

/// Everything concurrent, each in a session of its own.
fn concurrent(rows: u32) -> Timeline {
    let mut timeline = Timeline::default();
    (0..rows).for_each(|row| timeline.push(row, 100 + row, row));
    timeline
}

/// True if there was a cycle.
fn check_small(small: &Small) -> bool {
    let Small { graph, timeline } = small;
    let found = cycles(graph, timeline, &CycleOptions::default());
    let oracle = Oracle::new(graph, timeline);
    let context = || format!("{small:?}\nfound {:?}\nthere {:?}", names(&found), oracle.phenomena);
    assert_eq!(found.incomplete, [], "{}", context());
    for cycle in &found.cycles {
        verify(cycle, graph, timeline).unwrap_or_else(|error| panic!("{error}\n{}", context()));
        assert!(oracle.phenomena.contains(&cycle.phenomenon), "{} is not there\n{}", cycle.phenomenon, context());
    }
    let told: BTreeSet<Phenomenon> = found.cycles.iter().map(|cycle| cycle.phenomenon).collect();
    for &there in &oracle.phenomena {
        let exact = !matches!(there, Phenomenon::Cycle(shape, _) if shape > Shape::GSingle);
        let covered = told.iter().any(|&one| if exact { implies(one, there) } else { oracle::graver(one, there) });
        assert!(covered, "{there} was missed\n{}", context());
    }
    let proven: BTreeSet<(GraphLevel, Needs)> = found.proven.iter().map(|proof| (proof.level, proof.needs)).collect();
    assert_eq!(proven, oracle.levels, "{}", context());
    !oracle.phenomena.is_empty()
}

#[test]
fn small_graphs_hold_what_enumeration_says() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let (mut cyclic, total) = (0, rounds(10_000));
    for _ in 0..total {
        cyclic += u64::from(check_small(&small(&mut rng)));
    }
    assert!(cyclic * 4 > total && cyclic * 20 < total * 19, "{cyclic} of {total} have a cycle: both must be tried");
}

/// The labels of a ring but for its last step, which is of data, a session or real time.
fn ring(shape: Shape) -> &'static [Kinds] {
    match shape {
        Shape::G0 => &[Kinds::WW],
        Shape::G1c => &[Kinds::WRP],
        Shape::GSingleItem => &[Kinds::RW],
        Shape::GSingle => &[Kinds::RWP],
        Shape::GNonadjacentItem => &[Kinds::RW, Kinds::WW, Kinds::RW],
        Shape::GNonadjacent => &[Kinds::RWP, Kinds::WWP, Kinds::RW],
        Shape::G2Item => &[Kinds::RW, Kinds::RW],
        Shape::G2 => &[Kinds::RW, Kinds::RWP],
    }
}

#[test]
fn a_ring_is_named_for_its_steps() {
    for (shape, needs) in Phenomenon::all().filter_map(|one| match one {
        Phenomenon::Cycle(shape, needs) => Some((shape, needs)),
        _ => None,
    }) {
        let steps = ring(shape);
        let last = steps.len() as u32;
        let mut edges: Vec<Edge> = (0u32..).zip(steps).map(|(row, &kinds)| edge(row, row + 1, kinds)).collect();
        let mut timeline = concurrent(last + 1);
        match needs {
            Needs::Data => edges.push(edge(last, 0, Kinds::WW)),
            Needs::Process => timeline.session[0] = last,
            Needs::Realtime => {}
        }
        if needs > Needs::Data {
            (timeline.completed[last as usize], timeline.invoked[0]) = (50, 51);
        }
        let found = cycles(&Graph::new(last + 1, 0, &edges), &timeline, &CycleOptions::default());
        assert_eq!(names(&found), [Phenomenon::Cycle(shape, needs).name()]);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one");
    for _ in 0..200 {
        let Small { graph, timeline } = small(&mut rng);
        let options = CycleOptions::default();
        assert_eq!(cycles(&graph, &timeline, &options), one.install(|| cycles(&graph, &timeline, &options)));
    }
}

#[test]
fn a_mutated_certificate_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut refused = 0;
    for _ in 0..1_000 {
        let Small { graph, timeline } = small(&mut rng);
        for cycle in cycles(&graph, &timeline, &CycleOptions::default()).cycles {
            let mut shorter = cycle.clone();
            shorter.steps.remove(rng.random_range(0..shorter.steps.len()));
            assert!(verify(&shorter, &graph, &timeline).is_err(), "a step less: {shorter:?}");
            for other in Phenomenon::all().filter(|&other| other != cycle.phenomenon) {
                assert!(verify(&Cycle { phenomenon: other, ..cycle.clone() }, &graph, &timeline).is_err());
            }
            let at = rng.random_range(0..cycle.steps.len());
            let whys = [Why::Data(Kinds::WW), Why::Data(Kinds::WR), Why::Data(Kinds::RW), Why::Data(Kinds::RWP)];
            let whys = whys.into_iter().chain([Why::Process, Why::Realtime, Why::Data(Kinds::NONE)]);
            for why in whys.filter(|&why| !oracle::holds(&graph, &timeline, Step { why, ..cycle.steps[at] })) {
                let mut changed = cycle.clone();
                changed.steps[at].why = why;
                assert!(verify(&changed, &graph, &timeline).is_err(), "{changed:?}");
                refused += 1;
            }
            let mut astray = cycle.clone();
            astray.steps[at].to = (astray.steps[at].to + 1) % graph.transactions();
            assert!(verify(&astray, &graph, &timeline).is_err(), "{astray:?}");
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
}

#[test]
fn a_writer_on_both_sides_of_its_hub_is_no_cycle() {
    for kinds in [Kinds::RW, Kinds::RWP, Kinds::WW, Kinds::WR, Kinds::RW | Kinds::WR] {
        let graph = Graph::new(2, 1, &[edge(0, 2, kinds), edge(2, 0, Kinds::VIA), edge(2, 1, Kinds::VIA)]);
        let found = cycles(&graph, &concurrent(2), &CycleOptions::default());
        assert!(found.cycles.is_empty() && found.proven.is_empty(), "{kinds}: {found:?}");
    }
}

#[test]
fn data_is_preferred_to_sessions_and_those_to_real_time() {
    let graph = Graph::new(2, 0, &[edge(0, 1, Kinds::WR), edge(1, 0, Kinds::RW)]);
    let mut timeline = Timeline::default();
    timeline.push(0, 1, 0);
    timeline.push(2, 3, 0);
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert_eq!(names(&found), ["G-single-item"]);
    let graph = Graph::new(2, 0, &[edge(1, 0, Kinds::RW)]);
    assert_eq!(names(&cycles(&graph, &timeline, &CycleOptions::default())), ["G-single-item-process"]);
    timeline.session[1] = 1;
    assert_eq!(names(&cycles(&graph, &timeline, &CycleOptions::default())), ["G-single-item-realtime"]);
    let data = CycleOptions { orders: Needs::Process, ..CycleOptions::default() };
    assert!(cycles(&graph, &timeline, &data).cycles.is_empty());
}

#[test]
fn cycles_of_one_phenomenon_share_no_transaction_and_are_counted() {
    let pairs =
        (0..20).flat_map(|pair| [edge(2 * pair, 2 * pair + 1, Kinds::WW), edge(2 * pair + 1, 2 * pair, Kinds::WW)]);
    let ring = (0..40).map(|row| edge(row, (row + 2) % 40, Kinds::WR));
    let graph = Graph::new(40, 0, &pairs.chain(ring).collect::<Vec<_>>());
    let found = cycles(&graph, &concurrent(40), &CycleOptions { per_phenomenon: 5, ..CycleOptions::default() });
    let phenomenon = Phenomenon::Cycle(Shape::G0, Needs::Data);
    assert_eq!(found.cycles.len(), 5);
    assert!(found.at_least[&phenomenon] >= 5);
    assert!(found.cycles.iter().all(|cycle| cycle.phenomenon == phenomenon && cycle.steps.len() == 2));
    let rows: BTreeSet<u32> = found.cycles.iter().flat_map(|cycle| cycle.steps.iter().map(|step| step.from)).collect();
    assert_eq!(rows.len(), 10);
}

#[test]
fn without_a_budget_the_proofs_stand_and_one_cycle_is_shown() {
    let graph = Graph::new(3, 0, &[edge(0, 1, Kinds::RW), edge(1, 2, Kinds::RW), edge(2, 0, Kinds::WR)]);
    let found = cycles(&graph, &concurrent(3), &CycleOptions { expansions: 0, ..CycleOptions::default() });
    assert_eq!(found.incomplete, [Gap::Budget]);
    assert_eq!(names(&found), ["G2-item"]);
    let levels: Vec<(GraphLevel, Needs)> = found.proven.iter().map(|proof| (proof.level, proof.needs)).collect();
    assert!(levels.contains(&(GraphLevel::RepeatableRead, Needs::Data)));
    assert!(!levels.iter().any(|level| level.0 == GraphLevel::Snapshot));
}

#[test]
fn who_never_completed_precedes_nobody_but_by_data() {
    let graph = Graph::new(3, 0, &[edge(0, 1, Kinds::WR), edge(2, 0, Kinds::RW)]);
    let mut timeline = Timeline::default();
    [(0, NEVER, 0), (1, 2, 1), (3, 4, 1)]
        .iter()
        .for_each(|&(invoked, end, session)| timeline.push(invoked, end, session));
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert_eq!(names(&found), ["G-single-item-process"], "written, read, then missed by the reader's session");
    let graph = Graph::new(3, 0, &[edge(2, 0, Kinds::RW)]);
    assert!(cycles(&graph, &timeline, &CycleOptions::default()).cycles.is_empty());
}

#[test]
fn a_valid_history_of_a_million_is_one_scan() {
    let (graph, timeline) = large::valid(1_000_000);
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert!(found.cycles.is_empty() && found.proven.is_empty() && found.incomplete.is_empty());
    assert_eq!((found.stats.components, found.stats.expansions), (0, 0));
    assert!(found.stats.windows > 1_000, "only {} windows", found.stats.windows);
}

#[test]
fn stale_reads_from_end_to_end_are_named() {
    let (graph, timeline) = large::stale(20_000, 1);
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert!(found.stats.largest > 19_000, "{:?}", found.stats);
    assert_eq!(found.incomplete, []);
    assert_eq!(names(&found)[0], "G-single-item", "reads that are stale by what was read besides");
}

#[test]
fn a_component_of_many_thousands_has_no_read_skew() {
    let (graph, timeline) = large::coloured(20_000, None);
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert!(found.stats.largest > 19_500, "{:?}", found.stats);
    assert_eq!(found.incomplete, []);
    let shapes: BTreeSet<String> = names(&found).into_iter().collect();
    assert!(!shapes.iter().any(|name| name.starts_with("G-single")), "{shapes:?}");
    assert!(shapes.contains("G-nonadjacent-item"), "{shapes:?}");
}

#[test]
fn one_read_skew_in_a_component_of_a_hundred_thousand_is_found() {
    let (graph, timeline) = large::coloured(100_000, Some(70_001));
    let found = cycles(&graph, &timeline, &CycleOptions::default());
    assert_eq!(found.incomplete, []);
    assert_eq!(found.cycles[0].phenomenon, Phenomenon::Cycle(Shape::GSingleItem, Needs::Data));
    let rows: Vec<u32> = found.cycles[0].steps.iter().map(|step| step.from).collect();
    assert_eq!(rows, [70_001, 70_003, 70_005]);
}
