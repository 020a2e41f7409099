//! Phones whose every message a test writes by hand, with the octets that the real ones send.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use onesoup::csp::document::{Document, Spelling};
use onesoup::csp::element::Element;
use onesoup::csp::version::{Space, Version};
use onesoup::csp::wbxml::write::WriteOptions;

use super::octets::as_s60_writes;
use super::phones::PASSWORD;
use super::server::Server;

/// Which real phone it speaks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Nokia S60: WBXML with all texts in a string table.
    S60,
    /// AOSP's client, set to XML unless a test says otherwise.
    Android,
}

/// A phone without a mind: it posts what it is told and hands out what comes back.
pub(crate) struct HandPhone {
    pub(crate) manner: Manner,
    pub(crate) version: Version,
    pub(crate) spelling: Spelling,
    pub(crate) user: String,
    pub(crate) client: String,
    pub(crate) cookie: String,
    /// The session, once it is logged in; a test may set another one.
    pub(crate) session: Option<String>,
    /// What the phone calls the server.
    pub(crate) host: String,
    server: SocketAddr,
    socket: TcpStream,
    last: u32,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// The head of the answer, in small letters.
    pub(crate) head: String,
    /// The body as it came.
    pub(crate) body: Vec<u8>,
    root: Option<Element>,
}

/// One transaction that the server began.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    /// Its id.
    pub(crate) id: String,
    /// The primitive.
    pub(crate) content: Element,
}

impl HandPhone {
    /// Makes an account and a phone that is switched on and not logged in.
    pub(crate) fn new(server: &Server, manner: Manner, user: &str) -> Self {
        server.add_account(user, PASSWORD);
        Self::of(server, manner, user)
    }

    /// Another phone of an account that exists.
    pub(crate) fn of(server: &Server, manner: Manner, user: &str) -> Self {
        Self::at(server.http, manner, user)
    }

    fn at(server: SocketAddr, manner: Manner, user: &str) -> Self {
        let (version, spelling, client, cookie) = match manner {
            Manner::S60 => (Version::V1_1, Spelling::Wbxml, "imps-s60", "wv:nokia."),
            Manner::Android => (Version::V1_2, Spelling::Xml, "JiMMY", "12-"),
        };
        Self {
            manner,
            version,
            spelling,
            user: user.to_owned(),
            client: client.to_owned(),
            cookie: format!("{cookie}{}", rand::random::<u32>()),
            session: None,
            host: "x".to_owned(),
            server,
            socket: connect(server, Ipv4Addr::LOCALHOST),
            last: 0,
        }
    }

    /// An S60 of a new account, ready to be sent things.
    pub(crate) fn s60(server: &Server, user: &str) -> Self {
        Self::new(server, Manner::S60, user).ready()
    }

    /// An Android phone of a new account, ready to be sent things.
    pub(crate) fn android(server: &Server, user: &str) -> Self {
        Self::new(server, Manner::Android, user).ready()
    }

