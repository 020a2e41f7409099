//! What is durable and waits for the link goes there from the store.

use crate::{
    base::counters::Counter,
    services::{context::Services, outbox::Outgoing, refused, unit::Unit},
    store::write::Write,
    xmpp::wire::Wire,
};

/// Rows of the outbox read at once.
const PAGE: u32 = 1000;

impl Services {
    /// Hands what waits in the store to the link, as fast as that takes it. What is under way
    /// there already it leaves out itself.
    pub(super) async fn catch_up(&self) {
        while let Some(first) = self.backlog.take() {
            let mut after = first.saturating_sub(1);
            loop {
                let Ok(page) = self.store.outbox(after, PAGE).await.map_err(refused) else {
                    // Tried again in a moment.
                    self.backlog.wait_from(after.saturating_add(1));
                    return;
                };
                let Some(last) = page.last().map(|row| row.id) else { break };
                for row in page {
                    match Wire::check(&row.wire, &self.rules.domain) {
                        Ok(wire) => {
                            let stanza = Outgoing { row: Some(row.id), wire };
                            if self.link.send(stanza).await.is_err() {
                                // There is no link any more, nor will there be.
                                return;
                            }
                        }
                        Err(stopped) => {
                            Counter::StanzasStopped.count();
                            tracing::error!(%stopped, row = row.id, "a stanza in the outbox is unfit");
                            let mut unit = Unit::default();
                            unit.write(Write::DropOutbox { ids: vec![row.id] });
                            let _ = self.carry_out(unit).await;
                        }
                    }
                }
                after = last;
            }
        }
    }
}
