//! How a phone logs in: with its password, or with a digest in two steps.

use crate::{
    csp::{
        access::{ClientId, DigestSchema, LoginProof, LoginRequest, LoginResponse, Password},
        address::UserAddress,
        primitive::Primitive,
        status::Code,
    },
    phone::{
        answers::{refused, unexpected},
        digest,
        error::PhoneError,
        handset::Handset,
        session::{Phone, new_cookie},
        settings::LoginWay,
    },
};

/// Challenges in a row; Android would go on forever (handset: Android G5).
const MAX_CHALLENGES: usize = 3;

impl Phone {
    /// Logs in, and no more: see [`Phone::start_up`] for all that follows on a real phone.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Refused`] with 409 where user or password are wrong.
    pub async fn login(&mut self) -> Result<(), PhoneError> {
        self.session_id = None;
        self.wake = None;
        self.book.clear();
        self.cookie = new_cookie(self.settings.habits.handset, &self.ids);
        let first = match &self.settings.login {
            LoginWay::TwoWay => LoginProof::Password(Password(self.settings.password.clone())),
            LoginWay::FourWay(schemas) => LoginProof::Schemas(schemas.clone()),
        };
        // handset: S60 §3.2, Android §0: all steps have one transaction id.
        let id = self.next_transaction();
        let mut proof = first;
        for _ in 0..=MAX_CHALLENGES {
            let request = Primitive::LoginRequest(self.login_request(proof));
            let response = match self.request_as(id.clone(), request).await? {
                Primitive::LoginResponse(response) => response,
                other => return Err(unexpected(LOGIN, &other)),
            };
            match self.step(response)? {
                Some(next) => proof = next,
                None => return Ok(()),
            }
        }
        Err(PhoneError::Endless(MAX_CHALLENGES))
    }

    /// Returns what names this phone among those of its user.
    pub(super) fn client_id(&self) -> ClientId {
        let usual = || self.settings.habits.client_id.into();
        ClientId { url: Some(self.settings.client_id.clone().unwrap_or_else(usual)), msisdn: None }
    }

    fn login_request(&self, proof: LoginProof) -> LoginRequest {
        LoginRequest {
            user: UserAddress::parse(&self.settings.user),
            client_id: Some(self.client_id()),
            proof: Some(proof),
            time_to_live_secs: Some(self.settings.habits.time_to_live_secs),
            session_cookie: Some(self.cookie.clone()),
        }
    }

    /// Takes the answer to one step; returns the proof for the next, or none once logged in.
    fn step(&mut self, response: LoginResponse) -> Result<Option<LoginProof>, PhoneError> {
        let is_four_way = matches!(self.settings.login, LoginWay::FourWay(_));
        let code = response.result.code;
        match (&response.session_id, &response.nonce) {
            (Some(session_id), _) if code == Code::OK => {
                self.session_id = Some(session_id.clone());
                let own = self.settings.habits.time_to_live_secs;
                self.pace.set_keep_alive(response.keep_alive_secs.unwrap_or(own));
                Ok(None)
            }
            (_, Some(nonce)) if is_four_way && CHALLENGES.contains(&code) => {
                let schema = response.digest_schema.clone().unwrap_or(DigestSchema::Md5);
                let handset = self.settings.habits.handset;
                digest::proof(handset, &schema, nonce, &self.settings.password).map(Some)
            }
            // handset: Android §3: the same message to the user.
            _ if code == Code::UNAUTHORISED && self.settings.habits.handset == Handset::Android => {
                Err(PhoneError::Refused {
                    request: LOGIN.into(),
                    code: Code::BAD_PASSWORD,
                    text: response.result.description.unwrap_or_default().into(),
                })
            }
            _ => Err(refused(LOGIN, &response.result)),
        }
    }
}

const LOGIN: &str = "Login-Request";

/// A nonce under one of these asks for a digest (handset: S60 §4.1, Android §3).
const CHALLENGES: [Code; 2] = [Code::UNAUTHORISED, Code::OK];
