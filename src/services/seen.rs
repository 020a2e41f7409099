//! What the devices of contacts show to our accounts is kept, and the phones that watch are told.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::{
    domain::{
        address::{Address, Device},
        personal::Personal,
        presence::{Presence, merged},
        refusal::Refusal,
        session::Session,
    },
    services::{
        context::Services,
        noticing::notices,
        person::{Live, Person},
        refused,
        showing::News,
        unit::Unit,
    },
    store::{
        contact_presence::{ContactPresence, of_account, shown_by},
        write::Write,
    },
};

/// Devices of one contact that are remembered; beyond it those that changed longest ago go.
const MAX_DEVICES: usize = 16;

impl Services {
    /// Takes note of what a device elsewhere shows to one of our accounts, and tells its phones;
    /// false if the account does not see its contact.
    pub(super) async fn seen(&self, owner: &Address, device: &Device, presence: Presence) -> bool {
        self.try_seen(owner, device, presence).await.unwrap_or_else(|refusal| {
            tracing::warn!(?refusal, account = %owner, %device, "a presence was not kept");
            false
        })
    }

    async fn try_seen(
        &self,
        owner: &Address,
        device: &Device,
        mut presence: Presence,
    ) -> Result<bool, Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else {
            return Ok(false);
        };
        let contact = &device.account;
        if let Some(probed) = &mut person.probed {
            probed.heard(device);
        }
        // spec: XEP-0191 §3.3: who is blocked is not heard, unless it goes.
        if presence.is_visible() && !person.admits(contact) {
            return Ok(false);
        }
        let Some(known) = self.known(owner, contact).await? else {
            // Nobody shows itself to who has not asked: nothing is told of it.
            return Ok(false);
        };
        keep_answers(&known, device, &mut presence);
        let shown = around(&known, device, &presence);
        let mut unit = Unit::default();
        let picture = presence.personal.as_ref().and_then(|facts| facts.picture.clone());
        self.note(owner, device, presence, &known, &mut unit);
        if !unit.is_empty() {
            self.carry_out(unit).await?;
            for id in self.noticing(&mut person, contact, &shown).await? {
                person.live(&id).into_iter().for_each(|live| self.has_news_for(live, contact));
            }
            self.look_again(&mut person, contact, picture.as_ref()).await?;
            self.shows_picture(&mut person, contact, picture.as_ref()).await?;
        }
        Ok(true)
    }

    /// Takes note of what a contact shows of itself, whatever its devices do, to an account that is
    /// held; phones that would show it are told. Returns all of it, none where nothing changed.
    pub(super) async fn account_shows(
        &self,
        person: &mut Person,
        contact: &Address,
        change: impl FnOnce(&mut Personal),
    ) -> Result<Option<Personal>, Refusal> {
        let owner = person.account.address.clone();
        let rows = self.store.contact_presences(&owner, contact).await.map_err(refused)?;
        let before = of_account(&rows).cloned().unwrap_or_default();
        let mut personal = before.clone();
        change(&mut personal);
        if personal == before {
            return Ok(None);
        }
        let devices = || rows.iter().map(|row| &row.presence);
        let shown = [merged(devices(), of_account(&rows)), merged(devices(), Some(&personal))];
        let told = self.noticing(person, contact, &shown).await?;
        let last = rows.iter().find(|row| row.resource.is_empty());
        // Where no phone would show it, none is told, now or later.
        let change = match last {
            Some(row) if told.is_empty() => row.change,
            _ => self.ids.next_number(),
        };
        let presence = last.map(|row| row.presence.clone()).unwrap_or_default();
        let mut unit = Unit::default();
        unit.write(Write::PutContactPresence {
            owner,
            contact: contact.clone(),
            resource: CompactString::default(),
            presence: Presence { personal: personal.clone().boxed(), ..presence },
            change,
        });
        self.carry_out(unit).await?;
        for id in &told {
            person.live(id).into_iter().for_each(|live| self.has_news_for(live, contact));
        }
        Ok(Some(personal))
    }

    /// The same of a device that is there still.
    pub(super) async fn device_shows(
        &self,
        person: &mut Person,
        device: &Device,
        change: impl FnOnce(&mut Presence),
    ) -> Result<(), Refusal> {
        let (owner, contact) = (person.account.address.clone(), &device.account);
        let rows = self.store.contact_presences(&owner, contact).await.map_err(refused)?;
        let row = rows.iter().find(|row| Some(&row.resource) == device.resource.as_ref());
        let Some(row) = row.filter(|row| row.presence.is_visible()) else { return Ok(()) };
        let mut presence = row.presence.clone();
        change(&mut presence);
        if presence == row.presence {
            return Ok(());
        }
        let told = self.noticing(person, contact, &around(&rows, device, &presence)).await?;
        let mut unit = Unit::default();
        unit.write(Write::PutContactPresence {
            owner,
            contact: contact.clone(),
            resource: row.resource.clone(),
            presence,
            // Where no phone would show it, none is told, now or later.
            change: if told.is_empty() { row.change } else { self.ids.next_number() },
        });
        self.carry_out(unit).await?;
        for id in &told {
            person.live(id).into_iter().for_each(|live| self.has_news_for(live, contact));
        }
        Ok(())
    }

    /// Returns what is known of a contact; none if the account, which is held, does not see it.
    async fn known(
        &self,
        owner: &Address,
        contact: &Address,
    ) -> Result<Option<Vec<ContactPresence>>, Refusal> {
        if let Some(known) = self.fresh.take(owner, contact) {
            return Ok(Some(known));
        }
        if !self.contact(owner, contact).await?.relation.to {
            return Ok(None);
        }
        self.store.contact_presences(owner, contact).await.map(Some).map_err(refused)
    }

    /// Adds to a unit what somebody knows from now on of a device, where that is something else.
    pub(super) fn note(
        &self,
        owner: &Address,
        device: &Device,
        presence: Presence,
        known: &[ContactPresence],
        unit: &mut Unit,
    ) {
        if presence.is_visible() {
            self.note_visible(owner, device, presence, known, unit);
            return;
        }
        // A bare address that is gone is gone with all its devices.
        let is_meant = |row: &&ContactPresence| {
            row.presence.is_online && device.resource.as_ref().is_none_or(|it| *it == row.resource)
        };
        for row in known.iter().filter(is_meant) {
            let resource = Some(row.resource.clone());
            let device = Device { account: device.account.clone(), resource };
            self.gone_device(owner, &device, of_account(known).cloned(), unit);
        }
    }

    fn note_visible(
        &self,
        owner: &Address,
        device: &Device,
        mut presence: Presence,
        known: &[ContactPresence],
        unit: &mut Unit,
    ) {
        let contact = &device.account;
        let resource = device.resource.clone().unwrap_or_default();
        if let (true, Some(account)) = (resource.is_empty(), of_account(known)) {
            let mut personal = account.clone();
            presence.personal.iter().for_each(|newer| personal.overlay(newer));
            presence.personal = Some(Box::new(personal));
        }
        let before = known.iter().find(|row| row.resource == resource);
        if before.is_some_and(|row| row.presence == presence) {
            return;
        }
        let devices = known.iter().filter(|row| !row.resource.is_empty());
        if let (None, Some(oldest)) = (before, devices.min_by_key(|row| row.change))
            && known.len() >= MAX_DEVICES
        {
            let resource = Some(oldest.resource.clone());
            let device = Device { account: contact.clone(), resource };
            self.gone_device(owner, &device, of_account(known).cloned(), unit);
        }
        unit.write(self.put(owner, contact, resource, presence));
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

    /// Tells accounts of ours what a contact of ours shows now. Nobody may be held: those who are
    /// in memory are held here, one at a time.
    pub(super) async fn tell(&self, news: News) {
        if news.seers.is_empty() {
            return;
        }
        let seers: BTreeMap<Address, [Presence; 2]> = news.seers.into_iter().collect();
        let owners: Vec<Address> = seers.keys().cloned().collect();
        match self.store.watching(&owners, &news.of).await.map_err(refused) {
            Ok(sessions) => {
                for session in sessions {
                    let shown = seers.get(&session.account);
                    self.tell_session(&session, &news.of, shown).await;
                }
            }
            Err(refusal) => tracing::warn!(?refusal, of = %news.of, "phones were not told"),
        }
    }

    /// Tells a session, unless its phone would draw what it is shown now as before.
    async fn tell_session(&self, session: &Session, of: &Address, shown: Option<&[Presence; 2]>) {
        if let Some(cell) = self.people.at(&session.account)
            && let Some(mut person) = cell.in_memory().await
        {
            let Person { sessions, lists, .. } = &mut *person;
            let live = sessions.iter_mut().find(|live| live.session.id == session.id);
            let is_noticed = |live: &Live| match (shown, lists.as_deref(), &live.watches) {
                (Some(shown), Some(lists), Some(_)) => notices(live, lists, of, shown),
                // What it watches was not read yet, and is not read for this.
                _ => true,
            };
            if let Some(live) = live.filter(|live| is_noticed(live)) {
                self.has_news_for(live, of);
            }
        } else if session.expires > self.clock.now() {
            // Nobody is read for it: whoever is, later, looks for news first.
            self.wake_unread(session);
        }
    }
}

