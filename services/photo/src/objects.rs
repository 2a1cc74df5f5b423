//! The object store. Any S3-compatible one will do: only put, get, delete, list and presigning are used, addressed by path.

mod calling;
mod error;
mod shown;
mod stranger;
mod tried;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use bytes::Bytes;
use http::Uri;
use tracing::field;

use self::calling::Calling;
pub use self::error::ObjectError;
use self::shown::shown;
pub use self::tried::{UnusableStore, try_store};
use crate::config::S3Config;

/// How long to wait for a connection. What is lost on the way is sent again: a SYN after one second and after three (RFC 6298), and a
/// question to the DNS after two and a half (musl).
const CONNECT: Duration = Duration::from_secs(4);
/// How long one try may take, up to the head of the answer.
const TRY: Duration = Duration::from_secs(8);
/// How long all tries together may take. Shorter than the platform's limit on a transaction that does nothing.
const ALL_TRIES: Duration = Duration::from_secs(20);
/// How often a call is tried, and how long to wait at the most before the second try, and twice as long before each that follows. The
/// SDK waits a random part of that, so most calls outlast a store that is away for a second.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);
/// Bytes that a store takes in a second at the least: a write has as much more time, and is in no transaction.
const SLOWEST: usize = 512 * 1024;

/// The result of every call.
pub type Result<T> = std::result::Result<T, ObjectError>;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: i64,
    /// Unix seconds of its last change.
    pub changed: i64,
}

/// One page of a listing.
pub struct Listing {
    /// In no order that every store keeps.
    pub objects: Vec<Listed>,
    /// Asks for the page after this one; `None` at the last.
    pub next: Option<String>,
}

/// A request that whoever holds it may send to the store, unchanged.
pub struct Presigned {
    /// Where to.
    pub url: String,
    /// With which headers.
    pub headers: Vec<(String, String)>,
}

/// One bucket.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    /// Signs for the address under which people reach the store. It never connects.
    outside: Option<Client>,
    /// Without a key.
    strangers: Vec<Client>,
    bucket: String,
    /// Where the store is, for traces and metrics.
    host: String,
    port: u16,
}

