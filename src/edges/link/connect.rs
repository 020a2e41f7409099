//! To the server and through its door: connect, handshake, and the pause before the next attempt.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::{error::Elapsed, timeout},
};

use crate::{
    base::ids::Ids,
    edges::link::{End, LinkSettings},
    xmpp::{
        condition::StreamCondition,
        stream::{Event, Stream},
    },
};

/// How long finding and reaching the server may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// How long one of several addresses may take, so that a dead one leaves time for the next.
const ADDRESS_DEADLINE: Duration = Duration::from_secs(4);

/// How long the server may take to let us in.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// The pause before the second attempt; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// A connection that lived so long was a good one: the next pause is the first again.
const GOOD_LIFE: Duration = Duration::from_secs(60);

/// An authenticated connection.
pub(super) struct Connection {
    pub(super) socket: TcpStream,
    pub(super) stream: Stream,
    /// What came together with the server's consent.
    pub(super) early: Vec<Event>,
}

/// Connects and shakes hands.
pub(super) async fn connect(settings: &LinkSettings) -> Result<Connection, End> {
    let late = |_: Elapsed| {
        failed(settings, "does not answer: check the address and the firewalls between")
    };
    let socket = timeout(CONNECT_DEADLINE, reach(settings)).await.map_err(late)??;
    // Stanzas are small and somebody waits for each; the writer gathers them itself.
    let _ = socket.set_nodelay(true);
    let late = |_: Elapsed| {
        failed(settings, "takes the connection but says nothing: is it the component port?")
    };
    timeout(HANDSHAKE_DEADLINE, shake_hands(socket, settings)).await.map_err(late)?
}

async fn reach(settings: &LinkSettings) -> Result<TcpStream, End> {
    let addresses =
        lookup_host((settings.host.as_str(), settings.port)).await.map_err(|error| {
            let host = &settings.host;
            End::Failed(format!(
                "the name {host} cannot be resolved: check the host setting ({error})"
            ))
        })?;
    let mut last = failed(settings, "has no address: check the host setting");
    for address in addresses {
        last = match timeout(ADDRESS_DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => unreachable_server(settings, &error),
            Err(_) => failed(settings, "does not answer: check the address and the firewalls"),
        };
    }
    Err(last)
}

fn unreachable_server(settings: &LinkSettings, error: &io::Error) -> End {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        failed(
            settings,
            "refuses connections: start the XMPP server, or check the address and port of its \
             component listener",
        )
    } else {
        failed(settings, &format!("cannot be reached ({error})"))
    }
}

async fn shake_hands(mut socket: TcpStream, settings: &LinkSettings) -> Result<Connection, End> {
    let mut stream = Stream::new(&settings.domain, settings.secret.clone());
    let lost = |error: io::Error| failed(settings, &format!("broke off the handshake ({error})"));
    socket.write_all(stream.open().as_bytes()).await.map_err(lost)?;
    let mut bytes = vec![0; 4096];
    loop {
        let read = socket.read(&mut bytes).await.map_err(lost)?;
        if read == 0 {
            return Err(failed(settings, "closed the connection during the handshake"));
        }
        let mut events = stream.feed(bytes.get(..read).unwrap_or_default()).into_iter();
        while let Some(event) = events.next() {
            match event {
                Event::Opened(answer) => {
                    socket.write_all(answer.as_bytes()).await.map_err(lost)?;
                }
                Event::Authenticated => {
                    return Ok(Connection { socket, stream, early: events.collect() });
                }
                other => {
                    let end = end_of_stream(settings, other);
                    return Err(end.unwrap_or_else(|| failed(settings, "sent a stanza too early")));
                }
            }
        }
    }
}

/// Returns what an event means for the connection; none if it goes on.
pub(super) fn end_of_stream(settings: &LinkSettings, event: Event) -> Option<End> {
    match event {
        Event::StreamError { condition, text } => Some(stream_error(settings, condition, text)),
        Event::Unreadable(why) => Some(failed(
            settings,
            &format!("sent what is no component stream ({why}): is it the component port?"),
        )),
        Event::Closed => Some(failed(settings, "closed the stream")),
        Event::Opened(_) | Event::Authenticated | Event::Stanza(_) => None,
    }
}

