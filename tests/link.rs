//! The link against a server that follows a script, over real sockets on loopback.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use onesoup::{
    base::secret::Secret,
    edges::link::{LinkSettings, LinkStatus, run},
    services::outbox::{LinkEvent, Outgoing},
    xmpp::{jid::Jid, message::Message, stanza::Stanza, wire::Wire},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

const DOMAIN: &str = "wap.example";
const ENDS: &str = "from='ann@far.test/x' to='bob@wap.example'";
const HEADER: &str = "<?xml version='1.0'?><stream:stream from='wap.example' id='3BF96D32' \
     xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept'>";
const NS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection at the server's side.
struct Session {
    socket: TcpStream,
    seen: String,
}

impl Session {
    async fn say(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until `end` came, and returns all up to its end.
    async fn until(&mut self, end: &str) -> String {
        timeout(PATIENCE, async {
            loop {
                if let Some(at) = self.seen.find(end) {
                    let rest = self.seen.split_off(at + end.len());
                    return std::mem::replace(&mut self.seen, rest);
                }
                let mut bytes = vec![0; 65536];
                let read = self.socket.read(&mut bytes).await.unwrap();
                assert!(read > 0, "closed, waiting for {end} after {}", self.seen);
                self.seen.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            }
        })
        .await
        .unwrap_or_else(|_| panic!("waited for {end}, saw {}", self.seen))
    }

    /// Reads to the next fence; returns what came before it, and the fence.
    async fn fence(&mut self) -> (String, String) {
        let mut text = self.until("</iq>").await;
        let fence = text.split_off(text.rfind("<iq").unwrap());
        assert!(fence.contains("urn:xmpp:ping"), "{fence}");
        (text, fence)
    }

    /// Lets the link in, and sends its first fence back as a server does.
    async fn welcome(&mut self) {
        self.until("to='wap.example'>").await;
        self.say(HEADER).await;
        let handshake = self.until("</handshake>").await;
        assert_eq!(handshake, "<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>");
        self.say("<handshake/>").await;
        let (before, fence) = self.fence().await;
        assert_eq!(before, "");
        self.say(&fence).await;
    }
}

struct House {
    listener: TcpListener,
    outgoing: mpsc::Sender<Outgoing>,
    events: mpsc::Receiver<LinkEvent>,
    status: watch::Receiver<LinkStatus>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl House {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::at(listener, address)
    }

    fn at(listener: TcpListener, address: SocketAddr) -> Self {
        let settings = LinkSettings {
            domain: DOMAIN.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            secret: Secret::new("secret"),
        };
        let (outgoing, outgoing_end) = mpsc::channel(1024);
        let (events_end, events) = mpsc::channel(64);
        let (status_end, status) = watch::channel(LinkStatus::Connecting);
        let (stop, stop_end) = watch::channel(false);
        let task = tokio::spawn(run(settings, outgoing_end, events_end, status_end, stop_end));
        Self { listener, outgoing, events, status, stop, task }
    }

