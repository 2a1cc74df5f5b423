use contracts::fact::{RelationChanged, RelationEvent};
use serde_json::json;

use crate::answers::{done, relationship, requested};
use crate::support::TestRelation;

#[tokio::test]
async fn friends_are_two_who_both_say_so() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    for _ in 0..2 {
        requested(relation.put(&ada, &bob, "friend")).await;
    }
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("friend_requested", json!(true))));
    assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |set| set("friend_requested_by", json!(true))));
    assert_eq!(relation.ids("/v1/relations/friend-requests", Some(&bob)).await, [ada.id]);
    assert_eq!(relation.ids("/v1/relations/friend-requests/sent", Some(&ada)).await, [bob.id]);
    assert_eq!(relation.told().await, []);

    done([relation.put(&bob, &ada, "friend"), relation.put(&bob, &ada, "friend"), relation.put(&ada, &bob, "friend")]).await;
    for (one, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(relation.between(one, other).await, relationship(other, |set| set("friends", json!(true))));
        assert_eq!(relation.ids(&format!("/v1/relations/{}/friends", one.id), None).await, [other.id]);
        for requests in ["friend-requests", "friend-requests/sent"] {
            assert_eq!(relation.ids(&format!("/v1/relations/{requests}"), Some(one)).await, []);
        }
    }
    let friends = |actor, target| RelationChanged { friends: true, ..RelationChanged::nothing(actor, target) };
    assert_eq!(relation.told().await, [friends(bob.id, ada.id), friends(ada.id, bob.id)]);
    let happened = [(RelationEvent::FriendRequested, ada.id, bob.id), (RelationEvent::Befriended, bob.id, ada.id)];
    assert_eq!(relation.happened().await, happened);
}

#[tokio::test]
async fn either_of_two_friends_can_end_it() {
    let relation = TestRelation::spawn().await;
    for first in [true, false] {
        let (ada, bob) = (relation.person(), relation.person());
        relation.befriend(&ada, &bob).await;
        let (one, other) = if first { (&ada, &bob) } else { (&bob, &ada) };
        done([relation.delete(one, other, "friend"), relation.delete(one, other, "friend")]).await;
        assert_eq!(relation.between(one, other).await, relationship(other, |_| ()));
        assert_eq!(relation.between(other, one).await, relationship(one, |_| ()));
        // The other's word of before is not kept: they are asked again.
        requested(relation.put(one, other, "friend")).await;
    }
}

#[tokio::test]
async fn a_request_can_be_declined_and_taken_back() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    for end in [relation.delete(&ada, &bob, "friend"), relation.delete(&bob, &ada, "friend")] {
        requested(relation.put(&ada, &bob, "friend")).await;
        done([end]).await;
        assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |_| ()));
        assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |_| ()));
    }
    assert_eq!(relation.told().await, []);
}

#[tokio::test]
async fn friends_and_followers_are_two_things() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    relation.befriend(&ada, &bob).await;
    assert_eq!(relation.standing(&ada, &bob).await, [false, false, false]);
    done([relation.follow(&ada, &bob), relation.unfollow(&ada, &bob)]).await;
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("friends", json!(true))));
}
