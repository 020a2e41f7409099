//! Pictures of users: of phones (`StatusContent`), and what the network tells of them (XEP-0084).

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::{
    bridge::bounded,
    csp::presence_detail::{Source, StatusContent},
    domain::personal::Picture,
    xmpp::avatar::AvatarInfo,
};

/// Characters of base64 in which a phone may publish a picture.
const MAX_BASE64: usize = 64 * 1024;

/// Returns the picture that a phone is shown, if it is here.
pub fn to_phone(picture: &Picture) -> Option<StatusContent> {
    let is_here = !picture.base64.is_empty();
    is_here.then(|| StatusContent {
        source: Some(Source::Direct(picture.base64.as_str().into())),
        content_type: Some(picture.media_type.as_str().into()),
    })
}

/// Returns the picture that a phone publishes.
pub fn of_phone(content: &StatusContent) -> Option<Picture> {
    let (Some(Source::Direct(base64)), Some(media_type)) = (&content.source, &content.content_type)
    else {
        return None;
    };
    if base64.len() > MAX_BASE64 {
        return None;
    }
    let octets = BASE64_STANDARD.decode(base64.as_str()).ok()?;
    let hash = Sha1::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect();
    Some(Picture {
        hash,
        media_type: bounded::cut(media_type, bounded::NAME),
        bytes: u32::try_from(octets.len()).ok()?,
        base64: base64.to_string(),
        ..Picture::default()
    })
}

/// Returns what the network is told of a picture.
pub fn to_network(picture: &Picture) -> AvatarInfo {
    AvatarInfo {
        id: picture.hash.clone(),
        bytes: picture.bytes,
        media_type: picture.media_type.clone(),
        width: picture.width,
        height: picture.height,
    }
}

/// Returns what is known of a picture of the network.
pub fn of_network(info: &AvatarInfo) -> Picture {
    Picture {
        hash: info.id.clone(),
        media_type: bounded::cut(&info.media_type, bounded::NAME),
        bytes: info.bytes,
        width: info.width,
        height: info.height,
        base64: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_the_hash_of_its_octets() {
        let content = StatusContent {
            source: Some(Source::Direct("YWJj".into())),
            content_type: Some("image/gif".into()),
        };
        let picture = of_phone(&content).unwrap();
        assert_eq!(picture.hash, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(picture.bytes, 3);
        assert_eq!(to_phone(&picture), Some(content));
        let told = of_network(&to_network(&picture));
        assert_eq!((&told.hash, told.bytes), (&picture.hash, 3));
        assert_eq!(to_phone(&told), None);
    }

    #[test]
    fn what_is_no_picture_is_none() {
        let content = |base64: &str| StatusContent {
            source: Some(Source::Direct(base64.into())),
            content_type: Some("image/gif".into()),
        };
        assert_eq!(of_phone(&content("?")), None);
        assert_eq!(of_phone(&content(&"A".repeat(MAX_BASE64 + 4))), None);
        assert_eq!(of_phone(&StatusContent::default()), None);
    }
}
