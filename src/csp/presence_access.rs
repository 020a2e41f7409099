//! Who may see which presence attributes: attribute lists, and asking the owner.

use compact_str::CompactString;

use crate::csp::{
    address::{ListAddress, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
    outcome::StatusResult,
    presence_name::AttributeSet,
    version::Version::V1_1,
};

/// Those whom an attribute list is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watchers {
    /// Single users.
    pub users: Vec<UserAddress>,
    /// All members of contact lists.
    pub lists: Vec<ListAddress>,
    /// Whether it is for everybody else, too.
    pub is_default: bool,
}

impl Watchers {
    /// Returns whether single users or lists are named.
    pub fn names_somebody(&self) -> bool {
        !self.users.is_empty() || !self.lists.is_empty()
    }
}

impl Shape for Watchers {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            users: UserAddress::read_all(from)?,
            lists: ListAddress::read_all(from)?,
            is_default: from.flag("DefaultList"),
        })
    }

    fn write(&self, to: Build) -> Build {
        to.each("UserID", &self.users)
            .each("ContactList", &self.lists)
            .put("DefaultList", &self.is_default)
    }
}

/// `CreateAttributeList-Request`: show these attributes to those watchers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateAttributeListRequest {
    /// What to show; nothing if empty (handset: S60 §7.6).
    pub attributes: AttributeSet,
    /// To whom.
    pub watchers: Watchers,
}

impl Shape for CreateAttributeListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            attributes: from.optional("PresenceSubList")?.unwrap_or_default(),
            watchers: Watchers::read(from)?,
        })
    }

    fn write(&self, to: Build) -> Build {
        self.watchers.write(to.put("PresenceSubList", &self.attributes))
    }
}

/// `DeleteAttributeList-Request`: forget what is shown to those watchers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteAttributeListRequest {
    /// Of whom.
    pub watchers: Watchers,
}

impl Shape for DeleteAttributeListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { watchers: Watchers::read(from)? })
    }

    fn write(&self, to: Build) -> Build {
        self.watchers.write(to)
    }
}

/// `GetAttributeList-Request`: what is shown to those watchers?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetAttributeListRequest {
    /// Of whom; all if nobody is named.
    pub watchers: Watchers,
}

impl Shape for GetAttributeListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { watchers: Watchers::read(from)? })
    }

    fn write(&self, to: Build) -> Build {
        self.watchers.write(to)
    }
}

/// Who an attribute list is for, in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watcher {
    /// A user.
    User(UserAddress),
    /// All members of a contact list.
    List(ListAddress),
}

/// A `Presence` that holds names instead of values: what one watcher is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeList {
    /// The watcher.
    pub watcher: Watcher,
    /// What is shown.
    pub attributes: AttributeSet,
}

impl Shape for AttributeList {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let watcher = match from.optional("ContactList")? {
            Some(list) => Watcher::List(list),
            None => Watcher::User(UserAddress::read_one(from)?),
        };
        Ok(Self { watcher, attributes: from.optional("PresenceSubList")?.unwrap_or_default() })
    }

    fn write(&self, to: Build) -> Build {
        let to = match &self.watcher {
            Watcher::User(user) => to.put("UserID", user),
            Watcher::List(list) => to.put("ContactList", list),
        };
        to.put("PresenceSubList", &self.attributes)
    }
}

/// `GetAttributeList-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetAttributeListResponse {
    /// The outcome.
    pub result: StatusResult,
    /// What everybody else is shown.
    pub default: Option<AttributeSet>,
    /// What single watchers are shown.
    pub lists: Vec<AttributeList>,
}

impl Shape for GetAttributeListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let default = from.inside("DefaultAttributeList");
        let default = default.map(|default| default.optional("PresenceSubList")).transpose()?;
        Ok(Self {
            result: from.required("Result")?,
            default: default.map(Option::unwrap_or_default),
            lists: from.repeated("Presence")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        let to = to.put("Result", &self.result);
        let to = match &self.default {
            Some(names) => to.inside("DefaultAttributeList", |to| to.put("PresenceSubList", names)),
            None => to,
        };
        to.each("Presence", &self.lists)
    }
}

/// `PresenceAuth-Request`: the server asks the owner whether a watcher may see attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceAuthRequest {
    /// The watcher.
    pub user: UserAddress,
    /// What the watcher wants to see.
    pub attributes: AttributeSet,
}

