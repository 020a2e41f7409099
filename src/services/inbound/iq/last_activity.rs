//! How long somebody has been idle, away or up (XEP-0012).

use std::time::Duration;

use crate::{
    bridge,
    domain::view::Attribute,
    services::{context::Services, inbound::iq::Asked, refused},
    xmpp::{condition::Condition, last_activity::LastActivity},
};

impl Services {
    /// Returns how long the domain is up, a device idle, or an account away.
    pub(super) async fn last_activity(&self, asked: &Asked) -> Result<LastActivity, Condition> {
        let now = self.clock.now();
        let since = match asked {
            Asked::Domain => now.since(self.started),
            // Polls are no sign of its user.
            Asked::Device(_) => Duration::ZERO,
            // spec: XEP-0012 §4, also for who is not there: a stranger is not told which it is.
            Asked::NoAccount(_) => return Err(Condition::Forbidden),
            Asked::Account(_, view) if !view.may_see(Attribute::OnlineStatus) => {
                return Err(Condition::Forbidden);
            }
            Asked::Account(person, _) => {
                let mut sessions = person.sessions.iter();
                if sessions.any(|live| live.session.presence.is_visible()) {
                    Duration::ZERO
                } else {
                    let last = self.store.last_there(&person.account.address).await;
                    let last = last.map_err(refused).map_err(bridge::refusal::condition)?;
                    now.since(last.ok_or(Condition::ServiceUnavailable)?.at)
                }
            }
            Asked::NoDevice => return Err(Condition::ServiceUnavailable),
        };
        Ok(LastActivity { since, status: None })
    }
}
