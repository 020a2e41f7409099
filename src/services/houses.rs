//! Which domain a request is for: those of one process have the same doors, and a house each.

use std::sync::{Arc, OnceLock};

use compact_str::{CompactString, format_compact};
use url::Host;

use crate::{
    base::ids::{self, Ids},
    csp::{envelope::Message, primitive::Primitive},
    services::context::Services,
    xmpp::jid::prepare_domain,
};

/// Letters of a session's id that nobody guesses: 82 bits.
const SECRET_CHARS: usize = 19;

/// Letters at its end that tell the domain: one of three millions.
const MARK_CHARS: usize = 5;

/// One domain of this process, and its house once that is open.
pub struct House {
    domain: String,
    /// The domain as it stands in an URL.
    host: String,
    mark: String,
    services: OnceLock<Services>,
}

impl House {
    /// Returns the house of a domain in canonical form, not open yet.
    pub fn of(domain: &str) -> Self {
        let host = Host::parse(domain).map_or_else(|_| domain.to_owned(), |host| host.to_string());
        Self { domain: domain.to_owned(), host, mark: mark(domain), services: OnceLock::new() }
    }

    /// Lets in who asks from now on.
    pub fn open(&self, services: Services) {
        // One is opened once.
        let _ = self.services.set(services);
    }

    /// Returns the domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns its use cases; none while its store cannot be opened.
    pub fn services(&self) -> Option<&Services> {
        self.services.get()
    }
}

/// All domains of this process.
#[derive(Clone)]
pub struct Houses(Arc<All>);

struct All {
    first: Arc<House>,
    others: Vec<Arc<House>>,
}

impl Houses {
    /// Puts them behind the same doors; none without any. Whoever does not say which is meant
    /// means the first.
    pub fn new(houses: Vec<Arc<House>>) -> Option<Self> {
        let mut houses = houses.into_iter();
        let first = houses.next()?;
        Some(Self(Arc::new(All { first, others: houses.collect() })))
    }

    /// Returns all of them, the first first.
    pub fn all(&self) -> impl Iterator<Item = &House> {
        std::iter::once(&self.0.first).chain(&self.0.others).map(Arc::as_ref)
    }

    /// Returns whose a message of a phone is; `host` is the server's name as the phone has it.
    ///
    /// A login is for the domain of the user, and where the user typed none (handset: S60 §4.1,
    /// Android §3) for that of the address in the phone's settings. Afterwards the session tells.
    pub fn of_message(&self, message: &Message, host: &str) -> &House {
        if self.0.others.is_empty() {
            return &self.0.first;
        }
        let login =
            message.transactions.iter().find_map(|transaction| match &transaction.content {
                Ok(Primitive::LoginRequest(request)) => Some(request),
                Ok(_) | Err(_) => None,
            });
        match (login, &message.session.session_id) {
            (Some(login), _) => {
                login.user.domain().and_then(|domain| self.named(domain)).unwrap_or(self.at(host))
            }
            (None, Some(id)) => self.of_session(id),
            (None, None) => self.at(host),
        }
    }

    /// Returns whose a session is. Ids without a mark are from before there were several domains.
    pub fn of_session(&self, id: &str) -> &House {
        let others = &self.0.others;
        others.iter().find(|house| id.ends_with(&house.mark)).unwrap_or(&self.0.first)
    }

    fn named(&self, domain: &str) -> Option<&House> {
        let domain = prepare_domain(domain).ok()?;
        self.all().find(|house| house.domain == domain)
    }

    fn at(&self, host: &str) -> &House {
        let name = host.split(':').next().unwrap_or_default();
        let others = &self.0.others;
        others.iter().find(|house| house.host.eq_ignore_ascii_case(name)).unwrap_or(&self.0.first)
    }
}

/// Returns a new session's id: at its end stands the domain, so that no process ever has to look
/// for whose it is, nor after a restart.
pub(super) fn session_id(ids: &Ids, domain: &str) -> CompactString {
    format_compact!("{}{}", ids.text(SECRET_CHARS), mark(domain))
}

/// Returns by what the sessions of a domain are known, always the same.
pub fn mark(domain: &str) -> String {
    ids::letters_of(domain, MARK_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::clock::Clock,
        csp::document::{Document, Spelling},
    };

    fn houses() -> Houses {
        let houses =
            ["a.test", "b.test", "b\u{fc}ro.test"].map(|domain| Arc::new(House::of(domain)));
        Houses::new(houses.to_vec()).unwrap()
    }

    fn message(session: &str, content: &str) -> Message {
        let session = match session {
            "" => "<SessionType>Outband</SessionType>".to_owned(),
            id => format!("<SessionType>Inband</SessionType><SessionID>{id}</SessionID>"),
        };
        let text = format!(
            "<WV-CSP-Message xmlns='http://www.openmobilealliance.org/DTD/WV-CSP1.2'><Session>\
             <SessionDescriptor>{session}</SessionDescriptor><Transaction><TransactionDescriptor>\
             <TransactionMode>Request</TransactionMode><TransactionID>1</TransactionID>\
             </TransactionDescriptor><TransactionContent \
             xmlns='http://www.openmobilealliance.org/DTD/WV-TRC1.2'>{content}\
             </TransactionContent></Transaction></Session></WV-CSP-Message>"
        );
        Message::read(&Document::read(Spelling::Xml, text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_login_is_for_the_domain_of_its_user_or_else_of_the_server_that_the_phone_names() {
        let houses = houses();
        for (user, host, domain) in [
            ("kim@b.test", "a.test", "b.test"),
            ("wv:Kim@B.TEST", "", "b.test"),
            ("kim@a.test", "b.test", "a.test"),
            ("kim", "b.test:8080", "b.test"),
            ("kim", "B.Test", "b.test"),
            ("kim", "xn--bro-hoa.test", "b\u{fc}ro.test"),
            ("kim", "192.0.2.1:8080", "a.test"),
            ("kim", "[2001:db8::1]:8080", "a.test"),
            ("kim", "", "a.test"),
            ("kim@elsewhere.test", "b.test", "b.test"),
            ("kim@elsewhere.test", "", "a.test"),
            ("kim@@", "", "a.test"),
        ] {
            let login = format!("<Login-Request><UserID>{user}</UserID></Login-Request>");
            // A phone may log in anew with the session that it had, and as somebody else.
            for session in ["", "xxxxx", &format!("bcd{}", mark("a.test"))] {
                let found = houses.of_message(&message(session, &login), host).domain();
                assert_eq!(found, domain, "{user} {host} {session}");
            }
        }
        let ask = message("", "<GetSPInfo-Request/>");
        assert_eq!(houses.of_message(&ask, "b.test").domain(), "b.test");
    }

    #[test]
    fn a_session_is_of_the_domain_that_made_it_whatever_the_server_is_called() {
        let (houses, ids) = (houses(), Ids::seeded(Clock::system(), 3));
        for domain in ["a.test", "b.test", "b\u{fc}ro.test"] {
            let id = session_id(&ids, domain);
            assert!(id.len() <= 50 && id.parse::<f64>().is_err(), "{id}");
            assert_eq!(houses.of_session(&id).domain(), domain);
            let poll = message(&id, "<Polling-Request/>");
            assert_eq!(houses.of_message(&poll, "b.test").domain(), domain);
        }
        // From before there were several.
        for id in ["bcdfghjkmnpqrstvwxz2bcdf", "", "x"] {
            assert_eq!(houses.of_session(id).domain(), "a.test");
        }
    }
}
