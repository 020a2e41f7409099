//! The Android handset's gotchas: lists, presence, messages (handset: Android §5 to §7, §9, §11).

use onesoup::csp::element::Element;

use crate::support::handmade::{HandPhone, Heard, Manner, Push, find, find_all, message_to, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

fn manage(user: &str, receive: &str, change: &str) -> String {
    format!(
        "<ListManage-Request><ContactList>wv:{user}/friends</ContactList><ReceiveList>{receive}\
         </ReceiveList>{change}</ListManage-Request>"
    )
}

fn add(user: &str, name: &str, address: &str) -> String {
    let nick = format!("<NickName><Name>{name}</Name><UserID>{address}</UserID></NickName>");
    manage(user, "F", &format!("<AddNickList>{nick}</AddNickList>"))
}

fn subscribe(user: &str) -> String {
    format!(
        "<SubscribePresence-Request><ContactList>wv:{user}/friends</ContactList>\
         <AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>"
    )
}

fn text(push: &Push) -> String {
    find(&push.content, "ContentData").unwrap_or_else(|| panic!("{push:?}")).text().to_owned()
}

/// Address, online status, availability and status text of a notification.
fn told(notification: &Element) -> [String; 4] {
    let presence = find(notification, "Presence").unwrap();
    let list = presence.child("PresenceSubList").expect("a list, even if it is empty");
    let value = |name| {
        let attribute = list.child(name).unwrap_or_else(|| panic!("a {name}: {list:?}"));
        let valid = attribute.text_of("Qualifier") == Some("T");
        attribute.text_of("PresenceValue").filter(|_| valid).unwrap_or_default().to_owned()
    };
    let user = presence.text_of("UserID").unwrap().to_owned();
    [user, value("OnlineStatus"), value("UserAvailability"), value("StatusText")]
}

#[test]
fn android_g13_a_poll_before_the_confirmation_brings_the_next_and_not_the_same() {
    let mut phone = HandPhone::android(server(), "ap13");
    (0..4).for_each(|number| phone.send("wv:ap13", &number.to_string()));
    let first = phone.poll().pushes().remove(0);
    let second = phone.poll().pushes().remove(0);
    assert_eq!((text(&first), text(&second)), ("0".into(), "1".into()));
    // The late confirmations carry the rest.
    let third = phone.confirm(&first).pushes().remove(0);
    let fourth = phone.confirm(&second).pushes().remove(0);
    assert_eq!((text(&third), text(&fourth)), ("2".into(), "3".into()));
    assert!(phone.confirm(&third).is_nothing() && phone.confirm(&fourth).is_nothing());
    assert!(phone.poll().is_nothing());
}

#[test]
fn android_g14_what_is_never_confirmed_holds_nothing_up() {
    let mut phone = HandPhone::android(server(), "ap14");
    (0..3).for_each(|number| phone.send("wv:ap14", &number.to_string()));
    let texts: Vec<_> = (0..3).map(|_| text(&phone.poll().pushes()[0])).collect();
    assert_eq!(texts, ["0", "1", "2"]);
    // Only what this phone knows is sent at all.
    phone.request(&add("ap14", "a", "wv:a@far.test"));
    phone.request(&subscribe("ap14"));
    let known = ["NewMessage", "PresenceNotification-Request", "PresenceAuth-Request"];
    let rest = phone.take_all();
    assert!(!rest.is_empty());
    assert!(rest.iter().all(|push| known.contains(&push.content.name())), "{rest:?}");
}

#[test]
fn android_g20_each_notification_has_all_attributes() {
    let server = server();
    let mut watched = HandPhone::android(server, "ap20b");
    let mut watcher = HandPhone::android(server, "ap20a");
    watcher.request(&add("ap20a", "b", "wv:ap20b"));
    watcher.request(&subscribe("ap20a"));
    let asked = watched.take_all_named("PresenceAuth-Request");
    let who = find(&asked[0], "UserID").unwrap().text().to_owned();
    let accept = format!(
        "<PresenceAuth-User><UserID>{who}</UserID><Acceptance>T</Acceptance></PresenceAuth-User>"
    );
    assert_eq!(watched.request(&accept).code(), "200");
    let update = |attributes: &str| {
        format!(
            "<UpdatePresence-Request><PresenceSubList>{attributes}</PresenceSubList>\
             </UpdatePresence-Request>"
        )
    };
    let attribute = |name: &str, value: &str| {
        format!("<{name}><Qualifier>T</Qualifier><PresenceValue>{value}</PresenceValue></{name}>")
    };
    let client = "<ClientInfo><ClientVersion>0.1</ClientVersion><Qualifier>T</Qualifier>\
                  <ClientProducer>MOKIA</ClientProducer><ClientType>MOBILE_PHONE</ClientType>\
                  </ClientInfo>";
    let steps = [
        (update(client), ["wv:ap20b", "T", "AVAILABLE", ""]),
        (update(&attribute("StatusText", "soup")), ["wv:ap20b", "T", "AVAILABLE", "soup"]),
        (
            update(&(attribute("OnlineStatus", "T") + &attribute("UserAvailability", "DISCREET"))),
            ["wv:ap20b", "T", "DISCREET", "soup"],
        ),
        (
            update(
                &(attribute("OnlineStatus", "T") + &attribute("UserAvailability", "NOT_AVAILABLE")),
            ),
            ["wv:ap20b", "T", "NOT_AVAILABLE", "soup"],
        ),
    ];
    for (request, expected) in steps {
        assert_eq!(watched.request(&request).code(), "200");
        let notified = watcher.take_all_named("PresenceNotification-Request");
        assert_eq!(told(notified.last().expect("a change is told")), expected);
    }
}

#[test]
fn android_g21_every_member_is_told_of_after_the_subscription_and_not_before() {
    let mut phone = HandPhone::android(server(), "ap21");
    for member in ["a", "b", "c"] {
        let heard = phone.request(&add("ap21", member, &format!("wv:{member}@far.test")));
        assert_eq!(heard.code(), "200");
        assert!(phone.take_all_named("PresenceNotification-Request").is_empty());
    }
    let heard = phone.request(&subscribe("ap21"));
    assert_eq!(heard.code(), "200");
    assert_eq!(heard.transactions().len(), 1, "the answer comes alone");
    // Nothing but this tells the phone to come: it polls on its own only when it is told to.
    assert_eq!(heard.text("Poll"), "T");
    let members = |notified: Vec<Element>| -> Vec<[String; 4]> {
        let presences = notified.iter().flat_map(|it| find_all(it, "Presence"));
        let mut members: Vec<_> = presences.map(told).collect();
        members.sort();
        members
    };
    let offline = |who: &str| [who, "F", "NOT_AVAILABLE", ""].map(str::to_owned);
    let of_three = members(phone.take_all_named("PresenceNotification-Request"));
    assert_eq!(of_three, ["wv:a@far.test", "wv:b@far.test", "wv:c@far.test"].map(offline));
    // Again after the next contact, for the whole list.
    phone.request(&add("ap21", "d", "wv:d@far.test"));
    phone.request(&subscribe("ap21"));
    assert_eq!(members(phone.take_all_named("PresenceNotification-Request")).len(), 4);
}

#[test]
fn android_g22_text_is_plain_and_the_date_in_its_basic_form() {
    let mut phone = HandPhone::android(server(), "ap22");
    let encoded = "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><Recipient>\
                   <User><UserID>wv:ap22</UserID></User></Recipient><ContentType>text/plain\
                   </ContentType><ContentEncoding>BASE64</ContentEncoding></MessageInfo>\
                   <ContentData>R3LDvMOfZQ==</ContentData></SendMessage-Request>";
    assert_eq!(phone.request(encoded).code(), "200");
    let message = phone.take_all_named("NewMessage").remove(0);
    assert_eq!(texts(&message, "ContentData"), ["Gr\u{fc}\u{df}e"]);
    assert!(find(&message, "ContentEncoding").is_none());
    assert_eq!(texts(&message, "ContentType"), ["text/plain"]);
    let date = find(&message, "DateTime").unwrap().text();
    let digits = |part: &str| part.bytes().all(|octet| octet.is_ascii_digit());
    let (day, time) = date.split_once('T').unwrap();
    assert!(day.len() == 8 && digits(day), "{date}");
    assert!(time.len() == 7 && time.ends_with('Z') && digits(&time[..6]), "{date}");
}

#[test]
fn android_g23_everybody_is_spelt_as_in_the_phone_s_list() {
    let server = server();
    let mut other = HandPhone::android(server, "ap23b");
    let mut phone = HandPhone::android(server, "ap23a");
    phone.request(&add("ap23a", "b", "wv:ap23b"));
    phone.request(&subscribe("ap23a"));
    other.send("wv:ap23a", "hi");
    let all = phone.take_all();
    let names: Vec<&Element> = all.iter().map(|push| &push.content).collect();
    let notified = names.iter().find(|it| it.name() == "PresenceNotification-Request").unwrap();
    assert_eq!(told(notified)[0], "wv:ap23b");
    let message = names.iter().find(|it| it.name() == "NewMessage").unwrap();
    assert_eq!(texts(find(message, "Sender").unwrap(), "UserID"), ["wv:ap23b"]);
    // A stranger comes with domain and scheme, in small letters.
    phone.send("wv:ap23b", "hello");
    let message = other.take_all_named("NewMessage").remove(0);
    assert_eq!(texts(find(&message, "Sender").unwrap(), "UserID"), ["wv:ap23a@onesoup.test"]);
}

#[test]
fn android_g24_g26_lists_are_named_once_with_a_slash_and_their_members_in_full() {
    let mut phone = HandPhone::android(server(), "ap24");
    let heard = phone.request("<GetList-Request/>");
    assert_eq!(texts(heard.root(), "DefaultContactList"), ["wv:ap24/friends"]);
    assert!(!heard.has("ContactList") && !heard.has("ContactListIDList"));
    // A member without a name is given one: both parts are compulsory.
    let nick = "<AddNickList><UserID>wv:bare@far.test</UserID></AddNickList>";
    assert_eq!(phone.request(&manage("ap24", "F", nick)).code(), "200");
    let heard = phone.request(&manage("ap24", "T", ""));
    let members = find_all(heard.root(), "NickName");
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].text_of("Name"), Some("bare"));
    assert_eq!(members[0].text_of("UserID"), Some("wv:bare@far.test"));
    for property in find_all(heard.root(), "Property") {
        assert!(property.text_of("Name").is_some_and(|name| !name.is_empty()));
    }
    assert_eq!(texts(heard.root(), "Value"), ["Friends", "T"]);
}

