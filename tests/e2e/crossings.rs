//! What a phone and a contact on Prosody see of each other, rule by rule (`docs/mapping.md`).

use onesoup::csp::address::UserAddress;
use onesoup::csp::presence::{
    GetPresenceRequest, GetWatcherListRequest, UnsubscribePresenceRequest,
};
use onesoup::csp::presence_channel::ChannelStatus;
use onesoup::csp::presence_name::AttributeKind;
use onesoup::csp::presence_value::{Attribute, Availability, PresenceSubList, Qualified};
use onesoup::csp::primitive::Primitive;
use onesoup::phone::event::{Event, Mood, Seen};
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::nick::Nick;
use tokio_xmpp::parsers::presence::{Presence, Show, Type};

use crate::attributes::publish;
use crate::subscriptions::{Side, Two};
use crate::support::lab::Lab;
use crate::support::phones::{
    self, android, expect_message, expect_presence, s60, settings, started,
};
use crate::support::server::Server;
use crate::support::xmpp::{XmppClient, body, status};

/// A phone of no known family.
async fn unknown(server: &Server, user: &str) -> Phone {
    server.add_account(user, phones::PASSWORD);
    started(settings(server, Habits::PLAIN, user)).await
}

impl Two {
    /// Waits until the phone is told of the contact with this status text.
    async fn phone_is_told(&mut self, text: &str) -> Seen {
        let wv = self.wv.clone();
        let is_it = |seen: &Seen| seen.user == wv && seen.status == text;
        expect_presence(&mut self.phone, text, is_it).await
    }

    /// What the contact is shown next of the phone.
    async fn contact_is_shown(&mut self) -> Presence {
        let own = self.own.clone();
        self.contact.expect("presence of the phone", |stanza| of(stanza, &own)).await
    }

    /// The contact was shown nothing of the phone but what it has looked at.
    async fn contact_is_shown_no_more(&mut self) {
        self.phone.send(&self.wv, "mark").await.unwrap();
        assert_eq!(body(&self.contact.expect_chat(&self.own).await), "mark");
        assert_eq!(self.contact.seen(|stanza| of(stanza, &self.own)), None);
    }
}

fn of(stanza: &Stanza, bare: &str) -> Option<Presence> {
    let Stanza::Presence(presence) = stanza else { return None };
    let from = presence.from.as_ref()?.to_bare();
    (from.as_str() == bare).then(|| presence.clone())
}

async fn to_a_phone(name: &str, phone: impl AsyncFnOnce(&Server, &str) -> Phone, draws: [Mood; 5]) {
    let mut two = Two::with(Side::Prosody, name, phone).await;
    two.phone_sees().await;
    let shades = [Some(Show::Away), Some(Show::Xa), Some(Show::Dnd), Some(Show::Chat), None];
    for (number, (shade, mood)) in shades.into_iter().zip(draws).enumerate() {
        // What a phone draws alike is no news to it: the words are.
        let text = format!("shade {number}");
        two.contact.set_presence(shade.clone(), Some(&text)).await;
        let seen = two.phone_is_told(&text).await;
        assert_eq!((seen.mood, seen.online), (mood, Some(true)), "{name}: {shade:?}");
        if let Some(Attribute::CommCap(channels)) = seen.attributes.find(&AttributeKind::CommCap) {
            let channels = &channels.valid().expect("channels").channels;
            assert_eq!(channels[0].status, Some(ChannelStatus::Open), "{name}: {shade:?}");
        }
    }
}

#[tokio::test]
async fn away_xa_and_dnd_of_a_contact_are_drawn_by_an_s60_as_away() {
    use Mood::{Available, Away};
    to_a_phone("shades60", s60, [Away, Away, Away, Available, Available]).await;
}

#[tokio::test]
async fn away_and_xa_of_a_contact_are_drawn_by_an_android_as_away_and_dnd_as_busy() {
    use Mood::{Available, Away, Busy};
    to_a_phone("shadeand", android, [Away, Away, Busy, Available, Available]).await;
}

#[tokio::test]
async fn away_xa_and_dnd_of_a_contact_are_drawn_by_an_unknown_phone_as_away() {
    use Mood::{Available, Away};
    to_a_phone("shadeunk", unknown, [Away, Away, Away, Available, Available]).await;
}

