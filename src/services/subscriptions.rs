//! Subscriptions: what users, contacts and servers want of each other is carried out.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        contact::{Contact, Relation, Scope},
        refusal::Refusal,
        subscription::{Event, Step, apply},
    },
    services::{context::Services, refused, unit::Unit},
    store::write::Write,
    xmpp::presence::{Presence, PresenceKind},
};

/// Contacts of one account at most.
pub(super) const MAX_CONTACTS: usize = 2000;

/// Requests to see one account that may wait for its answer: strangers send them.
const MAX_ASKING: u64 = 100;

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

/// Something that happened between two, to be carried out for the first of them.
struct Happening {
    owner: Address,
    contact: Address,
    event: Event,
}

/// What one sees of another from now on.
#[derive(Clone, Copy, Debug)]
enum Sight {
    /// All that there is.
    Shown,
    /// Nothing.
    Hidden,
}

impl Services {
    /// Carries out what a user wants of several others. A failure is logged and costs only the
    /// one it happened to: the next login tries again.
    pub(super) async fn wish(&self, account: &Address, wish: Wish, contacts: Vec<Address>) {
        let is_many = contacts.len() > 4;
        let known = match wish {
            Wish::See if is_many => self.store.contacts(account).await.map_err(refused),
            Wish::See | Wish::Leave | Wish::Part => Ok(Vec::new()),
        };
        let is_asked = |relation: Relation| relation.to || relation.pending_out;
        let known = known.unwrap_or_default();
        let done: BTreeSet<&Address> = known
            .iter()
            .filter(|contact| is_asked(contact.relation))
            .map(|contact| &contact.address)
            .collect();
        let is_open = |contact: &Address| contact != account && !done.contains(contact);
        for contact in contacts.into_iter().filter(is_open) {
            let carried_out = match wish {
                Wish::See => self.wish_to_see(account, &contact).await,
                Wish::Leave => self.happen(account, &contact, Event::LeaveOut).await,
                Wish::Part => self.wish_to_part(account, &contact).await,
            };
            if let Err(refusal) = carried_out {
                tracing::warn!(?refusal, %account, %contact, ?wish, "a subscription did not change");
            }
        }
    }

    async fn wish_to_see(&self, account: &Address, contact: &Address) -> Result<(), Refusal> {
        let relation = self.contact(account, contact).await?.relation;
        if relation.to || relation.pending_out {
            return Ok(());
        }
        self.happen(account, contact, Event::AskOut).await
    }

    async fn wish_to_part(&self, account: &Address, contact: &Address) -> Result<(), Refusal> {
        self.happen(account, contact, Event::LeaveOut).await?;
        self.happen(account, contact, Event::DenyOut).await?;
        let mut unit = Unit::default();
        unit.write(Write::DropContact { account: account.clone(), address: contact.clone() });
        self.carry_out(unit).await
    }

    /// Carries out an event, and what follows from it for accounts of ours on the other side.
    pub(super) async fn happen(
        &self,
        owner: &Address,
        contact: &Address,
        event: Event,
    ) -> Result<(), Refusal> {
        let first = Happening { owner: owner.clone(), contact: contact.clone(), event };
        let mut happenings = VecDeque::from([first]);
        let mut sights = Vec::new();
        while let Some(happening) = happenings.pop_front() {
            let (next, sight) = self.step(&happening).await?;
            happenings.extend(next);
            sights.extend(sight.map(|sight| (happening, sight)));
        }
        // Only now both sides agree on who may see whom.
        for (Happening { owner, contact, .. }, sight) in sights {
            match sight {
                Sight::Shown => self.show_all(&owner, &contact).await,
                Sight::Hidden => self.hide_all(&owner, &contact).await,
            }
        }
        Ok(())
    }

