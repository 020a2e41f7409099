//! The closed list of reasons to say no.

/// Why something that was asked is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The request cannot be understood.
    Malformed,
    /// A part of the request has an impossible value.
    BadParameter,
    /// The account may not be used.
    Suspended,
    /// We do not do this.
    NotServed,
    /// We do not do this yet, although the protocol has it.
    NotImplemented,
    /// The user name or the password is wrong.
    WrongPassword,
    /// Too many attempts; not now.
    TooOften,
    /// None of the digests offered can be used with this account.
    NoDigest,
    /// The kind of content cannot be passed on.
    MediaType,
    /// No such user.
    NoSuchUser,
    /// The recipient does not want it.
    Blocked,
    /// Where the recipient is cannot be reached.
    Unreachable,
    /// The mailbox of the recipient is full.
    MailboxFull,
    /// Too much waits for the network already.
    OutboxFull,
    /// Our own fault, for now.
    Unavailable,
    /// The session has ended or never was.
    NoSession,
    /// No such list.
    NoSuchList,
    /// A list of that name is there already.
    ListExists,
    /// A public profile has no such property, or not with that value.
    BadUserProperty,
    /// A presence attribute is not known.
    BadAttribute,
    /// A presence attribute cannot have this value.
    BadValue,
    /// A list cannot have this property.
    BadListProperty,
    /// The account has as many lists as it may.
    TooManyLists,
    /// The list has as many members as it may.
    TooManyContacts,
    /// The account has as many attribute lists as it may.
    TooManyAttributeLists,
    /// No such message.
    NoSuchMessage,
    /// No such search.
    NoSuchSearch,
    /// The search has no such page.
    NoSuchPage,
}
