//! An auth service of a test's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::{Auth, AuthConfig};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use contracts::Service;
use contracts::client::ExportClient;
use database::{Schema, Wakeups};
use identity::{Identity, Keyset, REVOCATIONS_CHANNEL, Revocations, ServiceKeys};
use jsonwebtoken::jwk::JwkSet;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use test_db::TestDb;
use tokio::task::JoinSet;

use crate::authenticator::Authenticator;
use crate::neighbors;

pub const ISSUER: &str = "https://platform.test";
pub const PASSWORD: &str = "correct horse battery staple";
const KEY_ENCRYPTION_KEY: [u8; 32] = [7; 32];

impl Authenticator {
    /// One in a browser that is at the platform.
    pub fn new() -> Self {
        Self::at(ISSUER)
    }
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
    #[command(flatten)]
    auth: AuthConfig,
}

pub struct TestAuth {
    /// Everything that runs; ends with this.
    _tasks: JoinSet<()>,
    pub url: String,
    http: Client,
    pub db: Arc<TestDb>,
}

/// What a sign-in or a refresh answers with.
#[derive(Clone, Debug, Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Only a sign-in answers with one.
    #[serde(default)]
    pub device: Option<String>,
}

impl TestAuth {
    pub async fn spawn() -> Self {
        Self::with(&[]).await
    }

    /// One that is told this.
    pub async fn with(flags: &[&str]) -> Self {
        let keys = Keyset::default();
        Self::start(flags, keys.clone(), keys).await
    }

    /// One with these neighbors.
    pub async fn asking(others: Vec<ExportClient>) -> Self {
        let keys = Keyset::default();
        Self::start_on(Self::database().await, &[], (keys.clone(), keys), others).await
    }

    /// One that takes the access tokens of `published` keys, and none of its own.
    pub async fn trusting(published: &JwkSet) -> Self {
        let trusted = Keyset::default();
        trusted.set(published);
        Self::start(&[], trusted, Keyset::default()).await
    }

    async fn start(told: &[&str], trusted: Keyset, own: Keyset) -> Self {
        Self::start_on(Self::database().await, told, (trusted, own), neighbors::there()).await
    }

    async fn database() -> Arc<TestDb> {
        Arc::new(TestDb::new(&[Schema { service: Service::Auth, migrations: &auth::MIGRATIONS }]).await)
    }

    /// Another replica of this one, on the same database.
    pub async fn replica(&self) -> Self {
        self.replica_with(KEY_ENCRYPTION_KEY).await
    }

    /// The same, whose KEY_ENCRYPTION_KEY is another one.
    pub async fn replica_with(&self, key: [u8; 32]) -> Self {
        let keys = Keyset::default();
        let key = format!("--key-encryption-key={}", BASE64_STANDARD.encode(key));
        Self::start_on(self.db.clone(), &[&key], (keys.clone(), keys), neighbors::there()).await
    }

    /// Another replica, which is told this.
    pub async fn replica_told(&self, flags: &[&str]) -> Self {
        let keys = Keyset::default();
        Self::start_on(self.db.clone(), flags, (keys.clone(), keys), neighbors::there()).await
    }

