use std::fmt;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::{Page, Result, StoreError};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(120);
/// How long all tries together may take.
const ALL_TRIES: Duration = Duration::from_secs(600);
/// A store that is away for some minutes ends no backup that has run for hours.
const TRIES: u32 = 8;

/// A bucket of a store that speaks S3, addressed by path, and what in it begins with a prefix.
#[derive(Clone)]
pub struct Bucket {
    /// Base URL, such as `https://s3.example.org`.
    pub endpoint: String,
    /// What requests are signed for.
    pub region: String,
    /// Its name.
    pub bucket: String,
    /// What all keys begin with, without the slash after it; may be empty.
    pub prefix: String,
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All but the keys.
        f.debug_struct("Bucket")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(super) struct BucketClient {
    client: Client,
    bucket: String,
    /// Empty, or with a slash at its end.
    prefix: String,
}

impl BucketClient {
    /// Connects at the first call.
    pub(super) fn new(config: &Bucket) -> Self {
        let credentials = Credentials::new(&config.access_key_id, &config.secret_access_key, None, None, "configuration");
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&config.endpoint)
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials)
            .force_path_style(true)
            // Many stores refuse the trailing checksums that the SDK sends unasked; hashes are compared here.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(Duration::from_millis(500)))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(TRY).operation_timeout(ALL_TRIES).build(),
            )
            .build();
        let prefix = config.prefix.trim_matches('/');
        Self {
            client: Client::from_conf(settings),
            bucket: config.bucket.clone(),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
        }
    }

    pub(super) fn location(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.prefix)
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(self.name(key)).body(ByteStream::from(bytes));
        put.send().await.map(drop).map_err(|error| self.failed("write", key, &error))
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let got = match self.client.get_object().bucket(&self.bucket).key(self.name(key)).send().await {
            Ok(got) => got,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.failed("read", key, &error)),
        };
        let expected = got.content_length().and_then(|length| u64::try_from(length).ok());
        let bytes = got.body.collect().await.map_err(|error| self.failed("read", key, &error))?.into_bytes();
        match expected {
            Some(expected) if expected != bytes.len() as u64 => Err(self.error("read", key, "the answer ended early".to_owned())),
            _ => Ok(Some(bytes)),
        }
    }

    pub(super) async fn size(&self, key: &str) -> Result<Option<u64>> {
        match self.client.head_object().bucket(&self.bucket).key(self.name(key)).send().await {
            Ok(head) => Ok(head.content_length().and_then(|length| u64::try_from(length).ok())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed("look for", key, &error)),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        match self.client.delete_object().bucket(&self.bucket).key(self.name(key)).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(self.failed("delete", key, &error)),
        }
    }

    pub(super) async fn list(&self, prefix: &str, next: Option<String>) -> Result<Page> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.name(prefix)).set_continuation_token(next);
        let page = list.send().await.map_err(|error| self.failed("list", prefix, &error))?;
        let keys = page.contents().iter().filter_map(|object| object.key()?.strip_prefix(&self.prefix).map(str::to_owned)).collect();
        Ok(Page { keys, next: page.next_continuation_token().map(str::to_owned) })
    }

    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn failed(&self, doing: &'static str, key: &str, error: &(dyn std::error::Error + 'static)) -> StoreError {
        self.error(doing, key, chain(error))
    }

    fn error(&self, doing: &'static str, key: &str, cause: String) -> StoreError {
        StoreError { doing, key: self.name(key), store: format!("the bucket {}", self.bucket), cause }
    }
}

/// A HEAD has no body that could say it in words.
fn is_missing(error: &SdkError<HeadObjectError>) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == 404)
}

/// An error with its causes, in one line: the outermost of the SDK only says "dispatch failure".
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
