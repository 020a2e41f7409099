//! Accounts that are written down come back as they were.

use std::time::Duration;

use onesoup::{
    base::clock::Millis,
    domain::{
        account::{AccountState, StoredPassword},
        address::{Address, Device},
        contact::{Contact, ContactList, Grant, Member, Relation, Scope, Watch},
        mailbox::{Content, Letter, Message, Outcome, Report},
        personal::{Card, Mood, Personal, Picture},
        presence::{Availability, Presence},
        public_profile::PublicProfile,
        session::LastThere,
        view::View,
    },
    services::{
        accounts::AccountError,
        context::Services,
        import::{ImportError, Imported},
        outbox::LinkEvent,
        overview::Overview,
    },
    store::{entities::EntityKind, pictures::StoredPicture, write::Write},
    xmpp::{
        portable::{
            PortableUser,
            file::{END, HOST_END, Item, PortableFile, host_start, start},
            own::OwnRow,
        },
        presence::PresenceKind,
        stanza::Stanza,
    },
};

use super::world::{DOMAIN, World};

/// Writes an account down and reads it again.
async fn written(services: &Services, address: &Address, with_password: bool) -> PortableUser {
    let user = services.exported(address, with_password).await.unwrap();
    one_account(&user.to_text(DOMAIN))
}

/// Reads a file of one account.
fn one_account(text: &str) -> PortableUser {
    let text = start() + &host_start(DOMAIN) + text + HOST_END + END;
    let mut items = PortableFile::default().feed(text.as_bytes()).into_iter();
    let user = items.find_map(|item| match item {
        Item::User(user) => Some(*user),
        _ => None,
    });
    user.expect("one account")
}

/// What must be the same on both sides, but for what is made anew.
fn kept(overview: Overview) -> String {
    let public = overview.public_profile.clone();
    let Overview { account, owner, lists, mut contacts, grants, entities, mailbox, oldest, .. } =
        overview;
    contacts.sort_by(|one, other| one.address.cmp(&other.address));
    let account = (account.state, account.created, account.block_list_in_use, owner);
    format!(
        "{account:?}\n{lists:#?}\n{contacts:#?}\n{grants:?}\n{entities:?}\n{mailbox:?}{oldest:?}{public:?}"
    )
}

