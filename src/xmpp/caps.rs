//! Entity capabilities (XEP-0115): the short hash of what an entity can do.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::xmpp::{
    disco::DiscoInfo,
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

/// Returns the hash of identities and features.
// spec: XEP-0115 §5.1
fn verification(info: &DiscoInfo) -> String {
    let mut identities: Vec<String> = info
        .identities
        .iter()
        .map(|one| {
            let lang = one.lang.as_deref().unwrap_or_default();
            format!("{}/{}/{lang}/{}<", one.category, one.kind, one.name.as_deref().unwrap_or(""))
        })
        .collect();
    let mut features: Vec<&str> = info.features.iter().map(String::as_str).collect();
    identities.sort_unstable();
    features.sort_unstable();
    features.dedup();
    let mut text = identities.concat();
    for feature in features {
        text.push_str(feature);
        text.push('<');
    }
    BASE64_STANDARD.encode(Sha1::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::disco::Identity;

    #[test]
    fn the_example_of_the_specification() {
        let info = DiscoInfo {
            node: None,
            identities: vec![Identity::new("client", "pc", "Exodus 0.9.1")],
            features: [ns::MUC, ns::DISCO_INFO, ns::CAPS, ns::DISCO_ITEMS]
                .map(str::to_owned)
                .into(),
        };
        assert_eq!(Caps::of("x", &info).ver, "QgayPKawpkPSDYmwT/WM94uAlu0=");
    }
}
