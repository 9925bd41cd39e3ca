//! A bucket of tokens: it is full at first, each request takes one, and it is filled at a steady rate up to its size.
//!
//! For every span of time `[s, e]`, at most `burst + rate * (e - s)` requests are let through in it. A request counts if
//! its whole call lies in the span; so a span begins with some call and ends with some call. Sweep over ends, with a
//! tree over beginnings that finds the worst span in a logarithm of steps: n log n. Numbers are exact: tokens are counted
//! in parts so small that the rate adds a whole number of them each nanosecond.
//!
//! A denial is false if the bucket surely held a token during the whole call, whatever crashed requests took; that is
//! judged generously, so some false denials are not counted.

use super::SingleOptions;
use super::found::{Case, Found};
use super::object::{Object, Op, seconds};
use super::options::Rate;

/// A bucket in parts of a token.
#[derive(Clone, Copy)]
pub(super) struct Bucket {
    /// How many parts a token has.
    token: i128,
    /// How many parts come in each nanosecond.
    speed: i128,
    /// How many tokens fit in.
    burst: u64,
}

impl Bucket {
    /// A bucket for at least one token.
    pub fn new(rate: Rate, burst: u64) -> Bucket {
        Bucket { token: i128::from(rate.per_ns), speed: i128::from(rate.number), burst: burst.max(1) }
    }

    /// What may be let through within so many nanoseconds, in parts.
    fn room(&self, nanoseconds: i64) -> i128 {
        i128::from(self.burst) * self.token + self.speed * i128::from(nanoseconds)
    }
}

/// Finds, for each call as the last to end, the span in which most is let through beyond the room. `timed` is in the
/// order of beginnings.
pub(super) fn judge(object: &Object, timed: &[&Op], bucket: Bucket, found: &mut Found) {
    let mut ends: Vec<(i64, usize)> = timed.iter().enumerate().map(|(place, op)| (op.end, place)).collect();
    ends.sort_unstable();
    let starts = timed.iter().map(|op| bucket.speed * i128::from(op.begin));
    // At each beginning: what the calls from there on that have ended took, less what came in since.
    let mut worst = Peaks::new(&starts.collect::<Vec<i128>>());
    let mut most = 0;
    for (end, place) in ends {
        worst.add(place + 1, bucket.token);
        let Some((start, taken)) = worst.peak(place + 1) else { continue };
        let over = taken - bucket.room(end);
        if over > 0 {
            most = most.max(over.div_euclid(bucket.token) + i128::from(over % bucket.token > 0));
            found.case("bucket-overdrawn", over.unsigned_abs(), || overdrawn(object, &timed[start..], end, bucket));
        }
    }
    found.most("most tokens surely overdrawn", most);
    if timed.len() as u64 <= bucket.burst {
        found.lack(format!("only {} requests were let through, a full bucket has {}", timed.len(), bucket.burst));
    }
}

fn overdrawn(object: &Object, from: &[&Op], end: i64, bucket: Bucket) -> Case {
    let inside: Vec<&&Op> = from.iter().filter(|op| op.end <= end).collect();
    let begin = from[0].begin;
    let last = inside.iter().max_by_key(|op| (op.end, op.at)).map_or(from[0].at, |op| op.at);
    let text = format!(
        "{} requests began and ended between {} and {}, where a bucket of {} and what came in leave {}; the first is of {}",
        inside.len(),
        seconds(begin.into()),
        seconds(end.into()),
        bucket.burst,
        bucket.room(end - begin).div_euclid(bucket.token),
        object.who(from[0])
    );
    Case::new(last, inside.iter().map(|op| op.at), text)
}

/// Whether the calls of a witness alone, all let through, are too many for the time from the first to the last.
pub(super) fn is_overdrawn(object: &Object, options: &SingleOptions) -> bool {
    let Some(rate) = options.rate else { return false };
    let begin = object.ops.iter().map(|op| i128::from(op.begin)).min().unwrap_or(0);
    let end = object.ops.iter().map(|op| i128::from(op.end)).max().unwrap_or(0);
    // number > burst + rate * time, by cross-multiplication.
    let beyond = object.ops.len() as i128 - i128::from(options.burst.max(1));
    beyond * i128::from(rate.per_ns) > i128::from(rate.number) * (end - begin)
}

