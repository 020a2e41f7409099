//! Public profiles (CSP 1.3): told to everybody elsewhere, and read from profiles elsewhere.

use std::time::Duration;

use minidom::Element;
use onesoup::csp::address::UserAddress;
use onesoup::csp::contact_list::Property;
use onesoup::csp::primitive::Primitive;
use onesoup::csp::public_profile::{
    GetPublicProfileRequest, GetPublicProfileResponse, UpdatePublicProfileRequest,
};
use onesoup::csp::search::{SearchElement, SearchPair, SearchRequest};
use onesoup::csp::status::Code;
use onesoup::phone::session::Phone;
use tokio::time::timeout;

use crate::attributes::modern;
use crate::support::lab::Lab;
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

const ASK: &str = "<vCard xmlns='vcard-temp'/>";

/// Has a phone make these facts public, and no others.
pub(crate) async fn tell(phone: &mut Phone, properties: &[(&str, &str)]) {
    let properties = properties.iter().map(|(name, value)| Property::new(name, value)).collect();
    let request = UpdatePublicProfileRequest { clear: true, properties };
    phone.request(Primitive::UpdatePublicProfileRequest(request)).await.unwrap();
}

async fn profiles(phone: &mut Phone, users: &[&str]) -> GetPublicProfileResponse {
    let users = users.iter().map(|user| UserAddress::parse(user)).collect();
    let request = Primitive::GetPublicProfileRequest(GetPublicProfileRequest { users });
    match phone.request(request).await.unwrap() {
        Primitive::GetPublicProfileResponse(response) => response,
        other => panic!("{other:?}"),
    }
}

/// Asks for the profile of an account until its server is reached.
async fn card(contact: &mut XmppClient, of: &str) -> Option<Element> {
    contact.reach("onesoup.test").await;
    contact.ask("get", Some(of), ASK).await
}

fn text(card: &Element, path: &[&str]) -> String {
    let found = path.iter().try_fold(card, |at, name| at.get_child(name, "vcard-temp"));
    found.map(Element::text).unwrap_or_default()
}

#[tokio::test]
async fn a_public_profile_is_told_to_strangers_and_the_account_found_by_it() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("ppnear", "pw-ppnear").await;
    lab.register_far("ppfar", "pw-ppfar");
    let mut near = XmppClient::login(lab, "ppnear@xmpp.test", "pw-ppnear").await;
    let mut far = XmppClient::login(lab, "ppfar@far.test", "pw-ppfar").await;
    let mut phone = modern(server, "pptold").await;
    for contact in [&mut near, &mut far] {
        assert_eq!(card(contact, "pptold@onesoup.test").await, None);
    }
    let told = [("PP_FRIENDLY_NAME", "Grace Murray Pptold"), ("PP_CITY", "Arlington")];
    tell(&mut phone, &told).await;
    for contact in [&mut near, &mut far] {
        let card = card(contact, "pptold@onesoup.test").await.expect("a profile");
        assert_eq!(text(&card, &["NICKNAME"]), "Grace Murray Pptold");
        assert_eq!(text(&card, &["ADR", "LOCALITY"]), "Arlington");
    }
    let shown = server.command(&["account", "show", "pptold"]).output().expect("the binary runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("PP_CITY \"Arlington\""), "{shown}");
    let mut other = modern(server, "ppother").await;
    let response = profiles(&mut other, &["wv:pptold"]).await;
    assert_eq!(response.result.code, Code::OK);
    assert_eq!(response.profiles[0].properties[0].value, "Grace Murray Pptold");
    let pairs = vec![SearchPair { element: SearchElement::LastName, text: "PPTOLD".into() }];
    let search = Primitive::SearchRequest(SearchRequest::First { pairs, limit: Some(50) });
    let Primitive::SearchResponse(found) = other.request(search).await.unwrap() else { panic!() };
    assert_eq!(found.users.iter().map(UserAddress::user).collect::<Vec<_>>(), ["pptold"]);
    tell(&mut phone, &[]).await;
    for contact in [&mut near, &mut far] {
        assert_eq!(card(contact, "pptold@onesoup.test").await, None);
    }
}

#[tokio::test]
async fn a_phone_reads_the_public_part_of_profiles_elsewhere() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("ppshown", "pw-ppshown").await;
    lab.register_far("ppfarshown", "pw-ppfarshown");
    let near = XmppClient::login(lab, "ppshown@xmpp.test", "pw-ppshown").await;
    let far = XmppClient::login(lab, "ppfarshown@far.test", "pw-ppfarshown").await;
    let mut phone = modern(server, "ppreader").await;
    for mut contact in [near, far] {
        let wv = format!("wv:{}", contact.jid.to_bare());
        let card = "<vCard xmlns='vcard-temp'><FN>Ada Lovelace</FN><NICKNAME>Ada</NICKNAME>\
                    <ADR><HOME/><LOCALITY>London</LOCALITY><CTRY>GB</CTRY></ADR>\
                    <TEL><CELL/><NUMBER>+44</NUMBER></TEL></vCard>";
        contact.ask("set", None, card).await.expect("the profile is set");
        // The first stream between two servers that have just started may fail.
        for attempt in 0.. {
            assert!(attempt < 10, "{wv} cannot be reached");
            let users = [wv.as_str(), "wv:ppnobody"];
            let asked = profiles(&mut phone, &users);
            let response = timeout(Duration::from_secs(20), asked).await.unwrap();
            let Some(profile) = response.profiles.first() else { continue };
            let told: Vec<String> =
                profile.properties.iter().map(|it| format!("{}={}", it.name, it.value)).collect();
            let expected = ["PP_FRIENDLY_NAME=Ada", "PP_CITY=London", "PP_COUNTRY=GB"];
            assert_eq!(told, expected);
            assert_eq!(response.result.code, Code::PARTIAL);
            assert_eq!(response.result.detailed[0].code, Code::UNKNOWN_USER);
            break;
        }
    }
}
