//! What contacts elsewhere tell of themselves only if they are asked: the card in their profile
//! (XEP-0054), the program of a device (XEP-0092), its clock (XEP-0202).
//!
//! They are asked when a phone that asked for it by name is told of the contact, and by nobody
//! else: for each account of ours, as some tell one more than another.

use std::time::Duration;

use tokio::{task::JoinHandle, time::timeout};

use crate::{
    bridge,
    csp::presence_name::{AttributeKind, AttributeSet},
    domain::{
        address::{Address, Device},
        personal::{Card, Personal, Picture},
        presence::{Client, Presence, speaking},
        refusal::Refusal,
    },
    services::{
        asked::{End, Question},
        context::Services,
        inquiry::Unanswered,
        person::Person,
    },
    store::contact_presence::{ContactPresence, shown_by},
    xmpp::{entity_time::EntityTime, iq::Query, payload::Payload, vcard::VCard, version::Version},
};

/// How long a phone that asks for a card is left waiting for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A device that takes longer is out of reach, and others of its domain have their turn.
const PATIENCE_WITH_DEVICES: Duration = Duration::from_secs(10);

impl Services {
    /// Has a contact asked for what a phone wants to show of it and nothing has told yet.
    pub(super) fn ask_for(
        &self,
        owner: &Address,
        contact: &Address,
        rows: &[ContactPresence],
        wanted: &AttributeSet,
    ) {
        if self.is_ours(contact) || !self.is_linked() {
            return;
        }
        let shown = shown_by(rows);
        let facts = shown.personal.as_deref();
        if wanted.contains(&AttributeKind::ContactInfo) {
            let picture = facts.and_then(|facts| facts.picture.as_ref());
            self.ask(owner, Device::any(contact.clone()), Question::Card, picture);
        }
        // Only of the device that is shown, and only of one that can be asked.
        let speaking = speaking(rows, |row| &row.presence);
        let Some(speaking) = speaking.filter(|row| !row.resource.is_empty()) else { return };
        let device =
            || Device { account: contact.clone(), resource: Some(speaking.resource.clone()) };
        if wanted.contains(&AttributeKind::ClientInfo)
            && is_nameless(shown.client.as_deref())
            // Else its capabilities are about to tell.
            && !self.capabilities.is_found_out(owner, &device())
        {
            self.ask(owner, device(), Question::Version, None);
        }
        let is_known = facts.is_some_and(|facts| facts.time_zone_minutes.is_some());
        if wanted.contains(&AttributeKind::TimeZone) && !is_known {
            self.ask(owner, device(), Question::Time, None);
        }
    }

    /// Has a card looked at again whose owner shows another picture, if some phone wants it.
    pub(super) async fn look_again(
        &self,
        person: &mut Person,
        contact: &Address,
        picture: Option<&Picture>,
    ) -> Result<(), Refusal> {
        let hash = picture.map(|picture| picture.hash.as_str());
        if self.asked.is_outdated(&person.account.address, contact, hash)
            && self.is_wanted(person, contact, AttributeKind::ContactInfo, |_| true).await?
        {
            let device = Device::any(contact.clone());
            self.ask(&person.account.address, device, Question::Card, picture);
        }
        Ok(())
    }

    /// Has a device asked whose capabilities do not name it, if some phone wants to know.
    pub(super) async fn lacks_name(
        &self,
        person: &mut Person,
        device: &Device,
    ) -> Result<(), Refusal> {
        if self.is_wanted(person, &device.account, AttributeKind::ClientInfo, |_| true).await? {
            self.ask(&person.account.address, device.clone(), Question::Version, None);
        }
        Ok(())
    }

    /// Waits a little for the cards of a few contacts that a phone asks for once. Nobody may be
    /// held.
    pub(super) async fn await_cards(
        &self,
        owner: &Address,
        contacts: &[Address],
    ) -> Result<(), Refusal> {
        let rows = self.rows_of(owner, contacts).await?;
        let elsewhere = contacts.iter().filter(|contact| !self.is_ours(contact));
        let asked: Vec<JoinHandle<()>> = elsewhere
            .filter(|_| self.is_linked())
            .filter_map(|contact| {
                let shown = shown_by(rows.get(contact).map(Vec::as_slice).unwrap_or_default());
                let picture = shown.personal.as_ref().and_then(|facts| facts.picture.as_ref());
                self.ask(owner, Device::any(contact.clone()), Question::Card, picture)
            })
            .collect();
        let answered = async {
            for answer in asked {
                // One that failed has told why.
                let _ = answer.await;
            }
        };
        // Who takes longer is told at the next time.
        let _ = timeout(PATIENCE, answered).await;
        Ok(())
    }

