//! Questions of ours that wait for their answers.

use std::{collections::HashMap, sync::Mutex};

use compact_str::CompactString;
use tokio::sync::oneshot;

use crate::{
    bridge,
    domain::address::{Address, Device},
    xmpp::iq::{Iq, IqKind},
};

/// Questions that may wait for their answers.
const MAX_WAITING: usize = 2000;

/// Of these, so many to one domain: one that does not answer takes no room from others.
const MAX_WAITING_OF_DOMAIN: usize = 64;

/// Questions that wait for their answers.
#[derive(Default)]
pub struct Questions(Mutex<HashMap<CompactString, Waiting>>);

/// One of them.
pub struct Waiting {
    /// Who was asked.
    pub of: Device,
    /// Who asks.
    pub by: Address,
    /// Where the answer goes.
    pub answer: oneshot::Sender<IqKind>,
}

/// Takes the question back when nobody waits for it any more.
pub struct Place<'a> {
    questions: &'a Questions,
    id: CompactString,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.questions.waiting().remove(&self.id);
    }
}

impl Questions {
    /// Passes an answer on to who waits for it; anybody else's is passed over.
    pub fn answered(&self, iq: Iq) {
        let ends = bridge::address::device_of_jid(&iq.from).zip(bridge::address::of_jid(&iq.to));
        let Some((of, by)) = ends else { return };
        let mut waiting = self.waiting();
        let is_it = |asked: &Waiting| asked.of == of && asked.by == by;
        if waiting.get(iq.id.as_str()).is_some_and(is_it)
            && let Some(asked) = waiting.remove(iq.id.as_str())
        {
            // Who waited may be gone.
            let _ = asked.answer.send(iq.kind);
        }
    }

    /// Adds a question, if there is room for it.
    pub fn put(&self, id: &CompactString, waiting: Waiting) -> Option<Place<'_>> {
        let mut all = self.waiting();
        let domain = waiting.of.account.domain();
        let is_of_domain = |asked: &&Waiting| asked.of.account.domain() == domain;
        if all.len() >= MAX_WAITING
            || all.values().filter(is_of_domain).count() >= MAX_WAITING_OF_DOMAIN
        {
            return None;
        }
        all.insert(id.clone(), waiting);
        Some(Place { questions: self, id: id.clone() })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<CompactString, Waiting>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::jid::Jid;

    fn device(text: &str) -> Device {
        bridge::address::device_of_jid(&Jid::new(text).unwrap()).unwrap()
    }

    fn answer(from: &str, to: &str, id: &str) -> Iq {
        let (from, to) = (Jid::new(from).unwrap(), Jid::new(to).unwrap());
        Iq { from, to, id: id.to_owned(), kind: IqKind::Result(None) }
    }

    #[test]
    fn an_answer_counts_only_from_who_was_asked() {
        let questions = Questions::default();
        let (sender, mut answered) = oneshot::channel();
        let by = device("kim@onesoup.test").account;
        let waiting = Waiting { of: device("Lee@far.test/x"), by, answer: sender };
        let _place = questions.put(&"q".into(), waiting).unwrap();
        for (from, to, id) in [
            ("lee@far.test", "kim@onesoup.test", "q"),
            ("lee@far.test/X", "kim@onesoup.test", "q"),
            ("eve@far.test/x", "kim@onesoup.test", "q"),
            ("lee@far.test/x", "amy@onesoup.test", "q"),
            ("lee@far.test/x", "kim@onesoup.test", "p"),
        ] {
            questions.answered(answer(from, to, id));
            assert!(answered.try_recv().is_err(), "{from} {to} {id}");
        }
        questions.answered(answer("LEE@FAR.test/x", "kim@onesoup.test", "q"));
        assert_eq!(answered.try_recv(), Ok(IqKind::Result(None)));
    }

    #[test]
    fn questions_are_bounded_for_each_domain_and_forgotten_when_given_up() {
        let questions = Questions::default();
        let put = |number: usize, of: &str| {
            let by = device("kim@onesoup.test").account;
            let waiting = Waiting { of: device(of), by, answer: oneshot::channel().0 };
            questions.put(&format!("{number}").into(), waiting)
        };
        let places: Vec<_> =
            (0..=MAX_WAITING_OF_DOMAIN).map(|number| put(number, "lee@far.test")).collect();
        assert!(places.last().unwrap().is_none(), "one domain takes no more");
        assert!(put(9999, "lee@near.test").is_some());
        drop(places);
        assert!(questions.waiting().is_empty());
    }
}
