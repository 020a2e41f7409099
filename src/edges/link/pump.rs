//! Two halves of an open link: bytes to events, stanzas to bytes. Neither waits for the other.

use std::{
    future::pending,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    base::counters::Counter::{StanzasDropped, StanzasIn, StanzasOdd, StanzasOut, StanzasStopped},
    edges::link::{
        End, FAREWELL, LinkSettings,
        connect::{Connection, end_of_stream, failed},
        keepalive::{Answer, Fence},
    },
    services::outbox::{LinkEvent, Outgoing},
    xmpp::stream::{Event, FOOTER, Stream},
};

/// How many octets are read at once.
const READ_OCTETS: usize = 64 * 1024;

/// How many stanzas are gathered for one write.
const BATCH: usize = 256;

/// How many octets are gathered before they are written, unless it is one great stanza.
const WRITE_OCTETS: usize = 256 * 1024;

/// How long the server may refuse to take a single octet.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// How long the last fence may take at a stop.
const LAST_FENCE: Duration = Duration::from_secs(1);

/// What the writer listens to.
pub(super) struct Lines<'a> {
    pub(super) outgoing: &'a mut mpsc::Receiver<Outgoing>,
    pub(super) stop: watch::Receiver<bool>,
}

/// What both halves know.
struct Shared {
    settings: LinkSettings,
    fence: Mutex<Fence>,
    /// Rings when a fence came back.
    answered: Notify,
}

