//! What the programs of contacts are and can do (XEP-0115), learnt once for each program.
//!
//! What a hash proves is kept; what a device merely says counts for that device, while it is
//! there. Only contacts that an account sees are asked, so strangers cost nothing.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        presence::Client,
        program::Program,
        refusal::Refusal,
    },
    services::{contact_facts::is_nameless, context::Services, refused, sights::Step, unit::Unit},
    store::write::Write,
    xmpp::{
        caps::Caps,
        disco::{DiscoInfo, Identity},
        iq::Query,
    },
};

/// Nodes that one program may want to be told of.
const MAX_WANTED: usize = 64;

/// Octets of the name of a node that is kept.
const MAX_NODE_OCTETS: usize = 256;

/// What ends the name of a feature that wishes for news at a node.
// spec: XEP-0163 §4.3.2
const NOTIFY: &str = "+notify";

impl Services {
    /// Returns what a device that announces this is known to be.
    pub(super) fn client_of(
        &self,
        owner: &Address,
        device: &Device,
        caps: Option<&Caps>,
    ) -> Option<Client> {
        self.capabilities.known(owner, device, &label(caps?))?.client.clone()
    }

    /// Takes note of what the device of a contact announces, and has it found out if it is new.
    pub(super) async fn announces(&self, owner: &Address, device: &Device, caps: Option<Caps>) {
        let Some(caps) = caps else { return self.capabilities.forget(owner, device) };
        match self.capabilities.see(owner, device, &label(&caps)) {
            Step::Nothing => {}
            Step::Greet(program) => self.greet(owner, device, &program).await,
            Step::FindOut => {
                let services = self.clone();
                // Ends when the last question has its answer, or is given up.
                tokio::spawn(async move { services.find_out(&caps).await });
            }
        }
    }

    /// Finds out what is behind an announcement: from the store, or by asking who made it.
    async fn find_out(&self, caps: &Caps) {
        let label = label(caps);
        if caps.hash.is_some()
            && let Ok(Some(program)) = self.store.program(&label).await.map_err(refused)
        {
            return self.proven(&label, program).await;
        }
        let node = Some(caps.disco_node());
        while let Some((device, owners)) = self.capabilities.next_waiting(&label) {
            let Some(by) = owners.first() else { continue };
            let query = Query::DiscoInfo { node: node.clone() };
            let Ok(Some(answer)) = self.inquire(by, &device, query).await else { continue };
            let info = DiscoInfo::read(answer.node());
            let program = program(&info);
            if caps.is_proven_by(&info) {
                for owner in owners {
                    self.learn(&owner, &device, &label, &Arc::new(program.clone())).await;
                }
                return self.proven(&label, program).await;
            }
            // spec: XEP-0115 §5.4: what is not proven counts for who says it.
            let program = Arc::new(program);
            for owner in owners {
                self.learn(&owner, &device, &label, &program).await;
            }
        }
    }

    async fn proven(&self, label: &CompactString, program: Program) {
        let (hash, used) = (label.to_string(), self.clock.now());
        self.write_later(vec![Write::PutProgram { hash, program: program.clone(), used }]);
        let program = Arc::new(program);
        for (owner, device) in self.capabilities.prove(label, &program) {
            self.learn(&owner, &device, label, &program).await;
        }
    }

    async fn learn(&self, owner: &Address, device: &Device, label: &str, program: &Arc<Program>) {
        if !self.capabilities.learn(owner, device, label, program) {
            return;
        }
        if let Err(refusal) = self.note_client(owner, device, program.client.clone()).await {
            tracing::warn!(?refusal, account = %owner, %device, "a program was not noted");
        }
        self.greet(owner, device, program).await;
    }

    /// Notes what a device is where phones are told of it. That alone wakes no phone.
    async fn note_client(
        &self,
        owner: &Address,
        device: &Device,
        client: Option<Client>,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let rows = self.store.contact_presences(owner, &device.account).await.map_err(refused)?;
        let row = rows.into_iter().find(|row| Some(&row.resource) == device.resource.as_ref());
        let Some(mut row) = row else { return Ok(()) };
        let mut client = client.unwrap_or_default();
        row.presence.client.iter().for_each(|known| client.fill(known));
        let client = (client != Client::default()).then(|| Box::new(client));
        if is_nameless(client.as_deref()) {
            self.lacks_name(&mut person, device).await?;
        }
        if row.presence.client == client {
            return Ok(());
        }
        row.presence.client = client;
        let mut unit = Unit::default();
        unit.write(Write::PutContactPresence {
            owner: owner.clone(),
            contact: row.contact,
            resource: row.resource,
            presence: row.presence,
            change: row.change,
        });
        self.carry_out(unit).await
    }
}

/// Returns what tells an announcement from others: what is behind the same hash is the same
/// whoever announces it.
fn label(caps: &Caps) -> CompactString {
    match &caps.hash {
        Some(hash) => format_compact!("{hash} {}", caps.ver),
        None => caps.disco_node().into(),
    }
}

/// Returns as much of an answer as matters to us.
fn program(info: &DiscoInfo) -> Program {
    let clients = info.identities.iter().filter(|one| one.category == "client");
    let identity: Option<&Identity> = clients.clone().find(|one| one.lang.is_none());
    let identity = identity.or(clients.clone().next());
    let wanted = info.features.iter().filter_map(|feature| feature.strip_suffix(NOTIFY));
    let wanted = wanted.filter(|node| node.len() <= MAX_NODE_OCTETS);
    Program {
        client: identity.map(|one| bridge::client::of_network(Some(one), None)),
        wanted: wanted.take(MAX_WANTED).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_the_client_and_its_wishes_are_kept() {
        let identity = |kind: &str, lang: Option<&str>, name: &str| Identity {
            lang: lang.map(str::to_owned),
            ..Identity::new("client", kind, name)
        };
        let info = DiscoInfo {
            identities: vec![
                Identity::new("gateway", "sms", "x"),
                identity("pc", Some("el"), "Ψ 0.11"),
                identity("phone", None, "Psi 0.11"),
            ],
            features: ["urn:xmpp:ping", "http://jabber.org/protocol/mood+notify"]
                .map(str::to_owned)
                .into(),
            ..DiscoInfo::default()
        };
        let program = program(&info);
        let client = program.client.as_ref().unwrap();
        assert_eq!(client.kind.as_deref(), Some("MOBILE_PHONE"));
        assert_eq!(client.producer.as_deref(), Some("Psi 0.11"));
        assert!(program.wants("http://jabber.org/protocol/mood"));
        assert!(!program.wants("urn:xmpp:ping"));
    }
}
