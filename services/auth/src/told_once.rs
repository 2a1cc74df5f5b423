//! Secrets that are told to one person once: codes of invites, ends of links, tokens of devices. Only their hash is stored.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serving::{Problem, Result};

/// A new secret; the prefix marks what it is, for people and for scanners of leaked secrets.
pub(crate) fn make(prefix: &str) -> Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(encode(prefix, &bytes))
}

/// A secret of these bytes.
pub(crate) fn encode(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret. It is as good as random, so a fast hash leaves nothing to guess.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}