impl Shared {
    /// Looks at the fence; never across a wait.
    fn fence<T>(&self, look: impl FnOnce(&mut Fence) -> T) -> T {
        look(&mut self.fence.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Carries stanzas both ways until the connection ends or it is time to stop.
pub(super) async fn pump(
    settings: &LinkSettings,
    connection: Connection,
    lines: Lines<'_>,
    events: mpsc::Sender<LinkEvent>,
    fence: Fence,
) -> End {
    let Connection { socket, stream, early } = connection;
    let (read_half, write_half) = socket.into_split();
    let (settings, answered) = (settings.clone(), Notify::new());
    let shared = Arc::new(Shared { settings, fence: Mutex::new(fence), answered });
    let mut stop = lines.stop.clone();
    let reader = Reader { half: read_half, stream, events, shared: Arc::clone(&shared) };
    // Ends with this function, whatever happens.
    let mut task = JoinSet::new();
    task.spawn(reader.run(early));
    let writer = Writer { half: write_half, shared, bytes: Vec::new(), batch: Vec::new() };
    let farewell = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        sleep(FAREWELL).await;
    };
    let work = async {
        let end = tokio::select! {
            end = writer.run(lines) => end,
            end = ended(&mut task) => return end,
        };
        if end == End::Stopped {
            // The server answers our farewell by closing.
            ended(&mut task).await;
        }
        end
    };
    tokio::select! {
        end = work => end,
        () = farewell => End::Stopped,
    }
}

async fn ended(task: &mut JoinSet<End>) -> End {
    match task.join_next().await {
        Some(Ok(end)) => end,
        Some(Err(error)) => End::Failed(format!("the reader of the link failed ({error})")),
        None => pending().await,
    }
}

struct Reader {
    half: OwnedReadHalf,
    stream: Stream,
    events: mpsc::Sender<LinkEvent>,
    shared: Arc<Shared>,
}

impl Reader {
    async fn run(mut self, early: Vec<Event>) -> End {
        let mut bytes = vec![0; READ_OCTETS];
        let mut events = early;
        loop {
            for event in events {
                if let Some(end) = self.take(event).await {
                    return end;
                }
            }
            let settings = &self.shared.settings;
            let read = match self.half.read(&mut bytes).await {
                Ok(0) => return failed(settings, "closed the connection"),
                Ok(read) => read,
                Err(error) => return lost(settings, &error),
            };
            self.shared.fence(|fence| fence.hear(Instant::now()));
            events = self.stream.feed(bytes.get(..read).unwrap_or_default());
        }
    }

    /// Hands one event on; returns why the connection ends, if it does.
    async fn take(&mut self, event: Event) -> Option<End> {
        let told = match event {
            Event::Stanza(Ok(stanza)) => match self.shared.fence(|fence| fence.answer(&stanza)) {
                Answer::None => {
                    StanzasIn.count();
                    LinkEvent::Stanza(stanza)
                }
                Answer::Old => return None,
                Answer::Read(rows) => {
                    self.shared.answered.notify_one();
                    if rows.is_empty() {
                        return None;
                    }
                    LinkEvent::Read(rows)
                }
            },
            Event::Stanza(Err(odd)) => {
                StanzasOdd.count();
                LinkEvent::Odd(odd)
            }
            other => return end_of_stream(&self.shared.settings, other),
        };
        self.tell(told).await
    }

    /// Waits for room; silence counts only while we listen.
    async fn tell(&mut self, told: LinkEvent) -> Option<End> {
        match self.events.try_reserve() {
            Ok(room) => room.send(told),
            Err(mpsc::error::TrySendError::Closed(())) => return Some(End::Stopped),
            Err(mpsc::error::TrySendError::Full(())) => {
                self.shared.fence(Fence::stall);
                if self.events.send(told).await.is_err() {
                    return Some(End::Stopped);
                }
                self.shared.fence(|fence| fence.hear(Instant::now()));
            }
        }
        None
    }
}

struct Writer {
    half: OwnedWriteHalf,
    shared: Arc<Shared>,
    bytes: Vec<u8>,
    batch: Vec<Outgoing>,
}

impl Writer {
    async fn run(mut self, lines: Lines<'_>) -> End {
        let Lines { outgoing, mut stop } = lines;
        loop {
            let next_look = self.shared.fence(|fence| fence.next_look());
            let is_over = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => true,
                taken = outgoing.recv_many(&mut self.batch, BATCH) => taken == 0,
                () = self.shared.answered.notified() => false,
                () = sleep_until(next_look) => false,
            };
            let written = if is_over { self.finish(outgoing).await } else { self.burst().await };
            match written {
                Err(error) => return lost(&self.shared.settings, &error),
                Ok(()) if is_over => return End::Stopped,
                Ok(()) => {}
            }
            if self.shared.fence(|fence| fence.is_dead(Instant::now())) {
                return failed(&self.shared.settings, "is silent and does not answer a ping");
            }
        }
    }

    /// Writes what was taken, and the fence behind it.
    async fn burst(&mut self) -> io::Result<()> {
        for at in 0..self.batch.len() {
            self.gather(at);
            if self.bytes.len() >= WRITE_OCTETS {
                self.flush().await?;
            }
        }
        self.set_fence();
        self.flush().await?;
        self.batch.clear();
        Ok(())
    }

    fn gather(&mut self, at: usize) {
        let Some(Outgoing { row, wire }) = self.batch.get(at) else { return };
        // A stanza proven for another domain would end this link.
        if wire.domain() != self.shared.settings.domain {
            StanzasStopped.count();
            return;
        }
        if row.is_none_or(|row| self.shared.fence(|fence| fence.admit(row))) {
            self.bytes.extend_from_slice(wire.as_str().as_bytes());
            StanzasOut.count();
        }
    }

    fn set_fence(&mut self) {
        let ping = self.shared.fence(|fence| fence.due(Instant::now()));
        let wire = ping.and_then(|ping| ping.to_wire(&self.shared.settings.domain).ok());
        self.bytes.extend(wire.iter().flat_map(|wire| wire.as_str().as_bytes()));
    }

    /// Writes all that waits, as long as the server takes some of it in time.
    async fn flush(&mut self) -> io::Result<()> {
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            match timeout(WRITE_DEADLINE, self.half.write(rest)).await {
                Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(Ok(written)) => rest = rest.get(written..).unwrap_or_default(),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(WRITE_OCTETS);
        Ok(())
    }

    /// Writes all that waits, gives the server a moment to say that it read the rows, and leaves.
    async fn finish(&mut self, outgoing: &mut mpsc::Receiver<Outgoing>) -> io::Result<()> {
        while let Ok(waiting) = outgoing.try_recv() {
            self.batch.push(waiting);
        }
        self.burst().await?;
        let _ = timeout(LAST_FENCE, self.last_fence()).await;
        self.bytes.extend_from_slice(FOOTER.as_bytes());
        self.flush().await?;
        self.half.shutdown().await
    }

    async fn last_fence(&mut self) -> io::Result<()> {
        while self.shared.fence(|fence| fence.is_open()) {
            self.shared.answered.notified().await;
            self.set_fence();
            self.flush().await?;
        }
        Ok(())
    }
}

fn lost(settings: &LinkSettings, error: &io::Error) -> End {
    match error.kind() {
        io::ErrorKind::TimedOut => failed(settings, "takes no more stanzas"),
        _ => failed(settings, &format!("broke the connection ({error})")),
    }
}

impl Drop for Writer {
    /// Counts what was taken from the queue and never written.
    fn drop(&mut self) {
        let transient = self.batch.iter().filter(|outgoing| outgoing.row.is_none()).count();
        StanzasDropped.add(i64::try_from(transient).unwrap_or(i64::MAX));
    }
}
