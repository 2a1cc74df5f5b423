//! The store as somebody meets it who has no key.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::{ObjectError, Objects, Result};
use crate::config::S3Config;

/// One client for each address of the store.
pub(super) fn clients(config: &S3Config) -> Vec<Client> {
    let public = config.s3_public_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty());
    let endpoints = [Some(config.s3_endpoint.as_str()), public].into_iter().flatten();
    endpoints.map(|endpoint| Client::from_conf(Objects::settings(config, endpoint).allow_no_auth().build())).collect()
}

impl Objects {
    /// Whether a request without a signature is shown something at one of the store's addresses: what is in the bucket, or an object
    /// that is there. An address that does not answer, as one that is for others, shows nothing.
    ///
    /// # Errors
    ///
    /// [`ObjectError::Unavailable`] if none of them answers. These calls stand in no metric: to be refused is no failure.
    pub async fn is_shown_to_strangers(&self, key: Option<&str>) -> Result<bool> {
        let mut answer = Err(no_answer());
        for client in &self.strangers {
            let list = client.list_objects_v2().bucket(&self.bucket).max_keys(1).send().await;
            let mut shown = is_shown("ListObjectsV2", list);
            if let Some(key) = key.filter(|_| matches!(shown, Ok(false))) {
                let get = client.get_object().bucket(&self.bucket).key(key).range("bytes=0-0").send().await;
                shown = is_shown("GetObject", get);
            }
            match shown {
                Ok(true) => return Ok(true),
                Ok(false) => answer = Ok(false),
                Err(error) => answer = answer.or(Err(error)),
            }
        }
        answer
    }
}

fn no_answer() -> ObjectError {
    ObjectError::Unavailable { method: "ListObjectsV2", answer: None, source: "no address of the store answers".into() }
}

/// What counts is the status: a page in another format shows as much.
fn is_shown<T, E>(method: &'static str, answer: std::result::Result<T, SdkError<E>>) -> Result<bool>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Err(error) = answer else { return Ok(true) };
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(200..300) => Ok(true),
        Some(300..500) => Ok(false),
        _ => Err(ObjectError::unavailable(method, error)),
    }
}
