//! Sessions and what they offer: login, keep-alive, polls, service negotiation.

use compact_str::CompactString;

use crate::{
    base::secret::{Secret, is_same},
    csp::{
        address::UserAddress,
        field::{Build, FieldError, Fields, Shape},
        leaf::Word,
        outcome::StatusResult,
        service_tree::ServiceSet,
        version::Version,
    },
};

/// `ClientID`: what tells the installations of a client apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientId {
    /// A URL or a bare name, as in `JiMMY`.
    pub url: Option<CompactString>,
    /// A phone number.
    pub msisdn: Option<CompactString>,
}

impl Shape for ClientId {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { url: from.optional("URL")?, msisdn: from.optional("MSISDN")? })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("URL", self.url.as_ref()).maybe("MSISDN", self.msisdn.as_ref())
    }
}

/// Writes `ClientID` outside of a login, where 1.2 has dropped it.
pub fn write_client_id(to: Build, client_id: Option<&ClientId>) -> Build {
    if to.version() == Version::V1_1 { to.maybe("ClientID", client_id) } else { to }
}

/// How nonce and password are hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestSchema {
    /// No hash: the password itself.
    Pwd,
    /// SHA-1.
    Sha,
    /// MD4.
    Md4,
    /// MD5.
    Md5,
    /// MD6, a name without an algorithm.
    Md6,
    /// Another name.
    Other(CompactString),
}

impl Word for DigestSchema {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("PWD", Self::Pwd),
        ("SHA", Self::Sha),
        ("MD4", Self::Md4),
        ("MD5", Self::Md5),
        ("MD6", Self::Md6),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// A password in a message: never printed, compared in constant time.
#[derive(Clone, Debug)]
pub struct Password(pub Secret);

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        is_same(self.0.expose().as_bytes(), other.0.expose().as_bytes())
    }
}

impl Shape for Password {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self(Secret::new(from.text())))
    }

    fn write(&self, to: Build) -> Build {
        to.text(self.0.expose())
    }
}

/// What a login shows for itself.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginProof {
    /// The password, which may be empty.
    Password(Password),
    /// The hashes that the client can compute: the first of two steps.
    Schemas(Vec<DigestSchema>),
    /// Base64 of a hash over nonce and password: the second step.
    Digest(Password),
}

/// `Login-Request`, in one step or as either of two.
#[derive(Clone, Debug, PartialEq)]
pub struct LoginRequest {
    /// The user, as typed.
    pub user: UserAddress,
    /// The installation.
    pub client_id: Option<ClientId>,
    /// The proof, if there is any.
    pub proof: Option<LoginProof>,
    /// How long the session may be silent, as the client wishes.
    pub time_to_live_secs: Option<u32>,
    /// What a wake-up shall carry.
    pub session_cookie: Option<CompactString>,
}

impl Shape for LoginRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            user: from.required("UserID")?,
            client_id: from.optional("ClientID")?,
            proof: read_proof(from)?,
            time_to_live_secs: from.hint("TimeToLive"),
            session_cookie: from.optional("SessionCookie")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        let to = to.put("UserID", &self.user).maybe("ClientID", self.client_id.as_ref());
        let to = match &self.proof {
            Some(LoginProof::Password(password)) => to.put("Password", password),
            Some(LoginProof::Schemas(schemas)) => to.each("DigestSchema", schemas),
            Some(LoginProof::Digest(digest)) => to.put("DigestBytes", digest),
            None => to,
        };
        to.maybe("TimeToLive", self.time_to_live_secs.as_ref())
            .maybe("SessionCookie", self.session_cookie.as_ref())
    }
}

/// Reads the strongest proof. Schemas come one by one or as a list with commas.
fn read_proof(from: Fields<'_>) -> Result<Option<LoginProof>, FieldError> {
    if let Some(digest) = from.optional("DigestBytes")? {
        return Ok(Some(LoginProof::Digest(digest)));
    }
    if let Some(password) = from.optional("Password")? {
        return Ok(Some(LoginProof::Password(password)));
    }
    let names = from.each("DigestSchema").flat_map(|element| element.text().split(','));
    let schemas: Vec<_> =
        names.filter(|name| !name.trim().is_empty()).filter_map(DigestSchema::from_word).collect();
    Ok((!schemas.is_empty()).then_some(LoginProof::Schemas(schemas)))
}

/// `Login-Response`: a session, a challenge, or a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginResponse {
    /// The installation, echoed.
    pub client_id: Option<ClientId>,
    /// 200, 401 for a challenge, or why not.
    pub result: StatusResult,
    /// What to hash in front of the password.
    pub nonce: Option<CompactString>,
    /// How to hash it.
    pub digest_schema: Option<DigestSchema>,
    /// The session, up to 50 characters (handset: S60 §3.2).
    pub session_id: Option<CompactString>,
    /// How long the session may be silent.
    pub keep_alive_secs: Option<u32>,
    /// Whether the client shall name its capabilities.
    pub capability_request: Option<bool>,
}