#[test]
fn android_g25_lists_and_subscriptions_of_a_new_user_go_well() {
    let mut phone = HandPhone::android(server(), "ap25");
    assert_eq!(phone.request("<GetList-Request/>").code(), "200");
    assert_eq!(phone.request(&manage("ap25", "T", "")).code(), "200");
    assert_eq!(phone.request(&subscribe("ap25")).code(), "200", "also of an empty list");
    assert!(phone.take_all().is_empty());
}

#[test]
fn android_5_an_impossible_contact_is_an_unknown_user() {
    let mut phone = HandPhone::android(server(), "ap5x");
    for impossible in ["wv:", "wv:a@exa mple"] {
        let heard = phone.request(&add("ap5x", "x", impossible));
        assert_eq!(heard.code(), "531", "{impossible}");
        assert_eq!(texts(heard.root(), "UserID"), [impossible]);
    }
    // Where others are taken it is a part that failed.
    let two = "<AddNickList><NickName><Name>x</Name><UserID>wv:</UserID></NickName><NickName><Name>\
               y</Name><UserID>wv:y@far.test</UserID></NickName></AddNickList>";
    assert_eq!(phone.request(&manage("ap5x", "F", two)).code(), "201");
}

/// What the phone gets for a message.
fn sent(phone: &mut HandPhone, to: &str, text: &str) -> Heard {
    let heard = phone.request(&message_to(to, text));
    assert_eq!(heard.code(), "200");
    heard
}

