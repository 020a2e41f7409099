//! The hot writes of many units, gathered so that each kind becomes one statement.

use std::collections::{HashMap, HashSet};

use compact_str::CompactString;
use sqlx::AssertSqlSafe;

use crate::{
    base::clock::Millis,
    domain::{address::Address, mailbox::Letter, presence::Presence},
    store::{
        answers::Answer,
        rows::spell_scope,
        sheet::Sheet,
        sqlite::{self, Query},
        write::Write,
    },
};

/// Hot writes that wait; written all at once, at the latest before the commit.
///
/// Waiting must not be seen: whatever a later write of the group could touch is written before
/// it ([`Hot::must_go_before`]), so the outcome is that of the order in which the writes came.
#[derive(Debug, Default)]
pub(super) struct Hot {
    letters: Sheet,
    dropped_letters: HashSet<i64>,
    answers: Sheet,
    outbox: Sheet,
    dropped_outbox: HashSet<i64>,
    presences: Sheet,
    dropped_presences: HashSet<(Address, Address, CompactString)>,
    dropped_contacts: HashSet<(Address, Address)>,
    touched: HashMap<CompactString, Millis>,
    told: HashMap<(CompactString, CompactString), i64>,
}

impl Hot {
    /// Takes a write if it is a hot one; returns whether it was.
    pub(super) fn take(&mut self, write: &Write) -> bool {
        match write {
            Write::PutLetter(letter) => self.put_letter(letter),
            Write::DropLetters { ids } => self.dropped_letters.extend(ids),
            Write::PutAnswer(answer) => self.put_answer(answer),
            Write::PutOutbox { id, wire, at } => self.outbox.add_row(|row| {
                row.small(id);
                row.small(at);
                row.octets(Some(wire.as_bytes()));
            }),
            Write::DropOutbox { ids } => self.dropped_outbox.extend(ids),
            Write::PutContactPresence { owner, contact, resource, presence, change } => {
                self.put_presence((owner, contact, resource), presence, *change);
            }
            Write::DropContactPresence { owner, contact, resource: Some(resource) } => {
                let key = (owner.clone(), contact.clone(), resource.clone());
                self.dropped_presences.insert(key);
            }
            Write::DropContactPresence { owner, contact, resource: None } => {
                self.dropped_contacts.insert((owner.clone(), contact.clone()));
            }
            Write::TouchSession { id, expires } => {
                self.touched.insert(id.clone(), *expires);
            }
            Write::SetTold { session, scope, told } => {
                self.told.insert((session.clone(), spell_scope(scope)), *told);
            }
            _ => return false,
        }
        true
    }

    /// Returns whether what waits has to be written before `write`, or the outcome would differ.
    ///
    /// Among the hot ones only a put after a drop of the same row: drops are written last.
    pub(super) fn must_go_before(&self, write: &Write) -> bool {
        match write {
            Write::PutLetter(letter) => self.dropped_letters.contains(&letter.id),
            Write::PutOutbox { id, .. } => self.dropped_outbox.contains(id),
            Write::PutContactPresence { owner, contact, resource, .. } => {
                self.drops_presence(owner, contact, resource)
            }
            Write::PutSession(session) => self.touched.contains_key(&session.id),
            Write::PutWatch { session, watch } => {
                !self.told.is_empty()
                    && self.told.contains_key(&(session.clone(), spell_scope(&watch.scope)))
            }
            Write::DropSession(_) | Write::PruneAnswers { .. } => !self.answers.is_empty(),
            Write::DropContact { .. } => !self.presences.is_empty(),
            Write::TouchContactPresence { owner, contact, .. } => {
                !self.presences.is_empty()
                    || self.drops_presence(owner, contact, &CompactString::default())
            }
            Write::DropAccount(_) => !self.is_empty(),
            _ => false,
        }
    }

    /// Returns one statement that writes all that waits, between `begin` and `end`.
    pub(super) fn statement(&mut self, begin: &str, end: &str) -> Query<'static> {
        let values: [Option<(String, Vec<u8>)>; sqlite::HOT.len()] = [
            rows(&mut self.letters),
            numbers(&mut self.dropped_letters),
            rows(&mut self.answers),
            rows(&mut self.outbox),
            numbers(&mut self.dropped_outbox),
            rows(&mut self.presences),
            keys(self.dropped_presences.drain()),
            keys(self.dropped_contacts.drain()),
            keys(self.touched.drain()),
            keys(self.told.drain().map(|((session, scope), told)| (session, scope, told))),
        ];
        let mut text = String::with_capacity(2048);
        text.push_str(begin);
        for (part, _) in sqlite::HOT.iter().zip(&values).filter(|(_, value)| value.is_some()) {
            text.push_str(part);
        }
        text.push_str(end);
        values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| {
            let (rows, blob) = value.unzip();
            query.bind(rows).bind(blob)
        })
    }

    fn is_empty(&self) -> bool {
        let sheets = [&self.letters, &self.answers, &self.outbox, &self.presences];
        sheets.iter().all(|sheet| sheet.is_empty())
            && self.dropped_letters.is_empty()
            && self.dropped_outbox.is_empty()
            && self.dropped_presences.is_empty()
            && self.dropped_contacts.is_empty()
            && self.touched.is_empty()
            && self.told.is_empty()
    }

    fn put_letter(&mut self, letter: &Letter) {
        let bytes = i64::try_from(letter.size_bytes()).unwrap_or(i64::MAX);
        self.letters.add_row(|row| {
            row.small(&letter.id);
            row.small(&letter.account);
            row.small(&letter.resource);
            row.small(&letter.received);
            row.small(&letter.expires);
            row.small(&bytes);
            row.json(&letter.content);
        });
    }

    fn put_answer(&mut self, answer: &Answer) {
        self.answers.add_row(|row| {
            row.small(&answer.session);
            row.small(&answer.transaction);
            row.small(&answer.at);
            row.octets(answer.content.as_deref());
            row.octets(Some(&answer.body));
        });
    }

    fn put_presence(
        &mut self,
        (owner, contact, resource): (&Address, &Address, &CompactString),
        presence: &Presence,
        change: i64,
    ) {
        self.presences.add_row(|row| {
            row.small(owner);
            row.small(contact);
            row.small(resource);
            row.small(&change);
            row.json(presence);
        });
    }

    fn drops_presence(&self, owner: &Address, contact: &Address, resource: &CompactString) -> bool {
        let is_dropped = |device| self.dropped_presences.contains(&device);
        (!self.dropped_contacts.is_empty()
            && self.dropped_contacts.contains(&(owner.clone(), contact.clone())))
            || (!self.dropped_presences.is_empty()
                && is_dropped((owner.clone(), contact.clone(), resource.clone())))
    }
}

fn rows(sheet: &mut Sheet) -> Option<(String, Vec<u8>)> {
    (!sheet.is_empty()).then(|| sheet.take())
}

fn numbers(ids: &mut HashSet<i64>) -> Option<(String, Vec<u8>)> {
    let mut sheet = Sheet::default();
    ids.drain().for_each(|id| sheet.add_number(id));
    rows(&mut sheet)
}

fn keys<T: serde::Serialize>(keys: impl Iterator<Item = T>) -> Option<(String, Vec<u8>)> {
    let keys: Vec<T> = keys.collect();
    (!keys.is_empty()).then(|| (crate::store::rows::as_json(&keys), Vec::new()))
}
