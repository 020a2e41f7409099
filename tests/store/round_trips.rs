//! What was written is read again.

use onesoup::{
    base::clock::Millis,
    domain::{
        account::{AccountState, StoredPassword},
        address::Address,
        contact::{Grant, Scope, Watch},
        mailbox::{Content, Outcome, Report},
        session::LastThere,
        view::View,
    },
    store::{entities::EntityKind, error::StoreError, mailbox::MailboxSize, write::Write},
};

use crate::samples::*;

#[tokio::test]
async fn an_account_is_made_once() {
    let store = empty_store().await;
    assert!(store.create_account(account("kim"), vec![]).await.unwrap());
    let other = vec![Write::PutList { account: address("kim"), list: list("friends", &[]) }];
    assert!(!store.create_account(account("kim"), other).await.unwrap());
    assert_eq!(store.account(&address("kim")).await.unwrap(), Some(account("kim")));
    assert_eq!(store.account(&address("lee")).await.unwrap(), None);
    assert!(store.lists(&address("kim")).await.unwrap().is_empty(), "nothing comes with a refusal");
}

#[tokio::test]
async fn an_account_changes() {
    let store = store_with_kim().await;
    let (kim, password) = (address("kim"), StoredPassword::Hashed("$argon2id$…".into()));
    let writes = vec![
        Write::SetAccountState { account: kim.clone(), state: AccountState::Suspended },
        Write::SetPassword { account: kim.clone(), password: password.clone() },
        Write::SetBlocking {
            account: kim.clone(),
            block_list_in_use: true,
            grant_list_in_use: true,
        },
        Write::SetMutualAdd { account: kim.clone(), is_on: true },
    ];
    store.commit(writes).await.unwrap();
    let found = store.account(&kim).await.unwrap().unwrap();
    assert_eq!(found.state, AccountState::Suspended);
    assert_eq!(found.password, password);
    assert!(found.block_list_in_use && found.grant_list_in_use && found.adds_mutually);
    assert_eq!(store.account(&address("lee")).await.unwrap(), Some(account("lee")));
    assert_eq!(store.statistics().await.unwrap().suspended, 1);
}

#[tokio::test]
async fn what_somebody_registered_is_found_by_who_did() {
    let store = store_with_kim().await;
    let (kim, ann) = (address("kim"), Address::of("ann", "far.test"));
    assert_eq!(store.owner(&kim).await.unwrap(), None);
    let write = Write::SetOwner { account: kim.clone(), owner: ann.clone() };
    store.commit(vec![write]).await.unwrap();
    assert_eq!(store.owner(&kim).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.accounts_of(&ann).await.unwrap(), [account("kim")]);
    assert!(store.accounts_of(&kim).await.unwrap().is_empty());
    store.commit(vec![Write::DropAccount(kim)]).await.unwrap();
    assert!(store.accounts_of(&ann).await.unwrap().is_empty());
}

#[tokio::test]
async fn accounts_come_in_pages() {
    let store = store_with_kim().await;
    let first = store.accounts(None, 1).await.unwrap();
    assert_eq!(first, [account("kim")]);
    let second = store.accounts(Some(&first[0].address), 9).await.unwrap();
    assert_eq!(second, [account("lee")]);
}

#[tokio::test]
async fn letters_keep_odd_texts() {
    let store = store_with_kim().await;
    let mut letters: Vec<_> = (1..).zip(ODD_TEXTS).map(|(id, t)| letter(id, "kim", t)).collect();
    for (letter, odd) in letters.iter_mut().zip(ODD_TEXTS) {
        letter.resource = Some(odd.into());
    }
    letters[0].resource = None;
    letters[1].expires = None;
    letters[2].content = Content::Report(Report {
        message_id: "m1".into(),
        recipient: address("lee"),
        outcome: Outcome::Failed("it's \"so\"".into()),
        at: Millis(-1),
    });
    // Not in the order of ids: the store sorts.
    let writes = letters.iter().rev().cloned().map(Write::PutLetter).collect();
    store.commit(writes).await.unwrap();
    assert_eq!(store.letters(&address("kim"), 100).await.unwrap(), letters);
    assert_eq!(store.letters(&address("kim"), 2).await.unwrap(), letters[..2]);
    assert_eq!(store.letter(&address("kim"), 3).await.unwrap().as_ref(), Some(&letters[2]));
    assert_eq!(store.letter(&address("lee"), 3).await.unwrap(), None);
    let bytes = letters.iter().map(|letter| letter.size_bytes() as u64).sum();
    let size = MailboxSize { letters: letters.len() as u64, bytes };
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap(), size);
    assert_eq!(store.mailbox_size(&address("lee")).await.unwrap(), MailboxSize::default());
}

