//! Searching for users and groups.

use compact_str::CompactString;

use crate::csp::{
    address::{GroupAddress, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
    outcome::StatusResult,
};

/// What is compared with the text of a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchElement {
    /// The address of a user.
    UserId,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The mail address.
    EmailAddress,
    /// The alias, which is a presence attribute.
    Alias,
    /// The phone number, as in a phone's own address book.
    MobileNumber,
    /// Whether the user is online.
    OnlineStatus,
    /// The address of a group.
    GroupId,
    /// The name of a group.
    GroupName,
    /// The topic of a group.
    GroupTopic,
    /// An occupant of the group.
    GroupJoined,
    /// The owner of the group; S60 finds its own groups by it.
    GroupOwner,
    /// A user who joins the group by itself.
    GroupAutoJoin,
    /// The name in the public profile; this and those below since 1.3.
    FriendlyName,
    /// The city in the public profile.
    City,
    /// The country in the public profile.
    Country,
    /// The gender in the public profile.
    Gender,
    /// What the user looks for, by the public profile.
    Intention,
    /// What the user likes, by the public profile.
    Interests,
    /// The marital status in the public profile.
    MaritalStatus,
    /// At least this age.
    AgeMin,
    /// At most this age.
    AgeMax,
    /// Another criterion.
    Other(CompactString),
}

impl Word for SearchElement {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("USER_ID", Self::UserId),
        ("USER_FIRST_NAME", Self::FirstName),
        ("USER_LAST_NAME", Self::LastName),
        ("USER_EMAIL_ADDRESS", Self::EmailAddress),
        ("USER_ALIAS", Self::Alias),
        ("USER_MOBILE_NUMBER", Self::MobileNumber),
        ("USER_ONLINE_STATUS", Self::OnlineStatus),
        ("USER_FRIENDLY_NAME", Self::FriendlyName),
        ("USER_CITY", Self::City),
        ("USER_COUNTRY", Self::Country),
        ("USER_GENDER", Self::Gender),
        ("USER_INTENTION", Self::Intention),
        ("USER_INTERESTS_HOBBIES", Self::Interests),
        ("USER_MARITAL_STATUS", Self::MaritalStatus),
        ("USER_AGE_MIN", Self::AgeMin),
        ("USER_AGE_MAX", Self::AgeMax),
        ("GROUP_ID", Self::GroupId),
        ("GROUP_NAME", Self::GroupName),
        ("GROUP_TOPIC", Self::GroupTopic),
        ("GROUP_USER_ID_JOINED", Self::GroupJoined),
        ("GROUP_USER_ID_OWNER", Self::GroupOwner),
        ("GROUP_USER_ID_AUTOJOIN", Self::GroupAutoJoin),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// A `SearchPairList`, which despite its name is one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPair {
    /// What is compared.
    pub element: SearchElement,
    /// The text that it shall contain.
    pub text: CompactString,
}

impl Shape for SearchPair {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { element: from.required("SearchElement")?, text: from.required("SearchString")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("SearchElement", &self.element).put("SearchString", &self.text)
    }
}

/// `Search-Request`: a new search, or more of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchRequest {
    /// A new search.
    First {
        /// All must hold.
        pairs: Vec<SearchPair>,
        /// Hits per answer.
        limit: Option<u32>,
    },
    /// The next page of a search.
    Next {
        /// The search.
        id: CompactString,
        /// The first hit wanted, counted from 1.
        index: Option<u32>,
    },
}

impl Shape for SearchRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let pairs = read_pairs(from)?;
        if pairs.is_empty() {
            let id = from.required("SearchID")?;
            Ok(Self::Next { id, index: from.optional("SearchIndex")? })
        } else {
            Ok(Self::First { pairs, limit: from.hint("SearchLimit") })
        }
    }

    fn write(&self, to: Build) -> Build {
        match self {
            Self::First { pairs, limit } => {
                to.each("SearchPairList", pairs).maybe("SearchLimit", limit.as_ref())
            }
            Self::Next { id, index } => to.put("SearchID", id).maybe("SearchIndex", index.as_ref()),
        }
    }
}

/// Reads the criteria; in 1.3 several may stand in one list, each in an element of its own.
fn read_pairs(from: Fields<'_>) -> Result<Vec<SearchPair>, FieldError> {
    let pairs = from.each("SearchPairList").flat_map(|list| {
        let itself = (!list.has("SearchPair")).then_some(list);
        itself.into_iter().chain(list.each("SearchPair"))
    });
    pairs.map(|pair| SearchPair::read(pair).map_err(|it| it.within("SearchPairList"))).collect()
}

/// `Search-Response`: a page of hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResponse {
    /// An outcome, where a server sends one; ours answers failures with `Status`.
    pub result: Option<StatusResult>,
    /// The search, for the next page; a number to S60.
    pub id: Option<CompactString>,
    /// Hits in all.
    pub findings: u32,
    /// Whether there is no next page.
    pub is_complete: bool,
    /// Where the next page starts.
    pub index: Option<u32>,
    /// The users of this page.
    pub users: Vec<UserAddress>,
    /// The groups of this page.
    pub groups: Vec<GroupAddress>,
}

