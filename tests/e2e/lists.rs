//! Contact lists: every form of every request, in each version, as its answers say.

use onesoup::csp::element::Element;
use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Heard, Manner, find, find_all, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

/// The manners and versions of real phones, with a user of its own for each.
fn phones(test: &str) -> Vec<(String, HandPhone)> {
    let s60 = [Version::V1_1, Version::V1_2].map(|version| (Manner::S60, version));
    let android = Version::ALL.map(|version| (Manner::Android, version));
    let ready = |(manner, version): (Manner, Version)| {
        let user = format!("{test}{manner:?}{}", version.digits()).to_lowercase();
        let phone = HandPhone::new(server(), manner, &user).speaking(version).ready();
        (user, phone)
    };
    s60.into_iter().chain(android).map(ready).collect()
}

fn list(user: &str, name: &str) -> String {
    format!("<ContactList>wv:{user}/{name}</ContactList>")
}

fn nick(name: &str, address: &str) -> String {
    format!("<NickName><Name>{name}</Name><UserID>{address}</UserID></NickName>")
}

fn property(name: &str, value: &str) -> String {
    format!("<Property><Name>{name}</Name><Value>{value}</Value></Property>")
}

fn properties(name: &str, is_default: &str) -> String {
    let (name, default) = (property("DisplayName", name), property("Default", is_default));
    format!("<ContactListProperties>{name}{default}</ContactListProperties>")
}

fn create(list: &str, nicks: &str, properties: &str) -> String {
    let nicks =
        if nicks.is_empty() { String::new() } else { format!("<NickList>{nicks}</NickList>") };
    format!("<CreateList-Request>{list}{nicks}{properties}</CreateList-Request>")
}

fn manage(list: &str, change: &str) -> String {
    format!("<ListManage-Request>{list}{change}</ListManage-Request>")
}

fn delete(list: &str) -> String {
    format!("<DeleteList-Request>{list}</DeleteList-Request>")
}

/// Reads a list: names, addresses, and the two properties.
fn read(phone: &mut HandPhone, list: &str) -> (Vec<(String, String)>, [String; 2]) {
    let receive = if phone.version == Version::V1_1 { "" } else { "<ReceiveList>T</ReceiveList>" };
    let heard = phone.request(&manage(list, receive));
    assert_eq!(heard.code(), "200", "{heard:?}");
    (members(&heard), of_list(&heard))
}

fn members(heard: &Heard) -> Vec<(String, String)> {
    let list = find(heard.root(), "NickList").unwrap_or_else(|| panic!("a list: {heard:?}"));
    let of = |nick: &Element, name| nick.text_of(name).unwrap_or_default().to_owned();
    let nick_names = list.children_named("NickName");
    nick_names.map(|nick| (of(nick, "Name"), of(nick, "UserID"))).collect()
}

fn of_list(heard: &Heard) -> [String; 2] {
    let properties = find(heard.root(), "ContactListProperties").expect("properties");
    let value = |name: &str| {
        let named = find_all(properties, "Property");
        let found = named.into_iter().find(|it| it.text_of("Name") == Some(name));
        found.and_then(|it| it.text_of("Value")).unwrap_or_default().to_owned()
    };
    [value("DisplayName"), value("Default")]
}

/// What the details of an answer say: a code and who it is about.
fn details(heard: &Heard) -> Vec<(String, Vec<String>)> {
    let details = find_all(heard.root(), "DetailedResult");
    let told = |detail: &Element| {
        (detail.text_of("Code").unwrap_or_default().to_owned(), texts(detail, "UserID"))
    };
    details.into_iter().map(told).collect()
}

fn pair(name: &str, address: &str) -> (String, String) {
    (name.to_owned(), address.to_owned())
}

/// The default list and the others, as GetList names them.
fn named(phone: &mut HandPhone) -> (Vec<String>, Vec<String>) {
    let heard = phone.request("<GetList-Request/>");
    let root = heard.expect_name("GetList-Response");
    (texts(root, "DefaultContactList"), texts(root, "ContactList"))
}

