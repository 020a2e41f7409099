//! The phone's side of HTTP: one connection, one POST at a time.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use crate::phone::error::PhoneError;

/// A connection must be there within this time (handset: S60 §5.3, for its other connection).
const CONNECT: Duration = Duration::from_secs(20);

/// Octets of an answer that are read; each handset's own limit is lower.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Posts of the same octets when the connection breaks; phones go on for longer.
const POSTS: usize = 3;

/// The server, and the connection to it.
#[derive(Debug)]
pub(super) struct Http {
    host: String,
    port: u16,
    path: String,
    user_agent: Option<&'static str>,
    sender: Option<SendRequest<Full<Bytes>>>,
    own_ip: Option<IpAddr>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// What `Content-Length` says, if it is there.
    pub length: Option<u64>,
    /// What `Content-Encoding` says, if it is there.
    pub encoding: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Http {
    /// Takes the address of a server. A phone puts `http://` before one that lacks it
    /// (handset: S60 §1).
    pub(super) fn new(url: &str, user_agent: Option<&'static str>) -> Result<Self, PhoneError> {
        let has_scheme = url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
        let odd =
            |what: &str| PhoneError::Setting(format!("{url} is no address of a server: {what}"));
        if url.contains("://") && !has_scheme {
            return Err(odd("it must begin with http://"));
        }
        let whole = if has_scheme { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = whole.parse().map_err(|_| odd("it has characters that a URL has not"))?;
        let host =
            uri.host().filter(|host| !host.is_empty()).ok_or_else(|| odd("it has no host"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: host.trim_matches(['[', ']']).into(),
            port: uri.port_u16().unwrap_or(80),
            path: if path.is_empty() { "/".into() } else { path.into() },
            user_agent,
            sender: None,
            own_ip: None,
        })
    }

    /// Posts a body and returns what is answered.
    ///
    /// The same octets are posted again if the connection breaks before the answer, as phones
    /// do (handset: S60 §1, Android §1).
    pub(super) async fn post(
        &mut self,
        media_type: &'static str,
        body: &Bytes,
        within: Duration,
    ) -> Result<Reply, PhoneError> {
        let mut what = String::new();
        for _ in 0..POSTS {
            let mut sender = self.sender().await?;
            let request = self.request(media_type, body.clone())?;
            let exchange = async { Ok(read(sender.send_request(request).await?).await) };
            match timeout(within, exchange).await {
                Ok(Ok(reply)) => {
                    self.sender = Some(sender);
                    return reply;
                }
                Ok(Err(error)) => what = describe(&error),
                Err(_) => return Err(PhoneError::Timeout { secs: within.as_secs() }),
            }
        }
        Err(PhoneError::Broken { address: self.address(), what })
    }

    /// Returns the phone's own address on the way to the server, once there was a connection.
    pub(super) fn own_ip(&self) -> Option<IpAddr> {
        self.own_ip
    }

    /// Returns the connection, a new one if there is none that works.
    async fn sender(&mut self) -> Result<SendRequest<Full<Bytes>>, PhoneError> {
        if let Some(mut sender) = self.sender.take()
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let unreachable = |error| PhoneError::Unreachable { address: self.address(), error };
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = timeout(CONNECT, connecting)
            .await
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            .map_err(unreachable)?;
        let own_ip = stream.local_addr().ok().map(|address| address.ip());
        let mut http = http1::Builder::new();
        http.title_case_headers(true);
        let handshake = http.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| PhoneError::Broken {
            address: self.address(),
            what: describe(&error),
        })?;
        // It ends with the sender; what breaks it, the next post tells.
        tokio::spawn(connection);
        self.own_ip = own_ip;
        Ok(sender)
    }

    fn request(
        &self,
        media_type: &'static str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, PhoneError> {
        let mut request = Request::post(&self.path)
            .header(header::HOST, self.authority())
            .header(header::CONTENT_TYPE, media_type);
        if let Some(user_agent) = self.user_agent {
            request = request.header(header::USER_AGENT, user_agent);
        }
        request.body(Full::new(body)).map_err(|error| PhoneError::Setting(error.to_string()))
    }

    fn authority(&self) -> String {
        if self.port == 80 { bracketed(&self.host) } else { self.address() }
    }

    fn address(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }
}

async fn read(answer: Response<Incoming>) -> Result<Reply, PhoneError> {
    let text = |name| {
        let value = answer.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let status = answer.status().as_u16();
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let encoding = text(header::CONTENT_ENCODING);
    let body = Limited::new(answer.into_body(), MAX_BODY_BYTES).collect().await;
    let body = body.map_err(|error| PhoneError::NotCsp(error.to_string()))?.to_bytes();
    Ok(Reply { status, length, encoding, body })
}

/// Returns an error with what lies behind it, which is where the reason stands.
fn describe(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s60_1_an_address_without_a_scheme_gets_one() {
        let http = Http::new("onesoup.test", None).unwrap();
        assert_eq!((http.authority().as_str(), http.path.as_str()), ("onesoup.test", "/"));
        let http = Http::new("HTTP://[::1]:8080/csp?a=b", None).unwrap();
        assert_eq!((http.host.as_str(), http.port), ("::1", 8080));
        assert_eq!((http.authority().as_str(), http.path.as_str()), ("[::1]:8080", "/csp?a=b"));
    }

    #[test]
    fn an_odd_address_is_refused_in_words() {
        for odd in ["https://onesoup.test/", "http://", "one soup", "ftp://x", ""] {
            let error = Http::new(odd, None).unwrap_err().to_string();
            assert!(error.contains("is no address of a server"), "{error}");
        }
    }
}
