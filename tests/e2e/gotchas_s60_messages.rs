//! The S60 handset's gotchas: messages, confirmations, repetitions (handset: S60 §3, §8, §11).

use onesoup::csp::version::Version;

use crate::support::handmade::{HandPhone, Manner, find, message_to, texts};
use crate::support::server::Server;

fn server() -> &'static Server {
    Server::shared_alone()
}

/// The texts that wait for a phone, which takes them.
fn taken(phone: &mut HandPhone) -> Vec<String> {
    let messages = phone.take_all_named("NewMessage");
    messages.iter().flat_map(|message| texts(message, "ContentData")).collect()
}

#[test]
fn s60_gotcha_07_words_of_the_protocol_are_text_where_people_write_them() {
    let mut phone = HandPhone::s60(server(), "m07");
    for word in ["T", "Admin", "HAPPY", "IM", "http://", "text/plain"] {
        phone.send("wv:m07", word);
        let heard = phone.poll();
        let inline = [&[0x03], word.as_bytes(), &[0x00]].concat();
        let is_inline = heard.body.windows(inline.len()).any(|octets| octets == inline);
        assert!(is_inline, "{word}: {:02X?}", heard.body);
        phone.confirm(&heard.pushes()[0]);
    }
    // Booleans and enumerations are tokens: these three open every push.
    phone.send("wv:m07", "x");
    let body = phone.poll().body;
    for token in [[0x80, 0x11], [0x80, 0x20]] {
        assert!(body.windows(2).any(|octets| octets == token), "{token:02X?} in {body:02X?}");
    }
}

#[test]
fn s60_gotcha_13_everything_is_pushed_also_what_waited() {
    let server = server();
    let mut sender = HandPhone::s60(server, "m13a");
    let mut phone = HandPhone::new(server, Manner::S60, "m13b");
    (0..4).for_each(|number| sender.send("wv:m13b", &format!("letter {number}")));
    phone.log_in();
    assert!(phone.poll().is_nothing(), "nothing is sent before the services are agreed");
    let capabilities = phone.capabilities("");
    let heard = phone.request(&capabilities);
    assert_eq!(heard.pushes().len(), 0);
    assert!(phone.poll().is_nothing());
    let services = phone.services();
    phone.request(&services);
    // A phone that asks for notifications is sent the messages all the same.
    let all = phone.take_all();
    assert!(all.iter().all(|push| push.content.name() == "NewMessage"));
    let texts: Vec<_> = all.iter().flat_map(|push| texts(&push.content, "ContentData")).collect();
    assert_eq!(texts, ["letter 0", "letter 1", "letter 2", "letter 3"], "in order");
    let info = find(&all[0].content, "MessageInfo").unwrap();
    let date = info.text_of("DateTime").unwrap();
    assert!(date.len() == 16 && date.ends_with('Z') && date.as_bytes()[8] == b'T', "{date}");
}

#[test]
fn s60_gotcha_14_no_transaction_of_ours_is_used_twice() {
    let server = server();
    let mut phone = HandPhone::s60(server, "m14");
    (0..6).for_each(|number| phone.send("wv:m14", &format!("letter {number}")));
    let mut ids: Vec<String> = phone.take_all().into_iter().map(|push| push.id).collect();
    let mut again = HandPhone::of(server, Manner::S60, "m14").ready();
    (0..6).for_each(|number| again.send("wv:m14", &format!("letter {number}")));
    ids.extend(again.take_all().into_iter().map(|push| push.id));
    assert_eq!(ids.len(), 12);
    assert!(ids.iter().all(|id| id.parse::<u64>().is_err()), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 12);
}

#[test]
fn s60_8_4_what_was_not_confirmed_comes_again_in_the_next_session() {
    let server = server();
    let mut phone = HandPhone::s60(server, "m84");
    phone.send("wv:m84", "do not lose me");
    let lost = phone.poll().pushes().remove(0);
    let mut again = HandPhone::of(server, Manner::S60, "m84").ready();
    let pushes = again.take_all();
    assert_eq!(pushes.len(), 1);
    assert_ne!(pushes[0].id, lost.id, "or the phone would pass it over");
    let id = |push: &crate::support::handmade::Push| texts(&push.content, "MessageID");
    assert_eq!(id(&pushes[0]), id(&lost));
    assert!(again.take_all().is_empty());
}

