use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::answers::{NONE, id, path};
use crate::support::{Person, TestSocial};

fn listed(context: &Value, part: &str) -> Vec<String> {
    context[part].as_array().unwrap().iter().map(|post| id(post).to_owned()).collect()
}

async fn context(social: &TestSocial, post: &Value, who: Option<&Person>) -> (Vec<String>, Vec<String>) {
    let context = social.read(&format!("{}/context", path(post)), who).await;
    (listed(&context, "ancestors"), listed(&context, "descendants"))
}

#[tokio::test]
async fn answers_to_one_comment_are_read_in_pages() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&ada, &post, "b").await;
    let mut expected = Vec::new();
    for n in 0..7 {
        let reply = social.commented(&ada, &comment, &n.to_string()).await;
        social.commented(&ada, &reply, "below").await;
        expected.insert(0, id(&reply).to_owned());
    }
    for limit in [1, 3, 7, 80] {
        assert_eq!(social.list(&format!("{}/replies?limit={limit}", path(&comment)), None).await, expected, "by {limit}");
    }
    assert_eq!(social.list(&format!("{}/replies", path(&post)), None).await, [id(&comment)]);
    assert_eq!(social.read(&path(&comment), None).await["comments_count"], 7);
}

#[tokio::test]
async fn a_post_stands_between_what_it_answers_and_what_answers_it() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut chain = vec![post.clone()];
    for _ in 0..5 {
        let next = social.commented(&ada, chain.last().unwrap(), "b").await;
        chain.push(next);
    }
    let aside = social.commented(&ada, &chain[3], "aside").await;
    let ids = |posts: &[Value]| posts.iter().map(|post| id(post).to_owned()).collect::<Vec<_>>();
    let (above, below) = context(&social, &chain[3], None).await;
    assert_eq!(above, ids(&chain[..3]));
    assert_eq!(below, [id(&chain[4]), id(&aside), id(&chain[5])], "by depth");
    assert_eq!(context(&social, &post, None).await.0, NONE);

    // A gap in the chain leaves what is below it, and the root.
    social.delete(&ada, &chain[2]).await;
    assert_eq!(context(&social, &chain[4], None).await.0, [id(&post), id(&chain[3])]);
}

#[tokio::test]
async fn a_context_has_bounds_and_says_where_more_is() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut last = post.clone();
    for _ in 0..60 {
        last = social.commented(&ada, &last, "b").await;
    }
    for _ in 0..25 {
        social.commented(&ada, &post, "c").await;
    }
    let (above, _) = context(&social, &last, None).await;
    assert_eq!((above.len(), above[0].as_str()), (51, id(&post)));
    let (_, below) = context(&social, &post, None).await;
    assert!((20..=60).contains(&below.len()), "{}", below.len());
}

#[tokio::test]
async fn whom_a_block_separates_is_missing_from_the_context() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let his = social.commented(&bob, &post, "b").await;
    let below = social.commented(&ada, &his, "c").await;
    social.block(&eve, &bob).await;
    assert_eq!(context(&social, &post, Some(&eve)).await.1, NONE);
    assert_eq!(context(&social, &below, Some(&eve)).await.0, [id(&post)]);
    assert_eq!(social.list(&format!("{}/replies", path(&post)), Some(&eve)).await, NONE);
    assert_eq!(social.get(&format!("{}/replies", path(&his)), Some(&eve)).await.0, StatusCode::NOT_FOUND);
    // Nor does a number tell of him.
    assert_eq!(social.read(&path(&post), Some(&eve)).await["comments_count"], 0);
    assert_eq!(social.read(&path(&post), Some(&ada)).await["comments_count"], 1);
}
