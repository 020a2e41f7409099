//! What can be wrong with a stanza.

/// What is wrong with a stanza that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Another element than the three.
    #[error("not a message, presence or iq")]
    NotAStanza,
    /// No sender that could be answered.
    #[error("from is missing or not an address")]
    BadFrom,
    /// No recipient.
    #[error("to is missing or not an address")]
    BadTo,
    /// A request that cannot be answered.
    #[error("iq without id")]
    NoId,
    /// A question that asks nothing.
    #[error("request without payload")]
    NoPayload,
    /// A question that asks several things at once.
    #[error("request with several payloads")]
    ManyPayloads,
    /// A `type` that nobody knows.
    #[error("unknown type")]
    UnknownKind,
    /// Elements within elements beyond the bound.
    #[error("nested too deep")]
    TooDeep,
    /// More octets than the bound.
    #[error("too big")]
    TooBig,
    /// Prefixes or attributes that XML forbids.
    #[error("undeclared prefix or doubled attribute")]
    Malformed,
}
