//! What relation is told of who writes: that they do, once a day, and only where everybody may see it.

use contracts::Service;
use serde_json::{Value, json};

use crate::support::{Person, TestSocial};

async fn today(social: &TestSocial) -> i32 {
    let today = "select (now() at time zone 'UTC')::date - date '1970-01-01'";
    sqlx::query_scalar(today).fetch_one(&social.db.superuser_pool(Service::Social)).await.unwrap()
}

/// That somebody has written something on that day.
fn posting(who: &Person, day: i32) -> Value {
    json!({"kind": "account.posted", "account": who.id, "day": day})
}

async fn age(social: &TestSocial, who: &Person) {
    social.plant(&[format!("update profiles set told_posting = told_posting - 1 where id = {}", who.id)]).await;
}

/// Whether all was told that is to be; nothing, if midnight came in between.
async fn told_once_a_day() -> Option<()> {
    let social = TestSocial::spawn().await;
    let today_before = today(&social).await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    social.posted(&ada, json!({"text": "b", "visibility": "unlisted"})).await;
    social.posted(&bob, json!({"text": "c", "visibility": "unlisted"})).await;
    for text in ["d", "e"] {
        social.commented(&eve, &post, text).await;
    }
    let told = social.told_postings().await;
    age(&social, &bob).await;
    social.posted(&bob, json!({"text": "f"})).await;
    let told_again = social.told_postings().await;
    if today(&social).await != today_before {
        return None;
    }
    let all = [&ada, &bob, &eve].map(|who| posting(who, today_before));
    assert_eq!(told, all);
    assert_eq!(told_again[3..], all[1..2]);
    Some(())
}

#[tokio::test]
async fn who_writes_for_everybody_is_told_of_once_a_day() {
    while told_once_a_day().await.is_none() {}
}

#[tokio::test]
async fn that_somebody_writes_for_few_is_told_to_nobody() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    social.befriend(&ada, &bob).await;
    for visibility in ["direct", "friends", "followers"] {
        let text = format!("@person_{}", bob.id);
        let post = social.posted(&ada, json!({"text": text, "visibility": visibility})).await;
        if visibility != "direct" {
            social.commented(&bob, &post, "b").await;
        }
    }
    assert_eq!(social.told_postings().await, Vec::<Value>::new());
}

/// Whether that was told that is to be; nothing, if midnight came in between.
async fn told_of_the_past() -> Option<()> {
    let social = TestSocial::spawn().await;
    let today_before = today(&social).await;
    let [ada, bob, eve, kim] = [(); 4].map(|()| social.person());
    for (who, visibility) in [(&ada, "direct"), (&bob, "direct"), (&eve, "direct"), (&kim, "direct")] {
        social.posted(who, json!({"text": "a", "visibility": visibility})).await;
    }
    let id = |days: i32| format!("(extract(epoch from now() - interval '{days} days') * 1000)::bigint << 16");
    let write = |who: &Person, days: i32, visibility: &str| {
        format!("insert into posts (id, author, text, visibility) values ({}, {}, 'a', '{visibility}')", id(days), who.id)
    };
    social
        .plant(&[
            write(&ada, 40, "public"),
            write(&ada, 3, "unlisted"),
            write(&ada, 2, "followers"),
            write(&bob, 91, "public"),
            write(&eve, 1, "friends"),
            write(&kim, 5, "public"),
            format!("update profiles set handle = '' where id = {}", kim.id),
        ])
        .await;
    let tell = async || social.social.tell_postings().await.unwrap();
    let numbers = [tell().await, tell().await];
    let told = social.told_postings().await;
    if today(&social).await != today_before {
        return None;
    }
    assert_eq!(numbers, [1, 0]);
    assert_eq!(told, [posting(&ada, today_before - 3)]);
    Some(())
}

#[tokio::test]
async fn who_wrote_before_that_was_told_of_is_told_of_once() {
    while told_of_the_past().await.is_none() {}
}
