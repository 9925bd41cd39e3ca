//! A cycle of transactions as a drawing: a ladder of boxes, one below the other, an arrow from each to the next with
//! the reason beside it, and one that leads back from the last to the first.
//!
//! [`Cycle`] says what is drawn, [`Layout`] where; neither knows a history. A long cycle is drawn in part.

use crate::finding::Finding;
use crate::svg::{Area, At, Svg, fitting, text_width};
use crate::terminal::wrap;
use crate::transactions::SHOWN;
use crate::words::{columns, counted};

/// Where boxes begin: left of them stands the arrow that leads back.
const LEFT: f64 = 92.0;
/// That arrow, and those from box to box.
const BACK: f64 = 46.0;
const DOWN: f64 = LEFT + 46.0;
/// Where reasons begin.
const REASON: f64 = DOWN + 48.0;
const TOP: f64 = 12.0;
const PADDING: f64 = 12.0;
const LINE: f64 = 18.0;
const FONT: f64 = 13.0;
/// How long an arrow is at least, and its head.
const GAP: f64 = 62.0;
const HEAD: f64 = 9.0;
const WIDEST: f64 = 660.0;
/// How much wider bold texts are, and how wide a column is of what transactions did, on the safe side.
const BOLD: f64 = 1.12;
const COLUMN: f64 = 7.6;
/// Columns and lines of a text.
const COLUMNS: usize = 78;
const LINES: usize = 3;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cycle {
    /// From the top to the bottom.
    nodes: Vec<Node>,
    /// From each node to the next, and from the last to the first: as many as there are nodes.
    arrows: Vec<Arrow>,
    /// Read out instead of the picture.
    label: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    name: String,
    program: String,
    /// True if it stands for nodes that are not drawn.
    is_rest: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Arrow {
    kind: String,
    why: String,
}

impl Cycle {
    /// What is drawn of a finding; None if it is no cycle.
    pub(crate) fn of(finding: &Finding) -> Option<Cycle> {
        let (steps, all) = (&finding.steps, finding.transactions.len());
        let leads_on = steps.iter().enumerate().all(|(at, step)| step.from == at && step.to == (at + 1) % all);
        if all < 2 || steps.len() != all || !leads_on {
            return None;
        }
        let is_part = all > SHOWN;
        let whole = if is_part { SHOWN - 1 } else { all };
        let node = |transaction: &crate::transactions::Transaction| Node {
            name: transaction.name.clone(),
            program: transaction.program.clone(),
            is_rest: false,
        };
        let arrow = |step: &crate::transactions::Precedence| Arrow { kind: step.kind.clone(), why: step.why.clone() };
        let mut nodes: Vec<Node> = finding.transactions.iter().take(whole).map(node).collect();
        let mut arrows: Vec<Arrow> = steps.iter().take(whole).map(arrow).collect();
        if is_part {
            let name = format!("{} and their steps", counted(all - whole, "more transaction"));
            nodes.push(Node { name, program: String::new(), is_rest: true });
            arrows.extend(steps.last().map(arrow));
        }
        let order: Vec<String> =
            steps.iter().take(SHOWN).map(|step| format!("{} {}", finding.order(step), step.kind)).collect();
        let label = format!("A cycle of {}: {}", counted(all, "transaction"), order.join(", "));
        Some(Cycle { nodes, arrows, label })
    }

    /// SVG, to be styled by the page.
    pub(crate) fn svg(&self) -> String {
        let layout = Layout::new(self);
        let mut svg = Svg::default();
        self.arrows.iter().zip(&layout.ways).for_each(|(arrow, way)| way.draw(&mut svg, arrow));
        self.nodes.iter().zip(&layout.boxes).for_each(|(node, place)| place.draw(&mut svg, node));
        svg.finish_as("cycle", layout.size, &self.label, "")
    }
}

/// Where everything is.
struct Layout {
    boxes: Vec<Place>,
    ways: Vec<Way>,
    size: At,
}

/// A box with the lines in it.
struct Place {
    area: Area,
    did: Vec<String>,
}

/// An arrow with the lines beside it.
struct Way {
    /// Corners, from its start to its tip.
    points: Vec<At>,
    pill: Area,
    why: Vec<String>,
    text: At,
    leads_back: bool,
}

impl Layout {
    fn new(cycle: &Cycle) -> Layout {
        let (mut boxes, mut ways, mut y) = (Vec::new(), Vec::new(), TOP);
        for (node, arrow) in cycle.nodes.iter().zip(&cycle.arrows) {
            let place = Place::new(node, y);
            let is_last = boxes.len() + 1 == cycle.nodes.len();
            let why = if is_last { format!("However, {}: a contradiction", arrow.why) } else { arrow.why.clone() };
            let why = lines(&why);
            let bottom = place.area.y + place.area.height;
            let length = GAP.max(why.len() as f64 * LINE + 16.0);
            boxes.push(place);
            y = bottom + length;
            if is_last {
                y = bottom + 12.0 + why.len() as f64 * LINE;
                ways.extend(Way::back(&boxes, &arrow.kind, why));
            } else {
                ways.push(Way::down(bottom, length, &arrow.kind, why));
            }
        }
        let of_boxes = boxes.iter().map(|place| place.area.x + place.area.width);
        let of_texts =
            ways.iter().flat_map(|way| way.why.iter().map(|line| way.text.x + text_width(line, FONT * BOLD)));
        let width = of_boxes.chain(of_texts).fold(LEFT, f64::max) + 8.0;
        Layout { boxes, ways, size: At { x: width, y: y + 10.0 } }
    }
}

impl Place {
    fn new(node: &Node, y: f64) -> Place {
        let did = lines(&node.program);
        let of_did = did.iter().map(|line| columns(line) as f64 * COLUMN);
        let widths = of_did.chain([text_width(&node.name, FONT * BOLD)]);
        let width = widths.fold(140.0, f64::max).min(WIDEST) + 2.0 * PADDING;
        let height = LINE * (1 + did.len()) as f64 + PADDING;
        Place { area: Area { x: LEFT, y, width, height }, did }
    }

    fn draw(&self, svg: &mut Svg, node: &Node) {
        let area = self.area;
        svg.open(if node.is_rest { "box more" } else { "box" }, &format!("{} {}", node.name, node.program));
        svg.rectangle("node", area, 6.0);
        let x = area.x + PADDING;
        svg.text("name", At { x, y: area.y + LINE }, &fitting(&node.name, FONT, WIDEST));
        for (line, number) in self.did.iter().zip(2_u32..) {
            svg.text("did", At { x, y: area.y + LINE * f64::from(number) }, line);
        }
        svg.close();
    }
}

impl Way {
    fn down(from: f64, length: f64, kind: &str, why: Vec<String>) -> Way {
        let middle = from + (length - HEAD) / 2.0;
        let text = At { x: REASON, y: middle - (why.len() as f64 - 1.0) * LINE / 2.0 + 4.5 };
        let points = vec![At { x: DOWN, y: from }, At { x: DOWN, y: from + length }];
        Way { points, pill: pill(At { x: DOWN, y: middle }, kind), why, text, leads_back: false }
    }

    /// From the left side of the last box up to the left side of the first.
    fn back(boxes: &[Place], kind: &str, why: Vec<String>) -> Option<Way> {
        let (first, last) = (boxes.first()?.area, boxes.last()?.area);
        let (from, to) = (last.y + last.height / 2.0, first.y + first.height / 2.0);
        let points =
            vec![At { x: last.x, y: from }, At { x: BACK, y: from }, At { x: BACK, y: to }, At { x: first.x, y: to }];
        let pill = pill(At { x: BACK, y: f64::midpoint(from, to) }, kind);
        let text = At { x: LEFT, y: last.y + last.height + LINE + 6.0 };
        Some(Way { points, pill, why, text, leads_back: true })
    }

    fn draw(&self, svg: &mut Svg, arrow: &Arrow) {
        let class = class(&arrow.kind);
        let closing = if self.leads_back { " closing" } else { "" };
        svg.open(&format!("arrow {class}{closing}"), &format!("{}: {}", arrow.kind, arrow.why));
        let corner = |at: &At| format!("{:.1} {:.1}", at.x, at.y);
        let Some((tip, before)) = self.points.last().zip(self.points.iter().rev().nth(1)) else { return };
        // The line ends within the head, so that its square end does not blunt the tip.
        let (dx, dy) = ((tip.x - before.x).signum(), (tip.y - before.y).signum());
        let is_level = (tip.y - before.y).abs() < f64::EPSILON;
        let (dx, dy) = if is_level { (dx, 0.0) } else { (0.0, dy) };
        let neck = At { x: tip.x - dx * HEAD, y: tip.y - dy * HEAD };
        let mut way: Vec<String> = self.points[..self.points.len() - 1].iter().map(corner).collect();
        way.push(corner(&neck));
        svg.path("way", &format!("M{}", way.join("L")));
        let side = |sign: f64| At { x: neck.x + dy * sign * HEAD * 0.6, y: neck.y + dx * sign * HEAD * 0.6 };
        svg.path("tip", &format!("M{}L{}L{}z", corner(tip), corner(&side(1.0)), corner(&side(-1.0))));
        svg.rectangle("pill", self.pill, 9.0);
        let middle = At { x: self.pill.x + self.pill.width / 2.0, y: self.pill.y + self.pill.height / 2.0 + 4.5 };
        svg.text("kind", middle, &fitting(&arrow.kind, FONT, BACK * 2.0));
        for (line, number) in self.why.iter().zip(0_u32..) {
            svg.text("why", At { x: self.text.x, y: self.text.y + LINE * f64::from(number) }, line);
        }
        svg.close();
    }
}

/// Round a kind.
fn pill(middle: At, kind: &str) -> Area {
    let width = (text_width(kind, FONT) + 14.0).clamp(34.0, 2.0 * BACK - 6.0);
    Area { x: middle.x - width / 2.0, y: middle.y - 11.0, width, height: 22.0 }
}

/// The class of a kind: its colour, and how its line is broken.
pub(crate) fn class(kind: &str) -> &'static str {
    match kind {
        "ww" => "k-ww",
        "wr" => "k-wr",
        "rw" => "k-rw",
        "process" => "k-process",
        "realtime" => "k-realtime",
        _ => "k-other",
    }
}

