//! What the user of a phone wants of others, of many at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        address::Address,
        contact::{Contact, Relation},
        refusal::Refusal,
        subscription::{Event, apply},
    },
    services::{
        context::Services,
        subscriptions::{MAX_CONTACTS, telling},
        unit::Unit,
    },
    store::write::Write,
};

/// What the user of a phone wants of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To see them.
    See,
    /// To see them no more.
    Leave,
    /// To have nothing more to do with them.
    Part,
}

impl Services {
    /// Carries out what a user wants of several others. A failure is logged and costs only those
    /// it happened to: the next login tries again.
    pub(super) async fn wish(&self, account: &Address, wish: Wish, contacts: Vec<Address>) {
        let carried_out = match wish {
            Wish::See => self.wish_to_see(account, contacts).await,
            Wish::Leave | Wish::Part => {
                self.wish_to_leave(account, wish, contacts).await;
                Ok(())
            }
        };
        if let Err(refusal) = carried_out {
            tracing::warn!(?refusal, %account, ?wish, "subscriptions did not change");
        }
    }

    async fn wish_to_see(&self, account: &Address, people: Vec<Address>) -> Result<(), Refusal> {
        if people.is_empty() {
            return Ok(());
        }
        let known = self.contacts(account).await?;
        let known: BTreeMap<&Address, Relation> =
            known.iter().map(|contact| (&contact.address, contact.relation)).collect();
        let is_open = |contact: &&Address| {
            let relation = known.get(contact).copied().unwrap_or_default();
            *contact != account && !relation.to && !relation.pending_out
        };
        let open: BTreeSet<&Address> = people.iter().filter(is_open).collect();
        let (ours, elsewhere): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|contact| self.is_ours(contact));
        if let [contact] = elsewhere.as_slice() {
            self.happen(account, contact, Event::AskOut).await?;
        } else if !elsewhere.is_empty() {
            self.ask_elsewhere(account, &elsewhere).await?;
        }
        for contact in ours {
            self.happen(account, contact, Event::AskOut).await?;
        }
        Ok(())
    }

    /// Asks many who are not ours, in one commit.
    async fn ask_elsewhere(&self, account: &Address, people: &[&Address]) -> Result<(), Refusal> {
        let cell = self.people.cell(account, self.clock.now());
        let Some(person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        // Read again: now nothing else happens between them.
        let known = self.contacts(account).await?;
        let mut places = MAX_CONTACTS.saturating_sub(known.len());
        let known: BTreeMap<&Address, &Contact> =
            known.iter().map(|contact| (&contact.address, contact)).collect();
        let nick = person.nick();
        let mut unit = Unit::default();
        for &address in people {
            let before = known.get(address);
            let mut contact =
                before.map_or_else(|| Contact::stranger(address.clone()), |known| (*known).clone());
            let step = apply(contact.relation, Event::AskOut);
            if contact.relation == step.relation || (before.is_none() && places == 0) {
                continue;
            }
            places -= usize::from(before.is_none());
            let stanza = telling(account, address, Event::AskOut, nick.clone());
            let Some(stanza) = stanza else { continue };
            unit.send(self, &stanza.into())?;
            contact.relation = step.relation;
            unit.write(Write::PutContact { account: account.clone(), contact });
        }
        self.carry_out(unit).await
    }

    async fn wish_to_leave(&self, account: &Address, wish: Wish, people: Vec<Address>) {
        for contact in people.iter().filter(|contact| *contact != account) {
            let carried_out = match wish {
                Wish::Part => self.part(account, contact).await,
                Wish::See | Wish::Leave => self.happen(account, contact, Event::LeaveOut).await,
            };
            if let Err(refusal) = carried_out {
                tracing::warn!(?refusal, %account, %contact, "a subscription did not end");
            }
        }
    }
}