#[test]
fn s60_gotcha_19_a_message_is_not_refused_for_what_it_says_of_itself() {
    let mut phone = HandPhone::s60(server(), "m19");
    let to = "<Recipient><User><UserID>M19</UserID></User></Recipient>";
    let odd = [
        format!("<MessageInfo>{to}<ContentSize>9999</ContentSize></MessageInfo>"),
        format!("<MessageInfo><ContentSize>0</ContentSize>{to}</MessageInfo>"),
        format!(
            "<MessageInfo>{to}<Sender><User><UserID>somebody</UserID></User></Sender>\
             </MessageInfo>"
        ),
        format!(
            "<MessageInfo>{to}<ContentType>text/plain; charset=utf-8</ContentType></MessageInfo>"
        ),
    ];
    for (number, info) in odd.iter().enumerate() {
        let heard = phone.request(&format!(
            "<SendMessage-Request><DeliveryReport>F</DeliveryReport>{info}<ContentData>odd {number}\
             </ContentData></SendMessage-Request>"
        ));
        let response = heard.expect_name("SendMessage-Response");
        assert_eq!(response.child("Result").and_then(|it| it.text_of("Code")), Some("200"));
        assert!(response.child("MessageID").is_some());
    }
    let messages = phone.take_all_named("NewMessage");
    assert_eq!(messages.len(), odd.len());
    for message in &messages {
        let sender = find(message, "Sender").unwrap();
        assert_eq!(texts(sender, "UserID"), ["wv:m19@onesoup.test"], "who logged in");
        let text = find(message, "ContentData").unwrap().text();
        assert_eq!(find(message, "ContentSize").unwrap().text(), text.len().to_string());
    }
}

#[test]
fn s60_gotcha_23_a_repeated_post_is_not_carried_out_again() {
    let mut phone = HandPhone::s60(server(), "m23");
    let id = phone.next_id();
    let message = message_to("wv:m23", "once");
    let first = phone.request_as(&id, &message);
    let again = phone.request_as(&id, &message);
    assert_eq!(again.text("MessageID"), first.text("MessageID"));
    assert_eq!(taken(&mut phone), ["once"]);
    assert_eq!(phone.request_as(&id, &message).text("MessageID"), first.text("MessageID"));
    assert!(taken(&mut phone).is_empty(), "nor after it was read");
    let requests = [
        "<CreateList-Request><ContactList>wv:m23/work</ContactList></CreateList-Request>",
        "<ListManage-Request><ContactList>wv:m23/work</ContactList><AddNickList><NickName><Name>A\
         </Name><UserID>wv:a@far.test</UserID></NickName></AddNickList></ListManage-Request>",
        "<DeleteList-Request><ContactList>wv:m23/work</ContactList></DeleteList-Request>",
    ];
    for request in requests {
        let id = phone.next_id();
        let (first, again) = (phone.request_as(&id, request), phone.request_as(&id, request));
        assert_eq!(first.code(), "200", "{request}");
        assert_eq!(again.body, first.body, "{request}");
    }
}

#[test]
fn s60_gotcha_23_who_writes_the_same_twice_is_read_twice() {
    let mut phone = HandPhone::s60(server(), "m23b");
    phone.send("wv:m23b", "ok");
    phone.send("wv:m23b", "ok");
    assert_eq!(taken(&mut phone), ["ok", "ok"]);
}

#[test]
fn s60_gotcha_23_a_repetition_that_overtakes_waits_for_the_first() {
    let server = server();
    let mut phone = HandPhone::s60(server, "m23c");
    let message = message_to("wv:m23c", "at the same time");
    let mut twins: Vec<HandPhone> = (0..4)
        .map(|_| {
            let mut twin = HandPhone::of(server, Manner::S60, "m23c");
            twin.session = phone.session.clone();
            twin
        })
        .collect();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let answers = twins.iter_mut().map(|twin| {
            let message = &message;
            scope.spawn(move || twin.request_as("nok77", message).text("MessageID"))
        });
        let answers: Vec<_> = answers.collect();
        answers.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(taken(&mut phone), ["at the same time"]);
}

