//! The arena of values: every different value of a file once.

use super::build::{Build, Leaf, Shape, TextKind};
use super::recent::{Recent, RecentPairs, Short};
use super::table::{Table, hash_bytes, mix};
use super::tape::{Lane, Tape, is_on_tape};
use super::token::{is_name, is_symbol};
use super::{Value, ValueId};
use std::fmt;

/// What a node of the arena is, and so what its `start` and `length` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nil,
    False,
    True,
    /// `start` holds the bits of the number.
    Int,
    Float,
    /// A range of `text`.
    Text(TextKind),
    /// A range of `children`.
    Vector,
    Set,
    Map,
    /// Two children: the tag as a symbol, and the form.
    Tagged,
}

/// One value.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u64,
    length: u32,
    kind: Kind,
}

/// An arena of values, each different one once: equal ids are equal values, unless a file was read with
/// [`crate::ReadOptions::transactions`].
///
/// It grows with the different values of a file, 28 bytes each and their text, and nothing is ever taken out.
#[derive(Clone)]
pub struct Values {
    nodes: Vec<Node>,
    text: Vec<u8>,
    children: Vec<ValueId>,
    table: Table,
    recent: Recent,
    recent_pairs: RecentPairs,
    /// Vectors that are kept as often as they are there.
    pub(super) tape: Tape,
    /// Elements of collections that are not complete yet.
    stack: Vec<ValueId>,
    full: bool,
}

/// Positions must leave the bits free of inline integers and of vectors on the tape.
const MOST_NODES: usize = 1 << 30;

impl Default for Values {
    fn default() -> Self {
        let node = |kind| Node { start: 0, length: 0, kind };
        Values {
            nodes: vec![node(Kind::Nil), node(Kind::False), node(Kind::True)],
            text: Vec::new(),
            children: Vec::new(),
            table: Table::default(),
            recent: Recent::default(),
            recent_pairs: RecentPairs::default(),
            tape: Tape::default(),
            stack: Vec::new(),
            full: false,
        }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values({} different)", self.nodes.len())
    }
}

