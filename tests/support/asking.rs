//! Questions to the domain, and what came back.

use minidom::Element;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::iq::Iq;

use super::xmpp::XmppClient;

/// What came back: the payload, or the conditions of an error with blanks between.
pub(crate) type Answer = Result<Option<Element>, String>;

/// Asks, and waits for the answer.
pub(crate) async fn ask(client: &mut XmppClient, to: &str, kind: &str, payload: &str) -> Answer {
    let id = format!("q{:016x}", rand::random::<u64>());
    let iq = format!("<iq xmlns='jabber:client' id='{id}' to='{to}' type='{kind}'>{payload}</iq>");
    client.send(iq.parse().expect("an iq")).await;
    client
        .expect(&format!("answer to {iq:.400}"), |stanza| match stanza {
            Stanza::Iq(Iq::Result { id: answered, payload, .. }) if *answered == id => {
                Some(Ok(payload.clone()))
            }
            Stanza::Iq(Iq::Error { id: answered, error, .. }) if *answered == id => {
                let error = Element::from(error.clone());
                let conditions = error.children().map(Element::name);
                let conditions = conditions.filter(|name| *name != "text");
                Some(Err(conditions.collect::<Vec<_>>().join(" ")))
            }
            _ => None,
        })
        .await
}

/// Asks with an empty query.
pub(crate) async fn query(client: &mut XmppClient, to: &str, ns: &str) -> Answer {
    ask(client, to, "get", &format!("<query xmlns='{ns}'/>")).await
}

/// What was answered.
pub(crate) fn said(answer: Answer) -> Element {
    answer.expect("a result").expect("a payload")
}

/// The text of a child.
pub(crate) fn text(payload: &Element, name: &str) -> String {
    let found = payload.children().find(|child| child.name() == name);
    found.unwrap_or_else(|| panic!("{name} in {payload:?}")).text()
}

/// The features that somebody says it has.
pub(crate) async fn features(client: &mut XmppClient, of: &str) -> Vec<String> {
    let info = said(query(client, of, "http://jabber.org/protocol/disco#info").await);
    let vars = info.children().filter(|child| child.name() == "feature");
    vars.filter_map(|feature| feature.attr("var").map(str::to_owned)).collect()
}

/// A form that was filled in, as it is sent.
pub(crate) fn filled(form_type: &str, fields: &[(&str, &[&str])]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let field = |(var, values): &(&str, &[&str])| {
        let values = values.iter().map(|text| format!("<value>{}</value>", escaped(text)));
        format!("<field var='{var}'>{}</field>", values.collect::<String>())
    };
    let kind = field(&("FORM_TYPE", &[form_type]));
    let fields: String = fields.iter().map(field).collect();
    format!("<x xmlns='jabber:x:data' type='submit'>{kind}{fields}</x>")
}
