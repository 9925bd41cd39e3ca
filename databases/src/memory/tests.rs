//! The store keeps its promises; each planted bug breaks one, as its clients can see.

use super::*;
use crate::open;
use cluster::Recorder;
use history::{LockOp, LockRet, RegisterOp, RegisterRet, SetOp, SetRet};
use std::net::{IpAddr, Ipv4Addr};
use tokio::time::{Instant, sleep, timeout};

const SEED: u64 = 7;

fn node() -> Node {
    Node::new("n1", IpAddr::V4(Ipv4Addr::LOCALHOST), Arc::new(Recorder::new("n1", Arc::default())))
}

async fn register(database: &dyn Database) -> Box<dyn Client<Register>> {
    database.registers().expect("it has registers").connect(&node()).await.unwrap()
}

async fn set(database: &dyn Database) -> Box<dyn Client<Set>> {
    database.sets().expect("it has a set").connect(&node()).await.unwrap()
}

async fn lock(database: &dyn Database) -> Box<dyn Client<Lock>> {
    database.locks().expect("it has locks").connect(&node()).await.unwrap()
}

async fn read(client: &mut Box<dyn Client<Register>>, key: u64) -> Option<i64> {
    match client.invoke(&RegisterOp::Read { key }).await.unwrap() {
        RegisterRet::Value(value) => value,
        RegisterRet::Done => panic!("a read answers a value"),
    }
}

async fn write(client: &mut Box<dyn Client<Register>>, key: u64, value: i64) {
    assert_eq!(client.invoke(&RegisterOp::Write { key, value }).await, Ok(RegisterRet::Done));
}

async fn cas(client: &mut Box<dyn Client<Register>>, key: u64, expected: i64, new: i64) -> Result<(), ClientError> {
    client.invoke(&RegisterOp::Cas { key, expected, new }).await.map(drop)
}

async fn elements(client: &mut Box<dyn Client<Set>>) -> Vec<i64> {
    match client.invoke(&SetOp::Read).await.unwrap() {
        SetRet::Elements(elements) => elements,
        SetRet::Done => panic!("a read answers elements"),
    }
}

async fn add(client: &mut Box<dyn Client<Set>>, element: i64) {
    assert_eq!(client.invoke(&SetOp::Add { element }).await, Ok(SetRet::Done));
}

/// Writes 1 and then 2 to each of many registers by one client, and returns what five reads of each found.
async fn reads_after_two_writes(spec: &str) -> Vec<Vec<Option<i64>>> {
    let database = open(spec, SEED).unwrap();
    let mut client = register(&*database).await;
    let mut found = Vec::new();
    for key in 0..1_000 {
        write(&mut client, key, 1).await;
        write(&mut client, key, 2).await;
        let mut reads = Vec::new();
        for _ in 0..5 {
            reads.push(read(&mut client, key).await);
        }
        found.push(reads);
    }
    found
}

#[tokio::test]
async fn without_a_bug_registers_hold_what_was_written() {
    let database = open("memory", SEED).unwrap();
    let mut client = register(&*database).await;
    assert_eq!(read(&mut client, 1).await, None);
    assert_eq!(cas(&mut client, 1, 0, 5).await, Err(ClientError::Definite("value was not 0".into())));
    write(&mut client, 1, 3).await;
    assert_eq!(cas(&mut client, 1, 3, 4).await, Ok(()));
    assert_eq!(cas(&mut client, 1, 3, 5).await, Err(ClientError::Definite("value was not 3".into())));
    assert_eq!(read(&mut register(&*database).await, 1).await, Some(4));
    assert!(reads_after_two_writes("memory").await.iter().flatten().all(|value| *value == Some(2)));
}

