//! `social-platform dev-s3`: an S3 store on disk. For a laptop and for tests; its keys stand in its environment.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use telemetry::{Telemetry, TelemetryConfig};
use tokio::net::TcpListener;

use crate::{Failure, logged};

/// As S3 says it: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
const NOT_SIGNED: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";

/// Where the store listens, and where it keeps what it is given.
#[derive(Debug, clap::Args)]
pub(crate) struct DevS3Config {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    /// Where to listen.
    #[arg(long, env = "S3_ADDR", default_value = "127.0.0.1:9000")]
    s3_addr: SocketAddr,
    /// The folder of the objects.
    #[arg(long, env = "S3_ROOT")]
    s3_root: PathBuf,
    /// The bucket, made if it is not there.
    #[arg(long, env = "S3_BUCKET")]
    s3_bucket: String,
    /// The access key that callers must sign with.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    aws_access_key_id: String,
    /// Its secret.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    aws_secret_access_key: String,
}

/// The store as a router. A bucket is a folder.
pub(crate) fn store(root: &Path, bucket: &str, access_key: &str, secret_key: &str) -> Result<Router, Failure> {
    // What lies here is private: nobody else of this machine reads it past the store.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root.join(bucket))
        .map_err(|error| format!("failed to make the bucket in {}: {error}", root.display()))?;
    let files = FileSystem::new(root).map_err(|error| format!("failed to use {}: {error:?}", root.display()))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
    let service = HandleError::new(builder.build(), |error: s3s::HttpError| async move {
        tracing::warn!(?error, "the store failed");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    Ok(Router::new().fallback_service(service).layer(middleware::from_fn(refuse_strangers)))
}

/// Answers what is not signed as the store would, which would write it down as an error, twice: photo asks without a signature at
/// its start, to see what a stranger sees.
async fn refuse_strangers(request: Request, next: Next) -> Response {
    let is_signed =
        request.headers().contains_key(AUTHORIZATION) || request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature="));
    match is_signed {
        true => next.run(request).await,
        false => (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "application/xml")], NOT_SIGNED).into_response(),
    }
}

/// Serves the store until `stop`.
pub(crate) async fn serve_store(
    listener: TcpListener,
    store: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // The head and the body of an answer are two packets: without this, the second waits 40 ms for the caller to confirm the first.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, store).with_graceful_shutdown(stop).await
}

pub(crate) async fn run(config: DevS3Config) -> Result<(), Failure> {
    let telemetry = Telemetry::init("dev-s3", &config.telemetry)?;
    logged(telemetry, listen(config)).await
}

async fn listen(config: DevS3Config) -> Result<(), Failure> {
    let store = store(&config.s3_root, &config.s3_bucket, &config.aws_access_key_id, &config.aws_secret_access_key)?;
    let listener = TcpListener::bind(config.s3_addr).await?;
    tracing::info!(address = %listener.local_addr()?, "the development store is listening");
    let stop = async {
        let _ = serving::termination().await;
    };
    serve_store(listener, store, stop).await?;
    Ok(())
}
