//! What is known of the order of the versions of one register.

use super::sources::{Link, NAMES, links};
use super::versions::{FIRST, NONE, Version, Versions};
use crate::txn::finding::Finding;
use crate::txn::inferred::Part;
use crate::txn::object::Object;
use crate::txn::{InferOptions, Phenomenon, Write};

/// One version, and a later one, with the steps that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) to: u32,
    by: [u32; 2],
    source: usize,
}

/// A partial order of versions, without circles.
pub(super) struct Order {
    /// By the version that comes first.
    pub(super) steps: Vec<Step>,
    /// How many steps each source gave.
    pub(super) given: [u64; NAMES.len()],
    /// By version: its place if the order is total, from 1 on; [`Write::UNORDERED`] otherwise.
    pub(super) places: Vec<u32>,
}

impl Order {
    pub(super) fn of(object: &Object<'_, '_>, versions: &Versions, options: &InferOptions, part: &mut Part) -> Order {
        let mut order = Order { steps: Vec::new(), given: [0; NAMES.len()], places: Vec::new() };
        for source in 0..NAMES.len() {
            let steps = order.steps_of(object, versions, options, source);
            let joined = join(&order.steps, &steps);
            match circle(versions.all.len(), &joined) {
                Some(circle) => part.findings.put(finding(object, versions, &circle)),
                None => {
                    order.given[source] = steps.len() as u64;
                    order.steps = joined;
                }
            }
        }
        order.given[0] += order.begin(object, versions);
        order.places = order.places(object, versions);
        order
    }

    /// What a source says of versions, each once, and only what is not known yet.
    fn steps_of(
        &self,
        object: &Object<'_, '_>,
        versions: &Versions,
        options: &InferOptions,
        source: usize,
    ) -> Vec<Step> {
        let links = links(object, versions, options, source);
        let step = |link: &Link| {
            let (from, to) = (versions.of[link.from as usize], versions.of[link.to as usize]);
            let is_known = from != NONE && to != NONE && from != to;
            let is_sound = is_known && versions.is_installed(object, from) && versions.is_installed(object, to);
            is_sound.then_some(Step { from, to, by: [link.from, link.to], source })
        };
        let mut steps: Vec<Step> = links.iter().filter_map(step).collect();
        steps.sort_unstable();
        steps.dedup_by_key(|step| (step.from, step.to));
        let is_new =
            |step: &Step| self.steps.binary_search_by_key(&(step.from, step.to), |own| (own.from, own.to)).is_err();
        steps.retain(is_new);
        steps
    }

    /// The initial version precedes all those that nothing else is known to precede. It precedes the others as well, by
    /// way of these; to say so would take an edge per reader of nothing and writer.
    fn begin(&mut self, object: &Object<'_, '_>, versions: &Versions) -> u64 {
        if versions.all[FIRST as usize].is_ambiguous {
            return 0;
        }
        let mut has_earlier = vec![false; versions.all.len()];
        self.steps.iter().for_each(|step| has_earlier[step.to as usize] = true);
        let begins = (1..versions.all.len() as u32).filter(|version| {
            let exists = versions.all[*version as usize].writer != NONE || versions.all[*version as usize].is_seen;
            exists && !has_earlier[*version as usize] && versions.is_installed(object, *version)
        });
        let steps: Vec<Step> = begins.map(|to| Step { from: FIRST, to, by: [NONE, NONE], source: 0 }).collect();
        self.steps = join(&self.steps, &steps);
        steps.len() as u64
    }

