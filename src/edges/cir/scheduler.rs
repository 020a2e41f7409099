//! Sends each wake-up at once, and again after growing pauses until the phone has come.
//!
//! A datagram may be lost and a socket half dead, and a phone that agreed to be woken does not
//! poll on its own (handset: S60 §5.2): without repetition it would stay silent for ever.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use compact_str::CompactString;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use crate::{
    base::{counters::Counter, stop::told},
    edges::cir::{datagrams::Datagrams, tcp::Sockets},
    services::call::{Call, PAUSES},
};

/// How often repetitions are looked for.
const LOOK: Duration = Duration::from_secs(5);

/// Phones with a repetition pending at most; those beyond are called once.
const MAX_PENDING: usize = 100_000;

struct Pending {
    line: String,
    by_tcp: bool,
    by_udp: Option<SocketAddr>,
    sent: usize,
    due: Instant,
}

/// Sends what the services ask for until told to stop.
pub async fn run(
    mut calls: mpsc::Receiver<Call>,
    sockets: Sockets,
    udp: Arc<Datagrams>,
    mut stop: watch::Receiver<bool>,
) {
    let mut pending: HashMap<CompactString, Pending> = HashMap::new();
    let mut look = Instant::now() + LOOK;
    loop {
        tokio::select! {
            call = calls.recv() => match call {
                Some(Call::Wake { session, is_once: true, .. })
                    if pending.contains_key(&session) => {}
                Some(Call::Wake { session, line, by_tcp, by_udp, .. }) => {
                    let first =
                        Pending { line, by_tcp, by_udp, sent: 0, due: Instant::now() };
                    if let Some(next) = send(first, &session, &sockets, &udp)
                        && pending.len() < MAX_PENDING
                    {
                        pending.insert(session, next);
                    }
                }
                Some(Call::Settled(session)) => {
                    pending.remove(&session);
                }
                Some(Call::Ended(session)) => {
                    pending.remove(&session);
                    sockets.close(&session);
                }
                None => return,
            },
            () = sleep_until(look) => {
                look = Instant::now() + LOOK;
                repeat(&mut pending, &sockets, &udp);
            }
            () = told(&mut stop) => return,
        }
    }
}

fn repeat(pending: &mut HashMap<CompactString, Pending>, sockets: &Sockets, udp: &Datagrams) {
    let now = Instant::now();
    let due: Vec<CompactString> =
        pending.iter().filter(|(_, call)| call.due <= now).map(|(id, _)| id.clone()).collect();
    for session in due {
        if let Some(call) = pending.remove(&session)
            && let Some(next) = send(call, &session, sockets, udp)
        {
            pending.insert(session, next);
        }
    }
}

/// Sends one wake-up; returns what is to be repeated later.
fn send(mut call: Pending, session: &str, sockets: &Sockets, udp: &Datagrams) -> Option<Pending> {
    if call.by_tcp {
        sockets.call(session, &call.line);
    }
    if let Some(address) = call.by_udp {
        // handset: S60 §5.4: the same line as over TCP, alone in its datagram.
        if let Err(error) = udp.send(&call.line, address) {
            tracing::debug!(%error, %address, "a wake-up datagram was not sent");
        }
    }
    Counter::WakeUps.count();
    call.due = Instant::now() + *PAUSES.get(call.sent)?;
    call.sent += 1;
    Some(call)
}
