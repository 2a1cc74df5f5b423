use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::album;
use crate::faults::Fault;
use crate::pictures::jpeg;
use crate::support::{OBJECTS, TestPhoto, answer, eventually, id, path, url};

#[tokio::test]
async fn without_the_store_descriptions_are_answered_and_bytes_are_not() {
    let photos = TestPhoto::spawn().await;
    let photo = photos.keep(&photos.person(), jpeg(500, 300, 1), &[("visibility", "public")]).await;

    photos.store.set_down(true);
    let answer = photos.get(url(&photo, "large"), None).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(photos.json(&format!("/v1/photos/{}", id(&photo)), None).await, photo);

    photos.store.set_down(false);
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_was_shown_lately_is_shown_without_the_store_to_whoever_may_see_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let public = photos.keep(&ada, jpeg(900, 600, 1), &[("visibility", "public")]).await;
    let private = photos.keep(&ada, jpeg(900, 600, 2), &[("visibility", "private")]).await;
    let bytes = async |photo: &Value, variant: &str| {
        let answer = photos.get(url(photo, variant), Some(&ada)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{variant}");
        answer.bytes().await.unwrap()
    };
    let mut seen = Vec::new();
    for (photo, variant) in [(&public, "small"), (&public, "thumb"), (&private, "small"), (&private, "thumb")] {
        seen.push((photo, variant, bytes(photo, variant).await));
    }

    photos.store.set_down(true);
    for (photo, variant, before) in &seen {
        assert_eq!(&bytes(photo, variant).await, before, "{variant}");
    }
    let part = photos.request(Method::GET, url(&public, "thumb"), None).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), seen[1].2[10..20]);
    // Nobody else sees them from there, and what is gone is gone.
    for who in [None, Some(&eve)] {
        assert_eq!(photos.get(url(&private, "thumb"), who).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(photos.get(url(&public, "large"), None).await.status(), StatusCode::SERVICE_UNAVAILABLE, "too large to be kept");
    assert_eq!(answer(photos.request(Method::DELETE, &path(&public), Some(&ada))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(photos.get(url(&public, "thumb"), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_memory_for_them_pictures_come_from_the_store() {
    let photos = TestPhoto::with(&["--photo-recent-memory=0"]).await;
    let photo = photos.keep(&photos.person(), jpeg(500, 300, 1), &[("visibility", "public")]).await;
    assert_eq!(photos.get(url(&photo, "thumb"), None).await.status(), StatusCode::OK);
    photos.store.set_down(true);
    assert_eq!(photos.get(url(&photo, "thumb"), None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn without_the_store_an_upload_is_turned_away_and_leaves_nothing() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();

    photos.store.set_down(true);
    let answer = photos.upload(&ada, jpeg(500, 300, 1), &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!((photos.count("photos").await, photos.count("blobs").await), (0, 0));

    // It recovers by itself: the next upload is kept, and nothing else is there when the work that was owed is done.
    photos.store.set_down(false);
    photos.keep(&ada, jpeg(500, 300, 1), &[]).await;
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!(photos.store.objects().len(), OBJECTS);
}

#[tokio::test]
async fn nobody_notices_a_store_that_is_away_for_a_moment() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for fault in [Fault::Refused, Fault::Lost] {
        // An upload writes its objects at once, so that each may fail once; a picture is read by one call, which fails three times.
        photos.store.fail_next(3, Method::PUT, fault);
        let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "public")]).await;
        photos.store.fail_next(3, Method::GET, fault);
        assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::OK, "{fault:?}");
    }
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    photos.store.set_held(true);
    let answer = photos.upload(&ada, jpeg(500, 300, 1), &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!((photos.count("photos").await, photos.count("blobs").await), (0, 0));

    photos.store.set_held(false);
    photos.keep(&ada, jpeg(500, 300, 1), &[]).await;
}

#[tokio::test]
async fn without_the_store_everything_that_is_not_bytes_goes_on() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let texts = [("visibility", "public"), ("title", "Pier"), ("tags", "sea")];
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &texts).await;
    let usage = photos.json("/v1/photos/usage", Some(&ada)).await;
    let piers = album(&photos, &ada, "Piers", "public").await;

    photos.store.set_down(true);
    assert_eq!(photos.json("/v1/photos?q=pier&tag=sea", None).await["items"][0]["id"], photo["id"]);
    assert_eq!(photos.json("/v1/photos/usage", Some(&ada)).await, usage);
    photos.change(&ada, &photo, json!({"alt": "A pier"})).await;
    let place = format!("/v1/albums/{}/photos/{}", piers["id"].as_str().unwrap(), id(&photo));
    assert_eq!(photos.send(Method::PUT, &place, Some(&ada), &json!({})).await.0, StatusCode::NO_CONTENT);
    // What the caller holds already needs no bytes.
    let held = photos.request(Method::GET, url(&photo, "large"), None).header("if-none-match", "*");
    assert_eq!(held.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    assert_eq!(answer(photos.request(Method::DELETE, &path(&photo), Some(&ada))).await.0, StatusCode::NO_CONTENT);

    // Its objects are owed, and go when the store is back.
    assert_eq!((photos.count("jobs").await, photos.store.objects().len()), (1, OBJECTS));
    photos.store.set_down(false);
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn without_the_store_an_upload_in_pieces_waits_where_it_is() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let speak = |method, path: &str| photos.request(method, path, Some(&ada)).header("tus-resumable", "1.0.0");
    let created = speak(Method::POST, "/v1/photos/tus").header("upload-length", file.len().to_string()).send().await.unwrap();
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let piece = || {
        let request = speak(Method::PATCH, &location).header("upload-offset", "0");
        answer(request.header("content-type", "application/offset+octet-stream").body(file.clone()))
    };
    let complete = || {
        let id = location.rsplit('/').next().unwrap();
        answer(photos.request(Method::POST, &format!("/v1/photos/uploads/{id}/complete"), Some(&ada)))
    };

    photos.store.set_down(true);
    assert_eq!(piece().await.0, StatusCode::SERVICE_UNAVAILABLE);
    photos.store.set_down(false);
    assert_eq!(piece().await.0, StatusCode::NO_CONTENT);
    photos.store.set_down(true);
    assert_eq!(complete().await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((photos.count("photos").await, photos.count("blobs").await), (0, 0));
    photos.store.set_down(false);
    assert_eq!(complete().await.0, StatusCode::CREATED);
    eventually("the pieces are gone", async || photos.store.objects().len() == OBJECTS).await;
}
