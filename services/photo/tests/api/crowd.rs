use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::StatusCode;
use tokio::time::timeout;

use crate::line::Line;
use crate::pictures::jpeg;
use crate::support::{MAX_BYTES, OBJECTS, TestPhoto, eventually};

/// With as many bytes behind it as make a large file.
fn large(seed: u8) -> Vec<u8> {
    let mut file = jpeg(60, 40, seed);
    file.resize(MAX_BYTES - 10_000, 0);
    file
}

/// With memory for so many of the largest files.
async fn with_memory_for(files: usize, setting: &str) -> TestPhoto {
    // And for half of another, which is nobody's.
    let memory = format!("--photo-upload-memory={}", files * 2 * MAX_BYTES + MAX_BYTES);
    TestPhoto::with(&[memory.as_str(), setting]).await
}

#[tokio::test]
async fn whoever_sends_slowly_turns_nobody_else_away() {
    let photos = with_memory_for(2, "--photo-stall-seconds=60").await;
    let (ada, bob) = (photos.person(), photos.person());
    let mut slow = Line::ask(&photos, &ada, &large(1)).await;
    assert!(slow.head().await.starts_with("http/1.1 100 "));
    slow.send(1000).await;
    let mut more = [Line::ask(&photos, &ada, &large(1)).await, Line::ask(&photos, &ada, &large(1)).await];

    // Her others wait for her own first, and he is not behind them.
    photos.keep(&bob, large(2), &[]).await;
    for line in &mut more {
        let head = line.head().await;
        assert!(head.starts_with("http/1.1 429 ") && head.contains("\r\nretry-after: "), "{head}");
    }
    // She may take her time.
    slow.send_rest().await;
    assert!(slow.head().await.starts_with("http/1.1 201 "));
}

#[tokio::test]
async fn several_who_send_slowly_turn_nobody_else_away() {
    let photos = with_memory_for(8, "--photo-stall-seconds=60").await;
    let (mut slow, mut more) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let person = photos.person();
        let mut line = Line::ask(&photos, &person, &large(1)).await;
        assert!(line.head().await.starts_with("http/1.1 100 "));
        line.send(1000).await;
        slow.push(line);
        more.extend([Line::ask(&photos, &person, &large(1)).await, Line::ask(&photos, &person, &large(1)).await]);
    }

    // All of them would take more than there is.
    photos.keep(&photos.person(), large(2), &[]).await;
    for line in &mut more {
        let head = line.head().await;
        assert!(head.starts_with("http/1.1 429 "), "{head}");
    }
}

#[tokio::test]
async fn whoever_sends_too_little_is_given_up_though_they_never_fall_silent() {
    let photos = with_memory_for(1, "--photo-stall-seconds=2").await;
    let (ada, bob) = (photos.person(), photos.person());
    let mut trickle = Line::ask(&photos, &ada, &large(1)).await;
    assert!(trickle.head().await.starts_with("http/1.1 100 "));
    let head = loop {
        match timeout(Duration::from_millis(200), trickle.head()).await {
            Ok(head) => break head,
            Err(_) => trickle.send(1).await,
        }
    };
    assert!(head.starts_with("http/1.1 408 "), "{head}");
    photos.keep(&bob, large(2), &[]).await;
}

#[tokio::test]
async fn who_comes_when_the_memory_is_taken_is_told_when_to_come_again() {
    let photos = with_memory_for(2, "--photo-workers=1").await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    photos.store.set_held(true);
    let mut sent: FuturesUnordered<_> =
        [&ada, &ada, &ada, &bob, &eve].into_iter().zip(1..).map(|(who, seed)| photos.upload(who, large(seed), &[])).collect();
    for _ in 0..3 {
        let refused = sent.next().await.unwrap();
        assert!([StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&refused.status()), "{}", refused.status());
        assert!(refused.headers().contains_key("retry-after"));
    }
    photos.store.set_held(false);
    while let Some(kept) = sent.next().await {
        assert_eq!(kept.status(), StatusCode::CREATED);
    }

    // Nothing is left of the others, and there is room again.
    photos.keep(&ada, large(6), &[]).await;
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!((photos.count("photos").await, photos.store.objects().len()), (3, 3 * OBJECTS));
}

#[tokio::test]
async fn whoever_hangs_up_after_the_last_byte_has_a_photo_and_leaves_nothing_else() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    photos.store.set_held(true);
    let mut line = Line::ask(&photos, &ada, &jpeg(60, 40, 1)).await;
    assert!(line.head().await.starts_with("http/1.1 100 "));
    line.send_rest().await;
    eventually("the pictures are on their way to the store", async || photos.store.writes() >= OBJECTS).await;
    drop(line);
    photos.store.set_held(false);

    eventually("it is kept", async || photos.count("photos").await == 1).await;
    eventually("all jobs are done", async || photos.count("jobs").await == 0).await;
    assert_eq!(photos.store.objects().len(), OBJECTS);
    // She sends it again, as she has heard nothing.
    photos.keep(&ada, jpeg(60, 40, 1), &[]).await;
    eventually("one copy is kept", async || photos.store.objects().len() == OBJECTS).await;
}

#[tokio::test]
async fn whoever_falls_silent_is_given_up() {
    let photos = with_memory_for(1, "--photo-stall-seconds=3").await;
    let (ada, bob) = (photos.person(), photos.person());
    let mut silent = Line::ask(&photos, &ada, &large(1)).await;
    assert!(silent.head().await.starts_with("http/1.1 100 "));
    silent.send(1000).await;

    // He gets the memory that was set aside for her.
    photos.keep(&bob, large(2), &[]).await;
    assert!(silent.head().await.starts_with("http/1.1 408 "));
    assert_eq!(photos.count("photos").await, 1);
}
