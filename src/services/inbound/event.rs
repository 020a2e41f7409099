//! News of what a contact published of itself comes from the network (XEP-0163).

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        personal::Personal,
        refusal::Refusal,
    },
    services::context::Services,
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
        let told = |personal: &mut Personal| bridge::pep::apply(event, personal);
        let Some(personal) = self.account_shows(&mut person, contact, told).await? else {
            return Ok(());
        };
        self.look_again(&mut person, contact, personal.picture.as_ref()).await?;
        self.shows_picture(&mut person, contact, personal.picture.as_ref()).await
    }
}