async fn account_with_everything(world: &World) -> Address {
    let kim = world.account("kim").await;
    let ann = Address::of("ann", "far.test");
    let asker = Address::of("asker", "far.test");
    let bob = Address::of("b\\20ob", "far.test");
    let account = || kim.clone();
    let member = |address: &Address, spelling: &str, name: &str| Member {
        address: address.clone(),
        spelling: spelling.into(),
        nickname: name.into(),
    };
    let list = ContactList {
        key: "wörk & co".into(),
        spelling: "Wörk & Co".into(),
        display_name: "Work <1>".into(),
        is_default: false,
        members: Vec::new(),
    };
    let relation = |to, from, pending_out, pending_in, is_approved| Relation {
        to,
        from,
        pending_out,
        pending_in,
        is_approved,
    };
    let some = View::Only(serde_json::from_str("[\"OnlineStatus\"]").unwrap());
    let contacts = [
        (&ann, relation(true, true, false, false, false), Some(View::Everything)),
        (&bob, relation(false, false, true, false, true), Some(some)),
        (&asker, relation(false, false, false, true, false), None),
    ];
    let letter = |id: i64, content: Content| Letter {
        id,
        account: account(),
        resource: (id == 1).then(|| "s60-1".into()),
        received: Millis(1_600_000_000_000 + id),
        expires: Some(Millis(1_900_000_000_000)),
        content,
    };
    let sender = Device { account: ann.clone(), resource: Some("home".into()) };
    let message = Content::Message(Message {
        sender,
        body: "soup's <on> & hot\n\"now\"".into(),
        media_type: Some("text/x-odd".into()),
        sent: Millis(1_599_999_999_123),
        receipt: Some("q1".into()),
    });
    let report = Content::Report(Report {
        message_id: "r1".into(),
        recipient: ann.clone(),
        outcome: Outcome::Failed("no & way".into()),
        at: Millis(9),
    });
    let mut writes = vec![
        Write::PutList { account: account(), list: list.clone() },
        Write::SetBlocking {
            account: account(),
            block_list_in_use: true,
            grant_list_in_use: false,
        },
        Write::SetPublicProfile {
            account: account(),
            profile: PublicProfile { city: Some("Åbo \"1\"".into()), ..PublicProfile::default() }
                .boxed(),
            entries: Vec::new(),
        },
        Write::SetAccountState { account: account(), state: AccountState::Suspended },
        Write::SetMutualAdd { account: account(), is_on: true },
        Write::SetOwner { account: account(), owner: ann.clone() },
        Write::PutLetter(letter(1, message)),
        Write::PutLetter(letter(2, report)),
    ];
    for (key, member) in [
        ("friends", member(&ann, "wv:Ann@far.test", "Annie")),
        (&list.key, member(&bob, "wv:b ob@far.test", "Bob")),
        (&list.key, member(&ann, "wv:ann@far.test", "A. \"Work\"")),
    ] {
        writes.push(Write::PutMember { account: account(), key: key.into(), member });
    }
    for (address, relation, accepted) in contacts {
        let watched_until = relation.pending_in.then_some(Millis(77));
        let nick = relation.pending_in.then(|| "Sam \"S\"".to_owned());
        let address = address.clone();
        let contact = Contact { address, relation, accepted, watched_until, nick };
        writes.push(Write::PutContact { account: account(), contact });
    }
    let scopes =
        [Scope::Default, Scope::List(list.key.clone()), Scope::Contact(Address::of("x", "y.z"))];
    for scope in scopes {
        let grant = Grant { scope, attributes: vec!["OnlineStatus".into(), "Alias".into()] };
        writes.push(Write::PutGrant { account: account(), grant });
    }
    for (kind, name) in [(EntityKind::Block, "tybalt"), (EntityKind::Grant, "romeo")] {
        let (entity, spelling) = (Address::of(name, "far.test"), format!("wv:{name}@FAR.test"));
        let spelling = spelling.into();
        writes.push(Write::PutEntity { account: account(), kind, entity, spelling });
    }
    let alias = Write::PutAlias { account: account(), alias: "bob~".into(), address: bob };
    writes.push(alias);
    writes.extend(shown_by(&kim));
    world.services.store.commit(writes).await.unwrap();
    kim
}

/// A user who went hidden, and what he shows.
fn shown_by(account: &Address) -> [Write; 3] {
    let account = || account.clone();
    let personal = Personal {
        alias: Some("Kim <3".into()),
        mood: Some(Mood { word: "in_love".into(), text: Some("a \"b\"\n".into()) }),
        card: Some(Card::Contained("BEGIN:VCARD".into())),
        picture: Some(Picture {
            hash: HASH.into(),
            media_type: "image/png".into(),
            bytes: 9,
            width: 3,
            height: 4,
            base64: String::new(),
        }),
        ..Personal::default()
    };
    let presence = Presence {
        is_online: true,
        availability: Availability::Hidden,
        status: Some("not here".into()),
        priority: 5,
        ..Presence::default()
    };
    let last = LastThere { at: Millis(1_650_000_000_000), resource: "s60-1".into(), presence };
    [
        Write::SetPersonal { account: account(), personal: personal.boxed() },
        Write::PutPicture(StoredPicture {
            hash: HASH.into(),
            media_type: "image/png".into(),
            width: 3,
            height: 4,
            octets: b"a picture".to_vec(),
            used: Millis(1),
        }),
        Write::SetLastThere { account: account(), last: Box::new(last) },
    ]
}

/// The SHA-1 of `a picture`.
const HASH: &str = "1d1e5c382d544d695a9e2b884cf7d1ce12d94384";

