use std::time::Duration;

use contracts::Service;
use photo::Swept;
use reqwest::{Method, StatusCode};

use crate::pictures::jpeg;
use crate::support::{OBJECTS, TestPhoto, answer, eventually, url};

/// The age below which the sweep spares objects, as it runs in the background.
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn the_sweep_deletes_what_no_row_knows_and_nothing_else() {
    let photos = TestPhoto::spawn().await;
    let photo = photos.keep(&photos.person(), jpeg(50, 50, 1), &[("visibility", "public")]).await;
    let orphan = "blobs/00112233445566778899aabbccddeeff";
    photos.store.plant(&format!("{orphan}.original"), b"left behind");
    photos.store.plant(&format!("{orphan}.thumb-jpeg"), b"left behind");
    // As a release leaves it that knows no JPEGs.
    photos.store.plant("blobs/ffeeddccbbaa99887766554433221100.small-jpeg", b"left behind");
    photos.store.plant("blobs/README", b"somebody else's");
    photos.store.plant("incoming/00112233445566778899aabbccddeeff.0000000000.0a", b"left behind");
    photos.store.plant("incoming/00112233445566778899aabbccddeeff.0000000011.0b", b"left behind");

    // Whatever is young may belong to an upload that is running.
    assert_eq!(photos.service.sweep(DAY).await.unwrap(), Swept::default());
    assert_eq!(photos.store.objects().len(), OBJECTS + 6);

    let swept = photos.service.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(swept, Swept { orphans: 2, abandoned: 1, ..Swept::default() });
    let left = photos.store.objects();
    assert_eq!(left.len(), OBJECTS + 1, "{:?}", left.keys());
    assert!(left.contains_key("blobs/README"));
    assert_eq!(photos.get(url(&photo, "original"), None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_was_sent_as_it_is_is_spared_for_two_hours_only() {
    let photos = TestPhoto::spawn().await;
    let (old, young) = ("incoming/00112233445566778899aabbccddeeff", "incoming/ffeeddccbbaa99887766554433221100");
    let orphan = "blobs/00112233445566778899aabbccddeeff.original";
    for (key, hours) in [(old, 3), (young, 1), (orphan, 3)] {
        photos.store.plant(key, b"left behind");
        photos.store.age(key, Duration::from_secs(hours * 3600));
    }
    photos.service.sweep(DAY).await.unwrap();
    assert_eq!(photos.store.objects().into_keys().collect::<Vec<_>>(), [orphan, young]);
}

#[tokio::test]
async fn a_photo_whose_objects_are_gone_is_found_and_so_is_its_return() {
    let photos = TestPhoto::spawn().await;
    let photo = photos.keep(&photos.person(), jpeg(50, 50, 1), &[("visibility", "public")]).await;
    let again = async || {
        // As if an hour had passed.
        let pool = photos.db.superuser_pool(Service::Photo);
        sqlx::query("update blobs set checked_at = checked_at - interval '2 hours'").execute(&pool).await.unwrap();
        photos.service.sweep(DAY).await.unwrap().missing
    };

    assert_eq!(again().await, 0);
    for (ending, accept) in [(".small", "image/webp"), (".small-jpeg", "image/jpeg")] {
        let (name, bytes) = photos.store.objects().into_iter().find(|(name, _)| name.ends_with(ending)).unwrap();
        photos.store.steal(&name);
        assert_eq!(again().await, 1, "{ending}");
        assert_eq!(photos.get_as(accept, url(&photo, "small"), None).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(photos.get_as(accept, url(&photo, "thumb"), None).await.status(), StatusCode::OK);
        // Half of it is not enough.
        photos.store.plant(&name, &bytes[1..]);
        assert_eq!(again().await, 1, "{ending}");
        photos.store.plant(&name, &bytes);
        assert_eq!(again().await, 0, "{ending}");
    }
}

#[tokio::test]
async fn whoever_sends_a_lost_picture_again_brings_it_back_for_everybody() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let hers = photos.keep(&ada, jpeg(50, 50, 1), &[("visibility", "public")]).await;
    for name in photos.store.objects().into_keys() {
        photos.store.steal(&name);
    }
    // However lately it was looked at in the background.
    let pool = photos.db.superuser_pool(Service::Photo);
    sqlx::query("update blobs set checked_at = null").execute(&pool).await.unwrap();
    assert_eq!(photos.service.sweep(DAY).await.unwrap().missing, 1);
    assert_eq!(photos.get(url(&hers, "original"), None).await.status(), StatusCode::NOT_FOUND);

    let his = photos.keep(&bob, jpeg(50, 50, 1), &[("visibility", "public")]).await;
    for photo in [&hers, &his] {
        assert_eq!(photos.get(url(photo, "original"), None).await.status(), StatusCode::OK);
    }
    eventually("one copy is kept", async || photos.count("jobs").await == 0 && photos.store.objects().len() == OBJECTS).await;
    assert_eq!(photos.count("blobs where missing_since is not null").await, 0);
}

#[tokio::test]
async fn an_upload_whose_time_is_over_is_gone_with_its_bytes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let request = photos.request(Method::POST, "/v1/photos/tus", Some(&ada)).header("tus-resumable", "1.0.0").header("upload-length", "9");
    let created = request.send().await.unwrap();
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let piece = photos.request(Method::PATCH, &location, Some(&ada)).header("tus-resumable", "1.0.0").header("upload-offset", "0");
    let piece = piece.header("content-type", "application/offset+octet-stream").body("half");
    assert_eq!(answer(piece).await.0, StatusCode::NO_CONTENT);
    assert_eq!(photos.store.count("incoming/"), 1);
    assert_eq!(photos.service.sweep(Duration::ZERO).await.unwrap(), Swept::default(), "it is under way");

    let pool = photos.db.superuser_pool(Service::Photo);
    sqlx::query("update uploads set expires_at = now() - interval '1 second'").execute(&pool).await.unwrap();
    let head = photos.request(Method::HEAD, &location, Some(&ada)).header("tus-resumable", "1.0.0");
    assert_eq!(head.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.service.sweep(DAY).await.unwrap(), Swept { expired: 1, ..Swept::default() });
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
    assert_eq!(photos.count("uploads").await, 0);
}
