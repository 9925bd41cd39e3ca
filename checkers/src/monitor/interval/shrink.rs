//! From a sub-history that contradicts the model to a smallest part of it that still does.
//!
//! What is left out is always a whole group (a value with all that happened to it), so that what remains is still
//! something the system did. Groups come in the order of time: the last group of the shortest contradicting prefix is
//! needed, and the search goes on among those before it. Source: QuickXplain (Junker 2004), with prefixes.

/// How many groups and calls may be judged in all before what is found so far has to do.
const BUDGET: usize = 8_000_000;

/// A part of the groups that is still invalid, and of which no group can be spared unless the budget ran out. The
/// groups are invalid together; `invalid` is monotone and gets the groups to judge, beside so many `fixed` calls.
pub(in crate::monitor) fn shrink(groups: Vec<u32>, fixed: usize, mut invalid: impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    let (mut needed, mut rest, mut judged) = (Vec::new(), groups, 0);
    while judged < BUDGET {
        let mut holds = |prefix: usize| {
            let part: Vec<u32> = needed.iter().chain(&rest[..prefix]).copied().collect();
            judged += part.len() + fixed + 1;
            invalid(&part)
        };
        if holds(0) {
            return needed;
        }
        let Some(length) = shortest(rest.len(), &mut holds) else { break };
        rest.truncate(length);
        needed.extend(rest.pop());
    }
    needed.extend(rest);
    needed
}

/// The shortest prefix that holds, when the whole does; short ones are tried first, for they cost less.
fn shortest(whole: usize, holds: &mut impl FnMut(usize) -> bool) -> Option<usize> {
    if whole == 0 {
        return None;
    }
    let mut high = 1;
    while high < whole && !holds(high) {
        high = (2 * high).min(whole);
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_remains() {
        for needed in [vec![0], vec![99], vec![3, 40], vec![0, 1, 2], vec![17, 50, 51, 98]] {
            let mut found = shrink((0..100).collect(), 0, |part| needed.iter().all(|group| part.contains(group)));
            found.sort_unstable();
            assert_eq!(found, needed);
        }
    }
}
