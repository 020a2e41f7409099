//! The devices of our accounts are shown to those who may see them, and theirs to our accounts.

use std::sync::atomic::Ordering::Relaxed;

use compact_str::CompactString;

use crate::{
    base::counters::Counter,
    bridge,
    domain::{
        address::{Address, Device},
        contact::Contact,
        personal::Personal,
        presence::Presence,
        refusal::Refusal,
        session::Session,
    },
    services::{context::Services, identity, refused, unit::Unit},
    store::{contact_presence::ContactPresence, write::Write},
    xmpp::presence::{Presence as Stanza, PresenceKind},
};

impl Services {
    /// Shows a session that was just opened, and asks what its contacts show.
    ///
    /// spec: RFC6121 §4.2.2
    pub(super) async fn announce(&self, session: &Session) {
        let Some(contacts) = self.contacts_of(&session.account).await else { return };
        // Before the first can answer.
        if let Err(refusal) = self.probing(&session.account).await {
            tracing::warn!(?refusal, account = %session.account, "who answers is not known");
        }
        for contact in &contacts {
            if contact.relation.from {
                self.show(session, &contact.address).await;
            }
            if contact.relation.to {
                self.ask(&session.account, &contact.address).await;
            }
        }
    }

    /// Shows a change of a session.
    pub(super) async fn broadcast(&self, session: &Session) {
        let Some(contacts) = self.contacts_of(&session.account).await else { return };
        for contact in contacts.iter().filter(|contact| contact.relation.from) {
            self.show(session, &contact.address).await;
        }
    }

    /// Shows that a session is no more.
    pub(super) async fn announce_gone(&self, session: &Session) {
        let gone = Session { presence: Presence::offline(), ..session.clone() };
        self.broadcast(&gone).await;
    }

    /// Shows all devices of an account to one contact.
    pub(super) async fn show_all(&self, owner: &Address, contact: &Address) {
        for session in self.sessions_of(owner).await {
            self.show(&session, contact).await;
        }
    }

    /// Hides all devices of an account from one contact.
    pub(super) async fn hide_all(&self, owner: &Address, contact: &Address) {
        for session in self.sessions_of(owner).await {
            let gone = Session { presence: Presence::offline(), ..session };
            self.show(&gone, contact).await;
        }
    }

    /// Shows one device to one contact.
    async fn show(&self, session: &Session, contact: &Address) {
        let device =
            Device { account: session.account.clone(), resource: Some(session.resource.clone()) };
        if self.is_ours(contact) {
            self.seen(contact, &device, session.presence.clone()).await;
            return;
        }
        let ends = bridge::address::device_to_jid(&device).zip(bridge::address::to_jid(contact));
        let Some((from, to)) = ends else { return };
        let caps = Some(identity::caps(&session.presence));
        let stanza = bridge::presence::to_stanza(&session.presence, from, to, caps);
        self.say(&stanza.into());
    }

    /// Asks what a contact shows.
    // spec: RFC6121 §4.3
    async fn ask(&self, owner: &Address, contact: &Address) {
        if self.is_ours(contact) {
            let sessions = self.sessions_of(contact).await;
            if sessions.is_empty() {
                self.seen(owner, &Device::any(contact.clone()), Presence::offline()).await;
            }
            for session in sessions {
                let resource = Some(session.resource.clone());
                let device = Device { account: contact.clone(), resource };
                self.seen(owner, &device, session.presence).await;
            }
            return;
        }
        let ends = bridge::address::to_jid(owner).zip(bridge::address::to_jid(contact));
        let Some((from, to)) = ends else { return };
        self.say(&Stanza::new(from, to, PresenceKind::Probe).into());
    }

    /// Takes note of what a device shows to one of our accounts, which tells its phones.
    pub(super) async fn seen(&self, owner: &Address, device: &Device, presence: Presence) {
        if let Err(refusal) = self.note(owner, device, presence).await {
            tracing::warn!(?refusal, account = %owner, %device, "a presence was not kept");
        }
    }

    async fn note(
        &self,
        owner: &Address,
        device: &Device,
        mut presence: Presence,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let contact = &device.account;
        if let Some(probed) = &mut person.probed {
            probed.heard(device);
        }
        if !self.contact(owner, contact).await?.relation.to {
            // Nobody shows itself to who has not asked: nothing is told of it.
            return Ok(());
        }
        let rows = self.store.contact_presences(owner, contact).await.map_err(refused)?;
        let gone = |resource: &CompactString, unit: &mut Unit| {
            let resource = Some(resource.clone());
            let device = Device { account: contact.clone(), resource };
            self.gone_device(owner, &device, of_account(&rows).cloned(), unit);
        };
        let mut unit = Unit::default();
        match &device.resource {
            // A bare address that is gone is gone with all its devices.
            None if !presence.is_visible() => {
                let shown = rows.iter().filter(|row| row.presence.is_online);
                shown.for_each(|row| gone(&row.resource, &mut unit));
            }
            resource => {
                let resource = resource.clone().unwrap_or_default();
                let known = rows.iter().find(|row| row.resource == resource);
                if let (true, Some(account)) = (resource.is_empty(), of_account(&rows)) {
                    let mut personal = account.clone();
                    presence.personal.iter().for_each(|newer| personal.overlay(newer));
                    presence.personal = Some(Box::new(personal));
                }
                if !presence.is_visible() {
                    if known.is_some_and(|row| row.presence.is_online) {
                        gone(&resource, &mut unit);
                    }
                } else if known.is_none_or(|row| row.presence != presence) {
                    let devices = rows.iter().filter(|row| !row.resource.is_empty());
                    let oldest = devices.min_by_key(|row| row.change);
                    if let (None, Some(oldest)) = (known, oldest)
                        && rows.len() >= MAX_DEVICES
                    {
                        gone(&oldest.resource, &mut unit);
                    }
                    unit.write(self.put(owner, contact, resource, presence));
                }
            }
        }
        if unit.is_empty() {
            return Ok(());
        }
        self.carry_out(unit).await?;
        self.has_news(&mut person, contact).await
    }

