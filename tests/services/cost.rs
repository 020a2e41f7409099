//! What a login and the like cost the store: as much for two hundred contacts as for five.

use std::time::Duration;

use onesoup::{
    csp::{
        presence::UpdatePresenceRequest,
        presence_access::{CreateAttributeListRequest, Watchers},
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    domain::{
        address::Address,
        contact::{Contact, Relation, Scope, Watch},
        view::View,
    },
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{
        iq::{Iq, Query},
        jid::Jid,
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use crate::world::{DOMAIN, Phone, World};

const FRIENDS: Relation =
    Relation { to: true, from: true, pending_out: false, pending_in: false, is_approved: false };

fn friend(address: Address) -> Contact {
    let accepted = Some(View::Everything);
    Contact { relation: FRIENDS, accepted, ..Contact::stranger(address) }
}

/// kim, whom all contacts watch who are ours, which is half of them.
struct Crowd {
    world: World,
    friends: Vec<Phone>,
}

impl Crowd {
    async fn of(contacts: usize) -> Self {
        let mut world = World::new().await;
        world.events.send(LinkEvent::Up).await.unwrap();
        let kim = world.account("kim").await;
        let mut friends = Vec::new();
        let mut writes = Vec::new();
        for number in 0..contacts {
            let address = if number % 2 == 0 {
                let own = world.account(&format!("friend{number}")).await;
                let phone = world.login(&format!("friend{number}"), "phone-1").await;
                let contact = friend(kim.clone());
                writes.push(Write::PutContact { account: own.clone(), contact });
                let (scope, told) = (Scope::Contact(kim.clone()), 0);
                let watch = Watch { scope, attributes: Vec::new(), told };
                writes.push(Write::PutWatch { session: phone.session.as_str().into(), watch });
                friends.push(phone);
                own
            } else {
                Address::of(&format!("friend{number}"), "far.test")
            };
            let contact = friend(address);
            writes.push(Write::PutContact { account: kim.clone(), contact });
        }
        world.services.store.commit(writes).await.unwrap();
        while world.link.try_recv().is_ok() {}
        Self { world, friends }
    }

    /// Has all friends be heard of, and what they wrote be on the disk.
    async fn rest(&mut self) {
        for friend in &self.friends {
            friend.fetch().await;
        }
        self.world.services.store.ping_write().await.unwrap();
        self.world.was_called("");
    }

    /// Counts the statements of what is done, which kim's friends must be told of.
    async fn cost<T>(&mut self, done: impl AsyncFnOnce(&World) -> T) -> (T, u64) {
        self.rest().await;
        let before = self.world.services.store.statements();
        let outcome = done(&self.world).await;
        let cost = self.world.services.store.statements() - before;
        let friend = &self.friends[0].session;
        assert!(self.world.was_called(friend), "the friend's phone is woken");
        (outcome, cost)
    }
}

fn status(text: &str) -> Primitive {
    let mut attributes = PresenceSubList::default();
    attributes.set(Attribute::StatusText(Qualified::known(text.into())));
    Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes })
}

/// The statements of a login, a change of status, a logout, and an end by time.
async fn costs(contacts: usize) -> [u64; 4] {
    let mut crowd = Crowd::of(contacts).await;
    let (kim, login) = crowd.cost(async |world| world.login("kim", "phone-1").await).await;
    let (_, change) = crowd.cost(async |_| kim.request(status("soup")).await).await;
    let (_, logout) = crowd.cost(async |_| kim.logout().await).await;
    crowd.cost(async |world| world.login("kim", "phone-1").await).await;
    // Only kim is not heard of until the end.
    crowd.world.clock.turn(Duration::from_secs(2 * 60 * 60));
    crowd.rest().await;
    crowd.world.services.end_what_has_ended().await;
    let (_, expiry) = crowd
        .cost(async |world| {
            world.clock.turn(Duration::from_secs(90 * 60));
            world.services.end_what_has_ended().await;
        })
        .await;
    [login, change, logout, expiry]
}

#[tokio::test]
async fn what_a_session_does_costs_the_same_for_5_and_for_200_contacts() {
    let few = costs(5).await;
    assert_eq!(few, costs(200).await, "login, change, logout, expiry");
    println!("statements of a login, a change, a logout: {few:?}");
}

/// The statements by which somebody whom contacts elsewhere see by a grant alone shows more of
/// himself, then less, then nothing.
async fn grant_costs(contacts: usize) -> [u64; 3] {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let account = world.account("kim").await;
    let kim = world.login("kim", "phone-1").await;
    kim.request(grant(&[AttributeKind::OnlineStatus])).await;
    let relation = Relation { from: true, ..Relation::default() };
    let seers = (0..contacts).map(|number| Address::of(&format!("friend{number}"), "far.test"));
    let contacts = seers.map(|seer| Contact { relation, ..Contact::stranger(seer) }).collect();
    let store = &world.services.store;
    store.commit(vec![Write::PutContacts { account, contacts }]).await.unwrap();
    let more = [AttributeKind::OnlineStatus, AttributeKind::StatusText];
    let mut costs = [0; 3];
    for (cost, kinds) in costs.iter_mut().zip([&more[..], &more[..1], &[]]) {
        store.ping_write().await.unwrap();
        while world.link.try_recv().is_ok() {}
        let before = store.statements();
        kim.request(grant(kinds)).await;
        *cost = store.statements() - before;
        assert!(world.link.try_recv().is_ok(), "contacts are told");
    }
    costs
}

fn grant(kinds: &[AttributeKind]) -> Primitive {
    Primitive::CreateAttributeListRequest(CreateAttributeListRequest {
        attributes: AttributeSet { kinds: kinds.to_vec() },
        watchers: Watchers { is_default: true, ..Watchers::default() },
    })
}

#[tokio::test]
async fn what_is_granted_and_withdrawn_costs_the_same_for_5_and_for_200_contacts_elsewhere() {
    let few = grant_costs(5).await;
    assert_eq!(few, grant_costs(200).await, "more, less, nothing");
    println!("statements of showing more, less, nothing: {few:?}");
}

/// The statements that the answers to the probes of a login cost, and how many answers they are.
async fn answers(contacts: usize) -> (u64, u64) {
    let mut crowd = Crowd::of(contacts).await;
    let (_kim, _) = crowd.cost(async |world| world.login("kim", "phone-1").await).await;
    crowd.rest().await;
    let Crowd { mut world, .. } = crowd;
    while world.link.try_recv().is_ok() {}
    let kim = Jid::new("kim@onesoup.test").unwrap();
    let before = world.services.store.statements();
    let devices = (1..contacts).step_by(2).map(|number| format!("friend{number}@far.test/pc"));
    let devices: Vec<Jid> = devices.map(|device| Jid::new(&device).unwrap()).collect();
    for device in &devices {
        let kind = PresenceKind::Available;
        world.arrives(Presence::new(device.clone(), kim.clone(), kind)).await;
    }
    // Answered when all before it was carried out.
    world.arrives(Iq::get(devices[0].clone(), kim, "last", Query::Ping)).await;
    let is_last = |stanza: &Stanza| matches!(stanza, Stanza::Iq(iq) if iq.id == "last");
    while !is_last(&world.sent().await) {}
    let cost = world.services.store.statements() - before;
    let rows = world.services.store.all_contact_presences(&Address::of("kim", DOMAIN)).await;
    let heard = rows.unwrap().into_iter().filter(|row| row.resource == "pc");
    assert_eq!(heard.count(), devices.len(), "all are kept");
    (cost, devices.len().try_into().unwrap())
}

#[tokio::test]
async fn an_answer_to_a_probe_is_written_and_needs_no_query() {
    let (few, few_answers) = answers(5).await;
    let (many, many_answers) = answers(200).await;
    assert_eq!(many - many_answers, few - few_answers, "{few} and {many} statements");
}
