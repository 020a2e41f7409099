//! Who looks for people (XEP-0055).

use crate::{
    bridge,
    services::{context::Services, inbound::iq::person},
    xmpp::{
        condition::{Condition, StanzaError},
        iq::Iq,
        payload::Payload,
        search::{Findings, Search},
    },
};

/// People who are told of in one answer; who looks for more has to say more.
const MAX_TOLD: usize = 50;

impl Services {
    /// Returns those who chose to be found, and to whom all applies that is looked for.
    pub(super) async fn find(&self, iq: &Iq, query: &Payload) -> Result<Payload, StanzaError> {
        let Search { sought, is_form } = Search::read(query.node())?;
        let asker = person(iq)?;
        let criteria = sought.iter().map(|(detail, text)| bridge::directory::sought(*detail, text));
        let criteria = criteria.collect::<Option<Vec<_>>>().unwrap_or_default();
        if criteria.is_empty() {
            let text = "say what you look for; an age is a number";
            return Err(StanzaError::with_text(Condition::NotAcceptable, text));
        }
        if !self.strangers.may_search(&asker, self.clock.now()) {
            let text = "too often, try later";
            return Err(StanzaError::with_text(Condition::ResourceConstraint, text));
        }
        let most = u32::try_from(MAX_TOLD + 1).unwrap_or(u32::MAX);
        let found =
            self.found(&asker, &criteria, most).await.map_err(bridge::refusal::condition)?;
        let are_more = found.len() > MAX_TOLD;
        let found = found.iter().take(MAX_TOLD).map(bridge::directory::finding).collect();
        Ok(Findings { found, are_more, is_form }.to_payload())
    }
}
