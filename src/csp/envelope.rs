//! The message around primitives: session, transactions, and the two flags of the server.

use compact_str::CompactString;

use crate::csp::{
    document::Document,
    element::Element,
    field::{Build, FieldError, Fields},
    leaf::Word,
    primitive::Primitive,
    version::Version::{self, V1_1},
};

/// A whole message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The version it is written in.
    pub version: Version,
    /// The session it belongs to.
    pub session: SessionDescriptor,
    /// What it carries; at least one in a message that phones accept.
    pub transactions: Vec<Transaction>,
    /// Whether more waits for the phone, which then polls; sent by servers only.
    pub poll: Option<bool>,
    /// Whether the way of waking works; false makes the phone set it up anew. Since 1.2.
    pub cir: Option<bool>,
}

/// `SessionDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescriptor {
    /// Whether the message belongs to a session.
    pub kind: SessionKind,
    /// Which one; the case of letters counts (handset: S60 §11.9).
    pub session_id: Option<CompactString>,
}

impl SessionDescriptor {
    /// Returns the descriptor of a message outside of sessions, as at login.
    pub fn outband() -> Self {
        Self { kind: SessionKind::Outband, session_id: None }
    }

    /// Returns the descriptor of a message in a session.
    pub fn inband(session_id: impl Into<CompactString>) -> Self {
        Self { kind: SessionKind::Inband, session_id: Some(session_id.into()) }
    }
}

/// `SessionType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Within a session.
    Inband,
    /// Outside of sessions.
    Outband,
}

impl Word for SessionKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("Inband", Self::Inband), ("Outband", Self::Outband)];
}

/// `TransactionMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The first half of a transaction.
    Request,
    /// The second half.
    Response,
}

impl Word for Mode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("Request", Self::Request), ("Response", Self::Response)];
}

/// One half of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Which half.
    pub mode: Mode,
    /// What both halves have in common; polls have none, or an empty one.
    pub id: Option<CompactString>,
    /// The primitive.
    pub content: Content,
}

/// What a transaction holds: a primitive, or one that could not be read.
///
/// One that cannot be read costs its own transaction only; the others of the message live.
pub type Content = Result<Primitive, Unreadable>;

/// A primitive that is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The name of its element; empty if there was none.
    pub name: CompactString,
    /// What is wrong, and the status code that answers it.
    pub error: FieldError,
}

impl Transaction {
    /// Returns the first half of a transaction.
    pub fn request(id: impl Into<CompactString>, primitive: Primitive) -> Self {
        Self { mode: Mode::Request, id: Some(id.into()), content: Ok(primitive) }
    }

    /// Returns the second half of a transaction, with the id of the first.
    pub fn response(id: Option<CompactString>, primitive: Primitive) -> Self {
        Self { mode: Mode::Response, id, content: Ok(primitive) }
    }

    fn read(from: Fields<'_>) -> Self {
        let descriptor = from.inside("TransactionDescriptor");
        let id = descriptor.and_then(|it| it.hint::<CompactString>("TransactionID"));
        Self {
            mode: descriptor.and_then(|it| it.hint("TransactionMode")).unwrap_or(Mode::Request),
            id: id.filter(|id| !id.trim().is_empty()),
            content: read_content(from),
        }
    }

    fn write(&self, to: Build, poll: Option<bool>) -> Build {
        let version = to.version();
        let to = to.inside("TransactionDescriptor", |to| {
            to.put("TransactionMode", &self.mode)
                .maybe("TransactionID", self.id.as_ref())
                .maybe("Poll", poll.as_ref())
        });
        let primitive = match &self.content {
            Ok(primitive) => primitive.write(version),
            Err(unreadable) => Element::new(unreadable.name.as_str()),
        };
        to.inside("TransactionContent", |to| to.element(primitive))
    }
}

fn read_content(from: Fields<'_>) -> Content {
    let primitive = from.inside("TransactionContent").and_then(|it| it.children().next());
    let Some(primitive) = primitive else {
        let error = FieldError::malformed("holds no primitive").within("TransactionContent");
        return Err(Unreadable { name: CompactString::default(), error });
    };
    let element = primitive.element();
    Primitive::read(element, from.version())
        .map_err(|error| Unreadable { name: element.name().into(), error })
}

impl Message {
    /// Reads a message as liberally as it can be understood.
    ///
    /// # Errors
    ///
    /// If the root is neither `WV-CSP-Message` with a `Session` nor a version discovery.
    pub fn read(document: &Document) -> Result<Self, FieldError> {
        let root = Fields::of(&document.root, document.version);
        if is_own_root(document.root.name()) {
            return Ok(Self::discovery(document));
        }
        if document.root.name() != ROOT {
            return Err(FieldError::malformed("not a message").within(document.root.name()));
        }
        let session = root
            .inside("Session")
            .ok_or_else(|| FieldError::malformed("missing").within("Session").within(ROOT))?;
        let transactions = session.each("Transaction");
        let in_descriptor = || {
            let mut descriptors =
                session.each("Transaction").filter_map(|it| it.inside("TransactionDescriptor"));
            descriptors.find_map(|descriptor| descriptor.hint("Poll"))
        };
        Ok(Self {
            version: document.version,
            session: read_session(session),
            poll: session.hint("Poll").or_else(in_descriptor),
            cir: session.hint("CIR"),
            transactions: transactions.map(Transaction::read).collect(),
        })
    }

