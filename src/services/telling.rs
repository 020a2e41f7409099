//! What a session is told of those whom it watches, and what it was told.

use compact_str::CompactString;

use crate::{
    bridge,
    csp::{leaf::Word as _, presence::Presence as PhonePresence, presence_name::AttributeKind},
    domain::{address::Address, contact::Watch, refusal::Refusal},
    services::{
        context::Services,
        person::{Cargo, Live, Person},
        presence::{shown, to_phone},
        refused,
        transaction::Asker,
    },
    store::write::Write,
};

/// Changes looked up at once.
const WINDOW: u32 = 256;

impl Live {
    /// Takes what the session watches from now on; what it was not told of that is looked up.
    pub fn watch(&mut self, mut watches: Vec<Watch>) {
        watches.sort_unstable_by(|one, other| one.scope.cmp(&other.scope));
        self.watches = Some(watches);
        self.look_again();
    }

    /// Forgets what was looked up: it may not be all, or not wanted any more.
    pub fn look_again(&mut self) {
        self.news.clear();
        self.handed_out = 0;
        self.has_news = true;
    }
}

impl Services {
    /// Has ready what a session watches.
    pub(super) async fn watches<'a>(
        &self,
        person: &'a mut Person,
        session: &str,
    ) -> Result<&'a [Watch], Refusal> {
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        if live.watches.is_none() {
            let watches = self.store.watches(session).await.map_err(refused)?;
            live.watch(watches);
        }
        Ok(live.watches.as_deref().unwrap_or_default())
    }

    /// Returns whose presence is to be told next, as of which change, and how often that was tried.
    pub(super) async fn next_changes(
        &self,
        person: &mut Person,
        session: &str,
        most: usize,
    ) -> Result<Option<(Cargo, u8)>, Refusal> {
        let now = self.clock.now();
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        if let Some(late) = live.late_presence(now) {
            return Ok(Some(late));
        }
        if live.news.is_empty() && live.has_news {
            self.look_up_news(person, session).await?;
        }
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        let next: Box<[(Address, i64)]> = live.news.iter().take(most).cloned().collect();
        Ok((!next.is_empty()).then_some((Cargo::Presence(next), 0)))
    }

    /// Looks up the next changes that a session was not told; of one contact, the last only.
    async fn look_up_news(&self, person: &mut Person, session: &str) -> Result<(), Refusal> {
        self.lists(person).await?;
        let watches = self.watches(person, session).await?;
        let Some(told) = watches.iter().map(|watch| watch.told).min() else {
            return Ok(());
        };
        let account = person.account.address.clone();
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        let mut floor = told.max(live.last_presence_under_way());
        loop {
            let changes = self.store.contact_changes(&account, floor, WINDOW).await;
            let changes = changes.map_err(refused)?;
            let is_all = changes.len() < WINDOW as usize;
            floor = changes.last().map_or(floor, |(_, change)| *change);
            let Person { sessions, lists, .. } = &mut *person;
            let Some(live) = sessions.iter_mut().find(|live| live.session.id == session) else {
                return Ok(());
            };
            let (watches, lists) = (live.watches.as_deref(), lists.as_deref());
            let (Some(watches), Some(lists)) = (watches, lists) else { return Ok(()) };
            let is_wanted = |(contact, change): &(Address, i64)| {
                lists.covering(watches, contact).any(|watch| watch.told < *change)
            };
            live.news.extend(changes.into_iter().filter(is_wanted));
            live.has_news = !is_all;
            if is_all || !live.news.is_empty() {
                return Ok(());
            }
        }
    }

    /// Returns what a phone is told of contacts that it watches.
    pub(super) async fn presences_to_phone(
        &self,
        person: &mut Person,
        asker: &Asker,
        contacts: &[Address],
    ) -> Result<Vec<PhonePresence>, Refusal> {
        let rows = self.rows_of(&person.account.address, contacts).await?;
        let users = self.spellings(person, asker, contacts).await?;
        self.watches(person, &asker.session).await?;
        let live = person.sessions.iter().find(|live| live.session.id == asker.session);
        let frame = live.and_then(|live| live.session.terms.picture());
        let watches = live.and_then(|live| live.watches.as_deref()).unwrap_or_default();
        let lists = person.lists.as_deref().ok_or(Refusal::Unavailable)?;
        let mut presences = Vec::with_capacity(contacts.len());
        for (user, contact) in users.into_iter().zip(contacts) {
            let mut covering = lists.covering(watches, contact);
            let names = covering.next().map(|watch| watch.attributes.as_slice());
            let wanted = bridge::presence::attribute_set(names.unwrap_or_default());
            let mut shown = shown(person, contact, rows.get(contact));
            let rows = rows.get(contact).map(Vec::as_slice).unwrap_or_default();
            self.ask_for(&person.account.address, contact, rows, &wanted);
            self.draw_for((asker, frame), contact, &mut shown, &wanted).await;
            presences.push(to_phone(asker, user, &shown, &wanted));
        }
        Ok(presences)
    }

    /// Takes note that a session was told of all changes up to one.
    pub(super) fn told(&self, person: &mut Person, session: &str, change: i64) {
        let Some(live) = person.live(session) else { return };
        // What was confirmed before its turn counts now.
        let change = change.max(live.handed_out);
        let told = live.first_presence_under_way().map_or(change, |first| change.min(first - 1));
        let id = live.session.id.clone();
        let mut writes = Vec::new();
        for watch in live.watches.iter_mut().flatten().filter(|watch| watch.told < told) {
            watch.told = told;
            writes.push(Write::SetTold { session: id.clone(), scope: watch.scope.clone(), told });
        }
        // Lost with us, the phone is told once more: nobody waits for this.
        self.write_later(writes);
    }

    /// Takes note that a contact shows something else: the phones that watch it are woken.
    pub(super) async fn has_news(
        &self,
        person: &mut Person,
        contact: &Address,
    ) -> Result<(), Refusal> {
        for id in self.watching(person, contact).await? {
            person.live(&id).into_iter().for_each(|live| self.has_news_for(live, contact));
        }
        Ok(())
    }

    /// The same for one session, which watches the contact.
    pub(super) fn has_news_for(&self, live: &mut Live, contact: &Address) {
        // What waits unsent of this contact is out of date.
        live.news.retain(|(waiting, _)| waiting != contact);
        live.has_news = true;
        self.wake(live);
    }

    /// Returns whether some phone of these watches a contact for an attribute, by its name.
    pub(super) async fn is_wanted(
        &self,
        person: &mut Person,
        contact: &Address,
        attribute: AttributeKind,
        of: impl Fn(&Live) -> bool,
    ) -> Result<bool, Refusal> {
        let watching = self.watching(person, contact).await?;
        let Person { sessions, lists, .. } = &*person;
        let lists = lists.as_deref().ok_or(Refusal::Unavailable)?;
        let mut sessions = sessions.iter().filter(|live| watching.contains(&live.session.id));
        Ok(sessions.any(|live| {
            let watches = live.watches.as_deref().unwrap_or_default();
            let names = lists.covering(watches, contact).next().map(|watch| &watch.attributes);
            of(live) && names.into_iter().flatten().any(|name| name == attribute.word())
        }))
    }

    /// Returns the sessions that watch a contact; what they watch, and the lists, are read then.
    pub(super) async fn watching(
        &self,
        person: &mut Person,
        contact: &Address,
    ) -> Result<Vec<CompactString>, Refusal> {
        self.lists(person).await?;
        let ids: Vec<CompactString> =
            person.sessions.iter().map(|live| live.session.id.clone()).collect();
        for id in &ids {
            self.watches(person, id).await?;
        }
        let Person { sessions, lists, .. } = &*person;
        let Some(lists) = lists.as_deref() else { return Ok(Vec::new()) };
        let watches = |live: &&Live| {
            let watches = live.watches.as_deref().unwrap_or_default();
            lists.covering(watches, contact).next().is_some()
        };
        let watching = sessions.iter().filter(watches);
        Ok(watching.map(|live| live.session.id.clone()).collect())
    }
}
