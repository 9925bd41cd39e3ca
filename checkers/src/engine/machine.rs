//! A model with its states numbered and its steps remembered.
//!
//! Only [`Numbered`] knows the model. Whoever searches sees numbers, so that the search is compiled once and not once for
//! each model.

use super::cells::ANY;
use crate::object::{Cell, Model, Timed};
use rustc_hash::FxHashMap;
use std::mem::size_of;

/// No state: the step is impossible.
pub(crate) const IMPOSSIBLE: u32 = u32::MAX;
const NOT_TRIED: u32 = u32::MAX - 1;
/// From here on a number stands for several states.
const SEVERAL: u32 = 1 << 31;
/// So many states have a row in the table, if there are few kinds of operations.
const TABLE_STATES: usize = 1024;
const TABLE_KINDS: usize = 1024;
/// To copy and hash so many bytes of states costs about as much as to expand a configuration.
const BYTES_OF_A_NODE: u64 = 64;

/// The states that have been reached, and what each kind of operation makes of each. Source: Knossos' `memo`, which
/// we differ from in that states are reached when a search reaches them.
pub(crate) struct Machine<'m> {
    steps: Box<dyn Steps + 'm>,
    reads: Vec<bool>,
    /// What each kind needs and makes, if the model is a cell; else empty.
    cells: Vec<(u32, u32)>,
    table: Vec<u32>,
    rest: FxHashMap<(u32, u32), u32>,
    several: Vec<Vec<u32>>,
    found: Vec<u32>,
}

/// What a model makes of its states, by their numbers.
trait Steps {
    /// Every state that a kind may lead to.
    fn steps(&mut self, state: u32, kind: u32, into: &mut Vec<u32>);

    /// How many states have a number.
    fn states(&self) -> usize;

    /// Bytes that the states hold, about.
    fn bytes(&self) -> usize;

    /// Bytes of states that were copied or hashed, about.
    fn touched(&self) -> u64;
}

impl<'m> Machine<'m> {
    /// A machine in its initial state, which is number 0, and the kind of operation of each call.
    pub fn new<M: Model>(model: &'m M, calls: &[Timed<M::Op>]) -> (Self, Vec<u32>) {
        let (mut kinds, mut numbers) = (Vec::new(), FxHashMap::default());
        let mut kind_of = Vec::with_capacity(calls.len());
        for call in calls {
            let next = kinds.len() as u32;
            let kind = *numbers.entry(&call.op).or_insert(next);
            if kind == next {
                kinds.push(call.op.clone());
            }
            kind_of.push(kind);
        }
        let reads = kinds.iter().map(|op| model.is_read(op)).collect();
        let mut steps = Numbered {
            model,
            kinds,
            states: Vec::new(),
            numbers: FxHashMap::default(),
            held: 0,
            touched: 0,
            found: Vec::new(),
        };
        steps.number(model.initial());
        let cells = steps.cells();
        let machine = Machine {
            steps: Box::new(steps),
            reads,
            cells,
            table: Vec::new(),
            rest: FxHashMap::default(),
            several: Vec::new(),
            found: Vec::new(),
        };
        (machine, kind_of)
    }

    /// True if the model is a cell; then every state has its number from the beginning.
    pub fn is_cell(&self) -> bool {
        !self.cells.is_empty()
    }

    /// The state that a kind needs, or [`ANY`]. Of a cell only.
    #[inline]
    pub fn needs(&self, kind: u32) -> u32 {
        self.cells[kind as usize].0
    }

    /// The state that a kind leaves behind, or [`ANY`] if it changes nothing. Of a cell only.
    #[inline]
    pub fn makes(&self, kind: u32) -> u32 {
        self.cells[kind as usize].1
    }

    /// How many states have a number.
    pub fn states(&self) -> usize {
        self.steps.states()
    }

    /// How many kinds of operations there are.
    pub fn kinds(&self) -> usize {
        self.reads.len()
    }

    /// True if this kind of operation changes no state.
    pub fn is_read(&self, kind: u32) -> bool {
        self.reads[kind as usize]
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.steps.bytes() + self.table.capacity() * 4 + self.rest.capacity() * 16
    }