#[test]
fn a_list_is_made_read_renamed_and_deleted_in_every_version() {
    for (user, mut phone) in phones("lv") {
        let (work, nicks) = (list(&user, "work"), nick("Ann", "wv:ann@far.test"));
        let heard = phone.request(&create(&work, &nicks, &properties("Work", "F")));
        assert_eq!(heard.code(), "200", "{user}");
        let name = if phone.version == Version::V1_3 { "CreateList-Response" } else { "Status" };
        heard.expect_name(name);
        let ann = [pair("Ann", "wv:ann@far.test")];
        assert_eq!(read(&mut phone, &work), (ann.to_vec(), ["Work", "F"].map(Into::into)));
        let heard = phone.request(&manage(&work, &properties("Job", "F")));
        assert_eq!(heard.code(), "200", "{user}");
        assert_eq!(read(&mut phone, &work).1, ["Job", "F"], "{user}");
        let (default, others) = named(&mut phone);
        assert_eq!(default, [format!("wv:{user}/friends")]);
        assert_eq!(others, [format!("wv:{user}/work")]);
        assert_eq!(phone.request(&create(&list(&user, "WORK"), "", "")).code(), "701", "{user}");
        assert_eq!(phone.request(&delete(&work)).code(), "200", "{user}");
        assert_eq!(phone.request(&delete(&work)).code(), "700", "{user}");
        assert_eq!(phone.request(&manage(&work, "")).code(), "700", "{user}");
    }
}

#[test]
fn s60_6_4_the_whole_list_is_in_an_answer_where_the_version_or_the_phone_wants_it() {
    for (user, mut phone) in phones("lr") {
        let friends = list(&user, "friends");
        let add = |who: &str| format!("<AddNickList>{}</AddNickList>", nick(who, who));
        let heard = phone.request(&manage(&friends, &add("wv:one@far.test")));
        let is_told = find(heard.root(), "NickList").is_some();
        assert_eq!(is_told, phone.version == Version::V1_1, "{user}");
        if phone.version == Version::V1_1 {
            continue;
        }
        for (wants, change) in [("T", add("wv:two@far.test")), ("F", add("wv:three@far.test"))] {
            let change = format!("<ReceiveList>{wants}</ReceiveList>{change}");
            let heard = phone.request(&manage(&friends, &change));
            assert_eq!(heard.code(), "200", "{user}");
            let list = find(heard.root(), "NickList").map(|_| members(&heard).len());
            assert_eq!(list, (wants == "T").then_some(2), "{user}");
        }
        assert_eq!(read(&mut phone, &friends).0.len(), 3);
    }
}

#[test]
fn one_request_renames_the_list_adds_renames_and_removes() {
    for (user, mut phone) in phones("lc") {
        let friends = list(&user, "friends");
        let first = [nick("Ann", "wv:ann@far.test"), nick("Bob", "wv:bob@far.test")].concat();
        phone.request(&manage(&friends, &format!("<AddNickList>{first}</AddNickList>")));
        let second = [
            nick("Annie", "wv:Ann@FAR.test"),
            nick("Cy", "wv:cy@far.test"),
            nick("Cyril", "wv:cy@far.test"),
        ];
        let change = format!(
            "<AddNickList>{}</AddNickList><RemoveNickList><UserID>wv:BOB@far.test</UserID>\
             <UserID>wv:never@far.test</UserID></RemoveNickList>{}",
            second.concat(),
            properties("Pals", "T")
        );
        assert_eq!(phone.request(&manage(&friends, &change)).code(), "200", "{user}");
        let expected = [pair("Annie", "wv:ann@far.test"), pair("Cyril", "wv:cy@far.test")];
        let properties = ["Pals", "T"].map(Into::into);
        assert_eq!(read(&mut phone, &friends), (expected.to_vec(), properties), "{user}");
    }
}

#[test]
fn what_of_a_request_is_possible_is_done_and_the_rest_is_named() {
    for (user, mut phone) in phones("lp") {
        let work = list(&user, "work");
        let nicks = [nick("Ann", "wv:ann@far.test"), nick("None", "@"), nick("Bob", "wv:lpbob")];
        let heard = phone.request(&create(&work, &nicks.concat(), ""));
        assert_eq!(heard.code(), "201", "{user}");
        assert_eq!(details(&heard), [("531".to_owned(), vec!["@".to_owned()])], "{user}");
        assert_eq!(read(&mut phone, &work).0.len(), 2, "{user}");
        // Of two people, one; and a property that no list has.
        let add = [nick("Cy", "wv:cy@far.test"), nick("None", "wv:")].concat();
        let odd = format!(
            "<AddNickList>{add}</AddNickList><ContactListProperties>{}</ContactListProperties>",
            property("Colour", "red")
        );
        let heard = phone.request(&manage(&work, &odd));
        assert_eq!(heard.code(), "201", "{user}");
        let of = |code: &str, users: &[&str]| {
            (code.to_owned(), users.iter().map(|user| (*user).to_owned()).collect())
        };
        assert_eq!(details(&heard), [of("531", &["wv:"]), of("752", &[])], "{user}");
        assert_eq!(read(&mut phone, &work).0.len(), 3, "{user}");
    }
}

