use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{NONE, answer, id, path};
use crate::support::{Person, TestSocial};

async fn bookmark(social: &TestSocial, method: Method, who: &Person, post: &Value) -> StatusCode {
    answer(social.request(method, &format!("{}/bookmark", path(post)), Some(who))).await.0
}

async fn bookmarks(social: &TestSocial, who: &Person) -> Vec<String> {
    social.list("/v1/timelines/bookmarks?limit=1", Some(who)).await
}

#[tokio::test]
async fn bookmarks_stand_in_the_order_in_which_they_were_made() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let old = social.posted(&ada, json!({"text": "a"})).await;
    let new = social.posted(&ada, json!({"text": "b"})).await;
    let comment = social.commented(&ada, &new, "c").await;
    for post in [&new, &comment, &old, &new] {
        assert_eq!(bookmark(&social, Method::PUT, &bob, post).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(bookmarks(&social, &bob).await, [id(&old), id(&comment), id(&new)]);
    assert_eq!(social.read(&path(&old), Some(&bob)).await["bookmarked"], true);
    // They are nobody else's business, not even the author's.
    assert_eq!(social.read(&path(&old), Some(&ada)).await["bookmarked"], false);
    assert_eq!(bookmarks(&social, &ada).await, NONE);
    assert_eq!(social.get("/v1/timelines/bookmarks", None).await.0, StatusCode::UNAUTHORIZED);

    for _ in 0..2 {
        assert_eq!(bookmark(&social, Method::DELETE, &bob, &comment).await, StatusCode::NO_CONTENT);
    }
    social.delete(&ada, &old).await;
    assert_eq!(bookmarks(&social, &bob).await, [id(&new)]);
}

#[tokio::test]
async fn a_bookmark_of_what_may_not_be_seen_any_more_vanishes_and_can_be_taken_away() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    assert_eq!(bookmark(&social, Method::PUT, &bob, &post).await, StatusCode::NO_CONTENT);
    social.unfollow(&bob, &ada).await;
    assert_eq!(bookmarks(&social, &bob).await, NONE);
    social.follow(&bob, &ada).await;
    assert_eq!(bookmarks(&social, &bob).await, [id(&post)]);
    social.unfollow(&bob, &ada).await;
    // Whether there was one, or what it would be of, is not said.
    for (who, of) in [(&bob, &post), (&bob, &post), (&social.person(), &post), (&bob, &json!({"id": "4711"}))] {
        assert_eq!(bookmark(&social, Method::DELETE, who, of).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(social.count("bookmarks").await, 0);
}

#[tokio::test]
async fn somebody_has_ten_thousand_bookmarks_at_the_most() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let [kept, more] = [social.posted(&ada, json!({"text": "a"})).await, social.posted(&ada, json!({"text": "b"})).await];
    assert_eq!(bookmark(&social, Method::PUT, &bob, &kept).await, StatusCode::NO_CONTENT);
    let posts = format!("insert into posts (author, text, visibility) select {}, 'c', 'public' from generate_series(1, 9999)", ada.id);
    let all = format!("insert into bookmarks (account, post) select {}, id from posts where text = 'c'", bob.id);
    social.plant(&[posts, all]).await;
    assert_eq!(bookmark(&social, Method::PUT, &bob, &more).await, StatusCode::CONFLICT);
    for (method, post) in [(Method::PUT, &kept), (Method::DELETE, &kept), (Method::PUT, &more)] {
        assert_eq!(bookmark(&social, method, &bob, post).await, StatusCode::NO_CONTENT);
    }
}
