use std::fmt;

use serde::Deserialize;

use crate::sealed::KeyEncryptionKey;

/// Names that would be taken for the platform's own.
const RESERVED: [&str; 14] = [
    "about",
    "account",
    "admin",
    "administrator",
    "api",
    "auth",
    "help",
    "me",
    "moderator",
    "root",
    "security",
    "settings",
    "support",
    "system",
];

/// A unique name: 3 to 30 of `a` to `z`, `0` to `9` and `_`. Capitals are taken as small letters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Handle(String);

impl Handle {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Handle {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(3..=30).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err("a handle has 3 to 30 characters, each of a to z, 0 to 9 or _");
        }
        if RESERVED.contains(&text.as_str()) {
            return Err("this handle is reserved; choose another one");
        }
        Ok(Self(text))
    }
}

/// What is kept of a handle that was given up: without the key, nobody can tell whose it was, or even guess.
pub(crate) fn hash(key: &KeyEncryptionKey, handle: &str) -> Vec<u8> {
    key.derive("held handle", handle).as_ref().to_vec()
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_small_letters() {
        assert_eq!(Handle::try_from("Ada_99".to_owned()).unwrap().as_str(), "ada_99");
    }

    #[test]
    fn what_could_be_mistaken_is_refused() {
        for text in ["ab", "a-b", "ada ", "adä", "Admin", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""] {
            assert!(Handle::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
