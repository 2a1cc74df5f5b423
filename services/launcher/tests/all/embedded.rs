//! With the PostgreSQL and the store that it brings.

use std::path::Path;
use std::process::Output;
use std::time::Instant;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::process::{All, GUARD, PASSWORD, post, program, sign_in, sign_up, upload};

#[tokio::test]
async fn what_was_acknowledged_survives_a_restart_and_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |_| {});
    let token = sign_up(&http, &all.url, "ada").await;
    let photo = upload(&http, &all.url, &token).await;
    let first = post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "first", "photos": [photo["id"]] })).await;
    assert!(all.stop().success(), "it stops cleanly when it is asked to");

    let all = All::start(folder.path(), |_| {});
    let token = sign_in(&http, &all.url, "ada").await;
    let second = post(&http, format!("{}/v1/posts", all.url), &token, json!({ "text": "second" })).await;
    all.kill();

    let all = All::start(folder.path(), |_| {});
    for post in [&first, &second] {
        let url = format!("{}/v1/posts/{}", all.url, post["id"].as_str().unwrap());
        let found: Value = http.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(found["text"], post["text"]);
    }
    let thumb = format!("{}{}", all.url, photo["urls"]["thumb"].as_str().unwrap());
    assert_eq!(http.get(thumb).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_owner_of_a_photo_sees_who_shows_it_for_as_long_as_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |_| {});
    let [ada, bob] = [sign_up(&http, &all.url, "ada").await, sign_up(&http, &all.url, "bob").await];
    let photo = upload(&http, &all.url, &ada).await;
    let uses = format!("{}/v1/photos/{}/uses", all.url, photo["id"].as_str().unwrap());
    let seen = async |kinds: &[&str]| {
        let deadline = Instant::now() + GUARD;
        loop {
            let page: Value = http.get(&uses).bearer_auth(&ada).send().await.unwrap().json().await.unwrap();
            let found: Vec<&str> = page["items"].as_array().unwrap().iter().map(|used| used["kind"].as_str().unwrap()).collect();
            if found == kinds {
                return;
            }
            assert!(Instant::now() < deadline, "{found:?}, and not {kinds:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let picture = async |photo: Value| {
        let change = json!({ "picture_photo_id": photo });
        let answer = http.patch(format!("{}/v1/profiles/me", all.url)).bearer_auth(&bob).json(&change).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    };

    let made = post(&http, format!("{}/v1/posts", all.url), &bob, json!({ "text": "borrowed", "photos": [photo["id"]] })).await;
    seen(&["post"]).await;
    picture(photo["id"].clone()).await;
    seen(&["profile", "post"]).await;
    let page: Value = http.get(&uses).bearer_auth(&ada).send().await.unwrap().json().await.unwrap();
    let [profile, in_post] = [0, 1].map(|n| page["items"][n]["path"].as_str().unwrap_or_default().to_owned());
    assert!(profile.starts_with("/v1/profiles/"), "{page}");
    assert_eq!(in_post, format!("/v1/posts/{}", made["id"].as_str().unwrap()), "everybody may see it");
    let made = format!("{}/v1/posts/{}", all.url, made["id"].as_str().unwrap());
    let deleted = http.delete(made).bearer_auth(&bob).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    seen(&["profile"]).await;
    picture(Value::Null).await;
    seen(&[]).await;
    assert!(all.stop().success());
}

#[tokio::test]
async fn rules_are_read_from_a_variable_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |command| {
        command.env("MODERATION_RULES", "Be kind, always.\nNo spam.").env("MODERATION_CONTACT", "moderators@example.org");
    });
    let platform: Value = http.get(format!("{}/v1/platform", all.url)).send().await.unwrap().json().await.unwrap();
    let rules = ["Be kind, always.", "No spam."];
    assert_eq!(platform, json!({ "registration": "Open", "contact": "moderators@example.org", "rules": rules }));
    all.kill();
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let all = All::start(folder.path(), |_| {});
    let second = program()
        .args(["all", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0", "--data"])
        .arg(folder.path())
        .output()
        .expect("the program starts");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stdout);
    assert!(said.contains("another process uses"), "{said}");
    all.kill();
}

fn admin(action: &str, handle: &str, folder: &Path) -> Output {
    program().args(["admin", action, handle, "--data"]).arg(folder).output().expect("the program starts")
}

#[tokio::test]
async fn whoever_runs_it_makes_administrators_and_finds_the_letters() {
    let folder = tempfile::tempdir().unwrap();
    let http = Client::new();
    let all = All::start(folder.path(), |_| {});
    sign_up(&http, &all.url, "ada").await;
    let granted = admin("grant", "ada", folder.path());
    assert!(granted.status.success(), "{}", String::from_utf8_lossy(&granted.stderr));
    assert!(!admin("grant", "nobody", folder.path()).status.success());

    let token = sign_in(&http, &all.url, "ada").await;
    let accounts = http.get(format!("{}/v1/accounts", all.url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(accounts.status(), StatusCode::OK);

    let email = json!({ "email": "ada@example.org", "password": PASSWORD });
    let asked = http.put(format!("{}/v1/accounts/me/email", all.url)).bearer_auth(&token).json(&email).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let letters = folder.path().join("mail");
    let deadline = Instant::now() + GUARD;
    let come = || {
        std::fs::read_dir(&letters).is_ok_and(|files| files.flatten().any(|file| file.path().extension().is_some_and(|end| end == "eml")))
    };
    while !come() {
        assert!(Instant::now() < deadline, "no letter came in {GUARD:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    assert!(all.stop().success());
    let stopped = admin("revoke", "ada", folder.path());
    assert!(!stopped.status.success());
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("start it"), "it says what to do");
}
