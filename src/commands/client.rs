//! `gainsay client check`: does a client keep the protocol? Its own system may be behind it, or not.

use super::block_on;
use crate::cli::ClientCheckArgs;
use crate::exit::{Exit, Failure};
use crate::offered::{Offered, Wanted};
use crate::terminal::say;
use crate::with_data_type;
use checkers::txn::level::Level;
use cluster::{Node, Recorder};
use databases::{ClientSettings, Conformance, Found};
use history::{Event, EventKind, Moment, Process, Time};
use std::sync::Arc;
use workloads::{Context, Next};

/// So many operations of the workload are asked for.
const OPERATIONS: usize = 40;

/// Checks one client, and prints one line for each rule.
pub(super) fn check(arguments: &ClientCheckArgs) -> Result<Exit, Failure> {
    let workload = arguments.workload.0.clone();
    with_data_type!(workload.as_str(), D => block_on(check_as::<D>(arguments)))
}

async fn check_as<D: Offered>(arguments: &ClientCheckArgs) -> Result<Exit, Failure> {
    let settings = ClientSettings {
        command: arguments.client.0.clone(),
        options: arguments.client_option.iter().map(|option| option.pair()).collect(),
        workload: arguments.workload.0.clone(),
        data_type: D::NAME,
        functions: D::FUNCTIONS,
        timeout: arguments.operation_timeout.0,
        logs: None,
    };
    // No command is ever sent to this node.
    let node = Node::new("n1", arguments.address, Arc::new(Recorder::new("n1", Arc::default())));
    let (mut kept, mut broken, mut skipped) = (0, 0, 0);
    let ops = operations::<D>(&arguments.workload.0);
    Conformance::new(settings, node)
        .check::<D>(&ops, |checked| match &checked.found {
            Found::Kept(remark) => {
                kept += 1;
                let remark = if remark.is_empty() { String::new() } else { format!(" ({remark})") };
                say(format!("ok    {}{remark}", checked.rule));
            }
            Found::Broken(told) => {
                broken += 1;
                say(format!("FAIL  {}: {told}", checked.rule));
            }
            Found::Skipped(why) => {
                skipped += 1;
                say(format!("SKIP  {}: {why}", checked.rule));
            }
        })
        .await;
    let rest = if skipped > 0 { ", the rest could not be checked" } else { "" };
    say(format!("{}: {kept} rules kept, {broken} broken{rest}", databases::PROTOCOL));
    Ok(if broken == 0 { Exit::Valid } else { Exit::Invalid })
}

/// What the workload would ask one client, as if every operation were over at once.
fn operations<D: Offered>(workload: &str) -> Vec<D::Op> {
    let expect = Level::StrictSerializable;
    let mut workload = D::workload(Wanted { workload, threads: 1, seed: 1, expect });
    let mut ops = Vec::new();
    let mut time = Time(0);
    for index in 0..4 * OPERATIONS as u64 {
        let process = Process(0);
        match workload.main.next(Context { time, thread: 0, process }) {
            Next::Invoke(op) => {
                let event = Event { moment: Moment { index, time }, process, kind: EventKind::Invoke(op.clone()) };
                workload.main.observe(0, &event);
                let kind = EventKind::Complete(history::Outcome::Fail(String::new()));
                workload.main.observe(0, &Event { moment: Moment { index, time }, process, kind });
                ops.push(op);
            }
            Next::Wait(until) => time = until,
            Next::Done => break,
        }
        if ops.len() == OPERATIONS {
            break;
        }
    }
    ops
}
