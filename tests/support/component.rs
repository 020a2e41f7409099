//! A contact's server in the hands of whoever writes the test: whatever it says, it says as it is.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use minidom::Element;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::xmpp::PATIENCE;

/// A component (XEP-0114) of one of the lab's servers; it has every address of its domain.
///
/// Reads all the time. Answers nothing by itself. One at a time for each domain.
pub(crate) struct Component {
    /// Its domain.
    pub(crate) domain: String,
    writer: Writer,
    stanzas: mpsc::UnboundedReceiver<Element>,
    queue: VecDeque<Element>,
}

/// Also the task that reads may write.
type Writer = Arc<Mutex<OwnedWriteHalf>>;

impl Component {
    /// Connects, again until the server has let go of the one before.
    pub(crate) async fn connect(server: SocketAddr, domain: &str, secret: &str) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_connect(server, domain, secret).await {
                Some(component) => return component,
                None => assert!(Instant::now() < deadline, "{domain} is not let in"),
            }
        }
    }

    async fn try_connect(server: SocketAddr, domain: &str, secret: &str) -> Option<Self> {
        let stream = TcpStream::connect(server).await.expect("the server accepts");
        let (reader, mut writer) = stream.into_split();
        let mut splitter = Splitter { reader, text: String::new() };
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
             xmlns:stream='http://etherx.jabber.org/streams' to='{domain}'>"
        );
        writer.write_all(header.as_bytes()).await.unwrap();
        let header = splitter.header().await?;
        let id = header.split(" id=").nth(1)?;
        let id = id[1..].split(&id[..1]).next()?;
        let proof = Sha1::digest(format!("{id}{secret}"));
        let proof: String = proof.iter().map(|octet| format!("{octet:02x}")).collect();
        writer.write_all(format!("<handshake>{proof}</handshake>").as_bytes()).await.unwrap();
        splitter.next().await.filter(|answer| answer.name() == "handshake")?;
        Some(Self::reading(domain, splitter, writer))
    }

    /// Is the server itself that a component connects to, and lets it in: nobody between the two
    /// refuses what makes no sense. Every address that is not of the component is its own.
    pub(crate) async fn serve(listener: &TcpListener, domain: &str) -> Self {
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("in time").unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut splitter = Splitter { reader, text: String::new() };
        splitter.header().await.expect("the component opens a stream");
        let header = "<stream:stream xmlns='jabber:component:accept' id='1' \
                      xmlns:stream='http://etherx.jabber.org/streams'>";
        writer.write_all(header.as_bytes()).await.unwrap();
        splitter.next().await.expect("the component proves itself");
        writer.write_all(b"<handshake/>").await.unwrap();
        Self::reading(domain, splitter, writer)
    }

    fn reading(domain: &str, mut splitter: Splitter, writer: OwnedWriteHalf) -> Self {
        let (sink, stanzas) = mpsc::unbounded_channel();
        let writer = Arc::new(Mutex::new(writer));
        let answers = writer.clone();
        // Ends with the stream, which ends when the component is dropped.
        tokio::spawn(async move {
            while let Some(stanza) = splitter.next().await {
                // What somebody asks himself comes back to him.
                if stanza.attr("from").is_some() && stanza.attr("from") == stanza.attr("to") {
                    let _ = answers.lock().await.write_all(&octets(&stanza)).await;
                }
                let _ = sink.send(stanza);
            }
        });
        Self { domain: domain.to_owned(), writer, stanzas, queue: VecDeque::new() }
    }

    /// Writes something as it is.
    pub(crate) async fn say(&mut self, xml: &str) {
        let mut writer = self.writer.lock().await;
        let written = timeout(PATIENCE, writer.write_all(xml.as_bytes())).await;
        written.expect("the server reads").expect("the stream lives");
    }

    /// Writes a presence of one of its users, with what is to be in it.
    pub(crate) async fn presence(&mut self, from: &str, to: &str, attrs: &str, inside: &str) {
        let from = format!("{from}@{}", self.domain);
        let text = format!("<presence from='{from}' to='{to}' {attrs}>{inside}</presence>");
        self.say(&text).await;
    }

    /// Waits for the first stanza that `pick` makes something of; the others stay queued.
    pub(crate) async fn expect<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Element) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        match self.await_until(deadline, &mut pick).await {
            Some(found) => found,
            None => {
                let queue: Vec<String> = self.queue.iter().map(String::from).collect();
                panic!("{}: no {what}; queued: {queue:#?}", self.domain)
            }
        }
    }

    /// Takes the first matching stanza out of those that have arrived already.
    pub(crate) fn seen<T>(&mut self, mut pick: impl FnMut(&Element) -> Option<T>) -> Option<T> {
        while let Ok(stanza) = self.stanzas.try_recv() {
            self.queue.push_back(stanza);
        }
        let mut found = self.queue.iter().enumerate();
        let (at, found) = found.find_map(|(at, stanza)| Some((at, pick(stanza)?)))?;
        self.queue.remove(at);
        Some(found)
    }

    /// Waits for a presence of some kind from a user of ours to one of its own.
    pub(crate) async fn expect_presence(&mut self, kind: &str, from: &str, to: &str) -> Element {
        let to = format!("{to}@{}", self.domain);
        self.expect(&format!("{kind} from {from} to {to}"), |stanza| {
            let is_it = stanza.name() == "presence"
                && stanza.attr("type").unwrap_or_default() == kind
                && bare(stanza, "from") == from
                && bare(stanza, "to") == to;
            is_it.then(|| stanza.clone())
        })
        .await
    }

    /// Waits for the question of a user of ours to one of its own that holds such an element, or
    /// one such anywhere in it; returns who asks and under which id.
    pub(crate) async fn expect_question(&mut self, of: &str, what: &str) -> (String, String) {
        let to = format!("{of}@{}", self.domain);
        self.expect(&format!("question for {what} of {to}"), |it| question(it, &to, what)).await
    }

    /// Takes such a question, if it has arrived.
    pub(crate) fn asked(&mut self, of: &str, what: &str) -> Option<(String, String)> {
        let to = format!("{of}@{}", self.domain);
        self.seen(|stanza| question(stanza, &to, what))
    }

    /// Answers such a question.
    pub(crate) async fn answer(&mut self, of: &str, asked: &(String, String), inside: &str) {
        let (to, id) = asked;
        let from = format!("{of}@{}", self.domain);
        let text = format!("<iq type='result' from='{from}' to='{to}' id='{id}'>{inside}</iq>");
        self.say(&text).await;
    }

    /// Waits until all that was sent to a user of ours is carried out, also over a connection of
    /// servers that is only made now.
    pub(crate) async fn fence(&mut self, from: &str, to: &str) {
        for _ in 0..10 {
            let id = format!("fence-{:016x}", rand::random::<u64>());
            let own = format!("{from}@{}", self.domain);
            let ping = format!(
                "<iq type='get' from='{own}' to='{to}' id='{id}'><ping xmlns='urn:xmpp:ping'/></iq>"
            );
            self.say(&ping).await;
            let mut is_answer = |stanza: &Element| {
                let is_it = stanza.name() == "iq" && stanza.attr("id") == Some(&id);
                // The servers between may not reach each other at first.
                is_it.then(|| !String::from(stanza).contains("remote-server"))
            };
            let deadline = Instant::now() + Duration::from_secs(10);
            if self.await_until(deadline, &mut is_answer).await == Some(true) {
                return;
            }
        }
        panic!("{to} cannot be reached from {}", self.domain);
    }

    async fn await_until<T>(
        &mut self,
        deadline: Instant,
        pick: &mut impl FnMut(&Element) -> Option<T>,
    ) -> Option<T> {
        if let Some(found) = self.seen(&mut *pick) {
            return Some(found);
        }
        while let Ok(stanza) = timeout_at(deadline, self.stanzas.recv()).await {
            let stanza = stanza.unwrap_or_else(|| panic!("{} is thrown out", self.domain));
            match pick(&stanza) {
                Some(found) => return Some(found),
                None => self.queue.push_back(stanza),
            }
        }
        None
    }
}

