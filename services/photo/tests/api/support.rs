//! A photo service of a test's own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clap::Parser;
use contracts::fact::{Fact, PhotosShown};
use contracts::photo::USABLE;
use contracts::{AccountId, Service};
use database::{Schema, Wakeups};
use facts::{Outbox, channel};
use identity::PhotoGrant;
use identity::testing::Issuer;
use photo::{Photo, PhotoConfig};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use sqlx::PgPool;
use test_db::TestDb;
use tokio::task::JoinSet;

pub use crate::answers::{answer, eventually, form, id, path, problem, url};
use crate::store::{ACCESS_KEY, BUCKET, SECRET_KEY, TestStore};

/// Largest upload in tests, so that one which is too large is soon sent.
pub const MAX_BYTES: usize = 200_000;
/// Objects of one photo: the original, and three smaller pictures as WebP and as JPEG.
pub const OBJECTS: usize = 7;
/// What a browser says of the pictures of a page.
pub const BROWSER: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

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
    pub service: Photo,
    pub http: Client,
}

/// Somebody who is signed in.
pub struct Person {
    pub id: AccountId,
    pub token: String,
}

/// What is signed for `viewer`, who is shown the photo in post 17.
pub fn shown_in_17(photo: &Value, owner: &Person, viewer: &Person) -> PhotoGrant {
    PhotoGrant {
        photo: id(photo),
        source: "post:17".to_owned(),
        owner: owner.id,
        audience_of: None,
        viewer: viewer.id,
        as_of: None,
        iat: 0,
    }
}

impl TestPhoto {
    pub async fn spawn() -> Self {
        Self::with(&[]).await
    }

    /// With these settings in the place of the usual ones.
    pub async fn with(settings: &[&str]) -> Self {
        Self::on(settings, |db| db.pool(Service::Photo)).await
    }

    /// On connections of the test's choice, too.
    pub async fn on(settings: &[&str], pool: impl FnOnce(&TestDb) -> PgPool) -> Self {
        let mut tasks = JoinSet::new();
        let store = TestStore::spawn(&mut tasks).await;
        let usual = [
            "photo".to_owned(),
            "--public-addr=127.0.0.1:0".to_owned(),
            "--private-addr=127.0.0.1:0".to_owned(),
            "--photo-keep-deleted-seconds=0".to_owned(),
            format!("--photo-max-bytes={MAX_BYTES}"),
            format!("--s3-endpoint={}", store.endpoint),
            format!("--s3-public-endpoint={}", store.endpoint),
            format!("--s3-bucket={BUCKET}"),
            format!("--aws-access-key-id={ACCESS_KEY}"),
            format!("--aws-secret-access-key={SECRET_KEY}"),
        ];
        let other = |usual: &String| settings.iter().any(|setting| setting.split('=').next() == usual.split('=').next());
        let usual = usual.into_iter().filter(|usual| !other(usual));
        let flags = Flags::parse_from(usual.chain(settings.iter().map(|setting| (*setting).to_owned())));

        let db = TestDb::new(&[Schema { service: Service::Photo, migrations: &photo::MIGRATIONS }]).await;
        let pool = pool(&db);
        let issuer = Issuer::new();
        let rates = Rates::new(&flags.serving);
        let service = Photo::new(&flags.photo, pool.clone(), issuer.identity(Service::Photo, rates.clone()));

        let wakeups = Wakeups::new(photo::PRODUCERS.map(channel));
        let (background, hints) = (service.clone(), wakeups.clone());
        tasks.spawn(async move { background.background(&hints).await });
        tasks.spawn(wakeups.run(pool));

        let listeners = Listeners::bind(&flags.serving).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let private_url = format!("http://{}", listeners.private_addr().expect("a bound socket"));
        let public = public_stack(service.public(), &flags.serving, &rates);
        let private = private_stack(service.private(), Readiness::default());
        tasks.spawn(async move {
            serve(listeners, &flags.serving, public, private, Readiness::default(), std::future::pending()).await;
        });
        // The first sweep begins by itself, and what it finds a test's own sweep does not.
        eventually("the first sweep is over", async || store.sweeps() > 0).await;
        Self { _tasks: tasks, url, private_url, issuer, db, store, service, http: Client::new() }
    }

