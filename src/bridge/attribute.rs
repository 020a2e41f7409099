//! Each attribute of presence: what is known of it, in the form in which phones read it, and back.

use compact_str::CompactString;

use crate::{
    bridge::{
        bounded::{self, CARD, NAME, SENTENCE, URL, cut, some, valid},
        channels, client, mood, picture, place, time_zone,
    },
    csp::{
        element::Element,
        presence_detail::{ContactInfo, InfoLink, Link as PhoneLink, Source, TimeZone},
        presence_name::AttributeKind,
        presence_value::{Attribute, Qualified},
    },
    domain::{
        handset::Handset,
        personal::{Card, Link, Personal},
        place::Place,
        presence::Presence,
    },
};

/// Returns an attribute with its qualifier; none for those that stand in every presence anyway.
pub fn to_phone(shown: &Presence, kind: &AttributeKind, handset: &Handset) -> Option<Attribute> {
    let nobody = Personal::default();
    let user = shown.personal.as_deref().unwrap_or(&nobody);
    let (nowhere, is_there) = (Place::default(), shown.is_visible());
    let place = user.place.as_ref().unwrap_or(&nowhere);
    let text = |text: Option<&String>| {
        let text = text.map(|text| cut(text, handset.attribute_chars));
        qualified(text.map(CompactString::from))
    };
    Some(match kind {
        AttributeKind::StatusText => {
            let status = shown.status.as_ref().map(|status| cut(status, handset.status_chars));
            Attribute::StatusText(qualified(status.map(CompactString::from)))
        }
        AttributeKind::Alias => Attribute::Alias(text(user.alias.as_ref())),
        AttributeKind::ClientInfo => {
            Attribute::ClientInfo(qualified(shown.client.as_deref().map(client::to_phone)))
        }
        AttributeKind::CommCap => {
            Attribute::CommCap(Qualified::known(channels::to_comm_cap(&user.channels, is_there)))
        }
        AttributeKind::PreferredContacts => Attribute::PreferredContacts(qualified(
            listed(&user.preferred_contacts).map(channels::to_preferred_contacts),
        )),
        AttributeKind::StatusMood => {
            let word = user.mood.as_ref().and_then(mood::to_phone);
            Attribute::StatusMood(qualified(word.map(CompactString::from)))
        }
        AttributeKind::StatusContent => {
            Attribute::StatusContent(qualified(user.picture.as_ref().and_then(picture::to_phone)))
        }
        AttributeKind::GeoLocation => {
            Attribute::GeoLocation(qualified(place::to_geo_location(place)))
        }
        AttributeKind::Address => Attribute::Address(qualified(place::to_civic_address(place))),
        AttributeKind::FreeTextLocation => Attribute::FreeTextLocation(text(place.words.as_ref())),
        AttributeKind::TimeZone => {
            let zone = user.time_zone_minutes.map(time_zone::to_phone);
            Attribute::TimeZone(qualified(zone.map(|zone| TimeZone { zone: zone.into() })))
        }
        AttributeKind::PreferredLanguage => {
            Attribute::PreferredLanguage(text(user.language.as_ref()))
        }
        AttributeKind::Registration => Attribute::Registration(qualified(user.is_registered)),
        AttributeKind::Plmn => Attribute::Plmn(text(user.network.as_ref())),
        AttributeKind::ContactInfo => {
            Attribute::ContactInfo(qualified(user.card.as_ref().map(to_contact_info)))
        }
        AttributeKind::InfoLink => {
            Attribute::InfoLink(qualified(listed(&user.links).map(to_info_link)))
        }
        // Nobody shows it: the phone that asks is told that much.
        AttributeKind::Other(name) => {
            Attribute::Other(Element::new(name.as_str()).child_text("Qualifier", "F"))
        }
        AttributeKind::OnlineStatus | AttributeKind::UserAvailability => return None,
    })
}

