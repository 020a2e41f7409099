//! A message comes from the network.

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        mailbox::{Content, Letter, Outcome, Report},
        refusal::Refusal,
    },
    services::{context::Services, mailbox::KEPT, unit::Unit},
    store::write::Write,
    xmpp::{
        condition::StanzaError,
        jid::Jid,
        message::{Message as Stanza, MessageKind, Receipt},
        pubsub_event::PubsubEvent,
        stanza::Stanza as Any,
    },
};

impl Services {
    /// Puts a message into a mailbox, or says why not.
    pub(super) async fn message_arrived(&self, stanza: Stanza) {
        if stanza.kind != MessageKind::Error && PubsubEvent::is_in(&stanza) {
            // No letter, whatever else it says: it tells of a contact, and asks for no answer.
            self.event_arrived(&stanza).await;
            return;
        }
        let Some(sender) = bridge::address::device_of_jid(&stanza.from) else { return };
        if let Err(refusal) = self.take(&stanza, sender).await {
            let error = StanzaError::from(bridge::refusal::condition(refusal));
            if let Some(refusal) = Any::Message(stanza).refuse(error) {
                self.say(&refusal);
            }
        }
    }

    async fn take(&self, stanza: &Stanza, sender: Device) -> Result<(), Refusal> {
        let account = bridge::address::of_jid(&stanza.to).ok_or(Refusal::NoSuchUser)?;
        if account.name().is_none() {
            // The domain itself has no mailbox.
            return if stanza.body().is_some() { Err(Refusal::NotServed) } else { Ok(()) };
        }
        let now = self.clock.now();
        let content = match stanza.kind {
            MessageKind::Error => report(stanza, &sender.account, now),
            MessageKind::Groupchat => return Err(Refusal::NotServed),
            MessageKind::Chat | MessageKind::Normal | MessageKind::Headline => {
                match &stanza.receipt {
                    Some(Receipt::Received(_)) => report(stanza, &sender.account, now),
                    _ => bridge::message::of_stanza(stanza, sender.clone(), now)
                        .map(Content::Message),
                }
            }
        };
        // Chat states and the like say nothing that a phone could show, and wake nobody.
        let Some(content) = content else { return self.is_there(&account).await };
        let letter = Letter {
            id: self.ids.next_number(),
            account,
            resource: stanza.to.resource().map(Into::into),
            received: now,
            expires: Some(now.after(KEPT)),
            content,
        };
        self.put_letter(letter, &sender.account).await
    }

    /// Makes a letter durable and wakes the phones of whom it is for.
    async fn put_letter(&self, mut letter: Letter, sender: &Address) -> Result<(), Refusal> {
        let cell = self.people.cell(&letter.account, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await?;
        let mut person = person.filter(|person| person.is_active()).ok_or(Refusal::NoSuchUser)?;
        if matches!(letter.content, Content::Message(_)) && !person.admits(sender) {
            return Err(Refusal::Blocked);
        }
        if !person.has_room(letter.size_bytes()) {
            return Err(Refusal::MailboxFull);
        }
        // spec: RFC6121 §8.5.3.2.1: a device that is gone does not keep the others from it.
        letter.resource = letter
            .resource
            .take()
            .filter(|to| person.sessions.iter().any(|live| live.session.resource == *to));
        let mut unit = Unit::default();
        unit.write(Write::PutLetter(letter.clone()));
        self.carry_out(unit).await?;
        let resource = letter.resource.clone();
        person.received(letter);
        self.wake_for(&mut person, resource.as_deref());
        Ok(())
    }

    async fn is_there(&self, account: &Address) -> Result<(), Refusal> {
        let cell = self.people.cell(account, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await?;
        person.map(drop).ok_or(Refusal::NoSuchUser)
    }
}

/// Returns what a receipt or an error says of a message of ours.
fn report(
    stanza: &Stanza,
    recipient: &Address,
    now: crate::base::clock::Millis,
) -> Option<Content> {
    let (id, outcome) = match &stanza.receipt {
        Some(Receipt::Received(id)) if stanza.kind != MessageKind::Error => {
            (id.as_deref()?, Outcome::Delivered)
        }
        _ => (stanza.id.as_deref()?, bridge::message::outcome(stanza.error.as_ref()?)),
    };
    let wants_report = bridge::message::asks_report(id)?;
    if outcome == Outcome::Delivered && !wants_report {
        return None;
    }
    let (message_id, recipient) = (id.into(), recipient.clone());
    Some(Content::Report(Report { message_id, recipient, outcome, at: now }))
}

/// Returns whether an address is the one that our domain itself has.
pub(super) fn is_domain(jid: &Jid) -> bool {
    jid.local().is_none()
}
