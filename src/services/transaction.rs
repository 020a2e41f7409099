//! One message of a phone: its transactions are carried out, repeated ones answered from memory.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use compact_str::CompactString;
use tokio::task::JoinError;

use crate::{
    base::{clock::Millis, counters::Counter},
    bridge,
    csp::{
        address::UserAddress,
        document::{Document, Spelling},
        envelope::{Message, Mode, SessionDescriptor as Descriptor, Transaction, Unreadable},
        outcome::{Status, StatusResult},
        primitive::Primitive,
        status::Code,
        version::Version,
        wbxml::write::WriteOptions,
    },
    domain::{address::Address, aliases::Aliases, handset::Handset, refusal::Refusal},
    services::{
        answers::{ANSWERS, ContentMark},
        context::Services,
        people::{Cell, Held},
        refused,
    },
    store::{answers::Answer, write::Write},
};

/// Transactions of one message that are carried out; phones send one.
const MAX_TRANSACTIONS: usize = 10;

/// A transaction's id as long as those that we make.
const USUAL_ID: &str = "s123456789abcd";

/// Where a message came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The address on the network.
    pub remote: IpAddr,
    /// What the program calls itself.
    pub user_agent: &'a str,
    /// How the message was written down.
    pub spelling: Spelling,
}

/// What goes back to the phone.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The message.
    pub message: Message,
    /// How this phone wants it written.
    pub options: WriteOptions,
}

/// Who asks for something within a session.
pub struct Asker {
    /// The place of the account.
    pub cell: Arc<Cell>,
    /// The session.
    pub session: CompactString,
    /// The version of the message.
    pub version: Version,
    /// The kind of phone.
    pub handset: &'static Handset,
    /// The account's short names for others.
    pub aliases: Arc<Aliases>,
    /// The account as the phone writes it.
    pub user_spelling: CompactString,
    /// The transaction, unless it has no id.
    transaction: Option<CompactString>,
    /// What it asks, where a repetition must be told from something new.
    pub(super) content: Option<ContentMark>,
    /// The answer that its use case wants remembered.
    remembered: OnceLock<Answer>,
}

impl Asker {
    /// Returns the account.
    pub fn account(&self) -> &Address {
        &self.cell.address
    }

    /// Returns whom the phone means; none if nobody can have that address.
    pub fn meant(&self, user: &UserAddress) -> Option<Address> {
        bridge::address::meant(user, self.account().domain(), &self.aliases)
    }

    /// Returns an address of one of its requests in the spelling in which the phone reads it.
    pub fn given_back(&self, written: &UserAddress) -> UserAddress {
        if self.handset.escapes_addresses { written.without_escapes() } else { written.clone() }
    }

    /// Returns the row by which a repetition of this transaction is answered.
    ///
    /// `content` recognises the same request under another id.
    pub fn remember(
        &self,
        answer: &Primitive,
        content: Option<ContentMark>,
        now: Millis,
    ) -> Option<Write> {
        let transaction = self.transaction.clone()?;
        let content = content.or(self.content.map(ContentMark::under_one_id));
        let message = self.message(vec![Transaction::response(None, answer.clone())]);
        let body = message.write().write(Spelling::Wbxml, WriteOptions::default());
        let answer = Answer {
            session: self.session.clone(),
            transaction,
            content: content.map(|mark| mark.0.to_vec()),
            body,
            at: now,
        };
        Some(Write::PutAnswer(self.remembered.get_or_init(|| answer).clone()))
    }

    /// Returns about how many octets a message takes that carries something to the phone.
    pub fn octets(&self, primitive: &Primitive) -> usize {
        let id = CompactString::const_new(USUAL_ID);
        let mut message = self.message(vec![Transaction::request(id, primitive.clone())]);
        message.poll = Some(true);
        message.write().write(Spelling::Wbxml, options(self.handset)).len()
    }

    fn message(&self, transactions: Vec<Transaction>) -> Message {
        Message {
            version: self.version,
            session: Descriptor::inband(self.session.clone()),
            transactions,
            poll: None,
            cir: None,
        }
    }
}

