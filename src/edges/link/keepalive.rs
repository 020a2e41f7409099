//! The fence, and silence on the line. No socket, no clock: every method is told the time.
//!
//! A ping to our own domain comes back down our own link, and so proves that the server has read
//! and routed all that was written before it. A server that answers the ping itself proves the
//! same. Behind each burst of rows goes one such fence; when it comes back, the rows are read.

use std::{
    collections::{HashSet, VecDeque},
    mem,
    time::Duration,
};

use tokio::time::Instant;

use crate::xmpp::{
    iq::{Iq, Query},
    jid::Jid,
    stanza::Stanza,
};

/// How long the server may be silent before we ask whether it is there.
const SILENCE: Duration = Duration::from_secs(60);

/// How long it may be silent after we asked.
const DEATH: Duration = Duration::from_secs(20);

/// How long an answer may take before we ask again: where an old connection of ours still hangs
/// at the server, every second ping goes there.
const REPEAT: Duration = Duration::from_secs(5);

/// How many rows that were read are remembered, against a row that is loaded again while the news
/// that it was read is still on its way.
const REMEMBERED: usize = 16 * 1024;

/// Which rows are on their way, and whether the server is there.
#[derive(Debug)]
pub struct Fence {
    domain: String,
    prefix: String,
    number: u64,
    under_way: Option<UnderWay>,
    /// Rows written since the last fence was set.
    written: Vec<i64>,
    /// Rows written on this connection and not yet known to be read.
    in_flight: HashSet<i64>,
    read: HashSet<i64>,
    read_in_order: VecDeque<i64>,
    heard: Instant,
    is_stalled: bool,
    is_wanted: bool,
}

#[derive(Debug)]
struct UnderWay {
    id: String,
    rows: Vec<i64>,
    first_asked: Instant,
    asked: Instant,
}

/// What an iq of ours that came back means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not a fence: for the services.
    None,
    /// A fence of another connection, or one that came back before.
    Old,
    /// The server has read these rows.
    Read(Vec<i64>),
}

impl Fence {
    /// Returns the fence of a new connection; `token` is new with it.
    pub fn new(domain: &str, token: &str, now: Instant) -> Self {
        Self {
            domain: domain.to_owned(),
            prefix: format!("fence-{token}-"),
            number: 0,
            under_way: None,
            written: Vec::new(),
            in_flight: HashSet::new(),
            read: HashSet::new(),
            read_in_order: VecDeque::new(),
            heard: now,
            is_stalled: false,
            // The first proves that the way back to us exists.
            is_wanted: true,
        }
    }

    /// Says whether this row is to be written, and takes note that it is.
    pub fn admit(&mut self, row: i64) -> bool {
        if self.in_flight.contains(&row) {
            return false;
        }
        // One that was read already is not written again, but reported again.
        let is_new = !self.read.contains(&row);
        self.in_flight.insert(row);
        self.written.push(row);
        is_new
    }

    /// Returns the fence to write now, if one is due.
    pub fn due(&mut self, now: Instant) -> Option<Stanza> {
        if let Some(under_way) = &mut self.under_way {
            if now < under_way.asked + REPEAT {
                return None;
            }
            under_way.asked = now;
            let id = under_way.id.clone();
            return self.ping(&id);
        }
        let is_silent = now >= self.heard + SILENCE;
        if !self.is_wanted && self.written.is_empty() && !is_silent {
            return None;
        }
        self.is_wanted = false;
        self.number += 1;
        let id = format!("{}{}", self.prefix, self.number);
        let rows = mem::take(&mut self.written);
        self.under_way = Some(UnderWay { id: id.clone(), rows, first_asked: now, asked: now });
        self.ping(&id)
    }

    /// Returns when to look again, if nothing happens before.
    pub fn next_look(&self) -> Instant {
        match &self.under_way {
            Some(under_way) => under_way.asked + REPEAT,
            None if self.is_wanted => self.heard,
            None => self.heard + SILENCE,
        }
    }

    /// Says whether the server is gone: asked, and silent since.
    pub fn is_dead(&self, now: Instant) -> bool {
        // Whoever is behind with a long backlog speaks, though not yet of this.
        let asked = self.under_way.as_ref().map(|under_way| under_way.first_asked);
        !self.is_stalled
            && asked.is_some_and(|asked| now >= asked + DEATH && now >= self.heard + DEATH)
    }

    /// Says whether rows are on their way.
    pub fn is_open(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Takes note that the server said something.
    pub fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.is_stalled = false;
    }

    /// Takes note that nobody listens to the server because the services are busy.
    pub fn stall(&mut self) {
        self.is_stalled = true;
    }

