//! Small inputs, one thing each: what each format may look like, what is tolerated, and where malformed input is.

use history::{
    Actor, Calls, EdnText, Format, History, Leniency, Outcome, ReadOptions, Recording, Register, RegisterOp,
    RegisterRet, Set, SetRet, Value, Values, read_bytes, write,
};

fn recording(text: &str) -> Recording {
    read_bytes(text.as_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn edn(text: &str) -> Recording {
    let options = ReadOptions { format: Some(Format::Edn), ..ReadOptions::default() };
    read_bytes(text.as_bytes(), &options).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Both events of a read of 5, for comparison.
const READ: &str = "{:process 0 :type :invoke :f :read :value nil} {:process 0 :type :ok :f :read :value 5}";

#[test]
fn one_history_in_every_shape() {
    for text in [
        "[{:process 0, :type :invoke, :f :read}\n {:process 0, :type :ok, :f :read, :value 5}]",
        "({:process 0 :type :invoke :f :read :value nil} {:process 0 :type :ok :f :read :value 5N})",
        "; a comment {\n#_{:type :ok} {:value nil :f :read :type :invoke :process 0}\n,,{:process 0 :type :ok :f :read :value +5}",
        "#jepsen.history.Op{:process 0 :type :invoke :f :read} #knossos.op.Op {:process 0 :type :ok :f :read :value 0x5}",
        "^{:line 1} {:process 0 :type :invoke :f :read} {\"process\" 0 type :ok f \"read\" :value 5}",
        "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\n{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":5}\n",
        "{\"process\":0,\"type\":\":invoke\",\"f\":\":read\",\"value\":null} {\n \"value\":5,\n \"process\":0,\"type\":\"ok\",\"f\":\"read\"}",
        " [ {\"process\":0,\"type\":\"invoke\",\"f\":\"read\"} , {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":5} ] ",
        "\u{feff}0\t:invoke\t:read\tnil\n\n0\t:ok\t:read\t5\r\n",
        "starting\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO jepsen.util: waiting\nINFO  jepsen.util - 0\t:ok\t:read\t5",
    ] {
        assert!(recording(text) == edn(READ), "{text}");
    }
}

