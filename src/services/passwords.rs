//! Passwords: sealed or hashed at rest, compared in the ways that phones know.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use md4::Md4;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    base::{
        clock::Millis,
        ids::Ids,
        secret::{Secret, is_same},
    },
    domain::{account::StoredPassword, address::Address},
};

/// Octets of the key that seals passwords.
pub const KEY_BYTES: usize = 32;

/// How long a nonce is good for: between one and two of these.
const NONCE_PERIOD_MILLIS: i64 = 5 * 60 * 1000;

const SEAL_NONCE_BYTES: usize = 24;

/// A digest that a phone can compute over nonce and password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// No digest: the password itself.
    Plain,
    /// SHA-1.
    Sha,
    /// MD5.
    Md5,
    /// MD4.
    Md4,
}

impl Scheme {
    /// Those that we answer, the best first. Plain is what remains.
    pub const PREFERRED: [Self; 4] = [Self::Sha, Self::Md5, Self::Md4, Self::Plain];

    /// Returns the name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PWD",
            Self::Sha => "SHA",
            Self::Md5 => "MD5",
            Self::Md4 => "MD4",
        }
    }

    /// Returns the base64 of the digest of nonce and password; the password itself for plain.
    ///
    /// handset: Android §3: both are one text of ISO 8859-1, other characters become `?`.
    pub fn digest(self, nonce: &str, password: &str) -> Zeroizing<String> {
        let latin = |letter: char| u8::try_from(letter).unwrap_or(b'?');
        let text: Zeroizing<Vec<u8>> =
            Zeroizing::new(nonce.chars().chain(password.chars()).map(latin).collect());
        self.digest_of(&text, password)
    }

    /// The same over UTF-8, as S60 does it (handset: S60 §4.1).
    fn digest_utf8(self, nonce: &str, password: &str) -> Zeroizing<String> {
        self.digest_of(&Zeroizing::new([nonce, password].concat().into_bytes()), password)
    }

    fn digest_of(self, text: &[u8], password: &str) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Plain => password.to_owned(),
            Self::Sha => BASE64_STANDARD.encode(Sha1::digest(text)),
            Self::Md5 => BASE64_STANDARD.encode(Md5::digest(text)),
            Self::Md4 => BASE64_STANDARD.encode(Md4::digest(text)),
        })
    }
}

/// Keeps and checks passwords under one key.
#[derive(Clone)]
pub struct Keeper(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keeper(…)")
    }
}

impl Keeper {
    /// Takes the key.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Seals a password, bound to its account.
    pub fn seal(&self, ids: &Ids, account: &Address, password: &Secret) -> StoredPassword {
        let mut nonce = [0; SEAL_NONCE_BYTES];
        ids.fill(&mut nonce);
        let payload =
            Payload { msg: password.expose().as_bytes(), aad: account.as_str().as_bytes() };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a password is far below the cipher's limit");
        StoredPassword::Sealed([nonce.as_slice(), &sealed].concat())
    }

    /// Returns the password, if it was sealed with this key for this account.
    pub fn open(&self, account: &Address, stored: &StoredPassword) -> Option<Secret> {
        let StoredPassword::Sealed(sealed) = stored else { return None };
        let (nonce, sealed) = sealed.split_first_chunk::<SEAL_NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: account.as_str().as_bytes() };
        let password = self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some(Secret::new(String::from_utf8(password).ok()?))
    }

    /// Checks a password that a phone sent as it is. Slow where only a hash is kept: not for a
    /// thread that others wait for.
    pub fn is_password(&self, account: &Address, stored: &StoredPassword, given: &str) -> bool {
        match stored {
            StoredPassword::Sealed(_) => self
                .open(account, stored)
                .is_some_and(|kept| is_same(kept.expose().as_bytes(), given.as_bytes())),
            StoredPassword::Hashed(hash) => is_hash_of(hash, given),
        }
    }

    /// Checks a digest that a phone computed over one of the nonces now good for `seed`.
    pub fn is_digest(
        &self,
        account: &Address,
        stored: &StoredPassword,
        given: &str,
        seed: &str,
        now: Millis,
    ) -> bool {
        let Some(password) = self.open(account, stored) else { return false };
        let given = given.trim().as_bytes();
        let periods = [now.0, now.0 - NONCE_PERIOD_MILLIS];
        periods.into_iter().map(|at| self.nonce(seed, Millis(at))).any(|nonce| {
            [Scheme::Sha, Scheme::Md5, Scheme::Md4].into_iter().any(|scheme| {
                let password = password.expose();
                is_same(scheme.digest(&nonce, password).as_bytes(), given)
                    || is_same(scheme.digest_utf8(&nonce, password).as_bytes(), given)
            })
        })
    }

    /// Returns the nonce for a login attempt.
    ///
    /// Computed, not remembered: the phone does not repeat it in its second request, which may
    /// reach us after a restart.
    pub fn nonce(&self, seed: &str, now: Millis) -> String {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&*self.0)
            .expect("a key of any length serves");
        mac.update(&(now.0 / NONCE_PERIOD_MILLIS).to_be_bytes());
        mac.update(seed.as_bytes());
        let digest = mac.finalize().into_bytes();
        // handset: Android §3: printable, without blanks, quotes, parentheses, `=`, `,`, `&`.
        digest[..12].iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

