//! A question comes from the network.

use std::time::Duration;

use crate::{
    bridge,
    domain::address::Address,
    services::{context::Services, identity, inbound::message::is_domain},
    xmpp::{
        condition::Condition,
        disco::{DiscoInfo, DiscoItems},
        entity_time::EntityTime,
        iq::{Iq, IqKind, Query},
        last_activity::LastActivity,
        payload::Payload,
        version::Version,
    },
};

impl Services {
    /// Answers a question; answers that nobody waits for are passed over.
    pub(super) async fn iq_arrived(&self, iq: Iq) {
        let answer = match &iq.kind {
            IqKind::Get(query) => match self.told_of(&iq, query).await {
                Ok(payload) => iq.result(payload),
                Err(condition) => iq.refuse(condition),
            },
            // spec: RFC6120 §8.4: nothing of ours can be changed so, and never silence.
            IqKind::Set(_) => iq.refuse(Condition::ServiceUnavailable),
            IqKind::Result(_) | IqKind::Error(_) => return,
        };
        self.say(&answer.into());
    }

    async fn told_of(&self, iq: &Iq, query: &Query) -> Result<Option<Payload>, Condition> {
        let whom = if is_domain(&iq.to) { None } else { Some(self.whom(iq).await?) };
        let is_device = iq.to.resource().is_some();
        match query {
            Query::DiscoInfo { node } => {
                let info = match &whom {
                    None => identity::domain(),
                    Some(_) if is_device => identity::device(),
                    Some(_) => identity::account(),
                };
                known_node(info, node.as_deref()).map(|info| Some(info.to_payload()))
            }
            Query::DiscoItems { node } => {
                let items = DiscoItems { node: node.clone(), ..DiscoItems::default() };
                Ok(Some(items.to_payload()))
            }
            Query::Ping => Ok(None),
            Query::Version if whom.is_none() || is_device => {
                Ok(Some(self.version(&whom, iq).await))
            }
            Query::Time if whom.is_none() || is_device => {
                let time = EntityTime { now: self.clock.now(), offset_minutes: 0 };
                Ok(Some(time.to_payload()))
            }
            Query::LastActivity => {
                let activity = LastActivity { since: self.idle(&whom).await?, status: None };
                Ok(Some(activity.to_payload()))
            }
            Query::Version
            | Query::Time
            | Query::VCard(_)
            | Query::Items(_)
            | Query::Roster(_)
            | Query::Other(_) => Err(Condition::ServiceUnavailable),
        }
    }

    /// Returns the account that is asked. Who may not see it is told no more than of one that is
    /// not there.
    async fn whom(&self, iq: &Iq) -> Result<Address, Condition> {
        let account = bridge::address::of_jid(&iq.to).ok_or(Condition::ServiceUnavailable)?;
        let cell = self.people.cell(&account, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await;
        let person = person.map_err(bridge::refusal::condition)?;
        let person = person.ok_or(Condition::ServiceUnavailable)?;
        let is_there = match iq.to.resource() {
            // spec: RFC6121 §8.5.3.2.3; who knows a device's name was told it.
            Some(name) => person.sessions.iter().any(|live| live.session.resource == name),
            // spec: XEP-0030 §8: an account is not disclosed to who may not see it.
            None => {
                let asker =
                    bridge::address::of_jid(&iq.from).ok_or(Condition::ServiceUnavailable)?;
                let contact = self.contact(&account, &asker).await;
                contact.map_err(bridge::refusal::condition)?.relation.from && person.admits(&asker)
            }
        };
        if is_there { Ok(account) } else { Err(Condition::ServiceUnavailable) }
    }

    async fn version(&self, whom: &Option<Address>, iq: &Iq) -> Payload {
        let mut version = Version {
            name: identity::PROGRAM.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            os: None,
        };
        if let Some(account) = whom {
            let sessions = self.sessions_of(account).await;
            let session =
                sessions.iter().find(|session| Some(session.resource.as_str()) == iq.to.resource());
            let client = session.and_then(|session| session.presence.client.as_ref());
            version.os = client.and_then(|client| client.model.clone());
        }
        version.to_payload()
    }

    /// Returns for how long an account, or the whole domain, was idle.
    async fn idle(&self, whom: &Option<Address>) -> Result<Duration, Condition> {
        let Some(account) = whom else { return Ok(Duration::ZERO) };
        if self.sessions_of(account).await.is_empty() {
            // Nothing is kept of when an account was last there.
            return Err(Condition::ServiceUnavailable);
        }
        Ok(Duration::ZERO)
    }
}

/// Answers for the node that our capabilities name, and for none.
fn known_node(info: DiscoInfo, node: Option<&str>) -> Result<DiscoInfo, Condition> {
    match node {
        None => Ok(info),
        Some(node) if node == identity::caps().disco_node() => {
            Ok(DiscoInfo { node: Some(node.to_owned()), ..info })
        }
        Some(_) => Err(Condition::ItemNotFound),
    }
}
