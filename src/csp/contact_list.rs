//! Contact lists: get, create, delete, and all that `ListManage` does.

use compact_str::CompactString;

use crate::csp::{
    address::{ListAddress, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    leaf::read_bool,
    outcome::StatusResult,
    version::Version::V1_1,
};

/// `GetList-Response`: the addresses of the user's lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetListResponse {
    /// All lists but the default one.
    pub lists: Vec<ListAddress>,
    /// The default list.
    pub default: Option<ListAddress>,
}

impl Shape for GetListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let lists = ListAddress::read_all(from)?;
        Ok(Self { lists, default: from.optional("DefaultContactList")? })
    }

    /// The default list is not repeated among the others, and the nesting of 1.3 is not used:
    /// Android would load the one twice and the other never (handset: Android G26).
    fn write(&self, to: Build) -> Build {
        let is_default = |list: &ListAddress| {
            let default = self.default.as_ref().map(ListAddress::as_written);
            default.is_some_and(|default| default.eq_ignore_ascii_case(list.as_written()))
        };
        let others = self.lists.iter().filter(|list| !is_default(list));
        let to = others.fold(to, |to, list| to.put("ContactList", list));
        to.maybe("DefaultContactList", self.default.as_ref())
    }
}

/// A member of a contact list: a `NickName`, or a bare `UserID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NickName {
    /// What the owner calls the contact.
    pub name: Option<CompactString>,
    /// The contact.
    pub user: UserAddress,
}

impl Shape for NickName {
    /// Android nests the address in a `User` when it creates a list (handset: Android §5).
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { name: from.optional("Name")?, user: UserAddress::read_one(from)? })
    }

    /// Both children are always written: without either, Android stops loading the list and
    /// hides all messages of the session (handset: Android G24), and the later S60 adapter pairs
    /// names with addresses by their position (handset: S60 §7.9).
    fn write(&self, to: Build) -> Build {
        let name = self.name.clone().unwrap_or_else(|| self.user.user().into());
        to.put("Name", &name).put("UserID", &self.user)
    }
}

/// The members of a list, or those to add: `NickList` or `AddNickList`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NickList {
    /// In the order of the message.
    pub members: Vec<NickName>,
}

impl Shape for NickList {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut members: Vec<NickName> = from.repeated("NickName")?;
        let bare = UserAddress::read_all(from)?;
        members.extend(bare.into_iter().map(|user| NickName { name: None, user }));
        Ok(Self { members })
    }

    fn write(&self, to: Build) -> Build {
        to.each("NickName", &self.members)
    }
}

/// A `Property`: a name and a value, which may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The name, to be compared without regard to case: `AccessType` is also `Accesstype`.
    pub name: CompactString,
    /// The value, as text.
    pub value: CompactString,
}

impl Property {
    /// Builds a property.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Returns whether this is the property of that name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.trim().eq_ignore_ascii_case(name)
    }
}

impl Shape for Property {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let value = from.optional("Value")?.unwrap_or_default();
        Ok(Self { name: from.required("Name")?, value })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Name", &self.name).put("Value", &self.value)
    }
}

/// `ContactListProperties`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactListProperties {
    /// What the list is called on the screen.
    pub display_name: Option<CompactString>,
    /// Whether it is the default list.
    pub is_default: Option<bool>,
    /// What else is said about it.
    pub others: Vec<Property>,
}

impl Shape for ContactListProperties {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut properties = Self::default();
        for property in from.repeated::<Property>("Property")? {
            match read_bool(&property.value) {
                _ if property.is_named(DISPLAY_NAME) => {
                    properties.display_name = Some(property.value);
                }
                Some(flag) if property.is_named(DEFAULT) => properties.is_default = Some(flag),
                _ => properties.others.push(property),
            }
        }
        Ok(properties)
    }

    fn write(&self, to: Build) -> Build {
        let name = self.display_name.as_deref().map(|name| Property::new(DISPLAY_NAME, name));
        let flag = self.is_default.map(|is_default| if is_default { "T" } else { "F" });
        let default = flag.map(|flag| Property::new(DEFAULT, flag));
        to.maybe("Property", name.as_ref())
            .maybe("Property", default.as_ref())
            .each("Property", &self.others)
    }
}

const DISPLAY_NAME: &str = "DisplayName";
const DEFAULT: &str = "Default";

