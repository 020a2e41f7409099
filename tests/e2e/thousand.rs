//! A list of a thousand contacts, of whom three hundred are there, on each of the phones, read as
//! strictly as they read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compact_str::CompactString;
use onesoup::base::clock::Clock;
use onesoup::csp::{
    address::ListAddress, contact_list::ListManageRequest, document::Spelling,
    presence::GetPresenceRequest, primitive::Primitive, status::Code, version::Version,
};
use onesoup::domain::{
    address::Address,
    contact::{Contact, Member, Relation},
    presence::Presence,
};
use onesoup::phone::{
    event::{Event, Mood},
    handset::Habits,
    session::Phone,
    settings::PhoneSettings,
    trace::{Trace, Way},
};
use onesoup::store::{Store, write::Write};

use crate::support::phones::{self, PASSWORD};
use crate::support::server::{Server, Wishes};

const MEMBERS: usize = 1000;
const ONLINE: usize = 300;

/// What an exchange of messages cost.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    posts: usize,
    octets: usize,
    took: Duration,
}

/// A server on which these users have a thousand contacts elsewhere, whom they see.
async fn server(users: &[&str]) -> Server {
    let mut server = Server::start_alone(&Wishes::default());
    users.iter().for_each(|user| server.add_account(user, PASSWORD));
    server.kill();
    let path = server.config().with_file_name("onesoup.db");
    let url = format!("sqlite://{}", path.display());
    let store = Store::open(&url, Clock::system()).await.unwrap();
    for user in users {
        store.commit(contacts(&Address::of(user, "onesoup.test"))).await.unwrap();
    }
    store.close().await;
    server.run();
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    server
}

fn contact(number: usize) -> Address {
    Address::of(&format!("contact{number}"), "far.test")
}

fn contacts(account: &Address) -> Vec<Write> {
    let mut writes = Vec::new();
    for number in 0..MEMBERS {
        let address = contact(number);
        let member = Member {
            address: address.clone(),
            spelling: format!("wv:{address}").into(),
            nickname: format!("Contact number {number}"),
        };
        writes.push(Write::PutMember { account: account.clone(), key: "friends".into(), member });
        let relation = Relation { to: true, ..Relation::default() };
        let contact = Contact { relation, ..Contact::stranger(address.clone()) };
        writes.push(Write::PutContact { account: account.clone(), contact });
        if number < ONLINE {
            writes.push(Write::PutContactPresence {
                owner: account.clone(),
                contact: address,
                resource: "pc".into(),
                presence: Presence {
                    is_online: true,
                    status: Some(format!("busy with thing number {number}")),
                    ..Presence::default()
                },
                change: number as i64 + 1,
            });
        }
    }
    writes
}

/// Logs a phone in and lets it read all that it is told; returns it, who was told how often and
/// as what, and what that cost.
async fn started(settings: PhoneSettings) -> (Phone, BTreeMap<CompactString, Vec<Mood>>, Cost) {
    let cost = Arc::new(Mutex::new(Cost::default()));
    let counted = cost.clone();
    let trace = Trace::new(move |trip| {
        let mut cost = counted.lock().unwrap();
        match trip.way {
            Way::Out => cost.posts += 1,
            Way::In(_) => cost.octets += trip.body.len(),
        }
    });
    let mut phone = Phone::new(PhoneSettings { trace: Some(trace), ..settings }).unwrap();
    let begun = std::time::Instant::now();
    phone.login().await.unwrap();
    phone.start_up().await.unwrap();
    while phone.poll().await.unwrap() > 0 {}
    cost.lock().unwrap().took = begun.elapsed();
    let mut told: BTreeMap<CompactString, Vec<Mood>> = BTreeMap::new();
    while let Some(event) = phone.take_event() {
        if let Event::Presence(seen) = event {
            told.entry(seen.user).or_default().push(seen.mood);
        }
    }
    let cost = *cost.lock().unwrap();
    (phone, told, cost)
}

fn all_told_once(name: &str, told: &BTreeMap<CompactString, Vec<Mood>>) {
    assert_eq!(told.len(), MEMBERS, "{name}");
    for number in 0..MEMBERS {
        let mood = if number < ONLINE { Mood::Available } else { Mood::Offline };
        let user = CompactString::from(format!("wv:{}", contact(number)));
        assert_eq!(told[&user], [mood], "{name}: {user}");
    }
}

/// Has a phone read the list, and the presence of all, in one answer each.
async fn reads_all_at_once(name: &str, phone: &mut Phone, user: &str) {
    let list = ListAddress::new(Some(user), "friends", None);
    let request = Primitive::ListManageRequest(ListManageRequest::read_list(list.clone()));
    let Primitive::ListManageResponse(response) = phone.request(request).await.unwrap() else {
        panic!("{name}: a list");
    };
    let members = response.members.expect("the whole list").members;
    assert_eq!(members.len(), MEMBERS, "{name}");
    for (number, member) in members.iter().enumerate() {
        let expected = (format!("Contact number {number}"), format!("wv:{}", contact(number)));
        let read = (member.name.as_deref().unwrap_or_default(), member.user.as_written());
        assert_eq!(read, (expected.0.as_str(), expected.1.as_str()), "{name}");
    }
    let request = GetPresenceRequest { lists: vec![list], ..GetPresenceRequest::default() };
    let request = Primitive::GetPresenceRequest(request);
    let Primitive::GetPresenceResponse(response) = phone.request(request).await.unwrap() else {
        panic!("{name}: presence");
    };
    assert_eq!((response.result.code, response.presences.len()), (Code::OK, MEMBERS), "{name}");
}

#[tokio::test]
async fn an_s60_is_told_of_a_thousand_contacts_once_each() {
    let server = server(&["kim", "lee"]).await;
    for (user, version) in [("kim", Version::V1_1), ("lee", Version::V1_2)] {
        let usual = phones::settings(&server, Habits::S60, user);
        let (mut phone, told, cost) = started(PhoneSettings { version, ..usual }).await;
        eprintln!("s60 {}: {cost:?}", version.digits());
        all_told_once("s60", &told);
        // handset: S60 §3.4: it confirms each by a post of its own, and those bring the next.
        assert!(cost.posts <= MEMBERS + 30, "{cost:?}");
        assert!(cost.octets <= MEMBERS * 350, "{cost:?}");
        reads_all_at_once("s60", &mut phone, user).await;
    }
}

#[tokio::test]
async fn an_android_is_told_of_a_thousand_contacts_once_each_in_few_notifications() {
    let ways = [
        ("kim", Version::V1_1, Spelling::Wbxml),
        ("lee", Version::V1_2, Spelling::Wbxml),
        ("ann", Version::V1_3, Spelling::Wbxml),
        ("bob", Version::V1_2, Spelling::Xml),
    ];
    let users = ways.map(|(user, ..)| user);
    let server = server(&users).await;
    for (user, version, spelling) in ways {
        let usual = phones::settings(&server, Habits::ANDROID, user);
        let poll = Some(Duration::from_secs(3600));
        let settings = PhoneSettings { version, spelling, cir: None, poll, ..usual };
        let (mut phone, told, cost) = started(settings).await;
        let name = format!("android {} {spelling:?}", version.digits());
        eprintln!("{name}: {cost:?}");
        all_told_once(&name, &told);
        assert!(cost.posts <= MEMBERS / 3, "{name}: {cost:?}");
        if spelling == Spelling::Wbxml {
            assert!(cost.octets <= MEMBERS * 250, "{name}: {cost:?}");
        }
        reads_all_at_once(&name, &mut phone, user).await;
    }
}
