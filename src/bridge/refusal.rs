//! One row for each reason to say no: what the phone is told and what the network is told.

use crate::{csp::status::Code, domain::refusal::Refusal, xmpp::condition::Condition};

/// Returns the status code that tells a phone.
pub fn code(refusal: Refusal) -> Code {
    row(refusal).0
}

/// Returns the stanza error condition that tells the network.
pub fn condition(refusal: Refusal) -> Condition {
    row(refusal).1
}

/// Returns the words that go with the code.
pub fn words(refusal: Refusal) -> &'static str {
    row(refusal).2
}

fn row(refusal: Refusal) -> (Code, Condition, &'static str) {
    use Refusal as R;
    match refusal {
        R::Malformed => (Code::BAD_REQUEST, Condition::BadRequest, "not understood"),
        R::BadParameter => (Code::BAD_PARAMETER, Condition::BadRequest, "a value is impossible"),
        R::Suspended => (Code::FORBIDDEN, Condition::Forbidden, "the account is suspended"),
        R::NotServed => {
            (Code::SERVICE_NOT_SUPPORTED, Condition::ServiceUnavailable, "not served here")
        }
        R::NotImplemented => {
            (Code::NOT_IMPLEMENTED, Condition::FeatureNotImplemented, "not served yet")
        }
        R::WrongPassword => {
            (Code::BAD_PASSWORD, Condition::NotAuthorized, "wrong user name or password")
        }
        R::TooOften => (Code::UNAVAILABLE, Condition::PolicyViolation, "too often, try later"),
        R::NoDigest => (Code::NO_COMMON_DIGEST, Condition::NotAuthorized, "no digest in common"),
        R::MediaType => {
            (Code::UNSUPPORTED_MEDIA, Condition::NotAcceptable, "only text is passed on")
        }
        R::NoSuchUser => (Code::UNKNOWN_USER, Condition::ItemNotFound, "no such user"),
        // spec: XEP-0191 §3.3: who is blocked gets what a server says that does not serve this.
        R::Blocked => (Code::BLOCKED, Condition::ServiceUnavailable, "not wanted"),
        R::Unreachable => {
            (Code::DOMAIN_NOT_SUPPORTED, Condition::RemoteServerNotFound, "cannot be reached")
        }
        R::MailboxFull => (Code::QUEUE_FULL, Condition::ResourceConstraint, "the mailbox is full"),
        R::OutboxFull => {
            (Code::QUEUE_FULL, Condition::ResourceConstraint, "the network is away, try later")
        }
        R::Unavailable => (Code::UNAVAILABLE, Condition::InternalServerError, "try again later"),
        R::NoSession => (Code::INVALID_SESSION, Condition::NotAuthorized, "no such session"),
        R::NoSuchList => (Code::NO_SUCH_LIST, Condition::ItemNotFound, "no such list"),
        R::ListExists => (Code::LIST_EXISTS, Condition::Conflict, "the list is there already"),
        R::BadUserProperty => {
            (Code::BAD_USER_PROPERTY, Condition::BadRequest, "no such property of a user")
        }
        R::BadAttribute => (Code::BAD_ATTRIBUTE, Condition::BadRequest, "no such attribute"),
        R::BadValue => (Code::BAD_VALUE, Condition::BadRequest, "no such value"),
        R::BadListProperty => {
            (Code::BAD_LIST_PROPERTY, Condition::BadRequest, "no such property of a list")
        }
        R::TooManyLists => (Code::TOO_MANY_LISTS, Condition::ResourceConstraint, "too many lists"),
        R::TooManyContacts => {
            (Code::TOO_MANY_CONTACTS, Condition::ResourceConstraint, "too many contacts")
        }
        R::TooManyAttributeLists => (
            Code::TOO_MANY_ATTRIBUTE_LISTS,
            Condition::ResourceConstraint,
            "too many attribute lists",
        ),
        R::NoSuchMessage => (Code::BAD_MESSAGE_ID, Condition::ItemNotFound, "no such message"),
        R::NoSuchPage => (Code::BAD_SEARCH_INDEX, Condition::ItemNotFound, "no such page"),
        R::NoSuchSearch => (Code::BAD_SEARCH_ID, Condition::ItemNotFound, "no such search"),
    }
}
