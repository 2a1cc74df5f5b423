//! The public API as a patient caller uses it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Request, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SeedConfig;
use super::error::SeedError;

/// How long a request is tried again that the platform asks to send later.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long a platform may be away: enough for a restart, not for a wrong `--url`.
const ABSENCE: Duration = Duration::from_secs(20);

/// How long what one write made visible may take to reach the other services: facts travel.
const VISIBILITY: Duration = Duration::from_secs(60);

/// One pool of connections to one platform, with a count of what was sent.
pub struct Client {
    http: reqwest::Client,
    base: String,
    seed: u64,
    sent: AtomicU64,
    put_off: AtomicU64,
}

impl Client {
    /// A client of the platform at `config.url`.
    pub fn new(config: &SeedConfig) -> Result<Client, SeedError> {
        let mut headers = HeaderMap::new();
        if let Some(host) = &config.host {
            let value = HeaderValue::from_str(host).map_err(|_| SeedError::Host(host.clone()))?;
            headers.insert(HOST, value);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .pool_max_idle_per_host(config.concurrency.into())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|source| SeedError::Unreachable { action: "set up HTTP".into(), source })?;
        let base = config.url.trim_end_matches('/').to_owned();
        Ok(Client { http, base, seed: config.seed, sent: AtomicU64::new(0), put_off: AtomicU64::new(0) })
    }

    /// The seed that the keys and the passwords come from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Requests sent so far, those tried again included.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many of them the platform answered with a request to come again.
    pub fn put_off(&self) -> u64 {
        self.put_off.load(Ordering::Relaxed)
    }

    /// A request to `path`. An absolute URL loses its origin: the answer's own links name the public address of the
    /// platform, which need not be the one it was reached by.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{}", self.base, path_of(path)))
    }

    /// A POST of `body` that creates at most once: its `Idempotency-Key` is made of the seed, the ordinal among
    /// requests of its kind, the path and the body.
    pub fn create(&self, path: &str, ordinal: usize, media_type: &str, body: Vec<u8>) -> RequestBuilder {
        let mut key = Context::new(&SHA256);
        for part in [&self.seed.to_be_bytes(), &(ordinal as u64).to_be_bytes(), path.as_bytes(), &body] {
            key.update(part);
        }
        self.request(Method::POST, path)
            .header("idempotency-key", URL_SAFE_NO_PAD.encode(&key.finish().as_ref()[..16]))
            .header(CONTENT_TYPE, media_type)
            .body(body)
    }

    /// Sends, waits where the platform asks for it (429 and 503, `Retry-After`), and takes only a success.
    ///
    /// `action` finishes the sentence "failed to …". The request must be one that may be sent twice.
    pub async fn send(&self, action: impl Into<String>, request: RequestBuilder) -> Result<Answer, SeedError> {
        let action = action.into();
        let request = match request.build() {
            Ok(request) => request,
            Err(source) => return Err(SeedError::Unreachable { action, source }),
        };
        let began = Instant::now();
        loop {
            let attempt = request.try_clone().expect("bodies are held in memory");
            self.sent.fetch_add(1, Ordering::Relaxed);
            let outcome = self.exchange(attempt).await;
            match again(&outcome) {
                Some((pause, patience)) if began.elapsed() + pause < patience => {
                    self.put_off.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(pause).await;
                }
                _ => return accept(action, outcome),
            }
        }
    }

    async fn exchange(&self, request: Request) -> reqwest::Result<Received> {
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Received { status, headers, body: response.bytes().await?.to_vec() })
    }
}

/// Tries again while the platform answers 404, until facts have had their time to travel.
pub async fn until_visible<R>(attempt: impl AsyncFn() -> Result<R, SeedError>) -> Result<R, SeedError> {
    let deadline = Instant::now() + VISIBILITY;
    loop {
        match attempt().await {
            Err(error) if error.is(StatusCode::NOT_FOUND) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            outcome => return outcome,
        }
    }
}

/// A success.
pub struct Answer {
    action: String,
    /// `Content-Type`, empty if there is none.
    pub media_type: String,
    /// All of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SeedError> {
        serde_json::from_slice(&self.body).map_err(|source| SeedError::Answer { action: self.action.clone(), source })
    }
}

struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn accept(action: String, outcome: reqwest::Result<Received>) -> Result<Answer, SeedError> {
    match outcome {
        Ok(Received { status, headers, body }) if status.is_success() => {
            let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            Ok(Answer { action, media_type: media_type.unwrap_or_default().to_owned(), body })
        }
        Ok(Received { status, body, .. }) => Err(SeedError::Refused { action, status, detail: detail(&body) }),
        Err(source) => Err(SeedError::Unreachable { action, source }),
    }
}

/// How long to wait before the same request is sent again, and how long to go on so; `None` where it makes no sense.
fn again(outcome: &reqwest::Result<Received>) -> Option<(Duration, Duration)> {
    match outcome {
        Ok(Received { status: StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, headers, .. }) => {
            Some((retry_after(headers), PATIENCE))
        }
        // The first try broke off on our side only, and its key is still at work.
        Ok(Received { status: StatusCode::CONFLICT, headers, body }) if kind(body).ends_with("idempotency-in-progress") => {
            Some((retry_after(headers), PATIENCE))
        }
        // The platform is starting, or closed a kept connection under the request.
        Err(_) => Some((Duration::from_secs(1), ABSENCE)),
        _ => None,
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3), one second where it is missing or a date.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// Path and query of a URL, absolute or not.
fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => url,
    }
}

/// The members of a problem document (RFC 9457) that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
}

fn kind(body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).unwrap_or_default().kind
}

/// What a problem document says, else how the body begins: a gateway answers in its own way.
fn detail(body: &[u8]) -> String {
    match serde_json::from_slice(body) {
        Ok(Problem { detail, .. }) if !detail.is_empty() => detail,
        _ => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_the_public_address_is_followed_at_the_address_given() {
        assert_eq!(path_of("https://social.example.org/p/k/thumb?grant=g"), "/p/k/thumb?grant=g");
        assert_eq!(path_of("/p/k/thumb"), "/p/k/thumb");
        assert_eq!(path_of("https://social.example.org"), "/");
    }

    #[test]
    fn a_platform_that_asks_for_time_gets_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), Duration::from_secs(1));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Duration::from_secs(7));
    }

    #[test]
    fn a_problem_is_quoted_by_its_detail() {
        assert_eq!(detail(br#"{"title":"Unprocessable","detail":"the handle is taken"}"#), "the handle is taken");
        assert_eq!(detail(b"bad gateway"), "bad gateway");
    }
}
