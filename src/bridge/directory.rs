//! By what people are found, and what phones look for.

use crate::{
    bridge::{self, bounded::LISTED},
    csp::{
        address::UserAddress,
        search::{SearchElement, SearchPair},
    },
    domain::{
        personal::{Card, Personal},
        public_profile::{Criterion, Entry, Fact, Found, PublicProfile, folded},
    },
    xmpp::search::{Detail, Finding},
};

/// Returns what a phone looks for; none for what nobody is found by.
pub fn criterion(pair: &SearchPair, home: &str) -> Option<Criterion> {
    let text = match pair.element {
        SearchElement::MobileNumber => dialled(&pair.text),
        _ => folded(&pair.text),
    };
    let age = || text.parse().ok();
    let fact = match pair.element {
        SearchElement::UserId => {
            let user = UserAddress::parse(&pair.text);
            return bridge::address::of_user(&user, home).map(Criterion::Address);
        }
        SearchElement::AgeMin => return age().map(Criterion::AgeFrom),
        SearchElement::AgeMax => return age().map(Criterion::AgeTo),
        SearchElement::FirstName => Fact::FirstName,
        SearchElement::LastName => Fact::LastName,
        SearchElement::FriendlyName => Fact::FriendlyName,
        SearchElement::Alias => Fact::Alias,
        SearchElement::EmailAddress => Fact::Email,
        SearchElement::MobileNumber => Fact::Number,
        SearchElement::City => Fact::City,
        SearchElement::Country => Fact::Country,
        SearchElement::Gender => Fact::Gender,
        SearchElement::Intention => Fact::Intention,
        SearchElement::Interests => Fact::Interests,
        SearchElement::MaritalStatus => Fact::MaritalStatus,
        // Who is online is shown to contacts only.
        SearchElement::OnlineStatus
        | SearchElement::GroupId
        | SearchElement::GroupName
        | SearchElement::GroupTopic
        | SearchElement::GroupJoined
        | SearchElement::GroupOwner
        | SearchElement::GroupAutoJoin
        | SearchElement::Other(_) => return None,
    };
    (!text.is_empty()).then_some(Criterion::Text(fact, text))
}

/// Returns what somebody elsewhere looks for; none for what nobody can be.
pub fn sought(detail: Detail, text: &str) -> Option<Criterion> {
    let text = folded(text);
    let fact = match detail {
        Detail::Age => return text.parse().ok().map(Criterion::AgeFrom),
        Detail::AgeTo => return text.parse().ok().map(Criterion::AgeTo),
        Detail::First => Fact::FirstName,
        Detail::Last => Fact::LastName,
        Detail::Nick => Fact::Alias,
        Detail::City => Fact::City,
        Detail::Country => Fact::Country,
        Detail::Gender => Fact::Gender,
        Detail::Interests => Fact::Interests,
    };
    (!text.is_empty()).then_some(Criterion::Text(fact, text))
}

/// Returns what somebody elsewhere is told of one who was found: what that user makes public.
pub fn finding(found: &Found) -> Finding {
    let profile = &found.profile;
    let age = profile.age.map(|age| age.to_string());
    let (first, last) = names(profile.friendly_name.as_deref());
    let details = [
        (Detail::First, first),
        (Detail::Last, last),
        (Detail::Nick, profile.friendly_name.as_deref()),
        (Detail::City, profile.city.as_deref()),
        (Detail::Country, profile.country.as_deref()),
        (Detail::Gender, profile.gender.as_deref()),
        (Detail::Age, age.as_deref()),
        (Detail::Interests, profile.interests.as_deref()),
    ];
    let known = details.into_iter().filter_map(|(detail, text)| Some((detail, text?.to_owned())));
    Finding { jid: found.address.to_string(), details: known.collect() }
}

/// Returns the first and the last name in a whole one.
fn names(whole: Option<&str>) -> (Option<&str>, Option<&str>) {
    let mut words = whole.unwrap_or_default().split_whitespace();
    (words.next(), words.last())
}

/// Returns by what an account is found: by parts of what it makes public, and by what its contacts
/// see only if that is known already.
pub fn entries(profile: &PublicProfile, personal: Option<&Personal>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |fact, text: Option<&str>, is_whole| {
        let text = text.map(folded).filter(|text| !text.is_empty());
        entries.extend(text.map(|text| Entry { fact, text, is_whole }));
    };
    let name = profile.friendly_name.as_deref();
    add(Fact::FriendlyName, name, false);
    add(Fact::Alias, name, false);
    let (first, last) = names(name);
    add(Fact::FirstName, first, false);
    add(Fact::LastName, last, false);
    add(Fact::Age, profile.age.map(|age| age.to_string()).as_deref(), true);
    // A word or letter is part of others by accident: M of FEMALE.
    add(Fact::Gender, profile.gender.as_deref(), true);
    add(Fact::MaritalStatus, profile.marital_status.as_deref(), true);
    add(Fact::Country, profile.country.as_deref(), true);
    add(Fact::City, profile.city.as_deref(), false);
    add(Fact::Intention, profile.intention.as_deref(), false);
    add(Fact::Interests, profile.interests.as_deref(), false);
    add(Fact::Alias, personal.and_then(|facts| facts.alias.as_deref()), true);
    if let Some(Card::Contained(text)) = personal.and_then(|facts| facts.card.as_ref())
        && let Some(card) = bridge::card::of_text(text)
    {
        add(Fact::FirstName, card.given.as_deref(), true);
        add(Fact::LastName, card.family.as_deref(), true);
        for email in card.emails.iter().take(LISTED) {
            add(Fact::Email, Some(email), true);
        }
        for number in card.numbers.iter().take(LISTED) {
            add(Fact::Number, Some(&dialled(&number.number)), true);
        }
    }
    entries
}

