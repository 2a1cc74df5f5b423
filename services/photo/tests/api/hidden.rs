//! Whom nobody sees counts nowhere either, until they come back.

use contracts::fact::AccountState::{Active, Hidden};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{album, path as album_path};
use crate::erasure::hide;
use crate::left::left_by;
use crate::missing::sweep;
use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, eventually, id, path};

async fn public(photos: &TestPhoto, who: &Person, seed: u8, tags: &str) -> Value {
    photos.keep(who, jpeg(60, 40, seed), &[("visibility", "public"), ("tags", tags)]).await
}

/// The tags that are suggested, each with how many photos have it.
async fn suggested(photos: &TestPhoto) -> Value {
    photos.json("/v1/photos/tags", None).await["items"].clone()
}

/// How many people show a photo.
async fn uses(photos: &TestPhoto, photo: &Value) -> Value {
    photos.json(&path(photo), None).await["uses"].clone()
}

async fn nothing_is_owed(photos: &TestPhoto) {
    eventually("the counts have followed", async || photos.count("hidden_uses_owed").await == 0).await;
}

#[tokio::test]
async fn tags_of_who_is_hidden_are_not_suggested() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    public(&photos, &ada, 1, "sea,secret").await;
    public(&photos, &ada, 2, "sea,pier").await;
    public(&photos, &bob, 3, "sea").await;
    let all = json!([{"tag": "sea", "photos": 3}, {"tag": "pier", "photos": 1}, {"tag": "secret", "photos": 1}]);
    let his = json!([{"tag": "sea", "photos": 1}]);
    assert_eq!(suggested(&photos).await, all);
    for _ in 0..2 {
        hide(&photos, &ada, Hidden).await;
        assert_eq!(suggested(&photos).await, his);
        assert_eq!(photos.json("/v1/photos/tags?prefix=sec", None).await["items"], json!([]));
        hide(&photos, &ada, Active).await;
        assert_eq!(suggested(&photos).await, all);
    }
}

#[tokio::test]
async fn tags_of_a_photo_that_goes_while_its_owner_is_hidden_do_not_come_back() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    public(&photos, &ada, 1, "sea,secret").await;
    let objects = photos.store.objects();
    public(&photos, &ada, 2, "sea,pier").await;
    public(&photos, &bob, 3, "sea").await;
    hide(&photos, &ada, Hidden).await;
    for name in objects.keys() {
        photos.store.steal(name);
    }
    assert_eq!(sweep(&photos, 0).await.missing, 1);
    assert_eq!(sweep(&photos, 31).await.lost, 1);
    assert_eq!(suggested(&photos).await, json!([{"tag": "sea", "photos": 1}]));
    hide(&photos, &ada, Active).await;
    assert_eq!(suggested(&photos).await, json!([{"tag": "sea", "photos": 2}, {"tag": "pier", "photos": 1}]));
    assert_eq!(photos.count("hidden_tags").await, 0);
}

#[tokio::test]
async fn who_is_hidden_changes_nothing_with_a_token_that_is_still_good() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let (placed, other) = (public(&photos, &ada, 1, "sea").await, public(&photos, &ada, 2, "pier").await);
    let hers = album(&photos, &ada, "Hers", "private").await;
    let place = |photo: &Value| format!("{}/photos/{}", album_path(&hers), id(photo));
    assert_eq!(photos.send(Method::PUT, &place(&placed), Some(&ada), &json!({})).await.0, StatusCode::NO_CONTENT);
    let photo = photos.json(&path(&placed), Some(&ada)).await;

    hide(&photos, &ada, Hidden).await;
    for (method, address, body) in [
        (Method::PATCH, path(&placed), json!({"tags": []})),
        (Method::DELETE, path(&placed), json!({})),
        (Method::PATCH, album_path(&hers), json!({"visibility": "public"})),
        (Method::DELETE, album_path(&hers), json!({})),
        (Method::PUT, place(&other), json!({})),
        (Method::DELETE, place(&placed), json!({})),
    ] {
        let (status, problem) = photos.send(method.clone(), &address, Some(&ada), &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {address}: {problem}");
    }

    hide(&photos, &ada, Active).await;
    assert_eq!(photos.json(&path(&placed), Some(&ada)).await, photo);
    let kept = photos.json(&album_path(&hers), Some(&ada)).await;
    assert_eq!((&kept["visibility"], &kept["photos"]), (&json!("private"), &json!(1)));
}

