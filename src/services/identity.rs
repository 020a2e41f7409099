//! What our domain and its devices are and can do, as the network asks it (XEP-0030, XEP-0115).

use std::sync::LazyLock;

use crate::xmpp::{
    caps::Caps,
    disco::{DiscoInfo, Identity},
    ns,
};

/// Names the program in entity capabilities.
const NODE: &str = "https://onesoup.com/";

/// The name of the program.
pub const PROGRAM: &str = "OneSoup";

/// Returns what our domain is.
pub fn domain() -> DiscoInfo {
    DiscoInfo {
        node: None,
        identities: vec![Identity::new("server", "im", PROGRAM)],
        features: features(&[]),
    }
}

/// Returns what an account is.
// spec: XEP-0030 §8
pub fn account() -> DiscoInfo {
    DiscoInfo {
        node: None,
        identities: vec![Identity::new("account", "registered", "IMPS")],
        features: features(&[]),
    }
}

/// Returns what a phone is.
pub fn device() -> DiscoInfo {
    DiscoInfo {
        node: None,
        identities: vec![Identity::new("client", "phone", PROGRAM)],
        features: features(&[ns::RECEIPTS]),
    }
}

/// Returns the capabilities that a phone's presence names.
pub fn caps() -> Caps {
    static CAPS: LazyLock<Caps> = LazyLock::new(|| Caps::of(NODE, &device()));
    CAPS.clone()
}

fn features(more: &[&str]) -> Vec<String> {
    let all = [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::PING, ns::VERSION, ns::LAST, ns::TIME];
    all.iter().chain(more).map(|feature| (*feature).to_owned()).collect()
}
