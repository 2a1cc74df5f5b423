use std::time::Duration;

use serving::Problem;

/// Why an object could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is none under this key.
    #[error("the object {0} is not in the bucket")]
    Missing(String),
    /// The store cannot be reached, takes too long, or refuses.
    #[error("failed to call {method} of the object store")]
    Unavailable {
        /// The operation's name in the S3 API.
        method: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        match error {
            error @ ObjectError::Missing(_) => Self::internal(error),
            ObjectError::Unavailable { method, source } => {
                tracing::warn!(error = %chain(&*source), "failed to call {method} of the object store");
                let detail = "The store of the photos cannot answer now; nothing was changed. Try again.";
                Self::unavailable(detail, Duration::from_secs(2))
            }
        }
    }
}

/// An error with its causes, in one line: the outermost of the SDK only says "dispatch failure".
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
