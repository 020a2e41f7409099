//! The way in from the network: each stanza to whom it is for.

pub mod event;
pub mod iq;
pub mod message;
pub mod presence;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
};

use crate::{
    services::{context::Services, outbox::LinkEvent, unit::Unit},
    store::write::Write,
    xmpp::{condition::Condition, stanza::Stanza},
};

/// Stanzas are carried out side by side in so many rows, each row's in order; those for one
/// account are all in one row.
const ROWS: usize = 32;

/// Stanzas that may wait in one row; beyond it the link is not read.
const ROW_QUEUE: usize = 256;

/// Stanzas that may wait in a row of what takes its time; beyond it they are refused.
const ERRANDS: usize = 64;

/// How often it is looked for durable stanzas that did not fit into the link's queue.
const LOOK: Duration = Duration::from_secs(1);

/// Carries out what the link tells until it tells no more: the link stops first, and what it has
/// read by then is not lost.
pub async fn run(services: Services, mut events: mpsc::Receiver<LinkEvent>) {
    let mut tasks = JoinSet::new();
    let mut row = |places| {
        let (sender, row) = mpsc::channel(places);
        tasks.spawn(services.clone().carry_out_in_order(row));
        sender
    };
    let rows: Vec<mpsc::Sender<Stanza>> = (0..ROWS).map(|_| row(ROW_QUEUE)).collect();
    let (accounts, searches) = (row(ERRANDS), row(ERRANDS));
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // What waits goes out meanwhile.
    let mut catching_up = JoinSet::new();
    let catch_up = || {
        let services = services.clone();
        async move {
            services.catch_up().await;
            services.show_what_is_due().await;
        }
    };
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(LinkEvent::Stanza(stanza)) => match iq::Errand::of(&stanza) {
                    Some(iq::Errand::Accounts) => services.put_in_row(&accounts, stanza),
                    Some(iq::Errand::Search) => services.put_in_row(&searches, stanza),
                    None => {
                        // A row ends with this function only.
                        let _ = rows[row_of(&stanza)].send(stanza).await;
                    }
                },
                Some(LinkEvent::Odd(odd)) => {
                    odd.refusal().into_iter().for_each(|refusal| services.say(&refusal.into()));
                    odd.answer().into_iter().for_each(|answer| services.questions.answered(answer));
                }
                Some(LinkEvent::Read(ids)) => services.were_read(ids).await,
                Some(LinkEvent::Up) => {
                    catching_up.shutdown().await;
                    services.link_comes();
                    catching_up.spawn(catch_up());
                }
                Some(LinkEvent::Down) => {
                    catching_up.shutdown().await;
                    services.link_is_away();
                }
                None => break,
            },
            Some(done) = catching_up.join_next() => {
                if let Err(error) = done {
                    tracing::error!(%error, "what waits was not sent");
                }
                if !services.is_linked() {
                    services.link_came();
                }
            }
            _ = look.tick() => {
                if services.is_linked() && services.backlog.waits() && catching_up.is_empty() {
                    catching_up.spawn(catch_up());
                }
            }
        }
    }
    drop((rows, accounts, searches));
    while tasks.join_next().await.is_some() {}
}

fn row_of(stanza: &Stanza) -> usize {
    let mut hasher = DefaultHasher::new();
    stanza.to().bare().to_lowercase().hash(&mut hasher);
    usize::try_from(hasher.finish() % ROWS as u64).unwrap_or_default()
}

impl Services {
    /// All that waited for the link has gone: who comes now is not told as gone by what is older.
    fn link_came(&self) {
        self.capabilities.forget_devices();
        let link = self.link_is_up();
        let services = self.clone();
        tokio::spawn(async move { services.announce_everybody(link).await });
    }

    /// Takes note that the server has read rows of the outbox.
    async fn were_read(&self, ids: Vec<i64>) {
        let mut unit = Unit::default();
        unit.write(Write::DropOutbox { ids });
        // Kept for lack of a commit they are sent once more, which is no harm.
        let _ = self.carry_out(unit).await;
    }

    /// Has a stanza wait in a row, and refuses it where too many wait.
    fn put_in_row(&self, row: &mpsc::Sender<Stanza>, stanza: Stanza) {
        if let Err(TrySendError::Full(stanza)) = row.try_send(stanza)
            && let Some(refusal) = stanza.refuse(Condition::ResourceConstraint)
        {
            self.say(&refusal);
        }
    }

    /// Carries out the stanzas of one row, until no more come.
    async fn carry_out_in_order(self, mut row: mpsc::Receiver<Stanza>) {
        while let Some(stanza) = row.recv().await {
            let services = self.clone();
            // One that panics costs itself, not all that would follow in its row.
            let work = tokio::spawn(async move { services.arrived(stanza).await });
            if let Err(error) = work.await {
                tracing::error!(%error, "a stanza was not carried out");
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
