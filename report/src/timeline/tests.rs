//! Whatever the history and its witness, everything is drawn within the drawing, and no bar hides another.

use super::layout::{Layout, Row};
use super::{Legend, inline, plain, select};
use crate::bands::Band;
use crate::drawing::{self, Bar, Drawing, Edge, Event, Fate, Part, Path};
use checkers::{Anomaly, Interval};
use history::{History, OpId, Register, Time};
use std::fmt::Write;

/// Numbers that look random (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Few processes, idle times of all lengths, and times that stand still.
fn random_history(dice: &mut Dice, calls: u64) -> History<Register> {
    let mut text = String::new();
    let (mut time, mut in_flight, mut retired) = (0u64, vec![false; 6], vec![0u64; 6]);
    for index in 0..calls {
        let thread = dice.below(6) as usize;
        let process = thread as u64 + 6 * retired[thread];
        time += [0, 900, 1_000_000, 800_000_000, 40_000_000_000][dice.below(5) as usize];
        let kind = match (in_flight[thread], dice.below(6)) {
            (false, _) => "invoke",
            (true, 0) => "info",
            (true, 1) => "fail",
            _ => "ok",
        };
        in_flight[thread] = kind == "invoke";
        retired[thread] += u64::from(kind == "info");
        writeln!(
            text,
            r#"{{"index":{index},"time":{time},"process":{process},"type":"{kind}","f":"write","key":1,"value":{thread},"node":"n{thread}"}}"#
        )
        .unwrap();
    }
    History::parse(&text).unwrap()
}

fn random_anomaly(dice: &mut Dice, history: &History<Register>) -> Anomaly {
    let some: Vec<OpId> = history.operations.iter().map(|o| o.id).filter(|_| dice.below(3) == 0).collect();
    let interval = |id: &OpId| {
        let from = history.operation(*id).invoked.time;
        Interval { label: "held".repeat(id.0 as usize % 7), operation: *id, from, to: from.plus(1_500_000_000) }
    };
    Anomaly {
        name: "nonlinearizable".into(),
        key: Some(1),
        culprit: some.last().copied(),
        intervals: some.iter().take(3).map(interval).collect(),
        operations: some,
        explanation: "it cannot be".into(),
        argument: None,
    }
}

fn bands(dice: &mut Dice) -> Vec<Band> {
    let mut band = |number: u64| {
        let from = dice.below(60) as f64;
        Band { from, to: from + dice.below(40) as f64, label: format!("fault {number} with a name that is long") }
    };
    (0..8).map(&mut band).collect()
}

fn check(layout: &Layout) {
    check_places(layout);
    let ticks = |number: usize| &layout.ticks[number + 1..];
    for (number, tick) in layout.ticks.iter().enumerate() {
        assert!(ticks(number).iter().all(|other| (other.x - tick.x).abs() >= 60.0));
    }
}

fn check_places(layout: &Layout) {
    let inside = |left: f64, right: f64| left >= 0.0 && left <= right && right <= layout.size.x;
    for (number, bar) in layout.bars.iter().enumerate() {
        assert!(inside(bar.left, bar.right), "{bar:?} in {:?}", layout.size);
        assert!(layout.rows.iter().any(|row: &Row| row.top <= bar.top && bar.top + super::layout::BAR <= row.bottom));
        for other in layout.bars[number + 1..].iter().filter(|other| other.top == bar.top) {
            assert!(bar.right <= other.left || other.right <= bar.left, "{bar:?} hides {other:?}");
        }
    }
    for span in &layout.spans {
        assert!(inside(span.left, span.right) && layout.top <= span.top && span.bottom <= layout.bottom, "{span:?}");
    }
    for window in &layout.windows {
        assert!(inside(window.left, window.right) && window.text + window.room <= layout.size.x, "{window:?}");
    }
    assert!(layout.bottom <= layout.size.y);
    assert!(layout.rows.windows(2).all(|rows| rows[0].bottom <= rows[1].top));
}