    /// Asks in a task of its own, unless it was asked of late.
    fn ask(
        &self,
        by: &Address,
        of: Device,
        question: Question,
        picture: Option<&Picture>,
    ) -> Option<JoinHandle<()>> {
        let picture = picture.map(|picture| picture.hash.as_str());
        if !self.asked.begins(by, (&of, question), picture, self.clock.now()) {
            return None;
        }
        let (services, by) = (self.clone(), by.clone());
        // Ends with the answer, or when it is given up.
        Some(tokio::spawn(async move {
            let end = services.ask_now(&by, &of, question).await;
            services.asked.ends(&by, (&of, question), end);
        }))
    }

    /// Asks, and takes note of the answer.
    async fn ask_now(&self, by: &Address, of: &Device, question: Question) -> End {
        let Some(_turn) = self.asked.turn(of).await else { return End::NotPut };
        // A device is known only to who sees it.
        if question == Question::Card && !self.sees(by, &of.account).await {
            return End::NotPut;
        }
        let query = match question {
            Question::Card => Query::vcard(),
            Question::Version => Query::Version,
            Question::Time => Query::Time,
        };
        let answer = self.inquire(by, of, query);
        let answer = match question {
            Question::Card => answer.await,
            Question::Version | Question::Time => {
                timeout(PATIENCE_WITH_DEVICES, answer).await.unwrap_or(Err(Unanswered::Late))
            }
        };
        let answer = match answer {
            Err(Unanswered::NotAsked) => return End::NotPut,
            // What is known stays.
            Err(unanswered) if unanswered.is_for_now() => return End::InVain,
            Err(_) => None,
            Ok(answer) => answer,
        };
        let noted = match (question, answer) {
            // One that has gone, or is not told any more, is a card as well: none.
            (Question::Card, answer) => self.tells_card(by, &of.account, answer).await,
            (Question::Version, Some(answer)) => self.tells_version(by, of, &answer).await,
            (Question::Time, Some(answer)) => self.tells_time(by, of, &answer).await,
            (Question::Version | Question::Time, None) => Ok(()),
        };
        if let Err(refusal) = noted {
            tracing::warn!(?refusal, account = %by, %of, ?question, "an answer was not noted");
        }
        End::Answered
    }

    async fn tells_card(
        &self,
        owner: &Address,
        contact: &Address,
        answer: Option<Payload>,
    ) -> Result<(), Refusal> {
        let card = answer.map(|card| VCard::read(card.node()));
        let card: Option<Card> = card.and_then(|card| bridge::card::of_vcard(&card));
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        if !person.admits(contact) || !self.sees(owner, contact).await {
            return Ok(());
        }
        let told = |personal: &mut Personal| personal.card = card;
        self.account_shows(&mut person, contact, told).await.map(drop)
    }

    async fn sees(&self, owner: &Address, contact: &Address) -> bool {
        self.contact(owner, contact).await.is_ok_and(|contact| contact.relation.to)
    }

    async fn tells_version(
        &self,
        owner: &Address,
        device: &Device,
        answer: &Payload,
    ) -> Result<(), Refusal> {
        let mut told = bridge::client::of_network(None, Some(&Version::read(answer.node())));
        self.device_tells(owner, device, |presence| {
            let known = presence.client.take().map(|known| *known).unwrap_or_default();
            told.fill(&known);
            presence.client = Some(Box::new(told));
        })
        .await
    }

    async fn tells_time(
        &self,
        owner: &Address,
        device: &Device,
        answer: &Payload,
    ) -> Result<(), Refusal> {
        let minutes = EntityTime::read(answer.node()).map(|time| time.offset_minutes);
        let Some(minutes) = minutes.and_then(bridge::time_zone::of_network) else { return Ok(()) };
        self.device_tells(owner, device, |presence| {
            presence.personal.get_or_insert_default().time_zone_minutes = Some(minutes);
        })
        .await
    }

    async fn device_tells(
        &self,
        owner: &Address,
        device: &Device,
        change: impl FnOnce(&mut Presence),
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        self.device_shows(&mut person, device, change).await
    }
}

/// Returns whether it is not known which program a device has.
pub(super) fn is_nameless(client: Option<&Client>) -> bool {
    client.is_none_or(|client| client.producer.is_none())
}
