//! What relation makes of the tags that people follow.

use contracts::Service;
use contracts::fact::{AccountErased, Fact, InterestChanged};
use contracts::id::TagId;
use serde_json::json;

use crate::answers::{done, eventually};
use crate::suggestions::{PATH, here, reasons, suggested};
use crate::support::{Person, TestRelation};

/// Tells that somebody follows a tag, or no longer, as social would.
async fn interest(relation: &TestRelation, who: &Person, tag: i64, follows: bool) {
    let changed = InterestChanged { account: who.id, tag: TagId(tag), follows };
    relation.tell(Fact::InterestChanged(changed)).await;
}

#[tokio::test]
async fn who_follows_a_tag_and_knows_nobody_learns_of_nobody() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| relation.person());
    here(&relation, &[&bob, &eve]).await;
    for who in [&ada, &bob, &eve] {
        interest(&relation, who, 1, true).await;
    }
    assert_eq!(relation.get(PATH, Some(&ada)).await, json!({"items": []}));
}

#[tokio::test]
async fn who_is_known_by_others_comes_first_with_the_same_tags_and_the_rarer_tag_counts_more() {
    let relation = TestRelation::spawn().await;
    let [ada, friend, none, one, rarer, both] = [(); 6].map(|()| relation.person());
    let fans: Vec<Person> = (0..4).map(|_| relation.person()).collect();
    here(&relation, &[&none, &one, &rarer, &both]).await;
    let (common, rare, other) = (1, 2, 3);
    for who in [&ada, &one, &both].into_iter().chain(&fans) {
        interest(&relation, who, common, true).await;
    }
    for who in [&ada, &rarer, &both] {
        interest(&relation, who, rare, true).await;
    }
    interest(&relation, &none, other, true).await;
    // A fact may be told twice, and somebody may think again.
    for follows in [true, false, false] {
        interest(&relation, &none, rare, follows).await;
    }
    relation.befriend(&ada, &friend).await;
    done([&none, &one, &rarer, &both].map(|candidate| relation.follow(&friend, candidate))).await;
    let suggestions = relation.get(PATH, Some(&ada)).await;
    let known = json!({"kind": "followed_by", "count": 1, "people": [friend.id]});
    let shared = |count: i64| json!({"kind": "shared_tags", "count": count, "people": []});
    assert_eq!(reasons(&suggestions, &none), json!([known]));
    for (whom, tags) in [(&one, 1), (&rarer, 1), (&both, 2)] {
        assert_eq!(reasons(&suggestions, whom), json!([known, shared(tags)]));
    }
    assert_eq!(suggested(&relation, &ada).await, [both.id, rarer.id, one.id, none.id]);
}

#[tokio::test]
async fn who_is_erased_follows_no_tags() {
    let relation = TestRelation::spawn().await;
    let bob = relation.person();
    here(&relation, &[&bob]).await;
    for tag in [1, 2] {
        interest(&relation, &bob, tag, true).await;
    }
    relation.tell(Fact::AccountErased(AccountErased { account: bob.id })).await;
    let pool = relation.db.superuser_pool(Service::Relation);
    let kept = async || -> i64 {
        sqlx::query_scalar("select count(*) from interests where account = $1").bind(bob.id).fetch_one(&pool).await.unwrap()
    };
    eventually("what they followed is forgotten", async || kept().await == 0).await;
    // What was told before and comes late makes nothing anew.
    interest(&relation, &bob, 1, true).await;
    assert_eq!(kept().await, 0);
}
