//! Business cards: as phones keep them, and in profiles of the network (XEP-0054).

use crate::{
    bridge::bounded::{NAME, cut},
    csp::business_card::{self, Line},
    domain::personal::Card,
    xmpp::vcard::{Address, Number, VCard},
};

/// Octets of a card for a phone: beyond it the less important lines are left away.
const MAX_OCTETS: usize = 2048;

/// Characters of what else is in a card for a phone.
const DESCRIPTION: usize = 200;

/// Characters of a name in a card for a phone.
const PERSON: usize = 50;

/// Phone numbers, and mail addresses, of a card for a phone.
const LISTED: usize = 4;

/// Adds what a card tells to the profile that the network is shown, where that says nothing of it.
pub fn add_to_vcard(card: &Card, to: &mut VCard) {
    let of_card = match card {
        Card::Contained(text) => of_text(text).unwrap_or_default(),
        Card::Referred(url) => VCard { url: Some(url.clone()), ..VCard::default() },
    };
    fn fill<T>(place: &mut Option<T>, of_card: Option<T>) {
        if place.is_none() {
            *place = of_card;
        }
    }
    // The card has the true name, an alias is what friends say.
    to.full_name = of_card.full_name.or(to.full_name.take());
    (to.family, to.given) = (of_card.family, of_card.given);
    (to.numbers, to.emails) = (of_card.numbers, of_card.emails);
    (to.birthday, to.title) = (of_card.birthday, of_card.title);
    to.organization = of_card.organization;
    fill(&mut to.nickname, of_card.nickname);
    fill(&mut to.address, of_card.address);
    fill(&mut to.url, of_card.url);
    fill(&mut to.description, of_card.description);
}

/// Reads the text of a card; none if it is none.
pub fn of_text(text: &str) -> Option<VCard> {
    let mut card = VCard::default();
    for line in business_card::read(text)? {
        match line.name.as_str() {
            "FN" => card.full_name = line.text(),
            "N" => (card.family, card.given) = (line.part(0), line.part(1)),
            "NICKNAME" | "X-NICKNAME" => card.nickname = line.text(),
            "BDAY" => card.birthday = line.text(),
            "TITLE" => card.title = line.text(),
            "ORG" => card.organization = line.part(0),
            "URL" => card.url = line.text(),
            "NOTE" => card.description = line.text(),
            "EMAIL" => card.emails.extend(line.text()),
            "TEL" => {
                let kinds = line.kinds.iter().filter_map(|kind| Number::kind(kind)).collect();
                card.numbers.extend(line.text().map(|number| Number { kinds, number }));
            }
            // Post-office box, extended, street, city, region, code, country.
            "ADR" if card.address.is_none() => {
                let address = Address {
                    extended: line.part(1),
                    street: line.part(2),
                    locality: line.part(3),
                    country: line.part(6),
                };
                card.address = (address != Address::default()).then_some(address);
            }
            _ => {}
        }
    }
    Some(card)
}

