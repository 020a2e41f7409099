//! The outcome of a request: a code, and who is concerned.

use compact_str::CompactString;

use crate::csp::{
    address::{GroupAddress, ListAddress, ScreenName, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    status::Code,
};

/// A `Result`: a code, and what it means for single users, groups or messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusResult {
    /// The code of the whole.
    pub code: Code,
    /// A text for people.
    pub description: Option<CompactString>,
    /// What differs for parts; phones read it under 201 and 900 only.
    pub detailed: Vec<DetailedResult>,
}

impl StatusResult {
    /// Returns a result without a text and details.
    pub fn new(code: Code) -> Self {
        Self { code, description: None, detailed: Vec::new() }
    }

    /// Returns a plain success.
    pub fn ok() -> Self {
        Self::new(Code::OK)
    }
}

impl From<Code> for StatusResult {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl Shape for StatusResult {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            code: from.required("Code")?,
            description: from.optional("Description")?,
            detailed: from.repeated("DetailedResult")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Code", &self.code)
            .maybe("Description", self.description.as_ref())
            .each("DetailedResult", &self.detailed)
    }
}

/// A `DetailedResult`: the code for some of those that a request named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailedResult {
    /// The code for all that are named here.
    pub code: Code,
    /// A text for people.
    pub description: Option<CompactString>,
    /// The users it is about.
    pub users: Vec<UserAddress>,
    /// The contact lists it is about.
    pub lists: Vec<ListAddress>,
    /// The groups it is about.
    pub groups: Vec<GroupAddress>,
    /// The occupants of groups it is about.
    pub screen_names: Vec<ScreenName>,
    /// The messages it is about.
    pub message_ids: Vec<CompactString>,
}

impl DetailedResult {
    /// Returns a detail that names nobody yet.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            description: None,
            users: Vec::new(),
            lists: Vec::new(),
            groups: Vec::new(),
            screen_names: Vec::new(),
            message_ids: Vec::new(),
        }
    }
}

impl Shape for DetailedResult {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            code: from.required("Code")?,
            description: from.optional("Description")?,
            users: from.repeated("UserID")?,
            lists: from.repeated("ContactList")?,
            groups: from.repeated("GroupID")?,
            screen_names: from.repeated("ScreenName")?,
            message_ids: from.repeated("MessageID")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Code", &self.code)
            .maybe("Description", self.description.as_ref())
            .each("UserID", &self.users)
            .each("ContactList", &self.lists)
            .each("GroupID", &self.groups)
            .each("ScreenName", &self.screen_names)
            .each("MessageID", &self.message_ids)
    }
}

/// `Status`: the answer to a request that has no answer of its own, and to every failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The outcome.
    pub result: StatusResult,
}

impl Status {
    /// Returns a status without a text and details.
    pub fn new(code: Code) -> Self {
        Self { result: code.into() }
    }
}

impl Shape for Status {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { result: from.required("Result")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Result", &self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, read},
        version::Version,
    };

    #[test]
    fn a_partial_success_names_who_failed_and_why() {
        let literal = "<Status><Result><Code>201</Code>\
            <Description>Partially successful.</Description>\
            <DetailedResult><Code>531</Code><UserID>wv:bad1@im.com</UserID>\
            <UserID>wv:bad2@im.com</UserID></DetailedResult>\
            <DetailedResult><Code>532</Code><Description>Blocked.</Description>\
            <UserID>wv:bad3@im.com</UserID></DetailedResult></Result></Status>";
        let status: Status = assert_round_trip(literal, Version::V1_1);
        assert_eq!(status.result.detailed[0].code, Code::UNKNOWN_USER);
        assert_eq!(status.result.detailed[1].users[0].as_written(), "wv:bad3@im.com");
    }

    #[test]
    fn a_result_without_code_is_a_bad_parameter() {
        let error = read::<Status>("<Status><Result/></Status>", Version::V1_2).unwrap_err();
        assert_eq!((error.path.as_str(), error.code), ("Result/Code", Code::BAD_PARAMETER));
    }
}
