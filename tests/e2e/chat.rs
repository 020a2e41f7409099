//! A phone and a contact elsewhere, or two phones, chat; with presence, receipts and refusals.

use onesoup::csp::delivery::DeliveryReportRequest;
use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::phone::event::{Event, Mood};
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::{Show, Type};

use crate::support::lab::Lab;
use crate::support::phones::{android, expect, expect_message, expect_presence, s60};
use crate::support::server::Server;
use crate::support::xmpp::{XmppClient, body, status};

/// The whole talk between a phone and a contact on another server.
async fn talk(mut phone: Phone, user: &str, mut contact: XmppClient) {
    let own = format!("{user}@onesoup.test");
    let address = contact.jid.to_bare().to_string();
    let wv = format!("wv:{address}");

    // The phone adds the contact, who agrees: the phone sees the contact.
    phone.add_contact(&wv, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, &own).await;
    contact.approve(&own).await;
    expect_presence(&mut phone, "contact online", |seen| seen.mood == Mood::Available).await;

    // The contact asks in return; the phone's user agrees: the contact sees the phone.
    contact.subscribe(&own).await;
    let asked = expect(&mut phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await;
    assert_eq!(asked, wv);
    phone.answer(&asked, true).await.unwrap();
    contact.expect_presence(Type::Subscribed, &own).await;
    contact.expect_presence(Type::None, &own).await;

    // Words both ways, with a receipt once the phone has them.
    phone.send(&wv, "Grüße <&> aus 2006").await.unwrap();
    assert_eq!(body(&contact.expect_chat(&own).await), "Grüße <&> aus 2006");
    contact.send_chat(&own, "hello 🥣 & <soup>", "q1", true).await;
    let (from, text) = expect_message(&mut phone).await;
    assert_eq!((from.as_str(), text.as_str()), (wv.as_str(), "hello 🥣 & <soup>"));
    contact.expect_receipt("q1").await;

    // A status of the contact shows on the phone, and one of the phone at the contact.
    contact.set_presence(Some(Show::Away), Some("at lunch")).await;
    let seen = expect_presence(&mut phone, "lunch", |seen| seen.status == "at lunch").await;
    assert_eq!(seen.mood, Mood::Away);
    phone.set_status(Mood::Away, Some("brb")).await.unwrap();
    contact
        .expect("the phone away", |stanza| match stanza {
            Stanza::Presence(presence) if presence.show == Some(Show::Away) => {
                (status(presence) == "brb").then_some(())
            }
            _ => None,
        })
        .await;

    // Both leave.
    phone.logout().await.unwrap();
    contact.expect_presence(Type::Unavailable, &own).await;
    contact.logout().await;
}

#[tokio::test]
async fn an_s60_talks_with_a_contact_on_the_same_server() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("near", "pw").await;
    let contact = XmppClient::login(lab, "near@xmpp.test", "pw").await;
    talk(s60(server, "nina").await, "nina", contact).await;
}

#[tokio::test]
async fn an_android_talks_with_a_contact_on_the_same_server() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("near2", "pw").await;
    let contact = XmppClient::login(lab, "near2@xmpp.test", "pw").await;
    talk(android(server, "nadia").await, "nadia", contact).await;
}

#[tokio::test]
async fn an_s60_talks_with_a_contact_over_s2s() {
    let (lab, server) = (Lab::shared(), Server::shared());
    let contact = XmppClient::login(lab, "ann@far.test/talk", "pw-ann").await;
    talk(s60(server, "fiona").await, "fiona", contact).await;
}

