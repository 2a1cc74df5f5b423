//! Whoever is blocked cannot tell it from nothing: all that they do and read is answered as for an id that is nobody's.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, done, relationship};
use crate::support::{Person, TestRelation};

/// What one can ask of somebody, and what of oneself that would show it.
async fn seen(relation: &TestRelation, who: &Person, whom: &Person) -> Vec<Value> {
    let mut seen = Vec::new();
    for list in ["", "/followers", "/following", "/friends", "/counts"] {
        seen.push(relation.get(&format!("/v1/relations/{}{list}", whom.id), Some(who)).await);
    }
    for own in ["follow-requests/sent", "friend-requests/sent", "matches", "csv/following"] {
        let (status, body) = match own {
            "csv/following" => {
                let answer = relation.request(Method::GET, "/v1/relations/csv/following", Some(who)).send().await.unwrap();
                (answer.status(), json!(answer.text().await.unwrap()))
            }
            _ => answer(relation.request(Method::GET, &format!("/v1/relations/{own}"), Some(who))).await,
        };
        assert_eq!(status, StatusCode::OK, "{own}");
        seen.push(body);
    }
    for own in ["following", "counts"] {
        seen.push(relation.get(&format!("/v1/relations/{}/{own}", who.id), Some(who)).await);
    }
    seen
}

/// What was seen, with the two ids taken out of it.
fn without(seen: Vec<Value>, who: &Person, whom: &Person) -> String {
    let text = Value::from(seen).to_string();
    text.replace(&format!("\"{}\"", who.id), "\"who\"")
        .replace(&format!("\"{}\"", whom.id), "\"whom\"")
        .replace(&format!(",{}\\n", whom.id), ",whom\\n")
}

#[tokio::test]
async fn a_block_cannot_be_told_from_an_id_that_is_nobodys() {
    let relation = TestRelation::spawn().await;
    let (mallory, ada, other) = (relation.person(), relation.person(), relation.person());
    let (eve, nobody) = (relation.person(), relation.person());
    // The one who is blocked was close before, and the blocker has a life of her own.
    done([relation.follow(&mallory, &ada), relation.follow(&ada, &other), relation.follow(&other, &ada)]).await;
    relation.befriend(&ada, &other).await;
    done([relation.block(&ada, &mallory)]).await;

    let mut steps = vec![];
    for what in ["follow", "friend", "like"] {
        steps.extend([(Method::PUT, what), (Method::PUT, what)]);
    }
    for what in ["like", "friend", "follow"] {
        steps.extend([(Method::DELETE, what), (Method::DELETE, what)]);
    }
    steps.extend([(Method::PUT, "follower"), (Method::DELETE, "follower"), (Method::DELETE, "mute"), (Method::DELETE, "note")]);
    for (method, what) in steps {
        let mut both = Vec::new();
        for (who, whom) in [(&mallory, &ada), (&eve, &nobody)] {
            let answered = answer(relation.request(method.clone(), &format!("/v1/relations/{}/{what}", whom.id), Some(who))).await;
            both.push((answered, without(seen(&relation, who, whom).await, who, whom)));
        }
        // Only the handle of somebody who was here can stand in an export.
        both[0].1 = both[0].1.replace(&format!("person_{},whom", ada.id), ",whom");
        assert_eq!(both[0], both[1], "{method} {what}");
    }
}

#[tokio::test]
async fn nobody_else_hears_of_what_the_blocked_one_does() {
    let relation = TestRelation::spawn().await;
    let (mallory, ada, witness) = (relation.person(), relation.person(), relation.person());
    done([relation.block(&ada, &mallory)]).await;
    let before = relation.facts().await.len();
    done([relation.follow(&mallory, &ada)]).await;
    for what in ["friend", "like"] {
        assert!(answer(relation.put(&mallory, &ada, what)).await.0.is_success());
    }
    assert_eq!(relation.facts().await.len(), before);
    assert_eq!(relation.between(&ada, &mallory).await, relationship(&mallory, |set| set("blocking", json!(true))));
    for who in [Some(&ada), Some(&witness), None] {
        assert_eq!(relation.ids(&format!("/v1/relations/{}/followers", ada.id), who).await, []);
        assert_eq!(relation.ids(&format!("/v1/relations/{}/following", mallory.id), who).await, []);
        for person in [&ada, &mallory] {
            let counts = relation.get(&format!("/v1/relations/{}/counts", person.id), who).await;
            assert_eq!(counts, json!({"followers": 0, "following": 0, "friends": 0}));
        }
    }
    for list in ["friend-requests", "follow-requests", "matches"] {
        assert_eq!(relation.ids(&format!("/v1/relations/{list}"), Some(&ada)).await, [], "{list}");
    }
    // Refusing what one does not know of changes nothing of it.
    done([relation.delete(&ada, &mallory, "follower"), relation.delete(&ada, &mallory, "friend")]).await;
    assert_eq!(answer(relation.put(&ada, &mallory, "follower")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(relation.standing(&mallory, &ada).await, [true, false, false]);

    // And when the block ends, none of it comes true.
    done([relation.unblock(&ada, &mallory)]).await;
    assert_eq!(relation.between(&ada, &mallory).await, relationship(&mallory, |_| ()));
    assert_eq!(relation.between(&mallory, &ada).await, relationship(&ada, |_| ()));
    assert_eq!(answer(relation.put(&ada, &mallory, "like")).await.1, json!({"matched": false}));
    assert_eq!(relation.service.mend_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn asking_somebody_who_approves_and_blocks_is_asking() {
    let relation = TestRelation::spawn().await;
    let (mallory, ada) = (relation.person(), relation.person());
    relation.set_private(&ada, true).await;
    done([relation.block(&ada, &mallory)]).await;
    crate::answers::requested(relation.follow(&mallory, &ada)).await;
    assert_eq!(relation.between(&mallory, &ada).await, relationship(&ada, |set| set("requested", json!(true))));
    assert_eq!(relation.ids("/v1/relations/follow-requests/sent", Some(&mallory)).await, [ada.id]);
    assert_eq!(relation.ids("/v1/relations/follow-requests", Some(&ada)).await, []);
    assert_eq!(relation.happened().await, []);
}
