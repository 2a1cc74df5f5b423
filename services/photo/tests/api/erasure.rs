use contracts::Service;
use contracts::fact::{AccountChanged, AccountErased, AccountForgotten, AccountState, Fact};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{self, album};
use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, eventually, id, path, url};

pub async fn hide(photos: &TestPhoto, who: &Person, state: AccountState) {
    photos.tell(Service::Auth, Fact::AccountChanged(AccountChanged { account: who.id, state })).await;
}

async fn put_in(photos: &TestPhoto, who: &Person, album: &Value, photo: &Value) {
    let path = format!("{}/photos/{}", albums::path(album), id(photo));
    assert_eq!(photos.send(Method::PUT, &path, Some(who), &json!({})).await.0, StatusCode::NO_CONTENT);
}

/// How many things a list has for somebody.
async fn listed(photos: &TestPhoto, path: &str, who: Option<&Person>) -> usize {
    photos.json(path, who).await["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn nobody_sees_what_is_of_somebody_hidden_until_they_come_back() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let public = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "public"), ("title", "pier")]).await;
    let private = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "private")]).await;
    let (hers, his) = (album(&photos, &ada, "Hers", "public").await, album(&photos, &bob, "His", "public").await);
    put_in(&photos, &ada, &hers, &public).await;
    put_in(&photos, &bob, &his, &public).await;
    let granted = format!("{}?grant={}", url(&private, "large"), photos.grant(&private, &ada, &bob));
    let addresses = [path(&public), url(&public, "large").to_owned(), albums::path(&hers), granted];
    let in_his = format!("{}/photos", albums::path(&his));
    let seen = async |what: usize, status: StatusCode| {
        for address in &addresses {
            assert_eq!(photos.get(address, Some(&bob)).await.status(), status, "{address}");
        }
        assert_eq!(photos.get(url(&public, "thumb"), None).await.status(), status);
        for list in ["/v1/photos", "/v1/photos?sort=most_used", "/v1/photos?q=pier", &in_his] {
            assert_eq!(listed(&photos, list, Some(&bob)).await, what, "{list}");
        }
        assert_eq!(listed(&photos, "/v1/albums", None).await, 1 + what);
        assert_eq!(photos.json(&albums::path(&his), None).await["photos"], what);
        assert_eq!(photos.usable(&bob, &[&public]).await.len(), what);
    };
    seen(1, StatusCode::OK).await;
    hide(&photos, &ada, AccountState::Hidden).await;
    seen(0, StatusCode::NOT_FOUND).await;
    // Not even who has a token that is still good.
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.upload(&ada, jpeg(50, 50, 3), &[]).await.status(), StatusCode::FORBIDDEN);
    hide(&photos, &ada, AccountState::Active).await;
    seen(1, StatusCode::OK).await;
    assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
}

/// Has photo told that it has forgotten somebody?
async fn forgotten(photos: &TestPhoto, who: &Person) -> bool {
    let expected = serde_json::to_value(Fact::AccountForgotten(AccountForgotten { account: who.id, service: Service::Photo })).unwrap();
    let told = sqlx::query_scalar("select exists (select from outbox where fact = $1)").bind(expected);
    told.fetch_one(&photos.db.superuser_pool(Service::Photo)).await.unwrap()
}

/// Rows that name an account.
async fn rows_of(photos: &TestPhoto, who: &Person) -> i64 {
    let rows = "select (select count(*) from photos where owner = $1) + (select count(*) from albums where owner = $1)
                    + (select count(*) from usage where owner = $1) + (select count(*) from uploads where owner = $1)
                    + (select count(*) from photo_uses where account = $2) + (select count(*) from erasing_objects where account = $2)
                    + (select count(*) from idempotency_keys where caller = $2::text)
                    + (select count(*) from hidden_tags where account = $2)";
    let rows = sqlx::query_scalar(rows).bind(format!("account:{}", who.id)).bind(who.id);
    rows.fetch_one(&photos.db.superuser_pool(Service::Photo)).await.unwrap()
}

