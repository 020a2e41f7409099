//! A phone sends a message.

use std::{collections::BTreeSet, time::Duration};

use compact_str::CompactString;

use crate::{
    base::{clock::Millis, counters::Counter},
    bridge,
    csp::{
        address::UserAddress,
        message::{Recipient, SendMessageRequest, SendMessageResponse},
        outcome::{DetailedResult, StatusResult},
        primitive::Primitive,
        status::Code,
    },
    domain::{
        address::{Address, Device},
        mailbox::{Content, Letter, Message},
        refusal::Refusal,
    },
    services::{context::Services, mailbox::KEPT, people::Held, transaction::Asker, unit::Unit},
    store::write::Write,
    xmpp::message::{Message as Stanza, Receipt},
};

/// Recipients of one message at most: a list of friends, not of customers.
const MAX_RECIPIENTS: usize = 100;

/// Octets of text in one message at most: what other servers still pass on.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// One recipient: who, or why not, and how the phone wrote it.
struct Target {
    written: UserAddress,
    address: Result<Address, Refusal>,
}

/// A message about to be sent.
struct Draft {
    id: CompactString,
    wants_report: bool,
    text: String,
    expires: Millis,
    sender: Device,
    /// When the phone says that it was written, if that was a while ago.
    written: Option<Millis>,
}

impl Services {
    /// Takes a message: 200 means that it is ours to deliver, whatever happens to us.
    pub(super) async fn send_message(
        &self,
        asker: &Asker,
        request: SendMessageRequest,
    ) -> Result<Primitive, Refusal> {
        let text = bridge::message::text_of(&request.letter, asker.handset)?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(Refusal::BadParameter);
        }
        if let Some(answer) = self.same_before(asker).await? {
            return Ok(answer);
        }
        let recipient = request.letter.info.recipient.clone().unwrap_or_default();
        let draft = self.draft(asker, &request, text).await?;
        let mut targets = self.targets(asker, &recipient).await?;
        let cells = self.cells(targets.iter().filter_map(|target| target.address.as_ref().ok()));
        let mut people = self.hold_all(&cells).await?;
        let mut unit = Unit::default();
        let mut letters = Vec::new();
        for target in &mut targets {
            let Ok(address) = &target.address else { continue };
            let sent = if self.is_ours(address) {
                self.to_ours(&draft, address, &mut people).map(|letter| letters.push(letter))
            } else {
                self.to_world(&draft, address, &mut unit)
            };
            if let Err(refusal) = sent {
                target.address = Err(refusal);
            }
        }
        let answer = answer(&draft.id, &targets);
        letters.iter().for_each(|letter| unit.write(Write::PutLetter(letter.clone())));
        // What nobody took, the user may try again at once.
        let mark = asker.content.filter(|_| targets.iter().any(|target| target.address.is_ok()));
        if let Some(row) = asker.remember(&answer, mark, self.clock.now()) {
            unit.write(row);
        }
        self.carry_out(unit).await?;
        Counter::MessagesAccepted.count();
        for person in &mut people {
            let own = letters.iter().filter(|letter| letter.account == person.account.address);
            for letter in own.cloned().collect::<Vec<_>>() {
                person.received(letter);
                self.wake_for(person, None);
            }
        }
        Ok(answer)
    }

    async fn draft(
        &self,
        asker: &Asker,
        request: &SendMessageRequest,
        text: String,
    ) -> Result<Draft, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let resource = Some(live.session.resource.clone());
        let (number, now) = (self.ids.next_number(), self.clock.now());
        let info = &request.letter.info;
        let validity = info.validity_secs.filter(|&seconds| seconds > 0);
        // A phone's clock that runs ahead, or far behind, says nothing.
        let plausible = |at: &Millis| {
            *at < now
                && (Duration::from_secs(60)..Duration::from_secs(86_400)).contains(&now.since(*at))
        };
        Ok(Draft {
            id: bridge::message::message_id(number, request.wants_report),
            wants_report: request.wants_report,
            text,
            expires: now
                .after(validity.map_or(KEPT, |secs| Duration::from_secs(secs.into())).min(KEPT)),
            // handset: S60 §8.1: what the phone says of the sender may lack prefix or domain.
            sender: Device { account: asker.account().clone(), resource },
            written: info.date_time.filter(plausible),
        })
    }

    /// Returns everybody who is meant, once: users, and the members of lists.
    async fn targets(&self, asker: &Asker, to: &Recipient) -> Result<Vec<Target>, Refusal> {
        if !to.groups.is_empty() || !to.screen_names.is_empty() {
            return Err(Refusal::NotImplemented);
        }
        let mut targets = Vec::new();
        for user in &to.users {
            let address = asker.meant(user);
            let address = address.ok_or(Refusal::NoSuchUser);
            targets.push(Target { written: user.clone(), address });
        }
        if !to.lists.is_empty() {
            let mut person = self.held(asker).await?;
            let lists = self.lists(&mut person).await?;
            for written in &to.lists {
                let key = bridge::address::list_key(written);
                let list = lists.named(&key).ok_or(Refusal::NoSuchList)?;
                targets.extend(list.members.iter().map(|member| Target {
                    written: UserAddress::parse(&member.spelling),
                    address: Ok(member.address.clone()),
                }));
            }
        }
        let mut seen = BTreeSet::new();
        targets.retain(|target| match &target.address {
            Ok(address) => seen.insert(address.clone()),
            Err(_) => true,
        });
        if targets.is_empty() || targets.len() > MAX_RECIPIENTS {
            return Err(Refusal::BadParameter);
        }
        Ok(targets)
    }

    /// Returns the letter for somebody of our domain, if they take it.
    fn to_ours(
        &self,
        draft: &Draft,
        to: &Address,
        people: &mut [Held<'_>],
    ) -> Result<Letter, Refusal> {
        let person = people.iter_mut().find(|person| person.account.address == *to);
        let person = person.filter(|person| person.is_active()).ok_or(Refusal::NoSuchUser)?;
        if !person.admits(&draft.sender.account) {
            return Err(Refusal::Blocked);
        }
        let now = self.clock.now();
        let message = Message {
            sender: draft.sender.clone(),
            body: draft.text.clone(),
            media_type: None,
            sent: draft.written.unwrap_or(now),
            receipt: draft.wants_report.then(|| draft.id.to_string()),
        };
        let letter = Letter {
            // The recipients of one message have letters of their own.
            id: self.ids.next_number(),
            account: to.clone(),
            resource: None,
            received: now,
            expires: Some(draft.expires),
            content: Content::Message(message),
        };
        if person.has_room(letter.size_bytes()) { Ok(letter) } else { Err(Refusal::MailboxFull) }
    }

    /// Adds the stanza for somebody elsewhere.
    fn to_world(&self, draft: &Draft, to: &Address, unit: &mut Unit) -> Result<(), Refusal> {
        let (from, to) = bridge::address::device_to_jid(&draft.sender)
            .zip(bridge::address::to_jid(to))
            .ok_or(Refusal::NoSuchUser)?;
        let stanza = Stanza {
            // spec: XEP-0359 §3.1
            origin_id: Some(draft.id.to_string()),
            // spec: XEP-0184 §5.2
            receipt: draft.wants_report.then_some(Receipt::Requested),
            ..Stanza::chat(from, to, &draft.id, &draft.text)
        };
        let stanza = bridge::message::stamped(stanza, draft.written, &self.rules.domain);
        unit.send(self, &stanza.into()).map_err(|refusal| match refusal {
            Refusal::OutboxFull => refusal,
            _ => Refusal::NoSuchUser,
        })
    }
}

