//! What a user shows of himself is part of the account that is written down.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;

use crate::{
    base::clock::Millis,
    domain::{
        address::Address,
        personal::{Personal, Picture},
        public_profile::PublicProfile,
        session::{LastThere, Session},
    },
    services::{
        context::Services,
        directory::set_public_profile,
        export::{row, spelt},
        pictures::hexadecimal,
    },
    store::{accounts::PersonRows, error::StoreError, pictures::StoredPicture, write::Write},
    xmpp::portable::own::{Own, OwnRow},
};

impl Services {
    /// Returns what an account shows, also its picture, and how it was last there.
    pub(super) async fn profile_rows(
        &self,
        address: &Address,
        person: &PersonRows,
    ) -> Result<Vec<OwnRow>, StoreError> {
        let shown = person.personal.as_ref().and_then(|facts| facts.picture.as_ref());
        let picture = match shown {
            Some(shown) => self.store.picture(&shown.hash).await?,
            None => None,
        };
        let last = self.store.last_there(address).await?.into_iter();
        // A phone that is there shows what the next one is to show.
        let now = person.sessions.iter().map(Session::last_there);
        let last = last.chain(now).max_by_key(|last| last.at);
        let personal = person.personal.iter().map(|facts| row("personal", "", &spelt(facts)));
        let base64 = |octets: &[u8]| BASE64_STANDARD.encode(octets);
        let picture = picture.iter().map(|it| row("picture", &it.hash, &base64(&it.octets)));
        let public = person.public_profile.iter();
        let public = public.map(|profile| row("public_profile", "", &spelt(profile)));
        let last = last.iter().map(|last| row("last_there", "", &spelt(last)));
        Ok(personal.chain(public).chain(picture).chain(last).collect())
    }
}

/// Returns what has an account show what the file says; and what was left out, in sentences.
pub(super) fn profile_writes(
    account: &Address,
    own: &Own,
    now: Millis,
) -> (Vec<Write>, Vec<String>) {
    let (mut writes, mut remarks) = (Vec::new(), Vec::new());
    let mut personal: Option<Personal> = read(own, "personal", &mut remarks);
    if let Some(facts) = &mut personal
        && let Some(shown) = facts.picture.take()
    {
        match stored(&shown, own, now) {
            Some(picture) => {
                facts.picture = Some(shown);
                writes.push(Write::PutPicture(picture));
            }
            None => remarks.push("the picture is left out: its octets are not there".to_owned()),
        }
    }
    let personal = personal.and_then(Personal::boxed);
    let public = read::<PublicProfile>(own, "public_profile", &mut remarks);
    let public = public.and_then(PublicProfile::boxed);
    writes.push(set_public_profile(account, public, personal.as_deref()));
    writes.push(Write::SetPersonal { account: account.clone(), personal });
    if let Some(last) = read::<LastThere>(own, "last_there", &mut remarks) {
        let last = Box::new(LastThere { at: last.at.min(now), ..last });
        writes.push(Write::SetLastThere { account: account.clone(), last });
    }
    (writes, remarks)
}

fn read<T: DeserializeOwned>(own: &Own, kind: &str, remarks: &mut Vec<String>) -> Option<T> {
    let row = own.rows.iter().find(|row| row.kind == kind)?;
    let read = serde_json::from_str(&row.is);
    if read.is_err() {
        remarks.push(format!("{kind} is not understood"));
    }
    read.ok()
}

/// Returns a picture that the file has; others show what is kept under its hash, too.
fn stored(shown: &Picture, own: &Own, now: Millis) -> Option<StoredPicture> {
    let is_it = |row: &&OwnRow| row.kind == "picture" && row.of == shown.hash;
    let row = own.rows.iter().find(is_it)?;
    let octets = BASE64_STANDARD.decode(&row.is).ok()?;
    (hexadecimal(&octets) == shown.hash).then(|| StoredPicture {
        hash: shown.hash.clone(),
        media_type: shown.media_type.clone(),
        width: shown.width.into(),
        height: shown.height.into(),
        octets,
        used: now,
    })
}