    async fn start_on(db: Arc<TestDb>, told: &[&str], (trusted, own): (Keyset, Keyset), others: Vec<ExportClient>) -> Self {
        let flags = ["auth".to_owned(), "--public-addr=127.0.0.1:0".to_owned(), "--private-addr=127.0.0.1:0".to_owned()];
        let key = format!("--key-encryption-key={}", BASE64_STANDARD.encode(KEY_ENCRYPTION_KEY));
        let has_key = told.iter().any(|flag| flag.starts_with("--key-encryption-key="));
        let told = told.iter().map(|flag| (*flag).to_owned()).chain((!has_key).then_some(key));
        let flags = Flags::parse_from(flags.into_iter().chain(told));
        let pool = db.pool(Service::Auth);
        let rates = Rates::new(&flags.serving);

        let mut tasks = JoinSet::new();
        let wakeups = Wakeups::new(auth::PRODUCERS.map(facts::channel).into_iter().chain([REVOCATIONS_CHANNEL.to_owned()]));
        let revocations = Revocations::default();
        tasks.spawn(revocations.clone().run(pool.clone(), wakeups.on(REVOCATIONS_CHANNEL)));
        tasks.spawn(wakeups.clone().run(pool.clone()));
        let identity = Identity::new(Service::Auth, ISSUER, trusted, revocations, ServiceKeys::default(), rates.clone());
        let auth = Auth::new(&flags.auth, pool, ISSUER.to_owned(), identity, own, others).expect("a key of 32 bytes");

        let listeners = Listeners::bind(&flags.serving).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let public = public_stack(auth.public(), &flags.serving, &rates);
        let private = private_stack(auth.private(), Readiness::default());
        tasks.spawn(async move { auth.background(&wakeups).await });
        tasks.spawn(async move {
            serve(listeners, &flags.serving, public, private, Readiness::default(), std::future::pending()).await;
        });
        Self { _tasks: tasks, url, http: Client::new(), db }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub fn sign_up(&self, handle: &str, password: &str) -> RequestBuilder {
        self.request(Method::POST, "/v1/accounts").json(&json!({"handle": handle, "password": password}))
    }

    pub fn sign_in(&self, handle: &str, password: &str) -> RequestBuilder {
        self.request(Method::POST, "/v1/sessions").json(&json!({"handle": handle, "password": password}))
    }

    pub fn sign_out(&self, access_token: &str) -> RequestBuilder {
        self.request(Method::DELETE, "/v1/sessions/current").bearer_auth(access_token)
    }

    pub fn refresh(&self, refresh_token: &str) -> RequestBuilder {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.request(Method::POST, "/oauth/token").form(&form)
    }

    pub fn me(&self, access_token: &str) -> RequestBuilder {
        self.request(Method::GET, "/v1/accounts/me").bearer_auth(access_token)
    }

    /// A new session of an account that is there.
    pub async fn session(&self, handle: &str) -> Tokens {
        let (status, body) = answer(self.sign_in(handle, PASSWORD)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let tokens: Tokens = serde_json::from_value(body).expect("tokens");
        self.until_known(&tokens.access_token).await;
        tokens
    }

    /// A session of somebody new.
    pub async fn somebody(&self, handle: &str) -> Tokens {
        let (status, body) = answer(self.sign_up(handle, PASSWORD)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        self.session(handle).await
    }

    /// A refresh that must work.
    pub async fn refreshed(&self, refresh_token: &str) -> Tokens {
        let (status, body) = answer(self.refresh(refresh_token)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_value(body).expect("tokens")
    }

    /// Waits until auth has read once what is revoked: before, it cannot know anybody.
    pub async fn until_known(&self, access_token: &str) {
        eventually("the access token is taken", async || answer(self.me(access_token)).await.0 == StatusCode::OK).await;
    }

    /// Waits until an access token is worth nothing any more.
    pub async fn until_refused(&self, access_token: &str) {
        eventually("the access token is refused", async || answer(self.me(access_token)).await.0 == StatusCode::UNAUTHORIZED).await;
    }

    /// Changes rows behind auth's back, as if time had passed or much had happened.
    pub async fn sql(&self, change: &'static str) {
        sqlx::query(change).execute(&self.db.superuser_pool(Service::Auth)).await.expect("a statement that works");
    }

    /// Somebody who may do what administrators do.
    pub async fn admin(&self, handle: &str) -> Tokens {
        self.somebody(handle).await;
        let mut connection = self.db.pool(Service::Auth).acquire().await.expect("a connection");
        auth::grant_admin(&mut connection, handle).await.expect("an administrator");
        self.session(handle).await
    }

    /// A request of somebody who is signed in.
    pub fn of(&self, who: &Tokens, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&who.access_token)
    }

    /// Rows of a table of the service.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.db.superuser_pool(Service::Auth)).await.expect("a number")
    }
}

/// The status of an answer and what its body says, but for the trace.
pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let bytes = answer.bytes().await.expect("a body");
    let mut body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    if let Some(body) = body.as_object_mut() {
        body.remove("trace_id");
    }
    (status, body)
}

/// The name of the kind of a problem.
pub fn kind(problem: &Value) -> &str {
    problem["type"].as_str().and_then(|kind| kind.strip_prefix("https://socialplatform.dev/problems/")).expect("a problem document")
}

/// Waits until it holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
