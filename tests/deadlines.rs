//! What only time brings: sessions that end, things that come again, repetitions that are none.
//! The use cases on a store of their own, with a clock that is turned by hand.

use std::net::IpAddr;
use std::time::Duration;

use onesoup::base::clock::{Clock, Millis};
use onesoup::base::ids::Ids;
use onesoup::base::secret::Secret;
use onesoup::csp::document::{Document, Spelling};
use onesoup::csp::element::Element;
use onesoup::csp::envelope::Message;
use onesoup::domain::account::Registration;
use onesoup::services::call::Call;
use onesoup::services::context::{Rules, Services, Ways};
use onesoup::services::passwords::Keeper;
use onesoup::services::transaction::Origin;
use onesoup::store::Store;

/// The services with nothing around them.
struct House {
    services: Services,
    ways: Ways,
    clock: Clock,
    store: Store,
    _dir: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::by_hand(Millis(1_700_000_000_000));
        let url = format!("sqlite://{}/onesoup.db", dir.path().display());
        let store = Store::open(&url, clock.clone()).await.unwrap();
        let (services, ways) = services_on(&store, &clock);
        Self { services, ways, clock, store, _dir: dir }
    }

    /// The same store after a crash.
    fn restarted(self) -> Self {
        let (services, ways) = services_on(&self.store, &self.clock);
        Self { services, ways, ..self }
    }

    async fn turn(&self, secs: u64) {
        self.clock.turn(Duration::from_secs(secs));
        self.services.end_what_has_ended().await;
    }

    /// How many wake-ups were called since the last look.
    fn wake_ups(&mut self) -> usize {
        let calls = std::iter::from_fn(|| self.ways.calls.try_recv().ok());
        calls.filter(|call| matches!(call, Call::Wake { .. })).count()
    }
}

