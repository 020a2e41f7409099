//! Login in two and four steps, logout, keep-alive.

use std::{net::IpAddr, time::Duration};

use compact_str::CompactString;
use tokio::sync::Semaphore;

use crate::{
    base::{clock::Millis, counters::Counter, secret::Secret},
    bridge,
    csp::{
        access::{
            DigestSchema, Disconnect, KeepAliveRequest, KeepAliveResponse, LoginProof,
            LoginRequest, LoginResponse,
        },
        envelope::Transaction,
        leaf::Word,
        outcome::StatusResult,
        primitive::Primitive,
        status::Code,
        version::Version,
    },
    domain::{
        account::{Account, AccountState, Registration, StoredPassword},
        address::Address,
        handset::Handset,
        presence::Presence,
        refusal::Refusal,
        session::{Session, Terms},
    },
    services::{
        context::Services,
        houses,
        passwords::Scheme,
        person::{Live, Person},
        refused,
        showing::Change,
        transaction::{Asker, Origin, done},
        unit::Unit,
    },
    store::write::Write,
};

/// How long the session lasts for a phone that does not say: half an hour.
const DEFAULT_KEEP_ALIVE: u32 = 1800;

/// Sessions of one account at once; a further phone replaces the one unheard for longest.
const MAX_SESSIONS: usize = 8;

/// Characters that a user name, password or client id may have.
const MAX_TEXT: usize = 255;

/// Within this time the repetition of a login gets the session that the first one got.
const LOGIN_REPEAT: Duration = Duration::from_secs(5 * 60);

/// Passwords that are checked at once.
static HASHING: Semaphore = Semaphore::const_new(8);

/// A login that was let in.
struct Admitted {
    account: Account,
    client_id: CompactString,
    keep_alive: u32,
}

impl Services {
    /// Carries out a login and answers it.
    pub(super) async fn login_answer(
        &self,
        request: LoginRequest,
        transaction: Option<CompactString>,
        version: Version,
        origin: Origin<'_>,
    ) -> Transaction {
        let answer = match self.login(&request, transaction.as_deref(), version, &origin).await {
            Ok(answer) => answer,
            Err(refusal) => {
                Counter::LoginsRefused.count();
                let code = bridge::refusal::code(refusal);
                let description = Some(bridge::refusal::words(refusal).into());
                LoginResponse {
                    client_id: request.client_id.clone(),
                    ..LoginResponse::new(StatusResult { description, ..StatusResult::new(code) })
                }
            }
        };
        Transaction::response(transaction, Primitive::LoginResponse(answer))
    }

