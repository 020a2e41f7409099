//! Messages: send, push, list, fetch, reject, forward, report.

use std::borrow::Cow;

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    csp::{
        address::{GroupAddress, ListAddress, ScreenName, UserAddress},
        field::{Build, FieldError, Fields, Shape},
        leaf::Word,
        outcome::StatusResult,
    },
};

/// How content is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// Not at all.
    None,
    /// Base64.
    Base64,
    /// Another word.
    Other(CompactString),
}

impl Word for ContentEncoding {
    const WORDS: &'static [(&'static str, Self)] =
        &[("None", Self::None), ("BASE64", Self::Base64)];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// How messages come to the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMethod {
    /// As `NewMessage`.
    Push,
    /// As `MessageNotification`, upon which the phone fetches.
    Notify,
}

impl Word for DeliveryMethod {
    const WORDS: &'static [(&'static str, Self)] = &[("P", Self::Push), ("N", Self::Notify)];
}

/// `Recipient`: whom a message is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Users.
    pub users: Vec<UserAddress>,
    /// Whole groups.
    pub groups: Vec<GroupAddress>,
    /// Single occupants of groups.
    pub screen_names: Vec<ScreenName>,
    /// All members of contact lists.
    pub lists: Vec<ListAddress>,
}

impl Recipient {
    /// Returns the recipient that is one user.
    pub fn user(user: UserAddress) -> Self {
        Self { users: vec![user], ..Self::default() }
    }

    /// Returns whether nobody is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Shape for Recipient {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut recipient = Self {
            users: UserAddress::read_all(from)?,
            lists: from.repeated("ContactList")?,
            ..Self::default()
        };
        for group in from.each("Group") {
            recipient.groups.extend(group.repeated("GroupID")?);
            recipient.screen_names.extend(group.repeated("ScreenName")?);
        }
        Ok(recipient)
    }

    fn write(&self, to: Build) -> Build {
        let to = UserAddress::write_all(&self.users, to);
        let to = self
            .groups
            .iter()
            .fold(to, |to, group| to.inside("Group", |to| to.put("GroupID", group)));
        let to = self
            .screen_names
            .iter()
            .fold(to, |to, screen_name| to.inside("Group", |to| to.put("ScreenName", screen_name)));
        to.each("ContactList", &self.lists)
    }
}

/// `Sender`: whom a message is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A user.
    User(UserAddress),
    /// An occupant of a group.
    ScreenName(ScreenName),
    /// A group itself.
    Group(GroupAddress),
}

impl Shape for Sender {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let Some(group) = from.inside("Group") else {
            return UserAddress::read_one(from).map(Self::User);
        };
        match group.optional("ScreenName")? {
            Some(screen_name) => Ok(Self::ScreenName(screen_name)),
            None => group.required("GroupID").map(Self::Group),
        }
    }

    fn write(&self, to: Build) -> Build {
        match self {
            Self::User(user) => to.inside("User", |to| to.put("UserID", user)),
            Self::ScreenName(name) => to.inside("Group", |to| to.put("ScreenName", name)),
            Self::Group(group) => to.inside("Group", |to| to.put("GroupID", group)),
        }
    }
}

/// `MessageInfo`: all about a message but its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageInfo {
    /// The message, as the server calls it.
    pub message_id: Option<CompactString>,
    /// Where the content can be fetched.
    pub message_uri: Option<CompactString>,
    /// The media type; text if absent (handset: S60 §8.1).
    pub content_type: Option<CompactString>,
    /// How the content is encoded.
    pub content_encoding: Option<ContentEncoding>,
    /// A length that phones count in UTF-16 units: never compare it with anything.
    pub content_size: Option<u32>,
    /// Whom it is for.
    pub recipient: Option<Recipient>,
    /// Whom it is from.
    pub sender: Option<Sender>,
    /// When it was sent.
    pub date_time: Option<Millis>,
    /// How long it is worth delivering.
    pub validity_secs: Option<u32>,
}