#[tokio::test]
async fn letters_expire_and_go() {
    let store = store_with_kim().await;
    let writes = (1..=4).map(|id| Write::PutLetter(letter(id, "kim", "x"))).collect();
    store.commit(writes).await.unwrap();
    let expired = store.expired_letters(Millis(1003), 2).await.unwrap();
    assert_eq!(expired.iter().map(|letter| letter.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(expired[0].letter, Some(letter(1, "kim", "x")));
    store.commit(vec![Write::DropLetters { ids: vec![1, 2, 77] }]).await.unwrap();
    assert_eq!(store.mailbox_size(&address("kim")).await.unwrap().letters, 2);
    assert_eq!(store.expired_letters(Millis(1003), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn answers_are_found_by_transaction_and_by_content() {
    let store = empty_store().await;
    let mut given = Vec::new();
    for (at, odd) in (0..).zip(ODD_TEXTS) {
        let mut answer = answer("s1", odd, odd.as_bytes());
        answer.at = Millis(at);
        answer.content = (at != 3).then(|| vec![0, 255, at as u8]);
        given.push(answer);
    }
    store.commit(given.iter().cloned().map(Write::PutAnswer).collect()).await.unwrap();
    for answer in &given {
        let found = store.answer("s1", &answer.transaction).await.unwrap();
        assert_eq!(found.as_ref(), Some(answer));
        assert_eq!(store.answer("s2", &answer.transaction).await.unwrap(), None);
    }
    let by_content = |since| store.answer_by_content("s1", &[0, 255, 5], Millis(since));
    assert_eq!(by_content(5).await.unwrap().as_ref(), Some(&given[5]));
    assert_eq!(by_content(6).await.unwrap(), None);

    let again = answer("s1", "plain", b"another");
    store.commit(vec![Write::PutAnswer(again.clone())]).await.unwrap();
    assert_eq!(store.answer("s1", "plain").await.unwrap(), Some(again), "the last one counts");
}

#[tokio::test]
async fn old_answers_are_pruned() {
    let store = empty_store().await;
    let aged = |at: i64| {
        let mut answer = answer("s1", &at.to_string(), b"x");
        answer.at = Millis(at);
        Write::PutAnswer(answer)
    };
    store.commit((0..5000).map(aged).collect()).await.unwrap();
    store.commit(vec![Write::PruneAnswers { before: Millis(4990) }]).await.unwrap();
    assert_eq!(store.statistics().await.unwrap().answers, 3000, "one slice at a time");
    store.prune_answers(Millis(4990)).await.unwrap();
    assert_eq!(store.statistics().await.unwrap().answers, 10);
    assert!(store.answer("s1", "4989").await.unwrap().is_none());
    assert!(store.answer("s1", "4990").await.unwrap().is_some());
}

#[tokio::test]
async fn the_outbox_keeps_its_order() {
    let store = empty_store().await;
    let put = |id: i64, wire: &str| Write::PutOutbox { id, wire: wire.to_owned(), at: Millis(id) };
    store
        .commit((0..9).rev().map(|at| put(at + 1, ODD_TEXTS[at as usize])).collect())
        .await
        .unwrap();
    let rows = store.outbox(2, 3).await.unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.id, row.wire.as_str(), row.at)).collect();
    let expected = [3, 4, 5].map(|id| (id, ODD_TEXTS[id as usize - 1], Millis(id)));
    assert_eq!(found, expected);
    store.commit(vec![Write::DropOutbox { ids: (1..=8).collect() }]).await.unwrap();
    assert_eq!(store.outbox(0, 99).await.unwrap().len(), ODD_TEXTS.len() - 8);
}

#[tokio::test]
async fn sessions_come_and_go() {
    let store = store_with_kim().await;
    let (mut first, mut second) = (session("s1", "kim"), session("s'2\"🦊", "kim"));
    second.opened = Millis(2);
    second.expires = Millis(50);
    let third = session("s3", "lee");
    let all = [&first, &second, &third].map(|s| Write::PutSession(Box::new(s.clone())));
    store.commit(all.to_vec()).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.session("none").await.unwrap(), None);

    let touch = |id: &str, at| Write::TouchSession { id: id.into(), expires: Millis(at) };
    let touches = vec![touch("s1", 7), touch("s1", 2000), touch("s'2\"🦊", 60), touch("no", 1)];
    store.commit(touches).await.unwrap();
    (first.expires, second.expires) = (Millis(2000), Millis(60));
    let of_kim = store.sessions_of(&address("kim")).await.unwrap();
    assert_eq!(of_kim, [first.clone(), second.clone()]);
    let expired = store.session_ids_expired(Millis(1000), 9).await.unwrap();
    assert_eq!(expired, [(second.id.clone(), address("kim")), ("s3".into(), address("lee"))]);

    first.cookie = "other".into();
    let change = vec![touch("s1", 3), Write::PutSession(Box::new(first.clone()))];
    store.commit(change).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), Some(first), "the later write counts");

    assert_eq!(store.live_accounts(None, 1).await.unwrap(), [address("kim")]);
    let behind = store.live_accounts(Some(&address("kim")), 9).await.unwrap();
    assert_eq!(behind, [address("lee")]);
}

