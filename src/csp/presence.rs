//! Presence: subscribe, notify, get, publish, and who watches.

use compact_str::CompactString;

use crate::csp::{
    address::{ListAddress, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
    outcome::StatusResult,
    presence_name::AttributeSet,
    presence_value::PresenceSubList,
    version::Version::V1_1,
};

/// `SubscribePresence-Request`: be told of changes, for as long as the session lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscribePresenceRequest {
    /// All members of contact lists.
    pub lists: Vec<ListAddress>,
    /// Single users.
    pub users: Vec<UserAddress>,
    /// The attributes wanted; absent is all.
    pub attributes: Option<AttributeSet>,
    /// Whether members that are added later are meant too; since 1.2.
    pub auto_subscribe: Option<bool>,
}

impl Shape for SubscribePresenceRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            lists: ListAddress::read_all(from)?,
            users: UserAddress::read_all(from)?,
            attributes: from.optional("PresenceSubList")?,
            auto_subscribe: from.hint("AutoSubscribe"),
        })
    }

    fn write(&self, to: Build) -> Build {
        let auto_subscribe = self.auto_subscribe.filter(|_| to.version() > V1_1);
        let to = UserAddress::write_all(&self.users, to.each("ContactList", &self.lists));
        to.maybe("PresenceSubList", self.attributes.as_ref())
            .maybe("AutoSubscribe", auto_subscribe.as_ref())
    }
}

/// `UnsubscribePresence-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsubscribePresenceRequest {
    /// All members of contact lists.
    pub lists: Vec<ListAddress>,
    /// Single users.
    pub users: Vec<UserAddress>,
}

impl Shape for UnsubscribePresenceRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { lists: ListAddress::read_all(from)?, users: UserAddress::read_all(from)? })
    }

    fn write(&self, to: Build) -> Build {
        UserAddress::write_all(&self.users, to.each("ContactList", &self.lists))
    }
}

/// `Presence`: the attributes of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The user, spelt as in the phone's list (handset: S60 §11.12).
    pub user: UserAddress,
    /// All attributes that the phone subscribed, never a delta (handset: S60 §7.4, Android G20).
    pub attributes: PresenceSubList,
}

impl Shape for Presence {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            user: UserAddress::read_one(from)?,
            attributes: from.optional("PresenceSubList")?.unwrap_or_default(),
        })
    }

    /// The list is written even if it is empty: Android hangs without it (handset: Android G3).
    fn write(&self, to: Build) -> Build {
        to.put("UserID", &self.user).put("PresenceSubList", &self.attributes)
    }
}

/// `PresenceNotification-Request`: the server tells of presence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceNotificationRequest {
    /// One user, for the sake of the later S60 adapter (handset: S60 §7.4); more can be read.
    pub presences: Vec<Presence>,
}

impl Shape for PresenceNotificationRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { presences: from.repeated("Presence")? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("Presence", &self.presences)
    }
}

/// `GetPresence-Request`: presence, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetPresenceRequest {
    /// All members of contact lists.
    pub lists: Vec<ListAddress>,
    /// Single users.
    pub users: Vec<UserAddress>,
    /// The attributes wanted; absent is all.
    pub attributes: Option<AttributeSet>,
}

impl Shape for GetPresenceRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            lists: ListAddress::read_all(from)?,
            users: UserAddress::read_all(from)?,
            attributes: from.optional("PresenceSubList")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        UserAddress::write_all(&self.users, to.each("ContactList", &self.lists))
            .maybe("PresenceSubList", self.attributes.as_ref())
    }
}

/// `GetPresence-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPresenceResponse {
    /// The outcome, which S60 cannot do without (handset: S60 §7.5).
    pub result: StatusResult,
    /// One entry for each user that was found.
    pub presences: Vec<Presence>,
}

impl Shape for GetPresenceResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { result: from.required("Result")?, presences: from.repeated("Presence")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Result", &self.result).each("Presence", &self.presences)
    }
}

