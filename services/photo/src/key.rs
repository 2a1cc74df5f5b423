use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Characters of 128 bits in base64url without padding.
const LENGTH: usize = 22;

/// The unguessable part of a photo's address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, example = "c2FtcGxlIG9mIGEga2V5IQ")]
pub struct PhotoKey(String);

impl PhotoKey {
    /// A new one: 128 random bits.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()))
    }

    /// As it stands in the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text that is no key of a photo.
#[derive(Debug, thiserror::Error)]
#[error("a key has {LENGTH} characters of base64url")]
pub struct InvalidKey;

impl TryFrom<String> for PhotoKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.len() == LENGTH && text.bytes().all(base64url) { Ok(Self(text)) } else { Err(InvalidKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_key_is_a_key_and_never_the_same() {
        let (one, other) = (PhotoKey::random(), PhotoKey::random());
        assert_ne!(one, other);
        assert_eq!(PhotoKey::try_from(one.as_str().to_owned()).unwrap(), one);
    }

    #[test]
    fn what_does_not_look_like_a_key_is_none() {
        for text in ["", "short", "../../../../etc/passwd", "aaaaaaaaaaaaaaaaaaaaa\0"] {
            assert!(PhotoKey::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
