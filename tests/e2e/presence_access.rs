//! Who may see what of a user: granted beforehand, answered, withdrawn; of contacts elsewhere and of
//! our own.

use onesoup::csp::address::UserAddress;
use onesoup::csp::contact_list::{DeleteListRequest, ListManageRequest, NickList};
use onesoup::csp::presence_access::{CancelAuthRequest, PresenceAuthUser, Watchers};
use onesoup::csp::presence_name::{AttributeKind as Kind, AttributeSet};
use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::csp::version::Version;
use onesoup::phone::event::Mood;
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;

use crate::support::access::{Looker, ask, everybody, grant, list, questions, user, withdraw};
use crate::support::lab::Lab;
use crate::support::phones::{PASSWORD, android, expect_presence, s60, settings, started};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

/// What S60 grants (handset: S60 §7.6).
const USUAL: [Kind; 5] =
    [Kind::OnlineStatus, Kind::CommCap, Kind::UserAvailability, Kind::ClientInfo, Kind::StatusText];

/// A contact on the XMPP server that we are a component of.
async fn near(name: &str, of: &str) -> Looker {
    let lab = Lab::shared();
    lab.register(name, "pw").await;
    Looker::new(XmppClient::login(lab, &format!("{name}@xmpp.test"), "pw").await, of)
}

/// A contact on another server.
async fn far(of: &str) -> Looker {
    let account = format!("ann@far.test/{of}");
    let mut client = XmppClient::login(Lab::shared(), &account, "pw-ann").await;
    client.reach("onesoup.test").await;
    Looker::new(client, of)
}

/// An S60 that is away, with a text.
async fn away(name: &str) -> Phone {
    let mut phone = s60(Server::shared(), name).await;
    phone.set_status(Mood::Away, Some("soup")).await.unwrap();
    phone
}

/// Has the user of a phone let a contact see.
async fn accept(phone: &mut Phone, contact: &mut Looker, kinds: &[Kind]) {
    contact.subscribe().await;
    let mut asked = questions(phone).await;
    while asked.is_empty() {
        asked = questions(phone).await;
    }
    assert_eq!(asked, [contact.wv()]);
    answer(phone, &contact.wv(), kinds).await;
}

async fn answer(phone: &mut Phone, contact: &str, kinds: &[Kind]) {
    let user = UserAddress::parse(contact);
    let attributes = AttributeSet { kinds: kinds.to_vec() };
    let request = PresenceAuthUser { user, is_accepted: true, attributes };
    assert_eq!(ask(phone, Primitive::PresenceAuthUser(request)).await, Code::OK);
}

async fn cancel(phone: &mut Phone, contact: &str) {
    let request = CancelAuthRequest { user: UserAddress::parse(contact) };
    assert_eq!(ask(phone, Primitive::CancelAuthRequest(request)).await, Code::OK);
}

/// The whole life of a grant to everybody, as one contact sees it.
async fn granted_to_everybody(mut phone: Phone, mut contact: Looker) {
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    contact.subscribe().await;
    contact.hears(&["subscribed", "available"]).await;
    assert_eq!(questions(&mut phone).await, [""; 0], "nobody is asked");
    // Wider, other, narrower.
    grant(&mut phone, &USUAL, everybody()).await;
    contact.hears(&["available away: soup"]).await;
    grant(&mut phone, &[Kind::OnlineStatus, Kind::UserAvailability], everybody()).await;
    contact.hears(&["available away"]).await;
    grant(&mut phone, &[Kind::OnlineStatus, Kind::StatusText], everybody()).await;
    contact.hears(&["available: soup"]).await;
    // What is withheld goes out with no later change either.
    phone.set_status(Mood::Available, Some("more soup")).await.unwrap();
    contact.hears(&["available: more soup"]).await;
    grant(&mut phone, &[Kind::StatusText], everybody()).await;
    contact.hears(&["unavailable"]).await;
    grant(&mut phone, &USUAL, everybody()).await;
    contact.hears(&["available: more soup"]).await;
    grant(&mut phone, &[], everybody()).await;
    contact.hears(&["unsubscribed", "unavailable"]).await;
}

#[tokio::test]
async fn s60_7_6_a_contact_on_our_server_sees_what_everybody_is_granted_and_no_more() {
    granted_to_everybody(away("pa-opal").await, near("pa-opals", "pa-opal").await).await;
}

#[tokio::test]
async fn s60_7_6_a_contact_over_s2s_sees_what_everybody_is_granted_and_no_more() {
    granted_to_everybody(away("pa-olive").await, far("pa-olive").await).await;
}

