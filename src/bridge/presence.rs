//! Presence: what a phone publishes and shows, the domain's, and that of the network.

use base64::{Engine, prelude::BASE64_STANDARD};
use compact_str::CompactString;
use sha1::{Digest, Sha1};

use crate::{
    csp::{
        leaf::Word as _,
        presence_channel::{Channel, ChannelStatus, CommC, CommCap},
        presence_detail::{ClientInfo, ClientType, Source, StatusContent},
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, Availability as Word, PresenceSubList, Qualified},
    },
    domain::{
        handset::{self, Handset},
        personal::{Personal, Picture},
        presence::{Availability, Client, Presence},
    },
    xmpp::{
        caps::Caps,
        jid::Jid,
        presence::{Presence as Stanza, PresenceKind, Show},
    },
};

/// Octets of a status text that are kept; no phone shows more.
const MAX_STATUS: usize = 1024;

/// Returns what a phone is shown of somebody: each attribute it asked for, with a qualifier.
///
/// handset: S60 §7.3: without both OnlineStatus and UserAvailability a contact looks offline.
/// handset: Android G20: never a part, for what is absent is reset.
pub fn to_phone(presence: &Presence, handset: &Handset, wanted: &AttributeSet) -> PresenceSubList {
    let mut list = PresenceSubList::default();
    list.set(Attribute::OnlineStatus(Qualified::known(presence.is_visible())));
    let word = match presence.is_visible() {
        true => handset.draws(presence.availability),
        false => handset::Word::NotAvailable,
    };
    list.set(Attribute::UserAvailability(Qualified::known(to_word(word))));
    let default = AttributeSet::basic();
    let wanted = if wanted.is_empty() { &default } else { wanted };
    for kind in &wanted.kinds {
        match attribute(presence, kind, handset) {
            Some(attribute) => list.set(attribute),
            None => continue,
        }
    }
    list
}

fn attribute(shown: &Presence, kind: &AttributeKind, handset: &Handset) -> Option<Attribute> {
    let nothing = Personal::default();
    let personal = shown.personal.as_deref().unwrap_or(&nothing);
    let text = |text: Option<&String>| match text {
        Some(text) => Qualified::known(CompactString::from(text.as_str())),
        None => Qualified::unknown(),
    };
    Some(match kind {
        AttributeKind::StatusText => {
            let cut = shown.status.as_ref().map(|status| cut(status, handset.status_chars));
            Attribute::StatusText(text(cut.as_ref()))
        }
        AttributeKind::Alias => Attribute::Alias(text(personal.alias.as_ref())),
        AttributeKind::CommCap => Attribute::CommCap(Qualified::known(reachable(shown.is_online))),
        AttributeKind::ClientInfo => Attribute::ClientInfo(match &shown.client {
            Some(client) => Qualified::known(to_client_info(client)),
            None => Qualified::unknown(),
        }),
        AttributeKind::StatusContent => Attribute::StatusContent(match &personal.picture {
            Some(picture) => Qualified::known(StatusContent {
                source: Some(Source::Direct(picture.base64.as_str().into())),
                content_type: Some(picture.media_type.as_str().into()),
            }),
            None => Qualified::unknown(),
        }),
        AttributeKind::Registration => Attribute::Registration(Qualified::unknown()),
        AttributeKind::TimeZone => Attribute::TimeZone(Qualified::unknown()),
        AttributeKind::GeoLocation => Attribute::GeoLocation(Qualified::unknown()),
        AttributeKind::Address => Attribute::Address(Qualified::unknown()),
        AttributeKind::FreeTextLocation => Attribute::FreeTextLocation(Qualified::unknown()),
        AttributeKind::Plmn => Attribute::Plmn(Qualified::unknown()),
        AttributeKind::PreferredContacts => Attribute::PreferredContacts(Qualified::unknown()),
        AttributeKind::PreferredLanguage => Attribute::PreferredLanguage(Qualified::unknown()),
        AttributeKind::StatusMood => Attribute::StatusMood(Qualified::unknown()),
        AttributeKind::ContactInfo => Attribute::ContactInfo(Qualified::unknown()),
        AttributeKind::InfoLink => Attribute::InfoLink(Qualified::unknown()),
        // Set above, or unknown to us as well: nothing is shown of it.
        AttributeKind::OnlineStatus | AttributeKind::UserAvailability | AttributeKind::Other(_) => {
            return None;
        }
    })
}