#[test]
fn android_g32_a_retry_under_a_new_id_is_the_same_message() {
    let server = server();
    let mut phone = HandPhone::android(server, "ap32");
    let first = sent(&mut phone, "wv:ap32", "once").text("MessageID");
    assert_eq!(sent(&mut phone, "wv:ap32", "once").text("MessageID"), first);
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
    assert_eq!(sent(&mut phone, "wv:ap32", "once").text("MessageID"), first, "also when read");
    assert!(phone.take_all().is_empty());
    // Another text, and another recipient, is another message.
    assert_ne!(sent(&mut phone, "wv:ap32", "twice").text("MessageID"), first);
    assert_ne!(sent(&mut phone, "wv:a@far.test", "once").text("MessageID"), first);
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
    // The platform repeats the octets: the same id again.
    let id = phone.next_id();
    let request = message_to("wv:ap32", "thrice");
    let first = phone.request_as(&id, &request);
    assert_eq!(phone.request_as(&id, &request).text("MessageID"), first.text("MessageID"));
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
}

#[test]
fn android_g34_presence_needs_no_attribute_list() {
    let server = server();
    let mut watched = HandPhone::android(server, "ap34b");
    let mut watcher = HandPhone::android(server, "ap34a");
    watcher.request(&add("ap34a", "b", "wv:ap34b"));
    watcher.request(&subscribe("ap34a"));
    watcher.take_all();
    // The user is asked, and the answer is enough.
    assert_eq!(watched.take_all_named("PresenceAuth-Request").len(), 1);
    let accept = "<PresenceAuth-User><UserID>wv:ap34a</UserID><Acceptance>T</Acceptance></PresenceAuth-User>";
    watched.request(accept);
    let notified = watcher.take_all_named("PresenceNotification-Request");
    assert_eq!(told(&notified[0])[..3], ["wv:ap34b", "T", "AVAILABLE"]);
}

