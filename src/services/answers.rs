//! The answers that a session got last, so that most requests need no look into the store to know
//! that they are new.

use std::{collections::VecDeque, time::Duration};

use sha2::{Digest, Sha256};

use crate::{
    base::clock::Millis,
    csp::{
        address::{ListAddress, UserAddress},
        document::{Document, Spelling},
        message::Letter,
        primitive::Primitive,
        version::Version,
        wbxml::write::WriteOptions,
    },
    store::answers::Answer,
};

/// Answers are remembered for this long: phones repeat for half an hour (handset: Android §1).
pub const ANSWERS: Duration = Duration::from_secs(60 * 60);

/// Answers of one session kept in memory: phones have four requests under way at most.
const KEPT: usize = 8;

/// What makes two requests the same, also under different transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentMark(pub [u8; 16]);

impl ContentMark {
    /// Returns the mark of a request; of a message, to whom it goes and what it says.
    pub fn of_request(request: &Primitive, version: Version) -> Self {
        if let Primitive::SendMessageRequest(request) = request {
            return Self::of_letter(&request.letter);
        }
        let document = Document { version, root: request.write(version) };
        Self::of(&[&document.write(Spelling::Wbxml, WriteOptions::default())])
    }

    fn of_letter(letter: &Letter) -> Self {
        let to = letter.info.recipient.as_ref();
        let users = to.iter().flat_map(|to| to.users.iter().map(UserAddress::as_written));
        let lists = to.iter().flat_map(|to| to.lists.iter().map(ListAddress::as_written));
        let text = letter.content.as_deref().unwrap_or_default();
        let parts: Vec<&[u8]> = users.chain(lists).chain([text]).map(str::as_bytes).collect();
        Self::of(&parts)
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut mark = [0; 16];
        mark.copy_from_slice(&digest.finalize()[..16]);
        Self(mark)
    }

    /// Returns the mark of a request that under another id is a new one: it is found by none.
    pub fn under_one_id(self) -> Self {
        Self(self.0.map(|octet| !octet))
    }

    /// Returns whether an answer, found by its transaction, was given to this content.
    pub fn is_of(self, answer: &Answer) -> bool {
        let content = answer.content.as_deref();
        [self, self.under_one_id()].iter().any(|mark| content == Some(&mark.0))
    }
}

/// The last answers of one session.
#[derive(Debug)]
pub struct Answers {
    /// Of answers before this moment only the store knows; since then all that a phone may still
    /// repeat are here.
    all_since: Millis,
    kept: VecDeque<Answer>,
}

impl Answers {
    /// Begins with knowing all answers since a moment.
    pub fn since(all_since: Millis) -> Self {
        Self { all_since, kept: VecDeque::new() }
    }

    /// Adds an answer that the store has.
    pub fn keep(&mut self, answer: Answer) {
        self.kept.push_back(answer);
        // A phone repeats one of the few requests that it has under way, never one before those.
        while self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// Returns whether no answer given since a moment, that may be repeated, is missing.
    pub fn are_all_since(&self, moment: Millis) -> bool {
        self.all_since <= moment
    }

    /// Returns the answer that a transaction got.
    pub fn of_transaction(&self, transaction: &str) -> Option<&Answer> {
        self.kept.iter().rev().find(|answer| answer.transaction == transaction)
    }

    /// Returns the answer that some content got since a moment.
    pub fn of_content(&self, content: &[u8], since: Millis) -> Option<&Answer> {
        self.kept
            .iter()
            .rev()
            .find(|answer| answer.at >= since && answer.content.as_deref() == Some(content))
    }

    /// Forgets what is older than a moment, for a phone that has fallen silent.
    pub fn forget(&mut self, before: Millis) {
        while self.kept.front().is_some_and(|oldest| oldest.at < before) {
            self.kept.pop_front();
            self.all_since = self.all_since.max(before);
        }
        self.kept.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(transaction: &str, at: i64) -> Answer {
        let content = Some(transaction.as_bytes().to_vec());
        let (session, body) = ("s".into(), Vec::new());
        Answer { session, transaction: transaction.into(), content, body, at: Millis(at) }
    }

    #[test]
    fn the_last_answers_are_found_and_what_was_forgotten_is_admitted() {
        let mut answers = Answers::since(Millis(0));
        (1..=9).for_each(|number| answers.keep(answer(&number.to_string(), number)));
        assert!(answers.of_transaction("1").is_none());
        assert!(answers.of_transaction("2").is_some() && answers.are_all_since(Millis(1)));
        assert!(answers.of_content(b"9", Millis(9)).is_some());
        assert!(answers.of_content(b"9", Millis(10)).is_none());
        answers.forget(Millis(5));
        assert!(answers.of_transaction("4").is_none() && !answers.are_all_since(Millis(4)));
        assert!(answers.are_all_since(Millis(5)));
    }

    #[test]
    fn a_resumed_session_knows_that_it_does_not_know() {
        let answers = Answers::since(Millis(100));
        assert!(!answers.are_all_since(Millis(99)) && answers.are_all_since(Millis(100)));
    }
}
