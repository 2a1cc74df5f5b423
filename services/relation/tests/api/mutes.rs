use contracts::Service;
use contracts::fact::RelationChanged;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, done, relationship};
use crate::support::TestRelation;

#[tokio::test]
async fn a_mute_is_for_whoever_mutes() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.follow(&ada, &bob)]).await;
    for _ in 0..2 {
        done([relation.put(&ada, &bob, "mute").json(&json!({}))]).await;
    }
    let muting = relationship(&bob, |set| {
        for member in ["following", "muting", "muting_notifications"] {
            set(member, json!(true));
        }
    });
    assert_eq!(relation.between(&ada, &bob).await, muting);
    assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |set| set("followed_by", json!(true))));
    assert_eq!(relation.ids("/v1/relations/mutes", Some(&ada)).await, [bob.id]);

    done([relation.put(&ada, &bob, "mute").json(&json!({"notifications": false}))]).await;
    done([relation.delete(&ada, &bob, "mute"), relation.delete(&ada, &bob, "mute")]).await;
    let follows = RelationChanged { follows: true, ..RelationChanged::nothing(ada.id, bob.id) };
    let mutes = RelationChanged { mutes: true, ..follows.clone() };
    let mutes_all = RelationChanged { mutes_notifications: true, ..mutes.clone() };
    assert_eq!(relation.told().await, [follows.clone(), mutes_all, mutes, follows]);
}

#[tokio::test]
async fn a_mute_ends_when_it_says_so() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.put(&ada, &bob, "mute").json(&json!({"until": "2999-12-31T23:59:59Z"}))]).await;
    assert_eq!(relation.between(&ada, &bob).await["muted_until"], "2999-12-31T23:59:59Z");
    assert_eq!(relation.told().await[0].mutes_until, Some(32_503_679_999));
    assert_eq!(relation.service.end_mutes().await.unwrap(), 0);

    let pool = relation.db.superuser_pool(Service::Relation);
    sqlx::query("update mutes set until = now() - interval '1 second'").execute(&pool).await.unwrap();
    // From the second on, and before anybody has deleted it.
    assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |_| ()));
    assert_eq!(relation.ids("/v1/relations/mutes", Some(&ada)).await, []);
    assert_eq!(relation.service.end_mutes().await.unwrap(), 1);
    assert_eq!(relation.service.end_mutes().await.unwrap(), 0);
    assert_eq!(relation.told().await[1..], [RelationChanged::nothing(ada.id, bob.id)]);
}

#[tokio::test]
async fn a_mute_that_is_over_before_it_begins_is_refused() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    for wrong in [json!({"until": "2001-01-01T00:00:00Z"}), json!({"until": "tomorrow"}), json!({"for": 60})] {
        let (status, _) = answer(relation.put(&ada, &bob, "mute").json(&wrong)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(relation.told().await, []);
}

#[tokio::test]
async fn a_note_is_for_its_author_alone() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    for text in ["met in Oslo", "met in Bergen, \u{1F327}"] {
        done([relation.put(&ada, &bob, "note").json(&json!({"text": text}))]).await;
        assert_eq!(relation.between(&ada, &bob).await, relationship(&bob, |set| set("note", json!(text))));
        assert_eq!(relation.between(&bob, &ada).await, relationship(&ada, |_| ()));
    }
    // A block does not take it away.
    done([relation.block(&ada, &bob), relation.unblock(&ada, &bob)]).await;
    assert_eq!(relation.between(&ada, &bob).await["note"], "met in Bergen, \u{1F327}");
    for wrong in ["", "  ", "x".repeat(2_001).as_str(), "nul\0"] {
        let (status, _) = answer(relation.put(&ada, &bob, "note").json(&json!({"text": wrong}))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    done([relation.delete(&ada, &bob, "note"), relation.delete(&ada, &bob, "note")]).await;
    assert_eq!(relation.between(&ada, &bob).await["note"], Value::Null);
    let path = format!("/v1/relations/{}/note", bob.id);
    assert_eq!(answer(relation.request(Method::PUT, &path, None).json(&json!({"text": "x"}))).await.0, StatusCode::UNAUTHORIZED);
}
