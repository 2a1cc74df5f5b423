//! Refresh tokens: session, generation and a MAC by the session's secret. See `migrations/0011_sessions.sql`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::SessionId;

/// Marks what this is, for people and for scanners of leaked secrets.
const PREFIX: &str = "sprt_";

/// A token as it was sent, not verified yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    pub(crate) session: SessionId,
    pub(crate) generation: i32,
    mac: Vec<u8>,
}

fn message(session: SessionId, generation: i32) -> [u8; 12] {
    let mut message = [0; 12];
    message[..8].copy_from_slice(&session.0.to_be_bytes());
    message[8..].copy_from_slice(&generation.to_be_bytes());
    message
}

/// The token of one generation: the same bytes whenever it is asked for.
pub(crate) fn issue(secret: &[u8], session: SessionId, generation: i32) -> String {
    let message = message(session, generation);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message);
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode([&message, mac.as_ref()].concat()))
}

impl Presented {
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (message, mac) = bytes.split_at_checked(12)?;
        let (session, generation) = message.split_at(8);
        Some(Self {
            session: SessionId(i64::from_be_bytes(session.try_into().ok()?)),
            generation: i32::from_be_bytes(generation.try_into().ok()?),
            mac: mac.to_vec(),
        })
    }

    /// Was it issued with this secret? Compares in constant time.
    pub(crate) fn verify(&self, secret: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, &message(self.session, self.generation), &self.mac).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_verifies_with_its_own_secret_only() {
        let token = issue(b"secret", SessionId(7), 3);
        let presented = Presented::parse(&token).unwrap();
        assert_eq!((presented.session, presented.generation), (SessionId(7), 3));
        assert!(presented.verify(b"secret"));
        assert!(!presented.verify(b"other"));
    }

    #[test]
    fn a_changed_token_is_no_token() {
        let token = issue(b"secret", SessionId(7), 3);
        let later = Presented { generation: 4, ..Presented::parse(&token).unwrap() };
        assert!(!later.verify(b"secret"));
        assert!(Presented::parse(&token[1..]).is_none());
        assert!(Presented::parse("sprt_AA").is_none());
        assert!(Presented::parse(&token[..token.len() - 4]).is_none_or(|cut| !cut.verify(b"secret")));
    }
}
