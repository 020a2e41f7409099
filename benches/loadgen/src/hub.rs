//! Who sends what when, and what has arrived.

use std::{
    io,
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::session::Outgoing;

/// The traffic between users, who talk in pairs: 0 and 1, 2 and 3, ...
pub struct Hub {
    start: Instant,
    text_len: usize,
    /// Whether each message delivered is followed by the next one.
    closed_loop: AtomicBool,
    recording: AtomicBool,
    outboxes: RwLock<Vec<UnboundedSender<Outgoing>>>,
    sent: AtomicU64,
    delivered: AtomicU64,
    /// Microseconds from when a message was due to when it arrived.
    latencies: Mutex<Vec<u32>>,
    failures: AtomicUsize,
}

impl Hub {
    pub fn new(text_len: usize) -> Self {
        Self {
            start: Instant::now(),
            text_len,
            closed_loop: AtomicBool::new(false),
            recording: AtomicBool::new(false),
            outboxes: RwLock::default(),
            sent: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            latencies: Mutex::default(),
            failures: AtomicUsize::new(0),
        }
    }

    /// Gives the hub the way to each user, in order.
    pub fn set_outboxes(&self, outboxes: Vec<UnboundedSender<Outgoing>>) {
        *self.outboxes.write().unwrap() = outboxes;
    }

    /// Asks all sessions to log out.
    pub fn close(&self) {
        self.outboxes.write().unwrap().clear();
    }

    /// Starts closed loops: `window` messages under way from each sender.
    pub fn start_closed(&self, senders: &[usize], window: usize) {
        self.closed_loop.store(true, Relaxed);
        for _ in 0..window {
            for &from in senders {
                self.send(from, self.start.elapsed());
            }
        }
    }

    /// Ends closed loops: messages under way arrive, none follow.
    pub fn stop_closed(&self) {
        self.closed_loop.store(false, Relaxed);
    }

    /// Sends at a steady total rate until told to stop. Blocks the thread.
    pub fn pace(&self, senders: &[usize], rate: f64, stop: &AtomicBool) {
        let start = self.start.elapsed();
        for (index, &from) in (0u64..).zip(senders.iter().cycle()) {
            let due = start + Duration::from_secs_f64(index as f64 / rate);
            if let Some(early) = due.checked_sub(self.start.elapsed()) {
                std::thread::sleep(early);
            }
            if stop.load(Relaxed) {
                return;
            }
            self.send(from, due);
        }
    }

    /// A text that is sent now, by ways of its own.
    pub fn draft(&self, from: usize) -> String {
        self.sent.fetch_add(1, Relaxed);
        self.text(from, self.start.elapsed())
    }

    fn text(&self, from: usize, due: Duration) -> String {
        let due = due.as_nanos() as u64;
        let text = format!("{due:016x} {from} {:.<1$}", "", self.text_len);
        text[..self.text_len.max(24)].to_owned()
    }

    fn send(&self, from: usize, due: Duration) {
        let text = self.text(from, due);
        if let Some(outbox) = self.outboxes.read().unwrap().get(from) {
            self.sent.fetch_add(1, Relaxed);
            // A session that has failed has been reported.
            let _ = outbox.send(Outgoing { to: from ^ 1, text });
        }
    }

    /// Takes note of a message received.
    pub fn deliver(&self, text: &str) {
        let now = self.start.elapsed();
        let Some((due, from)) = parse(text) else {
            eprintln!("odd message: {text}");
            return;
        };
        self.delivered.fetch_add(1, Relaxed);
        if self.recording.load(Relaxed) {
            let latency = (now.as_nanos() as u64).saturating_sub(due) / 1000;
            self.latencies.lock().unwrap().push(latency as u32);
        }
        if self.closed_loop.load(Relaxed) {
            self.send(from, now);
        }
    }

    pub fn record(&self, on: bool) {
        self.recording.store(on, Relaxed);
    }

    pub fn fail(&self, user: usize, error: &io::Error) {
        if self.failures.fetch_add(1, Relaxed) < 5 {
            eprintln!("session of u{user} failed: {error}");
        }
    }

    pub fn failures(&self) -> usize {
        self.failures.load(Relaxed)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// The latencies recorded, in microseconds, sorted.
    pub fn take_latencies(&self) -> Vec<u32> {
        let mut latencies = std::mem::take(&mut *self.latencies.lock().unwrap());
        latencies.sort_unstable();
        latencies
    }
}

/// When a message was due and who sent it.
fn parse(text: &str) -> Option<(u64, usize)> {
    let mut words = text.split(' ');
    let due = u64::from_str_radix(words.next()?, 16).ok()?;
    Some((due, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_it_sends_and_delivers() {
        let hub = Hub::new(50);
        let (sender, mut outbox) = tokio::sync::mpsc::unbounded_channel();
        hub.set_outboxes(vec![sender]);
        hub.record(true);
        hub.start_closed(&[0], 1);
        let message = outbox.try_recv().unwrap();
        assert_eq!((message.to, message.text.len()), (1, 50));
        hub.deliver(&message.text);
        assert!(outbox.try_recv().is_ok());
        assert_eq!((hub.sent(), hub.delivered(), hub.take_latencies().len()), (2, 1, 1));
        hub.close();
        assert!(outbox.is_closed());
    }
}
