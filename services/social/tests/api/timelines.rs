use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::answers::{NONE, answer, id, ids, link};
use crate::support::{Person, TestSocial};

/// Posts something short, and says its id.
async fn post(social: &TestSocial, who: &Person, visibility: &str) -> String {
    id(&social.posted(who, json!({"text": "a", "visibility": visibility})).await).to_owned()
}

#[tokio::test]
async fn home_holds_ones_own_posts_and_those_of_whom_one_follows() {
    let social = TestSocial::spawn().await;
    let [reader, ada, bob, stranger] = [(); 4].map(|()| social.person());
    social.follow(&reader, &ada).await;
    social.follow(&reader, &bob).await;
    social.follow(&stranger, &reader).await;
    let mut expected = Vec::new();
    for round in 0..6 {
        let visibility = ["public", "unlisted", "followers"][round % 3];
        for author in [&ada, &stranger, &bob, &reader] {
            let post = post(&social, author, visibility).await;
            if author.id != stranger.id {
                expected.insert(0, post);
            }
        }
    }
    // What is said below a post is in its thread and nowhere else.
    let theirs = social.posted(&stranger, json!({"text": "a"})).await;
    social.commented(&ada, &theirs, "b").await;
    for limit in [1, 5, 18, 80] {
        assert_eq!(social.list(&format!("/v1/timelines/home?limit={limit}"), Some(&reader)).await, expected, "by {limit}");
    }
}

#[tokio::test]
async fn home_goes_on_where_it_was_whatever_comes_meanwhile() {
    let social = TestSocial::spawn().await;
    let [reader, ada, bob] = [(); 3].map(|()| social.person());
    social.follow(&reader, &ada).await;
    social.follow(&reader, &bob).await;
    let mut expected = Vec::new();
    for n in 0..9 {
        expected.insert(0, post(&social, [&ada, &bob][n % 2], "public").await);
    }
    let first = social.request(Method::GET, "/v1/timelines/home?limit=4", Some(&reader)).send().await.unwrap();
    let (next, prev) = (link(&first, "next").unwrap(), link(&first, "prev").unwrap());
    let late = [post(&social, &bob, "public").await, post(&social, &ada, "public").await];

    let mut seen = ids(&first.json().await.unwrap());
    seen.extend(social.list(&next, Some(&reader)).await);
    assert_eq!(seen, expected);

    let newer = social.request(Method::GET, &prev, Some(&reader)).send().await.unwrap();
    let newest = link(&newer, "prev").unwrap();
    assert_eq!(ids(&newer.json().await.unwrap()), [late[1].as_str(), late[0].as_str()]);
    assert_eq!(ids(&social.read(&newest, Some(&reader)).await), NONE);
}

#[tokio::test]
async fn a_poll_of_home_tells_nothing_of_the_past_of_whom_one_follows_since() {
    let social = TestSocial::spawn().await;
    let [reader, ada] = [(); 2].map(|()| social.person());
    let past = format!("insert into posts (id, author, text, visibility) values (4711, {}, 'a', 'public')", ada.id);
    social.plant(&[format!("insert into profiles (id, handle) values ({}, 'ada')", ada.id), past]).await;
    let own = post(&social, &reader, "public").await;
    let first = social.request(Method::GET, "/v1/timelines/home", Some(&reader)).send().await.unwrap();
    let prev = link(&first, "prev").unwrap();
    social.follow(&reader, &ada).await;
    assert_eq!(ids(&social.read(&prev, Some(&reader)).await), NONE);
    assert_eq!(ids(&social.read("/v1/timelines/home", Some(&reader)).await), [own.as_str(), "4711"]);
}

#[tokio::test]
async fn whom_one_follows_no_more_leaves_home() {
    let social = TestSocial::spawn().await;
    let [reader, ada, bob] = [(); 3].map(|()| social.person());
    for author in [&ada, &bob] {
        social.follow(&reader, author).await;
        post(&social, author, "public").await;
    }
    social.unfollow(&reader, &ada).await;
    social.block(&bob, &reader).await;
    assert_eq!(social.list("/v1/timelines/home", Some(&reader)).await, NONE);
}

