//! Service discovery (XEP-0030).

use crate::xmpp::{
    data_form::DataForm,
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// What an entity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The sort of entity: `client`, `gateway`, `server`, `conference`.
    pub category: String,
    /// The sort within the category: `phone`, `im`.
    pub kind: String,
    /// Language of the name.
    pub lang: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

impl Identity {
    /// Returns an identity whose name has no language.
    pub fn new(category: &str, kind: &str, name: &str) -> Self {
        Self {
            category: category.to_owned(),
            kind: kind.to_owned(),
            lang: None,
            name: Some(name.to_owned()),
        }
    }
}

/// What an entity is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoInfo {
    /// The node that was asked for.
    pub node: Option<String>,
    /// What it is.
    pub identities: Vec<Identity>,
    /// Namespaces of what it can do.
    pub features: Vec<String>,
    /// What else there is to know (XEP-0128).
    pub forms: Vec<DataForm>,
}

impl DiscoInfo {
    /// Reads an answer; entries without their one needed attribute are passed over.
    pub fn read(query: Node<'_>) -> Self {
        let identity = |child: Node<'_>| {
            let (category, kind) = attr(child, "category").zip(attr(child, "type"))?;
            let lang = child.lang().map(str::to_owned);
            Some(Identity { category, kind, lang, name: attr(child, "name") })
        };
        let named = |name: &'static str| {
            query.children().filter(move |child| child.is(name, ns::DISCO_INFO))
        };
        let forms = query.children().filter(|child| child.is("x", ns::DATA));
        Self {
            node: attr(query, "node"),
            identities: named("identity").filter_map(identity).collect(),
            features: named("feature").filter_map(|child| attr(child, "var")).collect(),
            forms: forms.map(DataForm::read).collect(),
        }
    }

    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let identity = |one: &Identity| {
            Payload::new("identity", ns::DISCO_INFO)
                .with_attr("category", &one.category)
                .with_attr("type", &one.kind)
                .with_lang(one.lang.as_deref())
                .with_attr_if("name", one.name.as_deref())
        };
        let feature = |var: &String| Payload::new("feature", ns::DISCO_INFO).with_attr("var", var);
        Payload::new("query", ns::DISCO_INFO)
            .with_attr_if("node", self.node.as_deref())
            .with_all(self.identities.iter().map(identity))
            .with_all(self.features.iter().map(feature))
            .with_all(self.forms.iter().map(DataForm::to_payload))
    }
}

/// One thing that an entity holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoItem {
    /// Its address, as it was written.
    pub jid: String,
    /// The node at that address.
    pub node: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

/// What an entity holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoItems {
    /// The node that was asked for.
    pub node: Option<String>,
    /// The things.
    pub items: Vec<DiscoItem>,
}

impl DiscoItems {
    /// Reads an answer; an item without address is passed over.
    pub fn read(query: Node<'_>) -> Self {
        let item = |child: Node<'_>| {
            let jid = attr(child, "jid")?;
            Some(DiscoItem { jid, node: attr(child, "node"), name: attr(child, "name") })
        };
        let items = query.children().filter(|child| child.is("item", ns::DISCO_ITEMS));
        Self { node: attr(query, "node"), items: items.filter_map(item).collect() }
    }

    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let item = |one: &DiscoItem| {
            Payload::new("item", ns::DISCO_ITEMS)
                .with_attr("jid", &one.jid)
                .with_attr_if("node", one.node.as_deref())
                .with_attr_if("name", one.name.as_deref())
        };
        Payload::new("query", ns::DISCO_ITEMS)
            .with_attr_if("node", self.node.as_deref())
            .with_all(self.items.iter().map(item))
    }
}