#[tokio::test]
async fn who_is_erased_is_forgotten_when_the_objects_are_gone_too() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let file = jpeg(500, 300, 1);
    let public = photos.keep(&ada, file.clone(), &[("visibility", "public"), ("tags", "pier")]).await;
    photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "private")]).await;
    let same = photos.keep(&bob, file, &[("visibility", "public")]).await;
    let lent = photos.keep(&bob, jpeg(500, 300, 3), &[("visibility", "public")]).await;
    let (hers, his) = (album(&photos, &ada, "Hers", "public").await, album(&photos, &bob, "His", "public").await);
    put_in(&photos, &ada, &hers, &lent).await;
    put_in(&photos, &bob, &his, &public).await;
    photos.shows(&ada, "post:17", &[&lent]).await;
    // Left to those who show it: it goes from there, too.
    let left = photos.keep(&ada, jpeg(500, 300, 4), &[("visibility", "public")]).await;
    photos.shows(&bob, "post:18", &[&left]).await;
    let leave = photos.request(Method::DELETE, &format!("{}?uses=leave", path(&left)), Some(&ada));
    assert_eq!(answer(leave).await.0, StatusCode::NO_CONTENT);
    let upload = photos.request(Method::POST, "/v1/photos/tus", Some(&ada)).header("tus-resumable", "1.0.0");
    let upload = upload.header("upload-length", "10").send().await.unwrap();
    let pieces = upload.headers()["location"].to_str().unwrap().to_owned();
    let piece = photos.request(Method::PATCH, &pieces, Some(&ada)).header("tus-resumable", "1.0.0").header("upload-offset", "0");
    let piece = piece.header("content-type", "application/offset+octet-stream").body("abc").send().await.unwrap();
    assert_eq!(piece.status(), StatusCode::NO_CONTENT);
    // The second copy of the same picture goes by a job.
    eventually("each picture is kept once", async || (photos.store.count("blobs/"), photos.store.count("incoming/")) == (16, 1)).await;

    photos.store.set_down(true);
    hide(&photos, &ada, AccountState::Hidden).await;
    photos.tell(Service::Auth, Fact::AccountErased(AccountErased { account: ada.id })).await;
    let photos_of_ada = "select count(*) from photos where owner = $1";
    let pool = photos.db.superuser_pool(Service::Photo);
    eventually("her photos are gone", async || {
        let left: i64 = sqlx::query_scalar(photos_of_ada).bind(format!("account:{}", ada.id)).fetch_one(&pool).await.unwrap();
        left == 0
    })
    .await;
    assert!(!forgotten(&photos, &ada).await, "the objects are still there");

    photos.store.set_down(false);
    eventually("photo says that it has forgotten", async || forgotten(&photos, &ada).await).await;
    assert_eq!(rows_of(&photos, &ada).await, 0);
    assert_eq!((photos.store.count("blobs/"), photos.store.count("incoming/")), (8, 0), "his two are left");
    // What is his stays, and is shown by nobody else.
    for photo in [&same, &lent] {
        assert_eq!(photos.get(url(photo, "original"), None).await.status(), StatusCode::OK);
    }
    assert_eq!(photos.json(&path(&lent), None).await["uses"], 0);
    assert_eq!(listed(&photos, &format!("{}/photos", albums::path(&his)), None).await, 0);
    assert_eq!(photos.json("/v1/photos/usage", Some(&bob)).await["photos"], 2);
}

#[tokio::test]
async fn what_comes_late_of_who_is_erased_makes_no_row() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let his = photos.keep(&bob, jpeg(500, 300, 1), &[("visibility", "public")]).await;
    photos.tell(Service::Auth, Fact::AccountErased(AccountErased { account: ada.id })).await;
    eventually("photo says that it has forgotten", async || forgotten(&photos, &ada).await).await;

    hide(&photos, &ada, AccountState::Active).await;
    let begun = photos.request(Method::POST, "/v1/photos/tus", Some(&ada)).header("tus-resumable", "1.0.0").header("upload-length", "10");
    assert_eq!(answer(begun).await.0, StatusCode::FORBIDDEN);
    assert_eq!(photos.upload(&ada, jpeg(50, 50, 2), &[]).await.status(), StatusCode::FORBIDDEN);
    let made = photos.send(Method::POST, "/v1/albums", Some(&ada), &json!({"title": "Late"})).await;
    assert_eq!(made.0, StatusCode::FORBIDDEN);
    let used = photos.send(Method::POST, &format!("{}/uses", path(&his)), Some(&ada), &json!({"note": "here"})).await;
    assert_eq!(used.0, StatusCode::FORBIDDEN);
    photos.usable(&ada, &[&his]).await;
    photos.shows(&ada, "post:17", &[&his]).await;
    assert_eq!(rows_of(&photos, &ada).await, 0);
    eventually("what was stored in vain is gone", async || photos.store.objects().len() == 4).await;
}