/// Returns a phone number as it is compared: without what people put between the digits.
fn dialled(number: &str) -> String {
    folded(number).chars().filter(|it| it.is_ascii_digit() || *it == '+').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::Address;

    fn sought(element: &str, text: &str) -> Option<Criterion> {
        use crate::csp::leaf::Word as _;
        let element = SearchElement::from_word(element).unwrap();
        criterion(&SearchPair { element, text: text.into() }, "onesoup.test")
    }

    #[test]
    fn what_phones_look_for_is_understood() {
        let kim = Address::of("kim", "onesoup.test");
        assert_eq!(sought("USER_ID", "wv:Kim"), Some(Criterion::Address(kim)));
        assert_eq!(sought("USER_AGE_MIN", " 18 "), Some(Criterion::AgeFrom(18)));
        assert_eq!(sought("USER_AGE_MAX", "900"), None);
        for (element, fact) in [
            ("USER_FIRST_NAME", Fact::FirstName),
            ("USER_LAST_NAME", Fact::LastName),
            ("USER_FRIENDLY_NAME", Fact::FriendlyName),
            ("USER_ALIAS", Fact::Alias),
            ("USER_EMAIL_ADDRESS", Fact::Email),
            ("USER_CITY", Fact::City),
            ("USER_COUNTRY", Fact::Country),
            ("USER_GENDER", Fact::Gender),
            ("USER_INTENTION", Fact::Intention),
            ("USER_INTERESTS_HOBBIES", Fact::Interests),
            ("USER_MARITAL_STATUS", Fact::MaritalStatus),
        ] {
            assert_eq!(
                sought(element, " Abo  Turku"),
                Some(Criterion::Text(fact, "abo turku".into()))
            );
            assert_eq!(sought(element, " "), None, "everybody is not looked for");
        }
        let number = Some(Criterion::Text(Fact::Number, "+3584012".into()));
        assert_eq!(sought("USER_MOBILE_NUMBER", "+358 (40) 12"), number);
        for nobody in ["USER_ONLINE_STATUS", "GROUP_NAME", "USER_SHOE_SIZE"] {
            assert_eq!(sought(nobody, "T"), None);
        }
    }

    #[test]
    fn who_looks_from_elsewhere_is_understood_and_told_what_is_public() {
        let text = |fact, text: &str| Some(Criterion::Text(fact, text.into()));
        assert_eq!(super::sought(Detail::First, " GRACE "), text(Fact::FirstName, "grace"));
        assert_eq!(super::sought(Detail::Nick, "Amazing"), text(Fact::Alias, "amazing"));
        assert_eq!(super::sought(Detail::Age, "18"), Some(Criterion::AgeFrom(18)));
        for (detail, nobody) in [(Detail::AgeTo, "old"), (Detail::Age, "-1"), (Detail::City, " ")] {
            assert_eq!(super::sought(detail, nobody), None);
        }
        let some = |text: &str| Some(text.to_owned());
        let profile = PublicProfile {
            friendly_name: some("Grace Brewster Hopper"),
            age: Some(85),
            free_text: some("not for lists"),
            ..PublicProfile::default()
        };
        let address = Address::of("grace", "onesoup.test");
        let finding = finding(&Found { address, profile });
        let details: Vec<&str> = finding.details.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(details, ["Grace", "Hopper", "Grace Brewster Hopper", "85"]);
    }

    #[test]
    fn what_is_public_is_found_by_its_parts_and_the_rest_by_who_knows_it() {
        let some = |text: &str| Some(text.to_owned());
        let profile = PublicProfile {
            friendly_name: some("Grace Brewster Hopper"),
            age: Some(85),
            gender: some("F"),
            ..PublicProfile::default()
        };
        let card = "BEGIN:VCARD\nN:Hopper;Gracie\nTEL:+1 (555) 1\nEMAIL:Grace@Navy.example\n";
        let personal = Personal {
            alias: some("Amazing Grace"),
            card: Some(Card::Contained(card.into())),
            ..Personal::default()
        };
        let mut found = entries(&profile, Some(&personal));
        found.sort();
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|it| (it.fact.name(), it.text.as_str(), it.is_whole)).collect();
        let expected = [
            ("first_name", "grace", false),
            ("first_name", "gracie", true),
            ("last_name", "hopper", false),
            ("last_name", "hopper", true),
            ("friendly_name", "grace brewster hopper", false),
            ("alias", "amazing grace", true),
            ("alias", "grace brewster hopper", false),
            ("email", "grace@navy.example", true),
            ("number", "+15551", true),
            ("age", "85", true),
            ("gender", "f", true),
        ];
        assert_eq!(found, expected);
        assert_eq!(entries(&PublicProfile::default(), None), []);
    }
}