#[tokio::test]
async fn a_session_takes_its_answers_and_watches_along() {
    let store = store_with_kim().await;
    let watch = Watch { scope: Scope::Contact(address("lee")), attributes: vec![], told: 3 };
    let writes = vec![
        Write::PutSession(Box::new(session("s1", "kim"))),
        Write::PutAnswer(answer("s1", "before", b"x")),
        Write::PutWatch { session: "s1".into(), watch },
        Write::DropSession("s1".into()),
        Write::PutAnswer(answer("s1", "after", b"logged out")),
    ];
    store.commit(writes).await.unwrap();
    assert_eq!(store.session("s1").await.unwrap(), None);
    assert!(store.watches("s1").await.unwrap().is_empty());
    assert!(store.answer("s1", "before").await.unwrap().is_none());
    assert!(store.answer("s1", "after").await.unwrap().is_some(), "the later write counts");
}

#[tokio::test]
async fn watches_and_grants_keep_their_scopes() {
    let store = store_with_kim().await;
    let kim = address("kim");
    let scopes = [Scope::Contact(address("l:e")), Scope::Default, Scope::List("c:🦊'\"".into())];
    let mut writes = vec![Write::PutSession(Box::new(session("s1", "kim")))];
    for scope in scopes.clone() {
        let attributes = vec!["StatusText".into(), "it's \"".into()];
        let watch = Watch { scope: scope.clone(), attributes: attributes.clone(), told: 1 };
        let told = Write::SetTold { session: "s1".into(), scope: scope.clone(), told: i64::MAX };
        writes.push(Write::PutWatch { session: "s1".into(), watch });
        writes.push(told);
        let grant = Grant { scope, attributes };
        writes.push(Write::PutGrant { account: kim.clone(), grant });
    }
    store.commit(writes).await.unwrap();
    let watches = store.watches("s1").await.unwrap();
    assert_eq!(watches.iter().map(|watch| watch.scope.clone()).collect::<Vec<_>>(), scopes);
    assert!(watches.iter().all(|watch| watch.told == i64::MAX && watch.attributes.len() == 2));
    let grants = store.grants(&kim).await.unwrap();
    assert_eq!(grants.iter().map(|grant| grant.scope.clone()).collect::<Vec<_>>(), scopes);

    let watch = Watch { scope: Scope::Default, attributes: vec![], told: 2 };
    let writes = vec![
        Write::SetTold { session: "s1".into(), scope: Scope::Default, told: 1 },
        Write::PutWatch { session: "s1".into(), watch: watch.clone() },
        Write::DropWatch { session: "s1".into(), scope: scopes[0].clone() },
        Write::DropGrant { account: kim.clone(), scope: scopes[0].clone() },
    ];
    store.commit(writes).await.unwrap();
    assert_eq!(store.watches("s1").await.unwrap()[0], watch, "the later write counts");
    assert_eq!(store.grants(&kim).await.unwrap().len(), 2);
}