fn services_on(store: &Store, clock: &Clock) -> (Services, Ways) {
    let rules = Rules {
        domain: "onesoup.test".into(),
        registration: Registration::Closed,
        tcp_wake: None,
        udp_wake: true,
        contact: Vec::new(),
    };
    Services::new(
        store.clone(),
        clock.clone(),
        Ids::new(clock.clone()),
        Keeper::new([7; 32]),
        rules,
    )
}

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
    async fn new(house: &House, user: &'static str, manner: &Manner) -> Self {
        let address = house.services.own_address(user).unwrap();
        house.services.create(&address, &Secret::new("cat1")).await.unwrap();
        Self::of(house, user, manner).await
    }

    async fn of(house: &House, user: &'static str, manner: &Manner) -> Self {
        let Manner { time_to_live, is_woken, cookie, client } = manner;
        let mut phone = Self { session: String::new(), last: 0 };
        let login = format!(
            "<Login-Request><UserID>{user}</UserID><ClientID><URL>{client}</URL></ClientID>\
             <Password>cat1</Password><TimeToLive>{time_to_live}</TimeToLive><SessionCookie>\
             {cookie}</SessionCookie></Login-Request>"
        );
        phone.session = text(&phone.request(house, &login).await, "SessionID");
        let udp = "<SupportedCIRMethod>SUDP</SupportedCIRMethod><UDPPort>3717</UDPPort>";
        let udp = if *is_woken { udp } else { "" };
        let capabilities = format!(
            "<ClientCapability-Request><CapabilityList>{udp}</CapabilityList>\
             </ClientCapability-Request>"
        );
        phone.request(house, &capabilities).await;
        phone.request(house, "<Service-Request/>").await;
        phone
    }

    async fn request(&mut self, house: &House, content: &str) -> Element {
        self.last += 1;
        let id = format!("nok{}", self.last);
        self.post(house, "Request", &id, content).await.expect("an answer")
    }

    async fn poll(&self, house: &House) -> Option<Element> {
        self.post(house, "Request", "", "<Polling-Request/>").await
    }

    async fn confirm(&self, house: &House, push: &Element) -> Option<Element> {
        let content = match find(push, "MessageID") {
            Some(id) => {
                format!("<MessageDelivered><MessageID>{}</MessageID></MessageDelivered>", id.text())
            }
            None => "<Status><Result><Code>200</Code></Result></Status>".into(),
        };
        self.post(house, "Response", &text(push, "TransactionID"), &content).await
    }

    /// Takes and confirms all that waits.
    async fn take_all(&self, house: &House) -> Vec<Element> {
        let mut taken = Vec::new();
        let mut next = self.poll(house).await;
        while let Some(push) = next {
            next = self.confirm(house, &push).await;
            taken.push(push);
        }
        taken
    }

    async fn send(&mut self, house: &House, to: &str, words: &str) -> String {
        text(&self.request(house, &message_to(to, words)).await, "MessageID")
    }

    async fn post(&self, house: &House, mode: &str, id: &str, content: &str) -> Option<Element> {
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
        let origin = Origin {
            remote: IpAddr::from([127, 0, 0, 1]),
            user_agent: "",
            spelling: Spelling::Xml,
        };
        let reply = house.services.exchange(Message::read(&document).unwrap(), origin).await;
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
    let house = House::new().await;
    let mut kim = Phone::new(&house, "kim", &S60).await;
    kim.send(&house, "wv:kim", "read me").await;
    let first = kim.poll(&house).await.unwrap();
    let mut transactions = vec![text(&first, "TransactionID")];
    for _ in 0..4 {
        house.turn(29).await;
        assert!(kim.poll(&house).await.is_none(), "it may still be on its way");
        house.turn(2).await;
        let again = kim.poll(&house).await.expect("it comes again");
        assert_eq!(text(&again, "MessageID"), text(&first, "MessageID"));
        let transaction = text(&again, "TransactionID");
        assert!(!transactions.contains(&transaction), "or it would be passed over");
        transactions.push(transaction);
    }
    // A phone that cannot read it is not asked for ever, and the next session tries anew.
    house.turn(300).await;
    assert!(kim.poll(&house).await.is_none());
    kim.send(&house, "wv:kim", "and me").await;
    let second = kim.poll(&house).await.unwrap();
    assert_eq!(text(&second, "ContentData"), "and me", "it holds nothing up");
    kim.confirm(&house, &second).await;
    let again = Phone::of(&house, "kim", &S60).await;
    assert_eq!(text(&again.take_all(&house).await[0], "ContentData"), "read me");
}

#[tokio::test]
async fn s60_gotcha_14_a_late_confirmation_of_an_earlier_try_is_one() {
    let house = House::new().await;
    let mut kim = Phone::new(&house, "kim", &S60).await;
    kim.send(&house, "wv:kim", "read me").await;
    let first = kim.poll(&house).await.unwrap();
    house.turn(31).await;
    kim.poll(&house).await.expect("the second try");
    assert!(kim.confirm(&house, &first).await.is_none());
    house.turn(31).await;
    assert!(kim.poll(&house).await.is_none());
}

#[tokio::test]
async fn s60_4_6_a_session_that_is_not_heard_of_ends_and_its_user_is_shown_as_gone() {
    let house = House::new().await;
    let brief = Manner { time_to_live: 240, ..S60 };
    let mut kim = Phone::new(&house, "kim", &brief).await;
    let mut lee = Phone::new(&house, "lee", &S60).await;
    lee.request(&house, &add("lee", "wv:kim")).await;
    lee.request(&house, &subscribe("lee")).await;
    kim.take_all(&house).await;
    kim.request(&house, &accept("wv:lee")).await;
    let told = lee.take_all(&house).await;
    assert_eq!(online(told.last().unwrap()), "T");
    house.turn(240).await;
    assert!(kim.poll(&house).await.is_none(), "what was granted is held");
    house.turn(301).await;
    let told = lee.take_all(&house).await;
    assert_eq!(online(told.last().expect("a change")), "F");
    let refused = kim.poll(&house).await.unwrap();
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
    let house = House::new().await;
    let brief = Manner { time_to_live: 240, ..S60 };
    let mut kim = Phone::new(&house, "kim", &brief).await;
    for _ in 0..5 {
        house.turn(230).await;
        assert!(kim.poll(&house).await.is_none());
    }
    kim.send(&house, "wv:kim", "x").await;
    let push = kim.poll(&house).await.unwrap();
    for _ in 0..5 {
        house.turn(230).await;
        assert!(kim.confirm(&house, &push).await.is_none());
    }
    house.turn(230).await;
    let heard = kim.request(&house, "<KeepAlive-Request/>").await;
    assert_eq!((text(&heard, "Code"), text(&heard, "KeepAliveTime")), ("200".into(), "240".into()));
    // A sign of life may ask for another time, within the same bounds.
    let wish = "<KeepAlive-Request><TimeToLive>900</TimeToLive></KeepAlive-Request>";
    assert_eq!(text(&kim.request(&house, wish).await, "KeepAliveTime"), "900");
    house.turn(900).await;
    assert!(kim.poll(&house).await.is_none());
}

