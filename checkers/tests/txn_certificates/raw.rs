//! A checker of certificates that has nothing but the transactions: what each asked and was answered, and when. It knows
//! no graph, no accesses, and none of the code that judges.

use checkers::txn::level::{Before, Cause, Lemma, Level, Link, Step, Why};
use checkers::txn::{Certificate, Cycle, Kinds, Mop, NEVER, Needs, Phenomenon, Shape, Transactions};
use history::{CallOutcome, ValueId};

/// Two transactions, and why the first precedes the second.
type Hop = (u32, u32, Why);

pub struct Raw<'a> {
    pub transactions: &'a Transactions<'a>,
}

impl Raw<'_> {
    pub fn stands(&self, certificate: &Certificate, refutes: Option<Level>) -> bool {
        match (certificate, refutes) {
            (Certificate::Finding(finding), _) => self.is_wrong(finding),
            (Certificate::Cycle(cycle), _) => self.is_cycle(cycle),
            (Certificate::Circle(steps), Some(level)) => self.is_circle(level, steps),
            (Certificate::Befores(steps), Some(level)) => self.are_before(level, steps),
            (Certificate::Orders(lemmas), Some(level)) => self.leave_no_order(level, lemmas),
            _ => false,
        }
    }

    pub fn rows(&self) -> u32 {
        self.transactions.len() as u32
    }

    pub fn keys(&self) -> std::ops::Range<u32> {
        0..self.transactions.objects()
    }

    pub fn is(&self, row: u32, outcome: CallOutcome) -> bool {
        row < self.rows() && self.transactions.outcome(row) == outcome
    }

    pub fn mops(&self, row: u32, key: u32) -> Vec<Mop> {
        if row >= self.rows() { Vec::new() } else { self.transactions.mops(row).filter(|mop| mop.key == key).collect() }
    }

    pub fn found(&self, mop: Mop) -> Vec<ValueId> {
        if self.transactions.holds_lists() { self.transactions.list(mop.value).to_vec() } else { vec![mop.value] }
    }

    pub fn writes(&self, row: u32, key: u32) -> Vec<ValueId> {
        let writes = self.mops(row, key).into_iter().filter(|mop| mop.kind.is_write());
        writes.filter(|mop| self.writers(key, mop.value).len() == 1).map(|mop| mop.value).collect()
    }

    pub fn writers(&self, key: u32, value: ValueId) -> Vec<u32> {
        let has = |row: &u32| self.mops(*row, key).iter().any(|mop| mop.kind.is_write() && mop.value == value);
        (0..self.rows()).filter(has).collect()
    }

    /// What the reads of a row found, where they say something; of registers those before its own writes.
    pub fn reads(&self, row: u32, key: u32) -> Vec<Vec<ValueId>> {
        let (lists, mops) = (self.transactions.holds_lists(), self.mops(row, key));
        let own = mops.iter().position(|mop| mop.kind.is_write()).unwrap_or(mops.len());
        let reads = mops.iter().take(if lists { mops.len() } else { own }).filter(|mop| !mop.kind.is_write());
        let silent = |mop: &Mop| !self.is(row, CallOutcome::Ok) && mop.value.is_nil();
        let said = reads.filter(|mop| !self.is(row, CallOutcome::Fail) && !silent(mop));
        said.map(|mop| self.found(*mop)).collect()
    }

    /// Every list that an ok transaction read.
    pub fn ok_reads(&self, key: u32) -> Vec<Vec<ValueId>> {
        (0..self.rows()).filter(|row| self.is(*row, CallOutcome::Ok)).flat_map(|row| self.reads(row, key)).collect()
    }

    fn has_committed(&self, row: u32) -> bool {
        let is_seen = |key: u32| {
            let own = self.writes(row, key);
            self.ok_reads(key).iter().flatten().any(|value| own.contains(value))
        };
        self.is(row, CallOutcome::Ok) || (self.is(row, CallOutcome::Info) && self.keys().any(is_seen))
    }

    /// Of registers: later versions than this one, by those who read a version and then made another; of nil all.
    fn later(&self, key: u32, value: ValueId) -> Vec<ValueId> {
        let mut later = vec![value];
        let mut at = 0;
        while let Some(&from) = later.get(at) {
            at += 1;
            for row in (0..self.rows()).filter(|row| self.is(*row, CallOutcome::Ok) || from.is_nil()) {
                let mops = self.mops(row, key);
                let follows =
                    from.is_nil() || mops.first().is_some_and(|mop| !mop.kind.is_write() && mop.value == from);
                let next = mops.iter().rev().find(|mop| mop.kind.is_write()).filter(|_| follows);
                later.extend(next.map(|mop| mop.value).filter(|value| !later.contains(value)));
            }
        }
        later.split_off(1)
    }

    fn overwrites(&self, from: u32, to: u32) -> bool {
        self.keys().any(|key| {
            let reads = self.ok_reads(key);
            let after = |a: &ValueId, b: &ValueId| {
                if !self.transactions.holds_lists() {
                    return self.later(key, *a).contains(b);
                }
                let place = |list: &[ValueId], value| list.iter().position(|own| own == value);
                let in_list =
                    |list: &Vec<ValueId>| place(list, a).is_some_and(|at| place(list, b).is_some_and(|b| at < b));
                let is_unseen = |value| !reads.iter().any(|list| list.contains(value));
                reads.iter().any(in_list) || (is_unseen(b) && !is_unseen(a))
            };
            let (first, second) = (self.writes(from, key), self.writes(to, key));
            first.iter().any(|a| second.iter().any(|b| after(a, b)))
        })
    }

    fn has_read_from(&self, from: u32, to: u32) -> bool {
        self.keys().any(|key| {
            let own = self.writes(from, key);
            self.reads(to, key).iter().any(|found| found.last().is_some_and(|last| own.contains(last)))
        })
    }

    fn missed(&self, from: u32, to: u32, keys: std::ops::Range<u32>) -> bool {
        let mut keys = keys;
        keys.any(|key| {
            let reads = self.ok_reads(key);
            self.writes(to, key).iter().any(|new| {
                self.reads(from, key).iter().any(|found| {
                    if !self.transactions.holds_lists() {
                        return self.later(key, found[0]).contains(new);
                    }
                    let beyond = |list: &Vec<ValueId>| list.starts_with(found) && list[found.len()..].contains(new);
                    reads.iter().any(beyond) || !reads.iter().any(|list| list.contains(new))
                })
            })
        })
    }

    fn is_ordered(&self, needs: Needs, from: u32, to: u32) -> bool {
        let timeline = self.transactions.timeline();
        let (a, b) = (from as usize, to as usize);
        let (ended, begun) = (timeline.completed[a], timeline.invoked[b]);
        let until = if timeline.completed[b] == NEVER { begun } else { timeline.completed[b] };
        from != to
            && ended != NEVER
            && match needs {
                Needs::Data => false,
                Needs::Process => timeline.session[a] == timeline.session[b] && ended < until,
                Needs::Realtime => ended < begun,
            }
    }

    fn precedes(&self, (from, to, why): Hop) -> bool {
        let rows = from < self.rows() && to < self.rows() && from != to;
        rows && match why {
            Why::Session => self.is_ordered(Needs::Process, from, to),
            Why::Realtime => self.is_ordered(Needs::Realtime, from, to),
            Why::Stale { key } => self.missed(from, to, key..key + 1),
            Why::Overwritten { .. } => self.overwrites(from, to),
            Why::Data(kinds) => {
                let known = [Kinds::WW, Kinds::WR, Kinds::RW].map(|kind| kinds.has(kind));
                known != [false; 3]
                    && self.has_committed(from)
                    && (!known[0] || self.overwrites(from, to))
                    && (!known[1] || self.has_read_from(from, to))
                    && (!known[2] || self.missed(from, to, self.keys()))
            }
        }
    }

    fn is_cycle(&self, cycle: &Cycle) -> bool {
        use checkers::txn::Why as Of;
        let why = |why| match why {
            Of::Data(kinds) => Why::Data(kinds),
            Of::Process => Why::Session,
            Of::Realtime => Why::Realtime,
        };
        let hops: Vec<Hop> = cycle.steps.iter().map(|step| (step.from, step.to, why(step.why))).collect();
        let mut rows: Vec<u32> = hops.iter().map(|hop| hop.0).collect();
        rows.sort_unstable();
        rows.dedup();
        let single = |hop: &Hop| !matches!(hop.2, Why::Data(kinds) if kinds.0.count_ones() != 1);
        let needs = hops.iter().map(|hop| needs(hop.2)).max().unwrap_or(Needs::Data);
        let is = |kind: Kinds| hops.iter().filter(|hop| matches!(hop.2, Why::Data(own) if own.has(kind))).count();
        let anti = |at: usize| matches!(hops[at % hops.len()].2, Why::Data(kinds) if kinds.has(Kinds::RW));
        let shape = match (is(Kinds::RW), is(Kinds::WR)) {
            (0, 0) => Shape::G0,
            (0, _) => Shape::G1c,
            (1, _) => Shape::GSingleItem,
            _ if (0..hops.len()).any(|at| anti(at) && anti(at + 1)) => Shape::G2Item,
            _ => Shape::GNonadjacentItem,
        };
        is_round(&hops)
            && rows.len() == hops.len()
            && hops.iter().all(|hop| single(hop) && self.precedes(*hop))
            && is(Kinds::WW) + is(Kinds::WR) + is(Kinds::RW) > 0
            && cycle.phenomenon == Phenomenon::Cycle(shape, needs)
    }

    fn is_circle(&self, level: Level, steps: &[Step]) -> bool {
        let hops: Vec<Hop> = steps.iter().map(|step| (step.from, step.to, step.why)).collect();
        let (base, order) = level.base().unwrap_or((level, Needs::Process));
        let count =
            |kinds: Kinds| hops.iter().filter(|hop| matches!(hop.2, Why::Data(own) if own.0 & !kinds.0 == 0)).count();
        let stale = hops.iter().filter(|hop| matches!(hop.2, Why::Stale { .. })).count();
        let over = hops.iter().filter(|hop| matches!(hop.2, Why::Overwritten { .. })).count();
        let (anti, writes) = (count(Kinds::ANTI), count(Kinds::WW | Kinds::WWP));
        let before = |at: usize| hops[(at + hops.len() - 1) % hops.len()].2;
        let is_anti = |why: Why| matches!(why, Why::Data(own) if own.0 & !Kinds::ANTI.0 == 0);
        let is_write = |why: Why| matches!(why, Why::Data(own) if own.0 & !(Kinds::WW | Kinds::WWP).0 == 0);
        let before_anti = |bad: &dyn Fn(Why) -> bool| (0..hops.len()).any(|at| is_anti(hops[at].2) && bad(before(at)));
        let (plain, committed) = (stale + over == 0, stale + over + anti == 0);
        let known = stale == 1 && over + anti + writes == 0;
        is_round(&hops)
            && hops.iter().all(|hop| self.precedes(*hop) && needs(hop.2) <= order)
            && match base {
                Level::ReadUncommitted => {
                    committed && hops.iter().all(|hop| needs(hop.2) > Needs::Data || is_write(hop.2))
                }
                Level::ReadCommitted => committed,
                Level::MonotonicAtomicView | Level::ReadAtomic => committed || (known && hops.len() == 2),
                Level::CausalCerone => committed || known,
                Level::ParallelSnapshotIsolation => plain && anti <= 1,
                Level::Prefix => plain && !before_anti(&|why| is_anti(why) || is_write(why)),
                Level::SnapshotIsolation => plain && !before_anti(&is_anti),
                Level::Serializable => plain,
                guarantee => {
                    Level::GUARANTEES.contains(&guarantee) && hops.len() <= 4 && anti == 0 && stale + over <= 1
                }
            }
    }

    fn are_before(&self, level: Level, steps: &[Before]) -> bool {
        let reads = |from: u32, to: u32| from != to && to < self.rows() && self.has_read_from(from, to);
        let order = level.base().map_or(Needs::Data, |base| base.1);
        let session = |from, to| order > Needs::Data && self.is_ordered(Needs::Process, from, to);
        let time = |from, to| order == Needs::Realtime && self.is_ordered(Needs::Realtime, from, to);
        let hop = |from, to| reads(from, to) || session(from, to) || time(from, to);
        let holds = |step: &Before| match &step.cause {
            Cause::Reads => reads(step.from, step.to),
            Cause::Session => step.from < self.rows() && step.to < self.rows() && session(step.from, step.to),
            Cause::Realtime => step.from < self.rows() && step.to < self.rows() && time(step.from, step.to),
            Cause::Beginning => step.from >= self.rows(),
            Cause::Overwritten { reader, key, way, .. } => {
                let own = if step.to < self.rows() { self.writes(step.to, *key) } else { vec![ValueId::NIL] };
                let read = self.reads(*reader, *key).iter().any(|found| own.contains(&found[0]));
                let ways = if way.is_empty() { vec![step.from, *reader] } else { way.clone() };
                let ends = (ways.first(), ways.last()) == (Some(&step.from), Some(reader));
                let wrote = step.from < self.rows() && !self.writes(step.from, *key).is_empty();
                read && wrote && step.from != step.to && ends && ways.windows(2).all(|pair| hop(pair[0], pair[1]))
            }
        };
        let round = (0..steps.len()).all(|at| steps[at].to == steps[(at + 1) % steps.len()].from);
        steps.len() > 1 && round && steps.iter().all(holds)
    }

    fn leave_no_order(&self, level: Level, lemmas: &[Lemma]) -> bool {
        let Some((base, order)) = level.base() else { return false };
        let wrote = |row: u32, key: u32| row < self.rows() && !self.writes(row, key).is_empty();
        let first =
            |a: u32, b: u32| [Needs::Process, Needs::Realtime].iter().any(|n| *n <= order && self.is_ordered(*n, a, b));
        let by_order = |from: u32, to: u32, is_anti: bool| {
            self.keys().filter(|key| wrote(to, *key)).any(|key| match is_anti {
                false => wrote(from, key) && first(from, to),
                true => self.reads(from, key).iter().any(|found| {
                    let mut writers = self.writers(key, found[0]).into_iter();
                    writers.any(|writer| writer != to && first(writer, to))
                }),
            })
        };
        let holds = |link: &Link| match *link {
            Link::Known(Step { from, to, why }) => {
                let is_anti = matches!(why, Why::Data(kinds) if kinds.has(Kinds::RW));
                let is_data = matches!(why, Why::Data(kinds) if kinds.any(Kinds::RW | Kinds::WW));
                needs(why) <= order && (self.precedes((from, to, why)) || (is_data && by_order(from, to, is_anti)))
            }
            Link::Chosen { first, second, reader } => self.keys().any(|key| {
                let saw = |row| self.reads(row, key).iter().any(|found| self.writes(first, key).contains(&found[0]));
                let both = first != second && wrote(first, key) && wrote(second, key);
                both && reader.is_none_or(|row| row != second && saw(row))
            }),
        };
        let ends = |link: &Link| match *link {
            Link::Known(step) => {
                (step.from, step.to, matches!(step.why, Why::Data(kinds) if kinds.0 & !Kinds::ANTI.0 == 0))
            }
            Link::Chosen { first, second, reader } => (reader.unwrap_or(first), second, reader.is_some()),
        };
        let is_cycle = |lemma: &Lemma| {
            let next = |at: usize| ends(&lemma.links[(at + 1) % lemma.links.len()]);
            let fits = |at: usize| {
                let (_, to, anti) = ends(&lemma.links[at]);
                let (from, _, again) = next(at);
                to == from && !(base == Level::SnapshotIsolation && anti && again)
            };
            lemma.links.len() > 1 && (0..lemma.links.len()).all(fits) && lemma.links.iter().all(holds)
        };
        lemmas.iter().all(is_cycle) && no_order_is_left(lemmas)
    }
}

