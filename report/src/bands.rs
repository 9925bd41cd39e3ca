//! Windows of faults as bands that share the time axis of every picture, in lanes so that none hides another.

use crate::samples::Axis;
use history::Fault;

/// One fault's window, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// From its injection on; from its plan, where the injection never ended.
    pub from: f64,
    /// Until it was healed; until the end of the axis, where that is not known.
    pub to: f64,
    /// `disk-stall n1`.
    pub label: String,
}

/// The bands of all faults that lasted; a fault that was refused has none.
pub(crate) fn bands(faults: &[Fault], axis: Axis) -> Vec<Band> {
    let lasted = faults.iter().filter(|fault| fault.injected.is_some() || fault.problem.is_none());
    let band = |fault: &Fault| {
        let from = fault.injected.unwrap_or(fault.planned).seconds();
        let to = fault.healed.map_or(axis.to, |time| time.seconds());
        Band { from, to: to.max(from), label: label(fault) }
    };
    lasted.map(band).collect()
}

/// A fault in few words: its nemesis, and its nodes where they are few.
pub(crate) fn label(fault: &Fault) -> String {
    match fault.nodes.len() {
        1..=2 => format!("{} {}", fault.nemesis, fault.nodes.join(" ")),
        _ => fault.nemesis.clone(),
    }
}

/// A band on its way to paper, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// What its label takes.
    pub label: f64,
}

/// Where a band's label goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Counted from the top.
    pub lane: usize,
    /// Left edge of the label.
    pub text: f64,
    /// How wide the label may be; 0 where there is no place for one.
    pub room: f64,
}

/// Most lanes that a picture gives to faults.
const LANES: usize = 4;

/// Gives each band the first lane in which neither it nor its label meets another. Where there is none, the band lies
/// over others in the lane that is free first, and has no label. `right` is the edge of the paper.
pub(crate) fn place(extents: &[Extent], right: f64) -> Vec<Place> {
    const GAP: f64 = 6.0;
    let mut order: Vec<usize> = (0..extents.len()).collect();
    order.sort_by(|a, b| extents[*a].left.total_cmp(&extents[*b].left));
    let mut free = [f64::NEG_INFINITY; LANES];
    let mut places = vec![Place { lane: 0, text: 0.0, room: 0.0 }; extents.len()];
    for number in order {
        let extent = extents[number];
        let text = extent.left.min(right - extent.label).max(0.0);
        let start = extent.left.min(text);
        let end = extent.right.max(text + extent.label);
        if let Some(lane) = free.iter().position(|edge| *edge <= start) {
            places[number] = Place { lane, text, room: end - text };
            free[lane] = end + GAP;
        } else {
            let lane = first_free(&free);
            places[number] = Place { lane, text, room: 0.0 };
            free[lane] = free[lane].max(extent.right + GAP);
        }
    }
    places
}

fn first_free(free: &[f64; LANES]) -> usize {
    (0..LANES).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap_or(0)
}

/// How many lanes are used.
pub(crate) fn lanes(places: &[Place]) -> usize {
    places.iter().map(|place| place.lane + 1).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(left: f64, right: f64) -> Extent {
        Extent { left, right, label: 60.0 }
    }

    #[test]
    fn bands_that_overlap_stand_in_different_lanes() {
        let places =
            place(&[extent(0.0, 200.0), extent(100.0, 300.0), extent(150.0, 160.0), extent(310.0, 320.0)], 900.0);
        let lanes: Vec<usize> = places.iter().map(|p| p.lane).collect();
        assert_eq!(lanes, [0, 1, 2, 0]);
    }

    #[test]
    fn labels_of_a_lane_never_overlap_and_stay_on_the_paper() {
        let extents: Vec<Extent> = (0..200).map(|n| extent(f64::from(n) * 4.5, f64::from(n) * 4.5 + 30.0)).collect();
        let places = place(&extents, 900.0);
        assert!(lanes(&places) <= LANES);
        for (number, a) in places.iter().enumerate() {
            for b in &places[number + 1..] {
                let apart = a.text + a.room <= b.text || b.text + b.room <= a.text;
                assert!(a.lane != b.lane || a.room == 0.0 || b.room == 0.0 || apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_label_at_the_right_edge_moves_to_the_left() {
        let places = place(&[extent(880.0, 900.0)], 900.0);
        assert_eq!((places[0].text, places[0].room), (840.0, 60.0));
    }
}
