//! The contact lists of an account: read, made, changed, deleted from the phone.

use compact_str::{CompactString, format_compact};

use crate::{
    bridge,
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{
            ContactListProperties, CreateListRequest, CreateListResponse, DeleteListRequest,
            GetListResponse, ListManageRequest, ListManageResponse, NickList, NickName,
        },
        outcome::Status,
        primitive::Primitive,
        version::Version,
    },
    domain::{address::Address, contact::ContactList, lists::Lists, refusal::Refusal},
    services::{
        context::Services,
        list_members::{Change, MAX_NAME_BYTES, cut, left_behind},
        people::Held,
        person::{Live, Person},
        refused,
        transaction::{Asker, done},
        unit::Unit,
    },
    store::write::Write,
};

/// Lists of one account at most.
pub(super) const MAX_LISTS: usize = 50;

impl Services {
    /// Returns the lists of an account that is held.
    pub(super) async fn lists<'a>(&self, person: &'a mut Person) -> Result<&'a mut Lists, Refusal> {
        if person.lists.is_none() {
            let lists = self.store.lists(&person.account.address).await.map_err(refused)?;
            person.lists = Some(Box::new(Lists::new(lists)));
        }
        person.lists.as_deref_mut().ok_or(Refusal::Unavailable)
    }

    /// Names the lists.
    pub(super) async fn get_lists(&self, asker: &Asker) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let lists = self.lists(&mut person).await?;
        let is_named = |list: &&ContactList| asker.handset.makes_lists || !list.is_hidden();
        let named = |list: &ContactList| list_address(asker, list);
        // handset: Android G26: each list in one of the two places.
        let default = lists.iter().find(|list| list.is_default);
        let others = lists.iter().filter(|list| !list.is_default).filter(is_named);
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
        if lists.named(&key).is_some() {
            return Err(Refusal::ListExists);
        }
        if lists.len() >= MAX_LISTS {
            return Err(Refusal::TooManyLists);
        }
        let properties = &request.properties;
        let named = properties.display_name.as_deref().filter(|name| !name.is_empty());
        let list = ContactList {
            key: key.clone(),
            spelling: request.list.list().into(),
            display_name: cut(named.unwrap_or(request.list.list())),
            is_default: false,
            members: Vec::new(),
        };
        let mut change = Change::default();
        // That there is a list now has gone well, whoever is not on it.
        change.part(Ok(()));
        let account = asker.account().clone();
        change.unit.write(Write::PutList { account, list: list.clone() });
        lists.change().push(list);
        let at = lists.len() - 1;
        let wanted = properties.is_default.unwrap_or_default().then_some(at);
        settle_default(asker, lists, wanted, &mut change.unit);
        self.enter(asker, lists, at, &request.members, &mut change);
        let result = change.result();
        let answer = match asker.version {
            Version::V1_1 | Version::V1_2 => Primitive::Status(Status { result }),
            Version::V1_3 => Primitive::CreateListResponse(CreateListResponse {
                result,
                members: Some(nick_list(&mut person, &key, asker, &mut change.unit)),
                properties: properties_of(&person, &key, asker),
            }),
        };
        self.changed(asker, person, change, answer).await
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
        let list = lists.change().remove(at);
        let mut change = Change::default();
        change.unit.write(Write::DropList { account: asker.account().clone(), key });
        settle_default(asker, lists, None, &mut change.unit);
        let purpose = list.purpose();
        let people = list.members.into_iter().map(|member| member.address).collect();
        left_behind(lists, purpose, people, &mut change);
        // The watches go with the list.
        person.sessions.iter_mut().for_each(|live| live.watches = None);
        self.changed(asker, person, change, done()).await
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
        let mut change = Change::default();
        if let Some(properties) = &request.properties {
            let outcome = change_properties(asker, lists, at, properties, &mut change.unit);
            change.part(outcome);
        }
        if !request.add.members.is_empty() {
            self.enter(asker, lists, at, &request.add, &mut change);
        }
        if !request.remove.is_empty() {
            self.leave(asker, lists, at, &request.remove, &mut change);
        }
        // handset: S60 §6.4: where the list is there it is the whole list; in 1.1 it must be.
        let wants_list = request.receive_list.unwrap_or(asker.version == Version::V1_1 || is_read);
        let result = change.result();
        let mut members = None;
        if wants_list {
            members = Some(nick_list(&mut person, &key, asker, &mut change.unit));
        }
        let properties = properties_of(&person, &key, asker).filter(|_| wants_list);
        let answer =
            Primitive::ListManageResponse(ListManageResponse { result, members, properties });
        if is_read && change.unit.is_empty() {
            return Ok(answer);
        }
        self.changed(asker, person, change, answer).await
    }

    /// Makes a change durable with its answer, then does what the user wants of the people; what
    /// is in memory is read again if that fails.
    async fn changed(
        &self,
        asker: &Asker,
        mut person: Held<'_>,
        change: Change,
        answer: Primitive,
    ) -> Result<Primitive, Refusal> {
        let (mut unit, wishes) = change.wishes();
        if let Some(row) = asker.remember(&answer, None, self.clock.now()) {
            unit.write(row);
        }
        let regranted = self.regroup(&mut person, &mut unit).await;
        let carried_out = match regranted {
            Ok(regranted) => self.carry_out(unit).await.map(|()| regranted),
            Err(refusal) => Err(refusal),
        };
        if carried_out.is_err() {
            person.lists = None;
            person.aliases = asker.aliases.clone();
        }
        person.sessions.iter_mut().for_each(Live::look_again);
        drop(person);
        self.regranted(asker.account(), carried_out?).await;
        for (wish, people) in wishes {
            self.wish(asker.account(), wish, people).await;
        }
        Ok(answer)
    }
}

