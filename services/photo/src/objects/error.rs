use std::fmt;
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use serving::Problem;

/// Why an object could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is none under this key, of which this is what is shown.
    #[error("the object {0} is not in the bucket")]
    Missing(String),
    /// The store cannot be reached, takes too long, or refuses.
    #[error("failed to call {method} of the object store")]
    Unavailable {
        /// The operation's name in the S3 API.
        method: &'static str,
        /// What the store answered, if it did.
        answer: Option<Answer>,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a store answered that did not do as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The store's own word for it, such as `NoSuchBucket`. Its sentence is left out: it may name the access key.
    pub code: Option<String>,
}

impl Answer {
    /// Is that a no, which will be the same the next time? To be asked to wait is none.
    pub(super) fn is_refusal(&self) -> bool {
        (300..500).contains(&self.status) && ![408, 429].contains(&self.status)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} {code}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

impl ObjectError {
    /// A call that failed, with what the store answered.
    pub(super) fn unavailable<E>(method: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let is_word = |code: &&str| code.chars().all(|c| c.is_ascii_alphanumeric());
        let code = error.code().filter(is_word).map(str::to_owned);
        let status = error.raw_response().map(|response| response.status().as_u16());
        Self::Unavailable { method, answer: status.map(|status| Answer { status, code }), source: error.into() }
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        match error {
            error @ ObjectError::Missing(_) => Self::internal(error),
            ObjectError::Unavailable { method, source, .. } => {
                tracing::warn!(error = %chain(&*source), "failed to call {method} of the object store");
                let detail = "The store of the photos cannot answer now; nothing was changed. Try again.";
                Self::unavailable(detail, Duration::from_secs(2))
            }
        }
    }
}

/// An error with its causes, in one line: the outermost of the SDK only says "dispatch failure".
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_one_that_will_be_the_same_the_next_time() {
        let is_refusal = |status| Answer { status, code: None }.is_refusal();
        for status in [301, 307, 400, 403, 404, 405] {
            assert!(is_refusal(status), "{status}");
        }
        for status in [200, 408, 429, 500, 501, 503] {
            assert!(!is_refusal(status), "{status}");
        }
    }
}
