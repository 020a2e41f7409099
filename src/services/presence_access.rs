//! Who may see an account: asked and answered, and who it is that does.

use std::time::Duration;

use crate::{
    bridge,
    csp::{
        address::UserAddress,
        outcome::StatusResult,
        presence::{GetWatcherListRequest, GetWatcherListResponse, Watcher, WatcherStatus},
        presence_access::{
            CancelAuthRequest, GetReactiveAuthStatusRequest, GetReactiveAuthStatusResponse,
            PresenceAuthUser, ReactiveAuthState, ReactiveAuthStatus,
        },
        primitive::Primitive,
    },
    domain::{
        address::Address,
        contact::{Contact, Relation},
        refusal::Refusal,
        subscription::Event,
        view::View,
    },
    services::{
        context::Services,
        person::{Cargo, Person},
        refused,
        transaction::{Asker, done},
    },
};

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
        self.accept(asker.account(), &contact, accepted).await?;
        Ok(done())
    }

    /// Takes back what was answered somebody, who sees from now on what is granted to many.
    pub(super) async fn cancel_auth(
        &self,
        asker: &Asker,
        request: CancelAuthRequest,
    ) -> Result<Primitive, Refusal> {
        let contact = self.named(asker, &request.user)?;
        self.take_back(asker.account(), &contact).await?;
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
            let known = contacts.iter();
            let known = known.filter_map(|it| Some((it.address.clone(), state(it.relation)?)));
            let (people, states): (Vec<_>, Vec<_>) = known.unzip();
            let mut person = self.held(asker).await?;
            let users = self.spellings(&mut person, asker, &people).await?;
            let both = users.into_iter().zip(states);
            statuses.extend(both.map(|(user, state)| ReactiveAuthStatus { user, state }));
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

    /// Returns who sees the account, and who did so a while ago, if the phone asks for that.
    pub(super) async fn watchers(
        &self,
        asker: &Asker,
        request: GetWatcherListRequest,
    ) -> Result<Primitive, Refusal> {
        let contacts = self.contacts(asker.account()).await?;
        let period = Duration::from_secs(request.history_period_secs.unwrap_or_default().into());
        let since = self.clock.now().before(period);
        let sees = |contact: &&Contact| contact.relation.from;
        let saw = |contact: &&Contact| {
            !contact.relation.from && contact.watched_until.is_some_and(|until| until > since)
        };
        let with = |status: WatcherStatus| move |it: &Contact| (it.address.clone(), status.clone());
        let current = contacts.iter().filter(sees).map(with(WatcherStatus::Current));
        let former = contacts.iter().filter(saw).map(with(WatcherStatus::Former));
        let most = request.max_watchers.map_or(usize::MAX, |most| most as usize);
        let (people, statuses): (Vec<_>, Vec<_>) = current.chain(former).take(most).unzip();
        let mut person = self.held(asker).await?;
        let users = self.spellings(&mut person, asker, &people).await?;
        let both = users.into_iter().zip(statuses);
        let watchers = both.map(|(user, status)| Watcher { user, status: Some(status) }).collect();
        let response = GetWatcherListResponse { result: Some(StatusResult::ok()), watchers };
        Ok(Primitive::GetWatcherListResponse(response))
    }

    /// Returns whom a phone means.
    pub(super) fn named(&self, asker: &Asker, user: &UserAddress) -> Result<Address, Refusal> {
        asker.meant(user).ok_or(Refusal::NoSuchUser)
    }
}
