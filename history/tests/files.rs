//! Files and directories, the formats that this project writes itself, and nesting up to the limit.

use history::{
    DataType, EventWriter, Format, History, Lock, LockOp, LockRet, Moment, Outcome, Process, ReadError, ReadOptions,
    Register, RegisterOp, RegisterRet, Set, SetOp, SetRet, Time, read, read_bytes, write,
};

/// A journal as a run writes it: each operation on a process of its own, and the last one never answered.
fn journal<D: DataType>(operations: &[(D::Op, Outcome<D::Ret>)]) -> String {
    let mut writer = EventWriter::default();
    for (at, (op, outcome)) in operations.iter().enumerate() {
        let moment = |index: usize| Moment { index: index as u64, time: Time(index as u64 * 10) };
        let (process, node) = (Process(at as u64), ["n1", "n2"][at % 2]);
        writer.invocation::<D>(moment(2 * at), process, node, op);
        if at + 1 < operations.len() {
            writer.completion::<D>(moment(2 * at + 1), process, node, op, outcome);
        }
    }
    String::from_utf8(writer.bytes().to_vec()).expect("journals are text")
}

fn is_read_alike<D: DataType>(operations: &[(D::Op, Outcome<D::Ret>)]) {
    let text = journal::<D>(operations);
    for text in [&text[..], &text[..text.len() - 9]] {
        let recording = read_bytes(text.as_bytes(), &ReadOptions::default()).expect("a journal is read");
        let typed = History::<D>::parse(text).expect("a journal is parsed");
        assert_eq!(History::<D>::from_recording(&recording).expect("a journal is decoded"), typed);
        let mut edn = Vec::new();
        write(&recording, Format::Edn, &mut edn).expect("memory takes everything");
        let mut again = History::<D>::from_recording(&read_bytes(&edn, &ReadOptions::default()).expect("EDN is read"));
        again.as_mut().expect("EDN is decoded").torn = typed.torn;
        assert_eq!(again.as_ref(), Ok(&typed));
    }
}

fn unanswered<R>() -> Outcome<R> {
    Outcome::Info("timeout".to_owned())
}

#[test]
fn our_own_journals_are_understood_as_the_typed_reader_understands_them() {
    is_read_alike::<Register>(&[
        (RegisterOp::Write { key: 1, value: -5 }, Outcome::Ok(RegisterRet::Done)),
        (RegisterOp::Read { key: 2 }, Outcome::Ok(RegisterRet::Value(None))),
        (RegisterOp::Read { key: 1 }, Outcome::Ok(RegisterRet::Value(Some(5_000_000_000)))),
        (RegisterOp::Cas { key: 1, expected: 1, new: 2 }, Outcome::Fail("it held 3".to_owned())),
        (RegisterOp::Write { key: 1, value: 4 }, Outcome::Info("a \"quoted\" error\n".to_owned())),
        (RegisterOp::Write { key: 1, value: 4 }, unanswered()),
    ]);
    is_read_alike::<Set>(&[
        (SetOp::Add { element: 3 }, Outcome::Ok(SetRet::Done)),
        (SetOp::Read, Outcome::Ok(SetRet::Elements(vec![3, 3, 9]))),
        (SetOp::Read, Outcome::Ok(SetRet::Elements(Vec::new()))),
        (SetOp::Add { element: 4 }, unanswered()),
    ]);
    is_read_alike::<Lock>(&[
        (LockOp::Acquire { key: 0 }, Outcome::Ok(LockRet::Acquired { token: 33 })),
        (LockOp::Refresh { key: 0 }, Outcome::Ok(LockRet::Done)),
        (LockOp::Write { value: 7 }, Outcome::Ok(LockRet::Done)),
        (LockOp::Release { key: 0 }, unanswered()),
    ]);
}

#[test]
fn a_file_is_refused_with_its_name_line_and_column() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let path = folder.path().join("history.jsonl");
    let absent = read(&path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(absent, ReadError::File { .. }) && absent.to_string().contains("history.jsonl"), "{absent}");
    std::fs::write(&path, "{\"type\":\"ok\"}\n{\"type\":\"okay\"}\n").expect("a file is written");
    let malformed = read(&path, &ReadOptions::default()).unwrap_err().to_string();
    let expected = format!("{}:2:9: expected `type` to be invoke, ok, fail or info, not `\"okay\"}}`", path.display());
    assert_eq!(malformed, expected);
}

