//! Pictures of contacts are fetched when some phone wants to see them.

use crate::{
    base::picture::Frame,
    csp::presence_name::{AttributeKind, AttributeSet},
    domain::{
        address::{Address, Device},
        personal::Picture,
        presence::Presence,
        refusal::Refusal,
    },
    services::{
        context::Services,
        person::{Live, Person},
        pictures::hexadecimal,
        refused,
        transaction::Asker,
        unit::Unit,
    },
    store::{
        contact_presence::{ContactPresence, shown_by},
        write::Write,
    },
    xmpp::{avatar, iq::Query, ns, pubsub::Items, vcard::VCard},
};

impl Services {
    /// A contact shows a picture: it is fetched if some phone wants to see it.
    pub(super) async fn shows_picture(
        &self,
        person: &mut Person,
        contact: &Address,
        picture: Option<&Picture>,
    ) -> Result<(), Refusal> {
        let Some(picture) = picture else { return Ok(()) };
        let draws = |live: &Live| live.session.terms.picture().is_some();
        if self.is_wanted(person, contact, AttributeKind::StatusContent, draws).await? {
            self.want_picture(&person.account.address, contact, &picture.hash).await;
        }
        Ok(())
    }

    /// Fills in a picture as a phone can show it, if it wants to; one that is not here is fetched.
    pub(super) async fn draw_for(
        &self,
        (asker, frame): (&Asker, Option<Frame>),
        contact: &Address,
        shown: &mut Presence,
        wanted: &AttributeSet,
    ) {
        let facts = shown.personal.as_mut().and_then(|facts| facts.picture.as_mut());
        let Some(picture) = facts.filter(|_| wanted.contains(&AttributeKind::StatusContent)) else {
            return;
        };
        self.draw(picture, frame).await;
        if picture.base64.is_empty() && frame.is_some() {
            self.want_picture(asker.account(), contact, &picture.hash).await;
        }
    }

    /// Has a contact's picture fetched, unless it is here; its phones are told when it is.
    pub(super) async fn want_picture(&self, owner: &Address, contact: &Address, hash: &str) {
        if self.is_ours(contact)
            || !matches!(self.has_octets(hash).await, Ok(false))
            || !self.fetches.begins(contact, hash, owner, self.clock.now())
        {
            return;
        }
        let (services, owner) = (self.clone(), owner.clone());
        let (contact, hash) = (contact.clone(), hash.to_owned());
        // Ends with the answers to two questions.
        tokio::spawn(async move { services.fetch(&owner, &contact, &hash).await });
    }

    async fn fetch(&self, by: &Address, contact: &Address, hash: &str) {
        let octets = match self.by_item(by, contact, hash).await {
            Some(octets) => Some(octets),
            None => self.by_profile(by, contact, hash).await,
        };
        let kept = match octets {
            Some(octets) => self.drawn_to_keep(hash, octets).await,
            None => None,
        };
        let owners = self.fetches.ends(contact);
        let Some(kept) = kept else {
            tracing::debug!(%contact, hash, "a picture was not to be had");
            return;
        };
        if self.store.commit(vec![Write::PutPicture(kept)]).await.map_err(refused).is_err() {
            return;
        }
        self.drawings.looked_up(hash, true, self.clock.now());
        for owner in owners {
            if let Err(refusal) = self.has_picture(&owner, contact, hash).await {
                tracing::warn!(?refusal, account = %owner, %contact, "a picture was not told");
            }
        }
    }

    // spec: XEP-0084 §4.4
    async fn by_item(&self, by: &Address, contact: &Address, hash: &str) -> Option<Vec<u8>> {
        let query = Query::Items(Items::of(ns::AVATAR_DATA).with(hash, None));
        let answer = self.inquire(by, &Device::any(contact.clone()), query).await.ok()??;
        let items = Items::read(answer.node())?;
        let payloads = items.items.iter().filter_map(|item| item.payload.as_ref());
        let mut pictures = payloads.filter_map(|payload| avatar::read_data(payload.node()));
        pictures.find(|octets| hexadecimal(octets) == hash)
    }

    // spec: XEP-0153 §3
    async fn by_profile(&self, by: &Address, contact: &Address, hash: &str) -> Option<Vec<u8>> {
        let device = Device::any(contact.clone());
        let answer = self.inquire(by, &device, Query::vcard()).await.ok()??;
        let photo = VCard::read(answer.node()).photo?;
        (hexadecimal(&photo.octets) == hash).then_some(photo.octets)
    }

    /// A picture that a contact shows already is here now: phones are told of it.
    async fn has_picture(
        &self,
        owner: &Address,
        contact: &Address,
        hash: &str,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let rows = self.store.contact_presences(owner, contact).await.map_err(refused)?;
        let shows_it = |row: &&ContactPresence| {
            let personal = row.presence.personal.as_ref();
            let picture: Option<&Picture> = personal.and_then(|facts| facts.picture.as_ref());
            picture.is_some_and(|picture| picture.hash == hash)
        };
        let after = shown_by(&rows);
        let mut before = after.clone();
        before.personal.iter_mut().for_each(|facts| facts.picture = None);
        let told = self.noticing(&mut person, contact, &[before, after]).await?;
        if told.is_empty() {
            return Ok(());
        }
        let mut unit = Unit::default();
        for row in rows.iter().filter(shows_it) {
            unit.write(Write::PutContactPresence {
                owner: owner.clone(),
                contact: row.contact.clone(),
                resource: row.resource.clone(),
                presence: row.presence.clone(),
                change: self.ids.next_number(),
            });
        }
        if unit.writes() == 0 {
            return Ok(());
        }
        self.carry_out(unit).await?;
        for id in &told {
            person.live(id).into_iter().for_each(|live| self.has_news_for(live, contact));
        }
        Ok(())
    }
}
