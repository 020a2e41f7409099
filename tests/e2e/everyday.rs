//! What users of both phones do with contacts every day, in each way that the phones speak, with a
//! contact on another server who sees exactly what happens.

use base64::{Engine, prelude::BASE64_STANDARD};
use image::ImageFormat;
use minidom::Element;
use onesoup::csp::{
    address::{ListAddress, UserAddress},
    blocking::{BlockEntityRequest, EntityList, ListChange},
    contact_list::{
        ContactListProperties, DeleteListRequest, ListManageRequest, NickList, NickName,
    },
    document::Spelling,
    presence::SubscribePresenceRequest,
    presence_detail::{Source, StatusContent},
    presence_name::{AttributeKind, AttributeSet},
    presence_value::{Attribute, Qualified},
    primitive::Primitive,
    status::Code,
    version::Version,
};
use onesoup::phone::{
    event::{Event, Mood},
    handset::{Habits, Handset},
    session::Phone,
    settings::{LoginWay, PhoneSettings},
};
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::{Presence, Show, Type};

use crate::personal::{
    AVATAR, AVATAR_DATA, expect_event, expect_no_picture, expect_picture, inside, items, picture,
    publish, sha1, update,
};
use crate::support::lab::Lab;
use crate::support::phones::{self, PASSWORD, expect, expect_presence, started, ways};
use crate::support::server::Server;
use crate::support::xmpp::{XmppClient, body, status};

/// The phone and the contact, as each writes the other.
struct Pair {
    name: String,
    phone: Phone,
    own: String,
    contact: XmppClient,
    far: String,
}

impl Pair {
    async fn of(number: usize, way: (String, Habits, Version, Spelling, LoginWay)) -> Self {
        let (name, habits, version, spelling, login) = way;
        let (lab, server) = (Lab::shared(), Server::shared());
        let user = format!("everyday{number}");
        server.add_account(&user, PASSWORD);
        // One way with a contact of Prosody, the next with one of ejabberd.
        let jid = if number.is_multiple_of(2) {
            lab.register_far(&user, "pw");
            format!("{user}@far.test")
        } else {
            lab.register(&user, "pw").await;
            format!("{user}@xmpp.test")
        };
        let contact = XmppClient::login(lab, &jid, "pw").await;
        let usual = phones::settings(server, habits, &user);
        let poll = Some(std::time::Duration::from_millis(200));
        let settings = PhoneSettings { version, spelling, login, cir: None, poll, ..usual };
        let phone = started(settings).await;
        let (own, far) = (format!("{user}@onesoup.test"), format!("wv:{jid}"));
        Self { name, phone, own, contact, far }
    }

    /// Asks for something, which must go well as this phone understands it.
    async fn done(&mut self, primitive: Primitive) {
        let answer = self.phone.request(primitive).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let code = match &answer {
            Primitive::Status(status) => status.result.code,
            Primitive::ListManageResponse(response) => response.result.code,
            other => panic!("{}: {other:?}", self.name),
        };
        assert_eq!(code, Code::OK, "{}: {answer:?}", self.name);
    }

    /// What the contact has been told of the phone and has not looked at: kinds of presence.
    async fn told(&mut self) -> Vec<Type> {
        self.contact.sync().await;
        let mut told = Vec::new();
        let own = self.own.clone();
        while let Some(presence) = self.contact.seen(|stanza| of(stanza, &own)) {
            told.push(presence.type_);
        }
        told
    }

    fn names(&self) -> Vec<(String, String)> {
        let contacts = self.phone.contacts().into_iter();
        contacts.map(|it| (it.user.to_string(), it.name.to_string())).collect()
    }
}

fn of(stanza: &Stanza, bare: &str) -> Option<Presence> {
    match stanza {
        Stanza::Presence(presence)
            if presence.from.as_ref().is_some_and(|from| from.to_bare().as_str() == bare) =>
        {
            Some(presence.clone())
        }
        _ => None,
    }
}

/// A contact is typed in, agrees, is renamed, asks in return and is let see.
async fn adds_and_renames(pair: &mut Pair) {
    let Pair { phone, own, contact, far, .. } = pair;
    // handset: S60 §10, Android §5: typed without `wv:`, in whatever case.
    let typed = far.trim_start_matches("wv:").to_uppercase();
    phone.add_contact(&typed, "Friend").await.unwrap();
    contact.expect_presence(Type::Subscribe, own).await;
    contact.approve(own).await;
    let seen = expect_presence(phone, "contact", |seen| seen.mood == Mood::Available).await;
    let listed = phone.contacts()[0].user.to_string();
    assert_eq!(seen.user, listed, "{}", pair.name);
    assert!(listed.eq_ignore_ascii_case(far), "{listed}");
    pair.far = listed.clone();
    pair.phone.add_contact(&listed, "Best friend").await.unwrap();
    assert_eq!(pair.names(), [(listed, "Best friend".to_owned())], "{}", pair.name);
    assert_eq!(pair.told().await, [], "{}: a new name is nobody else's matter", pair.name);

    pair.contact.subscribe(&pair.own).await;
    let asked = expect(&mut pair.phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    });
    assert_eq!(asked.await, pair.far, "{}", pair.name);
    pair.phone.answer(&pair.far, true).await.unwrap();
    pair.contact.expect_presence(Type::Subscribed, &pair.own).await;
    pair.contact.expect_presence(Type::None, &pair.own).await;
    assert_eq!(pair.told().await, [], "{}: once", pair.name);
}

