//! What only time brings: sessions that end, things that come again, repetitions that are none.
//! The use cases on a store of their own, with a clock that is turned by hand.

#[path = "services/world.rs"]
mod world;

use onesoup::{
    base::secret::Secret,
    csp::{
        document::{Document, Spelling},
        element::Element,
        envelope::Message,
    },
};
use world::{World, origin};

/// A phone whose messages are written by hand.
struct Phone {
    session: String,
    last: u32,
}

/// What a phone does besides: how long its session is to last, whether it is woken by datagrams,
/// and what it is called, which tells the service how it repeats.
struct Manner {
    time_to_live: u32,
    is_woken: bool,
    cookie: &'static str,
    client: &'static str,
}

const S60: Manner =
    Manner { time_to_live: 3600, is_woken: false, cookie: "wv:nokia.1", client: "imps-s60" };
const ANDROID: Manner = Manner { cookie: "127-9", client: "JiMMY", time_to_live: 7205, ..S60 };

impl Phone {
    /// Makes an account, logs in and agrees on everything.
    async fn new(world: &World, user: &'static str, manner: &Manner) -> Self {
        let address = world.services.own_address(user).unwrap();
        world.services.create(&address, &Secret::new("cat1")).await.unwrap();
        Self::of(world, user, manner).await
    }

    async fn of(world: &World, user: &'static str, manner: &Manner) -> Self {
        let Manner { time_to_live, is_woken, cookie, client } = manner;
        let mut phone = Self { session: String::new(), last: 0 };
        let login = format!(
            "<Login-Request><UserID>{user}</UserID><ClientID><URL>{client}</URL></ClientID>\
             <Password>cat1</Password><TimeToLive>{time_to_live}</TimeToLive><SessionCookie>\
             {cookie}</SessionCookie></Login-Request>"
        );
        phone.session = text(&phone.request(world, &login).await, "SessionID");
        let udp = "<SupportedCIRMethod>SUDP</SupportedCIRMethod><UDPPort>3717</UDPPort>";
        let udp = if *is_woken { udp } else { "" };
        let capabilities = format!(
            "<ClientCapability-Request><CapabilityList>{udp}</CapabilityList>\
             </ClientCapability-Request>"
        );
        phone.request(world, &capabilities).await;
        phone.request(world, "<Service-Request/>").await;
        phone
    }

    async fn request(&mut self, world: &World, content: &str) -> Element {
        self.last += 1;
        let id = format!("nok{}", self.last);
        self.post(world, "Request", &id, content).await.expect("an answer")
    }

    async fn poll(&self, world: &World) -> Option<Element> {
        self.post(world, "Request", "", "<Polling-Request/>").await
    }

    async fn confirm(&self, world: &World, push: &Element) -> Option<Element> {
        let content = match find(push, "MessageID") {
            Some(id) => {
                format!("<MessageDelivered><MessageID>{}</MessageID></MessageDelivered>", id.text())
            }
            None => "<Status><Result><Code>200</Code></Result></Status>".into(),
        };
        self.post(world, "Response", &text(push, "TransactionID"), &content).await
    }

    /// Takes and confirms all that waits.
    async fn take_all(&self, world: &World) -> Vec<Element> {
        let mut taken = Vec::new();
        let mut next = self.poll(world).await;
        while let Some(push) = next {
            next = self.confirm(world, &push).await;
            taken.push(push);
        }
        taken
    }

    async fn send(&mut self, world: &World, to: &str, words: &str) -> String {
        text(&self.request(world, &message_to(to, words)).await, "MessageID")
    }

    async fn post(&self, world: &World, mode: &str, id: &str, content: &str) -> Option<Element> {
        let session = match self.session.as_str() {
            "" => "<SessionType>Outband</SessionType>".to_owned(),
            id => format!("<SessionType>Inband</SessionType><SessionID>{id}</SessionID>"),
        };
        let xml = format!(
            "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session>\
             <SessionDescriptor>{session}</SessionDescriptor><Transaction><TransactionDescriptor>\
             <TransactionMode>{mode}</TransactionMode><TransactionID>{id}</TransactionID>\
             </TransactionDescriptor><TransactionContent>{content}</TransactionContent>\
             </Transaction></Session></WV-CSP-Message>"
        );
        let document = Document::read(Spelling::Xml, xml.as_bytes()).unwrap();
        let reply = world.services.exchange(Message::read(&document).unwrap(), origin()).await;
        reply.unwrap().map(|reply| reply.message.write().root)
    }
}

