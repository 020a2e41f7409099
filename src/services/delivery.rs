//! What waits goes to the phone, one thing at a time, until it says that it has it.

use compact_str::CompactString;

use crate::{
    base::{counters::Counter, ids},
    bridge,
    csp::{
        envelope::Transaction,
        presence::{Presence, PresenceNotificationRequest},
        presence_access::PresenceAuthRequest,
        presence_name::AttributeSet,
        primitive::Primitive,
    },
    domain::{
        address::Address,
        mailbox::{Content, Letter, Message, Outcome, Report},
        refusal::Refusal,
    },
    services::{
        context::Services,
        mailbox::KEPT,
        people::Held,
        person::{Cargo, Flight, Live, PATIENCE, Person},
        transaction::Asker,
        unit::Unit,
    },
    store::write::Write,
    xmpp::{
        hints::Hints,
        message::{Message as Stanza, MessageKind, Receipt},
    },
};

/// Things handed out and not confirmed at once; then the phone must confirm first.
const MAX_FLIGHTS: usize = 8;

impl Services {
    /// Returns what the phone is given now; nothing where nothing waits.
    pub(super) async fn pushes(&self, asker: &Asker) -> Vec<Transaction> {
        match self.next_pushes(asker).await {
            Ok(pushes) => pushes,
            Err(refusal) => {
                tracing::warn!(?refusal, account = %asker.account(), "nothing could be handed out");
                Vec::new()
            }
        }
    }

