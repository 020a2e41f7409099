//! What users grant, and what contacts elsewhere see of it.

use onesoup::csp::address::{ListAddress, UserAddress};
use onesoup::csp::presence_access::{
    CreateAttributeListRequest, DeleteAttributeListRequest, Watchers,
};
use onesoup::csp::presence_name::{AttributeKind, AttributeSet};
use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::phone::event::Event;
use onesoup::phone::session::Phone;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::{Presence, Type};

use super::xmpp::{XmppClient, status};

/// Everybody for whom nothing closer is said.
pub(crate) fn everybody() -> Watchers {
    Watchers { is_default: true, ..Watchers::default() }
}

/// One user.
pub(crate) fn user(address: &str) -> Watchers {
    Watchers { users: vec![UserAddress::parse(address)], ..Watchers::default() }
}

/// Those on one list.
pub(crate) fn list(address: &ListAddress) -> Watchers {
    Watchers { lists: vec![address.clone()], ..Watchers::default() }
}

/// Has a phone ask for something; returns the code of the answer, a `Status`.
pub(crate) async fn ask(phone: &mut Phone, request: Primitive) -> Code {
    match phone.request(request).await.expect("an answer that the phone can read") {
        Primitive::Status(status) => status.result.code,
        other => panic!("a status, not {other:?}"),
    }
}

/// Has a phone grant attributes.
pub(crate) async fn grant(phone: &mut Phone, kinds: &[AttributeKind], watchers: Watchers) {
    let attributes = AttributeSet { kinds: kinds.to_vec() };
    let request = CreateAttributeListRequest { attributes, watchers };
    assert_eq!(ask(phone, Primitive::CreateAttributeListRequest(request)).await, Code::OK);
}

/// Has a phone take grants back.
pub(crate) async fn withdraw(phone: &mut Phone, watchers: Watchers) {
    let request = DeleteAttributeListRequest { watchers };
    assert_eq!(ask(phone, Primitive::DeleteAttributeListRequest(request)).await, Code::OK);
}

/// Who asks to see the user of a phone, of all that waits for it.
pub(crate) async fn questions(phone: &mut Phone) -> Vec<String> {
    while phone.poll().await.expect("the phone goes on") > 0 {}
    let mut asked = Vec::new();
    while let Some(event) = phone.take_event() {
        if let Event::AuthRequest { user } = event {
            asked.push(user.to_string());
        }
    }
    asked
}

/// A contact elsewhere, who looks at one user of ours.
pub(crate) struct Looker {
    pub(crate) client: XmppClient,
    own: String,
    last: String,
}

impl Looker {
    /// Has a client look at a user of our domain.
    pub(crate) fn new(client: XmppClient, user: &str) -> Self {
        Self { client, own: format!("{user}@onesoup.test"), last: String::new() }
    }

    /// The contact as phones spell it.
    pub(crate) fn wv(&self) -> String {
        format!("wv:{}", self.client.jid.to_bare())
    }

    /// Asks to see the user.
    pub(crate) async fn subscribe(&mut self) {
        self.client.subscribe(&self.own.clone()).await;
    }

    /// Waits until these are, one after the other and nothing between, what is heard of the user:
    /// `available`, with the shade and the status text if there are, `unavailable`, `subscribed`…
    ///
    /// The same once more, as servers ask for it, is passed over.
    pub(crate) async fn hears(&mut self, expected: &[&str]) {
        for expected in expected {
            let heard = self.next().await;
            assert_eq!(heard, *expected, "heard of {}", self.own);
            self.last = heard;
        }
    }

    /// The same in any order: presence alone waits where the link has to catch up.
    pub(crate) async fn hears_in_any_order(&mut self, expected: &[&str]) {
        let mut missing = expected.to_vec();
        while !missing.is_empty() {
            let heard = self.next().await;
            let found = missing.iter().position(|expected| *expected == heard);
            missing.remove(found.unwrap_or_else(|| panic!("{heard} of {}: {missing:?}", self.own)));
            self.last = heard;
        }
    }

    async fn next(&mut self) -> String {
        let own = &self.own;
        let last = &self.last;
        let is_it = |presence: &Presence| {
            presence.from.as_ref().is_some_and(|jid| jid.to_bare().as_str() == own)
        };
        let mut heard = String::new();
        while heard.is_empty() || heard == *last {
            let what = format!("presence of {own} after {last:?}");
            heard = self
                .client
                .expect(&what, |stanza| match stanza {
                    Stanza::Presence(presence) if is_it(presence) => Some(told(presence)),
                    _ => None,
                })
                .await;
        }
        heard
    }
}

/// A presence in words.
fn told(presence: &Presence) -> String {
    let show = presence.show.as_ref().map(|show| format!(" {show:?}").to_lowercase());
    let text = Some(status(presence)).filter(|text| !text.is_empty());
    match presence.type_ {
        Type::None => {
            let text = text.map(|text| format!(": {text}")).unwrap_or_default();
            format!("available{}{text}", show.unwrap_or_default())
        }
        ref kind => format!("{kind:?}").to_lowercase(),
    }
}
