//! Gives a drawing of plain data its places: events stand in their order, and the time between them is not drawn.

use super::bar::{Bar, End, Said};
use super::layout::{BAR, FONT, GUTTER, LANE, Layout, OPEN, Route, Row, Tick, WIDTH, Window, spread};
use super::scale::{Need, Scale};
use crate::bands::{self, Extent};
use crate::drawing::{self, Drawing, Edge, Fate, PATHS, Part};
use crate::samples::Kind;
use crate::svg::{At, text_width};

/// Room around the bars of a row.
const GAP: f64 = 5.0;
/// Height of the words under the bar that cannot be explained.
const FLAG: f64 = 18.0;
/// Pixels between two indices under the axis at least.
const APART: f64 = 46.0;
/// Pixels between two stops of a path.
const STOP: f64 = 20.0;

impl Layout {
    /// Lays out plain data.
    pub(crate) fn of(drawing: &Drawing) -> Layout {
        let places = Places::new(drawing);
        let windows = places.windows();
        let top = windows.iter().map(|w| w.top + LANE).fold(0.0, f64::max) + 8.0;
        let lanes = Lanes::new(&places, top);
        let bars: Vec<Bar> = places.bars.iter().zip(&lanes.tops).map(|(bar, top)| places.bar(bar, *top)).collect();
        let bottom = lanes.rows.last().map_or(top, |row| row.bottom);
        let is_wide = places.right > 1.2 * WIDTH;
        let right = places.right + if is_wide { GUTTER } else { 16.0 };
        Layout {
            ticks: places.ticks(),
            unit: "index",
            routes: drawing
                .paths
                .iter()
                .take(PATHS)
                .zip(1..)
                .map(|(path, number)| places.route(path, number, &bars))
                .collect(),
            overlap: None,
            spans: Vec::new(),
            cuts: Vec::new(),
            rows: lanes.rows,
            bars,
            windows,
            top,
            bottom,
            right: places.right,
            is_wide,
            size: At { x: right, y: bottom + 28.0 },
        }
    }
}

/// A bar that can be drawn.
struct Placed<'a> {
    bar: &'a drawing::Bar,
    /// Its position in the drawing.
    number: usize,
    left: f64,
    right: f64,
}

/// Where events are, and the bars between them.
struct Places<'a> {
    drawing: &'a Drawing,
    scale: Scale,
    right: f64,
    bars: Vec<Placed<'a>>,
}

