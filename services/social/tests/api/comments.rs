use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, ids, link, path};
use crate::support::TestSocial;

#[tokio::test]
async fn a_comment_takes_its_roots_audience() {
    let social = TestSocial::spawn().await;
    let (ada, bob, friend_of_bob) = (social.person(), social.person(), social.person());
    social.follow(&bob, &ada).await;
    social.follow(&friend_of_bob, &bob).await;
    for visibility in ["public", "unlisted", "followers"] {
        let post = social.posted(&ada, json!({"text": "a", "visibility": visibility})).await;
        let comment = social.commented(&bob, &post, "b").await;
        let answered = social.commented(&ada, &comment, "c").await;
        assert_eq!((&comment["parent"], &comment["root"]), (&post["id"], &post["id"]));
        assert_eq!((&answered["parent"], &answered["root"]), (&comment["id"], &post["id"]));
        // Who follows only the commenter sees what they see without: the root's author decides.
        let seen = if visibility == "followers" { StatusCode::NOT_FOUND } else { StatusCode::OK };
        for comment in [&comment, &answered] {
            assert_eq!(comment["visibility"], visibility);
            assert_eq!(social.get(&path(comment), Some(&bob)).await.0, StatusCode::OK);
            for who in [Some(&friend_of_bob), None] {
                assert_eq!(social.get(&path(comment), who).await.0, seen, "{visibility}");
            }
        }
    }
}

#[tokio::test]
async fn answers_are_counted_where_they_answer() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let first = social.commented(&bob, &post, "b").await;
    let second = social.commented(&bob, &post, "c").await;
    let below = social.commented(&ada, &first, "d").await;
    let count = async |of: &Value| social.read(&path(of), None).await["comments_count"].clone();
    assert_eq!([count(&post).await, count(&first).await, count(&below).await], [2, 1, 0]);

    // What was answered to a deleted comment stays in the thread.
    assert_eq!(social.delete(&bob, &first).await, StatusCode::NO_CONTENT);
    assert_eq!(count(&post).await, 1);
    let below = social.read(&path(&below), None).await;
    assert_eq!((below.get("parent"), &below["root"]), (None, &post["id"]));
    let thread = social.list(&format!("{}/comments", path(&post)), None).await;
    assert_eq!(thread, [id(&below), id(&second)]);
}

#[tokio::test]
async fn a_thread_is_the_same_from_wherever_it_is_read() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut last = post.clone();
    let mut expected = Vec::new();
    for n in 0..12 {
        last = social.commented(&ada, &last, &n.to_string()).await;
        expected.insert(0, id(&last).to_owned());
    }
    for (from, limit) in [(&post, 1), (&post, 5), (&last, 12), (&last, 80)] {
        assert_eq!(social.list(&format!("{}/comments?limit={limit}", path(from)), None).await, expected, "by {limit}");
    }
}

#[tokio::test]
async fn a_thread_that_grows_while_it_is_read_repeats_nothing() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.insert(0, id(&social.commented(&ada, &post, &n.to_string()).await).to_owned());
    }
    let first = social.request(Method::GET, &format!("{}/comments?limit=3", path(&post)), None).send().await.unwrap();
    let (next, prev) = (link(&first, "next").unwrap(), link(&first, "prev").unwrap());
    let late = social.commented(&ada, &post, "late").await;
    let mut seen = ids(&first.json().await.unwrap());
    seen.extend(social.list(&next, None).await);
    assert_eq!(seen, expected);
    assert_eq!(ids(&social.read(&prev, None).await), [id(&late)]);
}

#[tokio::test]
async fn what_is_not_there_is_not_commented_on() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let deleted = social.posted(&ada, json!({"text": "a"})).await;
    let deleted_comment = social.commented(&bob, &deleted, "b").await;
    social.delete(&ada, &deleted).await;
    for parent in [&deleted["id"], &deleted_comment["id"], &json!("1")] {
        let request = social.post(&bob, &json!({"text": "c", "parent": parent}));
        assert_eq!(answer(request).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(social.count("posts").await, 0);
}

#[tokio::test]
async fn whom_a_block_separates_does_not_see_each_others_comments() {
    let social = TestSocial::spawn().await;
    let (ada, bob, eve) = (social.person(), social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let his = social.commented(&bob, &post, "b").await;
    let hers = social.commented(&eve, &post, "c").await;
    social.block(&bob, &eve).await;
    let thread = format!("{}/comments", path(&post));
    for (who, own, other) in [(&bob, &his, &hers), (&eve, &hers, &his)] {
        assert_eq!(social.list(&thread, Some(who)).await, [id(own)]);
        assert_eq!(social.get(&path(other), Some(who)).await.0, StatusCode::NOT_FOUND);
        let reply = social.post(who, &json!({"text": "d", "parent": other["id"]}));
        assert_eq!(answer(reply).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(social.list(&thread, Some(&ada)).await, [id(&hers), id(&his)]);
}