    /// Speaks another version from now on.
    pub(crate) fn speaking(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Logs in and agrees on all that must be agreed on.
    pub(crate) fn ready(mut self) -> Self {
        self.log_in();
        let capabilities = self.capabilities("");
        self.request(&capabilities).expect_name("ClientCapability-Response");
        let services = self.services();
        self.request(&services).expect_name("Service-Response");
        self
    }

    /// Logs in with the password, and keeps the session.
    pub(crate) fn log_in(&mut self) -> Heard {
        let proof = format!("<Password>{PASSWORD}</Password>");
        let heard = self.request(&self.login(&proof));
        assert_eq!(heard.code(), "200", "{heard:?}");
        self.session = Some(heard.text("SessionID"));
        heard
    }

    /// The login request, with its children in this phone's order (handset: S60 §4.1, Android §3).
    pub(crate) fn login(&self, proof: &str) -> String {
        let Self { user, client, cookie, .. } = self;
        let names = format!("<UserID>{user}</UserID><ClientID><URL>{client}</URL></ClientID>");
        let cookie = format!("<SessionCookie>{cookie}</SessionCookie>");
        match self.manner {
            Manner::S60 => format!(
                "<Login-Request>{names}{proof}<TimeToLive>86400</TimeToLive>{cookie}\
                 </Login-Request>"
            ),
            Manner::Android => format!(
                "<Login-Request>{names}<TimeToLive>7205</TimeToLive>{cookie}{proof}\
                 </Login-Request>"
            ),
        }
    }

    /// The capability request (handset: S60 §4.3, Android §4) with ways of waking for an S60,
    /// such as `<SupportedCIRMethod>STCP</SupportedCIRMethod>`; Android always names its three.
    pub(crate) fn capabilities(&self, wake_ups: &str) -> String {
        let list = match self.manner {
            Manner::S60 => format!(
                "<ClientType>MOBILE_PHONE</ClientType><InitialDeliveryMethod>P\
                 </InitialDeliveryMethod><AnyContent>T</AnyContent><AcceptedCharSet>106\
                 </AcceptedCharSet><AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>\
                 <AcceptedContentLength>307200</AcceptedContentLength><SupportedBearer>HTTP\
                 </SupportedBearer><MultiTrans>3</MultiTrans><ParserSize>309248</ParserSize>\
                 {wake_ups}<ServerPollMin>8</ServerPollMin>"
            ),
            Manner::Android => "<ClientType>MOBILE_PHONE</ClientType><AcceptedContentLength>262144\
                 </AcceptedContentLength><ParserSize>262144</ParserSize><MultiTrans>1</MultiTrans>\
                 <InitialDeliveryMethod>P</InitialDeliveryMethod><ServerPollMin>30</ServerPollMin>\
                 <SupportedBearer>HTTP</SupportedBearer><SupportedCIRMethod>STCP\
                 </SupportedCIRMethod><SupportedCIRMethod>SSMS</SupportedCIRMethod>\
                 <SupportedCIRMethod>SHTTP</SupportedCIRMethod>"
                .to_owned(),
        };
        let client = self.client_in_1_1();
        format!(
            "<ClientCapability-Request>{client}<CapabilityList>{list}</CapabilityList>\
             </ClientCapability-Request>"
        )
    }

    /// The service request (handset: S60 §4.4, Android §4).
    pub(crate) fn services(&self) -> String {
        let client = self.client_in_1_1();
        match self.manner {
            Manner::S60 => format!(
                "<Service-Request>{client}<Functions><WVCSPFeat><FundamentalFeat><SearchFunc/>\
                 <InviteFunc/></FundamentalFeat><PresenceFeat/><IMFeat><IMReceiveFunc><NEWM/>\
                 </IMReceiveFunc><IMAuthFunc/></IMFeat><GroupFeat/></WVCSPFeat></Functions>\
                 <AllFunctionsRequest>F</AllFunctionsRequest></Service-Request>"
            ),
            Manner::Android => "<Service-Request><Functions><WVCSPFeat><FundamentalFeat/>\
                 <PresenceFeat/><IMFeat/><GroupFeat/></WVCSPFeat></Functions>\
                 <AllFunctionsRequest>T</AllFunctionsRequest></Service-Request>"
                .to_owned(),
        }
    }

    fn client_in_1_1(&self) -> String {
        match (self.manner, self.version) {
            (Manner::S60, Version::V1_1) => {
                format!("<ClientID><URL>{}</URL></ClientID>", self.client)
            }
            _ => String::new(),
        }
    }

    /// Goes to another address of this machine, as a phone whose carrier gives it a new one.
    pub(crate) fn move_to(&mut self, own: Ipv4Addr) {
        self.socket = connect(self.server, own);
    }

    /// The id of the next request.
    pub(crate) fn next_id(&mut self) -> String {
        self.last += 1;
        match self.manner {
            Manner::S60 => format!("nok{}", self.last),
            Manner::Android => self.last.to_string(),
        }
    }

    /// Sends a request under an id of its own.
    pub(crate) fn request(&mut self, content: &str) -> Heard {
        let id = self.next_id();
        self.request_as(&id, content)
    }

    /// Sends a request under this id; its answer must have the id.
    pub(crate) fn request_as(&mut self, id: &str, content: &str) -> Heard {
        let heard = self.post("Request", Some(id), content);
        if heard.root.is_some() {
            assert_eq!(heard.text("TransactionID"), id, "{heard:?}");
            assert_eq!(heard.text("TransactionMode"), "Response", "{heard:?}");
        }
        heard
    }

    /// Polls: an S60 with an empty id, Android without one.
    pub(crate) fn poll(&mut self) -> Heard {
        let id = (self.manner == Manner::S60).then_some("");
        self.post("Request", id, "<Polling-Request/>")
    }

    /// Confirms something that was pushed; what comes back may carry the next.
    pub(crate) fn confirm(&mut self, push: &Push) -> Heard {
        let content = match push.content.name() {
            "NewMessage" => {
                let id = find(&push.content, "MessageID").expect("a message has an id").text();
                format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>")
            }
            _ => "<Status><Result><Code>200</Code></Result></Status>".to_owned(),
        };
        self.post("Response", Some(&push.id), &content)
    }

    /// Takes and confirms all that waits.
    pub(crate) fn take_all(&mut self) -> Vec<Push> {
        let mut waiting: VecDeque<Push> = self.poll().pushes().into();
        let mut taken = Vec::new();
        while let Some(push) = waiting.pop_front() {
            waiting.extend(self.confirm(&push).pushes());
            taken.push(push);
        }
        taken
    }

    /// Takes and confirms all that waits, and returns the primitives of one name.
    pub(crate) fn take_all_named(&mut self, name: &str) -> Vec<Element> {
        let taken = self.take_all().into_iter().map(|push| push.content);
        taken.filter(|content| content.name() == name).collect()
    }

    /// Sends a message as this phone does, and expects it to be taken.
    pub(crate) fn send(&mut self, to: &str, text: &str) {
        let heard = self.request(&message_to(to, text));
        assert_eq!(heard.code(), "200", "{heard:?}");
    }

    /// Posts one transaction.
    pub(crate) fn post(&mut self, mode: &str, id: Option<&str>, content: &str) -> Heard {
        let body = self.spell(mode, id, content);
        self.post_octets(&body)
    }

    /// Posts octets.
    pub(crate) fn post_octets(&mut self, body: &[u8]) -> Heard {
        self.post_with("", body)
    }

    /// Posts octets with further lines in the head.
    pub(crate) fn post_with(&mut self, lines: &str, body: &[u8]) -> Heard {
        let agent = match self.manner {
            Manner::S60 => "",
            Manner::Android => "User-Agent: Android-Imps/0.1\r\n",
        };
        let media_type = self.spelling.media_type(self.version);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\n{agent}{lines}Content-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.socket.write_all(&[head.as_bytes(), body].concat()).expect("the server reads");
        self.hear()
    }

    fn hear(&mut self) -> Heard {
        let mut head = Vec::new();
        let mut octet = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.socket.read_exact(&mut octet).expect("the server answers");
            head.push(octet[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.expect("Content-Length is there").parse().unwrap();
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).expect("the body comes");
        let is_message = status == 200 && !body.is_empty();
        let root = is_message.then(|| Document::read(self.spelling, &body).unwrap().root);
        Heard { status, head, body, root }
    }

    /// Writes the octets of one transaction.
    pub(crate) fn spell(&self, mode: &str, id: Option<&str>, content: &str) -> Vec<u8> {
        let space =
            |space| format!("{}{}", self.version.namespace_prefix(space), self.version.digits());
        let (session_space, content_space) = (space(Space::Session), space(Space::Transaction));
        let session = match &self.session {
            Some(id) => format!("<SessionType>Inband</SessionType><SessionID>{id}</SessionID>"),
            None => "<SessionType>Outband</SessionType>".to_owned(),
        };
        let id = id.map(|id| format!("<TransactionID>{id}</TransactionID>")).unwrap_or_default();
        let xml = format!(
            "<WV-CSP-Message xmlns=\"{session_space}\"><Session><SessionDescriptor>{session}\
             </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>{mode}\
             </TransactionMode>{id}</TransactionDescriptor><TransactionContent \
             xmlns=\"{content_space}\">{content}</TransactionContent></Transaction></Session>\
             </WV-CSP-Message>"
        );
        match (self.manner, self.spelling) {
            (Manner::S60, _) => as_s60_writes(&xml),
            (Manner::Android, Spelling::Xml) => xml.into_bytes(),
            (Manner::Android, Spelling::Wbxml) => Document::read(Spelling::Xml, xml.as_bytes())
                .unwrap()
                .write(Spelling::Wbxml, WriteOptions::default()),
        }
    }
}

impl Heard {
    /// Nothing came, in the one form that both phones take for nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.status == 200 && self.body.is_empty() && self.head.contains("content-length: 0\r\n")
    }

    /// The root of the message.
    pub(crate) fn root(&self) -> &Element {
        self.root.as_ref().unwrap_or_else(|| panic!("a message: {self:?}"))
    }

    /// The transactions.
    pub(crate) fn transactions(&self) -> Vec<&Element> {
        let session = self.root.iter().flat_map(|root| root.children_named("Session"));
        session.flat_map(|session| session.children_named("Transaction")).collect()
    }

    /// The primitive of the first transaction.
    pub(crate) fn primitive(&self) -> &Element {
        let content = find(self.root(), "TransactionContent").expect("content");
        content.children().first().expect("a primitive")
    }

    /// The primitive of the first transaction, which must have this name.
    pub(crate) fn expect_name(&self, name: &str) -> &Element {
        assert_eq!(self.primitive().name(), name, "{self:?}");
        self.primitive()
    }

    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> String {
        let found = find(self.root(), name);
        found.unwrap_or_else(|| panic!("a {name}: {self:?}")).text().to_owned()
    }

    /// Whether an element of this name is somewhere.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.as_ref().is_some_and(|root| find(root, name).is_some())
    }

