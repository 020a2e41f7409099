//! What users grant beforehand, as their phones make, read and delete it.

use onesoup::csp::element::Element;
use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Heard, Manner, find, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

/// The request to grant attributes, given by name, to those whom `watchers` names.
fn create(attributes: &[&str], watchers: &str) -> String {
    let names: String = attributes.iter().map(|name| format!("<{name}/>")).collect();
    format!(
        "<CreateAttributeList-Request><PresenceSubList \
         xmlns=\"http://www.wireless-village.org/PA1.1\">{names}</PresenceSubList>{watchers}\
         </CreateAttributeList-Request>"
    )
}

fn delete(watchers: &str) -> String {
    format!("<DeleteAttributeList-Request>{watchers}</DeleteAttributeList-Request>")
}

fn user(address: &str) -> String {
    format!("<UserID>{address}</UserID>")
}

fn list(address: &str) -> String {
    format!("<ContactList>{address}</ContactList>")
}

const DEFAULT: &str = "<DefaultList>T</DefaultList>";

/// What is granted: to whom, and the names.
fn granted(phone: &mut HandPhone, watchers: &str) -> Vec<(String, Vec<String>)> {
    let get = format!("<GetAttributeList-Request>{watchers}</GetAttributeList-Request>");
    let heard = phone.request(&get);
    let response = heard.expect_name("GetAttributeList-Response");
    assert_eq!(heard.code(), "200", "{heard:?}");
    let names = |within: &Element| -> Vec<String> {
        let list = find(within, "PresenceSubList").expect("a list of names");
        list.children().iter().map(|name| name.name().to_owned()).collect()
    };
    let default = response.child("DefaultAttributeList");
    let mut all: Vec<_> =
        default.map(|it| ("everybody".to_owned(), names(it))).into_iter().collect();
    for presence in response.children_named("Presence") {
        let whom = presence.text_of("UserID").or_else(|| presence.text_of("ContactList"));
        all.push((whom.expect("a user or a list").to_owned(), names(presence)));
    }
    all
}

/// The codes of an answer, the overall one first.
fn codes(heard: &Heard) -> Vec<String> {
    texts(heard.root(), "Code")
}

#[test]
fn attribute_lists_of_users_lists_and_everybody_are_read_back() {
    let mut phone = HandPhone::new(server(), Manner::Android, "al1").ready();
    assert!(granted(&mut phone, "").is_empty());
    let friends = list("wv:al1/friends");
    let both = format!("{}{friends}", user("wv:lee@far.test"));
    assert_eq!(phone.request(&create(&["OnlineStatus", "Alias"], &both)).code(), "200");
    assert_eq!(phone.request(&create(&[], DEFAULT)).code(), "200");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let lee = ("wv:lee@far.test".to_owned(), names(&["OnlineStatus", "Alias"]));
    let of_list = ("wv:al1/friends".to_owned(), names(&["OnlineStatus", "Alias"]));
    let default = ("everybody".to_owned(), names(&[]));
    let mut all = granted(&mut phone, "");
    all.sort();
    assert_eq!(all, [default.clone(), of_list.clone(), lee.clone()]);
    assert_eq!(granted(&mut phone, DEFAULT), [default]);
    assert_eq!(granted(&mut phone, &user("wv:LEE@far.test")), [lee]);
    assert_eq!(granted(&mut phone, &friends), [of_list]);
    assert_eq!(granted(&mut phone, &user("wv:amy@far.test")), []);
    // One that is made anew replaces the old one; what is deleted is gone, also twice.
    assert_eq!(phone.request(&create(&["PLMN"], &friends)).code(), "200");
    assert_eq!(granted(&mut phone, &friends)[0].1, ["PLMN"]);
    for _ in 0..2 {
        assert_eq!(phone.request(&delete(&format!("{friends}{DEFAULT}"))).code(), "200");
    }
    assert_eq!(granted(&mut phone, "").len(), 1);
}

