//! What somebody published, as it is told to who sees them (XEP-0060 §7, XEP-0163).

use crate::xmpp::{
    message::{Message, attr},
    ns,
    payload::{Node, Payload},
    pubsub::Items,
};

/// A change of one node that holds one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PubsubEvent {
    /// The node: for personal facts the namespace of what it holds.
    pub node: String,
    /// What it holds now; none where that was taken back.
    pub item: Option<Payload>,
}

impl PubsubEvent {
    /// Returns whether a message tells of what was published, whatever it says.
    pub fn is_in(message: &Message) -> bool {
        events(message).next().is_some()
    }

    /// Returns the event that a message carries, if it does.
    pub fn of(message: &Message) -> Option<Self> {
        events(message).find_map(Self::read)
    }

    fn read(event: Node<'_>) -> Option<Self> {
        if let Some(mut items) = Items::read_event(event) {
            // Of several the last counts.
            return Some(Self { node: items.node, item: items.items.pop()?.payload });
        }
        let emptied = event.children().find(|child| {
            child.has_ns(ns::PUBSUB_EVENT) && matches!(child.name(), "purge" | "delete")
        })?;
        Some(Self { node: attr(emptied, "node")?, item: None })
    }
}

fn events(message: &Message) -> impl Iterator<Item = Node<'_>> {
    let nodes = message.payloads.iter().map(Payload::node);
    nodes.filter(|node| node.is("event", ns::PUBSUB_EVENT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::jid::Jid;

    fn event(inside: Payload) -> Option<PubsubEvent> {
        let jid = Jid::new("ann@far.test").unwrap();
        let payloads = vec![Payload::new("event", ns::PUBSUB_EVENT).with(inside)];
        PubsubEvent::of(&Message { payloads, ..Message::new(jid.clone(), jid) })
    }

    fn items() -> Payload {
        Payload::new("items", ns::PUBSUB_EVENT).with_attr("node", ns::MOOD)
    }

    #[test]
    fn items_and_all_ways_to_take_them_back_are_read() {
        let mood = Payload::new("mood", ns::MOOD);
        let withdrawn = Some(PubsubEvent { node: ns::MOOD.into(), item: None });
        let published = Some(PubsubEvent { node: ns::MOOD.into(), item: Some(mood.clone()) });
        let item = Payload::new("item", ns::PUBSUB_EVENT).with_attr("id", "1").with(mood);
        assert_eq!(event(items().with(item.clone())), published);
        let retract = Payload::new("retract", ns::PUBSUB_EVENT).with_attr("id", "1");
        assert_eq!(event(items().with(retract.clone())), withdrawn);
        assert_eq!(event(items().with(retract).with(item)), published);
        for name in ["purge", "delete"] {
            let change = Payload::new(name, ns::PUBSUB_EVENT).with_attr("node", ns::MOOD);
            assert_eq!(event(change), withdrawn, "{name}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_event() {
        assert_eq!(event(items()), None);
        assert_eq!(event(items().with(Payload::new("item", ns::MOOD))), None);
        assert_eq!(event(Payload::new("items", ns::PUBSUB_EVENT)), None);
        assert_eq!(event(Payload::new("configuration", ns::PUBSUB_EVENT)), None);
    }
}
