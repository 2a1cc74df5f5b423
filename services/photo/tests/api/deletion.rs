use std::time::Duration;

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::pictures::jpeg;
use crate::support::{OBJECTS, Person, TestPhoto, eventually, id, url};

async fn delete(photos: &TestPhoto, photo: &Value, who: &Person) -> StatusCode {
    let path = format!("/v1/photos/{}", id(photo));
    photos.request(Method::DELETE, &path, Some(who)).send().await.unwrap().status()
}

#[tokio::test]
async fn the_bytes_go_with_the_last_photo_of_them() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let file = jpeg(500, 300, 1);
    let hers = photos.keep(&ada, file.clone(), &[("visibility", "private")]).await;
    let his = photos.keep(&bob, file, &[("visibility", "public")]).await;
    eventually("one copy is kept", async || photos.store.objects().len() == OBJECTS).await;
    assert_ne!(hers["key"], his["key"]);

    assert_eq!(delete(&photos, &hers, &ada).await, StatusCode::NO_CONTENT);
    assert_eq!(photos.get(url(&hers, "large"), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(&format!("/v1/photos/{}", id(&hers)), Some(&ada)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.get(url(&his, "large"), None).await.status(), StatusCode::OK, "one deletion takes another's picture");

    assert_eq!(delete(&photos, &his, &bob).await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&photos, &his, &bob).await, StatusCode::NOT_FOUND);
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
    eventually("the tombstone is gone", async || photos.count("blobs").await == 0).await;
}

#[tokio::test]
async fn the_bytes_outlast_a_backup_that_has_begun() {
    let photos = TestPhoto::with(&["--photo-keep-deleted-seconds=86400"]).await;
    let ada = photos.person();
    let file = jpeg(500, 300, 1);
    let photo = photos.keep(&ada, file.clone(), &[("visibility", "public")]).await;
    assert_eq!(delete(&photos, &photo, &ada).await, StatusCode::NO_CONTENT);
    let pool = photos.db.superuser_pool(Service::Photo);
    let resting = "select attempts = 0 and error is null and run_at > clock_timestamp() + interval '23 hours' from jobs";
    eventually("the deletion rests", async || sqlx::query_scalar::<_, bool>(resting).fetch_one(&pool).await.unwrap()).await;

    // Kept again, the picture gets objects of its own, and neither the tombstone's end nor the sweep takes the old ones.
    photos.keep(&ada, file, &[("visibility", "public")]).await;
    assert_eq!(photos.service.sweep(Duration::ZERO).await.unwrap().orphans, 0);
    assert_eq!(photos.store.objects().len(), 2 * OBJECTS);

    sqlx::query("update jobs set created_at = created_at - interval '1 day', run_at = run_at - interval '1 day'")
        .execute(&pool)
        .await
        .unwrap();
    eventually("the bytes are gone", async || photos.store.objects().len() == OBJECTS).await;
}

#[tokio::test]
async fn a_deleted_picture_can_come_back() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(500, 300, 1);
    for _ in 0..3 {
        let photo = photos.keep(&ada, file.clone(), &[("visibility", "public")]).await;
        assert_eq!(photos.get(url(&photo, "original"), None).await.status(), StatusCode::OK);
        assert_eq!(delete(&photos, &photo, &ada).await, StatusCode::NO_CONTENT);
    }
    let kept = photos.keep(&ada, file, &[("visibility", "public")]).await;
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!(photos.store.objects().len(), OBJECTS);
    assert_eq!(photos.get(url(&kept, "original"), None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn other_services_hear_of_a_deletion() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(50, 50, 1), &[]).await;
    assert_eq!(delete(&photos, &photo, &ada).await, StatusCode::NO_CONTENT);

    let told: String = sqlx::query_scalar("select fact::text from outbox order by id desc limit 1")
        .fetch_one(&photos.db.pool(Service::Photo))
        .await
        .unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["kind"], "photo.changed");
    assert_eq!((&told["photo"], &told["state"]), (&photo["id"], &Value::Null));
}