/// A text in lines that fit; an ellipsis says that there is more.
fn lines(text: &str) -> Vec<String> {
    let wrapped = wrap(text, COLUMNS);
    let is_cut = wrapped.len() > LINES;
    let mut lines: Vec<String> = wrapped.iter().take(LINES).map(|line| fitting(line, FONT, WIDEST)).collect();
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        last.push_str(" \u{2026}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transactions::{Precedence, Transaction};

    fn finding(count: usize, text: &str) -> Finding {
        let kinds = ["ww", "wr", "rw", "process", "realtime", "\"><script>"];
        let transaction = |at: usize| Transaction { name: format!("T{at}"), program: text.to_owned(), operation: at };
        let step = |at: usize| Precedence {
            from: at,
            to: (at + 1) % count,
            kind: kinds[at % kinds.len()].to_owned(),
            why: format!("T{at} {text}"),
        };
        Finding {
            transactions: (0..count).map(transaction).collect(),
            steps: (0..count).map(step).collect(),
            ..Finding::default()
        }
    }

    fn touches(area: Area, at: At) -> bool {
        let (right, bottom) = (area.x + area.width, area.y + area.height);
        let within = (area.x..=right).contains(&at.x) && (area.y..=bottom).contains(&at.y);
        let on_edge = [(area.x, at.x), (right, at.x), (area.y, at.y), (bottom, at.y)];
        within && on_edge.iter().any(|(edge, at)| (edge - at).abs() < 0.01)
    }

    #[test]
    fn arrows_lead_from_the_edge_of_a_box_to_the_edge_of_the_next() {
        for count in 2..=SHOWN + 3 {
            for text in ["", "r 1 [1 2], append 2 3", &"long and ".repeat(99), &"W".repeat(500)] {
                let cycle = Cycle::of(&finding(count, text)).expect("it is a cycle");
                let layout = Layout::new(&cycle);
                let drawn = count.min(SHOWN);
                assert_eq!((layout.boxes.len(), layout.ways.len()), (drawn, drawn));
                for (at, way) in layout.ways.iter().enumerate() {
                    assert!(touches(layout.boxes[at].area, way.points[0]), "{count}: arrow {at} begins nowhere");
                    let tip = *way.points.last().expect("it has points");
                    assert!(touches(layout.boxes[(at + 1) % drawn].area, tip), "{count}: arrow {at} ends nowhere");
                }
            }
        }
    }

    #[test]
    fn nothing_overlaps_or_leaves_the_drawing() {
        for count in [2, 3, 8, SHOWN, 400] {
            let layout = Layout::new(&Cycle::of(&finding(count, &"W of i ".repeat(70))).expect("it is a cycle"));
            let At { x: width, y: height } = layout.size;
            assert!(width < 1_100.0 && height < 3_000.0, "{count}: {width} by {height}");
            for pair in layout.boxes.windows(2) {
                assert!(pair[0].area.y + pair[0].area.height + HEAD < pair[1].area.y);
            }
            for place in &layout.boxes {
                assert!(place.area.x + place.area.width <= width && place.area.y + place.area.height <= height);
            }
            for way in &layout.ways {
                let bottom = way.text.y + LINE * (way.why.len() as f64 - 1.0);
                assert!(way.pill.x >= 0.0 && bottom <= height, "{count}: {bottom} of {height}");
            }
        }
    }

    #[test]
    fn what_a_history_says_stays_text() {
        let svg = Cycle::of(&finding(7, "</text><script>alert(1)</script>\u{1b}[2J\"'&")).expect("a cycle").svg();
        for forbidden in ["<script", "\u{1b}", "NaN", "inf", "class=\"\"", "k-\""] {
            assert!(!svg.contains(forbidden), "{forbidden}: {svg}");
        }
        assert!(svg.contains("&lt;script&gt;") && svg.contains("k-other"), "{svg}");
        assert!(svg.contains("aria-label=\"A cycle of 7 transactions: T0 &lt; T1 ww, "), "{svg}");
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn what_is_no_cycle_is_not_drawn() {
        assert_eq!(Cycle::of(&Finding::default()), None);
        let mut broken = finding(3, "x");
        broken.steps[1].to = 0;
        assert_eq!(Cycle::of(&broken), None);
        broken.steps.truncate(1);
        assert_eq!(Cycle::of(&broken), None);
    }
}
