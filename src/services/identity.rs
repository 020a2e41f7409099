//! What our domain, its accounts and their devices are and can do, as the network asks it
//! (XEP-0030, XEP-0115).

use crate::{
    domain::{
        account::Registration,
        presence::{Client, Presence},
    },
    services::{
        context::Rules,
        identity::Entity::{Account, Commander, Device, Domain, Registrar},
    },
    xmpp::{
        caps::Caps,
        data_form::{DataForm, Field},
        disco::{DiscoInfo, Identity},
        ns,
    },
};

/// Names the program in entity capabilities.
const NODE: &str = "https://onesoup.com/";

/// The name of the program.
pub const PROGRAM: &str = "OneSoup";

/// Its version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Characters of a device's name that are shown.
const MAX_NAME_CHARS: usize = 60;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entity {
    /// The whole domain.
    Domain,
    /// The same, where people may register.
    Registrar,
    /// The same, where operators give commands.
    Commander,
    /// An account, on whose behalf we answer.
    Account,
    /// A phone.
    Device,
}

/// Each feature and who offers it: only what works, in the order of the alphabet.
const OFFERS: &[(&str, &[Entity])] = &[
    (ns::CAPS, &[Device]),
    (ns::COMMANDS, &[Commander]),
    (ns::DISCO_INFO, &[Domain, Account, Device]),
    (ns::DISCO_ITEMS, &[Domain, Account, Device]),
    // What contacts publish of themselves and phones can show (XEP-0163 §4.3.3).
    ("http://jabber.org/protocol/geoloc+notify", &[Device]),
    ("http://jabber.org/protocol/mood+notify", &[Device]),
    ("http://jabber.org/protocol/nick+notify", &[Device]),
    (ns::PUBSUB_ACCESS_PRESENCE, &[Account]),
    (ns::PUBSUB_AUTO_SUBSCRIBE, &[Account]),
    (ns::PUBSUB_FILTERED, &[Account]),
    (ns::PUBSUB_LAST_PUBLISHED, &[Account]),
    (ns::PUBSUB_RETRIEVE_ITEMS, &[Account]),
    (ns::LAST, &[Domain, Account, Device]),
    (ns::REGISTER, &[Registrar]),
    (ns::SEARCH, &[Domain]),
    (ns::VERSION, &[Domain, Device]),
    (ns::OFFLINE, &[Domain]),
    ("urn:xmpp:avatar:metadata+notify", &[Device]),
    (ns::DELAY, &[Device]),
    (ns::PING, &[Domain, Account, Device]),
    (ns::RECEIPTS, &[Device]),
    (ns::TIME, &[Domain, Device]),
    (ns::VCARD, &[Account]),
];

/// Returns what our domain is, by the rules that it has, and whom people turn to about it.
// spec: XEP-0157 §2
pub fn domain(rules: &Rules) -> DiscoInfo {
    let software = [("software", PROGRAM), ("software_version", VERSION)];
    let software = software.map(|(var, value)| Field::text(var, value));
    let named = rules.contact.iter().filter(|(_, addresses)| !addresses.is_empty());
    let field = |(matter, addresses): &(&str, Vec<String>)| {
        Field::list(&format!("{matter}-addresses"), addresses)
    };
    let addresses: Vec<Field> = named.map(field).collect();
    let mut forms = vec![DataForm::result(ns::SOFTWARE_INFO, software.into())];
    if !addresses.is_empty() {
        forms.push(DataForm::result(ns::SERVER_INFO, addresses));
    }
    let registrar = (rules.registration == Registration::Open).then_some(Registrar);
    let commander = (!rules.operators.is_empty()).then_some(Commander);
    let is: Vec<Entity> = [Domain].into_iter().chain(registrar).chain(commander).collect();
    DiscoInfo { forms, ..info(&is, Identity::new("server", "im", PROGRAM)) }
}

/// Returns what an account is.
// spec: XEP-0030 §8
pub fn account() -> DiscoInfo {
    let mut account = info(&[Account], Identity::new("account", "registered", "IMPS"));
    // spec: XEP-0163 §6.1
    account.identities.push(Identity::new("pubsub", "pep", "IMPS"));
    account
}

