//! The S60 handset's gotchas: contact lists, presence, blocking (handset: S60 §6, §7, §8.6, §11).

use onesoup::csp::element::Element;
use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Heard, Manner, find, find_all, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

/// The list that every account begins with, as this user's phone calls it.
fn friends(user: &str) -> String {
    format!("<ContactList>wv:{user}/friends</ContactList>")
}

/// Puts people on the first list.
fn add(phone: &mut HandPhone, user: &str, people: &[(&str, &str)]) -> Heard {
    let nick = |(name, address): &(&str, &str)| {
        format!("<NickName><Name>{name}</Name><UserID>{address}</UserID></NickName>")
    };
    let people: String = people.iter().map(nick).collect();
    let list = friends(user);
    phone.request(&format!(
        "<ListManage-Request>{list}<AddNickList>{people}</AddNickList></ListManage-Request>"
    ))
}

fn subscribe(scope: &str) -> String {
    format!(
        "<SubscribePresence-Request>{scope}<PresenceSubList \
         xmlns=\"http://www.wireless-village.org/PA1.1\"><OnlineStatus/><CommCap/>\
         <UserAvailability/><StatusText/><ClientInfo/></PresenceSubList>\
         </SubscribePresence-Request>"
    )
}

/// Names and addresses on the list that an answer carries.
fn members(heard: &Heard) -> Vec<(String, String)> {
    let list = find(heard.root(), "NickList").unwrap_or_else(|| panic!("a list: {heard:?}"));
    let nick_names = list.children_named("NickName");
    let of = |nick: &Element, name| nick.text_of(name).unwrap_or_default().to_owned();
    nick_names.map(|nick| (of(nick, "Name"), of(nick, "UserID"))).collect()
}

/// What one notification says of the one user that it is about.
fn told(notification: &Element) -> (String, String, String) {
    let presences = find_all(notification, "Presence");
    assert_eq!(presences.len(), 1, "one user a notification: {notification:?}");
    let value = |name| {
        let attribute = find(presences[0], name).unwrap_or_else(|| panic!("a {name}"));
        assert_eq!(attribute.text_of("Qualifier"), Some("T"), "{attribute:?}");
        attribute.text_of("PresenceValue").unwrap_or_default().to_owned()
    };
    let user = find(presences[0], "UserID").unwrap().text().to_owned();
    (user, value("OnlineStatus"), value("UserAvailability"))
}

#[test]
fn s60_gotcha_10_a_list_is_answered_whole_after_every_change() {
    let mut phone = HandPhone::s60(server(), "l10");
    let heard = add(&mut phone, "l10", &[("Ann", "wv:ann@far.test"), ("Bob", "wv:bob@far.test")]);
    let response = heard.expect_name("ListManage-Response");
    assert_eq!(response.child("Result").and_then(|it| it.text_of("Code")), Some("200"));
    assert_eq!(members(&heard).len(), 2);
    let heard = add(&mut phone, "l10", &[("Cy", "wv:cy@far.test")]);
    let names = ["Ann", "Bob", "Cy"].map(str::to_owned);
    assert_eq!(members(&heard).into_iter().map(|it| it.0).collect::<Vec<_>>(), names);
    let list = friends("l10");
    let heard = phone.request(&format!(
        "<ListManage-Request>{list}<RemoveNickList><UserID>wv:bob@far.test</UserID>\
         </RemoveNickList></ListManage-Request>"
    ));
    assert_eq!(members(&heard).len(), 2);
    let properties = "<ContactListProperties><Property><Name>DisplayName</Name><Value>Pals</Value>\
                      </Property></ContactListProperties>";
    let change = format!("<ListManage-Request>{list}{properties}</ListManage-Request>");
    let heard = phone.request(&change);
    assert_eq!(heard.code(), "200");
    assert_eq!(members(&heard).len(), 2);
    assert_eq!(texts(heard.root(), "Value"), ["Pals", "T"]);
    let read = phone.request(&format!("<ListManage-Request>{list}</ListManage-Request>"));
    assert_eq!(members(&read), members(&heard));
}

#[test]
fn s60_gotcha_10_an_empty_list_is_there_and_empty() {
    let mut phone = HandPhone::s60(server(), "l10e");
    let read = format!("<ListManage-Request>{}</ListManage-Request>", friends("l10e"));
    let heard = phone.request(&read);
    assert!(members(&heard).is_empty());
    assert_eq!(heard.code(), "200");
}

