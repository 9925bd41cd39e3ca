//! What of a component counts: which labels, which orders, and whether two anti-dependencies may follow each other.
//!
//! Nothing is copied: a view says what follows a node. Besides the nodes of the piece there are the places of its two
//! chains and, in a begin/commit graph, a second node for each row.

use super::barrier::NOWHERE;
use super::piece::Piece;
use crate::txn::components::Extent;
use crate::txn::{Kinds, Needs};

/// How a transaction is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layers {
    /// As one node.
    Plain,
    /// As its beginning, then its commit. What depends on it leaves its commit and leads to a beginning; what
    /// anti-depends leaves its beginning and leads to a commit. So no cycle has two anti-dependencies in a row.
    BeginCommit,
}

/// One way to look at a piece.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    piece: &'a Piece,
    labels: Kinds,
    needs: Needs,
    layers: Layers,
}

impl<'a> View<'a> {
    pub fn new(piece: &'a Piece, labels: Kinds, needs: Needs, layers: Layers) -> View<'a> {
        View { piece, labels, needs, layers }
    }

    /// Nodes are numbered from 0 to this: beginnings, hubs, places in real time, places in sessions, commits.
    pub fn nodes(&self) -> u32 {
        self.commit(0) + if self.layers == Layers::BeginCommit { self.piece.rows } else { 0 }
    }

    /// A search begins at beginnings and hubs: what they do not reach is on no cycle and no path that is asked for.
    pub fn extent(&self) -> Extent {
        Extent { nodes: self.nodes(), roots: self.piece.len() }
    }

    /// The row of a node, if it is no hub and no place.
    pub fn row(&self, node: u32) -> Option<u32> {
        if node < self.piece.rows { Some(node) } else { node.checked_sub(self.commit(0)) }
    }

    /// The node at which the edges of this label lead into a row.
    pub fn arrival(&self, row: u32, label: Kinds) -> u32 {
        let late = self.layers == Layers::BeginCommit && label.any(Kinds(Kinds::ANTI.0 | Kinds::VIA.0));
        if late { self.commit(row) } else { row }
    }

    fn commit(&self, row: u32) -> u32 {
        self.piece.len() + 2 * self.piece.rows + row
    }

    /// The nodes that follow a node.
    pub fn out(&self, node: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (piece, layers, rows) = (self.piece, self.layers, self.piece.rows);
        let (base, commits) = (piece.len(), self.commit(0));
        let begins = Kinds(Kinds::ANTI.0 & self.labels.0);
        let (edges, labels, lift, jumps) = if node < rows {
            match layers {
                Layers::Plain => (Some(node), self.labels, 0, self.orders(node)),
                Layers::BeginCommit => (Some(node), begins, commits, [self.commit(node), NOWHERE]),
            }
        } else if node < base {
            (Some(node), Kinds::VIA, if layers == Layers::Plain { 0 } else { commits }, [NOWHERE; 2])
        } else if node < commits {
            (None, Kinds::NONE, 0, self.along(node))
        } else {
            let row = node - commits;
            (Some(row), Kinds(self.labels.0 & !Kinds::ANTI.0), 0, self.orders(row))
        };
        let edges = edges.into_iter().flat_map(move |node| piece.out(node));
        edges
            .filter(move |edge| edge.1.any(labels))
            .map(move |(to, _)| if to < rows { to + lift } else { to })
            .chain(jumps.into_iter().filter(|&to| to != NOWHERE))
    }

    /// Where a row enters the chains.
    fn orders(&self, row: u32) -> [u32; 2] {
        let base = self.piece.len();
        let place = |entry: u32, base: u32| if entry == NOWHERE { NOWHERE } else { base + entry };
        match self.needs {
            Needs::Data => [NOWHERE; 2],
            Needs::Process => [place(self.piece.process.entry[row as usize], base + self.piece.rows), NOWHERE],
            Needs::Realtime => [place(self.piece.realtime.entry[row as usize], base), NOWHERE],
        }
    }

    /// Out of a place in a chain: its row, and the place after it.
    fn along(&self, node: u32) -> [u32; 2] {
        let (base, rows) = (self.piece.len(), self.piece.rows);
        let (chain, base) = match node < base + rows {
            true => (&self.piece.realtime, base),
            false => (&self.piece.process, base + rows),
        };
        let place = (node - base) as usize;
        let next = chain.next[place];
        [chain.rows[place], if next == NOWHERE { NOWHERE } else { base + next }]
    }
}
