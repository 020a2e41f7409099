//! What a phone tells of itself after its login: what it can do, and what it wants.

use crate::{
    csp::{
        capability::{Bearer, CapabilityList, CirMethod, ClientCapabilityRequest},
        element::Element,
        message::{ContentEncoding, DeliveryMethod},
        presence_detail::ClientType,
        primitive::Primitive,
        service_tree::ServiceSet,
        version::Version,
    },
    phone::{
        answers::unexpected,
        error::PhoneError,
        handset::Handset,
        session::Phone,
        settings::WakeBy,
        wake::{self, Call, Wake},
    },
};

/// The port for wake-ups where the server names none (handset: Android §4).
const USUAL_WAKE_PORT: u32 = 3171;

impl Phone {
    /// Negotiates capabilities, and opens its ear for wake-ups if the server agrees to them.
    pub(super) async fn negotiate_capabilities(&mut self) -> Result<(), PhoneError> {
        let (socket, udp_port) = match (self.settings.cir, self.http.own_ip()) {
            (Some(WakeBy::Udp), Some(own_ip)) => {
                let (socket, port) = wake::udp_socket(own_ip).await?;
                (Some(socket), Some(port.into()))
            }
            _ => (None, None),
        };
        self.offered = self.cir_methods();
        let capabilities = CapabilityList { udp_port, ..self.capabilities() };
        let is_first = self.settings.version == Version::V1_1;
        let is_android = self.settings.habits.handset == Handset::Android;
        let request = ClientCapabilityRequest {
            client_id: (is_first && !is_android).then(|| self.client_id()),
            capabilities,
        };
        let answer = self.request(Primitive::ClientCapabilityRequest(request)).await?;
        let Primitive::ClientCapabilityResponse(response) = answer else {
            return Err(unexpected("ClientCapability-Request", &answer));
        };
        let agreed = response.agreed;
        if let Some(secs) = agreed.server_poll_min_secs {
            self.pace.server_wants(secs);
        }
        match self.settings.cir {
            Some(WakeBy::Tcp) if agreed.cir_methods.contains(&CirMethod::Stcp) => {
                self.wake = Some(Wake::tcp(self.call(&agreed)).await?);
            }
            Some(WakeBy::Udp) if agreed.cir_methods.contains(&CirMethod::Sudp) => {
                self.wake = socket.map(|socket| Wake::udp(socket, self.cookie.clone()));
            }
            _ => {}
        }
        self.pace.set_woken(self.wake.is_some());
        Ok(())
    }

    /// Returns whether the server wakes the phone, so that it does not poll on its own.
    pub fn is_woken(&self) -> bool {
        self.wake.is_some()
    }

    /// Asks for services, and returns those that the server refuses.
    pub(super) async fn negotiate_services(&mut self) -> Result<ServiceSet, PhoneError> {
        let request = Primitive::Other(self.service_request());
        match self.request(request).await? {
            Primitive::ServiceResponse(response) => Ok(response.refused),
            other => Err(unexpected("Service-Request", &other)),
        }
    }

    fn call(&self, agreed: &CapabilityList) -> Call {
        // handset: Android §4: no address means the phone itself.
        let host = agreed.tcp_address.as_deref().unwrap_or("127.0.0.1").to_owned();
        let port = agreed.tcp_port.unwrap_or(USUAL_WAKE_PORT);
        Call {
            habits: self.settings.habits,
            host,
            port: u16::try_from(port).unwrap_or_default(),
            session_id: self.session_id.clone().unwrap_or_default(),
            cookie: self.cookie.clone(),
        }
    }

    /// Returns the ways of waking that the phone names to the server.
    fn cir_methods(&self) -> Vec<CirMethod> {
        let wanted = self.settings.cir.map(|way| match way {
            WakeBy::Tcp => CirMethod::Stcp,
            WakeBy::Udp => CirMethod::Sudp,
        });
        match self.settings.habits.handset {
            // handset: Android §4: the same three whatever it is set to.
            Handset::Android => vec![CirMethod::Stcp, CirMethod::Ssms, CirMethod::Shttp],
            Handset::S60 => {
                let usual = [CirMethod::WapSms, CirMethod::WapUdp];
                usual.into_iter().chain(wanted).collect()
            }
            Handset::Plain => wanted.into_iter().collect(),
        }
    }

    /// handset: S60 §4.3, Android §4
    fn capabilities(&self) -> CapabilityList {
        let habits = self.settings.habits;
        let usual = CapabilityList {
            client_type: Some(ClientType::MobilePhone),
            initial_delivery_method: Some(DeliveryMethod::Push),
            bearers: vec![Bearer::Http],
            cir_methods: self.offered.clone(),
            server_poll_min_secs: Some(habits.poll_min_secs),
            ..CapabilityList::default()
        };
        match habits.handset {
            Handset::Android => CapabilityList {
                accepted_content_length: Some(262_144),
                parser_size: Some(262_144),
                multi_trans: Some(1),
                ..usual
            },
            Handset::S60 => CapabilityList {
                any_content: Some(true),
                accepted_charsets: vec![106],
                accepted_transfer_encodings: vec![ContentEncoding::Base64],
                accepted_content_length: Some(307_200),
                multi_trans: Some(3),
                parser_size: Some(309_248),
                ..usual
            },
            Handset::Plain => CapabilityList {
                any_content: Some(false),
                accepted_charsets: vec![106],
                accepted_content_types: vec!["text/plain".into(), "image/jpeg".into()],
                accepted_content_length: Some(65_536),
                multi_trans: Some(1),
                parser_size: Some(65_536),
                ..usual
            },
        }
    }

    /// Builds `Service-Request` as each handset does (handset: S60 §4.4, Android §4).
    fn service_request(&self) -> Element {
        let leaf = |name: &str| Element::new(name);
        let with = |name: &str, parts: &[&str]| {
            parts.iter().fold(Element::new(name), |to, part| to.child_element(leaf(part)))
        };
        let is_s60 = self.settings.habits.handset == Handset::S60;
        let features = if is_s60 {
            let im = Element::new("IMFeat")
                .child_element(with("IMReceiveFunc", &["NEWM"]))
                .child_element(leaf("IMAuthFunc"));
            Element::new("WVCSPFeat")
                .child_element(with("FundamentalFeat", &["SearchFunc", "InviteFunc"]))
                .child_element(leaf("PresenceFeat"))
                .child_element(im)
                .child_element(leaf("GroupFeat"))
        } else {
            with("WVCSPFeat", &["FundamentalFeat", "PresenceFeat", "IMFeat", "GroupFeat"])
        };
        let mut request = Element::new("Service-Request");
        if is_s60 && self.settings.version == Version::V1_1 {
            let url = self.client_id().url.unwrap_or_default();
            request.push(Element::new("ClientID").child_text("URL", url));
        }
        request
            .child_element(Element::new("Functions").child_element(features))
            .child_text("AllFunctionsRequest", if is_s60 { "F" } else { "T" })
    }
}