#[test]
fn android_5_where_nothing_of_a_request_is_possible_the_code_says_why() {
    for (user, mut phone) in phones("le") {
        let friends = list(&user, "friends");
        let none = format!("<AddNickList>{}</AddNickList>", nick("None", "@"));
        let heard = phone.request(&manage(&friends, &none));
        assert_eq!(heard.code(), "531", "{user}");
        assert_eq!(details(&heard)[0].1, ["@"], "{user}");
        let of = |name: &str, value: &str| {
            let property = property(name, value);
            manage(&friends, &format!("<ContactListProperties>{property}</ContactListProperties>"))
        };
        assert_eq!(phone.request(&of("Colour", "red")).code(), "752", "{user}");
        assert_eq!(phone.request(&of("DisplayName", &"x".repeat(256))).code(), "752", "{user}");
        assert_eq!(read(&mut phone, &friends).1, ["Friends", "T"], "{user}");
        let long = list(&user, &"x".repeat(256));
        assert_eq!(phone.request(&create(&long, "", "")).code(), "402", "{user}");
    }
}

#[test]
fn exactly_one_list_is_the_default_one_whatever_is_asked() {
    for (user, mut phone) in phones("ld") {
        let (friends, work) = (list(&user, "friends"), list(&user, "work"));
        let address = |name: &str| format!("wv:{user}/{name}");
        phone.request(&create(&work, "", &properties("Work", "T")));
        assert_eq!(named(&mut phone), (vec![address("work")], vec![address("friends")]));
        // There must be one: not to be it any more, another must become it.
        assert_eq!(phone.request(&manage(&work, &properties("Work", "F"))).code(), "200");
        assert_eq!(named(&mut phone).0, [address("work")], "{user}");
        phone.request(&manage(&friends, &properties("Friends", "T")));
        assert_eq!(named(&mut phone), (vec![address("friends")], vec![address("work")]));
        assert_eq!(phone.request(&delete(&friends)).code(), "200");
        assert_eq!(named(&mut phone), (vec![address("work")], vec![]), "{user}");
        assert_eq!(phone.request(&delete(&work)).code(), "200");
        assert_eq!(named(&mut phone), (vec![], vec![]), "{user}");
        // The first is the default one although it is not wanted to be.
        phone.request(&create(&work, "", &properties("Work", "F")));
        assert_eq!(named(&mut phone), (vec![address("work")], vec![]), "{user}");
    }
}

#[test]
fn an_account_has_fifty_lists_and_no_more() {
    let mut phone = HandPhone::s60(server(), "l50");
    for number in 2..=50 {
        let heard = phone.request(&create(&list("l50", &format!("list{number}")), "", ""));
        assert_eq!(heard.code(), "200", "{number}");
    }
    assert_eq!(phone.request(&create(&list("l50", "one-too-many"), "", "")).code(), "753");
    assert_eq!(phone.request(&delete(&list("l50", "list2"))).code(), "200");
    assert_eq!(phone.request(&create(&list("l50", "one-in-its-place"), "", "")).code(), "200");
}

