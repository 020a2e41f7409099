//! Presence: what phones publish, whom they watch, what they are told.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::{
    bridge,
    csp::{
        address::{ListAddress, UserAddress},
        outcome::StatusResult,
        presence::{
            GetPresenceRequest, GetPresenceResponse, Presence as PhonePresence,
            SubscribePresenceRequest, UnsubscribePresenceRequest, UpdatePresenceRequest,
        },
        presence_name::AttributeSet,
        primitive::Primitive,
        status::Code,
    },
    domain::{
        address::Address,
        contact::{ContactList, Scope, Watch},
        presence::{Presence, merged},
        refusal::Refusal,
    },
    services::{
        context::Services,
        messaging::details,
        person::{Cargo, Person},
        refused,
        showing::of_account,
        subscriptions::Wish,
        transaction::{Asker, done},
        unit::Unit,
    },
    store::{contact_presence::ContactPresence, write::Write},
};

/// People that one request may name.
const MAX_NAMED: usize = 1000;

/// Lists and people that one session may watch.
const MAX_WATCHES: usize = 2000;

/// So many people are looked up one by one.
const FEW: usize = 4;

/// What the devices of people show.
type Rows = BTreeMap<Address, Vec<ContactPresence>>;

/// Changes read at once when looking for the next to tell.
const WINDOW: u32 = 64;

impl Services {
    /// Takes what a phone publishes, and shows it to those who may see it.
    pub(super) async fn update_presence(
        &self,
        asker: &Asker,
        request: UpdatePresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let mut session = live.session.clone();
        bridge::presence::of_phone(&request.attributes, asker.handset, &mut session.presence);
        if session.presence != live.session.presence {
            let mut unit = Unit::default();
            unit.write(Write::PutSession(Box::new(session.clone())));
            self.carry_out(unit).await?;
            live.session = session.clone();
            live.stored();
            drop(person);
            self.broadcast(&session).await;
        }
        Ok(done())
    }

    /// Takes whom a session wants to watch; what they show follows at once.
    ///
    /// handset: S60 §6.4: anything but 200 makes the phone take the contact off its list again.
    pub(super) async fn subscribe_presence(
        &self,
        asker: &Asker,
        request: SubscribePresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let attributes = request.attributes.as_ref().map(bridge::presence::attribute_names);
        let attributes = attributes.unwrap_or_default();
        let mut person = self.held(asker).await?;
        let (scopes, people) = self.scopes(&mut person, &request.lists, &request.users).await?;
        let account = asker.account();
        let mut unit = Unit::default();
        let rows = self.rows_of(account, &people).await?;
        for contact in people.iter().filter(|contact| !rows.contains_key(contact)) {
            unit.write(self.nothing_known(account, contact));
        }
        let mut watches = self.watches(&mut person, &asker.session).await?;
        let new: BTreeSet<&Scope> = scopes.iter().collect();
        watches.retain(|known| !new.contains(&known.scope));
        if watches.len() + scopes.len() > MAX_WATCHES {
            return Err(Refusal::TooManyContacts);
        }
        for scope in scopes {
            let watch = Watch { scope, attributes: attributes.clone(), told: 0 };
            watches.push(watch.clone());
            unit.write(Write::PutWatch { session: asker.session.clone(), watch });
        }
        self.carry_out(unit).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        live.watches = Some(watches);
        live.has_news = true;
        // What is under way would count as the last thing told, also of what is watched from now
        // on: it is forgotten, and told again.
        live.flights.retain(|flight| !matches!(flight.cargo, Cargo::Presence(..)));
        drop(person);
        self.wish(account, Wish::See, people).await;
        Ok(done())
    }

    /// Takes whom a session no longer wants to watch.
    pub(super) async fn unsubscribe_presence(
        &self,
        asker: &Asker,
        request: UnsubscribePresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let users = request.users.iter();
        let users = users.filter_map(|user| bridge::address::of_user(user, &self.rules.domain));
        let lists = request.lists.iter().map(bridge::address::list_key).map(Scope::List);
        let scopes: Vec<Scope> = users.map(Scope::Contact).chain(lists).collect();
        let mut person = self.held(asker).await?;
        let mut watches = self.watches(&mut person, &asker.session).await?;
        let mut unit = Unit::default();
        for scope in scopes {
            watches.retain(|watch| watch.scope != scope);
            unit.write(Write::DropWatch { session: asker.session.clone(), scope });
        }
        self.carry_out(unit).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        live.watches = Some(watches);
        Ok(done())
    }

