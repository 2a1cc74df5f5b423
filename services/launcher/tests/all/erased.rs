//! Somebody takes a copy of what is theirs, and leaves: nothing is left of them anywhere.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use postgres_server::{Durability, Programs, Server};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::process::{All, GUARD, PASSWORD, post, sign_up, until_up, upload};

const HANDLE: &str = "zoe_who_leaves";
/// Words that nobody else has written.
const WORD: &str = "quokkaflower";
/// Where an account's id stays: facts that were told (for a week) and events of streams (for as long as a connection may take to
/// come back), what keeps anything of it from being made anew, and the empty place of a post that others have answered.
const TOMBSTONES: [&str; 6] = ["outbox", "stream_events", "hidden_accounts", "erasures", "posts", "profiles"];

struct Platform {
    http: Client,
    url: String,
}

impl Platform {
    async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token).json(&body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
    }

    async fn done(&self, method: Method, path: &str, token: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, token, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, token, Value::Null).await
    }

    async fn post(&self, token: &str, body: Value) -> String {
        text(&post(&self.http, format!("{}/v1/posts", self.url), token, body).await["id"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + GUARD;
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The files of a tar.
fn unpacked(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(tar);
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        (name, contents)
    });
    files.collect()
}

/// Every object in the store.
fn objects(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let found = entries.flatten().flat_map(|entry| match entry.path() {
        path if path.is_dir() => objects(&path),
        path => vec![path.display().to_string()],
    });
    found.collect()
}

/// The rows of the services that hold `needle`, each with its table, but for those in tables named in `but`.
async fn rows_with(database: &PgPool, needle: &str, but: &[&str]) -> Vec<String> {
    let tables = "select schemaname::text, tablename::text from pg_tables
                  where schemaname in ('auth', 'social', 'photo', 'relation') order by 1, 2";
    let tables: Vec<(String, String)> = sqlx::query_as(tables).fetch_all(database).await.unwrap();
    assert!(tables.len() > 50, "these are all tables: {tables:?}");
    let mut found = Vec::new();
    for (schema, table) in tables.iter().filter(|(_, table)| !but.contains(&table.as_str())) {
        let rows = AssertSqlSafe(format!("select t::text from {schema}.{table} t where position($1 in t::text) > 0"));
        let rows: Vec<String> = sqlx::query_scalar(rows).bind(needle).fetch_all(database).await.unwrap();
        found.extend(rows.into_iter().map(|row| format!("{schema}.{table}: {row}")));
    }
    found
}

#[tokio::test]
async fn whoever_leaves_takes_a_copy_along_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &folder.path().join("postgres"), Durability::None).unwrap();
    let database = PgPool::connect(&server.superuser_url("postgres")).await.unwrap();
    let data = folder.path().join("data");
    let all = All::start(&data, |command| {
        command.env("OWNER_DATABASE_URL", server.superuser_url("postgres")).env("ACCOUNT_ERASURE_GRACE", "0");
        command.env("PHOTO_KEEP_DELETED_SECONDS", "0");
    });
    let platform = Platform { http: Client::new(), url: all.url.clone() };
    until_up(&platform.http, &platform.url).await;
    let zoe = sign_up(&platform.http, &platform.url, HANDLE).await;
    let bob = sign_up(&platform.http, &platform.url, "bob").await;
    let [zoes_id, bobs_id] = [&zoe, &bob].map(|token| platform.get("/v1/accounts/me", token));
    let (zoes_id, bobs_id) = (text(&zoes_id.await.1["id"]), text(&bobs_id.await.1["id"]));

    // She does a little of everything, and so does he with what is hers.
    platform.done(Method::PATCH, "/v1/profiles/me", &zoe, json!({"display_name": WORD, "bio": WORD})).await;
    let photo = upload(&platform.http, &platform.url, &zoe).await;
    let zoes_post = platform.post(&zoe, json!({"text": format!("{WORD} #flowers"), "photos": [photo["id"]]})).await;
    let bobs_post = platform.post(&bob, json!({"text": "something else"})).await;
    platform.post(&zoe, json!({"text": WORD, "parent": bobs_post})).await;
    let bobs_answer = platform.post(&bob, json!({"text": "indeed", "parent": zoes_post})).await;
    for (token, target) in [(&zoe, &bobs_id), (&bob, &zoes_id)] {
        for what in ["follow", "friend", "like"] {
            platform.done(Method::PUT, &format!("/v1/relations/{target}/{what}"), token, json!({})).await;
        }
    }
    platform.done(Method::PUT, &format!("/v1/relations/{bobs_id}/mute"), &zoe, json!({})).await;
    platform.done(Method::PUT, &format!("/v1/relations/{zoes_id}/note"), &bob, json!({"text": "somebody kind"})).await;
    for (token, seen) in [(&zoe, &bobs_post), (&bob, &zoes_post)] {
        platform.done(Method::PUT, &format!("/v1/posts/{seen}/reactions/%F0%9F%91%8D"), token, json!({})).await;
        platform.done(Method::PUT, &format!("/v1/posts/{seen}/bookmark"), token, json!({})).await;
    }
    let album = platform.done(Method::POST, "/v1/albums", &zoe, json!({"title": WORD})).await;
    platform.done(Method::PUT, &format!("/v1/albums/{}/photos/{}", text(&album["id"]), text(&photo["id"])), &zoe, json!({})).await;
    platform.done(Method::POST, "/v1/timelines/lists", &zoe, json!({"title": WORD})).await;
    let search = format!("/v1/search?q={WORD}");
    eventually("her posts are found", async || platform.get(&search, &bob).await.1["items"].as_array().is_some_and(|it| !it.is_empty()))
        .await;
    let bucket = data.join("objects/photos");
    assert!(!objects(&bucket).is_empty(), "her picture is in the store");

    // A copy, of everything.
    let export = platform.done(Method::POST, "/v1/exports", &zoe, Value::Null).await;
    let archive = platform.http.get(format!("{}{}", platform.url, text(&export["archive"]))).bearer_auth(&zoe).send().await.unwrap();
    assert_eq!(archive.status(), StatusCode::OK);
    let files = unpacked(&archive.bytes().await.unwrap());
    let names: Vec<&String> = files.keys().collect();
    let holds = |folder: &str, text: &str| {
        files.iter().any(|(name, contents)| name.starts_with(folder) && String::from_utf8_lossy(contents).contains(text))
    };
    assert!(holds("auth/", HANDLE) && holds("social/", WORD) && holds("relation/", &bobs_id) && holds("photo/", WORD), "{names:?}");
    let is_picture = |contents: &Vec<u8>| image::guess_format(contents).is_ok();
    assert!(files.iter().any(|(name, contents)| name.starts_with("photo/") && is_picture(contents)), "{names:?}");

    // And good-bye.
    let leaving = platform.done(Method::DELETE, "/v1/accounts/me", &zoe, json!({"password": PASSWORD})).await;
    assert!(leaving["erase_at"].is_string(), "{leaving}");
    let forgotten = "select count(*) from auth.erasures where forgotten_at is not null";
    eventually("every service has forgotten her", async || {
        sqlx::query_scalar::<_, i64>(forgotten).fetch_one(&database).await.unwrap() == 1
    })
    .await;

    assert_eq!(objects(&bucket), Vec::<String>::new(), "nothing of hers is in the store");
    for needle in [WORD, HANDLE] {
        assert_eq!(rows_with(&database, needle, &[]).await, Vec::<String>::new(), "{needle}");
    }
    assert_eq!(rows_with(&database, &zoes_id, &TOMBSTONES).await, Vec::<String>::new());
    for (path, expected) in [
        (format!("/v1/profiles?handle={HANDLE}"), StatusCode::NOT_FOUND),
        (format!("/v1/photos/{}", text(&photo["id"])), StatusCode::NOT_FOUND),
        (text(&photo["urls"]["thumb"]), StatusCode::NOT_FOUND),
        (format!("/v1/posts/{bobs_post}"), StatusCode::OK),
        // He answered it, so his thread has a place for it: with nothing in it.
        (format!("/v1/posts/{zoes_post}"), StatusCode::OK),
        (format!("/v1/posts/{bobs_answer}"), StatusCode::OK),
    ] {
        let (status, answer) = platform.get(&path, &bob).await;
        assert_eq!(status, expected, "{path}: {answer}");
        let answer = answer.to_string();
        assert!(!answer.contains(WORD) && !answer.contains(HANDLE), "{path}: {answer}");
    }
    for search in [search.clone(), format!("{search}&type=people"), format!("{search}&type=tags"), "/v1/notifications".to_owned()] {
        let (status, found) = platform.get(&search, &bob).await;
        assert_eq!((status, &found["items"]), (StatusCode::OK, &json!([])), "{search}");
    }
    let (_, counts) = platform.get(&format!("/v1/relations/{bobs_id}/counts"), &bob).await;
    assert!(counts.as_object().is_some_and(|counts| counts.values().all(|count| *count == json!(0))), "{counts}");
    let again = json!({"handle": HANDLE, "password": PASSWORD});
    assert_eq!(platform.ask(Method::POST, "/v1/accounts", "", again).await.0, StatusCode::CONFLICT, "the name is held");
    assert_eq!(platform.get("/v1/accounts/me", &zoe).await.0, StatusCode::UNAUTHORIZED);
    assert!(all.stop().success());
}
