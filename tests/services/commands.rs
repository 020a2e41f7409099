//! Commands of operators, as time goes by.

use onesoup::{
    domain::{
        address::Address,
        contact::{Contact, Relation},
    },
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{
        condition::StanzaError,
        iq::{Iq, IqKind, Query},
        ns,
        payload::Payload,
        stanza::Stanza,
    },
};

use super::world::{World, jid};

/// A step of `delete-user`.
fn command(more: &[(&str, &str)], form: Option<Payload>) -> Payload {
    let command = Payload::new("command", ns::COMMANDS)
        .with_attr("node", "http://jabber.org/protocol/admin#delete-user")
        .with_all(form);
    more.iter().fold(command, |command, (name, value)| command.with_attr(name, value))
}

/// Sends a step of `delete-user`, and returns the answer.
async fn step(
    world: &mut World,
    more: &[(&str, &str)],
    form: Option<Payload>,
) -> Result<Payload, StanzaError> {
    let command = Payload::new("command", ns::COMMANDS)
        .with_attr("node", "http://jabber.org/protocol/admin#delete-user")
        .with_all(form);
    let command =
        more.iter().fold(command, |command, (name, value)| command.with_attr(name, value));
    let (from, to) = (jid("boss@far.test/desk"), jid("onesoup.test"));
    world.arrives(Iq::set(from, to, "q", Query::Command(command))).await;
    loop {
        match world.sent().await {
            Stanza::Iq(Iq { kind: IqKind::Result(Some(payload)), .. }) => return Ok(payload),
            Stanza::Iq(Iq { kind: IqKind::Error(error), .. }) => return Err(error),
            _ => {}
        }
    }
}

/// The form of `delete-user`, filled in.
fn kim_named() -> Payload {
    let field = |var: &str, value: &str| {
        Payload::new("field", ns::DATA).with_attr("var", var).with_leaf("value", value)
    };
    Payload::new("x", ns::DATA)
        .with_attr("type", "submit")
        .with(field("FORM_TYPE", ns::ADMIN))
        .with(field("accountjids", "kim"))
}

#[tokio::test]
async fn a_form_that_lay_there_for_too_long_is_not_carried_out() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.account("kim").await;
    for (secs, is_in_time) in [(601, false), (599, true)] {
        let begun = step(&mut world, &[], None).await.unwrap();
        let session = begun.node().attr("sessionid").unwrap().to_owned();
        world.turn(secs).await;
        let done = step(&mut world, &[("sessionid", &session)], Some(kim_named())).await;
        assert_eq!(done.is_ok(), is_in_time);
        let is_there = world.services.store.account(&kim).await.unwrap().is_some();
        assert_eq!(is_there, !is_in_time);
    }
}

#[tokio::test]
async fn nobody_waits_while_an_account_with_many_contacts_is_removed() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let account = world.account("kim").await;
    let contact = |number: usize| Contact {
        relation: Relation { from: true, ..Relation::default() },
        ..Contact::stranger(Address::of(&format!("c{number}"), "far.test"))
    };
    let contacts = (0..300).map(contact).collect();
    world.services.store.commit(vec![Write::PutContacts { account, contacts }]).await.unwrap();
    let begun = step(&mut world, &[], None).await.unwrap();
    let session = begun.node().attr("sessionid").unwrap().to_owned();
    let (boss, domain) = (jid("boss@far.test/desk"), jid("onesoup.test"));
    let command = command(&[("sessionid", &session)], Some(kim_named()));
    world.arrives(Iq::set(boss.clone(), domain.clone(), "removal", Query::Command(command))).await;
    world.arrives(Iq::get(boss, domain, "ping", Query::Ping)).await;
    let mut answered = Vec::new();
    while answered.len() < 2 {
        if let Stanza::Iq(Iq { id, .. }) = world.sent().await {
            answered.push(id);
        }
    }
    assert_eq!(answered, ["ping", "removal"]);
}
