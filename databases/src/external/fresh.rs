//! A look at the system before the first operation: a workload starts from nothing, and what an earlier run left would
//! be taken for a broken promise.

use super::protocol::excerpt;
use history::Bank;
use serde_json::{Value, json};

/// A question whose answer is known as long as nothing was changed.
pub(super) struct Look {
    pub(super) function: &'static str,
    pub(super) key: Option<u64>,
    pub(super) value: Value,
    expected: Vec<Value>,
}

/// The question for a data type, if it has one.
pub(super) fn look(data_type: &str) -> Option<Look> {
    let look = |function, key, value, expected| Some(Look { function, key, value, expected });
    let read = json!([["r", 0, null]]);
    match data_type {
        "register" => look("read", Some(0), Value::Null, vec![Value::Null]),
        "set" => look("read", None, Value::Null, vec![json!([])]),
        "list-append" => look("txn", None, read.clone(), vec![read, json!([["r", 0, []]])]),
        "rw-register" => look("txn", None, read.clone(), vec![read]),
        "bank" => {
            let accounts = (0..Bank::ACCOUNTS).map(|account| (account.to_string(), json!(Bank::OPENING_BALANCE)));
            look("read", None, Value::Null, vec![Value::Object(accounts.collect())])
        }
        _ => None,
    }
}

impl Look {
    /// Judges the value of the answer.
    ///
    /// # Errors
    /// What was found and what was expected.
    pub(super) fn judge(&self, found: Option<&str>) -> Result<(), String> {
        let value: Option<Value> = found.and_then(|text| serde_json::from_str(text).ok());
        if value.is_some_and(|value| self.expected.contains(&value)) {
            return Ok(());
        }
        Err(format!(
            "before the first operation `{}` of {} gave {}, expected {}: the system holds data of an earlier run, or was not \
             set up; a client puts `run` of the handshake into the names of all that it makes",
            self.function,
            self.key.map_or(self.value.to_string(), |key| format!("key {key}")),
            found.map_or("no value".to_owned(), |text| excerpt(text.as_bytes())),
            self.expected[0]
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use history::{DataType, ListAppend, Predicates, Register, RwRegister, Set};

    fn parses<D: DataType>() -> bool {
        let Some(look) = look(D::NAME) else { return false };
        let op = D::parse_op(look.function, look.key, &look.value.to_string()).expect("an operation of this type");
        look.expected.iter().all(|expected| D::parse_ret(&op, &expected.to_string()).is_ok())
    }

    #[test]
    fn every_look_is_an_operation_of_its_type() {
        assert!(parses::<Register>() && parses::<Set>() && parses::<ListAppend>() && parses::<RwRegister>());
        assert!(parses::<Bank>());
        assert!(!parses::<Predicates>());
    }

    #[test]
    fn what_was_there_before_is_told() {
        let look = look("register").unwrap();
        assert_eq!(look.judge(Some("null")), Ok(()));
        let error = look.judge(Some("7")).unwrap_err();
        assert!(error.starts_with("before the first operation `read` of key 0 gave 7, expected null:"), "{error}");
        assert!(look.judge(None).is_err());
    }
}
