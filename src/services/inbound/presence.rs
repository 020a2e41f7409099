//! A presence comes from the network.

use crate::{
    bridge::{self, bounded},
    domain::{
        address::{Address, Device},
        contact::Relation,
        presence::Presence as Shown,
        refusal::Refusal,
        subscription::Event,
    },
    services::{context::Services, inbound::message::is_domain},
    xmpp::{
        payload::Text,
        presence::{Presence, PresenceKind},
    },
};

impl Services {
    /// Carries out a presence stanza.
    pub(super) async fn presence_arrived(&self, mut stanza: Presence) {
        if is_domain(&stanza.to) {
            return;
        }
        let (Some(device), Some(owner)) =
            (bridge::address::device_of_jid(&stanza.from), bridge::address::of_jid(&stanza.to))
        else {
            return;
        };
        let contact = &device.account;
        // spec: XEP-0191 §3.3: who is blocked is not heard, and learns nothing.
        let asks = matches!(stanza.kind, PresenceKind::Subscribe | PresenceKind::Probe);
        if asks && !self.admits(&owner, contact).await {
            return;
        }
        if stanza.statuses.len() > 1
            && let Some(language) = self.language(&owner).await
        {
            Text::keep_language(&mut stanza.statuses, &language);
        }
        let carried_out: Result<(), Refusal> = match stanza.kind {
            PresenceKind::Available => {
                let mut presence = bridge::presence::of_stanza(&stanza);
                let client = self.client_of(&owner, &device, stanza.caps.as_ref());
                presence.client = client.map(Box::new);
                if self.seen(&owner, &device, presence).await {
                    self.announces(&owner, &device, stanza.caps).await;
                }
                Ok(())
            }
            PresenceKind::Unavailable => {
                self.capabilities.forget(&owner, &device);
                self.asked.forget(&owner, &device);
                self.seen(&owner, &device, Shown::offline()).await;
                Ok(())
            }
            PresenceKind::Error => self.unreachable(&owner, &device).await,
            PresenceKind::Probe => self.probed(&owner, stanza.to.resource(), contact).await,
            PresenceKind::Subscribe => self.asked_by(&owner, contact, stanza.nick.as_deref()).await,
            PresenceKind::Subscribed => self.happen(&owner, contact, Event::AllowIn).await,
            PresenceKind::Unsubscribe => self.happen(&owner, contact, Event::LeaveIn).await,
            PresenceKind::Unsubscribed => self.happen(&owner, contact, Event::DenyIn).await,
        };
        if let Err(refusal) = carried_out {
            tracing::warn!(?refusal, from = %stanza.from, to = %stanza.to, "a presence was not kept");
        }
    }

    /// Takes the request of somebody to see an account.
    async fn asked_by(
        &self,
        owner: &Address,
        contact: &Address,
        nick: Option<&str>,
    ) -> Result<(), Refusal> {
        let relation = self.contact(owner, contact).await?.relation;
        let is_stranger = relation == Relation::default();
        if is_stranger && !self.strangers.may_ask(owner, contact, self.clock.now()) {
            // Unanswered, the other server keeps the request and may send it again.
            return Ok(());
        }
        let nick = bounded::some(nick, bounded::NAME);
        self.happen_to_named(owner, (contact, nick), Event::AskIn).await
    }

    /// Returns the language that the user of a phone reads, if a phone has told.
    async fn language(&self, owner: &Address) -> Option<String> {
        let cell = self.people.cell(owner, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await.ok()??;
        let shown = person.sessions.iter().map(|live| &live.session.presence);
        shown.filter_map(Shown::language).find_map(bridge::language::to_tag)
    }

    /// Takes note that who was asked or shown to is not to be reached.
    async fn unreachable(&self, owner: &Address, device: &Device) -> Result<(), Refusal> {
        self.capabilities.forget(owner, device);
        self.asked.forget(owner, device);
        self.seen(owner, device, Shown::offline()).await;
        let relation = self.contact(owner, &device.account).await?.relation;
        if relation.pending_out && !relation.to {
            // The question did not arrive: the next login puts it again.
            self.happen(owner, &device.account, Event::DenyIn).await?;
        }
        Ok(())
    }

    /// Returns whether an account lets somebody through; one that is not there lets everybody.
    async fn admits(&self, owner: &Address, contact: &Address) -> bool {
        let cell = self.people.cell(owner, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await;
        person.ok().flatten().is_none_or(|person| person.admits(contact))
    }
}
