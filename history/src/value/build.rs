//! What a parser tells of the values that it finds, and to whom: to an arena, or to nobody.

/// Kinds of value that are kept as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TextKind {
    BigInt,
    Ratio,
    Decimal,
    String,
    Keyword,
    Symbol,
    Char,
}

/// One value without parts, as a parser finds it.
#[derive(Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(TextKind, &'a [u8]),
}

/// What a parser has collected the parts of.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'a> {
    Vector,
    Set,
    Map,
    /// A map whose keyword keys get this namespace unless they have one.
    Namespaced(&'a [u8]),
    /// One part, behind this tag.
    Tagged(&'a [u8]),
}

/// What a parser tells what it finds: an arena that keeps it, or [`Skip`], which does not.
pub(crate) trait Build {
    type Node: Copy;
    fn leaf(&mut self, leaf: Leaf<'_>) -> Self::Node;
    fn mark(&self) -> usize;
    fn push(&mut self, node: Self::Node);
    fn close(&mut self, mark: usize, shape: Shape<'_>) -> Self::Node;
}

/// Keeps nothing: for what is skipped, and only has to be well-formed.
pub(crate) struct Skip;

impl Build for Skip {
    type Node = ();
    fn leaf(&mut self, _: Leaf<'_>) {}
    fn mark(&self) -> usize {
        0
    }
    fn push(&mut self, (): ()) {}
    fn close(&mut self, _: usize, _: Shape<'_>) {}
}
