//! The contact lists of an account: read, made, changed, deleted from the phone.

use compact_str::CompactString;

use crate::{
    bridge,
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{
            ContactListProperties, CreateListRequest, CreateListResponse, DeleteListRequest,
            GetListResponse, ListManageRequest, ListManageResponse, NickList, NickName,
        },
        outcome::StatusResult,
        primitive::Primitive,
        status::Code,
        version::Version,
    },
    domain::{
        address::Address,
        contact::{ContactList, Member},
        presence::Presence,
        refusal::Refusal,
    },
    services::{
        context::Services,
        messaging::details,
        person::Person,
        refused,
        subscriptions::Wish,
        transaction::{Asker, done},
        unit::Unit,
    },
    store::write::Write,
};

/// Lists of one account at most.
const MAX_LISTS: usize = 50;

/// Members of one list at most.
const MAX_MEMBERS: usize = 1000;

/// Octets of a name at most.
const MAX_NAME_BYTES: usize = 255;

/// Somebody that the phone names for a list, or why not.
type Candidate = (UserAddress, CompactString, Result<Address, Refusal>);

impl Services {
    /// Returns the lists of an account that is held.
    pub(super) async fn lists<'a>(
        &self,
        person: &'a mut Person,
    ) -> Result<&'a mut Vec<ContactList>, Refusal> {
        if person.lists.is_none() {
            let lists = self.store.lists(&person.account.address).await.map_err(refused)?;
            person.lists = Some(lists);
        }
        person.lists.as_mut().ok_or(Refusal::Unavailable)
    }

    /// Returns somebody's address as this account's phone writes it.
    ///
    /// handset: Android G23: another spelling is another person.
    pub(super) async fn spelling(
        &self,
        person: &mut Person,
        address: &Address,
    ) -> Result<UserAddress, Refusal> {
        let lists = self.lists(person).await?;
        let mut members = lists.iter().flat_map(|list| &list.members);
        Ok(match members.find(|member| member.address == *address) {
            Some(member) => UserAddress::parse(&member.spelling),
            None => bridge::address::to_user(address),
        })
    }

    /// Names the lists.
    pub(super) async fn get_lists(&self, asker: &Asker) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        let named = |list: &ContactList| list_address(asker, list);
        // handset: Android G26: each list in one of the two places.
        let default = lists.iter().find(|list| list.is_default);
        let others = lists.iter().filter(|list| !list.is_default);
        Ok(Primitive::GetListResponse(GetListResponse {
            lists: others.map(named).collect(),
            default: default.map(named),
        }))
    }

    /// Makes a list.
    pub(super) async fn create_list(
        &self,
        asker: &Asker,
        request: CreateListRequest,
    ) -> Result<Primitive, Refusal> {
        let key = bridge::address::list_key(&request.list);
        if key.is_empty() || key.len() > MAX_NAME_BYTES {
            return Err(Refusal::BadParameter);
        }
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        if lists.iter().any(|list| list.key == key) {
            return Err(Refusal::ListExists);
        }
        if lists.len() >= MAX_LISTS {
            return Err(Refusal::TooManyLists);
        }
        let candidates = self.candidates(asker, &request.members);
        let mut list = ContactList {
            key: key.clone(),
            spelling: request.list.list().into(),
            display_name: display_name(&request.properties, request.list.list()),
            // A phone without a default list has nowhere to put a new contact.
            is_default: request.properties.is_default.unwrap_or(lists.is_empty()),
            members: Vec::new(),
        };
        let mut unit = Unit::default();
        let account = asker.account();
        if list.is_default {
            take_default(lists, account, &mut unit);
        }
        unit.write(Write::PutList { account: account.clone(), list: list.clone() });
        let outcome = self.enter(&mut list, candidates, account, &mut unit);
        let answer = match asker.version {
            Version::V1_1 | Version::V1_2 => {
                Primitive::Status(crate::csp::outcome::Status { result: outcome.result.clone() })
            }
            Version::V1_3 => Primitive::CreateListResponse(CreateListResponse {
                result: outcome.result.clone(),
                members: Some(nick_list(&list)),
                properties: Some(properties(&list)),
            }),
        };
        lists.push(list);
        self.finish(asker, &mut person, unit, &answer).await?;
        drop(person);
        self.wish(asker.account(), Wish::See, outcome.entered).await;
        Ok(answer)
    }

    /// Deletes a list.
    pub(super) async fn delete_list(
        &self,
        asker: &Asker,
        request: DeleteListRequest,
    ) -> Result<Primitive, Refusal> {
        let key = bridge::address::list_key(&request.list);
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        let at = lists.iter().position(|list| list.key == key).ok_or(Refusal::NoSuchList)?;
        let list = lists.remove(at);
        let account = asker.account().clone();
        let mut unit = Unit::default();
        unit.write(Write::DropList { account: account.clone(), key: key.clone() });
        if list.is_default
            && let Some(next) = lists.first_mut()
        {
            next.is_default = true;
            unit.write(Write::PutList { account: account.clone(), list: next.clone() });
        }
        let left = gone(lists, list.members.into_iter().map(|member| member.address));
        let answer = done();
        self.finish(asker, &mut person, unit, &answer).await?;
        // The watches went with the list.
        person.sessions.iter_mut().for_each(|live| live.watches = None);
        drop(person);
        self.wish(&account, Wish::Part, left).await;
        Ok(answer)
    }

    /// Reads or changes a list.
    pub(super) async fn manage_list(
        &self,
        asker: &Asker,
        request: ListManageRequest,
    ) -> Result<Primitive, Refusal> {
        let key = bridge::address::list_key(&request.list);
        let is_read = request.is_read();
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        let at = lists.iter().position(|list| list.key == key).ok_or(Refusal::NoSuchList)?;
        let account = asker.account().clone();
        let mut unit = Unit::default();
        let mut outcome = Entered::default();
        let mut left = Vec::new();
        if !is_read {
            if let Some(properties) = &request.properties {
                self.change_properties(lists, at, properties, &account, &mut unit)?;
            }
            let candidates = self.candidates(asker, &request.add);
            outcome = self.enter(&mut lists[at], candidates, &account, &mut unit);
            left = self.leave(lists, at, &request.remove, &account, &mut unit);
            if is_one_addition(&request) {
                outcome.result = of_one(outcome.result);
            }
        }
        // handset: S60 §6.4: where the list is there it is the whole list; in 1.1 it must be.
        let wants_list = request.receive_list.unwrap_or(asker.version == Version::V1_1 || is_read);
        let list = &lists[at];
        let answer = Primitive::ListManageResponse(ListManageResponse {
            result: outcome.result,
            members: wants_list.then(|| nick_list(list)),
            properties: wants_list.then(|| properties(list)),
        });
        if !is_read {
            self.finish(asker, &mut person, unit, &answer).await?;
        }
        drop(person);
        self.wish(&account, Wish::See, outcome.entered).await;
        self.wish(&account, Wish::Part, left).await;
        Ok(answer)
    }

    /// Makes the change durable with its answer; what is in memory is read again if that fails.
    async fn finish(
        &self,
        asker: &Asker,
        person: &mut Person,
        mut unit: Unit,
        answer: &Primitive,
    ) -> Result<(), Refusal> {
        if let Some(row) = asker.remember(answer, None, self.clock.now()) {
            unit.write(row);
        }
        let carried_out = self.carry_out(unit).await;
        if carried_out.is_err() {
            person.lists = None;
        }
        for live in &mut person.sessions {
            live.has_news = true;
        }
        carried_out
    }

    fn candidates(&self, asker: &Asker, members: &NickList) -> Vec<Candidate> {
        let candidate = |member: &NickName| {
            let address = bridge::address::of_user(&member.user, &self.rules.domain);
            let short = |name: &CompactString| !name.is_empty() && name.len() <= MAX_NAME_BYTES;
            let name = member.name.clone().filter(short);
            let name = name.unwrap_or_else(|| member.user.user().into());
            (asker.given_back(&member.user), name, address.ok_or(Refusal::NoSuchUser))
        };
        members.members.iter().map(candidate).collect()
    }

    /// Puts people on a list; who is there already gets the new name.
    fn enter(
        &self,
        list: &mut ContactList,
        candidates: Vec<Candidate>,
        account: &Address,
        unit: &mut Unit,
    ) -> Entered {
        let mut entered = Vec::new();
        let mut refused = Vec::new();
        for (written, name, address) in candidates {
            let address = match address {
                Ok(address) => address,
                Err(refusal) => {
                    refused.push((written, refusal));
                    continue;
                }
            };
            let known = list.members.iter().position(|member| member.address == address);
            let member = match known {
                Some(at) => {
                    list.members[at].nickname = name.into();
                    list.members[at].clone()
                }
                None if list.members.len() >= MAX_MEMBERS => {
                    refused.push((written, Refusal::TooManyContacts));
                    continue;
                }
                None => {
                    let spelling = written.as_written().into();
                    let member =
                        Member { address: address.clone(), spelling, nickname: name.into() };
                    list.members.push(member.clone());
                    self.first_seen(account, &address, unit);
                    entered.push(address);
                    member
                }
            };
            unit.write(Write::PutMember {
                account: account.clone(),
                key: list.key.clone(),
                member,
            });
        }
        let named: Vec<(&UserAddress, Refusal)> =
            refused.iter().map(|(user, refusal)| (user, *refusal)).collect();
        let result = match named.as_slice() {
            [] => StatusResult::ok(),
            some => StatusResult { detailed: details(some), ..StatusResult::new(Code::PARTIAL) },
        };
        Entered { result, entered }
    }

    /// Notes that nothing is known of a new contact yet, so that the phone is told that much.
    fn first_seen(&self, account: &Address, contact: &Address, unit: &mut Unit) {
        unit.write(Write::PutContactPresence {
            owner: account.clone(),
            contact: contact.clone(),
            resource: CompactString::default(),
            presence: Presence::offline(),
            change: self.ids.next_number(),
        });
    }

    /// Takes people off a list; returns who is on no list any more.
    fn leave(
        &self,
        lists: &mut [ContactList],
        at: usize,
        remove: &[UserAddress],
        account: &Address,
        unit: &mut Unit,
    ) -> Vec<Address> {
        let mut left = Vec::new();
        let addresses =
            remove.iter().filter_map(|user| bridge::address::of_user(user, &self.rules.domain));
        for address in addresses {
            let list = &mut lists[at];
            let before = list.members.len();
            list.members.retain(|member| member.address != address);
            if list.members.len() < before {
                let (account, key) = (account.clone(), list.key.clone());
                unit.write(Write::DropMember { account, key, address: address.clone() });
                left.push(address);
            }
        }
        gone(lists, left.into_iter())
    }

    fn change_properties(
        &self,
        lists: &mut [ContactList],
        at: usize,
        changed: &ContactListProperties,
        account: &Address,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        if changed.display_name.as_ref().is_some_and(|name| name.len() > MAX_NAME_BYTES) {
            return Err(Refusal::BadListProperty);
        }
        if changed.is_default == Some(true) {
            take_default(lists, account, unit);
            lists[at].is_default = true;
        }
        if let Some(name) = &changed.display_name {
            lists[at].display_name = name.to_string();
        }
        unit.write(Write::PutList { account: account.clone(), list: lists[at].clone() });
        Ok(())
    }
}

