//! One unit of work: what is to become durable, and the stanzas that leave once it is.

use std::time::Duration;

use crate::{
    base::{clock::Millis, counters::Counter},
    domain::refusal::Refusal,
    services::{
        context::Services,
        outbox::Outgoing,
        refused,
        unshown::{PAUSE, Shows},
    },
    store::write::Write,
    xmpp::{jid::Jid, stanza::Stanza, wire::Wire},
};

/// What one request or stanza brings about.
#[derive(Default)]
pub struct Unit {
    writes: Vec<Write>,
    stanzas: Vec<(Outgoing, Shows)>,
    /// Rows that leave the outbox.
    read: Vec<i64>,
    /// What it shows may change in a moment.
    is_login: bool,
}

impl Unit {
    /// A unit of a login: what it shows to contacts elsewhere waits for what the phone publishes.
    pub fn of_login() -> Self {
        Self { is_login: true, ..Self::default() }
    }

    /// Adds a row to write.
    pub fn write(&mut self, write: Write) {
        if let Write::DropOutbox { ids } = &write {
            self.read.extend(ids);
        }
        self.writes.push(write);
    }

    /// Adds a stanza that must reach the server, whatever happens to us or the link.
    ///
    /// # Errors
    ///
    /// Too much waits for the link, or the stanza cannot be written without ending it.
    pub fn send(&mut self, services: &Services, stanza: &Stanza) -> Result<(), Refusal> {
        let wire = services.wire(stanza).ok_or(Refusal::BadParameter)?;
        services.waiting().has_room(wire.as_str())?;
        self.keep(services, stanza, wire);
        Ok(())
    }

    /// The same for what is owed already, as a receipt, and so is bounded by what it is owed for.
    ///
    /// # Errors
    ///
    /// The stanza cannot be written without ending the link.
    pub fn send_owed(&mut self, services: &Services, stanza: &Stanza) -> Result<(), Refusal> {
        let wire = services.wire(stanza).ok_or(Refusal::BadParameter)?;
        self.keep(services, stanza, wire);
        Ok(())
    }

    fn keep(&mut self, services: &Services, stanza: &Stanza, wire: Wire) {
        let row = services.ids.next_number();
        let at = services.clock.now();
        self.writes.push(Write::PutOutbox { id: row, wire: wire.as_str().to_owned(), at });
        self.stanzas.push((Outgoing { row: Some(row), wire }, Shows::of(stanza)));
    }

    /// Adds a stanza that need not survive us: what it says is said again after a restart.
    pub fn say(&mut self, services: &Services, stanza: &Stanza) {
        if let Some(wire) = services.wire(stanza) {
            self.stanzas.push((Outgoing { row: None, wire }, Shows::of(stanza)));
        }
    }

    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.stanzas.is_empty()
    }

    /// Returns how many rows are to be written.
    pub fn writes(&self) -> usize {
        self.writes.len()
    }
}

impl Services {
    /// Makes a unit durable, then lets its stanzas go.
    ///
    /// # Errors
    ///
    /// The store failed: nothing of the unit was done.
    pub async fn carry_out(&self, unit: Unit) -> Result<(), Refusal> {
        self.fresh.forget_written(&unit.writes);
        self.store.commit(unit.writes).await.map_err(refused)?;
        if !unit.stanzas.is_empty() || !unit.read.is_empty() {
            let stanzas = unit.stanzas.iter();
            let rows = stanzas.filter_map(|(stanza, _)| Some((stanza.row?, &stanza.wire)));
            let mut waiting = self.waiting();
            rows.for_each(|(row, wire)| waiting.add(row, wire.as_str()));
            waiting.remove(&unit.read);
        }
        let wait = if unit.is_login { PAUSE } else { Duration::ZERO };
        let is_early = unit.is_login || self.backlog.is_behind();
        let due = is_early.then(|| self.clock.now().after(wait));
        for (stanza, shows) in unit.stanzas {
            self.let_go(stanza, shows, due);
        }
        Ok(())
    }

    /// Lets a stanza go; what it is too early to show waits until it is due.
    fn let_go(&self, stanza: Outgoing, shows: Shows, due: Option<Millis>) {
        let Outgoing { row, wire } = stanza;
        let due = due.filter(|_| self.is_linked());
        let left = match (shows, due) {
            (Shows::There(ends), Some(due)) => {
                self.unshown.keep(ends, wire, due, self.link_number())
            }
            (Shows::There(ends), None) => self.unshown.renew(&ends, wire),
            (Shows::Gone(ends), _) => {
                self.unshown.forget(&ends);
                Some(wire)
            }
            (Shows::Nothing, _) => Some(wire),
        };
        left.into_iter().for_each(|wire| self.send(Outgoing { row, wire }));
    }

    /// Shows what waits to be shown of a device; where older stanzas must go first, after them.
    pub(super) fn show_now(&self, device: &Jid) {
        if self.backlog.is_behind() {
            self.unshown.hurry(device, self.clock.now());
            return;
        }
        let say = |wire| self.send(Outgoing { row: None, wire });
        self.unshown.hand_out(device, self.link_number(), say);
    }

    /// Shows what has waited long enough.
    pub(super) async fn show_what_is_due(&self) {
        for device in self.unshown.due(self.clock.now()) {
            self.link_has_room().await;
            self.show_now(&device);
        }
    }

    /// Has something written that nobody needs to wait for: it is written again, or does no harm
    /// where it is not.
    pub(super) fn write_later(&self, writes: Vec<Write>) {
        if !writes.is_empty() {
            drop(self.store.submit(writes));
        }
    }

    /// Sends a stanza that need not survive us: what it says is said again after a restart.
    pub fn say(&self, stanza: &Stanza) {
        self.try_say(stanza);
    }

    /// The same; returns false if the stanza cannot be written, as one that is too long.
    pub(super) fn try_say(&self, stanza: &Stanza) -> bool {
        let Some(wire) = self.wire(stanza) else { return false };
        if let Shows::There(ends) | Shows::Gone(ends) = Shows::of(stanza) {
            self.unshown.forget(&ends);
        }
        self.send(Outgoing { row: None, wire });
        true
    }

    /// Returns a stanza as it goes out; none if it would end the link.
    fn wire(&self, stanza: &Stanza) -> Option<Wire> {
        let wire = stanza.to_wire(&self.rules.domain);
        let stopped = |stopped: &_| {
            Counter::StanzasStopped.count();
            tracing::warn!(%stopped, "a stanza was not sent");
        };
        wire.inspect_err(stopped).ok()
    }
}