impl Shape for SearchResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let hits = from.inside("SearchResult");
        let users = hits.and_then(|hits| hits.inside("UserList"));
        let groups = hits.and_then(|hits| hits.inside("GroupList"));
        Ok(Self {
            result: from.optional("Result")?,
            id: from.optional("SearchID")?,
            findings: from.hint("SearchFindings").unwrap_or(0),
            is_complete: from.flag("CompletionFlag"),
            index: from.hint("SearchIndex"),
            users: users.map_or(Ok(Vec::new()), UserAddress::read_all)?,
            groups: groups.map_or(Ok(Vec::new()), |groups| groups.repeated("GroupID"))?,
        })
    }

    /// `SearchFindings`, `CompletionFlag` and `SearchResult` stand in every answer, one without
    /// hits included (handset: S60 §9.1).
    fn write(&self, to: Build) -> Build {
        to.maybe("Result", self.result.as_ref())
            .maybe("SearchID", self.id.as_ref())
            .put("SearchFindings", &self.findings)
            .put("CompletionFlag", &self.is_complete)
            .maybe("SearchIndex", self.index.as_ref())
            .inside("SearchResult", |hits| {
                hits.inside_if(!self.users.is_empty(), "UserList", |list| {
                    UserAddress::write_all(&self.users, list)
                })
                .inside_if(!self.groups.is_empty(), "GroupList", |list| {
                    list.each("GroupID", &self.groups)
                })
            })
    }
}

/// `StopSearch-Request`: the client wants no more pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSearchRequest {
    /// The search.
    pub id: CompactString,
}

impl Shape for StopSearchRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { id: from.required("SearchID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("SearchID", &self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2, V1_3},
    };

    #[test]
    fn a_search_begins_goes_on_and_stops() {
        let first: SearchRequest = assert_round_trip(
            "<R><SearchPairList><SearchElement>GROUP_USER_ID_OWNER</SearchElement>\
             <SearchString>wv:kim</SearchString></SearchPairList>\
             <SearchPairList><SearchElement>USER_SHOE_SIZE</SearchElement>\
             <SearchString>F</SearchString></SearchPairList><SearchLimit>50</SearchLimit></R>",
            V1_1,
        );
        let SearchRequest::First { pairs, limit: Some(50) } = first else { panic!("{first:?}") };
        assert_eq!(pairs[0].element, SearchElement::GroupOwner);
        assert_eq!(pairs[1].element, SearchElement::Other("USER_SHOE_SIZE".into()));
        assert_round_trip::<SearchRequest>(
            "<R><SearchID>0x23829381</SearchID><SearchIndex>6</SearchIndex></R>",
            V1_1,
        );
        assert_round_trip::<StopSearchRequest>("<R><SearchID>7</SearchID></R>", V1_2);
        assert!(read::<SearchRequest>("<R/>", V1_2).is_err());
    }

    #[test]
    fn criteria_may_share_a_list() {
        let literal = "<R><SearchPairList><SearchPair><SearchElement>USER_ID</SearchElement>\
            <SearchString>a</SearchString></SearchPair><SearchPair>\
            <SearchElement>USER_ALIAS</SearchElement><SearchString>b</SearchString></SearchPair>\
            </SearchPairList></R>";
        let request: SearchRequest = read(literal, V1_3).unwrap();
        assert!(matches!(request, SearchRequest::First { pairs, .. } if pairs.len() == 2));
    }

    #[test]
    fn s60_gotcha_17_search_response_has_completion_flag() {
        let nothing = SearchResponse { is_complete: true, ..SearchResponse::default() };
        let literal = "<R><SearchFindings>0</SearchFindings><CompletionFlag>T</CompletionFlag>\
            <SearchResult/></R>";
        assert_writes(&nothing, literal, V1_1);
    }

    #[test]
    fn a_page_holds_users_or_groups() {
        let page: SearchResponse = assert_round_trip(
            "<R><SearchID>7</SearchID><SearchFindings>7</SearchFindings>\
             <CompletionFlag>F</CompletionFlag><SearchIndex>3</SearchIndex><SearchResult>\
             <UserList><User><UserID>wv:he@there.com</UserID></User>\
             <User><UserID>wv:she@there.com</UserID></User></UserList></SearchResult></R>",
            V1_1,
        );
        assert_eq!(page.users[1].user(), "she");
        let page: SearchResponse = assert_round_trip(
            "<R><SearchFindings>1</SearchFindings><CompletionFlag>T</CompletionFlag>\
             <SearchResult><GroupList><GroupID>wv:kim/g1@x</GroupID></GroupList></SearchResult>\
             </R>",
            V1_2,
        );
        assert_eq!(page.groups[0].group(), "g1");
    }
}
