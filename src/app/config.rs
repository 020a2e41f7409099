//! Every setting, declared once: name, kind, default, and the text that is its manual.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    base::secret::Secret,
    bridge,
    domain::{account::Registration, address::Address},
    xmpp::jid::{Jid, prepare_domain},
};

macro_rules! settings {
    ($($(#[doc = $about:literal])* [$section:literal] $type:ident {
        $($(#[doc = $text:literal])* $name:ident: $kind:ty = $default:expr;)*
    })*) => {
        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $type { $($(#[doc = $text])* pub $name: $kind,)* }

            impl Default for $type {
                fn default() -> Self {
                    Self { $($name: $default.into(),)* }
                }
            }
        )*

        /// Sections and settings in the order of the sample, with their manual texts.
        pub(super) const MANUAL: &[Section] = &[$(Section {
            name: $section,
            about: &[$($about),*],
            settings: &[$((stringify!($name), &[$($text),*]),)*],
        },)*];
    };
}

/// What the manual says of one section.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) about: &'static [&'static str],
    pub(super) settings: &'static [(&'static str, &'static [&'static str])],
}

settings! {
    /// The domain whose server this is.
    ["domain"] DomainSettings {
        /// Its name, as in `kim@chat.example.org`. The XMPP server must know it as a component.
        name: String = "";
    }

    /// The link to the XMPP server (XEP-0114).
    ["link"] LinkSettings {
        /// Where the server waits for components: a name or an address.
        host: String = "127.0.0.1";
        /// The port there.
        port: u16 = 5347u16;
        /// The secret that the server expects of this component.
        secret: SettingSecret = "";
    }

    /// The door for phones.
    ["http"] HttpSettings {
        /// Where phones reach us: address and port. Old phones need plain HTTP.
        listen: String = "0.0.0.0:8080";
        /// Reverse proxies in front, as `["127.0.0.1", "10.0.0.0/8"]`: only they are believed when
        /// `X-Forwarded-For`, or else `Forwarded`, names the phone; and since many phones
        /// come through them, their connections are not counted by address.
        trusted_proxies: Vec<String> = [];
    }

    /// The door for the operator: `/healthz`, `/readyz`, `/metrics`. Keep it private.
    ["admin"] AdminSettings {
        /// Address and port.
        listen: String = "127.0.0.1:8081";
    }

    /// Where everything is kept.
    ["store"] StoreSettings {
        /// `sqlite:///path/file.db` (three slashes: from the root; two: from the working directory).
        url: String = "sqlite://data/onesoup.db";
    }

    /// Waking phones over a socket that they keep open (STCP).
    ["cir.tcp"] CirTcpSettings {
        /// Where phones open that socket: address and port.
        listen: String = "0.0.0.0:3171";
        /// The `host:port` that phones are told. Empty: not offered. Only name what phones really
        /// reach: a phone that agreed and is never woken stays silent.
        advertise: String = "";
    }

    /// Waking phones by a datagram to the address that they speak from (SUDP).
    ["cir.udp"] CirUdpSettings {
        /// Only where no address translation stands between this server and the phones.
        enabled: bool = false;
    }

    /// How long phones may be silent before their users are shown as gone. A phone asks for a time of
    /// its own, and gets it within these bounds; a quarter more is forgiven.
    ["sessions"] SessionSettings {
        /// Seconds. Where it is short, phones wake often to say that they are there.
        shortest: u32 = 240u32;
        /// Seconds. Where it is long, a phone that is lost shows as online for long.
        longest: u32 = 9_000u32;
    }

    /// Whom people of the network turn to about this domain (XEP-0157). Each is a list of
    /// addresses: `mailto:abuse@chat.example.org`, `xmpp:kim@chat.example.org`, a web page.
    ["contact"] ContactSettings {
        /// Those who stop misuse. Name at least these.
        abuse: Vec<String> = Vec::<String>::new();
        /// Those who run the service.
        admin: Vec<String> = Vec::<String>::new();
        /// Those who like to hear how it is.
        feedback: Vec<String> = Vec::<String>::new();
        /// Those who sell it.
        sales: Vec<String> = Vec::<String>::new();
        /// Those who mend holes.
        security: Vec<String> = Vec::<String>::new();
        /// Where it is told what is broken right now.
        status: Vec<String> = Vec::<String>::new();
        /// Those who help.
        support: Vec<String> = Vec::<String>::new();
    }

    /// Who may have an account.
    ["accounts"] AccountSettings {
        /// `closed`: only `onesoup account add` makes accounts. `auto`: besides, a first login with
        /// a free name and a password makes one. `open`: besides, anyone on the XMPP network may
        /// register one with this domain from their own client (XEP-0077), and change and remove it.
        registration: String = "closed";
        /// Who may look after accounts from their own XMPP client (ad-hoc commands: XEP-0050,
        /// XEP-0133): addresses elsewhere on the network, as `["kim@xmpp.example.org"]`. They can
        /// do with any account what `onesoup account` can; their servers vouch for who they are.
        operators: Vec<String> = Vec::<String>::new();
        /// The key under which phone passwords are sealed; made at the first start. Keep a copy
        /// apart from the database: without it no digest login works.
        key_file: String = "data/onesoup.key";
    }
}

