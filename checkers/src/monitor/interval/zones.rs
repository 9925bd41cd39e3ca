//! Zones: sets of operations that must be contiguous in every order (a write with its reads) find places in a row.
//!
//! A zone runs from the first completion to the last invocation of its set; when the last invocation comes first it is
//! turned round and called backward. Two sets cannot be put in a row if and only if each has an operation that precedes
//! one of the other: two forward zones that overlap, or a backward zone strictly inside a forward one.
//! Source: Gibbons and Korach 1997, section 3; checkers.md 2.7 (a) and appendix B. n log n.

/// A set of operations; times are positions, `-1` is before all.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct Zone {
    /// The first completion.
    pub(in crate::monitor) completed: i64,
    /// The last invocation.
    pub(in crate::monitor) invoked: i64,
    /// What the caller knows it by.
    pub(in crate::monitor) tag: u32,
}

impl Zone {
    fn is_forward(&self) -> bool {
        self.completed < self.invoked
    }
}

/// Two zones that cannot be put in a row, by their tags.
pub(in crate::monitor) fn conflict(zones: &[Zone]) -> Option<(u32, u32)> {
    let mut forward: Vec<Zone> = zones.iter().copied().filter(Zone::is_forward).collect();
    forward.sort_unstable_by_key(|zone| zone.completed);
    if let Some(pair) = forward.windows(2).find(|pair| pair[1].completed < pair[0].invoked) {
        return Some((pair[0].tag, pair[1].tag));
    }
    zones.iter().filter(|zone| !zone.is_forward()).find_map(|inner| {
        let before = forward.partition_point(|outer| outer.completed < inner.invoked);
        let outer = forward[..before].last()?;
        (inner.completed < outer.invoked).then_some((outer.tag, inner.tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(zones: &[(i64, i64)]) -> Option<(u32, u32)> {
        let zone = |(tag, &(completed, invoked)): (usize, &(i64, i64))| Zone { completed, invoked, tag: tag as u32 };
        conflict(&zones.iter().enumerate().map(zone).collect::<Vec<_>>())
    }

    #[test]
    fn forward_zones_must_not_overlap() {
        assert_eq!(clash(&[(1, 5), (4, 8)]), Some((0, 1)));
        assert_eq!(clash(&[(1, 4), (4, 8)]), None);
    }

    #[test]
    fn a_backward_zone_must_not_lie_inside_a_forward_one() {
        assert_eq!(clash(&[(1, 9), (6, 4)]), Some((0, 1)));
        assert_eq!(clash(&[(1, 9), (10, 4)]), None);
        assert_eq!(clash(&[(1, 9), (6, 1)]), None);
        assert_eq!(clash(&[(6, 4), (8, 5)]), None);
    }
}
