//! The answers that a session got last, so that most requests need no look into the store to know
//! that they are new.

use std::{collections::VecDeque, time::Duration};

use crate::{base::clock::Millis, store::answers::Answer};

/// Answers are remembered for this long: phones repeat for half an hour (handset: Android §1).
pub const ANSWERS: Duration = Duration::from_secs(60 * 60);

/// Answers of one session kept in memory: phones have four requests under way at most.
const KEPT: usize = 8;

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
