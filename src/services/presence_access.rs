//! Who may see an account: asked and answered, granted beforehand, withdrawn.

use crate::{
    bridge,
    csp::{
        address::{ListAddress, UserAddress},
        outcome::StatusResult,
        presence::{GetWatcherListResponse, Watcher},
        presence_access::{
            AttributeList, CancelAuthRequest, CreateAttributeListRequest,
            DeleteAttributeListRequest, GetAttributeListRequest, GetAttributeListResponse,
            GetReactiveAuthStatusRequest, GetReactiveAuthStatusResponse, PresenceAuthUser,
            ReactiveAuthState, ReactiveAuthStatus, Watcher as Grantee, Watchers,
        },
        presence_name::AttributeSet,
        primitive::Primitive,
        version::Version,
    },
    domain::{
        address::Address,
        contact::{Contact, Grant, Relation, Scope},
        refusal::Refusal,
        subscription::Event,
        view::View,
    },
    services::{
        context::Services,
        person::{Cargo, Person},
        refused,
        transaction::{Asker, done},
        unit::Unit,
    },
    store::write::Write,
};

/// Grants of one account at most.
const MAX_GRANTS: usize = 1000;

/// Attributes of one grant at most; the specification knows fewer.
const MAX_ATTRIBUTES: usize = 100;

impl Services {
    /// Returns who waits to be let see the account and is to be put to this session now, and how
    /// often that was done in vain.
    pub(super) async fn next_question(
        &self,
        person: &mut Person,
        session: &str,
    ) -> Result<Option<(Address, u8)>, Refusal> {
        let live = person.live(session).ok_or(Refusal::NoSession)?;
        let late = live.late_question(self.clock.now());
        if !live.may_be_asked && late.is_none() {
            return Ok(None);
        }
        let waiting = self.store.pending_in(&live.session.account).await.map_err(refused)?;
        if let Some((contact, tries)) = late {
            if waiting.contains(&contact) {
                return Ok(Some((contact, tries)));
            }
            // Answered meanwhile, though never confirmed.
            live.flights.retain(|flight| flight.cargo != Cargo::Question(contact.clone()));
        }
        let next = waiting.into_iter().find(|contact| !live.asked.contains(contact));
        live.may_be_asked = next.is_some();
        Ok(next.map(|contact| (contact, 0)))
    }

    /// Takes the user's answer to who wants to see the account.
    pub(super) async fn presence_answered(
        &self,
        asker: &Asker,
        request: PresenceAuthUser,
    ) -> Result<Primitive, Refusal> {
        let contact = self.named(asker, &request.user)?;
        if !request.is_accepted {
            self.happen(asker.account(), &contact, Event::DenyOut).await?;
            return Ok(done());
        }
        let names = bridge::presence::attribute_names(&request.attributes);
        let accepted = if names.is_empty() { View::Everything } else { View::Only(names) };
        self.accept(asker, &contact, accepted).await?;
        self.happen(asker.account(), &contact, Event::AllowOut).await?;
        Ok(done())
    }

    /// Keeps what the user lets a contact see.
    async fn accept(
        &self,
        asker: &Asker,
        contact: &Address,
        accepted: View,
    ) -> Result<(), Refusal> {
        let account = asker.account();
        let _person = self.held(asker).await?;
        let known = self.contact(account, contact).await?;
        if known.relation == Relation::default()
            && !self.has_place(account, Event::AllowOut).await?
        {
            return Err(Refusal::TooManyContacts);
        }
        let contact = Contact { accepted: Some(accepted), ..known };
        let mut unit = Unit::default();
        unit.write(Write::PutContact { account: account.clone(), contact });
        self.carry_out(unit).await
    }

    /// Takes back that somebody may see the account.
    pub(super) async fn cancel_auth(
        &self,
        asker: &Asker,
        request: CancelAuthRequest,
    ) -> Result<Primitive, Refusal> {
        let contact = self.named(asker, &request.user)?;
        self.happen(asker.account(), &contact, Event::DenyOut).await?;
        Ok(done())
    }

    /// Returns which answers were given.
    pub(super) async fn auth_states(
        &self,
        asker: &Asker,
        request: GetReactiveAuthStatusRequest,
    ) -> Result<Primitive, Refusal> {
        let contacts = self.store.contacts(asker.account()).await.map_err(refused)?;
        let state = |relation: Relation| match relation {
            Relation { from: true, .. } => Some(ReactiveAuthState::Granted),
            Relation { pending_in: true, .. } => Some(ReactiveAuthState::Pending),
            _ => None,
        };
        let mut statuses = Vec::new();
        if request.users.is_empty() {
            let mut person = self.held(asker).await?;
            for contact in &contacts {
                let Some(state) = state(contact.relation) else { continue };
                let user = self.spelling(&mut person, asker, &contact.address).await?;
                statuses.push(ReactiveAuthStatus { user, state });
            }
        }
        for user in request.users {
            let address = asker.meant(&user);
            let known = contacts.iter().find(|contact| Some(&contact.address) == address.as_ref());
            let state = known.and_then(|contact| state(contact.relation));
            let state = state.unwrap_or(ReactiveAuthState::Denied);
            statuses.push(ReactiveAuthStatus { user, state });
        }
        Ok(Primitive::GetReactiveAuthStatusResponse(GetReactiveAuthStatusResponse {
            result: Some(StatusResult::ok()),
            statuses,
        }))
    }

