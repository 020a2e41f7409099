//! What a phone is set to, as in the menu of a real one.

use std::time::Duration;

use compact_str::CompactString;

use crate::{
    base::secret::Secret,
    csp::{access::DigestSchema, document::Spelling, version::Version},
    phone::{handset::Habits, trace::Trace},
};

/// How the phone shows that it knows the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginWay {
    /// It sends the password.
    TwoWay,
    /// It offers these digests, and sends one over the server's nonce and the password.
    FourWay(Vec<DigestSchema>),
}

impl LoginWay {
    /// Returns the digests that known phones offer.
    pub fn usual_digests() -> Self {
        Self::FourWay(vec![DigestSchema::Md5, DigestSchema::Sha])
    }
}

/// How the phone wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeBy {
    /// By a line on a connection that it keeps.
    Tcp,
    /// By a datagram.
    Udp,
}

/// All that a phone is set to.
#[derive(Clone, Debug)]
pub struct PhoneSettings {
    /// Where the server is, as in `http://127.0.0.1:8080/`.
    pub url: String,
    /// The user as typed: with or without `wv:` and domain.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The version of CSP.
    pub version: Version,
    /// How messages are written down.
    pub spelling: Spelling,
    /// Which handset it imitates.
    pub habits: Habits,
    /// How it logs in.
    pub login: LoginWay,
    /// How it is woken; none if it only polls.
    pub cir: Option<WakeBy>,
    /// What tells it from the user's other phones, instead of the handset's usual name.
    pub client_id: Option<CompactString>,
    /// The pause between polls, instead of the handset's own.
    pub poll: Option<Duration>,
    /// An answer that the handset could not read is an error.
    pub is_strict: bool,
    /// Who sees each exchange.
    pub trace: Option<Trace>,
}

impl PhoneSettings {
    /// Returns the usual settings of a handset: WBXML, a two-way login, polls only.
    pub fn new(habits: Habits, url: &str, user: &str, password: &str) -> Self {
        Self {
            url: url.into(),
            user: user.into(),
            password: Secret::new(password),
            version: habits.usual_version(),
            spelling: Spelling::Wbxml,
            habits,
            login: LoginWay::TwoWay,
            cir: None,
            client_id: None,
            poll: None,
            is_strict: habits.is_strict,
            trace: None,
        }
    }
}
