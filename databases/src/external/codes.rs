//! What a client may say of an operation that did not succeed: Maelstrom's error codes, and which of them are definite.
//!
//! A code is given by number or by name. One that is not in this table is indefinite: a client that says what nobody
//! understands has not said that nothing happened.

use serde::Serialize;

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: &'static str,
    /// True if it says that the operation took no effect and never will.
    pub definite: bool,
    /// What it says.
    pub means: &'static str,
}

/// Every code, by number.
pub const CODES: &[Code] = &[
    code(0, "timeout", false, "no answer of the system in time"),
    code(1, "node-not-found", true, "the node does not exist, or refused the connection: nothing was sent"),
    code(10, "not-supported", true, "the client, or the system, does not know this function"),
    code(11, "temporarily-unavailable", true, "the system refused it for now, and did nothing"),
    code(12, "malformed-request", true, "the client could not read the message"),
    code(13, "crash", false, "an error that the client does not understand, or a lost connection"),
    code(14, "abort", true, "the system gave it up for good, without effect"),
    code(20, "key-does-not-exist", true, "there is nothing to work on"),
    code(21, "key-already-exists", true, "there is something already"),
    code(22, "precondition-failed", true, "the comparison did not hold"),
    code(30, "txn-conflict", true, "the transaction was rolled back"),
];

const fn code(number: u64, name: &'static str, definite: bool, means: &'static str) -> Code {
    Code { number, name, definite, means }
}

/// The code that a client names, by number or by name; None if there is no such code.
pub(super) fn named(given: &serde_json::Value) -> Option<&'static Code> {
    CODES.iter().find(|code| match given {
        serde_json::Value::Number(number) => number.as_u64() == Some(code.number),
        serde_json::Value::String(name) => name == code.name,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn codes_are_found_by_number_and_by_name_and_nothing_else() {
        assert_eq!(named(&json!(22)).unwrap().name, "precondition-failed");
        assert_eq!(named(&json!("txn-conflict")).unwrap().number, 30);
        for unknown in [json!(2), json!(-1), json!(22.5), json!("22"), json!("Timeout"), json!(null), json!([22])] {
            assert_eq!(named(&unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_may_have_happened_is_indefinite() {
        let indefinite: Vec<&str> = CODES.iter().filter(|code| !code.definite).map(|code| code.name).collect();
        assert_eq!(indefinite, ["timeout", "crash"]);
    }

    #[test]
    fn the_page_for_authors_of_clients_has_the_same_table() {
        let page = include_str!("../../../docs/CLIENT.md");
        for code in CODES {
            let definite = if code.definite { "definite" } else { "indefinite" };
            let row = format!("| {} | `{}` | {definite} | {} |", code.number, code.name, code.means);
            assert!(page.contains(&row), "docs/CLIENT.md lacks: {row}");
        }
    }
}