/// All well, partly so, or the one reason why not.
fn answer(id: &CompactString, targets: &[Target]) -> Primitive {
    let refused: Vec<(&UserAddress, Refusal)> = targets
        .iter()
        .filter_map(|target| Some((&target.written, *target.address.as_ref().err()?)))
        .collect();
    let result = match refused.as_slice() {
        [] => StatusResult::ok(),
        [(_, only)] if targets.len() == 1 => StatusResult {
            description: Some(bridge::refusal::words(*only).into()),
            ..StatusResult::new(bridge::refusal::code(*only))
        },
        several => {
            let code =
                if several.len() == targets.len() { Code::MULTIPLE_ERRORS } else { Code::PARTIAL };
            StatusResult { detailed: details(several), ..StatusResult::new(code) }
        }
    };
    let was_sent = refused.len() < targets.len();
    Primitive::SendMessageResponse(SendMessageResponse {
        result,
        message_id: was_sent.then(|| id.clone()),
    })
}

/// Names those who are refused, by reason.
pub(super) fn details(refused: &[(&UserAddress, Refusal)]) -> Vec<DetailedResult> {
    let mut details: Vec<DetailedResult> = Vec::new();
    for (user, refusal) in refused {
        let code = bridge::refusal::code(*refusal);
        match details.iter_mut().find(|detail| detail.code == code) {
            Some(detail) => detail.users.push((*user).clone()),
            None => {
                let mut detail = DetailedResult::new(code);
                detail.users.push((*user).clone());
                details.push(detail);
            }
        }
    }
    details
}