impl Objects {
    /// The bucket of `config`. Connects at the first call.
    pub fn new(config: &S3Config) -> Self {
        let outside = config.s3_public_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty());
        let endpoint: Uri = config.s3_endpoint.parse().unwrap_or_default();
        let usual_port = if endpoint.scheme_str() == Some("https") { 443 } else { 80 };
        Self {
            client: Self::client(config, &config.s3_endpoint),
            outside: outside.map(|endpoint| Self::client(config, endpoint)),
            strangers: stranger::clients(config),
            bucket: config.s3_bucket.clone(),
            host: endpoint.host().unwrap_or_default().to_owned(),
            port: endpoint.port_u16().unwrap_or(usual_port),
        }
    }

    fn client(config: &S3Config, endpoint: &str) -> Client {
        let credentials = Credentials::new(&config.aws_access_key_id, &config.aws_secret_access_key, None, None, "configuration");
        Client::from_conf(Self::settings(config, endpoint).credentials_provider(credentials).build())
    }

    /// All but who asks.
    fn settings(config: &S3Config, endpoint: &str) -> Builder {
        aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(config.s3_region.clone()))
            .force_path_style(true)
            // Many stores refuse the trailing checksums that the SDK sends unasked.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES).with_initial_backoff(PAUSE))
            .timeout_config(time_for(0))
    }

    /// Whether people reach the store themselves.
    pub fn is_reached_from_outside(&self) -> bool {
        self.outside.is_some()
    }

    /// A request that writes `length` bytes under `key` and may be sent until `life` is over. `None` where people do not reach
    /// the store.
    pub async fn presign_put(&self, key: &str, length: i64, life: Duration) -> Result<Option<Presigned>> {
        let Some(outside) = &self.outside else { return Ok(None) };
        let unsigned =
            |source: Box<dyn std::error::Error + Send + Sync>| ObjectError::Unavailable { method: "PutObject", answer: None, source };
        let config = PresigningConfig::expires_in(life).map_err(|error| unsigned(error.into()))?;
        // The length is among what is signed: a body of another length is refused by the store.
        let put = outside.put_object().bucket(&self.bucket).key(key).content_length(length);
        let request = put.presigned(config).await.map_err(|error| unsigned(error.into()))?;
        let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Some(Presigned { url: request.uri().to_owned(), headers }))
    }

    /// Writes an object. Its media type is not told: a bucket that is open by mistake hands out nothing that runs.
    pub async fn put(&self, key: &str, body: Bytes) -> Result<()> {
        let time = aws_sdk_s3::Config::builder().timeout_config(time_for(body.len()));
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(body));
        self.call("PutObject", key, put.customize().config_override(time).send()).await.map(drop)
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

    /// Reads a whole object, which must have `length` bytes, to the end of `buffer`. `false` if it has another length.
    pub async fn read(&self, key: &str, length: usize, buffer: &mut Vec<u8>) -> Result<bool> {
        let mut bytes = self.get(key, None).await?;
        let end = buffer.len() + length;
        let broken = |error: ByteStreamError| ObjectError::Unavailable { method: "GetObject", answer: None, source: error.into() };
        while let Some(chunk) = bytes.try_next().await.map_err(broken)? {
            if buffer.len() + chunk.len() > end {
                return Ok(false);
            }
            buffer.extend_from_slice(&chunk);
        }
        Ok(buffer.len() == end)
    }

    /// Lists the objects whose keys begin with `prefix`, a page at a time.
    pub async fn list(&self, prefix: &str, next: Option<String>) -> Result<Listing> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).set_continuation_token(next);
        let page = self.call("ListObjectsV2", prefix, list.send()).await?;
        let objects = page.contents().iter().filter_map(|object| {
            // One without a date might be new, so it is left alone.
            Some(Listed { key: object.key()?.to_owned(), size: object.size().unwrap_or_default(), changed: object.last_modified()?.secs() })
        });
        Ok(Listing { objects: objects.collect(), next: page.next_continuation_token().map(str::to_owned) })
    }

    /// One call in a span that follows the OpenTelemetry conventions for the AWS SDK, which keep `rpc.system` where others
    /// have moved on to `rpc.system.name`. Of the key it has what is [`shown()`].
    async fn call<T, E>(
        &self,
        method: &'static str,
        key: &str,
        request: impl Future<Output = std::result::Result<T, SdkError<E>>>,
    ) -> Result<T>
    where
        T: RequestId,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let span = tracing::info_span!(
            "s3",
            otel.name = format!("S3.{method}"),
            otel.kind = "client",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            rpc.system = "aws-api",
            rpc.service = "S3",
            rpc.method = method,
            aws.s3.bucket = self.bucket,
            aws.s3.key = shown(key),
            aws.request_id = field::Empty,
            server.address = self.host,
            server.port = i64::from(self.port),
        );
        let result = Calling::begin(method, (self.host.as_str(), self.port), span.clone()).answered(request).await;
        if let Some(id) = result.request_id() {
            span.record("aws.request_id", id);
        }
        result.map_err(|error| match error.code() {
            Some("NoSuchKey" | "NotFound") => ObjectError::Missing(shown(key)),
            _ => ObjectError::unavailable(method, error),
        })
    }
}

/// How long a call may take that sends so many bytes.
fn time_for(bytes: usize) -> TimeoutConfig {
    let sending = Duration::from_secs((bytes / SLOWEST) as u64);
    let tries = TimeoutConfig::builder().operation_attempt_timeout(TRY + sending).operation_timeout(ALL_TRIES + sending);
    tries.connect_timeout(CONNECT).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_has_time_to_reach_a_slow_store() {
        let (least, most) = (time_for(1000), time_for(20 << 20));
        assert_eq!((least.operation_attempt_timeout(), least.operation_timeout()), (Some(TRY), Some(ALL_TRIES)));
        assert_eq!(most.operation_attempt_timeout(), Some(Duration::from_secs(48)));
        assert_eq!(most.operation_timeout(), Some(Duration::from_secs(60)));
    }
}
