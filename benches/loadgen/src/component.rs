//! The XMPP server's side of a component link (XEP-0114), so that only the component's own work
//! is measured.
//!
//! It takes any secret, hands texts to the hub, answers probes, and sends a ping of the
//! component to itself back to it as a real server does.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex, RwLock, watch},
    time::timeout,
};

use crate::{hub::Hub, xml};

/// The server, and the link of the component that has come last.
pub struct Server {
    hub: RwLock<Option<Arc<Hub>>>,
    writer: Mutex<Option<OwnedWriteHalf>>,
    is_up: watch::Sender<bool>,
}

impl Server {
    /// Listens for components for as long as the runtime lives.
    pub async fn listen(address: SocketAddr) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind(address).await?;
        let server = Arc::new(Self {
            hub: RwLock::default(),
            writer: Mutex::default(),
            is_up: watch::Sender::new(false),
        });
        let all = server.clone();
        tokio::spawn(async move {
            loop {
                let result = match listener.accept().await {
                    Ok((stream, _)) => all.serve(stream).await,
                    Err(error) => Err(error),
                };
                all.is_up.send_replace(false);
                eprintln!("the link ended: {result:?}");
            }
        });
        Ok(server)
    }

    /// Waits for a component.
    pub async fn up(&self) -> io::Result<()> {
        let mut is_up = self.is_up.subscribe();
        let up = timeout(Duration::from_secs(60), is_up.wait_for(|is_up| *is_up)).await;
        up.map(drop).map_err(|_| io::Error::other("no component has come"))
    }

    /// Where texts go that arrive from now on.
    pub async fn deliver_to(&self, hub: Arc<Hub>) {
        *self.hub.write().await = Some(hub);
    }

    /// Sends stanzas down the link.
    pub async fn send(&self, stanzas: &[u8]) -> io::Result<()> {
        match &mut *self.writer.lock().await {
            Some(writer) => writer.write_all(stanzas).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut input = Vec::new();
        let header = until(&mut stream, &mut input, "<stream:stream", ">").await?;
        let tag = header.split_once("<stream:stream").map_or("", |(_, tag)| tag);
        let domain = xml::attribute(tag, "to").unwrap_or_default().to_owned();
        let answer = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
             xmlns:stream='http://etherx.jabber.org/streams' id='bench' from='{domain}'>"
        );
        stream.write_all(answer.as_bytes()).await?;
        until(&mut stream, &mut input, "<handshake", "</handshake>").await?;
        stream.write_all(b"<handshake/>").await?;
        let (reader, writer) = stream.into_split();
        *self.writer.lock().await = Some(writer);
        self.is_up.send_replace(true);
        self.read(reader, input, &domain).await
    }

    async fn read(
        &self,
        mut reader: OwnedReadHalf,
        mut input: Vec<u8>,
        domain: &str,
    ) -> io::Result<()> {
        loop {
            let text = match str::from_utf8(&input) {
                Ok(text) => text,
                Err(error) => str::from_utf8(&input[..error.valid_up_to()]).unwrap_or_default(),
            };
            let mut used = 0;
            while let Some(len) = stanza(&text[used..]) {
                let stanza = &text[used..used + len];
                used += len;
                self.take(stanza.trim_start(), domain).await?;
            }
            input.drain(..used);
            input.reserve(64 * 1024);
            if reader.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn take(&self, stanza: &str, domain: &str) -> io::Result<()> {
        if stanza.starts_with("<message") {
            if let Some(hub) = &*self.hub.read().await {
                xml::message_texts(stanza).for_each(|text| hub.deliver(text));
            }
            return Ok(());
        }
        let tag = stanza.split('>').next().unwrap_or_default();
        let is = |name, value| xml::attribute(tag, name) == Some(value);
        if stanza.starts_with("<presence") && is("type", "probe") {
            // Everybody elsewhere is there.
            let end = |name| xml::attribute(tag, name).unwrap_or_default();
            let answer = format!("<presence from='{}/x' to='{}'/>", end("to"), end("from"));
            return self.send(answer.as_bytes()).await;
        }
        if stanza.starts_with("<iq") && is("to", domain) && is("type", "get") {
            return self.send(stanza.as_bytes()).await;
        }
        Ok(())
    }
}

/// Reads until `end` follows `start`, and takes both off.
async fn until(
    stream: &mut TcpStream,
    input: &mut Vec<u8>,
    start: &str,
    end: &str,
) -> io::Result<String> {
    loop {
        let text = str::from_utf8(input).map_err(io::Error::other)?;
        if let Some(at) = text.find(start)
            && let Some(len) = text[at..].find(end)
        {
            let taken = text[..at + len + end.len()].to_owned();
            input.drain(..taken.len());
            return Ok(taken);
        }
        if stream.read_buf(input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The length of the first stanza, if it is complete; none holds another of its own name.
fn stanza(text: &str) -> Option<usize> {
    let start = text.find('<')?;
    let tag = &text[start + 1..];
    let name = &tag[..tag.find([' ', '>', '/'])?];
    let open = tag.find('>')?;
    if tag[..open].ends_with('/') {
        return Some(start + 1 + open + 1);
    }
    let close = format!("</{name}>");
    Some(start + 1 + tag.find(&close)? + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_are_cut_where_they_end() {
        let all = "<presence from='a'/> <message to='b'><body>x</body></message><iq typ";
        let first = stanza(all).unwrap();
        assert_eq!(&all[..first], "<presence from='a'/>");
        let second = stanza(&all[first..]).unwrap();
        assert_eq!(&all[first..first + second], " <message to='b'><body>x</body></message>");
        assert_eq!(stanza(&all[first + second..]), None);
        assert_eq!(stanza("<iq><ping/>"), None);
    }
}
