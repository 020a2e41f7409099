//! What other servers let through costs that stanza at most.

use onesoup::{
    base::{clock::Millis, secret::Secret},
    xmpp::{
        condition::{Condition, ErrorKind, StreamCondition},
        iq::{Iq, IqKind, Query},
        message::{ChatState, Message, MessageKind, Receipt},
        odd::{Odd, OddKind},
        presence::{Presence, Show},
        stanza::Stanza,
        stream::{Event, FOOTER, Stream},
        why::Why,
    },
};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
     xmlns:stream='http://etherx.jabber.org/streams' from='wap.example' id='3BF96D32'>";
const ENDS: &str = "from='ann@far.test/x' to='bob@wap.example'";

/// Reads a stanza as it comes over an authenticated stream, and proves that the stream goes on.
fn read(text: &str) -> Result<Stanza, Odd> {
    let mut stream = Stream::new("wap.example", Secret::new("s"));
    let good = format!("<message {ENDS}><body>still here</body></message>");
    let bytes = format!("{HEADER}<handshake/>{text}{good}");
    let mut events = stream.feed(bytes.as_bytes());
    assert_eq!(events.len(), 4, "{text}: {events:?}");
    let last = events.pop();
    let Some(Event::Stanza(Ok(Stanza::Message(last)))) = last else { panic!("{last:?}") };
    assert_eq!(last.body(), Some("still here"));
    match events.pop() {
        Some(Event::Stanza(result)) => result,
        other => panic!("{text}: {other:?}"),
    }
}