/// `UpdatePresence-Request`: the user publishes attributes; those not named stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdatePresenceRequest {
    /// What changes.
    pub attributes: PresenceSubList,
}

impl Shape for UpdatePresenceRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { attributes: from.required("PresenceSubList")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("PresenceSubList", &self.attributes)
    }
}

/// `GetWatcherList-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetWatcherListRequest {
    /// How far back former watchers count; since 1.2.
    pub history_period_secs: Option<u32>,
    /// At most so many; since 1.2.
    pub max_watchers: Option<u32>,
}

impl Shape for GetWatcherListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            history_period_secs: from.hint("HistoryPeriod"),
            max_watchers: from.hint("MaxWatcherList"),
        })
    }

    fn write(&self, to: Build) -> Build {
        if to.version() == V1_1 {
            return to;
        }
        to.maybe("HistoryPeriod", self.history_period_secs.as_ref())
            .maybe("MaxWatcherList", self.max_watchers.as_ref())
    }
}

/// `Watcher`, of 1.2, or a `User` before that: who watches the user's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    /// The watcher.
    pub user: UserAddress,
    /// Whether it watches now or did before.
    pub status: Option<WatcherStatus>,
}

/// `WatcherStatus`, since 1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatcherStatus {
    /// It watches now.
    Current,
    /// It did before.
    Former,
    /// Another word.
    Other(CompactString),
}

impl Word for WatcherStatus {
    const WORDS: &'static [(&'static str, Self)] =
        &[("CURRENT_SUBSCRIBER", Self::Current), ("FORMER_SUBSCRIBER", Self::Former)];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

impl Shape for Watcher {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { user: UserAddress::read_one(from)?, status: from.optional("WatcherStatus")? })
    }

    fn write(&self, to: Build) -> Build {
        to.inside("User", |to| to.put("UserID", &self.user))
            .maybe("WatcherStatus", self.status.as_ref())
    }
}

/// `GetWatcherList-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetWatcherListResponse {
    /// An outcome, where one is sent; if it is, S60 wants 200 (handset: S60 §7.8).
    pub result: Option<StatusResult>,
    /// The watchers.
    pub watchers: Vec<Watcher>,
}