/// Adds what a device was asked for to what it shows itself: that it does not say again.
fn keep_answers(known: &[ContactPresence], device: &Device, presence: &mut Presence) {
    let is_it = |row: &&ContactPresence| Some(&row.resource) == device.resource.as_ref();
    let before = known.iter().find(is_it).map(|row| &row.presence);
    let Some(before) = before.filter(|before| before.is_online && presence.is_online) else {
        return;
    };
    if let Some(client) = &before.client {
        presence.client.get_or_insert_default().fill(client);
    }
    let minutes = before.personal.as_ref().and_then(|facts| facts.time_zone_minutes);
    if let Some(minutes) = minutes {
        let facts = presence.personal.get_or_insert_default();
        facts.time_zone_minutes = facts.time_zone_minutes.or(Some(minutes));
    }
}

/// Returns what a contact shows by all its devices before and after one shows something else.
fn around(known: &[ContactPresence], device: &Device, presence: &Presence) -> [Presence; 2] {
    let is_meant = |row: &&ContactPresence| match &device.resource {
        Some(resource) => *resource == row.resource,
        None => !presence.is_visible() || row.resource.is_empty(),
    };
    let others = known.iter().filter(|row| !is_meant(row)).map(|row| &row.presence);
    [shown_by(known), merged(others.chain([presence]), of_account(known))]
}
