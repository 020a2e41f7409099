//! Files of accounts (XEP-0227): written and read back, in pieces, whatever is in them.

use onesoup::{
    base::clock::Millis,
    xmpp::{
        delay::Delay,
        jid::Jid,
        message::{Message, MessageKind, Receipt},
        portable::{
            PortableUser, RosterItem, Waiting,
            file::{END, HOST_END, Item, PortableFile, host_start, start},
            own::{Own, OwnList, OwnRow},
        },
    },
};
use proptest::{collection::vec, prelude::*};

/// Reads a file in pieces of this size.
fn read(text: &str, piece: usize) -> Vec<Item> {
    let mut file = PortableFile::default();
    let mut items: Vec<Item> = text.as_bytes().chunks(piece).flat_map(|it| file.feed(it)).collect();
    items.extend(file.feed(b""));
    items
}

/// Returns a file of one domain.
fn whole(users: &str) -> String {
    start() + &host_start("onesoup.test") + users + HOST_END + END
}

fn users(items: Vec<Item>) -> Vec<PortableUser> {
    let user = |item| match item {
        Item::User(user) => Some(*user),
        _ => None,
    };
    items.into_iter().filter_map(user).collect()
}

/// Any text that XML can carry, with what it escapes.
fn text() -> impl Strategy<Value = String> {
    "[ -~\u{a0}-\u{2fff}]{1,12}".prop_map(|text| text.trim().to_owned() + "x")
}

fn item() -> impl Strategy<Value = RosterItem> {
    let flags = [any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()];
    (text(), proptest::option::of(text()), flags, vec(text(), 0..3)).prop_map(
        |(jid, name, [to, from, asks, is_approved], groups)| RosterItem {
            jid,
            name,
            to,
            from,
            asks,
            is_approved,
            groups,
        },
    )
}

fn waiting() -> impl Strategy<Value = Waiting> {
    (text(), proptest::option::of(text()), 0..4_000_000_000_000_i64).prop_map(|(body, own, at)| {
        let jid = |text: &str| Jid::new(text).unwrap();
        let message = Message {
            id: Some("1".into()),
            kind: MessageKind::Chat,
            bodies: vec![body.as_str().into()],
            receipt: Some(Receipt::Requested),
            delay: Some(Delay { stamp: Millis(at), from: None }),
            ..Message::new(jid("ann@far.test/x"), jid("kim@onesoup.test"))
        };
        Waiting { message, own }
    })
}

fn own() -> impl Strategy<Value = Own> {
    let member = [text(), text(), text()];
    let list = (text(), text(), text(), any::<bool>(), vec(member, 0..3)).prop_map(
        |(key, spelling, name, is_default, members)| OwnList {
            key,
            spelling,
            name,
            is_default,
            members,
        },
    );
    let row = (text(), text()).prop_map(|(of, is)| OwnRow { kind: "grant".into(), of, is });
    (vec((text(), text()), 0..3), vec(list, 0..3), vec(row, 0..3))
        .prop_map(|(facts, lists, rows)| Own { facts, lists, rows })
}

