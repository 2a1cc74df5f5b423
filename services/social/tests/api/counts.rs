use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, path};
use crate::support::{Person, TestSocial};

/// Every count that differs from the rows that it counts.
const DRIFT: &str = "
    select 'comments of ' || id from posts p where comments_count <> (select count(*) from posts c where c.parent = p.id)
    union all
    select 'posts of ' || id from profiles where posts_count <> (
        select count(*) from posts where author = profiles.id and root is null and visibility in ('public', 'unlisted'))
    union all
    select 'reactions to ' || coalesce(r.post, c.post)
    from (select post, emoji, count(*) as count from reactions group by post, emoji) r
    full join reaction_counts c on c.post = r.post and c.emoji = r.emoji where r.count is distinct from c.count";

async fn drift(social: &TestSocial) -> Vec<String> {
    sqlx::query_scalar(DRIFT).fetch_all(&social.db.superuser_pool(Service::Social)).await.unwrap()
}

/// One person's round of all that is counted.
async fn round(social: &TestSocial, who: &Person, shared: &Value) {
    let own = social.posted(who, json!({"text": "a"})).await;
    let comment = social.commented(who, shared, "b").await;
    social.commented(who, &comment, "c").await;
    for (method, path) in [
        (Method::PUT, format!("{}/reactions/👍", path(shared))),
        (Method::DELETE, format!("{}/reactions/👍", path(shared))),
        (Method::PUT, format!("{}/reactions/🧶", path(&comment))),
    ] {
        assert_eq!(answer(social.request(method, &path, Some(who))).await.0, StatusCode::NO_CONTENT);
    }
    social.edited(who, &own, json!({"visibility": "followers"})).await;
    social.edited(who, &own, json!({"visibility": "public"})).await;
    assert_eq!(social.delete(who, &comment).await, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_right_whatever_is_written_while_they_are_compared() {
    let social = std::sync::Arc::new(TestSocial::spawn().await);
    let shared = social.posted(&social.person(), json!({"text": "a"})).await;
    let mut writers = JoinSet::new();
    for _ in 0..6 {
        let (social, shared, who) = (social.clone(), shared.clone(), social.person());
        writers.spawn(async move {
            for _ in 0..8 {
                round(&social, &who, &shared).await;
            }
        });
    }
    let mut mended = 0;
    while !writers.is_empty() {
        mended += social.social.repair_counts().await.unwrap();
        while let Some(ended) = writers.try_join_next() {
            ended.unwrap();
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(mended, 0, "what is being written is not wrong");
    assert_eq!(drift(&social).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_count_that_is_wrong_is_mended() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let [post, other] = [social.posted(&ada, json!({"text": "a"})).await, social.posted(&ada, json!({"text": "a"})).await];
    social.commented(&bob, &post, "b").await;
    for (of, emoji) in [(&post, "👍"), (&other, "🧶")] {
        answer(social.react(Method::PUT, &bob, of, emoji)).await;
    }
    let right = [social.read(&path(&post), None).await, social.read(&path(&other), None).await];
    let behind = social.db.superuser_pool(Service::Social);
    for harm in [
        "update posts set comments_count = comments_count + 3 where root is null",
        "update profiles set posts_count = 7",
        "update reaction_counts set count = 9 where emoji = '👍'",
        "delete from reaction_counts where emoji = '🧶'",
        "insert into reaction_counts (post, emoji, count) select id, '🎈', 2 from posts where root is null",
    ] {
        sqlx::query(harm).execute(&behind).await.unwrap();
    }
    assert_ne!(drift(&social).await, Vec::<String>::new());
    // Two posts, and the profiles of two people.
    assert_eq!(social.social.repair_counts().await.unwrap(), 4);
    assert_eq!(drift(&social).await, Vec::<String>::new());
    assert_eq!(right, [social.read(&path(&post), None).await, social.read(&path(&other), None).await]);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
}