/// Changes the name of a list, and makes it the default one.
fn change_properties(
    asker: &Asker,
    lists: &mut Lists,
    at: usize,
    changed: &ContactListProperties,
    unit: &mut Unit,
) -> Result<(), Refusal> {
    let name = changed.display_name.as_deref().filter(|name| !name.is_empty());
    let is_too_long = name.is_some_and(|name| name.len() > MAX_NAME_BYTES);
    let is_unknown = changed.display_name.is_none()
        && changed.is_default.is_none()
        && !changed.others.is_empty();
    if is_too_long || is_unknown {
        return Err(Refusal::BadListProperty);
    }
    if let Some(name) = name {
        lists.change()[at].display_name = name.to_owned();
        unit.write(Write::PutList { account: asker.account().clone(), list: lists[at].clone() });
    }
    settle_default(asker, lists, changed.is_default.unwrap_or_default().then_some(at), unit);
    Ok(())
}

/// Makes sure that exactly one list is the default one, while there is one that can be.
fn settle_default(asker: &Asker, lists: &mut Lists, wanted: Option<usize>, unit: &mut Unit) {
    for at in lists.settle_default(wanted) {
        unit.write(Write::PutList { account: asker.account().clone(), list: lists[at].clone() });
    }
}

/// A list's address as this phone writes its own: with the domain only if the phone does.
pub(super) fn list_address(asker: &Asker, list: &ContactList) -> ListAddress {
    let own = UserAddress::parse(&asker.user_spelling);
    ListAddress::new(Some(own.user()), &list.spelling, own.domain())
}

// handset: Android G24: each member with name and address.
fn nick_list(person: &mut Person, key: &str, asker: &Asker, unit: &mut Unit) -> NickList {
    let list = person.lists.as_deref().and_then(|lists| lists.named(key));
    let on_it: Vec<(Address, String)> = list
        .into_iter()
        .flat_map(|list| &list.members)
        .map(|member| (member.address.clone(), member.nickname.clone()))
        .collect();
    let nick_name = |(whom, nickname): (Address, String)| NickName {
        name: Some(nickname.into()),
        user: person.spelt(&whom, asker.handset, unit),
    };
    NickList { members: on_it.into_iter().map(nick_name).collect() }
}

fn properties_of(person: &Person, key: &str, asker: &Asker) -> Option<ContactListProperties> {
    let lists = person.lists.as_deref()?;
    let list = lists.named(key)?;
    let mut name = CompactString::from(list.display_name.as_str());
    let is_alike = |other: &&ContactList| {
        !other.is_hidden() && other.display_name.to_lowercase() == list.display_name.to_lowercase()
    };
    let before = lists.iter().take_while(|other| other.key != key).filter(is_alike).count();
    if asker.handset.unique_titles && before > 0 {
        name.push_str(&format_compact!(" ({})", before + 1));
    }
    Some(ContactListProperties {
        display_name: Some(name),
        is_default: Some(list.is_default),
        others: Vec::new(),
    })
}