/// Says what the administrator should do about an error of the stream.
fn stream_error(
    LinkSettings { domain, host, port, .. }: &LinkSettings,
    condition: StreamCondition,
    text: Option<String>,
) -> End {
    let name = condition.as_str();
    let said = text.map_or_else(|| name.to_owned(), |text| format!("{name}: {text}"));
    let refused = |advice: String| End::Refused(format!("{advice} (the server says {said})"));
    match condition {
        StreamCondition::NotAuthorized => refused(format!(
            "{host}:{port} does not accept {domain}: the secret is wrong, or the server does not \
             list {domain} as a component"
        )),
        StreamCondition::Conflict => refused(format!(
            "{host}:{port} serves {domain} already, by another connection or by itself: stop the \
             other one or wait"
        )),
        StreamCondition::HostUnknown | StreamCondition::HostGone => refused(format!(
            "{host}:{port} does not know {domain}: add it to the server's components"
        )),
        StreamCondition::InvalidNamespace
        | StreamCondition::BadFormat
        | StreamCondition::UnsupportedStanzaType => refused(format!(
            "{host}:{port} does not speak to components: check that the port is the component port"
        )),
        StreamCondition::SystemShutdown => {
            End::Failed(format!("{host}:{port} is being stopped; waiting for its return"))
        }
        _ => End::Failed(format!("{host}:{port} ended the stream (it says {said})")),
    }
}

/// Says what happened to the server's address.
pub(super) fn failed(settings: &LinkSettings, what: &str) -> End {
    End::Failed(format!("{}:{} {what}", settings.host, settings.port))
}

/// The pauses between attempts.
pub(super) struct Backoff {
    ids: Ids,
    pause: Duration,
}

impl Backoff {
    /// Starts with the shortest pause.
    pub(super) fn new(ids: Ids) -> Self {
        Self { ids, pause: FIRST_PAUSE }
    }

    /// Returns the next pause, after a connection that lived for `lived`.
    ///
    /// Between half of the pause and the whole, so that many links that fell together do not
    /// come back together.
    pub(super) fn pause(&mut self, lived: Duration) -> Duration {
        if lived >= GOOD_LIFE {
            self.pause = FIRST_PAUSE;
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LAST_PAUSE);
        let mut random = [0];
        self.ids.fill(&mut random);
        pause / 2 + pause / 2 * u32::from(random[0]) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{clock::Clock, secret::Secret};

    #[test]
    fn pauses_double_until_half_a_minute_and_a_good_life_forgives() {
        let mut backoff = Backoff::new(Ids::seeded(Clock::system(), 1));
        let mut longest = FIRST_PAUSE;
        for _ in 0..12 {
            let pause = backoff.pause(Duration::from_secs(59));
            assert!(pause >= longest / 2 && pause <= longest, "{pause:?} {longest:?}");
            longest = (longest * 2).min(LAST_PAUSE);
        }
        assert_eq!(longest, LAST_PAUSE);
        assert!(backoff.pause(GOOD_LIFE) <= FIRST_PAUSE);
    }

    #[test]
    fn every_refusal_names_the_place_and_the_server_s_own_words() {
        let settings = LinkSettings {
            domain: "wap.example".to_owned(),
            host: "10.0.0.7".to_owned(),
            port: 5347,
            secret: Secret::new("x"),
        };
        for condition in StreamCondition::ALL {
            let end = stream_error(&settings, *condition, Some("because".to_owned()));
            let (End::Refused(reason) | End::Failed(reason)) = end else { panic!() };
            assert!(reason.contains("10.0.0.7:5347"), "{reason}");
            let is_shutdown = *condition == StreamCondition::SystemShutdown;
            assert!(is_shutdown || reason.contains("because"), "{reason}");
        }
    }
}
