use std::collections::BTreeMap;
use std::io::Read;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::neighbors::{self, PICTURE};
use crate::provider::App;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

async fn ask(auth: &TestAuth, who: &Tokens) -> Value {
    let (status, export) = answer(auth.of(who, Method::POST, "/v1/exports")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{export}");
    export
}

fn path(export: &Value) -> &str {
    export["archive"].as_str().expect("a path")
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

#[tokio::test]
async fn an_export_is_one_tar_of_what_every_service_keeps() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let export = ask(&auth, &ada).await;
    assert_eq!((&export["state"], &export["fetched_at"]), (&json!("ready"), &Value::Null));

    let response = auth.of(&ada, Method::GET, path(&export)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/x-tar");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"ada.tar\"");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let tar = response.bytes().await.unwrap();
    assert!(tar.ends_with(&[0; 1024]), "it has its end");
    let files = unpacked(&tar);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "auth/account.json",
            "auth/apps.json",
            "auth/devices.json",
            "auth/held-handles.json",
            "auth/invites.json",
            "auth/links.json",
            "auth/passkeys.json",
            "auth/security-events/0001.json",
            "auth/sessions.json",
            // What was deleted in the meantime is not there.
            "photo/photos/7.jpg",
            "relation/following.csv",
            "social/posts/0001.json",
            "social/profile.json",
        ]
    );
    let json = |name: &str| serde_json::from_slice::<Value>(&files[name]).unwrap();
    let (_, me) = answer(auth.me(&ada.access_token)).await;
    assert_eq!((&json("auth/account.json")["id"], &json("auth/account.json")["handle"]), (&me["id"], &json!("ada")));
    assert_eq!(json("social/profile.json")["id"], me["id"]);
    assert_eq!(json("auth/sessions.json").as_array().unwrap().len(), 1);
    let events = json("auth/security-events/0001.json");
    let kinds: Vec<&str> = events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SignedUp", "SignedIn", "ExportAsked", "ExportFetched"]);
    assert_eq!(files["photo/photos/7.jpg"], PICTURE);
    for secret in [PASSWORD, "$argon2", &ada.access_token, &ada.refresh_token, ada.device.as_deref().unwrap()] {
        assert!(!String::from_utf8_lossy(&tar).contains(secret), "{secret} is in it");
    }

    let shown = format!("/v1/exports/{}", export["id"].as_str().unwrap());
    eventually("the end of the download is noted", async || answer(auth.of(&ada, Method::GET, &shown)).await.1["fetched_at"].is_string())
        .await;
    // It can be had again.
    assert_eq!(auth.of(&ada, Method::GET, path(&export)).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn devices_addresses_and_handles_that_are_held_are_in_it() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    for (who, name) in [(&ada, "countess"), (&bob, "robert")] {
        let email = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
        assert_eq!(answer(auth.of(who, Method::PUT, "/v1/accounts/me/email").json(&email)).await.0, StatusCode::ACCEPTED);
        let handle = json!({"handle": name, "password": PASSWORD});
        assert_eq!(answer(auth.of(who, Method::PUT, "/v1/accounts/me/handle").json(&handle)).await.0, StatusCode::OK);
    }
    let tar = auth.of(&ada, Method::GET, path(&ask(&auth, &ada).await)).send().await.unwrap().bytes().await.unwrap();
    let files = unpacked(&tar);
    let json = |name: &str| serde_json::from_slice::<Vec<Value>>(&files[name]).unwrap();
    let (links, held, devices) = (json("auth/links.json"), json("auth/held-handles.json"), json("auth/devices.json"));
    assert_eq!((links.len(), held.len(), devices.len()), (1, 1, 1), "hers alone");
    assert_eq!((&links[0]["email"], &links[0]["purpose"]), (&json!("countess@example.org"), &json!("EmailVerification")));
    assert!(held[0]["until"].is_string() && devices[0]["used_at"].is_string(), "{held:?} {devices:?}");
}

