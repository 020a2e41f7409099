//! Who does not answer a probe is not there: some servers say nothing of users who are offline, and
//! what was known of them before a link fell would stay for ever.

use std::{collections::BTreeSet, time::Duration};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, counters::Counter},
    bridge,
    domain::{
        address::{Address, Device},
        contact::Contact,
        refusal::Refusal,
        view::Attribute,
    },
    services::{
        context::Services,
        fresh::Rows,
        person::Person,
        probed::Probed,
        refused,
        showing::{Seer, stanza},
        unit::Unit,
    },
    xmpp::{
        delay::Delay,
        presence::{Presence as Stanza, PresenceKind},
    },
};

/// The servers of contacts may take this long to answer, the first connection to them included.
const WAIT: Duration = Duration::from_secs(45);

impl Services {
    /// Asks what the contacts elsewhere of somebody who is held show.
    // spec: RFC6121 §4.3
    pub(super) async fn probe(
        &self,
        person: &mut Person,
        contacts: &[Contact],
    ) -> Result<(), Refusal> {
        let owner = person.account.address.clone();
        let is_asked = |contact: &&Contact| contact.relation.to && !self.is_ours(&contact.address);
        let asked: Vec<&Contact> = contacts.iter().filter(is_asked).collect();
        let link = self.link_number();
        if link == 0 || asked.is_empty() {
            return Ok(());
        }
        let rows = self.store.all_contact_presences(&owner).await.map_err(refused)?;
        let shown = rows
            .iter()
            .filter(|row| row.presence.is_online && !self.is_ours(&row.contact))
            .map(|row| (row.contact.clone(), row.resource.clone()));
        let unheard: BTreeSet<_> = shown.collect();
        let now = self.clock.now();
        let mut fresh: Rows =
            asked.iter().map(|contact| (contact.address.clone(), Vec::new())).collect();
        for row in rows {
            if let Some(known) = fresh.get_mut(&row.contact) {
                known.push(row);
            }
        }
        self.fresh.keep(&owner, fresh, now);
        if !unheard.is_empty() {
            person.probed = Some(Box::new(Probed { at: now, link, unheard }));
            self.probes.push(now.after(WAIT), &owner);
        }
        for contact in asked {
            let ends = bridge::address::to_jid(&owner);
            let ends = ends.zip(bridge::address::to_jid(&contact.address));
            if let Some((from, to)) = ends {
                self.say(&Stanza::new(from, to, PresenceKind::Probe).into());
            }
        }
        Ok(())
    }

    /// Answers somebody who probes: what all devices show, or the one that is meant.
    // spec: RFC6121 §4.3.2
    pub(super) async fn probed(
        &self,
        owner: &Address,
        resource: Option<&str>,
        contact: &Address,
    ) -> Result<(), Refusal> {
        let relation = self.contact(owner, contact).await?.relation;
        let name = Device { account: owner.clone(), resource: resource.map(Into::into) };
        let ends = (bridge::address::to_jid(owner), bridge::address::device_to_jid(&name));
        let (Some(bare), Some(meant)) = ends else { return Ok(()) };
        let Some(to) = bridge::address::to_jid(contact) else { return Ok(()) };
        if relation.pending_in {
            // Its request waits for an answer: to deny it here would take it back.
            return Ok(());
        }
        if !relation.from {
            Counter::StanzasOdd.count();
            self.say(&Stanza::new(bare, to, PresenceKind::Unsubscribed).into());
            return Ok(());
        }
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let seer = Seer { contact, view: self.view(&mut person, contact).await? };
        let sessions = person.sessions.iter().map(|live| &live.session);
        let meant_by = sessions.filter(|it| resource.is_none_or(|name| it.resource == name));
        let shown = meant_by.filter_map(|session| stanza(session, &seer));
        let visible = |shown: &Stanza| shown.kind == PresenceKind::Available;
        let answers: Vec<Stanza> = shown.filter(visible).collect();
        if answers.is_empty() {
            let last = self.store.last_there(owner).await.map_err(refused)?;
            let may_know = seer.view.may_see(Attribute::OnlineStatus);
            let stamp = last.filter(|_| person.sessions.is_empty() && may_know);
            let delay = stamp.map(|last| Delay { stamp: last.at, from: None });
            let gone = Stanza { delay, ..Stanza::new(meant, to, PresenceKind::Unavailable) };
            self.say(&gone.into());
        }
        answers.into_iter().for_each(|answer| self.say(&answer.into()));
        Ok(())
    }

    /// Concludes, where contacts had time to answer.
    pub(super) async fn conclude_probes(&self, now: Millis) {
        self.fresh.forget_old(now, WAIT);
        while let Some(owner) = self.probes.next_due(now) {
            if let Err(refusal) = self.conclude_probe(&owner, now).await {
                tracing::warn!(?refusal, account = %owner, "who does not answer stays for now");
                self.probes.push(now.after(WAIT), &owner);
            }
        }
    }

    async fn conclude_probe(&self, owner: &Address, now: Millis) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, now);
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        // Probed again since: that has a time of its own.
        let due = person.probed.take_if(|probed| now.since(probed.at) >= WAIT);
        let Some(probed) = due else { return Ok(()) };
        if probed.link != self.link_number() {
            return Ok(());
        }
        let concluded = self.not_there(&mut person, &probed.unheard).await;
        if concluded.is_err() {
            person.probed = Some(probed);
        }
        concluded
    }

    async fn not_there(
        &self,
        person: &mut Person,
        unheard: &BTreeSet<(Address, CompactString)>,
    ) -> Result<(), Refusal> {
        let owner = person.account.address.clone();
        let rows = self.store.all_contact_presences(&owner).await.map_err(refused)?;
        let mut unit = Unit::default();
        for (contact, resource) in unheard {
            let account =
                rows.iter().find(|row| row.contact == *contact && row.resource.is_empty());
            let personal = account.and_then(|row| row.presence.personal.as_deref().cloned());
            let device = Device { account: contact.clone(), resource: Some(resource.clone()) };
            self.gone_device(&owner, &device, personal, &mut unit);
        }
        self.carry_out(unit).await?;
        let contacts: BTreeSet<&Address> = unheard.iter().map(|(contact, _)| contact).collect();
        for contact in contacts {
            self.has_news(person, contact).await?;
        }
        Ok(())
    }
}
