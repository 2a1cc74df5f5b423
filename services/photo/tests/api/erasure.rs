use std::time::Duration;

use contracts::Service;
use contracts::fact::{AccountChanged, AccountErased, AccountForgotten, AccountState, Fact};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::albums::{self, album};
use crate::asks;
use crate::direct;
use crate::pictures::jpeg;
use crate::reuse::blocks;
use crate::support::{OBJECTS, Person, TestPhoto, answer, eventually, id, path, url};

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
    let (grant, held) = (photos.grant(&private, &ada, &bob), asks::held(&photos, &private).await);
    let addresses = [path(&public), url(&public, "large").to_owned(), albums::path(&hers)];
    let in_his = format!("{}/photos", albums::path(&his));
    let seen = async |what: usize, status: StatusCode| {
        for address in &addresses {
            assert_eq!(photos.get(address, Some(&bob)).await.status(), status, "{address}");
        }
        assert_eq!(photos.get(url(&public, "thumb"), None).await.status(), status);
        assert_eq!(asks::fetch_again(&photos, &private, &grant, Some(&bob), &held).await, status);
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

/// Where the id of who is erased stays, and why.
const KEEPING_IDS: [(&str, &str); 2] = [
    ("outbox", "what was told is kept for a week, for services that were away"),
    ("hidden_accounts", "by its row, what comes late makes nothing anew"),
];

/// Rows that name an account, of every table that there is.
async fn rows_of(photos: &TestPhoto, who: &Person) -> Vec<String> {
    let pool = photos.db.superuser_pool(Service::Photo);
    let tables = "select tablename::text from pg_tables where schemaname = 'photo' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&pool).await.unwrap();
    let keeps_ids = |table: &str| KEEPING_IDS.iter().any(|(keeping, _)| *keeping == table);
    assert_eq!(tables.iter().filter(|table| keeps_ids(table)).count(), KEEPING_IDS.len(), "{tables:?}");
    let mut found = Vec::new();
    for table in tables.iter().filter(|table| !keeps_ids(table)) {
        let rows = AssertSqlSafe(format!("select t::text from photo.{table} t where position($1 in t::text) > 0"));
        let rows: Vec<String> = sqlx::query_scalar(rows).bind(who.id.to_string()).fetch_all(&pool).await.unwrap();
        found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    found
}

#[tokio::test]
async fn who_is_erased_is_forgotten_when_the_objects_are_gone_too() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let file = jpeg(500, 300, 1);
    let public = photos.keep(&ada, file.clone(), &[("visibility", "public"), ("tags", "pier")]).await;
    let private = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "private")]).await;
    let about = json!({"alt": "quokkas", "credit": "Quokka & Daughters"});
    assert_eq!(photos.send(Method::PATCH, &path(&private), Some(&ada), &about).await.0, StatusCode::OK);
    let same = photos.keep(&bob, file, &[("visibility", "public")]).await;
    let lent = photos.keep(&bob, jpeg(500, 300, 3), &[("visibility", "public")]).await;
    let (hers, his) = (album(&photos, &ada, "Hers", "public").await, album(&photos, &bob, "His", "public").await);
    put_in(&photos, &ada, &hers, &lent).await;
    put_in(&photos, &bob, &his, &public).await;
    photos.shows(&ada, "post:17", &[&lent]).await;
    photos.tell(Service::Relation, blocks(&ada, &bob, true)).await;
    photos.tell(Service::Relation, blocks(&bob, &ada, true)).await;
    // Left to those who show it: it goes from there, too.
    let left = photos.keep(&ada, jpeg(500, 300, 4), &[("visibility", "public"), ("alt", "one quokka"), ("credit", "Quokka")]).await;
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
    eventually("each picture is kept once", async || (photos.store.count("blobs/"), photos.store.count("incoming/")) == (4 * OBJECTS, 1))
        .await;

    let parked = "insert into fact_failures (producer, position, fact, attempts, error, parked_at)
                  values ('social', 0, jsonb_build_object('kind', 'photos.shown', 'author', $1::text), 10, '', now())";
    sqlx::query(parked).bind(ada.id.to_string()).execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    let found = rows_of(&photos, &ada).await;
    for table in ["albums", "fact_failures", "photo_uses", "photos", "uploads", "usage"] {
        assert!(found.iter().any(|row| row.starts_with(&format!("{table}:"))), "{table} has something of hers: {found:?}");
    }

    let words = "select count(*) from outbox where position('uokka' in fact::text) > 0";
    let words = async || -> i64 { sqlx::query_scalar(words).fetch_one(&photos.db.superuser_pool(Service::Photo)).await.unwrap() };
    assert_eq!(words().await, 2, "it was told what the photo shows, and what was left");

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
    assert_eq!(rows_of(&photos, &ada).await, Vec::<String>::new());
    assert_eq!(words().await, 0, "what was told has her words no more");
    assert_eq!((photos.store.count("blobs/"), photos.store.count("incoming/")), (2 * OBJECTS, 0), "his two are left");
    // What is his stays, and is shown by nobody else.
    for photo in [&same, &lent] {
        assert_eq!(photos.get(url(photo, "original"), None).await.status(), StatusCode::OK);
    }
    assert_eq!(photos.json(&path(&lent), None).await["uses"], 0);
    assert_eq!(listed(&photos, &format!("{}/photos", albums::path(&his)), None).await, 0);
    assert_eq!(photos.json("/v1/photos/usage", Some(&bob)).await["photos"], 2);
}

