//! Who watches a user, as his phone is told.

use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Manner, find, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

const GET: &str = "<GetWatcherList-Request/>";

/// Has somebody watch a user who shows himself to everybody.
fn watch(watcher: &str, watched: &str) -> HandPhone {
    let mut phone = HandPhone::android(server(), watcher);
    let list = format!("<ContactList>wv:{watcher}/friends</ContactList>");
    let nick = format!("<NickName><Name>x</Name><UserID>wv:{watched}</UserID></NickName>");
    let add = format!(
        "<ListManage-Request>{list}<ReceiveList>F</ReceiveList><AddNickList>{nick}</AddNickList>\
         </ListManage-Request>"
    );
    assert_eq!(phone.request(&add).code(), "200");
    phone
}

/// A phone whose user shows himself to everybody.
fn shown(user: &str, version: Version) -> HandPhone {
    let mut phone = HandPhone::new(server(), Manner::Android, user).speaking(version).ready();
    let create = "<CreateAttributeList-Request><PresenceSubList><OnlineStatus/></PresenceSubList>\
                  <DefaultList>T</DefaultList></CreateAttributeList-Request>";
    assert_eq!(phone.request(create).code(), "200");
    phone
}

/// Users and states of an answer since 1.2.
fn watchers(phone: &mut HandPhone, limits: &str) -> Vec<(String, String)> {
    let get = format!("<GetWatcherList-Request>{limits}</GetWatcherList-Request>");
    let heard = phone.request(&get);
    let response = heard.expect_name("GetWatcherList-Response");
    let text = |watcher, name| find(watcher, name).expect("a name and a state").text().to_owned();
    let all = response.children_named("Watcher");
    all.map(|watcher| (text(watcher, "UserID"), text(watcher, "WatcherStatus"))).collect()
}

#[test]
fn s60_7_8_watchers_are_plain_users_in_1_1() {
    let mut phone = shown("wa1", Version::V1_1);
    assert!(phone.request(GET).expect_name("GetWatcherList-Response").child("User").is_none());
    let _watching = ["wa1b", "wa1c"].map(|name| watch(name, "wa1"));
    let heard = phone.request(GET);
    let response = heard.expect_name("GetWatcherList-Response");
    assert!(response.child("Watcher").is_none());
    let mut users = texts(response, "UserID");
    users.sort();
    assert_eq!(users, ["wv:wa1b@onesoup.test", "wv:wa1c@onesoup.test"]);
}

#[test]
fn watchers_of_1_2_are_current_or_former_and_no_more_than_asked_for() {
    let mut phone = shown("wa2", Version::V1_2);
    let mut left = watch("wa2b", "wa2");
    let _stays = watch("wa2c", "wa2");
    let current = |name: &str| (format!("wv:{name}@onesoup.test"), "CURRENT_SUBSCRIBER".to_owned());
    let former = |name: &str| (format!("wv:{name}@onesoup.test"), "FORMER_SUBSCRIBER".to_owned());
    assert_eq!(watchers(&mut phone, ""), [current("wa2b"), current("wa2c")]);
    let remove = "<ListManage-Request><ContactList>wv:wa2b/friends</ContactList><ReceiveList>F\
                  </ReceiveList><RemoveNickList><UserID>wv:wa2</UserID></RemoveNickList>\
                  </ListManage-Request>";
    assert_eq!(left.request(remove).code(), "200");
    assert_eq!(watchers(&mut phone, ""), [current("wa2c")]);
    let history = "<HistoryPeriod>172800</HistoryPeriod>";
    assert_eq!(watchers(&mut phone, history), [current("wa2c"), former("wa2b")]);
    let limited = format!("{history}<MaxWatcherList>1</MaxWatcherList>");
    assert_eq!(watchers(&mut phone, &limited), [current("wa2c")]);
    // Who watches again is a watcher like any other.
    let add = "<ListManage-Request><ContactList>wv:wa2b/friends</ContactList><AddNickList><NickName>\
               <Name>x</Name><UserID>wv:wa2</UserID></NickName></AddNickList></ListManage-Request>";
    assert_eq!(left.request(add).code(), "200");
    assert_eq!(watchers(&mut phone, history), [current("wa2b"), current("wa2c")]);
}

#[test]
fn who_may_see_nothing_any_more_is_no_watcher() {
    let mut phone = shown("wa3", Version::V1_2);
    let _watching = watch("wa3b", "wa3");
    assert_eq!(watchers(&mut phone, "").len(), 1);
    let cancel = "<DeleteAttributeList-Request><DefaultList>T</DefaultList>\
                  </DeleteAttributeList-Request>";
    assert_eq!(phone.request(cancel).code(), "200");
    assert_eq!(watchers(&mut phone, ""), []);
}