/// Takes what a phone publishes of its user, or takes back.
pub fn set(user: &mut Personal, attribute: &Attribute) {
    let mut place = user.place.take().unwrap_or_default();
    match attribute {
        Attribute::Alias(text) => user.alias = valid(text, NAME),
        Attribute::StatusMood(word) => {
            user.mood = word.valid().and_then(|word| mood::of_phone(word));
        }
        Attribute::StatusContent(content) => {
            user.picture = content.valid().and_then(picture::of_phone);
        }
        Attribute::GeoLocation(location) => place::set_geo_location(&mut place, location.valid()),
        Attribute::Address(address) => place::set_civic_address(&mut place, address.valid()),
        Attribute::FreeTextLocation(words) => place.words = valid(words, SENTENCE),
        Attribute::TimeZone(zone) => {
            user.time_zone_minutes = zone.valid().and_then(|zone| time_zone::read(&zone.zone));
        }
        Attribute::PreferredLanguage(language) => user.language = valid(language, NAME),
        Attribute::Registration(is_registered) => {
            user.is_registered = is_registered.valid().copied();
        }
        Attribute::Plmn(network) => user.network = valid(network, NAME),
        Attribute::CommCap(list) => {
            user.channels = list.valid().map(channels::of_comm_cap).unwrap_or_default();
        }
        Attribute::PreferredContacts(list) => {
            let channels = list.valid().map(channels::of_preferred_contacts);
            user.preferred_contacts = channels.unwrap_or_default();
        }
        Attribute::ContactInfo(info) => user.card = info.valid().and_then(of_contact_info),
        Attribute::InfoLink(links) => {
            user.links = links.valid().map(of_info_link).unwrap_or_default();
        }
        // Of the device, or of nobody.
        Attribute::OnlineStatus(_)
        | Attribute::UserAvailability(_)
        | Attribute::StatusText(_)
        | Attribute::ClientInfo(_)
        | Attribute::Other(_) => {}
    }
    user.place = (!place.is_empty()).then_some(place);
}

fn qualified<T>(value: Option<T>) -> Qualified<T> {
    value.map_or_else(Qualified::unknown, Qualified::known)
}

fn listed<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn to_contact_info(card: &Card) -> ContactInfo {
    let source = match card {
        Card::Contained(text) => Source::Direct(text.as_str().into()),
        Card::Referred(url) => Source::Referred(url.as_str().into()),
    };
    ContactInfo { source: Some(source) }
}

fn of_contact_info(info: &ContactInfo) -> Option<Card> {
    match info.source.as_ref()? {
        // A part of a card is no card.
        Source::Direct(text) if text.len() > CARD => None,
        Source::Direct(text) => some(Some(text), CARD).map(Card::Contained),
        Source::Referred(url) => some(Some(url), URL).map(Card::Referred),
    }
}

fn to_info_link(links: &[Link]) -> InfoLink {
    let text = |text: &Option<String>| text.as_deref().map(CompactString::from);
    let one = |link: &Link| PhoneLink {
        url: Some(link.url.as_str().into()),
        text: text(&link.text),
        content_type: text(&link.media_type),
    };
    InfoLink { links: links.iter().map(one).collect() }
}