fn message_to(to: &str, words: &str) -> String {
    format!(
        "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><Recipient><User>\
         <UserID>{to}</UserID></User></Recipient></MessageInfo><ContentData>{words}</ContentData>\
         </SendMessage-Request>"
    )
}

fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    if element.name() == name {
        return Some(element);
    }
    element.children().iter().find_map(|child| find(child, name))
}

fn text(element: &Element, name: &str) -> String {
    find(element, name).unwrap_or_else(|| panic!("a {name}: {element:?}")).text().to_owned()
}

#[tokio::test]
async fn s60_gotcha_14_what_is_not_confirmed_comes_again_under_a_new_transaction_and_its_own_id() {
    let world = World::new().await;
    let mut kim = Phone::new(&world, "kim", &S60).await;
    kim.send(&world, "wv:kim", "read me").await;
    let first = kim.poll(&world).await.unwrap();
    let mut transactions = vec![text(&first, "TransactionID")];
    for _ in 0..4 {
        world.turn(29).await;
        assert!(kim.poll(&world).await.is_none(), "it may still be on its way");
        world.turn(2).await;
        let again = kim.poll(&world).await.expect("it comes again");
        assert_eq!(text(&again, "MessageID"), text(&first, "MessageID"));
        let transaction = text(&again, "TransactionID");
        assert!(!transactions.contains(&transaction), "or it would be passed over");
        transactions.push(transaction);
    }
    // A phone that cannot read it is not asked for ever, and the next session tries anew.
    world.turn(300).await;
    assert!(kim.poll(&world).await.is_none());
    kim.send(&world, "wv:kim", "and me").await;
    let second = kim.poll(&world).await.unwrap();
    assert_eq!(text(&second, "ContentData"), "and me", "it holds nothing up");
    kim.confirm(&world, &second).await;
    let again = Phone::of(&world, "kim", &S60).await;
    assert_eq!(text(&again.take_all(&world).await[0], "ContentData"), "read me");
}

#[tokio::test]
async fn s60_gotcha_14_a_late_confirmation_of_an_earlier_try_is_one() {
    let world = World::new().await;
    let mut kim = Phone::new(&world, "kim", &S60).await;
    kim.send(&world, "wv:kim", "read me").await;
    let first = kim.poll(&world).await.unwrap();
    world.turn(31).await;
    kim.poll(&world).await.expect("the second try");
    assert!(kim.confirm(&world, &first).await.is_none());
    world.turn(31).await;
    assert!(kim.poll(&world).await.is_none());
}

#[tokio::test]
async fn s60_4_6_a_session_that_is_not_heard_of_ends_and_its_user_is_shown_as_gone() {
    let world = World::new().await;
    let brief = Manner { time_to_live: 240, ..S60 };
    let mut kim = Phone::new(&world, "kim", &brief).await;
    let mut lee = Phone::new(&world, "lee", &S60).await;
    lee.request(&world, &add("lee", "wv:kim")).await;
    lee.request(&world, &subscribe("lee")).await;
    kim.take_all(&world).await;
    kim.request(&world, &accept("wv:lee")).await;
    let told = lee.take_all(&world).await;
    assert_eq!(online(told.last().unwrap()), "T");
    world.turn(240).await;
    assert!(kim.poll(&world).await.is_none(), "what was granted is held");
    world.turn(301).await;
    let told = lee.take_all(&world).await;
    assert_eq!(online(told.last().expect("a change")), "F");
    let refused = kim.poll(&world).await.unwrap();
    assert_eq!(text(&refused, "Code"), "604");
    assert_eq!(text(&refused, "SessionID"), kim.session, "or the phone passes it over");
}

fn add(user: &str, contact: &str) -> String {
    format!(
        "<ListManage-Request><ContactList>wv:{user}/friends</ContactList><AddNickList><NickName>\
         <Name>x</Name><UserID>{contact}</UserID></NickName></AddNickList></ListManage-Request>"
    )
}

fn subscribe(user: &str) -> String {
    format!(
        "<SubscribePresence-Request><ContactList>wv:{user}/friends</ContactList>\
         </SubscribePresence-Request>"
    )
}

