//! Gives every row, bar, span and band of a timeline its place, in pixels.

use super::bar::{Bar, End, Said};
use super::scale::{Cut, Need, Scale};
use super::select::Selection;
use crate::bands::{self, Band, Extent};
use crate::call::{Call, Instant};
use crate::svg::{At, text_width};
use crate::words::moment;
use checkers::Interval;
use std::collections::HashMap;

/// Font size of bars and labels.
pub(crate) const FONT: f64 = 12.0;
/// Where times begin; row labels stand to the left.
pub(crate) const GUTTER: f64 = 148.0;
/// Height of a bar.
pub(crate) const BAR: f64 = 24.0;
/// Height of one lane of faults.
pub(crate) const LANE: f64 = 19.0;
/// Width that a drawing takes if it can.
pub(crate) const WIDTH: f64 = 1060.0;
/// What operations that never ended take at the right.
pub(crate) const OPEN: f64 = 64.0;
/// Height of a line of text above or below a bar.
const LINE: f64 = 18.0;

/// One span of the witness.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    /// What was so.
    pub label: String,
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Top edge.
    pub top: f64,
    /// Bottom edge.
    pub bottom: f64,
    /// Its length in seconds.
    pub seconds: f64,
}

/// One process.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Who.
    pub label: String,
    /// Top edge.
    pub top: f64,
    /// Bottom edge.
    pub bottom: f64,
    /// The middle of its bars.
    pub middle: f64,
    /// False if nothing of the witness is in it.
    pub is_witness: bool,
}

/// A fault's window and its label in a lane.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    /// What it is.
    pub label: String,
    /// What it is, and from when to when.
    pub title: String,
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Top of its lane.
    pub top: f64,
    /// Where the text begins.
    pub text: f64,
    /// How wide the text may be.
    pub room: f64,
}

/// A time or index under the axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Where.
    pub x: f64,
    /// What stands there.
    pub label: String,
}

/// A way over bars.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    /// Its number, from 1.
    pub number: usize,
    /// Where it stops, one after the other.
    pub stops: Vec<At>,
    /// Where it fails.
    pub failure: Option<At>,
    /// The whole of it in words.
    pub caption: String,
}

/// Everything in its place.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Processes from top to bottom, those of the witness first.
    pub rows: Vec<Row>,
    /// Operations.
    pub bars: Vec<Bar>,
    /// Spans of the witness.
    pub spans: Vec<Span>,
    /// Where two spans overlap in time: left, right, seconds.
    pub overlap: Option<(f64, f64, f64)>,
    /// Faults.
    pub windows: Vec<Window>,
    /// Times or indices of the witness.
    pub ticks: Vec<Tick>,
    /// What the axis shows, if that must be said.
    pub unit: &'static str,
    /// Ways over the bars, each shown on its own.
    pub routes: Vec<Route>,
    /// Cut times.
    pub cuts: Vec<Cut>,
    /// Top of the rows.
    pub top: f64,
    /// Bottom of the rows, where the axis is.
    pub bottom: f64,
    /// The right edge of time.
    pub right: f64,
    /// True if it must be scrolled, so that rows are named at both ends.
    pub is_wide: bool,
    /// Of the whole drawing.
    pub size: At,
}

impl Layout {
    /// Lays out a selection with the faults around it.
    pub(crate) fn new(selection: &Selection, faults: &[Band]) -> Layout {
        let events = Events::new(selection);
        let scale = Scale::new(&events.times, &events.needs(selection), GUTTER + 8.0, WIDTH - GUTTER - OPEN - 24.0);
        let right = events.right_edge(selection, &scale);
        let is_wide = right > 1.2 * WIDTH;
        let windows = windows(faults, selection.window, &scale, right);
        let lanes = windows.iter().map(|w| w.top + LANE).fold(0.0, f64::max);
        let overlap_line = if overlap(&selection.intervals).is_some() { LINE } else { 0.0 };
        let top = lanes + overlap_line + 8.0;
        let (rows, places) = rows(selection, top);
        let bars = events.bars(selection, &scale, &rows, &places, right);
        let spans = spans(selection, &scale, &rows, &places);
        let bottom = rows.last().map_or(top, |row| row.bottom);
        let x = |(from, to): (f64, f64)| (scale.x(from), scale.x(to), to - from);
        Layout {
            overlap: overlap(&selection.intervals).map(x),
            ticks: ticks(&bars, selection, &scale),
            unit: "",
            routes: Vec::new(),
            cuts: scale.cuts.clone(),
            is_wide,
            size: At {
                x: right + if is_wide { GUTTER } else { 16.0 },
                y: bottom + if scale.cuts.is_empty() { 28.0 } else { 46.0 },
            },
            rows,
            bars,
            spans,
            windows,
            top,
            bottom,
            right,
        }
    }
}

