//! A phone and its session with the server.

use std::time::Duration;

use bytes::Bytes;
use compact_str::{CompactString, ToCompactString, format_compact};
use tokio::time::{Instant, sleep_until};

use crate::{
    base::{clock::Clock, ids::Ids},
    csp::{
        access::KeepAliveRequest,
        capability::CirMethod,
        document::{Document, Spelling},
        envelope::{Message, SessionDescriptor, Transaction},
        primitive::Primitive,
        wbxml::write::WriteOptions,
    },
    phone::{
        answers::accepted,
        book::Book,
        dialect,
        error::PhoneError,
        event::Event,
        handset::Handset,
        http::{Http, Reply},
        inbox::Inbox,
        pace::Pace,
        settings::{PhoneSettings, WakeBy},
        strict::{self, Purpose, Question},
        trace::{Trip, Way},
        wake::{Signal, Wake},
    },
};

/// Acknowledgements and polls that one exchange may lead to: far more than a full mailbox.
const MAX_CHORES: usize = 5000;

/// How the server calls a message.
pub type MessageId = CompactString;

/// A phone. Dropped without [`Phone::logout`], it is one that lost its network.
#[derive(Debug)]
pub struct Phone {
    pub(super) settings: PhoneSettings,
    pub(super) http: Http,
    pub(super) ids: Ids,
    pub(super) cookie: CompactString,
    pub(super) session_id: Option<CompactString>,
    pub(super) inbox: Inbox,
    pub(super) book: Book,
    pub(super) pace: Pace,
    pub(super) wake: Option<Wake>,
    pub(super) offered: Vec<CirMethod>,
    transactions: u32,
    last: Option<Sent>,
}

/// A request that went out, to be repeated.
#[derive(Clone, Debug)]
struct Sent {
    id: CompactString,
    primitive: Primitive,
    body: Bytes,
}

/// Why a phone that waited stops waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The time that it was given is over.
    Deadline,
    /// A poll is due.
    Poll,
    /// A sign of life is due.
    KeepAlive,
    /// Something was heard from the server.
    Signal(Heard),
}

/// What was heard from the server outside of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard(Signal);

impl Phone {
    /// Makes a phone, switched on and not logged in.
    ///
    /// # Errors
    ///
    /// If the handset cannot do what the settings want.
    pub fn new(settings: PhoneSettings) -> Result<Self, PhoneError> {
        let PhoneSettings { habits, version, spelling, .. } = settings;
        if let Some(why) = habits.refuses(version, spelling) {
            return Err(PhoneError::Setting(why.into()));
        }
        // handset: Android §4
        if habits.handset == Handset::Android && settings.cir == Some(WakeBy::Udp) {
            let why = "the android client cannot be woken by datagrams";
            return Err(PhoneError::Setting(why.into()));
        }
        let ids = Ids::new(Clock::system());
        Ok(Self {
            http: Http::new(&settings.url, habits.user_agent)?,
            cookie: new_cookie(habits.handset, &ids),
            session_id: None,
            inbox: Inbox::new(habits),
            book: Book::default(),
            pace: Pace::new(habits, settings.poll),
            wake: None,
            offered: Vec::new(),
            transactions: 0,
            last: None,
            settings,
            ids,
        })
    }

    /// Returns the settings.
    pub fn settings(&self) -> &PhoneSettings {
        &self.settings
    }

    /// Returns the id of the session while the phone is logged in.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Returns the cookie that wake-ups carry.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Sends a request and returns its answer, whatever that says.
    ///
    /// What the server sends besides is taken in and acknowledged before this returns.
    pub async fn request(&mut self, primitive: Primitive) -> Result<Primitive, PhoneError> {
        if self.session_id.is_none() {
            return Err(PhoneError::LoggedOut);
        }
        let id = self.next_transaction();
        self.request_as(id, primitive).await
    }

    /// Sends the same octets as the last request once more, as a phone does whose connection
    /// broke, and returns the answer.
    pub async fn resend_last(&mut self) -> Result<Primitive, PhoneError> {
        let last = self.last.clone().ok_or(PhoneError::LoggedOut)?;
        self.carry_out(last).await
    }

    /// Sends the last request once more under a new transaction id (handset: Android G32).
    pub async fn retry_last(&mut self) -> Result<Primitive, PhoneError> {
        let last = self.last.clone().ok_or(PhoneError::LoggedOut)?;
        self.request(last.primitive).await
    }

    /// Polls, and returns how many things the server sent.
    ///
    /// Polls again as long as the server says that more waits.
    pub async fn poll(&mut self) -> Result<usize, PhoneError> {
        if self.session_id.is_none() {
            return Err(PhoneError::LoggedOut);
        }
        let before = self.inbox.pushed();
        self.inbox.want_poll();
        let done = self.do_chores().await;
        let brought = self.inbox.pushed() - before;
        self.pace.polled(brought == 0);
        done.map(|()| brought)
    }