impl Values {
    /// How many different values it holds, small integers not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: nil, true and false are always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The value of that name.
    ///
    /// # Panics
    /// If the name is of another arena.
    #[must_use]
    #[inline]
    pub fn get(&self, id: ValueId) -> Value<'_> {
        if let Some(integer) = id.as_small() {
            return Value::Int(integer);
        }
        if is_on_tape(id) {
            return Value::Vector(self.tape.get(id));
        }
        self.get_node(id)
    }

    fn get_node(&self, id: ValueId) -> Value<'_> {
        let node = self.nodes[id.0 as usize];
        match node.kind {
            Kind::Nil => Value::Nil,
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Int => Value::Int(node.start as i64),
            Kind::Float => Value::Float(f64::from_bits(node.start)),
            Kind::Text(kind) => text_value(kind, str_of(self.text_of(node))),
            Kind::Vector => Value::Vector(self.children_of(node)),
            Kind::Set => Value::Set(self.children_of(node)),
            Kind::Map => Value::Map(self.children_of(node)),
            Kind::Tagged => self.tagged_value(node),
        }
    }

    /// Adds an integer.
    pub fn integer(&mut self, integer: i64) -> ValueId {
        ValueId::small(integer).unwrap_or_else(|| self.bits(Kind::Int, integer as u64))
    }

    /// Adds a floating point number. All NaN are one value.
    pub fn float(&mut self, float: f64) -> ValueId {
        let canonical = if float.is_nan() { f64::NAN } else { float };
        self.bits(Kind::Float, canonical.to_bits())
    }

    /// Adds a string.
    pub fn string(&mut self, text: &str) -> ValueId {
        self.text_node(TextKind::String, text.as_bytes())
    }

    /// Adds a keyword, given without its colon. A text that cannot be written as one becomes a string.
    pub fn keyword(&mut self, text: &str) -> ValueId {
        self.text_node(TextKind::Keyword, text.as_bytes())
    }

    /// Adds a vector of values of this arena.
    pub fn vector(&mut self, elements: &[ValueId]) -> ValueId {
        self.build(Shape::Vector, elements)
    }

    /// Adds a set of values of this arena; what stands twice counts once.
    pub fn set(&mut self, elements: &[ValueId]) -> ValueId {
        self.build(Shape::Set, elements)
    }

    /// Adds a map, given as key, value, key, value. Of two equal keys the last counts.
    pub fn map(&mut self, flat: &[ValueId]) -> ValueId {
        self.build(Shape::Map, flat)
    }

    /// Adds a tagged value.
    pub fn tagged(&mut self, tag: &str, form: ValueId) -> ValueId {
        self.build(Shape::Tagged(tag.as_bytes()), &[form])
    }

    /// True if values had to be left out because 1 073 741 824 are there.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Takes in all values of another arena, in their order, and says what each is called here.
    pub(crate) fn absorb(&mut self, other: &Values) -> Renaming {
        let mut renaming = Renaming { names: Vec::with_capacity(other.nodes.len()) };
        // What is there already is no more than half of it; growing in steps would copy all of it again and again.
        self.nodes.reserve(other.nodes.len());
        self.children.reserve(other.children.len());
        self.table.reserve(other.nodes.len());
        for node in &other.nodes {
            let id = match node.kind {
                Kind::Nil => ValueId::NIL,
                Kind::False => ValueId::FALSE,
                Kind::True => ValueId::TRUE,
                Kind::Int | Kind::Float => self.bits(node.kind, node.start),
                Kind::Text(kind) => self.text_node(kind, other.text_of(*node)),
                Kind::Vector | Kind::Set | Kind::Map | Kind::Tagged => {
                    let mark = self.stack.len();
                    self.stack.extend(other.children_of(*node).iter().map(|child| renaming.apply(*child)));
                    self.collect(mark, node.kind)
                }
            };
            renaming.names.push(id);
        }
        renaming
    }

    /// An arena whose vectors that are kept as they stand can be put together with those of other lanes.
    pub(crate) fn on(lane: Lane) -> Values {
        Values { tape: Tape::new(lane), ..Values::default() }
    }

    /// Vectors that are kept as they stand.
    pub(crate) fn tape(&mut self) -> &mut Tape {
        &mut self.tape
    }

    /// Takes the vectors of another arena that were kept as they stand, after [`Values::absorb`].
    pub(crate) fn take_tape(&mut self, other: &mut Values, renaming: &Renaming) {
        let mut tape = std::mem::take(&mut other.tape);
        tape.rename(renaming);
        self.tape.take(tape);
    }

    fn build(&mut self, shape: Shape<'_>, elements: &[ValueId]) -> ValueId {
        let mark = self.mark();
        self.stack.extend_from_slice(elements);
        self.close(mark, shape)
    }

    fn text_of(&self, node: Node) -> &[u8] {
        &self.text[node.start as usize..][..node.length as usize]
    }

    fn children_of(&self, node: Node) -> &[ValueId] {
        &self.children[node.start as usize..][..node.length as usize]
    }

    fn tagged_value(&self, node: Node) -> Value<'_> {
        let [tag, form] = self.children_of(node) else { return Value::Nil };
        Value::Tagged(self.get(*tag).name().unwrap_or_default(), *form)
    }

    fn bits(&mut self, kind: Kind, bits: u64) -> ValueId {
        let hash = mix(kind_seed(kind), bits);
        let nodes = &self.nodes;
        let found = self.table.find(hash, |at| nodes[at as usize].kind == kind && nodes[at as usize].start == bits);
        found.map_or_else(|| self.add(hash, Node { start: bits, length: 0, kind }), ValueId)
    }

    fn lookup_text(&self, hash: u64, kind: TextKind, text: &[u8]) -> Option<u32> {
        self.table.find(hash, |at| {
            let node = self.nodes[at as usize];
            node.kind == Kind::Text(kind) && self.text_of(node) == text
        })
    }

    #[inline]
    fn text_node(&mut self, kind: TextKind, text: &[u8]) -> ValueId {
        let Some(short) = Short::of(kind, text) else { return self.any_text_node(kind, text) };
        if let Some(id) = self.recent.get(short) {
            return id;
        }
        let id = self.any_text_node(kind, text);
        self.recent.put(short, id);
        id
    }

    fn any_text_node(&mut self, kind: TextKind, text: &[u8]) -> ValueId {
        let hash = hash_bytes(kind as u64 + 1, text);
        if let Some(found) = self.lookup_text(hash, kind, text) {
            return ValueId(found);
        }
        let writable = match kind {
            TextKind::Keyword => is_name(text),
            TextKind::Symbol => is_symbol(text),
            _ => true,
        };
        if !writable {
            return self.text_node(TextKind::String, text);
        }
        let start = self.text.len() as u64;
        let Ok(length) = u32::try_from(text.len()) else { return self.refuse() };
        self.text.extend_from_slice(text);
        self.add(hash, Node { start, length, kind: Kind::Text(kind) })
    }

    #[inline]
    fn collect_vector(&mut self, mark: usize) -> ValueId {
        let &[one, other] = &self.stack[mark..] else { return self.collect(mark, Kind::Vector) };
        if let Some(id) = self.recent_pairs.get([one, other]) {
            self.stack.truncate(mark);
            return id;
        }
        let id = self.collect(mark, Kind::Vector);
        self.recent_pairs.put([one, other], id);
        id
    }

    /// Makes one node of what lies on the stack from `mark` on.
    fn collect(&mut self, mark: usize, kind: Kind) -> ValueId {
        match kind {
            Kind::Set => self.sort_set(mark),
            Kind::Map => self.sort_map(mark),
            _ => {}
        }
        let children = &self.stack[mark..];
        let hash = hash_children(kind_seed(kind), children);
        let (nodes, kept) = (&self.nodes, &self.children);
        let found = self.table.find(hash, |at| {
            let node = nodes[at as usize];
            node.kind == kind && kept[node.start as usize..][..node.length as usize] == *children
        });
        let (start, length) = (kept.len() as u64, u32::try_from(children.len()));
        let id = match (found, length) {
            (Some(found), _) => ValueId(found),
            (None, Ok(length)) => {
                self.children.extend_from_slice(children);
                self.add(hash, Node { start, length, kind })
            }
            (None, Err(_)) => self.refuse(),
        };
        self.stack.truncate(mark);
        id
    }

    fn sort_set(&mut self, mark: usize) {
        let mut elements = self.stack.split_off(mark);
        elements.sort_unstable();
        elements.dedup();
        self.stack.append(&mut elements);
    }

    fn sort_map(&mut self, mark: usize) {
        if self.stack[mark..].chunks_exact(2).is_sorted_by(|a, b| a[0] < b[0]) {
            return;
        }
        let flat = self.stack.split_off(mark);
        let mut pairs: Vec<(ValueId, ValueId)> = flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        // Stable and from the end, so that of equal keys the last is kept.
        pairs.reverse();
        pairs.sort_by_key(|pair| pair.0);
        pairs.dedup_by_key(|pair| pair.0);
        self.stack.extend(pairs.into_iter().flat_map(|(key, value)| [key, value]));
    }

    fn add(&mut self, hash: u64, node: Node) -> ValueId {
        if self.nodes.len() >= MOST_NODES {
            return self.refuse();
        }
        let position = self.nodes.len() as u32;
        self.nodes.push(node);
        self.table.insert(hash, position);
        ValueId(position)
    }

    fn refuse(&mut self) -> ValueId {
        self.full = true;
        ValueId::NIL
    }
}

