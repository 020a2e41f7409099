//! Who sees whom, asked and answered in every way, with ejabberd, over S2S with Prosody, and among
//! ourselves (RFC 6121 §3).

use onesoup::phone::event::{Event, Mood};
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{android, expect, expect_presence, s60};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

/// A phone, and a contact elsewhere that nothing has happened with yet.
pub(crate) struct Two {
    pub(crate) phone: Phone,
    pub(crate) own: String,
    pub(crate) contact: XmppClient,
    pub(crate) wv: String,
}

/// Which server a contact is on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Ejabberd,
    Prosody,
}

impl Two {
    /// Two who have not met; `name` is used by no other test.
    pub(crate) async fn on(side: Side, name: &str) -> Self {
        Self::with(side, name, s60).await
    }

    /// The same with a phone of some kind.
    pub(crate) async fn with(
        side: Side,
        name: &str,
        phone: impl AsyncFnOnce(&Server, &str) -> Phone,
    ) -> Self {
        let (lab, server) = (Lab::shared(), Server::shared());
        let contact = match side {
            Side::Ejabberd => {
                lab.register(&format!("sub-{name}"), "pw").await;
                XmppClient::login(lab, &format!("sub-{name}@xmpp.test"), "pw").await
            }
            Side::Prosody => {
                lab.register_far(&format!("sub-{name}"), "pw");
                XmppClient::login(lab, &format!("sub-{name}@far.test"), "pw").await
            }
        };
        let user = format!("{name}{}", if matches!(side, Side::Prosody) { "p" } else { "e" });
        let wv = format!("wv:{}", contact.jid.to_bare());
        let own = format!("{user}@onesoup.test");
        Self { phone: phone(server, &user).await, own, contact, wv }
    }

    /// The phone sees the contact.
    pub(crate) async fn phone_sees(&mut self) {
        self.phone.add_contact(&self.wv, "Friend").await.unwrap();
        self.contact.expect_presence(Type::Subscribe, &self.own).await;
        self.contact.approve(&self.own).await;
        self.phone_is_shown(Mood::Available).await;
    }

    /// The contact sees the phone.
    pub(crate) async fn contact_sees(&mut self) {
        self.contact.subscribe(&self.own).await;
        assert_eq!(asked(&mut self.phone).await, self.wv);
        self.phone.answer(&self.wv, true).await.unwrap();
        self.contact.expect_presence(Type::Subscribed, &self.own).await;
        self.contact.expect_presence(Type::None, &self.own).await;
    }

    async fn phone_is_shown(&mut self, mood: Mood) {
        let wv = self.wv.clone();
        let is_it = |seen: &onesoup::phone::event::Seen| seen.user == wv && seen.mood == mood;
        expect_presence(&mut self.phone, "the contact", is_it).await;
    }

    /// Passes over what came of other tests' users and earlier steps.
    pub(crate) async fn rest(&mut self) {
        self.contact.sync().await;
        while self
            .contact
            .seen(|stanza| matches!(stanza, Stanza::Presence(_)).then_some(()))
            .is_some()
        {}
    }
}