#[test]
fn android_5_an_entity_is_blocked_as_each_version_says_it() {
    use onesoup::csp::version::Version;
    let server = server();
    for (number, version) in Version::ALL.into_iter().enumerate() {
        let user = format!("ap5{number}");
        let mut phone = HandPhone::new(server, Manner::Android, &user).speaking(version).ready();
        let change = |list: &str| {
            let users = format!("<{list}><UserID>wv:pest@far.test</UserID></{list}>");
            let lists = match version {
                Version::V1_1 | Version::V1_2 => {
                    format!("<BlockList><InUse>T</InUse>{users}</BlockList>")
                }
                Version::V1_3 => format!(
                    "<BlockListInUse>T</BlockListInUse><GrantListInUse>F</GrantListInUse>\
                     <BlockList>{users}</BlockList>"
                ),
            };
            format!("<BlockEntity-Request>{lists}</BlockEntity-Request>")
        };
        for (list, blocked) in [("AddList", 1), ("AddList", 1), ("RemoveList", 0)] {
            assert_eq!(phone.request(&change(list)).code(), "200", "{version:?} {list}");
            let heard = phone.request("<GetBlockedList-Request/>");
            assert_eq!(texts(heard.root(), "UserID").len(), blocked, "{version:?} {list}");
        }
    }
}

#[test]
fn android_11_what_waited_is_announced_after_the_services_are_agreed() {
    let server = server();
    let mut sender = HandPhone::android(server, "ap11a");
    let mut phone = HandPhone::new(server, Manner::Android, "ap11b");
    sender.send("wv:ap11b", "good morning");
    phone.log_in();
    let (capabilities, services) = (phone.capabilities(""), phone.services());
    let heard = phone.request(&capabilities);
    assert!(!heard.has("Poll") || heard.text("Poll") == "F");
    // The login alone brings no poll: this does.
    assert_eq!(phone.request(&services).text("Poll"), "T");
    assert_eq!(text(&phone.poll().pushes()[0]), "good morning");
}