impl MessageInfo {
    /// Returns the media type, which is text unless another is named.
    pub fn media_type(&self) -> &str {
        let named = self.content_type.as_deref().map(str::trim);
        named.filter(|name| !name.is_empty()).unwrap_or(TEXT_PLAIN)
    }
}

impl Shape for MessageInfo {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            message_id: from.optional("MessageID")?,
            message_uri: from.optional("MessageURI")?,
            content_type: from.optional("ContentType")?,
            content_encoding: from.optional("ContentEncoding")?,
            content_size: from.hint("ContentSize"),
            recipient: from.optional("Recipient")?,
            sender: from.optional("Sender")?,
            date_time: from.hint("DateTime"),
            validity_secs: from.hint("Validity"),
        })
    }

    /// The type is always written: there are implementations that hang without one.
    fn write(&self, to: Build) -> Build {
        to.maybe("MessageID", self.message_id.as_ref())
            .maybe("MessageURI", self.message_uri.as_ref())
            .put("ContentType", &CompactString::from(self.media_type()))
            .maybe("ContentEncoding", self.content_encoding.as_ref())
            .maybe("ContentSize", self.content_size.as_ref())
            .maybe("Recipient", self.recipient.as_ref())
            .maybe("Sender", self.sender.as_ref())
            .maybe("DateTime", self.date_time.as_ref())
            .maybe("Validity", self.validity_secs.as_ref())
    }
}

const TEXT_PLAIN: &str = "text/plain";

/// A `MessageInfo` and the content that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// All but the content.
    pub info: MessageInfo,
    /// Text, or base64 where `info.content_encoding` says so.
    pub content: Option<CompactString>,
}

impl Shape for Letter {
    /// Content that travelled as raw octets arrives as base64, so that is its encoding.
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut info: MessageInfo = from.required("MessageInfo")?;
        if from.inside("ContentData").is_some_and(|content| content.element().is_binary()) {
            info.content_encoding = Some(ContentEncoding::Base64);
        }
        Ok(Self { info, content: from.optional("ContentData")? })
    }

    /// The type of the content decides how S60 reads it, so it comes first (handset: S60 §8.3).
    fn write(&self, to: Build) -> Build {
        to.put("MessageInfo", &self.info).maybe("ContentData", self.content.as_ref())
    }
}

/// Undoes the second escaping of text by late S60 firmware (handset: S60 §8.2).
///
/// Such text escapes each `&`, so one that begins none of the five entities shows that the text
/// is as it should be.
pub fn without_second_escape(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let entity = ENTITIES.iter().find(|(name, _)| piece.starts_with(name));
        let Some((name, character)) = entity else { return text.into() };
        out.push(*character);
        out.push_str(&piece[name.len()..]);
    }
    out.into()
}

const ENTITIES: [(&str, char); 5] =
    [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\'')];

/// `SendMessage-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendMessageRequest {
    /// Whether the sender wants to know of the delivery.
    pub wants_report: bool,
    /// The message.
    pub letter: Letter,
}

impl Shape for SendMessageRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { wants_report: from.flag("DeliveryReport"), letter: Letter::read(from)? })
    }

    fn write(&self, to: Build) -> Build {
        self.letter.write(to.put("DeliveryReport", &self.wants_report))
    }
}

/// `SendMessage-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessageResponse {
    /// The outcome.
    pub result: StatusResult,
    /// The message, as the server calls it from now on.
    pub message_id: Option<CompactString>,
}

