//! Random histories of transactions survive our own lines, JSON and EDN: the same operations and results come back from
//! each reader.

use history::{
    Bank, BankOp, BankRet, DataType, EventWriter, Format, History, ListAppend, Moment, Mop, Outcome, Predicate,
    Predicates, Process, ReadOptions, Reads, Rows, RwRegister, TableAsk, TableFound, TableMop, TableOp, TableRet, Time,
    Transfer, Txn, read_bytes, write,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SEEDS: u64 = 100;

/// Writes random operations, one after another, each with a random outcome.
fn lines<D: DataType>(rng: &mut ChaCha8Rng, draw: impl Fn(&mut ChaCha8Rng) -> (D::Op, D::Ret)) -> String {
    let mut writer = EventWriter::default();
    for number in 0..20u64 {
        let (op, ret) = draw(rng);
        let moment = |index| Moment { index, time: Time(100 * index) };
        let outcome = match rng.random_range(0..4) {
            0 => Outcome::Fail("no".to_owned()),
            1 => Outcome::Info("who knows".to_owned()),
            _ => Outcome::Ok(ret),
        };
        writer.invocation::<D>(moment(2 * number), Process(number), "n1", &op);
        writer.completion::<D>(moment(2 * number + 1), Process(number), "n1", &op, &outcome);
    }
    String::from_utf8(writer.bytes().to_vec()).unwrap()
}

fn survives<D: DataType>(draw: impl Fn(&mut ChaCha8Rng) -> (D::Op, D::Ret)) {
    for seed in 0..SEEDS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let lines = lines::<D>(&mut rng, &draw);
        let direct = History::<D>::parse(&lines).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{lines}"));
        let read = |bytes: &[u8], format| {
            let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
            read_bytes(bytes, &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
        };
        let json = read(lines.as_bytes(), Format::JsonLines);
        let mut edn = Vec::new();
        write(&json, Format::Edn, &mut edn).unwrap();
        for recording in [&json, &read(&edn, Format::Edn)] {
            let history = History::<D>::from_recording(recording);
            let text = String::from_utf8_lossy(&edn);
            let history = history.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
            assert_eq!(history, direct, "seed {seed}");
        }
    }
}

fn integer(rng: &mut ChaCha8Rng) -> i64 {
    let choices = [0, 1, -1, 7, 1 << 40, -(1 << 40), i64::MAX];
    choices[rng.random_range(0..choices.len())]
}

fn txn(rng: &mut ChaCha8Rng) -> Txn {
    (0..rng.random_range(0..5))
        .map(|_| {
            let key = [0, 3, 1 << 40][rng.random_range(0..3)];
            if rng.random_bool(0.5) { Mop::Read { key } } else { Mop::Write { key, value: integer(rng) } }
        })
        .collect()
}

fn of_reads<F>(txn: &Txn, mut found: impl FnMut() -> F) -> Reads<F> {
    Reads(txn.0.iter().filter(|mop| mop.is_read()).map(|_| found()).collect())
}

#[test]
fn lists_survive() {
    survives::<ListAppend>(|rng| {
        let txn = txn(rng);
        let ret = of_reads(&txn, || (0..rng.random_range(0..4)).map(|_| integer(rng)).collect());
        (txn, ret)
    });
}

#[test]
fn registers_survive() {
    survives::<RwRegister>(|rng| {
        let txn = txn(rng);
        let ret = of_reads(&txn, || rng.random_bool(0.7).then(|| integer(rng)));
        (txn, ret)
    });
}

#[test]
fn banks_survive() {
    survives::<Bank>(|rng| match rng.random_bool(0.5) {
        true => {
            let transfer = Transfer { from: rng.random_range(0..8), to: rng.random_range(0..8), amount: integer(rng) };
            (BankOp::Transfer(transfer), BankRet::Done)
        }
        false => (BankOp::Read, BankRet::Balances((0..8).map(|account| (account, integer(rng))).collect())),
    });
}

fn rows(rng: &mut ChaCha8Rng) -> Rows {
    (0..rng.random_range(0..4)).map(|row| (row, integer(rng))).collect()
}

fn table_mop(rng: &mut ChaCha8Rng) -> (TableMop, Option<TableFound>) {
    let (row, value) = (rng.random_range(0..9), integer(rng));
    let predicates = [Predicate::Any, Predicate::Equals(value), Predicate::Remainder { by: 3, is: 2 }];
    match rng.random_range(0..5) {
        0 => (TableMop::Insert { row, value }, None),
        1 => (TableMop::Delete { row }, None),
        2 => (TableMop::Write { row, value }, None),
        3 => (TableMop::Read { row }, Some(TableFound::Value(rng.random_bool(0.7).then_some(value)))),
        _ => (TableMop::Find(predicates[rng.random_range(0..3)]), Some(TableFound::Rows(rows(rng)))),
    }
}

#[test]
fn tables_survive() {
    survives::<Predicates>(|rng| {
        let table = rng.random_range(0..3);
        if rng.random_bool(0.2) {
            return (TableOp { table, ask: TableAsk::Init(rows(rng)) }, TableRet::default());
        }
        let (mops, found): (Vec<_>, Vec<_>) = (0..rng.random_range(0..5)).map(|_| table_mop(rng)).unzip();
        (TableOp { table, ask: TableAsk::Txn(mops) }, TableRet(found.into_iter().flatten().collect()))
    });
}

#[test]
fn what_elle_writes_is_understood() {
    let edn = "{:type :invoke, :process 0, :f :txn, :value [[:append 3 1] [:r 4 nil]]}\n\
               {:type :ok, :process 0, :f :txn, :value [[:append 3 1] [:r 4 [1 2]]]}\n";
    let recording = read_bytes(edn.as_bytes(), &ReadOptions::default()).unwrap();
    let history = History::<ListAppend>::from_recording(&recording).unwrap();
    assert_eq!(history.operations[0].op, Txn(vec![Mop::Write { key: 3, value: 1 }, Mop::Read { key: 4 }]));
    assert_eq!(history.operations[0].ok(), Some(&Reads(vec![vec![1, 2]])));
}

#[test]
fn the_files_are_those_of_the_field() {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut json = Vec::new();
    let op = Txn(vec![Mop::Write { key: 3, value: 7 }, Mop::Read { key: 4 }]);
    ListAppend::write_result(&op, &Reads(vec![vec![1, 2]]), &mut json);
    assert_eq!(text(std::mem::take(&mut json)), r#"[["append",3,7],["r",4,[1,2]]]"#);
    RwRegister::write_argument(&op, &mut json);
    assert_eq!(text(std::mem::take(&mut json)), r#"[["w",3,7],["r",4,null]]"#);
    Bank::write_argument(&BankOp::Transfer(Transfer { from: 0, to: 7, amount: 5 }), &mut json);
    assert_eq!(text(std::mem::take(&mut json)), r#"{"from":0,"to":7,"amount":5}"#);
    let mops = vec![TableMop::Delete { row: 1 }, TableMop::Find(Predicate::Remainder { by: 2, is: 1 })];
    let found = TableRet(vec![TableFound::Rows(Rows::from([(2, 5)]))]);
    Predicates::write_result(&TableOp { table: 0, ask: TableAsk::Txn(mops) }, &found, &mut json);
    assert_eq!(text(json), r#"[["delete",1],["rp",["mod",2,1],{"2":5}]]"#);
}

#[test]
fn a_result_that_is_not_of_the_invocation_is_refused() {
    let op = Txn(vec![Mop::Read { key: 4 }]);
    for result in [r#"[["r",5,null]]"#, r#"[["r",4,null],["r",4,null]]"#, "[]", r#"[["append",4,1]]"#] {
        let error = ListAppend::parse_ret(&op, result).unwrap_err();
        assert!(error.starts_with("the micro-operations of the invocation"), "{error}");
    }
    assert!(ListAppend::parse_op("txn", None, r#"[["w",4,1]]"#).unwrap_err().contains("`r` or `append`"));
    assert!(Predicates::parse_op("txn", Some(0), r#"[["rp",["mod",0,1],null]]"#).unwrap_err().contains("divisor"));
}