fn accept(user: &str) -> String {
    format!(
        "<PresenceAuth-User><UserID>{user}</UserID><Acceptance>T</Acceptance></PresenceAuth-User>"
    )
}

fn online(push: &Element) -> String {
    text(find(push, "OnlineStatus").expect("presence"), "PresenceValue")
}

#[tokio::test]
async fn s60_4_5_polls_and_confirmations_keep_the_session() {
    let world = World::new().await;
    let brief = Manner { time_to_live: 240, ..S60 };
    let mut kim = Phone::new(&world, "kim", &brief).await;
    for _ in 0..5 {
        world.turn(230).await;
        assert!(kim.poll(&world).await.is_none());
    }
    kim.send(&world, "wv:kim", "x").await;
    let push = kim.poll(&world).await.unwrap();
    for _ in 0..5 {
        world.turn(230).await;
        assert!(kim.confirm(&world, &push).await.is_none());
    }
    world.turn(230).await;
    let heard = kim.request(&world, "<KeepAlive-Request/>").await;
    assert_eq!((text(&heard, "Code"), text(&heard, "KeepAliveTime")), ("200".into(), "240".into()));
    // A sign of life may ask for another time, within the same bounds.
    let wish = "<KeepAlive-Request><TimeToLive>900</TimeToLive></KeepAlive-Request>";
    assert_eq!(text(&kim.request(&world, wish).await, "KeepAliveTime"), "900");
    world.turn(900).await;
    assert!(kim.poll(&world).await.is_none());
}

#[tokio::test]
async fn android_g18_an_idle_phone_that_keeps_its_word_is_never_604() {
    let world = World::new().await;
    let mut kim = Phone::new(&world, "kim", &ANDROID).await;
    for _ in 0..3 {
        world.turn(7205 - 5).await;
        assert_eq!(text(&kim.request(&world, "<KeepAlive-Request/>").await, "Code"), "200");
    }
}

#[tokio::test]
async fn android_g32_the_same_words_are_another_message_after_two_minutes() {
    let world = World::new().await;
    let mut kim = Phone::new(&world, "kim", &ANDROID).await;
    let first = kim.send(&world, "wv:kim", "ok").await;
    world.turn(119).await;
    assert_eq!(kim.send(&world, "wv:kim", "ok").await, first);
    world.turn(2).await;
    assert_ne!(kim.send(&world, "wv:kim", "ok").await, first);
    assert_eq!(kim.take_all(&world).await.len(), 2);
}

#[tokio::test]
async fn s60_gotcha_23_a_repetition_is_known_for_as_long_as_the_phone_repeats_and_after_a_crash() {
    let world = World::new().await;
    let kim = Phone::new(&world, "kim", &S60).await;
    let id = |answer: Option<Element>| text(&answer.unwrap(), "MessageID");
    let message = message_to("wv:kim", "once");
    let first = id(kim.post(&world, "Request", "nok77", &message).await);
    world.turn(30 * 60).await;
    assert_eq!(id(kim.post(&world, "Request", "nok77", &message).await), first);
    let world = world.crashed().await;
    assert_eq!(id(kim.post(&world, "Request", "nok77", &message).await), first);
    assert_eq!(kim.take_all(&world).await.len(), 1);
}

#[tokio::test]
async fn android_2_a_new_request_under_an_old_id_is_no_repetition() {
    let world = World::new().await;
    let kim = Phone::new(&world, "kim", &ANDROID).await;
    let code = |answer: Option<Element>| text(&answer.unwrap(), "Code");
    let list = |name: &str| format!("<ContactList>wv:kim/{name}</ContactList>");
    let create = |name: &str| format!("<CreateList-Request>{}</CreateList-Request>", list(name));
    for (round, words) in ["one", "two"].into_iter().enumerate() {
        let message = message_to("wv:kim", words);
        kim.post(&world, "Request", "5", &message).await;
        kim.post(&world, "Request", "5", &message).await;
        assert_eq!(kim.take_all(&world).await.len(), 1, "{words} is read once");
        let first = code(kim.post(&world, "Request", "6", &create(words)).await);
        let again = code(kim.post(&world, "Request", "6", &create(words)).await);
        assert_eq!([first, again], ["200", "200"], "made once, round {round}");
    }
    // Also where only the store knows what was answered.
    let world = world.crashed().await;
    kim.post(&world, "Request", "5", &message_to("wv:kim", "three")).await;
    assert_eq!(kim.take_all(&world).await.len(), 1);
    assert_eq!(code(kim.post(&world, "Request", "6", &create("three")).await), "200");
    assert_eq!(code(kim.post(&world, "Request", "7", &create("three")).await), "701");
    kim.post(&world, "Request", "5", &message_to("wv:kim", "three")).await;
    assert!(kim.take_all(&world).await.is_empty());
}

