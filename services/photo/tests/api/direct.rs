use std::time::Duration;

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pictures::{SECRET, holds, jpeg};
use crate::support::{MAX_BYTES, OBJECTS, Person, TestPhoto, answer, eventually, path, url};

pub async fn begin(photos: &TestPhoto, who: &Person, size: usize, about: Value) -> Value {
    let (status, body) = photos.send(Method::POST, "/v1/photos/uploads", Some(who), &json!({"size": size, "photo": about})).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body
}

/// Sends a file straight to the store, with the headers that belong to it.
pub async fn put(photos: &TestPhoto, upload: &Value, file: Vec<u8>) -> StatusCode {
    let mut request = photos.http.put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap().iter().filter(|(name, _)| *name != "content-length") {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(file).send().await.unwrap().status()
}

pub async fn complete(photos: &TestPhoto, who: &Person, upload: &Value) -> (StatusCode, Value) {
    let path = format!("/v1/photos/uploads/{}/complete", upload["id"].as_str().unwrap());
    answer(photos.request(Method::POST, &path, Some(who))).await
}

#[tokio::test]
async fn a_file_goes_straight_to_the_store_and_becomes_a_photo() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let upload = begin(&photos, &ada, file.len(), json!({"visibility": "public", "title": "Pier", "license": "CC0-1.0"})).await;
    assert_eq!(upload["method"], "PUT");
    assert!(upload["expires_at"].as_str().unwrap().ends_with('Z'));

    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::CONFLICT, "nothing is there yet");
    assert_eq!(put(&photos, &upload, file).await, StatusCode::OK);
    let (status, photo) = complete(&photos, &ada, &upload).await;
    assert_eq!((status, &photo["title"], &photo["license"]), (StatusCode::CREATED, &json!("Pier"), &json!("CC0-1.0")));
    assert_eq!(photos.get(url(&photo, "large"), None).await.status(), StatusCode::OK);
    assert_eq!(complete(&photos, &ada, &upload).await, (StatusCode::OK, photo));

    // Nothing of what was sent is left as it was.
    eventually("the file is gone", async || photos.store.count("incoming/") == 0).await;
    for (key, bytes) in photos.store.objects() {
        assert!(!holds(&bytes, SECRET), "{key}");
    }
    assert_eq!(photos.count("photos").await, 1);
}

#[tokio::test]
async fn the_store_takes_a_file_of_the_signed_length_only() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let upload = begin(&photos, &ada, file.len() - 1, json!({})).await;
    assert!(put(&photos, &upload, file).await.is_client_error());
    assert_eq!(photos.store.objects().len(), 0);
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn completing_at_once_makes_one_photo() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let upload = begin(&photos, &ada, file.len(), json!({})).await;
    put(&photos, &upload, file).await;
    let answers = futures::future::join_all((0..4).map(|_| complete(&photos, &ada, &upload))).await;
    let (_, photo) = &answers[0];
    for (status, body) in &answers {
        assert!(status.is_success(), "{body}");
        assert_eq!(body["id"], photo["id"]);
    }
    assert_eq!(photos.count("photos").await, 1);
    eventually("one copy is kept", async || photos.store.objects().len() == OBJECTS).await;
}