fn of_info_link(links: &InfoLink) -> Vec<Link> {
    let one = |link: &PhoneLink| {
        Some(Link {
            url: some(link.url.as_deref(), URL)?,
            text: some(link.text.as_deref(), NAME),
            media_type: some(link.content_type.as_deref(), NAME),
        })
    };
    links.links.iter().filter_map(one).take(bounded::LISTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bridge::{pep, presence},
        csp::{
            leaf::Word as _,
            literal::{assert_writes, read},
            presence_name::AttributeSet,
            presence_value::PresenceSubList,
            version::Version::V1_3,
        },
        domain::presence::Availability,
        xmpp::{jid::Jid, payload::Payload, pubsub_event::PubsubEvent},
    };

    /// What a contact elsewhere is told of an attribute, and what a phone is told of a contact
    /// elsewhere.
    enum Network {
        /// The same, there and back.
        Same,
        /// The network says less or says it otherwise; back it comes so.
        As(&'static str),
        /// The network has no word for it.
        Unknown,
    }
    use Network::{As, Same, Unknown};

    /// Each attribute as a phone publishes it, without its qualifier.
    const TABLE: &[(&str, &str, Network)] = &[
        ("OnlineStatus", "<PresenceValue>T</PresenceValue>", Same),
        ("UserAvailability", "<PresenceValue>DISCREET</PresenceValue>", Same),
        ("StatusText", "<PresenceValue>in a meeting</PresenceValue>", Same),
        ("StatusMood", "<PresenceValue>IN_LOVE</PresenceValue>", Same),
        ("Alias", "<PresenceValue>Kim</PresenceValue>", Same),
        (
            "StatusContent",
            "<DirectContent>YWJj</DirectContent><ContentType>image/gif</ContentType>",
            // Its hash only: who wants it fetches it.
            Unknown,
        ),
        (
            "GeoLocation",
            "<Longitude>35 24 15.652W</Longitude><Latitude>12 36 22.5N</Latitude>\
             <Altitude>3</Altitude><Accuracy>200</Accuracy>",
            Same,
        ),
        (
            "Address",
            "<Country>GB</Country><City>London</City><Street>Strand</Street>\
             <Crossing1>Aldwych</Crossing1><Crossing2>Savoy</Crossing2><Building>1</Building>\
             <NamedArea>Soho</NamedArea>",
            As("<Country>GB</Country><City>London</City><Street>Strand</Street>\
                <Building>1</Building><NamedArea>Soho</NamedArea>"),
        ),
        (
            "FreeTextLocation",
            "<PresenceValue>pub</PresenceValue>",
            As("<PresenceValue>pub, Aldwych / Savoy</PresenceValue>"),
        ),
        ("TimeZone", "<Zone>+0530</Zone>", Same),
        ("PreferredLanguage", "<PresenceValue>fin</PresenceValue>", Same),
        (
            "ClientInfo",
            "<ClientType>MOBILE_PHONE</ClientType><DevManufacturer>ABC</DevManufacturer>\
             <ClientProducer>MOKIA</ClientProducer><Model>xyz200</Model>\
             <ClientVersion>0.1</ClientVersion><Language>fin</Language>",
            // By its capabilities and its version: who wants them asks.
            Unknown,
        ),
        (
            "CommCap",
            "<CommC><Cap>CALL</Cap><Status>OPEN</Status><Contact>+358</Contact>\
             <Note>office</Note></CommC>",
            As("<CommC><Cap>IM</Cap><Status>OPEN</Status></CommC>"),
        ),
        (
            "PreferredContacts",
            "<AddrPref><PrefC>IM</PrefC><Caddr>ari@im.com</Caddr><Cstatus>CLOSED</Cstatus>\
             <Cname>Private</Cname><Cpriority>30</Cpriority></AddrPref>",
            Unknown,
        ),
        ("ContactInfo", "<ContainedvCard>BEGIN:VCARD</ContainedvCard>", Unknown),
        (
            "InfoLink",
            "<Inf_link><Link>http://x.test</Link><Text>mine</Text>\
             <ContentType>text/html</ContentType></Inf_link>",
            Unknown,
        ),
        ("Registration", "<PresenceValue>T</PresenceValue>", Unknown),
        ("PLMN", "<PresenceValue>24405</PresenceValue>", Unknown),
    ];

    fn everything() -> Presence {
        let all = TABLE
            .iter()
            .map(|(name, value, _)| format!("<{name}><Qualifier>T</Qualifier>{value}</{name}>"));
        let list = read(&format!("<P>{}</P>", all.collect::<String>()), V1_3).unwrap();
        let mut shown = Presence { is_online: true, ..Presence::default() };
        presence::of_phone(&list, Handset::named("s60"), &mut shown);
        shown
    }

    fn assert_shows(shown: &Presence, name: &str, value: Option<&str>) {
        let kind = AttributeKind::from_word(name).unwrap();
        let wanted = AttributeSet { kinds: vec![kind.clone()] };
        let mut list = presence::to_phone(shown, Handset::named("s60"), &wanted);
        list.restrict(&wanted);
        let literal = match value {
            Some(value) => format!("<P><{name}><Qualifier>T</Qualifier>{value}</{name}></P>"),
            None => format!("<P><{name}><Qualifier>F</Qualifier></{name}></P>"),
        };
        assert_writes::<PresenceSubList>(&list, &literal, V1_3);
    }

    /// Returns what somebody elsewhere would know of it, by what goes over the wire.
    fn over_the_network(shown: &Presence) -> Presence {
        let (from, to) = (Jid::new("kim@a.test/s60").unwrap(), Jid::new("lee@b.test").unwrap());
        let stanza = presence::to_stanza(shown, from, to, None);
        let mut seen = presence::of_stanza(&stanza);
        let user = shown.personal.as_ref().unwrap();
        let published: [Payload; 4] = [
            pep::picture_to_payload(user),
            pep::place_to_payload(user),
            pep::mood_to_payload(user),
            pep::alias_to_payload(user),
        ];
        let known = seen.personal.get_or_insert_default();
        for (node, item) in pep::NODES.into_iter().zip(published) {
            pep::apply(&PubsubEvent { node: node.into(), item: Some(item) }, known);
        }
        seen
    }

    #[test]
    fn every_attribute_goes_from_phone_to_phone_as_it_is() {
        let shown = everything();
        for (name, value, _) in TABLE {
            assert_shows(&shown, name, Some(value));
        }
        for (name, _) in AttributeKind::WORDS {
            assert!(TABLE.iter().any(|(row, ..)| row == name), "{name} has no row");
        }
    }

    #[test]
    fn every_attribute_goes_over_the_network_as_far_as_it_has_a_word() {
        let seen = over_the_network(&everything());
        for (name, value, network) in TABLE {
            let expected = match network {
                Same => Some(*value),
                As(other) => Some(*other),
                Unknown => None,
            };
            assert_shows(&seen, name, expected);
        }
    }

    #[test]
    fn every_attribute_of_the_user_is_taken_back_by_its_qualifier() {
        for (name, value, _) in TABLE {
            let literal = format!("<P><{name}><Qualifier>F</Qualifier>{value}</{name}></P>");
            let list = read(&literal, V1_3).unwrap();
            let mut shown = everything();
            presence::of_phone(&list, Handset::named("s60"), &mut shown);
            match *name {
                // The server and the session tell these.
                "OnlineStatus" | "UserAvailability" => assert_eq!(shown, everything()),
                "CommCap" => assert_shows(
                    &shown,
                    name,
                    Some("<CommC><Cap>IM</Cap><Status>OPEN</Status></CommC>"),
                ),
                _ => assert_shows(&shown, name, None),
            }
        }
    }

    #[test]
    fn who_is_hidden_shows_nothing_of_the_device_but_what_the_account_shows() {
        let hidden = Presence { availability: Availability::Hidden, ..everything() };
        let account = Personal { alias: Some("Kim".into()), ..Personal::default() };
        let shown = crate::domain::presence::merged([&hidden], Some(&account));
        assert_shows(&shown, "Alias", Some("<PresenceValue>Kim</PresenceValue>"));
        assert_shows(&shown, "OnlineStatus", Some("<PresenceValue>F</PresenceValue>"));
        assert_shows(
            &shown,
            "CommCap",
            Some("<CommC><Cap>IM</Cap><Status>CLOSED</Status></CommC>"),
        );
        for name in ["StatusText", "StatusMood", "GeoLocation", "ClientInfo"] {
            assert_shows(&shown, name, None);
        }
    }

    #[test]
    fn an_attribute_that_nobody_shows_is_unknown_to_who_asks() {
        assert_shows(&everything(), "ClientContentLimit", None);
    }

    #[test]
    fn texts_are_cut_to_what_the_phone_draws_and_cards_are_whole_or_not_there() {
        let text = "x".repeat(100_000);
        for name in ["Alias", "FreeTextLocation", "PreferredLanguage", "PLMN"] {
            let value = format!("<PresenceValue>{text}</PresenceValue>");
            let list = read(&format!("<P><{name}>{value}</{name}></P>"), V1_3).unwrap();
            let mut shown = everything();
            presence::of_phone(&list, Handset::named("s60"), &mut shown);
            let cut = "x".repeat(Handset::named("s60").attribute_chars);
            assert_shows(&shown, name, Some(&format!("<PresenceValue>{cut}</PresenceValue>")));
        }
        let literal = format!("<ContactInfo><ContainedvCard>{text}</ContainedvCard></ContactInfo>");
        let list = read(&format!("<P>{literal}</P>"), V1_3).unwrap();
        let mut shown = everything();
        presence::of_phone(&list, Handset::named("s60"), &mut shown);
        assert_shows(&shown, "ContactInfo", None);
    }
}