    async fn next_pushes(&self, asker: &Asker) -> Result<Vec<Transaction>, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        self.came(live);
        if !live.is_ready() {
            return Ok(Vec::new());
        }
        let most = live.session.terms.transactions_per_message as usize;
        let mut pushes = Vec::new();
        let mut room = asker.handset.body_bytes;
        while pushes.len() < most {
            let Some((cargo, tries)) = self.next_cargo(&mut person, asker).await? else { break };
            let (cargo, primitive) = self.loaded(&mut person, asker, cargo, tries).await?;
            let bytes = asker.octets(&primitive);
            if bytes > room && !pushes.is_empty() {
                break;
            }
            room = room.saturating_sub(bytes);
            pushes.push(self.take_off(&mut person, asker, cargo, tries, primitive));
        }
        Ok(pushes)
    }

    /// Returns whether a poll would bring something now.
    pub(super) async fn more_waits(&self, asker: &Asker) -> bool {
        let Ok(mut person) = self.held(asker).await else { return false };
        match person.live(&asker.session) {
            Some(live) if live.is_ready() => {}
            _ => return false,
        }
        matches!(self.next_cargo(&mut person, asker).await, Ok(Some(_)))
    }

    /// Returns what is next: questions, messages, presence; with how often it was tried.
    async fn next_cargo(
        &self,
        person: &mut Person,
        asker: &Asker,
    ) -> Result<Option<(Cargo, u8)>, Refusal> {
        let now = self.clock.now();
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let under_way =
            live.flights.iter().filter(|flight| now.since(flight.at) < PATIENCE).count();
        if under_way >= MAX_FLIGHTS {
            return Ok(None);
        }
        if let Some((contact, tries)) = self.next_question(person, &asker.session).await? {
            return Ok(Some((Cargo::Question(contact), tries)));
        }
        if let Some((letter, tries)) = self.next_letter(person, &asker.session).await? {
            return Ok(Some((Cargo::Letter(letter), tries)));
        }
        let most = asker.handset.presences_per_notification;
        self.next_changes(person, &asker.session, most).await
    }

    /// Returns the primitive that carries something, and what it carries: of the presence of
    /// several contacts no more than fits.
    async fn loaded(
        &self,
        person: &mut Person,
        asker: &Asker,
        cargo: Cargo,
        tries: u8,
    ) -> Result<(Cargo, Primitive), Refusal> {
        let primitive = match &cargo {
            Cargo::Letter(id) => {
                let letter =
                    self.letters(person).await?.get(id).cloned().ok_or(Refusal::NoSuchMessage)?;
                self.letter_to_phone(person, asker, &letter).await?
            }
            Cargo::Presence(changes) => {
                let contacts: Vec<Address> =
                    changes.iter().map(|(contact, _)| contact.clone()).collect();
                let mut presences = self.presences_to_phone(person, asker, &contacts).await?;
                // What comes again comes as it came before: all of it is told or none.
                let fitting = if tries == 0 { fitting(asker, &presences) } else { changes.len() };
                presences.truncate(fitting);
                let cargo = Cargo::Presence(changes[..fitting].into());
                let notification = PresenceNotificationRequest { presences };
                return Ok((cargo, Primitive::PresenceNotificationRequest(notification)));
            }
            Cargo::Question(contact) => {
                let user = self.spelling(person, asker, contact).await?;
                // Who says yes means all that there is.
                let attributes = AttributeSet::default();
                Primitive::PresenceAuthRequest(PresenceAuthRequest { user, attributes })
            }
        };
        Ok((cargo, primitive))
    }

    async fn letter_to_phone(
        &self,
        person: &mut Person,
        asker: &Asker,
        letter: &Letter,
    ) -> Result<Primitive, Refusal> {
        let own = crate::csp::address::UserAddress::parse(&asker.user_spelling);
        match &letter.content {
            Content::Message(message) => {
                let sender = self.spelling(person, asker, &message.sender.account).await?;
                let message = bridge::message::to_phone(letter.id, message, sender, own);
                Ok(Primitive::NewMessage(message))
            }
            Content::Report(report)
                if bridge::message::asks_report(&report.message_id) == Some(true) =>
            {
                let recipient = self.spelling(person, asker, &report.recipient).await?;
                let report = bridge::message::report_to_phone(report, recipient);
                Ok(Primitive::DeliveryReportRequest(report))
            }
            Content::Report(report) => {
                let sender = self.spelling(person, asker, &report.recipient).await?;
                let words = Message {
                    sender: crate::domain::address::Device::any(report.recipient.clone()),
                    body: bridge::message::report_in_words(report),
                    media_type: None,
                    sent: report.at,
                    receipt: None,
                };
                let message = bridge::message::to_phone(letter.id, &words, sender, own);
                Ok(Primitive::NewMessage(message))
            }
        }
    }

    /// Enters something as handed out, under a transaction of its own.
    ///
    /// handset: S60 §3.4: an id that the phone remembers is neither read nor confirmed again.
    /// handset: Android G8: an id that is a number may be taken for one of its own.
    fn take_off(
        &self,
        person: &mut Person,
        asker: &Asker,
        cargo: Cargo,
        tries: u8,
        primitive: Primitive,
    ) -> Transaction {
        let transaction: CompactString = ids::spell('s', self.ids.next_number()).into();
        if let Some(live) = person.live(&asker.session) {
            live.flights.retain(|flight| flight.cargo != cargo);
            match &cargo {
                Cargo::Question(contact) if !live.asked.contains(contact) => {
                    live.asked.push(contact.clone());
                }
                Cargo::Presence(changes) => {
                    live.news.retain(|waiting| !changes.contains(waiting));
                    let last = changes.iter().map(|(_, change)| *change).max();
                    live.handed_out = live.handed_out.max(last.unwrap_or_default());
                }
                Cargo::Question(_) | Cargo::Letter(_) => {}
            }
            let at = self.clock.now();
            live.flights.push(Flight { transaction: transaction.clone(), cargo, at, tries });
        }
        Transaction::request(transaction, primitive)
    }

    /// Takes note of what a phone confirms.
    pub(super) async fn confirmed(
        &self,
        asker: &Asker,
        transaction: Option<&str>,
        acknowledgement: Primitive,
    ) {
        let confirmed = match &acknowledgement {
            Primitive::MessageDelivered(delivered) => {
                match bridge::message::letter_number(&delivered.message_id) {
                    Some(letter) => self.delivered(asker, letter).await,
                    None => Ok(()),
                }
            }
            Primitive::Status(status) => {
                let is_taken = status.result.code.is_success();
                self.acknowledged(asker, transaction.unwrap_or_default(), is_taken).await
            }
            _ => Ok(()),
        };
        if let Err(refusal) = confirmed {
            // The phone is not told: it would not ask again. What it has comes once more.
            tracing::warn!(?refusal, account = %asker.account(), "a confirmation was not kept");
        }
    }

    /// Takes note of a confirmation that names the transaction only.
    async fn acknowledged(
        &self,
        asker: &Asker,
        transaction: &str,
        is_taken: bool,
    ) -> Result<(), Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let Some(at) = live.flights.iter().position(|flight| flight.transaction == transaction)
        else {
            return Ok(());
        };
        match live.flights[at].cargo.clone() {
            // A letter that the phone could not take comes again, or goes to another phone.
            Cargo::Letter(_) if !is_taken => Ok(()),
            Cargo::Letter(letter) => {
                drop(person);
                self.delivered(asker, letter).await
            }
            Cargo::Presence(changes) => {
                live.flights.remove(at);
                let last = changes.iter().map(|(_, change)| *change).max().unwrap_or_default();
                self.told(&mut person, &asker.session, last);
                Ok(())
            }
            Cargo::Question(_) => {
                live.flights.remove(at);
                Ok(())
            }
        }
    }

    /// A phone has a letter: it is gone from the mailbox, and its sender is told if it asked.
    pub(super) async fn delivered(&self, asker: &Asker, id: i64) -> Result<(), Refusal> {
        let mut person = self.held(asker).await?;
        let Some(letter) = self.letters(&mut person).await?.get(&id).cloned() else {
            return Ok(());
        };
        let resource = person.live(&asker.session).map(|live| live.session.resource.clone());
        let sender = match &letter.content {
            Content::Message(message) if message.receipt.is_some() => Some(&message.sender.account),
            _ => None,
        };
        match sender {
            Some(sender) if self.is_ours(sender) => {
                drop(person);
                self.delivered_to_ours(asker, &letter, sender).await
            }
            _ => {
                let mut unit = Unit::default();
                unit.write(Write::DropLetters { ids: vec![id] });
                if let Some(receipt) = self.receipt(&letter, resource) {
                    unit.send_owed(self, &receipt.into())?;
                }
                self.carry_out(unit).await?;
                person.removed(&letter);
                Counter::MessagesDelivered.count();
                Ok(())
            }
        }
    }

    /// The same where the sender, who asked for a report, is one of ours.
    async fn delivered_to_ours(
        &self,
        asker: &Asker,
        letter: &Letter,
        sender: &Address,
    ) -> Result<(), Refusal> {
        let Content::Message(message) = &letter.content else { return Ok(()) };
        let now = self.clock.now();
        let cells = self.cells([asker.account(), sender]);
        let mut people = self.hold_all(&cells).await?;
        let is_there = |person: &Held<'_>| person.mailbox.letters.contains_key(&letter.id);
        if !people.iter().any(is_there) {
            // It was confirmed once more, and the other confirmation came first.
            return Ok(());
        }
        let report = Letter {
            id: self.ids.next_number(),
            account: sender.clone(),
            resource: message.sender.resource.clone(),
            received: now,
            expires: Some(now.after(KEPT)),
            content: Content::Report(Report {
                message_id: message.receipt.clone().unwrap_or_default().into(),
                recipient: asker.account().clone(),
                outcome: Outcome::Delivered,
                at: now,
            }),
        };
        let mut unit = Unit::default();
        unit.write(Write::DropLetters { ids: vec![letter.id] });
        let place = people.iter_mut().find(|person| person.account.address == *sender);
        let has_room = place.is_some_and(|person| person.has_room(report.size_bytes()));
        if has_room {
            unit.write(Write::PutLetter(report.clone()));
        }
        self.carry_out(unit).await?;
        Counter::MessagesDelivered.count();
        for person in &mut people {
            if person.account.address == *asker.account() {
                person.removed(letter);
            }
            if has_room && person.account.address == *sender {
                person.received(report.clone());
                self.wake_for(person, report.resource.as_deref());
            }
        }
        Ok(())
    }

    /// Returns the receipt that the sender of a letter asked for.
    // spec: XEP-0184 §5.3
    fn receipt(&self, letter: &Letter, resource: Option<CompactString>) -> Option<Stanza> {
        let Content::Message(message) = &letter.content else { return None };
        let received = message.receipt.clone()?;
        let own = crate::domain::address::Device { account: letter.account.clone(), resource };
        let (from, to) = (
            bridge::address::device_to_jid(&own)?,
            bridge::address::device_to_jid(&message.sender)?,
        );
        Some(Stanza {
            id: Some(ids::spell('a', letter.id)),
            kind: MessageKind::Chat,
            receipt: Some(Receipt::Received(Some(received))),
            hints: Hints { store: true, ..Hints::default() },
            ..Stanza::new(from, to)
        })
    }

    /// Wakes the phones that a letter is for: the one device that it names, while that is there.
    pub(super) fn wake_for(&self, person: &mut Person, resource: Option<&str>) {
        let is_named = |live: &Live| resource.is_some_and(|named| live.session.resource == named);
        let is_there = person.sessions.iter().any(is_named);
        for live in person.sessions.iter_mut().filter(|live| !is_there || is_named(live)) {
            self.wake(live);
        }
    }
}

/// Returns how many of these presences one message can carry; one goes in any case.
fn fitting(asker: &Asker, presences: &[Presence]) -> usize {
    let octets = |presences: &[Presence]| {
        let presences = presences.to_vec();
        let notification = PresenceNotificationRequest { presences };
        asker.octets(&Primitive::PresenceNotificationRequest(notification))
    };
    if presences.len() < 2 {
        return presences.len();
    }
    let frame = octets(&[]);
    let mut room = asker.handset.body_bytes.saturating_sub(frame);
    let fit = presences.iter().take_while(|presence| {
        let own = octets(std::slice::from_ref(presence)).saturating_sub(frame);
        let fits = own <= room;
        room = room.saturating_sub(own);
        fits
    });
    fit.count().max(1).min(presences.len())
}