#[tokio::test]
async fn who_is_hidden_does_not_count_among_those_who_show_a_photo() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let (used, unused) = (public(&photos, &ada, 1, "").await, public(&photos, &ada, 2, "").await);
    photos.shows(&bob, "post:17", &[&used]).await;
    photos.shows(&bob, "post:18", &[&used]).await;
    photos.shows(&eve, "post:19", &[&used]).await;
    let most_used = async || {
        let found = photos.json("/v1/photos?sort=most_used", None).await["items"].clone();
        found.as_array().unwrap().iter().map(|photo| (photo["id"].clone(), photo["uses"].clone())).collect::<Vec<_>>()
    };
    let (first, second) = (used["id"].clone(), unused["id"].clone());
    assert_eq!(most_used().await, [(first.clone(), json!(2)), (second.clone(), json!(0))]);

    hide(&photos, &bob, Hidden).await;
    hide(&photos, &eve, Hidden).await;
    nothing_is_owed(&photos).await;
    assert_eq!(most_used().await, [(second.clone(), json!(0)), (first.clone(), json!(0))]);
    let listed = photos.json(&format!("{}/uses", path(&used)), Some(&ada)).await;
    assert_eq!(listed["items"], json!([]), "the list and the count agree");

    // What ends while somebody is hidden has ended, and they count once again when they return.
    photos.shows(&bob, "post:18", &[]).await;
    assert_eq!(uses(&photos, &used).await, 0);
    hide(&photos, &bob, Active).await;
    nothing_is_owed(&photos).await;
    assert_eq!(most_used().await, [(first, json!(1)), (second, json!(0))]);
    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(uses(&photos, &used).await, 0);
    hide(&photos, &eve, Active).await;
    nothing_is_owed(&photos).await;
    assert_eq!(uses(&photos, &used).await, 1);
}

#[tokio::test]
async fn what_was_left_to_somebody_hidden_waits_for_them() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada, 1, "").await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    photos.shows(&eve, "post:18", &[&photo]).await;
    let leave = photos.request(Method::DELETE, &format!("{}?uses=leave", path(&photo)), Some(&ada));
    assert_eq!(answer(leave).await.0, StatusCode::NO_CONTENT);
    let [left]: [Value; 1] = left_by(&photos, &ada).await.try_into().unwrap();

    hide(&photos, &bob, Hidden).await;
    nothing_is_owed(&photos).await;
    photos.shows(&eve, "post:18", &[]).await;
    hide(&photos, &bob, Active).await;
    nothing_is_owed(&photos).await;
    assert_eq!(uses(&photos, &left).await, 1);
    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(photos.get(&path(&left), None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_only_somebody_hidden_shows_can_be_left_to_them() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let (deleted, narrowed) = (public(&photos, &ada, 1, "").await, public(&photos, &ada, 2, "").await);
    photos.shows(&bob, "post:17", &[&deleted, &narrowed]).await;
    hide(&photos, &bob, Hidden).await;
    nothing_is_owed(&photos).await;
    assert_eq!((uses(&photos, &deleted).await, uses(&photos, &narrowed).await), (json!(0), json!(0)));

    let leave = photos.request(Method::DELETE, &format!("{}?uses=leave", path(&deleted)), Some(&ada));
    assert_eq!(answer(leave).await.0, StatusCode::NO_CONTENT);
    photos.change(&ada, &narrowed, json!({"visibility": "private", "uses": "leave"})).await;
    let left = left_by(&photos, &ada).await;
    assert_eq!(left.len(), 2);

    hide(&photos, &bob, Active).await;
    nothing_is_owed(&photos).await;
    for left in &left {
        let seen = photos.json(&path(left), None).await;
        assert_eq!((&seen["left"], &seen["uses"]), (&json!(true), &json!(1)));
    }
}