/// A list is made, filled, renamed and deleted; the contact stays on the other.
async fn sorts_into_lists(pair: &mut Pair) {
    let list = pair.phone.create_list("Work").await.unwrap();
    let folded = ListAddress::parse(&list.as_written().to_lowercase());
    let change = |add, properties| {
        Primitive::ListManageRequest(ListManageRequest {
            add,
            properties,
            receive_list: Some(false),
            ..ListManageRequest::read_list(folded.clone())
        })
    };
    let user = UserAddress::parse(&pair.far);
    let members = vec![NickName { name: Some("Colleague".into()), user }];
    pair.done(change(NickList { members }, None)).await;
    let properties =
        ContactListProperties { display_name: Some("Office".into()), ..Default::default() };
    pair.done(change(NickList::default(), Some(properties))).await;
    let read = Primitive::ListManageRequest(ListManageRequest::read_list(folded.clone()));
    let Primitive::ListManageResponse(read) = pair.phone.request(read).await.unwrap() else {
        panic!("{}: a list", pair.name)
    };
    let name = read.properties.and_then(|properties| properties.display_name);
    assert_eq!(name.as_deref(), Some("Office"), "{}", pair.name);
    assert_eq!(read.members.map(|list| list.members.len()), Some(1), "{}", pair.name);
    pair.done(Primitive::DeleteListRequest(DeleteListRequest { list: folded })).await;
    assert_eq!(pair.told().await, [], "{}: the contact is on the first list still", pair.name);
}

/// A status text, away, hidden and back; messages come while the user is hidden.
async fn shows_and_hides(pair: &mut Pair) {
    let Pair { phone, own, contact, .. } = pair;
    phone.set_status(Mood::Away, Some("soup's on")).await.unwrap();
    let away = contact.expect_presence(Type::None, own).await;
    assert_eq!((away.show.clone(), status(&away)), (Some(Show::Away), "soup's on"));
    phone.set_status(Mood::Offline, None).await.unwrap();
    contact.expect_presence(Type::Unavailable, own).await;
    contact.send_chat(own, "are you there?", "h", true).await;
    assert_eq!(phones::expect_message(phone).await.1, "are you there?");
    contact.expect_receipt("h").await;
    phone.set_status(Mood::Available, Some("back")).await.unwrap();
    let back = contact.expect_presence(Type::None, own).await;
    assert_eq!((back.show.clone(), status(&back)), (None, "back"));
    assert_eq!(pair.told().await, [], "{}: each once", pair.name);
}

/// Each shows a picture, the contact as its program tells of one, and takes it back.
async fn shows_pictures(pair: &mut Pair) {
    let Pair { name, phone, own, contact, far } = pair;
    contact.announce(&[&format!("{AVATAR}+notify")], None).await;
    // handset: S60 §7.3, Android §6
    let content = StatusContent {
        source: Some(Source::Direct(BASE64_STANDARD.encode(picture(ImageFormat::Jpeg)).into())),
        content_type: Some("image/jpeg".into()),
    };
    update(phone, vec![Attribute::StatusContent(Qualified::known(content))]).await;
    let told = expect_event(contact, own, AVATAR).await;
    let info = inside(&told).get_child("info", AVATAR).expect("a picture");
    let hash = info.attr("id").unwrap().to_owned();
    let shown = contact.expect_presence(Type::None, own).await;
    let photo = shown.payloads.iter().find_map(|it| it.get_child("photo", "vcard-temp:x:update"));
    assert_eq!(photo.map(Element::text), Some(hash.clone()), "{name}");
    let item = items(contact, own, AVATAR_DATA).await.expect("the octets");
    assert_eq!(sha1(&BASE64_STANDARD.decode(inside(&item).text()).unwrap()), hash, "{name}");
    let ask = "<vCard xmlns='vcard-temp'/>";
    let card = contact.ask("get", Some(own), ask).await.expect("a profile");
    let photo = card.get_child("PHOTO", "vcard-temp").expect("a picture");
    let photo = photo.get_child("BINVAL", "vcard-temp").expect("octets").text();
    assert_eq!(sha1(&BASE64_STANDARD.decode(photo).unwrap()), hash, "{name}");
    update(phone, vec![Attribute::StatusContent(Qualified::unknown())]).await;
    // A device that came while its user changed something may be told of that twice.
    while inside(&expect_event(contact, own, AVATAR).await).children().count() > 0 {}
    contact.expect_presence(Type::None, own).await;

    let mut kinds = watched().kinds;
    kinds.push(AttributeKind::StatusContent);
    let request = SubscribePresenceRequest {
        users: vec![UserAddress::parse(far)],
        attributes: Some(AttributeSet { kinds }),
        ..SubscribePresenceRequest::default()
    };
    phone.request(Primitive::SubscribePresenceRequest(request)).await.unwrap();
    while phone.poll().await.unwrap() > 0 {}
    while phone.take_event().is_some() {}
    let octets = picture(ImageFormat::Png);
    let (hash, bytes) = (sha1(&octets), octets.len());
    let data = format!("<data xmlns='{AVATAR_DATA}'>{}</data>", BASE64_STANDARD.encode(&octets));
    publish(contact, AVATAR_DATA, &hash, &data).await;
    let info = format!("<info id='{hash}' bytes='{bytes}' type='image/png'/>");
    for (info, is_there) in [(info.as_str(), true), ("", false)] {
        let metadata = format!("<metadata xmlns='{AVATAR}'>{info}</metadata>");
        publish(contact, AVATAR, &hash, &metadata).await;
        match phone.settings().habits.handset {
            Handset::S60 | Handset::Plain if is_there => expect_picture(phone).await,
            Handset::S60 | Handset::Plain => expect_no_picture(phone).await,
            // handset: Android §6: it draws none, and hears nothing of it.
            Handset::Android => {
                contact.send_chat(own, "seen?", "p", false).await;
                let first = expect(phone, "word", Some).await;
                assert!(matches!(first, Event::Message { .. }), "{name}: {first:?}");
            }
        }
    }
    assert_eq!(pair.told().await, [], "{}: each once", pair.name);
}