impl Shape for GetWatcherListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let users = UserAddress::read_all(from)?.into_iter();
        let mut watchers: Vec<_> = users.map(|user| Watcher { user, status: None }).collect();
        watchers.extend(from.repeated::<Watcher>("Watcher")?);
        Ok(Self { result: from.optional("Result")?, watchers })
    }

    fn write(&self, to: Build) -> Build {
        let to = to.maybe("Result", self.result.as_ref());
        if to.version() == V1_1 {
            return self
                .watchers
                .iter()
                .fold(to, |to, watcher| to.inside("User", |to| to.put("UserID", &watcher.user)));
        }
        to.each("Watcher", &self.watchers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2, V1_3},
    };

    fn users(names: &[&str]) -> Vec<UserAddress> {
        names.iter().map(|name| UserAddress::parse(name)).collect()
    }

    #[test]
    fn s60_7_2_a_subscription_names_attributes_and_since_1_2_auto_subscribe() {
        let literal = "<R><ContactList>wv:kim/a</ContactList><User><UserID>wv:lee</UserID></User>\
            <PresenceSubList><OnlineStatus/><CommCap/></PresenceSubList>\
            <AutoSubscribe>T</AutoSubscribe></R>";
        let request: SubscribePresenceRequest = assert_round_trip(literal, V1_2);
        assert_eq!(request.attributes.as_ref().map(|set| set.kinds.len()), Some(2));
        let earlier = literal.replace("<AutoSubscribe>T</AutoSubscribe>", "");
        assert_writes(&request, &earlier, V1_1);
    }

    #[test]
    fn android_g30_the_attributes_may_come_first_or_not_at_all() {
        let literal = "<R><PresenceSubList><OnlineStatus/></PresenceSubList>\
            <ContactList>wv:kim/a</ContactList></R>";
        let request: SubscribePresenceRequest = read(literal, V1_2).unwrap();
        assert_eq!((request.lists.len(), request.attributes.is_some()), (1, true));
        let request: GetPresenceRequest =
            assert_round_trip("<R><User><UserID>wv:kim</UserID></User></R>", V1_2);
        assert_eq!(request.attributes, None);
    }

    #[test]
    fn users_are_unsubscribed_in_three_shapes() {
        let literal = "<R><User><UserID>wv:a</UserID></User><UserID>wv:b</UserID>\
            <User><Property><Name>UserID</Name><Value>wv:c</Value></Property></User><User/></R>";
        let request: UnsubscribePresenceRequest = read(literal, V1_2).unwrap();
        assert_eq!(request.users, users(&["wv:a", "wv:b", "wv:c"]));
        assert_round_trip::<UnsubscribePresenceRequest>(
            "<R><ContactList>x</ContactList></R>",
            V1_1,
        );
    }

    #[test]
    fn users_and_lists_of_1_3_stand_in_lists_of_their_own() {
        let literal = "<R><ContactListIDList><ContactList>wv:kim/a</ContactList></ContactListIDList>\
            <UserIDList><UserID>wv:a</UserID><UserID>wv:b</UserID></UserIDList></R>";
        let request: UnsubscribePresenceRequest = read(literal, V1_3).unwrap();
        assert_eq!((request.users, request.lists.len()), (users(&["wv:a", "wv:b"]), 1));
        let request: SubscribePresenceRequest = read(literal, V1_3).unwrap();
        assert_eq!((request.users.len(), request.lists.len()), (2, 1));
        let request: GetPresenceRequest = read(literal, V1_3).unwrap();
        assert_eq!((request.users.len(), request.lists.len()), (2, 1));
    }

    #[test]
    fn android_g3_presence_has_a_sub_list_even_if_empty() {
        let bare = "<R><Presence><UserID>wv:lee</UserID></Presence></R>";
        let notification: PresenceNotificationRequest = read(bare, V1_2).unwrap();
        let literal = "<R><Presence><UserID>wv:lee</UserID><PresenceSubList/></Presence></R>";
        assert_writes(&notification, literal, V1_2);
    }

    #[test]
    fn s60_gotcha_18_presence_is_answered_with_a_result() {
        assert_round_trip::<GetPresenceResponse>(
            "<R><Result><Code>200</Code></Result><Presence><UserID>wv:lee</UserID>\
             <PresenceSubList><OnlineStatus><Qualifier>T</Qualifier>\
             <PresenceValue>F</PresenceValue></OnlineStatus></PresenceSubList></Presence></R>",
            V1_1,
        );
        assert!(read::<GetPresenceResponse>("<R/>", V1_1).is_err());
        assert_round_trip::<UpdatePresenceRequest>("<R><PresenceSubList/></R>", V1_1);
        assert!(read::<UpdatePresenceRequest>("<R/>", V1_1).is_err());
    }

    #[test]
    fn watchers_are_users_in_1_1_and_have_a_state_later() {
        let literal = "<R><Watcher><User><UserID>wv:lee</UserID></User>\
            <WatcherStatus>CURRENT_SUBSCRIBER</WatcherStatus></Watcher></R>";
        let response: GetWatcherListResponse = assert_round_trip(literal, V1_2);
        assert_writes(&response, "<R><User><UserID>wv:lee</UserID></User></R>", V1_1);
        let earlier: GetWatcherListResponse =
            assert_round_trip("<R><User><UserID>wv:lee</UserID></User></R>", V1_1);
        assert_eq!(earlier.watchers[0].status, None);
    }

    #[test]
    fn s60_7_9_watchers_are_asked_for_with_limits() {
        let literal = "<R><HistoryPeriod>172800</HistoryPeriod>\
            <MaxWatcherList>200</MaxWatcherList></R>";
        let request: GetWatcherListRequest = assert_round_trip(literal, V1_2);
        assert_writes(&request, "<R/>", V1_1);
    }
}
