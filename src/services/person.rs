//! One account as it is in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::{
        account::{Account, AccountState},
        address::Address,
        aliases::Aliases,
        contact::Watch,
        lists::Lists,
        mailbox::Letter,
        personal::Personal,
        public_profile::PublicProfile,
        session::Session,
    },
    services::{answers::Answers, probed::Probed},
    store::{
        accounts::PersonRows,
        entities::{Entity, EntityKind},
    },
};

/// What was handed out and not confirmed is handed out again after this time.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A presence or a question that is not confirmed this often is taken as told.
const MAX_TELLS: u8 = 2;

/// Answers to a quiet phone stay in memory for this long.
const ANSWERS_KEPT: Duration = Duration::from_secs(10 * 60);

/// An account, its sessions and what waits for it.
pub struct Person {
    /// The account.
    pub account: Account,
    /// Whom it blocks or lets through.
    pub entities: Vec<Entity>,
    /// Its phones.
    pub sessions: Vec<Live>,
    /// What waits.
    pub mailbox: Mailbox,
    /// Its short names for others.
    pub aliases: Arc<Aliases>,
    /// Its lists, once something needed them.
    pub lists: Option<Box<Lists>>,
    /// What its user shows, whichever device told it last.
    pub personal: Option<Box<Personal>>,
    /// What its user makes public.
    pub public_profile: Option<Box<PublicProfile>>,
    /// Its contacts that were probed a moment ago.
    pub probed: Option<Box<Probed>>,
}

/// The letters of one account: how many there are, and the oldest of them.
#[derive(Default)]
pub struct Mailbox {
    /// How many wait.
    pub count: usize,
    /// The room they take.
    pub bytes: usize,
    /// The oldest, if they have been read.
    pub letters: BTreeMap<i64, Arc<Letter>>,
    /// Whether `letters` has been read.
    pub is_read: bool,
}

/// A session and what happens in it now.
pub struct Live {
    /// What is kept of it.
    pub session: Session,
    /// The end of the session as the store knows it.
    stored_expiry: Millis,
    /// What was handed out and is not confirmed yet.
    pub flights: Vec<Flight>,
    /// When the phone was woken, if it did not come since.
    pub woken: Option<Millis>,
    /// Presence may have changed beyond what `news` has.
    pub has_news: bool,
    /// Whose presence it is to be told next, and as of which change; each contact once.
    pub news: VecDeque<(Address, i64)>,
    /// All changes up to this one were handed out since news was looked up anew.
    pub handed_out: i64,
    /// The link on which it was shown to contacts elsewhere; zero for none.
    pub shown_on: i64,
    /// What it wants to be told of in the order of the scopes, once that was read.
    pub watches: Option<Vec<Watch>>,
    /// Whose requests to see the account were put to this session.
    pub asked: Vec<Address>,
    /// Whether requests to see the account may wait.
    pub may_be_asked: bool,
    /// The answers that it got last.
    pub answers: Answers,
}

/// Something handed to a phone under a transaction of ours.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The transaction.
    pub transaction: CompactString,
    /// What it carries.
    pub cargo: Cargo,
    /// When it was handed out.
    pub at: Millis,
    /// How often before.
    pub tries: u8,
}

/// What a flight carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// A letter, by its id.
    Letter(i64),
    /// The presence of contacts, each as of a change, in the order of the changes.
    Presence(Box<[(Address, i64)]>),
    /// The question whether somebody may see the account.
    Question(Address),
}

impl Person {
    /// Makes a person of what the store knows.
    pub fn new(rows: PersonRows, now: Millis) -> Self {
        Self {
            account: rows.account,
            entities: rows.entities,
            sessions: rows
                .sessions
                .into_iter()
                .map(|session| Live::resumed(session, now))
                .collect(),
            mailbox: Mailbox {
                count: usize::try_from(rows.mailbox.letters).unwrap_or(usize::MAX),
                bytes: usize::try_from(rows.mailbox.bytes).unwrap_or(usize::MAX),
                ..Mailbox::default()
            },
            aliases: Arc::new(rows.aliases),
            lists: None,
            personal: rows.personal.map(Box::new),
            public_profile: rows.public_profile.map(Box::new),
            probed: None,
        }
    }

    /// Takes over what another process has changed: all but the sessions, which are ours.
    pub fn changed_elsewhere(&mut self, rows: PersonRows) {
        let fresh = Self::new(PersonRows { sessions: Vec::new(), ..rows }, Millis::default());
        let Self { sessions, probed, .. } = std::mem::replace(self, fresh);
        (self.sessions, self.probed) = (sessions, probed);
    }

    /// Returns the session of this id.
    pub fn live(&mut self, id: &str) -> Option<&mut Live> {
        self.sessions.iter_mut().find(|live| live.session.id == id)
    }

    /// Forgets the older answers: a phone that is quiet does not repeat what it got long ago.
    pub fn forget_answers(&mut self, now: Millis) {
        for live in &mut self.sessions {
            live.answers.forget(now.before(ANSWERS_KEPT));
            live.flights.shrink_to_fit();
            live.news.shrink_to_fit();
            live.asked.shrink_to_fit();
        }
    }

    /// Returns the name that its user goes by.
    pub fn nick(&self) -> Option<String> {
        let alias = self.sessions.iter().find_map(|live| live.session.presence.alias());
        alias.map(str::to_owned)
    }

