//! What was acknowledged survives the death of the process.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use onesoup::store::{Store, write::Write};

use crate::samples::*;

/// Tells this program, run again by itself, which store to write to.
const CHILD_STORE: &str = "ONESOUP_TEST_CHILD_STORE";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let store = store_with_kim().await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        acknowledged.extend(killed_after(&store.url, round, 150));
        // A store that was open all the time sees it at once.
        let mut found: Vec<i64> =
            store.letters(&address("kim"), 100_000).await.unwrap().iter().map(|it| it.id).collect();
        found.sort_unstable();
        for id in &acknowledged {
            assert!(found.binary_search(id).is_ok(), "letter {id} was acknowledged and is lost");
            let transaction = id.to_string();
            let answer = store.answer("s1", &transaction).await.unwrap();
            assert!(answer.is_some(), "the unit of letter {id} was done by half");
        }
    }
    let again = Store::open(&store.url, clock()).await.unwrap();
    let found = again.mailbox_size(&address("kim")).await.unwrap().letters;
    assert!(found as usize >= acknowledged.len());
    again.ping_write().await.unwrap();
}

/// Lets a child write until it has acknowledged `count` letters, then kills it.
fn killed_after(url: &str, round: i64, count: usize) -> Vec<i64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::the_child_that_is_killed", "--ignored", "--nocapture"])
        .env(CHILD_STORE, format!("{round} {url}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let ids = output.lines().filter_map(|line| line.unwrap().strip_prefix("done ")?.parse().ok());
    let acknowledged: Vec<i64> = ids.take(count).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(acknowledged.len(), count);
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs only as the child of another test"]
async fn the_child_that_is_killed() {
    let Ok(told) = std::env::var(CHILD_STORE) else { return };
    let (round, url) = told.split_once(' ').unwrap();
    let first = round.parse::<i64>().unwrap() * 1_000_000;
    let store = Store::open(url, clock()).await.unwrap();
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let id = first + number * 8 + writer;
                let unit = vec![
                    Write::PutLetter(letter(id, "kim", "x")),
                    Write::PutAnswer(answer("s1", &id.to_string(), b"ok")),
                ];
                store.commit(unit).await.unwrap();
                println!("done {id}");
            }
        })
    });
    futures::future::join_all(writers).await;
}
