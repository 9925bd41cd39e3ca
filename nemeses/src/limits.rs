//! How much of a cluster may be broken at the same time: pure, asked before each fault.

use crate::Injected;
use std::collections::BTreeSet;

/// Bounds on what may be in force at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// A majority of nodes is always left that are unhurt, and of which one exchanges packets with all of them.
    pub keep_quorum: bool,
    /// So many nodes at most are hurt, or cut off from that one.
    pub max_nodes: Option<usize>,
    /// So many faults at most are in force.
    pub max_concurrent: Option<usize>,
}

impl Limits {
    /// Why this fault may not begin while those are in force; None if it may.
    #[must_use]
    pub fn objection(&self, names: &[String], in_force: &[Injected], next: &Injected) -> Option<String> {
        if let Some(most) = self.max_concurrent.filter(|most| in_force.len() >= *most) {
            return Some(format!("{most} faults are in force already, and no more are allowed"));
        }
        if !self.keep_quorum && self.max_nodes.is_none() {
            return None;
        }
        let faults: Vec<&Injected> = in_force.iter().chain([next]).collect();
        let whole = whole(names, &faults);
        let broken = names.len() - whole;
        if self.keep_quorum && whole <= names.len() / 2 {
            return Some(format!("it would leave {whole} of {} nodes whole and together, no majority", names.len()));
        }
        let most = self.max_nodes.filter(|most| broken > *most)?;
        Some(format!("{broken} of {} nodes would be broken, and no more than {most} may be", names.len()))
    }
}

/// The largest number of nodes that no fault hurts and of which one, at least, hears all and is heard by all: a leader
/// and those who can follow it.
fn whole(names: &[String], faults: &[&Injected]) -> usize {
    let hurt: BTreeSet<&String> =
        faults.iter().filter(|fault| fault.grudge.is_empty()).flat_map(|fault| &fault.nodes).collect();
    let unhurt: Vec<&String> = names.iter().filter(|name| !hurt.contains(name)).collect();
    let drops = |hearer: &String, heard: &String| {
        let mut grudges = faults.iter().flat_map(|fault| &fault.grudge);
        grudges.any(|(node, dropped)| node == hearer && dropped.contains(heard))
    };
    let follow = |leader: &String| unhurt.iter().filter(|one| !drops(leader, one) && !drops(one, leader)).count();
    unhurt.iter().map(|leader| follow(leader)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::grudge::{self, Shape};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn names(nodes: usize) -> Vec<String> {
        (1..=nodes).map(|number| format!("n{number}")).collect()
    }

    fn hurt(nodes: &[&str]) -> Injected {
        let nodes = nodes.iter().map(|&name| name.to_owned()).collect();
        Injected { description: String::new(), nodes, grudge: Vec::new() }
    }

    fn cut(shape: Shape, nodes: usize) -> Injected {
        let cut = grudge::decide(shape, &names(nodes), None, &mut ChaCha8Rng::seed_from_u64(1));
        let grudge: Vec<_> =
            cut.grudge.into_iter().map(|(node, dropped)| (node, dropped.into_iter().collect::<Vec<_>>())).collect();
        Injected { description: String::new(), nodes: grudge.iter().map(|(node, _)| node.clone()).collect(), grudge }
    }

    #[test]
    fn what_is_left_whole_and_together() {
        let left = |faults: &[&Injected]| whole(&names(5), faults);
        assert_eq!(left(&[]), 5);
        assert_eq!(left(&[&hurt(&["n1", "n2"])]), 3);
        assert_eq!(left(&[&hurt(&["n1", "n2"]), &hurt(&["n2", "n3"])]), 2);
        let sizes = [Shape::One, Shape::Halves, Shape::Ring, Shape::Bridge, Shape::OneWay];
        assert_eq!(sizes.map(|shape| left(&[&cut(shape, 5)])), [4, 3, 3, 5, 4]);
    }

    #[test]
    fn a_quorum_is_kept_over_all_faults_together() {
        let limits = Limits { keep_quorum: true, ..Limits::default() };
        let two = hurt(&["n1", "n2"]);
        assert_eq!(limits.objection(&names(5), &[], &two), None);
        assert_eq!(limits.objection(&names(5), std::slice::from_ref(&two), &two), None, "the same nodes again");
        let third = limits.objection(&names(5), &[two], &hurt(&["n3"])).unwrap();
        assert_eq!(third, "it would leave 2 of 5 nodes whole and together, no majority");
        assert!(limits.objection(&names(4), &[], &cut(Shape::Halves, 4)).is_some());
        assert!(limits.objection(&names(2), &[], &hurt(&["n1"])).is_some());
    }

    #[test]
    fn bounds_count_nodes_and_faults() {
        let nodes = Limits { max_nodes: Some(1), ..Limits::default() };
        assert_eq!(nodes.objection(&names(5), &[hurt(&["n1"])], &hurt(&["n1"])), None);
        assert!(nodes.objection(&names(5), &[hurt(&["n1"])], &hurt(&["n2"])).unwrap().starts_with("2 of 5 nodes"));
        let faults = Limits { max_concurrent: Some(1), ..Limits::default() };
        assert_eq!(faults.objection(&names(5), &[], &hurt(&["n1", "n2", "n3"])), None);
        assert!(faults.objection(&names(5), &[hurt(&[])], &hurt(&[])).unwrap().starts_with("1 faults"));
    }
}
