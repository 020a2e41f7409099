//! The contact's side of a test: an XMPP client that shares no code with ours.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use minidom::Element;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::jid::{BareJid, FullJid, Jid};
use tokio_xmpp::parsers::caps::{self, Caps};
use tokio_xmpp::parsers::disco::{DiscoInfoQuery, DiscoInfoResult, Identity};
use tokio_xmpp::parsers::hashes::Algo;
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::message::{Id, Lang, Message};
use tokio_xmpp::parsers::ping::Ping;
use tokio_xmpp::parsers::presence::{Presence, Show, Type};
use tokio_xmpp::parsers::receipts;
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Client, Event, Stanza};

use super::lab::Lab;

/// A contact that is logged in at one of the lab's servers.
///
/// Reads all the time, so that nothing is lost between two calls. Answers pings and disco#info
/// by itself, as every client does; all else is left to the test. Reconnects by itself, see
/// [`XmppClient::expect_reconnect`]. A stanza that breaks the rules of XMPP ends its stream: it
/// is strict on purpose. Dropping it logs out.
pub(crate) struct XmppClient {
    /// The address that the server gave this session.
    pub(crate) jid: FullJid,
    commands: mpsc::UnboundedSender<Command>,
    stanzas: mpsc::UnboundedReceiver<Stanza>,
    /// Stanzas that arrived while another one was awaited.
    queue: VecDeque<Stanza>,
    /// The address of the stream that came up last.
    logins: watch::Receiver<Option<FullJid>>,
    /// What it can do besides the usual.
    features: Features,
}

/// Features that a client tells who asks, besides the usual ones.
type Features = Arc<Mutex<Vec<String>>>;

enum Command {
    Send(Box<Stanza>, oneshot::Sender<()>),
    Logout(oneshot::Sender<()>),
}

impl XmppClient {
    /// Logs in at the server of the account and announces presence.
    ///
    /// A resource in the address is used; without one the server chooses.
    ///
    /// # Panics
    ///
    /// If the login is not done within [`PATIENCE`], as with every wait below.
    pub(crate) async fn login(lab: &Lab, account: &str, password: &str) -> Self {
        let mut client = Self::login_silently(lab, account, password).await;
        // Who has not asked for its roster is not told of changes in it.
        // spec: RFC6121 §2.1.6
        let roster = "<iq xmlns='jabber:client' type='get' id='roster'>\
                      <query xmlns='jabber:iq:roster'/></iq>";
        client.send(roster.parse().expect("an iq")).await;
        client.set_presence(None, None).await;
        client.sync().await;
        client
    }

    /// Logs in without telling anybody: the server still keeps messages for later.
    pub(crate) async fn login_silently(lab: &Lab, account: &str, password: &str) -> Self {
        let account = Jid::from_str(account).expect("a JID");
        let server = match account.domain().as_str() {
            "far.test" => lab.far.as_ref().expect("the lab has a far side").c2s,
            _ => lab.c2s,
        };
        Self::login_at(server, account, password).await
    }

    /// Sends a stanza, given as an element of `jabber:client`; returns when it is written.
    pub(crate) async fn send(&mut self, stanza: Element) {
        self.send_stanza(Stanza::try_from(stanza).expect("a stanza")).await;
    }

    /// Sends a message of type chat, with a request for a receipt if wanted.
    pub(crate) async fn send_chat(&mut self, to: &str, body: &str, id: &str, receipt: bool) {
        let mut message = Message::chat(jid(to)).with_body(Lang::new(), body.to_owned());
        message.id = Some(Id(id.to_owned()));
        if receipt {
            message = message.with_payload(receipts::Request);
        }
        self.send_stanza(message.into()).await;
    }

    /// Announces presence: available, or one of the finer shades, with a status text.
    pub(crate) async fn set_presence(&mut self, show: Option<Show>, status: Option<&str>) {
        let mut presence = Presence::available();
        presence.show = show;
        if let Some(status) = status {
            presence.set_status("", status.to_owned());
        }
        self.send_stanza(presence.into()).await;
    }

