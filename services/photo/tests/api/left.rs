//! What becomes of photos that others show, when their owner takes them back.

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{self, album};
use crate::pictures::jpeg;
use crate::reuse::{delete, public, seen};
use crate::support::{OBJECTS, Person, TestPhoto, eventually, id, path, url};

/// What somebody has left to those who show it, the last first.
pub async fn left_by(photos: &TestPhoto, who: &Person) -> Vec<Value> {
    photos.json("/v1/photos?owner=me&left=true", Some(who)).await["items"].as_array().unwrap().clone()
}

/// The same, where it is one.
pub async fn left(photos: &TestPhoto, who: &Person) -> Value {
    let [left]: [Value; 1] = left_by(photos, who).await.try_into().unwrap();
    left
}

/// What was told last.
async fn told(photos: &TestPhoto) -> Value {
    let told = sqlx::query_scalar("select fact from outbox order by id desc limit 1");
    told.fetch_one(&photos.db.superuser_pool(Service::Photo)).await.unwrap()
}

#[tokio::test]
async fn what_is_left_to_its_users_stays_until_the_last_has_gone() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);

    // Hers is gone. What is left is another, at the same addresses.
    assert_eq!(photos.get(&path(&photo), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
    let left = left(&photos, &ada).await;
    assert_eq!(url(&left, "large"), url(&photo, "large"));
    assert_eq!(photos.get(url(&left, "large"), None).await.status(), StatusCode::OK);
    let told = told(&photos).await;
    assert_eq!((&told["photo"], &told["state"], &told["left"]["photo"]), (&photo["id"], &Value::Null, &left["id"]));
    assert_eq!((&told["left"]["state"]["key"], &told["left"]["state"]["visibility"]), (&photo["key"], &json!("public")));

    // Shown with its credit, and hers only to take: not found, not to be changed, and nobody else begins to use it.
    let seen = photos.json(&path(&left), None).await;
    assert_eq!((&seen["left"], &seen["credit"], &seen["owner"]), (&json!(true), &json!("By me"), &photo["owner"]));
    for query in ["owner=me", "q=pier", "tag=pier"] {
        assert_eq!(photos.json(&format!("/v1/photos?{query}"), Some(&ada)).await["items"], json!([]), "{query}");
    }
    assert_eq!(photos.json("/v1/photos/tags", None).await["items"], json!([]));
    for nobody in [&eve, &ada] {
        assert_eq!(photos.usable(nobody, &[&left, &photo]).await, Vec::<Value>::new());
    }
    assert_eq!(photos.usable(&bob, &[&left, &photo]).await, [left["id"].clone()]);
    assert_eq!(photos.send(Method::PATCH, &path(&left), Some(&ada), &json!({"alt": "a"})).await.0, StatusCode::NOT_FOUND);

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
    let left = left(&photos, &ada).await;
    assert_eq!(delete(&photos, &bob, &left, "take").await, StatusCode::NOT_FOUND);
    assert_eq!(delete(&photos, &ada, &left, "leave").await, StatusCode::NO_CONTENT);
    assert_eq!(photos.get(url(&left, "large"), None).await.status(), StatusCode::OK, "it is left already");
    assert_eq!(delete(&photos, &ada, &left, "take").await, StatusCode::NO_CONTENT);
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
        left.push(left_by(&photos, &ada).await.swap_remove(0));
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
    assert_eq!((&private["id"], &private["uses"]), (&public["id"], &json!(0)), "it is the same one wherever she shows it");
    assert_ne!(private["key"], public["key"]);
    let left = left(&photos, &ada).await;
    assert_eq!((&left["key"], &left["uses"], &left["visibility"]), (&public["key"], &json!(1), &json!("public")));
    assert_ne!(left["id"], public["id"]);
    let told = told(&photos).await;
    assert_eq!((&told["photo"], &told["state"]["visibility"]), (&public["id"], &json!("private")));
    assert_eq!((&told["state"]["key"], &told["left"]["photo"]), (&private["key"], &left["id"]));
    assert_eq!(photos.get(&path(&public), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&public, "large"), None).await.status(), StatusCode::OK);
    assert_eq!(photos.get(url(&private, "large"), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
    let inside = photos.json(&format!("{}/photos", albums::path(&mine)), Some(&ada)).await;
    assert_eq!((inside["items"].as_array().unwrap().len(), &inside["items"][0]["id"]), (1, &private["id"]));
    assert_eq!(photos.json("/v1/photos/usage", Some(&ada)).await["photos"], 2);
    assert_eq!(photos.store.objects().len(), OBJECTS, "both are of the same bytes");

    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(photos.json("/v1/photos/usage", Some(&ada)).await["photos"], 1);
    assert_eq!(photos.get(url(&public, "large"), None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_others_keep_in_albums_is_what_was_left_to_them() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let (hers, his) = (album(&photos, &ada, "Hers", "public").await, album(&photos, &bob, "His", "public").await);
    for (who, album) in [(&ada, &hers), (&bob, &his)] {
        let place = format!("{}/photos/{}", albums::path(album), id(&photo));
        assert_eq!(photos.send(Method::PUT, &place, Some(who), &json!({})).await.0, StatusCode::NO_CONTENT);
    }
    photos.change(&ada, &photo, json!({"visibility": "private", "uses": "leave"})).await;
    let left = left(&photos, &ada).await;
    let inside = async |album: &Value, who: Option<&Person>| {
        let inside = photos.json(&format!("{}/photos", albums::path(album)), who).await;
        inside["items"].as_array().unwrap().iter().map(|photo| photo["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(inside(&his, None).await, [left["id"].clone()]);
    assert_eq!(inside(&hers, None).await, Vec::<Value>::new());
    assert_eq!(inside(&hers, Some(&ada)).await, [photo["id"].clone()]);
    assert_eq!(seen(&photos, &ada, &left).await, [(json!(bob.id), json!("album"))]);
}

/// Social tells what a post shows by the ids that it knows, and hears later than photo what became of them.
#[tokio::test]
async fn what_was_shown_before_it_was_left_counts_for_what_is_left() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    for deleted in [false, true] {
        let photo = public(&photos, &ada).await;
        let other = photos.keep(&ada, jpeg(60, 40, 2), &[("visibility", "public")]).await;
        // He was about to show it when she left it to those who do.
        photos.usable(&bob, &[&photo]).await;
        if deleted {
            assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
        } else {
            photos.change(&ada, &photo, json!({"visibility": "private", "uses": "leave"})).await;
        }
        let left = left(&photos, &ada).await;
        assert_eq!(seen(&photos, &ada, &left).await, [(json!(bob.id), json!("unknown"))]);
        for shown in [&[&photo, &other][..], &[&photo]] {
            photos.shows(&bob, "post:17", shown).await;
            assert_eq!(seen(&photos, &ada, &left).await, [(json!(bob.id), json!("post"))]);
        }
        // Nothing was left to her, who never showed it.
        photos.shows(&eve, "post:18", &[&photo]).await;
        assert_eq!(seen(&photos, &ada, &left).await, [(json!(bob.id), json!("post"))]);
        photos.shows(&bob, "post:17", &[]).await;
        assert_eq!(photos.get(&path(&left), None).await.status(), StatusCode::NOT_FOUND);
    }
}
