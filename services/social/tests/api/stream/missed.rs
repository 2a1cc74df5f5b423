//! How much somebody is told who comes back.

use contracts::AccountId;
use reqwest::Method;
use serde_json::json;

use super::client::Events;
use super::{assert_next, post};
use crate::answers::{answer, eventually};
use crate::support::{Person, TestSocial};

/// Ada, who has one notification, and where a stream of hers has broken off.
async fn broken_off(social: &TestSocial) -> (Person, String) {
    let (ada, bob) = (social.person(), social.person());
    let liked = social.posted(&ada, json!({"text": "a"})).await;
    assert!(answer(social.react(Method::PUT, &bob, &liked, "👍")).await.0.is_success());
    assert_eq!(social.count(&format!("notifications where account = {}", ada.id)).await, 1);
    let begun = Events::open(social, &ada).await.begun;
    (ada, begun)
}

/// Somebody is told of Ada's notification so often, and whoever listens has heard of it.
async fn tell(social: &TestSocial, whom: AccountId, times: u32) {
    let told = format!(
        "insert into stream_events (kind, account, notification)
         select 'notification', {whom}, number from notifications, generate_series(1, {times})"
    );
    social.plant(&[told]).await;
    eventually("all events have a place", async || social.count("stream_events where position is null").await == 0).await;
    Events::open(social, &social.person()).await;
}

/// They are told that they have missed too much, and then what happens.
async fn assert_reset(social: &TestSocial, who: &Person, begun: &str) {
    let mut events = Events::resume(social, who, Some(begun)).await;
    assert_eq!(events.next().await.name, "reset");
    let made = post(social, who, "public").await;
    assert_next(&mut events, &made).await;
}

#[tokio::test]
async fn whoever_comes_back_is_told_256_events_and_of_more_that_it_is_too_much() {
    let social = TestSocial::spawn().await;
    let (ada, begun) = broken_off(&social).await;
    tell(&social, ada.id, 256).await;
    let mut events = Events::resume(&social, &ada, Some(&begun)).await;
    let mut last = begun.clone();
    for _ in 0..256 {
        let told = events.next().await;
        assert_eq!((told.name.as_str(), &told.data["kind"]), ("notification", &json!("reaction")));
        assert_ne!(told.id, last);
        last = told.id;
    }
    let ready = events.next().await;
    assert_eq!((ready.name.as_str(), ready.id), ("ready", last));
    drop(events);
    tell(&social, ada.id, 1).await;
    assert_reset(&social, &ada, &begun).await;
}

#[tokio::test]
async fn for_whoever_comes_back_20_000_events_of_everybody_are_looked_through_and_no_more() {
    let social = TestSocial::spawn().await;
    let (ada, begun) = broken_off(&social).await;
    let eve = social.person();
    tell(&social, eve.id, 20_000).await;
    let mut events = Events::resume(&social, &ada, Some(&begun)).await;
    assert_eq!(events.next().await.name, "ready");
    drop(events);
    tell(&social, eve.id, 1).await;
    assert_reset(&social, &ada, &begun).await;
}
