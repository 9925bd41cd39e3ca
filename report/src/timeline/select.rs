//! Which operations a timeline shows: the witness, and what was asked of the same object around it.

use crate::call::Call;
use checkers::{Anomaly, Interval};
use history::{DataType, History, OpId, Operation};
use std::collections::HashSet;

/// Most operations of a witness that are drawn.
const WITNESS_LIMIT: usize = 40;
/// Most bars in all.
const BAR_LIMIT: usize = 60;
/// Most rows that are there for the context only.
const CONTEXT_ROWS: usize = 8;

/// What a timeline shows.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The operations of the witness, by invocation.
    pub witness: Vec<Call>,
    /// How many more the witness has.
    pub hidden: usize,
    /// Others of the same object during the witness, by invocation.
    pub context: Vec<Call>,
    /// The operation that cannot be explained.
    pub culprit: Option<OpId>,
    /// Spans that belong to the witness and whose operation is drawn.
    pub intervals: Vec<Interval>,
    /// From the first moment that is shown to the last, in seconds.
    pub window: (f64, f64),
}

/// Chooses. Operations that the history does not have are left out.
pub(crate) fn select<D: DataType>(history: &History<D>, anomaly: &Anomaly) -> Selection {
    let ids = nearest_to_the_point(history, anomaly);
    let mut witness: Vec<Call> = ids.iter().filter_map(|id| Call::new(history, *id)).collect();
    witness.sort_by_key(|call| call.invoked.index);
    let drawn: HashSet<OpId> = witness.iter().map(|call| call.id).collect();
    let in_order = |i: &&Interval| drawn.contains(&i.operation) && i.from < i.to;
    let intervals: Vec<Interval> = anomaly.intervals.iter().filter(in_order).cloned().collect();
    let window = window(&witness, &intervals);
    let mut selection = Selection {
        hidden: anomaly.operations.len().saturating_sub(witness.len()),
        context: Vec::new(),
        culprit: anomaly.culprit.filter(|id| drawn.contains(id)),
        witness,
        intervals,
        window,
    };
    selection.context = context(history, anomaly.key, &selection);
    selection
}

/// The operations of the witness; if they are too many, those that matter most and those nearest to them.
fn nearest_to_the_point<D: DataType>(history: &History<D>, anomaly: &Anomaly) -> Vec<OpId> {
    let known = |id: &OpId| (id.0 as usize) < history.operations.len();
    let mut ids: Vec<OpId> = anomaly.operations.iter().copied().filter(known).collect();
    let mut points: Vec<OpId> =
        anomaly.culprit.into_iter().chain(anomaly.intervals.iter().map(|i| i.operation)).collect();
    points.retain(known);
    let point = points.first().or(ids.last()).map_or(0, |id| id.0);
    ids.sort_by_key(|id| (!points.contains(id), id.0.abs_diff(point)));
    ids.dedup();
    ids.truncate(WITNESS_LIMIT);
    ids
}

fn window(witness: &[Call], intervals: &[Interval]) -> (f64, f64) {
    let starts = witness.iter().map(|c| c.invoked.time).chain(intervals.iter().map(|i| i.from.seconds()));
    let ends = witness.iter().map(|c| c.last().time).chain(intervals.iter().map(|i| i.to.seconds()));
    let from = starts.fold(f64::INFINITY, f64::min);
    let to = ends.fold(f64::NEG_INFINITY, f64::max);
    if from.is_finite() && to >= from { (from, to) } else { (0.0, 0.0) }
}

/// Operations of the same object that overlap the window, those nearest to the culprit first.
fn context<D: DataType>(history: &History<D>, key: Option<u64>, selection: &Selection) -> Vec<Call> {
    let Some(last) = selection.witness.last() else { return Vec::new() };
    let culprit = selection.witness.iter().find(|call| Some(call.id) == selection.culprit);
    let focus = culprit.unwrap_or(last).invoked.time;
    let drawn: HashSet<OpId> = selection.witness.iter().map(|call| call.id).collect();
    let (from, to) = selection.window;
    let overlaps = |o: &Operation<D>| {
        let end = o.completed.or(o.gave_up).unwrap_or(o.invoked).time.seconds();
        o.invoked.time.seconds() <= to && from <= end
    };
    let wanted = |o: &&Operation<D>| D::key(&o.op) == key && overlaps(o) && !drawn.contains(&o.id);
    let mut found: Vec<&Operation<D>> = history.operations.iter().filter(wanted).collect();
    let distance = |o: &&Operation<D>| (o.invoked.time.seconds() - focus).abs();
    let room = BAR_LIMIT.saturating_sub(selection.witness.len());
    found.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    let ids = in_few_rows(&found, selection);
    let mut calls: Vec<Call> = ids.into_iter().take(room).filter_map(|id| Call::new(history, id)).collect();
    calls.sort_by_key(|call| call.invoked.index);
    calls
}

fn in_few_rows<D: DataType>(found: &[&Operation<D>], selection: &Selection) -> Vec<OpId> {
    let mut rows: HashSet<u64> = selection.witness.iter().map(|call| call.process).collect();
    let most = rows.len() + CONTEXT_ROWS;
    let mut ids = Vec::new();
    for operation in found {
        if rows.contains(&operation.process.0) || rows.len() < most {
            rows.insert(operation.process.0);
            ids.push(operation.id);
        }
    }
    ids
}