    /// Places in the order, if there is just one order of all versions that surely were there.
    fn places(&self, object: &Object<'_, '_>, versions: &Versions) -> Vec<u32> {
        let mut places = vec![Write::UNORDERED; versions.all.len()];
        let is_sure = |version: u32| {
            let own = versions.all[version as usize];
            let is_ok = own.writer != NONE && object.is_ok(own.writer as usize);
            versions.is_installed(object, version) && (version == FIRST || own.is_seen || is_ok)
        };
        let is_strange = |version: &Version| version.is_ambiguous || (version.is_seen && version.is_intermediate);
        if versions.all.iter().any(is_strange) {
            return places;
        }
        let steps: Vec<Step> = self.steps.iter().copied().filter(|s| is_sure(s.from) && is_sure(s.to)).collect();
        let sorted = sort(versions.all.len(), &steps);
        let sure: Vec<u32> = sorted.into_iter().filter(|version| is_sure(*version)).collect();
        let is_next = |pair: &[u32]| steps.binary_search_by_key(&(pair[0], pair[1]), |s| (s.from, s.to)).is_ok();
        if sure.first() == Some(&FIRST) && sure.windows(2).all(is_next) {
            for (place, version) in sure.iter().enumerate() {
                places[*version as usize] = place as u32;
            }
        }
        places
    }
}

fn join(a: &[Step], b: &[Step]) -> Vec<Step> {
    let mut joined = [a, b].concat();
    joined.sort_unstable();
    joined
}

fn out(steps: &[Step], version: u32) -> &[Step] {
    let from = steps.partition_point(|step| step.from < version);
    &steps[from..from + steps[from..].partition_point(|step| step.from == version)]
}

/// Versions so that steps lead forward; those on a circle, or after one, are left out.
fn sort(versions: usize, steps: &[Step]) -> Vec<u32> {
    let mut missing = vec![0u32; versions];
    steps.iter().for_each(|step| missing[step.to as usize] += 1);
    let mut sorted: Vec<u32> = (0..versions as u32).filter(|version| missing[*version as usize] == 0).collect();
    let mut at = 0;
    while at < sorted.len() {
        for step in out(steps, sorted[at]) {
            missing[step.to as usize] -= 1;
            if missing[step.to as usize] == 0 {
                sorted.push(step.to);
            }
        }
        at += 1;
    }
    sorted
}

/// Steps that lead in a circle. A step to the initial version is one already, because that precedes all.
fn circle(versions: usize, steps: &[Step]) -> Option<Vec<Step>> {
    if let Some(step) = steps.iter().find(|step| step.to == FIRST) {
        let back = Step { from: FIRST, to: step.from, by: [NONE, NONE], source: 0 };
        return Some(vec![back, *step]);
    }
    let sorted = sort(versions, steps);
    if sorted.len() == versions {
        return None;
    }
    let mut is_left = vec![true; versions];
    sorted.iter().for_each(|version| is_left[*version as usize] = false);
    // What is left has a step that leads into it, so the way back never ends; it must meet itself.
    let mut into: Vec<Option<Step>> = vec![None; versions];
    for step in steps.iter().filter(|step| is_left[step.from as usize]) {
        into[step.to as usize] = Some(*step);
    }
    let start = (0..versions).find(|version| is_left[*version])?;
    let (mut version, mut path, mut seen) = (start, Vec::new(), vec![NONE; versions]);
    while seen[version] == NONE {
        seen[version] = path.len() as u32;
        let step = into[version]?;
        path.push(step);
        version = step.from as usize;
    }
    let mut circle = path.split_off(seen[version] as usize);
    circle.reverse();
    Some(circle)
}

fn finding(object: &Object<'_, '_>, versions: &Versions, circle: &[Step]) -> Finding {
    let mut sources: Vec<usize> = circle.iter().map(|step| step.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let spots = circle.iter().flat_map(|step| {
        let shown = |slot: u32| if slot == NONE { None } else { Some(object.spot(slot as usize)) };
        step.by.into_iter().filter_map(shown)
    });
    Finding {
        phenomenon: Phenomenon::CyclicVersions,
        key: object.key,
        spots: spots.collect(),
        values: circle.iter().map(|step| versions.all[step.from as usize].value).collect(),
        sources: sources.into_iter().map(|source| NAMES[source]).collect(),
        sentence: String::new(),
    }
}
