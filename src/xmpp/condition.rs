//! Error conditions of stanzas and of streams.

use crate::xmpp::{
    ns,
    payload::{Node, Payload},
};

macro_rules! conditions {
    ($(#[$doc:meta])* $name:ident, $($(#[$case_doc:meta])* $case:ident = $text:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$case_doc])* $case,)* }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// Returns the name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$case => $text,)* }
            }

            /// Reads a name on the wire.
            pub fn read(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }
    };
}

conditions! {
    /// Why a stanza was refused.
    // spec: RFC6120 §8.3.3
    Condition,
    /// The request makes no sense.
    BadRequest = "bad-request",
    /// Somebody holds that name.
    Conflict = "conflict",
    /// Nobody here can do that.
    FeatureNotImplemented = "feature-not-implemented",
    /// Known, but may not.
    Forbidden = "forbidden",
    /// Was here once.
    Gone = "gone",
    /// Our fault.
    InternalServerError = "internal-server-error",
    /// No such thing.
    ItemNotFound = "item-not-found",
    /// Not an address.
    JidMalformed = "jid-malformed",
    /// Against the rules of the recipient.
    NotAcceptable = "not-acceptable",
    /// Nobody may.
    NotAllowed = "not-allowed",
    /// Log in first.
    NotAuthorized = "not-authorized",
    /// Against local rules.
    PolicyViolation = "policy-violation",
    /// Away.
    RecipientUnavailable = "recipient-unavailable",
    /// Elsewhere.
    Redirect = "redirect",
    /// Register first.
    RegistrationRequired = "registration-required",
    /// No such server.
    RemoteServerNotFound = "remote-server-not-found",
    /// That server does not answer.
    RemoteServerTimeout = "remote-server-timeout",
    /// Too much for us.
    ResourceConstraint = "resource-constraint",
    /// Not offered here.
    ServiceUnavailable = "service-unavailable",
    /// Subscribe first.
    SubscriptionRequired = "subscription-required",
    /// None of the others.
    UndefinedCondition = "undefined-condition",
    /// Not now.
    UnexpectedRequest = "unexpected-request",
}

conditions! {
    /// What the sender of a refused stanza may do next.
    // spec: RFC6120 §8.3.2
    ErrorKind,
    /// Log in, then try again.
    Auth = "auth",
    /// Do not try again.
    Cancel = "cancel",
    /// Go on; a warning only.
    Continue = "continue",
    /// Change it, then try again.
    Modify = "modify",
    /// Try again later.
    Wait = "wait",
}

conditions! {
    /// Why a stream was ended.
    // spec: RFC6120 §4.9.3
    StreamCondition,
    /// Not XML that we expect.
    BadFormat = "bad-format",
    /// A prefix that is not known.
    BadNamespacePrefix = "bad-namespace-prefix",
    /// Another connection holds the name.
    Conflict = "conflict",
    /// Silence for too long.
    ConnectionTimeout = "connection-timeout",
    /// The name is not served any more.
    HostGone = "host-gone",
    /// The name is not served.
    HostUnknown = "host-unknown",
    /// `to` or `from` is missing or no address.
    ImproperAddressing = "improper-addressing",
    /// The server's fault.
    InternalServerError = "internal-server-error",
    /// A sender that may not be ours.
    InvalidFrom = "invalid-from",
    /// A namespace that is not the stream's.
    InvalidNamespace = "invalid-namespace",
    /// Valid XML of the wrong shape.
    InvalidXml = "invalid-xml",
    /// Wrong secret, or a name that is not listed.
    NotAuthorized = "not-authorized",
    /// Not XML.
    NotWellFormed = "not-well-formed",
    /// Against local rules.
    PolicyViolation = "policy-violation",
    /// The server cannot reach another one that it needs.
    RemoteConnectionFailed = "remote-connection-failed",
    /// A new stream is wanted.
    Reset = "reset",
    /// Too much for the server.
    ResourceConstraint = "resource-constraint",
    /// XML that XMPP forbids.
    RestrictedXml = "restricted-xml",
    /// Connect elsewhere.
    SeeOtherHost = "see-other-host",
    /// The server stops.
    SystemShutdown = "system-shutdown",
    /// None of the others.
    UndefinedCondition = "undefined-condition",
    /// Not UTF-8.
    UnsupportedEncoding = "unsupported-encoding",
    /// A feature that is not there.
    UnsupportedFeature = "unsupported-feature",
    /// A stanza that is none.
    UnsupportedStanzaType = "unsupported-stanza-type",
    /// Another version of XMPP.
    UnsupportedVersion = "unsupported-version",
}