    /// Returns what some people show now.
    pub(super) async fn read_presence(
        &self,
        asker: &Asker,
        request: GetPresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let wanted = request.attributes.clone().unwrap_or_default();
        let mut person = self.held(asker).await?;
        let (_, listed) = self.scopes(&mut person, &request.lists, &[]).await?;
        let mut named = Vec::new();
        let mut unknown = Vec::new();
        for user in request.users.iter().take(MAX_NAMED) {
            match bridge::address::of_user(user, &self.rules.domain) {
                Some(address) => named.push((asker.given_back(user), address)),
                None => unknown.push((user, Refusal::NoSuchUser)),
            }
        }
        for address in listed {
            named.push((self.spelling(&mut person, &address).await?, address));
        }
        let people: Vec<Address> = named.iter().map(|(_, address)| address.clone()).collect();
        let rows = self.rows_of(asker.account(), &people).await?;
        let presences: Vec<PhonePresence> = named
            .into_iter()
            .map(|(user, address)| {
                let shown = shown(&person, &address, rows.get(&address));
                to_phone(asker, user, &shown, &wanted)
            })
            .collect();
        let result = match (unknown.is_empty(), presences.is_empty()) {
            (true, _) => StatusResult::ok(),
            (false, true) => StatusResult::new(Code::UNKNOWN_USER),
            (false, false) => {
                StatusResult { detailed: details(&unknown), ..StatusResult::new(Code::PARTIAL) }
            }
        };
        Ok(Primitive::GetPresenceResponse(GetPresenceResponse { result, presences }))
    }

    /// Returns what is known of some people, by one query where they are many.
    async fn rows_of(&self, owner: &Address, people: &[Address]) -> Result<Rows, Refusal> {
        let mut all = Rows::new();
        if people.len() > FEW {
            let wanted: BTreeSet<&Address> = people.iter().collect();
            let found = self.store.all_contact_presences(owner).await.map_err(refused)?;
            for row in found.into_iter().filter(|row| wanted.contains(&row.contact)) {
                all.entry(row.contact.clone()).or_default().push(row);
            }
        } else {
            for contact in people {
                let found = self.store.contact_presences(owner, contact).await.map_err(refused)?;
                if !found.is_empty() {
                    all.insert(contact.clone(), found);
                }
            }
        }
        Ok(all)
    }

    /// Returns what lists and users are meant, and everybody in them.
    async fn scopes(
        &self,
        person: &mut Person,
        lists: &[ListAddress],
        users: &[UserAddress],
    ) -> Result<(Vec<Scope>, Vec<Address>), Refusal> {
        let mut scopes = Vec::new();
        let mut people = BTreeSet::new();
        let known = self.lists(person).await?;
        for list in lists {
            let key = bridge::address::list_key(list);
            let list = known.iter().find(|list| list.key == key).ok_or(Refusal::NoSuchList)?;
            people.extend(list.members.iter().map(|member| member.address.clone()));
            scopes.push(Scope::List(key));
        }
        for user in users.iter().take(MAX_NAMED) {
            // Nobody can have that address: there is nothing to tell of it, and no harm done.
            let Some(address) = bridge::address::of_user(user, &self.rules.domain) else {
                continue;
            };
            people.insert(address.clone());
            scopes.push(Scope::Contact(address));
        }
        Ok((scopes, people.into_iter().collect()))
    }

    /// Notes that nothing is known of a contact, so that the phone can be told that much.
    fn nothing_known(&self, owner: &Address, contact: &Address) -> Write {
        let is_online = *owner == *contact;
        Write::PutContactPresence {
            owner: owner.clone(),
            contact: contact.clone(),
            resource: CompactString::default(),
            presence: Presence { is_online, ..Presence::default() },
            change: self.ids.next_number(),
        }
    }

    /// Returns what a session watches.
    async fn watches(&self, person: &mut Person, session: &str) -> Result<Vec<Watch>, Refusal> {
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        if live.watches.is_none() {
            live.watches = Some(self.store.watches(session).await.map_err(refused)?);
        }
        Ok(live.watches.clone().unwrap_or_default())
    }

