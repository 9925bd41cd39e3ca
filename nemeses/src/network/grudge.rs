//! Who ignores whom: the shapes of partitions, as pure functions of an order of nodes.
//!
//! A grudge says for each node whose packets it drops. Most shapes are symmetric; [`Shape::OneWay`] is not.

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// The form of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One node by chance is alone.
    One,
    /// Two sides, as equal as can be.
    Halves,
    /// A minority of any size from 1 on, and the rest.
    Majority,
    /// Each node hears a majority, itself included, and no two hear the same one: no majority agrees on who is there.
    Ring,
    /// Two halves that hear each other only through one node, which hears all.
    Bridge,
    /// A node that takes itself for the primary is alone.
    Primary,
    /// One node hears nobody, and is heard by all.
    OneWay,
}

/// For each node, by name, whose packets it drops. Nodes that drop nothing are left out.
pub type Grudge = BTreeMap<String, BTreeSet<String>>;

impl Shape {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Shape; 7] =
        [Shape::One, Shape::Halves, Shape::Majority, Shape::Ring, Shape::Bridge, Shape::Primary, Shape::OneWay];

    /// The word that plans use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Shape::One => "one",
            Shape::Halves => "halves",
            Shape::Majority => "majority",
            Shape::Ring => "ring",
            Shape::Bridge => "bridge",
            Shape::Primary => "primary",
            Shape::OneWay => "one-way",
        }
    }

    /// What it means, for lists.
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Shape::One => "one node by chance is alone",
            Shape::Halves => "two sides, as equal as can be",
            Shape::Majority => "a minority and a majority; needs 3 nodes",
            Shape::Ring => "each node hears a majority, no two the same one; needs 4 nodes",
            Shape::Bridge => "two halves that share one node; needs 3 nodes",
            Shape::Primary => "the primary is alone; a node by chance if none is known",
            Shape::OneWay => "one node hears nobody, but is heard",
        }
    }

    /// The smallest cluster in which this shape cuts anything and keeps its promise.
    ///
    /// A ring of three is complete: whoever hears two of three, symmetrically, hears them along a path, and that is
    /// the bridge.
    #[must_use]
    pub fn least(self) -> usize {
        match self {
            Shape::One | Shape::Halves | Shape::Primary | Shape::OneWay => 2,
            Shape::Majority | Shape::Bridge => 3,
            Shape::Ring => 4,
        }
    }

    /// A shape for a plan that names none, among those that cut something; None in a cluster of one.
    pub(crate) fn at_random(nodes: usize, rng: &mut ChaCha8Rng) -> Option<Shape> {
        let sensible: Vec<_> = Shape::ALL.into_iter().filter(|shape| shape.least() <= nodes).collect();
        sensible.choose(rng).copied()
    }
}

/// A partition, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Who ignores whom.
    pub grudge: Grudge,
    /// For people: `partition {n1 n2} | {n3 n4 n5}`.
    pub description: String,
}

/// Decides who is cut from whom. For [`Shape::Primary`] the caller names who is primary; others ignore it.
pub fn decide(shape: Shape, names: &[String], primary: Option<&str>, rng: &mut ChaCha8Rng) -> Cut {
    let mut order = names.to_vec();
    order.shuffle(rng);
    if let (Shape::Primary, Some(primary)) = (shape, primary) {
        order.sort_by_key(|name| name != primary);
    }
    let small = match shape {
        Shape::Majority => rng.random_range(1..=(order.len().saturating_sub(1) / 2).max(1)),
        Shape::Halves => order.len() / 2,
        _ => 1,
    };
    Cut { grudge: grudge(shape, &order, small), description: describe(shape, &order, small) }
}

/// The cut between these nodes and all others.
pub fn sides(names: &[String], side: &[String]) -> Cut {
    let (small, rest): (Vec<_>, Vec<_>) = names.iter().cloned().partition(|name| side.contains(name));
    let order = [small.clone(), rest].concat();
    Cut {
        grudge: grudge(Shape::Halves, &order, small.len()),
        description: describe(Shape::Halves, &order, small.len()),
    }
}

