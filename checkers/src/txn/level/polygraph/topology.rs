//! A graph that stays free of cycles while edges come and go, the last first.
//!
//! Source: Pearce and Kelly 2006, "A dynamic topological sort algorithm for directed acyclic graphs".

/// An edge seen from one of its ends: the other, and whose it is.
type End = (u32, u32);

/// Nodes in an order that every edge follows.
pub(super) struct Topology {
    out: Vec<Vec<End>>,
    into: Vec<Vec<End>>,
    place: Vec<u32>,
    mark: Vec<u32>,
    round: u32,
    /// How many nodes were visited, in all.
    pub(super) visits: u64,
}

/// An edge and whose it is.
pub(super) type Owned = (u32, u32, u32);

impl Topology {
    pub(super) fn new(nodes: usize) -> Topology {
        Topology {
            out: vec![Vec::new(); nodes],
            into: vec![Vec::new(); nodes],
            place: (0..nodes as u32).collect(),
            mark: vec![0; nodes],
            round: 0,
            visits: 0,
        }
    }

    /// Where a node stands.
    pub(super) fn place(&self, node: u32) -> u32 {
        self.place[node as usize]
    }

    /// Takes an edge in, or leaves it out and returns the cycle that it would close, itself first.
    pub(super) fn add(&mut self, edge: Owned) -> Result<(), Vec<Owned>> {
        let (from, to, owner) = edge;
        if from == to {
            return Err(vec![edge]);
        }
        if self.place[from as usize] > self.place[to as usize] {
            let after = self.after(to, from).map_err(|mut path| {
                path.insert(0, edge);
                path
            })?;
            let before = self.before(from, self.place[to as usize]);
            self.reorder(before, after);
        }
        self.out[from as usize].push((to, owner));
        self.into[to as usize].push((from, owner));
        Ok(())
    }

    /// Takes out the edge that came in last between these nodes' ends.
    pub(super) fn remove(&mut self, (from, to, _): Owned) {
        self.out[from as usize].pop();
        self.into[to as usize].pop();
    }

    /// What can be reached up to the place of the goal; a path if the goal can.
    fn after(&mut self, start: u32, goal: u32) -> Result<Vec<u32>, Vec<Owned>> {
        self.round += 1;
        let limit = self.place[goal as usize];
        let mut met = vec![start];
        let mut parents: Vec<Owned> = vec![(start, start, 0)];
        self.mark[start as usize] = self.round;
        let mut at = 0;
        while at < met.len() {
            let node = met[at];
            self.visits += 1;
            for &(next, owner) in &self.out[node as usize] {
                if next == goal {
                    return Err(path(&met, &parents, at, (node, next, owner)));
                }
                if self.place[next as usize] < limit && self.mark[next as usize] != self.round {
                    self.mark[next as usize] = self.round;
                    met.push(next);
                    parents.push((at as u32, next, owner));
                }
            }
            at += 1;
        }
        Ok(met)
    }

    fn before(&mut self, start: u32, limit: u32) -> Vec<u32> {
        self.round += 1;
        let mut met = vec![start];
        self.mark[start as usize] = self.round;
        let mut at = 0;
        while at < met.len() {
            self.visits += 1;
            for &(last, _) in &self.into[met[at] as usize] {
                if self.place[last as usize] > limit && self.mark[last as usize] != self.round {
                    self.mark[last as usize] = self.round;
                    met.push(last);
                }
            }
            at += 1;
        }
        met
    }

    fn reorder(&mut self, mut before: Vec<u32>, mut after: Vec<u32>) {
        before.sort_unstable_by_key(|&node| self.place[node as usize]);
        after.sort_unstable_by_key(|&node| self.place[node as usize]);
        before.append(&mut after);
        let mut places: Vec<u32> = before.iter().map(|&node| self.place[node as usize]).collect();
        places.sort_unstable();
        before.into_iter().zip(places).for_each(|(node, place)| self.place[node as usize] = place);
    }
}

fn path(met: &[u32], parents: &[Owned], end: usize, last: Owned) -> Vec<Owned> {
    let mut path = vec![last];
    let mut at = end;
    while at > 0 {
        let (parent, node, owner) = parents[at];
        path.push((met[parent as usize], node, owner));
        at = parent as usize;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_keep_an_order_until_one_closes_a_cycle() {
        let mut topology = Topology::new(5);
        for edge in [(4, 3, 0), (3, 1, 1), (1, 0, 2), (2, 4, 3)] {
            assert_eq!(topology.add(edge), Ok(()));
            assert!(topology.place(edge.0) < topology.place(edge.1));
        }
        assert_eq!(topology.add((0, 4, 9)), Err(vec![(0, 4, 9), (4, 3, 0), (3, 1, 1), (1, 0, 2)]));
        topology.remove((2, 4, 3));
        assert_eq!(topology.add((0, 2, 5)), Ok(()));
        assert_eq!(topology.add((2, 3, 6)).map_err(|cycle| cycle.len()), Err(4));
    }
}
