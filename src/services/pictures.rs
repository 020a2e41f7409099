//! Pictures: taken from phones and fetched from contacts, drawn for phones.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::{
    base::{
        clock::Millis,
        picture::{Encoded, Frame, Picture as Pixels, Unfit},
    },
    domain::{
        handset::Handset,
        personal::{Personal, Picture},
        refusal::Refusal,
    },
    services::{context::Services, drawing::Drawn, refused, unit::Unit},
    store::{pictures::StoredPicture, write::Write},
};

/// The longer side of what phones publish, in pixels: as large as other programs show it, and
/// small enough that its PNG fits into a stanza whatever it shows.
const PUBLISHED_SIDE: u32 = 192;

/// How often it is noted that a picture is needed still.
const TOUCH: Duration = Duration::from_secs(24 * 60 * 60);

/// Pictures that were not needed for this long go.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What phones draw.
const JPEG: &str = "image/jpeg";

impl Services {
    /// Takes the picture that a phone publishes, where it differs from the one before.
    ///
    /// # Errors
    ///
    /// It is none that could be shown: the one before stays.
    pub(super) async fn take_picture(
        &self,
        (before, after): (Option<&Personal>, &mut Option<Box<Personal>>),
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        let taken = after.as_mut().and_then(|facts| facts.picture.as_mut());
        let Some(taken) = taken.filter(|picture| !picture.base64.is_empty()) else {
            return Ok(());
        };
        let before = before.and_then(|facts| facts.picture.clone());
        let octets = BASE64_STANDARD.decode(&taken.base64).unwrap_or_default();
        match self.to_publish(octets).await {
            Ok(stored) => {
                *taken = described(&stored);
                if before.is_none_or(|before| before.hash != stored.hash) {
                    unit.write(Write::PutPicture(stored));
                }
                Ok(())
            }
            Err(unfit) => {
                tracing::debug!(%unfit, "a phone's picture was not taken");
                let facts = after.take().map(|facts| Personal { picture: before, ..*facts });
                *after = facts.and_then(Personal::boxed);
                // handset: S60 §7.6: the user is told.
                Err(Refusal::BadValue)
            }
        }
    }

    /// Returns a phone's picture in the form in which it is published and kept.
    ///
    /// # Errors
    ///
    /// It is none, or beyond a bound.
    pub(super) async fn to_publish(&self, octets: Vec<u8>) -> Result<StoredPicture, Unfit> {
        // spec: XEP-0084 §4.2.1: one form must be a PNG; more would be told to no purpose. Drawn
        // anew, it does not carry where and by what camera it was taken.
        let draw = move || Pixels::read(&octets)?.to_png(PUBLISHED_SIDE).ok_or(Unfit::TooLarge);
        let drawn = self.drawings.by_hand(draw).await.unwrap_or(Err(Unfit::NotAPicture))?;
        Ok(stored(hexadecimal(&drawn.octets), drawn, self.clock.now()))
    }

    /// Draws what a contact published, to be kept under the hash of that.
    pub(super) async fn drawn_to_keep(&self, hash: &str, octets: Vec<u8>) -> Option<StoredPicture> {
        let frame = Handset::largest_picture()?;
        let draw = move || Pixels::read(&octets).ok()?.to_jpeg(&frame);
        let drawn = self.drawings.by_hand(draw).await.flatten()?;
        Some(stored(hash.to_owned(), drawn, self.clock.now()))
    }

    /// Fills in the octets of a picture as a phone can show it; without them where it is not here,
    /// or where the phone shows none.
    pub(super) async fn draw(&self, picture: &mut Picture, frame: Option<Frame>) {
        picture.base64.clear();
        let Some(frame) = frame else { return };
        if let Some(drawn) = self.drawn(&picture.hash, frame).await {
            picture.media_type = drawn.media_type.to_owned();
            picture.base64 = BASE64_STANDARD.encode(&drawn.octets);
        }
    }

    async fn drawn(&self, hash: &str, frame: Frame) -> Drawn {
        if let Some(known) = self.drawings.find(hash, frame) {
            return known;
        }
        let now = self.clock.now();
        if self.drawings.is_here(hash, now) == Some(false) {
            return None;
        }
        let stored = self.store.picture(hash).await.map_err(refused).ok()?;
        self.drawings.looked_up(hash, stored.is_some(), now);
        let stored = stored?;
        if now.since(stored.used) >= TOUCH {
            self.write_later(vec![Write::TouchPicture { hash: hash.to_owned(), used: now }]);
        }
        let drawn = if let Some(drawn) = as_it_is(&stored, frame) {
            Some(Arc::new(drawn))
        } else {
            let draw = move || Pixels::read(&stored.octets).ok()?.to_jpeg(&frame).map(Arc::new);
            self.drawings.by_hand(draw).await.flatten()
        };
        self.drawings.keep(hash, frame, &drawn);
        drawn
    }

    /// Returns whether a picture is here to be drawn.
    pub(super) async fn has_octets(&self, hash: &str) -> Result<bool, Refusal> {
        let now = self.clock.now();
        if let Some(is_here) = self.drawings.is_here(hash, now) {
            return Ok(is_here);
        }
        let is_here = self.store.has_picture(hash).await.map_err(refused)?;
        self.drawings.looked_up(hash, is_here, now);
        Ok(is_here)
    }

    /// Returns the octets of a picture that an account of ours publishes.
    pub(super) async fn octets_of(&self, picture: &Picture) -> Option<StoredPicture> {
        self.store.picture(&picture.hash).await.map_err(refused).ok()?
    }

    /// Drops pictures that nobody has needed for long, and programs beyond the bound.
    pub(super) fn tidy(&self) {
        let before = self.clock.now().before(KEPT);
        self.write_later(vec![Write::PrunePictures { before }, Write::PrunePrograms]);
    }
}

/// Returns a picture that fits as it is kept: those of contacts elsewhere were drawn when they came.
fn as_it_is(stored: &StoredPicture, frame: Frame) -> Option<Encoded> {
    let (width, height) = (stored.width, stored.height);
    let is_small = width <= frame.width && height <= frame.height;
    let fits = is_small && stored.octets.len() <= frame.bytes && stored.media_type == JPEG;
    fits.then(|| Encoded { octets: stored.octets.clone(), media_type: JPEG, width, height })
}

/// Returns what is told of a picture.
pub(super) fn described(stored: &StoredPicture) -> Picture {
    let side = |pixels| u16::try_from(pixels).unwrap_or_default();
    Picture {
        hash: stored.hash.clone(),
        media_type: stored.media_type.clone(),
        bytes: u32::try_from(stored.octets.len()).unwrap_or(u32::MAX),
        width: side(stored.width),
        height: side(stored.height),
        base64: String::new(),
    }
}

/// Returns the SHA-1 of some octets, in hexadecimal.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    Sha1::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn stored(hash: String, drawn: Encoded, used: Millis) -> StoredPicture {
    let Encoded { octets, media_type, width, height } = drawn;
    StoredPicture { hash, media_type: media_type.to_owned(), width, height, octets, used }
}
