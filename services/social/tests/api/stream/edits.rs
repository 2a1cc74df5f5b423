use contracts::photo::PhotoVisibility::Public;
use serde_json::{Value, json};

use super::client::Events;
use super::{assert_next, post};
use crate::answers::id;
use crate::support::{Person, TestSocial};

/// Edits a post, of which whoever listens is told next.
async fn edited(social: &TestSocial, author: &Person, events: &mut Events, post: &Value, change: Value) {
    let changed = social.edited(author, post, change).await;
    let told = events.next().await;
    assert_eq!((told.name.as_str(), &told.data["id"], &told.data["text"]), ("edit", &post["id"], &changed["text"]));
}

#[tokio::test]
async fn an_edit_is_told_to_those_who_see_the_post_since() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    post(&social, &ada, "public").await;
    social.follow(&bob, &ada).await;
    let mut his = Events::open(&social, &bob).await;
    let open = social.posted(&ada, json!({"text": "a"})).await;
    assert_next(&mut his, id(&open)).await;
    edited(&social, &ada, &mut his, &open, json!({"text": "b"})).await;
    let photo = social.photos.upload(&ada, Public);
    edited(&social, &ada, &mut his, &open, json!({"photos": [photo.id]})).await;
    // Two changes at once are one, and what was not for him comes with the change that shows it to him.
    edited(&social, &ada, &mut his, &open, json!({"text": "c", "visibility": "followers"})).await;
    let secret = social.posted(&ada, json!({"text": "d", "visibility": "friends"})).await;
    social.edited(&ada, &secret, json!({"text": "e"})).await;
    // What is told before is over: an edit goes to those who may see the post when it is told.
    let since = post(&social, &ada, "public").await;
    assert_next(&mut his, &since).await;
    edited(&social, &ada, &mut his, &secret, json!({"visibility": "unlisted"})).await;

    let direct = social.posted(&ada, json!({"text": format!("@person_{}", bob.id), "visibility": "direct"})).await;
    assert_next(&mut his, id(&direct)).await;
    assert_eq!(his.next().await.name, "notification");
    social.edited(&ada, &direct, json!({"text": "to nobody"})).await;
    let told = his.next().await;
    assert_eq!((told.name.as_str(), &told.data["id"]), ("delete", &direct["id"]));
    // One that he never saw is not gone for him.
    let named = social.posted(&ada, json!({"text": format!("@person_{}", bob.id), "visibility": "friends"})).await;
    social.edited(&ada, &named, json!({"text": "to nobody", "visibility": "direct"})).await;
    let own = post(&social, &bob, "public").await;
    assert_next(&mut his, &own).await;
}
