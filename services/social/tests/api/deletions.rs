use contracts::Service;
use contracts::fact::{Fact, PostNarrowed};
use contracts::photo::PhotoVisibility::{Private, Public};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, id, path};
use crate::support::TestSocial;

#[tokio::test]
async fn a_post_is_deleted_by_its_author_with_its_whole_thread() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    let answered = social.commented(&ada, &comment, "c").await;
    for of in [&post, &comment] {
        assert_eq!(answer(social.react(Method::PUT, &bob, of, "👍")).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(social.delete(&bob, &post).await, StatusCode::NOT_FOUND);
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NO_CONTENT);
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NOT_FOUND);
    for gone in [&post, &comment, &answered] {
        assert_eq!(social.get(&path(gone), Some(&ada)).await.0, StatusCode::NOT_FOUND);
    }
    for table in ["posts", "reactions", "reaction_counts"] {
        assert_eq!(social.count(table).await, 0, "{table}");
    }

    let expected = Fact::PostNarrowed(PostNarrowed { post: id(&post).parse().unwrap(), author: ada.id });
    assert_eq!(social.told().await, [serde_json::to_value(expected).unwrap()]);
}

#[tokio::test]
async fn deleting_a_post_ends_the_grants_of_its_whole_thread() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let (hidden, shown) = (social.photos.upload(&bob, Private), social.photos.upload(&bob, Public));
    let mut granting = Vec::new();
    for (photo, private) in [(&hidden, true), (&shown, false), (&hidden, true)] {
        let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
        if private {
            granting.push((id(&comment).to_owned(), bob.id));
        }
    }
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NO_CONTENT);
    granting.push((id(&post).to_owned(), ada.id));
    let told = granting.into_iter().map(|(post, author)| Fact::PostNarrowed(PostNarrowed { post: post.parse().unwrap(), author }));
    let told: Vec<Value> = told.map(|fact| serde_json::to_value(fact).unwrap()).collect();
    assert_eq!(social.told().await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_and_its_comments_are_deleted_at_once_without_a_deadlock() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for _ in 0..10 {
        let post = social.posted(&ada, json!({"text": "a"})).await;
        let mut thread = vec![post.clone()];
        for _ in 0..6 {
            let comment = social.commented(&ada, thread.last().unwrap(), "b").await;
            thread.push(comment);
        }
        let mut asked = JoinSet::new();
        for of in thread.iter().rev() {
            for request in [
                social.request(Method::DELETE, &path(of), Some(&ada)),
                social.post(&ada, &json!({"text": "c", "parent": of["id"]})),
                social.react(Method::PUT, &ada, of, "👍"),
                social.request(Method::PATCH, &path(of), Some(&ada)).json(&json!({"text": "d"})),
            ] {
                asked.spawn(async move { answer(request).await });
            }
        }
        for (status, body) in asked.join_all().await {
            assert!(!status.is_server_error(), "{status}: {body}");
        }
        assert_eq!(social.delete(&ada, &post).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(social.count("posts").await, 0);
}

#[tokio::test]
async fn a_deletion_is_pending_while_photo_has_not_heard() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let stuck = "insert into outbox_cursors (consumer, position) values ('photo', 0)";
    sqlx::query(stuck).execute(&social.db.superuser_pool(Service::Social)).await.unwrap();
    let deletion = social.request(Method::DELETE, &path(&post), Some(&ada));
    assert_eq!(answer(deletion).await, (StatusCode::ACCEPTED, json!({"pending": true})));
    assert_eq!(social.get(&path(&post), Some(&ada)).await.0, StatusCode::NOT_FOUND);
}