impl Services {
    /// Carries out one message of a phone; none where an empty answer is the right one.
    ///
    /// It is carried to its end though nobody waits for the answer any more: a phone that goes
    /// away in the middle must not leave memory without what the store has.
    ///
    /// # Errors
    ///
    /// A use case panicked: all of the message is to be refused.
    pub async fn exchange(
        &self,
        message: Message,
        origin: Origin<'_>,
    ) -> Result<Option<Reply>, JoinError> {
        let Origin { remote, spelling, .. } = origin;
        let (services, user_agent) = (self.clone(), CompactString::from(origin.user_agent));
        let work = tokio::spawn(async move {
            let origin = Origin { remote, user_agent: &user_agent, spelling };
            services.carried_through(message, origin).await
        });
        work.await
    }

    async fn carried_through(&self, message: Message, origin: Origin<'_>) -> Option<Reply> {
        let Some(id) = message.session.session_id.clone() else {
            return self.outband(message, origin).await;
        };
        let asker = match self.asker(&id, &message, &origin).await {
            Ok(Some(asker)) => asker,
            Ok(None) => return self.without_session(message, origin).await,
            Err(refusal) => return refuse_all(&message, refusal),
        };
        let mut answers = Vec::new();
        for transaction in message.transactions.into_iter().take(MAX_TRANSACTIONS) {
            Counter::Transactions.count();
            answers.extend(self.inband(&asker, transaction, origin).await);
        }
        self.reply(&asker, answers).await
    }

    /// Finds the session, and takes note that its phone was heard.
    async fn asker(
        &self,
        id: &CompactString,
        message: &Message,
        origin: &Origin<'_>,
    ) -> Result<Option<Asker>, Refusal> {
        let now = self.clock.now();
        let Some(cell) = self.people.of_session(&self.store, id, now).await? else {
            return Ok(None);
        };
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else {
            return Ok(None);
        };
        let is_active = person.is_active();
        let aliases = person.aliases.clone();
        let Some(live) = person.live(id) else { return Ok(None) };
        if !is_active || live.session.expires < now {
            return Ok(None);
        }
        let asker = Asker {
            cell: cell.clone(),
            session: id.clone(),
            version: message.version,
            handset: Handset::named(&live.session.terms.handset),
            user_spelling: live.session.terms.user_spelling.clone(),
            aliases,
            transaction: None,
            content: None,
            remembered: OnceLock::new(),
        };
        let later = live.heard(now);
        if live.session.terms.remote != Some(origin.remote) {
            live.session.terms.remote = Some(origin.remote);
            live.stored();
            // The next request brings the address again: nobody needs to wait for this.
            self.write_later(vec![Write::PutSession(Box::new(live.session.clone()))]);
        } else if let Some(expires) = later {
            self.write_later(vec![Write::TouchSession { id: id.clone(), expires }]);
        }
        drop(person);
        Ok(Some(asker))
    }

    /// Carries out one transaction of a session.
    async fn inband(
        &self,
        asker: &Asker,
        transaction: Transaction,
        origin: Origin<'_>,
    ) -> Vec<Transaction> {
        let Transaction { mode, id, content } = transaction;
        let primitive = match content {
            Ok(primitive) => primitive,
            Err(_) if mode == Mode::Response => return Vec::new(),
            Err(unread) => return vec![Transaction::response(id, unreadable(&unread))],
        };
        match (mode, primitive) {
            (_, Primitive::PollingRequest) => self.pushes(asker).await,
            (Mode::Response, primitive) if is_acknowledgement(&primitive) => {
                self.confirmed(asker, id.as_deref(), primitive).await;
                self.pushes(asker).await
            }
            // handset: Android G8: who answers us is not answered, whatever it said.
            (Mode::Response, primitive) if !is_request(&primitive) => self.pushes(asker).await,
            (_, Primitive::LoginRequest(request)) => {
                vec![Box::pin(self.login_answer(request, id, asker.version, origin)).await]
            }
            (_, primitive) => {
                let content = changes_something(&primitive)
                    .then(|| ContentMark::of_request(&primitive, asker.version));
                let asker = Asker {
                    transaction: id.clone().filter(|id| !id.is_empty()),
                    content,
                    cell: asker.cell.clone(),
                    session: asker.session.clone(),
                    user_spelling: asker.user_spelling.clone(),
                    aliases: asker.aliases.clone(),
                    remembered: OnceLock::new(),
                    ..*asker
                };
                let answer = self.requested(&asker, primitive).await;
                vec![Transaction::response(id, answer)]
            }
        }
    }

