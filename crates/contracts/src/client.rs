//! Thin clients of the internal calls. They take a tower service: HTTP in the cluster, the in-process router in `all`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde::Serialize;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tracing::Instrument;

use crate::export::{EXPORT, ExportPage, ExportRequest};
use crate::photo::{USABLE, UsableRequest, UsableResponse};
use crate::{AccountId, PhotoId, Service};

/// How long an internal call may take before its caller answers 503: a packet or a question to the name server may be lost, and is sent
/// again within three seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a page or a picture of an export may take: nobody waits for it but a download.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// Any failure below HTTP.
pub type TransportError = Box<dyn std::error::Error + Send + Sync>;

/// Carries a message, and its answer back.
pub type Carrier = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, TransportError>;

/// Carries small JSON messages to one other service.
#[derive(Clone)]
pub struct Transport {
    carrier: Carrier,
    /// Where that service listens; nowhere, if it is in the same process.
    port: Option<u16>,
}

impl Transport {
    /// To a neighbor in the same process.
    pub fn in_process(carrier: Carrier) -> Self {
        Self { carrier, port: None }
    }
}

/// Makes the bearer token for a call to another service: a minute of validity, signed with the caller's key.
pub type TokenSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other service cannot be reached or took longer than it may.
    #[error("failed to reach the {service} service")]
    Unreachable {
        /// Which.
        service: &'static str,
        /// Why.
        source: TransportError,
    },
    /// It answered, with something else than was asked for.
    #[error("the {service} service answered {status}")]
    Refused {
        /// Which.
        service: &'static str,
        /// With what.
        status: StatusCode,
    },
}

/// A transport over HTTP to the service at `base`, such as `http://demo-photo:9090`.
pub fn http(base: &str) -> Transport {
    let base = base.trim_end_matches('/').to_owned();
    let port = reqwest::Url::parse(&base).ok().and_then(|url| url.port_or_known_default());
    let client = reqwest::Client::new();
    let carrier: Carrier = BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let (client, url) = (client.clone(), format!("{base}{}", request.uri()));
        async move {
            let (parts, body) = request.into_parts();
            let request = client.request(parts.method, url).headers(parts.headers).body(body).build()?;
            telemetry::called_url(request.url().as_str());
            let answer = client.execute(request).await?;
            let status = answer.status();
            let mut response = Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            Ok(response)
        }
    }));
    Transport { carrier, port }
}

/// What is asked for.
struct Question<'a> {
    method: Method,
    path: &'a str,
    /// The path without ids, for traces.
    template: &'static str,
    body: Bytes,
    timeout: Duration,
}

impl Question<'static> {
    fn get(path: &'static str) -> Self {
        Self { method: Method::GET, path, template: path, body: Bytes::new(), timeout: TIMEOUT }
    }

    fn post(path: &'static str, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("ids and texts serialize");
        Self { method: Method::POST, path, template: path, body: body.into(), timeout: TIMEOUT }
    }
}

/// One call: traced, bounded in time, with the trace context on it.
async fn call(
    service: &'static str,
    transport: &Transport,
    token: Option<&TokenSource>,
    question: Question<'_>,
) -> Result<Bytes, CallError> {
    let Question { method, path, template, body, timeout } = question;
    let callee = telemetry::Callee { service, port: transport.port };
    let span = telemetry::http_client_span(&method, callee, template);
    async {
        let unreachable = |source| CallError::Unreachable { service, source };
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse::<Uri>().map_err(|bad| unreachable(bad.into()))?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let bearer = format!("Bearer {}", token());
            headers.insert(header::AUTHORIZATION, bearer.parse().expect("a JWT is a header value"));
        }
        telemetry::inject(headers);
        let answer = async {
            let answer = tokio::time::timeout(timeout, transport.carrier.clone().oneshot(request)).await;
            answer.unwrap_or_else(|late| Err(TransportError::from(late)))
        };
        let response = telemetry::timed_call(&method, callee, answer).await.map_err(unreachable)?;
        match response.status() {
            status if status.is_success() => Ok(response.into_body()),
            status => Err(CallError::Refused { service, status }),
        }
    }
    .instrument(span)
    .await
}

/// What other services ask of auth.
#[derive(Clone)]
pub struct AuthClient {
    transport: Transport,
}

impl AuthClient {
    /// A client over `transport`, which reaches auth's public port.
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// The published keys, as the JSON of RFC 7517.
    pub async fn jwks(&self) -> Result<Bytes, CallError> {
        call("auth", &self.transport, None, Question::get("/.well-known/jwks.json")).await
    }
}

/// What other services ask of photo.
#[derive(Clone)]
pub struct PhotoClient {
    transport: Transport,
    token: TokenSource,
}

impl PhotoClient {
    /// A client over `transport`, which reaches photo's private port, signing with `token`.
    pub fn new(transport: Transport, token: TokenSource) -> Self {
        Self { transport, token }
    }

    /// Which of `photos` may `author` show?
    pub async fn usable(&self, author: AccountId, photos: Vec<PhotoId>) -> Result<UsableResponse, CallError> {
        let question = Question::post(USABLE, &UsableRequest { author, photos });
        let answer = call("photo", &self.transport, Some(&self.token), question).await?;
        serde_json::from_slice(&answer).map_err(|source| CallError::Unreachable { service: "photo", source: source.into() })
    }
}

/// What auth asks of each other service when somebody takes a copy of what is theirs.
#[derive(Clone)]
pub struct ExportClient {
    service: Service,
    transport: Transport,
    token: TokenSource,
}

impl ExportClient {
    /// A client over `transport`, which reaches the private port of `service`, signing with `token`.
    pub fn new(service: Service, transport: Transport, token: TokenSource) -> Self {
        Self { service, transport, token }
    }

    /// Whom it asks.
    pub fn service(&self) -> Service {
        self.service
    }

    /// The files of `account` that come after `after`.
    pub async fn page(&self, account: AccountId, after: Option<String>) -> Result<ExportPage, CallError> {
        let question = Question { timeout: EXPORT_TIMEOUT, ..Question::post(EXPORT, &ExportRequest { account, after }) };
        let answer = call(self.service.name(), &self.transport, Some(&self.token), question).await?;
        serde_json::from_slice(&answer).map_err(|source| CallError::Unreachable { service: self.service.name(), source: source.into() })
    }

    /// The bytes at `path`, as a page named it.
    pub async fn bytes(&self, path: &str) -> Result<Bytes, CallError> {
        let question =
            Question { method: Method::GET, path, template: "/internal/export/{bytes}", body: Bytes::new(), timeout: EXPORT_TIMEOUT };
        call(self.service.name(), &self.transport, Some(&self.token), question).await
    }
}
