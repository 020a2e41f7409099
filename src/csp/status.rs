//! Status codes.

/// A status code, 100 to 999 in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl Code {
    /// Go on.
    pub const CONTINUE: Self = Self(100);
    /// The request waits.
    pub const QUEUED: Self = Self(101);
    /// The request is being carried out.
    pub const STARTED: Self = Self(102);
    /// Done. The only success that every phone knows (handset: Android G4).
    pub const OK: Self = Self(200);
    /// Done in part; the details name the rest.
    pub const PARTIAL: Self = Self(201);
    /// Accepted, not yet done.
    pub const ACCEPTED: Self = Self(202);
    /// The message is malformed.
    pub const BAD_REQUEST: Self = Self(400);
    /// Go on with the next step of a digest login.
    pub const UNAUTHORISED: Self = Self(401);
    /// A parameter is missing or wrong.
    pub const BAD_PARAMETER: Self = Self(402);
    /// Forbidden, or the account is barred.
    pub const FORBIDDEN: Self = Self(403);
    /// Not found.
    pub const NOT_FOUND: Self = Self(404);
    /// The service is not supported.
    pub const SERVICE_NOT_SUPPORTED: Self = Self(405);
    /// The request took too long.
    pub const REQUEST_TIMEOUT: Self = Self(408);
    /// The password is wrong.
    pub const BAD_PASSWORD: Self = Self(409);
    /// The message cannot be delivered.
    pub const CANNOT_DELIVER: Self = Self(410);
    /// The kind of content is not supported.
    pub const UNSUPPORTED_MEDIA: Self = Self(415);
    /// The transaction id is invalid.
    pub const BAD_TRANSACTION_ID: Self = Self(420);
    /// User and client do not belong together.
    pub const CLIENT_MISMATCH: Self = Self(422);
    /// The invitation is unknown.
    pub const BAD_INVITATION: Self = Self(423);
    /// The search is unknown.
    pub const BAD_SEARCH_ID: Self = Self(424);
    /// The search has no such result.
    pub const BAD_SEARCH_INDEX: Self = Self(425);
    /// The message is unknown.
    pub const BAD_MESSAGE_ID: Self = Self(426);
    /// Not a permitted member of the group.
    pub const NOT_PERMITTED_MEMBER: Self = Self(431);
    /// The answer is too large for the phone.
    pub const TOO_LARGE: Self = Self(432);
    /// The server has failed.
    pub const SERVER_ERROR: Self = Self(500);
    /// Not implemented.
    pub const NOT_IMPLEMENTED: Self = Self(501);
    /// The session cannot be recovered. Never at login (handset: Android G5).
    pub const NOT_RECOVERABLE: Self = Self(502);
    /// Unavailable for now.
    pub const UNAVAILABLE: Self = Self(503);
    /// The server took too long.
    pub const TIMEOUT: Self = Self(504);
    /// The version is not supported.
    pub const VERSION_NOT_SUPPORTED: Self = Self(505);
    /// The service was not agreed on.
    pub const SERVICE_NOT_AGREED: Self = Self(506);
    /// The queue is full.
    pub const QUEUE_FULL: Self = Self(507);
    /// The other domain is not reached from here.
    pub const DOMAIN_NOT_SUPPORTED: Self = Self(516);
    /// A request for presence is still unanswered.
    pub const UNANSWERED_PRESENCE: Self = Self(521);
    /// A request for a group is still unanswered.
    pub const UNANSWERED_GROUP: Self = Self(522);
    /// The user is unknown.
    pub const UNKNOWN_USER: Self = Self(531);
    /// The recipient blocks the sender.
    pub const BLOCKED: Self = Self(532);
    /// The recipient is not logged in.
    pub const NOT_LOGGED_IN: Self = Self(533);
    /// The recipient is not authorised.
    pub const RECIPIENT_UNAUTHORISED: Self = Self(534);
    /// The search took too long.
    pub const SEARCH_TIMEOUT: Self = Self(535);
    /// The search found too much.
    pub const TOO_MANY_HITS: Self = Self(536);
    /// The search asks for too much.
    pub const SEARCH_TOO_BROAD: Self = Self(537);
    /// The recipient rejected the message.
    pub const MESSAGE_REJECTED: Self = Self(538);
    /// A header's encoding is not supported.
    pub const HEADER_ENCODING: Self = Self(540);
    /// The message was forwarded.
    pub const FORWARDED: Self = Self(541);
    /// The message expired.
    pub const EXPIRED: Self = Self(542);
    /// No digest scheme suits both.
    pub const NO_COMMON_DIGEST: Self = Self(543);
    /// The session expired. Logs the phone out (handset: S60 §4.6).
    pub const SESSION_EXPIRED: Self = Self(600);
    /// The server ends the session. Logs the phone out.
    pub const FORCED_LOGOUT: Self = Self(601);
    /// Already logged in.
    pub const ALREADY_LOGGED_IN: Self = Self(603);
    /// Not logged in, or an invalid session. Logs the phone out.
    pub const INVALID_SESSION: Self = Self(604);
    /// The new value is not accepted.
    pub const VALUE_REFUSED: Self = Self(605);
    /// No such contact list.
    pub const NO_SUCH_LIST: Self = Self(700);
    /// The contact list exists.
    pub const LIST_EXISTS: Self = Self(701);
    /// A property of the user is invalid.
    pub const BAD_USER_PROPERTY: Self = Self(702);
    /// The presence attribute is unknown.
    pub const BAD_ATTRIBUTE: Self = Self(750);
    /// The presence value is invalid.
    pub const BAD_VALUE: Self = Self(751);
    /// The property of the contact list is invalid.
    pub const BAD_LIST_PROPERTY: Self = Self(752);
    /// Too many contact lists.
    pub const TOO_MANY_LISTS: Self = Self(753);
    /// Too many contacts.
    pub const TOO_MANY_CONTACTS: Self = Self(754);
    /// Too many attribute lists.
    pub const TOO_MANY_ATTRIBUTE_LISTS: Self = Self(755);
    /// Automatic subscription is not supported.
    pub const NO_AUTO_SUBSCRIBE: Self = Self(760);
    /// No such group.
    pub const NO_SUCH_GROUP: Self = Self(800);
    /// The group exists.
    pub const GROUP_EXISTS: Self = Self(801);
    /// The group is open.
    pub const GROUP_OPEN: Self = Self(802);
    /// The group is restricted.
    pub const GROUP_RESTRICTED: Self = Self(803);
    /// The group is public.
    pub const GROUP_PUBLIC: Self = Self(804);
    /// The group is private.
    pub const GROUP_PRIVATE: Self = Self(805);
    /// The group's properties are invalid.
    pub const BAD_GROUP_PROPERTY: Self = Self(806);
    /// Already in the group.
    pub const ALREADY_JOINED: Self = Self(807);
    /// Not in the group.
    pub const NOT_JOINED: Self = Self(808);
    /// Rejected from the group.
    pub const REJECTED: Self = Self(809);
    /// Not a member of the group.
    pub const NOT_A_MEMBER: Self = Self(810);
    /// The screen name is in use.
    pub const SCREEN_NAME_IN_USE: Self = Self(811);
    /// The group allows no private messages.
    pub const NO_PRIVATE_MESSAGES: Self = Self(812);
    /// The user takes no private messages.
    pub const USER_TAKES_NO_PRIVATE_MESSAGES: Self = Self(813);
    /// The user is in too many groups.
    pub const TOO_MANY_GROUPS: Self = Self(814);
    /// The server has too many groups.
    pub const SERVER_GROUPS_FULL: Self = Self(815);
    /// The privilege does not suffice.
    pub const INSUFFICIENT_PRIVILEGE: Self = Self(816);
    /// The group is full.
    pub const GROUP_FULL: Self = Self(817);
    /// The history of a group is not supported.
    pub const NO_HISTORY: Self = Self(821);
    /// The group lacks a name or a topic.
    pub const NAME_OR_TOPIC_MISSING: Self = Self(822);
    /// Several errors; the details name them.
    pub const MULTIPLE_ERRORS: Self = Self(900);
    /// An address is wrong.
    pub const BAD_ADDRESS: Self = Self(901);
    /// No credit left.
    pub const NO_CREDIT: Self = Self(902);
    /// A higher class of service is needed.
    pub const HIGHER_CLASS_NEEDED: Self = Self(903);
    /// The phone number cannot be read.
    pub const BAD_MSISDN: Self = Self(920);

    /// Returns whether this is a success, whole or in part.
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }

    /// Returns whether the answer to the request is yet to come (handset: S60 §3.4).
    pub fn is_provisional(self) -> bool {
        (100..200).contains(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_success_a_failure_or_not_the_end() {
        assert!(Code::OK.is_success() && Code::PARTIAL.is_success());
        assert!(!Code::BAD_REQUEST.is_success() && !Code::OK.is_provisional());
        assert!(Code::QUEUED.is_provisional());
    }
}
