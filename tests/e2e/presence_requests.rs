//! Requests about presence, each in all its forms.

use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Manner, find, texts};
use crate::support::phones::PASSWORD;
use crate::support::server::{Server, Wishes};

fn server() -> &'static Server {
    Server::shared_alone()
}

/// A phone of 1.2 whose user shows himself to everybody.
fn shown(user: &str) -> HandPhone {
    let mut phone = HandPhone::android(server(), user);
    let create = "<CreateAttributeList-Request><PresenceSubList><OnlineStatus/><StatusText/>\
                  </PresenceSubList><DefaultList>T</DefaultList></CreateAttributeList-Request>";
    assert_eq!(phone.request(create).code(), "200");
    phone
}

/// A phone with these people on its list, whose presence it was told of already.
fn with_contacts(user: &str, version: Version, contacts: &[&str]) -> HandPhone {
    let phone = HandPhone::new(server(), Manner::Android, user).speaking(version);
    let mut phone = phone.ready();
    for contact in contacts {
        add(&mut phone, user, contact);
    }
    phone
}

fn add(phone: &mut HandPhone, user: &str, contact: &str) {
    let heard = phone.request(&format!(
        "<ListManage-Request><ContactList>wv:{user}/friends</ContactList><AddNickList><NickName>\
         <Name>x</Name><UserID>wv:{contact}</UserID></NickName></AddNickList></ListManage-Request>"
    ));
    assert_eq!(heard.code(), "200");
}

fn subscribe(phone: &mut HandPhone, scope: &str) {
    let request = format!("<SubscribePresence-Request>{scope}</SubscribePresence-Request>");
    assert_eq!(phone.request(&request).code(), "200", "{scope}");
}

fn unsubscribe(phone: &mut HandPhone, scope: &str) {
    let request = format!("<UnsubscribePresence-Request>{scope}</UnsubscribePresence-Request>");
    assert_eq!(phone.request(&request).code(), "200", "{scope}");
}

/// Publishes attributes; returns the code of the answer.
fn publish(phone: &mut HandPhone, attributes: &str) -> String {
    let request = format!(
        "<UpdatePresence-Request><PresenceSubList>{attributes}</PresenceSubList>\
         </UpdatePresence-Request>"
    );
    phone.request(&request).code()
}

fn say(phone: &mut HandPhone, text: &str) {
    let attribute = format!(
        "<StatusText><Qualifier>T</Qualifier><PresenceValue>{text}</PresenceValue></StatusText>"
    );
    assert_eq!(publish(phone, &attribute), "200");
}

/// Of whom the phone is told now.
fn told(phone: &mut HandPhone) -> Vec<String> {
    let notified = phone.take_all_named("PresenceNotification-Request");
    let mut users: Vec<String> = notified.iter().flat_map(|it| texts(it, "UserID")).collect();
    users.sort();
    users
}

fn friends(user: &str) -> String {
    format!("<ContactList>wv:{user}/friends</ContactList>")
}

#[test]
fn a_subscription_ends_by_list_and_by_user_in_every_form() {
    let mut lee = shown("pr1lee");
    let mut phone = with_contacts("pr1", Version::V1_2, &["pr1lee"]);
    let user = "<User><UserID>wv:pr1lee</UserID></User>";
    let list = friends("pr1");
    let forms = [
        (user.to_owned(), user.to_owned()),
        // handset: S60 §7.9
        (user.to_owned(), "<UserID>wv:pr1lee</UserID>".to_owned()),
        // handset: Android §6
        (
            user.to_owned(),
            "<User><Property><Name>UserID</Name><Value>wv:pr1lee</Value></Property></User>"
                .to_owned(),
        ),
        (list.clone(), list.clone()),
        // What was subscribed one by one ends with the list that they are on.
        (user.to_owned(), list.clone()),
        (format!("{list}<AutoSubscribe>F</AutoSubscribe>"), list),
    ];
    for (number, (subscribed, unsubscribed)) in forms.iter().enumerate() {
        subscribe(&mut phone, subscribed);
        assert_eq!(told(&mut phone), ["wv:pr1lee"], "{subscribed}");
        say(&mut lee, &format!("a{number}"));
        assert_eq!(told(&mut phone), ["wv:pr1lee"], "{subscribed}");
        unsubscribe(&mut phone, unsubscribed);
        say(&mut lee, &format!("b{number}"));
        assert!(told(&mut phone).is_empty(), "{unsubscribed}");
        // The contact stays one.
        let get = format!("<GetPresence-Request>{user}</GetPresence-Request>");
        assert!(phone.request(&get).has("StatusText"));
    }
}

