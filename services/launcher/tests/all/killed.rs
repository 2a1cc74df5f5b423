//! The process is killed while photo is at work, as where a node goes down: of an upload there is a photo or nothing, and what was owed
//! is done.

mod store;

use std::path::Path;
use std::time::{Duration, Instant};

use postgres_server::{Durability, Programs, Server};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use self::store::{BUCKET, Store};
use crate::own_server::KEYS;
use crate::process::{All, GUARD, answered, png, sign_in, sign_up};

/// Objects of one photo.
const OBJECTS: usize = 7;

/// A platform that is started again and again.
struct Platform<'a> {
    folder: &'a Path,
    server: &'a Server,
    store: &'a Store,
    http: Client,
}

/// While it runs, and for one person.
struct Running<'a> {
    all: All,
    token: String,
    http: &'a Client,
}

impl Platform<'_> {
    async fn start(&self, is_first: bool) -> Running<'_> {
        let all = All::start(&self.folder.join("data"), |command| {
            command
                .env("OWNER_DATABASE_URL", self.server.superuser_url("postgres"))
                .env("S3_ENDPOINT", &self.store.endpoint)
                .env("S3_PUBLIC_ENDPOINT", &self.store.endpoint)
                .env("S3_BUCKET", BUCKET)
                .envs(KEYS)
                .env("PHOTO_KEEP_DELETED_SECONDS", "0");
        });
        let token = match is_first {
            true => sign_up(&self.http, &all.url, "ada").await,
            false => sign_in(&self.http, &all.url, "ada").await,
        };
        Running { all, token, http: &self.http }
    }
}

impl Running<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.all.url)).bearer_auth(&self.token)
    }

    async fn json(&self, method: Method, path: &str, body: Value, status: StatusCode) -> Value {
        let (answer, text) = answered(|| self.request(method.clone(), path).json(&body)).await;
        assert_eq!(answer, status, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Sends a file by tus, and answers the upload's id.
    async fn by_tus(&self, file: &[u8]) -> String {
        let begun = self.request(Method::POST, "/v1/photos/tus").header("tus-resumable", "1.0.0").header("upload-length", file.len());
        let begun = begun.send().await.unwrap();
        let location = begun.headers()["location"].to_str().unwrap().to_owned();
        let piece = self.request(Method::PATCH, &location).header("tus-resumable", "1.0.0").header("upload-offset", 0);
        let piece = piece.header("content-type", "application/offset+octet-stream").body(file.to_vec()).send().await.unwrap();
        assert_eq!(piece.status(), StatusCode::NO_CONTENT);
        location.rsplit('/').next().unwrap().to_owned()
    }

    /// Sends a file straight to the store, and answers the upload's id.
    async fn direct(&self, file: &[u8]) -> String {
        let asked = json!({ "size": file.len(), "type": "image/png" });
        let upload = self.json(Method::POST, "/v1/photos/uploads", asked, StatusCode::CREATED).await;
        let mut put = self.http.put(upload["url"].as_str().unwrap());
        for (name, value) in upload["headers"].as_object().unwrap().iter().filter(|(name, _)| *name != "content-length") {
            put = put.header(name, value.as_str().unwrap());
        }
        assert_eq!(put.body(file.to_vec()).send().await.unwrap().status(), StatusCode::OK);
        upload["id"].as_str().unwrap().to_owned()
    }

    /// Kills it, when the store has done what it shall do of these requests. None of them is answered.
    async fn killed_at(self, requests: Vec<RequestBuilder>, store: &Store) {
        let sent: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.send())).collect();
        store.until_held().await;
        self.all.kill();
        for request in sent {
            assert!(request.await.unwrap().is_err());
        }
        store.release();
    }
}

fn complete(id: &str) -> String {
    format!("/v1/photos/uploads/{id}/complete")
}

/// A small picture; another `seed` gives another.
fn picture(seed: u8) -> Vec<u8> {
    png(&image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, seed])))
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + GUARD;
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_photo_was_killed_at_is_a_photo_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // PostgreSQL may run as somebody else, who has to get through.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &folder.path().join("postgres"), Durability::None).unwrap();
    let store = Store::spawn(&folder.path().join("objects")).await;
    let database = PgPool::connect(&server.superuser_url("postgres")).await.unwrap();
    let count = async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&database).await.unwrap();
    let platform = Platform { folder: folder.path(), server: &server, store: &store, http: Client::new() };

    // All pictures are written, and no row is.
    let running = platform.start(true).await;
    let file = Part::bytes(picture(1)).file_name("a.png").mime_str("image/png").unwrap();
    let upload = running.request(Method::POST, "/v1/photos").multipart(Form::new().part("file", file));
    store.hold(Method::PUT, OBJECTS);
    running.killed_at(vec![upload], &store).await;
    assert_eq!(store.objects("blobs").len(), OBJECTS);
    store.age();
    let running = platform.start(false).await;
    assert_eq!(count("select count(*) from photo.photos").await, 0);
    let usage = running.json(Method::GET, "/v1/photos/usage", json!({}), StatusCode::OK).await;
    assert_eq!((&usage["photos"], &usage["bytes"]), (&json!(0), &json!(0)));
    eventually("the sweep has deleted what no row names", async || store.objects("blobs").is_empty()).await;

    // Two uploads are being completed, and some of their pictures are written.
    let ids = [running.by_tus(&picture(2)).await, running.direct(&picture(3)).await];
    let completing = ids.iter().map(|id| running.request(Method::POST, &complete(id))).collect();
    store.hold(Method::PUT, OBJECTS + 3);
    running.killed_at(completing, &store).await;
    assert_eq!((store.objects("blobs").len(), count("select count(*) from photo.photos").await), (OBJECTS + 3, 0));
    store.age();
    let running = platform.start(false).await;
    let mut photos = Vec::new();
    for id in &ids {
        photos.push(running.json(Method::POST, &complete(id), Value::Null, StatusCode::CREATED).await);
    }
    eventually("nothing is left but two photos", async || {
        store.objects("blobs").len() == 2 * OBJECTS && store.objects("incoming").is_empty()
    })
    .await;

    // The objects of a photo are being deleted, and some are gone.
    let [deleted, kept] = [&photos[0], &photos[1]].map(|photo| format!("/v1/photos/{}", photo["id"].as_str().unwrap()));
    store.hold(Method::DELETE, 3);
    let answer = running.request(Method::DELETE, &deleted).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    running.killed_at(Vec::new(), &store).await;
    assert_eq!((store.objects("blobs").len(), count("select count(*) from photo.blobs").await), (2 * OBJECTS - 3, 2));
    // As if the five minutes were over for which whoever runs a job has it for themselves.
    sqlx::query("update photo.jobs set run_at = now()").execute(&database).await.unwrap();
    let running = platform.start(false).await;
    eventually("the rest of them are gone", async || {
        store.objects("blobs").len() == OBJECTS && count("select count(*) from photo.blobs").await == 1
    })
    .await;
    running.json(Method::GET, &deleted, Value::Null, StatusCode::NOT_FOUND).await;
    let kept = running.json(Method::GET, &kept, Value::Null, StatusCode::OK).await;
    let thumb = running.request(Method::GET, kept["urls"]["thumb"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(thumb.status(), StatusCode::OK);
    assert!(running.all.stop().success());
}