/// Changes what a device shows by what its phone publishes; what is not named stays.
pub fn of_phone(list: &PresenceSubList, handset: &Handset, presence: &mut Presence) {
    let mut personal = presence.personal.take().map(|facts| *facts).unwrap_or_default();
    for attribute in list.iter() {
        match attribute {
            Attribute::UserAvailability(availability) => {
                if let Some(word) = availability.valid().and_then(of_word) {
                    presence.availability = handset.means(word);
                }
            }
            Attribute::StatusText(text) => presence.status = kept(text, MAX_STATUS),
            Attribute::Alias(text) => personal.alias = kept(text, MAX_STATUS),
            Attribute::ClientInfo(client) => {
                presence.client = client.valid().map(of_client_info).map(Box::new);
            }
            Attribute::StatusContent(content) => {
                personal.picture = content.valid().and_then(of_content);
            }
            Attribute::OnlineStatus(online) if online.valid() == Some(&false) => {
                // The session lives, so the server says when it is online (handset: S60 §4.6);
                // a phone that says it is not wants to be hidden.
                presence.availability = Availability::Hidden;
            }
            _ => {}
        }
    }
    presence.personal = boxed(personal);
}

/// Returns facts in the form in which they are kept: none at all where none is known.
fn boxed(personal: Personal) -> Option<Box<Personal>> {
    (!personal.is_empty()).then(|| Box::new(personal))
}

/// Returns the stanza that shows a device to somebody.
pub fn to_stanza(presence: &Presence, from: Jid, to: Jid, caps: Option<Caps>) -> Stanza {
    if !presence.is_visible() {
        return Stanza::new(from, to, PresenceKind::Unavailable);
    }
    Stanza {
        show: match presence.availability {
            Availability::Available | Availability::Hidden => None,
            Availability::Chatty => Some(Show::Chat),
            Availability::Away => Some(Show::Away),
            Availability::LongAway => Some(Show::Xa),
            Availability::Busy => Some(Show::Dnd),
        },
        statuses: presence.status.iter().map(|status| status.as_str().into()).collect(),
        priority: presence.priority,
        nick: presence.alias().map(str::to_owned),
        caps,
        ..Stanza::new(from, to, PresenceKind::Available)
    }
}

/// Returns what a device of the network shows.
pub fn of_stanza(stanza: &Stanza) -> Presence {
    Presence {
        is_online: true,
        availability: match stanza.show {
            None => Availability::Available,
            Some(Show::Chat) => Availability::Chatty,
            Some(Show::Away) => Availability::Away,
            Some(Show::Xa) => Availability::LongAway,
            Some(Show::Dnd) => Availability::Busy,
        },
        status: stanza.status().filter(|status| !status.is_empty()).map(|s| cut(s, MAX_STATUS)),
        priority: stanza.priority,
        client: None,
        personal: boxed(Personal {
            alias: stanza.nick.as_ref().map(|nick| cut(nick, MAX_STATUS)),
            ..Personal::default()
        }),
    }
}

/// Returns the attributes by the names under which they are kept.
pub fn attribute_names(set: &AttributeSet) -> Vec<CompactString> {
    set.kinds.iter().map(|kind| kind.word().into()).collect()
}

/// Returns the attributes of these names.
pub fn attribute_set(names: &[CompactString]) -> AttributeSet {
    AttributeSet { kinds: names.iter().filter_map(|name| AttributeKind::from_word(name)).collect() }
}

fn to_word(word: handset::Word) -> Word {
    match word {
        handset::Word::Available => Word::Available,
        handset::Word::Discreet => Word::Discreet,
        handset::Word::NotAvailable => Word::NotAvailable,
    }
}

fn of_word(word: &Word) -> Option<handset::Word> {
    match word {
        Word::Available => Some(handset::Word::Available),
        Word::Discreet => Some(handset::Word::Discreet),
        Word::NotAvailable => Some(handset::Word::NotAvailable),
        Word::Other(_) => None,
    }
}

fn reachable(is_online: bool) -> CommCap {
    let status = if is_online { ChannelStatus::Open } else { ChannelStatus::Closed };
    let channel = CommC { channel: Some(Channel::Im), status: Some(status), ..CommC::default() };
    CommCap { channels: vec![channel] }
}

fn to_client_info(client: &Client) -> ClientInfo {
    let text = |text: &Option<String>| text.as_deref().map(CompactString::from);
    ClientInfo {
        client_type: client.kind.as_deref().and_then(ClientType::from_word),
        manufacturer: text(&client.manufacturer),
        producer: text(&client.producer),
        model: text(&client.model),
        version: text(&client.version),
        language: text(&client.language),
    }
}