    /// Tells the server that the phone lives.
    pub async fn keep_alive(&mut self) -> Result<(), PhoneError> {
        let request = Primitive::KeepAliveRequest(KeepAliveRequest::default());
        let answer = self.request(request).await?;
        let answer = accepted("KeepAlive-Request", answer, &[])?;
        if let Primitive::KeepAliveResponse(response) = answer
            && let Some(secs) = response.keep_alive_secs
        {
            self.pace.set_keep_alive(secs);
        }
        Ok(())
    }

    /// Logs out; the session is over even if the server does not say so.
    pub async fn logout(&mut self) -> Result<(), PhoneError> {
        // handset: Android §3: the ear is closed first.
        self.wake = None;
        let answer = self.request(Primitive::LogoutRequest).await;
        self.session_id = None;
        accepted("Logout-Request", answer?, &[]).map(drop)
    }

    /// Returns the next thing that happens, or none if nothing does within that time.
    ///
    /// Meanwhile the phone polls when it is woken, and on its own at its handset's pace.
    pub async fn next_event(&mut self, within: Duration) -> Result<Option<Event>, PhoneError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(event) = self.inbox.next_event() {
                return Ok(Some(event));
            }
            if self.session_id.is_none() {
                return Err(PhoneError::LoggedOut);
            }
            match self.idle(deadline).await {
                Cause::Deadline => return Ok(None),
                cause => self.follow(cause).await?,
            }
        }
    }

    /// Returns what has happened already, without waiting.
    pub fn take_event(&mut self) -> Option<Event> {
        self.inbox.next_event()
    }

    /// Holds acknowledgements back, as a phone does that breaks down while it reads; or sends
    /// them from now on.
    pub fn hold_acknowledgements(&mut self, are_held: bool) {
        self.inbox.hold_acknowledgements(are_held);
    }

    /// Waits until there is a reason to act. Nothing is lost if this is given up.
    pub async fn idle(&mut self, deadline: Instant) -> Cause {
        let at = |due: Option<Instant>| async move {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let heard = async {
            match &mut self.wake {
                Some(wake) => wake.signal().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = heard => Cause::Signal(Heard(signal)),
            () = at(self.pace.next_keep_alive()) => Cause::KeepAlive,
            () = at(self.pace.next_poll()) => Cause::Poll,
            () = sleep_until(deadline) => Cause::Deadline,
        }
    }

    /// Does what there is a reason for.
    pub async fn follow(&mut self, cause: Cause) -> Result<(), PhoneError> {
        match cause {
            Cause::Deadline => Ok(()),
            Cause::KeepAlive => self.keep_alive().await,
            Cause::Poll => self.poll().await.map(drop),
            Cause::Signal(Heard(signal)) => match signal {
                Signal::Woken => {
                    self.inbox.happens(Event::Woken);
                    self.poll().await.map(drop)
                }
                // handset: Android §4
                Signal::Restored => self.poll().await.map(drop),
                Signal::Lost => {
                    self.pace.set_woken(false);
                    Ok(())
                }
                Signal::Fault(fault) if self.settings.is_strict => Err(fault.into()),
                Signal::Fault(_) => Ok(()),
            },
        }
    }

    /// Returns the id of a new transaction (handset: S60 §3.2, Android §2).
    pub(super) fn next_transaction(&mut self) -> CompactString {
        self.transactions += 1;
        match self.settings.habits.handset {
            Handset::S60 => format_compact!("nok{}", self.transactions),
            Handset::Android => ((self.transactions - 1) % 999 + 1).to_compact_string(),
            Handset::Plain => format_compact!("p{}", self.transactions),
        }
    }

    /// Sends a request under a given id and returns its answer.
    pub(super) async fn request_as(
        &mut self,
        id: CompactString,
        primitive: Primitive,
    ) -> Result<Primitive, PhoneError> {
        let body = self.spell(Transaction::request(id.clone(), primitive.clone()));
        let sent = Sent { id, primitive, body };
        self.last = Some(sent.clone());
        self.carry_out(sent).await
    }

    async fn carry_out(&mut self, sent: Sent) -> Result<Primitive, PhoneError> {
        let name = CompactString::from(sent.primitive.name());
        self.inbox.expect(sent.id.clone());
        let purpose = Purpose::Request { name: &name, id: &sent.id };
        self.exchange(purpose, &sent.body).await?;
        self.do_chores().await?;
        if !self.inbox.is_answered() && self.settings.habits.waits_for_answer {
            self.wait_for_answer().await?;
        }
        self.inbox.take_answer().ok_or_else(|| PhoneError::NoAnswer(name.into()))
    }

    /// Polls until the answer is there or too late (handset: S60 §1).
    async fn wait_for_answer(&mut self) -> Result<(), PhoneError> {
        let deadline = Instant::now() + self.settings.habits.patience;
        while !self.inbox.is_answered() && self.session_id.is_some() {
            match self.idle(deadline).await {
                Cause::Deadline => return Ok(()),
                Cause::KeepAlive => self.poll().await.map(drop)?,
                cause => Box::pin(self.follow(cause)).await?,
            }
        }
        Ok(())
    }

    /// Posts the acknowledgements and polls that what came asks for, and those that their
    /// answers ask for.
    async fn do_chores(&mut self) -> Result<(), PhoneError> {
        let mut done = 0;
        while self.session_id.is_some()
            && let Some(transaction) = self.inbox.next_chore()
        {
            done += 1;
            if done > MAX_CHORES {
                return Err(PhoneError::Endless(done));
            }
            let id = transaction.id.clone().unwrap_or_default();
            let is_poll = transaction.content == Ok(Primitive::PollingRequest);
            let body = self.spell(transaction.clone());
            let purpose =
                if is_poll { Purpose::Poll } else { Purpose::Acknowledgement { id: &id } };
            let exchanged = self.exchange(purpose, &body).await;
            if let Err(error) = &exchanged
                && error.is_of_network()
                && !is_poll
                && self.settings.habits.repeats_acknowledgements
            {
                self.inbox.put_back(transaction);
            }
            exchanged?;
        }
        Ok(())
    }

    /// Writes a transaction as the handset does.
    fn spell(&self, transaction: Transaction) -> Bytes {
        let session = match &self.session_id {
            Some(id) => SessionDescriptor::inband(id.clone()),
            None => SessionDescriptor::outband(),
        };
        let version = self.settings.version;
        let transactions = vec![transaction];
        let message = Message { version, session, transactions, poll: None, cir: None };
        let mut document = message.write();
        dialect::speak(self.settings.habits.handset, &mut document.root);
        document.write(self.settings.spelling, WriteOptions::default()).into()
    }

    /// Posts a body and takes in what is answered.
    async fn exchange(&mut self, purpose: Purpose<'_>, body: &Bytes) -> Result<(), PhoneError> {
        let PhoneSettings { habits, version, spelling, is_strict, .. } = self.settings;
        self.show(Way::Out, body);
        let patience =
            if purpose == Purpose::Poll { habits.poll_patience } else { habits.patience };
        self.pace.exchanged();
        let reply = self.http.post(spelling.media_type(version), body, patience).await?;
        self.show(Way::In(reply.status), &reply.body);
        if is_strict {
            let session_id = self.session_id.as_deref();
            let offered = &self.offered;
            let question = Question {
                handset: habits.handset,
                version,
                spelling,
                purpose,
                session_id,
                offered,
            };
            strict::check(&question, &reply)?;
        }
        match read(spelling, &reply)? {
            Some(message) => self.take_in(message),
            None => Ok(()),
        }
    }

    fn take_in(&mut self, message: Message) -> Result<(), PhoneError> {
        let presences = self.inbox.take_in(message, self.session_id.as_deref())?;
        presences.into_iter().for_each(|presence| self.book.see(presence));
        if self.inbox.is_over() {
            self.session_id = None;
            self.wake = None;
        }
        Ok(())
    }

    fn show(&self, way: Way, body: &[u8]) {
        if let Some(trace) = &self.settings.trace {
            trace.show(&Trip { way, body });
        }
    }
}

/// Reads a reply; an empty one is none.
fn read(spelling: Spelling, reply: &Reply) -> Result<Option<Message>, PhoneError> {
    if reply.status != 200 {
        let text = String::from_utf8_lossy(&reply.body);
        let text = text.lines().next().unwrap_or_default().chars().take(200).collect();
        return Err(PhoneError::Http { status: reply.status, text });
    }
    if reply.body.is_empty() {
        return Ok(None);
    }
    // The handset has one parser, whatever the server says that this is.
    if Spelling::sniff(&reply.body) != Some(spelling) {
        let what = "its answer is not in the spelling that it was asked in";
        return Err(PhoneError::NotCsp(what.into()));
    }
    let document = Document::read(spelling, &reply.body)?;
    if document.root.name() != "WV-CSP-Message" {
        let what = format!("it answers with {}", document.root.name());
        return Err(PhoneError::NotCsp(what));
    }
    Ok(Some(Message::read(&document)?))
}

/// Makes the cookie of a login (handset: S60 §3.2, Android §3).
pub(super) fn new_cookie(handset: Handset, ids: &Ids) -> CompactString {
    let number = ids.next_number();
    match handset {
        Handset::S60 => format_compact!("wv:nokia.{number}"),
        Handset::Android => format_compact!("{}-{}", number >> 19, number & 0x7FFFF),
        Handset::Plain => format_compact!("c{number}"),
    }
}
