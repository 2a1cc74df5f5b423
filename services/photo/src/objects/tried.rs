//! The store as a migration tries it, before anything is rolled out that has to live with it.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::error::chain;
use super::{ObjectError, Objects, Result};
use crate::config::S3Config;
use crate::incoming;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is tried, if the store does not answer: a pod that has just begun may not get through yet.
const TRIES: usize = 3;
/// How long to wait before it is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// What is put there.
const BODY: &[u8] = b"Whether this store keeps what it is given. Nobody needs this object.";

/// Why a store keeps no picture, and what to do about it. The sentence has no key in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableStore {
    /// It does not answer, or not in time, or that it cannot do it now.
    #[error(
        "the object store at {endpoint} does not serve bucket {bucket} ({why}): see that this is its address, that it runs, and that \
         NetworkPolicies and certificates let the platform reach it"
    )]
    Unreachable {
        /// Where it was looked for.
        endpoint: String,
        /// In which bucket.
        bucket: String,
        /// What happened.
        why: String,
    },
    /// It says no, and will say so again.
    #[error(
        "the object store at {endpoint} does not keep what is put into bucket {bucket} ({why}): see that the bucket is there, in the \
         region that is named, and that the access key may put, get, list and delete its objects"
    )]
    Refuses {
        /// Where it is.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// What it answered.
        why: String,
    },
}

/// Puts a small object into the store, reads it back and deletes it, as photo does with its own. It takes half a minute at the most.
/// Of one that dies half-way the sweep deletes what is left, as it does with uploads that no row knows.
///
/// # Errors
///
/// What the store did instead.
pub async fn try_store(config: &S3Config) -> std::result::Result<(), UnusableStore> {
    let objects = Objects::new(config);
    let mut before = None;
    let tried = timeout(PATIENCE, tries(&objects, &mut before)).await;
    let tried = tried.unwrap_or_else(|_| {
        let late = format!("it took more than {} s", PATIENCE.as_secs());
        Err((false, before.map_or_else(|| late.clone(), |why| format!("{why}; {late}"))))
    });
    tried.map_err(|(refuses, why)| {
        let (endpoint, bucket) = (shown(&config.s3_endpoint), config.s3_bucket.clone());
        match refuses {
            true => UnusableStore::Refuses { endpoint, bucket, why },
            false => UnusableStore::Unreachable { endpoint, bucket, why },
        }
    })
}

/// Tries until the store has said yes or no, or long enough nothing. If it is not yes: whether it is no, and why. `before` is why of the
/// try before, for who gives up in the middle of one.
async fn tries(objects: &Objects, before: &mut Option<String>) -> std::result::Result<(), (bool, String)> {
    let mut tries = 1;
    loop {
        let judged = match once(objects).await {
            Ok(true) => return Ok(()),
            Ok(false) => (true, "GetObject gives other bytes than PutObject took".to_owned()),
            Err(error) => judged(error),
        };
        if judged.0 || tries == TRIES {
            return Err(judged);
        }
        tracing::warn!(why = judged.1, "the object store does not answer; trying again");
        *before = Some(judged.1);
        tries += 1;
        sleep(PAUSE).await;
    }
}

/// Whether what is read is what was put.
async fn once(objects: &Objects) -> Result<bool> {
    let key = incoming::new_object_key();
    objects.put(&key, Bytes::from_static(BODY)).await?;
    let mut read = Vec::new();
    let is_whole = objects.read(&key, BODY.len(), &mut read).await;
    // Whatever was read: nothing is to be left there.
    let deleted = objects.delete(&key).await;
    let is_same = is_whole? && read == BODY;
    deleted?;
    Ok(is_same)
}

/// Whether the store says no, and what happened.
fn judged(error: ObjectError) -> (bool, String) {
    match error {
        ObjectError::Missing(_) => (true, "GetObject does not find what PutObject took".to_owned()),
        ObjectError::Unavailable { method, answer: Some(answer), .. } => {
            (answer.is_refusal(), format!("{method} is answered with {answer}"))
        }
        ObjectError::Unavailable { method, answer: None, source } => (false, format!("{method}: {}", chain(&*source))),
    }
}

/// An address without the name and the password that it may have.
fn shown(endpoint: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        None => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_the_password_in_it() {
        assert_eq!(shown("https://s3.example.org:9000"), "https://s3.example.org:9000");
        assert_eq!(shown("https://id:secret@s3.example.org"), "https://s3.example.org");
        assert_eq!(shown("s3.example.org"), "s3.example.org");
    }
}