fn user() -> impl Strategy<Value = PortableUser> {
    let people = (vec(item(), 0..4), vec(text(), 0..3), vec(text(), 0..3));
    let rest = (vec(waiting(), 0..3), proptest::option::of(own()));
    ("[a-z]{1,9}", proptest::option::of(text()), people, rest, any::<bool>()).prop_map(
        |(name, password, (roster, requests, blocked), (messages, own), blocks)| PortableUser {
            name,
            password,
            has_scram: false,
            roster,
            requests,
            blocks: blocks && !blocked.is_empty(),
            blocked,
            messages,
            own,
            strange: Vec::new(),
            ..PortableUser::default()
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(users_in in vec(user(), 0..3), piece in 1_usize..200) {
        let written: String =
            users_in.iter().map(|user| user.to_text("onesoup.test") + "\n").collect();
        let text = whole(&written);
        let items = read(&text, piece);
        prop_assert_eq!(items.first(), Some(&Item::Host("onesoup.test".into())));
        prop_assert_eq!(items.last(), Some(&Item::End));
        prop_assert_eq!(users(items), users_in);
    }

    #[test]
    fn no_file_panics(junk in vec(any::<u8>(), 0..300), at in 0_usize..200) {
        let user = PortableUser { name: "kim".into(), ..PortableUser::default() };
        let mut text = whole(&user.to_text("onesoup.test")).into_bytes();
        let at = at.min(text.len());
        text.splice(at..at, junk);
        let mut file = PortableFile::default();
        file.feed(&text);
        file.feed(b"");
        prop_assert!(file.feed(b"<more/>").is_empty());
    }
}

#[test]
fn the_export_of_ejabberd_is_read() {
    let main = include_str!("vectors/portable/ejabberd-23.01.xml");
    let include = Item::Include("ejabberd-23.01_xmpp_test.xml".into());
    assert_eq!(read(main, 7), [include, Item::End]);
    let items = read(include_str!("vectors/portable/ejabberd-23.01_xmpp_test.xml"), 64);
    assert_eq!(items[0], Item::Host("xmpp.test".into()));
    let users = users(items);
    let juliet = users.iter().find(|user| user.name == "juliet").unwrap();
    assert_eq!(juliet.password, None);
    let [romeo, nurse] = juliet.roster.as_slice() else { panic!("{:?}", juliet.roster) };
    assert_eq!((romeo.jid.as_str(), romeo.to, romeo.from), ("romeo@xmpp.test", true, true));
    assert_eq!(romeo.groups, ["Lovers"]);
    assert_eq!((nurse.name.as_deref(), nurse.to, nurse.from), (Some("Nurse"), true, false));
    assert_eq!(juliet.requests, ["paris@xmpp.test"]);
    assert_eq!((juliet.blocks, juliet.blocked.as_slice()), (true, &["tybalt@far.test".into()][..]));
    assert_eq!(juliet.messages[0].message.body(), Some("Neither, fair saint"));
    assert!(juliet.has_scram);
    assert!(juliet.vcard.is_some());
    assert_eq!(juliet.strange, [""; 0]);
}

#[test]
fn a_file_of_prosody_is_read() {
    let users = users(read(include_str!("vectors/portable/prosody-0.12.3_ann.xml"), 5));
    let [ann] = users.as_slice() else { panic!("{users:?}") };
    assert_eq!((ann.name.as_str(), ann.password.as_deref()), ("ann", Some("pw-ann")));
}

#[test]
fn what_is_no_file_of_accounts_is_told_so() {
    for text in [
        "",
        "hello",
        "<html/>",
        "<server-data xmlns='urn:other'><host jid='x'/></server-data>",
        "<server-data xmlns='urn:xmpp:pie:0'><host jid='x'>",
        "<server-data xmlns='urn:xmpp:pie:0'></host>",
    ] {
        let items = read(text, 3);
        assert!(matches!(items.last(), Some(Item::Broken(_))), "{text}: {items:?}");
    }
}

#[test]
fn entities_and_document_types_are_not_read() {
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>";
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>";
    for head in [bomb, outside] {
        let text = format!("{head}<server-data xmlns='urn:xmpp:pie:0'>&e;</server-data>");
        let items = read(&text, 1000);
        assert!(matches!(items.as_slice(), [Item::Broken(_)]), "{items:?}");
    }
    let user = "<user xmlns='urn:xmpp:pie:0' name='&e;'/>";
    assert!(matches!(read(user, 1000).as_slice(), [Item::Broken(_)]));
}

#[test]
fn an_account_beyond_all_bounds_costs_only_itself() {
    let deep = "<x>".repeat(10_000) + &"</x>".repeat(10_000);
    let many = "<x/>".repeat(200_000);
    let long = "y".repeat(60 * 1024 * 1024);
    for inside in [deep, many, long] {
        let bad = format!("<user name='bad'>{inside}</user>");
        let good = PortableUser { name: "kim".into(), ..PortableUser::default() };
        let text = whole(&(bad + &good.to_text("onesoup.test")));
        let items = read(&text, 64 * 1024);
        assert!(matches!(items[1], Item::Strange(_)), "{:?}", items[1]);
        assert_eq!(users(items), [good]);
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let text = "<server-data xmlns='urn:xmpp:pie:0'><host jid='x'><user name='kim'>\
        <query xmlns='jabber:iq:private'><a xmlns='b'/></query><c xmlns='d'/><c xmlns='d'/></user>\
        <e xmlns='f'/></host></server-data>";
    let items = read(text, 9);
    assert!(items.contains(&Item::Strange("e of f".into())), "{items:?}");
    let users = users(items);
    assert_eq!(users[0].strange, ["query of jabber:iq:private", "c of d"]);
}
