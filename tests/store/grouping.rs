//! Many units share a commit, and none suffers for another.

use onesoup::{
    base::counters::Counter,
    domain::contact::{Scope, Watch},
    store::{error::StoreError, write::Write},
};

use crate::samples::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_commits_share_transactions() {
    let store = store_with_kim().await;
    let before = Counter::CommittedUnits.value();
    let commits = {
        let before = Counter::Commits.value();
        let all: Vec<_> = (0..1000)
            .map(|id| store.submit(vec![Write::PutLetter(letter(id, "kim", "x"))]))
            .collect();
        for done in all {
            done.await.unwrap();
        }
        Counter::Commits.value() - before
    };
    assert!(commits < 500, "{commits} transactions, those of other tests included");
    assert!(Counter::CommittedUnits.value() - before >= 1000);
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap().letters, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_fails_fails_alone() {
    let store = store_with_kim().await;
    let watch = || Watch { scope: Scope::Default, attributes: vec![], told: 0 };
    let bad = |id| {
        store.submit(vec![
            Write::PutLetter(letter(id, "kim", "half")),
            Write::PutWatch { session: "nobody".into(), watch: watch() },
        ])
    };
    let good = |id| store.submit(vec![Write::PutLetter(letter(id, "kim", "whole"))]);
    let all = [good(1), good(2)];
    let failed = [bad(3), bad(4)];
    let more = [good(5)];
    for done in all.into_iter().chain(more) {
        done.await.unwrap();
    }
    for done in failed {
        assert!(matches!(done.await, Err(StoreError::Conflict(_))));
    }
    let left: Vec<_> =
        store.letters(&address("kim"), 9).await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(left, [1, 2, 5]);
}

#[tokio::test]
async fn of_two_who_want_a_name_one_gets_it() {
    let store = empty_store().await;
    let letter_of = |id| vec![Write::PutLetter(letter(id, "kim", "welcome"))];
    let (first, second) = tokio::join!(
        store.create_account(account("kim"), letter_of(1)),
        store.create_account(account("kim"), letter_of(2)),
    );
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap().letters, 1);
}

#[tokio::test]
async fn what_was_submitted_before_is_there_before() {
    let store = store_with_kim().await;
    // The first is not waited for: it is queued all the same, and before the second.
    drop(store.submit(vec![Write::PutSession(Box::new(session("s1", "kim")))]));
    let watch = Watch { scope: Scope::Default, attributes: vec![], told: 0 };
    store.commit(vec![Write::PutWatch { session: "s1".into(), watch }]).await.unwrap();
    assert_eq!(store.watches("s1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_queue_says_so_and_recovers() {
    let store = store_with_kim().await;
    // One thread: the writer cannot run before the first wait.
    let all: Vec<_> = (0..10_000)
        .map(|id| {
            store.submit(vec![Write::PutOutbox { id, wire: String::new(), at: clock().now() }])
        })
        .collect();
    let (mut done, mut refused) = (0, 0);
    for one in all {
        match one.await {
            Ok(()) => done += 1,
            Err(StoreError::Busy(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(done >= 8192 && refused > 0, "{done} done, {refused} refused");
    assert_eq!(store.statistics().await.unwrap().outbox, done);
    store.commit(vec![Write::DropOutbox { ids: (0..10_000).collect() }]).await.unwrap();
    assert_eq!(store.statistics().await.unwrap().outbox, 0);
}

#[tokio::test]
async fn a_closed_store_has_written_all_and_takes_no_more() {
    let store = store_with_kim().await;
    let all: Vec<_> =
        (0..500).map(|id| store.submit(vec![Write::PutLetter(letter(id, "kim", "x"))])).collect();
    store.close().await;
    for done in all {
        done.await.unwrap();
    }
    assert_eq!(store.ping_write().await, Err(StoreError::Closed));
    assert_eq!(store.account(&address("kim")).await, Err(StoreError::Closed));
    let again = onesoup::store::Store::open(&store.url, clock()).await.unwrap();
    assert_eq!(again.mailbox_size(&address("kim")).await.unwrap().letters, 500);
    store.close().await;
}
