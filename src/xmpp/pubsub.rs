//! Items at nodes (XEP-0060), as much of it as the personal events of users need (XEP-0163).

use crate::xmpp::{
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// The most items of one answer or event that are read.
const MAX_ITEMS: usize = 32;

/// The most nodes of one account that are read.
const MAX_NODES: usize = 64;

/// One item at a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What tells it from others at its node.
    pub id: Option<String>,
    /// What it says; a question names items without saying anything.
    pub payload: Option<Payload>,
}

/// Items at one node: asked for, answered, or announced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// The node.
    pub node: String,
    /// The items.
    pub items: Vec<Item>,
}

impl Items {
    /// Returns all items of a node, to be asked for.
    pub fn of(node: &str) -> Self {
        Self { node: node.to_owned(), items: Vec::new() }
    }

    /// Adds an item.
    pub fn with(mut self, id: &str, payload: Option<Payload>) -> Self {
        self.items.push(Item { id: Some(id.to_owned()), payload });
        self
    }

    /// Returns the item of this id.
    pub fn find(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id.as_deref() == Some(id))
    }

    /// Reads a question or an answer; anything else that may be done with nodes is none.
    pub fn read(pubsub: Node<'_>) -> Option<Self> {
        Self::inside(pubsub.child("items", ns::PUBSUB)?, ns::PUBSUB)
    }

    /// Reads the items of all nodes of one account.
    pub fn read_all(pubsub: Node<'_>) -> Vec<Self> {
        let nodes = pubsub.children().filter(|child| child.is("items", ns::PUBSUB));
        nodes.take(MAX_NODES).filter_map(|items| Self::inside(items, ns::PUBSUB)).collect()
    }

    /// Reads what a message announces; what was retracted has no payload.
    pub fn read_event(event: Node<'_>) -> Option<Self> {
        Self::inside(event.child("items", ns::PUBSUB_EVENT)?, ns::PUBSUB_EVENT)
    }

    fn inside(items: Node<'_>, ns: &str) -> Option<Self> {
        let named = items
            .children()
            .filter(|child| child.has_ns(ns) && matches!(child.name(), "item" | "retract"));
        let item = |child: Node<'_>| Item {
            id: attr(child, "id"),
            payload: child.children().next().map(Node::to_payload),
        };
        let items_read = named.take(MAX_ITEMS).map(item).collect();
        Some(Self { node: attr(items, "node")?, items: items_read })
    }

    /// Returns the question for these items, or the answer.
    pub fn to_payload(&self) -> Payload {
        Payload::new("pubsub", ns::PUBSUB).with(self.spelt(ns::PUBSUB))
    }

    /// Returns what a message carries to announce them.
    // spec: XEP-0163 §4.3
    pub fn to_event(&self) -> Payload {
        Payload::new("event", ns::PUBSUB_EVENT).with(self.spelt(ns::PUBSUB_EVENT))
    }

    fn spelt(&self, ns: &str) -> Payload {
        let item = |item: &Item| {
            Payload::new("item", ns)
                .with_attr_if("id", item.id.as_deref())
                .with_all(item.payload.clone())
        };
        Payload::new("items", ns)
            .with_attr("node", &self.node)
            .with_all(self.items.iter().map(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_an_answer_and_an_event_are_read_as_they_were_written() {
        let mood = Payload::new("mood", ns::MOOD).with(Payload::new("happy", ns::MOOD));
        let items = Items::of(ns::MOOD).with("current", Some(mood));
        assert_eq!(Items::read(items.to_payload().node()), Some(items.clone()));
        assert_eq!(Items::read_event(items.to_event().node()), Some(items.clone()));
        assert!(items.find("current").is_some() && items.find("other").is_none());
        let asked = Items::of(ns::AVATAR_DATA).with("111f4b", None);
        assert_eq!(Items::read(asked.to_payload().node()), Some(asked));
    }

    #[test]
    fn what_is_retracted_says_nothing() {
        let event = Payload::parse(
            "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'>\
             <retract id='a'/><note/></items></event>",
        );
        let read = Items::read_event(event.unwrap().node()).unwrap();
        assert_eq!(read, Items::of("n").with("a", None));
    }

    #[test]
    fn other_uses_of_nodes_are_none() {
        for text in [
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'/>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items/></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='x'/></pubsub>",
        ] {
            assert_eq!(Items::read(Payload::parse(text).unwrap().node()), None, "{text}");
        }
    }
}
