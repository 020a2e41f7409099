//! Pictures of users as items of their own (XEP-0084).

use crate::xmpp::{
    message::attr,
    ns,
    payload::{Node, Payload},
    vcard::{read_base64, write_base64},
};

/// What is told of a picture before it is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AvatarInfo {
    /// SHA-1 of the octets, in hexadecimal.
    pub id: String,
    /// How many octets; zero if it does not say.
    pub bytes: u32,
    /// What kind they are.
    pub media_type: String,
    /// In pixels; zero if it does not say.
    pub width: u16,
    /// In pixels; zero if it does not say.
    pub height: u16,
}

impl AvatarInfo {
    /// Reads the one picture that is to be had at the user's own node; none for an empty element,
    /// which says that there is no picture any more.
    pub fn read(metadata: Node<'_>) -> Option<Self> {
        let infos = metadata.children().filter(|child| child.is("info", ns::AVATAR_METADATA));
        // spec: XEP-0084 §4.2.1: one with a URL is elsewhere.
        let here = infos.filter(|info| info.attr("url").is_none());
        here.filter_map(Self::read_info).next()
    }

    fn read_info(info: Node<'_>) -> Option<Self> {
        let number = |name| attr(info, name).and_then(|text| text.trim().parse().ok());
        let size = |name| number(name).and_then(|size: u32| u16::try_from(size).ok());
        Some(Self {
            id: read_hash(info.attr("id")?)?,
            bytes: number("bytes").unwrap_or_default(),
            media_type: attr(info, "type").unwrap_or_default(),
            width: size("width").unwrap_or_default(),
            height: size("height").unwrap_or_default(),
        })
    }

    /// Returns the element of a picture, or of the news that there is none any more.
    pub fn to_payload(info: Option<&Self>) -> Payload {
        let size = |size: u16| (size > 0).then(|| size.to_string());
        let spelt = info.map(|info| {
            Payload::new("info", ns::AVATAR_METADATA)
                .with_attr("bytes", &info.bytes.to_string())
                .with_attr("id", &info.id)
                .with_attr("type", &info.media_type)
                .with_attr_if("width", size(info.width).as_deref())
                .with_attr_if("height", size(info.height).as_deref())
        });
        Payload::new("metadata", ns::AVATAR_METADATA).with_all(spelt)
    }
}

/// Reads the octets of a picture.
pub fn read_data(data: Node<'_>) -> Option<Vec<u8>> {
    data.is("data", ns::AVATAR_DATA).then(|| read_base64(&data.text()))?
}

/// Returns the element with the octets of a picture.
pub fn write_data(octets: &[u8]) -> Payload {
    Payload::new("data", ns::AVATAR_DATA).with_text(&write_base64(octets))
}

/// Reads a hash in hexadecimal, in the one spelling in which it is compared.
pub fn read_hash(text: &str) -> Option<String> {
    let text = text.trim();
    let is_hash = text.len() == 40 && text.bytes().all(|letter| letter.is_ascii_hexdigit());
    is_hash.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XEP-0084 example 2 and its like.
    const METADATA: &str = "<metadata xmlns='urn:xmpp:avatar:metadata'>\
        <info bytes='23456' height='64' id='357a8123a30844a3aa99861b6349264ba67a5694' \
         type='image/gif' url='http://avatars.example.org/happy.gif' width='64'/>\
        <info bytes='12345' height='64' id='111F4B3C50D7B0DF729D299BC6F8E9EF9066971F' \
         type='image/png' width='64'/></metadata>";

    fn read(text: &str) -> Option<AvatarInfo> {
        AvatarInfo::read(Payload::parse(text).unwrap().node())
    }

    #[test]
    fn the_picture_without_a_url_is_the_one_that_can_be_had() {
        let info = read(METADATA).unwrap();
        assert_eq!(info.id, "111f4b3c50d7b0df729d299bc6f8e9ef9066971f");
        assert_eq!((info.bytes, info.width, info.height), (12_345, 64, 64));
        assert_eq!(AvatarInfo::read(AvatarInfo::to_payload(Some(&info)).node()), Some(info));
    }

    #[test]
    fn no_picture_is_an_empty_element() {
        assert_eq!(AvatarInfo::read(AvatarInfo::to_payload(None).node()), None);
        assert_eq!(
            read("<metadata xmlns='urn:xmpp:avatar:metadata'><info id='../x'/></metadata>"),
            None
        );
        let vast = METADATA.replace("height='64'", "height='99999999999999999999'");
        assert_eq!(read(&vast).unwrap().height, 0);
    }

    #[test]
    fn octets_are_read_as_they_were_written() {
        assert_eq!(read_data(write_data(b"\x89PNG").node()).as_deref(), Some(&b"\x89PNG"[..]));
        assert_eq!(read_data(Payload::new("data", ns::AVATAR_DATA).with_text("?!").node()), None);
        assert_eq!(read_data(Payload::new("data", "elsewhere").with_text("AAAA").node()), None);
    }
}