    /// Writes the message.
    pub fn write(&self) -> Document {
        Document { version: self.version, root: self.write_root() }
    }

    fn write_root(&self) -> Element {
        if let [Transaction { id: None, content: Ok(primitive), .. }] = &self.transactions[..]
            && is_own_root(primitive.name())
        {
            return primitive.write(self.version);
        }
        let is_outer = self.version > V1_1;
        let outer_poll = self.poll.filter(|_| is_outer);
        let outer_cir = self.cir.filter(|_| is_outer);
        let mut inner_poll = self.poll.filter(|_| !is_outer);
        let session = Build::new("Session", self.version).inside("SessionDescriptor", |to| {
            to.put("SessionType", &self.session.kind)
                .maybe("SessionID", self.session.session_id.as_ref())
        });
        let session = self.transactions.iter().fold(session, |to, transaction| {
            to.inside("Transaction", |to| transaction.write(to, inner_poll.take()))
        });
        let session = session.maybe("Poll", outer_poll.as_ref()).maybe("CIR", outer_cir.as_ref());
        Build::new(ROOT, self.version).element(session.finish()).finish()
    }

    /// Takes a version discovery, which travels without an envelope, for a message of its own.
    fn discovery(document: &Document) -> Self {
        let root = &document.root;
        let is_answer = root.name().ends_with("-Response");
        let content = Primitive::read(root, document.version)
            .map_err(|error| Unreadable { name: root.name().into(), error });
        let mode = if is_answer { Mode::Response } else { Mode::Request };
        Self {
            version: document.version,
            session: SessionDescriptor::outband(),
            transactions: vec![Transaction { mode, id: None, content }],
            poll: None,
            cir: None,
        }
    }
}

/// Reads the descriptor; what the type does not say, the id does.
fn read_session(session: Fields<'_>) -> SessionDescriptor {
    let descriptor = session.inside("SessionDescriptor");
    let id = descriptor.and_then(|it| it.hint::<CompactString>("SessionID"));
    let session_id = id.filter(|id| !id.trim().is_empty());
    let by_id = if session_id.is_some() { SessionKind::Inband } else { SessionKind::Outband };
    let kind = descriptor.and_then(|it| it.hint("SessionType")).unwrap_or(by_id);
    SessionDescriptor { kind, session_id }
}

/// Returns whether a primitive is a root of its own, under its present or its first name.
fn is_own_root(name: &str) -> bool {
    let name = name.strip_suffix("-Request").or(name.strip_suffix("-Response"));
    matches!(name, Some("WV-CSP-VersionDiscovery" | "WV-CSP-NSDiscovery"))
}