#[tokio::test]
async fn s60_5_2_a_phone_that_lost_what_it_came_for_is_called_again() {
    let mut world = World::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&world, "kim", &woken).await;
    kim.take_all(&world).await;
    kim.send(&world, "wv:kim", "read me").await;
    assert_eq!(world.wake_ups(), 1);
    // It comes, and the answer is lost on the air.
    kim.poll(&world).await.unwrap();
    world.turn(20).await;
    assert_eq!(world.wake_ups(), 0, "it may still be on its way");
    world.turn(20).await;
    world.turn(20).await;
    assert_eq!(world.wake_ups(), 1, "once, until it comes");
    assert_eq!(kim.take_all(&world).await.len(), 1);
    world.turn(60).await;
    assert_eq!(world.wake_ups(), 0);
}

#[tokio::test]
async fn s60_5_2_a_phone_that_cannot_read_a_message_is_not_called_for_ever() {
    let mut world = World::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&world, "kim", &woken).await;
    kim.take_all(&world).await;
    kim.send(&world, "wv:kim", "unreadable").await;
    let mut calls = 0;
    for _ in 0..20 {
        calls += world.wake_ups();
        kim.poll(&world).await;
        world.turn(31).await;
    }
    assert_eq!(calls, 5);
}

#[tokio::test]
async fn s60_5_2_what_waits_at_a_crash_calls_the_phone_afterwards() {
    let mut world = World::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&world, "kim", &woken).await;
    kim.take_all(&world).await;
    kim.send(&world, "wv:kim", "read me").await;
    assert_eq!(world.wake_ups(), 1);
    let mut world = world.crashed().await;
    // Everybody who is logged in is shown again when the link comes up.
    assert!(world.services.is_session(&kim.session).await);
    world.turn(31).await;
    assert_eq!(world.wake_ups(), 1);
    assert_eq!(kim.take_all(&world).await.len(), 1);
}

#[tokio::test]
async fn s60_7_7_a_question_that_was_not_confirmed_is_put_again_and_then_at_the_next_login() {
    let world = World::new().await;
    let kim = Phone::new(&world, "kim", &S60).await;
    let mut lee = Phone::new(&world, "lee", &S60).await;
    lee.request(&world, &add("lee", "wv:kim")).await;
    let first = kim.poll(&world).await.unwrap();
    assert!(find(&first, "PresenceAuth-Request").is_some());
    world.turn(29).await;
    assert!(kim.poll(&world).await.is_none());
    world.turn(2).await;
    let again = kim.poll(&world).await.expect("it is put again");
    assert_ne!(text(&again, "TransactionID"), text(&first, "TransactionID"));
    kim.confirm(&world, &again).await;
    world.turn(300).await;
    assert!(kim.poll(&world).await.is_none(), "confirmed: the user need not be bothered");
    let mut kim = Phone::of(&world, "kim", &S60).await;
    assert!(find(&kim.poll(&world).await.unwrap(), "PresenceAuth-Request").is_some());
    // An answer ends it, also one that overtakes the confirmation.
    kim.request(&world, &accept("wv:lee")).await;
    world.turn(31).await;
    assert!(kim.poll(&world).await.is_none());
}

#[tokio::test]
async fn s60_7_4_presence_that_was_not_confirmed_comes_again_once() {
    let world = World::new().await;
    let mut kim = Phone::new(&world, "kim", &S60).await;
    kim.request(&world, &add("kim", "wv:a@far.test")).await;
    kim.request(&world, &subscribe("kim")).await;
    assert!(find(&kim.poll(&world).await.unwrap(), "Presence").is_some());
    assert!(kim.poll(&world).await.is_none());
    world.turn(31).await;
    assert!(find(&kim.poll(&world).await.expect("again"), "Presence").is_some());
    world.turn(31).await;
    assert!(kim.poll(&world).await.is_none(), "then it is taken as told");
}