/// Counts denials while the bucket surely had a token.
pub(super) fn judge_denials(
    object: &Object,
    denied: &[&Op],
    may_pass: &[&Op],
    bucket: Bucket,
    options: &SingleOptions,
    found: &mut Found,
) {
    let mut denied = denied.to_vec();
    denied.sort_unstable_by_key(|op| op.end);
    let mut by_end: Vec<&Op> = may_pass.to_vec();
    by_end.sort_unstable_by_key(|op| if op.end < 0 { i64::MAX } else { op.end });
    let ends: Vec<i64> = by_end.iter().map(|op| if op.end < 0 { i64::MAX } else { op.end }).collect();
    let mut by_begin: Vec<(i64, usize)> = by_end.iter().enumerate().map(|(place, op)| (op.begin, place)).collect();
    by_begin.sort_unstable();
    let mut begun = by_begin.into_iter().peekable();
    let starts: Vec<i128> = ends.iter().map(|end| bucket.speed * i128::from(*end)).collect();
    // At each end: what calls that may have been let through at or after it took, less what came in since.
    let mut worst = Peaks::new(&starts);
    let mut false_denials = 0;
    for op in denied {
        while let Some((_, place)) = begun.next_if(|(begin, _)| *begin <= op.end) {
            worst.add(place + 1, bucket.token);
        }
        let before = ends.partition_point(|end| *end <= op.begin);
        let old = worst.peak(before).map_or(i128::MIN, |(_, taken)| taken - bucket.speed * i128::from(op.begin));
        let recent = worst.at(before) - starts.get(before).copied().unwrap_or_default();
        // The bucket may have been empty if what was taken leaves less than one token.
        if old.max(recent) > i128::from(bucket.burst - 1) * bucket.token {
            continue;
        }
        false_denials += 1;
        if options.denials {
            found.case("false-denial", 1, || {
                let text =
                    format!("{} was denied, though the bucket held a token during the whole call", object.who(op));
                Case::new(op.at, None, text)
            });
        }
    }
    found.fact("denials by a bucket that was not empty", false_denials);
}

/// Numbers at places, of which all before a place are raised at once, and the greatest before a place is found.
struct Peaks {
    size: usize,
    numbers: Vec<i128>,
    /// Of each node of the tree, the greatest number below it, without what its ancestors add.
    peaks: Vec<i128>,
    added: Vec<i128>,
}

impl Peaks {
    fn new(numbers: &[i128]) -> Peaks {
        let size = numbers.len().next_power_of_two();
        let mut peaks = vec![i128::MIN / 4; size * 2];
        peaks[size..size + numbers.len()].copy_from_slice(numbers);
        (1..size).rev().for_each(|node| peaks[node] = peaks[node * 2].max(peaks[node * 2 + 1]));
        Peaks { size, numbers: numbers.to_vec(), peaks, added: vec![0; size * 2] }
    }

    /// Adds to the first `places` numbers.
    fn add(&mut self, places: usize, number: i128) {
        self.add_below(1, 0, self.size, places, number);
    }

    fn add_below(&mut self, node: usize, from: usize, width: usize, places: usize, number: i128) {
        if places <= from {
            return;
        }
        if places >= from + width {
            self.peaks[node] += number;
            self.added[node] += number;
            return;
        }
        let half = width / 2;
        self.add_below(node * 2, from, half, places, number);
        self.add_below(node * 2 + 1, from + half, half, places, number);
        self.peaks[node] = self.peaks[node * 2].max(self.peaks[node * 2 + 1]) + self.added[node];
    }

    /// The greatest of the first `places` numbers, and its place.
    fn peak(&self, places: usize) -> Option<(usize, i128)> {
        let places = places.min(self.numbers.len());
        let (mut best, mut added): (Option<(usize, usize, i128)>, i128) = (None, 0);
        let (mut node, mut from, mut width) = (1, 0, self.size);
        while places > from {
            let consider = |best: &mut Option<(usize, usize, i128)>, node: usize, width: usize, added: i128| {
                let peak = self.peaks[node] + added;
                if best.is_none_or(|best| peak > best.2) {
                    *best = Some((node, width, peak));
                }
            };
            if places >= from + width {
                consider(&mut best, node, width, added);
                break;
            }
            added += self.added[node];
            let half = width / 2;
            if places >= from + half {
                consider(&mut best, node * 2, half, added);
                (node, from) = (node * 2 + 1, from + half);
            } else {
                node *= 2;
            }
            width = half;
        }
        best.map(|(node, width, peak)| (self.descend(node, width), peak))
    }

    /// The place of the greatest number below a node.
    fn descend(&self, mut node: usize, mut width: usize) -> usize {
        while width > 1 {
            node = if self.peaks[node * 2] >= self.peaks[node * 2 + 1] { node * 2 } else { node * 2 + 1 };
            width /= 2;
        }
        node - self.size
    }

    /// The number at a place; 0 if there is none.
    fn at(&self, place: usize) -> i128 {
        if place >= self.numbers.len() {
            return 0;
        }
        let mut node = self.size + place;
        let mut number = self.peaks[node];
        while node > 1 {
            node /= 2;
            number += self.added[node];
        }
        number
    }
}