const ROOT: &str = "WV-CSP-Message";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::tree,
        outcome::Status,
        status::Code,
        version::Version::{V1_2, V1_3},
    };

    fn read(version: Version, literal: &str) -> Message {
        Message::read(&Document { version, root: tree(literal) }).expect("it is readable")
    }

    fn message(version: Version) -> Message {
        let ok = || Primitive::Status(Status::new(Code::OK));
        Message {
            version,
            session: SessionDescriptor::inband("s1"),
            transactions: vec![
                Transaction::response(Some("nok1".into()), ok()),
                Transaction::request("t2", Primitive::PollingRequest),
            ],
            poll: Some(true),
            cir: Some(true),
        }
    }

    const FIRST: &str = "<TransactionContent><Status><Result><Code>200</Code></Result></Status>\
        </TransactionContent></Transaction><Transaction><TransactionDescriptor>\
        <TransactionMode>Request</TransactionMode><TransactionID>t2</TransactionID>\
        </TransactionDescriptor><TransactionContent><Polling-Request/></TransactionContent>\
        </Transaction>";
    const HEAD: &str = "<WV-CSP-Message><Session><SessionDescriptor><SessionType>Inband\
        </SessionType><SessionID>s1</SessionID></SessionDescriptor><Transaction>\
        <TransactionDescriptor><TransactionMode>Response</TransactionMode>\
        <TransactionID>nok1</TransactionID>";

    #[test]
    fn s60_3_3_poll_stands_in_the_first_transaction_in_1_1() {
        let literal = format!(
            "{HEAD}<Poll>T</Poll></TransactionDescriptor>{FIRST}</Session></WV-CSP-Message>"
        );
        assert_eq!(message(V1_1).write().root, tree(&literal));
        let read = read(V1_1, &literal);
        assert_eq!((read.poll, read.cir), (Some(true), None));
    }

    #[test]
    fn poll_and_cir_stand_after_the_transactions_since_1_2() {
        let literal = format!(
            "{HEAD}</TransactionDescriptor>{FIRST}<Poll>T</Poll><CIR>T</CIR></Session>\
             </WV-CSP-Message>"
        );
        for version in [V1_2, V1_3] {
            assert_eq!(message(version).write().root, tree(&literal));
            assert_eq!(read(version, &literal), message(version));
        }
    }

    #[test]
    fn s60_gotcha_20_a_poll_has_an_empty_id_or_none() {
        for id in ["", "<TransactionID/>", "<TransactionID> </TransactionID>"] {
            let literal = format!(
                "<WV-CSP-Message><Session><SessionDescriptor><SessionID>s1</SessionID>\
                 </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request\
                 </TransactionMode>{id}</TransactionDescriptor><TransactionContent>\
                 <Polling-Request/></TransactionContent></Transaction></Session></WV-CSP-Message>"
            );
            let message = read(V1_2, &literal);
            assert_eq!(message.session, SessionDescriptor::inband("s1"));
            assert_eq!(message.transactions[0].id, None);
            assert_eq!(message.transactions[0].content, Ok(Primitive::PollingRequest));
        }
    }

    #[test]
    fn s60_gotcha_9_a_session_id_keeps_its_case() {
        let literal = "<WV-CSP-Message><Session><SessionDescriptor><SessionType>inband\
            </SessionType><SessionID>Ab#1</SessionID></SessionDescriptor></Session></WV-CSP-Message>";
        assert_eq!(read(V1_1, literal).session, SessionDescriptor::inband("Ab#1"));
    }

    #[test]
    fn android_g9_the_mode_is_one_of_two_words() {
        let transaction = |mode: &str| {
            let literal = format!(
                "<WV-CSP-Message><Session><Transaction><TransactionDescriptor><TransactionMode>\
                 {mode}</TransactionMode></TransactionDescriptor></Transaction></Session>\
                 </WV-CSP-Message>"
            );
            read(V1_2, &literal).transactions.remove(0)
        };
        assert_eq!(transaction("response").mode, Mode::Response);
        assert_eq!(transaction("whatever").mode, Mode::Request);
        assert_eq!([Mode::Request.word(), Mode::Response.word()], ["Request", "Response"]);
    }

    #[test]
    fn an_unreadable_primitive_costs_its_own_transaction_only() {
        let literal = "<WV-CSP-Message><Session><Transaction><TransactionDescriptor>\
            <TransactionID>1</TransactionID></TransactionDescriptor><TransactionContent>\
            <DeleteList-Request/></TransactionContent></Transaction><Transaction>\
            <TransactionContent><Logout-Request/></TransactionContent></Transaction>\
            <Transaction/></Session></WV-CSP-Message>";
        let message = read(V1_2, literal);
        assert_eq!(message.session, SessionDescriptor::outband());
        let unreadable = message.transactions[0].content.as_ref().unwrap_err();
        assert_eq!(message.transactions[0].id.as_deref(), Some("1"));
        assert_eq!(unreadable.name, "DeleteList-Request");
        assert_eq!(unreadable.error.path, "DeleteList-Request/ContactList");
        assert_eq!(unreadable.error.code, Code::BAD_PARAMETER);
        assert_eq!(message.transactions[1].content, Ok(Primitive::LogoutRequest));
        let empty = message.transactions[2].content.as_ref().unwrap_err();
        assert_eq!((empty.name.as_str(), empty.error.code), ("", Code::BAD_REQUEST));
    }

    #[test]
    fn version_discovery_is_its_own_root_or_inside() {
        for name in ["WV-CSP-VersionDiscovery-Request", "WV-CSP-NSDiscovery-Request"] {
            let message = read(V1_2, &format!("<{name}/>"));
            let root = message.write().root;
            assert_eq!(root.name(), "WV-CSP-VersionDiscovery-Request");
            assert!(root.children().is_empty());
            let inside = read(
                V1_2,
                &format!(
                    "<WV-CSP-Message><Session><Transaction><TransactionDescriptor>\
                     <TransactionID>1</TransactionID></TransactionDescriptor><TransactionContent>\
                     <{name}/></TransactionContent></Transaction></Session></WV-CSP-Message>"
                ),
            );
            assert_eq!(inside.transactions[0].content, message.transactions[0].content);
            assert_eq!(inside.write().root.name(), "WV-CSP-Message");
        }
        let answer = read(V1_3, "<WV-CSP-VersionDiscovery-Response/>");
        assert_eq!(answer.transactions[0].mode, Mode::Response);
    }

    #[test]
    fn another_root_is_no_message() {
        for literal in ["<html/>", "<WV-CSP-Message/>"] {
            let document = Document { version: V1_2, root: tree(literal) };
            assert_eq!(Message::read(&document).unwrap_err().code, Code::BAD_REQUEST);
        }
    }
}