#[test]
fn s60_6_1_each_list_is_named_in_one_place_and_lists_may_be_absent() {
    let mut phone = HandPhone::s60(server(), "l61");
    let heard = phone.request("<GetList-Request/>");
    let response = heard.expect_name("GetList-Response");
    assert!(response.child("Result").is_none());
    assert_eq!(response.text_of("DefaultContactList"), Some("wv:l61/friends"));
    assert!(response.child("ContactList").is_none());
    let delete = format!("<DeleteList-Request>{}</DeleteList-Request>", friends("l61"));
    assert_eq!(phone.request(&delete).code(), "200");
    let heard = phone.request("<GetList-Request/>");
    assert!(heard.expect_name("GetList-Response").children().is_empty());
}

#[test]
fn s60_6_2_a_list_is_found_by_every_form_of_its_address() {
    let mut phone = HandPhone::s60(server(), "l62");
    let create = "<CreateList-Request><ContactList>wv:l62/~PEP1.0_privatelist@onesoup.test\
                  </ContactList></CreateList-Request>";
    assert_eq!(phone.request(create).code(), "200");
    let forms = [
        "wv:l62/~PEP1.0_privatelist@onesoup.test",
        "wv:l62/~pep1.0_privatelist@onesoup.test",
        "WV:L62/~PEP1.0_PRIVATELIST",
        "l62/~pep1.0_privatelist@onesoup.test",
        "wv:l62/%7Epep1.0%5Fprivatelist",
        "~pep1.0_privatelist",
    ];
    for form in forms {
        let list = format!("<ContactList>{form}</ContactList>");
        let heard = phone.request(&format!("<ListManage-Request>{list}</ListManage-Request>"));
        assert_eq!(heard.code(), "200", "{form}");
    }
    // Its own spelling is kept, with the domain only where the user typed one.
    let heard = phone.request("<GetList-Request/>");
    assert_eq!(texts(heard.root(), "ContactList"), ["wv:l62/~PEP1.0_privatelist"]);
    let full = HandPhone::of(server(), Manner::S60, "L62@OneSoup.test").ready();
    let heard = { full }.request("<GetList-Request/>");
    assert_eq!(texts(heard.root(), "ContactList"), ["wv:L62/~PEP1.0_privatelist@OneSoup.test"]);
}

#[test]
fn s60_6_2_a_list_may_have_a_name_of_any_latin_letters() {
    let mut phone = HandPhone::s60(server(), "l62n");
    let create = "<CreateList-Request><ContactList>wv:l62n/\u{e4}\u{b5}\u{ff}!</ContactList>\
                  <ContactListProperties><Property><Name>DisplayName</Name><Value>\u{416}\u{443}\
                  </Value></Property><Property><Name>Default</Name><Value>F</Value></Property>\
                  </ContactListProperties></CreateList-Request>";
    assert_eq!(phone.request(create).code(), "200");
    let heard = phone.request(
        "<ListManage-Request><ContactList>wv:l62n/\u{e4}\u{b5}\u{ff}!</ContactList>\
         </ListManage-Request>",
    );
    assert_eq!(heard.code(), "200");
    assert_eq!(texts(heard.root(), "Value"), ["\u{416}\u{443}", "F"]);
}

#[test]
fn s60_6_3_addresses_are_given_back_without_escapes() {
    let mut phone = HandPhone::s60(server(), "l63");
    let heard = add(&mut phone, "l63", &[("Phone", "wv:%2B358401234567@gw.test")]);
    let expected = [("Phone".to_owned(), "wv:+358401234567@gw.test".to_owned())];
    assert_eq!(members(&heard), expected);
    let heard = phone.request(&subscribe(&friends("l63")));
    assert_eq!(heard.code(), "200");
    let notified = phone.take_all_named("PresenceNotification-Request");
    assert_eq!(told(&notified[0]).0, "wv:+358401234567@gw.test");
    let heard = phone.request(
        "<GetPresence-Request><User><UserID>wv:%2B358401234567@gw.test</UserID></User>\
         </GetPresence-Request>",
    );
    assert_eq!(heard.text("UserID"), "wv:+358401234567@gw.test");
}

#[test]
fn s60_6_4_a_list_is_created_with_exactly_200_and_deleted() {
    let mut phone = HandPhone::s60(server(), "l64");
    let list = "<ContactList>wv:l64/work</ContactList>";
    let properties = "<ContactListProperties><Property><Name>DisplayName</Name><Value>Work</Value>\
                      </Property><Property><Name>Default</Name><Value>F</Value></Property>\
                      </ContactListProperties>";
    let nick = "<NickList><NickName><Name>Ann</Name><UserID>wv:ann@far.test</UserID></NickName>\
                </NickList>";
    let create = format!("<CreateList-Request>{list}{nick}{properties}</CreateList-Request>");
    let heard = phone.request(&create);
    heard.expect_name("Status");
    assert_eq!(heard.code(), "200");
    assert_eq!(phone.request(&create).code(), "701", "another one of that name");
    let delete = format!("<DeleteList-Request>{list}</DeleteList-Request>");
    let heard = phone.request(&delete);
    heard.expect_name("Status");
    assert_eq!(heard.code(), "200");
    assert_eq!(phone.request(&delete).code(), "700", "which the phone counts as success");
}