#[test]
fn s60_gotcha_17_a_search_without_hits_has_findings_and_flag() {
    let mut phone = HandPhone::s60(server(), "m17");
    for (element, text, findings) in [
        ("GROUP_USER_ID_OWNER", "m17", "0"),
        ("USER_FIRST_NAME", "nobody", "0"),
        ("USER_ID", "nobody-at-all", "0"),
        ("USER_ID", "wv:m17", "1"),
    ] {
        let heard = phone.request(&format!(
            "<Search-Request><SearchPairList><SearchElement>{element}</SearchElement>\
             <SearchString>{text}</SearchString></SearchPairList><SearchLimit>50</SearchLimit>\
             </Search-Request>"
        ));
        let response = heard.expect_name("Search-Response");
        assert_eq!(response.text_of("SearchFindings"), Some(findings), "{element}");
        assert_eq!(response.text_of("CompletionFlag"), Some("T"), "{element}");
        assert!(response.child("SearchResult").is_some(), "{element}");
    }
}

#[test]
fn s60_8_1_several_recipients_have_what_each_can_have() {
    let server = server();
    let mut friend = HandPhone::s60(server, "m81b");
    let mut phone = HandPhone::s60(server, "m81a");
    let users: String = ["wv:m81b", "wv:nobody-at-all", "wv:M81B@onesoup.test"]
        .map(|user| format!("<User><UserID>{user}</UserID></User>"))
        .concat();
    let heard = phone.request(&format!(
        "<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><Recipient>{users}\
         </Recipient></MessageInfo><ContentData>to all</ContentData></SendMessage-Request>"
    ));
    assert_eq!(texts(heard.root(), "Code"), ["201", "531"]);
    assert_eq!(texts(heard.root(), "UserID"), ["wv:nobody-at-all"]);
    assert_eq!(taken(&mut friend), ["to all"]);
}

#[test]
fn s60_8_2_a_text_that_was_escaped_twice_arrives_as_it_was_typed() {
    let mut phone = HandPhone::s60(server(), "m82");
    // Once for this test's XML, once by the phone.
    phone.send("wv:m82", "&amp;lt;3 &amp;amp; &amp;quot;soup&amp;quot;");
    phone.send("wv:m82", "Tom &amp; Jerry &lt;3");
    assert_eq!(taken(&mut phone), ["<3 & \"soup\"", "Tom & Jerry <3"]);
}

#[test]
fn s60_8_6_who_is_blocked_is_refused_and_who_is_granted_alone_gets_through() {
    let server = server();
    let mut friend = HandPhone::s60(server, "m86f");
    let mut pest = HandPhone::s60(server, "m86p");
    let mut phone = HandPhone::s60(server, "m86");
    let block = "<BlockEntity-Request><BlockList><InUse>T</InUse><AddList><UserID>m86p</UserID>\
                 </AddList></BlockList><GrantList><InUse>F</InUse></GrantList>\
                 </BlockEntity-Request>";
    assert_eq!(phone.request(block).code(), "200");
    let answer = |phone: &mut HandPhone| phone.request(&message_to("wv:m86", "let me in")).code();
    assert_eq!((answer(&mut pest), answer(&mut friend)), ("532".into(), "200".into()));
    let grant = "<BlockEntity-Request><BlockList><InUse>F</InUse></BlockList><GrantList><InUse>T\
                 </InUse><AddList><UserID>wv:m86p@onesoup.test</UserID></AddList></GrantList>\
                 </BlockEntity-Request>";
    assert_eq!(phone.request(grant).code(), "200");
    assert_eq!((answer(&mut pest), answer(&mut friend)), ("200".into(), "532".into()));
    assert_eq!(taken(&mut phone).len(), 2);
}

#[test]
fn s60_3_4_a_confirmation_brings_the_next_or_nothing_but_never_a_status() {
    for (number, version) in [Version::V1_1, Version::V1_2].into_iter().enumerate() {
        let user = format!("m34{number}");
        let mut phone = HandPhone::new(server(), Manner::S60, &user).speaking(version).ready();
        let first = phone.capabilities("").replace("<MultiTrans>3", "<MultiTrans>1");
        phone.request(&first);
        (0..3).for_each(|number| phone.send(&format!("wv:{user}"), &number.to_string()));
        let mut heard = phone.poll();
        for number in 0..3 {
            let pushes = heard.pushes();
            assert_eq!(pushes.len(), 1);
            assert_eq!(texts(&pushes[0].content, "ContentData"), [number.to_string()]);
            heard = phone.confirm(&pushes[0]);
        }
        assert!(heard.is_nothing());
    }
}
