use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pictures::{flat, gif, jpeg, png};
use crate::support::{OBJECTS, Person, TestPhoto, answer, eventually, path};

async fn usage(photos: &TestPhoto, who: &Person) -> (i64, i64) {
    let usage = photos.json("/v1/photos/usage", Some(who)).await;
    (usage["photos"].as_i64().unwrap(), usage["bytes"].as_i64().unwrap())
}

/// Bytes of everything that is in the bucket.
fn listed(photos: &TestPhoto) -> i64 {
    photos.store.objects().values().map(|bytes| i64::try_from(bytes.len()).unwrap()).sum()
}

async fn delete(photos: &TestPhoto, who: &Person, photo: &Value) {
    assert_eq!(answer(photos.request(Method::DELETE, &path(photo), Some(who))).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn usage_agrees_with_what_is_in_the_bucket() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    assert_eq!(usage(&photos, &ada).await, (0, 0));
    let first = photos.keep(&ada, jpeg(900, 500, 1), &[]).await;
    photos.keep(&ada, png(120, 90, 2), &[("visibility", "public")]).await;
    photos.keep(&ada, gif(60, 40, 2), &[]).await;
    assert_eq!(usage(&photos, &ada).await, (3, listed(&photos)));

    // The same picture again is another photo of the same bytes.
    let again = photos.keep(&ada, jpeg(900, 500, 1), &[]).await;
    eventually("one copy is kept", async || photos.count("jobs").await == 0).await;
    assert_eq!(usage(&photos, &ada).await, (4, listed(&photos)));
    delete(&photos, &ada, &first).await;
    assert_eq!(usage(&photos, &ada).await, (3, listed(&photos)));
    delete(&photos, &ada, &again).await;
    eventually("the bytes are gone", async || photos.count("jobs").await == 0).await;
    assert_eq!(usage(&photos, &ada).await, (2, listed(&photos)));
}

#[tokio::test]
async fn what_others_keep_cannot_be_told_from_ones_own_usage() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    photos.keep(&ada, jpeg(300, 200, 1), &[]).await;
    photos.keep(&bob, jpeg(300, 200, 1), &[]).await;
    photos.keep(&eve, jpeg(300, 200, 1), &[]).await;
    assert_eq!(usage(&photos, &ada).await, usage(&photos, &eve).await);
    assert_eq!(photos.get("/v1/photos/usage", None).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_more_photos_than_the_quota_are_kept_however_many_come_at_once() {
    let photos = TestPhoto::with(&["--photo-quota-photos=3"]).await;
    let (ada, bob) = (photos.person(), photos.person());
    let sent = futures::future::join_all((0u8..8).map(|n| photos.upload(&ada, flat(20, 20, [n * 30, 9, 9]), &[]))).await;
    let kept = sent.iter().filter(|answer| answer.status() == StatusCode::CREATED).count();
    assert_eq!(kept, 3);
    for refused in sent.into_iter().filter(|answer| answer.status() != StatusCode::CREATED) {
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["type"], "https://socialplatform.dev/problems/quota-exceeded");
    }
    assert_eq!(usage(&photos, &ada).await.0, 3);
    // What was refused leaves nothing, and others have a quota of their own.
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!((photos.count("photos").await, photos.store.objects().len()), (3, 3 * OBJECTS));
    photos.keep(&bob, jpeg(20, 20, 1), &[]).await;

    let own = photos.json("/v1/photos?owner=me", Some(&ada)).await;
    delete(&photos, &ada, &own["items"][0]).await;
    photos.keep(&ada, flat(20, 20, [1, 2, 3]), &[]).await;
}

#[tokio::test]
async fn what_is_not_kept_does_not_lie_in_the_bucket_for_a_day() {
    // What was kept and deleted does, for the sake of backups.
    let photos = TestPhoto::with(&["--photo-keep-deleted-seconds=86400", "--photo-quota-photos=3"]).await;
    let (ada, bob) = (photos.person(), photos.person());
    futures::future::join_all((0u8..8).map(|n| photos.upload(&ada, flat(20, 20, [n * 30, 9, 9]), &[]))).await;
    eventually("what was refused is gone", async || photos.store.objects().len() == 3 * OBJECTS).await;
    for _ in 0..2 {
        photos.keep(&bob, jpeg(300, 200, 1), &[]).await;
    }
    eventually("one copy is kept", async || photos.store.objects().len() == 4 * OBJECTS).await;
    eventually("nothing is owed", async || photos.count("jobs").await == 0).await;
}

#[tokio::test]
async fn no_more_bytes_than_the_quota_are_kept() {
    let roomy = TestPhoto::spawn().await;
    let ada = roomy.person();
    roomy.keep(&ada, jpeg(300, 200, 1), &[]).await;
    let (_, one) = usage(&roomy, &ada).await;

    let photos = TestPhoto::with(&[format!("--photo-quota-bytes={}", one + one / 2).as_str()]).await;
    let ada = photos.person();
    photos.keep(&ada, jpeg(300, 200, 1), &[]).await;
    // The same again takes no more.
    photos.keep(&ada, jpeg(300, 200, 1), &[]).await;
    assert_eq!(photos.upload(&ada, jpeg(300, 200, 2), &[]).await.status(), StatusCode::CONFLICT);
    assert_eq!(usage(&photos, &ada).await, (2, one));
    let (_, limits) = answer(photos.request(Method::GET, "/v1/photos/usage", Some(&ada))).await;
    assert_eq!(limits["most_bytes"], json!(one + one / 2));
}

#[tokio::test]
async fn no_more_bytes_than_the_quota_are_kept_however_many_come_at_once() {
    let roomy = TestPhoto::spawn().await;
    let ada = roomy.person();
    let mut each = Vec::new();
    for seed in 0..8 {
        let (_, before) = usage(&roomy, &ada).await;
        roomy.keep(&ada, jpeg(300, 200, seed), &[]).await;
        each.push(usage(&roomy, &ada).await.1 - before);
    }
    let largest = each.iter().max().unwrap();
    let smallest = each.iter().min().unwrap();
    // Room for two of them, whichever come first, and not for three. They are alike.
    let quota = 2 * largest;
    assert!(3 * smallest > quota, "{each:?}");

    let photos = TestPhoto::with(&[format!("--photo-quota-bytes={quota}").as_str()]).await;
    let ada = photos.person();
    // All pass the first look, which finds room for each, before any is kept.
    photos.store.set_held(true);
    let sent = futures::future::join_all((0..8).map(|seed| photos.upload(&ada, jpeg(300, 200, seed), &[])));
    let let_go = async {
        eventually("each of them is on its way to the store", async || photos.store.writes() >= 8 * OBJECTS).await;
        photos.store.set_held(false);
    };
    let (sent, ()) = futures::future::join(sent, let_go).await;
    let kept = sent.iter().filter(|answer| answer.status() == StatusCode::CREATED).count();
    let refused = sent.iter().filter(|answer| answer.status() == StatusCode::CONFLICT).count();
    assert_eq!((kept, refused), (2, 6));
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    let (count, bytes) = usage(&photos, &ada).await;
    assert_eq!((count, bytes), (2, listed(&photos)));
    assert!(bytes <= quota);
}
