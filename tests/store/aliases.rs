//! Aliases, and contacts that are told again.

use onesoup::{domain::address::Address, store::write::Write};

use crate::samples::{address, presence, store_with_kim};

#[tokio::test]
async fn an_alias_once_given_means_the_same_for_ever_and_goes_with_its_account() {
    let store = store_with_kim().await;
    let kim = address("kim");
    let put = |alias: &str, meaning: &str| Write::PutAlias {
        account: kim.clone(),
        alias: alias.into(),
        address: Address::canonical(meaning),
    };
    let writes = vec![put("joe~", "joe+x@far.test"), put("ann~", "ann+x@far.test")];
    store.commit(writes).await.unwrap();
    store.commit(vec![put("joe~", "thief@far.test")]).await.unwrap();
    store.commit(vec![put("joe~2", "joe+x@far.test")]).await.unwrap();
    let aliases = store.person(&kim).await.unwrap().unwrap().aliases;
    assert_eq!(aliases.meant("joe~").map(Address::as_str), Some("joe+x@far.test"));
    assert_eq!(aliases.meant("ann~").map(Address::as_str), Some("ann+x@far.test"));
    assert_eq!(aliases.meant("joe~2"), None);
    store.commit(vec![Write::DropAccount(kim.clone())]).await.unwrap();
    assert!(store.person(&kim).await.unwrap().is_none());
}

#[tokio::test]
async fn a_contact_that_is_told_again_keeps_what_it_shows() {
    let store = store_with_kim().await;
    let (kim, lee, amy) = (address("kim"), address("lee"), address("amy"));
    let shown = Write::PutContactPresence {
        owner: kim.clone(),
        contact: lee.clone(),
        resource: "".into(),
        presence: presence("soup"),
        change: 1,
    };
    let touch = |contact: &Address, change| Write::TouchContactPresence {
        owner: kim.clone(),
        contact: contact.clone(),
        change,
    };
    store.commit(vec![shown, touch(&lee, 2), touch(&amy, 3)]).await.unwrap();
    let of_lee = store.contact_presences(&kim, &lee).await.unwrap();
    assert_eq!((of_lee.len(), of_lee[0].change), (1, 2));
    assert_eq!(of_lee[0].presence, presence("soup"));
    let of_amy = store.contact_presences(&kim, &amy).await.unwrap();
    assert!(!of_amy[0].presence.is_online);
    assert_eq!(store.contact_changes(&kim, 0, 9).await.unwrap(), [(lee, 2), (amy, 3)]);
}