#[test]
fn attribute_lists_outlast_the_session() {
    let mut phone = HandPhone::s60(server(), "al2");
    phone.request(&create(&["OnlineStatus"], &list("wv:al2/friends")));
    phone.request("<Logout-Request/>");
    let mut phone = HandPhone::of(server(), Manner::S60, "al2").ready();
    assert_eq!(granted(&mut phone, "").len(), 1);
    // With the list goes its attribute list.
    let delete =
        "<DeleteList-Request><ContactList>wv:al2/friends</ContactList></DeleteList-Request>";
    assert_eq!(phone.request(delete).code(), "200");
    assert!(granted(&mut phone, "").is_empty());
}

#[test]
fn who_is_not_there_is_named_in_the_answer_and_the_others_have_what_they_are_granted() {
    let mut phone = HandPhone::new(server(), Manner::Android, "al3").ready();
    let (lee, nobody) = (user("wv:lee@far.test"), user("wv:"));
    let (friends, nowhere) = (list("wv:al3/friends"), list("wv:al3/nowhere"));
    let heard = phone.request(&create(&["OnlineStatus"], &nowhere));
    assert_eq!(codes(&heard), ["700", "700"]);
    assert_eq!(texts(heard.root(), "ContactList"), ["wv:al3/nowhere"]);
    let heard = phone.request(&create(&["OnlineStatus"], &nobody));
    assert_eq!(codes(&heard), ["531", "531"]);
    let heard =
        phone.request(&create(&["OnlineStatus"], &format!("{lee}{nobody}{friends}{nowhere}")));
    assert_eq!(codes(&heard), ["201", "531", "700"]);
    assert_eq!(granted(&mut phone, "").len(), 2);
    let heard = phone.request(&delete(&format!("{lee}{nowhere}")));
    assert_eq!(codes(&heard), ["201", "700"]);
    let get = format!("<GetAttributeList-Request>{nowhere}{friends}</GetAttributeList-Request>");
    let heard = phone.request(&get);
    assert_eq!(codes(&heard), ["201", "700"]);
    assert_eq!(
        heard.expect_name("GetAttributeList-Response").children_named("Presence").count(),
        1
    );
}

#[test]
fn attribute_lists_without_end_are_refused_with_755() {
    let mut phone = HandPhone::new(server(), Manner::Android, "al4").ready();
    let many: String = (0..=1000).map(|number| user(&format!("wv:u{number}@far.test"))).collect();
    assert_eq!(phone.request(&create(&["OnlineStatus"], &many)).code(), "755");
    assert!(granted(&mut phone, "").is_empty(), "none is made");
}

#[test]
fn s60_7_9_default_list_beside_names_is_a_slip_of_the_later_adapter() {
    let beside = format!("{}{DEFAULT}", user("wv:lee@far.test"));
    let mut phone = HandPhone::new(server(), Manner::S60, "al5").speaking(Version::V1_2).ready();
    assert_eq!(phone.request(&create(&["OnlineStatus"], &beside)).code(), "200");
    assert_eq!(granted(&mut phone, DEFAULT), []);
    assert_eq!(granted(&mut phone, "").len(), 1);
    // What it means by it alone it means.
    assert_eq!(phone.request(&create(&["TimeZone"], DEFAULT)).code(), "200");
    assert_eq!(granted(&mut phone, DEFAULT)[0].1, ["TimeZone"]);
    // Another phone means what it says.
    let mut other = HandPhone::new(server(), Manner::Android, "al6").ready();
    assert_eq!(other.request(&create(&["OnlineStatus"], &beside)).code(), "200");
    assert_eq!(granted(&mut other, "").len(), 2);
}

#[test]
fn attribute_lists_of_1_3_name_users_and_lists_in_lists_of_their_own() {
    let phone = HandPhone::new(server(), Manner::Android, "al7").speaking(Version::V1_3);
    let mut phone = phone.ready();
    let watchers = "<UserIDList><UserID>wv:lee@far.test</UserID></UserIDList><ContactListIDList>\
                    <ContactList>wv:al7/friends</ContactList></ContactListIDList>";
    assert_eq!(phone.request(&create(&["OnlineStatus"], watchers)).code(), "200");
    assert_eq!(granted(&mut phone, "").len(), 2);
    assert_eq!(phone.request(&delete(watchers)).code(), "200");
    assert!(granted(&mut phone, "").is_empty());
}