/// Every event that is drawn, in the order of the history, so that no two share a place.
struct Events {
    times: Vec<f64>,
    by_index: HashMap<u64, usize>,
}

impl Events {
    fn new(selection: &Selection) -> Events {
        let (from, to) = selection.window;
        let calls = selection.witness.iter().chain(&selection.context);
        let ends = calls.flat_map(|call| [Some(call.invoked), call.completed, call.gave_up]).flatten();
        let mut events: Vec<(f64, Option<u64>)> =
            ends.filter(|e| from <= e.time && e.time <= to).map(|e| (e.time, Some(e.index))).collect();
        let edges = selection.intervals.iter().flat_map(|i| [i.from.seconds(), i.to.seconds()]);
        let known: Vec<f64> = events.iter().map(|event| event.0).collect();
        events.extend(edges.filter(|edge| !known.contains(edge)).map(|edge| (edge, None)));
        events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let by_index = events.iter().enumerate().filter_map(|(place, event)| Some((event.1?, place))).collect();
        Events { times: events.iter().map(|event| event.0).collect(), by_index }
    }

    fn at_time(&self, time: f64) -> usize {
        self.times.partition_point(|t| *t < time).min(self.times.len().saturating_sub(1))
    }

    /// Room for the texts of the witness. The context takes what there is, unless there is little of it.
    fn needs(&self, selection: &Selection) -> Vec<Need> {
        const WIDEST: f64 = 240.0;
        const FEW: usize = 14;
        let need =
            |from: usize, to: usize, text: &str| Need { from, to, width: (text_width(text, FONT) + 18.0).min(WIDEST) };
        let few = selection.witness.len() + selection.context.len() <= FEW;
        let context = selection.context.iter().filter(|_| few);
        let closed =
            selection.witness.iter().chain(context).filter_map(|call| Some((call, call.completed.or(call.gave_up)?)));
        let bars = closed.filter_map(|(call, end)| {
            Some(need(*self.by_index.get(&call.invoked.index)?, *self.by_index.get(&end.index)?, &call.text))
        });
        let spans = selection.intervals.iter().map(|interval| {
            need(self.at_time(interval.from.seconds()), self.at_time(interval.to.seconds()), &interval.label)
        });
        bars.chain(spans).collect()
    }

    fn x(&self, instant: Instant, scale: &Scale) -> f64 {
        self.by_index.get(&instant.index).map_or_else(|| scale.x(instant.time), |event| scale.place(*event))
    }

    /// Right of everything that ended, with room for the texts of operations that never did.
    fn right_edge(&self, selection: &Selection, scale: &Scale) -> f64 {
        let open = selection.witness.iter().filter(|call| call.completed.is_none());
        let texts = open.map(|call| self.x(call.invoked, scale) + text_width(&call.text, FONT) + 30.0);
        texts.fold(scale.right() + OPEN, f64::max)
    }

    fn bars(&self, selection: &Selection, scale: &Scale, rows: &[Row], places: &Places, right: f64) -> Vec<Bar> {
        let witness = selection.witness.iter().map(|call| (call, true));
        let all = witness.chain(selection.context.iter().map(|call| (call, false)));
        let bar = |(call, is_witness): (&Call, bool)| {
            let end = match call.completed {
                Some(_) => End::Closed,
                None => End::Open(call.gave_up.map(|moment| self.x(moment, scale))),
            };
            let left = self.x(call.invoked, scale);
            Bar {
                left,
                right: call.completed.map_or(right, |moment| self.x(moment, scale)).max(left + 2.0),
                top: rows[places[&call.process]].middle - BAR / 2.0,
                end,
                is_witness,
                is_culprit: Some(call.id) == selection.culprit,
                said: Said::of(call),
                paths: Vec::new(),
            }
        };
        all.map(bar).collect()
    }
}

type Places = HashMap<u64, usize>;

