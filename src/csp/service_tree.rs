//! The tree of services and functions that phone and server negotiate.
//!
//! An element without children stands for all below it, in a request, in an answer and at every
//! level. So the tree is kept as the set of its leaves, the sub-functions, and whole branches
//! are drawn together when it is written.

use crate::csp::{
    field::{Build, FieldError, Fields, Shape},
    version::Version::{self, V1_1, V1_2, V1_3},
};

/// A sub-function, the leaf of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// `GETSPI`: get information about the service provider.
    ProviderInfo,
    /// `SRCH`: search for users and groups.
    Search,
    /// `STSRC`: give a search up.
    StopSearch,
    /// `ADVSR`: search by combined criteria.
    AdvancedSearch,
    /// `INVIT`: invite users.
    Invite,
    /// `CAINV`: take an invitation back.
    CancelInvite,
    /// `VRID`: check an address.
    VerifyId,
    /// `MF`: a group of fundamental functions.
    MandatoryFundamental,
    /// `SGMNT`: fetch large content in parts.
    Segments,
    /// `GETMAP`: get a map.
    Map,
    /// `OFFNOTIF`: be notified outside of a session.
    OfflineNotification,
    /// `GCLI`: get the contact lists.
    GetLists,
    /// `CCLI`: create a contact list.
    CreateList,
    /// `DCLI`: delete a contact list.
    DeleteList,
    /// `MCLS`: read and change a contact list.
    ManageList,
    /// `GETWL`: get the list of watchers.
    Watchers,
    /// `REACT`: be asked before presence is shown.
    ReactiveAuth,
    /// `CAAUT`: take an authorisation back.
    CancelAuth,
    /// `GETAUT`: get the state of authorisations.
    ReactiveAuthStatus,
    /// `GETPR`: get presence once.
    GetPresence,
    /// `UPDPR`: publish presence.
    UpdatePresence,
    /// `CALI`: create an attribute list.
    CreateAttributeList,
    /// `DALI`: delete an attribute list.
    DeleteAttributeList,
    /// `GALS`: get the attribute lists.
    GetAttributeLists,
    /// `MP`: a group of presence functions.
    MandatoryPresence,
    /// `MDELIV`: get delivery reports.
    DeliveryReport,
    /// `FWMSG`: forward a message.
    ForwardMessage,
    /// `SETD`: choose between push and notification.
    SetDelivery,
    /// `GETLM`: list the waiting messages.
    MessageList,
    /// `GETM`: fetch a waiting message.
    GetMessage,
    /// `REJCM`: reject a waiting message.
    RejectMessage,
    /// `NOTIF`: be notified of a message.
    NotifyMessage,
    /// `NEWM`: be sent a message at once.
    NewMessage,
    /// `GLBLU`: get the block and grant lists.
    GetBlocked,
    /// `BLENT`: change the block and grant lists.
    Block,
    /// `MM`: a group of messaging functions.
    MandatoryIm,
    /// `EXCON`: turn a conversation into a group.
    ExtendConversation,
    /// `CREAG`: create a group.
    CreateGroup,
    /// `DELGR`: delete a group.
    DeleteGroup,
    /// `GETGP`: get the properties of a group.
    GetGroupProperties,
    /// `SETGP`: set the properties of a group.
    SetGroupProperties,
    /// `SUBGCN`: subscribe to changes of a group.
    GroupNotice,
    /// `GRCHN`: be told of changes of a group.
    GroupChange,
    /// `GETJU`: get the occupants of a group.
    JoinedUsers,
    /// `ADDGM`: add members to a group.
    AddMembers,
    /// `GETGM`: get the members of a group.
    GetMembers,
    /// `RMVGM`: remove members from a group.
    RemoveMembers,
    /// `MBRAC`: change the rights of members.
    MemberAccess,
    /// `REJEC`: keep users out of a group.
    RejectUsers,
    /// `MG`: a group of group functions.
    MandatoryGroup,
}

/// A set of sub-functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceSet(u64);

impl ServiceSet {
    /// Returns the set without members.
    pub fn empty() -> Self {
        Self(0)
    }

    /// Returns all that a version knows.
    pub fn all(version: Version) -> Self {
        Self::of(rows(version).map(|row| row.service))
    }