    /// Looks at a stanza: is it a fence that came back?
    pub fn answer(&mut self, stanza: &Stanza) -> Answer {
        let Stanza::Iq(iq) = stanza else { return Answer::None };
        // Nobody but the server and ourselves can write from our domain.
        let is_ours = |jid: &Jid| jid.as_str().eq_ignore_ascii_case(&self.domain);
        if !iq.id.starts_with("fence-") || !is_ours(&iq.from) || !is_ours(&iq.to) {
            return Answer::None;
        }
        match self.under_way.take_if(|under_way| under_way.id == iq.id) {
            Some(under_way) => {
                self.remember(&under_way.rows);
                Answer::Read(under_way.rows)
            }
            None => Answer::Old,
        }
    }

    fn remember(&mut self, rows: &[i64]) {
        for row in rows {
            self.in_flight.remove(row);
            if self.read.insert(*row) {
                self.read_in_order.push_back(*row);
            }
        }
        while self.read_in_order.len() > REMEMBERED {
            if let Some(forgotten) = self.read_in_order.pop_front() {
                self.read.remove(&forgotten);
            }
        }
    }

    fn ping(&self, id: &str) -> Option<Stanza> {
        // spec: XEP-0199 §4.3
        let own = Jid::new(&self.domain).ok()?;
        Some(Iq::get(own.clone(), own, id, Query::Ping).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(start: Instant, number: u64) -> Instant {
        start + Duration::from_secs(number)
    }

    fn open() -> (Fence, Instant) {
        let start = Instant::now();
        let mut fence = Fence::new("wap.example", "t", start);
        let first = fence.due(start).unwrap();
        assert_eq!(fence.answer(&first), Answer::Read(vec![]));
        (fence, start)
    }

    #[test]
    fn a_fence_covers_what_was_written_before_it_and_nothing_else() {
        let (mut fence, now) = open();
        assert!(fence.admit(1) && fence.admit(2));
        let first = fence.due(now).unwrap();
        assert!(fence.admit(3));
        assert_eq!(fence.due(now), None, "one at a time");
        assert_eq!(fence.answer(&first), Answer::Read(vec![1, 2]));
        assert_eq!(fence.answer(&first), Answer::Old);
        let second = fence.due(now).unwrap();
        assert_eq!(fence.answer(&second), Answer::Read(vec![3]));
        assert_eq!(fence.due(now), None);
        assert!(!fence.is_open());
    }

    #[test]
    fn a_row_is_written_once_on_a_connection() {
        let (mut fence, now) = open();
        assert!(fence.admit(1));
        assert!(!fence.admit(1));
        let ping = fence.due(now).unwrap();
        assert_eq!(fence.answer(&ping), Answer::Read(vec![1]));
        assert!(!fence.admit(1), "it was read, but the news of it was late");
        let ping = fence.due(now).unwrap();
        assert_eq!(fence.answer(&ping), Answer::Read(vec![1]), "so it is told again");
    }

    #[test]
    fn a_fence_of_another_connection_proves_nothing() {
        let (mut fence, now) = open();
        fence.admit(1);
        let mut other = Fence::new("wap.example", "u", now);
        let stranger = other.due(now).unwrap();
        fence.due(now);
        assert_eq!(fence.answer(&stranger), Answer::Old);
        let own = Jid::new("wap.example").unwrap();
        let ping = |from: &str, id: &str| -> Stanza {
            Iq::get(Jid::new(from).unwrap(), own.clone(), id, Query::Ping).into()
        };
        assert_eq!(fence.answer(&ping("ann@far.test/x", "fence-t-2")), Answer::None);
        assert_eq!(fence.answer(&ping("wap.example", "p1")), Answer::None);
    }

    #[test]
    fn silence_is_asked_about_and_then_is_death() {
        let (mut fence, start) = open();
        assert_eq!(fence.next_look(), second(start, 60));
        assert_eq!(fence.due(second(start, 59)), None);
        let ping = fence.due(second(start, 60)).unwrap();
        assert_eq!(fence.due(second(start, 64)), None);
        assert_eq!(fence.due(second(start, 65)), Some(ping), "asked again");
        assert!(!fence.is_dead(second(start, 79)));
        assert!(fence.is_dead(second(start, 80)));
        fence.hear(second(start, 79));
        assert!(!fence.is_dead(second(start, 98)), "it speaks of other things");
        fence.stall();
        assert!(!fence.is_dead(second(start, 500)), "we do not listen");
    }

    #[test]
    fn memory_of_rows_is_bounded() {
        let (mut fence, now) = open();
        for row in 0..(REMEMBERED as i64 + 10) {
            fence.admit(row);
        }
        let ping = fence.due(now).unwrap();
        fence.answer(&ping);
        assert_eq!((fence.read.len(), fence.read_in_order.len()), (REMEMBERED, REMEMBERED));
    }
}