#[tokio::test]
async fn home_is_somebodys() {
    let social = TestSocial::spawn().await;
    assert_eq!(social.get("/v1/timelines/home", None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_public_timeline_holds_what_is_public() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let hers = post(&social, &ada, "public").await;
    post(&social, &ada, "unlisted").await;
    post(&social, &ada, "followers").await;
    let his = post(&social, &bob, "public").await;
    for who in [None, Some(&ada), Some(&bob), Some(&eve)] {
        assert_eq!(social.list("/v1/timelines/public?limit=1", who).await, [his.as_str(), hers.as_str()]);
    }
    social.block(&eve, &ada).await;
    for who in [&eve, &ada] {
        let own = if who.id == ada.id { vec![his.as_str(), hers.as_str()] } else { vec![his.as_str()] };
        assert_eq!(social.list("/v1/timelines/public?limit=1", Some(who)).await, own);
    }
}

#[tokio::test]
async fn an_accounts_timeline_holds_what_the_reader_may_see() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let mut open = Vec::new();
    let mut all = Vec::new();
    for n in 0..8 {
        let visibility = ["public", "followers"][n % 2];
        let post = post(&social, &ada, visibility).await;
        all.insert(0, post.clone());
        if visibility == "public" {
            open.insert(0, post);
        }
    }
    post(&social, &bob, "public").await;
    let timeline = format!("/v1/timelines/accounts/{}?limit=3", ada.id);
    assert_eq!(social.list(&timeline, Some(&ada)).await, all);
    assert_eq!(social.list(&timeline, Some(&bob)).await, all);
    assert_eq!(social.list(&timeline, Some(&eve)).await, open);
    assert_eq!(social.list(&timeline, None).await, open);
    social.block(&ada, &eve).await;
    assert_eq!(social.list(&timeline, Some(&eve)).await, NONE);
}

#[tokio::test]
async fn an_accounts_timeline_has_one_order_whatever_it_is_put_together_of() {
    let social = TestSocial::spawn().await;
    let [ada, follower, friend, named, eve] = [(); 5].map(|()| social.person());
    social.follow(&follower, &ada).await;
    social.befriend(&ada, &friend).await;
    post(&social, &named, "public").await;
    let mut made = Vec::new();
    for round in 0..3 {
        for visibility in ["public", "direct", "unlisted", "friends", "followers"] {
            // The second round names somebody in every post, and only a direct one is theirs by that.
            let text = if round == 1 { format!("@person_{}", named.id) } else { "a".to_owned() };
            let post = social.posted(&ada, json!({"text": text, "visibility": visibility})).await;
            made.insert(0, (visibility, round, id(&post).to_owned()));
        }
    }
    let timeline = format!("/v1/timelines/accounts/{}?limit=", ada.id);
    let everybodys = "public unlisted";
    for (who, sees) in [
        (Some(&ada), "public unlisted followers friends direct"),
        (Some(&follower), "public unlisted followers"),
        (Some(&friend), "public unlisted followers friends"),
        (Some(&named), everybodys),
        (Some(&eve), everybodys),
        (None, everybodys),
    ] {
        let named_in = |round: i32| round == 1 && who.is_some_and(|who| who.id == named.id);
        let is_seen = |visibility: &str, round: i32| sees.contains(visibility) || visibility == "direct" && named_in(round);
        let seen: Vec<&String> = made.iter().filter(|made| is_seen(made.0, made.1)).map(|made| &made.2).collect();
        for limit in [1, 4, 80] {
            assert_eq!(social.list(&format!("{timeline}{limit}"), who).await.iter().collect::<Vec<_>>(), seen);
        }
        let (oldest, newer) = seen.split_last().unwrap();
        let up = social.read(&format!("{timeline}80&after={oldest}"), who).await;
        assert_eq!(ids(&up).iter().collect::<Vec<_>>(), newer);
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for query in ["limit=0", "limit=81", "limit=few", "before=x", "after=1.5", "before=9&after=1"] {
        for list in ["home", "public", &format!("accounts/{}", ada.id)] {
            let request = social.request(Method::GET, &format!("/v1/timelines/{list}?{query}"), Some(&ada));
            assert_eq!(answer(request).await.0, StatusCode::BAD_REQUEST, "{list} {query}");
        }
    }
}

#[tokio::test]
async fn a_tags_timeline_holds_what_is_public() {
    let social = TestSocial::spawn().await;
    let [ada, eve] = [(); 2].map(|()| social.person());
    let mut expected = Vec::new();
    for visibility in ["public", "unlisted", "followers", "public"] {
        let made = social.posted(&ada, json!({"text": "#Sea", "visibility": visibility})).await;
        if visibility == "public" {
            expected.insert(0, id(&made).to_owned());
        }
        social.commented(&ada, &made, "#sea").await;
    }
    for tag in ["sea", "SEA", "%23sea"] {
        assert_eq!(social.list(&format!("/v1/timelines/tags/{tag}?limit=1"), Some(&eve)).await, expected);
    }
    assert_eq!(social.list("/v1/timelines/tags/lake", None).await, NONE);
    assert_eq!(social.get("/v1/timelines/tags/two%20words", None).await.0, StatusCode::NOT_FOUND);
    social.block(&eve, &ada).await;
    assert_eq!(social.list("/v1/timelines/tags/sea", Some(&eve)).await, NONE);
}
