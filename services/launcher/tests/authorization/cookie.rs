//! What a browser's cookie shows: private pictures, by itself, until its session ends.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::process::{GUARD, png, sign_up};
use crate::stage::Stage;

/// Uploads a private picture.
pub async fn upload(stage: &Stage, token: &str) -> Value {
    let picture = png(&image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 96])));
    let file = Part::bytes(picture).file_name("picture.png").mime_str("image/png").unwrap();
    let form = Form::new().text("visibility", "private").text("alt", "a picture").part("file", file);
    let answer = stage.request("POST", "/v1/photos", Some(token)).multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

/// What a browser keeps when somebody's client asks for the cookie.
pub async fn cookie(stage: &Stage, token: &str) -> String {
    let answer = stage.request("POST", "/v1/sessions/media", Some(token)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("media=") && set.contains("; Path=/p; HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

/// What an `<img>` gets.
pub async fn shown(stage: &Stage, address: &str, cookie: &str) -> StatusCode {
    stage.request("GET", address, None).header(COOKIE, cookie).send().await.unwrap().status()
}

#[tokio::test]
async fn a_browser_shows_a_private_picture_until_its_person_signs_out() {
    let stage = Stage::start();
    let ada = sign_up(&stage.http, stage.url(), "ada").await;
    let (bob, eve) = (sign_up(&stage.http, stage.url(), "bob").await, sign_up(&stage.http, stage.url(), "eve").await);
    let photo = upload(&stage, &ada).await;
    let post = json!({ "text": "Look", "visibility": "public", "photos": [photo["id"]] });
    let post = stage.done("POST", "/v1/posts", &ada, post).await;
    let path = format!("/v1/posts/{}", post["id"].as_str().unwrap());
    let seen: Value = stage.request("GET", &path, Some(&bob)).send().await.unwrap().json().await.unwrap();
    let granted = seen["photos"][0]["urls"]["thumb"].as_str().expect("an address");
    let (bare, _) = granted.split_once("?grant=").expect("a private photo is granted");

    let (adas, bobs, eves) = (cookie(&stage, &ada).await, cookie(&stage, &bob).await, cookie(&stage, &eve).await);
    assert_eq!(shown(&stage, granted, &bobs).await, StatusCode::OK);
    assert_eq!(shown(&stage, bare, &bobs).await, StatusCode::NOT_FOUND, "the cookie alone shows what is bob's");
    assert_eq!(shown(&stage, granted, &eves).await, StatusCode::NOT_FOUND, "the grant is bob's");
    assert_eq!(stage.status("GET", granted, None).await, StatusCode::NOT_FOUND, "the grant alone proves nothing");
    assert_eq!(shown(&stage, bare, &adas).await, StatusCode::OK, "it is ada's");

    let answer = stage.request("DELETE", "/v1/sessions/current", Some(&bob)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("media=;") && set.ends_with("Max-Age=0"), "the browser is to forget it: {set}");
    // One that keeps it all the same has nothing of it.
    let deadline = Instant::now() + GUARD;
    while shown(&stage, granted, &bobs).await != StatusCode::NOT_FOUND {
        assert!(Instant::now() < deadline, "the cookie outlives its session");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(shown(&stage, bare, &adas).await, StatusCode::OK, "ada has not signed out");
}
