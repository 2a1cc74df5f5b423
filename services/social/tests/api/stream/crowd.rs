//! Many who come back at once.

use std::time::Duration;

use contracts::Service;
use reqwest::StatusCode;
use tokio::task::JoinSet;

use super::client::Events;
use super::post;
use crate::answers::eventually;
use crate::support::TestSocial;

#[tokio::test]
async fn a_crowd_that_comes_back_leaves_connections_to_others() {
    let social = TestSocial::patient().await;
    let pool = social.db.superuser_pool(Service::Social);
    let ada = social.person();
    let made = post(&social, &ada, "public").await;
    let begun = Events::open(&social, &ada).await.begun;
    post(&social, &ada, "public").await;
    Events::open(&social, &ada).await;
    // Whoever looks for what they have missed has to wait.
    let mut held = pool.begin().await.unwrap();
    sqlx::query("lock table followed_tags in access exclusive mode").execute(&mut *held).await.unwrap();
    let looking = async || -> i64 {
        let looking = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock' and query like 'with told as materialized%'";
        sqlx::query_scalar(looking).fetch_one(&pool).await.unwrap()
    };
    let mut crowd = JoinSet::new();
    for _ in 0..12 {
        let (url, who, begun) = (social.url.clone(), social.person(), begun.clone());
        crowd.spawn(async move { Events::at(&url, &who, Some(&begun)).await });
    }
    eventually("as many as may are looking", async || looking().await >= 4).await;
    let address = format!("/v1/posts/{made}");
    let (status, _) = tokio::time::timeout(Duration::from_secs(60), social.get(&address, None)).await.expect("nobody waits for them");
    assert_eq!(status, StatusCode::OK);
    // Whoever waits is woken once in a while to look for a deadlock, and for that moment does not wait.
    eventually("as many are looking still", async || looking().await >= 4).await;
    assert!(looking().await <= 4, "more than may are looking");
    held.rollback().await.unwrap();
    while let Some(events) = crowd.join_next().await {
        assert_eq!(events.unwrap().next().await.name, "ready");
    }
}