#[tokio::test]
async fn android_g18_an_idle_phone_that_keeps_its_word_is_never_604() {
    let house = House::new().await;
    let mut kim = Phone::new(&house, "kim", &ANDROID).await;
    for _ in 0..3 {
        house.turn(7205 - 5).await;
        assert_eq!(text(&kim.request(&house, "<KeepAlive-Request/>").await, "Code"), "200");
    }
}

#[tokio::test]
async fn android_g32_the_same_words_are_another_message_after_two_minutes() {
    let house = House::new().await;
    let mut kim = Phone::new(&house, "kim", &ANDROID).await;
    let first = kim.send(&house, "wv:kim", "ok").await;
    house.turn(119).await;
    assert_eq!(kim.send(&house, "wv:kim", "ok").await, first);
    house.turn(2).await;
    assert_ne!(kim.send(&house, "wv:kim", "ok").await, first);
    assert_eq!(kim.take_all(&house).await.len(), 2);
}

#[tokio::test]
async fn s60_gotcha_23_a_repetition_is_known_for_as_long_as_the_phone_repeats_and_after_a_crash() {
    let house = House::new().await;
    let kim = Phone::new(&house, "kim", &S60).await;
    let id = |answer: Option<Element>| text(&answer.unwrap(), "MessageID");
    let message = message_to("wv:kim", "once");
    let first = id(kim.post(&house, "Request", "nok77", &message).await);
    house.turn(30 * 60).await;
    assert_eq!(id(kim.post(&house, "Request", "nok77", &message).await), first);
    let house = house.restarted();
    assert_eq!(id(kim.post(&house, "Request", "nok77", &message).await), first);
    assert_eq!(kim.take_all(&house).await.len(), 1);
}

#[tokio::test]
async fn android_2_a_new_request_under_an_old_id_is_no_repetition() {
    let house = House::new().await;
    let kim = Phone::new(&house, "kim", &ANDROID).await;
    let code = |answer: Option<Element>| text(&answer.unwrap(), "Code");
    let list = |name: &str| format!("<ContactList>wv:kim/{name}</ContactList>");
    let create = |name: &str| format!("<CreateList-Request>{}</CreateList-Request>", list(name));
    for (round, words) in ["one", "two"].into_iter().enumerate() {
        let message = message_to("wv:kim", words);
        kim.post(&house, "Request", "5", &message).await;
        kim.post(&house, "Request", "5", &message).await;
        assert_eq!(kim.take_all(&house).await.len(), 1, "{words} is read once");
        let first = code(kim.post(&house, "Request", "6", &create(words)).await);
        let again = code(kim.post(&house, "Request", "6", &create(words)).await);
        assert_eq!([first, again], ["200", "200"], "made once, round {round}");
    }
    // Also where only the store knows what was answered.
    let house = house.restarted();
    kim.post(&house, "Request", "5", &message_to("wv:kim", "three")).await;
    assert_eq!(kim.take_all(&house).await.len(), 1);
    assert_eq!(code(kim.post(&house, "Request", "6", &create("three")).await), "200");
    assert_eq!(code(kim.post(&house, "Request", "7", &create("three")).await), "701");
    kim.post(&house, "Request", "5", &message_to("wv:kim", "three")).await;
    assert!(kim.take_all(&house).await.is_empty());
}