/// Has photo told that it has forgotten somebody, once it has looked again?
async fn forgotten_at_another_look(photos: &TestPhoto, who: &Person) -> bool {
    let pool = photos.db.superuser_pool(Service::Photo);
    sqlx::query("update hidden_accounts set look_again_at = now() where state = 'erasing'").execute(&pool).await.unwrap();
    let looked = "select state = 'erased' or look_again_at > now() from hidden_accounts where account = $1";
    let looked = async || -> bool { sqlx::query_scalar(looked).bind(who.id.0).fetch_one(&pool).await.unwrap() };
    eventually("it looks again", looked).await;
    forgotten(photos, who).await
}

#[tokio::test]
async fn who_is_erased_is_forgotten_when_the_store_takes_nothing_more_at_their_addresses() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    // One that becomes a photo, one that was given up, and one that is under way.
    let mut uploads = Vec::new();
    for _ in 0..3 {
        uploads.push(direct::begin(&photos, &ada, file.len(), json!({"title": "quokkas"})).await);
    }
    direct::put(&photos, &uploads[0], file.clone()).await;
    assert_eq!(direct::complete(&photos, &ada, &uploads[0]).await.0, StatusCode::CREATED);
    let given_up = format!("/v1/photos/uploads/{}", uploads[1]["id"].as_str().unwrap());
    assert_eq!(answer(photos.request(Method::DELETE, &given_up, Some(&ada))).await.0, StatusCode::NO_CONTENT);
    photos.tell(Service::Auth, Fact::AccountErased(AccountErased { account: ada.id })).await;
    let words = "uploads where about::text like '%uokka%'";
    eventually("nothing is said of her uploads", async || photos.count(words).await == 0).await;
    eventually("nothing is left of them", async || photos.count("jobs").await == 0).await;
    assert!(photos.store.objects().is_empty(), "{:?}", photos.store.objects().keys());
    for upload in &uploads {
        assert_eq!(direct::put(&photos, upload, file.clone()).await, StatusCode::OK, "the store cannot know");
    }
    assert_eq!(photos.store.count("incoming/"), 3);
    let pool = photos.db.superuser_pool(Service::Photo);
    for (minutes, left) in [(5_i32, 3), (15, 0)] {
        assert!(!forgotten_at_another_look(&photos, &ada).await, "something may still come");
        let over = sqlx::query("update uploads set expires_at = now() - make_interval(mins => $1)").bind(minutes);
        over.execute(&pool).await.unwrap();
        photos.service.sweep(Duration::from_secs(24 * 3600)).await.unwrap();
        assert_eq!(photos.count("uploads").await, left);
    }
    eventually("photo says that it has forgotten", async || forgotten(&photos, &ada).await).await;
    assert_eq!(rows_of(&photos, &ada).await, Vec::<String>::new());
    assert!(photos.store.objects().is_empty(), "{:?}", photos.store.objects().keys());
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
    photos.tell(Service::Relation, blocks(&bob, &ada, true)).await;
    assert_eq!(rows_of(&photos, &ada).await, Vec::<String>::new());
    eventually("what was stored in vain is gone", async || photos.store.objects().len() == OBJECTS).await;
}