    /// Announces presence with the hash of what the client can do, these features included, and
    /// a status text.
    pub(crate) async fn announce(&mut self, features: &[&str], status: Option<&str>) {
        *self.features.lock().unwrap() = features.iter().map(|it| (*it).to_owned()).collect();
        let info = info(None, features.iter().map(|it| (*it).to_owned()));
        let hash = caps::hash_caps(&caps::compute_disco(&info), Algo::Sha_1).unwrap();
        let mut presence = Presence::available();
        if let Some(status) = status {
            presence.set_status("", status.to_owned());
        }
        presence.add_payload(Caps::new("https://test.example/", hash));
        self.send_stanza(presence.into()).await;
    }

    /// Asks for something, of the own account if of nobody, and waits for the answer; none for a
    /// refusal.
    pub(crate) async fn ask(
        &mut self,
        kind: &str,
        to: Option<&str>,
        what: &str,
    ) -> Option<Element> {
        let id = format!("ask-{:016x}", rand::random::<u64>());
        let to = to.map(|to| format!(" to='{to}'")).unwrap_or_default();
        let iq = format!("<iq xmlns='jabber:client' type='{kind}' id='{id}'{to}>{what}</iq>");
        self.send(iq.parse().expect("an iq")).await;
        self.expect(&format!("answer to {what:.80}"), |stanza| match stanza {
            Stanza::Iq(Iq::Result { id: answered, payload, .. }) => {
                (*answered == id).then(|| payload.clone().or_else(|| Some(nothing())))
            }
            Stanza::Iq(Iq::Error { id: answered, error, .. }) => {
                // Seen where a test fails that counts on another answer.
                (*answered == id).then(|| eprintln!("refused {what:.80}: {error:?}")).map(|()| None)
            }
            _ => None,
        })
        .await
    }

    /// Asks to see somebody's presence.
    pub(crate) async fn subscribe(&mut self, to: &str) {
        self.send_presence(Type::Subscribe, to).await;
    }

    /// Permits somebody to see our presence.
    pub(crate) async fn approve(&mut self, to: &str) {
        self.send_presence(Type::Subscribed, to).await;
    }

    /// Sends a bare presence of some type to somebody.
    pub(crate) async fn send_presence(&mut self, kind: Type, to: &str) {
        self.send_stanza(Presence::new(kind).with_to(jid(to)).into()).await;
    }