/// Returns a profile of the network as a card for phones; none where it tells nothing of one.
pub fn of_vcard(card: &VCard) -> Option<Card> {
    let text = |text: &Option<String>| text.as_deref().map(|text| cut(text, NAME));
    let line = |name: &str, of: &Option<String>| text(of).map(|text| Line::new(name, &text));
    let parted = |name: &str, parts: Vec<Option<String>>| Line {
        parts: parts.into_iter().map(Option::unwrap_or_default).collect(),
        ..Line::new(name, "")
    };
    let person = |text: &Option<String>| text.as_deref().map(|text| cut(text, PERSON));
    let name = match (person(&card.family), person(&card.given)) {
        (None, None) => vec![person(&card.full_name).or_else(|| person(&card.nickname))],
        (family, given) => vec![family, given],
    };
    let number = |number: &Number| Line {
        kinds: number.kinds.iter().map(|&kind| kind.to_owned()).collect(),
        ..Line::new("TEL", &cut(&number.number, NAME))
    };
    let email = |email: &String| Line {
        kinds: vec!["INTERNET".to_owned()],
        ..Line::new("EMAIL", &cut(email, NAME))
    };
    let address = card.address.as_ref().map(|it| {
        let parts = [&None, &it.extended, &it.street, &it.locality, &None, &None, &it.country];
        parted("ADR", parts.map(text).into())
    });
    let description = card.description.as_deref().map(|text| cut(text, DESCRIPTION));
    let names = [line("FN", &card.full_name), line("NICKNAME", &card.nickname)];
    let told: Vec<Line> = names
        .into_iter()
        .flatten()
        .chain(card.numbers.iter().take(LISTED).map(number))
        .chain(card.emails.iter().take(LISTED).map(email))
        .chain(line("ORG", &card.organization))
        .chain(line("TITLE", &card.title))
        .chain(address)
        .chain(line("URL", &card.url))
        .chain(line("BDAY", &card.birthday))
        .chain(description.map(|text| Line::new("NOTE", &text)))
        .collect();
    let is_named = name.iter().any(Option::is_some);
    if !is_named && told.is_empty() {
        return None;
    }
    // A card of 2.1 has a name, if only an empty one.
    let mut lines = vec![parted("N", name)];
    for line in told {
        lines.push(line);
        if business_card::write(&lines).len() > MAX_OCTETS {
            lines.pop();
        }
    }
    Some(Card::Contained(business_card::write(&lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn full() -> VCard {
        VCard {
            full_name: some("Grace Hopper"),
            family: some("Hopper"),
            given: some("Grace"),
            nickname: some("Amazing Grace"),
            birthday: some("1906-12-09"),
            address: Some(Address {
                extended: some("Room 1"),
                street: some("Strand"),
                locality: some("Arlington"),
                country: some("US"),
            }),
            numbers: vec![Number { kinds: vec!["CELL"], number: "+1 555".into() }],
            emails: vec!["grace@navy.example".into()],
            title: some("Admiral"),
            organization: some("Navy"),
            url: some("http://navy.example/;grace"),
            description: some("COBOL\nnanoseconds"),
            ..VCard::default()
        }
    }

    #[test]
    fn a_profile_becomes_a_card_and_a_card_a_profile() {
        let Some(Card::Contained(text)) = of_vcard(&full()) else { panic!() };
        assert_eq!(of_text(&text), Some(full()));
        let told = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Hopper;Grace\r\nFN:Grace Hopper\r\n\
                    NICKNAME:Amazing Grace\r\nTEL;CELL:+1 555\r\n";
        assert!(text.starts_with(told), "{text}");
    }

    #[test]
    fn who_tells_nothing_has_no_card() {
        assert_eq!(of_vcard(&VCard::default()), None);
        let place = VCard { time_zone: some("+01:00"), ..VCard::default() };
        assert_eq!(of_vcard(&place), None);
        let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Kim\r\nNICKNAME:Kim\r\nEND:VCARD\r\n";
        let kim = VCard { nickname: some("Kim"), ..VCard::default() };
        assert_eq!(of_vcard(&kim), Some(Card::Contained(text.into())));
    }

    #[test]
    fn a_card_without_end_is_cut_to_what_a_phone_holds() {
        let long = || some(&"ö".repeat(1000));
        let card = VCard {
            full_name: some(&"🦊".repeat(1000)),
            nickname: long(),
            description: long(),
            organization: long(),
            emails: vec!["x".repeat(1000); 8],
            ..VCard::default()
        };
        let Some(Card::Contained(text)) = of_vcard(&card) else { panic!() };
        assert!(text.len() <= MAX_OCTETS, "{}", text.len());
        assert!(text.ends_with("END:VCARD\r\n"));
        assert!(text.contains("EMAIL") && !text.contains("NICKNAME"), "what goes in goes in");
    }

    #[test]
    fn the_card_fills_what_the_network_is_shown() {
        let mut shown = VCard {
            full_name: some("Gracie"),
            nickname: some("Gracie"),
            url: some("http://own.example/"),
            ..VCard::default()
        };
        let Some(card) = of_vcard(&full()) else { panic!() };
        add_to_vcard(&card, &mut shown);
        let expected =
            VCard { nickname: some("Gracie"), url: some("http://own.example/"), ..full() };
        assert_eq!(shown, expected);
        let mut shown = VCard::default();
        add_to_vcard(&Card::Referred("http://x/card.vcf".into()), &mut shown);
        assert_eq!(shown, VCard { url: some("http://x/card.vcf"), ..VCard::default() });
        let mut shown = VCard::default();
        add_to_vcard(&Card::Contained("no card".into()), &mut shown);
        assert_eq!(shown, VCard::default());
    }
}
