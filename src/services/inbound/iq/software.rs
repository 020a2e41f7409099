//! Which program somebody uses, on what (XEP-0092).

use crate::{domain::session::Session, services::identity, xmpp::version::Version};

/// Returns what the domain runs.
pub(super) fn domain() -> Version {
    Version { name: identity::PROGRAM.into(), version: identity::VERSION.into(), os: None }
}

/// Returns what a phone is.
pub(super) fn device(session: &Session) -> Version {
    let client = session.presence.client.as_deref();
    Version { os: client.and_then(identity::model), ..domain() }
}