    /// Waits for the first stanza that `pick` makes something of; the others stay queued.
    ///
    /// # Panics
    ///
    /// If none comes in time: names `what` was awaited, and what came instead.
    pub(crate) async fn expect<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Stanza) -> Option<T>,
    ) -> T {
        if let Some(found) = self.seen(&mut pick) {
            return found;
        }
        let arrival = async {
            loop {
                let stanza = self.stanzas.recv().await.expect("the stream lives");
                match pick(&stanza) {
                    Some(found) => return found,
                    None => self.queue.push_back(stanza),
                }
            }
        };
        match timeout(PATIENCE, arrival).await {
            Ok(found) => found,
            Err(_) => panic!("{}: no {what}; queued: {:#?}", self.jid, self.queue),
        }
    }

    /// Waits for a message with a body from this bare JID.
    pub(crate) async fn expect_chat(&mut self, from: &str) -> Message {
        let from = BareJid::from_str(from).expect("a bare JID");
        self.expect(&format!("message from {from}"), |stanza| match stanza {
            Stanza::Message(message)
                if message.from.as_ref().is_some_and(|jid| jid.to_bare() == from)
                    && !message.bodies.is_empty() =>
            {
                Some(message.clone())
            }
            _ => None,
        })
        .await
    }

    /// Waits for a presence of this type from this bare JID.
    pub(crate) async fn expect_presence(&mut self, kind: Type, from: &str) -> Presence {
        let from = BareJid::from_str(from).expect("a bare JID");
        self.expect(&format!("presence {kind:?} from {from}"), |stanza| match stanza {
            Stanza::Presence(presence)
                if presence.from.as_ref().is_some_and(|jid| jid.to_bare() == from)
                    && presence.type_ == kind =>
            {
                Some(presence.clone())
            }
            _ => None,
        })
        .await
    }

    /// Waits for the receipt of the message with this id.
    pub(crate) async fn expect_receipt(&mut self, id: &str) -> Message {
        self.expect(&format!("receipt of {id}"), |stanza| match stanza {
            Stanza::Message(message) => {
                let received = |payload: &Element| {
                    payload.is("received", RECEIPTS) && payload.attr("id") == Some(id)
                };
                message.payloads.iter().any(received).then(|| message.clone())
            }
            _ => None,
        })
        .await
    }

    /// Takes the first matching stanza out of those that have arrived already.
    ///
    /// After [`XmppClient::sync`], `None` means that the server has sent no such stanza.
    pub(crate) fn seen<T>(&mut self, mut pick: impl FnMut(&Stanza) -> Option<T>) -> Option<T> {
        while let Ok(stanza) = self.stanzas.try_recv() {
            self.queue.push_back(stanza);
        }
        let found = self.queue.iter().enumerate().find_map(|(at, stanza)| {
            let found = pick(stanza)?;
            Some((at, found))
        });
        let (at, found) = found?;
        self.queue.remove(at);
        Some(found)
    }

    /// Pings a domain until it answers: it may be on its way up.
    pub(crate) async fn reach(&mut self, domain: &str) {
        for _ in 0..10 {
            let id = format!("reach-{:016x}", rand::random::<u64>());
            self.send_stanza(Iq::from_get(id.clone(), Ping).with_to(jid(domain)).into()).await;
            let is_answer = |stanza: &Stanza| match stanza {
                Stanza::Iq(Iq::Result { id: of, .. }) => (*of == id).then_some(()),
                _ => None,
            };
            let next = tokio::time::Instant::now() + Duration::from_secs(3);
            while tokio::time::Instant::now() < next {
                if self.seen(is_answer).is_some() {
                    return;
                }
                self.sync().await;
            }
        }
        panic!("{domain} cannot be reached");
    }

    /// Waits until the server has handled all that we sent, and we have all that it sent before.
    pub(crate) async fn sync(&mut self) {
        let id = format!("sync-{:016x}", rand::random::<u64>());
        let server = Jid::from_str(self.jid.domain().as_str()).expect("a domain is a JID");
        let ping = Iq::from_get(id.clone(), Ping).with_to(server);
        self.send_stanza(ping.into()).await;
        self.expect("answer to our ping", |stanza| match stanza {
            Stanza::Iq(Iq::Result { id: answered, .. } | Iq::Error { id: answered, .. }) => {
                (*answered == id).then_some(())
            }
            _ => None,
        })
        .await;
    }

    /// Waits until the stream has come up once more since the login or the last such call.
    ///
    /// Presence is not announced again, and a resource that the server chose is another one.
    pub(crate) async fn expect_reconnect(&mut self) {
        let change = timeout(PATIENCE, self.logins.changed()).await;
        change.expect("the stream comes back in time").expect("the client lives");
        self.jid = self.logins.borrow_and_update().clone().expect("the server binds a full JID");
    }

    /// Ends the session in an orderly way.
    pub(crate) async fn logout(self) {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(Command::Logout(done)).is_ok() {
            let _ = timeout(PATIENCE, is_done).await.expect("the logout ends in time");
        }
    }

    async fn login_at(server: SocketAddr, account: Jid, password: &str) -> Self {
        let name = account.to_string();
        let password = password.to_owned();
        let (commands, command_source) = mpsc::unbounded_channel();
        let (stanza_sink, stanzas) = mpsc::unbounded_channel();
        let (login_sink, mut logins) = watch::channel(None);
        let features = Features::default();
        let told = features.clone();
        // COMPAT(tokio-xmpp 6): on a runtime of several threads its client may miss that a
        // stanza has arrived, so each has a thread and a runtime of its own.
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let dns = DnsConfig::addr(&server.to_string());
                let client = Client::new_plaintext(account, password, dns, Timeouts::default());
                drive(client, command_source, (stanza_sink, login_sink), told).await;
            });
        });
        let jid = match timeout(PATIENCE, logins.wait_for(Option::is_some)).await {
            Ok(Ok(jid)) => jid.clone().expect("just waited for"),
            _ => panic!("{name} cannot log in at {server}"),
        };
        Self { jid, commands, stanzas, queue: VecDeque::new(), logins, features }
    }

    async fn send_stanza(&mut self, stanza: Stanza) {
        let (done, is_done) = oneshot::channel();
        let command = Command::Send(Box::new(stanza), done);
        self.commands.send(command).expect("the client lives");
        let written = timeout(PATIENCE, is_done).await.expect("the stanza is written in time");
        written.expect("the stream takes the stanza");
    }
}

