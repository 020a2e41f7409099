//! When a phone is woken: once, until it comes.

use crate::{
    base::clock::Millis,
    csp::{cir, version::Version},
    domain::session::{Session, WakeUp},
    services::{
        call::{Call, PAUSES},
        context::Services,
        person::{Live, PATIENCE},
    },
};

impl Services {
    /// Returns whether a session lives, for a phone that opens a socket in its name.
    pub async fn is_session(&self, id: &str) -> bool {
        let now = self.clock.now();
        let Ok(Some(cell)) = self.people.of_session(&self.store, id, now).await else {
            return false;
        };
        let Ok(Some(mut person)) = self.people.hold(&self.store, &cell).await else { return false };
        person.live(id).is_some_and(|live| live.session.expires > now)
    }

    /// Takes note that a phone holds a socket open now: it is woken if something waits, for the
    /// login alone brings no poll (handset: Android §11).
    pub async fn socket_opened(&self, id: &str) {
        let now = self.clock.now();
        let Ok(Some(cell)) = self.people.of_session(&self.store, id, now).await else { return };
        let Ok(Some(mut person)) = self.people.hold(&self.store, &cell).await else { return };
        let waits = person.mailbox.count > 0;
        if let Some(live) = person.live(id)
            && (waits || live.woken.is_some() || live.may_be_told() || live.may_be_asked)
        {
            live.woken = None;
            self.wake(live);
        }
    }

    /// After a start: wakes the phones for which letters wait, for nobody knows who was woken
    /// before, and a phone that agreed to be woken does not poll (handset: S60 §5.2).
    pub async fn wake_everybody(&self) {
        let mut after = None;
        while let Ok(Some(accounts)) = self.next_accounts(&mut after).await {
            for account in accounts {
                let cell = self.people.cell(&account, self.clock.now());
                let Ok(Some(mut person)) = self.people.hold(&self.store, &cell).await else {
                    continue;
                };
                if person.mailbox.count > 0 {
                    self.wake_for(&mut person, None);
                }
            }
        }
    }

    /// Wakes a phone for which something waits, unless that is being done since it last came.
    pub fn wake(&self, live: &mut Live) {
        let now = self.clock.now();
        let is_called = live.woken.is_some_and(|at| now.since(at) < PAUSES.iter().sum());
        if is_called {
            return;
        }
        if let Some(call) = wake_up(&live.session, false) {
            live.woken = self.call(call).then_some(now);
        }
    }

    /// Wakes the phone of somebody who is not in memory, unless it is being woken already.
    pub(super) fn wake_unread(&self, session: &Session) {
        wake_up(session, true).map(|call| self.call(call));
    }

    /// Wakes phones that came for a letter and never confirmed it, and after a restart those that
    /// were not called again.
    ///
    /// handset: S60 §5.2: a phone that is woken does not come on its own: if the answer to its
    /// poll is lost on the air, the letter would wait for the next one.
    pub(super) fn wake_the_silent(&self, now: Millis) {
        for cell in self.people.all() {
            let Some(mut person) = cell.at_hand() else { continue };
            if person.mailbox.count == 0 {
                continue;
            }
            let is_due = |live: &Live| {
                live.woken.is_none()
                    && live.silence(now) >= PATIENCE
                    && person.has_letter_for(&live.session.id, now)
            };
            let due: Vec<bool> = person.sessions.iter().map(is_due).collect();
            let sessions = person.sessions.iter_mut().zip(due).filter(|(_, is_due)| *is_due);
            sessions.for_each(|(live, _)| self.wake(live));
        }
    }

    /// Takes note that a phone has come to fetch what waits.
    pub fn came(&self, live: &mut Live) {
        if live.woken.take().is_some() {
            self.call(Call::Settled(live.session.id.clone()));
        }
    }
}

/// Returns what wakes a phone; none where nothing may be sent unasked, or no way was agreed.
fn wake_up(session: &Session, is_once: bool) -> Option<Call> {
    let terms = &session.terms;
    if !terms.has_services || terms.wake_ups.is_empty() {
        return None;
    }
    let version = Version::from_digits(&terms.version).unwrap_or(Version::V1_2);
    let udp_port = terms.wake_ups.iter().find_map(|way| match way {
        WakeUp::Udp(port) => Some(*port),
        WakeUp::Tcp => None,
    });
    Some(Call::Wake {
        session: session.id.clone(),
        line: cir::wake_up(version, &session.cookie),
        by_tcp: terms.wake_ups.contains(&WakeUp::Tcp),
        by_udp: udp_port.zip(terms.remote).map(|(port, remote)| (remote, port).into()),
        is_once,
    })
}
