//! `wv:` addresses: users, contact lists, groups and screen names.
//!
//! Reading never fails: an odd address is kept as the phone wrote it, so that it can be echoed
//! in the detail of an answer, and [`UserAddress::is_usable`] and its like tell whether it names
//! anything. These are rules about text only; what a JID allows is the bridge's matter.

use std::fmt;

use compact_str::CompactString;

use crate::csp::{
    address_text::Parts,
    field::{Build, FieldError, Fields, Shape},
    leaf::has_text,
};

/// A user: `wv:user@domain`, where `wv:` and the domain may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAddress {
    written: CompactString,
    parts: Parts,
}

impl UserAddress {
    /// Takes an address as a phone wrote it.
    pub fn parse(written: &str) -> Self {
        let parts = Parts::parse(written);
        Self { written: written.trim().into(), parts }
    }

    /// Builds an address out of its parts.
    pub fn new(user: &str, domain: Option<&str>) -> Self {
        let parts = Parts {
            user: Some(user.into()),
            resource: None,
            domain: domain.map(CompactString::from),
        };
        Self { written: parts.canonical(), parts }
    }

    /// Returns the part before the domain, without escapes; empty if there is none.
    pub fn user(&self) -> &str {
        self.parts.user.as_deref().unwrap_or_default()
    }

    /// Returns the domain, if one was given.
    pub fn domain(&self) -> Option<&str> {
        self.parts.domain.as_deref()
    }

    /// Returns the resource, which some clients add.
    pub fn resource(&self) -> Option<&str> {
        self.parts.resource.as_deref()
    }

    /// Returns the address in the phone's own spelling, for echo.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Returns the address in the phone's own spelling, but with only the escapes that it needs.
    ///
    #[must_use]
    pub fn without_escapes(&self) -> Self {
        if !self.written.contains('%') {
            return self.clone();
        }
        Self { written: self.parts.canonical(), parts: self.parts.clone() }
    }

    /// Returns whether the address names a user; if not, 531 or 901 answers it.
    pub fn is_usable(&self) -> bool {
        self.parts.is_clean() && !self.user().is_empty()
    }

    /// Reads all users that an element names, in any of the ways that phones have.
    ///
    /// `User > UserID` is the rule, XIMP writes a bare `UserID` (handset: S60 §7.9), Android also
    /// `User > Property` (handset: Android §6).
    pub fn read_all(from: Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let nested = from
            .children()
            .filter(|child| matches!(child.element().name(), "IDList" | "UserIDList"));
        let children = from.children().chain(nested.flat_map(Fields::children));
        let users = children.filter_map(|child| match child.element().name() {
            "UserID" => Some(child),
            "User" => child.inside("UserID").or_else(|| {
                let mut properties = child.each("Property");
                let property = properties.find(|it| it.element().text_of("Name") == Some("UserID"));
                property.and_then(|property| property.inside("Value"))
            }),
            _ => None,
        });
        users.filter(|user| Self::is_given(*user)).map(Self::read).collect()
    }

    /// Reads the one user that an element is about.
    pub fn read_one(from: Fields<'_>) -> Result<Self, FieldError> {
        let first = Self::read_all(from)?.into_iter().next();
        first.ok_or_else(|| FieldError::bad_value("missing").within("UserID"))
    }

    /// Writes users as `User > UserID`.
    pub fn write_all(users: &[Self], to: Build) -> Build {
        users.iter().fold(to, |to, user| to.inside("User", |to| to.put("UserID", user)))
    }

