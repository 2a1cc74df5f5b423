use reqwest::StatusCode;

use crate::pictures::jpeg;
use crate::support::{TestPhoto, eventually, id, url};

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
    assert_eq!(photos.store.objects().len(), 3);
}
