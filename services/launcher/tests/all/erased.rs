//! Somebody takes a copy of what is theirs, and leaves: nothing is left of them anywhere.

mod life;
mod traces;

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use self::life::{HANDLE, Life, OLD_HANDLE, PICTURE, POST, TABLES, TAG, WORDS};
use self::traces::{objects, rows_with, tables_of};
use crate::process::{GUARD, PASSWORD, sign_up, upload};
use crate::stage::Stage;

/// Where an account's id stays by itself: facts that were told (for a week) and events of streams (for as long as a connection may
/// take to come back), and what keeps anything of it from being made anew.
const KEEPING_IDS: [&str; 4] = ["outbox", "stream_events", "hidden_accounts", "erasures"];

async fn get(stage: &Stage, path: &str, token: &str) -> (StatusCode, Value) {
    let answer = stage.request("GET", path, Some(token)).send().await.expect("an answer");
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
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

/// Takes a copy of everything.
async fn assert_copied(stage: &Stage, life: &Life) {
    let export = stage.done("POST", "/v1/exports", &life.zoe, Value::Null).await;
    let archive = stage.request("GET", &text(&export["archive"]), Some(&life.zoe)).send().await.unwrap();
    assert_eq!(archive.status(), StatusCode::OK);
    let files = unpacked(&archive.bytes().await.unwrap());
    let names: Vec<&String> = files.keys().collect();
    let holds = |folder: &str, text: &str| {
        files.iter().any(|(name, contents)| name.starts_with(folder) && String::from_utf8_lossy(contents).contains(text))
    };
    assert!(holds("auth/", HANDLE) && holds("social/", POST), "{names:?}");
    assert!(holds("relation/", &life.bobs_id) && holds("photo/", PICTURE), "{names:?}");
    let is_picture = |contents: &Vec<u8>| image::guess_format(contents).is_ok();
    assert!(files.iter().any(|(name, contents)| name.starts_with("photo/") && is_picture(contents)), "{names:?}");
}

/// What is left of her is that somebody was there: the empty place of a post that others have answered, on an empty profile, and
/// that she was reported and what was decided, without a word of what anybody said.
async fn assert_only_tombstones_name(database: &PgPool, life: &Life) {
    let left = rows_with(database, &life.zoes_id, &KEEPING_IDS).await;
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for (table, _) in &left {
        *rows.entry(table).or_default() += 1;
    }
    let expected = [("social.moderation_acts", 2), ("social.posts", 2), ("social.profiles", 1), ("social.reports", 2)];
    assert_eq!(rows, BTreeMap::from(expected), "{left:#?}");

    let profile = "select to_jsonb(p) - 'id' - 'handle_at' from social.profiles p where id::text = $1";
    let profile: Value = sqlx::query_scalar(profile).bind(&life.zoes_id).fetch_one(database).await.unwrap();
    let empty = json!({ "handle": "", "display_name": "", "bio": "", "pronouns": "", "fields": [], "picture": null, "header": null,
        "discoverable": false, "posts_count": 1, "told_posting": null });
    assert_eq!(profile, empty);
    let post = "select id::text, text, content_warning, entities, visibility, tombstone from social.posts where author::text = $1";
    let posts: Vec<(String, String, String, Value, String, bool)> =
        sqlx::query_as(post).bind(&life.zoes_id).fetch_all(database).await.unwrap();
    let place = (life.post.clone(), String::new(), String::new(), json!([]), "unlisted".to_owned(), true);
    assert_eq!(posts, [place]);
    let answers = "select id::text, text from social.posts where root_author::text = $1";
    let answers: Vec<(String, String)> = sqlx::query_as(answers).bind(&life.zoes_id).fetch_all(database).await.unwrap();
    assert_eq!(answers, [(life.answer.clone(), "indeed".to_owned())]);
    let reports = "select note, said, cardinality(photos) from social.reports where account::text = $1";
    let reports: Vec<(String, String, i32)> = sqlx::query_as(reports).bind(&life.zoes_id).fetch_all(database).await.unwrap();
    assert_eq!(reports, [(); 2].map(|()| (String::new(), String::new(), 0)));
    let acts = "select kind, note, said from social.moderation_acts where account::text = $1 order by kind";
    let acts: Vec<(String, String, Option<String>)> = sqlx::query_as(acts).bind(&life.zoes_id).fetch_all(database).await.unwrap();
    assert_eq!(acts, ["dismissed", "removed"].map(|kind| (kind.to_owned(), String::new(), None::<String>)));
}

#[tokio::test]
async fn whoever_leaves_takes_a_copy_along_and_leaves_nothing_behind() {
    let stage = Stage::with(|command| {
        command.env("ACCOUNT_ERASURE_GRACE", "0").env("PHOTO_KEEP_DELETED_SECONDS", "0");
    });
    let database = PgPool::connect(&stage.database_url()).await.unwrap();
    let bucket = stage.data().join("objects/photos");
    let bob = sign_up(&stage.http, stage.url(), "bob").await;
    let lent = text(&upload(&stage.http, stage.url(), &bob).await["id"]);
    eventually("his picture is in its place", async || objects(&bucket).iter().all(|name| !name.contains("incoming"))).await;
    let bobs_objects = objects(&bucket);
    let life = Life::live(&stage, &database, bob, &lent).await;
    let Life { zoe, zoes_id, bob, bobs_id, .. } = &life;

    let search = format!("/v1/search?q={POST}");
    eventually("her posts are found", async || get(&stage, &search, bob).await.1["items"].as_array().is_some_and(|it| !it.is_empty()))
        .await;
    assert!(objects(&bucket).len() > bobs_objects.len(), "her picture is in the store");
    assert_copied(&stage, &life).await;
    for word in WORDS {
        assert!(!rows_with(&database, word, &[]).await.is_empty(), "{word} is not kept, so nobody can tell whether it goes");
    }
    let rows = rows_with(&database, zoes_id, &[]).await;
    let missing: Vec<_> = TABLES.into_iter().filter(|table| !tables_of(&rows).contains(table)).collect();
    assert!(missing.is_empty(), "these have nothing of hers, so nobody can tell whether it goes: {missing:?}");

    // And good-bye.
    let wish = json!({ "password": PASSWORD, "code": life.code });
    let leaving = stage.done("DELETE", "/v1/accounts/me", zoe, wish).await;
    assert!(leaving["erase_at"].is_string(), "{leaving}");
    let forgotten = "select count(*) from auth.erasures where forgotten_at is not null";
    eventually("every service has forgotten her", async || {
        sqlx::query_scalar::<_, i64>(forgotten).fetch_one(&database).await.unwrap() == 1
    })
    .await;

    assert_eq!(objects(&bucket), bobs_objects, "what is in the store is his");
    for word in WORDS.into_iter().chain([OLD_HANDLE]) {
        assert_eq!(rows_with(&database, word, &[]).await, Vec::<(String, String)>::new(), "{word}");
    }
    let of_tag = rows_with(&database, TAG, &["stream_events"]).await;
    assert!(of_tag.iter().all(|(table, _)| ["social.tags", "social.tag_ids"].contains(&table.as_str())), "{of_tag:?}");
    assert_only_tombstones_name(&database, &life).await;

    let Life { photo, post, bobs_post, answer, .. } = &life;
    for (path, expected) in [
        (format!("/v1/profiles?handle={HANDLE}"), StatusCode::NOT_FOUND),
        (format!("/v1/profiles?handle={OLD_HANDLE}"), StatusCode::NOT_FOUND),
        (format!("/v1/photos/{}", text(&photo["id"])), StatusCode::NOT_FOUND),
        (text(&photo["urls"]["thumb"]), StatusCode::NOT_FOUND),
        (format!("/v1/posts/{bobs_post}"), StatusCode::OK),
        // He answered it, so his thread has a place for it: with nothing in it.
        (format!("/v1/posts/{post}"), StatusCode::OK),
        (format!("/v1/posts/{answer}"), StatusCode::OK),
    ] {
        let (status, answer) = get(&stage, &path, bob).await;
        assert_eq!(status, expected, "{path}: {answer}");
        let answer = answer.to_string();
        assert!(WORDS.into_iter().chain([OLD_HANDLE, TAG]).all(|word| !answer.contains(word)), "{path}: {answer}");
    }
    let of_tag = format!("/v1/search?q={TAG}&type=tags");
    for list in [search.clone(), format!("{search}&type=people"), of_tag, "/v1/notifications".to_owned()] {
        let (status, found) = get(&stage, &list, bob).await;
        assert_eq!((status, &found["items"]), (StatusCode::OK, &json!([])), "{list}");
    }
    let (_, counts) = get(&stage, &format!("/v1/relations/{bobs_id}/counts"), bob).await;
    assert!(counts.as_object().is_some_and(|counts| counts.values().all(|count| *count == json!(0))), "{counts}");
    for handle in [HANDLE, OLD_HANDLE] {
        let again = stage.request("POST", "/v1/accounts", None).json(&json!({ "handle": handle, "password": PASSWORD }));
        assert_eq!(again.send().await.unwrap().status(), StatusCode::CONFLICT, "{handle} is held");
    }
    assert_eq!(get(&stage, "/v1/accounts/me", zoe).await.0, StatusCode::UNAUTHORIZED);
}