    /// Returns the kind of phone that logs in.
    pub(super) fn handset_of(
        &self,
        request: &LoginRequest,
        origin: &Origin<'_>,
    ) -> &'static Handset {
        let cookie = request.session_cookie.as_deref().unwrap_or_default();
        Handset::recognised(&client_id(request), origin.user_agent, cookie)
    }

    async fn login(
        &self,
        request: &LoginRequest,
        transaction: Option<&str>,
        version: Version,
        origin: &Origin<'_>,
    ) -> Result<LoginResponse, Refusal> {
        let texts = [request.user.as_written(), request.session_cookie.as_deref().unwrap_or("")];
        if texts.iter().any(|text| text.len() > MAX_TEXT) || client_id(request).len() > MAX_TEXT {
            return Err(Refusal::BadParameter);
        }
        let account = bridge::address::of_user(&request.user, &self.rules.domain)
            .filter(|account| self.is_ours(account) && account.name().is_some())
            .ok_or(Refusal::WrongPassword)?;
        let now = self.clock.now();
        if !self.attempts.may_log_in(&account, origin.remote, now) {
            return Err(Refusal::TooOften);
        }
        let admitted = match &request.proof {
            Some(LoginProof::Schemas(schemas)) => {
                return self.challenge(request, &account, schemas, now).await;
            }
            Some(LoginProof::Digest(digest)) => {
                self.by_digest(&account, digest.0.expose(), &seed(request), now).await
            }
            Some(LoginProof::Password(password)) => {
                self.by_password(&account, password.0.expose(), origin.remote).await
            }
            None => self.by_password(&account, "", origin.remote).await,
        };
        let account = match admitted {
            Ok(account) => account,
            Err(Refusal::WrongPassword) => {
                self.attempts.failed(&account, origin.remote, now);
                return Err(Refusal::WrongPassword);
            }
            Err(refusal) => return Err(refusal),
        };
        self.attempts.succeeded(&account.address, origin.remote);
        let wanted = request.time_to_live_secs.unwrap_or(DEFAULT_KEEP_ALIVE);
        let admitted =
            Admitted { account, client_id: client_id(request), keep_alive: self.granted(wanted) };
        self.open_session(request, admitted, transaction.unwrap_or_default(), version, origin).await
    }

    /// The first of four steps: which digest, over which nonce.
    ///
    /// A name that is not there gets a nonce all the same, so that nobody learns which are.
    async fn challenge(
        &self,
        request: &LoginRequest,
        account: &Address,
        schemas: &[DigestSchema],
        now: Millis,
    ) -> Result<LoginResponse, Refusal> {
        let stored = self.store.account(account).await.map_err(refused)?;
        let is_digestible =
            !stored.is_some_and(|account| matches!(account.password, StoredPassword::Hashed(_)));
        let offers = |scheme: Scheme| schemas.iter().any(|offered| offered.word() == scheme.name());
        let scheme = Scheme::PREFERRED
            .into_iter()
            .find(|&scheme| offers(scheme) && (is_digestible || scheme == Scheme::Plain))
            .ok_or(Refusal::NoDigest)?;
        Ok(LoginResponse {
            client_id: request.client_id.clone(),
            nonce: Some(self.keeper.nonce(&seed(request), now).into()),
            digest_schema: DigestSchema::from_word(scheme.name()),
            ..LoginResponse::new(StatusResult::new(Code::UNAUTHORISED))
        })
    }

    async fn by_digest(
        &self,
        address: &Address,
        digest: &str,
        seed: &str,
        now: Millis,
    ) -> Result<Account, Refusal> {
        let account = self.store.account(address).await.map_err(refused)?;
        let account = account.ok_or(Refusal::WrongPassword)?;
        let stored = &account.password;
        // A phone that was told PWD sends the password where others send the digest.
        let is_right = self.keeper.is_digest(address, stored, digest, seed, now);
        if is_right { usable(account) } else { Err(Refusal::WrongPassword) }
    }

    async fn by_password(
        &self,
        address: &Address,
        password: &str,
        remote: IpAddr,
    ) -> Result<Account, Refusal> {
        let account = self.store.account(address).await.map_err(refused)?;
        let Some(account) = account else {
            if self.rules.registration == Registration::Auto && !password.is_empty() {
                return self.register(address, password, remote).await;
            }
            return Err(Refusal::WrongPassword);
        };
        let (keeper, stored) = (self.keeper.clone(), account.password.clone());
        let (address, password) = (address.clone(), Secret::new(password));
        // A hash is slow and large on purpose: others must not wait for it, and not all that are
        // tried at once may fill the memory.
        let _place = match stored {
            StoredPassword::Hashed(_) => HASHING.acquire().await.ok(),
            StoredPassword::Sealed(_) => None,
        };
        let check = tokio::task::spawn_blocking(move || {
            keeper.is_password(&address, &stored, password.expose())
        });
        if check.await.unwrap_or(false) { usable(account) } else { Err(Refusal::WrongPassword) }
    }

    /// Makes an account at its first login.
    async fn register(
        &self,
        address: &Address,
        password: &str,
        remote: IpAddr,
    ) -> Result<Account, Refusal> {
        if !self.attempts.may_register(remote, self.clock.now()) {
            return Err(Refusal::TooOften);
        }
        match self.add_account(address, Some(&Secret::new(password)), None).await? {
            Some(account) => {
                tracing::info!(account = %address, %remote, "registered at the first login");
                Ok(account)
            }
            None => Err(Refusal::WrongPassword),
        }
    }

    /// Opens a session in place of an older one of the same phone.
    async fn open_session(
        &self,
        request: &LoginRequest,
        admitted: Admitted,
        transaction: &str,
        version: Version,
        origin: &Origin<'_>,
    ) -> Result<LoginResponse, Refusal> {
        let now = self.clock.now();
        let cell = self.people.cell(&admitted.account.address, now);
        let _gate = cell.gate.lock().await;
        // While it waited the account may have been suspended, or got another password.
        let account = self.store.account(&admitted.account.address).await.map_err(refused)?;
        let account = account.filter(|account| account.password == admitted.account.password);
        let account = usable(account.ok_or(Refusal::WrongPassword)?)?;
        let mut person =
            self.people.hold(&self.store, &cell).await?.ok_or(Refusal::WrongPassword)?;
        let cookie = request.session_cookie.clone().unwrap_or_default();
        let same = person.sessions.iter().find(|live| {
            live.session.client_id == admitted.client_id
                && live.session.cookie == cookie
                && live.session.terms.login_transaction == transaction
                && !live.session.terms.has_capabilities
                && now.since(live.session.opened) < LOGIN_REPEAT
        });
        if let Some(live) = same {
            return Ok(welcome(request, &live.session));
        }
        let mut session = self.new_session(request, &admitted, transaction, version, origin);
        session.presence = self.shown_last(&person, &session).await?;
        session.presence.personal = person.personal.clone();
        let mut unit = Unit::of_login();
        let ended = replaced(&person.sessions, &session);
        unit.write(Write::PutSession(Box::new(session.clone())));
        let contacts = self.contacts(&session.account).await?;
        let mut changes = vec![Change::shown(session.clone())];
        let others = ended.iter().filter(|old| old.resource != session.resource);
        changes.extend(others.cloned().map(Change::gone));
        // Of a link that comes only now nothing is claimed.
        let link = self.link_number();
        let news = self.show(&mut person, &contacts, &changes, &mut unit).await?;
        self.end(&mut person, &ended, unit).await?;
        self.people.know(&cell, std::iter::once(&session.id));
        // What was just read is newer than what was read some time ago.
        person.account.state = account.state;
        // Nearly everybody has one phone: a vector that grows by itself would make room for four.
        person.sessions.reserve_exact(1);
        let mut live = Live::opened(session.clone(), self.clock.now());
        live.shown_on = link;
        person.sessions.push(live);
        if let Err(refusal) = self.probe(&mut person, &contacts).await {
            tracing::warn!(?refusal, account = %session.account, "who answers is not known");
        }
        drop(person);
        let now = self.link_number();
        if now != link {
            // It came in between, and may not have found this session.
            let (services, account) = (self.clone(), vec![session.account.clone()]);
            tokio::spawn(async move { services.announce_until_shown(account, now).await });
        }
        Counter::Logins.count();
        tracing::info!(account = %session.account, session = %short(&session.id),
            handset = %session.terms.handset, version = %session.terms.version, "logged in");
        self.tell(news).await;
        Ok(welcome(request, &session))
    }

    /// Returns what a new session shows: the same as that which it replaces or follows.
    async fn shown_last(&self, person: &Person, new: &Session) -> Result<Presence, Refusal> {
        let sessions = person.sessions.iter().map(|live| &live.session);
        let old = sessions.filter(|old| old.resource == new.resource).max_by_key(|old| old.opened);
        let last = match old {
            Some(old) => Some(old.last_there()),
            None => self.store.last_there(&new.account).await.map_err(refused)?,
        };
        let first = || Presence { is_online: true, ..Presence::default() };
        Ok(last.map_or_else(first, |last| last.shown_again(&new.resource)))
    }

    fn new_session(
        &self,
        request: &LoginRequest,
        admitted: &Admitted,
        transaction: &str,
        version: Version,
        origin: &Origin<'_>,
    ) -> Session {
        let now = self.clock.now();
        let keep_alive = Duration::from_secs(admitted.keep_alive.into());
        let handset = self.handset_of(request, origin);
        Session {
            id: houses::session_id(&self.ids, &self.rules.domain),
            account: admitted.account.address.clone(),
            resource: resource(&admitted.client_id, handset),
            client_id: admitted.client_id.clone(),
            cookie: request.session_cookie.clone().unwrap_or_default(),
            keep_alive,
            opened: now,
            expires: now.after(keep_alive + keep_alive / 4),
            terms: Terms {
                version: version.digits().into(),
                handset: handset.name.as_str().into(),
                user_spelling: request.user.as_written().into(),
                login_transaction: transaction.into(),
                remote: Some(origin.remote),
                wake_ups: Vec::new(),
                content_limit: None,
                refuses_pictures: false,
                transactions_per_message: handset.transactions,
                has_capabilities: false,
                has_services: false,
            },
            presence: Presence::default(),
        }
    }

    /// Ends the session that asks.
    pub(super) async fn logout(&self, asker: &Asker) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let session = person.live(&asker.session).ok_or(Refusal::NoSession)?.session.clone();
        // handset: S60 §4.6: the phone itself says nothing of it.
        let news = self.end_sessions(&mut person, &[session]).await?;
        drop(person);
        self.tell(news).await;
        // handset: S60 §4.6
        Ok(match asker.version {
            Version::V1_1 => Primitive::Disconnect(Disconnect { result: Some(StatusResult::ok()) }),
            Version::V1_2 | Version::V1_3 => done(),
        })
    }

    /// Answers that the session lives, and for how long.
    pub(super) async fn keep_alive(
        &self,
        asker: &Asker,
        request: KeepAliveRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let live = person.live(&asker.session).ok_or(Refusal::NoSession)?;
        if let Some(wanted) = request.time_to_live_secs {
            let granted = self.granted(wanted);
            let mut session = live.session.clone();
            session.keep_alive = Duration::from_secs(granted.into());
            session.expires = self.clock.now().after(session.keep_alive + session.keep_alive / 4);
            let mut unit = Unit::default();
            unit.write(Write::PutSession(Box::new(session.clone())));
            self.carry_out(unit).await?;
            live.session = session;
            live.stored();
        }
        Ok(Primitive::KeepAliveResponse(KeepAliveResponse {
            result: StatusResult::ok(),
            keep_alive_secs: Some(seconds(&live.session)),
        }))
    }
}

