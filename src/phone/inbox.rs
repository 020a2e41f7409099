//! What the server sent: answers, things to acknowledge, and what the user gets to know.

use std::collections::VecDeque;

use compact_str::CompactString;

use crate::{
    csp::{
        delivery::MessageDelivered,
        envelope::{Content, Message, Mode, SessionKind, Transaction},
        outcome::Status,
        presence::Presence,
        presence_access::PresenceAuthRequest,
        presence_name::AttributeSet,
        primitive::Primitive,
        status::Code,
    },
    phone::{
        answers::result_of,
        error::PhoneError,
        event::{self, Event, Seen},
        handset::{Habits, Handset},
    },
};

/// Takes messages apart as the handset does.
#[derive(Debug)]
pub(super) struct Inbox {
    habits: Habits,
    events: VecDeque<Event>,
    chores: VecDeque<Transaction>,
    /// What the server asked last about each user who wants to see the phone's.
    questions: Vec<PresenceAuthRequest>,
    /// The server transactions that came last, where the handset remembers them.
    remembered: VecDeque<CompactString>,
    expected: Option<CompactString>,
    answer: Option<Primitive>,
    pushed: usize,
    holds_acknowledgements: bool,
    is_over: bool,
}

impl Inbox {
    pub(super) fn new(habits: Habits) -> Self {
        Self {
            habits,
            events: VecDeque::new(),
            chores: VecDeque::new(),
            questions: Vec::new(),
            remembered: VecDeque::new(),
            expected: None,
            answer: None,
            pushed: 0,
            holds_acknowledgements: false,
            is_over: false,
        }
    }

    /// Returns the attributes that the question about a user named.
    pub(super) fn asked_of(&self, user: &str) -> Option<AttributeSet> {
        let question = self.questions.iter().find(|question| question.user.as_written() == user);
        question.map(|question| question.attributes.clone())
    }

    /// Expects the answer to a request.
    pub(super) fn expect(&mut self, id: CompactString) {
        self.answer = None;
        self.expected = Some(id);
        self.is_over = false;
    }

    /// Queues a poll unless one is queued.
    pub(super) fn want_poll(&mut self) {
        let is_poll = |chore: &Transaction| matches!(chore.content, Ok(Primitive::PollingRequest));
        if !self.chores.iter().any(is_poll) {
            let id = self.habits.has_empty_poll_id.then(CompactString::default);
            let content = Ok(Primitive::PollingRequest);
            self.chores.push_back(Transaction { mode: Mode::Request, id, content });
        }
    }

    pub(super) fn hold_acknowledgements(&mut self, are_held: bool) {
        self.holds_acknowledgements = are_held;
    }