    /// Carries out one event; returns what happens on the other side, if that is ours, and what
    /// that side sees of the owner from now on.
    async fn step(
        &self,
        happening: &Happening,
    ) -> Result<(Vec<Happening>, Option<Sight>), Refusal> {
        let Happening { owner, contact, event } = happening;
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else {
            // spec: RFC6121 §3.1.3: who is not there does not let anybody see.
            let next = match event {
                Event::AskIn => {
                    self.to_other(happening, Event::DenyOut, None, &mut Unit::default()).await?
                }
                _ => Vec::new(),
            };
            return Ok((next, None));
        };
        let alias = person.sessions.iter().find_map(|live| live.session.presence.alias());
        let alias = alias.map(str::to_owned);
        let before = self.contact(owner, contact).await?;
        let step = apply(before.relation, *event);
        let mut unit = Unit::default();
        if before.relation == Relation::default()
            && step.relation != before.relation
            && !self.has_place(owner, *event).await?
        {
            return match event {
                Event::AskIn => {
                    let no = self.to_other(happening, Event::DenyOut, None, &mut unit).await?;
                    Ok((no, None))
                }
                _ => Err(Refusal::TooManyContacts),
            };
        }
        if step.relation != before.relation {
            let is_taken_back = matches!(event, Event::DenyOut | Event::LeaveIn);
            let accepted = before.accepted.filter(|_| !is_taken_back);
            let contact = Contact { address: contact.clone(), relation: step.relation, accepted };
            unit.write(Write::PutContact { account: owner.clone(), contact });
        }
        if *event == Event::DenyIn && before.relation.to {
            self.unseen(owner, contact, &mut unit).await?;
        }
        let mut next = Vec::new();
        let is_outbound =
            matches!(event, Event::AskOut | Event::LeaveOut | Event::AllowOut | Event::DenyOut);
        if is_outbound && step.is_passed_on {
            next.extend(self.to_other(happening, *event, alias, &mut unit).await?);
        }
        if step.is_answered {
            next.extend(self.to_other(happening, Event::AllowOut, None, &mut unit).await?);
        }
        self.carry_out(unit).await?;
        let is_question = *event == Event::AskIn && step.relation.pending_in;
        let is_granted = is_question && self.is_granted(&mut person, contact).await?;
        if before.relation.pending_in != step.relation.pending_in {
            person.sessions.iter_mut().for_each(|live| live.forget_question(contact));
        }
        if is_question && !is_granted && step.is_passed_on {
            for live in &mut person.sessions {
                live.may_be_asked = true;
                self.wake(live);
            }
        }
        if matches!(event, Event::DenyIn | Event::AllowIn) {
            self.has_news(&mut person, contact).await?;
        }
        drop(person);
        if is_granted {
            next.push(Happening {
                event: Event::AllowOut,
                owner: owner.clone(),
                contact: contact.clone(),
            });
        }
        Ok((next, sight(*event, &step)))
    }

    /// Returns whether an account may have one more contact.
    pub(super) async fn has_place(&self, owner: &Address, event: Event) -> Result<bool, Refusal> {
        let (all, asking) = self.store.contact_count(owner).await.map_err(refused)?;
        Ok(all < MAX_CONTACTS as u64 && (event != Event::AskIn || asking < MAX_ASKING))
    }