    /// Notes that a device shows nothing any more; that it is so stays as the account's last word,
    /// beside what the account shows without any device.
    pub(super) fn gone_device(
        &self,
        owner: &Address,
        device: &Device,
        personal: Option<Personal>,
        unit: &mut Unit,
    ) {
        let contact = &device.account;
        if device.resource.as_ref().is_some_and(|resource| !resource.is_empty()) {
            unit.write(Write::DropContactPresence {
                owner: owner.clone(),
                contact: contact.clone(),
                resource: device.resource.clone(),
            });
        }
        let last = Presence { personal: personal.map(Box::new), ..Presence::offline() };
        unit.write(self.put(owner, contact, CompactString::default(), last));
    }

    fn put(
        &self,
        owner: &Address,
        contact: &Address,
        resource: CompactString,
        presence: Presence,
    ) -> Write {
        let (owner, contact) = (owner.clone(), contact.clone());
        let change = self.ids.next_number();
        Write::PutContactPresence { owner, contact, resource, presence, change }
    }

    /// After the link came up: everybody who is logged in is shown, and their contacts asked.
    pub(super) async fn announce_everybody(&self, link: i64) {
        let mut after = None;
        while let Some(accounts) = self.next_accounts(&mut after).await {
            for account in accounts {
                self.link_has_room().await;
                if self.link_number.load(Relaxed) != link {
                    // The next link has its own round.
                    return;
                }
                let cell = self.people.cell(&account, self.clock.now());
                // Who logs out meanwhile must not be shown after it.
                let _gate = cell.gate.lock().await;
                for session in self.sessions_of(&account).await {
                    self.announce(&session).await;
                }
            }
        }
    }

    /// Before the link goes down for good: to the rest of the world nobody is there any more.
    /// Contacts of ours see nothing of it, for the sessions go on after the start.
    pub async fn hide_everybody(&self) {
        let mut after = None;
        while self.is_linked()
            && let Some(accounts) = self.next_accounts(&mut after).await
        {
            for account in accounts {
                self.link_has_room().await;
                let Some(contacts) = self.contacts_of(&account).await else { continue };
                let elsewhere = contacts
                    .iter()
                    .filter(|contact| contact.relation.from && !self.is_ours(&contact.address));
                for contact in elsewhere {
                    self.hide_all(&account, &contact.address).await;
                }
            }
        }
    }

    /// Returns accounts behind one that have sessions, and moves on behind them.
    pub(super) async fn next_accounts(&self, after: &mut Option<Address>) -> Option<Vec<Address>> {
        let page = self.store.live_accounts(after.as_ref(), PAGE).await.map_err(refused).ok()?;
        *after = Some(page.last()?.clone());
        Some(page)
    }

    /// Returns the contacts of an account; those that it does not let through see nothing of it.
    async fn contacts_of(&self, account: &Address) -> Option<Vec<Contact>> {
        let mut contacts = self.store.contacts(account).await.map_err(refused).ok()?;
        let cell = self.people.cell(account, self.clock.now());
        if let Ok(Some(person)) = self.people.hold(&self.store, &cell).await {
            for contact in &mut contacts {
                contact.relation.from &= person.admits(&contact.address);
            }
        }
        Some(contacts)
    }

    /// Returns the sessions of an account as they are now.
    pub(super) async fn sessions_of(&self, account: &Address) -> Vec<Session> {
        let cell = self.people.cell(account, self.clock.now());
        let Ok(Some(person)) = self.people.hold(&self.store, &cell).await else {
            return Vec::new();
        };
        person.sessions.iter().map(|live| live.session.clone()).collect()
    }

    /// Returns the present state to somebody who probes, if they may see it.
    // spec: RFC6121 §4.3.2
    pub(super) async fn probed(&self, owner: &Address, contact: &Address) -> Result<(), Refusal> {
        let relation = self.contact(owner, contact).await?.relation;
        let sessions = self.sessions_of(owner).await;
        let visible: Vec<Session> =
            sessions.into_iter().filter(|session| session.presence.is_visible()).collect();
        let Some((from, to)) = bridge::address::to_jid(owner).zip(bridge::address::to_jid(contact))
        else {
            return Ok(());
        };
        if !relation.from {
            Counter::StanzasOdd.count();
            self.say(&Stanza::new(from, to, PresenceKind::Unsubscribed).into());
        } else if visible.is_empty() {
            self.say(&Stanza::new(from, to, PresenceKind::Unavailable).into());
        } else {
            for session in visible {
                self.show(&session, contact).await;
            }
        }
        Ok(())
    }
}

/// Returns what a contact shows of itself without any device.
pub(super) fn of_account(rows: &[ContactPresence]) -> Option<&Personal> {
    let account = rows.iter().find(|row| row.resource.is_empty())?;
    account.presence.personal.as_deref()
}

/// Accounts read at once when all are gone through.
const PAGE: u32 = 500;

/// Devices of one contact that are remembered; beyond it those that changed longest ago go.
const MAX_DEVICES: usize = 16;
