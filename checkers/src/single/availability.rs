//! Availability: how many calls were answered, by function, by node and by second, and the longest time without any.
//!
//! *Yield* is the share of calls that were answered, *harvest* the share of what was asked for that an answer holds.
//! Calls count in the second in which they began, so that one that hangs counts against what hung it. A failure for
//! what was asked is an answer (see `answer`); where a reason does not tell, the call counts once as answered and once
//! as not, and a verdict stands only if both agree. An *outage* goes from the beginning of the first call after an
//! acknowledgement to the next acknowledgement; while nobody asks there is none.
//!
//! `yield` and `bound` (of the longest outage) say what is promised; without either there is nothing to break. What
//! single faults did is told by the `recovery` check of a run. Harvest is told where a result has the numbers `asked`
//! and `answered`, or where an array of keys was asked for and a map of them came back.
//!
//! Source: Fox and Brewer 1999, "Harvest, yield, and scalable tolerant systems".

use super::found::{Case, Found};
use super::object::{NEVER, Object, Op, seconds};
use super::{Rule, SingleEntry, SingleOptions};
use crate::answer::{Answer, of_failure};
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    entry: SingleEntry {
        name: "availability",
        summary: "enough calls are answered, and no outage is longer than promised",
        functions: &["any"],
        options: &["yield", "bound"],
    },
    per_key: false,
    judge,
    confirm,
};

/// Nanoseconds of a bucket.
const BUCKET: i64 = 1_000_000_000;
/// How many functions or nodes a line of the evidence tells about.
const MOST_NAMED: usize = 8;
/// How many calls a witness of a low yield names.
const MOST_WITNESSES: usize = 10;
/// Fewer calls than this show no yield.
const FEWEST_CALLS: u64 = 10;

/// Calls, counted by whether they were answered.
#[derive(Clone, Copy, Default)]
struct Tally {
    given: u64,
    missing: u64,
    unclear: u64,
}

impl Tally {
    fn add(&mut self, answer: Answer) {
        match answer {
            Answer::Given => self.given += 1,
            Answer::Missing => self.missing += 1,
            Answer::Unclear => self.unclear += 1,
        }
    }

    fn all(&self) -> u64 {
        self.given + self.missing + self.unclear
    }

    /// The greatest share, in millionths, that may have been answered, rounded up.
    fn most(&self) -> u64 {
        ((self.given + self.unclear) * 1_000_000).div_ceil(self.all().max(1))
    }

    /// The least share, in millionths, that was answered, rounded down.
    fn least(&self) -> u64 {
        self.given * 1_000_000 / self.all().max(1)
    }

    fn words(&self) -> String {
        let per_cent = |millionths: u64| format!("{:.2}", millionths as f64 / 1e4);
        match self.unclear {
            0 => format!("{} % of {}", per_cent(self.least()), self.all()),
            _ => format!("{} to {} % of {}", per_cent(self.least()), per_cent(self.most()), self.all()),
        }
    }
}

/// All calls of a group, and those of each second.
type Group = (Tally, BTreeMap<i64, Tally>);

fn judge(object: &Object, options: &SingleOptions, found: &mut Found) {
    let mut all = Tally::default();
    object.ops.iter().for_each(|op| all.add(answer(object, op)));
    found.note("yield", all.words());
    found.fact("calls answered", all.given as usize);
    found.fact("calls not answered", all.missing as usize);
    found.fact("calls of which nobody can tell", all.unclear as usize);
    tell(object, "yield by function", |op| op.f.to_owned(), found);
    tell(object, "yield by node", |op| object.node(op).map_or_else(String::new, |node| object.text(node)), found);
    tell_harvest(object, found);
    if options.least_yield.is_none() && options.bound_ns.is_none() {
        found.lack("what is promised was not said: `yield=99%`, or `bound=5s` for the longest outage");
    }
    if let Some(least) = options.least_yield {
        judge_yield(object, all, u64::from(least), found);
    }
    judge_outages(object, options, found);
}

fn answer(object: &Object, op: &Op) -> Answer {
    if op.is_ok() {
        return Answer::Given;
    }
    let completion = object.calls.get(op.at as usize).completion;
    let Some(row) = completion else { return Answer::Unclear };
    if op.is_crashed() {
        return Answer::Missing;
    }
    let error = object.calls.recording().event(row).error;
    of_failure(error.map(|error| object.text(error)).as_deref())
}

/// Tells the yield of each group of calls with its worst second, worst groups first.
fn tell(object: &Object, title: &str, group: impl Fn(&Op) -> String, found: &mut Found) {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for op in &object.ops {
        let name = group(op);
        if name.is_empty() {
            continue;
        }
        let (all, seconds) = groups.entry(name).or_default();
        all.add(answer(object, op));
        if op.begin >= 0 {
            seconds.entry(op.begin / BUCKET).or_default().add(answer(object, op));
        }
    }
    let mut groups: Vec<(String, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (all, _))| all.least());
    let words = |(name, (all, seconds)): &(String, Group)| {
        let worst = seconds.iter().min_by_key(|(second, tally)| (tally.least(), **second));
        let worst = worst.filter(|(_, tally)| tally.least() < 1_000_000);
        let worst = worst.map_or(String::new(), |(second, tally)| format!(" (second {second}: {})", tally.words()));
        format!("{name} {}{worst}", all.words())
    };
    let told: Vec<String> = groups.iter().take(MOST_NAMED).map(words).collect();
    if !told.is_empty() {
        found.note(title, told.join("; "));
    }
}