#[test]
fn the_directory_of_a_run_and_an_empty_file_are_read() {
    let folder = tempfile::tempdir().expect("a folder is made");
    std::fs::write(folder.path().join("history.jsonl"), "").expect("a file is written");
    assert!(read(folder.path(), &ReadOptions::default()).expect("it is read").is_empty());
    let tuples = "{:process 0 :type :invoke :f :read :value [1 nil]}";
    std::fs::write(folder.path().join("history.jsonl"), tuples).expect("a file is written");
    let options = ReadOptions { independent: true, ..ReadOptions::default() };
    let recording = read(folder.path(), &options).expect("it is read");
    assert_eq!(recording.format(), Format::Edn);
    assert!(recording.event(0).key.is_some());
}

#[test]
fn what_nests_up_to_the_limit_is_written_and_compared() {
    for (open, close) in [("[", "]"), ("#{", "}"), ("{:a ", "}"), ("#a ", "")] {
        let text = format!("{{:type :ok :value {}1{}}}", open.repeat(500), close.repeat(500));
        let recording = read_bytes(text.as_bytes(), &ReadOptions::default()).expect("it is read");
        for format in [Format::Edn, Format::JsonLines] {
            let mut written = Vec::new();
            write(&recording, format, &mut written).expect("memory takes everything");
            assert!(read_bytes(&written, &ReadOptions::default()).expect("it is read") == recording);
        }
    }
}

/// Found by hand: a packed file whose bytes happen to be text was an empty history with a torn line.
#[test]
fn what_is_no_text_is_refused_by_its_name() {
    for (bytes, name) in [
        (&b"\x1f\x8b\x08\x00"[..], "gzip"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\0\0", "xz"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (b"PK\x03\x04\x14", "zip"),
        (b"JEPSEN\0\0\0\x01", "test.jepsen"),
        (b"\xff\xfe{\0", "UTF-16"),
    ] {
        let error = read_bytes(bytes, &ReadOptions::default()).expect_err(name);
        assert_eq!((error.line, error.column), (1, 1));
        assert!(error.expected.contains(name), "{error}");
    }
}

#[test]
fn a_line_of_prose_is_no_torn_history() {
    for text in ["hello", "hello world", "see jepsen.util", "0\t:inv"] {
        let read = read_bytes(text.as_bytes(), &ReadOptions { format: Some(Format::Text), ..ReadOptions::default() });
        assert!(read.is_err(), "{text}");
    }
    let torn = read_bytes(b"0\t:invoke\t:read\tnil\n0\t:o", &ReadOptions::default()).expect("one line is whole");
    assert!(torn.is_torn() && torn.len() == 1);
}

/// Each file holds the same write and read, whatever its line ends, byte order mark, enclosure and order of fields.
#[test]
fn one_history_however_the_file_is_made() {
    let edn = "{:index 0, :type :invoke, :process 0, :f :write, :value 1}\n{:index 1, :type :ok, :process 0, :f :write, :value 1}\n";
    let json = "{\"index\":0,\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":1}\n{\"index\":1,\"type\":\"ok\",\"process\":0,\"f\":\"write\",\"value\":1}\n";
    let expected = read_bytes(edn.as_bytes(), &ReadOptions::default()).expect("it is read");
    assert_eq!(expected.len(), 2);
    let in_windows = |text: &str| text.replace('\n', "\r\n");
    for text in [
        json.to_owned(),
        in_windows(edn),
        in_windows(json),
        format!("\u{feff}{edn}"),
        format!("\u{feff}{json}"),
        format!("\u{feff}[{}]", in_windows(edn)),
        format!("({edn}) ; the end"),
        format!("\r\n[{}]\r\n", json.replacen("}\n", "},", 1)),
        edn.replace("{:index", "#jepsen.history.Op{:index"),
        edn.replace("{:index", "#knossos.op.Op {:index"),
        json.replace("\"index\":0,", "").replace("\"index\":1,", ""),
    ] {
        let read = read_bytes(text.as_bytes(), &ReadOptions::default()).unwrap_or_else(|e| panic!("{e} in {text}"));
        assert!(read == expected, "{text}");
    }
}

#[test]
fn a_file_without_events_is_an_empty_history_and_nothing_else_is() {
    for text in ["", " \n\r\n", "\u{feff}", "[]", "()", "; nothing\n", "nil", "nil\n", "[ ]\n", "#_{:type :ok}"] {
        let read = read_bytes(text.as_bytes(), &ReadOptions::default()).unwrap_or_else(|e| panic!("{e} in {text}"));
        assert!(read.is_empty(), "{text}");
    }
    for text in ["{}", "[nil]", "nil nil", "false", "[[]]", "{:type :ok} nil", "42", "[1 2]", "null", "{\"a\":1}"] {
        assert!(read_bytes(text.as_bytes(), &ReadOptions::default()).is_err(), "{text}");
    }
    let one = read_bytes(b"{:type :ok :process 0 :f :read :value 1}", &ReadOptions::default()).expect("it is read");
    assert_eq!(one.len(), 1);
}