    /// Somebody new.
    pub fn person(&self) -> Person {
        // As long as those of auth, so that no other number that is stored is taken for one.
        static NEXT: AtomicI64 = AtomicI64::new(7_310_552_901_448_001);
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

    /// The same, by whoever says this in `Accept`.
    pub async fn get_as(&self, accept: &str, path: &str, who: Option<&Person>) -> Response {
        self.request(Method::GET, path, who).header("accept", accept).send().await.expect("an answer")
    }

    pub async fn json(&self, path: &str, who: Option<&Person>) -> Value {
        self.get(path, who).await.json().await.expect("JSON")
    }

    /// Sends JSON, and reads what is answered.
    pub async fn send(&self, method: Method, path: &str, who: Option<&Person>, body: &Value) -> (StatusCode, Value) {
        answer(self.request(method, path, who).json(body)).await
    }

    /// Changes a photo, which must work.
    pub async fn change(&self, who: &Person, photo: &Value, change: Value) -> Value {
        let (status, body) = self.send(Method::PATCH, &path(photo), Some(who), &change).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// What social asks before `who` posts these photos; says which of them they may show.
    pub async fn usable(&self, who: &Person, photos: &[&Value]) -> Vec<Value> {
        let asked = json!({"author": who.id, "photos": photos.iter().map(|photo| id(photo)).collect::<Vec<_>>()});
        let (status, body) = self.internal(USABLE, &asked).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["photos"].as_array().expect("photos").iter().map(|photo| photo["id"].clone()).collect()
    }

    /// Tells a fact as `producer` would, and waits until photo has applied it.
    pub async fn tell(&self, producer: Service, fact: Fact) {
        self.tell_together(producer, &[fact]).await;
    }

    /// The same for facts that become true at once.
    pub async fn tell_together(&self, producer: Service, facts: &[Fact]) {
        let pool = self.db.superuser_pool(producer);
        let registered = "select exists (select from outbox_cursors where consumer = 'photo')";
        eventually("photo consumes facts", async || sqlx::query_scalar(registered).fetch_one(&pool).await.expect("a row")).await;
        let mut tx = pool.begin().await.expect("a transaction");
        let mut last = None;
        for fact in facts {
            last = Some(facts::publish(&mut tx, fact).await.expect("a place in the outbox"));
        }
        tx.commit().await.expect("a commit");
        let applied = Outbox::new(pool, producer).passed(last.expect("one at least"), Duration::from_secs(120)).await;
        assert!(applied.expect("a row"), "photo has not applied {facts:?}");
    }

    /// What social tells after something of `who` has changed.
    pub async fn shows(&self, who: &Person, source: &str, photos: &[&Value]) {
        self.tell_shown(who, source, photos, false).await;
    }

    /// The same of something that everybody may see.
    pub async fn shows_everybody(&self, who: &Person, source: &str, photos: &[&Value]) {
        self.tell_shown(who, source, photos, true).await;
    }

    async fn tell_shown(&self, who: &Person, source: &str, photos: &[&Value], open: bool) {
        let photos = photos.iter().map(|photo| id(photo)).collect();
        let shown = PhotosShown { source: source.to_owned(), author: who.id, photos, open };
        self.tell(Service::Social, Fact::PhotosShown(shown)).await;
    }

    async fn internal(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let token = self.issuer.signer(Service::Social).tokens_for(Service::Photo)();
        answer(self.http.post(format!("{}{path}", self.private_url)).bearer_auth(token).json(body)).await
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

    /// What a version of social would sign for `viewer`, who is shown the photo in post 17, that did not say yet what it knew.
    pub fn grant(&self, photo: &Value, owner: &Person, viewer: &Person) -> String {
        self.issuer.signer(Service::Social).grant(shown_in_17(photo, owner, viewer))
    }

    /// Rows of a table of the service.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.db.pool(Service::Photo)).await.expect("a number")
    }
}
