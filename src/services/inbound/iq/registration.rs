//! Who registers with the domain (XEP-0077).

use crate::{
    services::{
        context::Services,
        inbound::iq::{Asked, person},
    },
    xmpp::{
        condition::{Condition, StanzaError},
        iq::Iq,
        payload::Payload,
        register::Change,
    },
};

impl Services {
    /// Returns what is needed to register.
    pub(super) async fn needed_to_register(
        &self,
        iq: &Iq,
        asked: &Asked,
    ) -> Result<Payload, StanzaError> {
        match asked {
            Asked::Domain if self.takes_registrations() => {
                Ok(self.registration_needs(&person(iq)?).await?.to_payload())
            }
            _ => Err(Condition::ServiceUnavailable.into()),
        }
    }

    /// Registers somebody, or changes that.
    pub(super) async fn change_registration(
        &self,
        iq: &Iq,
        query: &Payload,
    ) -> Result<(), StanzaError> {
        if !self.takes_registrations() {
            return Err(Condition::ServiceUnavailable.into());
        }
        let change = Change::read(query.node())?;
        self.register_from_elsewhere(&person(iq)?, change).await
    }
}
