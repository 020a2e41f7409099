//! Presence: what a phone publishes and shows, the domain's, and that of the network.

use compact_str::CompactString;

use crate::{
    bridge::{
        attribute,
        bounded::{self, NAME, SENTENCE},
        client, language,
    },
    csp::{
        leaf::Word as _,
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, Availability as Word, PresenceSubList, Qualified},
    },
    domain::{
        handset::{self, Handset},
        personal::{Personal, Picture},
        presence::{Availability, Presence},
        refusal::Refusal,
    },
    xmpp::{
        avatar::read_hash,
        caps::Caps,
        jid::Jid,
        presence::{Presence as Stanza, PresenceKind, Show},
    },
};

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
        attribute::to_phone(presence, kind, handset).into_iter().for_each(|one| list.set(one));
    }
    list
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
            Attribute::StatusText(text) => presence.status = bounded::valid(text, SENTENCE),
            Attribute::ClientInfo(info) => {
                presence.client = info.valid().map(client::of_phone).map(Box::new);
            }
            _ => attribute::set(&mut personal, attribute),
        }
    }
    if let Some(Attribute::OnlineStatus(online)) = list.find(&AttributeKind::OnlineStatus)
        && online.valid() == Some(&false)
    {
        // The session lives, so the server says when it is online (handset: S60 §4.6); a phone
        // that says it is not wants to be hidden, whatever else it says (handset: Android §6).
        presence.availability = Availability::Hidden;
    }
    presence.personal = personal.boxed();
}

/// Returns what of a publication can be kept, and why not all of it.
pub fn sift(list: &PresenceSubList, handset: &Handset) -> (PresenceSubList, Option<Refusal>) {
    let mut refusal = (!list.unread().is_empty()).then_some(Refusal::BadValue);
    let mut good = PresenceSubList::default();
    for attribute in list.iter() {
        match fault(attribute, handset) {
            None => good.set(attribute.clone()),
            // handset: S60 §7.6: of the two it tells its user of a bad value.
            Some(Refusal::BadValue) => refusal = Some(Refusal::BadValue),
            Some(other) => refusal = refusal.or(Some(other)),
        }
    }
    (good, refusal)
}

/// Returns why an attribute cannot be kept as it is published.
fn fault(attribute: &Attribute, handset: &Handset) -> Option<Refusal> {
    let is_given = match attribute {
        Attribute::Other(element) => {
            return (!LATER.contains(&element.name())).then_some(Refusal::BadAttribute);
        }
        Attribute::UserAvailability(word) => {
            return word.valid().filter(|word| of_word(word).is_none()).map(|_| Refusal::BadValue);
        }
        Attribute::StatusMood(word) => word.valid().is_some_and(|word| !word.is_empty()),
        Attribute::TimeZone(zone) => zone.valid().is_some(),
        Attribute::GeoLocation(place) => place.valid().is_some(),
        Attribute::StatusContent(content) => {
            content.valid().is_some_and(|content| content.source.is_some())
        }
        // Texts, and lists whose parts stand for themselves.
        _ => false,
    };
    let mut taken = Presence::default();
    of_phone(&PresenceSubList::from_iter([attribute.clone()]), handset, &mut taken);
    (is_given && taken == Presence::default()).then_some(Refusal::BadValue)
}

/// Attributes of 1.3 that nobody is shown.
const LATER: [&str; 2] = ["ClientContentLimit", "ClientIMPriority"];

/// Returns the stanza that shows a device to somebody.
pub fn to_stanza(presence: &Presence, from: Jid, to: Jid, caps: Option<Caps>) -> Stanza {
    if !presence.is_visible() {
        return Stanza::new(from, to, PresenceKind::Unavailable);
    }
    let picture = presence.personal.as_ref().and_then(|user| user.picture.as_ref());
    Stanza {
        show: match presence.availability {
            Availability::Available | Availability::Hidden => None,
            Availability::Chatty => Some(Show::Chat),
            Availability::Away => Some(Show::Away),
            Availability::LongAway => Some(Show::Xa),
            Availability::Busy => Some(Show::Dnd),
        },
        lang: presence.language().and_then(language::to_tag),
        statuses: presence.status.iter().map(|status| status.as_str().into()).collect(),
        priority: presence.priority,
        nick: presence.alias().map(str::to_owned),
        // spec: XEP-0153 §3.1: empty for none.
        photo_hash: Some(picture.map(|picture| picture.hash.clone()).unwrap_or_default()),
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
        status: bounded::some(stanza.status(), SENTENCE),
        priority: stanza.priority,
        client: None,
        personal: Personal {
            alias: bounded::some(stanza.nick.as_deref(), NAME),
            picture: stanza.photo_hash.as_deref().and_then(read_hash).map(Picture::known_by),
            language: stanza.lang.as_deref().and_then(language::of_tag),
            ..Personal::default()
        }
        .boxed(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::element::Element;

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
    fn android_6_who_is_not_online_is_hidden_whatever_else_the_phone_says() {
        let offline = Attribute::OnlineStatus(Qualified::known(false));
        let away = Attribute::UserAvailability(Qualified::known(Word::NotAvailable));
        for list in [[offline.clone(), away.clone()], [away, offline]] {
            let mut presence = online(Availability::Available);
            let list: PresenceSubList = list.into_iter().collect();
            of_phone(&list, Handset::named("android"), &mut presence);
            assert!(!presence.is_visible(), "{list:?}");
        }
    }

    #[test]
    fn what_a_phone_does_not_name_stays() {
        let mut presence = online(Availability::Busy);
        of_phone(&PresenceSubList::default(), Handset::named("s60"), &mut presence);
        assert_eq!(presence, online(Availability::Busy));
    }

    #[test]
    fn what_cannot_be_is_left_out_and_the_rest_kept() {
        let known = |text: &str| Qualified::known(CompactString::from(text));
        let alias = Attribute::Alias(known("Kim"));
        let table = [
            (Attribute::StatusText(known("")), None),
            (Attribute::StatusMood(known("HAPPY")), None),
            (Attribute::StatusMood(known("PURPLE-ISH?")), Some(Refusal::BadValue)),
            (Attribute::StatusMood(Qualified::unknown()), None),
            (
                Attribute::UserAvailability(Qualified::known(Word::Other("GONE".into()))),
                Some(Refusal::BadValue),
            ),
            (Attribute::Other(Element::new("ClientIMPriority")), None),
            (Attribute::Other(Element::new("ShoeSize")), Some(Refusal::BadAttribute)),
        ];
        for (attribute, expected) in table {
            let list = PresenceSubList::from_iter([attribute.clone(), alias.clone()]);
            let (good, refusal) = sift(&list, Handset::named("s60"));
            assert_eq!(refusal, expected, "{attribute:?}");
            let is_kept = good.iter().any(|it| *it == attribute);
            assert_eq!(is_kept, expected.is_none(), "{attribute:?}");
            assert!(good.iter().any(|it| *it == alias));
        }
    }
}