#[tokio::test]
async fn an_account_comes_back_with_all_that_it_had() {
    let (here, there) = (World::new().await, World::new().await);
    let kim = account_with_everything(&here).await;
    let user = written(&here.services, &kim, true).await;
    assert_eq!(user.strange, [""; 0]);
    let imported = there.services.import(&user, false).await.unwrap();
    assert!(imported.password.is_none() && imported.remarks.is_empty(), "{imported:?}");
    assert_eq!((imported.contacts, imported.messages), (3, 2));
    let (before, after) =
        (here.services.overview(&kim).await.unwrap(), there.services.overview(&kim).await.unwrap());
    let open = there.services.keeper.open(&kim, &after.account.password).unwrap();
    assert_eq!(open.expose(), "cat1");
    assert_eq!(kept(before), kept(after));
    let personal = async |world: &World| world.services.store.person(&kim).await.unwrap();
    let (shown, shows) = (personal(&here).await, personal(&there).await);
    assert_eq!(shows.unwrap().personal, shown.unwrap().personal);
    let picture = there.services.store.picture(HASH).await.unwrap().unwrap();
    assert_eq!((picture.octets.as_slice(), picture.height), (&b"a picture"[..], 4));
    let last = there.services.store.last_there(&kim).await.unwrap().unwrap();
    assert_eq!(last.presence.availability, Availability::Hidden);
    assert_eq!(Some(last), here.services.store.last_there(&kim).await.unwrap());
    // The same is written down on the other side, letter for letter.
    assert_eq!(written(&there.services, &kim, true).await, user);
}

/// An account as another server writes it, with a profile and what was published.
fn from_elsewhere(inside: &str) -> PortableUser {
    one_account(&format!("<user name='lee' password='cat1'>{inside}</user>"))
}

/// A picture of one pixel, as base64.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9\
                     awAAAABJRU5ErkJggg==";

#[tokio::test]
async fn the_profile_and_what_was_published_on_another_server_come_along() {
    let world = World::new().await;
    let user = from_elsewhere(&format!(
        "<vCard xmlns='vcard-temp'><FN>Lee Example</FN><NICKNAME>Lee</NICKNAME><TZ>+02:00</TZ>\
         <PHOTO><TYPE>image/png</TYPE><BINVAL>{PIXEL}</BINVAL></PHOTO></vCard>\
         <pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='x'/></pubsub>\
         <pubsub xmlns='http://jabber.org/protocol/pubsub'>\
         <items node='http://jabber.org/protocol/nick'><item id='current'>\
         <nick xmlns='http://jabber.org/protocol/nick'>Leelee</nick></item></items>\
         <items node='http://jabber.org/protocol/mood'><item><mood \
         xmlns='http://jabber.org/protocol/mood'><happy/></mood></item></items>\
         <items node='urn:xmpp:bookmarks:1'><item><conference/></item></items></pubsub>"
    ));
    assert_eq!(user.strange, [""; 0]);
    let imported = world.services.import(&user, false).await.unwrap();
    assert_eq!(imported.remarks, ["what is published at urn:xmpp:bookmarks:1 is left out"]);
    let lee = world.services.store.person(&imported.address).await.unwrap().unwrap();
    let shown = lee.personal.unwrap();
    assert_eq!(shown.alias.as_deref(), Some("Leelee"));
    assert_eq!(shown.mood.map(|mood| mood.word).as_deref(), Some("happy"));
    assert_eq!(shown.time_zone_minutes, Some(120));
    assert!(matches!(shown.card, Some(Card::Contained(card)) if card.contains("FN:Lee Example")));
    let picture = shown.picture.unwrap();
    assert_eq!((picture.width, picture.media_type.as_str()), (1, "image/png"));
    let kept = world.services.store.picture(&picture.hash).await.unwrap().unwrap();
    assert_eq!(kept.octets.len(), picture.bytes as usize);
    assert_eq!(lee.public_profile, None, "nobody is found who has not chosen to be");

    // What is published counts before the profile, and what is no picture is said to be none.
    let avatar = |octets: &str| {
        format!(
            "<vCard xmlns='vcard-temp'><PHOTO><BINVAL>{PIXEL}</BINVAL></PHOTO></vCard>\
             <pubsub xmlns='http://jabber.org/protocol/pubsub'><items \
             node='urn:xmpp:avatar:data'><item id='x'><data xmlns='urn:xmpp:avatar:data'>{octets}\
             </data></item></items></pubsub>"
        )
    };
    let imported = world.services.import(&from_elsewhere(&avatar("AAAA")), true).await.unwrap();
    assert_eq!(imported.remarks, ["its picture is left out: not a picture"]);
    let lee = world.services.store.person(&imported.address).await.unwrap().unwrap();
    assert_eq!(lee.personal, None, "what the file does not say is not kept");
    // One that was taken back is not the picture any more.
    let emptied = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items \
                   node='urn:xmpp:avatar:metadata'><item id='x'><metadata \
                   xmlns='urn:xmpp:avatar:metadata'/></item></items></pubsub>";
    let user = from_elsewhere(&(avatar("AAAA") + emptied));
    assert_eq!(world.services.import(&user, true).await.unwrap().remarks, [""; 0]);
    world.services.import(&from_elsewhere(&avatar(PIXEL)), true).await.unwrap();
    let lee = world.services.store.person(&imported.address).await.unwrap().unwrap();
    assert_eq!(lee.personal.unwrap().picture.unwrap().hash, picture.hash);
}

