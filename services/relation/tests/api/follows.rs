use contracts::Service;
use contracts::fact::{RelationChanged, RelationEvent};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::answers::{answer, done, requested};
use crate::support::TestRelation;

#[tokio::test]
async fn following_is_seen_from_both_sides() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    assert_eq!(relation.standing(&ada, &bob).await, [false, false, false]);
    done([relation.follow(&ada, &bob)]).await;
    assert_eq!(relation.standing(&ada, &bob).await, [true, false, false]);
    assert_eq!(relation.standing(&bob, &ada).await, [false, true, false]);
    done([relation.unfollow(&ada, &bob)]).await;
    assert_eq!(relation.standing(&bob, &ada).await, [false, false, false]);
}

#[tokio::test]
async fn doing_it_again_changes_nothing_and_tells_nothing() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.unfollow(&ada, &bob)]).await;
    assert_eq!(relation.told().await.len(), 0);
    done((0..3).map(|_| relation.follow(&ada, &bob))).await;
    assert_eq!(relation.told().await.len(), 1);
    done((0..3).map(|_| relation.unfollow(&ada, &bob))).await;
    assert_eq!(relation.told().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_many_times_at_once_is_following_once() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let request = relation.follow(&ada, &bob);
        asked.spawn(async move { answer(request).await.0 });
    }
    assert_eq!(asked.join_all().await, [StatusCode::NO_CONTENT; 20]);
    assert_eq!(relation.told().await.len(), 1);
}

#[tokio::test]
async fn nobody_does_anything_to_themselves() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    for what in ["follow", "block", "friend", "like", "follower"] {
        assert_eq!(answer(relation.put(&ada, &ada, what)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    }
    assert_eq!(answer(relation.put(&ada, &ada, "mute").json(&json!({}))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(relation.told().await.len(), 0);
}

#[tokio::test]
async fn a_follower_can_be_removed_and_is_not_told() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob), relation.delete(&bob, &ada, "follower")]).await;
    assert_eq!(relation.standing(&ada, &bob).await, [false, false, false]);
    let severed = RelationChanged { severed: true, ..RelationChanged::nothing(ada.id, bob.id) };
    assert_eq!(relation.told().await.last(), Some(&severed));
    assert_eq!(relation.happened().await, [(RelationEvent::Followed, ada.id, bob.id)]);
    // It is no block.
    done([relation.follow(&ada, &bob)]).await;
    assert_eq!(relation.standing(&bob, &ada).await, [false, true, false]);
}

#[tokio::test]
async fn one_follows_as_many_as_one_may_and_no_more() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    done([relation.follow(&ada, &bob)]).await;
    let pool = relation.db.superuser_pool(Service::Relation);
    let fill = "insert into follows (actor, target) select $1::bigint, 1000000 + n from generate_series(1, 7498) n";
    sqlx::query(fill).bind(ada.id).execute(&pool).await.unwrap();
    assert_eq!(relation.service.mend_counts().await.unwrap(), 1);

    done([relation.follow(&ada, &cleo)]).await;
    let (status, problem) = answer(relation.follow(&ada, &dan)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["type"], "https://socialplatform.dev/problems/too-many-follows");
    // Nothing of it was done or told; and a request counts as much.
    assert_eq!(relation.standing(&ada, &dan).await, [false, false, false]);
    assert_eq!(relation.told().await.len(), 2);
    relation.set_private(&dan, true).await;
    assert_eq!(answer(relation.follow(&ada, &dan)).await.0, StatusCode::CONFLICT);
    done([relation.unfollow(&ada, &bob)]).await;
    requested(relation.follow(&ada, &dan)).await;
    assert_eq!(answer(relation.follow(&ada, &bob)).await.0, StatusCode::CONFLICT);
    // What is asked already can be accepted.
    done([relation.put(&dan, &ada, "follower")]).await;
}

#[tokio::test]
async fn a_change_needs_a_person_and_an_id() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let actions = ["follow", "follower", "friend", "block", "like"];
    let changes = actions.into_iter().flat_map(|action| [(Method::PUT, action), (Method::DELETE, action)]);
    for (method, action) in changes.chain([(Method::DELETE, "mute"), (Method::DELETE, "note")]) {
        let path = format!("/v1/relations/{}/{action}", ada.id);
        assert_eq!(answer(relation.request(method.clone(), &path, None)).await.0, StatusCode::UNAUTHORIZED, "{method} {action}");
        for id in ["ada", "0", "-1", "1.5", "99999999999999999999", "%00"] {
            let path = format!("/v1/relations/{id}/{action}");
            assert_eq!(answer(relation.request(method.clone(), &path, Some(&ada))).await.0, StatusCode::NOT_FOUND, "{method} {id}");
        }
    }
}