    /// Returns whether the account may be used.
    pub fn is_active(&self) -> bool {
        self.account.state == AccountState::Active
    }

    /// Returns whether the account lets a sender through.
    pub fn admits(&self, sender: &Address) -> bool {
        admits(&self.account, &self.entities, sender)
    }
}

impl Live {
    /// Begins with a session that was just opened and stored.
    pub fn opened(session: Session, now: Millis) -> Self {
        // Before it was opened it got none.
        Self { answers: Answers::since(Millis::default()), ..Self::resumed(session, now) }
    }

    /// Goes on with a session that was stored.
    fn resumed(session: Session, now: Millis) -> Self {
        Self {
            stored_expiry: session.expires,
            session,
            flights: Vec::new(),
            woken: None,
            has_news: true,
            news: VecDeque::new(),
            handed_out: 0,
            shown_on: 0,
            watches: None,
            asked: Vec::new(),
            may_be_asked: true,
            answers: Answers::since(now),
        }
    }

    /// Puts off the end of the session because the phone was heard.
    ///
    /// Returns the new end where the store should know it: once in a quarter of the time that
    /// the session lasts, and that much later than promised, so that a restart ends none early.
    pub fn heard(&mut self, now: Millis) -> Option<Millis> {
        let lasts = self.session.keep_alive;
        self.session.expires = now.after(lasts + lasts / 4);
        if self.session.expires.since(self.stored_expiry) < lasts / 4 {
            return None;
        }
        self.stored_expiry = self.session.expires;
        Some(self.session.expires)
    }

    /// Takes note of an end that the store was told with the rest of the session.
    pub fn stored(&mut self) {
        self.stored_expiry = self.session.expires;
    }

    /// Returns whether the store knows an earlier end than the true one.
    pub fn is_untold(&self) -> bool {
        self.session.expires.since(self.stored_expiry) > Duration::ZERO
    }

    /// Returns the presence that was handed out first and is neither confirmed nor late.
    pub fn first_presence_under_way(&self) -> Option<i64> {
        self.presences_under_way().min()
    }

    /// Returns the presence that was handed out last; zero for none.
    pub fn last_presence_under_way(&self) -> i64 {
        self.presences_under_way().max().unwrap_or_default()
    }

    fn presences_under_way(&self) -> impl Iterator<Item = i64> {
        let told = self.flights.iter().flat_map(|flight| match &flight.cargo {
            Cargo::Presence(told) => &**told,
            Cargo::Letter(_) | Cargo::Question(_) => &[],
        });
        told.map(|(_, change)| *change)
    }

    /// Returns a presence that was handed out and not confirmed in time, to be tried again.
    pub fn late_presence(&mut self, now: Millis) -> Option<(Cargo, u8)> {
        // What was tried often enough is taken as told: some phones confirm before they read.
        self.flights.retain(|flight| {
            matches!(flight.cargo, Cargo::Letter(_))
                || now.since(flight.at) < PATIENCE
                || flight.tries + 1 < MAX_TELLS
        });
        let is_late = |flight: &&Flight| {
            matches!(flight.cargo, Cargo::Presence(..)) && now.since(flight.at) >= PATIENCE
        };
        let late = self.flights.iter().find(is_late);
        late.map(|flight| (flight.cargo.clone(), flight.tries + 1))
    }

    /// Takes note that a question needs no answer of this phone any more, or a new one.
    pub fn forget_question(&mut self, contact: &Address) {
        self.asked.retain(|asked| asked != contact);
        let is_it = |cargo: &Cargo| matches!(cargo, Cargo::Question(asked) if asked == contact);
        self.flights.retain(|flight| !is_it(&flight.cargo));
    }

    /// Returns a question that was handed out and not confirmed in time, to be put once more.
    pub fn late_question(&self, now: Millis) -> Option<(Address, u8)> {
        self.flights.iter().find_map(|flight| match &flight.cargo {
            Cargo::Question(contact)
                if now.since(flight.at) >= PATIENCE && flight.tries + 1 < MAX_TELLS =>
            {
                Some((contact.clone(), flight.tries + 1))
            }
            _ => None,
        })
    }

    /// Returns how long nothing was heard of the phone.
    pub fn silence(&self, now: Millis) -> Duration {
        now.since(self.session.last_heard())
    }

    /// Returns whether there may be presence that the session was not told.
    pub fn may_be_told(&self) -> bool {
        self.has_news || !self.news.is_empty()
    }

    /// Returns whether anything may be sent unasked.
    pub fn is_ready(&self) -> bool {
        self.session.terms.has_services
    }
}

/// Returns whether an account with these entities on its lists lets a sender through.
pub fn admits(account: &Account, entities: &[Entity], sender: &Address) -> bool {
    let is_on = |kind| {
        entities.iter().any(|on| {
            let is_meant = on.entity == *sender || on.entity.as_str() == sender.domain();
            on.kind == kind && is_meant
        })
    };
    !(account.block_list_in_use && is_on(EntityKind::Block))
        && (!account.grant_list_in_use || is_on(EntityKind::Grant))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred thousand idle phones stay in memory for a while after their login.
    #[test]
    fn a_person_with_one_phone_is_small() {
        let bytes = size_of::<Person>() + size_of::<Live>();
        assert!(bytes <= 1100, "{bytes} octets, session {}", size_of::<Session>());
    }
}