fn of_client_info(info: &ClientInfo) -> Client {
    let text = |text: &Option<CompactString>| text.as_deref().map(|text| cut(text, 100));
    Client {
        kind: info.client_type.as_ref().map(|kind| kind.word().to_owned()),
        manufacturer: text(&info.manufacturer),
        producer: text(&info.producer),
        model: text(&info.model),
        version: text(&info.version),
        language: text(&info.language),
    }
}

fn of_content(content: &StatusContent) -> Option<Picture> {
    match (&content.source, &content.content_type) {
        (Some(Source::Direct(base64)), Some(media_type)) if base64.len() <= 64 * 1024 => {
            let octets = BASE64_STANDARD.decode(base64.as_str()).ok()?;
            Some(Picture {
                hash: hexadecimal(&Sha1::digest(&octets)),
                media_type: media_type.to_string(),
                bytes: u32::try_from(octets.len()).ok()?,
                base64: base64.to_string(),
                ..Picture::default()
            })
        }
        _ => None,
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn kept(text: &Qualified<CompactString>, chars: usize) -> Option<String> {
    text.valid().filter(|text| !text.is_empty()).map(|text| cut(text, chars))
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn online(availability: Availability) -> Presence {
        let status = Some("x".repeat(60));
        Presence { is_online: true, availability, status, ..Presence::default() }
    }

    fn word(list: &PresenceSubList) -> Option<Word> {
        match list.find(&AttributeKind::UserAvailability)? {
            Attribute::UserAvailability(word) => word.valid().cloned(),
            _ => None,
        }
    }

    fn is_online(list: &PresenceSubList) -> Option<bool> {
        match list.find(&AttributeKind::OnlineStatus)? {
            Attribute::OnlineStatus(online) => online.valid().copied(),
            _ => None,
        }
    }

    #[test]
    fn each_family_is_shown_what_it_draws_nearest() {
        let table = [
            ("s60", Availability::Away, Word::Discreet),
            ("s60", Availability::Busy, Word::Discreet),
            ("s60", Availability::Chatty, Word::Available),
            ("android", Availability::Away, Word::NotAvailable),
            ("android", Availability::Busy, Word::Discreet),
        ];
        for (name, availability, expected) in table {
            let list =
                to_phone(&online(availability), Handset::named(name), &AttributeSet::default());
            assert_eq!(word(&list), Some(expected), "{name} {availability:?}");
            assert_eq!(is_online(&list), Some(true));
        }
    }

    #[test]
    fn s60_gotcha_11_both_attributes_are_there_whatever_was_asked() {
        let only = AttributeSet { kinds: vec![AttributeKind::StatusText] };
        let list = to_phone(&Presence::offline(), Handset::named("s60"), &only);
        assert_eq!(is_online(&list), Some(false));
        assert!(word(&list).is_some());
        assert!(list.find(&AttributeKind::StatusText).is_some());
    }

    #[test]
    fn s60_7_1_a_status_is_cut_at_forty_characters() {
        let list = to_phone(
            &online(Availability::Available),
            Handset::named("s60"),
            &AttributeSet::basic(),
        );
        let Some(Attribute::StatusText(text)) = list.find(&AttributeKind::StatusText) else {
            panic!("no status text");
        };
        assert_eq!(text.valid().unwrap().len(), 40);
    }

    #[test]
    fn s60_appears_offline_while_its_session_lives() {
        let mut presence = online(Availability::Available);
        let mut list = PresenceSubList::default();
        list.set(Attribute::UserAvailability(Qualified::known(Word::NotAvailable)));
        list.set(Attribute::StatusText(Qualified::unknown()));
        of_phone(&list, Handset::named("s60"), &mut presence);
        assert!(!presence.is_visible() && presence.is_online);
        assert_eq!(presence.status, None);
        let (kim, lee) = (Jid::new("kim@a/s60").unwrap(), Jid::new("lee@b").unwrap());
        let stanza = to_stanza(&presence, kim, lee, None);
        assert_eq!(stanza.kind, PresenceKind::Unavailable);
    }

    #[test]
    fn what_a_phone_does_not_name_stays() {
        let mut presence = online(Availability::Busy);
        of_phone(&PresenceSubList::default(), Handset::named("s60"), &mut presence);
        assert_eq!(presence, online(Availability::Busy));
    }
}
