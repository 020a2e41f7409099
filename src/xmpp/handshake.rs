//! The proof that a component knows the secret (XEP-0114).

use sha1::{Digest, Sha1};

use crate::base::secret::Secret;

/// Returns the digest for the stream of this id.
pub fn digest(stream_id: &str, secret: &Secret) -> String {
    // spec: XEP-0114 §3
    let hash = Sha1::new().chain_update(stream_id).chain_update(secret.expose()).finalize();
    hash.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_lower_case_hexadecimal() {
        // Computed with another program: printf '3BF96D32secret' | sha1sum
        let digest = digest("3BF96D32", &Secret::new("secret"));
        assert_eq!(digest, "b09ea9b3b7f586be8a08d0a3dd7466f110aeb136");
    }
}