#[tokio::test]
async fn a_picture_that_is_not_what_it_is_said_to_be_is_left_out() {
    let world = World::new().await;
    let kim = account_with_everything(&world).await;
    let mut user = written(&world.services, &kim, false).await;
    user.name = "lee".into();
    let is_picture = |row: &&mut OwnRow| row.kind == "picture";
    let rows = &mut user.own.as_mut().unwrap().rows;
    rows.iter_mut().find(is_picture).unwrap().is = "AAAA".into();
    let imported = world.services.import(&user, false).await.unwrap();
    assert!(imported.remarks.iter().any(|it| it.contains("picture")), "{imported:?}");
    let lee = world.services.store.person(&imported.address).await.unwrap().unwrap();
    let personal = lee.personal.unwrap();
    assert_eq!((personal.alias.as_deref(), personal.picture), (Some("Kim <3"), None));
    let picture = world.services.store.picture(HASH).await.unwrap().unwrap();
    assert_eq!(picture.octets, b"a picture");
}

#[tokio::test]
async fn a_phone_that_is_there_writes_down_what_it_shows_now() {
    let (here, there) = (World::new().await, World::new().await);
    here.phone("kim").await;
    let kim = Address::of("kim", DOMAIN);
    let user = written(&here.services, &kim, true).await;
    there.services.import(&user, false).await.unwrap();
    let session = here.services.overview(&kim).await.unwrap().sessions.remove(0);
    let last = there.services.store.last_there(&kim).await.unwrap();
    let (last, shown) = (last.unwrap(), session.last_there());
    assert_eq!((last.resource, last.presence), (shown.resource, shown.presence));
}

#[tokio::test]
async fn a_phone_goes_on_seeing_the_contacts_that_both_have_and_the_others_are_told() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let phone = world.phone("kim").await;
    let (kim, ann) = (Address::of("kim", DOMAIN), Address::of("ann", "far.test"));
    let old = Address::of("old", "far.test");
    let both = Relation { to: true, from: true, ..Relation::default() };
    let put = |address: &Address| {
        let contact = Contact { relation: both, ..Contact::stranger(address.clone()) };
        Write::PutContact { account: kim.clone(), contact }
    };
    let member = |address: &Address| Write::PutMember {
        account: kim.clone(),
        key: "friends".into(),
        member: Member {
            address: address.clone(),
            spelling: address.as_str().into(),
            nickname: "x".into(),
        },
    };
    let watch =
        Watch { scope: Scope::List("friends".into()), attributes: Vec::new(), told: i64::MAX };
    let store = &world.services.store;
    store.commit(vec![put(&ann), member(&ann)]).await.unwrap();
    let user = written(&world.services, &kim, false).await;
    let shows = |contact: &Address| Write::PutContactPresence {
        owner: kim.clone(),
        contact: contact.clone(),
        resource: "home".into(),
        presence: Presence { is_online: true, ..Presence::default() },
        change: 1,
    };
    let watches = Write::PutWatch { session: phone.session.as_str().into(), watch: watch.clone() };
    let writes = vec![put(&old), member(&old), shows(&ann), shows(&old), watches];
    store.commit(writes).await.unwrap();

    let other = world.as_another_process().await;
    world.clock.turn(Duration::from_secs(1));
    other.import(&user, true).await.unwrap();
    let overview = other.overview(&kim).await.unwrap();
    assert_eq!((overview.contacts.len(), overview.lists[0].members.len()), (1, 1));
    let of_ann = store.contact_presences(&kim, &ann).await.unwrap();
    assert!(of_ann.iter().any(|row| row.presence.is_online), "{of_ann:?}");
    let of_old = store.contact_presences(&kim, &old).await.unwrap();
    assert!(of_old.iter().all(|row| !row.presence.is_online), "{of_old:?}");
    assert_eq!(store.watches(&phone.session).await.unwrap(), [watch]);
    world.turn(1).await;
    let mut told = Vec::new();
    while told != [PresenceKind::Unsubscribe, PresenceKind::Unsubscribed] {
        let Stanza::Presence(presence) = world.sent().await else { continue };
        assert!(presence.to.as_str() != "ann@far.test" || presence.kind == PresenceKind::Probe);
        if presence.to.as_str() == "old@far.test" && presence.kind != PresenceKind::Unavailable {
            told.push(presence.kind);
        }
    }
}

