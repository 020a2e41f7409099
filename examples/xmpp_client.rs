//! A plain XMPP client for the terminal: the contact's side when trying OneSoup out.
//!
//! `cargo run --example xmpp_client -- alice@xmpp.test PASSWORD HOST PORT`
//!
//! Speaks without TLS, so it is for servers on this machine only.

use std::env::args;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use minidom::Element;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::time::timeout;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::jid::{BareJid, Jid};
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::message::{Lang, Message, MessageType};
use tokio_xmpp::parsers::presence::{Presence, Show, Type};
use tokio_xmpp::parsers::receipts::{self, Received};
use tokio_xmpp::parsers::stanza_error::{DefinedCondition, ErrorType, StanzaError};
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Client, Event, Stanza};

/// How long a login may take; the library itself would go on trying for ever.
const LOGIN_DEADLINE: Duration = Duration::from_secs(10);

const HELP: &str = "  /to JID        whom the following lines go to
  /add JID       ask to see somebody's presence
  /away [TEXT]   be away; /dnd and /back likewise
  /quit          log out
  anything else  is sent";

// COMPAT(tokio-xmpp 6): on several threads its client may miss that a stanza has arrived.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match chat().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn chat() -> Result<()> {
    let arguments: Vec<_> = args().skip(1).collect();
    let [account, password, host, port] = arguments.as_slice() else {
        bail!("usage: xmpp_client JID PASSWORD HOST PORT");
    };
    let account = Jid::from_str(account).with_context(|| format!("{account} is no JID"))?;
    let server = DnsConfig::addr(&format!("{host}:{port}"));
    let client = Client::new_plaintext(account, password, server, Timeouts::default());
    let mut session = Session { client, partner: None };
    let login = timeout(LOGIN_DEADLINE, session.client.next()).await;
    let Ok(Some(Event::Online { bound_jid, .. })) = login else {
        bail!("cannot log in at {host}:{port}: is the server there, is the password right?");
    };
    println!("Logged in as {}.\n{HELP}", bound_jid.to_bare());
    session.send(Presence::available()).await?;
    session.run().await
}

struct Session {
    client: Client,
    /// Whom a line goes to: the last one named or heard.
    partner: Option<BareJid>,
}

impl Session {
    async fn run(mut self) -> Result<()> {
        let mut lines = BufReader::new(stdin()).lines();
        loop {
            tokio::select! {
                line = lines.next_line() => match line? {
                    Some(line) if line.trim() == "/quit" => break,
                    Some(line) => self.enter(line.trim()).await?,
                    None => break,
                },
                event = self.client.next() => match event {
                    Some(Event::Stanza(stanza)) => self.receive(stanza).await?,
                    Some(Event::Online { .. }) => {
                        println!("* the server is back");
                        self.send(Presence::available()).await?;
                    }
                    Some(Event::Disconnected(error)) => bail!("disconnected: {error}"),
                    None => bail!("disconnected"),
                },
            }
        }
        self.send(Presence::unavailable()).await?;
        self.client.send_end().await?;
        Ok(())
    }