    async fn accept(&self) -> Session {
        let (socket, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        Session { socket, seen: String::new() }
    }

    /// Accepts a connection and lets it in.
    async fn session(&mut self) -> Session {
        let mut session = self.accept().await;
        session.welcome().await;
        assert_eq!(self.event().await, LinkEvent::Up);
        session
    }

    async fn event(&mut self) -> LinkEvent {
        timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap()
    }

    async fn body(&mut self) -> String {
        match self.event().await {
            LinkEvent::Stanza(Stanza::Message(message)) => message.body().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    async fn send(&self, row: Option<i64>, body: &str) {
        self.outgoing.send(Outgoing { row, wire: wire(body) }).await.unwrap();
    }

    async fn refusal(&mut self, word: &str) -> String {
        let is_it = |status: &LinkStatus| match status {
            LinkStatus::Refused(reason) | LinkStatus::Down(reason) => reason.contains(word),
            LinkStatus::Connecting | LinkStatus::Up => false,
        };
        let status = timeout(PATIENCE, self.status.wait_for(is_it)).await.unwrap().unwrap().clone();
        format!("{status:?}")
    }
}

fn wire(body: &str) -> Wire {
    let address = |text: &str| Jid::new(text).unwrap();
    let message = Message::chat(address("bob@wap.example"), address("ann@far.test"), "1", body);
    Stanza::Message(message).to_wire(DOMAIN).unwrap()
}

fn from_ann(body: &str) -> String {
    format!("<message {ENDS}><body>{body}</body></message>")
}

#[tokio::test]
async fn stanzas_go_both_ways_in_any_packets() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    assert_eq!(
        *house.status.wait_for(|status| *status == LinkStatus::Up).await.unwrap(),
        LinkStatus::Up
    );
    for octet in from_ann("h\u{e4}llo").bytes() {
        session.socket.write_all(&[octet]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(house.body().await, "h\u{e4}llo");
    house.send(None, "hi").await;
    assert!(session.until("</message>").await.contains("<body>hi</body>"));
    session.say(&format!(" \n{}{}", from_ann("1"), from_ann("2"))).await;
    assert_eq!((house.body().await, house.body().await), ("1".to_owned(), "2".to_owned()));
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_the_link_tries_again() {
    let mut house = House::new().await;
    for (condition, word) in [
        ("not-authorized", "the secret is wrong"),
        ("conflict", "already"),
        ("host-unknown", "add it to the server's components"),
        ("invalid-namespace", "component port"),
        ("system-shutdown", "waiting for its return"),
    ] {
        let mut session = house.accept().await;
        session.until(">").await;
        let error = format!("<stream:error><{condition} xmlns='{NS}'/></stream:error>");
        session.say(&format!("{HEADER}{error}</stream:stream>")).await;
        drop(session);
        house.refusal(word).await;
    }
    assert!(house.events.is_empty(), "the services hear of none of it");
    house.session().await;
}

#[tokio::test]
async fn what_is_no_server_is_told_apart() {
    let mut house = House::new().await;
    let mut session = house.accept().await;
    session.say("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    house.refusal("is it the component port").await;
    drop(house.accept().await);
    house.refusal("closed the connection during the handshake").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    let spare = TcpListener::bind("127.0.0.1:0").await.unwrap();
    drop(listener);
    let mut house = House::at(spare, closed);
    assert!(house.refusal("start the XMPP server").await.starts_with("Down"));
}

#[tokio::test]
async fn a_fence_removes_only_what_was_read() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    house.send(Some(7), "seven").await;
    let (before, fence) = session.fence().await;
    assert_eq!(before, wire("seven").as_str());
    house.send(Some(8), "eight").await;
    session.until("</message>").await;
    session.say(&from_ann("no answer yet")).await;
    assert_eq!(house.body().await, "no answer yet");
    session.say(&fence).await;
    assert_eq!(house.event().await, LinkEvent::Read(vec![7]));
    let (before, fence) = session.fence().await;
    assert_eq!(before, "", "the next covers what was sent meanwhile");
    session.say(&fence.replace("fence-", "fence-other-")).await;
    session.say(&fence.replace("from='wap.example'", "from='ann@far.test'")).await;
    assert!(matches!(house.event().await, LinkEvent::Stanza(Stanza::Iq(_))), "anybody's ping");
    let answer =
        fence.replace("type='get'", "type='result'").replace("<ping xmlns='urn:xmpp:ping'/>", "");
    session.say(&answer).await;
    assert_eq!(house.event().await, LinkEvent::Read(vec![8]));
    house.send(None, "transient").await;
    session.say(&from_ann("end")).await;
    assert_eq!(house.body().await, "end");
    session.until("transient</body></message>").await;
    assert_eq!(session.seen, "", "no rows, no fence");
}

#[tokio::test]
async fn rows_are_sent_again_once_on_the_next_connection() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    house.send(Some(1), "one").await;
    house.send(Some(1), "one").await;
    house.send(None, "transient").await;
    let all = session.until("transient</body></message>").await;
    assert_eq!(all.matches("<body>one</body>").count(), 1);
    session.fence_or_seen(&all).await;
    drop(session);
    assert_eq!(house.event().await, LinkEvent::Down);
    // What is sent into the gap is loaded again by the services, or not worth it.
    house.send(Some(1), "one").await;
    house.send(None, "lost").await;
    let mut session = house.session().await;
    house.send(Some(1), "one").await;
    house.send(Some(2), "two").await;
    house.send(Some(1), "one").await;
    house.send(None, "last").await;
    let all = session.until("last</body></message>").await;
    assert_eq!(all.matches("<body>one</body>").count(), 1, "{all}");
    assert_eq!(all.matches("<body>two</body>").count(), 1);
    assert!(!all.contains("lost"));
}

impl Session {
    /// Reads the fence unless it was read with what was before it.
    async fn fence_or_seen(&mut self, seen: &str) {
        if !seen.contains("fence-") {
            self.fence().await;
        }
    }
}

#[tokio::test]
async fn odd_stanzas_cost_themselves_only() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    let odd = [
        format!("<presence {ENDS} type='bogus'/>"),
        format!("<iq {ENDS} type='get'><ping xmlns='urn:xmpp:ping'/></iq>"),
        format!("<iq {ENDS} id='1'/>"),
        format!("<iq {ENDS} id='1' type='get'/>"),
        "<message from='' to='bob@wap.example'/>".to_owned(),
        "<foo/>".to_owned(),
        "<stream:features/>".to_owned(),
        "<handshake/>".to_owned(),
        format!("<message {ENDS}>{deep}</message>"),
        format!("<message {ENDS}><body>{}</body></message>", "x".repeat(5_000_000)),
        format!("<message {ENDS}><p:a/></message>"),
    ];
    let fine = [
        format!("<message xmlns='jabber:client' {ENDS}><body>ok</body></message>"),
        format!(
            "<message {ENDS} type='bogus'><body>ok</body><a b='{}'/></message>",
            "x".repeat(9000)
        ),
        "<message from='room@muc/\u{1F98A}' to='bob@wap.example'><body>ok</body></message>"
            .to_owned(),
        "<message from='a@b@c' to='bob@wap.example'><!-- x --><body>ok</body></message>".to_owned(),
    ];
    let script: String = odd.iter().flat_map(|odd| [odd.clone(), from_ann("ok")]).collect();
    let script = format!("{script}{}", fine.concat());
    let writer = tokio::spawn(async move {
        session.say(&script).await;
        session
    });
    for odd in &odd {
        let event = house.event().await;
        assert!(matches!(event, LinkEvent::Odd(_)), "{event:?} for {}", &odd[..odd.len().min(99)]);
        assert_eq!(house.body().await, "ok");
    }
    for _ in &fine {
        assert_eq!(house.body().await, "ok");
    }
    let mut session = writer.await.unwrap();
    house.send(Some(1), "alive").await;
    let (_, fence) = session.fence().await;
    session.say(&fence).await;
    assert_eq!(house.event().await, LinkEvent::Read(vec![1]));
}

#[tokio::test]
async fn a_stanza_of_another_domain_does_not_reach_the_link() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    let foreign = Wire::check("<presence from='x.test' to='ann@far.test'/>", "x.test").unwrap();
    house.outgoing.send(Outgoing { row: None, wire: foreign }).await.unwrap();
    house.send(None, "mine").await;
    assert_eq!(session.until("</message>").await, wire("mine").as_str());
}

#[tokio::test]
async fn at_the_end_all_is_written_and_proven() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    for row in 1..=100 {
        house.send(Some(row), "late").await;
    }
    house.stop.send(true).unwrap();
    let server = tokio::spawn(async move {
        let mut count = 0;
        while count < 100 {
            let (before, fence) = session.fence().await;
            count += before.matches("<message").count();
            session.say(&fence).await;
        }
        session.until("</stream:stream>").await;
        session.say("</stream:stream>").await;
    });
    let mut rows = Vec::new();
    loop {
        match house.event().await {
            LinkEvent::Read(read) => rows.extend(read),
            LinkEvent::Down => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rows, Vec::from_iter(1..=100));
    server.await.unwrap();
    timeout(PATIENCE, house.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_silent_server_does_not_hold_up_the_end() {
    let mut house = House::new().await;
    let session = house.session().await;
    house.send(Some(1), &"x".repeat(200_000)).await;
    house.stop.send(true).unwrap();
    let start = Instant::now();
    assert_eq!(house.event().await, LinkEvent::Down);
    timeout(PATIENCE, house.task).await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(3));
    drop(session);
}

#[tokio::test]
async fn the_link_ends_when_the_services_are_gone() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    drop(house.outgoing);
    session.until("</stream:stream>").await;
    drop(session);
    timeout(PATIENCE, house.task).await.unwrap().unwrap();
}

/// An unread link must not stop the writer, and a blocked writer must not stop the reader.
#[tokio::test]
async fn neither_half_waits_for_the_other() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    let great = "x".repeat(200_000);
    // The server reads nothing: the writer fills the sockets and waits.
    for _ in 0..200 {
        if house.outgoing.try_send(Outgoing { row: None, wire: wire(&great) }).is_err() {
            break;
        }
    }
    for _ in 0..2000 {
        session.say(&from_ann("read")).await;
        assert_eq!(house.body().await, "read");
    }
    // The services read nothing: the writer goes on.
    for _ in 0..500 {
        session.say(&from_ann("unread")).await;
    }
    house.send(None, "last").await;
    session.until("last</body></message>").await;
    assert_eq!(house.body().await, "unread");
}

#[tokio::test]
async fn a_link_on_which_nothing_is_heard_is_left() {
    let mut house = House::new().await;
    let mut session = house.session().await;
    // From here on the clock runs to the next timer as soon as all wait.
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let mut bytes = vec![0; 4096];
    let mut pings = Vec::new();
    loop {
        let read = session.socket.read(&mut bytes).await.unwrap();
        if read == 0 {
            break;
        }
        let text = std::str::from_utf8(&bytes[..read]).unwrap();
        assert!(text.contains("urn:xmpp:ping"));
        pings.push(start.elapsed().as_secs());
    }
    assert_eq!(pings.first(), Some(&60), "{pings:?}");
    assert_eq!(pings[1..], [65, 70, 75, 80]);
    assert_eq!(start.elapsed().as_secs(), 80);
    assert_eq!(house.event().await, LinkEvent::Down);
    house.refusal("does not answer a ping").await;
}