#[tokio::test]
async fn two_phones_talk_and_see_each_other() {
    let server = Server::shared();
    let (mut tom, mut tim) = (s60(server, "tom").await, android(server, "tim").await);
    tom.add_contact("wv:tim", "Tim").await.unwrap();
    let asked = expect(&mut tim, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await;
    tim.answer(&asked, true).await.unwrap();
    expect_presence(&mut tom, "tim", |seen| seen.mood == Mood::Available).await;
    tom.send("wv:tim", "hi tim").await.unwrap();
    let (from, text) = expect_message(&mut tim).await;
    assert_eq!(text, "hi tim");
    tim.send(&from, "hi tom").await.unwrap();
    // handset: Android G23: the spelling of the phone's own list, here without a domain.
    assert_eq!(expect_message(&mut tom).await, ("wv:tim".into(), "hi tom".into()));
    tim.set_status(Mood::Busy, Some("in a tram")).await.unwrap();
    expect_presence(&mut tom, "the tram", |seen| seen.status == "in a tram").await;
    tim.logout().await.unwrap();
    expect_presence(&mut tom, "tim gone", |seen| seen.mood == Mood::Offline).await;
}

#[tokio::test]
async fn messages_wait_while_the_phone_is_away_and_come_in_order_with_their_date() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("patient", "pw").await;
    let mut contact = XmppClient::login(lab, "patient@xmpp.test", "pw").await;
    let mut phone = s60(server, "olga").await;
    phone.logout().await.unwrap();
    for number in 0..20 {
        let id = format!("o{number}");
        contact.send_chat("olga@onesoup.test", &format!("letter {number}"), &id, true).await;
    }
    contact.sync().await;
    let habits = onesoup::phone::handset::Habits::S60;
    let mut phone =
        crate::support::phones::started(crate::support::phones::settings(server, habits, "olga"))
            .await;
    for number in 0..20 {
        let (text, sent) = expect(&mut phone, "letter", |event| match event {
            Event::Message { text, sent, .. } => Some((text, sent)),
            _ => None,
        })
        .await;
        assert_eq!(text, format!("letter {number}"));
        assert!(sent.is_some());
    }
    contact.expect_receipt("o19").await;
}

/// Sends with a report wanted, and returns the report.
async fn reported(phone: &mut Phone, to: &str) -> DeliveryReportRequest {
    let mut request = phone.message_to(to, "did you get it");
    request.wants_report = true;
    let answer = phone.request(Primitive::SendMessageRequest(request)).await.unwrap();
    assert_eq!(answer.name(), "SendMessage-Response");
    let (code, text) = expect(phone, "report", |event| match event {
        Event::Report { code, text, .. } => Some((code, text)),
        _ => None,
    })
    .await;
    let mut report = DeliveryReportRequest { result: code.into(), ..empty_report() };
    report.result.description = Some(text);
    report
}

fn empty_report() -> DeliveryReportRequest {
    DeliveryReportRequest { result: Code::OK.into(), delivery_time: None, info: Default::default() }
}

#[tokio::test]
async fn a_delivery_is_reported_if_the_phone_asked() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("receiver", "pw").await;
    let mut contact = XmppClient::login(lab, "receiver@xmpp.test", "pw").await;
    let mut phone = s60(server, "rita").await;

    let mut request = phone.message_to("wv:receiver@xmpp.test", "did you get it");
    request.wants_report = true;
    phone.request(Primitive::SendMessageRequest(request)).await.unwrap();
    let message = contact.expect_chat("rita@onesoup.test").await;
    let id = message.id.expect("an id").0;
    let receipt = format!(
        "<message xmlns='jabber:client' to='rita@onesoup.test'>\
         <received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
    );
    contact.send(receipt.parse().unwrap()).await;
    let code = expect(&mut phone, "report", |event| match event {
        Event::Report { code, .. } => Some(code),
        _ => None,
    })
    .await;
    assert_eq!(code, Code::OK);

    let failed = reported(&mut phone, "wv:nobody@xmpp.test").await;
    assert!(!failed.result.code.is_success());
    let failed = reported(&mut phone, "wv:nobody@nowhere.test").await;
    assert!(!failed.result.code.is_success());
}