/// What became of people put on a list.
struct Entered {
    result: StatusResult,
    entered: Vec<Address>,
}

impl Default for Entered {
    fn default() -> Self {
        Self { result: StatusResult::ok(), entered: Vec::new() }
    }
}

/// Returns whether all that is asked is to put one person on a list.
fn is_one_addition(request: &ListManageRequest) -> bool {
    request.add.members.len() == 1 && request.remove.is_empty() && request.properties.is_none()
}

/// Returns the outcome where one person was all: a part of it cannot have gone well.
///
/// handset: Android §5: only 531 is shown as an unknown user.
fn of_one(result: StatusResult) -> StatusResult {
    let code = result.detailed.first().map_or(result.code, |detail| detail.code);
    StatusResult { code, ..result }
}

/// Of these people, returns those on none of the lists.
fn gone(lists: &[ContactList], people: impl Iterator<Item = Address>) -> Vec<Address> {
    let is_on = |address: &Address| {
        lists.iter().any(|list| list.members.iter().any(|member| member.address == *address))
    };
    people.filter(|address| !is_on(address)).collect()
}

fn take_default(lists: &mut [ContactList], account: &Address, unit: &mut Unit) {
    for list in lists.iter_mut().filter(|list| list.is_default) {
        list.is_default = false;
        unit.write(Write::PutList { account: account.clone(), list: list.clone() });
    }
}

/// A list's address as this phone writes its own: with the domain only if the phone does.
fn list_address(asker: &Asker, list: &ContactList) -> ListAddress {
    let own = UserAddress::parse(&asker.user_spelling);
    ListAddress::new(Some(own.user()), &list.spelling, own.domain())
}

fn display_name(properties: &ContactListProperties, otherwise: &str) -> String {
    let name = properties.display_name.as_deref().filter(|name| name.len() <= MAX_NAME_BYTES);
    name.unwrap_or(otherwise).to_owned()
}

// handset: Android G24: each member with name and address.
fn nick_list(list: &ContactList) -> NickList {
    let nick_name = |member: &Member| NickName {
        name: Some(member.nickname.as_str().into()),
        user: UserAddress::parse(&member.spelling),
    };
    NickList { members: list.members.iter().map(nick_name).collect() }
}

fn properties(list: &ContactList) -> ContactListProperties {
    ContactListProperties {
        display_name: Some(list.display_name.as_str().into()),
        is_default: Some(list.is_default),
        others: Vec::new(),
    }
}
