use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, path};
use crate::support::{Person, TestSocial};

/// Every way to ask for a post that somebody may not see must be answered as if there were none. It takes away what they had put there.
async fn assert_invisible(social: &TestSocial, post: &Value, author: &Person, who: Option<&Person>) {
    let nothing = json!({"id": "4711"});
    for (method, below) in [
        (Method::GET, ""),
        (Method::GET, "/comments"),
        (Method::GET, "/comments?limit=1&before=5"),
        (Method::GET, "/replies"),
        (Method::GET, "/context"),
        (Method::GET, "/revisions"),
        (Method::GET, "/reactions"),
        (Method::PUT, "/bookmark"),
        (Method::DELETE, "/bookmark"),
        (Method::PUT, "/pin"),
        (Method::DELETE, "/pin"),
        (Method::DELETE, ""),
        (Method::PUT, "/reactions/👍"),
        (Method::DELETE, "/reactions/👍"),
    ] {
        let ask = async |of: &Value| answer(social.request(method.clone(), &format!("{}{below}", path(of)), who)).await;
        let asked = ask(post).await;
        assert_eq!(asked, ask(&nothing).await, "{method} {below}");
        // What one has put there oneself one can take away, and whether there was anything is not said.
        let takes_back = method == Method::DELETE && (below == "/bookmark" || below.starts_with("/reactions/"));
        let expected = match who {
            None if method != Method::GET => StatusCode::UNAUTHORIZED,
            Some(_) if takes_back => StatusCode::NO_CONTENT,
            _ => StatusCode::NOT_FOUND,
        };
        assert_eq!(asked.0, expected, "{method} {below}");
    }
    if let Some(who) = who {
        let comment = async |parent: &Value| answer(social.post(who, &json!({"text": "b", "parent": parent}))).await;
        let commented = comment(&post["id"]).await;
        assert_eq!(commented.0, StatusCode::NOT_FOUND);
        assert_eq!(commented, comment(&nothing["id"]).await);
        assert!(!social.list("/v1/timelines/home", Some(who)).await.contains(&id(post).to_owned()), "it is in the home timeline");
    }
    for list in ["/v1/timelines/public", &format!("/v1/timelines/accounts/{}", author.id)] {
        assert!(!social.list(list, who).await.contains(&id(post).to_owned()), "it is in {list}");
    }
}

/// May it be read, reacted to and commented on?
async fn assert_visible(social: &TestSocial, post: &Value, who: &Person) {
    assert_eq!(social.get(&path(post), Some(who)).await.0, StatusCode::OK);
    assert_eq!(social.get(&format!("{}/comments", path(post)), Some(who)).await.0, StatusCode::OK);
    for method in [Method::PUT, Method::DELETE] {
        assert_eq!(answer(social.react(method, who, post, "👍")).await.0, StatusCode::NO_CONTENT);
    }
    let comment = social.commented(who, post, "b").await;
    assert_eq!(social.delete(who, &comment).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_post_for_followers_is_invisible_to_strangers() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve, followed] = [(); 4].map(|()| social.person());
    social.follow(&bob, &ada).await;
    // To be followed by the author is not to follow her.
    social.follow(&ada, &followed).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let comment = social.commented(&bob, &post, "c").await;
    for who in [&ada, &bob] {
        assert_visible(&social, &post, who).await;
        assert_visible(&social, &comment, who).await;
    }
    for who in [Some(&eve), Some(&followed), None] {
        assert_invisible(&social, &post, &ada, who).await;
        assert_invisible(&social, &comment, &bob, who).await;
    }
    assert_eq!(social.count("reactions").await, 0);
    assert_eq!(social.read(&path(&post), Some(&ada)).await["comments_count"], 1);
}

#[tokio::test]
async fn a_post_for_friends_is_for_them_alone() {
    let social = TestSocial::spawn().await;
    let [ada, bob, fan] = [(); 3].map(|()| social.person());
    social.befriend(&ada, &bob).await;
    social.follow(&fan, &ada).await;
    let text = format!("@person_{} would like this", fan.id);
    social.posted(&fan, json!({"text": "a"})).await;
    let post = social.posted(&ada, json!({"text": text, "visibility": "friends"})).await;
    assert_visible(&social, &post, &bob).await;
    // To follow and to be mentioned is not to be a friend.
    for who in [Some(&fan), None] {
        assert_invisible(&social, &post, &ada, who).await;
    }
}

#[tokio::test]
async fn a_direct_post_and_its_answers_are_for_whom_it_mentions() {
    let social = TestSocial::spawn().await;
    let [ada, bob, fan, eve] = [(); 4].map(|()| social.person());
    for who in [&bob, &eve] {
        social.posted(who, json!({"text": "a"})).await;
    }
    social.follow(&fan, &ada).await;
    let post = social.posted(&ada, json!({"text": format!("@Person_{}, listen", bob.id), "visibility": "direct"})).await;
    // Naming somebody in an answer lets nobody in.
    let answer = social.commented(&bob, &post, &format!("@person_{} too", eve.id)).await;
    for of in [&post, &answer] {
        assert_visible(&social, of, &bob).await;
        assert_visible(&social, of, &ada).await;
        for who in [Some(&fan), Some(&eve), None] {
            assert_invisible(&social, of, &ada, who).await;
        }
    }
    social.block(&ada, &bob).await;
    assert_invisible(&social, &post, &ada, Some(&bob)).await;
}

#[tokio::test]
async fn whoever_unfollows_sees_no_more_of_it() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    social.unfollow(&bob, &ada).await;
    assert_invisible(&social, &post, &ada, Some(&bob)).await;
    // Not even what they said themselves.
    assert_eq!(social.get(&path(&comment), Some(&bob)).await.0, StatusCode::NOT_FOUND);
    social.follow(&bob, &ada).await;
    assert_visible(&social, &post, &bob).await;
}

#[tokio::test]
async fn a_block_hides_everything_from_both() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.follow(&bob, &ada).await;
    let mut hers = Vec::new();
    for visibility in ["public", "unlisted", "followers"] {
        hers.push(social.posted(&ada, json!({"text": "a", "visibility": visibility})).await);
    }
    let his = social.posted(&bob, json!({"text": "a"})).await;
    social.block(&ada, &bob).await;
    for post in &hers {
        assert_invisible(&social, post, &ada, Some(&bob)).await;
        assert_eq!(social.get(&path(post), Some(&ada)).await.0, StatusCode::OK);
    }
    assert_invisible(&social, &his, &bob, Some(&ada)).await;
    // It separates the two and nobody else.
    assert_visible(&social, &his, &social.person()).await;
    assert_eq!(social.get(&path(&his), None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unlisted_post_is_for_whoever_has_its_address() {
    let social = TestSocial::spawn().await;
    let (ada, eve) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a", "visibility": "unlisted"})).await;
    assert_visible(&social, &post, &eve).await;
    assert_eq!(social.get(&path(&post), None).await.0, StatusCode::OK);
    assert!(social.list("/v1/timelines/public", Some(&eve)).await.is_empty());
}

#[tokio::test]
async fn what_is_no_id_is_not_there() {
    let social = TestSocial::spawn().await;
    let nothing = social.get("/v1/posts/4711", None).await;
    assert_eq!(nothing.0, StatusCode::NOT_FOUND);
    for id in ["0", "-1", "abc", "1e3", "99999999999999999999", "%00", "1%2F2"] {
        assert_eq!(social.get(&format!("/v1/posts/{id}"), None).await, nothing, "{id}");
    }
}