fn octets(stanza: &Element) -> Vec<u8> {
    let mut octets = Vec::new();
    stanza.write_to(&mut octets).expect("a vector takes all");
    octets
}

/// Who asks for something, and under which id.
fn question(stanza: &Element, to: &str, what: &str) -> Option<(String, String)> {
    let is_it = stanza.name() == "iq"
        && stanza.attr("type") == Some("get")
        && bare(stanza, "to") == to
        && String::from(stanza).contains(what);
    is_it.then(|| (stanza.attr("from").unwrap().into(), stanza.attr("id").unwrap().into()))
}

/// An address without its resource.
fn bare<'a>(stanza: &'a Element, name: &'a str) -> &'a str {
    stanza.attr(name).unwrap_or_default().split('/').next().unwrap_or_default()
}

/// Cuts a stream into stanzas; what the lab's servers write has no comments and no CDATA.
struct Splitter {
    reader: OwnedReadHalf,
    text: String,
}

impl Splitter {
    /// The head of the stream.
    async fn header(&mut self) -> Option<String> {
        loop {
            if let Some(start) = self.text.find("<stream:stream")
                && let Some(end) = end_of_tag(&self.text[start..])
            {
                let rest = self.text.split_off(start + end);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            self.read().await?;
        }
    }

    /// The next stanza; none at the end of the stream.
    async fn next(&mut self) -> Option<Element> {
        loop {
            if let Some(end) = end_of_element(&self.text) {
                let rest = self.text.split_off(end);
                let text = std::mem::replace(&mut self.text, rest);
                let around = format!(
                    "<around xmlns='jabber:component:accept' \
                     xmlns:stream='http://etherx.jabber.org/streams'>{text}</around>"
                );
                let around: Element = around.parse().expect("the server writes XML");
                return around.children().next().cloned();
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Option<()> {
        let mut octets = vec![0; 65_536];
        let mut filled = 0;
        loop {
            let read = self.reader.read(&mut octets[filled..filled + 1024]).await.ok()?;
            if read == 0 {
                return None;
            }
            filled += read;
            // A letter may be torn between two reads.
            if let Ok(text) = std::str::from_utf8(&octets[..filled]) {
                self.text.push_str(text);
                return Some(());
            }
        }
    }
}

/// Where the first tag ends.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.bytes().enumerate() {
        match (quote, letter) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}

/// Where the first element ends; none if it has not come whole, or the stream ends instead.
fn end_of_element(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_i32);
    loop {
        at += text[at..].find('<')?;
        let end = at + end_of_tag(&text[at..])?;
        let tag = &text[at..end];
        if tag.starts_with("</") {
            depth -= 1;
        } else if !tag.ends_with("/>") {
            depth += 1;
        }
        if depth <= 0 {
            return (depth == 0).then_some(end);
        }
        at = end;
    }
}
