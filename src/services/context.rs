//! What every use case is given: store, clock, ids, the rules of the house, the ways out.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    base::{
        clock::{Clock, Millis},
        counters::Counter,
        ids::Ids,
    },
    domain::{account::Registration, address::Address, refusal::Refusal},
    services::{
        asked::Asked,
        attempts::Attempts,
        backlog::Backlog,
        call::Call,
        drawing::Drawings,
        fetches::Fetches,
        fresh::Fresh,
        operator_sessions::OperatorSessions,
        outbox::Outgoing,
        passwords::Keeper,
        people::{Cell, Held, People},
        probed::Probes,
        questions::Questions,
        refused,
        searches::Searches,
        sights::Sights,
        strangers::Strangers,
        unshown::Unshown,
        waiting::Waiting,
    },
    store::{Store, write::Write},
};

/// Stanzas that may wait for the link; beyond it durable ones are read from the store again and
/// others are dropped.
pub const LINK_QUEUE: usize = 10_000;

/// Calls that may wait to be sent to phones.
pub const CALL_QUEUE: usize = 10_000;

/// Rows of the outbox counted at once.
const PAGE: u32 = 1000;

/// How often it is looked whether the link has room again.
const ROOM: Duration = Duration::from_millis(5);

/// The number of a link that takes what waited for it, before anything new is said.
const COMING: i64 = -1;

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Our domain, in canonical form.
    pub domain: String,
    /// Who may have an account.
    pub registration: Registration,
    /// Who may give commands, each somebody elsewhere.
    pub operators: Vec<Address>,
    /// Host and port of the wake-up socket, if phones are told of it.
    pub tcp_wake: Option<(String, u16)>,
    /// Whether phones may be woken by datagrams.
    pub udp_wake: bool,
    /// Seconds that phones may be silent: what they ask for is held to this.
    pub keep_alive: RangeInclusive<u32>,
    /// Where people turn to, by matter: see [`crate::services::identity`].
    pub contact: Vec<(&'static str, Vec<String>)>,
}

/// All use cases, on what they share.
#[derive(Clone)]
pub struct Services(Arc<Shared>);

/// What the use cases share.
pub struct Shared {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// When this process began.
    pub started: Millis,
    /// New ids.
    pub ids: Ids,
    /// Passwords.
    pub keeper: Keeper,
    /// What the operator decided.
    pub rules: Rules,
    /// Who is in memory.
    pub people: People,
    /// Failed logins and new accounts of late.
    pub attempts: Attempts,
    /// Who asked to see accounts of late.
    pub(super) strangers: Strangers,
    /// Commands that operators have begun.
    pub(super) operator_sessions: OperatorSessions,
    pub(super) link: mpsc::Sender<Outgoing>,
    /// The link is kept by another process: what is said goes by way of the store.
    is_apart: AtomicBool,
    /// Durable stanzas that go to the link by way of the store.
    pub(super) backlog: Backlog,
    /// What contacts elsewhere are shown in a moment.
    pub(super) unshown: Unshown,
    waiting: Mutex<Waiting>,
    /// The number of the present link; zero while there is none, and [`COMING`] for a while.
    link_number: AtomicI64,
    /// Held while departures are told: each once.
    pub(super) departing: tokio::sync::Mutex<()>,
    /// When to conclude who did not answer.
    pub(super) probes: Probes,
    /// What contacts showed when they were probed.
    pub(super) fresh: Fresh,
    /// Questions of ours that wait for their answers.
    pub(super) questions: Questions,
    /// What programs of contacts can do.
    pub(super) capabilities: Sights,
    /// Searches with more pages.
    pub(super) searches: Searches,
    /// What contacts were asked of late.
    pub(super) asked: Asked,
    /// Pictures drawn of late.
    pub(super) drawings: Drawings,
    /// Pictures of contacts that are fetched.
    pub(super) fetches: Fetches,
    calls: mpsc::Sender<Call>,
}

impl std::ops::Deref for Services {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The ends of the ways out, for the edges.
pub struct Ways {
    /// Stanzas for the link.
    pub link: mpsc::Receiver<Outgoing>,
    /// Wake-ups for the phones.
    pub calls: mpsc::Receiver<Call>,
}

impl Services {
    /// Opens the house on a store.
    pub fn new(store: Store, clock: Clock, ids: Ids, keeper: Keeper, rules: Rules) -> (Self, Ways) {
        let (link, link_end) = mpsc::channel(LINK_QUEUE);
        let (calls, calls_end) = mpsc::channel(CALL_QUEUE);
        let shared = Shared {
            store,
            started: clock.now(),
            clock,
            ids,
            keeper,
            waiting: Mutex::new(Waiting::of(&rules.domain)),
            rules,
            people: People::default(),
            attempts: Attempts::default(),
            strangers: Strangers::default(),
            operator_sessions: OperatorSessions::default(),
            link,
            is_apart: AtomicBool::new(false),
            backlog: Backlog::default(),
            unshown: Unshown::default(),
            link_number: AtomicI64::new(0),
            departing: tokio::sync::Mutex::default(),
            probes: Probes::default(),
            fresh: Fresh::default(),
            questions: Questions::default(),
            capabilities: Sights::default(),
            searches: Searches::default(),
            asked: Asked::default(),
            drawings: Drawings::default(),
            fetches: Fetches::default(),
            calls,
        };
        (Self(Arc::new(shared)), Ways { link: link_end, calls: calls_end })
    }
}

impl Shared {
    /// Returns how many seconds a phone that wants so many may be silent.
    pub(super) fn granted(&self, wanted: u32) -> u32 {
        let (shortest, longest) = (*self.rules.keep_alive.start(), *self.rules.keep_alive.end());
        wanted.max(shortest).min(longest)
    }

