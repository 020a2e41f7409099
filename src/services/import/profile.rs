//! What a user shows comes along: as we wrote it down, or as another server kept it, as a profile
//! (XEP-0054) and as personal events (XEP-0163).

use crate::{
    base::picture::Unfit,
    bridge,
    domain::personal::Personal,
    services::{
        directory::set_public_profile,
        import::Import,
        pictures::{described, hexadecimal},
        profile::profile_writes,
    },
    store::{pictures::StoredPicture, write::Write},
    xmpp::{
        avatar::{self, AvatarInfo},
        ns,
        portable::PortableUser,
        pubsub_event::PubsubEvent,
    },
};

impl Import<'_> {
    /// Has the account show what the file says; where it says nothing, nothing.
    pub(super) async fn profile(&mut self, user: &PortableUser) {
        let account = self.address.clone();
        if let Some(own) = &user.own {
            let (writes, remarks) = profile_writes(&account, own, self.services.clock.now());
            self.writes.extend(writes);
            self.remarks.extend(remarks);
            return;
        }
        let mut personal = self.published(user);
        if let Some(card) = &user.vcard {
            bridge::profile::of_vcard(card, &mut personal);
        }
        personal.picture = match self.picture(user).await {
            Some(Ok(stored)) => {
                let picture = described(&stored);
                self.writes.push(Write::PutPicture(stored));
                Some(picture)
            }
            Some(Err(unfit)) => {
                self.remark(&format!("its picture is left out: {unfit}"));
                None
            }
            None => None,
        };
        // Who has a profile elsewhere has not chosen to be found here.
        self.writes.push(set_public_profile(&account, None, None));
        self.writes.push(Write::SetPersonal { account, personal: personal.boxed() });
    }

    /// Returns the facts that the user published, but for the picture.
    fn published(&mut self, user: &PortableUser) -> Personal {
        let mut personal = Personal::default();
        for items in &user.published {
            let item = items.items.last().and_then(|item| item.payload.clone());
            let event = PubsubEvent { node: items.node.clone(), item };
            if bridge::pep::NODES.contains(&event.node.as_str()) {
                bridge::pep::apply(&event, &mut personal);
            } else if event.node != ns::AVATAR_DATA {
                self.remark(&format!("what is published at {} is left out", event.node));
            }
        }
        personal
    }

    /// Returns the picture as we publish it: the one that was published, or the photo in the profile.
    async fn picture(&self, user: &PortableUser) -> Option<Result<StoredPicture, Unfit>> {
        let at = |node| user.published.iter().filter(move |items| items.node == node);
        let data = at(ns::AVATAR_DATA).flat_map(|items| &items.items);
        let data = data.filter_map(|it| avatar::read_data(it.payload.as_ref()?.node()));
        let mut data: Vec<Vec<u8>> = data.collect();
        // One that was taken back may be there still.
        for told in at(ns::AVATAR_METADATA) {
            let info = told.items.last().and_then(|item| item.payload.as_ref());
            let info = info.and_then(|info| AvatarInfo::read(info.node()));
            data.retain(|octets| info.as_ref().is_some_and(|it| it.id == hexadecimal(octets)));
        }
        let photo = || Some(user.vcard.as_ref()?.photo.as_ref()?.octets.clone());
        let octets = data.pop().or_else(photo)?;
        Some(self.services.to_publish(octets).await)
    }
}