#[tokio::test]
async fn s60_5_2_a_phone_that_lost_what_it_came_for_is_called_again() {
    let mut house = House::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&house, "kim", &woken).await;
    kim.take_all(&house).await;
    kim.send(&house, "wv:kim", "read me").await;
    assert_eq!(house.wake_ups(), 1);
    // It comes, and the answer is lost on the air.
    kim.poll(&house).await.unwrap();
    house.turn(20).await;
    assert_eq!(house.wake_ups(), 0, "it may still be on its way");
    house.turn(20).await;
    house.turn(20).await;
    assert_eq!(house.wake_ups(), 1, "once, until it comes");
    assert_eq!(kim.take_all(&house).await.len(), 1);
    house.turn(60).await;
    assert_eq!(house.wake_ups(), 0);
}

#[tokio::test]
async fn s60_5_2_a_phone_that_cannot_read_a_message_is_not_called_for_ever() {
    let mut house = House::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&house, "kim", &woken).await;
    kim.take_all(&house).await;
    kim.send(&house, "wv:kim", "unreadable").await;
    let mut calls = 0;
    for _ in 0..20 {
        calls += house.wake_ups();
        kim.poll(&house).await;
        house.turn(31).await;
    }
    assert_eq!(calls, 5);
}

#[tokio::test]
async fn s60_5_2_what_waits_at_a_crash_calls_the_phone_afterwards() {
    let mut house = House::new().await;
    let woken = Manner { is_woken: true, ..S60 };
    let mut kim = Phone::new(&house, "kim", &woken).await;
    kim.take_all(&house).await;
    kim.send(&house, "wv:kim", "read me").await;
    assert_eq!(house.wake_ups(), 1);
    let mut house = house.restarted();
    // Everybody who is logged in is shown again when the link comes up.
    assert!(house.services.is_session(&kim.session).await);
    house.turn(31).await;
    assert_eq!(house.wake_ups(), 1);
    assert_eq!(kim.take_all(&house).await.len(), 1);
}

#[tokio::test]
async fn s60_7_7_a_question_that_was_not_confirmed_is_put_again_and_then_at_the_next_login() {
    let house = House::new().await;
    let kim = Phone::new(&house, "kim", &S60).await;
    let mut lee = Phone::new(&house, "lee", &S60).await;
    lee.request(&house, &add("lee", "wv:kim")).await;
    let first = kim.poll(&house).await.unwrap();
    assert!(find(&first, "PresenceAuth-Request").is_some());
    house.turn(29).await;
    assert!(kim.poll(&house).await.is_none());
    house.turn(2).await;
    let again = kim.poll(&house).await.expect("it is put again");
    assert_ne!(text(&again, "TransactionID"), text(&first, "TransactionID"));
    kim.confirm(&house, &again).await;
    house.turn(300).await;
    assert!(kim.poll(&house).await.is_none(), "confirmed: the user need not be bothered");
    let mut kim = Phone::of(&house, "kim", &S60).await;
    assert!(find(&kim.poll(&house).await.unwrap(), "PresenceAuth-Request").is_some());
    // An answer ends it, also one that overtakes the confirmation.
    kim.request(&house, &accept("wv:lee")).await;
    house.turn(31).await;
    assert!(kim.poll(&house).await.is_none());
}

#[tokio::test]
async fn s60_7_4_presence_that_was_not_confirmed_comes_again_once() {
    let house = House::new().await;
    let mut kim = Phone::new(&house, "kim", &S60).await;
    kim.request(&house, &add("kim", "wv:a@far.test")).await;
    kim.request(&house, &subscribe("kim")).await;
    assert!(find(&kim.poll(&house).await.unwrap(), "Presence").is_some());
    assert!(kim.poll(&house).await.is_none());
    house.turn(31).await;
    assert!(find(&kim.poll(&house).await.expect("again"), "Presence").is_some());
    house.turn(31).await;
    assert!(kim.poll(&house).await.is_none(), "then it is taken as told");
}
