//! A link that comes or goes for good: those who are logged in are shown to the rest of the world, or
//! hidden from it. Each device is shown once on each link.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    domain::{address::Address, refusal::Refusal, view::Attribute},
    services::{
        context::Services,
        person::Live,
        refused,
        showing::{Change, stanza},
    },
    xmpp::presence::PresenceKind,
};

/// Accounts read at once when all are gone through.
const PAGE: u32 = 500;

/// How soon it is tried again what the store could not do.
const AGAIN: Duration = Duration::from_secs(1);

impl Services {
    /// After the link came up: everybody who is logged in is shown, and their contacts asked.
    pub(super) async fn announce_everybody(&self, link: i64) {
        self.tell_departures().await;
        let mut failed = Vec::new();
        let mut after = None;
        while self.link_number() == link {
            match self.next_accounts(&mut after).await {
                Ok(Some(accounts)) => failed.extend(self.announce_these(accounts, link).await),
                Ok(None) => break,
                Err(_) => sleep(AGAIN).await,
            }
        }
        self.announce_until_shown(failed, link).await;
    }

    /// Shows accounts on a link, and tries again as often as it takes.
    pub(super) async fn announce_until_shown(&self, mut accounts: Vec<Address>, link: i64) {
        loop {
            accounts = self.announce_these(accounts, link).await;
            if accounts.is_empty() {
                return;
            }
            sleep(AGAIN).await;
        }
    }

    /// Shows accounts on a link; returns those for which that failed. On the next link none has:
    /// that has its own round.
    async fn announce_these(&self, accounts: Vec<Address>, link: i64) -> Vec<Address> {
        let mut failed = Vec::new();
        for account in accounts {
            self.link_has_room().await;
            if self.link_number() != link {
                return Vec::new();
            }
            if let Err(refusal) = self.announce(&account, link).await {
                tracing::warn!(?refusal, %account, "not shown to contacts elsewhere yet");
                failed.push(account);
            }
        }
        failed
    }

    /// Shows an account to the contacts elsewhere, unless that was done on this link.
    async fn announce(&self, account: &Address, link: i64) -> Result<(), Refusal> {
        let now = self.clock.now();
        let cell = self.people.cell(account, now);
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let is_due = |live: &Live| live.shown_on != link && live.session.expires > now;
        if !person.sessions.iter().any(is_due) {
            return Ok(());
        }
        let contacts = self.contacts(account).await?;
        let access = self.access(&mut person).await?;
        // After this nothing fails any more: what is said is not said again.
        self.probe(&mut person, &contacts).await?;
        let mut shown = Vec::new();
        for live in person.sessions.iter_mut().filter(|live| is_due(live)) {
            live.shown_on = link;
            shown.push(live.session.clone());
        }
        for seer in self.elsewhere(&person, &contacts, &access) {
            for session in &shown {
                let stanza = stanza(session, &seer);
                let available = stanza.filter(|stanza| stanza.kind == PresenceKind::Available);
                available.into_iter().for_each(|stanza| self.say(&stanza.into()));
            }
        }
        Ok(())
    }

    /// Before the link goes down for good: to the rest of the world nobody is there any more.
    /// Contacts of ours see nothing of it, for the sessions go on after the start.
    pub async fn hide_everybody(&self) {
        let mut after = None;
        while self.is_linked()
            && let Ok(Some(accounts)) = self.next_accounts(&mut after).await
        {
            for account in accounts {
                self.link_has_room().await;
                if let Err(refusal) = self.hide(&account).await {
                    tracing::warn!(?refusal, %account, "not hidden from contacts elsewhere");
                }
            }
        }
    }

    async fn hide(&self, account: &Address) -> Result<(), Refusal> {
        let cell = self.people.cell(account, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let contacts = self.contacts(account).await?;
        let access = self.access(&mut person).await?;
        let elsewhere = self.elsewhere(&person, &contacts, &access);
        for seer in elsewhere.filter(|seer| seer.view.may_see(Attribute::OnlineStatus)) {
            for live in person.sessions.iter().filter(|live| live.session.presence.is_visible()) {
                let gone = Change::gone(live.session.clone()).session;
                stanza(&gone, &seer).into_iter().for_each(|stanza| self.say(&stanza.into()));
            }
        }
        Ok(())
    }

    /// Returns accounts behind one that have sessions, and moves on behind them.
    pub(super) async fn next_accounts(
        &self,
        after: &mut Option<Address>,
    ) -> Result<Option<Vec<Address>>, Refusal> {
        let page = self.store.live_accounts(after.as_ref(), PAGE).await.map_err(refused)?;
        let Some(last) = page.last() else { return Ok(None) };
        *after = Some(last.clone());
        Ok(Some(page))
    }
}
