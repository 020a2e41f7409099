//! Personal facts as they are published to the network (XEP-0163), each under a node of its own.

use crate::{
    bridge::{bounded, mood, picture, place},
    domain::personal::Personal,
    xmpp::{
        avatar::AvatarInfo, geoloc::Geoloc, mood::Mood, nick, ns, payload::Payload,
        pubsub_event::PubsubEvent,
    },
};

/// The nodes under which facts are published and read.
pub const NODES: [&str; 4] = [ns::AVATAR_METADATA, ns::GEOLOC, ns::MOOD, ns::NICK];

/// Returns what is published at a node, or that nothing is told there; none at another node.
pub fn to_payload(node: &str, personal: &Personal) -> Option<Payload> {
    Some(match node {
        ns::AVATAR_METADATA => picture_to_payload(personal),
        ns::GEOLOC => place_to_payload(personal),
        ns::MOOD => mood_to_payload(personal),
        ns::NICK => alias_to_payload(personal),
        _ => return None,
    })
}

/// Returns the nodes at which something else is told after a change.
pub fn changed(before: &Personal, after: &Personal) -> impl Iterator<Item = &'static str> {
    NODES.into_iter().filter(|node| to_payload(node, before) != to_payload(node, after))
}

/// Returns how a user feels, or that nothing is told of it.
pub fn mood_to_payload(personal: &Personal) -> Payload {
    Mood::to_payload(personal.mood.as_ref().map(mood::to_network).as_ref())
}

/// Returns where a user is, or that nothing is told of it.
pub fn place_to_payload(personal: &Personal) -> Payload {
    place::to_geoloc(personal).to_payload()
}

/// Returns the name that a user goes by, or that there is none.
pub fn alias_to_payload(personal: &Personal) -> Payload {
    nick::to_payload(personal.alias.as_deref())
}

/// Returns what is known of a user's picture, or that there is none.
pub fn picture_to_payload(personal: &Personal) -> Payload {
    AvatarInfo::to_payload(personal.picture.as_ref().map(picture::to_network).as_ref())
}

/// Changes what is known of a user by what it publishes, or takes back; a node that is not known
/// changes nothing.
pub fn apply(event: &PubsubEvent, personal: &mut Personal) {
    let item = event.item.as_ref().map(Payload::node);
    let is = |name: &str| item.is_none_or(|item| item.is(name, &event.node));
    match event.node.as_str() {
        ns::MOOD if is("mood") => {
            personal.mood = item.and_then(Mood::read).as_ref().map(mood::of_network);
        }
        ns::GEOLOC if is("geoloc") => {
            place::set_geoloc(personal, &item.map(Geoloc::read).unwrap_or_default());
        }
        ns::NICK if is("nick") => {
            let nick = item.and_then(nick::read);
            personal.alias = bounded::some(nick.as_deref(), bounded::NAME);
        }
        ns::AVATAR_METADATA if is("metadata") => {
            let info = item.and_then(AvatarInfo::read);
            personal.picture = info.as_ref().map(picture::of_network);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        personal::{Mood as Feeling, Picture},
        place::{Place, Point},
    };

    fn everything() -> Personal {
        Personal {
            alias: Some("Kim".into()),
            mood: Some(Feeling { word: "amazed".into(), text: Some("wow".into()) }),
            picture: Some(Picture {
                hash: "a9993e364706816aba3e25717850c26c9cd0d89d".into(),
                media_type: "image/gif".into(),
                bytes: 3,
                ..Picture::default()
            }),
            place: Some(Place {
                point: Point::new(1, -1),
                city: Some("Turku".into()),
                words: Some("home".into()),
                ..Place::default()
            }),
            time_zone_minutes: Some(120),
            ..Personal::default()
        }
    }

    #[test]
    fn what_is_published_is_read_as_it_was_and_taken_back_in_two_ways() {
        let payloads: [fn(&Personal) -> Payload; 4] =
            [picture_to_payload, place_to_payload, mood_to_payload, alias_to_payload];
        let mut seen = Personal::default();
        for (node, payload) in NODES.into_iter().zip(payloads) {
            let item = Some(payload(&everything()));
            apply(&PubsubEvent { node: node.into(), item }, &mut seen);
        }
        assert_eq!(seen, everything());
        for (node, payload) in NODES.into_iter().zip(payloads) {
            for item in [None, Some(payload(&Personal::default()))] {
                let mut seen = everything();
                apply(&PubsubEvent { node: node.into(), item }, &mut seen);
                assert_ne!(seen, everything(), "{node}");
                assert_eq!(payload(&seen), payload(&Personal::default()), "{node}");
            }
        }
    }

    #[test]
    fn what_does_not_belong_to_a_node_changes_nothing() {
        let mut seen = everything();
        for node in NODES.into_iter().chain(["urn:other"]) {
            let item = Some(Payload::new("tune", "http://jabber.org/protocol/tune"));
            apply(&PubsubEvent { node: node.into(), item }, &mut seen);
        }
        apply(&PubsubEvent { node: "urn:other".into(), item: None }, &mut seen);
        assert_eq!(seen, everything());
    }
}
