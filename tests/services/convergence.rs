//! Whatever happens, in whatever order: once there is a link, a contact elsewhere sees what is so, and
//! the user what is so of the contact.

use std::collections::BTreeMap;

use onesoup::{
    csp::{
        envelope::Transaction,
        presence::UpdatePresenceRequest,
        presence_value::{Attribute, Availability, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    domain::{
        address::Address,
        contact::{Contact, Relation},
        view::View,
    },
    services::outbox::{LinkEvent, Outgoing},
    store::write::Write,
    xmpp::{
        payload::Text,
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    departures::world,
    world::{PATIENCE, Phone, World, jid, next_id},
};

/// kim's phones, and what ann sees of them.
struct Story {
    world: World,
    phones: [Option<Phone>; 2],
    /// Status text by device that is there.
    seen: BTreeMap<String, String>,
    /// How often each device may be shown as it is seen already: once for a login or a link.
    repeats: [u32; 2],
    /// Rows that the server has read and not said so.
    read: Vec<i64>,
    is_blocked: bool,
    /// What ann shows, if she is there. Her server says nothing of who is not.
    ann: Option<String>,
    /// Her server was asked, and has not answered.
    is_asked: bool,
    log: Vec<String>,
}

const CLIENTS: [&str; 2] = ["phone-1", "phone-2"];

/// What they are called elsewhere.
const DEVICES: [&str; 2] = ["s60-aba4c53b", "s60-9d2eacb0"];

impl Story {
    async fn step(mut self, random: &mut StdRng) -> Self {
        let which = random.random_range(0..CLIENTS.len());
        let choice = random.random_range(0..20);
        self.log.push(format!("{choice} {which}"));
        match choice {
            0..3 | 19 => self.log_in(which).await,
            3 => {
                if let Some(phone) = self.phones[which].take() {
                    phone.logout().await;
                }
            }
            4..6 => self.publish(which, status(random.random_range(0..4))).await,
            6 => self.publish(which, availability(Availability::NotAvailable)).await,
            7 => self.publish(which, availability(Availability::Available)).await,
            8 => self.link_goes().await,
            9 => self.link_comes().await,
            10 => {
                self.take_some(random.random_range(0..4));
                self.world = self.world.crashed().await;
                for phone in self.phones.iter_mut().flatten() {
                    phone.services = self.world.services.clone();
                }
                (self.read, self.is_asked) = (Vec::new(), false);
            }
            11 => self.world.turn(random.random_range(1..12)).await,
            12 if random.random_range(0..2) > 0 => {
                // Who is not heard of ends.
                self.world.turn(3 * 60 * 60).await;
                self.phones = [None, None];
            }
            14 | 15 => {
                self.ann = Some(format!("text {}", random.random_range(0..4)));
                self.ann_tells().await;
            }
            16 => {
                self.ann = None;
                self.ann_tells().await;
            }
            17 | 18 => {
                // Nobody hears of it.
                self.link_goes().await;
                self.ann = None;
            }
            13 if self.is_blocked || random.random_range(0..2) > 0 => {
                self.is_blocked ^= true;
                let ann: &[&str] = &["wv:ann@far.test"];
                let (block, free) = if self.is_blocked { (ann, &[][..]) } else { (&[][..], ann) };
                self.log_in(which).await;
                self.phones[which].as_ref().unwrap().block(block, free).await;
            }
            _ => {}
        }
        if random.random_range(0..3) > 0 {
            self.take_some(random.random_range(0..6));
            self.ann_answers().await;
        }
        if random.random_range(0..4) == 0 {
            let read = std::mem::take(&mut self.read);
            self.world.events.send(LinkEvent::Read(read)).await.unwrap();
        }
        self
    }

    async fn log_in(&mut self, which: usize) {
        self.phones[which] = Some(self.world.login("kim", CLIENTS[which]).await);
        self.repeats[which] += 1;
    }

    async fn publish(&self, which: usize, attribute: Attribute) {
        let Some(phone) = &self.phones[which] else { return };
        let mut attributes = PresenceSubList::default();
        attributes.set(attribute);
        let request = Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes });
        // One whose session has ended is told so.
        phone.say(Transaction::request(next_id(), request)).await;
    }

    /// ann's server tells what she shows, if it can.
    async fn ann_tells(&mut self) {
        if self.world.services.is_linked() {
            self.world.arrives(ann_shows(self.ann.as_deref())).await;
        }
    }

    async fn ann_answers(&mut self) {
        if std::mem::take(&mut self.is_asked) && self.ann.is_some() {
            self.ann_tells().await;
        }
    }

    async fn link_comes(&mut self) {
        if !self.world.services.is_linked() {
            self.repeats = self.repeats.map(|repeats| repeats + 1);
            while self.world.link.try_recv().is_ok() {}
            self.world.events.send(LinkEvent::Up).await.unwrap();
            while !self.world.services.is_linked() {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn link_goes(&mut self) {
        self.world.events.send(LinkEvent::Down).await.unwrap();
        while self.world.services.is_linked() {
            tokio::task::yield_now().await;
        }
        // What was not written by then never is.
        while self.world.link.try_recv().is_ok() {}
        (self.read, self.is_asked) = (Vec::new(), false);
    }

    /// The link takes so many stanzas.
    fn take_some(&mut self, most: usize) {
        for _ in 0..most {
            match self.world.link.try_recv() {
                Ok(stanza) if self.world.services.is_linked() => self.take(stanza),
                _ => return,
            }
        }
    }

    /// What ann makes of a stanza.
    fn take(&mut self, outgoing: Outgoing) {
        self.read.extend(outgoing.row);
        let Stanza::Presence(one) = outgoing.wire.read().unwrap() else { return };
        if one.to.as_str() != "ann@far.test" {
            return;
        }
        self.is_asked |= one.kind == PresenceKind::Probe;
        let Some(device) = one.from.resource().map(str::to_owned) else { return };
        self.log.push(format!("  ann: {device} {:?}", one.kind));
        match one.kind {
            PresenceKind::Available => {
                let text = one.statuses.first().map(|text| text.text.to_string());
                let text = text.unwrap_or_default();
                if self.seen.get(&device) == Some(&text) {
                    let which = DEVICES.iter().position(|name| *name == device).unwrap();
                    let left = self.repeats[which].checked_sub(1);
                    self.repeats[which] = left.unwrap_or_else(|| panic!("twice: {:#?}", self.log));
                }
                self.seen.insert(device, text);
            }
            PresenceKind::Unavailable => drop(self.seen.remove(&device)),
            _ => {}
        }
    }

    /// Lets the link take all that there is to say.
    async fn rest(&mut self) {
        self.link_comes().await;
        for _ in 0..20 {
            let mark = jid("mark@far.test");
            let probe = Presence::new(mark, jid("kim@onesoup.test"), PresenceKind::Probe);
            self.world.arrives(probe).await;
            loop {
                let next = tokio::time::timeout(PATIENCE, self.world.link.recv());
                let next = next.await.expect("an answer").unwrap();
                let is_mark = next.wire.as_str().contains("mark@far.test");
                self.take(next);
                self.ann_answers().await;
                if is_mark {
                    break;
                }
            }
            self.world.turn(1).await;
        }
    }

    /// What kim knows of ann.
    async fn known(&self) -> Option<String> {
        let kim = self.world.services.own_address("kim").unwrap();
        let ann = [Address::of("ann", "far.test")];
        let rows = self.world.services.store.presences_of(&kim, &ann).await.unwrap();
        let there = rows.into_iter().find(|row| row.presence.is_online)?;
        Some(there.presence.status.unwrap_or_default())
    }

    /// What there is to see.
    async fn truth(&self) -> BTreeMap<String, String> {
        let kim = self.world.services.own_address("kim").unwrap();
        let rows = self.world.services.store.person(&kim).await.unwrap().unwrap();
        let sessions = rows.sessions.into_iter();
        let visible = sessions.filter(|session| !self.is_blocked && session.presence.is_visible());
        visible
            .map(|session| {
                (session.resource.to_string(), session.presence.status.unwrap_or_default())
            })
            .collect()
    }
}

/// What ann's server says of her only device.
fn ann_shows(text: Option<&str>) -> Presence {
    let (from, to) = (jid("ann@far.test/pc"), jid("kim@onesoup.test"));
    match text {
        Some(text) => {
            let statuses = vec![Text { lang: None, text: text.into() }];
            Presence { statuses, ..Presence::new(from, to, PresenceKind::Available) }
        }
        None => Presence::new(from, to, PresenceKind::Unavailable),
    }
}

fn status(number: usize) -> Attribute {
    Attribute::StatusText(Qualified::known(format!("text {number}").as_str().into()))
}

fn availability(word: Availability) -> Attribute {
    Attribute::UserAvailability(Qualified::known(word))
}

/// A world in which kim and ann see each other.
async fn friends() -> World {
    let world = world().await;
    let account = world.services.own_address("kim").unwrap();
    let relation = Relation { to: true, from: true, ..Relation::default() };
    let ann = Contact::stranger(Address::of("ann", "far.test"));
    let contact = Contact { relation, accepted: Some(View::Everything), ..ann };
    world.services.store.commit(vec![Write::PutContact { account, contact }]).await.unwrap();
    world
}

/// How many stories are told: `ONESOUP_STORIES=1000` for a long evening.
fn stories() -> u64 {
    std::env::var("ONESOUP_STORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[tokio::test]
async fn whatever_happens_user_and_contact_end_up_with_what_is_so() {
    for seed in 0..stories() {
        let mut random = StdRng::seed_from_u64(seed);
        let mut story = Story {
            world: friends().await,
            phones: [None, None],
            seen: BTreeMap::new(),
            repeats: [0, 0],
            read: Vec::new(),
            is_blocked: false,
            ann: None,
            is_asked: false,
            log: Vec::new(),
        };
        for _ in 0..6 {
            for _ in 0..random.random_range(1..12) {
                story = story.step(&mut random).await;
            }
            if random.random_range(0..2) > 0 {
                story.log_in(0).await;
            }
            story.rest().await;
            let truth = story.truth().await;
            assert_eq!(story.seen, truth, "seed {seed}: {:#?}", story.log);
            // Who is logged in knows of ann; who asked in vain, after a while.
            story.world.turn(45).await;
            story.rest().await;
            if !story.is_blocked && !story.truth().await.is_empty() {
                assert_eq!(story.known().await, story.ann, "seed {seed}: {:#?}", story.log);
            }
            story.log.push("all well".to_owned());
            story.repeats = [0, 0];
        }
    }
}