    /// Returns the set of these members.
    pub fn of(services: impl IntoIterator<Item = Service>) -> Self {
        Self(services.into_iter().fold(0, |bits, service| bits | bit(service)))
    }

    /// Returns whether a sub-function is a member.
    pub fn contains(self, service: Service) -> bool {
        self.0 & bit(service) != 0
    }

    /// Returns whether there are no members.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the members of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the members of both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the members that the other set lacks: requested minus provided is refused.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The content of `Functions` and `AllFunctions`: a `WVCSPFeat` or nothing.
///
/// Nothing is the empty set, an empty `WVCSPFeat` is everything (handset: S60 §4.4). Elements
/// that stand in no table are passed over.
impl Shape for ServiceSet {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let Some(tree) = from.inside("WVCSPFeat") else { return Ok(Self::empty()) };
        let version = from.version();
        if tree.element().children().is_empty() {
            return Ok(Self::all(version));
        }
        let features = tree.children().map(|feature| read_branch(feature, version));
        Ok(features.fold(Self::empty(), Self::union))
    }

    fn write(&self, to: Build) -> Build {
        let known = Self::all(to.version());
        let wanted = self.intersection(known);
        if wanted.is_empty() {
            return to;
        }
        to.inside("WVCSPFeat", |tree| {
            if wanted == known {
                tree
            } else {
                FEATURES.iter().fold(tree, |tree, feature| write_feature(tree, wanted, feature))
            }
        })
    }
}

/// Reads a feature, a function or a sub-function: its own leaves, or those of its children.
fn read_branch(branch: Fields<'_>, version: Version) -> ServiceSet {
    let name = branch.element().name().trim();
    if branch.element().children().is_empty() {
        let is_below =
            |row: &&Row| !name.is_empty() && [row.feature, row.function, row.code].contains(&name);
        return ServiceSet::of(rows(version).filter(is_below).map(|row| row.service));
    }
    branch
        .children()
        .map(|below| read_branch(below, version))
        .fold(ServiceSet::empty(), ServiceSet::union)
}

fn write_feature(tree: Build, wanted: ServiceSet, feature: &str) -> Build {
    let version = tree.version();
    let leaves = || rows(version).filter(|row| row.feature == feature);
    write_branch(tree, wanted, feature, leaves, |branch| {
        let mut functions: Vec<&str> = leaves().map(|row| row.function).collect();
        functions.dedup();
        functions.into_iter().fold(branch, |branch, function| {
            let leaves = || leaves().filter(|row| row.function == function);
            let codes = |to: Build| {
                let wanted = leaves().filter(|row| wanted.contains(row.service));
                wanted.fold(to, |to, row| to.inside(row.code, |leaf| leaf))
            };
            if function.is_empty() {
                codes(branch)
            } else {
                write_branch(branch, wanted, function, leaves, codes)
            }
        })
    })
}

/// Writes nothing, an element for the whole branch, or one that names its parts.
fn write_branch<I: Iterator<Item = &'static Row>>(
    to: Build,
    wanted: ServiceSet,
    name: &str,
    leaves: impl Fn() -> I,
    parts: impl FnOnce(Build) -> Build,
) -> Build {
    let is_wanted = |row: &Row| wanted.contains(row.service);
    if leaves().all(is_wanted) {
        to.inside(name, |whole| whole)
    } else {
        to.inside_if(leaves().any(is_wanted), name, parts)
    }
}

/// A leaf and where it grows; an empty function is a leaf right below its feature.
struct Row {
    service: Service,
    code: &'static str,
    feature: &'static str,
    function: &'static str,
    since: Version,
}

const fn row(
    service: Service,
    code: &'static str,
    feature: &'static str,
    function: &'static str,
    since: Version,
) -> Row {
    Row { service, code, feature, function, since }
}

fn rows(version: Version) -> impl Iterator<Item = &'static Row> {
    TREE.iter().filter(move |row| row.since <= version)
}

fn bit(service: Service) -> u64 {
    1 << service as u32
}

const FUNDAMENTAL: &str = "FundamentalFeat";
const PRESENCE: &str = "PresenceFeat";
const IM: &str = "IMFeat";
const GROUP: &str = "GroupFeat";
const FEATURES: [&str; 4] = [FUNDAMENTAL, PRESENCE, IM, GROUP];

