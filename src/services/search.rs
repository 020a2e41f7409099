//! Search: for an account of ours by its exact name; there are no groups to find yet.

use crate::{
    bridge,
    csp::{
        address::UserAddress,
        outcome::StatusResult,
        primitive::Primitive,
        search::{SearchElement, SearchRequest, SearchResponse, StopSearchRequest},
    },
    domain::refusal::Refusal,
    services::{
        context::Services,
        refused,
        transaction::{Asker, done},
    },
};

impl Services {
    /// Returns who is meant.
    ///
    /// Who knows the name can write to it anyway: nothing is given away. Names, numbers and the
    /// like find nobody until accounts can choose to be found.
    pub(super) async fn search(
        &self,
        _asker: &Asker,
        request: SearchRequest,
    ) -> Result<Primitive, Refusal> {
        let SearchRequest::First { pairs, .. } = request else { return Err(Refusal::NoSuchSearch) };
        let mut users = Vec::new();
        if let [pair] = pairs.as_slice()
            && pair.element == SearchElement::UserId
            && let Some(address) =
                bridge::address::of_user(&UserAddress::parse(&pair.text), &self.rules.domain)
            && self.store.account(&address).await.map_err(refused)?.is_some()
        {
            users.push(bridge::address::to_user(&address));
        }
        Ok(Primitive::SearchResponse(SearchResponse {
            result: Some(StatusResult::ok()),
            id: None,
            findings: u32::try_from(users.len()).unwrap_or(u32::MAX),
            // handset: S60 §9.1: always there, also where nothing was found.
            is_complete: true,
            index: None,
            users,
            groups: Vec::new(),
        }))
    }

    /// Ends a search; none goes on beyond its answer.
    pub(super) fn stop_search(&self, _request: StopSearchRequest) -> Primitive {
        done()
    }
}