/// What a nonce is bound to: the phone repeats all of this in its second request.
fn seed(request: &LoginRequest) -> String {
    let cookie = request.session_cookie.as_deref().unwrap_or_default();
    format!("{}\0{}\0{cookie}", request.user.as_written(), client_id(request))
}

fn client_id(request: &LoginRequest) -> CompactString {
    let id = request.client_id.as_ref();
    let text = id.and_then(|id| id.url.clone().or_else(|| id.msisdn.clone()));
    text.unwrap_or_default()
}

/// The device's name to the world: the kind of phone, and what tells two of a kind apart.
fn resource(client_id: &str, handset: &Handset) -> CompactString {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(client_id.as_bytes());
    let mark: String = digest[..4].iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{}-{mark}", if handset.name == "unknown" { "phone" } else { &handset.name }).into()
}

/// Returns which sessions give way to a new one: that of the same phone, and where there are too
/// many those that were not heard of for longest.
fn replaced(sessions: &[Live], new: &Session) -> Vec<Session> {
    let mut others: Vec<&Session> = sessions.iter().map(|live| &live.session).collect();
    others.sort_by_key(|old| (old.client_id != new.client_id, old.expires));
    let same = others.iter().filter(|old| old.client_id == new.client_id).count();
    let beyond = (others.len() + 1).saturating_sub(MAX_SESSIONS);
    others.into_iter().take(same.max(beyond)).cloned().collect()
}

