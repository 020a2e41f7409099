//! Entity capabilities (XEP-0115): the short hash of what an entity can do.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use crate::xmpp::{
    data_form::DataForm,
    disco::{DiscoInfo, Identity},
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// Octets of a program's name, and of a hash: longer ones are no hash that we know.
const MAX_OCTETS: usize = 256;

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
        let ver = BASE64_STANDARD.encode(Sha1::digest(verification(info)));
        Self { node: node.to_owned(), ver, hash: Some("sha-1".to_owned()) }
    }

    /// Returns the node at which others ask for the features behind the hash.
    pub fn disco_node(&self) -> String {
        format!("{}#{}", self.node, self.ver)
    }

    /// Says whether an answer is what the hash was made of, so that it holds for all who
    /// announce the same.
    // spec: XEP-0115 §5.4
    pub fn is_proven_by(&self, info: &DiscoInfo) -> bool {
        let text = verification(info);
        let ver = match self.hash.as_deref() {
            Some("sha-1") => BASE64_STANDARD.encode(Sha1::digest(text)),
            Some("sha-256") => BASE64_STANDARD.encode(Sha256::digest(text)),
            Some("sha-512") => BASE64_STANDARD.encode(Sha512::digest(text)),
            _ => return false,
        };
        ver == self.ver && is_well_formed(info)
    }

    pub(in crate::xmpp) fn read(node: Node<'_>) -> Option<Self> {
        let (program, ver) = attr(node, "node").zip(attr(node, "ver"))?;
        let caps = Self { node: program, ver, hash: attr(node, "hash") };
        let is_bounded = |text: &String| text.len() <= MAX_OCTETS;
        let are_bounded = [&caps.node, &caps.ver].into_iter().chain(&caps.hash).all(is_bounded);
        are_bounded.then_some(caps)
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        Payload::new("c", ns::CAPS)
            .with_attr_if("hash", self.hash.as_deref())
            .with_attr("node", &self.node)
            .with_attr("ver", &self.ver)
    }
}

/// Says whether nothing stands twice or has a separator in it, by which two answers could make the
/// same text.
fn is_well_formed(info: &DiscoInfo) -> bool {
    fn is_plain<'a>(texts: impl IntoIterator<Item = &'a String>, separators: &[char]) -> bool {
        !texts.into_iter().any(|text| text.contains(separators))
    }
    let is_plain_identity = |one: &Identity| {
        is_plain([&one.category, &one.kind].into_iter().chain(&one.lang), &['<', '/'])
            && !one.category.contains(':')
            && is_plain(&one.name, &['<'])
    };
    let is_plain_form = |form: &DataForm| {
        let fields = form.fields.iter();
        let texts = fields.flat_map(|field| [&field.var].into_iter().chain(&field.values));
        is_plain(texts.chain(&form.form_type), &['<'])
    };
    fn is_single<T: Ord>(all: impl Iterator<Item = T>) -> bool {
        let mut all: Vec<T> = all.collect();
        all.sort_unstable();
        all.is_sorted_by(|one, next| one < next)
    }
    is_single(info.identities.iter().map(|one| (&one.category, &one.kind, &one.lang, &one.name)))
        && is_single(info.features.iter())
        && is_single(info.forms.iter().filter_map(|form| form.form_type.as_ref()))
        && info.identities.iter().all(is_plain_identity)
        && is_plain(&info.features, &['<'])
        && !info.features.iter().any(|feature| is_like_an_identity(feature))
        && info.forms.iter().all(is_plain_form)
}

/// Says whether the name of a feature could be read as an identity: `client/pc//Name`. What is
/// before the first slash of the name of a namespace has a colon.
fn is_like_an_identity(feature: &str) -> bool {
    let category = feature.split('/').next().unwrap_or_default();
    feature.matches('/').count() >= 3 && !category.contains(':')
}