#[test]
fn random_witnesses_are_drawn_within_the_drawing_and_never_over_each_other() {
    let mut dice = Dice(17);
    for round in 0..400 {
        let history = random_history(&mut dice, 2 + round);
        let anomaly = random_anomaly(&mut dice, &history);
        let selection = select(&history, &anomaly);
        assert!(selection.witness.len() + selection.context.len() <= 60);
        assert!(selection.culprit == anomaly.culprit || anomaly.culprit.is_none());
        check(&Layout::new(&selection, &bands(&mut dice)));
    }
}

#[test]
fn a_witness_that_the_history_does_not_have_is_not_drawn() {
    let history = History::<Register>::default();
    let anomaly = Anomaly {
        name: "lost".into(),
        key: None,
        operations: vec![OpId(5)],
        culprit: Some(OpId(5)),
        intervals: vec![Interval { label: String::new(), operation: OpId(5), from: Time(9), to: Time(3) }],
        explanation: String::new(),
        argument: None,
    };
    let selection = select(&history, &anomaly);
    assert!(selection.witness.is_empty() && selection.context.is_empty());
    check(&Layout::new(&selection, &[]));
    assert!(inline(&selection, &[], &Legend { label: "", culprit: "" }).svg.starts_with("<svg"));
}

/// Rows, events and bars that there are not are named, too; in a row calls may lie over each other.
fn random_drawing(dice: &mut Dice) -> Drawing {
    let (events, rows) = (dice.below(60) as usize, dice.below(7) as usize);
    let edge = |dice: &mut Dice| match dice.below(8) {
        0 => Edge::Outside,
        1 => Edge::Never(None),
        2 => Edge::Never(Some(dice.below(70) as usize)),
        _ => Edge::At(dice.below(events as u64 + 2) as usize),
    };
    let bar = |dice: &mut Dice| {
        let (a, b) = (edge(dice), edge(dice));
        Bar {
            row: dice.below(rows as u64 + 2) as usize,
            from: a,
            to: b,
            text: "written ".repeat(dice.below(9) as usize),
            title: String::new(),
            colour: dice.below(90) as usize,
            fate: [Fate::Ok, Fate::Fail, Fate::Info][dice.below(3) as usize],
            part: [Part::Culprit, Part::Witness, Part::Context, Part::Context][dice.below(4) as usize],
        }
    };
    let bars: Vec<Bar> = (0..dice.below(40)).map(|_| bar(dice)).collect();
    let path = |dice: &mut Dice| Path {
        bars: (0..dice.below(12)).map(|_| dice.below(45) as usize).collect(),
        fails_at: [None, Some(dice.below(45) as usize)][dice.below(2) as usize],
        caption: "a way".into(),
    };
    let band = |dice: &mut Dice| drawing::Band {
        label: "fault ".repeat(dice.below(20) as usize),
        title: String::new(),
        from: edge(dice),
        to: edge(dice),
    };
    Drawing {
        events: vec![Event { label: "1234567".into() }; events],
        rows: vec!["process 7".into(); rows],
        paths: (0..dice.below(30)).map(|_| path(dice)).collect(),
        bands: (0..dice.below(9)).map(|_| band(dice)).collect(),
        bars,
        ..Drawing::default()
    }
}

#[test]
fn random_drawings_are_drawn_within_the_drawing_and_never_over_each_other() {
    let mut dice = Dice(23);
    for _ in 0..1_000 {
        let drawing = random_drawing(&mut dice);
        let layout = Layout::of(&drawing);
        check_places(&layout);
        for stop in layout.routes.iter().flat_map(|route| route.stops.iter().chain(&route.failure)) {
            let is_on = |bar: &super::bar::Bar| bar.top == stop.y && bar.left <= stop.x && stop.x <= bar.right;
            assert!(layout.bars.iter().any(is_on), "{stop:?} is on no bar");
        }
        assert!(layout.routes.len() <= 20);
        assert!(plain(&drawing).svg.starts_with("<svg"));
    }
}
