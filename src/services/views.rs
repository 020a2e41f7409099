//! What contacts may see of an account, and what follows when the account grants something else.

use crate::{
    domain::{
        address::Address,
        contact::Contact,
        presence_access::{Access, Effect},
        refusal::Refusal,
        subscription::{Event, advance},
        view::{Attribute, View},
    },
    services::{
        context::Services,
        person::Person,
        refused,
        showing::{Change, News, Seer},
        subscriptions::telling,
        unit::Unit,
    },
    store::write::Write,
};

/// What is left to be done for contacts of an account when nobody is held.
#[must_use]
#[derive(Default)]
pub struct Regranted {
    news: Vec<News>,
    /// Contacts to which something happens one by one.
    singly: Vec<(Address, Event)>,
}

/// What becomes of the contacts of an account, sorted by how it is carried out.
#[derive(Default)]
struct Sorted {
    /// Those who see something else, as they were and as they are.
    seers: Vec<(Contact, Contact)>,
    elsewhere: Vec<(Contact, Event)>,
    /// Accounts of ours, and those who become contacts by it.
    singly: Vec<(Address, Event)>,
}

impl Services {
    /// Returns what an account that is held grants.
    pub(super) async fn access(&self, person: &mut Person) -> Result<Access, Refusal> {
        let grants = self.store.grants(&person.account.address).await.map_err(refused)?;
        if grants.is_empty() {
            return Ok(Access::new(grants, &[]));
        }
        Ok(Access::new(grants, self.lists(person).await?))
    }

    /// Returns what somebody may see of an account that is held.
    pub(super) async fn view(
        &self,
        person: &mut Person,
        contact: &Address,
    ) -> Result<View, Refusal> {
        if !person.admits(contact) {
            return Ok(View::nothing());
        }
        let contact = self.contact(&person.account.address, contact).await?;
        Ok(self.access(person).await?.view(&contact))
    }

    /// Adds to a unit what follows for the contacts of an account that is held, which granted
    /// `before` and grants `after`: requests are answered, subscriptions end, presence is cut anew.
    pub(super) async fn regrant(
        &self,
        person: &mut Person,
        (before, after): (&Access, &Access),
        unit: &mut Unit,
    ) -> Result<Regranted, Refusal> {
        if before == after {
            return Ok(Regranted::default());
        }
        let account = person.account.address.clone();
        let Sorted { mut seers, elsewhere, singly } = self.sorted(person, before, after).await?;
        seers.extend(self.decide_elsewhere(person, elsewhere, unit)?);
        seers.retain(|(was, _)| person.admits(&was.address));
        self.tell_views(person, &seers, [before, after], unit);
        let (mut shown, mut hidden) = (Vec::new(), Vec::new());
        for (was, now) in &seers {
            let (contact, view) = (&was.address, after.view(now));
            if view.may_see(Attribute::OnlineStatus) {
                shown.push(Seer { contact, view });
            } else {
                hidden.push(Seer { contact, view: before.view(was) });
            }
        }
        let sessions = || person.sessions.iter().map(|live| live.session.clone());
        let here: Vec<Change> = sessions().map(Change::shown).collect();
        let gone: Vec<Change> = sessions().map(Change::gone).collect();
        let news = vec![
            self.show_to(&account, &shown, &here, unit).await?,
            self.hide_from(&account, hidden, &gone, unit).await?,
        ];
        Ok(Regranted { news, singly })
    }

    /// Does the same for an account whose lists in memory are not yet those in the store.
    pub(super) async fn regroup(
        &self,
        person: &mut Person,
        unit: &mut Unit,
    ) -> Result<Regranted, Refusal> {
        let account = person.account.address.clone();
        let grants = self.store.grants(&account).await.map_err(refused)?;
        if grants.is_empty() {
            return Ok(Regranted::default());
        }
        let lists = self.store.lists(&account).await.map_err(refused)?;
        let before = Access::new(grants, &lists);
        let after = before.on(self.lists(person).await?);
        self.regrant(person, (&before, &after), unit).await
    }

    /// Does the rest of it, when nobody is held.
    pub(super) async fn regranted(&self, account: &Address, Regranted { news, singly }: Regranted) {
        for news in news {
            self.tell(news).await;
        }
        for (contact, event) in singly {
            if let Err(refusal) = self.happen(account, &contact, event).await {
                tracing::warn!(?refusal, %account, %contact, ?event, "a grant had no effect");
            }
        }
    }

    async fn sorted(
        &self,
        person: &Person,
        before: &Access,
        after: &Access,
    ) -> Result<Sorted, Refusal> {
        let mut sorted = Sorted::default();
        for contact in self.contacts(&person.account.address).await? {
            let event = match after.effect(before, &contact) {
                None => continue,
                Some(Effect::Reshown) => {
                    sorted.seers.push((contact.clone(), contact));
                    continue;
                }
                Some(Effect::Answered) => Event::AllowOut,
                Some(Effect::Withdrawn) => Event::DenyOut,
            };
            let is_added = person.account.adds_mutually && event == Event::AllowOut;
            if is_added || self.is_ours(&contact.address) {
                sorted.singly.push((contact.address, event));
            } else {
                sorted.elsewhere.push((contact, event));
            }
        }
        Ok(sorted)
    }

    /// Adds what becomes of the subscriptions of contacts elsewhere; returns them as they were and
    /// as they are now.
    fn decide_elsewhere(
        &self,
        person: &mut Person,
        decided: Vec<(Contact, Event)>,
        unit: &mut Unit,
    ) -> Result<Vec<(Contact, Contact)>, Refusal> {
        let account = person.account.address.clone();
        let mut both = Vec::new();
        for (was, event) in decided {
            let stanza = telling(&account, &was.address, event, None);
            unit.send(self, &stanza.ok_or(Refusal::NoSuchUser)?.into())?;
            person.sessions.iter_mut().for_each(|live| live.forget_question(&was.address));
            let mut now = was.clone();
            advance(&mut now, event, self.clock.now());
            both.push((was, now));
        }
        if !both.is_empty() {
            let contacts = both.iter().map(|(_, now)| now.clone()).collect();
            unit.write(Write::PutContacts { account, contacts });
        }
        Ok(both)
    }
}
