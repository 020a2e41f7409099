//! Contacts whose address a phone cannot hold, or its user not type: known by an alias everywhere.

use onesoup::csp::version::Version;
use onesoup::csp::{
    address::UserAddress,
    blocking::{BlockEntityRequest, EntityList, ListChange},
    primitive::Primitive,
};
use onesoup::phone::{
    event::{Event, Mood},
    handset::Habits,
    session::Phone,
    settings::PhoneSettings,
};
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{
    self, PASSWORD, android, expect, expect_message, expect_presence, started,
};
use crate::support::server::Server;
use crate::support::xmpp::{XmppClient, body};

/// A contact at the other server with an odd name.
async fn contact(name: &str) -> XmppClient {
    let lab = Lab::shared();
    lab.register_far(name, "pw");
    XmppClient::login(lab, &format!("{name}@far.test"), "pw").await
}

async fn asked(phone: &mut Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

/// A contact writes to an S60, is answered, becomes a contact, sees and is seen.
async fn talk(version: Version, user: &str, mut contact: XmppClient, alias: &str) {
    let server = Server::shared();
    server.add_account(user, PASSWORD);
    let usual = phones::settings(server, Habits::S60, user);
    let mut phone = started(PhoneSettings { version, ..usual }).await;
    let own = format!("{user}@onesoup.test");
    let alias = format!("wv:{alias}@onesoup.test");

    contact.send_chat(&own, "do you know me?", "q", true).await;
    let (from, text) = expect_message(&mut phone).await;
    assert_eq!((from.as_str(), text.as_str()), (alias.as_str(), "do you know me?"));
    contact.expect_receipt("q").await;
    phone.send(&from, "by another name").await.unwrap();
    let answer = contact.expect_chat(&own).await;
    assert_eq!(body(&answer), "by another name");
    assert_eq!(answer.to.unwrap().to_bare(), contact.jid.to_bare());

    phone.add_contact(&from, "Somebody").await.unwrap();
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    let seen = expect_presence(&mut phone, "contact", |seen| seen.mood == Mood::Available).await;
    assert_eq!(seen.user, alias);
    contact.subscribe(&own).await;
    assert_eq!(asked(&mut phone).await, alias);
    phone.answer(&alias, true).await.unwrap();
    contact.expect_presence(Type::Subscribed, &own).await;
    contact.expect_presence(Type::None, &own).await;
    let names: Vec<_> = phone.contacts().into_iter().map(|it| (it.user, it.name)).collect();
    assert_eq!(names, [(alias.as_str().into(), "Somebody".into())]);

    // Blocked by the alias, it sees nothing more and does not get through.
    let users = vec![UserAddress::parse(&alias)];
    let add = EntityList { users: users.clone(), ..EntityList::default() };
    let block = ListChange { in_use: Some(true), add, ..ListChange::default() };
    let request = BlockEntityRequest { block, grant: ListChange::default() };
    phone.request(Primitive::BlockEntityRequest(request)).await.unwrap();
    contact.expect_presence(Type::Unavailable, &own).await;
    let blocked = phone.request(Primitive::GetBlockedListRequest).await.unwrap();
    let Primitive::GetBlockedListResponse(blocked) = blocked else { panic!("{blocked:?}") };
    assert_eq!(blocked.block.entities.users, users);

    // At the next login all is as it was.
    phone.logout().await.unwrap();
    let usual = phones::settings(server, Habits::S60, user);
    let mut phone = started(PhoneSettings { version, ..usual }).await;
    assert_eq!(phone.contacts()[0].user, alias);
    phone.remove_contact(&alias).await.unwrap();
    contact.expect_presence(Type::Unsubscribe, &own).await;
    contact.expect_presence(Type::Unsubscribed, &own).await;
    contact.logout().await;
}

#[tokio::test]
async fn s60_4_1_a_contact_with_an_address_of_67_characters_has_an_alias() {
    let name = "somebody.with.a.name.that.no.phone.of.that.time.could.hold.v11";
    talk(Version::V1_1, "alma", contact(name).await, "somebody.with.a~").await;
    let name = "somebody.with.a.name.that.no.phone.of.that.time.could.hold.v12";
    talk(Version::V1_2, "alba", contact(name).await, "somebody.with.a~").await;
}

#[tokio::test]
async fn s60_4_1_a_contact_with_a_plus_and_a_slash_has_an_alias() {
    talk(Version::V1_1, "alda", contact("joe\\2fwork+v11").await, "joe-work-v11~").await;
    talk(Version::V1_2, "aldo", contact("joe\\2fwork+v12").await, "joe-work-v12~").await;
}

#[tokio::test]
async fn a_contact_that_another_phone_has_added_is_on_the_list_by_its_alias() {
    let server = Server::shared();
    let name = "somebody.else.with.a.name.that.no.nokia.could.ever.hold";
    let mut contact = contact(name).await;
    let mut phone = android(server, "andra").await;
    let full = format!("wv:{name}@far.test");
    phone.add_contact(&full, "Else").await.unwrap();
    contact.expect_presence(Type::Subscribe, "andra@onesoup.test").await;
    contact.approve("andra@onesoup.test").await;
    // The phone that can hold the address has it.
    let seen = expect_presence(&mut phone, "contact", |seen| seen.mood == Mood::Available).await;
    assert_eq!(seen.user, full);
    let mut other = started(phones::settings(server, Habits::S60, "andra")).await;
    let alias = "wv:somebody.else.wi~@onesoup.test";
    let seen = expect_presence(&mut other, "contact", |seen| seen.mood == Mood::Available).await;
    assert_eq!(seen.user, alias);
    let names: Vec<_> = other.contacts().into_iter().map(|it| (it.user, it.name)).collect();
    assert_eq!(names, [(alias.into(), "Else".into())]);
    other.send(alias, "from the other phone").await.unwrap();
    assert_eq!(body(&contact.expect_chat("andra@onesoup.test").await), "from the other phone");
    contact.logout().await;
}
