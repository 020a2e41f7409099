//! What a client can do, and what of it the server agrees to.

use compact_str::CompactString;

use crate::csp::{
    access::{ClientId, write_client_id},
    element::Element,
    field::{Build, FieldError, Fields, Shape},
    leaf::{Word, has_text},
    message::{ContentEncoding, DeliveryMethod},
    presence_detail::ClientType,
    version::Version::{V1_1, V1_2, V1_3},
};

/// What carries the messages of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Short messages.
    Sms,
    /// The wireless session protocol.
    Wsp,
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// Another word.
    Other(CompactString),
}

impl Word for Bearer {
    const WORDS: &'static [(&'static str, Self)] =
        &[("SMS", Self::Sms), ("WSP", Self::Wsp), ("HTTP", Self::Http), ("HTTPS", Self::Https)];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// How a phone is woken: the kinds of communication initiation request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CirMethod {
    /// A WAP push in a short message.
    WapSms,
    /// A WAP push in a datagram.
    WapUdp,
    /// A bare short message.
    Ssms,
    /// A bare datagram.
    Sudp,
    /// A line on a connection that the phone keeps.
    Stcp,
    /// An answer to a GET that the phone repeats.
    Shttp,
    /// Another word.
    Other(CompactString),
}

impl Word for CirMethod {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("WAPSMS", Self::WapSms),
        ("WAPUDP", Self::WapUdp),
        ("SSMS", Self::Ssms),
        ("SUDP", Self::Sudp),
        ("STCP", Self::Stcp),
        ("SHTTP", Self::Shttp),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// `CapabilityList` or `AgreedCapabilityList`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapabilityList {
    /// The kind of device.
    pub client_type: Option<ClientType>,
    /// How messages come until `SetDeliveryMethod-Request` says otherwise.
    pub initial_delivery_method: Option<DeliveryMethod>,
    /// Whether content of every type is taken.
    pub any_content: Option<bool>,
    /// Character sets by their IANA number; 106 is UTF-8.
    pub accepted_charsets: Vec<u32>,
    /// Media types, with their parameters.
    pub accepted_content_types: Vec<CompactString>,
    /// How content may be encoded.
    pub accepted_transfer_encodings: Vec<ContentEncoding>,
    /// The longest content in octets.
    pub accepted_content_length: Option<u32>,
    /// Bearers of messages.
    pub bearers: Vec<Bearer>,
    /// Transactions that may be open at a time; 0 mutes S60.
    pub multi_trans: Option<u32>,
    /// Octets of the longest message.
    pub parser_size: Option<u32>,
    /// Ways of waking; in an answer, each is a promise.
    pub cir_methods: Vec<CirMethod>,
    /// Where the phone listens for datagrams.
    pub udp_port: Option<u32>,
    /// Where the server listens for waking connections: a host name or an address.
    pub tcp_address: Option<CompactString>,
    /// The port that belongs to it.
    pub tcp_port: Option<u32>,
    /// The shortest time between two polls.
    pub server_poll_min_secs: Option<u32>,
    /// What an `SHTTP` phone shall GET.
    pub cir_url: Option<CompactString>,
    /// What else is said, most of it of 1.3.
    pub others: Vec<Element>,
}

impl Shape for CapabilityList {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_type: from.hint("ClientType"),
            initial_delivery_method: from.hint("InitialDeliveryMethod"),
            any_content: from.hint("AnyContent"),
            accepted_charsets: hints(from, "AcceptedCharset"),
            accepted_content_types: hints(from, "AcceptedContentType"),
            accepted_transfer_encodings: hints(from, "AcceptedTransferEncoding"),
            accepted_content_length: from.hint("AcceptedContentLength"),
            bearers: hints(from, "SupportedBearer"),
            multi_trans: from.hint("MultiTrans"),
            parser_size: from.hint("ParserSize"),
            cir_methods: hints(from, "SupportedCIRMethod"),
            udp_port: from.hint("UDPPort"),
            tcp_address: from.hint("TCPAddress"),
            tcp_port: from.hint("TCPPort"),
            server_poll_min_secs: from.hint("ServerPollMin"),
            cir_url: CIR_URLS.into_iter().find_map(|name| from.inside(name)).and_then(read_url),
            others: from.children().map(Fields::element).filter(is_other).cloned().collect(),
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ClientType", self.client_type.as_ref())
            .maybe("InitialDeliveryMethod", self.initial_delivery_method.as_ref())
            .maybe("AnyContent", self.any_content.as_ref())
            .each("AcceptedCharset", &self.accepted_charsets)
            .each("AcceptedContentType", &self.accepted_content_types)
            .each("AcceptedTransferEncoding", &self.accepted_transfer_encodings)
            .maybe("AcceptedContentLength", self.accepted_content_length.as_ref())
            .each("SupportedBearer", &self.bearers)
            .maybe("MultiTrans", self.multi_trans.as_ref())
            .maybe("ParserSize", self.parser_size.as_ref())
            .each("SupportedCIRMethod", &self.distinct_cir_methods())
            .maybe("UDPPort", self.udp_port.as_ref())
            .maybe("TCPAddress", self.tcp_address.as_ref())
            .maybe("TCPPort", self.tcp_port.as_ref())
            .maybe("ServerPollMin", self.server_poll_min_secs.as_ref())
            .also(|to| self.write_later_additions(to))
    }
}