    /// The work that it took to make states, in nodes.
    pub fn work(&self) -> u64 {
        self.steps.touched() / BYTES_OF_A_NODE
    }

    /// The one state afterwards, [`IMPOSSIBLE`], or what [`Machine::each`] tells apart.
    #[inline]
    pub fn next(&mut self, state: u32, kind: u32) -> u32 {
        if let Some(&(needs, makes)) = self.cells.get(kind as usize) {
            let is_possible = needs == ANY || needs == state;
            return if !is_possible {
                IMPOSSIBLE
            } else if makes == ANY {
                state
            } else {
                makes
            };
        }
        if self.reads.len() > TABLE_KINDS || state as usize >= TABLE_STATES {
            return self.next_of_many(state, kind);
        }
        let at = state as usize * self.reads.len() + kind as usize;
        match self.table.get(at) {
            Some(&known) if known != NOT_TRIED => known,
            _ => {
                let next = self.work_out(state, kind);
                let rows = (state as usize + 1) * self.reads.len();
                if self.table.len() < rows {
                    self.table.resize(rows, NOT_TRIED);
                }
                self.table[at] = next;
                next
            }
        }
    }

    fn next_of_many(&mut self, state: u32, kind: u32) -> u32 {
        if let Some(&known) = self.rest.get(&(state, kind)) {
            return known;
        }
        let next = self.work_out(state, kind);
        self.rest.insert((state, kind), next);
        next
    }

    /// How many states `next` stands for.
    #[inline]
    pub fn count(&self, next: u32) -> usize {
        match next {
            IMPOSSIBLE => 0,
            SEVERAL.. => self.several[(next - SEVERAL) as usize].len(),
            _ => 1,
        }
    }

    /// One of them.
    #[inline]
    pub fn each(&self, next: u32, which: usize) -> u32 {
        if next >= SEVERAL { self.several[(next - SEVERAL) as usize][which] } else { next }
    }

    fn work_out(&mut self, state: u32, kind: u32) -> u32 {
        self.found.clear();
        self.steps.steps(state, kind, &mut self.found);
        match self.found[..] {
            [] => IMPOSSIBLE,
            [one] => one,
            _ => {
                self.several.push(self.found.clone());
                SEVERAL + (self.several.len() - 1) as u32
            }
        }
    }
}

/// A model whose states have numbers, in the order in which they were reached.
struct Numbered<'m, M: Model> {
    model: &'m M,
    kinds: Vec<M::Op>,
    states: Vec<M::State>,
    numbers: FxHashMap<M::State, u32>,
    held: usize,
    touched: u64,
    found: Vec<M::State>,
}

impl<M: Model> Numbered<'_, M> {
    /// What each kind needs and makes; nothing if the model is no cell.
    fn cells(&mut self) -> Vec<(u32, u32)> {
        let cells: Option<Vec<Cell<M::State>>> = self.kinds.iter().map(|op| self.model.cell(op)).collect();
        let mut number = |state: Option<M::State>| state.map_or(ANY, |state| self.number(state));
        cells.into_iter().flatten().map(|cell| (number(cell.needs), number(cell.makes))).collect()
    }

    fn number(&mut self, state: M::State) -> u32 {
        if let Some(&number) = self.numbers.get(&state) {
            return number;
        }
        let number = self.states.len() as u32;
        self.held += 2 * self.model.weight(&state) + 24;
        self.states.push(state.clone());
        self.numbers.insert(state, number);
        number
    }
}

impl<M: Model> Steps for Numbered<'_, M> {
    fn steps(&mut self, state: u32, kind: u32, into: &mut Vec<u32>) {
        let mut found = std::mem::take(&mut self.found);
        let from = &self.states[state as usize];
        self.model.steps(from, &self.kinds[kind as usize], &mut found);
        let weight = |state: &M::State| self.model.weight(state) as u64;
        self.touched += weight(from) + found.iter().map(weight).sum::<u64>();
        into.extend(found.drain(..).map(|state| self.number(state)));
        self.found = found;
    }

    fn states(&self) -> usize {
        self.states.len()
    }

    fn bytes(&self) -> usize {
        self.held + self.kinds.capacity() * size_of::<M::Op>()
    }

    fn touched(&self) -> u64 {
        self.touched
    }
}
