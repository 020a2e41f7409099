//! The link to the XMPP server: a component's stream (XEP-0114) over TCP, for as long as we live.
//!
//! The protocol has no acknowledgements, so rows of the outbox are fenced: see
//! [`crate::edges::link::keepalive`].

pub mod connect;
pub mod keepalive;
pub mod pump;

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    base::{clock::Clock, counters::Counter::StanzasDropped, ids::Ids, secret::Secret},
    edges::link::{
        connect::{Backoff, connect},
        keepalive::Fence,
        pump::pump,
    },
    services::outbox::{LinkEvent, Outgoing},
};

/// How long the farewell may take, from the signal to the closed socket.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where the server is and who we are.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// Our domain, as the server lists it.
    pub domain: String,
    /// Name or address of the server.
    pub host: String,
    /// Port of its component listener.
    pub port: u16,
    /// What both know.
    pub secret: Secret,
}

/// How the link is, for the readiness probe and the check command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// The first attempt.
    Connecting,
    /// Authenticated.
    Up,
    /// The server does not want us; the sentence says what its administrator should do.
    Refused(String),
    /// The server is not there; the sentence says why.
    Down(String),
}

/// Why a connection came to nothing or to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// We were told to stop, or nobody listens any more.
    Stopped,
    /// The server does not want us.
    Refused(String),
    /// The network or the server failed.
    Failed(String),
}

/// Keeps the link until `stop` turns true or the services are gone.
///
/// What comes out of `outgoing` while the link is away is dropped: rows are loaded again upon
/// [`LinkEvent::Up`], the rest is not worth it.
pub async fn run(
    settings: LinkSettings,
    outgoing: mpsc::Receiver<Outgoing>,
    events: mpsc::Sender<LinkEvent>,
    status: watch::Sender<LinkStatus>,
    stop: watch::Receiver<bool>,
) {
    let ids = Ids::new(Clock::system());
    let mut link = Link { settings, outgoing, events, status, stop, ids };
    link.status.send_replace(LinkStatus::Connecting);
    let mut backoff = Backoff::new(link.ids.clone());
    loop {
        let (end, lived) = link.live().await;
        link.tell(&end);
        if end == End::Stopped {
            return;
        }
        let pause = backoff.pause(lived);
        if link.away(sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// The ends of all the link's lines into the house.
struct Link {
    settings: LinkSettings,
    outgoing: mpsc::Receiver<Outgoing>,
    events: mpsc::Sender<LinkEvent>,
    status: watch::Sender<LinkStatus>,
    stop: watch::Receiver<bool>,
    ids: Ids,
}

impl Link {
    /// Makes one connection and keeps it; returns why it ended, and how long it lived.
    async fn live(&mut self) -> (End, Duration) {
        let settings = self.settings.clone();
        let connection = match self.away(connect(&settings)).await {
            Some(Ok(connection)) => connection,
            Some(Err(end)) => return (end, Duration::ZERO),
            None => return (End::Stopped, Duration::ZERO),
        };
        let start = Instant::now();
        self.drop_waiting();
        // Until the news is out, what comes is still of before.
        let events = self.events.clone();
        if !matches!(self.away(events.send(LinkEvent::Up)).await, Some(Ok(()))) {
            return (End::Stopped, Duration::ZERO);
        }
        tracing::info!(domain = settings.domain, "link up");
        self.status.send_replace(LinkStatus::Up);
        // An id that comes back on a later connection must not count there.
        let fence = Fence::new(&settings.domain, &self.ids.text(8), start);
        let lines = pump::Lines { outgoing: &mut self.outgoing, stop: self.stop.clone() };
        let end = pump(&settings, connection, lines, self.events.clone(), fence).await;
        let down = events.send(LinkEvent::Down);
        if end == End::Stopped {
            // The services may have stopped listening before us.
            let _ = timeout(FAREWELL, down).await;
        } else if !matches!(self.away(down).await, Some(Ok(()))) {
            return (End::Stopped, start.elapsed());
        }
        (end, start.elapsed())
    }

    /// Waits for `work` while what should be sent is dropped; none if it is time to stop.
    async fn away<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => return None,
                done = &mut work => return Some(done),
                dropped = self.outgoing.recv() => count_dropped(&dropped?),
            }
        }
    }

    fn drop_waiting(&mut self) {
        while let Ok(dropped) = self.outgoing.try_recv() {
            count_dropped(&dropped);
        }
    }

    /// Says how the link is, in one line for each change.
    fn tell(&self, end: &End) {
        let domain = &self.settings.domain;
        let now = match end {
            End::Stopped => {
                tracing::info!(domain, "link stopped");
                LinkStatus::Down("stopped".to_owned())
            }
            End::Refused(reason) => LinkStatus::Refused(reason.clone()),
            End::Failed(reason) => LinkStatus::Down(reason.clone()),
        };
        if self.status.send_replace(now.clone()) == now {
            return;
        }
        match now {
            LinkStatus::Refused(reason) => {
                tracing::error!(domain, reason, "link refused, trying again");
            }
            LinkStatus::Down(reason) if *end != End::Stopped => {
                tracing::warn!(domain, reason, "link down, trying again");
            }
            LinkStatus::Down(_) | LinkStatus::Up | LinkStatus::Connecting => {}
        }
    }
}

fn count_dropped(dropped: &Outgoing) {
    if dropped.row.is_none() {
        StanzasDropped.count();
    }
}
