//! A photo service of a test's own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use contracts::{AccountId, PhotoId, Service};
use database::{Schema, Wakeups};
use facts::{Consumer, Outbox, channel};
use identity::PhotoGrant;
use identity::testing::Issuer;
use jobs::Worker;
use photo::{AppState, Jobs, PhotoConfig, Withdrawals};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use test_db::TestDb;
use tokio::task::JoinSet;

use crate::store::{ACCESS_KEY, BUCKET, SECRET_KEY, TestStore};

/// Largest upload in tests, so that one which is too large is soon sent.
pub const MAX_BYTES: usize = 200_000;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
    #[command(flatten)]
    photo: PhotoConfig,
}

pub struct TestPhoto {
    /// Everything that runs; ends with this.
    _tasks: JoinSet<()>,
    pub url: String,
    pub private_url: String,
    pub issuer: Issuer,
    pub db: TestDb,
    pub store: TestStore,
    pub state: AppState,
    pub http: Client,
}

/// Somebody who is signed in.
pub struct Person {
    pub id: AccountId,
    pub token: String,
}

impl TestPhoto {
    pub async fn spawn() -> Self {
        let mut tasks = JoinSet::new();
        let store = TestStore::spawn(&mut tasks).await;
        let flags = Flags::parse_from([
            "photo".to_owned(),
            "--public-addr=127.0.0.1:0".to_owned(),
            "--private-addr=127.0.0.1:0".to_owned(),
            format!("--photo-max-bytes={MAX_BYTES}"),
            format!("--s3-endpoint={}", store.endpoint),
            format!("--s3-bucket={BUCKET}"),
            format!("--aws-access-key-id={ACCESS_KEY}"),
            format!("--aws-secret-access-key={SECRET_KEY}"),
        ]);

        let db = TestDb::new(&[Schema { service: Service::Photo, migrations: &photo::MIGRATIONS }]).await;
        let pool = db.pool(Service::Photo);
        let outbox = Outbox::new(pool.clone(), Service::Photo);
        let issuer = Issuer::new();
        let rates = Rates::new(&flags.serving);
        let identity = issuer.identity(Service::Photo, rates.clone());
        let state = AppState::new(&flags.photo, pool.clone(), identity, outbox.clone());

        let producers = [Service::Relation, Service::Social];
        let wakeups = Wakeups::new(producers.map(channel));
        for producer in producers {
            let wakeup = wakeups.on(&channel(producer));
            tasks.spawn(Consumer::new(pool.clone(), Service::Photo, producer, wakeup, Withdrawals).run());
        }
        tasks.spawn(wakeups.run(pool.clone()));
        tasks.spawn(outbox.run());
        tasks.spawn(Worker::new(pool, Jobs::new(&state)).run());

        let listeners = Listeners::bind(&flags.serving).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let private_url = format!("http://{}", listeners.private_addr().expect("a bound socket"));
        let public = public_stack(photo::public(state.clone()), &flags.serving, &rates);
        let private = private_stack(photo::private(state.clone()), Readiness::default());
        tasks.spawn(async move {
            serve(listeners, &flags.serving, public, private, Readiness::default(), std::future::pending()).await;
        });
        Self { _tasks: tasks, url, private_url, issuer, db, store, state, http: Client::new() }
    }

    /// Somebody new.
    pub fn person(&self) -> Person {
        static NEXT: AtomicI64 = AtomicI64::new(1);
        let id = AccountId(NEXT.fetch_add(1, Ordering::Relaxed));
        Person { id, token: self.issuer.token(id) }
    }

    pub fn request(&self, method: Method, path: &str, who: Option<&Person>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match who {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str, who: Option<&Person>) -> Response {
        self.request(Method::GET, path, who).send().await.expect("an answer")
    }

    pub async fn json(&self, path: &str, who: Option<&Person>) -> Value {
        self.get(path, who).await.json().await.expect("JSON")
    }

    /// Uploads a file with the given texts.
    pub async fn upload(&self, who: &Person, file: Vec<u8>, texts: &[(&'static str, &str)]) -> Response {
        let request = self.request(Method::POST, "/v1/photos", Some(who));
        request.multipart(form(file, texts)).send().await.expect("an answer")
    }

    /// Uploads a file that must be kept.
    pub async fn keep(&self, who: &Person, file: Vec<u8>, texts: &[(&'static str, &str)]) -> Value {
        let answer = self.upload(who, file, texts).await;
        let status = answer.status();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body
    }

    /// What social would sign for `viewer`, who is shown the photo in post 17.
    pub fn grant(&self, photo: &Value, owner: &Person, viewer: &Person) -> String {
        self.issuer.signer(Service::Social).grant(PhotoGrant {
            photo: id(photo),
            source: "post:17".to_owned(),
            owner: owner.id,
            viewer: viewer.id,
            iat: 0,
        })
    }

    /// Rows of a table of the service.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.db.pool(Service::Photo)).await.expect("a number")
    }
}

pub fn form(file: Vec<u8>, texts: &[(&'static str, &str)]) -> Form {
    let part = Part::bytes(file).file_name("holiday.jpg").mime_str("image/jpeg").expect("a media type");
    texts.iter().fold(Form::new(), |form, (name, text)| form.text(*name, (*text).to_owned())).part("file", part)
}

pub fn id(photo: &Value) -> PhotoId {
    photo["id"].as_str().expect("an id").parse().expect("an id")
}

/// The address of a photo's picture.
pub fn url<'a>(photo: &'a Value, variant: &str) -> &'a str {
    photo["urls"][variant].as_str().expect("an address")
}

/// The status of an answer and what its body says, but for the trace.
pub async fn problem(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let mut body: Value = answer.json().await.expect("a problem document");
    body.as_object_mut().expect("an object").remove("trace_id");
    (status, body)
}

/// Waits until it holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