impl Shape for SendMessageResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { result: from.required("Result")?, message_id: from.optional("MessageID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Result", &self.result).maybe("MessageID", self.message_id.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        element::Element,
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2},
    };

    const TO_ALL: &str = "<Recipient><User><UserID>wv:he@x</UserID></User>\
        <Group><GroupID>wv:/room@x</GroupID></Group><Group><ScreenName><SName>Wicked Vicky</SName>\
        <GroupID>wv:kim/g@x</GroupID></ScreenName></Group>\
        <ContactList>wv:kim/pals@x</ContactList></Recipient>";

    #[test]
    fn a_message_for_everybody_survives() {
        let request: SendMessageRequest = assert_round_trip(
            &format!(
                "<R><DeliveryReport>T</DeliveryReport><MessageInfo>\
                 <ContentType>text/plain</ContentType><ContentEncoding>None</ContentEncoding>\
                 <ContentSize>58</ContentSize>{TO_ALL}<Sender><User><UserID>wv:kim@x</UserID>\
                 </User></Sender><DateTime>20010925T134000Z</DateTime><Validity>600</Validity>\
                 </MessageInfo><ContentData>Hurry up</ContentData></R>"
            ),
            V1_1,
        );
        let recipient = request.letter.info.recipient.unwrap();
        assert_eq!((recipient.users.len(), recipient.groups.len()), (1, 1));
        assert_eq!(recipient.screen_names[0].name, "Wicked Vicky");
        assert_eq!(recipient.lists[0].list(), "pals");
        assert!(request.wants_report);
    }

    #[test]
    fn s60_gotcha_19_a_message_needs_neither_type_nor_size_nor_id() {
        let literal = "<R><MessageInfo><ContentSize>some</ContentSize><Recipient><User>\
            <UserID>lee</UserID></User></Recipient><Sender><User><UserID>kim</UserID></User>\
            </Sender></MessageInfo><ContentData>hi</ContentData></R>";
        let request: SendMessageRequest = read(literal, V1_1).unwrap();
        assert_eq!(request.letter.info.media_type(), "text/plain");
        assert_eq!(request.letter.info.content_size, None);
        assert!(!request.wants_report);
    }

    #[test]
    fn s60_8_3_a_sender_is_a_user_a_screen_name_or_a_group() {
        let user: Sender = assert_round_trip("<S><User><UserID>wv:a</UserID></User></S>", V1_2);
        assert!(matches!(user, Sender::User(_)));
        let literal = "<S><Group><ScreenName><SName>V</SName><GroupID>wv:/r@x</GroupID>\
            </ScreenName></Group></S>";
        assert!(matches!(assert_round_trip(literal, V1_2), Sender::ScreenName(_)));
        let literal = "<S><Group><GroupID>wv:/r@x</GroupID></Group></S>";
        assert!(matches!(assert_round_trip(literal, V1_2), Sender::Group(_)));
        assert!(read::<Sender>("<S/>", V1_2).is_err());
    }

    #[test]
    fn s60_8_2_text_is_unescaped_once_and_only_if_all_of_it_is_escaped() {
        assert_eq!(without_second_escape("a &amp;amp; b &lt;3"), "a &amp; b <3");
        for raw in ["fish & chips &lt;3", "&", "&amp", "plain", "", "&é;"] {
            assert_eq!(without_second_escape(raw), raw);
        }
    }

    #[test]
    fn raw_octets_are_base64() {
        let mut content = Element::new("ContentData");
        content.set_binary("R0lGODlh");
        let element = Element::new("NewMessage")
            .child_element(content)
            .child_element(Element::new("MessageInfo"));
        let letter = Letter::read(Fields::of(&element, V1_2)).unwrap();
        assert_eq!(letter.info.content_encoding, Some(ContentEncoding::Base64));
        assert_eq!(letter.content.as_deref(), Some("R0lGODlh"));
    }

    #[test]
    fn the_content_type_is_always_written_and_the_info_comes_first() {
        let letter = Letter { content: Some("hi".into()), ..Letter::default() };
        let literal = "<R><MessageInfo><ContentType>text/plain</ContentType></MessageInfo>\
            <ContentData>hi</ContentData></R>";
        assert_writes(&letter, literal, V1_1);
    }

    #[test]
    fn s60_gotcha_18_a_sent_message_is_answered_with_a_result() {
        assert_round_trip::<SendMessageResponse>(
            "<R><Result><Code>200</Code></Result><MessageID>m1</MessageID></R>",
            V1_1,
        );
        assert!(read::<SendMessageResponse>("<R><MessageID>m1</MessageID></R>", V1_1).is_err());
    }
}