fn usable(account: Account) -> Result<Account, Refusal> {
    match account.state {
        AccountState::Active => Ok(account),
        AccountState::Suspended => Err(Refusal::Suspended),
    }
}

fn welcome(request: &LoginRequest, session: &Session) -> LoginResponse {
    LoginResponse {
        client_id: request.client_id.clone(),
        session_id: Some(session.id.clone()),
        keep_alive_secs: Some(seconds(session)),
        capability_request: Some(true),
        ..LoginResponse::new(StatusResult::ok())
    }
}

fn seconds(session: &Session) -> u32 {
    u32::try_from(session.keep_alive.as_secs()).unwrap_or(u32::MAX)
}

/// The part of a session's id that may stand in a log: enough to find, too little to use.
pub(super) fn short(id: &str) -> &str {
    id.get(..6).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(client: &str, expires: i64) -> Session {
        Session {
            id: client.into(),
            account: Address::of("kim", "onesoup.test"),
            resource: client.into(),
            client_id: client.into(),
            cookie: CompactString::default(),
            keep_alive: Duration::ZERO,
            opened: Millis(0),
            expires: Millis(expires),
            terms: Terms {
                version: "12".into(),
                handset: "s60".into(),
                user_spelling: "kim".into(),
                login_transaction: CompactString::default(),
                remote: None,
                wake_ups: Vec::new(),
                content_limit: None,
                refuses_pictures: false,
                transactions_per_message: 1,
                has_capabilities: true,
                has_services: true,
            },
            presence: Presence::default(),
        }
    }

    #[test]
    fn the_same_phone_gives_way_or_else_the_one_unheard_for_longest() {
        let live = |client: &str, expires| Live::opened(session(client, expires), Millis(0));
        let ids = |sessions: &[Live], new: &str| -> Vec<CompactString> {
            replaced(sessions, &session(new, 99)).into_iter().map(|old| old.id).collect()
        };
        let mut sessions: Vec<Live> = (1..MAX_SESSIONS)
            .map(|number| live(&format!("p{number}"), 10 - number as i64))
            .collect();
        assert_eq!(ids(&sessions, "new"), [""; 0]);
        assert_eq!(ids(&sessions, "p3"), ["p3"]);
        sessions.push(live("last", 50));
        assert_eq!(ids(&sessions, "new"), ["p7"]);
        assert_eq!(ids(&sessions, "last"), ["last"]);
    }
}