/// Goes through all orders of the pairs that are named.
fn no_order_is_left(lemmas: &[Lemma]) -> bool {
    let chosen = |link: &Link| match *link {
        Link::Chosen { first, second, .. } => Some((first, second)),
        Link::Known(_) => None,
    };
    let needs: Vec<Vec<(u32, u32)>> =
        lemmas.iter().map(|lemma| lemma.links.iter().filter_map(chosen).collect()).collect();
    let mut pairs: Vec<(u32, u32)> = needs.iter().flatten().map(|&(a, b)| (a.min(b), a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert!(pairs.len() < 22, "{} pairs are too many to go through", pairs.len());
    let closes = |order: u32, need: &[(u32, u32)]| {
        need.iter().all(|&(a, b)| {
            let bit = pairs.binary_search(&(a.min(b), a.max(b))).expect("it is named");
            (order >> bit & 1 == 1) == (a < b)
        })
    };
    (0..1u32 << pairs.len()).all(|order| needs.iter().any(|need| closes(order, need)))
}

fn needs(why: Why) -> Needs {
    match why {
        Why::Session => Needs::Process,
        Why::Realtime => Needs::Realtime,
        _ => Needs::Data,
    }
}

fn is_round(hops: &[Hop]) -> bool {
    hops.len() > 1 && (0..hops.len()).all(|at| hops[at].1 == hops[(at + 1) % hops.len()].0)
}