/// A form, and the form that it is equal to.
const FORMS: &[(&str, &str)] = &[
    ("(1 2 (3))", "[1, 2 [3]]"),
    ("#{3 1 2 1}", "#{1 2 3}"),
    ("{:b 2, :a 1}", "{:a 1 :b 2}"),
    ("{:a 1 :a 2}", "{:a 2}"),
    ("#:ns{:a 1, :b/c 2, :_/d 3, \"e\" 4}", "{:ns/a 1 :b/c 2 :d 3 \"e\" 4}"),
    ("9223372036854775807N", "9223372036854775807"),
    ("-9223372036854775809", "-9223372036854775809N"),
    ("6/4", "3/2"),
    ("1e2", "100.0"),
    ("##NaN", "##NaN"),
    ("[##Inf ##-Inf]", "[##Inf ##-Inf]"),
    ("1.50M", "1.50M"),
    (r#""a\n\t\"\\\u0041\o101\101""#, "\"a\n\t\\\"\\\\AAA\""),
    (r"[\a \newline \space \u0041 \( \o101]", "[\\a \\newline \\space \\A \\( \\A]"),
    ("#object[java.lang.Thread 0x1f \"t\"]", "{:gainsay/tag \"object\" :gainsay/form [java.lang.Thread 31 \"t\"]}"),
    ("#error{:cause \"x\"}", "#error {:cause \"x\"}"),
    (r##"#"\d+\"""##, r##"{:gainsay/tag "regex", :gainsay/form "\\d+\\\""}"##),
    ("#<Object@1f x>", "{:gainsay/form \"Object@1f x\" :gainsay/tag \"unreadable\"}"),
    ("[#'a/b 'c ... +]", "[#'a/b 'c ... +]"),
    ("^{:a 1} [^String x]", "[x]"),
    ("[1 #_ 2 #_#_ 3 4 ; 5\n 6]", "[1 6]"),
    ("clojure.lang.ExceptionInfo", "clojure.lang.ExceptionInfo"),
    ("#inst \"2020-01-01\"", "#inst\"2020-01-01\""),
];

#[test]
fn forms_of_edn_are_equal_to_what_they_mean_and_survive() {
    for (form, meaning) in FORMS {
        let text = |form: &str| edn(&format!("{{:type :ok :process 0 :f :x :value {form}\n :extra {form}}}"));
        let (read, meant) = (text(form), text(meaning));
        assert!(read == meant, "{form} is {}", shown(&read));
        for format in [Format::JsonLines, Format::Edn] {
            let mut written = Vec::new();
            write(&read, format, &mut written).expect("memory takes everything");
            assert!(recording(&String::from_utf8_lossy(&written)) == read, "{}", String::from_utf8_lossy(&written));
        }
    }
}

#[test]
fn forms_that_differ_are_not_equal() {
    let forms = ["1", "1.0", "1M", "\"1\"", ":1", "\\1", "[1]", "#{1}", "{1 1}", "nil", "false", "a", ":a", "#a 1"];
    for (at, a) in forms.iter().enumerate() {
        for (other, b) in forms.iter().enumerate() {
            let text = |form: &str| edn(&format!("{{:type :ok :value {form}}}"));
            assert_eq!(text(a) == text(b), at == other, "{a} {b}");
        }
    }
}

fn shown(recording: &Recording) -> String {
    EdnText { values: recording.values(), id: recording.event(0).value }.to_string()
}

#[test]
fn json_has_the_values_of_edn() {
    for (json, meaning) in [
        (r#"[["append","x",1],["r",1,null]]"#, "[[:append \"x\" 1] [:r 1 nil]]"),
        (r#"["a",["b"]]"#, "[\"a\" [\"b\"]]"),
        (r#"{"0":100,"-1":5}"#, "{0 100, -1 5}"),
        (r#"{"0":100,"a":{"from b":1}}"#, "{:0 100, :a {\"from b\" 1}}"),
        (r##"{"#edn":"#{:a 1/2}"}"##, "#{:a 1/2}"),
        (
            r#"[1.5,-2e3,true,12345678901234567890,"\ud83d\ude00\/"]"#,
            "[1.5 -2000.0 true 12345678901234567890N \"😀/\"]",
        ),
        ("[NaN,-Infinity]", "[##NaN ##-Inf]"),
    ] {
        let from_json = recording(&format!("{{\"type\":\"ok\",\"f\":\"x\",\"value\":{json}}}"));
        assert!(from_json == edn(&format!("{{:type :ok :f :x :value {meaning}}}")), "{}", shown(&from_json));
    }
}

/// Malformed text, its format, line, column, and what the message holds.
const MALFORMED: &[(&str, Format, (usize, usize), &str)] = &[
    ("{:type :ok", Format::Edn, (1, 11), "`}` of an event, not the end of the file"),
    ("[{:type :ok}\n", Format::Edn, (2, 1), "`]`, which closes the history"),
    ("[{:type :ok}]\n{:type :ok}", Format::Edn, (2, 1), "nothing after"),
    ("{:type :ok :value [1 2}", Format::Edn, (1, 23), "`]`, which line 1 leaves open, not `}`"),
    ("{:type :ok :value}", Format::Edn, (1, 18), "a value for the last key"),
    ("{:type :okay}", Format::Edn, (1, 8), ":invoke, :ok, :fail or :info, not `:okay}`"),
    ("\n  {:f :read}", Format::Edn, (2, 3), "an event with a `type`"),
    ("{:type :ok}\n nil", Format::Edn, (2, 2), "an event as a map, not `nil`"),
    ("{:type :ok :value 12x}", Format::Edn, (1, 19), "a number, not `12x}`"),
    ("{:type :ok :value 1/0}", Format::Edn, (1, 19), "a number"),
    ("{:type :ok :value \"a\n\\q\"}", Format::Edn, (2, 1), "an escape"),
    ("{:type :ok :value \"a", Format::Edn, (1, 19), "a string that ends"),
    ("{:type :ok :value \\abc}", Format::Edn, (1, 19), "a character"),
    ("{:type :ok :value #}", Format::Edn, (1, 19), "a tag"),
    ("{:type :ok :value ##Infinity}", Format::Edn, (1, 19), "##Inf"),
    ("{:type :ok :index -1}", Format::Edn, (1, 19), "`:index` to be an integer from 0, not `-1}`"),
    ("{:type :ok :time :now}", Format::Edn, (1, 18), "`:time` to be an integer"),
    ("{:type :ok :extra {1}}", Format::Edn, (1, 21), "a value for the last key"),
    ("{\"type\":\"ok\",}\n", Format::JsonLines, (1, 14), "a field in quotes, not `}`"),
    ("{\"type\":\"ok\"\n{\n", Format::JsonLines, (2, 1), "`,` or `}` after a field"),
    ("{\"type\":\"ok\",\"value\":[1 2]}\n", Format::JsonLines, (1, 25), "`,` or `]`, not `2]}`"),
    ("{\"type\":\"ok\",\"value\":01}\n", Format::JsonLines, (1, 22), "a number"),
    ("{\"type\":\"ok\",\"value\":\"\\x\"}\n", Format::JsonLines, (1, 23), "an escape"),
    ("{\"type\":\"ok\",\"value\":\"a\tb\"}\n", Format::JsonLines, (1, 24), "the closing `\"`"),
    ("{\"type\":\"ok\",\"value\":nul}\n", Format::JsonLines, (1, 22), "a value, not `nul}`"),
    ("{\"type\":\"ok\",\"x\":{\"a\" 1}}\n", Format::JsonLines, (1, 23), "`:` after a key"),
    ("{\"type\":1}\n", Format::JsonLines, (1, 9), "`type` to be invoke, ok, fail or info, not `1}`"),
    ("{}\n", Format::JsonLines, (1, 1), "an event with a `type`"),
    ("{\"type\":\"ok\"}\n[]\n", Format::JsonLines, (2, 1), "an event as a JSON object"),
    ("{\"type\":\"bad\"}", Format::JsonLines, (1, 9), "`type` to be"),
    ("[{\"type\":\"ok\"} {", Format::Json, (1, 16), "`,` or `]` after an event"),
    ("[{\"type\":\"ok\"},]", Format::Json, (1, 16), "an event as a JSON object"),
    ("[{\"type\":\"ok\"}", Format::Json, (1, 15), "`,` or `]` after an event, not the end of the file"),
    ("{}", Format::Json, (1, 1), "an array of events"),
    ("0\t:invoke\t:read\n", Format::Text, (1, 16), "a value before the end of the line, not the end of the line"),
    ("0\t:invoke\t:read\tnil\n0\t:started\n", Format::Text, (2, 3), ":invoke, :ok, :fail or :info"),
    ("x jepsen.util - 0\t:ok\t:read\t[1\n", Format::Console, (1, 31), "`]`"),
];

#[test]
fn malformed_input_is_refused_with_its_place_whatever_the_chunks() {
    for (text, format, place, message) in MALFORMED {
        for chunk in [None, Some(1), Some(10)] {
            let options = ReadOptions { format: Some(*format), chunk, ..ReadOptions::default() };
            let error = read_bytes(text.as_bytes(), &options).expect_err(text);
            assert_eq!((error.line, error.column), *place, "{error} in {text}");
            assert!(error.expected.contains(message), "{error} in {text}");
        }
    }
}

#[test]
fn text_that_is_no_utf8_is_refused() {
    let text = b"{:type :ok :value \"\xff\"}";
    let error = read_bytes(text, &ReadOptions::default()).unwrap_err();
    assert_eq!((error.line, error.column), (1, 20));
    assert!(error.expected.contains("not the byte 255"), "{error}");
}

#[test]
fn nesting_past_the_limit_is_refused_and_up_to_it_read() {
    for (open, close) in [("[", "]"), ("#{", "}"), ("#_ ", ""), ("^a ", ""), ("#a ", ""), ("{:a ", "}")] {
        for (levels, is_read) in [(500, true), (100_000, false)] {
            let text = format!("{{:type :ok :value {}1{} 2}}", open.repeat(levels), close.repeat(levels));
            let text = if open == "#_ " { text } else { text.replace(" 2}", " :x 2}") };
            let options = ReadOptions { format: Some(Format::Edn), ..ReadOptions::default() };
            let read = read_bytes(text.as_bytes(), &options);
            assert_eq!(read.is_ok(), is_read && open != "#_ ", "{open} {levels} {:?}", read.err());
        }
    }
    let deep = format!("{{\"type\":\"ok\",\"value\":{}", "[".repeat(100_000));
    let error = read_bytes(format!("{deep}\n").as_bytes(), &ReadOptions::default()).unwrap_err();
    assert!(error.expected.contains("512 levels"), "{error}");
}

/// What is tolerated, and how often it is counted.
const TOLERATED: &[(&str, Leniency, u64)] = &[
    ("{:type :ok} {:type :ok :index 5}", Leniency::NoIndex, 1),
    ("{:type :ok :index 1} {:type :ok :index 1}", Leniency::Reindexed, 1),
    ("{:type :ok :index 1} {:type :ok :index 3} {:type :ok :index 4}", Leniency::SparseIndex, 2),
    ("{:type :ok :time 3} {:type :ok}", Leniency::NoTime, 1),
    ("{:type :ok :process 1} {:type :ok :process nil} {:type :ok}", Leniency::NoProcess, 2),
    ("{:type :ok :f nil}", Leniency::NoFunction, 1),
    ("{:type :info :process :nemesis} {:type :info :process \"n\"}", Leniency::NamedProcess, 2),
    ("{:type :ok :f :a :f :b}", Leniency::RepeatedField, 1),
    ("{\"type\":\"ok\"}\n{\"type\":\"o", Leniency::TornLine, 1),
    ("0\t:ok\t:a\tnil\n0\t:ok\t:a", Leniency::TornLine, 1),
    ("jepsen.util - 0\t:ok\t:a\tnil\nother\n", Leniency::OtherLine, 1),
    ("{:type :invoke :process 1}", Leniency::OpenInvocation, 1),
    ("{:type :ok :process 1} {:type :fail :process 1}", Leniency::CompletionOnly, 2),
    ("{:type :info :process 1}", Leniency::Remark, 1),
    ("{:type :invoke :process 1 :value 3} {:type :fail :process 1 :value :busy}", Leniency::OtherArgument, 1),
    ("{:type :invoke :process 1 :f :a} {:type :ok :process 1 :f :b}", Leniency::OtherFunction, 1),
];

#[test]
fn what_is_tolerated_is_counted() {
    for (text, leniency, count) in TOLERATED {
        let recording = recording(text);
        let calls = Calls::pair(&recording).unwrap_or_else(|error| panic!("{error} in {text}"));
        let note = calls.notes().iter().find(|note| note.leniency == *leniency);
        let note = note.unwrap_or_else(|| panic!("{leniency:?} is not counted in {text}"));
        assert_eq!(note.count, *count, "{note} in {text}");
    }
    let anew = recording("{:type :ok :index 3} {:type :ok :index 7} {:type :ok :index 7}");
    assert!(
        anew.notes().iter().all(|note| note.leniency != Leniency::SparseIndex),
        "gaps are kept only if indices are"
    );
    let complete = "{:index 0 :time 1 :process 0 :type :invoke :f :a} {:index 1 :time 2 :process 0 :type :ok :f :a}";
    assert_eq!(Calls::pair(&recording(complete)).unwrap().notes(), []);
}

#[test]
fn events_that_no_client_can_have_made_are_refused_with_their_line() {
    for (text, line, message) in [
        ("{:type :invoke :process 1}\n{:type :invoke :process 1}", 2, "complete its operation"),
        ("{:type :invoke :process 1}\n{:type :ok :process 1}\n{:type :fail :process 1}", 3, "in flight"),
    ] {
        let recording = recording(text);
        let error = Calls::pair(&recording).unwrap_err();
        assert_eq!(error.line, line);
        assert!(error.expected.contains(message), "{error}");
    }
}

#[test]
fn calls_say_when_they_ended_and_why() {
    let text = "{:process 1 :type :invoke :f :w :value 3} {:process :nemesis :type :info} {:process 1 :type :info :value :timed-out}
        {:process 1 :type :invoke :f :r} {:process 1 :type :ok :f :r :value 3} {:type :ok} {:process 2 :type :invoke :f :r}";
    let recording = recording(text);
    let calls = Calls::pair(&recording).unwrap();
    let rows: Vec<_> = calls.iter().map(|call| (call.invoked, call.returned, call.completion)).collect();
    assert_eq!(rows, [(Some(0), None, Some(2)), (Some(3), Some(4), Some(4)), (Some(6), None, None)]);
    let error = calls.error(0).map(|id| recording.values().get(id));
    assert_eq!((error, calls.error(1)), (Some(Value::Keyword("timed-out")), None));
    assert_eq!((calls.others(), calls.orphans()), (&[1][..], &[5][..]));
    assert_eq!(recording.values().get(calls.get(1).result), Value::Int(3));
    assert_eq!((calls.function(0), calls.function(1)), ("w", "r"));
}

#[test]
fn tuples_are_unwrapped_only_when_asked() {
    let text = "{:process 0 :type :invoke :f :cas :value [7 [1 2]]} {:process 0 :type :ok :f :cas :value [7 [1 2]]}
        {:process 1 :type :invoke :f :read :value [\"k\" nil]} {:process :nemesis :type :info :value [1 2]}";
    let mut tuples = recording(text);
    let before = tuples.clone();
    assert!(tuples.looks_independent());
    assert_eq!(Calls::pair(&tuples).unwrap().keys(), []);
    assert_eq!(tuples.unwrap_tuples().unwrapped, 3);
    assert!(!tuples.looks_independent());
    assert_eq!(Calls::pair(&tuples).unwrap().keys().len(), 2);
    let decoded = History::<Register>::decode(&tuples).unwrap();
    let [cas, read] = &decoded.history.operations[..] else { unreachable!() };
    assert_eq!(cas.op, RegisterOp::Cas { key: 7, expected: 1, new: 2 });
    let RegisterOp::Read { key } = read.op else { unreachable!() };
    assert_eq!(decoded.numbers.key_text(key, tuples.values()), "\"k\"");
    tuples.wrap_tuples();
    assert!(tuples == before);
    let txn = recording("{:process 0 :type :invoke :value [[:r 1 nil] [:r 2 nil]]}");
    assert!(!txn.looks_independent());
}

#[test]
fn events_without_process_can_be_given_clients() {
    let mut recording = recording(
        "{:type :invoke :f :a} {:type :ok :f :a} {:type :invoke :f :b} {:type :ok :f :b} {:process 9 :type :info}",
    );
    assert_eq!(recording.actor(0), Actor::Unknown);
    assert_eq!(recording.adopt_orphans(), 4);
    let processes: Vec<_> = (0..4).map(|row| recording.actor(row)).collect();
    assert_eq!(processes, [Actor::Client(10), Actor::Client(10), Actor::Client(11), Actor::Client(11)]);
}

#[test]
fn values_that_are_no_integers_get_numbers_that_are_no_values() {
    let text = "{:process 0 :type :invoke :f :write :value \"a\"} {:process 0 :type :ok :f :write :value \"a\"}
        {:process 1 :type :invoke :f :cas :value [\"a\" :a]} {:process 1 :type :fail :f :cas :value [\"a\" :a] :error :no}
        {:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value [1 2]}";
    let recording = recording(text);
    let decoded = History::<Register>::decode(&recording).unwrap();
    let [write, cas, read] = &decoded.history.operations[..] else { unreachable!() };
    let (RegisterOp::Write { value, .. }, RegisterOp::Cas { expected, new, .. }) = (write.op, cas.op) else {
        unreachable!()
    };
    assert_eq!((value == expected, value == new), (true, false));
    assert_eq!(cas.outcome, Outcome::Fail("no".to_owned()));
    let Some(RegisterRet::Value(Some(found))) = read.ok() else { unreachable!() };
    let text = |number| decoded.numbers.value_text(number, recording.values());
    assert_eq!([text(value), text(new), text(*found), text(3)], ["\"a\"", ":a", "[1 2]", "3"]);
}

#[test]
fn a_missing_list_is_an_empty_one() {
    for missing in ["", ":value nil", ":value []", ":value #{}"] {
        let text = format!("{{:process 0 :type :invoke :f :read}} {{:process 0 :type :ok :f :read {missing}}}");
        let history = History::<Set>::from_recording(&recording(&text)).unwrap();
        assert_eq!(history.operations[0].ok(), Some(&SetRet::Elements(Vec::new())));
    }
}

#[test]
fn extra_fields_stay_as_they_are_until_somebody_asks() {
    let recording = recording("{:type :ok :debug {:a  1} :clock-offsets {\"n1\" 0.5}}");
    let fields: Vec<_> = recording.extra_fields(0).map(|field| field.text).collect();
    assert_eq!(fields, ["{:a  1}", "{\"n1\" 0.5}"]);
    let mut values = Values::default();
    let id = recording.parse_extra(fields[0], &mut values).unwrap();
    assert_eq!(EdnText { values: &values, id }.to_string(), "{:a 1}");
}

#[test]
fn the_examples_of_the_documentation_are_read() {
    let page = include_str!("../FORMAT.md");
    let block =
        |language: &str| page.split(language).nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let lines = recording(block("```json\n"));
    assert_eq!((lines.format(), lines.len(), lines.notes()), (Format::JsonLines, 4, &[][..]));
    assert_eq!(Calls::pair(&lines).unwrap().len(), 2);
    assert!(History::<Register>::from_recording(&lines).is_ok());
    assert_eq!(recording(block("```clojure\n")).len(), 9);
}

/// Found by fuzzing: a field named by a symbol of EDN in JSON came back as another field.
#[test]
fn a_column_is_a_column_however_it_is_named() {
    let named = recording("{\"type\":\"ok\",\"#edn value\":3,\"#edn [1]\":4}");
    assert!(named == edn("{:type :ok value 3 [1] 4}"));
    assert_eq!(shown(&named), "3");
}

/// Found by fuzzing: `[nil v]` became a key that is nil, which no file can hold.
#[test]
fn nil_is_no_independent_key() {
    let mut tuples = recording("{:process 0 :type :invoke :f :read :value [nil nil]}");
    let before = tuples.clone();
    assert_eq!(tuples.unwrap_tuples(), history::Tuples { unwrapped: 0, whole: 1 });
    assert!(tuples == before);
}

/// Lists of integers and names of fields have short cuts; what is nearly one of them must be read as if there were none.
#[test]
fn short_cuts_change_nothing() {
    let shown_json = |value: &str| {
        let text = format!("{{\"type\":\"ok\",\"value\":{value}}}");
        read_bytes(text.as_bytes(), &ReadOptions::default()).map(|read| shown(&read)).map_err(|error| error.column)
    };
    for (value, expected) in [
        ("[]", "[]"),
        ("[0]", "[0]"),
        ("[1,2, 3 ,4,\n5,\t6]", "[1 2 3 4 5 6]"),
        (
            "[999999999,1000000000,9999999999,12345678901234567890]",
            "[999999999 1000000000 9999999999 12345678901234567890N]",
        ),
        ("[1,-2,3]", "[1 -2 3]"),
        ("[1,2.5,3]", "[1 2.5 3]"),
        ("[1,1e2]", "[1 100.0]"),
        ("[1,\"a\",[2,3],{\"b\":[4]}]", "[1 \"a\" [2 3] {:b [4]}]"),
    ] {
        assert_eq!(shown_json(value).as_deref(), Ok(expected), "{value}");
    }
    for (value, column) in
        [("[1,]", 25), ("[1,2,]", 27), ("[01]", 23), ("[1,02]", 25), ("[1 2]", 25), ("[,1]", 23), ("[1,2}", 26)]
    {
        assert_eq!(shown_json(value), Err(column), "{value}");
    }
    let shown_edn = |value: &str| shown(&edn(&format!("{{:type :ok :value {value}}}")));
    for (value, expected) in [
        ("[1 2,3, 4  5;c\n6]", "[1 2 3 4 5 6]"),
        ("(1 2 #_3 4N 1000000000 12/4 +5 0x6)", "[1 2 4 1000000000 3 5 6]"),
        ("#{1 1 1}", "#{1}"),
        ("[1 2[3]4]", "[1 2 [3] 4]"),
        ("[1 ]", "[1]"),
    ] {
        assert_eq!(shown_edn(value), expected, "{value}");
    }
    for malformed in [
        "{:type :ok :value [1 02]}",
        "{:type :ok :value [1 2)}",
        "{:type :ok :value #{1 2]}",
        "{:type :ok :value [1 2a]}",
    ] {
        let options = ReadOptions { format: Some(Format::Edn), ..ReadOptions::default() };
        assert!(read_bytes(malformed.as_bytes(), &options).is_err(), "{malformed}");
    }
}

/// Fields in another order, twice, or with names that begin alike.
#[test]
fn fields_are_found_wherever_they_stand() {
    let one = "{\"type\":\"invoke\",\"process\":1,\"f\":\"read\",\"value\":1,\"node\":\"n1\"}";
    let other = "{\"process\" : 1 , \"typed\":2, \"type\" :\"ok\",\"fn\":\"x\",\"f\":\"read\",\"values\":1,\"value\":2,\"value\":3}";
    let lines = [one, one, other, one, other, other].join("\n");
    let read = recording(&lines);
    let values: Vec<_> = read.events().map(|event| read.values().get(event.value)).collect();
    assert_eq!(values, [1, 1, 3, 1, 3, 3].map(Value::Int));
    let extras: Vec<_> = read.extra_fields(2).map(|field| field.text).collect();
    assert_eq!(extras, ["2", "\"x\"", "1"]);
    let repeated = read.notes().iter().find(|note| note.leniency == Leniency::RepeatedField).map(|note| note.count);
    assert_eq!(repeated, Some(3));
    let one = "{:type :invoke :process 1 :f :read :value 1}";
    let other = "{:process 1 :typed 2 :type :ok :fn :x :f :read :values 1 :value 2, :value 3}";
    let forms = edn(&[one, one, other, one, other, other].join("\n"));
    let values: Vec<_> = forms.events().map(|event| forms.values().get(event.value)).collect();
    assert_eq!(values, [1, 1, 3, 1, 3, 3].map(Value::Int));
}
