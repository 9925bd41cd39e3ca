//! The argument of a violation of transactions on a page: who did what, who must precede whom and why, the cycle as a
//! drawing, and the least history that shows it. Pages of runs and of files have the same.

use crate::cycle::{self, Cycle};
use crate::finding::Finding;
use crate::html::TEXT;
use crate::page::ReportError;
use crate::transactions::{LISTED, Least, SHOWN, shown};
use crate::words::{capital, clean, counted, shorten};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

/// The argument of a finding as a piece of HTML; empty if it is none of transactions. `number` names the violation.
pub(crate) fn html(finding: &Finding, number: usize) -> Result<String, ReportError> {
    if finding.transactions.is_empty() && finding.minimal.is_none() {
        return Ok(String::new());
    }
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("argument", include_str!("argument.html"))?;
    environment.add_filter("text", |text: String| shorten(&clean(&text), TEXT));
    Ok(environment.get_template("argument")?.render(Value::from(Serde(&View::new(finding, number))))?)
}

#[derive(Serialize)]
struct View {
    number: usize,
    transactions: Vec<(String, String)>,
    more_transactions: String,
    steps: Vec<StepView>,
    more_steps: String,
    cycle: String,
    least: Option<LeastView>,
}

/// A step of a cycle: `T1 < T2`, its kind with the class of that, and why.
#[derive(Serialize)]
struct StepView {
    order: String,
    kind: String,
    class: &'static str,
    why: String,
    is_last: bool,
}

/// A history that shows the same with as little as could be found.
#[derive(Serialize)]
struct LeastView {
    words: String,
    begins: Vec<(String, String)>,
    transactions: Vec<(String, String)>,
    more: String,
}

impl View {
    fn new(finding: &Finding, number: usize) -> View {
        let transactions = finding.transactions.iter().take(SHOWN);
        View {
            number,
            transactions: transactions.map(|t| (t.name.clone(), t.program.clone())).collect(),
            more_transactions: more(finding.transactions.len(), SHOWN, "more transaction"),
            steps: StepView::all(finding),
            more_steps: more(finding.steps.len(), SHOWN, "more step"),
            cycle: Cycle::of(finding).map(|cycle| cycle.svg()).unwrap_or_default(),
            least: finding.minimal.as_ref().map(LeastView::new),
        }
    }
}

impl StepView {
    fn all(finding: &Finding) -> Vec<StepView> {
        let steps = &finding.steps;
        let step = |at: usize| StepView {
            order: finding.order(&steps[at]),
            kind: steps[at].kind.clone(),
            class: cycle::class(&steps[at].kind),
            why: steps[at].why.clone(),
            is_last: at + 1 == steps.len(),
        };
        shown(steps.len()).map(step).collect()
    }
}

impl LeastView {
    fn new(least: &Least) -> LeastView {
        let transactions = least.transactions.iter().take(LISTED);
        LeastView {
            words: capital(&least.words()),
            begins: least.begins.iter().take(LISTED).cloned().collect(),
            transactions: transactions.map(|left| (left.name.clone(), left.program.clone())).collect(),
            more: more(least.transactions.len(), LISTED, "more transaction"),
        }
    }
}

fn more(all: usize, most: usize, noun: &str) -> String {
    match all.saturating_sub(most) {
        0 => String::new(),
        rest => counted(rest, noun),
    }
}