#[tokio::test]
async fn lists_keep_order_and_members() {
    let store = store_with_kim().await;
    let kim = address("kim");
    let mut lists = [list("work", &["zoe", "amy", "lee"]), list("friends", &[])];
    for (index, odd) in ODD_TEXTS.into_iter().enumerate() {
        lists[1].members.extend(list("", &[&format!("{index}{odd}")]).members);
    }
    let mut writes = Vec::new();
    for list in &lists {
        writes.push(Write::PutList { account: kim.clone(), list: list.clone() });
        for member in list.members.clone() {
            writes.push(Write::PutMember { account: kim.clone(), key: list.key.clone(), member });
        }
    }
    store.commit(writes).await.unwrap();
    assert_eq!(store.lists(&kim).await.unwrap(), lists);

    // A change leaves everybody in place; a list put again keeps its members.
    lists[0].members[0].nickname = "Zoë".into();
    lists[0].display_name = "Büro".into();
    let mut bare = lists[0].clone();
    bare.members.clear();
    let (key, member) = (bare.key.clone(), lists[0].members[0].clone());
    let amy = lists[0].members.remove(1).address;
    let writes = vec![
        Write::PutList { account: kim.clone(), list: bare },
        Write::PutMember { account: kim.clone(), key: key.clone(), member },
        Write::DropMember { account: kim.clone(), key, address: amy },
    ];
    store.commit(writes).await.unwrap();
    assert_eq!(store.list(&kim, "work").await.unwrap().as_ref(), Some(&lists[0]));
    assert_eq!(store.list(&kim, "none").await.unwrap(), None);
}

#[tokio::test]
async fn a_list_takes_its_watches_and_grants_along() {
    let store = store_with_kim().await;
    let (kim, scope) = (address("kim"), Scope::List("work".into()));
    let watch = Watch { scope: scope.clone(), attributes: vec![], told: 0 };
    let grant = Grant { scope, attributes: vec![] };
    let member = list("work", &["lee"]).members.remove(0);
    let writes = vec![
        Write::PutSession(Box::new(session("s1", "kim"))),
        Write::PutList { account: kim.clone(), list: list("work", &[]) },
        Write::PutMember { account: kim.clone(), key: "work".into(), member },
        Write::PutWatch { session: "s1".into(), watch },
        Write::PutGrant { account: kim.clone(), grant },
    ];
    store.commit(writes).await.unwrap();
    store.commit(vec![Write::DropList { account: kim.clone(), key: "work".into() }]).await.unwrap();
    assert!(store.lists(&kim).await.unwrap().is_empty());
    assert!(store.watches("s1").await.unwrap().is_empty());
    assert!(store.grants(&kim).await.unwrap().is_empty());
}

