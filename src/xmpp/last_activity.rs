//! How long somebody has been idle, away or up (XEP-0012).

use std::time::Duration;

use crate::xmpp::{
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// The time since the last activity: of a device idle, of an account away, of a server up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastActivity {
    /// The time, in whole seconds on the wire.
    pub since: Duration,
    /// The last sentence of an account that is away.
    pub status: Option<String>,
}

impl LastActivity {
    /// Reads an answer; without a number it is none.
    pub fn read(query: Node<'_>) -> Option<Self> {
        let seconds = attr(query, "seconds")?.trim().parse().ok()?;
        let status = Some(query.text()).filter(|text| !text.trim().is_empty());
        Some(Self { since: Duration::from_secs(seconds), status })
    }

    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        Payload::new("query", ns::LAST)
            .with_attr("seconds", &self.since.as_secs().to_string())
            .with_text(self.status.as_deref().unwrap_or_default())
    }
}
