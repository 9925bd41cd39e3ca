//! Whatever the history and its witness, everything is drawn within the drawing, and no bar hides another.

use super::layout::{Layout, Row};
use super::{Legend, inline, select};
use crate::bands::Band;
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
    for (number, tick) in layout.ticks.iter().enumerate() {
        assert!(layout.ticks[number + 1..].iter().all(|other| (other.x - tick.x).abs() >= 60.0));
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
    };
    let selection = select(&history, &anomaly);
    assert!(selection.witness.is_empty() && selection.context.is_empty());
    check(&Layout::new(&selection, &[]));
    assert!(inline(&selection, &[], &Legend { label: "", culprit: "" }).svg.starts_with("<svg"));
}