fn message(inside: &str) -> Message {
    match read(&format!("<message {ENDS} id='1' type='chat'>{inside}</message>")) {
        Ok(Stanza::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn presence(inside: &str) -> Presence {
    match read(&format!("<presence {ENDS}>{inside}</presence>")) {
        Ok(Stanza::Presence(presence)) => presence,
        other => panic!("{other:?}"),
    }
}

fn iq(attrs: &str, inside: &str) -> Result<Iq, Odd> {
    match read(&format!("<iq {ENDS} {attrs}>{inside}</iq>")) {
        Ok(Stanza::Iq(iq)) => Ok(iq),
        Ok(other) => panic!("{other:?}"),
        Err(odd) => Err(odd),
    }
}

#[test]
fn presence_of_unknown_type_is_odd_and_of_unknown_show_is_plain() {
    for kind in ["bogus", "", "invisible"] {
        let odd = read(&format!("<presence {ENDS} type='{kind}'/>")).unwrap_err();
        assert_eq!((odd.kind, odd.why), (OddKind::Presence, Why::UnknownKind), "{kind}");
        assert_eq!(odd.refusal(), None);
    }
    assert_eq!(presence("<show>bogus</show>").show, None);
    assert_eq!(presence("<show/>").show, None);
    assert_eq!(presence("<show>\n dnd </show>").show, Some(Show::Dnd));
    assert_eq!(presence("<show>away</show><show>xa</show>").show, Some(Show::Away));
    for (text, priority) in [("abc", 0), ("200", 127), ("", 0), ("-129", -128), (" 5 ", 5)] {
        assert_eq!(presence(&format!("<priority>{text}</priority>")).priority, priority, "{text}");
    }
}

#[test]
fn an_iq_that_cannot_be_understood_is_refused_if_it_can_be() {
    assert_eq!(iq("type='get'", "<ping xmlns='urn:xmpp:ping'/>").unwrap_err().why, Why::NoId);
    for attrs in ["id='1'", "id='1' type='bogus'", "id='1' type=''"] {
        let odd = iq(attrs, "<ping xmlns='urn:xmpp:ping'/>").unwrap_err();
        assert_eq!((odd.why, odd.kind), (Why::UnknownKind, OddKind::Request), "{attrs}");
        assert!(odd.refusal().is_some(), "{attrs}");
    }
    let odd = iq("id='1' type='get'", "").unwrap_err();
    assert_eq!((odd.why, odd.kind), (Why::NoPayload, OddKind::Request));
    let refusal = odd.refusal().unwrap();
    assert_eq!((refusal.to.as_str(), refusal.id.as_str()), ("ann@far.test/x", "1"));
    let IqKind::Error(error) = refusal.kind else { panic!() };
    assert_eq!((error.condition, error.kind), (Condition::BadRequest, ErrorKind::Modify));
}

#[test]
fn stray_text_is_passed_over() {
    let one = "stray<ping xmlns='urn:xmpp:ping'/>\n ";
    assert_eq!(iq("id='1' type='get'", one).unwrap().kind, IqKind::Get(Query::Ping));
    let result = iq("id='1' type='result'", one).unwrap();
    let IqKind::Result(Some(payload)) = result.kind else { panic!() };
    assert_eq!(payload.node().name(), "ping");
    assert_eq!(message("stray<body>x</body>stray").body(), Some("x"));
}

#[test]
fn a_request_with_several_payloads_is_refused_and_an_answer_with_several_is_read() {
    let two = "<ping xmlns='urn:xmpp:ping'/><query xmlns='jabber:iq:version'/>";
    for kind in ["get", "set"] {
        let odd = iq(&format!("id='1' type='{kind}'"), two).unwrap_err();
        assert_eq!((odd.why, odd.kind), (Why::ManyPayloads, OddKind::Request));
        let IqKind::Error(error) = odd.refusal().unwrap().kind else { panic!() };
        assert_eq!(error.condition, Condition::BadRequest);
    }
    let result = iq("id='1' type='result'", two).unwrap();
    let IqKind::Result(Some(payload)) = result.kind else { panic!() };
    assert_eq!(payload.node().name(), "ping");
}

#[test]
fn an_answer_that_cannot_be_read_is_taken_for_a_refusal() {
    let deep = format!("{}{}", "<a xmlns='x'>".repeat(100), "</a>".repeat(100));
    let odd = iq("id='1' type='result'", &deep).unwrap_err();
    assert_eq!(odd.refusal(), None);
    let answer = odd.answer().unwrap();
    assert_eq!((answer.from.as_str(), answer.id.as_str()), ("ann@far.test/x", "1"));
    assert!(matches!(answer.kind, IqKind::Error(_)));
    assert_eq!(iq("id='1' type='get'", &deep).unwrap_err().answer(), None);
}

#[test]
fn an_error_says_something_whatever_it_holds() {
    const UNDEFINED: Condition = Condition::UndefinedCondition;
    const NS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    let conflict = format!("<error type='odd'><conflict {NS}/></error>");
    let gone = format!("<error type='wait'><bogus {NS}/><gone {NS}>x</gone></error>");
    let two = format!("<error><text {NS}>no</text><a xmlns='b'/><c xmlns='d'/></error>");
    for (inside, condition, kind) in [
        ("", UNDEFINED, ErrorKind::Cancel),
        ("<error/>", UNDEFINED, ErrorKind::Cancel),
        ("<error code='404'/>", Condition::ItemNotFound, ErrorKind::Cancel),
        ("<error code='4o4'/>", UNDEFINED, ErrorKind::Cancel),
        (&conflict, Condition::Conflict, ErrorKind::Cancel),
        (&gone, Condition::Gone, ErrorKind::Wait),
        (&two, UNDEFINED, ErrorKind::Cancel),
    ] {
        let IqKind::Error(error) = iq("id='1' type='error'", inside).unwrap().kind else {
            panic!()
        };
        assert_eq!((error.condition, error.kind), (condition, kind), "{inside}");
        let stanza = read(&format!("<message {ENDS} type='error'>{inside}</message>")).unwrap();
        assert_eq!(stanza.refuse(Condition::Gone), None, "an error is not answered");
        let Stanza::Message(message) = stanza else { panic!() };
        assert_eq!(message.error.unwrap().condition, condition);
    }
}

#[test]
fn a_message_of_unknown_type_is_normal_and_of_many_bodies_has_one() {
    for kind in ["bogus", ""] {
        let stanza = read(&format!("<message {ENDS} type='{kind}'><body>x</body></message>"));
        let Ok(Stanza::Message(message)) = stanza else { panic!() };
        assert_eq!(message.kind, MessageKind::Normal);
    }
    let odd = message(
        "<thread>a</thread><thread>b</thread><body q='1' xml:lang='de'>eins</body>\
         <body>one</body><body>two</body><body/><body><![CDATA[<b>]]></body>\
         <what xmlns='urn:what'><deep/></what>",
    );
    assert_eq!(odd.thread.as_deref(), Some("a"));
    assert_eq!(odd.body(), Some("one"));
    assert_eq!(odd.bodies.len(), 5);
    assert_eq!(odd.bodies[4].text, "<b>");
    assert_eq!(odd.payloads.len(), 1);
    assert_eq!(message("<body>a<b>c</b>d</body>").body(), Some("ad"));
    assert_eq!(message("<body xml:lang='de'>eins</body>").body(), Some("eins"));
    assert_eq!(message("").body(), None);
}

#[test]
fn bad_addresses_are_read_as_they_are() {
    let long = format!("a@{}.test", "l".repeat(64));
    for address in [
        "a@b@c",
        "@x",
        "a b@x",
        "a@x/",
        "a@xn--\u{fc}",
        "a@-x-",
        &long,
        "room@muc.test/\u{1F98A}",
        "\u{1E9E}@x",
        "a@x/\u{5d0}b",
        "a@x/tab\tbed",
        "x_y.org",
        "[::1]",
        "x.org.",
        "b\u{fc}cher.example",
    ] {
        for ends in [
            format!("from='{address}' to='bob@wap.example'"),
            format!("to='{address}' from='ann@far.test'"),
        ] {
            let text = format!("<message {ends}><body>x</body></message>");
            assert!(read(&text).is_ok(), "{text}");
        }
    }
    for (ends, why) in [
        ("to='bob@wap.example'", Why::BadFrom),
        ("from='' to='bob@wap.example'", Why::BadFrom),
        ("from='ann@' to='bob@wap.example'", Why::BadFrom),
        ("from='ann@far.test'", Why::BadTo),
        ("from='ann@far.test' to='/'", Why::BadTo),
    ] {
        let odd = read(&format!("<iq {ends} id='1' type='get'><a xmlns='b'/></iq>")).unwrap_err();
        assert_eq!((odd.why, odd.refusal()), (why, None));
    }
}

#[test]
fn both_namespaces_are_alike_and_foreign_elements_are_none() {
    for text in [
        format!("<message xmlns='jabber:client' {ENDS}><body>x</body></message>"),
        format!("<message {ENDS}><body xmlns='jabber:client'>x</body></message>"),
    ] {
        let Ok(Stanza::Message(message)) = read(&text) else { panic!() };
        assert_eq!(message.body(), Some("x"));
    }
    for foreign in [
        "<foo/>",
        "<foo><bar/>x</foo>",
        "<stream:features/>",
        "<handshake/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<message xmlns='urn:other' to='a' from='b'/>",
    ] {
        assert_eq!(read(foreign).unwrap_err().kind, OddKind::Other, "{foreign}");
    }
}

#[test]
fn great_attributes_are_read_and_great_stanzas_are_refused() {
    let great = "x".repeat(9000);
    let data = message(&format!("<body>x</body><img xmlns='urn:i' src='{great}'/>"));
    assert_eq!(data.payloads[0].node().attr("src"), Some(great.as_str()));
    let img = format!("<message {ENDS} id='1'><img xmlns='{great}'/></message>");
    assert_eq!(read(&img).unwrap_err().why, Why::TooBig);
    let many: String = (0..200).map(|number| format!(" xmlns:p{number}='x'")).collect();
    assert_eq!(read(&img.replace("xmlns", &format!("{many} xmlns"))).unwrap_err().why, Why::TooBig);
    let body = "x".repeat(5_000_000);
    let odd = read(&format!("<message {ENDS} id='7'><body>{body}</body></message>")).unwrap_err();
    assert_eq!((odd.why, odd.kind, odd.id.as_deref()), (Why::TooBig, OddKind::Message, Some("7")));
    let request = "<iq from='ann@far.test/x' to='wap.example' id='9' type='set'>";
    let deep = format!("{request}{}{}</iq>", "<a>".repeat(200_000), "</a>".repeat(200_000));
    let odd = read(&deep).unwrap_err();
    assert_eq!(odd.why, Why::TooDeep);
    assert!(matches!(odd.refusal().unwrap().kind, IqKind::Error(error)
        if error.condition == Condition::PolicyViolation));
    let wide = format!("{request}{}</iq>", "<a/>".repeat(500_000));
    assert_eq!(read(&wide).unwrap_err().why, Why::TooBig);
    let just_deep = format!("{}{}", "<a>".repeat(63), "</a>".repeat(63));
    assert_eq!(message(&just_deep).payloads.len(), 1);
}

#[test]
fn a_prefix_without_meaning_costs_the_stanza_that_uses_it() {
    for inside in ["<p:a/>", "<a p:b='1'/>", "<a b='1' b='2'/>", "<a xmlns:p='x'/><p:a/>"] {
        let odd = iq("id='1' type='get'", inside).unwrap_err();
        assert_eq!(odd.why, Why::Malformed, "{inside}");
        assert!(odd.refusal().is_some());
    }
    let doubled = format!("<message {ENDS} id='1' id='2'/>");
    for outside in ["<p:message/>", "<message p:a=''/>", &doubled] {
        assert_eq!(read(outside).unwrap_err().kind, OddKind::Other, "{outside}");
    }
    let inner = message("<a xmlns='1' xmlns:p='2'><b p:c='3'/><p:d xmlns=''><e/></p:d></a><f/>");
    let a = inner.payloads[0].node();
    let names: Vec<_> = a.children().map(|child| (child.name(), child.ns())).collect();
    assert_eq!(names, [("b", "1".to_owned()), ("d", "2".to_owned())]);
    assert_eq!(inner.payloads[1].node().ns(), "jabber:client");
}

#[test]
fn only_what_is_no_xml_ends_the_stream() {
    for broken in ["<!DOCTYPE a>", "<?php ?>", "&nbsp;", "&#0;", "\u{1}", "<a></b>"] {
        let mut stream = Stream::new("wap.example", Secret::new("s"));
        let events = stream.feed(format!("{HEADER}<handshake/>{broken}<foo/>").as_bytes());
        assert!(matches!(events[..], [_, _, Event::Unreadable(_)]), "{broken}: {events:?}");
        assert_eq!(stream.feed(b"<message/>"), []);
    }
    let mut stream = Stream::new("wap.example", Secret::new("s"));
    let text = format!("{HEADER}<handshake/>stray <!-- a comment --> \n");
    assert_eq!(stream.feed(text.as_bytes()).len(), 2);
    assert!(matches!(stream.feed(b"\xff<")[..], [Event::Unreadable(_)]));
}

#[test]
fn the_handshake_and_the_errors_of_a_stream() {
    let mut stream = Stream::new("wap.example", Secret::new("secret"));
    assert!(stream.open().contains(" to='wap.example'"));
    let [Event::Opened(answer)] = &stream.feed(HEADER.as_bytes())[..] else { panic!() };
    assert_eq!(answer, "<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>");
    assert_eq!(stream.feed(b"<iq type='get'/>"), [], "nothing counts before the handshake");
    assert_eq!(stream.feed(b"<handshake/>"), [Event::Authenticated]);
    let error = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
                 <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>two</text></stream:error>";
    let text = Some("two".to_owned());
    let condition = StreamCondition::Conflict;
    assert_eq!(stream.feed(error.as_bytes()), [Event::StreamError { condition, text }]);
    let odd = "<stream:error><odd/></stream:error>";
    let condition = StreamCondition::UndefinedCondition;
    assert_eq!(stream.feed(odd.as_bytes()), [Event::StreamError { condition, text: None }]);
    assert_eq!(stream.feed(format!("{FOOTER}<message/>").as_bytes()), [Event::Closed]);
}

#[test]
fn payloads_of_a_message_are_read_with_patience() {
    let full = message(
        "<subject>s</subject><request xmlns='urn:xmpp:receipts'/>\
         <nick xmlns='http://jabber.org/protocol/nick'>Ann</nick>\
         <delay xmlns='urn:xmpp:delay' stamp='nonsense'/>\
         <x xmlns='jabber:x:delay' stamp='20020910T23:08:25' from='a'/>\
         <delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:26Z'/>\
         <origin-id xmlns='urn:xmpp:sid:0' id='o'/><stanza-id xmlns='urn:xmpp:sid:0' id='i'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' id='i' by='far.test'/>\
         <no-store xmlns='urn:xmpp:hints'/><odd xmlns='urn:xmpp:hints'/>\
         <x xmlns='jabber:x:oob'><url> http://x/y </url></x>\
         <composing xmlns='http://jabber.org/protocol/chatstates'/>\
         <markable xmlns='urn:xmpp:chat-markers:0'/>\
         <encryption xmlns='urn:xmpp:eme:0' namespace='n' name='OMEMO'/>\
         <replace xmlns='urn:xmpp:message-correct:0' id='r'/>\
         <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>\
         <x xmlns='jabber:x:conference' jid='room@muc'/>",
    );
    assert_eq!(full.subject.as_deref(), Some("s"));
    assert_eq!(full.receipt, Some(Receipt::Requested));
    assert_eq!(full.nick.as_deref(), Some("Ann"));
    assert_eq!(full.delay.as_ref().unwrap().stamp, Millis(1_031_699_305_000));
    assert_eq!(full.origin_id.as_deref(), Some("o"));
    assert_eq!(full.stanza_ids.len(), 1);
    assert!(full.hints.no_store && !full.hints.store);
    assert_eq!(full.oob_url.as_deref(), Some("http://x/y"));
    assert_eq!(full.chat_state, Some(ChatState::Composing));
    assert_eq!(full.marker.as_deref(), Some("markable"));
    assert_eq!(full.encrypted.as_deref(), Some("OMEMO"));
    assert_eq!(full.replaces.as_deref(), Some("r"));
    assert_eq!(full.fallback_for, ["urn:xmpp:reply:0"]);
    assert_eq!(full.payloads[0].node().attr("jid"), Some("room@muc"));
    let receipt = full.received("r1").unwrap();
    assert_eq!(receipt.receipt, Some(Receipt::Received(Some("1".to_owned()))));
    assert_eq!(receipt.to.as_str(), "ann@far.test/x");
}

#[test]
fn payloads_that_lack_their_parts_are_read_too() {
    let omemo = message("<encrypted xmlns='eu.siacs.conversations.axolotl'/>");
    assert_eq!(omemo.encrypted.as_deref(), Some("eu.siacs.conversations.axolotl"));
    let both = "<request xmlns='urn:xmpp:receipts'/><received xmlns='urn:xmpp:receipts'/>";
    assert_eq!(message(both).receipt, Some(Receipt::Received(None)));
    let there = presence(
        "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='0.1'/>\
         <x xmlns='vcard-temp:x:update'><photo/></x>\
         <idle xmlns='urn:xmpp:idle:1' since='1970-01-01T00:00:01Z'/>\
         <status xml:lang='de'>da</status><status>here</status>",
    );
    assert_eq!(there.caps.as_ref().map(|caps| caps.hash.is_none()), Some(true));
    assert_eq!(there.photo_hash.as_deref(), Some(""));
    assert_eq!(there.idle_since, Some(Millis(1000)));
    assert_eq!(there.status(), Some("here"));
}
