//! The socket that a phone keeps open to be woken (STCP).

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use compact_str::CompactString;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    base::stop::told,
    csp::cir::{self, Line, LineReader},
    edges::door::Door,
    services::{context::Services, houses::Houses},
};

/// A phone must name its session within this time.
const GREETING: Duration = Duration::from_secs(10);

/// Phones ping after 15 or 20 minutes of silence (handset: S60 §5.3, Android §4).
const SILENCE: Duration = Duration::from_secs(25 * 60);

/// A phone that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(20);

/// Between an `OK` and a wake-up: two lines that arrive together are read as one by S60, which
/// then loses the second (handset: S60 §5.3).
const BREATH: Duration = Duration::from_millis(300);

/// Sockets open at once.
pub const MAX_SOCKETS: usize = 100_000;

/// Wake-ups that may wait for one socket: more of the same say nothing new.
const QUEUE: usize = 4;

/// The sockets of the sessions.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Mutex<HashMap<CompactString, Entry>>>);

struct Entry {
    serial: u64,
    lines: mpsc::Sender<String>,
}

impl Sockets {
    /// Writes a line to the socket of a session, if it has one.
    pub fn call(&self, session: &str, line: &str) {
        let sockets = self.0.lock().expect("no holder of this lock panics");
        if let Some(entry) = sockets.get(session) {
            let _ = entry.lines.try_send(line.to_owned());
        }
    }

    /// Closes the socket of a session that has ended: the phone must not wait there for ever.
    pub fn close(&self, session: &str) {
        self.0.lock().expect("no holder of this lock panics").remove(session);
    }

    /// Enters a socket, in place of an older one of the same session.
    fn enter(&self, session: &str, serial: u64, lines: mpsc::Sender<String>) {
        let mut sockets = self.0.lock().expect("no holder of this lock panics");
        sockets.insert(session.into(), Entry { serial, lines });
    }

    fn leave(&self, session: &str, serial: u64) {
        let mut sockets = self.0.lock().expect("no holder of this lock panics");
        if sockets.get(session).is_some_and(|entry| entry.serial == serial) {
            sockets.remove(session);
        }
    }
}

/// Accepts sockets until told to stop.
pub async fn run(door: Door, sockets: Sockets, houses: Houses, mut stop: watch::Receiver<bool>) {
    let mut serial = 0;
    loop {
        let (stream, _, place) = tokio::select! {
            next = door.next() => next,
            () = told(&mut stop) => return,
        };
        serial += 1;
        let (sockets, houses, mut stop) = (sockets.clone(), houses.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let phone = Phone { stream, reader: LineReader::default(), serial, session: None };
            tokio::select! {
                // A phone that went away is nothing to report.
                _ = phone.serve(&sockets, &houses) => {}
                () = told(&mut stop) => {}
            }
        });
    }
}

struct Phone {
    stream: TcpStream,
    reader: LineReader,
    serial: u64,
    session: Option<CompactString>,
}

impl Phone {
    async fn serve(mut self, sockets: &Sockets, houses: &Houses) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let (sender, mut lines) = mpsc::channel(QUEUE);
        let greeted = timeout(GREETING, self.greeting(houses)).await;
        let Ok(Ok(Some((session, services)))) = greeted else { return Ok(()) };
        sockets.enter(&session, self.serial, sender);
        self.session = Some(session.clone());
        let served = self.answer(&session, services, &mut lines).await;
        sockets.leave(&session, self.serial);
        served
    }

    /// Waits for `HELO` with a live session; anything else ends the socket.
    async fn greeting<'a>(
        &mut self,
        houses: &'a Houses,
    ) -> io::Result<Option<(CompactString, &'a Services)>> {
        let Some(Line::Hello { session_id }) = self.line().await? else { return Ok(None) };
        let Some(services) = houses.of_session(&session_id).services() else { return Ok(None) };
        let is_session = services.is_session(&session_id).await;
        Ok(is_session.then(|| (session_id.into(), services)))
    }

    async fn answer(
        &mut self,
        session: &CompactString,
        services: &Services,
        lines: &mut mpsc::Receiver<String>,
    ) -> io::Result<()> {
        self.write(cir::OK).await?;
        let mut free = Instant::now() + BREATH;
        services.socket_opened(session).await;
        let mut silent = Instant::now() + SILENCE;
        loop {
            tokio::select! {
                line = self.line() => match line? {
                    // The news that the session ended may have been lost.
                    Some(Line::Ping) if !services.is_session(session).await => return Ok(()),
                    Some(Line::Ping) => {
                        self.write(cir::OK).await?;
                        free = Instant::now() + BREATH;
                        silent = Instant::now() + SILENCE;
                    }
                    Some(Line::Hello { session_id }) if session_id == session.as_str() => {
                        self.write(cir::OK).await?;
                        free = Instant::now() + BREATH;
                    }
                    Some(_) => {}
                    None => return Ok(()),
                },
                line = lines.recv() => {
                    // The session has ended, or has a newer socket.
                    let Some(line) = line else { return Ok(()) };
                    sleep_until(free).await;
                    // What was called before the greeting may come once more after it.
                    while lines.try_recv().is_ok() {}
                    self.write(&line).await?;
                }
                () = sleep_until(silent) => return Ok(()),
            }
        }
    }

    /// Returns the next line; none at the end, or where a line is longer than any phone's.
    async fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            match self.reader.next_line() {
                Ok(Some(line)) => return Ok(Some(line)),
                Ok(None) => {}
                Err(_) => return Ok(None),
            }
            self.stream.readable().await?;
            let mut piece = [0; 256];
            match self.stream.try_read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(read) => self.reader.push(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn write(&mut self, line: &str) -> io::Result<()> {
        timeout(WRITE, self.stream.write_all(line.as_bytes())).await?
    }
}