#[tokio::test]
async fn an_export_is_its_owners_and_ends_after_a_day() {
    let auth = TestAuth::spawn().await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    let export = ask(&auth, &ada).await;
    let shown = format!("/v1/exports/{}", export["id"].as_str().unwrap());
    let (_, listed) = answer(auth.of(&ada, Method::GET, "/v1/exports")).await;
    assert_eq!(listed["items"], json!([export]));
    for path in [shown.as_str(), path(&export)] {
        assert_eq!(answer(auth.of(&bob, Method::GET, path)).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer(auth.request(Method::GET, path)).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    auth.sql("update exports set expires_at = now()").await;
    for path in [shown.as_str(), path(&export)] {
        assert_eq!(answer(auth.of(&ada, Method::GET, path)).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(answer(auth.of(&ada, Method::GET, "/v1/exports")).await.1["items"], json!([]));
}

#[tokio::test]
async fn one_is_downloaded_at_a_time_and_few_are_kept() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let export = ask(&auth, &ada).await;
    auth.sql("update exports set busy_until = now() + interval '1 minute'").await;
    let other = ask(&auth, &ada).await;
    for export in [&export, &other] {
        let (status, problem) = answer(auth.of(&ada, Method::GET, path(export))).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "export-in-progress"));
    }
    // A download that died gives it back by itself.
    auth.sql("update exports set busy_until = now() where busy_until is not null").await;
    assert_eq!(auth.of(&ada, Method::GET, path(&other)).send().await.unwrap().status(), StatusCode::OK);

    for _ in 0..3 {
        ask(&auth, &ada).await;
    }
    let (status, problem) = answer(auth.of(&ada, Method::POST, "/v1/exports")).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "too-many-exports"));
}

#[tokio::test]
async fn whoever_asks_for_the_head_of_an_archive_downloads_nothing() {
    let auth = TestAuth::spawn().await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    let export = ask(&auth, &ada).await;
    assert_eq!(auth.of(&bob, Method::HEAD, path(&export)).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let head = auth.of(&ada, Method::HEAD, path(&export)).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-type"], "application/x-tar");
    assert!(!head.headers().contains_key("content-length"), "nobody knows how long it will be");
    assert_eq!(auth.count("exports where busy_until is not null").await, 0);
    assert_eq!(auth.count("security_events where kind = 'ExportFetched'").await, 0);
}

#[tokio::test]
async fn asking_twice_with_one_key_is_asking_once() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let ask = || answer(auth.of(&ada, Method::POST, "/v1/exports").header("idempotency-key", "one"));
    let (first, second) = (ask().await, ask().await);
    assert_eq!(first.0, StatusCode::ACCEPTED);
    assert_eq!(first, second);
    assert_eq!(auth.count("exports").await, 1);
}

#[tokio::test]
async fn an_archive_that_fails_on_the_way_does_not_look_whole() {
    let auth = TestAuth::asking(neighbors::photo_down()).await;
    let ada = auth.somebody("ada").await;
    let export = ask(&auth, &ada).await;
    let response = auth.of(&ada, Method::GET, path(&export)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "it has begun");
    assert!(response.bytes().await.is_err(), "it does not end as it should");
    let shown = format!("/v1/exports/{}", export["id"].as_str().unwrap());
    assert_eq!(answer(auth.of(&ada, Method::GET, &shown)).await.1["fetched_at"], Value::Null);
}

#[tokio::test]
async fn a_download_ends_with_its_session_though_nobody_else_is_told_of_that() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let export = ask(&auth, &ada).await;
    auth.sql("update sessions set ended_at = now()").await;
    let response = auth.of(&ada, Method::GET, path(&export)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "it has begun");
    assert!(response.bytes().await.is_err(), "it does not end as it should");
}

#[tokio::test]
async fn an_app_that_may_not_read_everything_does_not_get_it_this_way() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let export = ask(&auth, &ada).await;
    let app = App::with_scope(&auth, "accounts:read").await;
    let tokens = app.tokens_of(&auth, "ada", "accounts:read").await;
    let token = tokens["access_token"].as_str().unwrap();
    auth.until_known(token).await;
    let (status, problem) = answer(auth.request(Method::GET, path(&export)).bearer_auth(token)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "insufficient-scope"));
}

#[tokio::test]
async fn whoever_has_an_address_hears_of_an_export() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    ask(&auth, &ada).await;
    eventually("a letter has come", async || {
        letters.to("ada@example.org").iter().any(|letter| letter.contains("Subject: A copy of your data can be downloaded\r\n"))
    })
    .await;
}