#[tokio::test]
async fn when_and_how_an_account_was_last_there_only_grows() {
    let store = store_with_kim().await;
    let kim = address("kim");
    assert_eq!(store.last_there(&kim).await.unwrap(), None);
    for (at, kept) in [(5, 5), (3, 5), (9, 9)] {
        let was =
            |at| LastThere { at: Millis(at), ..session(&format!("s{at}"), "kim").last_there() };
        let last = Box::new(was(at));
        store.commit(vec![Write::SetLastThere { account: kim.clone(), last }]).await.unwrap();
        assert_eq!(store.last_there(&kim).await.unwrap(), Some(was(kept)));
    }
    assert_eq!(store.last_there(&address("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn departures_are_kept_of_accounts_that_there_are() {
    let store = store_with_kim().await;
    let put = |name: &str, device: &str| Write::PutDeparture {
        account: address(name),
        resource: device.into(),
    };
    let all = vec![put("lee", "a"), put("kim", "b"), put("kim", "b"), put("nobody", "c")];
    store.commit(all).await.unwrap();
    let kept = [(address("kim"), "b".into()), (address("lee"), "a".into())];
    assert_eq!(store.departures(9).await.unwrap(), kept);
    assert_eq!(store.departures(1).await.unwrap(), kept[..1]);
    let dropped = Write::DropDeparture { account: address("kim"), resource: "b".into() };
    store.commit(vec![dropped, Write::DropAccount(address("lee"))]).await.unwrap();
    assert_eq!(store.departures(9).await.unwrap(), []);
}

#[tokio::test]
async fn contacts_keep_their_relation() {
    let store = store_with_kim().await;
    let kim = address("kim");
    let mut lee = contact(address("lee"));
    let put = |contact| Write::PutContact { account: kim.clone(), contact };
    let both = vec![lee.clone(), contact(address("amy"))];
    let writes = vec![Write::PutContacts { account: kim.clone(), contacts: both }];
    store.commit(writes).await.unwrap();
    assert_eq!(store.pending_in(&kim).await.unwrap(), [address("amy"), address("lee")]);
    lee.relation.pending_in = false;
    lee.relation.from = true;
    lee.accepted = Some(View::Only(vec!["OnlineStatus".into()]));
    store.commit(vec![put(lee.clone())]).await.unwrap();
    assert_eq!(store.contacts(&kim).await.unwrap(), [contact(address("amy")), lee.clone()]);
    assert_eq!(store.contact(&kim, &lee.address).await.unwrap(), Some(lee));
    assert_eq!(store.pending_in(&kim).await.unwrap(), [address("amy")]);
    let amy = address("amy");
    store.commit(vec![Write::DropContact { account: kim.clone(), address: amy }]).await.unwrap();
    assert_eq!(store.contacts(&kim).await.unwrap().len(), 1);
}

#[tokio::test]
async fn presence_of_contacts_is_read_by_contact_and_by_change() {
    let store = store_with_kim().await;
    let (kim, lee, amy) = (address("kim"), address("lee"), address("amy"));
    let put = |contact: &Address, resource: &str, change| Write::PutContactPresence {
        owner: kim.clone(),
        contact: contact.clone(),
        resource: resource.into(),
        presence: presence(resource),
        change,
    };
    let mut writes: Vec<_> =
        (1..).zip(ODD_TEXTS).map(|(change, odd)| put(&lee, odd, change)).collect();
    writes.push(put(&amy, "x", 100));
    writes.push(put(&amy, "x", 101));
    store.commit(writes).await.unwrap();
    let of_lee = store.contact_presences(&kim, &lee).await.unwrap();
    assert_eq!(of_lee.len(), ODD_TEXTS.len());
    assert!(of_lee.iter().all(|row| row.presence == presence(&row.resource)));
    assert_eq!(store.all_contact_presences(&kim).await.unwrap().len(), ODD_TEXTS.len() + 1);
    let last_of_lee = ODD_TEXTS.len() as i64;
    let changes = store.contact_changes(&kim, 3, 9).await.unwrap();
    let each_once = [(lee.clone(), last_of_lee), (amy.clone(), 101)];
    assert_eq!(changes, each_once, "the last change of each counts");
    assert_eq!(store.contact_changes(&kim, 3, 1).await.unwrap(), each_once[..1]);
    assert_eq!(store.contact_changes(&kim, last_of_lee, 9).await.unwrap(), each_once[1..]);
    let of_amy = store.presences_of(&kim, &[amy, address("nobody")]).await.unwrap();
    assert_eq!((of_amy.len(), of_amy[0].change), (1, 101));
}

#[tokio::test]
async fn a_drop_of_presence_spares_what_comes_later() {
    let store = store_with_kim().await;
    let (kim, lee) = (address("kim"), address("lee"));
    let put = |resource: &str, change| Write::PutContactPresence {
        owner: kim.clone(),
        contact: lee.clone(),
        resource: resource.into(),
        presence: presence(resource),
        change,
    };
    let drop = |resource: Option<&str>| Write::DropContactPresence {
        owner: kim.clone(),
        contact: lee.clone(),
        resource: resource.map(Into::into),
    };
    let left = async || {
        let rows = store.contact_presences(&kim, &lee).await.unwrap();
        rows.into_iter().map(|row| (row.resource.to_string(), row.change)).collect::<Vec<_>>()
    };
    store.commit(vec![put("a", 1), put("b", 2), drop(Some("a")), put("a", 3)]).await.unwrap();
    assert_eq!(left().await, [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    store.commit(vec![drop(None), put("b", 4)]).await.unwrap();
    assert_eq!(left().await, [("b".to_owned(), 4)]);
    store.commit(vec![put("c", 5), drop(Some("b"))]).await.unwrap();
    assert_eq!(left().await, [("c".to_owned(), 5)]);
    let gone = Write::DropContact { account: kim.clone(), address: lee.clone() };
    store.commit(vec![put("d", 6), gone, put("e", 7)]).await.unwrap();
    assert_eq!(left().await, [("e".to_owned(), 7)]);
}

#[tokio::test]
async fn a_person_is_read_at_once() {
    let store = store_with_kim().await;
    let kim = address("kim");
    assert!(store.person(&address("amy")).await.unwrap().is_none());
    let alone = store.person(&kim).await.unwrap().unwrap();
    assert_eq!(alone.account, account("kim"));
    assert!(alone.sessions.is_empty() && alone.entities.is_empty());
    assert_eq!(alone.mailbox, MailboxSize::default());

    let mut second = session("s2", "kim");
    second.opened = Millis(2);
    let put = |kind, entity: &str| Write::PutEntity {
        account: kim.clone(),
        kind,
        entity: Address::canonical(entity),
        spelling: entity.into(),
    };
    let letter = letter(1, "kim", "hello");
    let size = MailboxSize { letters: 1, bytes: letter.size_bytes() as u64 };
    let writes = vec![
        Write::PutSession(Box::new(second.clone())),
        Write::PutSession(Box::new(session("s1", "kim"))),
        Write::PutLetter(letter),
        put(EntityKind::Block, "spam.test"),
        put(EntityKind::Grant, "it's\"@🦊"),
    ];
    store.commit(writes).await.unwrap();
    let person = store.person(&kim).await.unwrap().unwrap();
    assert_eq!(person.sessions, [session("s1", "kim"), second]);
    assert_eq!(person.mailbox, size);
    assert_eq!(person.entities, store.entities(&kim).await.unwrap());
    assert_eq!(person.entities.len(), 2);
    let entity = Address::canonical("spam.test");
    let kind = EntityKind::Block;
    store.commit(vec![Write::DropEntity { account: kim.clone(), kind, entity }]).await.unwrap();
    assert_eq!(store.person(&kim).await.unwrap().unwrap().entities.len(), 1);
}

#[tokio::test]
async fn an_account_takes_everything_along() {
    let store = store_with_kim().await;
    let kim = address("kim");
    let mut all = vec![
        Write::PutLetter(letter(1, "kim", "x")),
        Write::PutLetter(letter(2, "lee", "x")),
        Write::PutSession(Box::new(session("s1", "kim"))),
        Write::PutAnswer(answer("s1", "1", b"x")),
        Write::PutList { account: kim.clone(), list: list("friends", &[]) },
        Write::PutContact { account: kim.clone(), contact: contact(address("lee")) },
    ];
    all.push(Write::PutContactPresence {
        owner: kim.clone(),
        contact: address("lee"),
        resource: "r".into(),
        presence: presence("x"),
        change: 1,
    });
    store.commit(all).await.unwrap();
    store.commit(vec![Write::DropAccount(kim.clone())]).await.unwrap();
    assert!(store.person(&kim).await.unwrap().is_none());
    assert!(store.lists(&kim).await.unwrap().is_empty());
    assert!(store.all_contact_presences(&kim).await.unwrap().is_empty());
    let left = store.statistics().await.unwrap();
    assert_eq!((left.accounts, left.sessions, left.answers), (1, 0, 0));
    assert_eq!((left.letters, left.contacts), (1, 0), "lee keeps the letter");
    assert!(left.database_bytes > 0);
    let late = Write::PutContact { account: kim, contact: contact(address("lee")) };
    assert!(matches!(store.commit(vec![late]).await, Err(StoreError::Conflict(_))));
}