async fn from_a_phone(
    name: &str,
    phone: impl AsyncFnOnce(&Server, &str) -> Phone,
    means: [(Type, Option<Show>); 2],
) {
    let mut two = Two::with(Side::Prosody, name, phone).await;
    two.contact_sees().await;
    two.rest().await;
    let words = [Availability::Discreet, Availability::NotAvailable];
    for (word, (kind, show)) in words.into_iter().zip(means) {
        for (word, kind, show) in [(word, kind, show), (Availability::Available, Type::None, None)]
        {
            let said = format!("{name}: {word:?}");
            publish(&mut two.phone, [Attribute::UserAvailability(Qualified::known(word))]).await;
            let shown = two.contact_is_shown().await;
            assert_eq!((shown.type_, shown.show), (kind, show), "{said}");
        }
    }
    // Whatever it shows, its session lives.
    two.contact.send_chat(&two.own, "there?", "t", false).await;
    assert_eq!(expect_message(&mut two.phone).await.1, "there?");
}

#[tokio::test]
async fn what_an_s60_says_is_away_or_unavailable_to_a_contact() {
    let means = [(Type::None, Some(Show::Away)), (Type::Unavailable, None)];
    from_a_phone("sayss60", s60, means).await;
}

#[tokio::test]
async fn what_an_android_says_is_dnd_or_away_to_a_contact() {
    let means = [(Type::None, Some(Show::Dnd)), (Type::None, Some(Show::Away))];
    from_a_phone("saysand", android, means).await;
}

#[tokio::test]
async fn what_an_unknown_phone_says_is_away_to_a_contact() {
    let means = [(Type::None, Some(Show::Away)), (Type::None, Some(Show::Away))];
    from_a_phone("saysunk", unknown, means).await;
}

#[tokio::test]
async fn who_is_asked_is_told_the_name_that_the_user_goes_by() {
    for side in [Side::Ejabberd, Side::Prosody] {
        let mut two = Two::on(side, "asknick").await;
        publish(&mut two.phone, [Attribute::Alias(Qualified::known("Kim K.".into()))]).await;
        two.phone.add_contact(&two.wv, "Friend").await.unwrap();
        // spec: XEP-0172 §4.1
        let asked = two.contact.expect_presence(Type::Subscribe, &two.own).await;
        let nick = asked.payloads.into_iter().find_map(|payload| Nick::try_from(payload).ok());
        assert_eq!(nick.map(|nick| nick.0), Some("Kim K.".to_owned()), "{side:?}");
    }
}

#[tokio::test]
async fn watchers_elsewhere_are_told_as_long_as_they_are_subscribed() {
    let mut two = Two::on(Side::Prosody, "watchp").await;
    two.contact_sees().await;
    let lab = Lab::shared();
    lab.register("watche", "pw").await;
    let mut near = XmppClient::login(lab, "watche@xmpp.test", "pw").await;
    near.subscribe(&two.own).await;
    two.phone.answer("wv:watche@xmpp.test", true).await.unwrap();
    near.expect_presence(Type::None, &two.own).await;
    let far = two.wv.clone();
    assert_eq!(watchers(&mut two.phone).await, [far.as_str(), "wv:watche@xmpp.test"]);
    near.send_presence(Type::Unsubscribe, &two.own).await;
    near.expect_presence(Type::Unavailable, &two.own).await;
    assert_eq!(watchers(&mut two.phone).await, [far]);
}