    /// Returns whether the user is a phone number, as in `wv:+358401234567`.
    pub fn is_phone_number(&self) -> bool {
        let digits = self.user().strip_prefix('+').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A contact list: `wv:user/list@domain`, where all but the list may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAddress {
    written: CompactString,
    parts: Parts,
}

impl ListAddress {
    /// Reads all lists that an element names, bare or, as 1.3 does, in a list of their own.
    pub fn read_all(from: Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let mut lists = from.repeated("ContactList")?;
        if let Some(nested) = from.inside("ContactListIDList") {
            lists.extend(nested.repeated("ContactList")?);
        }
        Ok(lists)
    }

    /// Takes an address as a phone wrote it; without `/` it is the list's name alone.
    ///
    /// The session completes what is absent: its user, its domain (handset: S60 §6.2).
    pub fn parse(written: &str) -> Self {
        Self { written: written.trim().into(), parts: Parts::parse(written).named_by_resource() }
    }

    /// Builds an address out of its parts.
    pub fn new(user: Option<&str>, list: &str, domain: Option<&str>) -> Self {
        let parts = Parts::of_resource(user, list, domain);
        Self { written: parts.canonical(), parts }
    }

    /// Returns the owner, if one was given.
    pub fn user(&self) -> Option<&str> {
        self.parts.user.as_deref()
    }

    /// Returns the list's name, without escapes; empty if there is none.
    pub fn list(&self) -> &str {
        self.parts.resource.as_deref().unwrap_or_default()
    }

    /// Returns the domain, if one was given.
    pub fn domain(&self) -> Option<&str> {
        self.parts.domain.as_deref()
    }

    /// Returns the address in the phone's own spelling, for echo.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Returns whether the address names a list.
    pub fn is_usable(&self) -> bool {
        self.parts.is_clean() && !self.list().is_empty()
    }
}

/// A group: `wv:user/group@domain`, or `wv:/group@domain` for one of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAddress {
    written: CompactString,
    parts: Parts,
}

impl GroupAddress {
    /// Takes an address as a phone wrote it; without `/` it is the group's name alone.
    pub fn parse(written: &str) -> Self {
        Self { written: written.trim().into(), parts: Parts::parse(written).named_by_resource() }
    }

    /// Builds an address out of its parts.
    pub fn new(user: Option<&str>, group: &str, domain: Option<&str>) -> Self {
        let parts = Parts::of_resource(user, group, domain);
        Self { written: parts.canonical(), parts }
    }

    /// Returns the user who made the group, if one was given.
    pub fn user(&self) -> Option<&str> {
        self.parts.user.as_deref()
    }

    /// Returns the group's name, without escapes; empty if there is none.
    pub fn group(&self) -> &str {
        self.parts.resource.as_deref().unwrap_or_default()
    }

    /// Returns the domain, if one was given.
    pub fn domain(&self) -> Option<&str> {
        self.parts.domain.as_deref()
    }

    /// Returns the address in the phone's own spelling, for echo.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Returns whether the address names a group.
    pub fn is_usable(&self) -> bool {
        self.parts.is_clean() && !self.group().is_empty()
    }
}

/// A `ScreenName`: what an occupant of a group is called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenName {
    /// The name, free text.
    pub name: CompactString,
    /// The group; phones always give it, a 1.3 message need not.
    pub group: Option<GroupAddress>,
}

impl Shape for ScreenName {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { name: from.required("SName")?, group: from.optional("GroupID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("SName", &self.name).maybe("GroupID", self.group.as_ref())
    }
}

impl Shape for UserAddress {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self::parse(from.text()))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&self.written)
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for ListAddress {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self::parse(from.text()))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&self.written)
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

impl Shape for GroupAddress {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self::parse(from.text()))
    }

    fn write(&self, to: Build) -> Build {
        to.text(&self.written)
    }

    fn is_given(from: Fields<'_>) -> bool {
        has_text(from)
    }
}

/// Prints the canonical form: `wv:` in lower case, and escapes only where they are needed.
impl fmt::Display for UserAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parts.canonical())
    }
}

/// Prints the canonical form, which always has a `/` (handset: Android G24).
impl fmt::Display for ListAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parts.canonical())
    }
}

