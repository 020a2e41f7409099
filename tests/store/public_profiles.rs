//! Public profiles, and finding those who have one.

use onesoup::{
    domain::{
        account::AccountState,
        address::Address,
        public_profile::{Criterion, Entry, Fact, PublicProfile},
    },
    store::{entities::EntityKind, write::Write},
};

use crate::samples::{ODD_TEXTS, TestStore, account, address, empty_store, store_with_kim};

fn named(name: &str) -> Option<Box<PublicProfile>> {
    PublicProfile { friendly_name: Some(name.to_owned()), ..PublicProfile::default() }.boxed()
}

fn entry(fact: Fact, text: &str, is_whole: bool) -> Entry {
    Entry { fact, text: text.to_owned(), is_whole }
}

fn tells(name: &str, entries: Vec<Entry>) -> Write {
    Write::SetPublicProfile { account: address(name), profile: named(name), entries }
}

async fn found(store: &TestStore, criteria: &[Criterion], most: u32) -> Vec<String> {
    let found = store.found(&Address::of("eve", "far.test"), criteria, most).await.unwrap();
    found.iter().map(|found| found.address.name().unwrap().to_owned()).collect()
}

fn text(fact: Fact, text: &str) -> Criterion {
    Criterion::Text(fact, text.to_owned())
}

#[tokio::test]
async fn a_public_profile_survives_and_is_taken_back() {
    let store = store_with_kim().await;
    for odd in ODD_TEXTS {
        let profile = named(odd);
        let entries = vec![entry(Fact::City, odd, false), entry(Fact::Email, odd, true)];
        let write = Write::SetPublicProfile {
            account: address("kim"),
            profile: profile.clone(),
            entries: entries.clone(),
        };
        store.commit(vec![write]).await.unwrap();
        let person = store.person(&address("kim")).await.unwrap().unwrap();
        assert_eq!(person.public_profile.map(Box::new), profile);
        for fact in [Fact::City, Fact::Email] {
            assert_eq!(found(&store, &[text(fact, odd)], 9).await.len(), 1, "{fact:?} {odd:?}");
        }
    }
    let nothing =
        Write::SetPublicProfile { account: address("kim"), profile: None, entries: Vec::new() };
    store.commit(vec![nothing]).await.unwrap();
    assert_eq!(store.person(&address("kim")).await.unwrap().unwrap().public_profile, None);
    assert_eq!(found(&store, &[], 9).await.len(), 0);
}

#[tokio::test]
async fn all_criteria_must_hold_in_part_or_whole() {
    let store = empty_store().await;
    for name in ["ada", "bob", "cam", "quiet"] {
        store.create_account(account(name), vec![]).await.unwrap();
    }
    let city = |city| entry(Fact::City, city, false);
    let age = |age| entry(Fact::Age, age, true);
    let whole = entry(Fact::Email, "bob@x.test", true);
    store
        .commit(vec![
            tells("ada", vec![city("turku"), age("36")]),
            tells("bob", vec![city("turku centre"), age("9"), whole]),
            tells("cam", vec![city("oslo"), age("100")]),
        ])
        .await
        .unwrap();
    let (turku, from, to) =
        (text(Fact::City, "turku"), Criterion::AgeFrom(10), Criterion::AgeTo(50));
    let address = |name| Criterion::Address(address(name));
    for (criteria, expected) in [
        (vec![turku.clone()], &["ada", "bob"][..]),
        (vec![text(Fact::City, "rku")], &["ada", "bob"]),
        (vec![text(Fact::City, "%")], &[]),
        (vec![text(Fact::Country, "turku")], &[]),
        (vec![text(Fact::Email, "bob@x.test")], &["bob"]),
        (vec![text(Fact::Email, "bob")], &[]),
        (vec![from.clone()], &["ada", "cam"]),
        (vec![to.clone()], &["ada", "bob"]),
        (vec![from.clone(), to.clone(), turku.clone()], &["ada"]),
        (vec![address("cam")], &["cam"]),
        (vec![address("cam"), turku.clone()], &[]),
        (vec![address("quiet")], &[]),
        (vec![turku.clone(); 100], &["ada", "bob"]),
    ] {
        assert_eq!(found(&store, &criteria, 9).await, expected, "{criteria:?}");
    }
    assert_eq!(found(&store, &[turku], 1).await, ["ada"]);
}

#[tokio::test]
async fn who_blocks_or_is_suspended_or_gone_is_not_found() {
    let store = empty_store().await;
    let names = ["blocker", "blocksdomain", "choosy", "choosyofeve", "free", "gone", "suspended"];
    for name in names {
        store.create_account(account(name), vec![]).await.unwrap();
        store.commit(vec![tells(name, Vec::new())]).await.unwrap();
    }
    let put = |name: &str, kind, entity: &str| Write::PutEntity {
        account: address(name),
        kind,
        entity: Address::canonical(entity),
        spelling: entity.into(),
    };
    let set = |name: &str, block, grant| Write::SetBlocking {
        account: address(name),
        block_list_in_use: block,
        grant_list_in_use: grant,
    };
    store
        .commit(vec![
            put("blocker", EntityKind::Block, "eve@far.test"),
            set("blocker", true, false),
            put("blocksdomain", EntityKind::Block, "far.test"),
            set("blocksdomain", true, false),
            set("choosy", false, true),
            put("choosyofeve", EntityKind::Grant, "eve@far.test"),
            set("choosyofeve", false, true),
            put("free", EntityKind::Block, "eve@far.test"),
            Write::SetAccountState {
                account: address("suspended"),
                state: AccountState::Suspended,
            },
            Write::DropAccount(address("gone")),
        ])
        .await
        .unwrap();
    assert_eq!(found(&store, &[], 9).await, ["choosyofeve", "free"]);
    // Of an account that is gone nothing is kept.
    store.commit(vec![tells("gone", vec![entry(Fact::City, "x", false)])]).await.unwrap();
    assert_eq!(found(&store, &[text(Fact::City, "x")], 9).await.len(), 0);
}
