//! Public profiles: what users tell everybody of themselves, asked for and told.

use std::time::Duration;

use tokio::{task::JoinSet, time::timeout};

use crate::{
    bridge,
    csp::{
        address::UserAddress,
        outcome::StatusResult,
        primitive::Primitive,
        public_profile::{
            GetPublicProfileRequest, GetPublicProfileResponse, PublicProfile as PhoneProfile,
            UpdatePublicProfileRequest,
        },
        status::Code,
    },
    domain::{
        address::{Address, Device},
        public_profile::PublicProfile,
        refusal::Refusal,
        view::Attribute,
    },
    services::{
        context::Services,
        directory::set_public_profile,
        messaging::details,
        person::Person,
        refused,
        transaction::{Asker, done},
        unit::Unit,
    },
    xmpp::{iq::Query, vcard::VCard},
};

/// People that one request may ask about: each elsewhere is a question to another server.
const MAX_NAMED: usize = 16;

/// How long a phone is left waiting for people elsewhere.
const PATIENCE: Duration = Duration::from_secs(8);

impl Services {
    /// Returns what some people tell everybody of themselves.
    pub(super) async fn public_profiles(
        &self,
        asker: &Asker,
        request: GetPublicProfileRequest,
    ) -> Result<Primitive, Refusal> {
        let own = UserAddress::parse(&asker.user_spelling);
        let users = if request.users.is_empty() { vec![own] } else { request.users };
        let mut elsewhere = JoinSet::new();
        let mut found: Vec<Result<PublicProfile, Refusal>> = Vec::with_capacity(users.len());
        for (place, user) in users.iter().enumerate() {
            let answer = match asker.meant(user) {
                _ if place >= MAX_NAMED => Err(Refusal::Unavailable),
                None => Err(Refusal::NoSuchUser),
                Some(whom) if self.is_ours(&whom) => {
                    self.profile_of_ours(asker.account(), &whom).await
                }
                Some(whom) => {
                    let (services, by) = (self.clone(), asker.account().clone());
                    // Ends with the answer, or when patience does.
                    elsewhere.spawn(async move {
                        (place, services.profile_elsewhere(&by, &whom).await)
                    });
                    Err(Refusal::Unavailable)
                }
            };
            found.push(answer);
        }
        while let Some(answered) = elsewhere.join_next().await {
            if let Ok((place, answer)) = answered {
                found[place] = answer;
            }
        }
        let (mut profiles, mut unknown) = (Vec::new(), Vec::new());
        for (user, answer) in users.iter().zip(found) {
            match answer {
                Ok(profile) => profiles.push(PhoneProfile {
                    user: asker.given_back(user),
                    properties: bridge::public_profile::to_phone(&profile),
                }),
                Err(refusal) => unknown.push((user, refusal)),
            }
        }
        let result = match unknown.as_slice() {
            [] => StatusResult::ok(),
            [(_, refusal)] if profiles.is_empty() => {
                StatusResult::new(bridge::refusal::code(*refusal))
            }
            some => StatusResult { detailed: details(some), ..StatusResult::new(Code::PARTIAL) },
        };
        Ok(Primitive::GetPublicProfileResponse(GetPublicProfileResponse { result, profiles }))
    }

    /// Takes what a user tells everybody from now on. What cannot be is left out, and the phone
    /// told.
    pub(super) async fn update_public_profile(
        &self,
        asker: &Asker,
        request: UpdatePublicProfileRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let before = person.public_profile.as_deref().filter(|_| !request.clear);
        let mut profile = before.cloned().unwrap_or_default();
        let mut are_taken = true;
        for property in &request.properties {
            are_taken &= bridge::public_profile::set(&mut profile, property);
        }
        let profile = profile.boxed();
        if profile != person.public_profile {
            let mut unit = Unit::default();
            let personal = person.personal.as_deref();
            unit.write(set_public_profile(asker.account(), profile.clone(), personal));
            self.carry_out(unit).await?;
            person.public_profile = profile;
        }
        if are_taken { Ok(done()) } else { Err(Refusal::BadUserProperty) }
    }

    /// Returns what an account of ours tells. That it is there without telling anything is for
    /// those only who see it.
    async fn profile_of_ours(
        &self,
        by: &Address,
        whom: &Address,
    ) -> Result<PublicProfile, Refusal> {
        let rows = self.store.person(whom).await.map_err(refused)?;
        let person = rows.map(|rows| Person::new(rows, self.clock.now()));
        let person = person.filter(|person| person.is_active());
        let mut person =
            person.filter(|it| by == whom || it.admits(by)).ok_or(Refusal::NoSuchUser)?;
        if let Some(profile) = person.public_profile.take() {
            return Ok(*profile);
        }
        let is_seen =
            by == whom || self.view(&mut person, by).await?.may_see(Attribute::OnlineStatus);
        if is_seen { Ok(PublicProfile::default()) } else { Err(Refusal::NoSuchUser) }
    }

    /// Returns what somebody elsewhere tells.
    async fn profile_elsewhere(
        &self,
        by: &Address,
        whom: &Address,
    ) -> Result<PublicProfile, Refusal> {
        let device = Device::any(whom.clone());
        let asked = self.inquire(by, &device, Query::vcard());
        match timeout(PATIENCE, asked).await {
            Ok(Ok(card)) => {
                let card = card.map(|card| VCard::read(card.node())).unwrap_or_default();
                Ok(bridge::public_profile::of_vcard(&card, self.clock.now()))
            }
            Ok(Err(unanswered)) if !unanswered.is_for_now() => Err(Refusal::NoSuchUser),
            Ok(Err(_)) | Err(_) => Err(Refusal::Unavailable),
        }
    }
}
