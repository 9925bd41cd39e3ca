//! Transactions that cannot be, as people and machines are told of them: who did what, who must come before whom and
//! why, and the same as lines for a terminal. It says what a checker found, and judges nothing.

use crate::finding::{Finding, Operation};
use crate::witness_lines::Lines;
use crate::words::{clean, counted, grouped, shorten};
use checkers::{Argument, MinimalHistory};
use serde::Serialize;

/// Most transactions of an anomaly, and steps of a cycle, that people are shown.
pub(crate) const SHOWN: usize = 16;
/// Most characters of what a transaction did, and of a reason.
const LONGEST: usize = 4_000;
/// Most transactions of a minimal history that a terminal or a page lists.
pub(crate) const LISTED: usize = 40;
/// Most lines that a transaction or a reason may take in a terminal.
const LINES: usize = 4;

/// A transaction of an anomaly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// What it is called: `T12`.
    pub name: String,
    /// What it did: `r 5 [1 2], append 5 3`.
    pub program: String,
    /// Its position among the operations of the witness.
    pub operation: usize,
}

/// One step of a cycle: a transaction precedes another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Precedence {
    /// Position of the first among the transactions.
    pub from: usize,
    /// Position of the second.
    pub to: usize,
    /// `ww`, `wr`, `rw`, `process` or `realtime`.
    pub kind: String,
    /// In words.
    pub why: String,
}

impl Transaction {
    /// Its name with what it did.
    pub(crate) fn words(&self) -> String {
        format!("{}: {}", self.name, self.program)
    }
}

/// The least history that shows the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Least {
    /// How many transactions the whole history has.
    pub of: u64,
    /// Who is left, in the order of their invocations.
    pub transactions: Vec<Left>,
    /// What lists held at the beginning, where this was not nothing: key and list, as EDN.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<(String, String)>,
}

/// What is left of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// What it is called: `T12`.
    pub name: String,
    /// What is left of what it did.
    pub program: String,
    /// Its position among the calls of the history.
    #[serde(skip)]
    pub call: u32,
}

impl Least {
    /// Without control characters, and not too long.
    pub(crate) fn new(minimal: &MinimalHistory) -> Least {
        let short = |text: &String| shorten(&clean(text), LONGEST);
        let left = |left: &checkers::Member| Left {
            name: short(&left.name),
            program: short(&left.program),
            call: left.operation.0,
        };
        Least {
            of: minimal.of,
            transactions: minimal.transactions.iter().map(left).collect(),
            begins: minimal.begins.iter().map(|(key, list)| (short(key), short(list))).collect(),
        }
    }

    /// How much it is: `minimal history: 3 of 812 transactions`.
    pub(crate) fn words(&self) -> String {
        let of = grouped(usize::try_from(self.of).unwrap_or(usize::MAX));
        format!("minimal history: {} of {of} transactions", grouped(self.transactions.len()))
    }
}

/// Who is in an anomaly; `positions` are the calls of its witness.
pub(crate) fn transactions(argument: &Argument, positions: &[u32]) -> Vec<Transaction> {
    let transaction = |member: &checkers::Member| {
        let operation = positions.iter().position(|position| *position == member.operation.0)?;
        let name = shorten(&clean(&member.name), LONGEST);
        Some(Transaction { name, program: shorten(&clean(&member.program), LONGEST), operation })
    };
    argument.transactions.iter().filter_map(transaction).collect()
}

/// Who must come before whom. None of it if it speaks of a transaction that there is not.
pub(crate) fn steps(argument: &Argument, transactions: &[Transaction]) -> Vec<Precedence> {
    let (steps, known) = (&argument.steps, transactions.len());
    if known != argument.transactions.len() || steps.iter().any(|step| step.from >= known || step.to >= known) {
        return Vec::new();
    }
    let step = |step: &checkers::Precedence| Precedence {
        from: step.from,
        to: step.to,
        kind: clean(&step.kind),
        why: shorten(&clean(&step.why), LONGEST),
    };
    steps.iter().map(step).collect()
}

/// A sentence that says the nickname before all else, without it.
pub(crate) fn without_nickname<'a>(sentence: &'a str, argument: &Argument) -> &'a str {
    let named = argument.nickname.as_deref().and_then(|nickname| sentence.strip_prefix(nickname));
    named.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(sentence)
}

/// Which of so many steps are shown: the first ones, and always the last, which closes the cycle.
pub(crate) fn shown(steps: usize) -> impl Iterator<Item = usize> {
    let first = if steps > SHOWN { SHOWN - 1 } else { steps.saturating_sub(1) };
    (0..first).chain(steps.checked_sub(1))
}

impl Finding {
    /// What a step says, without its reason: `T1 < T2`.
    pub(crate) fn order(&self, step: &Precedence) -> String {
        let name = |at: usize| self.transactions.get(at).map_or("?", |transaction| transaction.name.as_str());
        format!("{} < {}", name(step.from), name(step.to))
    }

    /// The operations as their transactions are to be called.
    pub(crate) fn called_operations(&self, call: impl Fn(&Transaction) -> String) -> Vec<Operation> {
        let mut operations = self.operations.clone();
        for transaction in &self.transactions {
            if let Some(operation) = operations.get_mut(transaction.operation) {
                operation.operation = call(transaction);
            }
        }
        operations
    }
}

impl Lines {
    /// The least history that shows the same, in full.
    pub(crate) fn least(&mut self, least: &Least) {
        self.blank();
        self.say(2, "", &least.words(), 2);
        for (key, list) in &least.begins {
            self.hang(4, 8, &format!("{key} begins as "), list, LINES);
        }
        for left in least.transactions.iter().take(LISTED) {
            self.hang(4, 8, &format!("{} = ", left.name), &left.program, LINES);
        }
        self.more(4, least.transactions.len(), LISTED, "transaction");
    }

    /// The transactions, and for a cycle why it is one.
    pub(crate) fn transactions(&mut self, finding: &Finding) {
        self.blank();
        for (number, transaction) in finding.transactions.iter().take(SHOWN).enumerate() {
            let head = format!("{} {} = ", if number == 0 { "Let" } else { "   " }, transaction.name);
            self.hang(2, 8, &head, &transaction.program, LINES);
        }
        self.more(6, finding.transactions.len(), SHOWN, "transaction");
        let steps = &finding.steps;
        if steps.is_empty() {
            return;
        }
        self.blank();
        let last = steps.len() - 1;
        for at in shown(steps.len()) {
            if at == last && steps.len() > SHOWN {
                self.say(4, "", &format!("and {}", counted(steps.len() - SHOWN, "more step")), 1);
            }
            let step = &steps[at];
            let (however, end) = if at == last { ("However, ", ": a contradiction") } else { ("", "") };
            let head = format!("{however}{}  {}  ", finding.order(step), step.kind);
            self.hang(2, 6, &head, &format!("because {}{end}", step.why), LINES);
        }
    }
}