    async fn enter(&mut self, line: &str) -> Result<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "/to" | "/add" => match BareJid::from_str(rest.trim()) {
                Ok(jid) if word == "/to" => self.partner = Some(jid),
                Ok(jid) => {
                    self.send(Presence::subscribe().with_to(jid.clone())).await?;
                    println!("* asked {jid}");
                }
                Err(error) => println!("* {rest}: {error}"),
            },
            "/away" => self.announce(Some(Show::Away), rest).await?,
            "/dnd" => self.announce(Some(Show::Dnd), rest).await?,
            "/back" => self.announce(None, rest).await?,
            _ if word.starts_with('/') => println!("{HELP}"),
            _ => match self.partner.clone() {
                Some(partner) => {
                    let message = Message::chat(Jid::from(partner))
                        .with_body(Lang::new(), line.to_owned())
                        .with_payload(receipts::Request);
                    self.send(message).await?;
                }
                None => println!("* to whom? Say /to JID first"),
            },
        }
        Ok(())
    }

    async fn announce(&mut self, show: Option<Show>, text: &str) -> Result<()> {
        let mut presence = Presence::available();
        presence.show = show;
        if !text.is_empty() {
            presence.set_status("", text.to_owned());
        }
        self.send(presence).await
    }

    async fn receive(&mut self, stanza: Stanza) -> Result<()> {
        match stanza {
            Stanza::Message(message) => self.receive_message(message).await,
            Stanza::Presence(presence) => self.receive_presence(presence).await,
            Stanza::Iq(iq) => self.refuse(iq).await,
        }
    }

    async fn receive_message(&mut self, message: Message) -> Result<()> {
        let Some(from) = message.from.clone() else { return Ok(()) };
        let who = from.to_bare();
        if message.type_ == MessageType::Error {
            println!("* {who} did not get the message");
            return Ok(());
        }
        if message.payloads.iter().any(|payload| is_receipt(payload, "received")) {
            println!("* {who} has the message");
        }
        let Some(body) = message.bodies.values().next() else { return Ok(()) };
        println!("{who}: {body}");
        self.partner = Some(who);
        let is_receipt_wanted =
            message.payloads.iter().any(|payload| is_receipt(payload, "request"));
        if let (Some(id), true) = (message.id, is_receipt_wanted) {
            let mut receipt = Message::new_with_type(message.type_, from);
            receipt.payloads.push(Received { id: id.0 }.into());
            self.send(receipt).await?;
        }
        Ok(())
    }

    async fn receive_presence(&mut self, presence: Presence) -> Result<()> {
        let Some(who) = presence.from.map(|jid| jid.to_bare()) else { return Ok(()) };
        if self.client.bound_jid().is_some_and(|own| own.to_bare() == who) {
            return Ok(());
        }
        let text = presence.statuses.values().next();
        let text = text.map(|text| format!(" ({text})")).unwrap_or_default();
        match presence.type_ {
            Type::None => {
                let shade = match presence.show {
                    None => "here",
                    Some(Show::Away) => "away",
                    Some(Show::Xa) => "away for long",
                    Some(Show::Dnd) => "not to be disturbed",
                    Some(Show::Chat) => "free for a chat",
                };
                println!("* {who} is {shade}{text}");
            }
            Type::Unavailable => println!("* {who} is gone{text}"),
            Type::Subscribe => {
                println!("* {who} asks to see your presence: accepted, and asked back");
                self.send(Presence::subscribed().with_to(who.clone())).await?;
                self.send(Presence::subscribe().with_to(who)).await?;
            }
            Type::Subscribed => println!("* {who} lets you see their presence"),
            Type::Unsubscribed => println!("* {who} does not let you see their presence"),
            Type::Unsubscribe => println!("* {who} no longer looks at your presence"),
            Type::Error => println!("* {who} cannot be reached"),
            Type::Probe => {}
        }
        Ok(())
    }

    /// A request must have an answer, even if it is that we do not know it.
    async fn refuse(&mut self, iq: Iq) -> Result<()> {
        let (Iq::Get { from: Some(from), id, .. } | Iq::Set { from: Some(from), id, .. }) = iq
        else {
            return Ok(());
        };
        let condition = DefinedCondition::ServiceUnavailable;
        let error = StanzaError::new(ErrorType::Cancel, condition, "en", "not known here");
        self.send(Iq::from_error(id, error).with_to(from)).await
    }

    async fn send(&mut self, stanza: impl Into<Stanza>) -> Result<()> {
        self.client.send_stanza(stanza.into()).await?;
        Ok(())
    }
}

fn is_receipt(payload: &Element, name: &str) -> bool {
    payload.is(name, "urn:xmpp:receipts")
}
