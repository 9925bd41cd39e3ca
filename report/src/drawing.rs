//! A drawing as plain data: who did what between which events, what cannot be explained, and ways that were tried.
//!
//! Whoever has evidence fills it; the timeline gives everything its place. It knows no history, no checker, no
//! pixels. Events stand in their order, each as far from the next as its texts ask for: how long something took is said
//! where a reader points, and not drawn.

/// What is drawn of one violation. What refers to a row or event that there is not is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// What happened, one after the other.
    pub events: Vec<Event>,
    /// Who: one label for each row, from top to bottom.
    pub rows: Vec<String>,
    /// What was done.
    pub bars: Vec<Bar>,
    /// What was so meanwhile, such as faults.
    pub bands: Vec<Band>,
    /// Ways over the bars, of which a reader sees one at a time; at most [`PATHS`].
    pub paths: Vec<Path>,
    /// Read out instead of the picture.
    pub label: String,
    /// Written under the bar that cannot be explained.
    pub flag: String,
    /// How many bars were left out, for the note below.
    pub left_out: usize,
}

/// Most paths that a drawing shows.
pub const PATHS: usize = 20;

/// One event, as the axis shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Mostly its index.
    pub label: String,
}

/// Where something begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// At the event of that position.
    At(usize),
    /// Before the first or after the last event that is drawn.
    Outside,
    /// Never, as far as is known; at that event somebody gave up to wait for it.
    Never(Option<usize>),
}

/// What a bar is to the violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It cannot be explained.
    Culprit,
    /// It belongs to the proof.
    Witness,
    /// It only happened meanwhile.
    Context,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took effect.
    Ok,
    /// It took no effect.
    Fail,
    /// Nobody knows.
    Info,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Position of its row.
    pub row: usize,
    /// Where it begins.
    pub from: Edge,
    /// Where it ends.
    pub to: Edge,
    /// In words, short: `read 3`.
    pub text: String,
    /// In words, long, with times; shown where a reader points.
    pub title: String,
    /// Bars of one colour do the same.
    pub colour: usize,
    /// What became of it.
    pub fate: Fate,
    /// What it is to the violation.
    pub part: Part,
}

/// Something that lasted.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What it was.
    pub label: String,
    /// The same with times.
    pub title: String,
    /// Where it begins.
    pub from: Edge,
    /// Where it ends.
    pub to: Edge,
}

/// A way over some bars, up to one that it does not reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Positions of its bars, in their order.
    pub bars: Vec<usize>,
    /// Position of the bar at which it fails.
    pub fails_at: Option<usize>,
    /// The whole way in one line.
    pub caption: String,
}