/// Prints the canonical form, which always has a `/` (handset: Android G28).
impl fmt::Display for GroupAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parts.canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{literal::tree, version::Version::V1_2};

    fn user(written: &str) -> (String, Option<String>) {
        let address = UserAddress::parse(written);
        (address.user().into(), address.domain().map(Into::into))
    }

    fn list(written: &str) -> (Option<String>, String, Option<String>) {
        let address = ListAddress::parse(written);
        let owner = address.user().map(Into::into);
        (owner, address.list().into(), address.domain().map(Into::into))
    }

    #[test]
    fn users_are_read_in_every_form_that_phones_use() {
        let domain = Some("im.example".to_owned());
        assert_eq!(user("wv:alice@im.example"), ("alice".into(), domain.clone()));
        assert_eq!(user("WV:alice@im.example "), ("alice".into(), domain.clone()));
        assert_eq!(user("alice@im.example"), ("alice".into(), domain.clone()));
        assert_eq!(user("wv:alice"), ("alice".into(), None));
        assert_eq!(user("Alice"), ("Alice".into(), None));
        assert_eq!(user("wv:a@b.c@im.example"), ("a@b.c".into(), domain.clone()));
        assert_eq!(user("wv:alice/phone@im.example"), ("alice".into(), domain.clone()));
        assert_eq!(user("alice@im.example/phone"), ("alice".into(), domain));
    }

    #[test]
    fn s60_10_escapes_of_presence_requests_are_decoded() {
        let number = UserAddress::parse("wv:%2B358401234567");
        assert_eq!(number.user(), "+358401234567");
        assert!(number.is_phone_number());
        assert_eq!(number.as_written(), "wv:%2B358401234567");
        assert_eq!(number.to_string(), "wv:+358401234567");
        assert_eq!(user("wv:a%40b@c"), ("a@b".into(), Some("c".into())));
    }

    #[test]
    fn s60_10_an_address_is_given_back_with_only_the_escapes_that_it_needs() {
        let table = [
            ("wv:%2B358@gw", "wv:+358@gw"),
            ("Lee@X.example", "Lee@X.example"),
            ("wv:a%2Fb@gw", "wv:a%2Fb@gw"),
        ];
        for (written, plain) in table {
            let user = UserAddress::parse(written).without_escapes();
            assert_eq!(
                (user.as_written(), user.user()),
                (plain, UserAddress::parse(written).user())
            );
        }
    }

    #[test]
    fn s60_6_2_lists_are_read_in_every_form() {
        let all = (Some("kim".into()), "friends".into(), Some("x.net".into()));
        assert_eq!(list("wv:kim/friends@x.net"), all);
        assert_eq!(list("kim/friends@x.net"), all);
        assert_eq!(list("wv:kim/friends"), (Some("kim".into()), "friends".into(), None));
        assert_eq!(list("wv:friends"), (None, "friends".into(), None));
        assert_eq!(list("/friends"), (None, "friends".into(), None));
        let phonebook = "wv:kim/~PEP1.0_subscriptions@x.net";
        assert_eq!(list(phonebook).1, "~PEP1.0_subscriptions");
    }

    #[test]
    fn android_g24_a_list_is_written_with_a_slash() {
        assert_eq!(ListAddress::parse("wv:friends").to_string(), "wv:/friends");
        let address = ListAddress::new(Some("kim"), "friends", Some("x.net"));
        assert_eq!(address.as_written(), "wv:kim/friends@x.net");
    }

    #[test]
    fn groups_of_users_and_of_the_server_are_read() {
        let room = GroupAddress::parse("wv:/room@conference.host");
        assert_eq!((room.user(), room.group()), (None, "room"));
        assert_eq!(room.domain(), Some("conference.host"));
        assert_eq!(GroupAddress::parse("wv:kim/g123").user(), Some("kim"));
        assert_eq!(room.to_string(), "wv:/room@conference.host");
    }

    #[test]
    fn android_g23_an_address_is_written_as_the_phone_wrote_it() {
        for spelling in ["Bob", "wv:bob", "WV:Bob@X", "wv:%2B358"] {
            let written = UserAddress::parse(spelling).write(Build::new("UserID", V1_2)).finish();
            assert_eq!(written.text(), spelling);
        }
        let group = GroupAddress::parse("wv:kim/g123").write(Build::new("GroupID", V1_2)).finish();
        assert_eq!(group.text(), "wv:kim/g123");
    }

    #[test]
    fn an_unusable_address_does_not_spoil_the_others() {
        let literal = "<R><UserID>wv:a</UserID><UserID>@</UserID><UserID/><UserID>b</UserID></R>";
        let element = tree(literal);
        let users = UserAddress::read_all(Fields::of(&element, V1_2)).unwrap();
        let usable: Vec<bool> = users.iter().map(UserAddress::is_usable).collect();
        assert_eq!(usable, [true, false, true]);
    }

    #[test]
    fn what_names_nobody_is_kept_but_not_usable() {
        for odd in ["wv:", "@", "wv:@im.example", "wv:/room@x", "wv:a%00b", ""] {
            let address = UserAddress::parse(odd);
            assert!(!address.is_usable(), "{odd}");
            assert_eq!(address.as_written(), odd);
        }
        assert!(!UserAddress::parse(&"x".repeat(5000)).is_usable());
        assert!(!GroupAddress::parse("wv:").is_usable());
        assert_eq!(list("wv:kim/"), (None, "kim".into(), None));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_and_kept(text in "\\PC{0,40}") {
            let user = UserAddress::parse(&text);
            proptest::prop_assert_eq!(user.as_written(), text.trim());
            let _ = (ListAddress::parse(&text), GroupAddress::parse(&text));
        }
    }
}