/// `CreateList-Request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateListRequest {
    /// The address, made by the client.
    pub list: ListAddress,
    /// The first members.
    pub members: NickList,
    /// The name and whether it is the default list.
    pub properties: ContactListProperties,
}

impl Shape for CreateListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            list: from.required("ContactList")?,
            members: from.optional("NickList")?.unwrap_or_default(),
            properties: from.optional("ContactListProperties")?.unwrap_or_default(),
        })
    }

    fn write(&self, to: Build) -> Build {
        let (members, properties) = (&self.members, &self.properties);
        to.put("ContactList", &self.list)
            .inside_if(!members.members.is_empty(), "NickList", |to| members.write(to))
            .put("ContactListProperties", properties)
    }
}

/// `CreateList-Response`, of 1.3; before that, and for known phones, `Status` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateListResponse {
    /// The outcome.
    pub result: StatusResult,
    /// The members that the list has now.
    pub members: Option<NickList>,
    /// The properties that the list has now.
    pub properties: Option<ContactListProperties>,
}

impl Shape for CreateListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let ListManageResponse { result, members, properties } = ListManageResponse::read(from)?;
        Ok(Self { result, members, properties })
    }

    fn write(&self, to: Build) -> Build {
        write_list(to, &self.result, self.members.as_ref(), self.properties.as_ref())
    }
}

/// `DeleteList-Request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteListRequest {
    /// The list.
    pub list: ListAddress,
}

impl Shape for DeleteListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { list: from.required("ContactList")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("ContactList", &self.list)
    }
}

/// `ListManage-Request`: change a list, or read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListManageRequest {
    /// The list.
    pub list: ListAddress,
    /// Whether the answer shall hold the list; since 1.2.
    pub receive_list: Option<bool>,
    /// Members to add, or to rename if they are there.
    pub add: NickList,
    /// Members to remove.
    pub remove: Vec<UserAddress>,
    /// Properties to change.
    pub properties: Option<ContactListProperties>,
}

impl ListManageRequest {
    /// Returns a request that reads a list.
    pub fn read_list(list: ListAddress) -> Self {
        let (add, remove) = (NickList::default(), Vec::new());
        Self { list, receive_list: Some(true), add, remove, properties: None }
    }

    /// Returns whether nothing is to be changed.
    pub fn is_read(&self) -> bool {
        self.add.members.is_empty() && self.remove.is_empty() && self.properties.is_none()
    }
}

impl Shape for ListManageRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let remove: NickList = from.optional("RemoveNickList")?.unwrap_or_default();
        Ok(Self {
            list: from.required("ContactList")?,
            receive_list: from.hint("ReceiveList"),
            add: from.optional("AddNickList")?.unwrap_or_default(),
            remove: remove.members.into_iter().map(|member| member.user).collect(),
            properties: from.optional("ContactListProperties")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        let receive_list = self.receive_list.filter(|_| to.version() > V1_1);
        to.put("ContactList", &self.list)
            .inside_if(!self.add.members.is_empty(), "AddNickList", |to| self.add.write(to))
            .inside_if(!self.remove.is_empty(), "RemoveNickList", |to| {
                to.each("UserID", &self.remove)
            })
            .maybe("ContactListProperties", self.properties.as_ref())
            .maybe("ReceiveList", receive_list.as_ref())
    }
}

/// `ListManage-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListManageResponse {
    /// The outcome, without which the list does not exist for S60 (handset: S60 §6.1).
    pub result: StatusResult,
    /// All members, never only what changed (handset: S60 §6.4).
    pub members: Option<NickList>,
    /// The properties.
    pub properties: Option<ContactListProperties>,
}

impl Shape for ListManageResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            result: from.required("Result")?,
            members: from.optional("NickList")?,
            properties: from.optional("ContactListProperties")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        write_list(to, &self.result, self.members.as_ref(), self.properties.as_ref())
    }
}