    /// Tells the other side: by a stanza, or as the next happening where it is ours.
    async fn to_other(
        &self,
        happening: &Happening,
        event: Event,
        alias: Option<String>,
        unit: &mut Unit,
    ) -> Result<Vec<Happening>, Refusal> {
        let (kind, mirror) = match event {
            Event::AskOut => (PresenceKind::Subscribe, Event::AskIn),
            Event::LeaveOut => (PresenceKind::Unsubscribe, Event::LeaveIn),
            Event::AllowOut => (PresenceKind::Subscribed, Event::AllowIn),
            Event::DenyOut => (PresenceKind::Unsubscribed, Event::DenyIn),
            Event::AskIn | Event::LeaveIn | Event::AllowIn | Event::DenyIn => return Ok(Vec::new()),
        };
        let Happening { owner, contact, .. } = happening;
        if self.is_ours(contact) {
            let (owner, contact) = (contact.clone(), owner.clone());
            return Ok(vec![Happening { owner, contact, event: mirror }]);
        }
        let ends = bridge::address::to_jid(owner).zip(bridge::address::to_jid(contact));
        let (from, to) = ends.ok_or(Refusal::NoSuchUser)?;
        let nick = match kind {
            // spec: XEP-0172 §4.2
            PresenceKind::Subscribe => alias,
            _ => None,
        };
        let stanza = Presence { nick, ..Presence::new(from, to, kind) };
        if unit.is_empty() && !matches!(kind, PresenceKind::Subscribe) {
            // Nothing changed here: what the other side did not hear the first time it hears now.
            self.say(&stanza.into());
        } else {
            unit.send(self, &stanza.into())?;
        }
        Ok(Vec::new())
    }

    /// Returns whether the account has said beforehand that somebody may see it.
    async fn is_granted(
        &self,
        person: &mut super::person::Person,
        contact: &Address,
    ) -> Result<bool, Refusal> {
        let grants = self.store.grants(&person.account.address).await.map_err(refused)?;
        let of = |scope: &Scope| {
            grants
                .iter()
                .find(|grant| grant.scope == *scope)
                .map(|grant| !grant.attributes.is_empty())
        };
        // handset: S60 §7.6: closer goes before wider.
        if let Some(is_granted) = of(&Scope::Contact(contact.clone())) {
            return Ok(is_granted);
        }
        let lists = self.lists(person).await?;
        let mut on_lists =
            lists.with(contact).filter_map(|(list, _)| of(&Scope::List(list.key.clone())));
        if let Some(first) = on_lists.next() {
            return Ok(first || on_lists.any(|is_granted| is_granted));
        }
        Ok(of(&Scope::Default).unwrap_or(false))
    }

    /// Answers the requests that wait and are granted now.
    pub(super) async fn grant_waiting(&self, account: &Address) -> Result<(), Refusal> {
        let waiting = self.store.pending_in(account).await.map_err(refused)?;
        for contact in waiting {
            let cell = self.people.cell(account, self.clock.now());
            let Some(mut person) = self.people.hold(&self.store, &cell).await? else {
                return Ok(());
            };
            let is_granted = self.is_granted(&mut person, &contact).await?;
            drop(person);
            if is_granted {
                self.happen(account, &contact, Event::AllowOut).await?;
            }
        }
        Ok(())
    }

    /// Returns what an account and somebody are to each other.
    pub(super) async fn contact(
        &self,
        account: &Address,
        contact: &Address,
    ) -> Result<Contact, Refusal> {
        let known = self.store.contact(account, contact).await.map_err(refused)?;
        Ok(known.unwrap_or_else(|| Contact::stranger(contact.clone())))
    }

    /// Notes that nothing is known of a contact any more.
    async fn unseen(
        &self,
        owner: &Address,
        contact: &Address,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        for row in self.store.contact_presences(owner, contact).await.map_err(refused)? {
            let device = Device { account: contact.clone(), resource: Some(row.resource) };
            self.gone_device(owner, &device, None, unit);
        }
        Ok(())
    }
}

/// Returns what the contact sees of the owner after an event, where that changes.
fn sight(event: Event, step: &Step) -> Option<Sight> {
    match event {
        // spec: RFC6121 §3.1.5: after `subscribed` goes the present presence.
        Event::AllowOut if step.is_passed_on => Some(Sight::Shown),
        Event::AskIn if step.is_answered => Some(Sight::Shown),
        // spec: RFC6121 §3.2.2 and §3.3.3: who may no longer see is told unavailable.
        Event::DenyOut | Event::LeaveIn if step.is_passed_on => Some(Sight::Hidden),
        _ => None,
    }
}