#[tokio::test]
async fn an_account_that_is_there_is_replaced_only_if_that_is_wanted() {
    let world = World::new().await;
    let kim = account_with_everything(&world).await;
    let user = written(&world.services, &kim, false).await;
    let before = kept(world.services.overview(&kim).await.unwrap());
    let refused = world.services.import(&user, false).await.unwrap_err();
    assert_eq!(refused, ImportError::Account(AccountError::Taken));
    for _ in 0..2 {
        let Imported { password, .. } = world.services.import(&user, true).await.unwrap();
        // Without one in the file, its password stays.
        assert!(password.is_none());
        assert_eq!(kept(world.services.overview(&kim).await.unwrap()), before);
    }
    let other = PortableUser { name: "kim".into(), ..PortableUser::default() };
    world.services.import(&other, true).await.unwrap();
    let overview = world.services.overview(&kim).await.unwrap();
    assert!(overview.contacts.is_empty() && overview.mailbox.letters == 0);
    assert_eq!(overview.lists.len(), 1);
    let sealed = &overview.account.password;
    assert!(matches!(sealed, StoredPassword::Sealed(_)));
}

#[tokio::test]
async fn an_account_of_another_server_gets_a_list_for_each_group() {
    let world = World::new().await;
    let text = include_str!("../vectors/portable/ejabberd-23.01_xmpp_test.xml");
    let mut juliet = None;
    for item in PortableFile::default().feed(text.as_bytes()) {
        if let Item::User(user) = item
            && user.name == "juliet"
        {
            juliet = Some(world.services.import(&user, false).await.unwrap());
        }
    }
    let juliet = juliet.unwrap();
    assert!(juliet.password.is_some());
    assert!(juliet.remarks.iter().any(|remark| remark.contains("SCRAM")), "{juliet:?}");
    let overview = world.services.overview(&juliet.address).await.unwrap();
    let names: Vec<_> = overview.lists.iter().map(|list| list.display_name.as_str()).collect();
    assert_eq!(names, ["Friends", "Lovers"]);
    assert!(overview.lists[0].is_default && overview.account.block_list_in_use);
    assert_eq!(overview.lists[1].members[0].nickname, "Romeo");
    let romeo = &overview.contacts.iter().find(|it| it.address.name() == Some("romeo")).unwrap();
    assert_eq!(romeo.accepted, Some(View::Everything));
    let paris = &overview.contacts.iter().find(|it| it.address.name() == Some("paris")).unwrap();
    assert!(paris.relation.pending_in);
    assert_eq!(overview.entities[0].entity, Address::of("tybalt", "far.test"));
    assert_eq!(overview.mailbox.letters, 1);
}

#[tokio::test]
async fn an_account_beyond_the_limits_is_refused_whole() {
    let world = World::new().await;
    let item = |number| onesoup::xmpp::portable::RosterItem {
        jid: format!("c{number}@far.test"),
        to: true,
        ..Default::default()
    };
    let user = PortableUser {
        name: "kim".into(),
        roster: (0..2001).map(item).collect(),
        ..PortableUser::default()
    };
    let refused = world.services.import(&user, false).await.unwrap_err();
    assert_eq!(refused.to_string(), "more than 2000 contacts");
    let kim = Address::of("kim", DOMAIN);
    assert_eq!(world.services.overview(&kim).await.unwrap_err(), AccountError::Missing);
    let odd = PortableUser { name: "k+m".into(), ..PortableUser::default() };
    assert!(world.services.import(&odd, false).await.is_err());
}