#[test]
fn s60_6_4_a_new_name_replaces_the_old_one() {
    let mut phone = HandPhone::s60(server(), "l64r");
    add(&mut phone, "l64r", &[("Ann", "wv:ann@far.test")]);
    let heard = add(&mut phone, "l64r", &[("Annie", "wv:Ann@FAR.test")]);
    // The name is new, the address is spelt as it was.
    assert_eq!(members(&heard), [("Annie".to_owned(), "wv:ann@far.test".to_owned())]);
}

#[test]
fn s60_6_4_a_new_contact_is_watched_with_200_whatever_it_permits() {
    let server = server();
    let _shy = HandPhone::s60(server, "l64shy");
    let mut phone = HandPhone::s60(server, "l64t");
    add(&mut phone, "l64t", &[("Shy", "wv:l64shy"), ("Far", "wv:far@far.test")]);
    for user in ["wv:l64shy", "wv:far@far.test", "wv:L64SHY@onesoup.test"] {
        let scope = format!("<User><UserID>{user}</UserID></User>");
        let heard = phone.request(&subscribe(&scope));
        heard.expect_name("Status");
        assert_eq!(heard.code(), "200", "or the phone takes {user} off its list again");
    }
    // XIMP names the user without a wrapper.
    let heard = phone.request(
        "<UnsubscribePresence-Request><UserID>wv:l64shy</UserID></UnsubscribePresence-Request>",
    );
    assert_eq!(heard.code(), "200");
}

#[test]
fn s60_gotcha_11_every_member_is_told_of_at_once_with_both_attributes() {
    let server = server();
    let _lee = HandPhone::s60(server, "l11lee");
    let mut phone = HandPhone::s60(server, "l11");
    let people = [("Lee", "wv:l11lee"), ("No", "wv:nobody-there"), ("Far", "wv:f@far.test")];
    add(&mut phone, "l11", &people);
    assert_eq!(phone.request(&subscribe(&friends("l11"))).code(), "200");
    let notified = phone.take_all_named("PresenceNotification-Request");
    let mut users: Vec<_> = notified.iter().map(told).collect();
    users.sort();
    let offline = |user: &str| (user.to_owned(), "F".to_owned(), "NOT_AVAILABLE".to_owned());
    // Nobody has let the phone see anything yet.
    assert_eq!(users, [offline("wv:f@far.test"), offline("wv:l11lee"), offline("wv:nobody-there")]);
    for notification in &notified {
        let list = find(notification, "PresenceSubList").unwrap();
        for asked in ["OnlineStatus", "CommCap", "UserAvailability", "StatusText", "ClientInfo"] {
            assert!(list.child(asked).is_some(), "the full set: {asked}");
        }
    }
}

/// Has one phone watch another, who agrees; returns both and what the watcher was told last.
fn watching(server: &Server, one: &str, other: &str) -> (HandPhone, HandPhone) {
    let mut watched = HandPhone::s60(server, other);
    let mut watcher = HandPhone::s60(server, one);
    add(&mut watcher, one, &[("Other", &format!("wv:{other}"))]);
    watcher.request(&subscribe(&friends(one)));
    let asked = watched.take_all_named("PresenceAuth-Request");
    assert_eq!(texts(&asked[0], "UserID"), [format!("wv:{one}@onesoup.test")]);
    let heard = watched.request(&format!(
        "<PresenceAuth-User><UserID>wv:{one}@onesoup.test</UserID><Acceptance>T</Acceptance>\
         </PresenceAuth-User>"
    ));
    assert_eq!(heard.code(), "200");
    (watcher, watched)
}

/// What the watcher is told last.
fn last_told(watcher: &mut HandPhone) -> (String, String, String) {
    let notified = watcher.take_all_named("PresenceNotification-Request");
    told(notified.last().expect("something is told"))
}

fn shown(user: &str, online: &str, word: &str) -> (String, String, String) {
    (user.to_owned(), online.to_owned(), word.to_owned())
}

