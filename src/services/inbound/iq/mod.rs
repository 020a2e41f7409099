//! A question comes from the network: one file for each kind of question.

pub mod commands;
pub mod directory;
pub mod discovery;
pub mod last_activity;
pub mod profile;
pub mod registration;
pub mod software;

use crate::{
    bridge,
    domain::{
        address::Address, personal::Personal, public_profile::PublicProfile, session::Session,
        view::View,
    },
    services::{
        context::Services,
        inbound::{
            iq::{discovery::items, profile::facts_seen},
            message::is_domain,
        },
        person::Person,
        refused,
    },
    xmpp::{
        condition::{Condition, StanzaError},
        entity_time::EntityTime,
        iq::{Iq, IqKind, Query},
        payload::Payload,
        search::Search,
        stanza::Stanza,
    },
};

/// Whom a question is for, as far as the asker may know.
pub(super) enum Asked {
    /// The whole domain.
    Domain,
    /// An account, by one who has this view of it: its devices are as he sees them.
    Account(Box<Person>, View),
    /// A device that is there, and that the asker sees.
    Device(Box<Session>),
    /// An account that is not there, or of which the asker may not know more than this.
    NoAccount(Option<Box<PublicProfile>>),
    /// The same of a device.
    NoDevice,
}

/// What the domain does that takes its time. Of each kind one is carried out after another, and
/// nobody waits for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Accounts are made, changed, removed: of one with many contacts each is told of its end.
    Accounts,
    /// All who made a profile public are looked through.
    Search,
}

impl Errand {
    /// Returns what a stanza has the domain do, if it is such.
    pub(super) fn of(stanza: &Stanza) -> Option<Self> {
        let Stanza::Iq(Iq { kind: IqKind::Set(query), to, .. }) = stanza else { return None };
        let errand = match query {
            Query::Register(_) | Query::Command(_) => Self::Accounts,
            Query::Search(_) => Self::Search,
            _ => return None,
        };
        is_domain(to).then_some(errand)
    }
}

impl Services {
    /// Answers a question; answers that nobody waits for are passed over.
    pub(super) async fn iq_arrived(&self, iq: Iq) {
        let answer = match &iq.kind {
            IqKind::Get(query) => match self.told_of(&iq, query).await {
                Ok(payload) => iq.result(payload),
                Err(error) => iq.refuse(error),
            },
            IqKind::Set(query) => match self.carried_out(&iq, query).await {
                Ok(payload) => iq.result(payload),
                Err(error) => iq.refuse(error),
            },
            IqKind::Result(_) | IqKind::Error(_) => return self.questions.answered(iq),
        };
        if !self.try_say(&answer.into()) {
            // spec: RFC6120 §8.2.3: never silence.
            let text = "the answer is longer than a stanza may be";
            let error = StanzaError::with_text(Condition::ResourceConstraint, text);
            self.say(&iq.refuse(error).into());
        }
    }

    /// Changes what can be changed from the network.
    // spec: RFC6120 §8.4: all else cannot, and never silence.
    async fn carried_out(&self, iq: &Iq, query: &Query) -> Result<Option<Payload>, StanzaError> {
        match query {
            Query::Register(query) if is_domain(&iq.to) => {
                self.change_registration(iq, query).await.map(|()| None)
            }
            Query::Command(step) if is_domain(&iq.to) => self.command(iq, step).await.map(Some),
            // spec: XEP-0055 §2.2: a set, although nothing changes.
            Query::Search(query) if is_domain(&iq.to) => self.find(iq, query).await.map(Some),
            _ => Err(Condition::ServiceUnavailable.into()),
        }
    }

