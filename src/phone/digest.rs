//! What a phone sends instead of its password.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md4::Md4;
use md5::{Digest, Md5};
use sha1::Sha1;

use crate::{
    base::secret::Secret,
    csp::{
        access::{DigestSchema, LoginProof, Password},
        leaf::Word,
    },
    phone::{error::PhoneError, handset::Handset},
};

/// Returns the proof that the phone sends upon a challenge.
pub(super) fn proof(
    handset: Handset,
    schema: &DigestSchema,
    nonce: &str,
    password: &Secret,
) -> Result<LoginProof, PhoneError> {
    let text = match handset {
        Handset::Android => latin1(nonce, password),
        Handset::S60 | Handset::Plain => [nonce, password.expose()].concat().into_bytes(),
    };
    let digest = match schema {
        DigestSchema::Pwd => return Ok(LoginProof::Password(Password(password.clone()))),
        DigestSchema::Md5 => BASE64_STANDARD.encode(Md5::digest(text)),
        DigestSchema::Sha => BASE64_STANDARD.encode(Sha1::digest(text)),
        DigestSchema::Md4 => BASE64_STANDARD.encode(Md4::digest(text)),
        DigestSchema::Md6 | DigestSchema::Other(_) => {
            let name = schema.word();
            return Err(PhoneError::Setting(format!("no phone can compute the digest {name}")));
        }
    };
    Ok(LoginProof::Digest(Password(Secret::new(digest))))
}

/// handset: Android §3: both are one text of ISO 8859-1, other characters become `?`.
fn latin1(nonce: &str, password: &Secret) -> Vec<u8> {
    let letters = nonce.chars().chain(password.expose().chars());
    letters.map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_phones() {
        let password = Secret::new("secret");
        for handset in [Handset::S60, Handset::Android, Handset::Plain] {
            let digest = |schema| match proof(handset, &schema, "q7Zk19", &password) {
                Ok(LoginProof::Digest(digest)) => digest.0.expose().to_owned(),
                other => panic!("{other:?}"),
            };
            assert_eq!(digest(DigestSchema::Md5), "fGuOGYxdx7GhaV3FGMu0pw==");
            assert_eq!(digest(DigestSchema::Sha), "Wua+rPRBom6HPlXYcmEjhC4NR08=");
            let plain = proof(handset, &DigestSchema::Pwd, "q7Zk19", &password);
            assert!(matches!(plain, Ok(LoginProof::Password(_))));
            assert!(proof(handset, &DigestSchema::Md6, "q7Zk19", &password).is_err());
        }
    }

    #[test]
    fn android_digests_latin_1_and_others_utf_8() {
        let password = Secret::new("pä€");
        let digest = |handset| match proof(handset, &DigestSchema::Md5, "n", &password) {
            Ok(LoginProof::Digest(digest)) => digest.0.expose().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(digest(Handset::Android), BASE64_STANDARD.encode(Md5::digest(b"np\xe4?")));
        assert_eq!(digest(Handset::S60), BASE64_STANDARD.encode(Md5::digest("npä€")));
    }
}