    /// Carries out a request, once.
    async fn requested(&self, asker: &Asker, primitive: Primitive) -> Primitive {
        let cell = &asker.cell;
        let gate = if asks_elsewhere(&primitive) { &cell.asking } else { &cell.gate };
        let gate = gate.lock().await;
        if let Some(transaction) = &asker.transaction
            && let Some(content) = asker.content
        {
            match self.answered_before(asker, transaction, content).await {
                Ok(Some(answer)) => return answer,
                Ok(None) => {}
                Err(refusal) => return status(refusal),
            }
        }
        // As large as the largest use case: polls and confirmations, which need none, would move
        // all of it.
        let answer = Box::pin(self.dispatch(asker, primitive)).await;
        if answer.is_ok()
            && let Some(answer) = asker.remembered.get()
            && let Ok(mut person) = self.held(asker).await
            && let Some(live) = person.live(&asker.session)
        {
            live.answers.keep(answer.clone());
        }
        drop(gate);
        answer.unwrap_or_else(status)
    }

    /// Returns the answer that a transaction got before, if it asked the same.
    ///
    /// handset: Android §2: ids begin again after 999, and when the program is started.
    async fn answered_before(
        &self,
        asker: &Asker,
        transaction: &str,
        content: ContentMark,
    ) -> Result<Option<Primitive>, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        if let Some(answer) = live.answers.of_transaction(transaction) {
            return Ok(content.is_of(answer).then(|| replayed(answer)));
        }
        if live.answers.are_all_since(self.clock.now().before(ANSWERS)) {
            return Ok(None);
        }
        drop(person);
        let answer = self.store.answer(&asker.session, transaction).await.map_err(refused)?;
        Ok(answer.filter(|answer| content.is_of(answer)).map(|answer| replayed(&answer)))
    }

    /// Returns the answer that the same content got a short while ago in this session.
    pub(super) async fn same_before(&self, asker: &Asker) -> Result<Option<Primitive>, Refusal> {
        let Some(mark) = asker.content else { return Ok(None) };
        let Some(window) = asker.handset.repeat_window() else { return Ok(None) };
        let since = self.clock.now().before(window);
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        if let Some(answer) = live.answers.of_content(&mark.0, since) {
            return Ok(Some(replayed(answer)));
        }
        if live.answers.are_all_since(since) {
            return Ok(None);
        }
        drop(person);
        let answer = self.store.answer_by_content(&asker.session, &mark.0, since).await;
        Ok(answer.map_err(refused)?.map(|answer| replayed(&answer)))
    }

    /// Puts the answers into a message, and says whether more waits.
    async fn reply(&self, asker: &Asker, answers: Vec<Transaction>) -> Option<Reply> {
        if answers.is_empty() {
            return None;
        }
        let is_push = answers.iter().all(|answer| answer.mode == Mode::Request);
        let may_poll = asker.handset.poll_flag || !is_push;
        let poll = may_poll && self.more_waits(asker).await;
        let mut message = asker.message(answers);
        message.poll = Some(poll);
        Some(Reply { message, options: options(asker.handset) })
    }

    /// Answers what needs no session.
    async fn outband(&self, message: Message, origin: Origin<'_>) -> Option<Reply> {
        let version = message.version;
        let mut answers = Vec::new();
        let mut handset = Handset::recognised("", origin.user_agent, "");
        for transaction in message.transactions.into_iter().take(MAX_TRANSACTIONS) {
            let Transaction { mode, id, content } = transaction;
            let answer = match content {
                Ok(Primitive::LoginRequest(request)) => {
                    handset = self.handset_of(&request, &origin);
                    answers.push(Box::pin(self.login_answer(request, id, version, origin)).await);
                    continue;
                }
                Ok(Primitive::GetSpInfoRequest(_)) => self.provider(),
                Ok(Primitive::VersionDiscoveryRequest(request)) => self.versions(&request),
                Ok(_) if mode == Mode::Response => continue,
                Ok(_) => status(Refusal::NoSession),
                Err(_) if mode == Mode::Response => continue,
                Err(unread) => unreadable(&unread),
            };
            answers.push(Transaction::response(id, answer));
        }
        let message = Message {
            version,
            session: Descriptor::outband(),
            transactions: answers,
            poll: None,
            cir: None,
        };
        (!message.transactions.is_empty()).then(|| Reply { message, options: options(handset) })
    }

    /// Answers a session that has ended: the phone logs in again, or does so now.
    async fn without_session(&self, message: Message, origin: Origin<'_>) -> Option<Reply> {
        let is_login = |transaction: &Transaction| {
            matches!(
                transaction.content,
                Ok(Primitive::LoginRequest(_)
                    | Primitive::GetSpInfoRequest(_)
                    | Primitive::VersionDiscoveryRequest(_))
            )
        };
        if message.transactions.iter().any(is_login) {
            return self.outband(message, origin).await;
        }
        refuse_all(&message, Refusal::NoSession)
    }

    /// Returns exclusive access to the account that asks.
    pub(super) async fn held<'a>(&self, asker: &'a Asker) -> Result<Held<'a>, Refusal> {
        let held = self.people.hold(&self.store, &asker.cell).await?;
        held.ok_or(Refusal::NoSession)
    }
}

