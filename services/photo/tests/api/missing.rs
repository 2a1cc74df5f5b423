//! Photos of which the bucket has lost something.

use std::time::Duration;

use contracts::Service;
use photo::Swept;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{album, path as album_path};
use crate::pictures::jpeg;
use crate::support::{OBJECTS, Person, TestPhoto, answer, eventually, id, path, url};

/// Sweeps after so many days in which nobody has brought anything back.
pub async fn sweep(photos: &TestPhoto, days: i32) -> Swept {
    let later = "update blobs set checked_at = null, missing_since = missing_since - make_interval(days => $1)";
    sqlx::query(later).bind(days).execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    photos.service.sweep(Duration::from_secs(24 * 3600)).await.unwrap()
}

/// Takes objects away, and answers what they were.
fn lose(photos: &TestPhoto, which: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let lost: Vec<_> = photos.store.objects().into_iter().filter(|(name, _)| which(name)).collect();
    for (name, _) in &lost {
        photos.store.steal(name);
    }
    lost
}

async fn ids(photos: &TestPhoto, path: &str, who: Option<&Person>) -> Vec<Value> {
    let found = photos.json(path, who).await;
    found["items"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(|photo| photo["id"].clone()).collect()
}

async fn usage(photos: &TestPhoto, who: &Person) -> Value {
    photos.json("/v1/photos/usage", Some(who)).await["photos"].clone()
}

#[tokio::test]
async fn a_photo_that_is_missing_is_told_to_its_owner_and_in_nobody_elses_lists() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let texts = [("visibility", "public"), ("title", "Pier"), ("tags", "sea")];
    let hers = photos.keep(&ada, jpeg(60, 40, 1), &texts).await;
    let piers = album(&photos, &ada, "Piers", "public").await;
    let place = format!("{}/photos/{}", album_path(&piers), id(&hers));
    assert_eq!(photos.send(Method::PUT, &place, Some(&ada), &json!({})).await.0, StatusCode::NO_CONTENT);
    let objects = lose(&photos, |name| name.ends_with(".thumb"));
    let his = photos.keep(&bob, jpeg(60, 40, 2), &texts).await;
    assert_eq!(sweep(&photos, 0).await, Swept { missing: 1, ..Swept::default() });

    let of_album = format!("{}/photos", album_path(&piers));
    let lists = ["/v1/photos", "/v1/photos?q=pier", "/v1/photos?tag=sea", "/v1/photos?sort=most_used"];
    for list in lists {
        assert_eq!(ids(&photos, list, Some(&bob)).await, [his["id"].clone()], "{list}");
    }
    assert_eq!(ids(&photos, &of_album, Some(&bob)).await, [] as [Value; 0]);
    let seen = photos.json(&album_path(&piers), Some(&bob)).await;
    assert_eq!((&seen["photos"], &seen["cover"]), (&json!(0), &Value::Null));

    for list in ["/v1/photos?owner=me", "/v1/photos?owner=me&q=pier", "/v1/photos?owner=me&sort=most_used", of_album.as_str()] {
        let found = photos.json(list, Some(&ada)).await;
        assert_eq!((&found["items"][0]["id"], &found["items"][0]["missing"]), (&hers["id"], &json!(true)), "{list}");
    }
    assert_eq!(photos.json(&album_path(&piers), Some(&ada)).await["photos"], json!(1));
    assert_eq!(photos.json(&path(&hers), Some(&ada)).await["missing"], json!(true));
    assert_eq!(usage(&photos, &ada).await, json!(1), "it counts for as long as it may come back");

    for (name, bytes) in objects {
        photos.store.plant(&name, &bytes);
    }
    assert_eq!(sweep(&photos, 0).await, Swept::default());
    for list in lists {
        assert_eq!(ids(&photos, list, None).await, [his["id"].clone(), hers["id"].clone()], "{list}");
    }
    assert_eq!(photos.json(&path(&hers), Some(&ada)).await, hers);
}

#[tokio::test]
async fn a_photo_whose_original_is_missing_for_a_month_is_gone_and_counts_no_more() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let hers = photos.keep(&ada, jpeg(60, 40, 1), &[("visibility", "public"), ("tags", "sea")]).await;
    let his = photos.keep(&bob, jpeg(60, 40, 1), &[]).await;
    eventually("one copy is kept", async || photos.store.objects().len() == OBJECTS).await;
    let objects = lose(&photos, |_| true);
    // Where nothing at all is there, nothing is given up.
    assert_eq!(sweep(&photos, 0).await.missing, 1);
    assert_eq!(sweep(&photos, 31).await, Swept { missing: 1, ..Swept::default() });

    // What is back is there again, however late.
    for (name, bytes) in &objects {
        photos.store.plant(name, bytes);
    }
    assert_eq!(sweep(&photos, 0).await, Swept::default());
    assert_eq!(photos.get(url(&hers, "thumb"), None).await.status(), StatusCode::OK);

    lose(&photos, |_| true);
    let others = photos.keep(&eve, jpeg(60, 40, 2), &[("visibility", "public")]).await;
    assert_eq!(sweep(&photos, 0).await.missing, 1);
    assert_eq!(sweep(&photos, 29).await, Swept { missing: 1, ..Swept::default() });
    assert_eq!(sweep(&photos, 2).await, Swept { missing: 1, lost: 2, ..Swept::default() });
    for (who, photo) in [(&ada, &hers), (&bob, &his)] {
        assert_eq!(answer(photos.request(Method::GET, &path(photo), Some(who))).await.0, StatusCode::NOT_FOUND);
        assert_eq!(usage(&photos, who).await, json!(0));
    }
    assert_eq!(photos.json("/v1/photos/tags", None).await["items"], json!([]));
    let told: Vec<String> = sqlx::query_scalar("select fact ->> 'photo' from outbox where fact ->> 'kind' = 'photo.changed' order by id")
        .fetch_all(&photos.db.superuser_pool(Service::Photo))
        .await
        .unwrap();
    assert_eq!(told, [id(&hers), id(&his)].map(|photo| photo.to_string()));
    eventually("nothing is left of it", async || photos.count("blobs").await == 1 && photos.count("jobs").await == 0).await;
    assert_eq!((photos.store.objects().len(), sweep(&photos, 0).await), (OBJECTS, Swept::default()));
    assert_eq!(photos.get(url(&others, "thumb"), None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_photo_whose_original_is_there_is_never_given_up() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(60, 40, 1), &[]).await;
    lose(&photos, |name| !name.ends_with(".original"));
    photos.keep(&ada, jpeg(60, 40, 2), &[]).await;
    assert_eq!(sweep(&photos, 0).await.missing, 1);
    assert_eq!(sweep(&photos, 400).await, Swept { missing: 1, ..Swept::default() });
    assert_eq!(photos.get(url(&photo, "original"), Some(&ada)).await.status(), StatusCode::OK);

    // Sent again, it is whole again.
    photos.keep(&ada, jpeg(60, 40, 1), &[]).await;
    assert_eq!(photos.get(url(&photo, "thumb"), Some(&ada)).await.status(), StatusCode::OK);
    assert_eq!(photos.json(&path(&photo), Some(&ada)).await, photo);
    assert_eq!(sweep(&photos, 0).await.missing, 0);
}