#[test]
fn a_subscription_of_1_3_names_users_and_lists_in_lists_of_their_own() {
    let mut lee = shown("pr2lee");
    let mut phone = with_contacts("pr2", Version::V1_3, &["pr2lee"]);
    let users = "<UserIDList><UserID>wv:pr2lee</UserID></UserIDList>";
    let lists = format!("<ContactListIDList>{}</ContactListIDList>", friends("pr2"));
    for scope in [users, &lists] {
        subscribe(&mut phone, scope);
        assert_eq!(told(&mut phone), ["wv:pr2lee"], "{scope}");
        unsubscribe(&mut phone, scope);
        say(&mut lee, &format!("{}", scope.len()));
        assert!(told(&mut phone).is_empty(), "{scope}");
    }
}

#[test]
fn without_auto_subscribe_members_that_come_later_are_not_told_of() {
    let _lee = shown("pr3lee");
    let _amy = shown("pr3amy");
    let mut phone = with_contacts("pr3", Version::V1_2, &["pr3lee"]);
    let list = friends("pr3");
    subscribe(&mut phone, &format!("{list}<AutoSubscribe>F</AutoSubscribe>"));
    assert_eq!(told(&mut phone), ["wv:pr3lee"]);
    add(&mut phone, "pr3", "pr3amy");
    assert!(told(&mut phone).is_empty());
    // The other way replaces it.
    subscribe(&mut phone, &format!("{list}<AutoSubscribe>T</AutoSubscribe>"));
    assert_eq!(told(&mut phone), ["wv:pr3amy", "wv:pr3lee"]);
    subscribe(&mut phone, &format!("{list}<AutoSubscribe>T</AutoSubscribe>"));
    assert_eq!(told(&mut phone), ["wv:pr3amy", "wv:pr3lee"], "each once");
}

#[test]
fn presence_is_read_of_lists_users_and_oneself_and_of_nobody_who_is_not_there() {
    let mut lee = shown("pr4lee");
    say(&mut lee, "soup");
    let mut phone = with_contacts("pr4", Version::V1_2, &["pr4lee"]);
    let get = |scope: &str| format!("<GetPresence-Request>{scope}</GetPresence-Request>");
    let user = |name: &str| format!("<User><UserID>wv:{name}</UserID></User>");
    for scope in [friends("pr4"), user("pr4lee"), user("pr4")] {
        let heard = phone.request(&get(&scope));
        let response = heard.expect_name("GetPresence-Response");
        assert_eq!(heard.code(), "200", "{scope}");
        assert_eq!(response.children_named("Presence").count(), 1, "{scope}");
        let online = find(response, "OnlineStatus").unwrap();
        assert_eq!(online.text_of("PresenceValue"), Some("T"), "{scope}");
    }
    let heard = phone.request(&get(&format!("{}{}", user("pr4lee"), user("pr4nobody"))));
    assert_eq!(texts(heard.root(), "Code"), ["201", "531"]);
    let detail = find(heard.root(), "DetailedResult").unwrap();
    assert_eq!(texts(detail, "UserID"), ["wv:pr4nobody"]);
    assert_eq!(phone.request(&get(&user("pr4nobody"))).code(), "531");
    assert_eq!(phone.request(&get("<ContactList>wv:pr4/nowhere</ContactList>")).code(), "700");
}

