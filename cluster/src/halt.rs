//! Which run holds a node, and how somebody else ends it: a mark beside its lock, which the run finds when it renews the
//! lock, and which no new fault passes. It undoes nothing and waits for nobody.

use crate::claim::{PATHS, Paths, locked, one_line, quick, read_lock};
use crate::{Command, Node, NodeError};

/// The run that holds a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub run: String,
    /// User, host and process that control it.
    pub controller: String,
    /// Seconds until its lock expires, unless it is renewed.
    pub seconds: u64,
}

/// Which run holds a node; None if none does.
///
/// # Errors
/// If the node cannot be asked.
pub async fn standing(node: &Node) -> Result<Option<Standing>, NodeError> {
    Ok(understood(&node.run(&quick(look(&PATHS, None))).await?.text()))
}

/// Tells the run that holds a node to end, whoever started it; from now on it can make no fault there. None if no run
/// holds it; a lock that has expired is removed.
///
/// # Errors
/// If the node cannot be told.
pub async fn halt(node: &Node, by: &str) -> Result<Option<Standing>, NodeError> {
    Ok(understood(&node.run(&quick(look(&PATHS, Some(by)))).await?.text()))
}

/// Prints who holds the lock. If `by` is given, leaves the mark for that run, and removes a lock that has expired.
pub(crate) fn look(paths: &Paths<'_>, by: Option<&str>) -> String {
    let folder = Command::quote(paths.folder);
    let mark = by.map_or(String::new(), |by| {
        let by = Command::quote(&one_line(by));
        format!("printf '%s\\n%s\\n' \"$held\" {by} >halt.new && mv -f halt.new halt || exit 1\n")
    });
    let sweep = by.map_or(String::new(), |_| format!("rm -f lock halt; cd / && rmdir {folder} 2>/dev/null; "));
    format!(
        "[ -e {folder}/lock ] || exit 0
{locked}
{read_lock}
[ -n \"$held\" ] && [ $left -gt 0 ] && [ $left -le \"$life\" ] || {{ {sweep}exit 0; }}
{mark}printf '%s\\n%s\\n%s\\n' \"$held\" \"$by\" $left",
        locked = locked(paths),
        read_lock = read_lock(paths),
    )
}

fn understood(text: &str) -> Option<Standing> {
    let mut lines = text.lines();
    let (run, controller, seconds) = (lines.next()?, lines.next()?, lines.next()?);
    Some(Standing { run: run.to_owned(), controller: controller.to_owned(), seconds: seconds.parse().unwrap_or(0) })
}
