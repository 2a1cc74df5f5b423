//! Lists past which much is kept from the reader: a page looks so far, and the next goes on there.

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{NONE, answer, id, ids, link, path};
use crate::home::HOME;
use crate::support::TestSocial;

/// What a suspended account has written and reacted with, newer than all else: more than two pages look at.
async fn spam(social: &TestSocial, post: &Value) {
    let (post, spam) = (id(post), social.person().id);
    let profile = format!("insert into profiles (id, handle) values ({spam}, 'spam')");
    let posts = format!("insert into posts (author, text, visibility) select {spam}, 'a', 'public' from generate_series(1, 2500)");
    let tags = format!("insert into post_tags (tag, post_id, listed) select 'sea', id, id from posts where author = {spam}");
    let comments = format!(
        "insert into posts (author, text, visibility, parent, root, root_author)
         select {spam}, 'b', 'public', id, id, author from posts, generate_series(1, 2500) where id = {post}"
    );
    let reactions =
        format!("insert into reactions (post, account, emoji) select {post}, 9000000 + n, '👍' from generate_series(1, 2500) n");
    let hidden =
        format!("insert into hidden_accounts (account) select {spam} union all select account from reactions where account > 9000000");
    social.plant(&[profile, posts, tags, comments, reactions, hidden]).await;
}

#[tokio::test]
async fn no_list_ends_at_what_is_hidden_however_much_of_it_there_is() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "#sea"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    social.react(Method::PUT, &bob, &post, "👍").send().await.unwrap();
    spam(&social, &post).await;
    let (comments, replies) = (format!("{}/comments", path(&post)), format!("{}/replies", path(&post)));
    for (list, expected) in
        [("/v1/timelines/public", &post), ("/v1/timelines/tags/sea", &post), (comments.as_str(), &comment), (replies.as_str(), &comment)]
    {
        for who in [None, Some(&bob)] {
            let first = social.request(Method::GET, list, who).send().await.unwrap();
            assert!(link(&first, "next").is_some(), "{list}");
            assert_eq!(ids(&first.json().await.unwrap()), NONE, "{list}");
            assert_eq!(social.list(list, who).await, [id(expected)], "{list}");
        }
    }
    for list in ["/reactions", "/reactions?emoji=👍"] {
        let (mut seen, mut next) = (Vec::new(), Some(format!("{}{list}", path(&post))));
        while let Some(page) = next {
            let answer = social.request(Method::GET, &page, None).send().await.unwrap();
            next = link(&answer, "next");
            let body: Value = answer.json().await.unwrap();
            seen.extend(body["items"].as_array().unwrap().iter().map(|item| id(&item["account"]).to_owned()));
        }
        assert_eq!(seen, [bob.id.to_string()], "{list}");
    }
}

#[tokio::test]
async fn home_goes_on_below_what_is_hidden_of_a_tag_and_skips_nothing_of_anybody() {
    let social = TestSocial::spawn().await;
    let [reader, ada, bob] = [(); 3].map(|()| social.person());
    let oldest = social.posted(&ada, json!({"text": "a"})).await;
    let tagged = social.posted(&bob, json!({"text": "#sea"})).await;
    social.read(HOME, Some(&reader)).await;
    social.follow(&reader, &ada).await;
    let follow = social.request(Method::PUT, "/v1/tags/sea/follow", Some(&reader));
    assert_eq!(answer(follow).await.0, StatusCode::NO_CONTENT);
    spam(&social, &tagged).await;
    // One in the midst of it, below the ring and among what the first page looks at.
    let hers = "update posts set author = $1 where id = (select id from posts where root is null order by id desc offset 1000 limit 1)";
    social.plant(&[hers.replace("$1", &ada.id.to_string())]).await;
    let hers: i64 = sqlx::query_scalar("select max(id) from posts where author = $1")
        .bind(ada.id)
        .fetch_one(&social.db.superuser_pool(Service::Social))
        .await
        .unwrap();
    let hers = hers.to_string();
    let newest = social.posted(&ada, json!({"text": "a"})).await;

    let expected = [id(&newest), &hers, id(&tagged), id(&oldest)];
    let first = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    assert!(link(&first, "prev").is_some());
    let next = link(&first, "next").expect("what is hidden is not the end");
    assert_eq!(ids(&first.json().await.unwrap()), expected[..2], "what she has written below waits for what has the tag");
    assert_eq!(social.list(&next, Some(&reader)).await, expected[2..]);
    assert_eq!(social.list(&format!("{HOME}?limit=1"), Some(&reader)).await, expected);
}

#[tokio::test]
async fn a_poll_comes_past_what_is_hidden() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "#sea"})).await;
    spam(&social, &post).await;
    let news = social.posted(&bob, json!({"text": "#sea"})).await;
    let answer = social.commented(&bob, &post, "b").await;
    let (comments, replies) = (format!("{}/comments", path(&post)), format!("{}/replies", path(&post)));
    for (list, expected) in
        [("/v1/timelines/public", &news), ("/v1/timelines/tags/sea", &news), (comments.as_str(), &answer), (replies.as_str(), &answer)]
    {
        let (mut seen, mut prev) = (Vec::new(), format!("{list}?after={}", id(&post)));
        while seen.is_empty() {
            let page = social.request(Method::GET, &prev, None).send().await.unwrap();
            let next = link(&page, "prev").unwrap();
            assert_ne!(next, prev, "{list}");
            prev = next;
            seen = ids(&page.json().await.unwrap());
        }
        assert_eq!(seen, [id(expected)], "{list}");
    }
}

#[tokio::test]
async fn a_first_look_below_a_post_passes_what_is_hidden() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let hidden = format!(
        "insert into posts (author, text, visibility, parent, root, root_author)
         select {}, 'b', 'public', id, id, author from posts, generate_series(1, 99) where id = {}",
        bob.id,
        id(&post)
    );
    social.plant(&[hidden, format!("insert into hidden_accounts (account) values ({})", bob.id)]).await;
    let comment = social.commented(&ada, &post, "b").await;
    let context = social.read(&format!("{}/context", path(&post)), None).await;
    assert_eq!(context["descendants"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [id(&comment)]);
}