impl Condition {
    /// Returns the kind that the specification connects with it.
    pub fn kind(self) -> ErrorKind {
        // spec: RFC6120 §8.3.3
        match self {
            Self::NotAuthorized
            | Self::Forbidden
            | Self::RegistrationRequired
            | Self::SubscriptionRequired => ErrorKind::Auth,
            Self::BadRequest
            | Self::JidMalformed
            | Self::NotAcceptable
            | Self::PolicyViolation
            | Self::Redirect => ErrorKind::Modify,
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => ErrorKind::Wait,
            Self::Conflict
            | Self::FeatureNotImplemented
            | Self::Gone
            | Self::InternalServerError
            | Self::ItemNotFound
            | Self::NotAllowed
            | Self::RemoteServerNotFound
            | Self::ServiceUnavailable
            | Self::UndefinedCondition => ErrorKind::Cancel,
        }
    }

    /// Reads the number that stood for a condition before there were names.
    fn from_code(code: &str) -> Option<Self> {
        // spec: XEP-0086 §3
        Some(match code.trim() {
            "302" => Self::Redirect,
            "400" => Self::BadRequest,
            "401" => Self::NotAuthorized,
            "403" => Self::Forbidden,
            "404" => Self::ItemNotFound,
            "405" => Self::NotAllowed,
            "406" => Self::NotAcceptable,
            "407" => Self::RegistrationRequired,
            "408" | "504" => Self::RemoteServerTimeout,
            "409" => Self::Conflict,
            "500" => Self::InternalServerError,
            "501" => Self::FeatureNotImplemented,
            "502" | "503" | "510" => Self::ServiceUnavailable,
            _ => return None,
        })
    }
}

/// The error that an error stanza carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// What its receiver may do next.
    pub kind: ErrorKind,
    /// What went wrong.
    pub condition: Condition,
    /// The same in words.
    pub text: Option<String>,
    /// The same in the words of the protocol in question: a name and its namespace.
    // spec: RFC6120 §8.3.4
    pub specific: Option<(&'static str, &'static str)>,
}

impl From<Condition> for StanzaError {
    fn from(condition: Condition) -> Self {
        Self { kind: condition.kind(), condition, text: None, specific: None }
    }
}

impl StanzaError {
    /// Returns an error with words for a person.
    pub fn with_text(condition: Condition, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::from(condition) }
    }

    /// Reads the error of an error stanza; one that says nothing is `undefined-condition`.
    pub(in crate::xmpp) fn read(stanza: Node<'_>) -> Self {
        let Some(error) = stanza.child("error", ns::CLIENT) else {
            return Condition::UndefinedCondition.into();
        };
        let is_text = |child: &Node<'_>| child.is("text", ns::STANZA_ERRORS);
        let condition = error
            .children()
            .filter(|child| child.has_ns(ns::STANZA_ERRORS) && !is_text(child))
            .find_map(|child| Condition::read(child.name()))
            .or_else(|| error.attr("code").and_then(Condition::from_code))
            .unwrap_or(Condition::UndefinedCondition);
        let text = error.children().find(is_text).map(|child| child.text());
        let kind = error.attr("type").and_then(ErrorKind::read).unwrap_or(condition.kind());
        Self { kind, condition, text: text.filter(|text| !text.is_empty()), specific: None }
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        let condition = Payload::new(self.condition.as_str(), ns::STANZA_ERRORS);
        let text = self.text.as_deref();
        let text = text.map(|text| Payload::new("text", ns::STANZA_ERRORS).with_text(text));
        Payload::new("error", ns::CLIENT)
            .with_attr("type", self.kind.as_str())
            .with(condition)
            .with_all(text)
            .with_all(self.specific.map(|(name, ns)| Payload::new(name, ns)))
    }
}