/// How much was asked for, and how much an acknowledged call brought.
fn harvest(object: &Object, op: &Op) -> Option<(u64, u64)> {
    let number = |name| object.field(op.result, name).and_then(|id| object.integer(id));
    if let (Some(asked), Some(answered)) = (number("asked"), number("answered")) {
        return Some((u64::try_from(asked).ok()?, u64::try_from(answered.min(asked)).ok()?));
    }
    let keys = object.value(op.argument).elements()?;
    let entries: Vec<_> = object.value(op.result).entries(object.values())?.collect();
    let has = |key: &&history::ValueId| entries.iter().any(|(own, value)| own == *key && !value.is_nil());
    Some((keys.len() as u64, keys.iter().filter(has).count() as u64))
}

fn tell_harvest(object: &Object, found: &mut Found) {
    let mut seconds: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    let (mut asked, mut answered) = (0, 0);
    for op in object.ops.iter().filter(|op| op.is_ok()) {
        let Some(own) = harvest(object, op).filter(|own| own.0 > 0) else { continue };
        (asked, answered) = (asked + own.0, answered + own.1);
        let second = seconds.entry(op.begin.max(0) / BUCKET).or_default();
        *second = (second.0 + own.0, second.1 + own.1);
    }
    let share = |(asked, answered): (u64, u64)| answered as f64 * 100.0 / asked.max(1) as f64;
    let worst = seconds.iter().min_by(|one, other| share(*one.1).total_cmp(&share(*other.1)));
    if let Some((second, own)) = worst {
        let all = share((asked, answered));
        found.note("harvest", format!("{all:.2} % of {asked} (second {second}: {:.2} %)", share(*own)));
    }
}

fn judge_yield(object: &Object, all: Tally, least: u64, found: &mut Found) {
    // So few calls that a single one decides show nothing of a share.
    let shows = all.all() >= FEWEST_CALLS && (least == 1_000_000 || all.all() * (1_000_000 - least) >= 1_000_000);
    if !shows {
        return found.lack(format!("{} are too few calls for a yield of {} %", all.all(), least as f64 / 1e4));
    }
    if all.most() < least {
        found.case("yield-too-low", u128::from(least - all.most()), || {
            let is_missing = |op: &&Op| answer(object, op) == Answer::Missing;
            let calls: Vec<u32> = object.ops.iter().filter(is_missing).take(MOST_WITNESSES).map(|op| op.at).collect();
            let text = format!("{} calls were answered, where {} % are promised", all.words(), least as f64 / 1e4);
            Case::new(calls.last().copied().unwrap_or_default(), calls, text)
        });
    } else if all.least() < least {
        found.doubt(format!("{} failures do not tell whether the service was there", all.unclear));
    }
}

/// Every time from the first call after an acknowledgement to the next acknowledgement, and the time to the end of what
/// was recorded, if nothing was acknowledged any more.
fn outages<'b, 'a>(object: &'b Object<'a>) -> Vec<(i64, &'b Op<'a>, Option<&'b Op<'a>>)> {
    let mut begins: Vec<&Op> = object.ops.iter().filter(|op| op.begin >= 0).collect();
    begins.sort_by_key(|op| op.begin);
    let mut answers: Vec<&Op> = begins.iter().copied().filter(|op| op.is_ok() && op.end >= 0).collect();
    answers.sort_by_key(|op| op.end);
    let mut outages = Vec::new();
    let mut since = i64::MIN;
    for answer in answers {
        let next = begins.partition_point(|op| op.begin < since);
        if let Some(first) = begins.get(next).filter(|first| first.begin < answer.end) {
            outages.push((answer.end - first.begin, *first, Some(answer)));
        }
        since = since.max(answer.end);
    }
    let next = begins.partition_point(|op| op.begin < since);
    let last = begins.iter().map(|op| if op.end == NEVER { op.begin } else { op.end.max(op.begin) }).max();
    if let Some((first, last)) = begins.get(next).zip(last) {
        outages.push((last - first.begin, *first, None));
    }
    outages
}

fn judge_outages(object: &Object, options: &SingleOptions, found: &mut Found) {
    let outages = outages(object);
    if let Some((longest, first, answer)) = outages.iter().max_by_key(|outage| outage.0) {
        let end = answer.map_or(", and then nothing was acknowledged any more", |_| "");
        let begin = seconds(first.begin.into());
        found.note("longest outage", format!("{} from {begin} on{end}", seconds((*longest).into())));
    }
    let Some(bound) = options.bound_ns else { return };
    if outages.is_empty() {
        return found.lack("no call has times");
    }
    for (time, first, answer) in outages.iter().filter(|outage| outage.0 > bound as i64) {
        found.case("outage", u128::from(time.unsigned_abs()), || {
            let end = match answer {
                Some(answer) => format!("to that of {}", object.who(answer)),
                None => "to the end".to_owned(),
            };
            let text = format!(
                "from the call of {} {end} nothing was acknowledged for {}, where {} are promised",
                object.who(first),
                seconds((*time).into()),
                seconds(bound.into())
            );
            Case::new(first.at, answer.map(|answer| answer.at), text).bounded((*time).into())
        });
    }
}

fn confirm(object: &Object, options: &SingleOptions, case: &Case) -> bool {
    let bound = options.bound_ns.map_or(i128::MAX, i128::from);
    let first = object.ops.iter().find(|op| op.at == case.culprit);
    match case.name {
        "yield-too-low" => object.ops.iter().all(|op| !op.is_ok() && answer(object, op) == Answer::Missing),
        _ => first.is_some_and(|first| match object.ops.iter().find(|op| op.is_ok()) {
            Some(answer) => i128::from(answer.end) - i128::from(first.begin) > bound,
            None => case.bound > bound && first.begin >= 0,
        }),
    }
}