impl LoginResponse {
    /// Returns an answer with an outcome and nothing else.
    pub fn new(result: impl Into<StatusResult>) -> Self {
        Self {
            client_id: None,
            result: result.into(),
            nonce: None,
            digest_schema: None,
            session_id: None,
            keep_alive_secs: None,
            capability_request: None,
        }
    }
}

impl Shape for LoginResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_id: from.optional("ClientID")?,
            result: from.required("Result")?,
            nonce: from.optional("Nonce")?,
            digest_schema: from.optional("DigestSchema")?,
            session_id: from.optional("SessionID")?,
            keep_alive_secs: from.optional("KeepAliveTime")?,
            capability_request: from.optional("CapabilityRequest")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ClientID", self.client_id.as_ref())
            .put("Result", &self.result)
            .maybe("Nonce", self.nonce.as_ref())
            .maybe("DigestSchema", self.digest_schema.as_ref())
            .maybe("SessionID", self.session_id.as_ref())
            .maybe("KeepAliveTime", self.keep_alive_secs.as_ref())
            .maybe("CapabilityRequest", self.capability_request.as_ref())
    }
}

/// `Disconnect`: the server ends a session, or answers a logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// Why; always sent by us.
    pub result: Option<StatusResult>,
}

impl Shape for Disconnect {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { result: from.optional("Result")? })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Result", self.result.as_ref())
    }
}

/// `KeepAlive-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepAliveRequest {
    /// How long the session may be silent from now on, as the client wishes.
    pub time_to_live_secs: Option<u32>,
}

impl Shape for KeepAliveRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { time_to_live_secs: from.hint("TimeToLive") })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("TimeToLive", self.time_to_live_secs.as_ref())
    }
}

/// `KeepAlive-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAliveResponse {
    /// The outcome, which S60 cannot do without (handset: S60 §11.18).
    pub result: StatusResult,
    /// How long the session may be silent from now on.
    pub keep_alive_secs: Option<u32>,
}

impl Shape for KeepAliveResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            result: from.required("Result")?,
            keep_alive_secs: from.optional("KeepAliveTime")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Result", &self.result).maybe("KeepAliveTime", self.keep_alive_secs.as_ref())
    }
}

/// `Service-Request`: the functions that a client wants to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRequest {
    /// The installation, in 1.1.
    pub client_id: Option<ClientId>,
    /// The wish.
    pub functions: ServiceSet,
    /// Whether the answer shall list all that the server has.
    pub wants_all_functions: bool,
}

impl Shape for ServiceRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_id: from.optional("ClientID")?,
            functions: from.optional("Functions")?.unwrap_or_default(),
            wants_all_functions: from.flag("AllFunctionsRequest"),
        })
    }

    fn write(&self, to: Build) -> Build {
        write_client_id(to, self.client_id.as_ref())
            .put("Functions", &self.functions)
            .put("AllFunctionsRequest", &self.wants_all_functions)
    }
}

/// `Service-Response`: the functions that are *not* agreed on, and all that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceResponse {
    /// The installation, in 1.1.
    pub client_id: Option<ClientId>,
    /// The refused part of the wish.
    pub refused: ServiceSet,
    /// All that the server has; the login of Android hangs without it (handset: Android G3), S60
    /// passes over it.
    pub all: Option<ServiceSet>,
}

