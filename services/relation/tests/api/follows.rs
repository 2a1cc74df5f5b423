use reqwest::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::support::{TestRelation, answer, done};

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
async fn nobody_follows_or_blocks_themselves() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    for request in [relation.follow(&ada, &ada), relation.block(&ada, &ada)] {
        assert_eq!(answer(request).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(relation.told().await.len(), 0);
}

#[tokio::test]
async fn a_block_either_way_forbids_following() {
    let relation = TestRelation::spawn().await;
    let (ada, bob) = (relation.person(), relation.person());
    done([relation.block(&ada, &bob)]).await;
    let (status, hers) = answer(relation.follow(&ada, &bob)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(answer(relation.follow(&bob, &ada)).await, (status, hers));
    done([relation.unblock(&ada, &bob), relation.follow(&bob, &ada)]).await;
}

#[tokio::test]
async fn a_change_needs_a_person_and_an_id() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    for (method, action) in [(Method::PUT, "follow"), (Method::DELETE, "follow"), (Method::PUT, "block"), (Method::DELETE, "block")] {
        let path = format!("/v1/relations/{}/{action}", ada.id);
        assert_eq!(answer(relation.request(method.clone(), &path, None)).await.0, StatusCode::UNAUTHORIZED, "{method} {action}");
        for id in ["ada", "0", "-1", "1.5", "99999999999999999999", "%00"] {
            let path = format!("/v1/relations/{id}/{action}");
            assert_eq!(answer(relation.request(method.clone(), &path, Some(&ada))).await.0, StatusCode::NOT_FOUND, "{method} {id}");
        }
    }
}
