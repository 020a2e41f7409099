//! Whole dialogues between a phone and a scripted server.

use std::time::Duration;

use compact_str::CompactString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    csp::{
        access::{DigestSchema, Disconnect, LoginProof, LoginResponse},
        capability::{CapabilityList, CirMethod, ClientCapabilityResponse},
        cir,
        contact_list::GetListResponse,
        document::Spelling,
        envelope::{Mode, Transaction},
        leaf::Word,
        outcome::Status,
        presence_access::PresenceAuthRequest,
        presence_name::AttributeSet,
        primitive::Primitive,
        status::Code,
        version::Version,
    },
    phone::{
        error::PhoneError,
        event::{Event, Mood},
        handset::Habits,
        scripted::{
            Asked, Say, Scripted, host, host_with, lee, new_message, notification, welcome,
        },
        session::Phone,
        settings::{LoginWay, PhoneSettings, WakeBy},
    },
};

const AT_ONCE: Duration = Duration::from_millis(50);

async fn events(phone: &mut Phone) -> Vec<Event> {
    std::iter::from_fn(|| phone.take_event()).collect()
}

#[tokio::test]
async fn two_way_login_sends_the_password() {
    for habits in Habits::ALL {
        let server = Scripted::new(host).await;
        let phone = server.logged_in(habits).await;
        assert_eq!(phone.session_id(), Some("s1"));
        let [asked] = <[Asked; 1]>::try_from(server.heard()).unwrap();
        assert_eq!((asked.session_id, asked.user_agent.as_deref()), (None, habits.user_agent));
        let Primitive::LoginRequest(login) = asked.primitive else { panic!() };
        let Some(LoginProof::Password(password)) = login.proof else { panic!() };
        assert_eq!(password.0.expose(), "secret");
        assert_eq!(login.session_cookie.as_deref(), Some(phone.cookie()));
    }
}