/// The tree. What hangs below no function is so by its name alone; no phone has shown it.
const TREE: &[Row] = &[
    row(Service::ProviderInfo, "GETSPI", FUNDAMENTAL, "ServiceFunc", V1_1),
    row(Service::Search, "SRCH", FUNDAMENTAL, "SearchFunc", V1_1),
    row(Service::StopSearch, "STSRC", FUNDAMENTAL, "SearchFunc", V1_1),
    row(Service::AdvancedSearch, "ADVSR", FUNDAMENTAL, "SearchFunc", V1_3),
    row(Service::Invite, "INVIT", FUNDAMENTAL, "InviteFunc", V1_1),
    row(Service::CancelInvite, "CAINV", FUNDAMENTAL, "InviteFunc", V1_1),
    row(Service::VerifyId, "VRID", FUNDAMENTAL, "VerifyIDFunc", V1_2),
    row(Service::MandatoryFundamental, "MF", FUNDAMENTAL, "", V1_2),
    row(Service::Segments, "SGMNT", FUNDAMENTAL, "", V1_3),
    row(Service::Map, "GETMAP", FUNDAMENTAL, "", V1_3),
    row(Service::OfflineNotification, "OFFNOTIF", FUNDAMENTAL, "", V1_3),
    row(Service::GetLists, "GCLI", PRESENCE, "ContListFunc", V1_1),
    row(Service::CreateList, "CCLI", PRESENCE, "ContListFunc", V1_1),
    row(Service::DeleteList, "DCLI", PRESENCE, "ContListFunc", V1_1),
    row(Service::ManageList, "MCLS", PRESENCE, "ContListFunc", V1_1),
    row(Service::Watchers, "GETWL", PRESENCE, "PresenceAuthFunc", V1_1),
    row(Service::ReactiveAuth, "REACT", PRESENCE, "PresenceAuthFunc", V1_1),
    row(Service::CancelAuth, "CAAUT", PRESENCE, "PresenceAuthFunc", V1_1),
    row(Service::ReactiveAuthStatus, "GETAUT", PRESENCE, "PresenceAuthFunc", V1_2),
    row(Service::GetPresence, "GETPR", PRESENCE, "PresenceDeliverFunc", V1_1),
    row(Service::UpdatePresence, "UPDPR", PRESENCE, "PresenceDeliverFunc", V1_1),
    row(Service::CreateAttributeList, "CALI", PRESENCE, "AttListFunc", V1_1),
    row(Service::DeleteAttributeList, "DALI", PRESENCE, "AttListFunc", V1_1),
    row(Service::GetAttributeLists, "GALS", PRESENCE, "AttListFunc", V1_1),
    row(Service::MandatoryPresence, "MP", PRESENCE, "", V1_2),
    row(Service::DeliveryReport, "MDELIV", IM, "IMSendFunc", V1_1),
    row(Service::ForwardMessage, "FWMSG", IM, "IMSendFunc", V1_1),
    row(Service::SetDelivery, "SETD", IM, "IMReceiveFunc", V1_1),
    row(Service::MessageList, "GETLM", IM, "IMReceiveFunc", V1_1),
    row(Service::GetMessage, "GETM", IM, "IMReceiveFunc", V1_1),
    row(Service::RejectMessage, "REJCM", IM, "IMReceiveFunc", V1_1),
    row(Service::NotifyMessage, "NOTIF", IM, "IMReceiveFunc", V1_1),
    row(Service::NewMessage, "NEWM", IM, "IMReceiveFunc", V1_1),
    row(Service::GetBlocked, "GLBLU", IM, "IMAuthFunc", V1_1),
    row(Service::Block, "BLENT", IM, "IMAuthFunc", V1_1),
    row(Service::MandatoryIm, "MM", IM, "", V1_2),
    row(Service::ExtendConversation, "EXCON", IM, "", V1_3),
    row(Service::CreateGroup, "CREAG", GROUP, "GroupMgmtFunc", V1_1),
    row(Service::DeleteGroup, "DELGR", GROUP, "GroupMgmtFunc", V1_1),
    row(Service::GetGroupProperties, "GETGP", GROUP, "GroupMgmtFunc", V1_1),
    row(Service::SetGroupProperties, "SETGP", GROUP, "GroupMgmtFunc", V1_1),
    row(Service::GroupNotice, "SUBGCN", GROUP, "GroupUseFunc", V1_1),
    row(Service::GroupChange, "GRCHN", GROUP, "GroupUseFunc", V1_1),
    row(Service::JoinedUsers, "GETJU", GROUP, "GroupUseFunc", V1_2),
    row(Service::AddMembers, "ADDGM", GROUP, "GroupAuthFunc", V1_1),
    row(Service::GetMembers, "GETGM", GROUP, "GroupAuthFunc", V1_1),
    row(Service::RemoveMembers, "RMVGM", GROUP, "GroupAuthFunc", V1_1),
    row(Service::MemberAccess, "MBRAC", GROUP, "GroupAuthFunc", V1_1),
    row(Service::RejectUsers, "REJEC", GROUP, "GroupAuthFunc", V1_1),
    row(Service::MandatoryGroup, "MG", GROUP, "", V1_2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::literal::{assert_round_trip, assert_writes, read};

    #[test]
    fn every_leaf_has_a_bit_of_its_own() {
        let bits = TREE.iter().fold(0, |bits, row| bits | bit(row.service));
        assert_eq!(bits.count_ones() as usize, TREE.len());
        assert!(TREE.len() < 64);
    }

    #[test]
    fn s60_4_4_the_request_of_a_nokia_is_read() {
        let literal = "<F><WVCSPFeat><FundamentalFeat><SearchFunc/><InviteFunc/></FundamentalFeat>\
            <PresenceFeat/><IMFeat><IMReceiveFunc><NEWM/></IMReceiveFunc><IMAuthFunc/></IMFeat>\
            <GroupFeat/></WVCSPFeat></F>";
        let requested: ServiceSet = assert_round_trip(literal, V1_1);
        assert!(
            requested.contains(Service::GetBlocked)
                && requested.contains(Service::GetAttributeLists)
        );
        assert!(
            !requested.contains(Service::ProviderInfo) && !requested.contains(Service::SetDelivery)
        );
        assert!(!requested.contains(Service::JoinedUsers), "1.1 has no GETJU");
    }

    #[test]
    fn what_is_refused_is_what_is_requested_and_not_provided() {
        let provided = ServiceSet::all(V1_2)
            .minus(ServiceSet::of([Service::ForwardMessage, Service::DeliveryReport]));
        let refused = ServiceSet::all(V1_2).minus(provided);
        let literal = "<F><WVCSPFeat><IMFeat><IMSendFunc/></IMFeat></WVCSPFeat></F>";
        assert_writes(&refused, literal, V1_2);
        let refused = ServiceSet::of([Service::RejectUsers]);
        let literal = "<F><WVCSPFeat><GroupFeat><GroupAuthFunc><REJEC/></GroupAuthFunc></GroupFeat>\
            </WVCSPFeat></F>";
        assert_writes(&refused, literal, V1_2);
    }

    #[test]
    fn s60_4_4_an_empty_tree_is_everything_and_no_tree_is_nothing() {
        assert_eq!(read("<F><WVCSPFeat/></F>", V1_1), Ok(ServiceSet::all(V1_1)));
        assert_eq!(read("<F/>", V1_1), Ok(ServiceSet::empty()));
        assert_writes(&ServiceSet::empty(), "<F/>", V1_1);
        assert_writes(&ServiceSet::of([Service::Segments]), "<F/>", V1_1);
    }

    #[test]
    fn leaves_are_known_by_name_wherever_they_stand() {
        let literal = "<F><WVCSPFeat><IMFeat><NEWM/><SKYW/></IMFeat><X><GCLI/></X></WVCSPFeat></F>";
        assert_eq!(
            read(literal, V1_2),
            Ok(ServiceSet::of([Service::NewMessage, Service::GetLists]))
        );
    }

    proptest::proptest! {
        #[test]
        fn every_set_is_read_back(bits in proptest::num::u64::ANY, at in 0..3usize) {
            let version = Version::ALL[at];
            let set = ServiceSet(bits).intersection(ServiceSet::all(version));
            let element = set.write(Build::new("F", version)).finish();
            proptest::prop_assert_eq!(ServiceSet::read(Fields::of(&element, version)), Ok(set));
        }
    }
}
