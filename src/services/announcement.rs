//! An operator tells something to all whose phones are logged in.

use std::time::Duration;

use crate::{
    domain::{
        address::{Address, Device},
        mailbox::{Content, Letter, Message},
        refusal::Refusal,
    },
    services::{context::Services, refused, unit::Unit},
    store::write::Write,
    xmpp::command::{Stage, Tone},
};

/// Characters of an announcement: as many as a phone shows at once.
const MAX_CHARS: usize = 1000;

/// Who does not come for it within a day need not know.
const KEPT: Duration = Duration::from_secs(86_400);

/// Accounts that are told in one commit.
const PAGE: u32 = 200;

impl Services {
    /// Puts a message of the domain into the mailboxes of all who have a session.
    pub(super) async fn announce_to_all(&self, operator: &Address, lines: &[String]) -> Stage {
        let text = lines.join("\n");
        let text = text.trim();
        let (tone, note) = if text.is_empty() || text.chars().count() > MAX_CHARS {
            (Tone::Error, format!("an announcement has 1 to {MAX_CHARS} characters"))
        } else {
            match self.tell_everybody(text).await {
                Ok(told) => (Tone::Info, format!("{told} accounts are told")),
                Err(told) => (Tone::Error, format!("the store failed; {told} accounts are told")),
            }
        };
        tracing::info!(%operator, command = "announce", outcome = note, "an operator acts");
        Stage::Done { notes: vec![(tone, note)], result: None }
    }

    /// Returns how many were told, also where not all could be.
    async fn tell_everybody(&self, text: &str) -> Result<usize, usize> {
        let (mut told, mut after) = (0, None);
        loop {
            let page = self.store.live_accounts(after.as_ref(), PAGE).await;
            let page = page.map_err(refused).map_err(|_| told)?;
            told += self.tell_each(&page, text).await.map_err(|_| told)?;
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => after = Some(last.clone()),
                _ => return Ok(told),
            }
        }
    }

    async fn tell_each(&self, accounts: &[Address], text: &str) -> Result<usize, Refusal> {
        let now = self.clock.now();
        let cells = self.cells(accounts);
        let mut people = self.hold_all(&cells).await?;
        let (mut unit, mut letters) = (Unit::default(), Vec::new());
        for person in people.iter_mut().filter(|person| person.is_active()) {
            let letter = Letter {
                id: self.ids.next_number(),
                account: person.account.address.clone(),
                resource: None,
                received: now,
                expires: Some(now.after(KEPT)),
                content: Content::Message(Message {
                    sender: Device::any(Address::canonical(self.rules.domain.as_str())),
                    body: text.to_owned(),
                    media_type: None,
                    sent: now,
                    receipt: None,
                }),
            };
            if person.has_room(letter.size_bytes()) {
                unit.write(Write::PutLetter(letter.clone()));
                letters.push((person, letter));
            }
        }
        self.carry_out(unit).await?;
        let told = letters.len();
        for (person, letter) in letters {
            person.received(letter);
            self.wake_for(person, None);
        }
        Ok(told)
    }
}