#[test]
fn s60_gotcha_24_a_phone_is_online_without_publishing_anything() {
    let (mut watcher, _watched) = watching(server(), "l24a", "l24b");
    assert_eq!(last_told(&mut watcher), shown("wv:l24b", "T", "AVAILABLE"));
}

#[test]
fn s60_4_6_who_logs_out_is_shown_as_gone() {
    let (mut watcher, mut watched) = watching(server(), "l46a", "l46b");
    watcher.take_all();
    watched.request("<Logout-Request/>");
    assert_eq!(last_told(&mut watcher), shown("wv:l46b", "F", "NOT_AVAILABLE"));
}

#[test]
fn s60_gotcha_12_presence_is_told_under_the_address_of_the_list() {
    let server = server();
    let mut watched = HandPhone::s60(server, "l12b");
    let mut watcher = HandPhone::s60(server, "l12a");
    add(&mut watcher, "l12a", &[("Other", "WV:L12b@OneSoup.Test")]);
    let other_form = "<User><UserID>wv:l12b</UserID></User>";
    watcher.request(&subscribe(other_form));
    watched.take_all();
    watched.request(
        "<PresenceAuth-User><UserID>wv:l12a</UserID><Acceptance>T</Acceptance>\
         </PresenceAuth-User>",
    );
    assert_eq!(last_told(&mut watcher), shown("WV:L12b@OneSoup.Test", "T", "AVAILABLE"));
    watched.send("wv:l12a", "me too");
    let taken = watcher.take_all_named("NewMessage");
    let sender = find(&taken[0], "Sender").unwrap();
    assert_eq!(texts(sender, "UserID"), ["WV:L12b@OneSoup.Test"]);
}

#[test]
fn s60_gotcha_11_a_change_of_one_attribute_is_told_with_all_the_others() {
    let (mut watcher, mut watched) = watching(server(), "l11c", "l11d");
    let update = |attributes: &str| {
        format!(
            "<UpdatePresence-Request><PresenceSubList \
             xmlns=\"http://www.wireless-village.org/PA1.1\">{attributes}</PresenceSubList>\
             </UpdatePresence-Request>"
        )
    };
    let text = "<StatusText><Qualifier>T</Qualifier><PresenceValue>soup</PresenceValue>\
                </StatusText>";
    let away = "<UserAvailability><Qualifier>T</Qualifier><PresenceValue>DISCREET\
                </PresenceValue></UserAvailability>";
    assert_eq!(watched.request(&update(text)).code(), "200");
    assert_eq!(watched.request(&update(away)).code(), "200");
    let notified = watcher.take_all_named("PresenceNotification-Request");
    let last = notified.last().unwrap();
    assert_eq!(told(last), shown("wv:l11d", "T", "DISCREET"));
    let status = find(last, "StatusText").unwrap();
    assert_eq!(status.text_of("PresenceValue"), Some("soup"), "merged, not replaced");
    // To appear offline the phone says so and takes its text back: neither is passed on.
    let hidden = "<UserAvailability><Qualifier>T</Qualifier><PresenceValue>NOT_AVAILABLE\
                  </PresenceValue></UserAvailability><StatusText><Qualifier>F</Qualifier>\
                  </StatusText>";
    watched.request(&update(hidden));
    let notified = watcher.take_all_named("PresenceNotification-Request");
    let last = notified.last().unwrap();
    assert_eq!(told(last), shown("wv:l11d", "F", "NOT_AVAILABLE"));
    assert_eq!(find(last, "StatusText").unwrap().text_of("Qualifier"), Some("F"));
}

#[test]
fn s60_7_2_members_of_a_second_list_are_told_of_while_the_first_is_under_way() {
    let mut phone = HandPhone::s60(server(), "l72");
    // The second list's member is known for longer than the first one's.
    phone.request(
        "<CreateList-Request><ContactList>wv:l72/two</ContactList><NickList><NickName>\
         <Name>B</Name><UserID>wv:b@far.test</UserID></NickName></NickList></CreateList-Request>",
    );
    add(&mut phone, "l72", &[("A", "wv:a@far.test")]);
    phone.request(&subscribe(&friends("l72")));
    let first = phone.poll().pushes();
    assert_eq!(told(&first[0].content).0, "wv:a@far.test");
    // Three requests run in parallel: this one before the confirmation.
    phone.request(&subscribe("<ContactList>wv:l72/two</ContactList>"));
    let mut users: Vec<String> = Vec::new();
    for push in &first {
        let next = phone.confirm(push).pushes();
        for push in next {
            users.push(told(&push.content).0);
            phone.confirm(&push);
        }
    }
    users.extend(phone.take_all().iter().map(|push| told(&push.content).0));
    assert!(users.contains(&"wv:b@far.test".to_owned()), "told of {users:?}");
}