#[tokio::test]
async fn four_way_login_sends_a_digest_under_the_same_transaction() {
    for (schema, digest) in
        [("MD5", "fGuOGYxdx7GhaV3FGMu0pw=="), ("SHA", "Wua+rPRBom6HPlXYcmEjhC4NR08=")]
    {
        for habits in Habits::ALL {
            let server = Scripted::new(move |asked| match &asked.primitive {
                Primitive::LoginRequest(login) => match &login.proof {
                    Some(LoginProof::Schemas(_)) => {
                        Say::Answer(Primitive::LoginResponse(LoginResponse {
                            nonce: Some("q7Zk19".into()),
                            digest_schema: DigestSchema::from_word(schema),
                            ..LoginResponse::new(Code::UNAUTHORISED)
                        }))
                    }
                    _ => Say::Answer(welcome()),
                },
                _ => Say::Nothing,
            })
            .await;
            let mut phone = server.phone(habits, |settings| {
                settings.login = LoginWay::usual_digests();
            });
            phone.login().await.unwrap();
            let [first, second] = <[Asked; 2]>::try_from(server.heard()).unwrap();
            assert_eq!(first.id, second.id);
            let Primitive::LoginRequest(login) = second.primitive else { panic!() };
            let Some(LoginProof::Digest(sent)) = login.proof else { panic!() };
            assert_eq!(sent.0.expose(), digest);
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_server_that_is_not_there() {
    let server =
        Scripted::new(|_| Say::Answer(Primitive::LoginResponse(LoginResponse::new(Code(409)))))
            .await;
    let error = server.phone(Habits::S60, |_| {}).login().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::BAD_PASSWORD));
    let web = Scripted::new(|_| Say::Body(200, b"<html>hello</html>".to_vec())).await;
    let change = |settings: &mut PhoneSettings| {
        settings.spelling = Spelling::Xml;
    };
    let error = web.phone(Habits::PLAIN, change).login().await.unwrap_err();
    assert!(matches!(error, PhoneError::NotCsp(_)), "{error}");
    let web = Scripted::new(|_| Say::Body(404, b"no such page\n".to_vec())).await;
    let error = web.phone(Habits::PLAIN, |_| {}).login().await.unwrap_err();
    assert_eq!(error.to_string(), "the server answered HTTP 404 (no such page)");
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = free.local_addr().unwrap().to_string();
    drop(free);
    let error = web.phone(Habits::PLAIN, |it| it.url = url).login().await.unwrap_err();
    assert!(matches!(error, PhoneError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn s60_starts_in_its_order() {
    for version in [Version::V1_1, Version::V1_2] {
        let server = Scripted::new(host).await;
        let mut phone = server.phone(Habits::S60, |settings| settings.version = version);
        phone.login().await.unwrap();
        phone.start_up().await.unwrap();
        let expected = [
            "Login-Request",
            "ClientCapability-Request",
            "Service-Request",
            "GetList-Request",
            "ListManage-Request",
            "SubscribePresence-Request",
            "DeleteAttributeList-Request",
            "UpdatePresence-Request",
            "GetBlockedList-Request",
            "BlockEntity-Request",
            "Search-Request",
        ];
        assert_eq!(server.names(), expected);
        let contacts = phone.contacts();
        assert_eq!((contacts[0].name.as_str(), contacts[0].list.as_str()), ("Lee", "Friends"));
        let ids: Vec<_> = server.heard().into_iter().filter_map(|asked| asked.id).collect();
        assert_eq!((ids[0].as_str(), ids[10].as_str()), ("nok1", "nok11"));
    }
}

#[tokio::test]
async fn android_starts_in_its_order_in_every_version_and_spelling() {
    for version in Version::ALL {
        for spelling in [Spelling::Xml, Spelling::Wbxml] {
            let server = Scripted::new(host).await;
            let mut phone = server.phone(Habits::ANDROID, |settings| {
                (settings.version, settings.spelling) = (version, spelling);
            });
            phone.login().await.unwrap();
            phone.start_up().await.unwrap();
            let expected = [
                "Login-Request",
                "ClientCapability-Request",
                "Service-Request",
                "GetPresence-Request",
                "UpdatePresence-Request",
                "GetBlockedList-Request",
                "GetList-Request",
                "ListManage-Request",
                "SubscribePresence-Request",
            ];
            assert_eq!(server.names(), expected);
            assert_eq!(server.heard()[8].id.as_deref(), Some("9"));
        }
    }
}

#[tokio::test]
async fn what_is_pushed_is_acknowledged_under_its_own_transaction() {
    let question = PresenceAuthRequest { user: lee(), attributes: AttributeSet::basic() };
    for habits in Habits::ALL {
        let pushes = vec![
            new_message("m1", "hi"),
            notification(),
            Primitive::PresenceAuthRequest(question.clone()),
        ];
        let server = Scripted::new(host_with(pushes)).await;
        let mut phone = server.logged_in(habits).await;
        assert_eq!(phone.poll().await.unwrap(), 3);
        let acknowledged: Vec<_> = server
            .heard()
            .into_iter()
            .filter(|asked| asked.mode == Mode::Response)
            .map(|asked| {
                assert_eq!(asked.session_id.as_deref(), Some("s1"));
                (asked.id.unwrap(), asked.primitive.name().to_owned())
            })
            .collect();
        let expected = [("t0", "MessageDelivered"), ("t1", "Status"), ("t2", "Status")];
        let expected = expected.map(|(id, name)| (CompactString::from(id), name.to_owned()));
        assert_eq!(acknowledged, expected);
        let [message, presence, question] =
            <[Event; 3]>::try_from(events(&mut phone).await).unwrap();
        let Event::Message { from, text, id, .. } = message else { panic!() };
        assert_eq!((from.as_str(), text.as_str(), id.as_str()), ("wv:lee@x.test", "hi", "m1"));
        let Event::Presence(presence) = presence else { panic!() };
        assert_eq!((presence.online, presence.status.as_str()), (Some(true), "in town"));
        assert!(matches!(presence.mood, Mood::Away | Mood::Busy));
        assert_eq!(question, Event::AuthRequest { user: "wv:lee@x.test".into() });
    }
}

#[tokio::test]
async fn android_g13_polls_before_it_acknowledges_and_s60_after() {
    for (habits, expected) in [
        (Habits::ANDROID, ["Polling-Request", "Polling-Request", "MessageDelivered"]),
        (Habits::S60, ["Polling-Request", "MessageDelivered", "Polling-Request"]),
    ] {
        let mut pushes = vec![new_message("m1", "hi")].into_iter();
        let server = Scripted::new(move |asked| match (&asked.primitive, pushes.len()) {
            (Primitive::PollingRequest, 1) => {
                let push = Transaction::request("t1", pushes.next().unwrap());
                Say::Send(vec![push], true)
            }
            _ => host(asked),
        })
        .await;
        let mut phone = server.logged_in(habits).await;
        phone.poll().await.unwrap();
        assert_eq!(server.names()[1..], expected);
        let poll = &server.heard()[1];
        assert_eq!(poll.id, None, "an empty id counts as none");
    }
}

#[tokio::test]
async fn s60_3_4_a_transaction_that_is_remembered_is_passed_over() {
    let repeat = |asked: &Asked| match &asked.primitive {
        Primitive::PollingRequest => {
            Say::Send(vec![Transaction::request("t1", new_message("m1", "hi"))], false)
        }
        _ => host(asked),
    };
    let server = Scripted::new(repeat).await;
    let mut phone = server.logged_in(Habits::S60).await;
    assert_eq!(phone.poll().await.unwrap(), 1);
    assert_eq!(phone.poll().await.unwrap(), 0);
    assert_eq!(events(&mut phone).await.len(), 1);
    let delivered = |name: &String| name == "MessageDelivered";
    assert_eq!(server.names().into_iter().filter(delivered).count(), 1);
}

#[tokio::test]
async fn a_message_is_sent_repeated_and_retried() {
    let server = Scripted::new(host).await;
    let mut phone = server.logged_in(Habits::ANDROID).await;
    assert_eq!(phone.send("lee@x.test", "hello").await.unwrap().as_deref(), Some("m7"));
    phone.resend_last().await.unwrap();
    phone.retry_last().await.unwrap();
    let [_, first, same, again] = <[Asked; 4]>::try_from(server.heard()).unwrap();
    assert_eq!(first.body, same.body);
    assert_ne!(first.id, again.id);
    assert_eq!(first.primitive, again.primitive);
}

#[tokio::test]
async fn a_connection_that_breaks_has_the_same_octets_posted_again() {
    let mut hang_ups = 1;
    let server = Scripted::new(move |asked| match &asked.primitive {
        Primitive::SendMessageRequest(_) if hang_ups > 0 => {
            hang_ups -= 1;
            Say::HangUp
        }
        _ => host(asked),
    })
    .await;
    let mut phone = server.logged_in(Habits::S60).await;
    phone.send("lee", "hello").await.unwrap();
    let [_, first, second] = <[Asked; 3]>::try_from(server.heard()).unwrap();
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn an_acknowledgement_that_was_lost_is_repeated_but_not_by_android() {
    for (habits, is_repeated) in [(Habits::S60, true), (Habits::ANDROID, false)] {
        let mut hang_ups = 3;
        let mut push = Some(new_message("m1", "hi"));
        let server = Scripted::new(move |asked| match &asked.primitive {
            Primitive::MessageDelivered(_) if hang_ups > 0 => {
                hang_ups -= 1;
                Say::HangUp
            }
            Primitive::PollingRequest => match push.take() {
                Some(push) => Say::Send(vec![Transaction::request("t1", push)], false),
                None => Say::Nothing,
            },
            _ => host(asked),
        })
        .await;
        let mut phone = server.logged_in(habits).await;
        assert!(phone.poll().await.unwrap_err().is_of_network());
        phone.poll().await.unwrap();
        let delivered = |asked: &Asked| matches!(asked.primitive, Primitive::MessageDelivered(_));
        let bodies: Vec<_> =
            server.heard().into_iter().filter(delivered).map(|asked| asked.body).collect();
        assert_eq!(bodies.len(), if is_repeated { 4 } else { 3 });
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
}

#[tokio::test]
async fn held_acknowledgements_are_not_sent() {
    let server = Scripted::new(host_with(vec![new_message("m1", "hi")])).await;
    let mut phone = server.logged_in(Habits::PLAIN).await;
    phone.hold_acknowledgements(true);
    phone.poll().await.unwrap();
    assert_eq!(server.names(), ["Login-Request", "Polling-Request"]);
    assert_eq!(events(&mut phone).await.len(), 1);
}

#[tokio::test]
async fn the_server_ends_the_session() {
    for habits in Habits::ALL {
        let gone = Primitive::Disconnect(Disconnect { result: Some(Code(601).into()) });
        let server = Scripted::new(host_with(vec![gone])).await;
        let mut phone = server.logged_in(habits).await;
        phone.poll().await.unwrap();
        let event = phone.next_event(AT_ONCE).await.unwrap();
        assert_eq!(event, Some(Event::Disconnected(Code::FORCED_LOGOUT)));
        assert!(matches!(phone.poll().await, Err(PhoneError::LoggedOut)));
        assert_eq!(server.names().len(), 2, "nothing is acknowledged");
        let expired = |asked: &Asked| match &asked.primitive {
            Primitive::SendMessageRequest(_) => {
                Say::Answer(Primitive::Status(Status::new(Code::INVALID_SESSION)))
            }
            _ => host(asked),
        };
        let server = Scripted::new(expired).await;
        let mut phone = server.logged_in(habits).await;
        let error = phone.send("lee", "hi").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::INVALID_SESSION));
        assert_eq!(phone.session_id(), None);
    }
}

#[tokio::test]
async fn s60_1_an_answer_may_come_with_a_later_poll() {
    let server = Scripted::new(move |asked| match &asked.primitive {
        Primitive::GetListRequest => Say::Nothing,
        Primitive::PollingRequest => {
            let lists = GetListResponse::default();
            let answer = Primitive::GetListResponse(lists);
            Say::Send(vec![Transaction::response(Some("nok2".into()), answer)], false)
        }
        _ => host(asked),
    })
    .await;
    let mut phone = server.phone(Habits::S60, |it| it.poll = Some(Duration::ZERO));
    phone.login().await.unwrap();
    let answer = phone.request(Primitive::GetListRequest).await.unwrap();
    assert_eq!(answer.name(), "GetList-Response");
}

#[tokio::test]
async fn contacts_are_added_and_removed_as_each_handset_does() {
    for (habits, added, removed) in [
        (
            Habits::S60,
            vec!["ListManage-Request", "SubscribePresence-Request"],
            vec!["UnsubscribePresence-Request", "ListManage-Request"],
        ),
        (
            Habits::ANDROID,
            vec!["ListManage-Request", "SubscribePresence-Request"],
            vec!["ListManage-Request"],
        ),
    ] {
        let server = Scripted::new(host).await;
        let mut phone = server.logged_in(habits).await;
        phone.start_up().await.unwrap();
        let before = server.names().len();
        phone.add_contact("ann@x.test", "Ann").await.unwrap();
        assert_eq!(server.names()[before..], added);
        let before = server.names().len();
        phone.remove_contact("LEE@x.test").await.unwrap();
        assert_eq!(server.names()[before..], removed);
        let gone = phone.remove_contact("bob@x.test").await.unwrap_err();
        assert_eq!(gone.to_string(), "wv:bob@x.test is in no contact list");
        phone.answer("ann@x.test", true).await.unwrap();
        phone.set_status(Mood::Busy, Some("hush")).await.unwrap();
        phone.logout().await.unwrap();
        assert_eq!(phone.session_id(), None);
    }
}

/// A host that agrees to a way of waking, and has one message for the poll that follows.
fn waking_host(agreed: CapabilityList) -> impl FnMut(&Asked) -> Say + Send + 'static {
    let mut push = Some(new_message("m1", "wake up"));
    move |asked| match &asked.primitive {
        Primitive::ClientCapabilityRequest(request) => {
            let udp_port = request.capabilities.udp_port;
            let agreed = CapabilityList { udp_port, ..agreed.clone() };
            let response = ClientCapabilityResponse { client_id: None, agreed };
            Say::Answer(Primitive::ClientCapabilityResponse(response))
        }
        Primitive::PollingRequest => match push.take() {
            Some(push) => Say::Send(vec![Transaction::request("t1", push)], false),
            None => Say::Nothing,
        },
        _ => host(asked),
    }
}

async fn expect_woken(phone: &mut Phone) {
    let long = Duration::from_secs(10);
    assert!(phone.is_woken());
    assert_eq!(phone.next_event(long).await.unwrap(), Some(Event::Woken));
    let event = phone.next_event(long).await.unwrap();
    assert!(matches!(&event, Some(Event::Message { text, .. }) if text == "wake up"), "{event:?}");
}

#[tokio::test]
async fn a_datagram_wakes_a_phone_at_the_port_that_it_named() {
    for habits in [Habits::S60, Habits::PLAIN] {
        let cir_methods = vec![CirMethod::Sudp];
        let agreed = CapabilityList { cir_methods, ..CapabilityList::default() };
        let server = Scripted::new(waking_host(agreed)).await;
        let mut phone = server.phone(habits, |it| it.cir = Some(WakeBy::Udp));
        phone.login().await.unwrap();
        phone.start_up().await.unwrap();
        let named = server.heard().into_iter().find_map(|asked| match asked.primitive {
            Primitive::ClientCapabilityRequest(request) => request.capabilities.udp_port,
            _ => None,
        });
        let port = u16::try_from(named.unwrap()).unwrap();
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let text = cir::wake_up(Version::V1_1, phone.cookie());
        socket.send_to(text.as_bytes(), ("127.0.0.1", port)).await.unwrap();
        expect_woken(&mut phone).await;
    }
}

#[tokio::test]
async fn a_line_wakes_a_phone_on_its_connection() {
    for habits in Habits::ALL {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let agreed = CapabilityList {
            cir_methods: vec![CirMethod::Stcp],
            tcp_address: Some("127.0.0.1".into()),
            tcp_port: Some(listener.local_addr().unwrap().port().into()),
            ..CapabilityList::default()
        };
        let server = Scripted::new(waking_host(agreed)).await;
        let mut phone = server.phone(habits, |it| it.cir = Some(WakeBy::Tcp));
        phone.login().await.unwrap();
        let accept = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut hello = [0; 9];
            stream.read_exact(&mut hello).await.unwrap();
            assert_eq!(&hello, b"HELO s1\r\n");
            stream.write_all(cir::OK.as_bytes()).await.unwrap();
            stream
        };
        let (started, mut stream) = tokio::join!(phone.start_up(), accept);
        started.unwrap();
        // The phone has made many exchanges since it read the greeting.
        let text = cir::wake_up(Version::V1_1, phone.cookie());
        stream.write_all(text.as_bytes()).await.unwrap();
        expect_woken(&mut phone).await;
    }
}

#[tokio::test]
async fn a_phone_polls_at_a_fixed_pace() {
    let server = Scripted::new(host_with(vec![new_message("m1", "hi")])).await;
    let mut phone = server.phone(Habits::S60, |it| it.poll = Some(Duration::from_millis(5)));
    phone.login().await.unwrap();
    let event = phone.next_event(Duration::from_secs(10)).await.unwrap();
    assert!(matches!(event, Some(Event::Message { .. })));
    assert_eq!(phone.next_event(AT_ONCE).await.unwrap(), None);
}

#[test]
fn a_phone_is_not_set_to_what_it_cannot_do() {
    let refused = |habits, change: fn(&mut PhoneSettings)| {
        let mut settings = PhoneSettings::new(habits, "127.0.0.1", "kim", "");
        change(&mut settings);
        matches!(Phone::new(settings), Err(PhoneError::Setting(_)))
    };
    assert!(refused(Habits::ANDROID, |it| it.cir = Some(WakeBy::Udp)));
    assert!(refused(Habits::S60, |it| it.spelling = Spelling::Xml));
    assert!(refused(Habits::PLAIN, |it| it.url = "ftp://x/".into()));
    assert!(!refused(Habits::PLAIN, |it| it.spelling = Spelling::Xml));
}
