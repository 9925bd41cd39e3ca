//! Which nodes are hurt: pure choice, by a seeded generator.

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

/// How many nodes, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One node.
    One,
    /// As many as can be lost with a majority left: (n-1)/2. Clusters of one or two nodes have no minority.
    Minority,
    /// The smallest majority: n/2 + 1, rounded down; all in a cluster of one or two.
    Majority,
    /// Every node.
    All,
    /// One that takes itself for the primary, or one by chance if none is known.
    Primary,
    /// Every node that does not take itself for the primary; all but one by chance if none is known.
    Followers,
}

impl Target {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Target; 6] =
        [Target::One, Target::Minority, Target::Majority, Target::All, Target::Primary, Target::Followers];

    /// The word that plans use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Target::One => "one",
            Target::Minority => "minority",
            Target::Majority => "majority",
            Target::All => "all",
            Target::Primary => "primary",
            Target::Followers => "followers",
        }
    }

    /// What it means, for lists.
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Target::One => "one node by chance",
            Target::Minority => "as many nodes as can be lost with a majority left; needs 3 nodes",
            Target::Majority => "the smallest majority",
            Target::All => "every node",
            Target::Primary => "a node that takes itself for the primary; one by chance if none is known",
            Target::Followers => "every node but the primary; all but one by chance if none is known; needs 2 nodes",
        }
    }

    /// How many nodes it means in a cluster of this size; 0 if it means nothing there.
    #[must_use]
    pub fn size(self, nodes: usize) -> usize {
        match self {
            Target::One | Target::Primary => nodes.min(1),
            Target::Minority => nodes.saturating_sub(1) / 2,
            Target::Majority if nodes == 0 => 0,
            Target::Majority => nodes / 2 + 1,
            Target::All => nodes,
            Target::Followers => nodes.saturating_sub(1),
        }
    }

    /// The target for a plan that names none: mostly few nodes, now and then a majority or all, never one that means
    /// nothing in a cluster of this size.
    pub(crate) fn at_random(nodes: usize, rng: &mut ChaCha8Rng) -> Target {
        let weight = |target: &Target| match target {
            _ if target.size(nodes) == 0 => 0,
            Target::One | Target::Minority | Target::Primary => 3,
            Target::Majority | Target::All | Target::Followers => 1,
        };
        let total: u32 = Target::ALL.iter().map(weight).sum();
        let mut left = rng.random_range(0..total.max(1));
        for target in Target::ALL {
            match left.checked_sub(weight(&target)) {
                Some(rest) => left = rest,
                None => return target,
            }
        }
        Target::One
    }
}

/// Who was chosen, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Names, in the order of the inventory; empty only if the target means nothing in a cluster of this size.
    pub nodes: Vec<String>,
    /// How, for people: `minority`, or `one by chance, no primary is known`.
    pub how: &'static str,
}

/// Chooses among the nodes of these names.
pub fn choose(target: Target, names: &[String], primaries: &[String], rng: &mut ChaCha8Rng) -> Chosen {
    let known: Vec<_> = names.iter().filter(|name| primaries.contains(name)).collect();
    if let (Target::Primary, Some(primary)) = (target, known.choose(rng)) {
        let how = if known.len() > 1 { "one of several that take themselves for the primary" } else { "primary" };
        return Chosen { nodes: vec![(*primary).clone()], how };
    }
    if target == Target::Followers && !known.is_empty() && known.len() < names.len() {
        let nodes = names.iter().filter(|name| !known.contains(name)).cloned().collect();
        return Chosen { nodes, how: "followers" };
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.shuffle(rng);
    order.truncate(target.size(names.len()));
    order.sort_unstable();
    let how = match target {
        Target::Primary => "one by chance, no primary is known",
        Target::Followers => "all but one by chance, no primary is known",
        target => target.name(),
    };
    Chosen { nodes: order.into_iter().map(|index| names[index].clone()).collect(), how }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::BTreeSet;

    fn names(nodes: usize) -> Vec<String> {
        (1..=nodes).map(|i| format!("n{i}")).collect()
    }

    #[test]
    fn sizes_in_clusters_of_one_to_nine() {
        let sizes = |target: Target| (1..=9).map(|nodes| target.size(nodes)).collect::<Vec<_>>();
        assert_eq!(sizes(Target::One), [1; 9]);
        assert_eq!(sizes(Target::Primary), [1; 9]);
        assert_eq!(sizes(Target::Minority), [0, 0, 1, 1, 2, 2, 3, 3, 4]);
        assert_eq!(sizes(Target::Majority), [1, 2, 2, 3, 3, 4, 4, 5, 5]);
        assert_eq!(sizes(Target::All), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(sizes(Target::Followers), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn the_chosen_are_distinct_and_as_many_as_promised() {
        for nodes in 1..=9 {
            for target in Target::ALL {
                for seed in 0..20 {
                    let chosen = choose(target, &names(nodes), &[], &mut ChaCha8Rng::seed_from_u64(seed));
                    assert_eq!(chosen.nodes.iter().collect::<BTreeSet<_>>().len(), target.size(nodes));
                }
            }
        }
    }

    #[test]
    fn a_known_primary_is_chosen_and_an_unknown_one_is_admitted() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let primary = choose(Target::Primary, &names(5), &["n4".to_owned()], &mut rng);
        assert_eq!((primary.nodes, primary.how), (vec!["n4".to_owned()], "primary"));
        let foreign = choose(Target::Primary, &names(5), &["elsewhere".to_owned()], &mut rng);
        assert_eq!(foreign.how, "one by chance, no primary is known");
        let others = choose(Target::Followers, &names(3), &["n2".to_owned()], &mut rng);
        assert_eq!((others.nodes, others.how), (vec!["n1".to_owned(), "n3".to_owned()], "followers"));
    }

    #[test]
    fn random_targets_mean_something_and_all_of_them_occur() {
        for nodes in 1..=9 {
            let mut seen = BTreeSet::new();
            for seed in 0..500 {
                let target = Target::at_random(nodes, &mut ChaCha8Rng::seed_from_u64(seed));
                assert!(target.size(nodes) > 0);
                seen.insert(target.name());
            }
            assert_eq!(seen.len(), [0, 4, 5][nodes.min(2)] + usize::from(nodes > 2));
        }
    }
}