impl Shape for ServiceResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        // 1.3 renames the element, but has no token that a phone would know.
        let refused = from.optional("Functions")?.or(from.optional("NotAvailableFunctions")?);
        Ok(Self {
            client_id: from.optional("ClientID")?,
            refused: refused.unwrap_or_default(),
            all: from.optional("AllFunctions")?,
        })
    }

    /// An empty `WVCSPFeat` would refuse everything, so nothing refused is nothing written.
    fn write(&self, to: Build) -> Build {
        let to = write_client_id(to, self.client_id.as_ref());
        let to = if self.refused.is_empty() { to } else { to.put("Functions", &self.refused) };
        to.maybe("AllFunctions", self.all.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        service_tree::Service,
        status::Code,
        version::Version::{V1_1, V1_2},
    };

    #[test]
    fn s60_logs_in_with_a_password_or_in_two_steps() {
        let ends = "<TimeToLive>86400</TimeToLive><SessionCookie>wv:nokia.12</SessionCookie>";
        let login = |proof: &str| {
            format!(
                "<Login-Request><UserID>kim</UserID><ClientID><URL>x</URL></ClientID>{proof}{ends}\
                 </Login-Request>"
            )
        };
        let password: LoginRequest = assert_round_trip(&login("<Password>my2</Password>"), V1_1);
        assert_eq!(password.user.user(), "kim");
        assert!(!format!("{password:?}").contains("my2"));
        let first: LoginRequest =
            assert_round_trip(&login("<DigestSchema>MD5</DigestSchema>"), V1_1);
        assert_eq!(first.proof, Some(LoginProof::Schemas(vec![DigestSchema::Md5])));
        let second: LoginRequest =
            assert_round_trip(&login("<DigestBytes>fGuOGYxd==</DigestBytes>"), V1_1);
        assert!(matches!(second.proof, Some(LoginProof::Digest(_))));
    }

    #[test]
    fn digest_schemas_come_one_by_one_or_with_commas() {
        let listed = "<L><UserID>u</UserID><DigestSchema>PWD,SHA, MD5,XYZ</DigestSchema></L>";
        let wanted = vec![
            DigestSchema::Pwd,
            DigestSchema::Sha,
            DigestSchema::Md5,
            DigestSchema::Other("XYZ".into()),
        ];
        let login: LoginRequest = read(listed, V1_1).unwrap();
        assert_eq!(login.proof, Some(LoginProof::Schemas(wanted)));
        // handset: Android §3
        let repeated = "<L><UserID>u</UserID><TimeToLive>7205</TimeToLive>\
            <DigestSchema>MD5</DigestSchema><DigestSchema>SHA</DigestSchema></L>";
        let login: LoginRequest = read(repeated, V1_2).unwrap();
        let wanted = vec![DigestSchema::Md5, DigestSchema::Sha];
        assert_eq!(login.proof, Some(LoginProof::Schemas(wanted)));
        assert_eq!(login.time_to_live_secs, Some(7205));
    }

    #[test]
    fn an_empty_password_is_a_password() {
        let login: LoginRequest = read("<L><UserID>u</UserID><Password/></L>", V1_2).unwrap();
        assert!(matches!(login.proof, Some(LoginProof::Password(_))));
    }

    #[test]
    fn a_login_is_answered_in_the_order_of_the_specification() {
        assert_round_trip::<LoginResponse>(
            "<Login-Response><ClientID><URL>JiMMY</URL></ClientID><Result><Code>401</Code></Result>\
             <Nonce>q7Zk19</Nonce><DigestSchema>MD5</DigestSchema></Login-Response>",
            V1_2,
        );
        assert_round_trip::<LoginResponse>(
            "<Login-Response><Result><Code>200</Code></Result><SessionID>im-4711</SessionID>\
             <KeepAliveTime>1800</KeepAliveTime><CapabilityRequest>T</CapabilityRequest>\
             </Login-Response>",
            V1_2,
        );
    }

    #[test]
    fn s60_gotcha_18_answers_without_result_are_refused() {
        assert!(read::<LoginResponse>("<L><SessionID>s</SessionID></L>", V1_1).is_err());
        assert!(read::<KeepAliveResponse>("<K/>", V1_1).is_err());
    }

    #[test]
    fn a_session_is_kept_alive_and_ended() {
        assert_round_trip::<KeepAliveRequest>("<K><TimeToLive>20</TimeToLive></K>", V1_1);
        assert_round_trip::<KeepAliveRequest>("<KeepAlive-Request/>", V1_2);
        assert_round_trip::<KeepAliveResponse>(
            "<K><Result><Code>200</Code></Result><KeepAliveTime>120</KeepAliveTime></K>",
            V1_1,
        );
        let end: Disconnect = assert_round_trip("<D><Result><Code>601</Code></Result></D>", V1_2);
        assert_eq!(end.result.map(|result| result.code), Some(Code::FORCED_LOGOUT));
        assert_round_trip::<Disconnect>("<Disconnect/>", V1_2);
    }

    #[test]
    fn the_client_id_of_service_negotiation_is_gone_in_1_2() {
        let literal = "<Service-Request><ClientID><URL>x</URL></ClientID><Functions><WVCSPFeat>\
            <FundamentalFeat/><PresenceFeat/><IMFeat/></WVCSPFeat></Functions>\
            <AllFunctionsRequest>T</AllFunctionsRequest></Service-Request>";
        let request: ServiceRequest = assert_round_trip(literal, V1_1);
        assert!(request.functions.contains(Service::NewMessage));
        assert!(!request.functions.contains(Service::CreateGroup));
        let later = literal.replace("<ClientID><URL>x</URL></ClientID>", "");
        let request = ServiceRequest {
            functions: read::<ServiceRequest>(literal, V1_2).unwrap().functions,
            ..request
        };
        assert_writes(&request, &later, V1_2);
    }

    #[test]
    fn s60_gotcha_3_nothing_refused_is_written_as_nothing() {
        assert_writes(&ServiceResponse::default(), "<Service-Response/>", V1_1);
        let refused = ServiceSet::of([Service::Search, Service::StopSearch]);
        let response = ServiceResponse { refused, ..ServiceResponse::default() };
        let literal = "<R><Functions><WVCSPFeat><FundamentalFeat><SearchFunc/></FundamentalFeat>\
            </WVCSPFeat></Functions></R>";
        assert_writes(&response, literal, V1_1);
    }

    #[test]
    fn android_g3_a_service_response_has_all_functions() {
        let literal = "<R><AllFunctions><WVCSPFeat/></AllFunctions></R>";
        let response: ServiceResponse = assert_round_trip(literal, V1_2);
        assert_eq!(response.all, Some(ServiceSet::all(V1_2)));
        let empty = ServiceResponse { all: Some(ServiceSet::empty()), ..response };
        assert_writes(&empty, "<R><AllFunctions/></R>", V1_2);
    }
}
