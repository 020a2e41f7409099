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
        presence_name::{AttributeKind, AttributeSet},
        primitive::Primitive,
        status::Code,
    },
    domain::{
        address::{Address, Device},
        contact::{Scope, Watch},
        presence::{Presence, merged},
        refusal::Refusal,
        session::Session,
    },
    services::{
        context::Services,
        messaging::details,
        person::{Cargo, Person},
        refused,
        showing::Change,
        transaction::{Asker, done},
        unit::Unit,
        wishes::Wish,
    },
    store::{
        contact_presence::{ContactPresence, shown_by},
        write::Write,
    },
};

/// People that one request may name.
const MAX_NAMED: usize = 1000;

/// People whose cards one request may wait for.
const MAX_AWAITED: usize = 4;

/// Lists and people that one session may watch.
const MAX_WATCHES: usize = 2000;

/// What the devices of people show.
pub(super) type Rows = BTreeMap<Address, Vec<ContactPresence>>;

impl Services {
    /// Takes what a phone publishes, and shows it to those who may see it. What cannot be is left
    /// out, and the phone told.
    pub(super) async fn update_presence(
        &self,
        asker: &Asker,
        request: UpdatePresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let mut session = live.session.clone();
        // What another phone of the user told since counts as well.
        session.presence.personal.clone_from(&person.personal);
        let (good, refusal) = bridge::presence::sift(&request.attributes, asker.handset);
        bridge::presence::of_phone(&good, asker.handset, &mut session.presence);
        let mut unit = Unit::default();
        let facts = (person.personal.as_deref(), &mut session.presence.personal);
        let pictured = self.take_picture(facts, &mut unit).await;
        let changes = changes(&person, &session);
        let (account, resource) = (session.account.clone(), Some(session.resource.clone()));
        let device = Device { account, resource };
        if !changes.is_empty() {
            let contacts = self.contacts(&session.account).await?;
            for change in &changes {
                unit.write(Write::PutSession(Box::new(change.session.clone())));
                if change.is_departure() {
                    let last = Box::new(change.session.last_there());
                    unit.write(Write::SetLastThere { account: session.account.clone(), last });
                }
            }
            let news = self.show(&mut person, &contacts, &changes, &mut unit).await?;
            self.publish(&mut person, &contacts, &session, &mut unit).await?;
            self.carry_out(unit).await?;
            person.personal = session.presence.personal;
            for Change { session, .. } in changes {
                let live = person.live(&session.id).ok_or(Refusal::NoSession)?;
                live.session = session;
                live.stored();
            }
            drop(person);
            self.tell(news).await;
        }
        bridge::address::device_to_jid(&device).iter().for_each(|jid| self.show_now(jid));
        refusal.map_or(pictured, Err).map(|()| done())
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
        let (mut scopes, people) =
            self.scopes(&mut person, asker, &request.lists, &request.users).await?;
        let account = asker.account();
        let mut unit = Unit::default();
        let mut watches = self.watches(&mut person, &asker.session).await?.to_vec();
        if request.auto_subscribe == Some(false) {
            // Those who are on the lists now, one by one, instead of whoever will be.
            for scope in scopes.into_iter().filter(|scope| matches!(scope, Scope::List(_))) {
                watches.retain(|known| known.scope != scope);
                unit.write(Write::DropWatch { session: asker.session.clone(), scope });
            }
            scopes = people.iter().cloned().map(Scope::Contact).collect();
        }
        let rows = self.rows_of(account, &people).await?;
        for contact in people.iter().filter(|contact| !rows.contains_key(contact)) {
            unit.write(self.nothing_known(account, contact));
        }
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
        live.watch(watches);
        // What is under way would count as the last thing told, also of what is watched from now
        // on: it is forgotten, and told again.
        live.flights.retain(|flight| !matches!(flight.cargo, Cargo::Presence(..)));
        let named: BTreeSet<Address> =
            request.users.iter().filter_map(|user| asker.meant(user)).collect();
        let lists = self.lists(&mut person).await?;
        let is_seen = |whom: &Address| named.contains(whom) || lists.wants_to_see(whom);
        let seen = people.into_iter().filter(is_seen).collect();
        drop(person);
        self.wish(account, Wish::See, seen).await;
        Ok(done())
    }

    /// Takes whom a session no longer wants to watch.
    pub(super) async fn unsubscribe_presence(
        &self,
        asker: &Asker,
        request: UnsubscribePresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        let mut scopes = Vec::new();
        for key in request.lists.iter().map(bridge::address::list_key) {
            let members = lists.named(&key).into_iter().flat_map(|list| &list.members);
            scopes.extend(members.map(|member| Scope::Contact(member.address.clone())));
            scopes.push(Scope::List(key));
        }
        let users = request.users.iter().filter_map(|user| asker.meant(user));
        scopes.extend(users.map(Scope::Contact));
        let mut watches = self.watches(&mut person, &asker.session).await?.to_vec();
        scopes.retain(|scope| watches.iter().any(|watch| watch.scope == *scope));
        let mut unit = Unit::default();
        for scope in scopes {
            watches.retain(|watch| watch.scope != scope);
            unit.write(Write::DropWatch { session: asker.session.clone(), scope });
        }
        self.carry_out(unit).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        live.watch(watches);
        Ok(done())
    }

