//! The object store. Any S3-compatible one will do: only put, get, delete and list are used, addressed by path.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use serving::Problem;
use tracing::{Instrument, field};

use crate::config::S3Config;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long one try may take, up to the head of the answer.
const TRY: Duration = Duration::from_secs(8);
/// How long all tries together may take. Shorter than the platform's limit on a transaction that does nothing.
const ALL_TRIES: Duration = Duration::from_secs(20);

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

/// The result of every call.
pub type Result<T> = std::result::Result<T, ObjectError>;

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

/// One page of a listing.
pub struct Listing {
    /// Keys, each with the Unix seconds of its last change.
    pub objects: Vec<(String, i64)>,
    /// Asks for the page after this one; `None` at the last.
    pub next: Option<String>,
}

/// One bucket.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    bucket: String,
}

impl Objects {
    /// The bucket of `config`. Connects at the first call.
    pub fn new(config: &S3Config) -> Self {
        let credentials = Credentials::new(&config.aws_access_key_id, &config.aws_secret_access_key, None, None, "configuration");
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&config.s3_endpoint)
            .region(Region::new(config.s3_region.clone()))
            .credentials_provider(credentials)
            .force_path_style(true)
            // Many stores refuse the trailing checksums that the SDK sends unasked.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(100)))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(TRY).operation_timeout(ALL_TRIES).build(),
            )
            .build();
        Self { client: Client::from_conf(settings), bucket: config.s3_bucket.clone() }
    }

    /// Writes an object. Its media type is not told: a bucket that is open by mistake hands out nothing that runs.
    pub async fn put(&self, key: &str, body: Bytes) -> Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(body));
        self.call("PutObject", key, put.send()).await.map(drop)
    }

    /// Reads an object, or its bytes from the first to the last of `range`, both included.
    pub async fn get(&self, key: &str, range: Option<(u64, u64)>) -> Result<ByteStream> {
        let range = range.map(|(first, last)| format!("bytes={first}-{last}"));
        let get = self.client.get_object().bucket(&self.bucket).key(key).set_range(range);
        Ok(self.call("GetObject", key, get.send()).await?.body)
    }

    /// Deletes an object. One that is not there is deleted already.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key);
        match self.call("DeleteObject", key, delete.send()).await {
            Ok(_) | Err(ObjectError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects whose keys begin with `prefix`, a page at a time.
    pub async fn list(&self, prefix: &str, next: Option<String>) -> Result<Listing> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).set_continuation_token(next);
        let page = self.call("ListObjectsV2", prefix, list.send()).await?;
        let objects = page.contents().iter().filter_map(|object| {
            // One without a date might be new, so it is left alone.
            Some((object.key()?.to_owned(), object.last_modified()?.secs()))
        });
        Ok(Listing { objects: objects.collect(), next: page.next_continuation_token().map(str::to_owned) })
    }

    /// One call in a span that follows the OpenTelemetry conventions for the AWS SDK.
    async fn call<T, E>(
        &self,
        method: &'static str,
        key: &str,
        request: impl Future<Output = std::result::Result<T, SdkError<E>>>,
    ) -> Result<T>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let span = tracing::info_span!(
            "s3",
            otel.name = format!("S3/{method}"),
            otel.kind = "client",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            rpc.system = "aws-api",
            rpc.service = "S3",
            rpc.method = method,
            aws.s3.bucket = self.bucket,
            aws.s3.key = key,
        );
        request.instrument(span.clone()).await.map_err(|error| {
            let code = error.code().unwrap_or("unreachable");
            span.record("otel.status_code", "ERROR");
            span.record("error.type", code);
            match code {
                "NoSuchKey" | "NotFound" => ObjectError::Missing(key.to_owned()),
                _ => ObjectError::Unavailable { method, source: error.into() },
            }
        })
    }
}

/// An error with its causes, in one line: the outermost of the SDK only says "dispatch failure".
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
