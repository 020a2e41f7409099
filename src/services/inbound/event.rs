//! News of what a contact published of itself comes from the network (XEP-0163).

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        presence::{Presence, merged},
        refusal::Refusal,
    },
    services::{context::Services, refused, seen::of_account, unit::Unit},
    store::write::Write,
    xmpp::{message::Message, pubsub_event::PubsubEvent},
};

impl Services {
    /// Takes note of what a contact published or took back; from anybody else it is ignored.
    pub(super) async fn event_arrived(&self, stanza: &Message) {
        let Some(event) = PubsubEvent::of(stanza) else { return };
        let (Some(device), Some(owner)) =
            (bridge::address::device_of_jid(&stanza.from), bridge::address::of_jid(&stanza.to))
        else {
            return;
        };
        // spec: XEP-0163 §4.3.1: what an account publishes comes from its bare address.
        let Device { account: contact, resource: None } = device else { return };
        if let Err(refusal) = self.published(&owner, &contact, &event).await {
            tracing::warn!(?refusal, account = %owner, %contact, "what was published was not kept");
        }
    }

    async fn published(
        &self,
        owner: &Address,
        contact: &Address,
        event: &PubsubEvent,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let is_seen = self.contact(owner, contact).await?.relation.to;
        if !is_seen || !person.admits(contact) {
            return Ok(());
        }
        let rows = self.store.contact_presences(owner, contact).await.map_err(refused)?;
        let mut personal = of_account(&rows).cloned().unwrap_or_default();
        bridge::pep::apply(event, &mut personal);
        if personal == of_account(&rows).cloned().unwrap_or_default() {
            return Ok(());
        }
        let devices = || rows.iter().map(|row| &row.presence);
        let shown = [merged(devices(), of_account(&rows)), merged(devices(), Some(&personal))];
        let told = self.noticing(&mut person, contact, &shown).await?;
        let last = rows.iter().find(|row| row.resource.is_empty());
        // Where no phone would show it, none is told, now or later.
        let change = match last {
            Some(row) if told.is_empty() => row.change,
            _ => self.ids.next_number(),
        };
        let picture = personal.picture.clone();
        let presence = last.map(|row| row.presence.clone()).unwrap_or_default();
        let mut unit = Unit::default();
        unit.write(Write::PutContactPresence {
            owner: owner.clone(),
            contact: contact.clone(),
            resource: Default::default(),
            presence: Presence { personal: personal.boxed(), ..presence },
            change,
        });
        self.carry_out(unit).await?;
        for id in &told {
            person.live(id).into_iter().for_each(|live| self.has_news_for(live, contact));
        }
        self.shows_picture(&mut person, contact, picture.as_ref()).await
    }
}