fn rows(selection: &Selection, top: f64) -> (Vec<Row>, Places) {
    let mut rows: Vec<Row> = Vec::new();
    let mut places = Places::new();
    let mut y = top;
    for (call, is_witness) in
        selection.witness.iter().map(|c| (c, true)).chain(selection.context.iter().map(|c| (c, false)))
    {
        if places.contains_key(&call.process) {
            continue;
        }
        places.insert(call.process, rows.len());
        let above = if has_interval(selection, call.process) { LINE } else { 0.0 };
        let below = if has_culprit(selection, call.process) { LINE } else { 0.0 };
        let bottom = y + 5.0 + above + BAR + below + 5.0;
        let middle = y + 5.0 + above + BAR / 2.0;
        rows.push(Row { label: call.who(), top: y, bottom, middle, is_witness });
        y = bottom;
    }
    (rows, places)
}

fn has_interval(selection: &Selection, process: u64) -> bool {
    let mut owners = selection.witness.iter().filter(|call| call.process == process);
    owners.any(|call| selection.intervals.iter().any(|interval| interval.operation == call.id))
}

fn has_culprit(selection: &Selection, process: u64) -> bool {
    selection.witness.iter().any(|call| call.process == process && Some(call.id) == selection.culprit)
}

fn spans(selection: &Selection, scale: &Scale, rows: &[Row], places: &Places) -> Vec<Span> {
    let span = |interval: &Interval| {
        let owner = selection.witness.iter().find(|call| call.id == interval.operation)?;
        let row = &rows[places[&owner.process]];
        let (from, to) = (interval.from.seconds(), interval.to.seconds());
        Some(Span {
            label: interval.label.clone(),
            left: scale.x(from),
            right: scale.x(to),
            top: row.top + 3.0,
            bottom: row.middle + BAR / 2.0 + 3.0,
            seconds: to - from,
        })
    };
    selection.intervals.iter().filter_map(span).collect()
}

/// The first stretch of time that two spans share.
fn overlap(intervals: &[Interval]) -> Option<(f64, f64)> {
    let pairs = intervals.iter().enumerate().flat_map(|(n, a)| intervals[n + 1..].iter().map(move |b| (a, b)));
    let shared = pairs.map(|(a, b)| (a.from.max(b.from).seconds(), a.to.min(b.to).seconds()));
    shared.filter(|(from, to)| from < to).min_by(|a, b| a.0.total_cmp(&b.0))
}

fn windows(faults: &[Band], (from, to): (f64, f64), scale: &Scale, right: f64) -> Vec<Window> {
    let near: Vec<&Band> = faults.iter().filter(|band| band.from <= to && from <= band.to).collect();
    let extent = |band: &&Band| {
        let left = if band.from <= from { scale.left() - 8.0 } else { scale.x(band.from) };
        let end = if band.to > to { right } else { scale.x(band.to) };
        Extent { left, right: end.max(left + 3.0), label: text_width(&band.label, FONT) + 12.0 }
    };
    let extents: Vec<Extent> = near.iter().map(extent).collect();
    let places = bands::place(&extents, right);
    let window = |((band, extent), place): ((&&Band, &Extent), &bands::Place)| Window {
        label: band.label.clone(),
        title: format!("{}, {} to {}", band.label, moment(band.from), moment(band.to)),
        left: extent.left,
        right: extent.right,
        top: place.lane as f64 * LANE + 2.0,
        text: place.text + 6.0,
        room: (place.room - 8.0).max(0.0),
    };
    near.iter().zip(&extents).zip(&places).map(window).collect()
}

/// Times under the axis: those of the culprit and of spans first, then the others, as far as their texts fit. Bars stand
/// in the order of the selection, the witness first.
fn ticks(bars: &[Bar], selection: &Selection, scale: &Scale) -> Vec<Tick> {
    const APART: f64 = 68.0;
    let tick = |x: f64, time: f64| Tick { x, label: moment(time) };
    let ends = |(bar, call): (&Bar, &Call)| {
        [Some(tick(bar.left, call.invoked.time)), call.completed.map(|end| tick(bar.right, end.time))]
    };
    let witness = || bars.iter().zip(&selection.witness);
    let first = witness().filter(|(bar, _)| bar.is_culprit).flat_map(ends).flatten();
    let edges = selection.intervals.iter().flat_map(|i| [i.from.seconds(), i.to.seconds()]);
    let second = edges.map(|time| tick(scale.x(time), time));
    let third = witness().flat_map(ends).flatten();
    spread(first.chain(second).chain(third), APART)
}

/// Those ticks, the first of them first, that stand far enough from all before them.
pub(crate) fn spread(candidates: impl Iterator<Item = Tick>, apart: f64) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    for tick in candidates {
        if ticks.iter().all(|other| (other.x - tick.x).abs() >= apart) {
            ticks.push(tick);
        }
    }
    ticks
}