#[tokio::test]
async fn a_phone_of_ours_sees_what_it_is_granted_and_no_more() {
    let server = Server::shared();
    let mut phone = away("pa-oscar").await;
    let mut watcher = android(server, "pa-otto").await;
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    watcher.add_contact("wv:pa-oscar", "Oscar").await.unwrap();
    let seen = expect_presence(&mut watcher, "pa-oscar", |seen| seen.mood == Mood::Available).await;
    assert_eq!(seen.status, "");
    grant(&mut phone, &USUAL, everybody()).await;
    let seen = expect_presence(&mut watcher, "soup", |seen| seen.status == "soup").await;
    assert_eq!(seen.mood, Mood::Away);
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    let seen = expect_presence(&mut watcher, "less", |seen| seen.status.is_empty()).await;
    assert_eq!(seen.mood, Mood::Available);
    grant(&mut phone, &[], everybody()).await;
    expect_presence(&mut watcher, "nothing", |seen| seen.mood == Mood::Offline).await;
}

#[tokio::test]
async fn s60_7_6_friends_are_shown_and_strangers_asked_about() {
    let mut phone = away("pa-ophelia").await;
    let mut friend = near("pa-ophelias", "pa-ophelia").await;
    let mut stranger = far("pa-ophelia").await;
    let friends = phone.lists()[0].address.clone();
    grant(&mut phone, &[], everybody()).await;
    grant(&mut phone, &USUAL, list(&friends)).await;
    let wv = friend.wv();
    phone.add_contact(&wv, "Friend").await.unwrap();
    friend.hears(&["subscribe"]).await;
    friend.subscribe().await;
    friend.hears(&["subscribed", "available away: soup"]).await;
    stranger.subscribe().await;
    let mut asked = questions(&mut phone).await;
    while asked.is_empty() {
        asked = questions(&mut phone).await;
    }
    assert_eq!(asked, [stranger.wv()]);
    // Nobody: the phone drops the list's grant.
    withdraw(&mut phone, list(&friends)).await;
    friend.hears(&["unsubscribed", "unavailable"]).await;
    // All: the request that waits is answered.
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    stranger.hears(&["subscribed", "available"]).await;
}

#[tokio::test]
async fn s60_7_6_deleting_all_attribute_lists_keeps_whom_the_user_accepted_himself() {
    let mut phone = away("pa-odile").await;
    let mut accepted = near("pa-odiles", "pa-odile").await;
    let mut granted = far("pa-odile").await;
    accept(&mut phone, &mut accepted, &[]).await;
    accepted.hears(&["subscribed", "available away: soup"]).await;
    grant(&mut phone, &USUAL, everybody()).await;
    granted.subscribe().await;
    granted.hears(&["subscribed", "available away: soup"]).await;
    // As the reactive variant does at each login.
    let friends = phone.lists()[0].address.clone();
    for _ in 0..2 {
        withdraw(&mut phone, Watchers { is_default: true, ..list(&friends) }).await;
    }
    granted.hears(&["unsubscribed", "unavailable"]).await;
    phone.set_status(Mood::Available, Some("still here")).await.unwrap();
    accepted.hears(&["available: still here"]).await;
}

#[tokio::test]
async fn s60_7_7_an_answer_of_1_2_covers_the_attributes_that_it_names() {
    let server = Server::shared();
    server.add_account("pa-odette", PASSWORD);
    let usual = settings(server, Habits::S60, "pa-odette");
    let mut phone = started(PhoneSettings { version: Version::V1_2, ..usual }).await;
    phone.set_status(Mood::Away, Some("soup")).await.unwrap();
    let mut contact = near("pa-odettes", "pa-odette").await;
    accept(&mut phone, &mut contact, &[Kind::OnlineStatus]).await;
    contact.hears(&["subscribed", "available"]).await;
    // Answered anew, it sees more, and what everybody may see besides.
    answer(&mut phone, &contact.wv(), &[Kind::OnlineStatus, Kind::UserAvailability]).await;
    contact.hears(&["available away"]).await;
    grant(&mut phone, &[Kind::StatusText], everybody()).await;
    contact.hears(&["available away: soup"]).await;
}

#[tokio::test]
async fn android_5_whom_the_user_accepts_sees_everything_without_attribute_lists() {
    let mut phone = android(Server::shared(), "pa-oda").await;
    phone.set_status(Mood::Busy, Some("in a tram")).await.unwrap();
    let mut contact = far("pa-oda").await;
    accept(&mut phone, &mut contact, &[]).await;
    contact.hears(&["subscribed", "available dnd: in a tram"]).await;
}

#[tokio::test]
async fn a_cancelled_answer_leaves_what_is_granted_to_many() {
    let mut phone = away("pa-orla").await;
    let mut contact = near("pa-orlas", "pa-orla").await;
    accept(&mut phone, &mut contact, &[]).await;
    contact.hears(&["subscribed", "available away: soup"]).await;
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    cancel(&mut phone, &contact.wv()).await;
    contact.hears(&["available"]).await;
    withdraw(&mut phone, everybody()).await;
    contact.hears(&["unsubscribed", "unavailable"]).await;
}

