//! Secrets at rest: AES-256-GCM under a key from the environment.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The `KEY_ENCRYPTION_KEY` cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read KEY_ENCRYPTION_KEY: it must be 32 random bytes in base64, such as `openssl rand -base64 32` prints")]
pub struct InvalidKeyEncryptionKey;

/// Sealed bytes that do not open: another key sealed them, or they were changed.
#[derive(Debug, thiserror::Error)]
#[error("failed to open a sealed secret: was KEY_ENCRYPTION_KEY replaced?")]
pub(crate) struct CannotOpen;

/// Seals and opens. What is sealed for one purpose does not open for another.
#[derive(Clone)]
pub struct KeyEncryptionKey(Arc<Keys>);

struct Keys {
    sealing: RandomizedNonceKey,
    fingerprints: hmac::Key,
    derived: hmac::Key,
}

impl KeyEncryptionKey {
    /// Reads the key from base64.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyEncryptionKey> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| InvalidKeyEncryptionKey)?;
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidKeyEncryptionKey)?;
        // Keys of their own, so that what one use gives away says nothing about the other.
        let key_for = |purpose: &[u8]| {
            let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), purpose);
            hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
        };
        let (fingerprints, derived) = (key_for(b"fingerprints"), key_for(b"derived secrets"));
        Ok(Self(Arc::new(Keys { sealing, fingerprints, derived })))
    }

    /// Tells equal from different and nothing else, not even to who holds the database: without the key there is nothing
    /// to guess against.
    pub(crate) fn fingerprint(&self, parts: [&str; 2]) -> hmac::Tag {
        hmac::sign(&self.0.fingerprints, parts.join("\0").as_bytes())
    }

    /// The secret of a purpose that belongs to `nonce`: the same whenever it is asked for, and nobody's guess without the key.
    pub(crate) fn derive(&self, purpose: &str, nonce: &str) -> hmac::Tag {
        hmac::sign(&self.0.derived, [purpose, nonce].join("\0").as_bytes())
    }

    pub(crate) fn seal(&self, purpose: &str, secret: &[u8]) -> Vec<u8> {
        let mut sealed = secret.to_vec();
        let nonce = self.0.sealing.seal_in_place_append_tag(Aad::from(purpose), &mut sealed).expect("secrets are short");
        [nonce.as_ref().as_slice(), &sealed].concat()
    }

    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut bytes = sealed.to_vec();
        let opened = self.0.sealing.open_in_place(nonce, Aad::from(purpose), &mut bytes).map_err(|_| CannotOpen)?;
        Ok(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_purpose_only() {
        let key = KeyEncryptionKey::parse(&BASE64_STANDARD.encode([1; 32])).unwrap();
        let other = KeyEncryptionKey::parse(&BASE64_STANDARD.encode([2; 32])).unwrap();
        let sealed = key.seal("a", b"secret");
        assert_eq!(key.open("a", &sealed).unwrap(), b"secret");
        assert!(key.open("b", &sealed).is_err());
        assert!(other.open("a", &sealed).is_err());
        assert!(key.open("a", &sealed[..5]).is_err());
        assert_ne!(sealed, key.seal("a", b"secret"));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert!(KeyEncryptionKey::parse(&BASE64_STANDARD.encode([1; 16])).is_err());
        assert!(KeyEncryptionKey::parse("not base64").is_err());
    }
}