    /// Returns who may see the account.
    pub(super) async fn watchers(&self, asker: &Asker) -> Result<Primitive, Refusal> {
        let contacts = self.store.contacts(asker.account()).await.map_err(refused)?;
        let mut person = self.held(asker).await?;
        let mut watchers = Vec::new();
        for contact in contacts.iter().filter(|contact| contact.relation.from) {
            let user = self.spelling(&mut person, asker, &contact.address).await?;
            let status = (asker.version > Version::V1_1).then(|| "CURRENT_SUBSCRIBER".into());
            watchers.push(Watcher { user, status });
        }
        let response = GetWatcherListResponse { result: Some(StatusResult::ok()), watchers };
        Ok(Primitive::GetWatcherListResponse(response))
    }

    /// Grants beforehand: who asks later is let see the account without a question.
    pub(super) async fn create_attribute_list(
        &self,
        asker: &Asker,
        request: CreateAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let attributes = bridge::presence::attribute_names(&request.attributes);
        let account = asker.account();
        let mut unit = Unit::default();
        let scopes = self.grantees(asker, &request.watchers)?;
        let kept = self.store.grants(account).await.map_err(refused)?;
        let others = kept.iter().filter(|grant| !scopes.contains(&grant.scope)).count();
        if others + scopes.len() > MAX_GRANTS || attributes.len() > MAX_ATTRIBUTES {
            return Err(Refusal::TooManyContacts);
        }
        for scope in scopes {
            let grant = Grant { scope, attributes: attributes.clone() };
            unit.write(Write::PutGrant { account: account.clone(), grant });
        }
        self.carry_out(unit).await?;
        self.grant_waiting(account).await?;
        Ok(done())
    }

    /// Takes grants back. Who may see the account already still may, until it is cancelled.
    pub(super) async fn delete_attribute_list(
        &self,
        asker: &Asker,
        request: DeleteAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let mut unit = Unit::default();
        for scope in self.grantees(asker, &request.watchers)? {
            unit.write(Write::DropGrant { account: asker.account().clone(), scope });
        }
        self.carry_out(unit).await?;
        Ok(done())
    }

    /// Returns the grants of these, of all where none are named.
    pub(super) async fn attribute_lists(
        &self,
        asker: &Asker,
        request: GetAttributeListRequest,
    ) -> Result<Primitive, Refusal> {
        let wanted = self.grantees(asker, &request.watchers)?;
        let grants = self.store.grants(asker.account()).await.map_err(refused)?;
        let mut person = self.held(asker).await?;
        let mut default: Option<AttributeSet> = None;
        let mut lists = Vec::new();
        for grant in
            grants.iter().filter(|grant| wanted.is_empty() || wanted.contains(&grant.scope))
        {
            let attributes = bridge::presence::attribute_set(&grant.attributes);
            let watcher = match &grant.scope {
                Scope::Default => {
                    default = Some(attributes);
                    continue;
                }
                Scope::Contact(contact) => {
                    Grantee::User(self.spelling(&mut person, asker, contact).await?)
                }
                Scope::List(key) => {
                    let own = UserAddress::parse(&asker.user_spelling);
                    Grantee::List(ListAddress::new(Some(own.user()), key, own.domain()))
                }
            };
            lists.push(AttributeList { watcher, attributes });
        }
        Ok(Primitive::GetAttributeListResponse(GetAttributeListResponse {
            result: StatusResult::ok(),
            default,
            lists,
        }))
    }

    fn grantees(&self, asker: &Asker, watchers: &Watchers) -> Result<Vec<Scope>, Refusal> {
        let mut scopes = Vec::new();
        for user in &watchers.users {
            scopes.push(Scope::Contact(self.named(asker, user)?));
        }
        scopes.extend(watchers.lists.iter().map(bridge::address::list_key).map(Scope::List));
        scopes.extend(watchers.is_default.then_some(Scope::Default));
        Ok(scopes)
    }

    /// Returns whom a phone means.
    pub(super) fn named(&self, asker: &Asker, user: &UserAddress) -> Result<Address, Refusal> {
        asker.meant(user).ok_or(Refusal::NoSuchUser)
    }
}
