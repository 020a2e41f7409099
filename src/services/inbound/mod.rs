//! The way in from the network: each stanza to whom it is for.

pub mod event;
pub mod iq;
pub mod message;
pub mod presence;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::Ordering::Relaxed,
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    base::counters::Counter,
    services::{
        context::Services,
        outbox::{LinkEvent, Outgoing},
        refused,
        unit::Unit,
    },
    store::write::Write,
    xmpp::{stanza::Stanza, wire::Wire},
};

/// Stanzas are carried out side by side in so many rows, each row's in order; those for one
/// account are all in one row.
const ROWS: usize = 32;

/// Stanzas that may wait in one row; beyond it the link is not read.
const ROW_QUEUE: usize = 256;

/// Rows of the outbox read at once.
const PAGE: u32 = 1000;

/// How often it is looked for durable stanzas that did not fit into the link's queue.
const LOOK: Duration = Duration::from_secs(1);

/// Carries out what the link tells until it tells no more: the link stops first, and what it has
/// read by then is not lost.
pub async fn run(services: Services, mut events: mpsc::Receiver<LinkEvent>) {
    let mut tasks = JoinSet::new();
    let rows: Vec<mpsc::Sender<Stanza>> = (0..ROWS)
        .map(|_| {
            let (sender, mut row) = mpsc::channel(ROW_QUEUE);
            let services = services.clone();
            tasks.spawn(async move {
                while let Some(stanza) = row.recv().await {
                    let services = services.clone();
                    // One that panics costs itself, not all that would follow in its row.
                    let work = tokio::spawn(async move { services.arrived(stanza).await });
                    if let Err(error) = work.await {
                        tracing::error!(%error, "a stanza was not carried out");
                    }
                }
            });
            sender
        })
        .collect();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(LinkEvent::Stanza(stanza)) => {
                    // A row ends with this function only.
                    let _ = rows[row_of(&stanza)].send(stanza).await;
                }
                Some(event) => services.linked(event).await,
                None => break,
            },
            _ = look.tick() => {
                if services.take_behind() {
                    services.resend().await;
                }
            }
        }
    }
    drop(rows);
    while tasks.join_next().await.is_some() {}
}

fn row_of(stanza: &Stanza) -> usize {
    let mut hasher = DefaultHasher::new();
    stanza.to().bare().to_lowercase().hash(&mut hasher);
    usize::try_from(hasher.finish() % ROWS as u64).unwrap_or_default()
}

impl Services {
    /// Carries out what the link tells of itself.
    async fn linked(&self, event: LinkEvent) {
        match event {
            LinkEvent::Up => {
                self.capabilities.forget_devices();
                // First what waits: who comes now must not be told as gone by what is older.
                self.resend().await;
                let link = self.ids.next_number();
                self.link_number.store(link, Relaxed);
                let services = self.clone();
                tokio::spawn(async move { services.announce_everybody(link).await });
            }
            LinkEvent::Down => self.link_number.store(0, Relaxed),
            LinkEvent::Read(ids) => {
                let mut unit = Unit::default();
                unit.write(Write::DropOutbox { ids });
                // Kept for lack of a commit they are sent once more, which is no harm.
                let _ = self.carry_out(unit).await;
            }
            LinkEvent::Odd(odd) => {
                if let Some(refusal) = odd.refusal() {
                    self.say(&refusal.into());
                }
            }
            LinkEvent::Stanza(stanza) => self.arrived(stanza).await,
        }
    }

    /// Hands all durable stanzas to the link again; those under way it leaves out itself.
    async fn resend(&self) {
        let mut after = i64::MIN;
        loop {
            let page = match self.store.outbox(after, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    refused(error);
                    return;
                }
            };
            for row in &page {
                match Wire::check(&row.wire, &self.rules.domain) {
                    Ok(wire) => self.send(Outgoing { row: Some(row.id), wire }),
                    Err(stopped) => {
                        Counter::StanzasStopped.count();
                        tracing::error!(%stopped, row = row.id, "a stanza in the outbox is unfit");
                        let mut unit = Unit::default();
                        unit.write(Write::DropOutbox { ids: vec![row.id] });
                        let _ = self.carry_out(unit).await;
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => after = last.id,
                _ => return,
            }
        }
    }

    /// Carries out one stanza.
    async fn arrived(&self, stanza: Stanza) {
        match stanza {
            Stanza::Message(message) => self.message_arrived(message).await,
            Stanza::Presence(presence) => self.presence_arrived(presence).await,
            Stanza::Iq(iq) => self.iq_arrived(iq).await,
        }
    }
}
