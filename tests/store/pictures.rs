//! Pictures, programs, and what users show of themselves.

use onesoup::{
    base::clock::Millis,
    domain::{
        personal::{Personal, Picture},
        presence::Client,
        program::Program,
    },
    store::{pictures::StoredPicture, write::Write},
};

use crate::samples::{address, empty_store, store_with_kim};

fn picture(hash: &str, used: i64) -> StoredPicture {
    StoredPicture {
        hash: hash.to_owned(),
        media_type: "image/png".to_owned(),
        width: 96,
        height: 64,
        octets: vec![0, 0x89, 255],
        used: Millis(used),
    }
}

fn showing(hash: &str) -> Option<Box<Personal>> {
    let picture = Some(Picture { hash: hash.to_owned(), ..Picture::default() });
    Personal { picture, alias: Some("'Kim'".to_owned()), ..Personal::default() }.boxed()
}

#[tokio::test]
async fn a_picture_survives_until_nobody_needs_it() {
    let store = store_with_kim().await;
    let personal = showing("own");
    store
        .commit(vec![
            Write::PutPicture(picture("own", 1)),
            Write::PutPicture(picture("old", 1)),
            Write::PutPicture(picture("used", 1)),
            Write::PutPicture(picture("new", 5)),
            Write::TouchPicture { hash: "used".to_owned(), used: Millis(9) },
            Write::SetPersonal { account: address("kim"), personal },
        ])
        .await
        .unwrap();
    assert_eq!(store.picture("own").await.unwrap(), Some(picture("own", 1)));
    store.commit(vec![Write::PrunePictures { before: Millis(5) }]).await.unwrap();
    let mut left = Vec::new();
    for hash in ["own", "old", "used", "new"] {
        left.extend(store.picture(hash).await.unwrap().map(|picture| picture.hash));
    }
    assert_eq!(left, ["own", "used", "new"]);
    let none = Write::SetPersonal { account: address("kim"), personal: None };
    store.commit(vec![none, Write::PrunePictures { before: Millis(5) }]).await.unwrap();
    assert_eq!(store.picture("own").await.unwrap(), None);
}

#[tokio::test]
async fn what_a_user_shows_survives() {
    let store = store_with_kim().await;
    let kim = address("kim");
    assert_eq!(store.person(&kim).await.unwrap().unwrap().personal, None);
    let personal = showing("own");
    let write = Write::SetPersonal { account: kim.clone(), personal: personal.clone() };
    store.commit(vec![write]).await.unwrap();
    let person = store.person(&kim).await.unwrap().unwrap();
    assert_eq!(person.personal, personal.map(|it| *it));
}

#[tokio::test]
async fn the_programs_seen_last_are_kept() {
    let store = empty_store().await;
    let program = Program {
        client: Some(Client { producer: Some("Psi".to_owned()), ..Client::default() }),
        wanted: vec!["node".to_owned()],
    };
    let put = |number: i64| Write::PutProgram {
        hash: format!("sha-1 {number}"),
        program: program.clone(),
        used: Millis(number),
    };
    store.commit((0..5002).map(put).collect()).await.unwrap();
    store.commit(vec![Write::PrunePrograms]).await.unwrap();
    assert_eq!(store.program("sha-1 1").await.unwrap(), None);
    assert_eq!(store.program("sha-1 2").await.unwrap(), Some(program));
}