    /// The first status code; success where none is told, as Android has it.
    pub(crate) fn code(&self) -> String {
        if self.has("Code") { self.text("Code") } else { "200".to_owned() }
    }

    /// What the server began.
    pub(crate) fn pushes(&self) -> Vec<Push> {
        let all = self.transactions().into_iter();
        all.filter(|it| find(it, "TransactionMode").is_some_and(|mode| mode.text() == "Request"))
            .map(|it| Push {
                id: find(it, "TransactionID").expect("a push has an id").text().to_owned(),
                content: it.child("TransactionContent").unwrap().children()[0].clone(),
            })
            .collect()
    }
}

/// The first element of this name, at any depth.
pub(crate) fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    if element.name() == name {
        return Some(element);
    }
    element.children().iter().find_map(|child| find(child, name))
}

/// All elements of this name, at any depth.
pub(crate) fn find_all<'a>(element: &'a Element, name: &str) -> Vec<&'a Element> {
    let own = (element.name() == name).then_some(element);
    let below = element.children().iter().flat_map(|child| find_all(child, name));
    own.into_iter().chain(below).collect()
}

/// The texts of all elements of this name.
pub(crate) fn texts(element: &Element, name: &str) -> Vec<String> {
    find_all(element, name).into_iter().map(|found| found.text().to_owned()).collect()
}

/// A message as both phones send it: without id, date and validity.
pub(crate) fn message_to(to: &str, text: &str) -> String {
    format!(
        "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><Recipient><User>\
         <UserID>{to}</UserID></User></Recipient><Sender><User><UserID>me</UserID></User></Sender>\
         <ContentType>text/plain</ContentType><ContentSize>{}</ContentSize></MessageInfo>\
         <ContentData>{text}</ContentData></SendMessage-Request>",
        text.encode_utf16().count()
    )
}

/// Connects from one of this machine's addresses.
fn connect(server: SocketAddr, own: Ipv4Addr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    // On a thread of its own: a test may run on a runtime already.
    let connected = std::thread::spawn(move || {
        runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind((own, 0).into()).expect("the loopback network has the address");
            socket.connect(server).await.expect("the server accepts").into_std().unwrap()
        })
    });
    let stream = connected.join().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}
