//! What the devices of our accounts show, and to whom.
//!
//! What a contact of ours knows of a device is a row of its own. Rows about an account change only
//! while that account is held, in the same commit as the session that they tell of: so nobody
//! stays online who is not there, whatever happens at once or to us. Contacts elsewhere are told by
//! stanzas: that a device is there is said again on each link, that it is gone survives us.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        contact::Contact,
        presence::Presence,
        presence_access::Access,
        refusal::Refusal,
        session::Session,
        view::{Attribute, View},
    },
    services::{context::Services, identity, person::Person, refused, unit::Unit},
    store::contact_presence::{ContactPresence, shown_by},
    xmpp::presence::{Presence as Stanza, PresenceKind},
};

/// A device that shows something else from now on.
pub struct Change {
    /// The session as it is now.
    pub session: Session,
    /// What it showed before; none where it shows itself to somebody new, or again.
    pub before: Option<Presence>,
}

/// A contact, and what it may see: by this all that goes out is cut.
pub struct Seer<'a> {
    /// Who.
    pub contact: &'a Address,
    /// What of the account; of who is hidden, what was seen until now.
    pub view: View,
}

/// Accounts of ours that see something else of a contact: to be told when nobody is held.
#[must_use]
pub struct News {
    /// Who shows something else.
    pub of: Address,
    /// Those who see it, with what they saw before and see now.
    pub seers: Vec<(Address, [Presence; 2])>,
}

impl Change {
    /// A session that was just opened, or shows itself to somebody new.
    pub fn shown(session: Session) -> Self {
        Self { session, before: None }
    }

    /// Returns whether somebody who was reachable is so no more.
    pub fn is_departure(&self) -> bool {
        let was_visible = self.before.as_ref().is_some_and(Presence::is_visible);
        was_visible && !self.session.presence.is_visible()
    }

    /// A session that is no more, or no more for somebody.
    pub fn gone(session: Session) -> Self {
        let before = Some(session.presence.clone());
        Self { session: Session { presence: Presence::offline(), ..session }, before }
    }

    /// Returns whether a contact elsewhere has seen the same before.
    fn is_seen_the_same(&self, stanza: &Stanza, seer: &Seer<'_>) -> bool {
        let Some(before) = self.before.clone() else { return false };
        let session = Session { presence: before, ..self.session.clone() };
        self::stanza(&session, seer).as_ref() == Some(stanza)
    }
}

impl Services {
    /// Adds to a unit what contacts see from now on of somebody who is held. Those that it does
    /// not let through see nothing.
    // spec: RFC6121 §4.2.2, §4.4.2, §4.5.2
    pub(super) async fn show(
        &self,
        person: &mut Person,
        contacts: &[Contact],
        changes: &[Change],
        unit: &mut Unit,
    ) -> Result<News, Refusal> {
        let access = self.access(person).await?;
        let seers: Vec<Seer<'_>> = seers(person, contacts, &access).collect();
        self.show_to(&person.account.address, &seers, changes, unit).await
    }

    /// The same for some contacts, whatever they are to the account.
    pub(super) async fn show_to(
        &self,
        account: &Address,
        seers: &[Seer<'_>],
        changes: &[Change],
        unit: &mut Unit,
    ) -> Result<News, Refusal> {
        let mut news = News { of: account.clone(), seers: Vec::new() };
        let known = if seers.iter().any(|seer| self.is_ours(seer.contact)) {
            self.store.seers(account).await.map_err(refused)?
        } else {
            BTreeMap::new()
        };
        // Looked at once: what is kept for the link is not said as well.
        let is_linked = self.is_linked();
        if !is_linked && seers.iter().any(|seer| !self.is_ours(seer.contact)) {
            self.keep_departures(changes, unit);
        }
        for seer in seers {
            if !self.is_ours(seer.contact) {
                if is_linked {
                    self.show_elsewhere(changes, seer, unit)?;
                }
            } else if let Some(known) = known.get(seer.contact)
                && let Some(shown) = self.show_to_ours(changes, seer, known, unit)
            {
                news.seers.push((seer.contact.clone(), shown));
            }
        }
        Ok(news)
    }

    /// Adds what a contact of ours knows from now on; returns what it saw and sees, if that is
    /// something else.
    pub(super) fn show_to_ours(
        &self,
        changes: &[Change],
        seer: &Seer<'_>,
        known: &[ContactPresence],
        unit: &mut Unit,
    ) -> Option<[Presence; 2]> {
        let before = unit.writes();
        let mut after = known.to_vec();
        for Change { session, .. } in changes {
            let resource = Some(session.resource.clone());
            let device = Device { account: session.account.clone(), resource };
            let shown = seer.view.of(&session.presence).into_owned();
            after.retain(|row| row.resource != session.resource);
            after.push(ContactPresence {
                contact: session.account.clone(),
                resource: session.resource.clone(),
                change: 0,
                presence: shown.clone(),
            });
            self.note(seer.contact, &device, shown, known, unit);
        }
        (unit.writes() > before).then(|| [shown_by(known), shown_by(&after)])
    }

    /// Adds the stanzas by which a contact elsewhere learns of it.
    pub(super) fn show_elsewhere(
        &self,
        changes: &[Change],
        seer: &Seer<'_>,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        for change in changes {
            let Some(stanza) = stanza(&change.session, seer) else { continue };
            if stanza.kind == PresenceKind::Available {
                if change.is_seen_the_same(&stanza, seer) {
                    continue;
                }
                unit.say(self, &stanza.into());
            } else if change.is_departure() && seer.view.may_see(Attribute::OnlineStatus) {
                // Unsaid, the device would stay there for ever.
                unit.send_owed(self, &stanza.into())?;
            }
        }
        Ok(())
    }

    /// Returns the contacts of an account.
    pub(super) async fn contacts(&self, account: &Address) -> Result<Vec<Contact>, Refusal> {
        self.store.contacts(account).await.map_err(refused)
    }

    /// Returns the contacts elsewhere that may see an account.
    pub(super) fn elsewhere<'a>(
        &'a self,
        person: &'a Person,
        contacts: &'a [Contact],
        access: &'a Access,
    ) -> impl Iterator<Item = Seer<'a>> {
        seers(person, contacts, access).filter(|seer| !self.is_ours(seer.contact))
    }
}

/// Returns those of its contacts that may see an account, and what.
pub(super) fn seers<'a>(
    person: &'a Person,
    contacts: &'a [Contact],
    access: &'a Access,
) -> impl Iterator<Item = Seer<'a>> {
    let seeing = contacts.iter().filter(|contact| contact.relation.from);
    let admitted = seeing.filter(|contact| person.admits(&contact.address));
    admitted.map(|contact| Seer { contact: &contact.address, view: access.view(contact) })
}

/// Returns the stanza that shows a session to a contact elsewhere.
pub(super) fn stanza(session: &Session, seer: &Seer<'_>) -> Option<Stanza> {
    let seen = seer.view.of(&session.presence);
    device_stanza(&session.account, &session.resource, &seen, seer.contact)
}

/// Returns the stanza that has a contact elsewhere see this of a device.
pub(super) fn device_stanza(
    account: &Address,
    resource: &CompactString,
    seen: &Presence,
    contact: &Address,
) -> Option<Stanza> {
    let device = Device { account: account.clone(), resource: Some(resource.clone()) };
    let from = bridge::address::device_to_jid(&device)?;
    let to = bridge::address::to_jid(contact)?;
    let caps = seen.is_visible().then(|| identity::caps(seen));
    Some(bridge::presence::to_stanza(seen, from, to, caps))
}
