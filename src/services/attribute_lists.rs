//! Attribute lists: what a user grants beforehand to contacts, to lists and to everybody else.

use crate::{
    bridge,
    csp::{
        address::{ListAddress, UserAddress},
        outcome::{DetailedResult, Status, StatusResult},
        presence_access::{
            AttributeList, CreateAttributeListRequest, DeleteAttributeListRequest,
            GetAttributeListRequest, GetAttributeListResponse, Watcher, Watchers,
        },
        primitive::Primitive,
        status::Code,
    },
    domain::{
        address::Address,
        contact::{Grant, Scope},
        presence_access::Access,
        refusal::Refusal,
    },
    services::{
        contact_lists::list_address, context::Services, messaging::details, people::Held,
        person::Person, transaction::Asker, unit::Unit,
    },
    store::write::Write,
};

/// Attribute lists of one account at most.
const MAX_LISTS: usize = 1000;

/// Whom a request names: those that there are, and those that there are not.
#[derive(Default)]
struct Named {
    scopes: Vec<Scope>,
    unknown_users: Vec<UserAddress>,
    unknown_lists: Vec<ListAddress>,
}

impl Named {
    /// Returns the outcome: that of a part, with names, unless it is the same for all.
    fn result(&self) -> StatusResult {
        let unknown = self.unknown_users.iter();
        let unknown: Vec<_> = unknown.map(|user| (user, Refusal::NoSuchUser)).collect();
        let mut detailed = details(&unknown);
        if !self.unknown_lists.is_empty() {
            let lists = self.unknown_lists.clone();
            detailed.push(DetailedResult { lists, ..DetailedResult::new(Code::NO_SUCH_LIST) });
        }
        let code = match detailed.as_slice() {
            [] => Code::OK,
            [all] if self.scopes.is_empty() => all.code,
            _ => Code::PARTIAL,
        };
        StatusResult { detailed, ..StatusResult::new(code) }
    }
}

impl Services {
    /// Grants beforehand: who asks later is let see the account without a question, and who sees
    /// it already sees from now on what is granted now.
    pub(super) async fn create_attribute_list(
        &self,
        asker: &Asker,
        request: CreateAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let mut watchers = request.watchers;
        if !asker.handset.default_beside_names && watchers.names_somebody() {
            watchers.is_default = false;
        }
        let attributes = bridge::presence::attribute_names(&request.attributes);
        let mut person = self.held(asker).await?;
        let named = self.grantees(asker, &mut person, &watchers).await?;
        let before = self.access(&mut person).await?;
        let mut grants = without(&before, &named.scopes);
        let mut unit = Unit::default();
        for scope in &named.scopes {
            let grant = Grant { scope: scope.clone(), attributes: attributes.clone() };
            grants.push(grant.clone());
            unit.write(Write::PutGrant { account: asker.account().clone(), grant });
        }
        if grants.len() > MAX_LISTS {
            return Err(Refusal::TooManyAttributeLists);
        }
        self.grant(person, &before, grants, unit).await?;
        Ok(Primitive::Status(Status { result: named.result() }))
    }

    /// Takes grants back: who sees the account by them alone sees it no more.
    pub(super) async fn delete_attribute_list(
        &self,
        asker: &Asker,
        request: DeleteAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let named = self.grantees(asker, &mut person, &request.watchers).await?;
        let before = self.access(&mut person).await?;
        let grants = without(&before, &named.scopes);
        let mut unit = Unit::default();
        let gone = before.grants().iter().filter(|grant| !grants.contains(grant));
        for Grant { scope, .. } in gone.cloned() {
            unit.write(Write::DropGrant { account: asker.account().clone(), scope });
        }
        self.grant(person, &before, grants, unit).await?;
        Ok(Primitive::Status(Status { result: named.result() }))
    }

    /// Returns the grants of these, of all where none are named.
    pub(super) async fn attribute_lists(
        &self,
        asker: &Asker,
        request: GetAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let watchers = request.watchers;
        let named = self.grantees(asker, &mut person, &watchers).await?;
        let is_all = !watchers.is_default && !watchers.names_somebody();
        let mut default = None;
        let mut lists = Vec::new();
        let access = self.access(&mut person).await?;
        let is_meant = |grant: &&Grant| is_all || named.scopes.contains(&grant.scope);
        let contacts = access.grants().iter().filter(is_meant).filter_map(|grant| {
            let Scope::Contact(contact) = &grant.scope else { return None };
            Some(contact.clone())
        });
        let contacts: Vec<Address> = contacts.collect();
        let mut spelt = self.spellings(&mut person, asker, &contacts).await?.into_iter();
        for Grant { scope, attributes } in access.grants().iter().filter(is_meant) {
            let attributes = bridge::presence::attribute_set(attributes);
            let watcher = match scope {
                Scope::Default => {
                    default = Some(attributes);
                    continue;
                }
                Scope::Contact(_) => match spelt.next() {
                    Some(user) => Watcher::User(user),
                    None => continue,
                },
                Scope::List(key) => {
                    let lists = self.lists(&mut person).await?;
                    let Some(list) = lists.named(key) else { continue };
                    Watcher::List(list_address(asker, list))
                }
            };
            lists.push(AttributeList { watcher, attributes });
        }
        let response = GetAttributeListResponse { result: named.result(), default, lists };
        Ok(Primitive::GetAttributeListResponse(response))
    }

    /// Makes other grants durable together with all that follows from them.
    async fn grant(
        &self,
        mut person: Held<'_>,
        before: &Access,
        grants: Vec<Grant>,
        mut unit: Unit,
    ) -> Result<(), Refusal> {
        let account = person.account.address.clone();
        let after = Access::new(grants, self.lists(&mut person).await?);
        let regranted = self.regrant(&mut person, (before, &after), &mut unit).await?;
        self.carry_out(unit).await?;
        drop(person);
        self.regranted(&account, regranted).await;
        Ok(())
    }

    async fn grantees(
        &self,
        asker: &Asker,
        person: &mut Person,
        watchers: &Watchers,
    ) -> Result<Named, Refusal> {
        let mut named = Named::default();
        for user in &watchers.users {
            match self.named(asker, user) {
                Ok(contact) => named.scopes.push(Scope::Contact(contact)),
                Err(_) => named.unknown_users.push(user.clone()),
            }
        }
        let lists = self.lists(person).await?;
        for list in &watchers.lists {
            let key = bridge::address::list_key(list);
            if lists.named(&key).is_some() {
                named.scopes.push(Scope::List(key));
            } else {
                named.unknown_lists.push(list.clone());
            }
        }
        named.scopes.extend(watchers.is_default.then_some(Scope::Default));
        named.scopes.sort_unstable();
        named.scopes.dedup();
        Ok(named)
    }
}

/// Returns the grants but those of some scopes.
fn without(access: &Access, scopes: &[Scope]) -> Vec<Grant> {
    let others = access.grants().iter().filter(|grant| !scopes.contains(&grant.scope));
    others.cloned().collect()
}