    /// Returns whether an address is of our domain.
    pub fn is_ours(&self, address: &Address) -> bool {
        address.domain() == self.rules.domain
    }

    /// Returns the places of those of these accounts that are ours, in the order in which they
    /// are to be held.
    pub(super) fn cells<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a Address>,
    ) -> Vec<Arc<Cell>> {
        let ours: BTreeSet<&Address> =
            accounts.into_iter().filter(|account| self.is_ours(account)).collect();
        let now = self.clock.now();
        ours.into_iter().map(|account| self.people.cell(account, now)).collect()
    }

    /// Waits for exclusive access to several people; see [`People::hold_all`].
    pub(super) async fn hold_all<'a>(
        &self,
        cells: &'a [Arc<Cell>],
    ) -> Result<Vec<Held<'a>>, Refusal> {
        self.people.hold_all(&self.store, cells).await
    }

    /// Has all that is said go by way of the store, from where the process that keeps the link
    /// takes it: this is an operator's command.
    pub fn stay_apart(&self) {
        self.is_apart.store(true, Relaxed);
    }

    /// Returns whether another process keeps the link.
    pub(super) fn is_apart(&self) -> bool {
        self.is_apart.load(Relaxed)
    }

    /// Returns whether the link is up, and what waited for it has gone.
    pub fn is_linked(&self) -> bool {
        self.link_number() != 0
    }

    /// Returns the number of the present link; zero while there is none.
    pub(super) fn link_number(&self) -> i64 {
        self.link_number.load(Relaxed).max(0)
    }

    /// Takes note that the link is there, and first takes what waits.
    pub(super) fn link_comes(&self) {
        self.backlog.wait_from(i64::MIN);
        self.link_number.store(COMING, Relaxed);
    }

    /// Takes note that the link is up; returns its number.
    pub(super) fn link_is_up(&self) -> i64 {
        let link = self.ids.next_number();
        self.link_number.store(link, Relaxed);
        link
    }

    /// Takes note that the link is away: what is said until it is back waits.
    pub(super) fn link_is_away(&self) {
        self.link_number.store(0, Relaxed);
        self.backlog.wait_from(i64::MIN);
    }

    /// Waits while the link has much to send already, for those who have much to say at once.
    pub(super) async fn link_has_room(&self) {
        while self.is_linked() && self.link.capacity() < LINK_QUEUE / 2 {
            tokio::time::sleep(ROOM).await;
        }
    }

    /// Counts what an earlier process left in the outbox, and has it go first.
    pub async fn count_outbox(&self) {
        self.backlog.wait_from(i64::MIN);
        let mut after = i64::MIN;
        loop {
            let Ok(page) = self.store.outbox(after, PAGE).await.map_err(refused) else { return };
            let mut waiting = self.waiting();
            page.iter().for_each(|row| waiting.add(row.id, &row.wire));
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => after = last.id,
                _ => return,
            }
        }
    }

    /// Looks at what waits in the outbox; never across a wait.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of this lock panics")
    }

    /// Returns how many durable stanzas wait.
    pub fn outbox_waiting(&self) -> usize {
        self.waiting().count()
    }

    /// Hands a stanza to the link; one that is not durable is dropped while the link is away.
    pub fn send(&self, stanza: Outgoing) {
        match stanza.row {
            Some(row) => self.backlog.pass(row, || self.link.try_send(stanza).is_ok()),
            None if self.is_apart() => {
                let (id, at) = (self.ids.next_number(), self.clock.now());
                let write = Write::PutOutbox { id, wire: stanza.wire.into_text(), at };
                // Committed at the latest when the command closes the store.
                drop(self.store.submit(vec![write]));
            }
            None => {
                let is_there = self.link_number.load(Relaxed) != 0;
                if !is_there || self.link.try_send(stanza).is_err() {
                    Counter::StanzasDropped.count();
                }
            }
        }
    }

    /// Hands a wake-up, or the news that one is no longer needed, to those who send them; false
    /// where too much waits there already.
    pub fn call(&self, call: Call) -> bool {
        self.calls.try_send(call).is_ok()
    }
}