/// What the values of one arena are called in another.
pub(crate) struct Renaming {
    names: Vec<ValueId>,
}

impl Renaming {
    /// True if nothing is called otherwise.
    pub(crate) fn is_identity(&self) -> bool {
        self.names.iter().enumerate().all(|(position, name)| name.0 as usize == position)
    }

    pub(crate) fn apply(&self, id: ValueId) -> ValueId {
        self.names.get(id.0 as usize).copied().unwrap_or(id)
    }
}

impl Build for Values {
    type Node = ValueId;

    #[inline]
    fn leaf(&mut self, leaf: Leaf<'_>) -> ValueId {
        match leaf {
            Leaf::Nil => ValueId::NIL,
            Leaf::Bool(true) => ValueId::TRUE,
            Leaf::Bool(false) => ValueId::FALSE,
            Leaf::Int(integer) => self.integer(integer),
            Leaf::Float(float) => self.float(float),
            Leaf::Text(kind, text) => self.text_node(kind, text),
        }
    }

    #[inline]
    fn mark(&self) -> usize {
        self.stack.len()
    }

    #[inline]
    fn push(&mut self, node: ValueId) {
        self.stack.push(node);
    }

    fn close(&mut self, mark: usize, shape: Shape<'_>) -> ValueId {
        match shape {
            Shape::Vector => self.collect_vector(mark),
            Shape::Set => self.collect(mark, Kind::Set),
            Shape::Map => match self.untagged(mark) {
                Some((tag, form)) => {
                    self.stack.truncate(mark);
                    self.stack.extend([tag, form]);
                    self.collect(mark, Kind::Tagged)
                }
                None => self.collect(mark, Kind::Map),
            },
            Shape::Namespaced(namespace) => {
                self.qualify(mark, namespace);
                self.collect(mark, Kind::Map)
            }
            Shape::Tagged(tag) => {
                let tag = self.text_node(TextKind::Symbol, tag);
                self.stack.insert(mark, tag);
                self.collect(mark, Kind::Tagged)
            }
        }
    }
}

