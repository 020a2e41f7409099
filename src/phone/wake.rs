//! The phone's ear: where a wake-up (CIR) arrives while no request is under way.

use std::{net::IpAddr, time::Duration};

use compact_str::CompactString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    csp::cir::{self, Line, LineReader},
    phone::{
        error::{Fault, PhoneError},
        handset::{Habits, Handset},
    },
};

/// The waking connection must be there, and be answered, within these times (handset: S60 §5.3).
const CONNECT: Duration = Duration::from_secs(20);
const GREETING: Duration = Duration::from_secs(10);

/// Signals that wait to be heard; more of the same say nothing new.
const QUEUE: usize = 16;

/// What the ear hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The server has something.
    Woken,
    /// The connection had broken and is there again.
    Restored,
    /// Wake-ups no longer arrive: the phone polls on its own.
    Lost,
    /// Something arrived that the handset would have taken wrongly.
    Fault(Fault),
}

/// A task that listens, and the signals that it sends. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Wake {
    signals: mpsc::Receiver<Signal>,
    task: JoinHandle<()>,
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wake {
    /// Connects to where the server told, says whose connection it is, and listens.
    pub(super) async fn tcp(call: Call) -> Result<Self, PhoneError> {
        let stream = call.connect().await?;
        let (sender, signals) = mpsc::channel(QUEUE);
        let task = tokio::spawn(call.keep(stream, sender));
        Ok(Self { signals, task })
    }

    /// Listens on a socket for datagrams.
    pub(super) fn udp(socket: UdpSocket, cookie: CompactString) -> Self {
        let (sender, signals) = mpsc::channel(QUEUE);
        let task = tokio::spawn(async move {
            let mut datagram = [0; cir::MAX_LINE_BYTES];
            while let Ok(length) = socket.recv(&mut datagram).await {
                let heard = woken(datagram.get(..length).unwrap_or_default(), &cookie);
                let signal = heard.unwrap_or(Signal::Lost);
                if sender.send(signal).await.is_err() {
                    return;
                }
            }
            let _ = sender.send(Signal::Lost).await;
        });
        Self { signals, task }
    }

    /// Waits for the next signal; forever once the ear is deaf.
    pub(super) async fn signal(&mut self) -> Signal {
        match self.signals.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

/// Opens the socket on which datagrams will arrive, and returns its port.
pub(super) async fn udp_socket(own_ip: IpAddr) -> Result<(UdpSocket, u16), PhoneError> {
    let opened = async {
        let socket = UdpSocket::bind((own_ip, 0)).await?;
        let port = socket.local_addr()?.port();
        Ok((socket, port))
    };
    opened.await.map_err(|error: std::io::Error| PhoneError::Unreachable {
        address: format!("UDP on {own_ip}"),
        error,
    })
}

/// Where and as whom the waking connection is made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) habits: Habits,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) session_id: CompactString,
    pub(super) cookie: CompactString,
}

impl Call {
    async fn connect(&self) -> Result<TcpStream, PhoneError> {
        let connected = async {
            let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            stream.write_all(cir::hello(&self.session_id).as_bytes()).await?;
            Ok(stream)
        };
        let connected: std::io::Result<TcpStream> = timeout(CONNECT, connected)
            .await
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        let address = format!("{}:{} (for wake-ups)", self.host, self.port);
        let stream = connected.map_err(|error| PhoneError::Unreachable { address, error })?;
        self.greeted(stream).await
    }

    /// Waits until the server answers; the answer is left to be read.
    ///
    /// Android does not wait (handset: Android §4), but who uses this phone wants to know that
    /// from now on it can be woken.
    async fn greeted(&self, stream: TcpStream) -> Result<TcpStream, PhoneError> {
        let address = format!("{}:{} (for wake-ups)", self.host, self.port);
        let broken = |what: &str| PhoneError::Broken { address, what: what.into() };
        match timeout(GREETING, stream.peek(&mut [0])).await {
            Ok(Ok(1..)) => Ok(stream),
            Ok(_) => Err(broken("it was closed instead of answered with OK")),
            Err(_) => Err(broken("HELO was not answered")),
        }
    }

    /// Listens until the connection is lost for good.
    async fn keep(self, mut stream: TcpStream, sender: mpsc::Sender<Signal>) {
        loop {
            if self.listen(&mut stream, &sender).await.is_none() {
                return;
            }
            let Some(restored) = self.restored().await else {
                let _ = sender.send(Signal::Lost).await;
                return;
            };
            stream = restored;
            if sender.send(Signal::Restored).await.is_err() {
                return;
            }
        }
    }

    async fn restored(&self) -> Option<TcpStream> {
        for pause in self.habits.restore_pauses {
            sleep(*pause).await;
            if let Ok(stream) = self.connect().await {
                return Some(stream);
            }
        }
        None
    }

    /// Listens until the connection ends; returns none if nobody hears the signals any more.
    async fn listen(&self, stream: &mut TcpStream, sender: &mpsc::Sender<Signal>) -> Option<()> {
        let mut ear = Ear::new(self.habits.handset, self.cookie.clone());
        let mut segment = [0; cir::MAX_LINE_BYTES];
        loop {
            match timeout(self.habits.ping_after, stream.read(&mut segment)).await {
                Ok(Ok(0) | Err(_)) => return Some(()),
                Ok(Ok(length)) => {
                    for signal in ear.hear(segment.get(..length).unwrap_or_default()) {
                        sender.send(signal).await.ok()?;
                    }
                }
                Err(_) if stream.write_all(cir::PING.as_bytes()).await.is_err() => return Some(()),
                Err(_) => {}
            }
        }
    }
}

/// How a handset takes what arrives on the waking connection.
struct Ear {
    handset: Handset,
    cookie: CompactString,
    reader: LineReader,
    is_greeted: bool,
}

impl Ear {
    fn new(handset: Handset, cookie: CompactString) -> Self {
        Self { handset, cookie, reader: LineReader::default(), is_greeted: false }
    }

    fn hear(&mut self, segment: &[u8]) -> Vec<Signal> {
        match self.handset {
            Handset::S60 => self.hear_segment(segment),
            Handset::Android | Handset::Plain => self.hear_lines(segment),
        }
    }

    /// handset: S60 §5.3: a wake-up begins a segment, and the first segment only greets.
    fn hear_segment(&mut self, segment: &[u8]) -> Vec<Signal> {
        let is_greeting = !std::mem::replace(&mut self.is_greeted, true);
        let holds_wake_up = segment.windows(4).any(|four| four == b"WVCI");
        match woken(segment, &self.cookie) {
            Some(signal) if !is_greeting => vec![signal],
            _ if holds_wake_up => {
                let what = "a wake-up that does not begin a segment of its own";
                vec![Signal::Fault(Fault::new("handset: S60 §5.3", what))]
            }
            _ => Vec::new(),
        }
    }

    /// handset: Android §4: any line that starts with WVCI, whatever its cookie.
    fn hear_lines(&mut self, octets: &[u8]) -> Vec<Signal> {
        self.reader.push(octets);
        let mut signals = Vec::new();
        while let Ok(Some(line)) = self.reader.next_line() {
            if matches!(line, Line::WakeUp { .. }) {
                signals.push(Signal::Woken);
            }
        }
        signals
    }
}

/// Takes a datagram or segment for a wake-up, if it is one for this session.
///
/// handset: S60 §5.3, §5.4: the word comes first, the cookie somewhere after it.
fn woken(octets: &[u8], cookie: &str) -> Option<Signal> {
    let rest = octets.strip_prefix(b"WVCI")?;
    String::from_utf8_lossy(rest).contains(cookie).then_some(Signal::Woken)
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncBufReadExt, io::BufReader, net::TcpListener};

    use super::*;

    fn call(habits: Habits, port: u16) -> Call {
        let (session_id, cookie) = ("s1".into(), "wv:nokia.7".into());
        Call { habits, host: "127.0.0.1".into(), port, session_id, cookie }
    }

    #[test]
    fn s60_5_3_a_wake_up_begins_a_segment_after_the_greeting() {
        let mut ear = Ear::new(Handset::S60, "c1".into());
        assert_eq!(ear.hear(b"OK\r\n"), []);
        assert_eq!(ear.hear(b"WVCI 1.1 c1\r\n"), [Signal::Woken]);
        assert_eq!(ear.hear(b"WVCI 1.1 other\r\n").len(), 1);
        assert!(matches!(ear.hear(b"OK\r\nWVCI 1.1 c1\r\n")[..], [Signal::Fault(_)]));
        let mut ear = Ear::new(Handset::S60, "c1".into());
        assert!(matches!(ear.hear(b"WVCI 1.1 c1\r\n")[..], [Signal::Fault(_)]));
    }

    #[test]
    fn android_4_any_line_wakes() {
        let mut ear = Ear::new(Handset::Android, "c1".into());
        assert_eq!(ear.hear(b"OK\r\nWVCI 1.2 x\r\nWV"), [Signal::Woken]);
        assert_eq!(ear.hear(b"CI 1.2 y\n"), [Signal::Woken]);
    }

    #[tokio::test]
    async fn a_connection_is_greeted_woken_and_restored() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                assert_eq!(line, "HELO s1\r\n");
                stream.write_all(b"OK\r\n").await.unwrap();
                stream.write_all(b"WVCI 1.2 wv:nokia.7\r\n").await.unwrap();
            }
        });
        let mut wake = Wake::tcp(call(Habits::PLAIN, port)).await.unwrap();
        assert_eq!(wake.signal().await, Signal::Woken);
        assert_eq!(wake.signal().await, Signal::Restored);
        assert_eq!(wake.signal().await, Signal::Woken);
        server.await.unwrap();
    }

    #[tokio::test]
    async fn s60_5_4_a_datagram_wakes_and_an_odd_one_ends_it() {
        let (socket, port) = udp_socket(IpAddr::from([127, 0, 0, 1])).await.unwrap();
        let mut wake = Wake::udp(socket, "c1".into());
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        server.send_to(b"WVCI 1.1 c1\r\n", ("127.0.0.1", port)).await.unwrap();
        assert_eq!(wake.signal().await, Signal::Woken);
        server.send_to(b"HELO\r\n", ("127.0.0.1", port)).await.unwrap();
        assert_eq!(wake.signal().await, Signal::Lost);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert!(Wake::tcp(call(Habits::S60, port)).await.is_err());
    }
}