async fn asked(phone: &mut Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

async fn ask_approve_cancel_and_ask_again(side: Side) {
    let mut two = Two::on(side, "aaca").await;
    two.phone_sees().await;
    two.rest().await;
    // §3.2: the contact takes its consent back: it looks offline.
    two.contact.send_presence(Type::Unsubscribed, &two.own).await;
    two.phone_is_shown(Mood::Offline).await;
    // Asked again, the contact denies: it stays offline, and may be asked once more.
    two.phone.remove_contact(&two.wv).await.unwrap();
    two.phone.add_contact(&two.wv, "Friend").await.unwrap();
    two.contact.expect_presence(Type::Subscribe, &two.own).await;
    two.contact.send_presence(Type::Unsubscribed, &two.own).await;
    two.rest().await;
    two.phone.remove_contact(&two.wv).await.unwrap();
    two.phone_sees().await;
}

#[tokio::test]
async fn a_phone_asks_is_approved_cancelled_denied_and_asks_again_on_ejabberd() {
    ask_approve_cancel_and_ask_again(Side::Ejabberd).await;
}

#[tokio::test]
async fn a_phone_asks_is_approved_cancelled_denied_and_asks_again_on_prosody() {
    ask_approve_cancel_and_ask_again(Side::Prosody).await;
}

async fn asked_denied_approved_and_unsubscribed(side: Side) {
    let mut two = Two::on(side, "adau").await;
    two.contact.subscribe(&two.own).await;
    asked(&mut two.phone).await;
    two.phone.answer(&two.wv, false).await.unwrap();
    two.contact.expect_presence(Type::Unsubscribed, &two.own).await;
    two.contact_sees().await;
    // §3.3: who does not want to see any more is told that there is nothing to see.
    two.rest().await;
    two.contact.send_presence(Type::Unsubscribe, &two.own).await;
    two.contact.expect_presence(Type::Unavailable, &two.own).await;
    two.rest().await;
    two.phone.set_status(Mood::Busy, Some("unseen")).await.unwrap();
    two.contact_sees().await;
}

#[tokio::test]
async fn a_contact_asks_is_denied_approved_and_leaves_on_ejabberd() {
    asked_denied_approved_and_unsubscribed(Side::Ejabberd).await;
}

#[tokio::test]
async fn a_contact_asks_is_denied_approved_and_leaves_on_prosody() {
    asked_denied_approved_and_unsubscribed(Side::Prosody).await;
}

async fn removed_from_the_last_list(side: Side) {
    let mut two = Two::on(side, "rfll").await;
    two.phone_sees().await;
    two.contact_sees().await;
    two.rest().await;
    // §2.5.2: both directions end, each with a stanza of its own.
    two.phone.remove_contact(&two.wv).await.unwrap();
    two.contact.expect_presence(Type::Unsubscribe, &two.own).await;
    two.contact.expect_presence(Type::Unsubscribed, &two.own).await;
    two.contact.expect_presence(Type::Unavailable, &two.own).await;
    // Nothing is left of it: the contact has to ask again.
    two.contact_sees().await;
}

#[tokio::test]
async fn who_leaves_the_last_list_is_left_in_both_directions_on_ejabberd() {
    removed_from_the_last_list(Side::Ejabberd).await;
}

#[tokio::test]
async fn who_leaves_the_last_list_is_left_in_both_directions_on_prosody() {
    removed_from_the_last_list(Side::Prosody).await;
}

async fn approved_before_being_asked(side: Side) {
    let mut two = Two::on(side, "abba").await;
    // §3.4: the user says yes before anybody asks, and is not asked then.
    two.phone.answer(&two.wv, true).await.unwrap();
    two.contact.subscribe(&two.own).await;
    two.contact.expect_presence(Type::Subscribed, &two.own).await;
    two.contact.expect_presence(Type::None, &two.own).await;
    two.phone.poll().await.unwrap();
    while let Some(event) = two.phone.take_event() {
        assert!(!matches!(event, Event::AuthRequest { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn who_was_approved_before_is_let_see_without_a_question_on_ejabberd() {
    approved_before_being_asked(Side::Ejabberd).await;
}

#[tokio::test]
async fn who_was_approved_before_is_let_see_without_a_question_on_prosody() {
    approved_before_being_asked(Side::Prosody).await;
}

#[tokio::test]
async fn a_contact_on_prosody_that_approved_before_is_seen_at_once() {
    let mut two = Two::on(Side::Prosody, "caba").await;
    two.contact.approve(&two.own).await;
    two.contact.sync().await;
    two.phone.add_contact(&two.wv, "Friend").await.unwrap();
    two.phone_is_shown(Mood::Available).await;
}

/// Prosody passes a second request on; ejabberd keeps it from us.
#[tokio::test]
async fn who_sees_already_and_asks_again_is_shown_what_there_is_without_a_question() {
    let mut two = Two::on(Side::Prosody, "wsaa").await;
    two.contact_sees().await;
    two.rest().await;
    // Appendix A.3.1
    two.contact.subscribe(&two.own).await;
    two.contact.expect_presence(Type::None, &two.own).await;
    two.phone.poll().await.unwrap();
    while let Some(event) = two.phone.take_event() {
        assert!(!matches!(event, Event::AuthRequest { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn nobody_lets_nobody_see() {
    for side in [Side::Ejabberd, Side::Prosody] {
        let mut two = Two::on(side, "nlns").await;
        let nobody = "nobody-here@onesoup.test";
        two.rest().await;
        // §3.1.3: a request to nobody is denied.
        two.contact.subscribe(nobody).await;
        two.contact.expect_presence(Type::Unsubscribed, nobody).await;
    }
}

#[tokio::test]
async fn two_phones_of_ours_go_through_all_of_it_by_the_same_rules() {
    let server = Server::shared();
    let (mut tom, mut tim) = (s60(server, "subtom").await, android(server, "subtim").await);
    let is = |user: &'static str, mood| {
        move |seen: &onesoup::phone::event::Seen| seen.user == user && seen.mood == mood
    };
    // Denied, and asked again.
    tom.add_contact("wv:subtim", "Tim").await.unwrap();
    let who = asked(&mut tim).await;
    tim.answer(&who, false).await.unwrap();
    tom.remove_contact("wv:subtim").await.unwrap();
    tom.add_contact("wv:subtim", "Tim").await.unwrap();
    let who = asked(&mut tim).await;
    tim.answer(&who, true).await.unwrap();
    expect_presence(&mut tom, "tim", is("wv:subtim", Mood::Available)).await;
    // tim adds tom, who agrees; each sees the other go and come.
    tim.add_contact("wv:subtom", "Tom").await.unwrap();
    let who = asked(&mut tom).await;
    tom.answer(&who, true).await.unwrap();
    expect_presence(&mut tim, "tom", is("wv:subtom", Mood::Available)).await;
    tom.set_status(Mood::Away, Some("brb")).await.unwrap();
    expect_presence(&mut tim, "tom away", is("wv:subtom", Mood::Away)).await;
    // tom takes tim off his list: tim sees him no more, and has to be asked again.
    tom.remove_contact("wv:subtim").await.unwrap();
    expect_presence(&mut tim, "tom gone", is("wv:subtom", Mood::Offline)).await;
    tom.add_contact("wv:subtim", "Tim").await.unwrap();
    asked(&mut tim).await;
}