/// Returns the text that is hashed: identities, features and forms.
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
    text
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

    // spec: XEP-0115 §5.4
    #[test]
    fn only_what_makes_the_same_hash_and_has_nothing_twice_is_proven() {
        let said = info(&[("", "Exodus 0.9.1")], Vec::new());
        let caps = |hash: &str, ver: &str| Caps {
            node: "http://code.google.com/p/exodus".to_owned(),
            ver: ver.to_owned(),
            hash: Some(hash.to_owned()),
        };
        assert!(caps("sha-1", "QgayPKawpkPSDYmwT/WM94uAlu0=").is_proven_by(&said));
        let other = info(&[("", "Exodus 0.9.2")], Vec::new());
        assert!(!caps("sha-1", "QgayPKawpkPSDYmwT/WM94uAlu0=").is_proven_by(&other));
        assert!(!caps("md5", "QgayPKawpkPSDYmwT/WM94uAlu0=").is_proven_by(&said));
        let ver = BASE64_STANDARD.encode(Sha256::digest(verification(&said)));
        assert!(caps("sha-256", &ver).is_proven_by(&said));
        assert!(!Caps { hash: None, ..caps("", "0.9.1") }.is_proven_by(&said));
        let mut twice = said.clone();
        twice.features.push(ns::MUC.to_owned());
        assert!(!Caps::of("x", &twice).is_proven_by(&twice));
        let form = DataForm::result(ns::SOFTWARE_INFO, Vec::new());
        let twice = DiscoInfo { forms: vec![form.clone(), form], ..said };
        assert!(!Caps::of("x", &twice).is_proven_by(&twice));
    }

    // spec: XEP-0115 §5.1
    #[test]
    fn an_answer_that_hides_features_in_a_name_is_not_proven() {
        let said = info(&[("", "Exodus 0.9.1")], Vec::new());
        let caps = Caps::of("x", &said);
        let mut hidden = said.features.clone();
        hidden.sort_unstable();
        let name = format!("Exodus 0.9.1<{}", hidden.join("<"));
        let forged = DiscoInfo { features: Vec::new(), ..info(&[("", &name)], Vec::new()) };
        assert_eq!(Caps::of("x", &forged), caps);
        assert!(caps.is_proven_by(&said) && !caps.is_proven_by(&forged));
        let identities = vec![Identity::new("client/pc", "", "Exodus 0.9.1")];
        let moved = DiscoInfo { identities, ..said };
        assert!(!Caps::of("x", &moved).is_proven_by(&moved));
        // An identity among the features, and a feature among the identities.
        let moved = DiscoInfo {
            identities: Vec::new(),
            features: ["client/pc//Exodus 0.9.1".to_owned()].into_iter().chain(hidden).collect(),
            ..info(&[], Vec::new())
        };
        assert_eq!(Caps::of("x", &moved), caps);
        assert!(!caps.is_proven_by(&moved));
        let feature = |name: &str| DiscoInfo { features: vec![name.to_owned()], ..moved.clone() };
        let said = feature("http://jabber.org/protocol/caps");
        let caps = Caps::of("x", &said);
        let identity = Identity {
            lang: Some("jabber.org".to_owned()),
            ..Identity::new("http:", "", "protocol/caps")
        };
        let moved = DiscoInfo { identities: vec![identity], features: Vec::new(), ..said.clone() };
        assert_eq!(Caps::of("x", &moved), caps);
        assert!(caps.is_proven_by(&said) && !caps.is_proven_by(&moved));
        for usual in ["urn:xmpp:ping", "vcard-temp", "gc-1.0", "a/b", "jabber:iq:version"] {
            let said = feature(usual);
            assert!(Caps::of("x", &said).is_proven_by(&said), "{usual}");
        }
        let form = DataForm::result(ns::SOFTWARE_INFO, vec![Field::text("os", "Mac<x")]);
        let forged = info(&[], vec![form]);
        assert!(!Caps::of("x", &forged).is_proven_by(&forged));
    }
}