async fn watchers(phone: &mut Phone) -> Vec<String> {
    let request = GetWatcherListRequest { history_period_secs: None, max_watchers: None };
    match phone.request(Primitive::GetWatcherListRequest(request)).await.unwrap() {
        Primitive::GetWatcherListResponse(response) => {
            let users = response.watchers.iter().map(|watcher| watcher.user.to_string());
            let mut users: Vec<String> = users.collect();
            users.sort();
            users
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_watched_no_more_is_not_told_of_and_stays_subscribed() {
    let mut two = Two::on(Side::Prosody, "unwatch").await;
    two.phone_sees().await;
    two.rest().await;
    while two.phone.poll().await.unwrap() > 0 {}
    let lists = two.phone.lists().iter().map(|list| list.address.clone()).collect();
    let users = vec![UserAddress::parse(&two.wv)];
    let request = UnsubscribePresenceRequest { lists, users: users.clone() };
    two.phone.request(Primitive::UnsubscribePresenceRequest(request)).await.unwrap();
    while two.phone.take_event().is_some() {}
    two.contact.set_presence(Some(Show::Away), Some("unwatched")).await;
    // What is written after it comes after it.
    two.contact.send_chat(&two.own, "mark", "m", false).await;
    expect_message(&mut two.phone).await;
    while let Some(event) = two.phone.take_event() {
        assert!(!matches!(event, Event::Presence(_)), "{event:?}");
    }
    // The contact still shows itself, and was told nothing.
    let request = GetPresenceRequest { users, ..GetPresenceRequest::default() };
    let answer = two.phone.request(Primitive::GetPresenceRequest(request)).await.unwrap();
    let Primitive::GetPresenceResponse(response) = answer else { panic!("{answer:?}") };
    assert_eq!(words(&response.presences[0].attributes), "unwatched");
    two.contact_is_shown_no_more().await;
}

fn words(attributes: &PresenceSubList) -> &str {
    match attributes.find(&AttributeKind::StatusText) {
        Some(Attribute::StatusText(text)) => text.valid().map(|text| text.as_str()).unwrap_or(""),
        _ => "",
    }
}

#[tokio::test]
async fn devices_of_a_contact_are_one_by_priority_and_then_by_who_is_most_available() {
    let mut two = Two::on(Side::Prosody, "merged").await;
    two.phone_sees().await;
    let lab = Lab::shared();
    let mut mobile = XmppClient::login(lab, "sub-merged@far.test/mobile", "pw").await;
    let show = |show: &str, priority: i8, text: &str| {
        let show = if show.is_empty() { String::new() } else { format!("<show>{show}</show>") };
        let text = format!(
            "<presence xmlns='jabber:client'>{show}<status>{text}</status><priority>{priority}\
             </priority></presence>"
        );
        text.parse().unwrap()
    };
    two.contact.send(show("away", 5, "at the desk")).await;
    assert_eq!(two.phone_is_told("at the desk").await.mood, Mood::Away);
    // Freer, but less wanted: the desk speaks on.
    mobile.send(show("", 1, "on the move")).await;
    mobile.send_chat(&two.own, "mark", "m", false).await;
    expect_message(&mut two.phone).await;
    while let Some(event) = two.phone.take_event() {
        assert!(!matches!(&event, Event::Presence(seen) if seen.status == "on the move"));
    }
    // As wanted: the freer one speaks.
    mobile.send(show("", 5, "on the way")).await;
    assert_eq!(two.phone_is_told("on the way").await.mood, Mood::Available);
    mobile.logout().await;
    assert_eq!(two.phone_is_told("at the desk").await.mood, Mood::Away);
    let Two { mut phone, contact, wv, .. } = two;
    contact.logout().await;
    let is_gone = |seen: &Seen| seen.user == wv && seen.mood == Mood::Offline;
    expect_presence(&mut phone, "the contact gone", is_gone).await;
}

#[tokio::test]
async fn a_probe_of_a_contact_is_answered_whether_the_phone_is_there_or_not() {
    let mut two = Two::on(Side::Prosody, "probe").await;
    two.contact_sees().await;
    two.phone.set_status(Mood::Away, Some("soup")).await.unwrap();
    two.contact_is_shown().await;
    two.contact_is_shown_no_more().await;
    two.contact.send_presence(Type::Probe, &two.own).await;
    let shown = two.contact_is_shown().await;
    assert_eq!((&shown.type_, &shown.show), (&Type::None, &Some(Show::Away)));
    assert_eq!(status(&shown), "soup");
    two.phone.logout().await.unwrap();
    two.contact.expect_presence(Type::Unavailable, &two.own).await;
    two.contact.send_presence(Type::Probe, &two.own).await;
    let gone = two.contact.expect_presence(Type::Unavailable, &two.own).await;
    // spec: XEP-0203 §4, RFC6121 §4.3.2: since when.
    assert!(gone.payloads.iter().any(|payload| payload.is("delay", "urn:xmpp:delay")), "{gone:?}");
}

#[tokio::test]
async fn a_probe_of_a_stranger_is_answered_by_no_presence() {
    let mut two = Two::on(Side::Prosody, "probes").await;
    two.contact.send_presence(Type::Probe, &two.own).await;
    // What is written after it is answered after it.
    two.contact.send_chat(&two.own, "there?", "t", false).await;
    expect_message(&mut two.phone).await;
    two.contact_is_shown_no_more().await;
}

#[tokio::test]
async fn presence_that_a_contact_directs_at_a_phone_is_shown_and_that_of_a_stranger_is_not() {
    let mut two = Two::on(Side::Prosody, "direct").await;
    two.phone_sees().await;
    let directed = |text: &str, to: &str| {
        let text = format!(
            "<presence xmlns='jabber:client' to='{to}'><show>dnd</show><status>{text}</status>\
             </presence>"
        );
        text.parse().unwrap()
    };
    two.contact.send(directed("for you alone", &two.own)).await;
    assert_eq!(two.phone_is_told("for you alone").await.mood, Mood::Away);
    let lab = Lab::shared();
    lab.register_far("directs", "pw");
    let mut stranger = XmppClient::login(lab, "directs@far.test", "pw").await;
    stranger.send(directed("buy soup", &two.own)).await;
    stranger.send_chat(&two.own, "mark", "m", false).await;
    expect_message(&mut two.phone).await;
    while let Some(event) = two.phone.take_event() {
        assert!(!matches!(event, Event::Presence(_)), "{event:?}");
    }
}

#[tokio::test]
async fn of_several_changes_of_a_contact_a_phone_is_told_the_newest() {
    let mut two = Two::on(Side::Prosody, "newest").await;
    two.phone_sees().await;
    while two.phone.poll().await.unwrap() > 0 {}
    while two.phone.take_event().is_some() {}
    for (show, text) in [(Show::Away, "one"), (Show::Dnd, "two"), (Show::Chat, "three")] {
        two.contact.set_presence(Some(show), Some(text)).await;
    }
    // Whatever the answer is, it comes after them.
    let own = two.own.clone();
    two.contact.ask("get", Some(&own), "<query xmlns='jabber:iq:version'/>").await;
    while two.phone.poll().await.unwrap() > 0 {}
    let told = std::iter::from_fn(|| two.phone.take_event()).filter_map(|event| match event {
        Event::Presence(seen) => Some((seen.user.to_string(), seen.status.to_string())),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(two.wv.clone(), "three".to_owned())]);
}

/// A name with a character that the name of an XMPP address may not have.
async fn escaped(name: &str, phone: impl AsyncFnOnce(&Server, &str) -> Phone) {
    let (lab, server) = (Lab::shared(), Server::shared());
    let mut phone = phone(server, name).await;
    let (own, local) = (format!("{name}@onesoup.test"), format!("{name}\\27hara"));
    lab.register_far(&local, "pw");
    let mut contact = XmppClient::login(lab, &format!("{local}@far.test"), "pw").await;
    let wv = format!("wv:{name}'hara@far.test");
    // spec: XEP-0106: out …
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    // … and in, spelt as the phone did.
    let is_it = |seen: &Seen| seen.user == wv && seen.mood == Mood::Available;
    expect_presence(&mut phone, "the contact", is_it).await;
    contact.send_chat(&own, "hello", "h", false).await;
    assert_eq!(expect_message(&mut phone).await, (wv.clone(), "hello".to_owned()));
    phone.send(&wv, "hello yourself").await.unwrap();
    assert_eq!(body(&contact.expect_chat(&own).await), "hello yourself");
}

#[tokio::test]
async fn what_a_name_may_not_hold_is_escaped_and_an_s60_sees_it_as_it_is() {
    escaped("esc60", s60).await;
}

#[tokio::test]
async fn what_a_name_may_not_hold_is_escaped_and_an_android_sees_it_as_it_is() {
    escaped("escand", android).await;
}