impl CapabilityList {
    /// S60 counts the methods, so each is named once (handset: S60 §4.3).
    fn distinct_cir_methods(&self) -> Vec<CirMethod> {
        let mut distinct: Vec<CirMethod> = Vec::new();
        for method in &self.cir_methods {
            if !distinct.contains(method) {
                distinct.push(method.clone());
            }
        }
        distinct
    }

    /// Writes what a phone of an older version could not even decode (handset: S60 §2.2).
    fn write_later_additions(&self, to: Build) -> Build {
        let version = to.version();
        let to = match &self.cir_url {
            Some(url) if version >= V1_2 => {
                let name = if version == V1_2 { "CIRURL" } else { "CIRHTTPAddress" };
                to.inside(name, |to| to.put("URL", url))
            }
            _ => to,
        };
        let others = self.others.iter().filter(|_| version >= V1_3);
        others.fold(to, |to, other| to.element(other.clone()))
    }
}

/// Reads the children that can be read: a capability that we do not understand is not used.
fn hints<T: Shape>(from: Fields<'_>, name: &'static str) -> Vec<T> {
    let given = from.each(name).filter(|child| T::is_given(*child)).take(MAX_REPEATS);
    given.filter_map(|child| T::read(child).ok()).collect()
}

/// Reads a URL that is a child, as Android needs it, or bare text.
fn read_url(from: Fields<'_>) -> Option<CompactString> {
    let url = from.inside("URL").unwrap_or(from);
    has_text(url).then(|| url.text().trim().into())
}

fn is_other(element: &&Element) -> bool {
    !TYPED.contains(&element.name()) && !CIR_URLS.contains(&element.name())
}

/// Values of one capability that are read; the longest known list, of media types, has a dozen.
const MAX_REPEATS: usize = 64;

const CIR_URLS: [&str; 2] = ["CIRURL", "CIRHTTPAddress"];

const TYPED: [&str; 16] = [
    "ClientType",
    "InitialDeliveryMethod",
    "AnyContent",
    "AcceptedCharset",
    "AcceptedCharSet",
    "AcceptedContentType",
    "AcceptedTransferEncoding",
    "AcceptedContentLength",
    "SupportedBearer",
    "MultiTrans",
    "ParserSize",
    "SupportedCIRMethod",
    "UDPPort",
    "TCPAddress",
    "TCPPort",
    "ServerPollMin",
];

/// `ClientCapability-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilityRequest {
    /// The installation, in 1.1.
    pub client_id: Option<ClientId>,
    /// What the client can do.
    pub capabilities: CapabilityList,
}

impl Shape for ClientCapabilityRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_id: from.optional("ClientID")?,
            capabilities: from.required("CapabilityList")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        write_client_id(to, self.client_id.as_ref()).put("CapabilityList", &self.capabilities)
    }
}

/// `ClientCapability-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilityResponse {
    /// The installation, in 1.1.
    pub client_id: Option<ClientId>,
    /// What is agreed on; nothing else may be used.
    pub agreed: CapabilityList,
}

