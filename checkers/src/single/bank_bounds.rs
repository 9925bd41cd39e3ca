//! Between what bounds the balance of each account of a bank must lie.
//!
//! From a read that was over before any transfer began, balances are known. A later read can hold at most that and
//! everything that may have come in until the read returned, and at least that without everything that may have gone
//! out. In real time, what surely came in or went out before the read began counts as well. This finds errors that
//! compensate each other in the sum. Bounds are necessary, not sufficient.

use super::SingleOptions;
use super::bank::balances;
use super::found::{Case, Found};
use super::object::{Edge, Object, Op};
use history::ValueId;
use rustc_hash::FxHashMap;

/// What transfers did to one account so far.
#[derive(Clone, Copy, Default)]
struct Flow {
    possibly_in: i128,
    possibly_out: i128,
    surely_in: i128,
    surely_out: i128,
}

struct Transfer {
    from: ValueId,
    to: ValueId,
    amount: i128,
}

pub(super) fn judge(bank: &Object, options: &SingleOptions, found: &mut Found) {
    let transfers: Vec<Option<Transfer>> = bank.ops.iter().map(|op| transfer(bank, op)).collect();
    let began = bank.ops.iter().filter(|op| op.f == "transfer").map(|op| op.invoked).min().unwrap_or(-1);
    let is_odd = |op: &Op| op.f == "transfer" && transfer(bank, op).is_none();
    let first = bank.ok("read").find(|read| read.returned < began && balances(bank, read).is_some());
    let Some(first) = first.filter(|_| !bank.ops.iter().any(is_odd)) else {
        return;
    };
    let known = |(account, balance)| Some((account, i128::from(bank.integer(balance)?)));
    let initial = balances(bank, first).unwrap_or_default().into_iter().filter_map(known).collect();
    let mut sweep = Sweep { bank, first, initial, flows: FxHashMap::default(), at_begin: FxHashMap::default() };
    for edge in bank.edges() {
        match edge {
            Edge::Begin(place) => sweep.begin(place, transfers[place].as_ref(), options),
            Edge::End(place) => sweep.end(place, transfers[place].as_ref(), found),
        }
    }
    found.fact("reads held against transfers", bank.ok("read").count() - 1);
}

/// What a transfer that may take effect moves.
fn transfer(bank: &Object, op: &Op) -> Option<Transfer> {
    if op.f != "transfer" {
        return None;
    }
    let field = |name| bank.field(op.argument, name);
    let amount = i128::from(bank.integer(field("amount")?)?);
    let is_negative = amount < 0;
    let (from, to) = (field("from")?, field("to")?);
    let (from, to) = if is_negative { (to, from) } else { (from, to) };
    Some(Transfer { from, to, amount: amount.abs() })
}

struct Sweep<'a, 'b> {
    bank: &'b Object<'a>,
    first: &'b Op<'a>,
    initial: FxHashMap<ValueId, i128>,
    flows: FxHashMap<ValueId, Flow>,
    /// What had surely moved when a read began.
    at_begin: FxHashMap<usize, Vec<(ValueId, Flow)>>,
}

impl Sweep<'_, '_> {
    fn begin(&mut self, place: usize, transfer: Option<&Transfer>, options: &SingleOptions) {
        let op = &self.bank.ops[place];
        if let Some(transfer) = transfer.filter(|_| !op.is_failed()) {
            self.flows.entry(transfer.from).or_default().possibly_out += transfer.amount;
            self.flows.entry(transfer.to).or_default().possibly_in += transfer.amount;
        }
        if options.realtime && op.f == "read" && op.is_ok() {
            let accounts = balances(self.bank, op).unwrap_or_default();
            let flow = |account| (account, self.flows.get(&account).copied().unwrap_or_default());
            self.at_begin.insert(place, accounts.into_iter().map(|entry| flow(entry.0)).collect());
        }
    }

    fn end(&mut self, place: usize, transfer: Option<&Transfer>, found: &mut Found) {
        let op = &self.bank.ops[place];
        if let Some(transfer) = transfer.filter(|_| op.is_ok()) {
            self.flows.entry(transfer.from).or_default().surely_out += transfer.amount;
            self.flows.entry(transfer.to).or_default().surely_in += transfer.amount;
        }
        if op.f != "read" || !op.is_ok() {
            return;
        }
        let before: FxHashMap<ValueId, Flow> = self.at_begin.remove(&place).unwrap_or_default().into_iter().collect();
        for (account, balance) in balances(self.bank, op).unwrap_or_default() {
            let sure = before.get(&account).copied().unwrap_or_default();
            self.judge(op, account, balance, sure, found);
        }
    }

    fn judge(&self, read: &Op, account: ValueId, balance: ValueId, sure: Flow, found: &mut Found) {
        let (Some(initial), Some(balance)) = (self.initial.get(&account), self.bank.integer(balance)) else { return };
        let (balance, flow) = (i128::from(balance), self.flows.get(&account).copied().unwrap_or_default());
        let least = initial + sure.surely_in - flow.possibly_out;
        let most = initial + flow.possibly_in - sure.surely_out;
        let (name, bound) = match balance {
            _ if balance < least => ("balance-too-low", least),
            _ if balance > most => ("balance-too-high", most),
            _ => return,
        };
        found.case(name, balance.abs_diff(bound), || {
            let (who, account_text) = (self.bank.who(read), self.bank.text(account));
            let words = if name == "balance-too-low" { "at least" } else { "at most" };
            let text = format!(
                "the read of {who} found {balance} in account {account_text}, where transfers since {initial} was read \
                 there leave {words} {bound}"
            );
            Case::new(read.at, [self.first.at], text).about(account).bounded(bound)
        });
    }
}

/// Whether the balance lies beyond the bound, and the bound's starting point is there.
pub(super) fn confirm(bank: &Object, case: &Case, balance: Option<i64>) -> bool {
    let has_start = bank.ok("read").any(|read| {
        read.at != case.culprit && balances(bank, read).unwrap_or_default().iter().any(|entry| entry.0 == case.subject)
    });
    let beyond = |balance: i128| match case.name {
        "balance-too-low" => balance < case.bound,
        _ => balance > case.bound,
    };
    has_start && balance.is_some_and(|balance| beyond(i128::from(balance)))
}