/// Refuses every request of a message alike; none where it has no request.
pub fn refuse_all(message: &Message, refusal: Refusal) -> Option<Reply> {
    // handset: S60 §4.6: with the request's own session, or the answer is ignored.
    let answers: Vec<Transaction> = message
        .transactions
        .iter()
        .filter(|transaction| transaction.mode == Mode::Request)
        .map(|transaction| Transaction::response(transaction.id.clone(), status(refusal)))
        .collect();
    let reply = Message {
        version: message.version,
        session: message.session.clone(),
        transactions: answers,
        poll: None,
        cir: None,
    };
    (!reply.transactions.is_empty())
        .then(|| Reply { message: reply, options: options(Handset::recognised("", "", "")) })
}

/// Returns the answer that a transaction got before.
fn replayed(answer: &Answer) -> Primitive {
    Counter::Replays.count();
    let document = Document::read(Spelling::Wbxml, &answer.body).ok();
    let message = document.and_then(|document| Message::read(&document).ok());
    let content = message
        .and_then(|message| message.transactions.into_iter().next())
        .and_then(|transaction| transaction.content.ok());
    content.unwrap_or_else(|| status(Refusal::Unavailable))
}

/// Returns the primitive that says no.
pub(super) fn status(refusal: Refusal) -> Primitive {
    let code: Code = bridge::refusal::code(refusal);
    let description = Some(bridge::refusal::words(refusal).into());
    Primitive::Status(Status { result: StatusResult { description, ..StatusResult::new(code) } })
}

/// Returns the primitive that says what could not be read.
fn unreadable(unread: &Unreadable) -> Primitive {
    let description = Some(unread.error.to_string().into());
    let result = StatusResult { description, ..StatusResult::new(unread.error.code) };
    Primitive::Status(Status { result })
}

/// Returns whether a primitive confirms something of ours.
fn is_acknowledgement(primitive: &Primitive) -> bool {
    matches!(primitive, Primitive::Status(_) | Primitive::MessageDelivered(_))
}

/// Returns whether a primitive is always the first half of a transaction, whatever the mode says.
fn is_request(primitive: &Primitive) -> bool {
    primitive.name().ends_with("-Request") || matches!(primitive, Primitive::PresenceAuthUser(_))
}

/// Returns whether a request, carried out twice, would do something twice or answer otherwise.
fn changes_something(primitive: &Primitive) -> bool {
    matches!(
        primitive,
        Primitive::SendMessageRequest(_)
            | Primitive::CreateListRequest(_)
            | Primitive::DeleteListRequest(_)
            | Primitive::ListManageRequest(_)
    )
}

/// Returns whether a request may wait for people elsewhere to answer; none of these changes
/// anything.
fn asks_elsewhere(primitive: &Primitive) -> bool {
    matches!(primitive, Primitive::GetPublicProfileRequest(_) | Primitive::GetPresenceRequest(_))
}

/// Returns the primitive that says yes.
pub(super) fn done() -> Primitive {
    Primitive::Status(Status { result: StatusResult::ok() })
}

fn options(handset: &Handset) -> WriteOptions {
    WriteOptions { read_piece_bytes: handset.read_piece_bytes }
}
