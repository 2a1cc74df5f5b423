//! Two who do something at once.

use contracts::Service;
use contracts::fact::RelationEvent;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::answers::{answer, done, eventually, relationship, requested};
use crate::support::{Person, TestRelation};

/// What was told to the two of an event.
async fn told_of(relation: &TestRelation, event: RelationEvent, [one, other]: [&Person; 2]) -> usize {
    let pairs = [(event, one.id, other.id), (event, other.id, one.id)];
    relation.happened().await.iter().filter(|happened| pairs.contains(happened)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_like_each_other_at_once_match_exactly_once() {
    let relation = TestRelation::spawn().await;
    for round in 0..40 {
        let (ada, bob) = (relation.person(), relation.person());
        let (hers, his) = tokio::join!(answer(relation.put(&ada, &bob, "like")), answer(relation.put(&bob, &ada, "like")));
        assert_eq!((hers.0, his.0), (StatusCode::OK, StatusCode::OK), "round {round}");
        // Whoever came second has matched, and only they.
        assert_ne!(hers.1["matched"], his.1["matched"], "round {round}");
        assert_eq!(told_of(&relation, RelationEvent::Matched, [&ada, &bob]).await, 2, "round {round}");
        for (one, other) in [(&ada, &bob), (&bob, &ada)] {
            assert_eq!(relation.ids("/v1/relations/matches", Some(one)).await, [other.id], "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_like_taken_back_while_the_other_likes_is_a_match_that_ended_or_none() {
    let relation = TestRelation::spawn().await;
    for round in 0..25 {
        let (ada, bob) = (relation.person(), relation.person());
        assert_eq!(answer(relation.put(&ada, &bob, "like")).await.0, StatusCode::OK);
        let (back, like) = tokio::join!(answer(relation.delete(&ada, &bob, "like")), answer(relation.put(&bob, &ada, "like")));
        assert_eq!((back.0, like.0), (StatusCode::NO_CONTENT, StatusCode::OK), "round {round}");
        let matched = like.1["matched"] == json!(true);
        assert_eq!(told_of(&relation, RelationEvent::Matched, [&ada, &bob]).await, if matched { 2 } else { 0 }, "round {round}");
        // Where it had matched, the end of the match took his like along.
        let his = relation.between(&bob, &ada).await;
        assert_eq!((&his["liked"], &his["matched"]), (&json!(!matched), &json!(false)), "round {round}");
        assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |_| ()), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_ask_each_other_at_once_are_friends() {
    let relation = TestRelation::spawn().await;
    for round in 0..25 {
        let (ada, bob) = (relation.person(), relation.person());
        let (hers, his) = tokio::join!(answer(relation.put(&ada, &bob, "friend")), answer(relation.put(&bob, &ada, "friend")));
        let mut statuses = [hers.0, his.0];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::ACCEPTED, StatusCode::NO_CONTENT], "round {round}");
        assert_eq!(told_of(&relation, RelationEvent::Befriended, [&ada, &bob]).await, 1, "round {round}");
        assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("friends", json!(true))), "round {round}");
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_while_the_request_is_accepted_leaves_no_follower() {
    let relation = TestRelation::spawn().await;
    for round in 0..25 {
        let (ada, bob) = (relation.person(), relation.person());
        relation.set_private(&bob, true).await;
        requested(relation.follow(&ada, &bob)).await;
        // Either of the two blocks.
        let (blocker, blocked) = if round % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
        let (block, accept) = tokio::join!(answer(relation.block(blocker, blocked)), answer(relation.put(&bob, &ada, "follower")));
        assert_eq!(block.0, StatusCode::NO_CONTENT, "round {round}");
        assert!([StatusCode::NO_CONTENT, StatusCode::NOT_FOUND].contains(&accept.0), "round {round}: {}", accept.1);
        let blocking = relationship(blocked, |set| set("blocking", json!(true)));
        assert_eq!(relation.between(blocker, blocked).await, blocking, "round {round}");
        assert_eq!(relation.between(blocked, blocker).await, relationship(blocker, |_| ()), "round {round}");
        let told = relation.told().await;
        let last = told.iter().rfind(|fact| (fact.actor, fact.target) == (ada.id, bob.id));
        assert!(last.is_none_or(|fact| !fact.follows), "round {round}: {last:?}");
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_while_they_become_friends_or_match_leaves_nothing() {
    let relation = TestRelation::spawn().await;
    for round in 0..25 {
        let (ada, bob) = (relation.person(), relation.person());
        requested(relation.put(&ada, &bob, "friend")).await;
        assert_eq!(answer(relation.put(&ada, &bob, "like")).await.0, StatusCode::OK);
        let (block, ..) = tokio::join!(
            answer(relation.block(&ada, &bob)),
            answer(relation.put(&bob, &ada, "friend")),
            answer(relation.put(&bob, &ada, "like"))
        );
        assert_eq!(block.0, StatusCode::NO_CONTENT, "round {round}");
        let blocking = relationship(&bob, |set| set("blocking", json!(true)));
        assert_eq!(relation.between(&ada, &bob).await, blocking, "round {round}");
        let his = relation.between(&bob, &ada).await;
        assert_eq!((&his["friends"], &his["matched"]), (&json!(false), &json!(false)), "round {round}");
        done([relation.unblock(&ada, &bob)]).await;
        assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |_| ()), "round {round}");
    }
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn once_somebody_is_answered_that_others_must_ask_nobody_follows_without() {
    let relation = TestRelation::patient().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    for who in [&ada, &bob] {
        relation.get("/v1/relations/settings", Some(who)).await;
    }
    let pool = relation.db.superuser_pool(Service::Relation);
    // Whoever waits for a row of somebody, or for the lock.
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                       and (query like '%people%' or query like '%approval_lock%')";
    let waiting = async || sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap();

    // A follow that has read that nobody must ask, and is not done.
    let mut holding = pool.begin().await.unwrap();
    sqlx::query("select id from people where id = $1 for update").bind(ada.id).execute(&mut *holding).await.unwrap();
    let follow = relation.follow(&ada, &bob);
    let follow = tokio::spawn(async move { answer(follow).await.0 });
    eventually("the follow waits", async || waiting().await == 1).await;
    let settings = json!({"approves_followers": true, "suggestible": true});
    let settings = relation.request(Method::PUT, "/v1/relations/settings", Some(&bob)).json(&settings);
    let settings = tokio::spawn(async move { answer(settings).await.0 });
    eventually("the settings wait, or are answered", async || waiting().await == 2 || settings.is_finished()).await;
    assert!(!settings.is_finished(), "bob is answered that others must ask, and then ada follows him without");

    holding.rollback().await.unwrap();
    assert_eq!(follow.await.unwrap(), StatusCode::NO_CONTENT);
    assert_eq!(settings.await.unwrap(), StatusCode::OK);
    assert_eq!(relation.standing(&ada, &bob).await, [true, false, false]);
    requested(relation.follow(&cleo, &bob)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_follow_each_other_at_once_never_deadlock() {
    let relation = TestRelation::spawn().await;
    let people: Vec<Person> = (0..6).map(|_| relation.person()).collect();
    let mut asked = tokio::task::JoinSet::new();
    for one in &people {
        for other in people.iter().filter(|other| other.id != one.id) {
            let request = relation.follow(one, other);
            asked.spawn(async move { answer(request).await.0 });
        }
    }
    assert!(asked.join_all().await.iter().all(|status| *status == StatusCode::NO_CONTENT));
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}