#[tokio::test]
async fn a_cancelled_answer_ends_the_subscription_where_nothing_else_grants() {
    let mut phone = away("pa-otis").await;
    let mut contact = far("pa-otis").await;
    accept(&mut phone, &mut contact, &[]).await;
    contact.hears(&["subscribed", "available away: soup"]).await;
    cancel(&mut phone, &contact.wv()).await;
    contact.hears(&["unsubscribed", "unavailable"]).await;
}

#[tokio::test]
async fn an_attribute_list_of_one_contact_counts_alone_until_he_is_accepted_anew() {
    let mut phone = away("pa-owen").await;
    let mut contact = near("pa-owens", "pa-owen").await;
    let wv = contact.wv();
    grant(&mut phone, &USUAL, everybody()).await;
    grant(&mut phone, &[Kind::OnlineStatus], user(&wv)).await;
    contact.subscribe().await;
    contact.hears(&["subscribed", "available"]).await;
    withdraw(&mut phone, user(&wv)).await;
    contact.hears(&["available away: soup"]).await;
    grant(&mut phone, &[], user(&wv)).await;
    contact.hears(&["unsubscribed", "unavailable"]).await;
    // Asked, although everybody else is granted; and the answer counts.
    accept(&mut phone, &mut contact, &[]).await;
    contact.hears(&["subscribed", "available away: soup"]).await;
}

#[tokio::test]
async fn who_leaves_a_list_that_is_granted_something_sees_it_no_more() {
    let mut phone = away("pa-oona").await;
    let mut contact = near("pa-oonas", "pa-oona").await;
    let wv = contact.wv();
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.hears(&["subscribe"]).await;
    let friends = phone.lists()[0].address.clone();
    let work = phone.create_list("work").await.unwrap();
    let member = |user: &str| ListManageRequest {
        list: work.clone(),
        receive_list: Some(true),
        add: NickList::default(),
        remove: vec![UserAddress::parse(user)],
        properties: None,
    };
    // On both, of which one is granted everything and the other little.
    let nick = onesoup::csp::contact_list::NickName {
        name: Some("Friend".into()),
        user: UserAddress::parse(&wv),
    };
    let add = ListManageRequest {
        remove: Vec::new(),
        add: NickList { members: vec![nick] },
        ..member(&wv)
    };
    phone.request(Primitive::ListManageRequest(add.clone())).await.unwrap();
    grant(&mut phone, &[Kind::OnlineStatus], list(&friends)).await;
    grant(&mut phone, &USUAL, list(&work)).await;
    contact.subscribe().await;
    contact.hears(&["subscribed", "available away: soup"]).await;
    phone.request(Primitive::ListManageRequest(member(&wv))).await.unwrap();
    contact.hears(&["available"]).await;
    phone.request(Primitive::ListManageRequest(add)).await.unwrap();
    contact.hears(&["available away: soup"]).await;
    let delete = DeleteListRequest { list: work.clone() };
    assert_eq!(ask(&mut phone, Primitive::DeleteListRequest(delete)).await, Code::OK);
    contact.hears(&["available"]).await;
    withdraw(&mut phone, list(&friends)).await;
    contact.hears(&["unsubscribed", "unavailable"]).await;
}

#[tokio::test]
async fn who_enters_a_list_that_is_granted_something_is_answered() {
    let mut phone = away("pa-osric").await;
    let mut contact = far("pa-osric").await;
    let friends = phone.lists()[0].address.clone();
    grant(&mut phone, &[], everybody()).await;
    grant(&mut phone, &[Kind::OnlineStatus], list(&friends)).await;
    contact.subscribe().await;
    let mut asked = questions(&mut phone).await;
    while asked.is_empty() {
        asked = questions(&mut phone).await;
    }
    phone.add_contact(&contact.wv(), "Friend").await.unwrap();
    contact.hears(&["subscribed"]).await;
    contact.hears_in_any_order(&["available", "subscribe"]).await;
}

#[tokio::test]
async fn who_may_not_see_whether_the_user_is_there_learns_nothing_of_logins_and_probes() {
    // Not an S60, which deletes its attribute lists when it starts up.
    let mut phone = android(Server::shared(), "pa-odo").await;
    let mut contact = near("pa-odos", "pa-odo").await;
    grant(&mut phone, &[Kind::StatusText], everybody()).await;
    contact.subscribe().await;
    contact.hears(&["subscribed"]).await;
    phone.logout().await.unwrap();
    let poll = Some(std::time::Duration::from_millis(200));
    let usual = settings(Server::shared(), Habits::ANDROID, "pa-odo");
    let mut phone = started(PhoneSettings { cir: None, poll, ..usual }).await;
    // The next that is heard is what comes of being let see: nothing of what was before.
    grant(&mut phone, &[Kind::OnlineStatus], everybody()).await;
    contact.hears(&["available"]).await;
}
