//! What a user shows of itself: as a profile (XEP-0054), and item by item (XEP-0163).

use crate::{
    bridge,
    domain::{
        personal::{Personal, Picture},
        public_profile::PublicProfile,
        view::View,
    },
    services::{context::Services, person::Person, personal_events::item},
    store::pictures::StoredPicture,
    xmpp::{
        avatar,
        condition::Condition,
        ns,
        payload::Payload,
        pubsub::Items,
        vcard::{Photo, VCard},
    },
};

impl Services {
    /// Returns the profile of an account, of which the asker sees these facts, and everybody this.
    // spec: XEP-0054 §3.3
    pub(super) async fn profile(
        &self,
        facts: &Personal,
        public: Option<&PublicProfile>,
    ) -> Result<VCard, Condition> {
        let photo = self.octets(facts.picture.as_ref()).await;
        let photo = photo.map(|it| Photo { media_type: it.media_type, octets: it.octets });
        let mut card = bridge::profile::to_vcard(facts, photo);
        if let Some(public) = public {
            bridge::public_profile::add_to_vcard(public, &mut card);
        }
        if card == VCard::default() { Err(Condition::ItemNotFound) } else { Ok(card) }
    }

    /// Returns the items at a node of an account, of which the asker sees these facts.
    // spec: XEP-0060 §6.5
    pub(super) async fn items_at(
        &self,
        facts: &Personal,
        asked: &Items,
    ) -> Result<Payload, Condition> {
        let found = if asked.node == ns::AVATAR_DATA {
            let stored = self.octets(facts.picture.as_ref()).await;
            let stored = stored.ok_or(Condition::ItemNotFound)?;
            let data = avatar::write_data(&stored.octets);
            Items::of(&asked.node).with(&stored.hash, Some(data))
        } else {
            let nothing = Personal::default();
            let node = bridge::pep::changed(&nothing, facts).find(|node| *node == asked.node);
            item(node.ok_or(Condition::ItemNotFound)?, facts)
        };
        let mut named = asked.items.iter().filter_map(|item| item.id.as_deref());
        if !asked.items.is_empty() && !named.any(|id| found.find(id).is_some()) {
            return Err(Condition::ItemNotFound);
        }
        Ok(found.to_payload())
    }

    async fn octets(&self, picture: Option<&Picture>) -> Option<StoredPicture> {
        self.octets_of(picture?).await
    }
}

/// Returns what is left of what an account shows for who has this view.
pub(super) fn facts_seen(person: &Person, view: &View) -> Personal {
    person.personal.as_deref().map(|facts| view.of_personal(facts)).unwrap_or_default()
}
