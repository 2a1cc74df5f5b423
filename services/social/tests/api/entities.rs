use contracts::Service;
use serde_json::{Value, json};

use crate::answers::{id, path};
use crate::support::TestSocial;

async fn rows(social: &TestSocial, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&social.db.superuser_pool(Service::Social)).await.unwrap()
}

#[tokio::test]
async fn people_tags_and_links_in_a_text_are_ranges_of_code_points() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.posted(&bob, json!({"text": "a"})).await;
    let text = format!("👩‍🚀 @Person_{0} #Größe https://example.org/ @nobody_at_all", bob.id);
    let post = social.posted(&ada, json!({"text": text})).await;
    let chars: Vec<char> = text.chars().collect();
    let written = post["entities"].as_array().unwrap().iter().map(|entity| {
        let [start, end] = ["start", "end"].map(|at| entity[at].as_u64().unwrap() as usize);
        chars[start..end].iter().collect::<String>()
    });
    let expected = [format!("@Person_{}", bob.id), "#Größe".to_owned(), "https://example.org/".to_owned()];
    assert_eq!(written.collect::<Vec<_>>(), expected);
    let meant: Vec<Value> = post["entities"].as_array().unwrap().iter().map(|entity| entity["type"].clone()).collect();
    assert_eq!(meant, ["mention", "tag", "link"]);
    assert_eq!(post["entities"][0]["account"], bob.id.to_string());
    assert_eq!((&post["entities"][1]["tag"], &post["entities"][2]["url"]), (&json!("grösse"), &json!("https://example.org/")));
    assert_eq!(social.read(&path(&post), None).await["entities"], post["entities"]);
}

#[tokio::test]
async fn what_a_post_names_is_kept_and_follows_its_edits() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&bob, &eve] {
        social.posted(who, json!({"text": "a"})).await;
    }
    let post = social.posted(&ada, json!({"text": format!("@person_{} #one #two #ONE", bob.id)})).await;
    let tags = "select tag from post_tags order by tag";
    let mentioned = "select account::text from mentions";
    assert_eq!(rows(&social, tags).await, ["one", "two"]);
    assert_eq!(rows(&social, mentioned).await, [bob.id.to_string()]);

    social.edited(&ada, &post, json!({"text": format!("@person_{} #two #three", eve.id)})).await;
    assert_eq!(rows(&social, tags).await, ["three", "two"]);
    assert_eq!(rows(&social, mentioned).await, [eve.id.to_string()]);
    social.delete(&ada, &post).await;
    assert_eq!(social.count("post_tags").await + social.count("mentions").await, 0);
}

#[tokio::test]
async fn whom_a_block_separates_cannot_be_mentioned() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.posted(&bob, json!({"text": "a"})).await;
    social.block(&bob, &ada).await;
    let there = social.posted(&ada, json!({"text": format!("@person_{}", bob.id)})).await;
    let nobody = social.posted(&ada, json!({"text": "@person_never_heard_of"})).await;
    assert_ne!(id(&there), id(&nobody));
    assert_eq!((&there["entities"], &nobody["entities"]), (&json!([]), &json!([])));
}