    async fn told_of(&self, iq: &Iq, query: &Query) -> Result<Option<Payload>, StanzaError> {
        let asked = self.asked(iq).await?;
        match (query, &asked) {
            (Query::DiscoInfo { node: Some(node) }, Asked::Domain) => {
                Ok(Some(self.command_info(iq, node)?.to_payload()))
            }
            (Query::DiscoItems { node: Some(node) }, Asked::Domain) => {
                Ok(Some(self.command_items(iq, node)?.to_payload()))
            }
            (Query::DiscoInfo { node }, asked) => {
                Ok(Some(self.info(asked, node.as_deref())?.to_payload()))
            }
            (Query::DiscoItems { node }, asked) => {
                Ok(Some(items(asked, node.as_deref())?.to_payload()))
            }
            (Query::Search(_), Asked::Domain) => Ok(Some(Search::needed())),
            (Query::Register(_), asked) => self.needed_to_register(iq, asked).await.map(Some),
            (Query::VCard(_), Asked::Account(person, view)) => {
                let public = person.public_profile.as_deref();
                Ok(Some(self.profile(&facts_seen(person, view), public).await?.to_payload()))
            }
            // Whoever wants to know may know what is public.
            (Query::VCard(_), Asked::NoAccount(Some(public))) => {
                let nothing = Personal::default();
                Ok(Some(self.profile(&nothing, Some(public)).await?.to_payload()))
            }
            (Query::Items(wanted), Asked::Account(person, view)) => {
                Ok(Some(self.items_at(&facts_seen(person, view), wanted).await?))
            }
            (Query::LastActivity, asked) => Ok(Some(self.last_activity(asked).await?.to_payload())),
            (_, Asked::NoAccount(_) | Asked::NoDevice) => Err(Condition::ServiceUnavailable.into()),
            (Query::Ping, _) => Ok(None),
            (Query::Version, Asked::Domain) => Ok(Some(software::domain().to_payload())),
            (Query::Version, Asked::Device(session)) => {
                Ok(Some(software::device(session).to_payload()))
            }
            (Query::Time, Asked::Domain) => Ok(Some(self.time(None).to_payload())),
            (Query::Time, Asked::Device(session)) => {
                let user = session.presence.personal.as_ref();
                Ok(Some(self.time(user.and_then(|user| user.time_zone_minutes)).to_payload()))
            }
            (
                Query::Version
                | Query::Time
                | Query::VCard(_)
                | Query::Items(_)
                | Query::Roster(_)
                | Query::Command(_)
                | Query::Search(_)
                | Query::Other(_),
                _,
            ) => Err(Condition::ServiceUnavailable.into()),
        }
    }

    /// Returns whom a question is for.
    ///
    /// The same is looked up for a name that is there and for one that is not, in the store and
    /// never in memory: neither the answer nor its time tells a stranger who is there.
    async fn asked(&self, iq: &Iq) -> Result<Asked, Condition> {
        if is_domain(&iq.to) {
            return Ok(Asked::Domain);
        }
        let ends = bridge::address::of_jid(&iq.to).zip(bridge::address::of_jid(&iq.from));
        let (account, asker) = ends.ok_or(Condition::ServiceUnavailable)?;
        let contact = self.contact(&account, &asker).await.map_err(bridge::refusal::condition)?;
        let person = self.admitting(&account, &asker).await?;
        // spec: XEP-0030 §8: an account is not disclosed to who may not see it, nor a device to
        // who still knows its name.
        let mut person = match person {
            Some(person) if contact.relation.from => person,
            other => {
                let public = other.and_then(|person| person.public_profile);
                let account = Asked::NoAccount(public);
                return Ok(iq.to.resource().map_or(account, |_| Asked::NoDevice));
            }
        };
        // What is told on request is no more than what is shown.
        let access = self.access(&mut person).await.map_err(bridge::refusal::condition)?;
        let view = access.view(&contact);
        for Session { presence, .. } in person.sessions.iter_mut().map(|live| &mut live.session) {
            *presence = view.of(presence).into_owned();
        }
        // spec: RFC6121 §8.5.3.2.3
        Ok(match iq.to.resource() {
            None => Asked::Account(Box::new(person), view),
            Some(name) => {
                let mut shown = person.sessions.iter().map(|live| &live.session);
                let found = shown.find(|at| at.resource == name && at.presence.is_visible());
                found.cloned().map_or(Asked::NoDevice, |at| Asked::Device(Box::new(at)))
            }
        })
    }

    /// Returns the time, with what a user told of its zone.
    fn time(&self, zone_minutes: Option<i16>) -> EntityTime {
        EntityTime { now: self.clock.now(), offset_minutes: zone_minutes.unwrap_or(0).into() }
    }

    /// Returns an account that lets the asker through.
    // spec: XEP-0191 §3.3: who is blocked learns no more than if nobody were there.
    async fn admitting(
        &self,
        account: &Address,
        asker: &Address,
    ) -> Result<Option<Person>, Condition> {
        let rows = self.store.person(account).await.map_err(refused);
        let rows = rows.map_err(bridge::refusal::condition)?;
        let person = rows.map(|rows| Person::new(rows, self.clock.now()));
        Ok(person.filter(|person| person.is_active() && person.admits(asker)))
    }
}

/// Returns the person who asks, as its own server vouches for it.
fn person(iq: &Iq) -> Result<Address, Condition> {
    let asker = bridge::address::of_jid(&iq.from).filter(|asker| asker.name().is_some());
    asker.ok_or(Condition::NotAllowed)
}
