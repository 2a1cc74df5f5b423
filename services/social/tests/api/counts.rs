use contracts::Service;
use contracts::fact::AccountState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, eventually, id, path};
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
    full join reaction_counts c on c.post = r.post and c.emoji = r.emoji where r.count is distinct from c.count
    union all
    select 'what of ' || coalesce(p.author, a.author) || ' is counted'
    from (select * from posts where parent is not null and exists (select from hidden_accounts h where h.account = author)) p
    full join hidden_answers a on a.comment = p.id where p.id is null or a.comment is null
    union all
    select 'what ' || coalesce(r.account, o.account) || ' reacted with is counted'
    from (select * from reactions where exists (select from hidden_accounts h where h.account = reactions.account)) r
    full join hidden_reactions o on o.post = r.post and o.account = r.account and o.emoji = r.emoji
    where r.account is null or o.account is null";

async fn drift(social: &TestSocial) -> Vec<String> {
    sqlx::query_scalar(DRIFT).fetch_all(&social.db.superuser_pool(Service::Social)).await.unwrap()
}

/// Counts know who is hidden.
async fn settled(social: &TestSocial) {
    eventually("nothing is owed", async || social.count("hidden_counts_owed").await == 0).await;
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
    // A root, with what hangs on it.
    let answered = social.commented(who, &own, "d").await;
    for of in [&own, &answered] {
        assert_eq!(answer(social.react(Method::PUT, who, of, "👍")).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(social.delete(who, &own).await, StatusCode::NO_CONTENT);
}

/// Deletes a post and a comment of which more hangs than goes at once.
async fn delete_much(social: &TestSocial, who: &Person, shared: &Value) {
    let own = social.posted(who, json!({"text": "a"})).await;
    let comment = social.commented(who, shared, "b").await;
    for of in [&own, &comment] {
        let reactions =
            format!("insert into reactions (post, account, emoji) select {}, 9000000 + n, '👍' from generate_series(1, 1200) n", id(of));
        let counted = format!("insert into reaction_counts (post, emoji, count) values ({}, '👍', 1200)", id(of));
        social.plant(&[reactions, counted]).await;
    }
    for of in [&comment, &own] {
        assert_eq!(social.delete(who, of).await, StatusCode::ACCEPTED);
    }
}

/// Hides somebody who has answered and reacted, and lets them come back.
async fn hide_and_restore(social: &TestSocial, who: &Person, shared: &Value) {
    social.commented(who, shared, "b").await;
    assert_eq!(answer(social.react(Method::PUT, who, shared, "🎈")).await.0, StatusCode::NO_CONTENT);
    for state in [AccountState::Hidden, AccountState::Active] {
        social.hide(who, state).await;
    }
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
    for _ in 0..2 {
        let (social, shared, who) = (social.clone(), shared.clone(), social.person());
        writers.spawn(async move {
            for _ in 0..4 {
                delete_much(&social, &who, &shared).await;
            }
        });
    }
    for _ in 0..2 {
        let (social, shared, who) = (social.clone(), shared.clone(), social.person());
        writers.spawn(async move {
            for _ in 0..4 {
                hide_and_restore(&social, &who, &shared).await;
            }
            social.hide(&who, AccountState::Hidden).await;
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
    eventually("all is deleted", async || social.count("deletions").await == 0).await;
    settled(&social).await;
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
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

#[tokio::test]
async fn a_count_that_does_not_know_who_is_hidden_is_mended() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    social.commented(&bob, &post, "b").await;
    answer(social.react(Method::PUT, &bob, &post, "👍")).await;
    let counted = async || {
        let post = social.read(&path(&post), Some(&ada)).await;
        (post["comments_count"].as_i64(), post["reactions"][0]["count"].as_i64())
    };
    let behind = social.db.superuser_pool(Service::Social);
    for (state, expected, harms) in [
        (AccountState::Hidden, (Some(0), None), ["delete from hidden_answers".to_owned(), "delete from hidden_reactions".to_owned()]),
        (
            AccountState::Active,
            (Some(1), Some(1)),
            [
                format!(
                    "insert into hidden_answers (comment, parent, author) select id, parent, author from posts where author = {}",
                    bob.id
                ),
                "insert into hidden_reactions (post, account, emoji) select post, account, emoji from reactions".to_owned(),
            ],
        ),
    ] {
        social.hide(&bob, state).await;
        settled(&social).await;
        assert_eq!(counted().await, expected);
        for harm in harms {
            sqlx::query(sqlx::AssertSqlSafe(harm)).execute(&behind).await.unwrap();
            assert_ne!(counted().await, expected);
            assert_ne!(drift(&social).await, Vec::<String>::new());
            assert_eq!(social.social.repair_counts().await.unwrap(), 1);
            settled(&social).await;
            assert_eq!(counted().await, expected);
            assert_eq!(drift(&social).await, Vec::<String>::new());
        }
        assert_eq!(social.social.repair_counts().await.unwrap(), 0);
    }
}
