//! What time ends: sessions that are not heard of, letters that nobody fetched, old answers.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{
    base::{clock::Millis, stop::told},
    domain::{account::AccountState, refusal::Refusal, session::Session},
    services::{
        answers::ANSWERS,
        context::Services,
        login::short,
        people::{Cell, Held},
        person::Person,
        refused,
        unit::Unit,
    },
    store::write::Write,
};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// How often it is looked for what nobody has needed for days.
const TIDY: Duration = Duration::from_secs(6 * 60 * 60);

/// Sessions or letters ended at once.
const PAGE: u32 = 500;

/// Looks for what has ended until told to stop.
pub async fn run(services: Services, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = services.wake_everybody() => {}
        () = told(&mut stop) => return,
    }
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidy = interval(TIDY);
    tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => services.end_what_has_ended().await,
            _ = tidy.tick() => services.tidy(),
            () = told(&mut stop) => return,
        }
    }
}

impl Services {
    /// Looks once for what has ended.
    pub async fn end_what_has_ended(&self) {
        let now = self.clock.now();
        if let Err(refusal) = self.end_expired(now).await {
            tracing::warn!(?refusal, "sessions that have ended were not ended");
        }
        if self.is_linked() {
            // Kept in the moment in which the link came.
            self.tell_departures().await;
        }
        self.show_what_is_due().await;
        let _ = self.end_letters(now).await;
        self.conclude_probes(now).await;
        let _ = self.store.prune_answers(now.before(ANSWERS)).await.map_err(refused);
        self.wake_the_silent(now);
        let untold = self.people.let_go(now);
        let writes = untold.into_iter().map(|(id, expires)| Write::TouchSession { id, expires });
        self.write_later(writes.collect());
        if let Ok(true) = self.store.changed_elsewhere().await {
            self.backlog.wait_from(i64::MIN);
            self.fresh.forget_all();
            self.read_everybody_again().await;
        }
    }

    async fn end_expired(&self, now: Millis) -> Result<(), Refusal> {
        let ended = self.store.session_ids_expired(now, PAGE).await.map_err(refused)?;
        for (id, account) in ended {
            let cell = self.people.cell(&account, now);
            // What the account's phone does now comes before or after, not in the middle.
            let _gate = cell.gate.lock().await;
            let Some(mut person) = self.people.hold(&self.store, &cell).await? else { continue };
            let Some(live) = person.live(&id) else {
                // Memory does not know it: it ended, and the store did not hear.
                let mut unit = Unit::default();
                unit.write(Write::DropSession(id));
                self.carry_out(unit).await?;
                continue;
            };
            if live.session.expires > now {
                let expires = live.session.expires;
                live.stored();
                self.write_later(vec![Write::TouchSession { id, expires }]);
                continue;
            }
            let session = live.session.clone();
            let news = self.end_sessions(&mut person, &[session]).await?;
            drop(person);
            tracing::info!(%account, session = %short(&id), "not heard of: session ended");
            self.tell(news).await;
        }
        Ok(())
    }

    async fn end_letters(&self, now: Millis) -> Result<(), Refusal> {
        let ended = self.store.expired_letters(now, PAGE).await.map_err(refused)?;
        for expired in ended {
            let mut unit = Unit::default();
            unit.write(Write::DropLetters { ids: vec![expired.id] });
            let Some(letter) = expired.letter else {
                self.carry_out(unit).await?;
                continue;
            };
            let cell = self.people.cell(&letter.account, now);
            let person = self.people.hold(&self.store, &cell).await?;
            // A phone may have confirmed it meanwhile: it must not be counted off twice.
            let is_there = self.store.letter(&letter.account, letter.id).await.map_err(refused)?;
            self.carry_out(unit).await?;
            if let (Some(mut person), Some(_)) = (person, is_there) {
                person.removed(&letter);
            }
        }
        Ok(())
    }

    /// Another process, an operator's command most likely, has changed something: what is known
    /// of accounts is read again, and sessions of those that are gone or suspended end.
    async fn read_everybody_again(&self) {
        for cell in self.people.all() {
            if let Err(refusal) = self.read_account_again(&cell).await {
                tracing::warn!(?refusal, account = %cell.address, "an account was not read again");
            }
        }
    }

    async fn read_account_again(&self, cell: &Arc<Cell>) -> Result<(), Refusal> {
        let _gate = cell.gate.lock().await;
        let Some(mut person) = self.people.hold(&self.store, cell).await? else { return Ok(()) };
        let rows = self.store.person(&cell.address).await.map_err(refused)?;
        // A new account of an old name is somebody else.
        let rows = rows.filter(|rows| rows.account.created == person.account.created);
        let is_there = rows.is_some();
        match rows {
            Some(rows) => person.changed_elsewhere(rows),
            // Whoever comes first takes it for suspended.
            None => person.account.state = AccountState::Suspended,
        }
        if person.is_active() {
            self.tell_of_changes(&mut person).await?;
        } else {
            let ended = sessions(&person);
            let news = self.end_sessions(&mut person, &ended).await?;
            drop(person);
            self.tell(news).await;
        }
        if !is_there {
            self.people.let_go_of(cell).await;
        }
        Ok(())
    }

    /// Wakes the phones of somebody for whom another process has left something.
    async fn tell_of_changes(&self, person: &mut Person) -> Result<(), Refusal> {
        if person.sessions.is_empty() {
            return Ok(());
        }
        let owner = person.account.address.clone();
        let waits = person.mailbox.count > 0;
        let asking = self.store.pending_in(&owner).await.map_err(refused)?;
        let ids: Vec<_> = person.sessions.iter().map(|live| live.session.id.clone()).collect();
        for id in ids {
            let Some(live) = person.live(&id) else { continue };
            live.look_again();
            live.may_be_asked = true;
            let is_asked = asking.iter().any(|contact| !live.asked.contains(contact));
            if waits || is_asked || self.next_changes(person, &id, 1).await?.is_some() {
                person.live(&id).into_iter().for_each(|live| self.wake(live));
            }
        }
        Ok(())
    }
}

fn sessions(person: &Held<'_>) -> Vec<Session> {
    person.sessions.iter().map(|live| live.session.clone()).collect()
}
