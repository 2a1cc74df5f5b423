use contracts::Service;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::answers::{answer, done, eventually, requested};
use crate::support::{Person, TestRelation};

async fn assert_counts(relation: &TestRelation, of: &Person, who: Option<&Person>, [followers, following, friends]: [i64; 3]) {
    let counts = relation.get(&format!("/v1/relations/{}/counts", of.id), who).await;
    assert_eq!(counts, json!({"followers": followers, "following": following, "friends": friends}));
}

#[tokio::test]
async fn counts_are_of_what_the_lists_show() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    assert_counts(&relation, &ada, None, [0, 0, 0]).await;
    done([relation.follow(&bob, &ada), relation.follow(&cleo, &ada), relation.follow(&ada, &bob)]).await;
    relation.befriend(&ada, &cleo).await;
    relation.set_private(&ada, true).await;
    requested(relation.follow(&dan, &ada)).await;
    assert_counts(&relation, &ada, None, [2, 1, 1]).await;
    assert_counts(&relation, &dan, Some(&dan), [0, 0, 0]).await;

    // Whom a block severs from the reader is not counted for that reader.
    done([relation.block(&dan, &cleo)]).await;
    assert_counts(&relation, &ada, Some(&dan), [1, 1, 0]).await;
    assert_counts(&relation, &ada, Some(&cleo), [2, 1, 1]).await;
    done([relation.block(&bob, &dan)]).await;
    assert_counts(&relation, &ada, Some(&dan), [0, 0, 0]).await;
    assert_counts(&relation, &ada, None, [2, 1, 1]).await;

    done([relation.put(&ada, &dan, "follower"), relation.block(&cleo, &ada), relation.unfollow(&bob, &ada)]).await;
    assert_counts(&relation, &ada, None, [1, 1, 0]).await;
    assert_counts(&relation, &ada, Some(&cleo), [0, 0, 0]).await;
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn wrong_counts_are_found_and_mended() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    relation.befriend(&ada, &bob).await;
    let pool = relation.db.superuser_pool(Service::Relation);
    for column in ["followers_count", "following_count", "friends_count", "pending_count"] {
        let drift = format!("update people set {column} = {column} + 3 where id = $1");
        sqlx::query(sqlx::AssertSqlSafe(drift)).bind(bob.id).execute(&pool).await.unwrap();
        assert_eq!(relation.service.mend_counts().await.unwrap(), 1, "{column}");
        assert_eq!(relation.service.mend_counts().await.unwrap(), 0, "{column}");
    }
    assert_counts(&relation, &bob, None, [1, 0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_never_drift_however_many_write_at_once() {
    let relation = TestRelation::spawn().await;
    let people: Vec<Person> = (0..6).map(|_| relation.person()).collect();
    relation.set_private(&people[0], true).await;
    let mut writing = JoinSet::new();
    for round in 0..8 {
        for (nth, one) in people.iter().enumerate() {
            for (mth, other) in people.iter().enumerate().filter(|(mth, _)| *mth != nth) {
                let what = ["follow", "friend", "follower", "block", "follow", "friend"][(round + nth + 2 * mth) % 6];
                let method = if (round + nth * mth) % 3 == 0 { Method::DELETE } else { Method::PUT };
                let request = relation.request(method, &format!("/v1/relations/{}/{what}", other.id), Some(one));
                writing.spawn(async move { answer(request).await.0 });
            }
        }
    }
    // The job runs meanwhile: it finds nothing but what is planted, and mends that to what is right while it changes.
    let pool = relation.db.superuser_pool(Service::Relation);
    while !writing.is_empty() {
        assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
        let drift = "update people set followers_count = followers_count + 7, friends_count = friends_count - 7 where id = $1";
        let planted = sqlx::query(drift).bind(people[1].id).execute(&pool).await.unwrap().rows_affected();
        assert_eq!(relation.service.mend_counts().await.unwrap() as u64, planted);
        while let Some(status) = writing.try_join_next() {
            assert!(!status.unwrap().is_server_error());
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn one_replica_at_a_time_reads_all_that_there_is() {
    let relation = TestRelation::spawn().await;
    let [one, other] = [(); 2].map(|()| relation.db.pool(Service::Relation));
    let first = database::alone(&one, "counts").await.unwrap();
    assert!(first.is_some());
    assert!(database::alone(&other, "counts").await.unwrap().is_none());
    assert!(database::alone(&other, "something else").await.unwrap().is_some());
    drop(first);
    eventually("the next has its turn", async || database::alone(&other, "counts").await.unwrap().is_some()).await;
}