    pub(super) fn happens(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(super) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(super) fn next_chore(&mut self) -> Option<Transaction> {
        self.chores.pop_front()
    }

    /// Queues again what could not be posted.
    pub(super) fn put_back(&mut self, chore: Transaction) {
        self.chores.push_front(chore);
    }

    pub(super) fn take_answer(&mut self) -> Option<Primitive> {
        self.expected = None;
        self.answer.take()
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Returns whether the server has ended the session.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns how many things the server has sent by its own choice.
    pub(super) fn pushed(&self) -> usize {
        self.pushed
    }

    /// Takes a message in, and returns the presence that it tells.
    pub(super) fn take_in(
        &mut self,
        message: Message,
        session_id: Option<&str>,
    ) -> Result<Vec<Seen>, PhoneError> {
        if !self.is_of_session(&message, session_id) {
            return Ok(Vec::new());
        }
        let wants_poll = message.poll == Some(true);
        let is_android = self.habits.handset == Handset::Android;
        // handset: Android G13: the poll goes out before the acknowledgement.
        if wants_poll && is_android {
            self.want_poll();
        }
        let mut transactions = message.transactions;
        if is_android {
            // handset: Android G10: only the last is seen.
            transactions = transactions.pop().into_iter().collect();
        }
        let mut seen = Vec::new();
        for transaction in transactions {
            self.receive(transaction, &mut seen)?;
        }
        // handset: S60 §3.3
        if wants_poll && !is_android {
            self.want_poll();
        }
        Ok(seen)
    }

    /// handset: S60 §3.2: a message of another session is passed over.
    fn is_of_session(&self, message: &Message, session_id: Option<&str>) -> bool {
        let given = message.session.session_id.as_deref();
        let is_inband = message.session.kind == SessionKind::Inband;
        let is_other = given.is_some() && session_id.is_some() && given != session_id;
        self.habits.handset != Handset::S60 || !(is_inband && is_other)
    }

    fn receive(
        &mut self,
        transaction: Transaction,
        seen: &mut Vec<Seen>,
    ) -> Result<(), PhoneError> {
        let Transaction { mode, id, content } = transaction;
        let primitive = readable(content)?;
        let code = result_of(&primitive).map(|result| result.code);
        let may_end = mode == Mode::Response || self.habits.handset == Handset::S60;
        // handset: S60 §4.6, Android §2: these end the session wherever they stand.
        if let Some(code) = code
            && may_end
            && ENDING.contains(&code)
        {
            self.end(code);
        }
        if self.is_answer(mode, id.as_ref()) {
            let is_provisional = code.is_some_and(Code::is_provisional);
            if !is_provisional {
                self.see_answer(&primitive, seen);
                self.answer = Some(primitive);
            }
            return Ok(());
        }
        let is_push = match self.habits.handset {
            // handset: S60 §3.4: what is expected by nobody is a push, unless it is a Status.
            Handset::S60 => !matches!(primitive, Primitive::Status(_)),
            Handset::Android | Handset::Plain => mode == Mode::Request,
        };
        if is_push && !self.is_known(id.as_ref()) {
            self.pushed += 1;
            self.treat(id, primitive, seen);
        }
        Ok(())
    }

    fn is_answer(&self, mode: Mode, id: Option<&CompactString>) -> bool {
        let may_answer = mode == Mode::Response || self.habits.handset == Handset::S60;
        may_answer && id.is_some() && id == self.expected.as_ref()
    }

    fn see_answer(&self, answer: &Primitive, seen: &mut Vec<Seen>) {
        if let Primitive::GetPresenceResponse(response) = answer {
            seen.extend(response.presences.iter().map(|presence| self.look(presence.clone())));
        }
    }

    /// handset: S60 §3.4: an id that is remembered is neither treated nor acknowledged again.
    fn is_known(&mut self, id: Option<&CompactString>) -> bool {
        let Some(id) = id.filter(|_| self.habits.remembered_ids > 0) else { return false };
        if self.remembered.contains(id) {
            return true;
        }
        if self.remembered.len() == self.habits.remembered_ids {
            self.remembered.pop_front();
        }
        self.remembered.push_back(id.clone());
        false
    }

    /// Treats what the server sends by its own choice (handset: S60 §3.4, Android §2).
    fn treat(&mut self, id: Option<CompactString>, primitive: Primitive, seen: &mut Vec<Seen>) {
        let done = || Primitive::Status(Status::new(Code::OK));
        match primitive {
            Primitive::NewMessage(new) => {
                let message_id = new.letter.info.message_id.clone().unwrap_or_default();
                self.acknowledge(id, Primitive::MessageDelivered(MessageDelivered { message_id }));
                self.happens(event::message(new));
            }
            Primitive::PresenceNotificationRequest(notification) => {
                self.acknowledge(id, done());
                for presence in notification.presences {
                    let presence = self.look(presence);
                    seen.push(presence.clone());
                    self.happens(Event::Presence(presence));
                }
            }
            Primitive::PresenceAuthRequest(request) => {
                self.acknowledge(id, done());
                self.happens(Event::AuthRequest { user: request.user.as_written().into() });
                self.questions.retain(|question| question.user != request.user);
                self.questions.push(request);
            }
            Primitive::DeliveryReportRequest(report) => {
                self.acknowledge(id, done());
                self.happens(event::report(report));
            }
            Primitive::Disconnect(disconnect) => {
                let code = disconnect.result.map_or(Code::OK, |result| result.code);
                self.end(code);
            }
            other if ACKNOWLEDGED.contains(&other.name()) => self.acknowledge(id, done()),
            // handset: Android G14: nothing is ever said about the rest.
            _ => {}
        }
    }

    fn look(&self, presence: Presence) -> Seen {
        Seen::by(self.habits.handset, presence)
    }

    fn acknowledge(&mut self, id: Option<CompactString>, acknowledgement: Primitive) {
        if !self.holds_acknowledgements {
            self.chores.push_back(Transaction::response(id, acknowledgement));
        }
    }

    fn end(&mut self, code: Code) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.chores.clear();
            self.happens(Event::Disconnected(code));
        }
    }
}

fn readable(content: Content) -> Result<Primitive, PhoneError> {
    content.map_err(|unreadable| PhoneError::Odd(unreadable.error))
}

/// Codes that end the session.
const ENDING: [Code; 3] = [Code::SESSION_EXPIRED, Code::FORCED_LOGOUT, Code::INVALID_SESSION];

/// What is acknowledged, though this phone has no use for it.
const ACKNOWLEDGED: [&str; 5] = [
    "CancelInviteUser-Request",
    "GroupChangeNotice",
    "Invite-Response",
    "InviteUser-Request",
    "LeaveGroup-Response",
];
