//! Entity capabilities (XEP-0115): the short hash of what an entity can do.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::xmpp::{
    data_form::DataForm,
    disco::{DiscoInfo, Identity},
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// The capabilities that a presence announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// The program.
    pub node: String,
    /// Hash of its features, or the program's version in the old form.
    pub ver: String,
    /// Name of the hash; the old form has none.
    pub hash: Option<String>,
}

impl Caps {
    /// Returns what we announce for `info`.
    pub fn of(node: &str, info: &DiscoInfo) -> Self {
        let ver = verification(info);
        Self { node: node.to_owned(), ver, hash: Some("sha-1".to_owned()) }
    }

    /// Returns the node at which others ask for the features behind the hash.
    pub fn disco_node(&self) -> String {
        format!("{}#{}", self.node, self.ver)
    }

    pub(in crate::xmpp) fn read(node: Node<'_>) -> Option<Self> {
        let (program, ver) = attr(node, "node").zip(attr(node, "ver"))?;
        Some(Self { node: program, ver, hash: attr(node, "hash") })
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        Payload::new("c", ns::CAPS)
            .with_attr_if("hash", self.hash.as_deref())
            .with_attr("node", &self.node)
            .with_attr("ver", &self.ver)
    }
}

/// Returns the hash of identities, features and forms.
// spec: XEP-0115 §5.1
fn verification(info: &DiscoInfo) -> String {
    let lang = |one: &'_ Identity| one.lang.clone().unwrap_or_default();
    let mut identities: Vec<&Identity> = info.identities.iter().collect();
    identities.sort_unstable_by_key(|one| (&one.category, &one.kind, lang(one)));
    let mut features: Vec<&str> = info.features.iter().map(String::as_str).collect();
    features.sort_unstable();
    features.dedup();
    let mut text = String::new();
    for one in identities {
        let name = one.name.as_deref().unwrap_or_default();
        text.push_str(&format!("{}/{}/{}/{name}<", one.category, one.kind, lang(one)));
    }
    for feature in features {
        text.push_str(feature);
        text.push('<');
    }
    let mut forms: Vec<(&str, &DataForm)> =
        info.forms.iter().filter_map(|form| Some((form.form_type.as_deref()?, form))).collect();
    forms.sort_unstable_by_key(|(form_type, _)| *form_type);
    for (form_type, form) in forms {
        text.push_str(form_type);
        text.push('<');
        let mut fields: Vec<_> = form.fields.iter().collect();
        fields.sort_unstable_by_key(|field| &field.var);
        for field in fields {
            let mut values: Vec<&str> = field.values.iter().map(String::as_str).collect();
            values.sort_unstable();
            for part in [field.var.as_str()].into_iter().chain(values) {
                text.push_str(part);
                text.push('<');
            }
        }
    }
    BASE64_STANDARD.encode(Sha1::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::data_form::Field;

    fn info(identities: &[(&str, &str)], forms: Vec<DataForm>) -> DiscoInfo {
        let identity = |&(lang, name): &(&str, &str)| Identity {
            lang: (!lang.is_empty()).then(|| lang.to_owned()),
            ..Identity::new("client", "pc", name)
        };
        let features = [ns::MUC, ns::DISCO_INFO, ns::CAPS, ns::DISCO_ITEMS];
        DiscoInfo {
            node: None,
            identities: identities.iter().map(identity).collect(),
            features: features.map(str::to_owned).into(),
            forms,
        }
    }

    // spec: XEP-0115 §5.2
    #[test]
    fn the_simple_example_of_the_specification() {
        let info = info(&[("", "Exodus 0.9.1")], Vec::new());
        assert_eq!(Caps::of("x", &info).ver, "QgayPKawpkPSDYmwT/WM94uAlu0=");
    }

    // spec: XEP-0115 §5.3
    #[test]
    fn the_complex_example_of_the_specification() {
        let several = Field::list("ip_version", &["ipv6".into(), "ipv4".into()]);
        let texts = [
            ("os", "Mac"),
            ("os_version", "10.5.1"),
            ("software", "Psi"),
            ("software_version", "0.11"),
        ];
        let texts = texts.iter().rev().map(|(var, value)| Field::text(var, value));
        let form = DataForm::result(ns::SOFTWARE_INFO, texts.chain([several]).collect());
        let info = info(&[("en", "Psi 0.11"), ("el", "Ψ 0.11")], vec![form]);
        assert_eq!(Caps::of("x", &info).ver, "q07IKJEyjvHSyhy//CH0CxmKi8w=");
    }
}
