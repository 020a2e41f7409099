//! Why bytes are not a CSP message.

use crate::csp::element::{
    MAX_CHILDREN, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_BYTES, MAX_TEXT_BYTES_IN_ALL,
};

/// What is wrong with a body that a phone sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The bytes do not follow the spelling.
    #[error("malformed {spelling} at octet {at}: {what}")]
    Malformed {
        /// `XML` or `WBXML`.
        spelling: &'static str,
        /// Where in the body.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The body ends within an element.
    #[error("the message ends too early")]
    Truncated,
    /// Elements are nested too deeply.
    #[error("elements nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// One element has too many children.
    #[error("more than {MAX_CHILDREN} children in one element")]
    TooManyChildren,
    /// One element has too much text.
    #[error("more than {MAX_TEXT_BYTES} octets of text in one element")]
    TooMuchText,
    /// The message has too many elements.
    #[error("more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// All texts together are too long.
    #[error("more than {MAX_TEXT_BYTES_IN_ALL} octets of text in all")]
    TooMuchTextInAll,
    /// The message is of CSP 1.0, whose tokens mean other elements.
    #[error("CSP 1.0 is not supported")]
    OldVersion,
    /// The characters are of a set that is not read.
    #[error("character set {0} is not supported")]
    Charset(String),
}
