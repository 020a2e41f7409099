//! What server and phone agree on: capabilities, services, versions; and who we are.

use compact_str::CompactString;

use crate::{
    csp::{
        access::{ServiceRequest, ServiceResponse},
        capability::{
            Bearer, CapabilityList, CirMethod, ClientCapabilityRequest, ClientCapabilityResponse,
        },
        primitive::Primitive,
        provider::{GetSpInfoResponse, VersionDiscoveryRequest, VersionDiscoveryResponse},
        service_tree::{Service, ServiceSet},
        version::Version,
    },
    domain::{refusal::Refusal, session::WakeUp},
    services::{context::Services, transaction::Asker, unit::Unit},
    store::write::Write,
};

/// The pause between polls that phones are told: a phone that is not woken asks no more often.
const POLL_MIN_SECS: u32 = 30;

/// Transactions that a phone may have under way with us.
const MULTI_TRANS: u32 = 4;

impl Services {
    /// Agrees on capabilities: of what the phone can do, what we are sure to do.
    pub(super) async fn capabilities(
        &self,
        asker: &Asker,
        request: ClientCapabilityRequest,
    ) -> Result<Primitive, Refusal> {
        let wanted = &request.capabilities;
        let wake_ups = self.wake_ups(wanted);
        let agreed = self.agreed(wanted, &wake_ups);
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let mut session = live.session.clone();
        session.terms.wake_ups = wake_ups;
        session.terms.content_limit = wanted.accepted_content_length;
        session.terms.refuses_pictures = refuses_pictures(wanted);
        session.terms.transactions_per_message =
            asker.handset.transactions.min(wanted.multi_trans.unwrap_or(1)).max(1);
        session.terms.has_capabilities = true;
        let mut unit = Unit::default();
        unit.write(Write::PutSession(Box::new(session.clone())));
        self.carry_out(unit).await?;
        live.session = session;
        live.stored();
        Ok(Primitive::ClientCapabilityResponse(ClientCapabilityResponse {
            client_id: request.client_id,
            agreed,
        }))
    }

    /// Returns the wake-ups that the phone knows and the operator vouches for.
    ///
    /// handset: S60 §5.2: a phone that agreed to be woken does not poll on its own; what is not
    /// sure to reach it must not be agreed.
    fn wake_ups(&self, wanted: &CapabilityList) -> Vec<WakeUp> {
        let mut agreed = Vec::new();
        if self.rules.tcp_wake.is_some() && wanted.cir_methods.contains(&CirMethod::Stcp) {
            agreed.push(WakeUp::Tcp);
        }
        let port = wanted.udp_port.and_then(|port| u16::try_from(port).ok()).filter(|&p| p != 0);
        if self.rules.udp_wake && wanted.cir_methods.contains(&CirMethod::Sudp) {
            agreed.extend(port.map(WakeUp::Udp));
        }
        agreed
    }

    fn agreed(&self, wanted: &CapabilityList, wake_ups: &[WakeUp]) -> CapabilityList {
        let by_tcp = wake_ups.contains(&WakeUp::Tcp);
        let (host, port) = match &self.rules.tcp_wake {
            Some((host, port)) if by_tcp => (Some(host.as_str().into()), Some((*port).into())),
            _ => (None, None),
        };
        let udp_port = wake_ups.iter().find_map(|way| match way {
            WakeUp::Udp(port) => Some((*port).into()),
            WakeUp::Tcp => None,
        });
        let method = |way: &WakeUp| match way {
            WakeUp::Tcp => CirMethod::Stcp,
            WakeUp::Udp(_) => CirMethod::Sudp,
        };
        CapabilityList {
            client_type: wanted.client_type.clone(),
            initial_delivery_method: wanted.initial_delivery_method,
            bearers: vec![Bearer::Http],
            // handset: S60 §4.3: never 0, that would block it.
            multi_trans: Some(wanted.multi_trans.unwrap_or(1).clamp(1, MULTI_TRANS)),
            cir_methods: wake_ups.iter().map(method).collect(),
            udp_port,
            tcp_address: host,
            tcp_port: port,
            server_poll_min_secs: Some(
                wanted.server_poll_min_secs.unwrap_or(POLL_MIN_SECS).min(POLL_MIN_SECS),
            ),
            ..CapabilityList::default()
        }
    }

    /// Agrees on services: names what of the wanted is not to be had.
    ///
    /// handset: S60 §4.4: what is named is refused, so what is granted is not.
    pub(super) async fn agree_services(
        &self,
        asker: &Asker,
        request: ServiceRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        let mut session = live.session.clone();
        session.terms.has_services = true;
        let mut unit = Unit::default();
        unit.write(Write::PutSession(Box::new(session.clone())));
        self.carry_out(unit).await?;
        live.session = session;
        live.stored();
        live.has_news = true;
        Ok(Primitive::ServiceResponse(ServiceResponse {
            client_id: request.client_id,
            refused: request.functions.minus(provided(asker.version)),
            all: request.wants_all_functions.then(|| provided(asker.version)),
        }))
    }

    /// Returns who we are.
    pub(super) fn provider(&self) -> Primitive {
        Primitive::GetSpInfoResponse(GetSpInfoResponse {
            client_id: None,
            name: Some(self.rules.domain.as_str().into()),
            logo: None,
            description: Some("OneSoup: chat with anyone on the XMPP network".into()),
            url: None,
        })
    }

    /// Returns which of the versions that a phone knows we know.
    pub(super) fn versions(&self, request: &VersionDiscoveryRequest) -> Primitive {
        let known =
            |version: &Version| request.versions.is_empty() || request.versions.contains(version);
        let versions = Version::ALL.into_iter().filter(known).collect();
        Primitive::VersionDiscoveryResponse(VersionDiscoveryResponse { versions })
    }
}

/// Returns whether a phone named the kinds of content that it takes, and none is what pictures of
/// contacts are.
fn refuses_pictures(wanted: &CapabilityList) -> bool {
    let takes = |kind: &CompactString| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "image/jpeg" | "image/jpg" | "image/*" | "image/" | "*/*" | "*")
    };
    let kinds = &wanted.accepted_content_types;
    wanted.any_content != Some(true) && !kinds.is_empty() && !kinds.iter().any(takes)
}

/// Returns the services that are there; groups and invitations are not yet.
fn provided(version: Version) -> ServiceSet {
    ServiceSet::of([
        Service::ProviderInfo,
        Service::Search,
        Service::StopSearch,
        Service::MandatoryFundamental,
        Service::GetLists,
        Service::CreateList,
        Service::DeleteList,
        Service::ManageList,
        Service::Watchers,
        Service::ReactiveAuth,
        Service::CancelAuth,
        Service::ReactiveAuthStatus,
        Service::GetPresence,
        Service::UpdatePresence,
        Service::CreateAttributeList,
        Service::DeleteAttributeList,
        Service::GetAttributeLists,
        Service::MandatoryPresence,
        Service::DeliveryReport,
        Service::NewMessage,
        Service::GetBlocked,
        Service::Block,
        Service::MandatoryIm,
    ])
    .intersection(ServiceSet::all(version))
}