/// Owns the connection until the test lets go of it.
async fn drive(
    mut client: Client,
    mut commands: mpsc::UnboundedReceiver<Command>,
    (stanzas, logins): (mpsc::UnboundedSender<Stanza>, watch::Sender<Option<FullJid>>),
    features: Features,
) {
    loop {
        tokio::select! {
            event = client.next() => match event {
                Some(Event::Stanza(stanza)) => {
                    if let Some(answer) = answer(&stanza, &features) {
                        let _ = client.send_stanza(answer).await;
                    }
                    let _ = stanzas.send(stanza);
                }
                Some(Event::Online { bound_jid, .. }) => {
                    logins.send_replace(bound_jid.try_into_full().ok());
                }
                Some(Event::Disconnected(_)) | None => return,
            },
            command = commands.recv() => match command {
                Some(Command::Send(stanza, done)) => {
                    if client.send_stanza(*stanza).await.is_ok() {
                        let _ = done.send(());
                    }
                }
                Some(Command::Logout(done)) => {
                    let _ = client.send_end().await;
                    let _ = done.send(());
                    return;
                }
                None => {
                    let _ = client.send_end().await;
                    return;
                }
            },
        }
    }
}

/// What any client answers without asking its user.
fn answer(stanza: &Stanza, features: &Features) -> Option<Stanza> {
    let Stanza::Iq(Iq::Get { from: Some(from), id, payload, .. }) = stanza else { return None };
    let answer = if Ping::try_from(payload.clone()).is_ok() {
        Iq::empty_result(from.clone(), id.clone())
    } else {
        let query = DiscoInfoQuery::try_from(payload.clone()).ok()?;
        let features = features.lock().unwrap().clone();
        let info = info(query.node, features.into_iter());
        Iq::from_result(id.clone(), Some(info)).with_to(from.clone())
    };
    Some(answer.into())
}

/// What the client is and can do.
fn info(node: Option<String>, features: impl Iterator<Item = String>) -> DiscoInfoResult {
    DiscoInfoResult {
        node,
        identities: vec![Identity::new("client", "pc", "en", "test client")],
        features: FEATURES.map(str::to_owned).into_iter().chain(features).collect(),
        extensions: Vec::new(),
    }
}

/// An answer that says no more than yes.
fn nothing() -> Element {
    Element::bare("nothing", "urn:nothing")
}

/// The text of a message, whatever language it is marked with; empty if there is none.
pub(crate) fn body(message: &Message) -> &str {
    message.bodies.values().next().map_or("", String::as_str)
}

/// The status text of a presence, likewise.
pub(crate) fn status(presence: &Presence) -> &str {
    presence.statuses.values().next().map_or("", String::as_str)
}

fn jid(text: &str) -> Jid {
    Jid::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How long any wait may take: far longer than it does, so that only a real fault runs into it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const RECEIPTS: &str = "urn:xmpp:receipts";

const FEATURES: [&str; 4] = [
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/disco#info",
    "urn:xmpp:ping",
    RECEIPTS,
];