/// What a phone shows of a contact, besides pictures.
fn watched() -> AttributeSet {
    let kinds = vec![
        AttributeKind::OnlineStatus,
        AttributeKind::UserAvailability,
        AttributeKind::StatusText,
    ];
    AttributeSet { kinds }
}

/// The contact is blocked, and freed.
async fn blocks(pair: &mut Pair) {
    let users = vec![UserAddress::parse(&pair.far)];
    let who = EntityList { users, ..EntityList::default() };
    let block = |add: &EntityList, remove: &EntityList| {
        let block = ListChange { in_use: Some(true), add: add.clone(), remove: remove.clone() };
        let grant = ListChange { in_use: Some(false), ..ListChange::default() };
        Primitive::BlockEntityRequest(BlockEntityRequest { block, grant })
    };
    let nobody = EntityList::default();
    pair.done(block(&who, &nobody)).await;
    pair.contact.expect_presence(Type::Unavailable, &pair.own).await;
    pair.done(block(&nobody, &who)).await;
    let shown = pair.contact.expect_presence(Type::None, &pair.own).await;
    assert_eq!(status(&shown), "back", "{}", pair.name);
    assert_eq!(pair.told().await, [], "{}: each once", pair.name);
}

/// The contact is removed: nothing is left of it on either side.
async fn removes(pair: &mut Pair) {
    let Pair { phone, own, contact, far, .. } = pair;
    phone.remove_contact(far).await.unwrap();
    contact.expect_presence(Type::Unsubscribe, own).await;
    contact.expect_presence(Type::Unsubscribed, own).await;
    contact.expect_presence(Type::Unavailable, own).await;
    contact.send_chat(own, "still friends?", "r", false).await;
    assert_eq!(phones::expect_message(phone).await.1, "still friends?");
    phone.send(far, "as ever").await.unwrap();
    assert_eq!(body(&contact.expect_chat(own).await), "as ever");
    assert_eq!(pair.names(), [], "{}", pair.name);
    pair.contact.set_presence(Some(Show::Dnd), None).await;
    pair.contact.sync().await;
    pair.phone.poll().await.unwrap();
    while let Some(event) = pair.phone.take_event() {
        assert!(!matches!(event, Event::Presence(_)), "{}: {event:?}", pair.name);
    }
    pair.phone.logout().await.unwrap();
    assert_eq!(pair.told().await, [], "{}", pair.name);
}

#[tokio::test]
async fn contacts_are_managed_wholly_from_an_s60_in_every_way_it_speaks() {
    manages_contacts(Habits::S60).await;
}

#[tokio::test]
async fn contacts_are_managed_wholly_from_an_android_in_every_way_it_speaks() {
    manages_contacts(Habits::ANDROID).await;
}

async fn manages_contacts(habits: Habits) {
    let two_way = ways().into_iter().filter(|(.., login)| *login == LoginWay::TwoWay);
    let own = two_way.enumerate().filter(|(_, (_, own, ..))| own.handset == habits.handset);
    for (number, way) in own {
        let mut pair = Pair::of(number, way).await;
        adds_and_renames(&mut pair).await;
        sorts_into_lists(&mut pair).await;
        shows_and_hides(&mut pair).await;
        shows_pictures(&mut pair).await;
        blocks(&mut pair).await;
        removes(&mut pair).await;
    }
}