impl Values {
    /// Plain EDN has no tags: a tagged value is written as `{:gainsay/tag t, :gainsay/form f}`, and read back here.
    fn untagged(&mut self, mark: usize) -> Option<(ValueId, ValueId)> {
        let &[a, x, b, y] = &self.stack[mark..] else { return None };
        let is = |id, name| self.get(id) == Value::Keyword(name);
        let (tag, form) = match () {
            () if is(a, "gainsay/tag") && is(b, "gainsay/form") => (x, y),
            () if is(b, "gainsay/tag") && is(a, "gainsay/form") => (y, x),
            () => return None,
        };
        let Value::String(tag) = self.get(tag) else { return None };
        let tag = tag.to_owned();
        Some((self.text_node(TextKind::Symbol, tag.as_bytes()), form))
    }

    fn qualify(&mut self, mark: usize, namespace: &[u8]) {
        for at in (mark..self.stack.len()).step_by(2) {
            let Value::Keyword(name) = self.get(self.stack[at]) else { continue };
            let qualified = match name.split_once('/') {
                Some(("_", bare)) if !bare.is_empty() => bare.as_bytes().to_vec(),
                Some((space, bare)) if !space.is_empty() && !bare.is_empty() => continue,
                _ => [namespace, b"/", name.as_bytes()].concat(),
            };
            self.stack[at] = self.text_node(TextKind::Keyword, &qualified);
        }
    }

    /// Forgets the parts of collections that will never be closed.
    pub(crate) fn abandon(&mut self, mark: usize) {
        self.stack.truncate(mark);
    }

    /// The parts of a collection that is not closed yet.
    pub(crate) fn open_parts(&mut self, mark: usize) -> &mut [ValueId] {
        &mut self.stack[mark..]
    }
}

fn kind_seed(kind: Kind) -> u64 {
    match kind {
        Kind::Nil | Kind::False | Kind::True => 0,
        Kind::Text(kind) => kind as u64 + 1,
        Kind::Int => 11,
        Kind::Float => 12,
        Kind::Vector => 13,
        Kind::Set => 14,
        Kind::Map => 15,
        Kind::Tagged => 16,
    }
}

fn hash_children(seed: u64, children: &[ValueId]) -> u64 {
    let mut hash = mix(seed, children.len() as u64);
    let mut pairs = children.chunks_exact(2);
    for pair in &mut pairs {
        hash = mix(hash, u64::from(pair[0].0) << 32 | u64::from(pair[1].0));
    }
    pairs.remainder().iter().fold(hash, |hash, last| mix(hash, u64::from(last.0)))
}

fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn text_value(kind: TextKind, text: &str) -> Value<'_> {
    match kind {
        TextKind::BigInt => Value::BigInt(text),
        TextKind::Ratio => Value::Ratio(text),
        TextKind::Decimal => Value::Decimal(text),
        TextKind::String => Value::String(text),
        TextKind::Keyword => Value::Keyword(text),
        TextKind::Symbol => Value::Symbol(text),
        TextKind::Char => Value::Char(text.chars().next().unwrap_or_default()),
    }
}
