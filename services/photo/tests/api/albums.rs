use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Person, TestPhoto, answer};

pub async fn album(photos: &TestPhoto, who: &Person, title: &str, visibility: &str) -> Value {
    let (status, body) = photos.send(Method::POST, "/v1/albums", Some(who), &json!({"title": title, "visibility": visibility})).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body
}

pub fn path(album: &Value) -> String {
    format!("/v1/albums/{}", album["id"].as_str().expect("an id"))
}

async fn titles(photos: &TestPhoto, query: &str, who: Option<&Person>) -> Vec<String> {
    let found = photos.json(&format!("/v1/albums?{query}"), who).await;
    found["items"].as_array().unwrap().iter().map(|album| album["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_private_album_is_its_owners_only() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let hidden = album(&photos, &ada, "Hidden", "private").await;
    let nowhere = answer(photos.request(Method::GET, "/v1/albums/1", None)).await;
    for who in [None, Some(&eve)] {
        for path in [path(&hidden), format!("{}/photos", path(&hidden))] {
            assert_eq!(answer(photos.request(Method::GET, &path, who)).await, nowhere);
        }
    }
    for (method, body) in [(Method::PATCH, json!({"title": "Mine"})), (Method::DELETE, json!({}))] {
        assert_eq!(photos.send(method, &path(&hidden), Some(&eve), &body).await, nowhere);
    }
    assert_eq!(photos.json(&path(&hidden), Some(&ada)).await, hidden);
}

#[tokio::test]
async fn lists_hold_public_albums_and_ones_own_when_asked_for() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    album(&photos, &ada, "Piers", "public").await;
    album(&photos, &ada, "Hidden", "private").await;
    album(&photos, &bob, "Boats", "public").await;

    let of_ada = format!("owner=account:{}", ada.id);
    assert_eq!(titles(&photos, "", None).await, ["Boats", "Piers"]);
    assert_eq!(titles(&photos, &of_ada, None).await, ["Piers"]);
    assert_eq!(titles(&photos, &of_ada, Some(&bob)).await, ["Piers"]);
    assert_eq!(titles(&photos, "owner=me", Some(&ada)).await, ["Hidden", "Piers"]);
    assert_eq!(photos.get("/v1/albums?owner=me", None).await.status(), StatusCode::UNAUTHORIZED);

    let first = photos.get("/v1/albums?limit=1", None).await;
    let next = first.headers()["link"].to_str().unwrap().split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
    assert_eq!(photos.json(&next, None).await["items"][0]["title"], "Piers");
}

#[tokio::test]
async fn an_album_is_changed_and_deleted_by_its_owner() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let made = album(&photos, &ada, " Piers ", "private").await;
    assert_eq!((&made["title"], &made["photos"]), (&json!("Piers"), &json!(0)));
    assert_eq!(made["owner"], format!("account:{}", ada.id));

    let (status, changed) = photos.send(Method::PATCH, &path(&made), Some(&ada), &json!({"visibility": "public"})).await;
    assert_eq!((status, &changed["title"], &changed["visibility"]), (StatusCode::OK, &json!("Piers"), &json!("public")));
    for wrong in [json!({"title": " "}), json!({"visibility": "friends"}), json!({"owner": "account:1"}), json!({"title": "x".repeat(201)})]
    {
        assert_eq!(photos.send(Method::PATCH, &path(&made), Some(&ada), &wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }

    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        assert_eq!(answer(photos.request(Method::DELETE, &path(&made), Some(&ada))).await.0, status);
    }
}

#[tokio::test]
async fn sending_it_twice_makes_one_album() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let send = async || {
        let request = photos.request(Method::POST, "/v1/albums", Some(&ada)).header("idempotency-key", "one");
        answer(request.json(&json!({"title": "Piers"}))).await
    };
    assert_eq!(send().await, send().await);
    assert_eq!(photos.count("albums").await, 1);
}
