//! One unit of work: what is to become durable, and the stanzas that leave once it is.

use crate::{
    base::counters::Counter,
    domain::refusal::Refusal,
    services::{context::Services, outbox::Outgoing, refused},
    store::write::Write,
    xmpp::{stanza::Stanza, wire::Wire},
};

/// What one request or stanza brings about.
#[derive(Default)]
pub struct Unit {
    writes: Vec<Write>,
    stanzas: Vec<Outgoing>,
    /// Rows that leave the outbox.
    read: Vec<i64>,
}

impl Unit {
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
        services.waiting().has_room()?;
        self.send_owed(services, stanza)
    }

    /// The same for what is owed already, as a receipt, and so is bounded by what it is owed for.
    ///
    /// # Errors
    ///
    /// The stanza cannot be written without ending the link.
    pub fn send_owed(&mut self, services: &Services, stanza: &Stanza) -> Result<(), Refusal> {
        let wire = services.wire(stanza).ok_or(Refusal::BadParameter)?;
        let row = services.ids.next_number();
        let at = services.clock.now();
        self.writes.push(Write::PutOutbox { id: row, wire: wire.as_str().to_owned(), at });
        self.stanzas.push(Outgoing { row: Some(row), wire });
        Ok(())
    }

    /// Adds a stanza that need not survive us: what it says is said again after a restart.
    pub fn say(&mut self, services: &Services, stanza: &Stanza) {
        if let Some(wire) = services.wire(stanza) {
            self.stanzas.push(Outgoing { row: None, wire });
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
            let rows = unit.stanzas.iter().filter_map(|stanza| Some((stanza.row?, &stanza.wire)));
            let mut waiting = self.waiting();
            rows.for_each(|(row, wire)| waiting.add(row, wire.as_str().len()));
            waiting.remove(&unit.read);
        }
        for stanza in unit.stanzas {
            self.send(stanza);
        }
        Ok(())
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
        if let Some(wire) = self.wire(stanza) {
            self.send(Outgoing { row: None, wire });
        }
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
