//! A store of its own for each test, and things to put into it.

use std::{ops::Deref, time::Duration};

use onesoup::{
    base::clock::{Clock, Millis},
    domain::{
        account::{Account, AccountState, StoredPassword},
        address::{Address, Device},
        contact::{Contact, ContactList, Member, Relation},
        mailbox::{Content, Letter, Message},
        personal::{Personal, Picture},
        presence::{Availability, Client, Presence},
        session::{Session, Terms, WakeUp},
    },
    store::{Store, answers::Answer},
};

/// Texts that have broken stores before.
pub(crate) const ODD_TEXTS: [&str; 9] = [
    "",
    "plain",
    "🦊 ünï \u{202e}rtl",
    "it's \"quoted\" \\ back",
    "nul\0inside",
    "line\r\n\ttab\u{1}",
    "'); DROP TABLE accounts; --",
    "[1,{\"a\":null}]",
    "12345678901234567890",
];

/// A store in a directory that goes with it.
pub(crate) struct TestStore {
    store: Store,
    /// How to open it once more.
    pub(crate) url: String,
    _directory: tempfile::TempDir,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Returns an empty store.
pub(crate) async fn empty_store() -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/deep/below/test.db", directory.path().display());
    let store = Store::open(&url, clock()).await.unwrap();
    TestStore { store, url, _directory: directory }
}

/// Returns a store with the accounts of kim and lee.
pub(crate) async fn store_with_kim() -> TestStore {
    let store = empty_store().await;
    for name in ["kim", "lee"] {
        assert!(store.create_account(account(name), vec![]).await.unwrap());
    }
    store
}

pub(crate) fn clock() -> Clock {
    Clock::by_hand(Millis(1_700_000_000_000))
}

pub(crate) fn address(name: &str) -> Address {
    Address::of(name, "onesoup.test")
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        address: address(name),
        state: AccountState::Active,
        password: StoredPassword::Sealed(vec![0, 1, 255]),
        block_list_in_use: false,
        grant_list_in_use: false,
        adds_mutually: false,
        created: Millis(5),
    }
}

pub(crate) fn letter(id: i64, name: &str, body: &str) -> Letter {
    let message = Message {
        sender: Device { account: address("lee"), resource: Some("phone".into()) },
        body: body.to_owned(),
        media_type: Some("text/x-odd".into()),
        sent: Millis(3),
        receipt: Some(body.to_owned()),
    };
    Letter {
        id,
        account: address(name),
        resource: None,
        received: Millis(4),
        expires: Some(Millis(1000 + id)),
        content: Content::Message(message),
    }
}

pub(crate) fn answer(session: &str, transaction: &str, body: &[u8]) -> Answer {
    Answer {
        session: session.into(),
        transaction: transaction.into(),
        content: None,
        body: body.to_vec(),
        at: Millis(100),
    }
}

pub(crate) fn session(id: &str, name: &str) -> Session {
    Session {
        id: id.into(),
        account: address(name),
        client_id: "imei:1".into(),
        resource: "phone".into(),
        cookie: "wv:cookie".into(),
        keep_alive: Duration::from_secs(7200),
        opened: Millis(1),
        expires: Millis(1000),
        terms: terms(),
        presence: presence("at home"),
    }
}

fn terms() -> Terms {
    Terms {
        version: "12".into(),
        handset: "any".into(),
        user_spelling: "wv:Kim".into(),
        login_transaction: "1".into(),
        remote: Some("2001:db8::1".parse().unwrap()),
        wake_ups: vec![WakeUp::Tcp, WakeUp::Udp(3717)],
        content_limit: Some(4096),
        refuses_pictures: false,
        transactions_per_message: 1,
        has_capabilities: true,
        has_services: false,
    }
}

pub(crate) fn presence(status: &str) -> Presence {
    Presence {
        is_online: true,
        availability: Availability::Chatty,
        status: Some(status.to_owned()),
        priority: -3,
        client: Some(Box::new(Client { model: Some(status.to_owned()), ..Client::default() })),
        personal: Some(Box::new(Personal {
            alias: Some(status.to_owned()),
            picture: Some(Picture {
                media_type: "image/gif".into(),
                base64: "R0lG".repeat(2000),
                ..Picture::default()
            }),
            ..Personal::default()
        })),
    }
}

pub(crate) fn contact(address: Address) -> Contact {
    let relation = Relation { to: true, pending_in: true, ..Relation::default() };
    Contact { relation, ..Contact::stranger(address) }
}

pub(crate) fn list(key: &str, members: &[&str]) -> ContactList {
    let member = |name: &&str| Member {
        address: address(name),
        spelling: format!("wv:{name}").into(),
        nickname: name.to_uppercase(),
    };
    ContactList {
        key: key.into(),
        spelling: format!("~/{key}").into(),
        display_name: key.to_uppercase(),
        is_default: key == "friends",
        members: members.iter().map(member).collect(),
    }
}
