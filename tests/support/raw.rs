//! Requests by hand, also broken ones.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to the phones' door.
pub(crate) struct Raw(TcpStream);

impl Raw {
    /// Connects.
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).expect("the server accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    /// Connects from one of the machine's own addresses.
    pub(crate) fn connect_from(own: IpAddr, server: SocketAddr) -> Self {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::new(own, 0)).unwrap();
        connect(&socket, &server).expect("the server accepts");
        Self(TcpStream::from(socket))
    }

    /// Writes octets as they are.
    pub(crate) fn write(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.0.write_all(octets)
    }

    /// Posts a body and returns the status and the answer's body.
    pub(crate) fn post(
        &mut self,
        media_type: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.write(&[head.as_bytes(), body].concat())?;
        self.answer()
    }

    /// Reads an answer.
    pub(crate) fn answer(&mut self) -> std::io::Result<(u16, Vec<u8>)> {
        let mut head = Vec::new();
        let mut octet = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut octet)?;
            head.push(octet[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// A message in XML, as a phone of version 1.2 spells it.
pub(crate) fn message(session: Option<&str>, transaction: &str, content: &str) -> String {
    let session = match session {
        Some(id) => format!("<SessionType>Inband</SessionType><SessionID>{id}</SessionID>"),
        None => "<SessionType>Outband</SessionType>".to_owned(),
    };
    format!(
        "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session>\
         <SessionDescriptor>{session}</SessionDescriptor><Transaction><TransactionDescriptor>\
         <TransactionMode>Request</TransactionMode><TransactionID>{transaction}</TransactionID>\
         </TransactionDescriptor><TransactionContent \
         xmlns=\"http://www.openmobilealliance.org/DTD/WV-TRC1.2\">{content}</TransactionContent>\
         </Transaction></Session></WV-CSP-Message>"
    )
}

/// A login in two steps.
pub(crate) fn login(user: &str, password: &str) -> String {
    let content = format!(
        "<Login-Request><UserID>{user}</UserID><ClientID><URL>raw</URL></ClientID>\
         <TimeToLive>3600</TimeToLive><SessionCookie>c1</SessionCookie>\
         <Password>{password}</Password></Login-Request>"
    );
    message(None, "1", &content)
}

/// The media type of such a message.
pub(crate) const XML: &str = "application/vnd.wv.csp.xml";

/// The media type of the binary spelling.
pub(crate) const WBXML: &str = "application/vnd.wv.csp.wbxml";
