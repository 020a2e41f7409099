//! Commands of operators, as time goes by.

use onesoup::{
    services::outbox::LinkEvent,
    xmpp::{
        condition::StanzaError,
        iq::{Iq, IqKind, Query},
        ns,
        payload::Payload,
        stanza::Stanza,
    },
};

use super::world::{World, jid};

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

#[tokio::test]
async fn a_form_that_lay_there_for_too_long_is_not_carried_out() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.account("kim").await;
    let form = || {
        let field = |var: &str, value: &str| {
            Payload::new("field", ns::DATA).with_attr("var", var).with_leaf("value", value)
        };
        Payload::new("x", ns::DATA)
            .with_attr("type", "submit")
            .with(field("FORM_TYPE", ns::ADMIN))
            .with(field("accountjids", "kim"))
    };
    for (secs, is_in_time) in [(601, false), (599, true)] {
        let begun = step(&mut world, &[], None).await.unwrap();
        let session = begun.node().attr("sessionid").unwrap().to_owned();
        world.turn(secs).await;
        let done = step(&mut world, &[("sessionid", &session)], Some(form())).await;
        assert_eq!(done.is_ok(), is_in_time);
        let is_there = world.services.store.account(&kim).await.unwrap().is_some();
        assert_eq!(is_there, !is_in_time);
    }
}