#[tokio::test]
async fn a_failed_delivery_is_told_in_words_if_the_phone_did_not_ask() {
    let server = Server::shared();
    let mut phone = s60(server, "wanda").await;
    phone.send("wv:nobody@nowhere.test", "hello?").await.unwrap();
    let (from, text) = expect_message(&mut phone).await;
    assert_eq!(from, "wv:nobody@nowhere.test");
    assert!(text.starts_with("[not delivered"), "{text}");
}

#[tokio::test]
async fn a_message_to_several_names_those_who_cannot_have_it() {
    let server = Server::shared();
    let (mut phone, mut friend) = (s60(server, "sara").await, s60(server, "sven").await);
    let mut request = phone.message_to("wv:sven", "to many");
    let users = ["wv:sven", "wv:nobody-here", "wv:sven@onesoup.test"];
    let recipient = request.letter.info.recipient.as_mut().unwrap();
    recipient.users = users.map(onesoup::csp::address::UserAddress::parse).to_vec();
    let answer = phone.request(Primitive::SendMessageRequest(request)).await.unwrap();
    let Primitive::SendMessageResponse(response) = answer else { panic!("{answer:?}") };
    assert_eq!(response.result.code, Code::PARTIAL);
    assert_eq!(response.result.detailed.len(), 1);
    assert_eq!(response.result.detailed[0].code, Code::UNKNOWN_USER);
    assert_eq!(response.result.detailed[0].users[0].as_written(), "wv:nobody-here");
    assert_eq!(expect_message(&mut friend).await.1, "to many");
}

#[tokio::test]
async fn who_is_blocked_is_refused_at_the_door() {
    use onesoup::csp::address::UserAddress;
    use onesoup::csp::blocking::{BlockEntityRequest, EntityList, ListChange};
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("pest", "pw").await;
    let mut pest = XmppClient::login(lab, "pest@xmpp.test", "pw").await;
    let mut phone = s60(server, "bea").await;
    let users = vec![UserAddress::parse("wv:pest@xmpp.test")];
    let add = EntityList { users, ..EntityList::default() };
    let block = ListChange { in_use: Some(true), add, ..ListChange::default() };
    let request = BlockEntityRequest { block, grant: ListChange::default() };
    phone.request(Primitive::BlockEntityRequest(request)).await.unwrap();
    pest.send_chat("bea@onesoup.test", "buy soup", "spam", true).await;
    pest.expect("a refusal", |stanza| match stanza {
        Stanza::Message(message)
            if message.type_ == tokio_xmpp::parsers::message::MessageType::Error =>
        {
            Some(())
        }
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn what_waited_carries_the_date_of_its_writing_both_ways() {
    use onesoup::base::clock::{Clock, Millis};
    use onesoup::csp::leaf::read_date_time;
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("dated", "pw").await;
    let mut contact = XmppClient::login(lab, "dated@xmpp.test", "pw").await;
    let mut phone = s60(server, "dana").await;

    let late = "<message xmlns='jabber:client' type='chat' to='dana@onesoup.test'>\
                <body>from last year</body>\
                <delay xmlns='urn:xmpp:delay' stamp='2025-03-04T05:06:07Z'/></message>";
    contact.send(late.parse().unwrap()).await;
    let sent = expect(&mut phone, "message", |event| match event {
        Event::Message { sent, .. } => Some(sent),
        _ => None,
    })
    .await;
    assert_eq!(sent, read_date_time("20250304T050607Z"));

    let mut request = phone.message_to("wv:dated@xmpp.test", "written an hour ago");
    let written = Millis(Clock::system().now().0 / 1000 * 1000 - 3_600_000);
    request.letter.info.date_time = Some(written);
    phone.request(Primitive::SendMessageRequest(request)).await.unwrap();
    let message = contact.expect_chat("dana@onesoup.test").await;
    let delay = message.payloads.iter().find(|payload| payload.is("delay", "urn:xmpp:delay"));
    let stamp = delay.and_then(|delay| delay.attr("stamp")).expect("a stamp").to_owned();
    let stamp = stamp.parse::<jiff::Timestamp>().expect("a date");
    assert_eq!(stamp.as_millisecond(), written.0);
}