/// The grudge of a shape over nodes in this order, of which the first `small` are the smaller side.
fn grudge(shape: Shape, order: &[String], small: usize) -> Grudge {
    let nodes = order.len();
    let dropped = |hearer: usize| -> BTreeSet<String> {
        let dropped = (0..nodes).filter(|&other| other != hearer && !hears(shape, nodes, small, hearer, other));
        dropped.map(|other| order[other].clone()).collect()
    };
    let all = (0..nodes).map(|hearer| (order[hearer].clone(), dropped(hearer)));
    all.filter(|(_, dropped)| !dropped.is_empty()).collect()
}

/// Whether the node at one place of the order hears the one at another place.
fn hears(shape: Shape, nodes: usize, small: usize, hearer: usize, other: usize) -> bool {
    match shape {
        Shape::One | Shape::Primary | Shape::Halves | Shape::Majority => (hearer < small) == (other < small),
        Shape::Ring => are_ring_neighbours(nodes, hearer.abs_diff(other)),
        Shape::Bridge => {
            let side = |place: usize| place <= (nodes - 1) / 2;
            hearer == 0 || other == 0 || side(hearer) == side(other)
        }
        Shape::OneWay => hearer != 0,
    }
}

/// Whether two nodes hear each other that are this many places apart in a majorities ring.
///
/// A majority of n needs n/2 others besides oneself. An even number is reached by as many neighbours on either side.
/// For an odd number, n even: the one opposite besides. For an odd number, n odd: no symmetric relation gives each of
/// an odd count of nodes an odd count of others, so each hears one more than it needs.
fn are_ring_neighbours(nodes: usize, apart: usize) -> bool {
    let needed = nodes / 2;
    let distance = apart.min(nodes - apart);
    let opposite = needed % 2 == 1 && nodes.is_multiple_of(2);
    let reach = if opposite { needed / 2 } else { needed.div_ceil(2) };
    distance <= reach || (opposite && distance == nodes / 2)
}