/// All settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The domain whose server this is.
    pub domain: DomainSettings,
    /// The link to the XMPP server.
    pub link: LinkSettings,
    /// The door for phones.
    pub http: HttpSettings,
    /// The door for the operator.
    pub admin: AdminSettings,
    /// Where everything is kept.
    pub store: StoreSettings,
    /// Waking phones.
    pub cir: CirSettings,
    /// How long phones may be silent.
    pub sessions: SessionSettings,
    /// Whom people turn to.
    pub contact: ContactSettings,
    /// Who may have an account.
    pub accounts: AccountSettings,
    /// The domains besides, each with all settings that count for it: where one says nothing of
    /// its own, these are as above.
    #[serde(skip)]
    pub further: Vec<Settings>,
}

/// Waking phones (communication initiation requests).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CirSettings {
    /// Over a socket that they keep open.
    pub tcp: CirTcpSettings,
    /// By a datagram.
    pub udp: CirUdpSettings,
}

/// A secret as a setting: reads as text, writes as nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct SettingSecret(Secret);

impl SettingSecret {
    /// Returns the secret.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl From<&str> for SettingSecret {
    fn from(text: &str) -> Self {
        Self(Secret::new(text))
    }
}

impl Serialize for SettingSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl ContactSettings {
    /// Returns the addresses by what they are for.
    pub fn by_matter(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("abuse", self.abuse.clone()),
            ("admin", self.admin.clone()),
            ("feedback", self.feedback.clone()),
            ("sales", self.sales.clone()),
            ("security", self.security.clone()),
            ("status", self.status.clone()),
            ("support", self.support.clone()),
        ]
    }
}

impl Settings {
    /// Returns the settings of each domain, the first first.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// Returns the settings of one of the domains.
    pub fn of_domain(&self, name: &str) -> Option<&Self> {
        let name = prepare_domain(name).ok()?;
        self.each().find(|settings| prepare_domain(&settings.domain.name).as_ref() == Ok(&name))
    }

    /// Returns the settings of the domain of an address, as an operator writes it: of the first
    /// for one without a domain, or of a domain that is not ours.
    pub fn of_address(&self, address: &str) -> &Self {
        let domain = address.split_once('@').map(|(_, domain)| domain);
        domain.and_then(|domain| self.of_domain(domain)).unwrap_or(self)
    }

    /// Returns who may have an account.
    pub fn registration(&self) -> Option<Registration> {
        match self.accounts.registration.as_str() {
            "closed" => Some(Registration::Closed),
            "open" => Some(Registration::Open),
            "auto" => Some(Registration::Auto),
            _ => None,
        }
    }

    /// Returns who may give commands.
    pub fn operators(&self) -> Vec<Address> {
        self.accounts.operators.iter().filter_map(|value| person(value)).collect()
    }

    /// Returns whether an address is that of a person who is not of our domain: those who are
    /// have phones, and phones know no commands.
    pub(super) fn is_elsewhere(&self, value: &str) -> bool {
        let own = prepare_domain(&self.domain.name).ok();
        person(value).is_some_and(|person| Some(person.domain()) != own.as_deref())
    }

    /// Returns the proxies that are believed.
    pub fn trusted_proxies(&self) -> Vec<IpNet> {
        self.http.trusted_proxies.iter().filter_map(|value| network(value)).collect()
    }

    /// Returns host and port that phones are told for their wake-up socket, if they are told any.
    pub fn advertised_tcp(&self) -> Option<(String, u16)> {
        let (host, port) = self.cir.tcp.advertise.rsplit_once(':')?;
        let port = port.parse().ok().filter(|&port| port != 0)?;
        (!host.is_empty()).then(|| (host.to_owned(), port))
    }
}

/// Reads the address of a person, without a device.
fn person(text: &str) -> Option<Address> {
    let jid = Jid::new(text).ok().filter(|jid| jid.is_bare() && jid.local().is_some())?;
    bridge::address::of_jid(&jid)
}

/// Reads a network, or an address alone.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address)
}
