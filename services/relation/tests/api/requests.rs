use contracts::fact::{AccountState, RelationChanged, RelationEvent};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::answers::{answer, done, relationship, requested};
use crate::support::{Person, TestRelation};

/// What stands between the viewer and somebody who approves their followers, where nothing does but this.
fn approving(whom: &Person, set: &[&str]) -> Value {
    relationship(whom, |change| {
        change("approves_followers", json!(true));
        for member in set {
            change(member, json!(true));
        }
    })
}

#[tokio::test]
async fn who_approves_their_followers_is_asked_first() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    relation.set_private(&bob, true).await;
    for _ in 0..3 {
        requested(relation.follow(&ada, &bob)).await;
    }
    assert_eq!(relation.between(&ada, &bob).await, approving(&bob, &["requested"]));
    assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |set| set("requested_by", json!(true))));
    assert_eq!(relation.ids("/v1/relations/follow-requests", Some(&bob)).await, [ada.id]);
    assert_eq!(relation.ids("/v1/relations/follow-requests/sent", Some(&ada)).await, [bob.id]);
    // Asking is no relation that others hear of, and it happens once.
    assert_eq!(relation.told().await, []);
    assert_eq!(relation.happened().await, [(RelationEvent::FollowRequested, ada.id, bob.id)]);

    done([relation.put(&bob, &ada, "follower"), relation.put(&bob, &ada, "follower")]).await;
    assert_eq!(relation.between(&ada, &bob).await, approving(&bob, &["following"]));
    assert_eq!(relation.ids("/v1/relations/follow-requests", Some(&bob)).await, []);
    assert_eq!(relation.told().await, [RelationChanged { follows: true, ..RelationChanged::nothing(ada.id, bob.id) }]);
    assert_eq!(relation.happened().await[1..], [(RelationEvent::FollowAccepted, bob.id, ada.id)]);
}

#[tokio::test]
async fn whether_one_must_ask_is_told_before() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo] = [(); 3].map(|()| relation.person());
    relation.set_private(&bob, true).await;
    let both = format!("/v1/relations?id={}&id={}", bob.id, cleo.id);
    let expected = json!({"items": [approving(&bob, &[]), relationship(&cleo, |_| ())]});
    assert_eq!(relation.get(&both, Some(&ada)).await, expected);
    assert_eq!(relation.between(&bob, &bob).await, approving(&bob, &[]));
    // Of somebody who is not there, nothing is told; nor of somebody who blocks the one who asks.
    relation.hide(&bob, AccountState::Hidden).await;
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |_| ()));
    relation.hide(&bob, AccountState::Active).await;
    assert_eq!(relation.between(&ada, &bob).await, approving(&bob, &[]));
    done([relation.block(&bob, &ada)]).await;
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |_| ()));
    relation.set_private(&bob, false).await;
    assert_eq!(relation.between(&cleo, &bob).await, relationship(&bob, |_| ()));
}

#[tokio::test]
async fn what_was_refused_or_taken_back_cannot_be_accepted() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    relation.set_private(&bob, true).await;
    assert_eq!(answer(relation.put(&bob, &ada, "follower")).await.0, StatusCode::NOT_FOUND);
    for end in [relation.delete(&bob, &ada, "follower"), relation.unfollow(&ada, &bob)] {
        requested(relation.follow(&ada, &bob)).await;
        done([end]).await;
        assert_eq!(relation.between(&ada, &bob).await, approving(&bob, &[]));
        assert_eq!(answer(relation.put(&bob, &ada, "follower")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(relation.told().await, []);
}

#[tokio::test]
async fn approving_no_longer_accepts_nobody_and_asking_again_follows() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    relation.set_private(&bob, true).await;
    requested(relation.follow(&ada, &bob)).await;
    relation.set_private(&bob, false).await;
    assert_eq!(relation.ids("/v1/relations/follow-requests", Some(&bob)).await, [ada.id]);
    assert_eq!(relation.standing(&ada, &bob).await, [false, false, false]);
    done([relation.follow(&ada, &bob)]).await;
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("following", json!(true))));
    assert_eq!(relation.ids("/v1/relations/follow-requests", Some(&bob)).await, []);
}

#[tokio::test]
async fn approving_from_now_on_keeps_who_follows() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    relation.set_private(&bob, true).await;
    done([relation.follow(&ada, &bob)]).await;
    assert_eq!(relation.standing(&bob, &ada).await, [false, true, false]);
}

#[tokio::test]
async fn settings_are_said_as_a_whole() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let path = "/v1/relations/settings";
    assert_eq!(relation.get(path, Some(&ada)).await, json!({"approves_followers": false, "suggestible": true}));
    for wrong in [json!({}), json!({"approves_followers": true}), json!({"approves_followers": true, "suggestible": true, "x": 1})] {
        let answer = answer(relation.request(reqwest::Method::PUT, path, Some(&ada)).json(&wrong)).await;
        assert_eq!(answer.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    relation.set_private(&ada, true).await;
    assert_eq!(relation.get(path, Some(&ada)).await, json!({"approves_followers": true, "suggestible": true}));
}
