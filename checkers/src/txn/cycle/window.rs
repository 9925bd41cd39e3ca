//! Where cycles can be, by one linear scan.
//!
//! Every cycle has an edge that leads backward in the placement, and the intervals of its backward edges cover all of
//! it. So backward intervals that overlap or touch are merged, and strong components are looked for only inside of
//! them. A valid history has short ones.

use super::barrier::NOWHERE;
use super::placement::Placement;
use crate::txn::components::{Extent, components};
use crate::txn::{Graph, NEVER, Needs, Timeline};
use rayon::prelude::*;

/// The first and the last place of a stretch that may hold a cycle.
pub(super) type Window = (u32, u32);

/// The stretches that may hold a cycle, in order.
pub(super) fn windows(graph: &Graph, placement: &Placement) -> Vec<Window> {
    let rank = &placement.rank;
    let mut reach = vec![0u32; rank.len()];
    for from in 0..graph.nodes() {
        let end = rank[from as usize];
        for (to, _) in graph.out(from) {
            let start = rank[to as usize];
            if start < end {
                reach[start as usize] = reach[start as usize].max(end);
            }
        }
    }
    let mut windows: Vec<Window> = Vec::new();
    for (start, &end) in (0u32..).zip(&reach).filter(|&(start, &end)| end > start) {
        match windows.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => windows.push((start, end)),
        }
    }
    windows
}

/// What is needed inside of every window: the graph of all edges, and of real time where that is asked for.
pub(super) struct Strongest<'a> {
    graph: &'a Graph,
    placement: &'a Placement,
    /// Rows by their beginning.
    begun: Vec<u32>,
    /// Where each row enters `begun` once it ended, by place; [`NOWHERE`] if nothing began after it.
    entry: Vec<u32>,
}

impl<'a> Strongest<'a> {
    /// All orders up to `orders` are edges; those of sessions are among those of real time.
    pub fn new(graph: &'a Graph, timeline: &Timeline, placement: &'a Placement, orders: Needs) -> Strongest<'a> {
        let mut strongest = Strongest { graph, placement, begun: Vec::new(), entry: Vec::new() };
        if orders == Needs::Data {
            strongest.entry = vec![NOWHERE; placement.order.len()];
            return strongest;
        }
        let mut keys: Vec<u64> =
            timeline.invoked.iter().zip(0u64..).map(|(&at, row)| u64::from(at) << 32 | row).collect();
        if !keys.is_sorted() {
            keys.par_sort_unstable();
        }
        let mut place = 0;
        strongest.entry = (placement.order.iter())
            .map(|&node| match timeline.completed.get(node as usize) {
                None | Some(&NEVER) => NOWHERE,
                Some(&ended) => {
                    while place < keys.len() && (keys[place] >> 32) as u32 <= ended {
                        place += 1;
                    }
                    if place < keys.len() { place as u32 } else { NOWHERE }
                }
            })
            .collect();
        strongest.begun = keys.iter().map(|&key| key as u32).collect();
        strongest
    }

    /// The strong components of two or more transactions, as sorted places, each window on its own.
    pub fn components(&self, windows: &[Window]) -> Vec<Vec<u32>> {
        windows.par_iter().flat_map_iter(|&window| self.within(window)).collect()
    }

    fn within(&self, (first, last): Window) -> Vec<Vec<u32>> {
        let width = last - first + 1;
        let places = self.entry[first as usize..=last as usize].iter().copied().filter(|&place| place != NOWHERE);
        let (lowest, highest) = (places.clone().min().unwrap_or(0), self.last_begun(places.max(), last));
        let barriers = highest.saturating_sub(lowest);
        let inside = |place: u32| (first..=last).contains(&place).then(|| place - first);
        let barrier = |place: u32| (lowest..highest).contains(&place).then(|| width + place - lowest);
        let out = |node: u32| {
            let (data, jumps) = match node < width {
                true => {
                    let place = first + node;
                    let edges = self.graph.out(self.placement.order[place as usize]);
                    (Some(edges), [barrier(self.entry[place as usize]), None])
                }
                false => {
                    let place = node - width + lowest;
                    let row = self.placement.rank[self.begun[place as usize] as usize];
                    (None, [inside(row), barrier(place + 1)])
                }
            };
            let data = data.into_iter().flatten();
            data.filter_map(move |(to, _)| inside(self.placement.rank[to as usize])).chain(jumps.into_iter().flatten())
        };
        let transactions = self.graph.transactions();
        let is_row = |&node: &u32| node < width && self.placement.order[(first + node) as usize] < transactions;
        let mut found = Vec::new();
        components(Extent { nodes: width + barriers, roots: width }, out, |members| {
            if members.len() > 1 && members.iter().copied().filter(is_row).nth(1).is_some() {
                let mut places: Vec<u32> = members.iter().filter(|&&n| n < width).map(|node| first + node).collect();
                places.sort_unstable();
                found.push(places);
            }
        });
        found.sort_unstable();
        found
    }

    /// The place in `begun` after the last row that can be inside of a window that ends at `last`.
    fn last_begun(&self, entered: Option<u32>, last: u32) -> u32 {
        let Some(entered) = entered else { return 0 };
        match self.entry[last as usize] {
            NOWHERE => {
                // The last of the window is in doubt, or a hub, or nothing began after it.
                let after = self.entry[last as usize..].iter().copied().find(|&place| place != NOWHERE);
                after.unwrap_or(self.begun.len() as u32)
            }
            place => place.max(entered),
        }
    }
}