#[test]
fn s60_7_6_what_cannot_be_published_is_told_and_the_rest_is_kept() {
    let mut phone = HandPhone::android(server(), "pr5");
    let text = |text: &str| {
        format!(
            "<StatusText><Qualifier>T</Qualifier><PresenceValue>{text}</PresenceValue></StatusText>"
        )
    };
    let gone = "<UserAvailability><Qualifier>T</Qualifier><PresenceValue>GONE</PresenceValue>\
                </UserAvailability>";
    let size = "<ShoeSize><Qualifier>T</Qualifier><PresenceValue>46</PresenceValue></ShoeSize>";
    let maybe = "<Registration><Qualifier>T</Qualifier><PresenceValue>maybe</PresenceValue>\
                 </Registration>";
    let own = "<GetPresence-Request><User><UserID>wv:pr5</UserID></User><PresenceSubList>\
               <StatusText/></PresenceSubList></GetPresence-Request>";
    for (number, (bad, code)) in [(gone, "751"), (maybe, "751"), (size, "750")].iter().enumerate() {
        let words = format!("soup {number}");
        assert_eq!(publish(&mut phone, &format!("{bad}{}", text(&words))), *code, "{bad}");
        let heard = phone.request(own);
        let kept = find(heard.root(), "StatusText").unwrap();
        assert_eq!(kept.text_of("PresenceValue"), Some(words.as_str()), "{bad}");
        let word = find(heard.root(), "UserAvailability").unwrap();
        assert_eq!(word.text_of("PresenceValue"), Some("AVAILABLE"), "{bad}");
    }
    assert_eq!(publish(&mut phone, &format!("{size}{gone}")), "751", "which the phone reports");
    assert_eq!(publish(&mut phone, ""), "200");
}

#[test]
fn states_of_requests_are_granted_pending_or_denied() {
    let mut phone = HandPhone::android(server(), "pr6");
    let _watchers = ["pr6a", "pr6b"].map(|name| with_contacts(name, Version::V1_2, &["pr6"]));
    let answer = "<PresenceAuth-User><UserID>wv:pr6a</UserID><Acceptance>T</Acceptance>\
                  </PresenceAuth-User>";
    assert_eq!(phone.request(answer).code(), "200");
    let users = "<UserID>wv:pr6a</UserID><UserID>wv:pr6b</UserID><UserID>wv:pr6c</UserID>";
    let get = format!("<GetReactiveAuthStatus-Request>{users}</GetReactiveAuthStatus-Request>");
    let heard = phone.request(&get);
    heard.expect_name("GetReactiveAuthStatus-Response");
    assert_eq!(texts(heard.root(), "ReactiveAuthState"), ["GRANTED", "PENDING", "DENIED"]);
    assert_eq!(texts(heard.root(), "UserID"), ["wv:pr6a", "wv:pr6b", "wv:pr6c"]);
    let heard = phone.request("<GetReactiveAuthStatus-Request/>");
    assert_eq!(texts(heard.root(), "ReactiveAuthState"), ["GRANTED", "PENDING"]);
}

#[test]
fn a_question_outlasts_a_crash_and_is_put_once_a_login_until_it_is_answered() {
    let mut server = Server::start_alone(&Wishes::default());
    let mut watcher = HandPhone::android(&server, "pr7a");
    server.add_account("pr7", PASSWORD);
    add(&mut watcher, "pr7a", "pr7");
    subscribe(&mut watcher, &friends("pr7a"));
    server.kill();
    server.run();
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    let asked = |phone: &mut HandPhone| phone.take_all_named("PresenceAuth-Request").len();
    for _ in 0..2 {
        let mut phone = HandPhone::of(&server, Manner::S60, "pr7").ready();
        assert_eq!(asked(&mut phone), 1);
        assert_eq!(asked(&mut phone), 0, "confirmed, it is not put again");
        phone.request("<Logout-Request/>");
    }
    let mut phone = HandPhone::of(&server, Manner::S60, "pr7").ready();
    assert_eq!(asked(&mut phone), 1);
    let answer = "<PresenceAuth-User><UserID>wv:pr7a</UserID><Acceptance>T</Acceptance>\
                  </PresenceAuth-User>";
    assert_eq!(phone.request(answer).code(), "200");
    server.kill();
    server.run();
    server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
    let mut phone = HandPhone::of(&server, Manner::S60, "pr7").ready();
    assert_eq!(asked(&mut phone), 0, "answered, it is not put any more");
    // The answer outlasts it, too.
    let own = "<GetPresence-Request><User><UserID>wv:pr7</UserID></User></GetPresence-Request>";
    let mut watcher = HandPhone::of(&server, Manner::Android, "pr7a").ready();
    let heard = watcher.request(own);
    let online = find(heard.root(), "OnlineStatus").unwrap();
    assert_eq!(online.text_of("PresenceValue"), Some("T"));
}