#[test]
fn s60_7_2_a_member_added_later_is_told_of_by_itself_since_1_2() {
    let mut phone = HandPhone::new(server(), Manner::S60, "l72b").speaking(Version::V1_2).ready();
    let scope = friends("l72b");
    let subscribe = format!(
        "<SubscribePresence-Request>{scope}<AutoSubscribe>T</AutoSubscribe>\
         </SubscribePresence-Request>"
    );
    assert_eq!(phone.request(&subscribe).code(), "200");
    assert!(phone.take_all().is_empty());
    add(&mut phone, "l72b", &[("Later", "wv:later@far.test")]);
    let notified = phone.take_all_named("PresenceNotification-Request");
    assert_eq!(told(&notified[0]), shown("wv:later@far.test", "F", "NOT_AVAILABLE"));
    // A second subscription replaces the first: told anew, once.
    phone.request(&subscribe);
    assert_eq!(phone.take_all_named("PresenceNotification-Request").len(), 1);
}

#[test]
fn s60_7_5_presence_of_some_unknown_users_is_partial_and_of_all_unknown() {
    let mut phone = HandPhone::s60(server(), "l75");
    let get = |users: &[&str]| {
        let of = |user: &&str| format!("<User><UserID>{user}</UserID></User>");
        let users: String = users.iter().map(of).collect();
        format!("<GetPresence-Request>{users}</GetPresence-Request>")
    };
    let heard = phone.request(&get(&["wv:l75", "wv:a@far.test"]));
    let response = heard.expect_name("GetPresence-Response");
    assert_eq!(response.child("Result").and_then(|it| it.text_of("Code")), Some("200"));
    let presences: Vec<_> = response.children_named("Presence").collect();
    assert_eq!(presences.len(), 2);
    let heard = phone.request(&get(&["wv:l75", "wv:"]));
    assert_eq!(texts(heard.expect_name("GetPresence-Response"), "Code"), ["201", "531"]);
    let heard = phone.request(&get(&["wv:"]));
    assert_eq!(heard.expect_name("GetPresence-Response").children().len(), 1);
    assert_eq!(heard.code(), "531");
}

#[test]
fn s60_7_6_a_default_attribute_list_answers_for_the_user() {
    let server = server();
    let mut shown_to_all = HandPhone::s60(server, "l76b");
    let create = "<CreateAttributeList-Request><PresenceSubList \
                  xmlns=\"http://www.wireless-village.org/PA1.1\"><OnlineStatus/>\
                  <UserAvailability/></PresenceSubList><DefaultList>T</DefaultList>\
                  </CreateAttributeList-Request>";
    let heard = shown_to_all.request(create);
    heard.expect_name("Status");
    assert_eq!(heard.code(), "200");
    let mut watcher = HandPhone::s60(server, "l76a");
    add(&mut watcher, "l76a", &[("Other", "wv:l76b")]);
    watcher.request(&subscribe(&friends("l76a")));
    assert!(shown_to_all.take_all_named("PresenceAuth-Request").is_empty(), "nobody is asked");
    assert_eq!(last_told(&mut watcher), shown("wv:l76b", "T", "AVAILABLE"));
    let delete = "<DeleteAttributeList-Request><DefaultList>T</DefaultList>\
                  </DeleteAttributeList-Request>";
    for _ in 0..2 {
        assert_eq!(shown_to_all.request(delete).code(), "200", "also if there is none");
    }
}

#[test]
fn s60_8_6_who_is_blocked_twice_or_freed_twice_is_no_error() {
    let mut phone = HandPhone::s60(server(), "l86");
    let change = |list: &str| {
        format!(
            "<BlockEntity-Request><BlockList><InUse>T</InUse><{list}><UserID>wv:pest@far.test\
             </UserID></{list}></BlockList><GrantList><InUse>F</InUse></GrantList>\
             </BlockEntity-Request>"
        )
    };
    for (list, blocked) in [("AddList", 1), ("AddList", 1), ("RemoveList", 0), ("RemoveList", 0)] {
        let heard = phone.request(&change(list));
        heard.expect_name("Status");
        assert_eq!(heard.code(), "200", "{list}");
        let heard = phone.request("<GetBlockedList-Request/>");
        let response = heard.expect_name("GetBlockedList-Response");
        assert_eq!(texts(response, "InUse"), ["T", "F"]);
        assert_eq!(texts(response, "UserID").len(), blocked);
    }
}