#[tokio::test]
async fn without_a_bug_the_set_holds_each_element_once() {
    let database = open("memory", SEED).unwrap();
    let mut client = set(&*database).await;
    for element in [3, 1, 3] {
        add(&mut client, element).await;
    }
    assert_eq!(elements(&mut set(&*database).await).await, [3, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_compare_and_sets_from_one_value_one_succeeds() {
    let database = open("memory:latency=1ms", SEED).unwrap();
    write(&mut register(&*database).await, 0, 0).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..=20 {
        let mut client = register(&*database).await;
        tasks.spawn(async move {
            let mut won = Vec::new();
            for value in 0..20 {
                let new = if value == 19 { -number } else { value + 1 };
                let deadline = Instant::now() + Duration::from_secs(10);
                loop {
                    let seen = read(&mut client, 0).await.unwrap();
                    if seen != value
                        || cas(&mut client, 0, value, new).await.is_ok() && {
                            won.push(value);
                            true
                        }
                    {
                        break;
                    }
                    assert!(Instant::now() < deadline);
                }
            }
            won
        });
    }
    let mut won = tasks.join_all().await.concat();
    won.sort_unstable();
    let expected: Vec<i64> = (0..won.len() as i64).collect();
    assert_eq!(won, expected);
    assert!(!won.is_empty());
}

#[tokio::test]
async fn stale_read_returns_an_overwritten_value_once_in_a_while() {
    let found = reads_after_two_writes("memory:stale-read").await;
    let stale: Vec<_> = found.iter().filter(|reads| reads.contains(&Some(1))).collect();
    assert!((100..300).contains(&stale.len()), "{}", stale.len());
    assert!(found.iter().all(|reads| reads[0] != Some(1)), "the write was not settled before the first read");
    assert!(stale.iter().any(|reads| reads[4] == Some(2)), "the value itself is not lost");
}

#[tokio::test]
async fn lost_write_acknowledges_what_it_drops() {
    let found = reads_after_two_writes("memory:lost-write").await;
    let lost = found.iter().filter(|reads| reads.iter().all(|value| *value == Some(1))).count();
    assert!((5..60).contains(&lost), "{lost}");
}

#[tokio::test]
async fn duplicate_apply_brings_an_overwritten_value_back() {
    let found = reads_after_two_writes("memory:duplicate-apply").await;
    let back: Vec<_> = found.iter().filter(|reads| reads.contains(&Some(1))).collect();
    assert!((20..200).contains(&back.len()), "{}", back.len());
    for reads in back {
        let first = reads.iter().position(|value| *value == Some(1)).unwrap();
        assert!(reads[first..].iter().all(|value| *value == Some(1)), "{reads:?}: it stays");
    }
}

#[tokio::test]
async fn acknowledged_then_dropped_loses_what_was_seen() {
    let found = reads_after_two_writes("memory:acknowledged-then-dropped").await;
    let dropped = found.iter().filter(|reads| reads[0] == Some(2) && reads[4] != Some(2)).count();
    assert!((20..200).contains(&dropped), "{dropped}");
}

/// For each of many registers: 1 is written, and two clients compare-and-set it; returns which of them succeeded, and
/// what is read at the end.
async fn two_compare_and_sets_each(spec: &str) -> Vec<(bool, bool, Option<i64>)> {
    let database = open(spec, SEED).unwrap();
    let (mut first, mut second) = (register(&*database).await, register(&*database).await);
    let mut found = Vec::new();
    for key in 0..2_000 {
        write(&mut first, key, 1).await;
        let won = (cas(&mut first, key, 1, 2).await.is_ok(), cas(&mut second, key, 1, 3).await.is_ok());
        found.push((won.0, won.1, read(&mut first, key).await));
    }
    found
}

#[tokio::test]
async fn lost_update_lets_two_compare_and_sets_of_one_value_succeed() {
    let found = two_compare_and_sets_each("memory:lost-update").await;
    let both = found.iter().filter(|outcome| **outcome == (true, true, Some(3))).count();
    assert!((120..300).contains(&both), "{both}");
    assert!(two_compare_and_sets_each("memory").await.iter().all(|outcome| *outcome == (true, false, Some(2))));
}

/// Adds elements from 0 by one client, reads twice after each, and returns all reads.
async fn reads_of_a_growing_set(spec: &str) -> Vec<Vec<i64>> {
    let database = open(spec, SEED).unwrap();
    let mut client = set(&*database).await;
    let mut found = Vec::new();
    for element in 0..500 {
        add(&mut client, element).await;
        found.push(elements(&mut client).await);
        found.push(elements(&mut client).await);
    }
    found
}

#[tokio::test]
async fn each_bug_of_sets_breaks_a_set() {
    let sound = reads_of_a_growing_set("memory").await;
    let spoilt = |reads: &[Vec<i64>]| reads.iter().zip(&sound).filter(|(found, expected)| found != expected).count();
    assert_eq!(sound[999].len(), 500);

    let stale = reads_of_a_growing_set("memory:stale-read").await;
    assert!((300..700).contains(&spoilt(&stale)));
    assert!(stale[990..].iter().any(|elements| elements.len() == 500), "nothing is lost for good");

    let lost = reads_of_a_growing_set("memory:lost-write").await;
    assert!((470..500).contains(&lost[999].len()));

    let doubled = reads_of_a_growing_set("memory:duplicate-apply").await;
    assert!((501..530).contains(&doubled[999].len()));

    let dropped = reads_of_a_growing_set("memory:acknowledged-then-dropped").await;
    let is_dropped = |element: &i64| !dropped[999].contains(element) && dropped.iter().flatten().any(|e| e == element);
    assert!((1..30).contains(&(0..500).filter(is_dropped).count()));
}

#[tokio::test]
async fn a_bug_is_refused_for_data_that_it_does_not_concern() {
    let database = open("memory:lost-update", SEED).unwrap();
    assert!(database.registers().is_some() && database.sets().is_none() && database.locks().is_none());
    assert!(open("memory:stale-read", SEED).unwrap().locks().is_none());
    let options = Options { bug: Some(Bug::LostUpdate), ..Options::default() };
    let refused = Connect::<Set>::connect(&Memory::new(options, SEED), &node()).await.err();
    let reason = "memory:lost-update is a bug of register, it does not concern a set";
    assert_eq!(refused, Some(ClientError::Definite(reason.into())));
}

#[tokio::test(start_paused = true)]
async fn flaky_writes_are_done_at_once_or_later_or_never() {
    let database = open("memory:flaky=1", SEED).unwrap();
    let mut client = register(&*database).await;
    for key in 0..400 {
        let error = client.invoke(&RegisterOp::Write { key, value: 1 }).await.unwrap_err();
        assert!(matches!(error, ClientError::Indefinite(_)));
    }
    let at_once = count_written(&mut client).await;
    sleep(Duration::from_millis(300)).await;
    let later = count_written(&mut client).await;
    assert!((60..140).contains(&at_once), "{at_once}");
    assert!((160..240).contains(&later), "{later}");
}

async fn count_written(client: &mut Box<dyn Client<Register>>) -> usize {
    let mut count = 0;
    for key in 0..400 {
        count += usize::from(read(client, key).await.is_some());
    }
    count
}

#[tokio::test]
async fn the_share_of_flaky_additions_is_the_one_asked_for() {
    let database = open("memory:flaky=0.1", SEED).unwrap();
    let mut client = set(&*database).await;
    let mut unanswered = 0;
    for element in 0..2_000 {
        unanswered += u32::from(client.invoke(&SetOp::Add { element }).await.is_err());
    }
    assert!((120..280).contains(&unanswered), "{unanswered}");
}

#[tokio::test(start_paused = true)]
async fn latency_is_the_mean_time_to_an_answer() {
    let database = open("memory:latency=20ms", SEED).unwrap();
    let mut client = register(&*database).await;
    let start = Instant::now();
    for key in 0..200 {
        write(&mut client, key, 1).await;
    }
    let mean = start.elapsed() / 200;
    assert!((Duration::from_millis(16)..Duration::from_millis(25)).contains(&mean), "{mean:?}");
}

const ACQUIRE: LockOp = LockOp::Acquire { key: 1 };
const REFRESH: LockOp = LockOp::Refresh { key: 1 };
const RELEASE: LockOp = LockOp::Release { key: 1 };

fn expired<T>() -> Result<T, ClientError> {
    Err(ClientError::Definite("lease expired".into()))
}

#[tokio::test(start_paused = true)]
async fn a_lock_passes_on_when_it_is_released_or_its_lease_runs_out() {
    let database = open("memory", SEED).unwrap();
    let (mut first, mut second) = (lock(&*database).await, lock(&*database).await);
    assert_eq!(first.invoke(&ACQUIRE).await, Ok(LockRet::Acquired { token: 1 }));
    assert!(timeout(Duration::from_millis(2_900), second.invoke(&ACQUIRE)).await.is_err(), "it is held");
    assert_eq!(first.invoke(&REFRESH).await, Ok(LockRet::Done));
    assert!(timeout(Duration::from_millis(2_900), second.invoke(&ACQUIRE)).await.is_err(), "its lease was extended");
    assert_eq!(second.invoke(&ACQUIRE).await, Ok(LockRet::Acquired { token: 2 }));
    assert_eq!(first.invoke(&REFRESH).await, expired());
    assert_eq!(first.invoke(&RELEASE).await, expired());
    assert_eq!(first.invoke(&LockOp::Write { value: 1 }).await, Ok(LockRet::Done));
    let waiter = tokio::spawn(async move { first.invoke(&ACQUIRE).await });
    sleep(Duration::from_millis(100)).await;
    assert_eq!(second.invoke(&RELEASE).await, Ok(LockRet::Done));
    let acquired = timeout(Duration::from_millis(1), waiter).await.expect("a release wakes the next");
    assert_eq!(acquired.unwrap(), Ok(LockRet::Acquired { token: 3 }));
}

#[tokio::test(start_paused = true)]
async fn a_planted_bug_gives_a_lock_away_under_a_live_lease() {
    let database = open("memory:acknowledged-then-dropped", SEED).unwrap();
    let (mut first, mut second) = (lock(&*database).await, lock(&*database).await);
    first.invoke(&ACQUIRE).await.unwrap();
    let waiter = tokio::spawn(async move { second.invoke(&ACQUIRE).await });
    let mut refreshed = 0;
    while !waiter.is_finished() && refreshed < 20 {
        assert_eq!(first.invoke(&REFRESH).await, Ok(LockRet::Done));
        refreshed += 1;
        sleep(Duration::from_millis(400)).await;
    }
    assert!(waiter.is_finished(), "a waiter was never let in");
    assert_eq!(waiter.await.unwrap(), Ok(LockRet::Acquired { token: 2 }));
    assert_eq!(first.invoke(&REFRESH).await, Ok(LockRet::Done), "the first is not told");
}