fn write_list(
    to: Build,
    result: &StatusResult,
    members: Option<&NickList>,
    properties: Option<&ContactListProperties>,
) -> Build {
    to.put("Result", result).maybe("NickList", members).maybe("ContactListProperties", properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_2, V1_3},
    };

    #[test]
    fn android_g26_the_default_list_is_named_once_and_not_nested() {
        let kim = |list| ListAddress::new(Some("kim"), list, Some("x.net"));
        let lists = vec![kim("friends"), kim("work")];
        let response = GetListResponse { lists, default: Some(kim("friends")) };
        let literal = "<R><ContactList>wv:kim/work@x.net</ContactList>\
            <DefaultContactList>wv:kim/friends@x.net</DefaultContactList></R>";
        assert_writes(&response, literal, V1_3);
        let nested = "<R><ContactListIDList><ContactList>wv:kim/work@x.net</ContactList>\
            </ContactListIDList><DefaultContactList>wv:kim/friends@x.net</DefaultContactList></R>";
        let later: GetListResponse = read(nested, V1_3).unwrap();
        assert_eq!(later.lists, [kim("work")]);
        assert_round_trip::<GetListResponse>("<GetList-Response/>", V1_1);
    }

    #[test]
    fn android_g24_nickname_has_name_and_user_id() {
        let bare: NickList = read("<N><UserID>wv:lee@x.net</UserID></N>", V1_2).unwrap();
        let literal = "<N><NickName><Name>lee</Name><UserID>wv:lee@x.net</UserID></NickName></N>";
        assert_writes(&bare, literal, V1_2);
    }

    #[test]
    fn android_5_a_list_is_created_with_nested_users() {
        let literal = "<R><ContactList>wv:kim/pals</ContactList><NickList><NickName>\
            <Name>Lee</Name><User><UserID>wv:lee</UserID></User></NickName></NickList>\
            <ContactListProperties><Property><Name>DisplayName</Name><Value>Pals</Value></Property>\
            <Property><Name>Default</Name><Value>T</Value></Property></ContactListProperties></R>";
        let request: CreateListRequest = read(literal, V1_2).unwrap();
        assert_eq!(request.members.members[0].user.user(), "lee");
        assert_eq!(request.properties.is_default, Some(true));
        let flat = literal.replace("<User>", "").replace("</User>", "");
        assert_writes(&request, &flat, V1_2);
    }

    #[test]
    fn a_list_is_read_extended_and_shortened() {
        let request: ListManageRequest =
            assert_round_trip("<R><ContactList>wv:kim/pals</ContactList></R>", V1_1);
        assert!(request.is_read());
        let literal = "<R><ContactList>wv:kim/pals</ContactList><RemoveNickList>\
            <UserID>wv:lee</UserID><UserID>@</UserID></RemoveNickList>\
            <ReceiveList>F</ReceiveList></R>";
        let request: ListManageRequest = assert_round_trip(literal, V1_2);
        assert!(!request.is_read() && !request.remove[1].is_usable());
        assert_writes(&request, &literal.replace("<ReceiveList>F</ReceiveList>", ""), V1_1);
    }

    #[test]
    fn android_g30_receive_list_stands_anywhere() {
        let literal = "<R><ContactList>wv:kim/pals</ContactList><ReceiveList>F</ReceiveList>\
            <AddNickList><NickName><Name>Lee</Name><UserID>wv:lee</UserID></NickName>\
            </AddNickList></R>";
        let request: ListManageRequest = read(literal, V1_2).unwrap();
        assert_eq!(request.receive_list, Some(false));
        assert_eq!(request.add.members[0].name.as_deref(), Some("Lee"));
    }

    #[test]
    fn s60_gotcha_10_an_answer_has_a_result_and_tells_no_list_from_an_empty_one() {
        let none: ListManageResponse =
            assert_round_trip("<R><Result><Code>200</Code></Result></R>", V1_1);
        let empty: ListManageResponse =
            assert_round_trip("<R><Result><Code>200</Code></Result><NickList/></R>", V1_1);
        assert_eq!((none.members, empty.members), (None, Some(NickList::default())));
        assert!(read::<ListManageResponse>("<R><NickList/></R>", V1_1).is_err());
        assert_round_trip::<CreateListResponse>("<R><Result><Code>200</Code></Result></R>", V1_3);
        assert_round_trip::<DeleteListRequest>("<R><ContactList>x</ContactList></R>", V1_1);
    }

    #[test]
    fn properties_are_known_in_any_case_and_unknown_ones_kept() {
        let literal = "<P><Property><Name>displayname</Name><Value>Pals</Value></Property>\
            <Property><Name>Colour</Name><Value>red</Value></Property>\
            <Property><Name>Default</Name><Value>maybe</Value></Property></P>";
        let properties: ContactListProperties = read(literal, V1_1).unwrap();
        assert_eq!(properties.display_name.as_deref(), Some("Pals"));
        assert_eq!(properties.is_default, None);
        assert_eq!(properties.others.len(), 2);
        assert!(Property::new("Accesstype", "Open").is_named("AccessType"));
    }
}