/// Returns what is kept of a password that no digest login will need.
pub fn hashed(password: &Secret) -> StoredPassword {
    let hash = Argon2::default()
        .hash_password(password.expose().as_bytes())
        .expect("the default parameters are valid");
    StoredPassword::Hashed(hash.to_string())
}

fn is_hash_of(hash: &str, given: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(given.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Clock;

    fn kim() -> Address {
        Address::of("kim", "onesoup.test")
    }

    #[test]
    fn digests_are_those_of_the_phones() {
        // handset: Android §3, the check values given there.
        assert_eq!(*Scheme::Md5.digest("q7Zk19", "secret"), "fGuOGYxdx7GhaV3FGMu0pw==");
        assert_eq!(*Scheme::Sha.digest("q7Zk19", "secret"), "Wua+rPRBom6HPlXYcmEjhC4NR08=");
        assert_eq!(Scheme::Md4.digest("a", "b").len(), 24);
    }

    #[test]
    fn a_sealed_password_serves_its_own_account_only() {
        let (keeper, ids) = (Keeper::new([7; 32]), Ids::seeded(Clock::system(), 1));
        let sealed = keeper.seal(&ids, &kim(), &Secret::new("cat1"));
        assert_eq!(keeper.open(&kim(), &sealed).unwrap().expose(), "cat1");
        assert!(keeper.is_password(&kim(), &sealed, "cat1"));
        assert!(!keeper.is_password(&kim(), &sealed, "cat2"));
        assert!(keeper.open(&Address::of("lee", "onesoup.test"), &sealed).is_none());
        assert!(Keeper::new([8; 32]).open(&kim(), &sealed).is_none());
        assert!(keeper.open(&kim(), &StoredPassword::Sealed(vec![1, 2])).is_none());
    }

    #[test]
    fn a_digest_is_good_for_its_nonce_and_a_while() {
        let (keeper, ids) = (Keeper::new([7; 32]), Ids::seeded(Clock::system(), 1));
        let stored = keeper.seal(&ids, &kim(), &Secret::new("käse"));
        let now = Millis(1_700_000_000_000);
        for scheme in [Scheme::Sha, Scheme::Md5, Scheme::Md4] {
            let given = scheme.digest(&keeper.nonce("seed", now), "käse");
            let minutes = |count: i64| Millis(now.0 + count * 60_000);
            assert!(keeper.is_digest(&kim(), &stored, &given, "seed", minutes(4)));
            assert!(!keeper.is_digest(&kim(), &stored, &given, "seed", minutes(11)));
            assert!(!keeper.is_digest(&kim(), &stored, &given, "other", now));
        }
    }

    #[test]
    fn a_hash_serves_plain_logins_only() {
        let keeper = Keeper::new([7; 32]);
        let stored = hashed(&Secret::new("cat1"));
        assert!(keeper.is_password(&kim(), &stored, "cat1"));
        assert!(!keeper.is_password(&kim(), &stored, "cat"));
        let now = Millis(0);
        let given = Scheme::Md5.digest(&keeper.nonce("s", now), "cat1");
        assert!(!keeper.is_digest(&kim(), &stored, &given, "s", now));
    }
}
