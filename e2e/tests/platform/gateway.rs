//! The platform's public API, through the gateway, as people use it.

use std::time::{Duration, Instant};

use http::StatusCode;
use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::environment;
use crate::wait::eventually;

/// Everybody's: long enough, and worth nothing outside of a test cluster.
const PASSWORD: &str = "seventeen syllables, more or less";

/// Half of what a token lives.
const RENEWAL: Duration = Duration::from_secs(300);

/// The gateway, asked for one platform's domain.
#[derive(Clone)]
pub struct Gateway {
    http: reqwest::Client,
    base: String,
}

/// What the platform said.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// `Content-Type`, empty if there is none.
    pub media_type: String,
    /// All of it.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("an answer in JSON, not {self}"))
    }

    /// The same reply, if it has this status; else what it is, in words.
    pub fn with_status(self, status: StatusCode) -> Result<Reply, String> {
        if self.status == status { Ok(self) } else { Err(self.to_string()) }
    }

    /// The same reply, if it is a success.
    ///
    /// # Panics
    /// With the reply, where it is none.
    #[track_caller]
    pub fn accepted(self, what: &str) -> Reply {
        assert!(self.status.is_success(), "failed to {what}: {self}");
        self
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = String::from_utf8_lossy(&self.body).chars().take(500).collect();
        write!(f, "{} {} {start}", self.status, self.media_type)
    }
}

impl Gateway {
    /// The gateway as it serves `domain`.
    pub fn of(domain: &str) -> Gateway {
        let host = HeaderValue::from_str(domain).expect("a domain is a header value");
        let http = reqwest::Client::builder().default_headers(HeaderMap::from_iter([(HOST, host)]));
        let http = http.timeout(Duration::from_secs(30)).build().expect("a client can be built");
        Gateway { http, base: environment::gateway().trim_end_matches('/').to_owned() }
    }

    /// A request to a path, or to an absolute URL of the platform, which leads through the gateway all the same.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => path,
        };
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Reads a path as nobody in particular.
    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// Waits until the gateway has learned of the platform.
    pub async fn serves(&self) {
        // A gateway learns of each service in its own time. What is asked here needs no account, and each service answers.
        for path in ["/.well-known/jwks.json", "/v1/timelines/public", "/v1/photos", "/v1/relations/1/followers"] {
            let reply = async || attempt(self.request(Method::GET, path)).await.map_err(|error| format!("{error:?}"));
            eventually("the gateway routes to the platform", async || reply().await?.with_status(StatusCode::OK)).await;
        }
    }
}

/// Sends a request and reads all of the answer.
pub async fn send(request: RequestBuilder) -> Reply {
    attempt(request).await.expect("the gateway answers, and the whole answer arrives")
}

/// The same, where it may fail.
pub async fn attempt(request: RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, media_type) = (response.status(), response.headers().get(CONTENT_TYPE).cloned());
    let media_type = media_type.and_then(|value| value.to_str().map(str::to_owned).ok()).unwrap_or_default();
    Ok(Reply { status, media_type, body: response.bytes().await?.to_vec() })
}

/// Somebody who is signed in.
pub struct Person {
    /// The account's id.
    pub id: String,
    handle: String,
    gateway: Gateway,
    token: String,
    /// When it was given.
    since: Instant,
}

fn signing_in(gateway: &Gateway, handle: &str) -> RequestBuilder {
    gateway.request(Method::POST, "/v1/sessions").json(&json!({ "handle": handle, "password": PASSWORD }))
}

impl Person {
    /// Signs somebody up and in.
    pub async fn sign_up(gateway: &Gateway, handle: &str) -> Person {
        let account = json!({ "handle": handle, "password": PASSWORD });
        let request = gateway.request(Method::POST, "/v1/accounts").json(&account);
        send(request).await.accepted(&format!("sign up {handle}"));
        Person::sign_in(gateway, handle).await
    }

    /// Signs somebody in who is signed up.
    pub async fn sign_in(gateway: &Gateway, handle: &str) -> Person {
        let session = send(signing_in(gateway, handle)).await.accepted(&format!("sign in {handle}")).json();
        let (token, since) = (text(&session, "/access_token"), Instant::now());
        let whoami = send(gateway.request(Method::GET, "/v1/accounts/me").bearer_auth(&token)).await;
        let id = text(&whoami.accepted("read one's own account").json(), "/id");
        Person { id, handle: handle.to_owned(), gateway: gateway.clone(), token, since }
    }

    /// Signs in again before the token ends, which is less than a story of many requests may take.
    pub async fn stay_signed_in(&mut self) -> Result<(), String> {
        if self.since.elapsed() < RENEWAL {
            return Ok(());
        }
        let reply = attempt(signing_in(&self.gateway, &self.handle)).await.map_err(|error| format!("{error:?}"))?;
        if !reply.status.is_success() {
            return Err(reply.to_string());
        }
        (self.token, self.since) = (text(&reply.json(), "/access_token"), Instant::now());
        Ok(())
    }

    /// A request in this person's name.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.gateway.request(method, path).bearer_auth(&self.token)
    }

    /// Reads a path or a link.
    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// Gives a mail address, to which a letter is owed.
    pub async fn give_address(&self, address: &str) -> Reply {
        let change = json!({ "email": address, "password": PASSWORD });
        send(self.request(Method::PUT, "/v1/accounts/me/email").json(&change)).await
    }

    /// `PUT`s what has no body: follow, block.
    pub async fn put(&self, path: &str) -> Reply {
        send(self.request(Method::PUT, path)).await
    }

    /// Uploads a JPEG and answers the photo's id.
    pub async fn upload(&self, jpeg: &[u8], visibility: &'static str) -> String {
        let request = self.uploading(reqwest::multipart::Part::bytes(jpeg.to_vec()), visibility);
        text(&send(request).await.accepted("upload a photo").json(), "/id")
    }

    /// A request that uploads a JPEG.
    pub fn uploading(&self, file: reqwest::multipart::Part, visibility: &'static str) -> RequestBuilder {
        let file = file.file_name("photo.jpg").mime_str("image/jpeg").expect("a media type");
        let form = reqwest::multipart::Form::new().text("visibility", visibility).text("alt", "A rocket").text("tags", "rocket,e2e");
        self.request(Method::POST, "/v1/photos").multipart(form.part("file", file))
    }

    /// Posts, and answers the path of the post.
    pub async fn post(&self, body: Value) -> String {
        let reply = send(self.request(Method::POST, "/v1/posts").json(&body)).await;
        format!("/v1/posts/{}", text(&reply.accepted("post").json(), "/id"))
    }
}

/// The string at a JSON pointer (RFC 6901).
#[track_caller]
pub fn text(json: &Value, pointer: &str) -> String {
    let found = json.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("a string at {pointer} of {json}")).to_owned()
}
