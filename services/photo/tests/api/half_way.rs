//! A store that fails in the middle of what is asked of it.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::faults::Fault;
use crate::pictures::jpeg;
use crate::support::{OBJECTS, TestPhoto, answer, eventually, path, url};
use crate::tus;

/// Nothing is owed any more, and so many objects are there.
async fn settles(photos: &TestPhoto, objects: usize) {
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!(photos.store.objects().len(), objects, "{:?}", photos.store.objects().keys());
}

/// Whether what is sent of a picture ends before its end.
async fn breaks_off(photos: &TestPhoto, address: &str) -> bool {
    match photos.request(Method::GET, address, None).send().await {
        Ok(answer) => {
            assert_eq!(answer.status(), StatusCode::OK);
            answer.bytes().await.is_err()
        }
        // It broke before the head had left.
        Err(_) => true,
    }
}

#[tokio::test]
async fn a_store_that_fails_after_any_number_of_pictures_keeps_none_of_them() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for fault in [Fault::Refused, Fault::Lost] {
        for few in 0..OBJECTS {
            photos.store.fail_after(few, Method::PUT, fault);
            let answer = photos.upload(&ada, jpeg(300, 200, 1), &[]).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?} after {few}");
            assert!(answer.headers().contains_key("retry-after"));
            assert_eq!((photos.count("photos").await, photos.count("blobs").await), (0, 0), "{fault:?} after {few}");
            photos.store.heal();
            settles(&photos, 0).await;
        }
    }
    photos.keep(&ada, jpeg(300, 200, 1), &[]).await;
    settles(&photos, OBJECTS).await;
}

#[tokio::test]
async fn whoever_completes_an_upload_again_has_the_photo_wherever_the_store_failed() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let location = tus::begin(&photos, &ada, file.len()).await;
    assert_eq!(tus::send(&photos, &ada, &location, 0, &file).await.status(), StatusCode::NO_CONTENT);
    for (few, method, fault) in [
        (0, Method::GET, Fault::Refused),
        (0, Method::GET, Fault::Cut),
        (0, Method::PUT, Fault::Refused),
        (3, Method::PUT, Fault::Refused),
        (OBJECTS - 1, Method::PUT, Fault::Lost),
    ] {
        photos.store.fail_after(few, method.clone(), fault);
        assert_eq!(answer(tus::complete(&photos, &ada, &location)).await.0, StatusCode::SERVICE_UNAVAILABLE, "{method} {fault:?}");
        assert_eq!((photos.count("photos").await, photos.count("blobs").await), (0, 0), "{method} {fault:?}");
        photos.store.heal();
    }
    assert_eq!(answer(tus::complete(&photos, &ada, &location)).await.0, StatusCode::CREATED);
    settles(&photos, OBJECTS).await;
}

#[tokio::test]
async fn a_piece_that_was_stored_unheard_is_sent_again_and_goes_with_the_others() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let location = tus::begin(&photos, &ada, file.len()).await;
    photos.store.fail_after(0, Method::PUT, Fault::Lost);
    assert_eq!(tus::send(&photos, &ada, &location, 0, &file).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((photos.store.count("incoming/"), photos.count("upload_pieces").await), (1, 0));
    photos.store.heal();

    assert_eq!(tus::send(&photos, &ada, &location, 0, &file).await.status(), StatusCode::NO_CONTENT, "it has come nowhere yet");
    assert_eq!(answer(tus::complete(&photos, &ada, &location)).await.0, StatusCode::CREATED);
    settles(&photos, OBJECTS).await;
}

#[tokio::test]
async fn what_the_store_does_not_delete_is_nobodys_and_is_deleted_later() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (seed, (few, fault)) in (1..).zip([(0, Fault::Refused), (3, Fault::Refused), (OBJECTS - 1, Fault::Refused), (2, Fault::Lost)]) {
        let photo = photos.keep(&ada, jpeg(300, 200, seed), &[("visibility", "public")]).await;
        photos.store.fail_after(few, Method::DELETE, fault);
        assert_eq!(answer(photos.request(Method::DELETE, &path(&photo), Some(&ada))).await.0, StatusCode::NO_CONTENT);
        eventually("it was tried", async || photos.count("jobs where error is not null").await == 1).await;
        assert_eq!(photos.count("blobs").await, 1, "the tombstone stays for as long as anything may");
        assert_eq!(photos.get(url(&photo, "thumb"), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
        photos.store.heal();
        settles(&photos, 0).await;
        assert_eq!(photos.count("blobs").await, 0);
    }
}

#[tokio::test]
async fn a_picture_that_breaks_off_is_never_taken_for_whole() {
    let photos = TestPhoto::spawn().await;
    let photo: Value = photos.keep(&photos.person(), jpeg(900, 600, 1), &[("visibility", "public")]).await;
    let objects = photos.store.objects();
    let stored = |variant: &str| objects.iter().find(|(name, _)| name.ends_with(&format!(".{variant}-jpeg"))).expect("an object");

    photos.store.fail_after(0, Method::GET, Fault::Cut);
    // Small ones are fetched whole before any of their bytes are sent.
    assert_eq!(photos.get(url(&photo, "thumb"), None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(breaks_off(&photos, url(&photo, "large")).await);
    photos.store.heal();
    // Where the store has lost bytes and knows nothing of it.
    let (name, bytes) = stored("small");
    photos.store.plant(name, &bytes[..bytes.len() / 2]);
    assert!(breaks_off(&photos, url(&photo, "small")).await);
    photos.store.plant(name, bytes);

    for variant in ["thumb", "small", "large"] {
        let answer = photos.get(url(&photo, variant), None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{variant}");
        assert_eq!(answer.bytes().await.unwrap(), stored(variant).1, "{variant}");
    }
}
