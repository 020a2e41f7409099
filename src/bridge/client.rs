//! What a device is: of phones, and of the network by its identity and version (XEP-0030,
//! XEP-0092).

use compact_str::CompactString;

use crate::{
    bridge::bounded,
    csp::{
        leaf::Word as _,
        presence_detail::{ClientInfo, ClientType},
    },
    domain::presence::Client,
    xmpp::{disco::Identity, version::Version},
};

/// Returns what a phone is shown of a device.
pub fn to_phone(client: &Client) -> ClientInfo {
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

/// Returns what a phone says that it is.
pub fn of_phone(info: &ClientInfo) -> Client {
    let text = |text: &Option<CompactString>| bounded::some(text.as_deref(), bounded::NAME);
    Client {
        kind: info.client_type.as_ref().map(|kind| bounded::cut(kind.word(), bounded::NAME)),
        manufacturer: text(&info.manufacturer),
        producer: text(&info.producer),
        model: text(&info.model),
        version: text(&info.version),
        language: text(&info.language),
    }
}

/// Returns what a device of the network is, by what it says of itself and of its program.
pub fn of_network(identity: Option<&Identity>, version: Option<&Version>) -> Client {
    let text = |text: Option<&str>| bounded::some(text, bounded::NAME);
    let named = identity.and_then(|identity| identity.name.as_deref());
    let program = version.map(|version| version.name.as_str()).filter(|name| !name.is_empty());
    Client {
        kind: identity.map(|identity| kind(identity).word().to_owned()),
        producer: text(program.or(named)),
        model: text(version.and_then(|version| version.os.as_deref())),
        version: text(version.map(|version| version.version.as_str())),
        ..Client::default()
    }
}

/// Returns the sort of device that an identity names.
fn kind(identity: &Identity) -> ClientType {
    match (identity.category.as_str(), identity.kind.as_str()) {
        ("client", "phone") => ClientType::MobilePhone,
        ("client", "handheld" | "tablet") => ClientType::Pda,
        ("client", "pc" | "web" | "game") => ClientType::Computer,
        ("client", "console") => ClientType::Cli,
        _ => ClientType::Other("OTHER".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_network_is_named_by_identity_and_version() {
        let client = of_network(Some(&Identity::new("client", "pc", "Gajim")), None);
        assert_eq!(client.kind.as_deref(), Some("COMPUTER"));
        assert_eq!(client.producer.as_deref(), Some("Gajim"));
        let version = Version { name: "Psi".into(), version: "1.5".into(), os: Some("BSD".into()) };
        let client = of_network(Some(&Identity::new("client", "phone", "x")), Some(&version));
        assert_eq!(client.kind.as_deref(), Some("MOBILE_PHONE"));
        assert_eq!(client.producer.as_deref(), Some("Psi"));
        assert_eq!(client.version.as_deref(), Some("1.5"));
        assert_eq!(client.model.as_deref(), Some("BSD"));
        for (kind, word) in [("handheld", "PDA"), ("console", "CLI"), ("bot", "OTHER")] {
            let client = of_network(Some(&Identity::new("client", kind, "x")), None);
            assert_eq!(client.kind.as_deref(), Some(word));
        }
    }
}