/// Returns what a phone is.
pub fn device(presence: &Presence) -> DiscoInfo {
    let client = presence.client.as_deref();
    let kind = match client.and_then(|client| client.kind.as_deref()) {
        Some("COMPUTER") => "pc",
        Some("PDA") => "handheld",
        Some("CLI") => "console",
        _ => "phone",
    };
    let name = client.and_then(model).unwrap_or_else(|| PROGRAM.into());
    info(&[Device], Identity::new("client", kind, &name))
}

/// Returns the maker and the model of a device, if it told them.
pub fn model(client: &Client) -> Option<String> {
    let parts = [&client.manufacturer, &client.model];
    let parts: Vec<&str> = parts.into_iter().flatten().map(|part| part.trim()).collect();
    // With a `<` in it, a name could make the hash that something else has.
    // spec: XEP-0115 §10.3
    let name = parts.join(" ").replace('<', "");
    let name: String = name.trim().chars().take(MAX_NAME_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

/// Returns the capabilities that a phone's presence names.
pub fn caps(presence: &Presence) -> Caps {
    Caps::of(NODE, &device(presence))
}

fn info(is: &[Entity], identity: Identity) -> DiscoInfo {
    let offered = OFFERS.iter().filter(|(_, by)| is.iter().any(|one| by.contains(one)));
    let features = offered.map(|(feature, _)| (*feature).to_owned()).collect();
    DiscoInfo { identities: vec![identity], features, ..DiscoInfo::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bridge::pep, domain::address::Address};

    fn phone(manufacturer: &str, model: &str) -> Presence {
        let text = |text: &str| Some(text.to_owned());
        let client =
            Client { manufacturer: text(manufacturer), model: text(model), ..Client::default() };
        Presence { client: Some(Box::new(client)), ..Presence::default() }
    }

    #[test]
    fn each_feature_stands_once_in_the_order_of_the_alphabet() {
        assert!(OFFERS.is_sorted_by(|before, after| before.0 < after.0), "{OFFERS:?}");
    }

    #[test]
    fn a_phone_wants_to_hear_of_all_that_is_read() {
        let wanted =
            |node: &&str| device(&phone("", "")).features.contains(&format!("{node}+notify"));
        assert!(pep::NODES.iter().all(wanted));
    }

    #[test]
    fn a_device_is_named_by_its_maker_and_model() {
        let name = |presence: &Presence| device(presence).identities[0].name.clone().unwrap();
        assert_eq!(name(&phone("Nokia", "N95")), "Nokia N95");
        assert_eq!(name(&phone(" ", "")), PROGRAM);
        assert_eq!(name(&Presence::default()), PROGRAM);
        assert_eq!(name(&phone("x<urn:xmpp:fake<", "")), "xurn:xmpp:fake");
        assert_eq!(name(&phone("x", &"y".repeat(100))).len(), MAX_NAME_CHARS);
    }

    fn rules(registration: Registration, contact: Vec<(&'static str, Vec<String>)>) -> Rules {
        Rules {
            domain: "onesoup.test".into(),
            registration,
            operators: Vec::new(),
            tcp_wake: None,
            udp_wake: false,
            keep_alive: 240..=9_000,
            contact,
        }
    }

    #[test]
    fn a_domain_that_names_nobody_has_no_form_of_addresses() {
        let domain = |contact| domain(&rules(Registration::Closed, contact));
        let none = domain(vec![("abuse", Vec::new())]);
        assert_eq!(none.forms.len(), 1);
        let one = domain(vec![("abuse", vec!["mailto:a@b".into()]), ("admin", Vec::new())]);
        assert_eq!(one.forms[1].form_type.as_deref(), Some(ns::SERVER_INFO));
        assert_eq!(one.forms[1].fields.len(), 1);
    }

    #[test]
    fn a_domain_without_operators_says_nothing_of_commands() {
        let says = |rules: &Rules| domain(rules).features.iter().any(|it| it == ns::COMMANDS);
        let nobody = rules(Registration::Closed, Vec::new());
        assert!(!says(&nobody));
        assert!(says(&Rules { operators: vec![Address::of("boss", "far.test")], ..nobody }));
    }

    #[test]
    fn only_an_open_domain_says_that_people_may_register() {
        let says = |registration| {
            domain(&rules(registration, Vec::new())).features.iter().any(|it| it == ns::REGISTER)
        };
        assert!(says(Registration::Open));
        assert!(!says(Registration::Closed) && !says(Registration::Auto));
    }
}
