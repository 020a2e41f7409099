//! Why a phone cannot go on.

use std::{fmt, io};

use crate::csp::{error::ReadError, field::FieldError, status::Code};

/// What goes wrong between a phone and its server.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The settings contradict the handset or each other.
    #[error("{0}")]
    Setting(String),
    /// Nothing answers at the server's address.
    #[error("the server at {address} cannot be reached: {error}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the network says.
        error: io::Error,
    },
    /// The connection broke, time and again.
    #[error("the connection to {address} broke: {what}")]
    Broken {
        /// Host and port.
        address: String,
        /// What HTTP says.
        what: String,
    },
    /// The server did not answer in time.
    #[error("the server did not answer within {secs} s")]
    Timeout {
        /// How long the phone waits.
        secs: u64,
    },
    /// The server answered with a failure of HTTP.
    #[error("the server answered HTTP {status}{}", in_brackets(.text))]
    Http {
        /// The status.
        status: u16,
        /// The first line of the body.
        text: String,
    },
    /// The answer is not of this protocol.
    #[error("what answers there is no CSP server: {0}")]
    NotCsp(String),
    /// The answer cannot be decoded.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] ReadError),
    /// The answer is no message, or a primitive in it is not what its name says.
    #[error("the answer cannot be understood: {0}")]
    Odd(#[from] FieldError),
    /// The handset could not read the answer.
    #[error(transparent)]
    Strict(#[from] Fault),
    /// The server refused a request.
    #[error("{request} was refused with {}{}", .code.0, in_brackets(.text))]
    Refused {
        /// The name of the request.
        request: String,
        /// Why.
        code: Code,
        /// The server's own words.
        text: String,
    },
    /// The answer is not one to the request.
    #[error("{request} was answered by {answer}")]
    Unexpected {
        /// The name of the request.
        request: String,
        /// The name of the answer.
        answer: String,
    },
    /// No answer came to a request.
    #[error("{0} was not answered")]
    NoAnswer(String),
    /// The phone is not logged in, or no longer.
    #[error("not logged in")]
    LoggedOut,
    /// The server has the phone poll without end.
    #[error("the server never stops: {0} exchanges for one")]
    Endless(usize),
    /// Somebody is in none of the contact lists.
    #[error("{0} is in no contact list")]
    NoSuchContact(String),
}

impl PhoneError {
    /// Returns the status code with which the server refused.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Returns whether the network failed, so that the same may succeed later.
    pub fn is_of_network(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Broken { .. } | Self::Timeout { .. })
    }

    /// Returns the rule of the handset that was broken.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Strict(fault) => Some(fault.rule),
            _ => None,
        }
    }
}

/// What a handset could not have read, and where that is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule, as in `handset: Android G10`.
    pub rule: &'static str,
    /// What breaks it.
    pub what: String,
}

impl Fault {
    /// Names a broken rule.
    pub fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the handset could not read this: {} ({})", self.what, self.rule)
    }
}

impl std::error::Error for Fault {}

fn in_brackets(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}
