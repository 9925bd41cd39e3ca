//! Which graphs of a component have cycles, by strong components and nothing else: the part that is always exact.

use super::piece::Piece;
use super::view::{Layers, View};
use super::{GraphLevel, Proof};
use crate::txn::components::components;
use crate::txn::{Kinds, Needs};

/// A graph whose cycles are of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Level(GraphLevel),
    /// As snapshot isolation, without anti-dependencies of predicates.
    SnapshotItem,
}

/// Every grade, each after those that have all of its edges.
const GRADES: [Grade; 6] = [
    Grade::Level(GraphLevel::Serializable),
    Grade::Level(GraphLevel::RepeatableRead),
    Grade::Level(GraphLevel::Snapshot),
    Grade::SnapshotItem,
    Grade::Level(GraphLevel::Flow),
    Grade::Level(GraphLevel::Writes),
];

/// The grades that have all edges of the one at that place, as places.
const ABOVE: [&[usize]; 6] = [&[], &[0], &[0], &[1, 2], &[3], &[4]];

const ORDERS: [Needs; 3] = [Needs::Data, Needs::Process, Needs::Realtime];

/// The graph of a grade and an order.
pub(super) fn view(piece: &Piece, grade: Grade, needs: Needs) -> View<'_> {
    let flow = Kinds::WW | Kinds::WR;
    let (labels, layers) = match grade {
        Grade::Level(GraphLevel::Writes) => (Kinds::WW, Layers::Plain),
        Grade::Level(GraphLevel::Flow) => (flow, Layers::Plain),
        Grade::SnapshotItem => (flow | Kinds::RW, Layers::BeginCommit),
        Grade::Level(GraphLevel::Snapshot) => (flow | Kinds::RW | Kinds::RWP, Layers::BeginCommit),
        Grade::Level(GraphLevel::RepeatableRead) => (flow | Kinds::RW, Layers::Plain),
        Grade::Level(GraphLevel::Serializable) => (flow | Kinds::RW | Kinds::RWP, Layers::Plain),
    };
    View::new(piece, labels, needs, layers)
}

/// The strong components of each graph, as sorted rows of the piece; the smallest first.
pub(super) struct Survey {
    tables: [[Vec<Vec<u32>>; 6]; 3],
}

impl Survey {
    /// Looks at every graph with no more order than that.
    pub fn new(piece: &Piece, orders: Needs) -> Survey {
        let mut survey = Survey { tables: Default::default() };
        for needs in (0..=orders as usize).rev() {
            for at in 0..GRADES.len() {
                survey.tables[needs][at] = survey.look(piece, needs, at, orders as usize);
            }
        }
        survey
    }

    /// The strong components of one graph.
    pub fn of(&self, grade: Grade, needs: Needs) -> &[Vec<u32>] {
        let at = GRADES.iter().position(|&other| other == grade).unwrap_or_default();
        &self.tables[needs as usize][at]
    }

    /// Every level that is refuted, with its smallest component, as nodes of the graph.
    pub fn proofs(&self, piece: &Piece) -> Vec<Proof> {
        let all = GraphLevel::ALL.into_iter().flat_map(|level| ORDERS.map(|needs| (level, needs)));
        let proof = |(level, needs)| {
            let rows = self.of(Grade::Level(level), needs).first()?;
            let rows = rows.iter().map(|&row| piece.nodes[row as usize]);
            let mut rows: Vec<u32> = rows.collect();
            rows.sort_unstable();
            Some(Proof { level, needs, rows })
        };
        all.filter_map(proof).collect()
    }

    fn look(&self, piece: &Piece, needs: usize, at: usize, orders: usize) -> Vec<Vec<u32>> {
        let tables = &self.tables;
        let clean = ABOVE[at].iter().any(|&above| tables[needs][above].is_empty());
        if clean || (needs < orders && tables[needs + 1][at].is_empty()) {
            return Vec::new();
        }
        let twin = match GRADES[at] {
            Grade::Level(GraphLevel::RepeatableRead) => Some(0),
            Grade::SnapshotItem => Some(2),
            _ => None,
        };
        if let Some(twin) = twin.filter(|_| !piece.labels.any(Kinds::RWP)) {
            return tables[needs][twin].clone();
        }
        if needs == Needs::Data as usize && orders > needs && piece.process.is_empty() {
            return tables[needs + 1][at].clone();
        }
        strong(piece, &view(piece, GRADES[at], ORDERS[needs]))
    }
}

/// The strong components that hold two transactions or more.
pub(super) fn strong(piece: &Piece, view: &View) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    let out = |node| view.out(node);
    components(view.extent(), out, |members| {
        if members.len() > 1 {
            let mut rows: Vec<u32> = members.iter().filter_map(|&node| view.row(node)).collect();
            rows.sort_unstable();
            rows.dedup();
            if rows.len() > 1 {
                all.push(rows);
            }
        }
    });
    all.sort_unstable_by_key(|rows| (rows.len(), piece.nodes[rows[0] as usize]));
    all
}
