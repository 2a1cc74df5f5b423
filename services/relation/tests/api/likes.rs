use contracts::fact::RelationEvent;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use crate::answers::{answer, done, relationship};
use crate::support::{Person, TestRelation};

async fn like(request: RequestBuilder) -> bool {
    let (status, body) = answer(request).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["matched"].as_bool().unwrap()
}

async fn assert_matches(relation: &TestRelation, who: &Person, expected: &[&Person]) {
    let expected: Vec<_> = expected.iter().map(|person| person.id).collect();
    assert_eq!(relation.ids("/v1/relations/matches", Some(who)).await, expected);
}

#[tokio::test]
async fn a_like_that_is_not_mutual_is_told_to_nobody() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    for _ in 0..2 {
        assert!(!like(relation.put(&ada, &bob, "like")).await);
    }
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("liked", json!(true))));
    assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |_| ()));
    for who in [&ada, &bob] {
        assert_matches(&relation, who, &[]).await;
        let counts = relation.get(&format!("/v1/relations/{}/counts", who.id), Some(&bob)).await;
        assert_eq!(counts, json!({"followers": 0, "following": 0, "friends": 0}));
    }
    assert_eq!(relation.facts().await, []);
}

#[tokio::test]
async fn a_mutual_like_is_one_match_and_each_is_told_once() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    assert!(!like(relation.put(&ada, &bob, "like")).await);
    for _ in 0..2 {
        assert!(like(relation.put(&bob, &ada, "like")).await);
        assert!(like(relation.put(&ada, &bob, "like")).await);
    }
    for (one, other) in [(&ada, &bob), (&bob, &ada)] {
        let matched = relationship(other, |set| {
            set("liked", json!(true));
            set("matched", json!(true));
        });
        assert_eq!(relation.between(one, other).await, matched);
        assert_matches(&relation, one, &[other]).await;
    }
    let matched = RelationEvent::Matched;
    assert_eq!(relation.happened().await, [(matched, bob.id, ada.id), (matched, ada.id, bob.id)]);
    assert_eq!(relation.told().await, []);
}

#[tokio::test]
async fn a_like_taken_back_never_matches() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    assert!(!like(relation.put(&ada, &bob, "like")).await);
    // The other cannot take it back, and does not even learn that there is one.
    done([relation.delete(&bob, &ada, "like")]).await;
    assert_eq!(relation.between(&ada, &bob).await["liked"], true);
    done([relation.delete(&ada, &bob, "like")]).await;
    assert!(!like(relation.put(&bob, &ada, "like")).await);
    assert_eq!(relation.facts().await, []);
}

#[tokio::test]
async fn a_match_that_is_ended_is_over_for_both() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    like(relation.put(&ada, &bob, "like")).await;
    assert!(like(relation.put(&bob, &ada, "like")).await);
    done([relation.delete(&ada, &bob, "like")]).await;
    for (one, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(relation.between(one, other).await, relationship(other, |_| ()));
        assert_matches(&relation, one, &[]).await;
    }
    // Both must like again.
    assert!(!like(relation.put(&ada, &bob, "like")).await);
    assert!(like(relation.put(&bob, &ada, "like")).await);
    assert_eq!(relation.happened().await.len(), 4);
}