#[test]
fn a_list_has_a_thousand_members_and_an_account_knows_two_thousand_people() {
    let mut phone = HandPhone::s60(server(), "l1000");
    let people = |from: usize| -> String {
        (from..from + 1001).map(|number| nick("N", &format!("wv:p{number}@far.test"))).collect()
    };
    // On lists of this kind nobody is asked for anything.
    for (name, from) in [("~PEP1.0_blocklist", 0), ("~PEP1.0_privatelist", 1000)] {
        let heard = phone.request(&create(&list("l1000", name), &people(from), ""));
        assert_eq!((heard.status, heard.code().as_str()), (200, "201"), "{}", heard.head);
        let last = format!("wv:p{}@far.test", from + 1000);
        assert_eq!(details(&heard), [("754".to_owned(), vec![last])]);
        assert_eq!(read(&mut phone, &list("l1000", name)).0.len(), 1000);
    }
    let add = |number: usize| {
        let nick = nick("N", &format!("wv:p{number}@far.test"));
        manage(&list("l1000", "friends"), &format!("<AddNickList>{nick}</AddNickList>"))
    };
    assert_eq!(phone.request(&add(2000)).code(), "754", "one person more");
    assert_eq!(phone.request(&add(7)).code(), "200", "one who is known");
}

#[test]
fn a_name_that_is_too_long_is_cut_and_one_that_is_absent_is_that_of_the_address() {
    let mut phone = HandPhone::s60(server(), "lname");
    let friends = list("lname", "friends");
    let long = "\u{e4}".repeat(200);
    let nicks = [
        nick(&long, "wv:long@far.test"),
        nick("", "wv:empty@far.test"),
        "<UserID>wv:bare@far.test</UserID>".to_owned(),
    ];
    let add = format!("<AddNickList>{}</AddNickList>", nicks.concat());
    let heard = phone.request(&manage(&friends, &add));
    assert_eq!(heard.code(), "200");
    let names: Vec<String> = members(&heard).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [&"\u{e4}".repeat(127), "empty", "bare"]);
}

#[test]
fn s60_6_2_a_list_is_found_without_case_accents_user_and_domain() {
    let mut phone = HandPhone::s60(server(), "lfold");
    let made = list("lfold", "Caf\u{e9}_Ami\u{e7}");
    assert_eq!(phone.request(&create(&made, "", "")).code(), "200");
    let forms = [
        "wv:lfold/cafe_amic@onesoup.test",
        "lfold/CAFE_AMIC",
        "wv:cafe_amic",
        "/caf%C3%A9_amic",
        "wv:lfold/cafe%5famic",
    ];
    for form in forms {
        let list = format!("<ContactList>{form}</ContactList>");
        assert_eq!(phone.request(&manage(&list, "")).code(), "200", "{form}");
        assert_eq!(phone.request(&create(&list, "", "")).code(), "701", "{form}");
    }
    assert_eq!(named(&mut phone).1, ["wv:lfold/Caf\u{e9}_Ami\u{e7}"]);
}

#[test]
fn s60_6_2_the_phones_own_lists_come_back_to_it_and_are_no_groups_of_another() {
    let mut phone = HandPhone::s60(server(), "lown");
    let own = ["~PEP1.0_subscriptions", "~PEP1.0_privatelist", "~PEP1.0_blocklist"];
    for name in own.iter().chain(&["~pep1.0_friendlist", "~IM_subscriptions"]) {
        let heard = phone.request(&create(&list("lown", name), "", &properties(name, "T")));
        assert_eq!(heard.code(), "200", "{name}");
    }
    let (default, others) = named(&mut phone);
    assert_eq!(default, ["wv:lown/friends"], "none of them is the default list");
    assert_eq!(others.len(), 5);
    assert!(own.iter().all(|name| others.contains(&format!("wv:lown/{name}"))), "{others:?}");
    let mut other = HandPhone::of(server(), Manner::Android, "lown").ready();
    assert_eq!(named(&mut other), (vec!["wv:lown/friends".to_owned()], vec![]));
    // Without another list there is none for new contacts.
    phone.request(&delete(&list("lown", "friends")));
    assert_eq!(named(&mut phone).0, [""; 0]);
}

#[test]
fn android_5_two_lists_of_one_name_have_two_titles() {
    let mut phone = HandPhone::android(server(), "ltwo");
    for name in ["second", "third"] {
        phone.request(&create(&list("ltwo", name), "", &properties("friends", "F")));
    }
    for (name, title) in
        [("friends", "Friends"), ("second", "friends (2)"), ("third", "friends (3)")]
    {
        assert_eq!(read(&mut phone, &list("ltwo", name)).1[0], title);
    }
    let mut s60 = HandPhone::of(server(), Manner::S60, "ltwo").ready();
    assert_eq!(read(&mut s60, &list("ltwo", "third")).1[0], "friends");
}
