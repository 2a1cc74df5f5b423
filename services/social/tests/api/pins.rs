use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, id, ids, path};
use crate::support::{Person, TestSocial};

async fn pin(social: &TestSocial, method: Method, who: &Person, post: &Value) -> StatusCode {
    answer(social.request(method, &format!("{}/pin", path(post)), Some(who))).await.0
}

async fn pinned(social: &TestSocial, of: &Person, who: Option<&Person>) -> Vec<String> {
    ids(&social.read(&format!("/v1/profiles/{}/pinned", of.id), who).await)
}

#[tokio::test]
async fn five_posts_of_ones_own_are_pinned_at_the_most() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let mut posts = Vec::new();
    for _ in 0..6 {
        posts.push(social.posted(&ada, json!({"text": "a"})).await);
    }
    for post in &posts[..5] {
        assert_eq!(pin(&social, Method::PUT, &ada, post).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(pin(&social, Method::PUT, &ada, &posts[5]).await, StatusCode::CONFLICT);
    assert_eq!(pin(&social, Method::PUT, &ada, &posts[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(pin(&social, Method::DELETE, &ada, &posts[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(pin(&social, Method::PUT, &ada, &posts[5]).await, StatusCode::NO_CONTENT);
    let expected: Vec<&str> = posts[1..].iter().rev().map(id).collect();
    assert_eq!(pinned(&social, &ada, None).await, expected);

    let comment = social.commented(&ada, &posts[0], "b").await;
    for (who, what) in [(&ada, &comment), (&bob, &posts[0])] {
        assert_eq!(pin(&social, Method::PUT, who, what).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_is_the_most_however_many_are_pinned_and_deleted_at_once() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let mut asked = JoinSet::new();
    for n in 0..16 {
        let post = social.posted(&ada, json!({"text": "a"})).await;
        let pin = social.request(Method::PUT, &format!("{}/pin", path(&post)), Some(&ada));
        asked.spawn(async move { answer(pin).await.0 });
        if n % 4 == 0 {
            let delete = social.request(Method::DELETE, &path(&post), Some(&ada));
            asked.spawn(async move { answer(delete).await.0 });
        }
    }
    for status in asked.join_all().await {
        assert!(!status.is_server_error(), "{status}");
    }
    assert!(social.count("pins").await <= 5);
}

#[tokio::test]
async fn a_pinned_post_is_for_whom_it_is_for() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    pin(&social, Method::PUT, &ada, &post).await;
    for (who, sees) in [(Some(&ada), 1), (Some(&bob), 1), (Some(&eve), 0), (None, 0)] {
        assert_eq!(pinned(&social, &ada, who).await.len(), sees);
    }
    social.delete(&ada, &post).await;
    assert_eq!(social.count("pins").await, 0);
}
