//! What becomes of photos that others show, when their owner takes them back.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{self, album};
use crate::pictures::jpeg;
use crate::reuse::{delete, public, seen};
use crate::support::{Person, TestPhoto, eventually, id, path, url};

#[tokio::test]
async fn what_is_left_to_its_users_stays_until_the_last_has_gone() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);

    // Shown with its credit, and hers only to take: not found, not to be changed, and nobody else begins to use it.
    let left = photos.json(&path(&photo), None).await;
    assert_eq!((&left["left"], &left["credit"], &left["owner"]), (&json!(true), &json!("By me"), &photo["owner"]));
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::OK);
    for query in ["owner=me", "q=pier", "tag=pier"] {
        assert_eq!(photos.json(&format!("/v1/photos?{query}"), Some(&ada)).await["items"], json!([]), "{query}");
    }
    assert_eq!(photos.json("/v1/photos/tags", None).await["items"], json!([]));
    for nobody in [&eve, &ada] {
        assert_eq!(photos.usable(nobody, &[&photo]).await, Vec::<Value>::new());
    }
    assert_eq!(photos.usable(&bob, &[&photo]).await, [photo["id"].clone()]);
    assert_eq!(photos.send(Method::PATCH, &path(&photo), Some(&ada), &json!({"alt": "a"})).await.0, StatusCode::NOT_FOUND);

    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::NOT_FOUND);
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn what_was_left_can_still_be_taken() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&photos, &bob, &photo, "take").await, StatusCode::NOT_FOUND);
    assert_eq!(delete(&photos, &ada, &photo, "take").await, StatusCode::NO_CONTENT);
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!((photos.count("photos").await, photos.count("photo_uses").await), (0, 0));
}

#[tokio::test]
async fn its_owner_and_nobody_else_finds_what_was_left_and_who_shows_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let mut left = Vec::new();
    for source in ["post:17", "post:18"] {
        let photo = public(&photos, &ada).await;
        photos.shows(&bob, source, &[&photo]).await;
        assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
        left.push(photo);
    }
    let own = public(&photos, &ada).await;
    let found = async |who: &Person, query: &str| {
        let found = photos.json(&format!("/v1/photos?{query}"), Some(who)).await;
        found["items"].as_array().unwrap().iter().map(|photo| photo["id"].clone()).collect::<Vec<_>>()
    };
    let [first, second] = [0, 1].map(|n| left[n]["id"].clone());
    assert_eq!(found(&ada, "owner=me&left=true").await, [second.clone(), first.clone()]);
    assert_eq!(found(&ada, &format!("owner=me&left=true&limit=1&before={}", id(&left[1]))).await, std::slice::from_ref(&first));
    assert_eq!(found(&ada, &format!("owner=me&left=true&after={}", id(&left[0]))).await, [second]);
    assert_eq!(found(&ada, "owner=me").await, [own["id"].clone()]);
    assert_eq!(found(&bob, "owner=me&left=true").await, Vec::<Value>::new());
    for wrong in ["left=true".to_owned(), format!("owner=account:{}&left=true", ada.id), "owner=me&left=true&q=pier".to_owned()] {
        assert_eq!(photos.get(&format!("/v1/photos?{wrong}"), Some(&bob)).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }

    assert_eq!(seen(&photos, &ada, &left[0]).await, [(json!(bob.id), json!("post"))]);
    let uses = photos.get(&format!("{}/uses", path(&left[0])), Some(&bob)).await;
    assert_eq!(uses.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_left_counts_for_its_owner_until_it_is_gone() {
    let photos = TestPhoto::with(&["--photo-quota-photos=1"]).await;
    let (ada, bob) = (photos.person(), photos.person());
    let usage = async || photos.json("/v1/photos/usage", Some(&ada)).await;
    let photo = public(&photos, &ada).await;
    let kept = usage().await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    // A private one beside what is left would be one too many.
    let change = json!({"visibility": "private", "uses": "leave"});
    assert_eq!(photos.send(Method::PATCH, &path(&photo), Some(&ada), &change).await.0, StatusCode::CONFLICT);
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
    assert_eq!(usage().await, kept);
    assert_eq!(photos.upload(&ada, jpeg(60, 40, 2), &[]).await.status(), StatusCode::CONFLICT);

    photos.shows(&bob, "post:17", &[]).await;
    let nothing = usage().await;
    assert_eq!((&nothing["photos"], &nothing["bytes"]), (&json!(0), &json!(0)));
    photos.keep(&ada, jpeg(60, 40, 2), &[]).await;
}

#[tokio::test]
async fn without_users_nothing_is_left() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = public(&photos, &ada).await;
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
    assert_eq!(photos.count("photos").await, 0);
}

#[tokio::test]
async fn making_it_private_takes_it_from_everywhere_unless_it_is_left() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    let taken = photos.change(&ada, &photo, json!({"visibility": "private"})).await;
    assert_eq!((&taken["id"], &taken["uses"]), (&photo["id"], &json!(0)));
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::NOT_FOUND);

    let public = photos.change(&ada, &photo, json!({"visibility": "public"})).await;
    photos.shows(&bob, "post:17", &[&public]).await;
    let mine = album(&photos, &ada, "Mine", "private").await;
    photos.send(Method::PUT, &format!("{}/photos/{}", albums::path(&mine), id(&photo)), Some(&ada), &json!({})).await;
    let private = photos.change(&ada, &public, json!({"visibility": "private", "uses": "leave"})).await;
    assert_ne!((&private["id"], &private["key"]), (&public["id"], &public["key"]));
    assert_eq!(photos.json(&path(&public), None).await["left"], true);
    assert_eq!(photos.get(url(&public, "large"), None).await.status(), StatusCode::OK);
    assert_eq!(photos.get(url(&private, "large"), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
    let inside = photos.json(&format!("{}/photos", albums::path(&mine)), Some(&ada)).await;
    assert_eq!((inside["items"].as_array().unwrap().len(), &inside["items"][0]["id"]), (1, &private["id"]));
    assert_eq!(photos.json("/v1/photos/usage", Some(&ada)).await["photos"], 2);
    assert_eq!(photos.store.objects().len(), 4, "both are of the same bytes");

    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(photos.json("/v1/photos/usage", Some(&ada)).await["photos"], 1);
    assert_eq!(photos.get(url(&public, "large"), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
}