impl Shape for ClientCapabilityResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let list =
            ["AgreedCapabilityList", "CapabilityList"].into_iter().find(|name| from.has(name));
        Ok(Self {
            client_id: from.optional("ClientID")?,
            agreed: list.map_or(Ok(None), |name| from.optional(name))?.unwrap_or_default(),
        })
    }

    /// The list comes first: Android takes the first child for it (handset: Android G3).
    fn write(&self, to: Build) -> Build {
        let is_first = to.version() == V1_1;
        let name = if is_first { "CapabilityList" } else { "AgreedCapabilityList" };
        write_client_id(to.put(name, &self.agreed), self.client_id.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::literal::{assert_round_trip, assert_writes, read, tree};

    #[test]
    fn s60_4_3_the_list_of_a_nokia_is_read() {
        let request: ClientCapabilityRequest = assert_round_trip(
            "<R><ClientID><URL>x</URL></ClientID><CapabilityList>\
             <ClientType>MOBILE_PHONE</ClientType>\
             <InitialDeliveryMethod>P</InitialDeliveryMethod><AnyContent>T</AnyContent>\
             <AcceptedCharset>106</AcceptedCharset>\
             <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>\
             <AcceptedContentLength>307200</AcceptedContentLength>\
             <SupportedBearer>HTTP</SupportedBearer><MultiTrans>3</MultiTrans>\
             <ParserSize>309248</ParserSize>\
             <SupportedCIRMethod>WAPSMS</SupportedCIRMethod>\
             <SupportedCIRMethod>STCP</SupportedCIRMethod><UDPPort>3717</UDPPort>\
             <ServerPollMin>8</ServerPollMin></CapabilityList></R>",
            V1_1,
        );
        let list = request.capabilities;
        assert_eq!(list.cir_methods, [CirMethod::WapSms, CirMethod::Stcp]);
        assert_eq!(list.initial_delivery_method, Some(DeliveryMethod::Push));
        assert_eq!(list.accepted_charsets, [106]);
    }

    #[test]
    fn android_g30_values_in_any_order_and_case_are_kept() {
        let literal = "<R><CapabilityList><SupportedCIRMethod>shttp</SupportedCIRMethod>\
            <SupportedCIRMethod>PIGEON</SupportedCIRMethod><SupportedBearer>http</SupportedBearer>\
            <MultiTrans>few</MultiTrans><ClientType>FRIDGE</ClientType></CapabilityList></R>";
        let list = read::<ClientCapabilityRequest>(literal, V1_2).unwrap().capabilities;
        assert_eq!(list.cir_methods, [CirMethod::Shttp, CirMethod::Other("PIGEON".into())]);
        assert_eq!(list.bearers, [Bearer::Http]);
        assert_eq!(list.multi_trans, None);
        assert_eq!(list.client_type, Some(ClientType::Other("FRIDGE".into())));
    }

    #[test]
    fn android_g3_the_agreed_list_is_the_first_child() {
        let client_id = Some(ClientId { url: Some("x".into()), msisdn: None });
        let response = ClientCapabilityResponse { client_id, ..Default::default() };
        assert_writes(&response, "<R><AgreedCapabilityList/></R>", V1_2);
        let literal = "<R><CapabilityList/><ClientID><URL>x</URL></ClientID></R>";
        assert_writes(&response, literal, V1_1);
        assert_eq!(read::<ClientCapabilityResponse>(literal, V1_1), Ok(response));
    }

    #[test]
    fn android_g17_a_cir_url_has_a_url_child() {
        let agreed = CapabilityList { cir_url: Some("http://x/1".into()), ..Default::default() };
        let response = ClientCapabilityResponse { client_id: None, agreed };
        let literal = |name: &str| {
            let list = "AgreedCapabilityList";
            format!("<R><{list}><{name}><URL>http://x/1</URL></{name}></{list}></R>")
        };
        assert_writes(&response, &literal("CIRURL"), V1_2);
        assert_writes(&response, &literal("CIRHTTPAddress"), V1_3);
        let bare =
            "<R><AgreedCapabilityList><CIRURL>http://x/1</CIRURL></AgreedCapabilityList></R>";
        assert_eq!(read(bare, V1_2), Ok(response));
    }

    #[test]
    fn s60_gotcha_8_a_phone_of_1_1_gets_no_later_capability() {
        let agreed = CapabilityList {
            cir_methods: vec![CirMethod::Stcp, CirMethod::Stcp],
            cir_url: Some("http://x/1".into()),
            others: vec![tree("<UserSessionLimit>1</UserSessionLimit>")],
            ..Default::default()
        };
        let response = ClientCapabilityResponse { client_id: None, agreed };
        let literal =
            "<R><CapabilityList><SupportedCIRMethod>STCP</SupportedCIRMethod></CapabilityList></R>";
        assert_writes(&response, literal, V1_1);
    }

    #[test]
    fn capabilities_of_1_3_are_carried() {
        assert_round_trip::<ClientCapabilityRequest>(
            "<R><CapabilityList><MultiTrans>1</MultiTrans>\
             <MultiTransPerMessage>2</MultiTransPerMessage></CapabilityList></R>",
            V1_3,
        );
    }
}
