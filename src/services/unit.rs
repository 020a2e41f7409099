//! One unit of work: what is to become durable, and the stanzas that leave once it is.

use crate::{
    base::counters::Counter,
    domain::refusal::Refusal,
    services::{context::Services, outbox::Outgoing, refused},
    store::write::Write,
    xmpp::stanza::Stanza,
};

/// What one request or stanza brings about.
#[derive(Default)]
pub struct Unit {
    writes: Vec<Write>,
    stanzas: Vec<Outgoing>,
}

impl Unit {
    /// Adds a row to write.
    pub fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Adds a stanza that must reach the server, whatever happens to us or the link.
    ///
    /// # Errors
    ///
    /// The stanza cannot be written without ending the link.
    pub fn send(&mut self, services: &Services, stanza: &Stanza) -> Result<(), Refusal> {
        let wire = stanza.to_wire(&services.rules.domain).map_err(|stopped| {
            Counter::StanzasStopped.count();
            tracing::warn!(%stopped, "a stanza was not sent");
            Refusal::BadParameter
        })?;
        let row = services.ids.next_number();
        let at = services.clock.now();
        self.writes.push(Write::PutOutbox { id: row, wire: wire.as_str().to_owned(), at });
        self.stanzas.push(Outgoing { row: Some(row), wire });
        Ok(())
    }

    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

impl Services {
    /// Makes a unit durable, then lets its stanzas go.
    ///
    /// # Errors
    ///
    /// The store failed: nothing of the unit was done.
    pub async fn carry_out(&self, unit: Unit) -> Result<(), Refusal> {
        if unit.writes.is_empty() {
            return Ok(());
        }
        self.store.commit(unit.writes).await.map_err(refused)?;
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
        match stanza.to_wire(&self.rules.domain) {
            Ok(wire) => self.send(Outgoing { row: None, wire }),
            Err(stopped) => {
                Counter::StanzasStopped.count();
                tracing::warn!(%stopped, "a stanza was not sent");
            }
        }
    }
}