fn describe(shape: Shape, order: &[String], small: usize) -> String {
    let set = |names: &[String]| {
        let sorted: BTreeSet<_> = names.iter().map(String::as_str).collect();
        format!("{{{}}}", sorted.into_iter().collect::<Vec<_>>().join(" "))
    };
    match shape {
        Shape::One | Shape::Primary | Shape::Halves | Shape::Majority => {
            format!("partition {} | {}", set(&order[..small]), set(&order[small..]))
        }
        Shape::Ring => format!("partition ring {}: each hears a majority of its own", order.join("-")),
        Shape::Bridge => {
            let middle = order.len().div_ceil(2);
            format!("partition {} - {} - {}", set(&order[1..middle]), order[0], set(&order[middle..]))
        }
        Shape::OneWay => format!("partition one-way: {} hears none of {}", order[0], set(&order[1..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn names(nodes: usize) -> Vec<String> {
        (1..=nodes).map(|i| format!("n{i}")).collect()
    }

    /// Every shape that makes sense in clusters of 1 to 9 nodes, with several seeds.
    fn check(expect: impl Fn(Shape, usize, &Cut)) {
        for nodes in 1..=9 {
            for shape in Shape::ALL.into_iter().filter(|shape| shape.least() <= nodes) {
                for seed in 0..30 {
                    let mut rng = ChaCha8Rng::seed_from_u64(seed);
                    expect(shape, nodes, &decide(shape, &names(nodes), None, &mut rng));
                }
            }
        }
    }

    fn drops(cut: &Cut, hearer: &str, other: &str) -> bool {
        cut.grudge.get(hearer).is_some_and(|dropped| dropped.contains(other))
    }

    /// Whom a node hears, itself included.
    fn heard(cut: &Cut, hearer: &str, nodes: usize) -> BTreeSet<String> {
        names(nodes).into_iter().filter(|other| !drops(cut, hearer, other)).collect()
    }

    #[test]
    fn every_cut_cuts_something_and_nobody_ignores_itself() {
        check(|shape, nodes, cut| {
            assert!(!cut.grudge.is_empty(), "{shape:?} of {nodes} cuts nothing");
            assert!(names(nodes).iter().all(|name| !drops(cut, name, name)));
        });
    }

    #[test]
    fn every_cut_but_one_way_is_symmetric() {
        check(|shape, nodes, cut| {
            for (a, b) in names(nodes).iter().flat_map(|a| names(nodes).into_iter().map(move |b| (a.clone(), b))) {
                let symmetric = drops(cut, &a, &b) == drops(cut, &b, &a);
                assert!(symmetric || shape == Shape::OneWay, "{shape:?} {}", cut.description);
                assert!(shape != Shape::OneWay || !(drops(cut, &a, &b) && drops(cut, &b, &a)));
            }
        });
    }

    #[test]
    fn two_sides_are_as_large_as_promised() {
        check(|shape, nodes, cut| {
            let mut sides: Vec<_> = names(nodes).iter().map(|name| heard(cut, name, nodes)).collect();
            sides.sort_by_key(|side| (side.len(), side.clone()));
            sides.dedup();
            let smallest = sides[0].len();
            match shape {
                Shape::One | Shape::Primary => assert_eq!((smallest, sides.len()), (1, 2)),
                Shape::Halves => assert_eq!((smallest, sides.len()), (nodes / 2, 2)),
                Shape::Majority => assert!(smallest <= (nodes - 1) / 2 && sides.len() == 2),
                _ => {}
            }
        });
    }

    #[test]
    fn in_a_ring_each_hears_a_majority_and_no_two_the_same() {
        for nodes in 4..=15 {
            let cut = decide(Shape::Ring, &names(nodes), None, &mut ChaCha8Rng::seed_from_u64(7));
            let majorities: BTreeSet<_> = names(nodes).iter().map(|name| heard(&cut, name, nodes)).collect();
            assert_eq!(majorities.len(), nodes, "two nodes of {nodes} hear the same");
            let (most, least) = (nodes / 2 + 2, nodes / 2 + 1);
            assert!(majorities.iter().all(|majority| (least..=most).contains(&majority.len())));
            assert!(majorities.iter().all(|majority| majority.len() == least || nodes % 4 == 3), "{nodes}");
        }
    }

    #[test]
    fn a_bridge_is_the_only_way_between_two_halves() {
        for nodes in 3..=9 {
            let cut = decide(Shape::Bridge, &names(nodes), None, &mut ChaCha8Rng::seed_from_u64(3));
            let all: Vec<_> = names(nodes).into_iter().filter(|name| heard(&cut, name, nodes).len() == nodes).collect();
            assert_eq!(all.len(), 1, "one bridge");
            let sides: BTreeSet<_> =
                names(nodes).iter().filter(|name| **name != all[0]).map(|name| heard(&cut, name, nodes)).collect();
            let sizes: Vec<_> = sides.iter().map(|side| side.len() - 1).collect();
            assert_eq!(sizes.len(), 2);
            assert!(sizes[0].abs_diff(sizes[1]) <= 1 && sizes[0] + sizes[1] == nodes - 1);
        }
    }

    #[test]
    fn one_way_leaves_one_node_deaf() {
        check(|shape, nodes, cut| {
            if shape == Shape::OneWay {
                assert_eq!(cut.grudge.len(), 1);
                assert_eq!(cut.grudge.values().next().map(BTreeSet::len), Some(nodes - 1));
            }
        });
    }

    #[test]
    fn the_named_primary_is_the_one_who_is_alone() {
        for seed in 0..20 {
            let cut = decide(Shape::Primary, &names(5), Some("n4"), &mut ChaCha8Rng::seed_from_u64(seed));
            assert_eq!(cut.description, "partition {n4} | {n1 n2 n3 n5}");
            assert_eq!(cut.grudge["n4"].len(), 4);
        }
    }

    #[test]
    fn chance_never_chooses_what_cuts_nothing() {
        assert_eq!(Shape::at_random(1, &mut ChaCha8Rng::seed_from_u64(0)), None);
        for nodes in 2..=9 {
            let shapes: BTreeSet<_> =
                (0..200).filter_map(|seed| Shape::at_random(nodes, &mut ChaCha8Rng::seed_from_u64(seed))).collect();
            assert!(shapes.iter().all(|shape| shape.least() <= nodes));
            assert_eq!(shapes.len(), [4, 6, 7, 7, 7, 7, 7, 7][nodes - 2]);
        }
    }
}