    /// Returns whose presence is to be told next, as of which change, and how often it was tried.
    pub(super) async fn next_change(
        &self,
        person: &mut Person,
        session: &str,
    ) -> Result<Option<(Cargo, u8)>, Refusal> {
        let now = self.clock.now();
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        if let Some(late) = live.late_presence(now) {
            return Ok(Some(late));
        }
        if !live.has_news {
            return Ok(None);
        }
        let under_way = live.last_presence_under_way();
        let watches = self.watches(person, session).await?;
        let Some(told) = watches.iter().map(|watch| watch.told).min() else {
            return Ok(None);
        };
        let mut floor = told.max(under_way);
        let account = person.account.address.clone();
        self.lists(person).await?;
        loop {
            let rows = self.store.contact_presences_since(&account, floor, WINDOW).await;
            let rows = rows.map_err(refused)?;
            let lists = person.lists.as_deref().unwrap_or_default();
            for (at, row) in rows.iter().enumerate() {
                // Several devices, one contact: the last change tells of all.
                let is_last = !rows[at + 1..].iter().any(|later| later.contact == row.contact);
                let is_wanted = watches.iter().any(|watch| {
                    watch.told < row.change && covers(&watch.scope, &row.contact, lists)
                });
                if is_last && is_wanted {
                    return Ok(Some((Cargo::Presence(row.contact.clone(), row.change), 0)));
                }
            }
            match rows.last() {
                Some(last) if rows.len() >= WINDOW as usize => floor = last.change,
                _ => {
                    if let Some(live) = person.live(session) {
                        live.has_news = false;
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// Returns what a phone is told of a contact that it watches.
    pub(super) async fn presence_to_phone(
        &self,
        person: &mut Person,
        asker: &Asker,
        contact: &Address,
    ) -> Result<PhonePresence, Refusal> {
        let user = self.spelling(person, contact).await?;
        let watches = self.watches(person, &asker.session).await?;
        let rows = self.rows_of(&person.account.address, std::slice::from_ref(contact)).await?;
        let shown = shown(person, contact, rows.get(contact));
        let lists = person.lists.as_deref().unwrap_or_default();
        let mut covering = watches.iter().filter(|watch| covers(&watch.scope, contact, lists));
        let attributes = covering.next().map(|watch| watch.attributes.clone()).unwrap_or_default();
        let wanted = bridge::presence::attribute_set(&attributes);
        Ok(to_phone(asker, user, &shown, &wanted))
    }

    /// Takes note that a session was told of all changes up to one.
    pub(super) fn told(&self, person: &mut Person, session: &str, change: i64) {
        let Some(live) = person.live(session) else { return };
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
        self.lists(person).await?;
        let ids: Vec<CompactString> =
            person.sessions.iter().map(|live| live.session.id.clone()).collect();
        for id in ids {
            let watches = self.watches(person, &id).await?;
            let lists = person.lists.as_deref().unwrap_or_default();
            if watches.iter().any(|watch| covers(&watch.scope, contact, lists))
                && let Some(live) = person.live(&id)
            {
                live.has_news = true;
                self.wake(live);
            }
        }
        Ok(())
    }
}

/// Returns what somebody shows to an account.
fn shown(person: &Person, address: &Address, rows: Option<&Vec<ContactPresence>>) -> Presence {
    if *address == person.account.address {
        return merged(person.sessions.iter().map(|live| &live.session.presence), None);
    }
    let rows = rows.map(Vec::as_slice).unwrap_or_default();
    merged(rows.iter().map(|row| &row.presence), of_account(rows))
}

fn covers(scope: &Scope, contact: &Address, lists: &[ContactList]) -> bool {
    match scope {
        Scope::Default => false,
        Scope::Contact(address) => address == contact,
        Scope::List(key) => lists.iter().any(|list| {
            list.key == *key && list.members.iter().any(|member| member.address == *contact)
        }),
    }
}

fn to_phone(
    asker: &Asker,
    user: UserAddress,
    shown: &Presence,
    wanted: &AttributeSet,
) -> PhonePresence {
    let attributes = bridge::presence::to_phone(shown, asker.handset, wanted);
    PhonePresence { user, attributes }
}
