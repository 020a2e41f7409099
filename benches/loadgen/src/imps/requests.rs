//! The requests of a phone, written once and filled in for each message.

use std::io;

use onesoup::csp::{
    document::{Document, Spelling},
    wbxml::write::WriteOptions,
};

/// A request in WBXML with gaps.
pub struct Template {
    /// What stands before each gap, and after the last.
    pieces: Vec<Vec<u8>>,
}

impl Template {
    /// Writes the request of a session; the gaps are `@1@` for the session, then `@2@` and so on.
    fn new(version: &str, mode: &str, primitive: &str) -> io::Result<Self> {
        let (csp, trc) = match version {
            "1.1" => {
                let space = "http://www.wireless-village.org/";
                (format!("{space}CSP1.1"), format!("{space}TRC1.1"))
            }
            _ => {
                let space = "http://www.openmobilealliance.org/DTD/WV-";
                (format!("{space}CSP1.2"), format!("{space}TRC1.2"))
            }
        };
        let session = match primitive.starts_with("<Login-Request") {
            true => "<SessionType>Outband</SessionType>",
            false => "<SessionType>Inband</SessionType><SessionID>@1@</SessionID>",
        };
        // S60 polls without a transaction.
        let transaction = match primitive {
            POLL => "",
            _ => "<TransactionID>@2@</TransactionID>",
        };
        let xml = format!(
            "<WV-CSP-Message xmlns='{csp}'><Session><SessionDescriptor>{session}\
             </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>{mode}\
             </TransactionMode>{transaction}</TransactionDescriptor>\
             <TransactionContent xmlns='{trc}'>{primitive}</TransactionContent></Transaction>\
             </Session></WV-CSP-Message>"
        );
        let document = Document::read(Spelling::Xml, xml.as_bytes()).map_err(io::Error::other)?;
        Ok(Self::cut(&document.write(Spelling::Wbxml, WriteOptions::default())))
    }

    fn cut(body: &[u8]) -> Self {
        let (mut pieces, mut piece, mut at) = (Vec::new(), Vec::new(), 0);
        while let Some(octet) = body.get(at) {
            match body.get(at..at + 3) {
                Some([b'@', b'1'..=b'9', b'@']) => {
                    pieces.push(std::mem::take(&mut piece));
                    at += 3;
                }
                _ => {
                    piece.push(*octet);
                    at += 1;
                }
            }
        }
        pieces.push(piece);
        Self { pieces }
    }

    /// Fills the gaps, in their order, into `out`.
    pub fn fill(&self, values: &[&str], out: &mut Vec<u8>) {
        assert_eq!(values.len() + 1, self.pieces.len(), "one value for each gap");
        out.clear();
        let mut values = values.iter();
        for piece in &self.pieces {
            out.extend_from_slice(piece);
            out.extend_from_slice(values.next().map_or(&[], |value| value.as_bytes()));
        }
    }
}

/// What the phones of an experiment are and say.
pub struct Requests {
    /// Transaction, user, client, password, cookie.
    pub login: Template,
    /// Session, transaction.
    pub capability: Template,
    /// Session, transaction.
    pub service: Template,
    /// Session, transaction, recipient, text.
    pub send: Template,
    /// Session.
    pub poll: Template,
    /// Session, transaction, message.
    pub delivered: Template,
    /// Session, transaction: what else was received is well.
    pub status: Template,
    /// Session, transaction.
    pub keep_alive: Template,
    /// Session, transaction.
    pub logout: Template,
}

impl Requests {
    /// Writes the requests of phones that are woken at a port.
    pub fn new(version: &str, udp_port: u16, text_len: usize) -> io::Result<Self> {
        let of = |mode, primitive: &str| Template::new(version, mode, primitive);
        let send = format!(
            "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo>\
             <ContentType>text/plain</ContentType><ContentSize>{text_len}</ContentSize>\
             <Recipient><User><UserID>@3@</UserID></User></Recipient></MessageInfo>\
             <ContentData>@4@</ContentData></SendMessage-Request>"
        );
        Ok(Self {
            login: of("Request", LOGIN)?,
            capability: of("Request", &CAPABILITY.replace("PORT", &udp_port.to_string()))?,
            service: of("Request", SERVICE)?,
            send: of("Request", &send)?,
            poll: of("Request", POLL)?,
            delivered: of("Response", DELIVERED)?,
            status: of("Response", STATUS)?,
            keep_alive: of("Request", KEEP_ALIVE)?,
            logout: of("Request", "<Logout-Request/>")?,
        })
    }
}

/// Asks for the time of Android's phones: two hours.
const LOGIN: &str = "<Login-Request><UserID>@3@</UserID><ClientID><URL>@4@</URL></ClientID>\
    <Password>@5@</Password><TimeToLive>7205</TimeToLive><SessionCookie>@6@</SessionCookie>\
    </Login-Request>";

const CAPABILITY: &str = "<ClientCapability-Request><CapabilityList>\
    <ClientType>MOBILE_PHONE</ClientType><InitialDeliveryMethod>P</InitialDeliveryMethod>\
    <AnyContent>T</AnyContent><AcceptedCharset>106</AcceptedCharset>\
    <AcceptedContentLength>32767</AcceptedContentLength>\
    <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>\
    <SupportedBearer>HTTP</SupportedBearer><MultiTrans>3</MultiTrans>\
    <ParserSize>32767</ParserSize><SupportedCIRMethod>SUDP</SupportedCIRMethod>\
    <UDPPort>PORT</UDPPort><ServerPollMin>8</ServerPollMin>\
    </CapabilityList></ClientCapability-Request>";

const SERVICE: &str = "<Service-Request><Functions><WVCSPFeat><FundamentalFeat/><PresenceFeat/>\
    <IMFeat/></WVCSPFeat></Functions><AllFunctionsRequest>F</AllFunctionsRequest>\
    </Service-Request>";

const POLL: &str = "<Polling-Request/>";

const DELIVERED: &str = "<MessageDelivered><MessageID>@3@</MessageID></MessageDelivered>";

const STATUS: &str = "<Status><Result><Code>200</Code></Result></Status>";

const KEEP_ALIVE: &str = "<KeepAlive-Request/>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_in_their_order() {
        for version in ["1.1", "1.2"] {
            let requests = Requests::new(version, 3717, 5).unwrap();
            let mut body = Vec::new();
            requests.send.fill(&["s1", "t1", "wv:u2@onesoup.test", "hello"], &mut body);
            let document = Document::read(Spelling::Wbxml, &body).unwrap();
            assert_eq!(document.version.digits(), version);
            let xml = document.write(Spelling::Xml, WriteOptions::default());
            let xml = String::from_utf8(xml).unwrap();
            for part in [
                "<SessionID>s1</SessionID>",
                "<TransactionID>t1</TransactionID>",
                "<UserID>wv:u2@onesoup.test</UserID>",
                "<ContentSize>5</ContentSize>",
                "<ContentData>hello</ContentData>",
            ] {
                assert!(xml.contains(part), "{part} in {xml}");
            }
        }
    }

    #[test]
    fn a_poll_has_no_transaction() {
        let requests = Requests::new("1.2", 3717, 5).unwrap();
        let mut body = Vec::new();
        requests.poll.fill(&["s1"], &mut body);
        assert!(Document::read(Spelling::Wbxml, &body).is_ok());
    }
}
