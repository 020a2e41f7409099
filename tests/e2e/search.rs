//! People elsewhere search for those who chose to be found (XEP-0055).

use minidom::Element;

use crate::attributes::modern;
use crate::public_profile::tell;
use crate::support::asking::{Answer, ask, features, filled, query, said, text};
use crate::support::lab::Lab;
use crate::support::phones::s60;
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

const DOMAIN: &str = "onesoup.test";
const SEARCH: &str = "jabber:iq:search";

/// A person of whom no other test knows, at either server, who has reached the domain.
async fn people(name: &str) -> [XmppClient; 2] {
    let lab = Lab::shared();
    Server::shared();
    lab.register(name, "pw").await;
    lab.register_far(name, "pw");
    let mut people = [
        XmppClient::login(lab, &format!("{name}@xmpp.test"), "pw").await,
        XmppClient::login(lab, &format!("{name}@far.test"), "pw").await,
    ];
    for person in &mut people {
        person.reach(DOMAIN).await;
    }
    people
}

async fn find(person: &mut XmppClient, inside: &str) -> Answer {
    ask(person, DOMAIN, "set", &format!("<query xmlns='{SEARCH}'>{inside}</query>")).await
}

async fn by_form(person: &mut XmppClient, var: &str, value: &str) -> Answer {
    find(person, &filled(SEARCH, &[(var, &[value])])).await
}

fn items(found: &Element) -> Vec<&Element> {
    found.children().filter(|child| child.name() == "item").collect()
}

fn refused(condition: &str) -> Answer {
    Err(condition.to_owned())
}

#[tokio::test]
async fn xep_0055_2_who_chose_to_be_found_is_found_and_nobody_else() {
    let mut public = modern(Server::shared(), "sought-public").await;
    let _private = s60(Server::shared(), "sought-private").await;
    let facts = [("PP_FRIENDLY_NAME", "Greta Soughtworth"), ("PP_CITY", "Visby"), ("PP_AGE", "33")];
    tell(&mut public, &facts).await;
    for mut person in people("seeker").await {
        assert!(features(&mut person, DOMAIN).await.iter().any(|it| it == SEARCH));
        let needed = said(query(&mut person, DOMAIN, SEARCH).await);
        for name in ["instructions", "first", "last", "nick", "x"] {
            assert!(needed.children().any(|child| child.name() == name), "{name}");
        }

        let found = said(find(&mut person, "<last>SOUGHTWORTH</last>").await);
        let found = items(&found);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].attr("jid"), Some("sought-public@onesoup.test"));
        assert_eq!(text(found[0], "first"), "Greta");
        assert_eq!(text(found[0], "nick"), "Greta Soughtworth");

        let table = said(by_form(&mut person, "x-city", "visby").await);
        let form = table.children().next().unwrap();
        assert!(form.is("x", "jabber:x:data") && form.attr("type") == Some("result"));
        let values: Vec<String> =
            items(form)[0].children().map(|field| text(field, "value")).collect();
        assert!(values.contains(&"sought-public@onesoup.test".to_owned()), "{values:?}");
        assert!(values.contains(&"33".to_owned()), "{values:?}");

        // Names of accounts are not looked for: who tells nothing is not there.
        for nobody in ["sought-private", "sought-public", "%", "_", "*"] {
            let found = said(find(&mut person, &format!("<nick>{nobody}</nick>")).await);
            assert_eq!(found.children().count(), 0, "{nobody}");
        }
    }
    tell(&mut public, &[]).await;
    for mut person in people("seeker-late").await {
        let found = said(find(&mut person, "<last>Soughtworth</last>").await);
        assert_eq!(found.children().count(), 0, "what was taken back is not found");
    }
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused() {
    let huge: String = (0..5000).map(|n| format!("<field var='f{n}'/>")).collect();
    let long = "x".repeat(50_000);
    for mut person in people("seeker-astray").await {
        for (inside, condition) in [
            (String::new(), "not-acceptable"),
            ("<first/><last> </last>".into(), "not-acceptable"),
            ("<email>a@b.example</email>".into(), "not-acceptable"),
            (filled(SEARCH, &[("x-age", &["old"])]), "not-acceptable"),
            (filled(SEARCH, &[("x-shoe", &["9"])]), "not-acceptable"),
            (format!("<x xmlns='jabber:x:data' type='submit'>{huge}</x>"), "bad-request"),
            (filled("jabber:iq:register", &[("first", &["x"])]), "bad-request"),
            ("<x xmlns='jabber:x:data' type='cancel'/>".into(), "bad-request"),
        ] {
            assert_eq!(find(&mut person, &inside).await, refused(condition), "{inside:.100}");
        }
        let found = said(find(&mut person, &format!("<first>{long}</first>")).await);
        assert_eq!(found.children().count(), 0);
        let account = format!("<query xmlns='{SEARCH}'><first>x</first></query>");
        let answer = ask(&mut person, "sought-public@onesoup.test", "set", &account).await;
        assert_eq!(answer, refused("service-unavailable"));
    }
}

#[tokio::test]
async fn who_searches_without_end_is_told_to_wait() {
    let [mut person, _] = people("seeker-always").await;
    for _ in 0..20 {
        assert!(find(&mut person, "<first>everybody</first>").await.is_ok());
    }
    let answer = find(&mut person, "<first>everybody</first>").await;
    assert_eq!(answer, refused("resource-constraint"));
}