#[tokio::test]
async fn what_cannot_be_a_photo_is_refused_and_its_bytes_go() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    for (size, status) in [(0, StatusCode::UNPROCESSABLE_ENTITY), (MAX_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let asked = json!({"size": size});
        assert_eq!(photos.send(Method::POST, "/v1/photos/uploads", Some(&ada), &asked).await.0, status);
    }
    let wrong = json!({"size": 5, "photo": {"licence": "CC0-1.0"}});
    assert_eq!(photos.send(Method::POST, "/v1/photos/uploads", Some(&ada), &wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    let file = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    let upload = begin(&photos, &ada, file.len(), json!({})).await;
    put(&photos, &upload, file).await;
    assert_eq!(complete(&photos, &eve, &upload).await.0, StatusCode::NOT_FOUND, "another's upload");
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::NOT_FOUND);
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn what_is_sent_to_an_address_again_counts_and_goes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    let upload = begin(&photos, &ada, file.len(), json!({})).await;
    put(&photos, &upload, file.clone()).await;
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    eventually("the file is gone", async || photos.store.objects().is_empty()).await;

    // The store cannot know that the upload is over.
    assert_eq!(put(&photos, &upload, file).await, StatusCode::OK);
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::NOT_FOUND);
    for _ in 0..19 {
        begin(&photos, &ada, 5, json!({})).await;
    }
    assert_eq!(photos.send(Method::POST, "/v1/photos/uploads", Some(&ada), &json!({"size": 5})).await.0, StatusCode::CONFLICT);

    let pool = photos.db.superuser_pool(Service::Photo);
    let expired = async |minutes: i32| {
        let over = sqlx::query("update uploads set expires_at = now() - make_interval(mins => $1)").bind(minutes);
        over.execute(&pool).await.unwrap();
        photos.service.sweep(Duration::from_secs(24 * 3600)).await.unwrap().expired
    };
    assert_eq!((expired(5).await, photos.store.count("incoming/")), (0, 1), "what was begun in time may still arrive");
    assert_eq!(expired(15).await, 20);
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn what_is_sent_to_an_address_whose_photo_is_deleted_goes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(300, 200, 1);
    let upload = begin(&photos, &ada, file.len(), json!({"title": "Pier"})).await;
    put(&photos, &upload, file.clone()).await;
    let (_, photo) = complete(&photos, &ada, &upload).await;
    assert_eq!(answer(photos.request(Method::DELETE, &path(&photo), Some(&ada))).await.0, StatusCode::NO_CONTENT);
    eventually("the photo is gone", async || photos.store.objects().is_empty()).await;

    assert_eq!(put(&photos, &upload, file).await, StatusCode::OK, "the store cannot know");
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::NOT_FOUND);
    assert_eq!(photos.count("uploads where about::text like '%Pier%'").await, 0);
    let over = sqlx::query("update uploads set expires_at = now() - interval '15 minutes'");
    over.execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    assert_eq!(photos.service.sweep(Duration::from_secs(24 * 3600)).await.unwrap().expired, 1);
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn an_upload_can_be_given_up_by_whoever_began_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let file = jpeg(300, 200, 1);
    let upload = begin(&photos, &ada, file.len(), json!({})).await;
    put(&photos, &upload, file).await;
    let path = format!("/v1/photos/uploads/{}", upload["id"].as_str().unwrap());
    for (who, status) in [(&eve, StatusCode::NOT_FOUND), (&ada, StatusCode::NO_CONTENT), (&ada, StatusCode::NOT_FOUND)] {
        assert_eq!(answer(photos.request(Method::DELETE, &path, Some(who))).await.0, status);
    }
    assert_eq!(complete(&photos, &ada, &upload).await.0, StatusCode::NOT_FOUND);
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn what_was_given_up_at_the_store_leaves_room_for_uploads_in_pieces() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for _ in 0..20 {
        let upload = begin(&photos, &ada, 5, json!({})).await;
        let path = format!("/v1/photos/uploads/{}", upload["id"].as_str().unwrap());
        assert_eq!(answer(photos.request(Method::DELETE, &path, Some(&ada))).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(photos.send(Method::POST, "/v1/photos/uploads", Some(&ada), &json!({"size": 5})).await.0, StatusCode::CONFLICT);
    let pieces = photos.request(Method::POST, "/v1/photos/tus", Some(&ada)).header("tus-resumable", "1.0.0").header("upload-length", "5");
    assert_eq!(answer(pieces).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn nobody_has_too_many_uploads_under_way() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let asked = json!({"size": 1000});
    let answers = futures::future::join_all((0..25).map(|_| photos.send(Method::POST, "/v1/photos/uploads", Some(&ada), &asked))).await;
    let begun = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let refused = answers.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).count();
    assert_eq!((begun, refused), (20, 5));
}

#[tokio::test]
async fn where_the_store_cannot_be_reached_another_way_is_named() {
    let photos = TestPhoto::with(&["--s3-public-endpoint="]).await;
    let (status, body) = photos.send(Method::POST, "/v1/photos/uploads", Some(&photos.person()), &json!({"size": 5})).await;
    assert_eq!((status, &body["type"]), (StatusCode::CONFLICT, &json!("https://socialplatform.dev/problems/no-direct-uploads")));
}