impl Shape for PresenceAuthRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            user: UserAddress::read_one(from)?,
            attributes: from.optional("PresenceSubList")?.unwrap_or_default(),
        })
    }

    /// In 1.2 the owner's answer covers what is named here, so all is (handset: S60 §7.7).
    fn write(&self, to: Build) -> Build {
        let to = to.put("UserID", &self.user);
        match (self.attributes.is_empty(), to.version()) {
            (true, V1_1) => to,
            (true, _) => to.put("PresenceSubList", &AttributeSet::all()),
            (false, _) => to.put("PresenceSubList", &self.attributes),
        }
    }
}

/// `PresenceAuth-User`: the owner's answer, a request of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceAuthUser {
    /// The watcher.
    pub user: UserAddress,
    /// Whether the watcher may.
    pub is_accepted: bool,
    /// What the watcher may see, since 1.2.
    pub attributes: AttributeSet,
}

impl Shape for PresenceAuthUser {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            user: UserAddress::read_one(from)?,
            is_accepted: from.required("Acceptance")?,
            attributes: from.optional("PresenceSubList")?.unwrap_or_default(),
        })
    }

    fn write(&self, to: Build) -> Build {
        let is_listed = to.version() > V1_1 && !self.attributes.is_empty();
        to.put("UserID", &self.user).put("Acceptance", &self.is_accepted).inside_if(
            is_listed,
            "PresenceSubList",
            |to| self.attributes.write(to),
        )
    }
}

/// `CancelAuth-Request`: the owner takes an authorisation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelAuthRequest {
    /// The watcher.
    pub user: UserAddress,
}

impl Shape for CancelAuthRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { user: UserAddress::read_one(from)? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("UserID", &self.user)
    }
}

/// `GetReactiveAuthStatus-Request`, of 1.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetReactiveAuthStatusRequest {
    /// The watchers; all if nobody is named.
    pub users: Vec<UserAddress>,
}

impl Shape for GetReactiveAuthStatusRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { users: UserAddress::read_all(from)? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("UserID", &self.users)
    }
}

/// Where a request for authorisation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReactiveAuthState {
    /// The owner has said yes.
    Granted,
    /// The owner has not answered.
    Pending,
    /// The owner has said no.
    Denied,
    /// Another word.
    Other(CompactString),
}

impl Word for ReactiveAuthState {
    const WORDS: &'static [(&'static str, Self)] =
        &[("GRANTED", Self::Granted), ("PENDING", Self::Pending), ("DENIED", Self::Denied)];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// `ReactiveAuthStatus`: where the request of one watcher stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactiveAuthStatus {
    /// The watcher.
    pub user: UserAddress,
    /// The state.
    pub state: ReactiveAuthState,
}

impl Shape for ReactiveAuthStatus {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { user: UserAddress::read_one(from)?, state: from.required("ReactiveAuthState")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("UserID", &self.user).put("ReactiveAuthState", &self.state)
    }
}

/// `GetReactiveAuthStatus-Response`, of 1.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetReactiveAuthStatusResponse {
    /// The outcome, where one is sent.
    pub result: Option<StatusResult>,
    /// One state for each watcher.
    pub statuses: Vec<ReactiveAuthStatus>,
}

impl Shape for GetReactiveAuthStatusResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let list = from.inside("ReactiveAuthStatusList").unwrap_or(from);
        Ok(Self {
            result: from.optional("Result")?,
            statuses: list.repeated("ReactiveAuthStatus")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Result", self.result.as_ref()).inside("ReactiveAuthStatusList", |list| {
            list.each("ReactiveAuthStatus", &self.statuses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        presence_name::AttributeKind,
        version::Version::{V1_2, V1_3},
    };

    #[test]
    fn s60_7_6_an_empty_attribute_list_grants_nothing() {
        let literal = "<R><PresenceSubList/><DefaultList>T</DefaultList></R>";
        let request: CreateAttributeListRequest = assert_round_trip(literal, V1_1);
        assert!(request.attributes.is_empty() && request.watchers.is_default);
    }

    #[test]
    fn attribute_lists_are_for_users_lists_and_everybody() {
        assert_round_trip::<CreateAttributeListRequest>(
            "<R><PresenceSubList><UserAvailability/><StatusMood/></PresenceSubList>\
             <UserID>a@x</UserID><UserID>b@x</UserID><ContactList>wv:kim/pals</ContactList>\
             <DefaultList>F</DefaultList></R>",
            V1_1,
        );
        assert_round_trip::<DeleteAttributeListRequest>(
            "<R><ContactList>wv:kim/pals</ContactList><DefaultList>T</DefaultList></R>",
            V1_1,
        );
        let all: GetAttributeListRequest = read("<R/>", V1_2).unwrap();
        assert_eq!(all.watchers, Watchers::default());
        let nested = "<R><UserIDList><UserID>a@x</UserID></UserIDList><ContactListIDList>\
            <ContactList>wv:kim/pals</ContactList></ContactListIDList></R>";
        let later: DeleteAttributeListRequest = read(nested, V1_3).unwrap();
        assert_eq!((later.watchers.users.len(), later.watchers.lists.len()), (1, 1));
    }

    #[test]
    fn attribute_lists_are_listed_by_watcher() {
        let response: GetAttributeListResponse = assert_round_trip(
            "<R><Result><Code>200</Code></Result><DefaultAttributeList><PresenceSubList>\
             <StatusMood/></PresenceSubList></DefaultAttributeList><Presence><UserID>a@x</UserID>\
             <PresenceSubList><OnlineStatus/></PresenceSubList></Presence><Presence>\
             <ContactList>wv:kim/pals</ContactList><PresenceSubList/></Presence></R>",
            V1_1,
        );
        assert!(matches!(response.lists[1].watcher, Watcher::List(_)));
        assert!(response.default.unwrap().contains(&AttributeKind::StatusMood));
    }

    #[test]
    fn s60_7_7_a_question_of_1_2_always_names_attributes() {
        let user = UserAddress::parse("wv:lee");
        let question = PresenceAuthRequest { user, attributes: AttributeSet::default() };
        assert_writes(&question, "<R><UserID>wv:lee</UserID></R>", V1_1);
        let literal = "<R><UserID>wv:lee</UserID><PresenceSubList><OnlineStatus/><Registration/>\
            <ClientInfo/><TimeZone/><GeoLocation/><Address/><FreeTextLocation/><PLMN/><CommCap/>\
            <UserAvailability/><PreferredContacts/><PreferredLanguage/><StatusText/><StatusMood/>\
            <Alias/><StatusContent/><ContactInfo/><InfoLink/></PresenceSubList></R>";
        assert_writes(&question, literal, V1_2);
        assert_round_trip::<PresenceAuthRequest>(literal, V1_2);
    }

    #[test]
    fn the_answer_names_the_watcher_bare_or_nested() {
        let literal = "<R><UserID>wv:lee</UserID><Acceptance>T</Acceptance>\
            <PresenceSubList><OnlineStatus/></PresenceSubList></R>";
        let answer: PresenceAuthUser = assert_round_trip(literal, V1_2);
        let nested =
            literal.replace("<UserID>wv:lee</UserID>", "<User><UserID>wv:lee</UserID></User>");
        assert_eq!(read(&nested, V1_2), Ok(answer.clone()));
        let plain = "<R><UserID>wv:lee</UserID><Acceptance>T</Acceptance></R>";
        assert_writes(&answer, plain, V1_1);
        assert!(read::<PresenceAuthUser>("<R><UserID>wv:lee</UserID></R>", V1_1).is_err());
        assert_round_trip::<CancelAuthRequest>("<R><UserID>wv:lee</UserID></R>", V1_1);
    }

    #[test]
    fn states_of_authorisation_are_listed() {
        assert_round_trip::<GetReactiveAuthStatusRequest>("<R><UserID>wv:lee</UserID></R>", V1_2);
        let response: GetReactiveAuthStatusResponse = assert_round_trip(
            "<R><Result><Code>200</Code></Result><ReactiveAuthStatusList><ReactiveAuthStatus>\
             <UserID>wv:lee</UserID><ReactiveAuthState>PENDING</ReactiveAuthState>\
             </ReactiveAuthStatus></ReactiveAuthStatusList></R>",
            V1_2,
        );
        assert_eq!(response.statuses[0].state, ReactiveAuthState::Pending);
    }
}