impl<'a> Places<'a> {
    fn new(drawing: &'a Drawing) -> Places<'a> {
        let times: Vec<f64> = (0..drawing.events.len()).map(|rank| rank as f64).collect();
        let is_known = |(_, bar): &(usize, &drawing::Bar)| bar.row < drawing.rows.len();
        let known: Vec<(usize, &drawing::Bar)> = drawing.bars.iter().enumerate().filter(is_known).collect();
        let scale = Scale::new(&times, &needs(&known), GUTTER + 8.0, WIDTH - GUTTER - OPEN - 24.0);
        let mut places = Places { drawing, right: scale.right() + OPEN, scale, bars: Vec::new() };
        let beyond = known.iter().filter(|(_, bar)| !matches!(bar.to, Edge::At(_)));
        let texts = beyond.map(|(_, bar)| places.left(bar.from) + text_width(&bar.text, FONT) + 30.0);
        places.right = texts.fold(places.right, f64::max);
        let place = |(number, bar): (usize, &'a drawing::Bar)| {
            let left = places.left(bar.from);
            Placed { bar, number, left, right: places.end(bar.to).max(left + 2.0) }
        };
        places.bars = known.into_iter().map(place).collect();
        places
    }

    fn at(&self, event: usize) -> Option<f64> {
        (event < self.drawing.events.len()).then(|| self.scale.place(event))
    }

    fn left(&self, edge: Edge) -> f64 {
        match edge {
            Edge::At(event) => self.at(event).unwrap_or(GUTTER),
            Edge::Outside | Edge::Never(_) => GUTTER,
        }
    }

    fn end(&self, edge: Edge) -> f64 {
        match edge {
            Edge::At(event) => self.at(event).unwrap_or(self.right),
            Edge::Outside | Edge::Never(_) => self.right,
        }
    }

    fn bar(&self, placed: &Placed<'_>, top: f64) -> Bar {
        let bar = placed.bar;
        let paths = self.drawing.paths.iter().take(PATHS).zip(1..);
        let is_on = |path: &drawing::Path| path.bars.contains(&placed.number) || path.fails_at == Some(placed.number);
        Bar {
            said: Said {
                text: bar.text.clone(),
                title: bar.title.clone(),
                colour: bar.colour,
                kind: match bar.fate {
                    Fate::Ok => Kind::Ok,
                    Fate::Fail => Kind::Fail,
                    Fate::Info => Kind::Info,
                },
            },
            left: placed.left,
            right: placed.right,
            top,
            end: match bar.to {
                Edge::At(_) => End::Closed,
                Edge::Outside => End::Cut,
                Edge::Never(gave_up) => End::Open(gave_up.and_then(|event| self.at(event))),
            },
            is_witness: bar.part != Part::Context,
            is_culprit: bar.part == Part::Culprit,
            paths: paths.filter(|(path, _)| is_on(path)).map(|(_, number)| number).collect(),
        }
    }

    fn windows(&self) -> Vec<Window> {
        let extent = |band: &drawing::Band| {
            let left = self.left(band.from);
            let label = (text_width(&band.label, FONT) + 12.0).min(self.right - GUTTER);
            Extent { left, right: self.end(band.to).max(left + 3.0), label }
        };
        let extents: Vec<Extent> = self.drawing.bands.iter().map(extent).collect();
        let places = bands::place(&extents, self.right);
        let window = |((band, extent), place): ((&drawing::Band, &Extent), &bands::Place)| Window {
            label: band.label.clone(),
            title: band.title.clone(),
            left: extent.left,
            right: extent.right,
            top: place.lane as f64 * LANE + 2.0,
            text: place.text + 6.0,
            room: (place.room - 8.0).max(0.0),
        };
        self.drawing.bands.iter().zip(&extents).zip(&places).map(window).collect()
    }

    /// Indices of the culprit, then of the witness, then of all others.
    fn ticks(&self) -> Vec<Tick> {
        let of = |part: Part| self.bars.iter().map(|placed| placed.bar).filter(move |bar| bar.part == part);
        let ends = |bar: &'a drawing::Bar| [bar.from, bar.to];
        let edges = of(Part::Culprit).chain(of(Part::Witness)).chain(of(Part::Context)).flat_map(ends);
        let tick = |edge: Edge| match edge {
            Edge::At(event) => Some(Tick { x: self.at(event)?, label: self.drawing.events[event].label.clone() }),
            Edge::Outside | Edge::Never(_) => None,
        };
        spread(edges.filter_map(tick), APART)
    }

    /// Stops stand on the upper edge of their bars, clear of the text, and from left to right where that can be: so time goes on.
    fn route(&self, path: &drawing::Path, number: usize, bars: &[Bar]) -> Route {
        let mut before = f64::NEG_INFINITY;
        let mut stop = |wanted: &usize| {
            let bar = &bars[self.bars.iter().position(|placed| placed.number == *wanted)?];
            let least = (bar.left + 10.0).min(bar.right);
            before = (before + STOP).clamp(least, (bar.right - 10.0).max(least));
            Some(At { x: before, y: bar.top })
        };
        let stops = path.bars.iter().filter_map(&mut stop).collect();
        let failure = path.fails_at.as_ref().and_then(stop);
        Route { number, stops, failure, caption: path.caption.clone() }
    }
}

/// Room for the texts of the witness. The context takes what there is, unless there is little of it.
fn needs(bars: &[(usize, &drawing::Bar)]) -> Vec<Need> {
    const WIDEST: f64 = 240.0;
    const FEW: usize = 14;
    let few = bars.len() <= FEW;
    let need = |(_, bar): &(usize, &drawing::Bar)| match (bar.from, bar.to) {
        (Edge::At(from), Edge::At(to)) if few || bar.part != Part::Context => {
            Some(Need { from, to, width: (text_width(&bar.text, FONT) + 18.0).min(WIDEST) })
        }
        _ => None,
    };
    bars.iter().filter_map(need).collect()
}

/// Rows, each with as many lanes as bars lie over each other in it: a client that goes on after an operation of unknown
/// outcome under its old number has two.
struct Lanes {
    rows: Vec<Row>,
    /// The top of every bar.
    tops: Vec<f64>,
}

impl Lanes {
    fn new(places: &Places<'_>, top: f64) -> Lanes {
        let mut lanes = Lanes { rows: Vec::new(), tops: vec![0.0; places.bars.len()] };
        let mut y = top;
        for (row, label) in places.drawing.rows.iter().enumerate() {
            let mut own: Vec<usize> = (0..places.bars.len()).filter(|at| places.bars[*at].bar.row == row).collect();
            own.sort_by(|a, b| places.bars[*a].left.total_cmp(&places.bars[*b].left));
            let bottom = lanes.place(&own, places, y);
            let is_witness = own.iter().any(|at| places.bars[*at].bar.part != Part::Context);
            let middle = y + GAP + BAR / 2.0;
            lanes.rows.push(Row { label: label.clone(), top: y, bottom, middle, is_witness });
            y = bottom;
        }
        lanes
    }

    /// Places the bars of a row from `top` on; returns its bottom.
    fn place(&mut self, own: &[usize], places: &Places<'_>, top: f64) -> f64 {
        let mut free: Vec<f64> = Vec::new();
        let mut lane_of = Vec::with_capacity(own.len());
        for at in own {
            let bar = &places.bars[*at];
            let lane = free.iter().position(|edge| *edge <= bar.left).unwrap_or(free.len());
            if lane == free.len() {
                free.push(bar.right);
            } else {
                free[lane] = bar.right;
            }
            lane_of.push(lane);
        }
        let is_culprit = |(at, _): &(&usize, &usize)| places.bars[**at].bar.part == Part::Culprit;
        let flagged = own.iter().zip(&lane_of).find(is_culprit).map(|(_, lane)| *lane);
        for (at, lane) in own.iter().zip(&lane_of) {
            let flag = if flagged.is_some_and(|flagged| flagged < *lane) { FLAG } else { 0.0 };
            self.tops[*at] = top + GAP + *lane as f64 * (BAR + GAP) + flag;
        }
        let flag = if flagged.is_some() { FLAG } else { 0.0 };
        top + GAP + free.len().max(1) as f64 * (BAR + GAP) + flag
    }
}
