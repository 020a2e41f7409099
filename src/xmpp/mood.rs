//! Moods (XEP-0107).

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

/// A mood as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mood {
    /// The name of the element that tells it.
    pub name: String,
    /// Why.
    pub text: Option<String>,
}

impl Mood {
    /// Reads a mood; an empty one says that there is none.
    // spec: XEP-0107 §2.2
    pub fn read(mood: Node<'_>) -> Option<Self> {
        let mut names = mood.children().filter(|child| child.has_ns(ns::MOOD));
        let name = names.find(|child| child.name() != "text")?.name().to_owned();
        Some(Self { name, text: mood.child_text("text", ns::MOOD) })
    }

    /// Returns the payload of a mood, or that there is none.
    pub fn to_payload(mood: Option<&Self>) -> Payload {
        let payload = Payload::new("mood", ns::MOOD);
        let Some(mood) = mood else { return payload };
        let payload = payload.with(Payload::new(&mood.name, ns::MOOD));
        match &mood.text {
            Some(text) => payload.with_leaf("text", text),
            None => payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let mood = Mood { name: "annoyed".into(), text: Some("curse my nurse!".into()) };
        let payload = Mood::to_payload(Some(&mood));
        assert_eq!(Mood::read(payload.node()), Some(mood));
        assert_eq!(Mood::read(Mood::to_payload(None).node()), None);
    }

    #[test]
    fn the_text_may_come_first_and_foreign_elements_do_not_count() {
        let payload = Payload::new("mood", ns::MOOD)
            .with_leaf("text", "x")
            .with(Payload::new("happy", "urn:other"))
            .with(Payload::new("sad", ns::MOOD));
        assert_eq!(Mood::read(payload.node()).unwrap().name, "sad");
    }
}
