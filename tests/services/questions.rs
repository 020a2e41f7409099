//! Who may ask an account and its phone, and who is told as if nobody were there.

use onesoup::{
    csp::{
        address::UserAddress,
        blocking::{BlockEntityRequest, EntityList, ListChange},
        presence::UpdatePresenceRequest,
        presence_value::{Attribute, PresenceSubList, Qualified},
        primitive::Primitive,
    },
    services::outbox::LinkEvent,
    xmpp::{
        condition::Condition,
        iq::{Iq, IqKind, Query},
        presence::{Presence, PresenceKind},
        stanza::Stanza,
    },
};

use super::world::{Phone, World, jid};

/// Asks, and returns the refusal, if it is one.
async fn asked(world: &mut World, to: &str, query: Query) -> Option<Condition> {
    world.arrives(Iq::get(jid("ann@far.test/x"), jid(to), "q", query)).await;
    loop {
        match world.sent().await {
            Stanza::Iq(Iq { kind: IqKind::Result(_), .. }) => return None,
            Stanza::Iq(Iq { kind: IqKind::Error(error), .. }) => return Some(error.condition),
            _ => {}
        }
    }
}

/// A phone that ann sees, and its full address.
async fn seen(world: &mut World) -> (Phone, String) {
    world.events.send(LinkEvent::Up).await.unwrap();
    let phone = world.phone("kim").await;
    let kim = world.services.own_address("kim").unwrap();
    let ann = world.services.any_address("ann@far.test").unwrap();
    let subscribe = |kind| Presence::new(jid("ann@far.test"), jid("kim@onesoup.test"), kind);
    world.arrives(subscribe(PresenceKind::Subscribe)).await;
    let has_asked = async || {
        let overview = world.services.overview(&kim).await.unwrap();
        overview.contacts.iter().any(|contact| contact.relation.pending_in)
    };
    while !has_asked().await {}
    assert!(world.services.approve(&kim, &ann).await.unwrap());
    let device = loop {
        if let Stanza::Presence(shown) = world.sent().await
            && shown.kind == PresenceKind::Available
        {
            break shown.from;
        }
    };
    (phone, device.as_str().to_owned())
}

#[tokio::test]
async fn who_is_blocked_is_answered_as_if_nobody_were_there() {
    let mut world = World::new().await;
    let (phone, device) = seen(&mut world).await;
    let account = "kim@onesoup.test";
    for query in [Query::Ping, Query::Version, Query::DiscoInfo { node: None }] {
        assert_eq!(asked(&mut world, &device, query).await, None);
    }
    assert_eq!(asked(&mut world, account, Query::DiscoInfo { node: None }).await, None);
    let users = vec![UserAddress::parse("wv:ann@far.test")];
    let add = EntityList { users, ..EntityList::default() };
    let block = ListChange { in_use: Some(true), add, ..ListChange::default() };
    let request = BlockEntityRequest { block, ..BlockEntityRequest::default() };
    phone.request(Primitive::BlockEntityRequest(request)).await;
    for query in [Query::Ping, Query::Version, Query::DiscoInfo { node: None }, Query::LastActivity]
    {
        let gone = asked(&mut world, "kim@onesoup.test/gone", query.clone()).await;
        assert_eq!(asked(&mut world, &device, query.clone()).await, gone, "{query:?}");
        let nobody = asked(&mut world, "nobody@onesoup.test", query.clone()).await;
        assert!(nobody.is_some());
        assert_eq!(asked(&mut world, account, query.clone()).await, nobody, "{query:?}");
    }
}

#[tokio::test]
async fn a_phone_whose_user_hides_answers_as_if_it_were_not_there() {
    let mut world = World::new().await;
    let (phone, device) = seen(&mut world).await;
    let mut attributes = PresenceSubList::default();
    attributes.set(Attribute::OnlineStatus(Qualified::known(false)));
    let request = UpdatePresenceRequest { attributes };
    phone.request(Primitive::UpdatePresenceRequest(request)).await;
    for query in [Query::Ping, Query::Version, Query::Time, Query::LastActivity] {
        let gone = asked(&mut world, &device, query.clone()).await;
        assert_eq!(gone, Some(Condition::ServiceUnavailable), "{query:?}");
    }
    // The account is there all the same, for those who see it.
    assert_eq!(asked(&mut world, "kim@onesoup.test", Query::Ping).await, None);
}
