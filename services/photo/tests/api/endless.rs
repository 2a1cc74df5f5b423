//! Uploads that somebody would keep going for ever.

use std::time::Duration;

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::pictures::jpeg;
use crate::support::{OBJECTS, TestPhoto, answer, eventually, problem};
use crate::tus::{begin, complete, send, speaking};

#[tokio::test]
async fn an_upload_is_over_six_hours_after_its_beginning_however_lately_a_byte_came() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let location = begin(&photos, &ada, 100).await;
    let pool = photos.db.superuser_pool(Service::Photo);
    let minutes_pass = async |minutes: i32| {
        let passed = "update uploads set created_at = created_at - make_interval(mins => $1),
                          expires_at = expires_at - make_interval(mins => $1)";
        sqlx::query(passed).bind(minutes).execute(&pool).await.unwrap();
    };
    for at in 0..6 {
        minutes_pass(55).await;
        assert_eq!(send(&photos, &ada, &location, at, b"a").await.status(), StatusCode::NO_CONTENT, "{at}");
    }

    minutes_pass(31).await;
    assert_eq!(send(&photos, &ada, &location, 6, b"a").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.service.sweep(Duration::from_secs(24 * 3600)).await.unwrap().expired, 1);
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn an_upload_in_crumbs_is_refused_with_what_to_do_instead() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let location = begin(&photos, &ada, 150).await;
    for at in 0..100 {
        assert_eq!(send(&photos, &ada, &location, at, b"a").await.status(), StatusCode::NO_CONTENT, "{at}");
    }
    for rest in [1, 50] {
        let (status, body) = problem(send(&photos, &ada, &location, 100, &vec![b'a'; rest]).await).await;
        assert_eq!((status, &body["type"]), (StatusCode::CONFLICT, &json!("https://socialplatform.dev/problems/too-many-pieces")));
        assert!(body["detail"].as_str().unwrap().contains("256 KiB"), "{body}");
    }
    assert_eq!((photos.count("upload_pieces").await, photos.store.count("incoming/")), (100, 100));

    assert_eq!(answer(speaking(&photos, Method::DELETE, &location, &ada)).await.0, StatusCode::NO_CONTENT);
    let file = jpeg(60, 40, 1);
    let anew = begin(&photos, &ada, file.len()).await;
    assert_eq!(send(&photos, &ada, &anew, 0, &file).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer(complete(&photos, &ada, &anew)).await.0, StatusCode::CREATED);
    eventually("the crumbs are gone", async || photos.store.objects().len() == OBJECTS).await;
}
