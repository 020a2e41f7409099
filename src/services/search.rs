//! Search: for an account of ours by its exact name, and for those who chose to be found; there
//! are no groups to find yet.

use compact_str::CompactString;

use crate::{
    bridge,
    csp::{
        address::UserAddress,
        outcome::StatusResult,
        primitive::Primitive,
        search::{SearchElement, SearchPair, SearchRequest, SearchResponse, StopSearchRequest},
    },
    domain::{address::Address, public_profile::Criterion, refusal::Refusal},
    services::{
        context::Services,
        directory::MAX_FOUND,
        refused,
        transaction::{Asker, done},
    },
};

/// Findings of one answer, where the phone does not say how many it takes.
const USUAL_PAGE: u32 = 20;

/// Findings of one answer at most.
// handset: S60 §9.1
const MAX_PAGE: u32 = 100;

impl Services {
    /// Returns who is meant, page by page.
    pub(super) async fn search(
        &self,
        asker: &Asker,
        request: SearchRequest,
    ) -> Result<Primitive, Refusal> {
        match request {
            SearchRequest::First { pairs, limit } => {
                let found = self.meant_by(asker, &pairs).await?;
                let page = limit.unwrap_or(USUAL_PAGE).clamp(1, MAX_PAGE) as usize;
                let rest = (found.len() > page).then(|| found.clone());
                let id = rest.and_then(|found| {
                    self.searches.keep(&asker.session, page, found, self.clock.now())
                });
                self.findings(asker, id, (&found, 0, page)).await
            }
            SearchRequest::Next { id, index } => {
                let search = self.searches.find(&asker.session, &id);
                let search = search.ok_or(Refusal::NoSuchSearch)?;
                let first = index.map_or(search.page, |index| index.saturating_sub(1) as usize);
                if first >= search.found.len() {
                    return Err(Refusal::NoSuchPage);
                }
                self.findings(asker, Some(id), (&search.found, first, search.page)).await
            }
        }
    }

    async fn meant_by(&self, asker: &Asker, pairs: &[SearchPair]) -> Result<Vec<Address>, Refusal> {
        let home = &self.rules.domain;
        // A phone finds whom it knows by an alias only.
        if let [SearchPair { element: SearchElement::UserId, text }] = pairs {
            let (user, aliases) = (UserAddress::parse(text), &asker.aliases);
            let address = bridge::address::of_user(&user, home);
            let meant = bridge::address::meant(&user, home, aliases);
            if let Some(meant) = meant.filter(|meant| Some(meant) != address.as_ref()) {
                return Ok(vec![meant]);
            }
        }
        let criteria = pairs.iter().map(|pair| bridge::directory::criterion(pair, home));
        // What nobody is found by is not passed over: all must hold.
        let Some(criteria) = criteria.collect::<Option<Vec<Criterion>>>() else {
            return Ok(Vec::new());
        };
        // Who knows the name can write to it anyway: nothing is given away.
        if let [Criterion::Address(address)] = criteria.as_slice() {
            let account = self.store.account(address).await.map_err(refused)?;
            return Ok(account.map(|account| account.address).into_iter().collect());
        }
        let found = self.found(asker.account(), &criteria, MAX_FOUND).await?;
        Ok(found.into_iter().map(|found| found.address).collect())
    }

    /// Ends a search.
    pub(super) fn stop_search(&self, asker: &Asker, request: StopSearchRequest) -> Primitive {
        self.searches.stop(&asker.session, &request.id);
        done()
    }

    /// Returns a page; without a number there is no other.
    async fn findings(
        &self,
        asker: &Asker,
        id: Option<CompactString>,
        (found, first, page): (&[Address], usize, usize),
    ) -> Result<Primitive, Refusal> {
        let here = &found[first..found.len().min(first + page)];
        let is_last = first + here.len() >= found.len() || id.is_none();
        let next = (!is_last).then_some(first + here.len() + 1);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut person = self.held(asker).await?;
        Ok(Primitive::SearchResponse(SearchResponse {
            result: Some(StatusResult::ok()),
            id,
            findings: number(found.len()),
            // handset: S60 §9.1: always there, also where nothing was found.
            is_complete: next.is_none(),
            index: next.map(number),
            users: self.spellings(&mut person, asker, here).await?,
            groups: Vec::new(),
        }))
    }
}
