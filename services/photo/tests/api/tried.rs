//! A store is tried before anything is rolled out that has to live with it.

use std::time::{Duration, Instant};

use axum::Router;
use http::Method;
use photo::{S3Config, UnusableStore, try_store};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use crate::faults::Fault;
use crate::store::{ACCESS_KEY, BUCKET, SECRET_KEY, TestStore};
use crate::support::TestPhoto;

/// How photo is told of the store at this address.
fn settings(endpoint: &str) -> S3Config {
    S3Config {
        s3_endpoint: endpoint.to_owned(),
        s3_public_endpoint: None,
        s3_bucket: BUCKET.to_owned(),
        s3_region: "us-east-1".to_owned(),
        aws_access_key_id: ACCESS_KEY.to_owned(),
        aws_secret_access_key: SECRET_KEY.to_owned(),
    }
}

/// What a store says no to, in the sentence that a person reads: it names address and bucket, and no key.
async fn refused(settings: &S3Config) -> String {
    let said = try_store(settings).await.expect_err("it is not to be used");
    assert!(matches!(said, UnusableStore::Refuses { .. }), "{said:?}");
    told(settings, &said)
}

/// What keeps a store from answering, in such a sentence.
async fn unreachable(settings: &S3Config) -> String {
    let said = try_store(settings).await.expect_err("it is not to be used");
    assert!(matches!(said, UnusableStore::Unreachable { .. }), "{said:?}");
    told(settings, &said)
}

fn told(settings: &S3Config, said: &UnusableStore) -> String {
    let told = said.to_string();
    assert!(told.contains(&settings.s3_endpoint) && told.contains(&format!("bucket {}", settings.s3_bucket)), "{told}");
    assert!(![&settings.aws_access_key_id, &settings.aws_secret_access_key].into_iter().any(|key| told.contains(key.as_str())), "{told}");
    told
}

/// An address where nobody listens: nobody is given its port as long as the socket is there, which is bound and does not listen.
fn nowhere() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    (socket, address)
}

#[tokio::test]
async fn a_store_that_keeps_what_it_is_given_is_good_and_nothing_is_left_in_it() {
    let mut tasks = JoinSet::new();
    let store = TestStore::spawn(&mut tasks).await;
    try_store(&settings(&store.endpoint)).await.unwrap();
    assert_eq!((store.writes(), store.objects().len()), (1, 0));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_refused_and_not_made() {
    let mut tasks = JoinSet::new();
    let store = TestStore::spawn(&mut tasks).await;
    let settings = S3Config { s3_bucket: "no-such-bucket".to_owned(), ..settings(&store.endpoint) };
    for _ in 0..2 {
        let told = refused(&settings).await;
        assert!(told.contains("PutObject is answered with 404 NoSuchBucket"), "{told}");
    }
}

#[tokio::test]
async fn keys_that_are_not_the_stores_are_refused_and_told_to_nobody() {
    let mut tasks = JoinSet::new();
    let store = TestStore::spawn(&mut tasks).await;
    let usual = settings(&store.endpoint);
    // Such as are in no word of the sentence.
    let other_id = S3Config { aws_access_key_id: "AKIAOFNOBODY".to_owned(), ..usual.clone() };
    let other_secret = S3Config { aws_secret_access_key: "0123456789abcdef".to_owned(), ..usual };
    for settings in [other_id, other_secret] {
        let told = refused(&settings).await;
        // 403 mostly; versitygw says 404 of a key that it does not know.
        assert!(told.contains("PutObject is answered with 40"), "{told}");
    }
    assert!(store.objects().is_empty());
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_no_store() {
    let (_socket, address) = nowhere();
    let told = unreachable(&settings(&address)).await;
    assert!(told.contains("refused"), "the cause is named: {told}");
}

#[tokio::test]
async fn a_store_that_cannot_answer_now_is_not_taken_for_one_that_refuses() {
    let mut tasks = JoinSet::new();
    let store = TestStore::spawn(&mut tasks).await;
    store.set_down(true);
    let told = unreachable(&settings(&store.endpoint)).await;
    assert!(told.contains("503"), "{told}");
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up_within_half_a_minute() {
    let mut tasks = JoinSet::new();
    let store = TestStore::spawn(&mut tasks).await;
    store.set_held(true);
    let start = Instant::now();
    unreachable(&settings(&store.endpoint)).await;
    assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_answers_everything_with_the_same_is_no_store() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().fallback(|| async { "It works!" })).await });
    let told = refused(&settings(&endpoint)).await;
    assert!(told.contains("other bytes"), "{told}");
    server.abort();
}

#[tokio::test]
async fn what_is_left_of_one_that_died_half_way_goes_with_the_sweep() {
    let photos = TestPhoto::spawn().await;
    photos.store.fail_after(0, Method::DELETE, Fault::Refused);
    let told = unreachable(&settings(&photos.store.endpoint)).await;
    assert!(told.contains("DeleteObject"), "{told}");
    photos.store.heal();
    let left = photos.store.count("incoming/");
    assert!(left > 0 && left == photos.store.objects().len(), "{left}");

    let swept = photos.service.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((swept.abandoned, photos.store.objects().len()), (left, 0));
}