    /// Returns what some people show now.
    pub(super) async fn read_presence(
        &self,
        asker: &Asker,
        request: GetPresenceRequest,
    ) -> Result<Primitive, Refusal> {
        let wanted = request.attributes.clone().unwrap_or_default();
        if wanted.contains(&AttributeKind::ContactInfo) && request.users.len() <= MAX_AWAITED {
            let named: Vec<Address> =
                request.users.iter().filter_map(|user| asker.meant(user)).collect();
            self.await_cards(asker.account(), &named).await?;
        }
        let mut person = self.held(asker).await?;
        let (_, listed) = self.scopes(&mut person, asker, &request.lists, &[]).await?;
        let mut named = Vec::new();
        let mut unknown = Vec::new();
        let meant: Vec<(&UserAddress, Option<Address>)> =
            request.users.iter().take(MAX_NAMED).map(|user| (user, asker.meant(user))).collect();
        let ours = meant.iter().filter_map(|(_, whom)| whom.clone());
        let ours: Vec<Address> = ours.filter(|whom| self.is_ours(whom)).collect();
        let there = self.store.accounts_among(&ours).await.map_err(refused)?;
        for (user, whom) in meant {
            match whom.filter(|whom| !self.is_ours(whom) || there.contains(whom)) {
                Some(address) => named.push((asker.given_back(user), address)),
                None => unknown.push((user, Refusal::NoSuchUser)),
            }
        }
        let spelt = self.spellings(&mut person, asker, &listed).await?;
        named.extend(spelt.into_iter().zip(listed));
        let people: Vec<Address> = named.iter().map(|(_, address)| address.clone()).collect();
        let rows = self.rows_of(asker.account(), &people).await?;
        let frame = person.live(&asker.session).and_then(|live| live.session.terms.picture());
        let mut presences = Vec::with_capacity(named.len());
        for (user, address) in named {
            let mut shown = shown(&person, &address, rows.get(&address));
            let rows = rows.get(&address).map(Vec::as_slice).unwrap_or_default();
            self.ask_for(asker.account(), &address, rows, &wanted);
            self.draw_for((asker, frame), &address, &mut shown, &wanted).await;
            presences.push(to_phone(asker, user, &shown, &wanted));
        }
        let result = match (unknown.is_empty(), presences.is_empty()) {
            (true, _) => StatusResult::ok(),
            (false, true) => StatusResult::new(Code::UNKNOWN_USER),
            (false, false) => {
                StatusResult { detailed: details(&unknown), ..StatusResult::new(Code::PARTIAL) }
            }
        };
        Ok(Primitive::GetPresenceResponse(GetPresenceResponse { result, presences }))
    }

    /// Returns what is known of some people.
    pub(super) async fn rows_of(
        &self,
        owner: &Address,
        people: &[Address],
    ) -> Result<Rows, Refusal> {
        let mut all = Rows::new();
        for row in self.store.presences_of(owner, people).await.map_err(refused)? {
            all.entry(row.contact.clone()).or_default().push(row);
        }
        Ok(all)
    }

    /// Returns what lists and users are meant, and everybody in them.
    async fn scopes(
        &self,
        person: &mut Person,
        asker: &Asker,
        lists: &[ListAddress],
        users: &[UserAddress],
    ) -> Result<(Vec<Scope>, Vec<Address>), Refusal> {
        let mut scopes = Vec::new();
        let mut people = BTreeSet::new();
        let known = self.lists(person).await?;
        for list in lists {
            let key = bridge::address::list_key(list);
            let list = known.named(&key).ok_or(Refusal::NoSuchList)?;
            people.extend(list.members.iter().map(|member| member.address.clone()));
            scopes.push(Scope::List(key));
        }
        for user in users.iter().take(MAX_NAMED) {
            // Nobody can have that address: there is nothing to tell of it, and no harm done.
            let Some(address) = asker.meant(user) else {
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
}

/// Returns the sessions that show something else when one of them becomes this: what the user shows
/// is shown by all.
fn changes(person: &Person, session: &Session) -> Vec<Change> {
    let changes = person.sessions.iter().map(|live| {
        let mut after = live.session.clone();
        if after.id == session.id {
            after.clone_from(session);
        } else {
            after.presence.personal.clone_from(&session.presence.personal);
        }
        Change { session: after, before: Some(live.session.presence.clone()) }
    });
    changes.filter(|change| change.before.as_ref() != Some(&change.session.presence)).collect()
}

/// Returns what somebody shows to an account.
pub(super) fn shown(
    person: &Person,
    address: &Address,
    rows: Option<&Vec<ContactPresence>>,
) -> Presence {
    if *address == person.account.address {
        let devices = person.sessions.iter().map(|live| &live.session.presence);
        return merged(devices, person.personal.as_deref());
    }
    shown_by(rows.map(Vec::as_slice).unwrap_or_default())
}

pub(super) fn to_phone(
    asker: &Asker,
    user: UserAddress,
    shown: &Presence,
    wanted: &AttributeSet,
) -> PhonePresence {
    let attributes = bridge::presence::to_phone(shown, asker.handset, wanted);
    PhonePresence { user, attributes }
}
