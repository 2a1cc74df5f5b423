//! What a grant for a private photo rests on, and as of when.

use contracts::Service;
use contracts::photo::PhotoVisibility::Private;
use identity::{AsOf, PhotoGrant};
use serde_json::{Value, json};

use crate::answers::path;
use crate::photo_service::Photo;
use crate::support::{Person, TestSocial};

/// The grant in the address of the first photo of what is answered.
fn granted(social: &TestSocial, shows: &Value) -> PhotoGrant {
    let address = shows["photos"][0]["urls"]["large"].as_str().expect("a photo");
    social.issuer.service_keys().verify_grant(address.split_once("?grant=").expect("a grant").1).expect("photo takes it")
}

async fn number(social: &TestSocial, of: Service, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&social.db.superuser_pool(of)).await.expect("a number")
}

/// As of when it is.
async fn now(social: &TestSocial) -> AsOf {
    AsOf {
        relation: number(social, Service::Relation, "select position from outbox_cursors where consumer = 'social'").await,
        own: number(social, Service::Social, "select coalesce(max(position), 0) from outbox").await,
    }
}

async fn showing(social: &TestSocial, who: &Person, photo: &Photo) -> Value {
    social.posted(who, json!({"text": "a", "visibility": "followers", "photos": [photo.id]})).await
}

#[tokio::test]
async fn a_grant_says_how_far_social_had_heard_and_told() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let post = showing(&social, &ada, &social.photos.upload(&ada, Private)).await;
    let granted = async || granted(&social, &social.read(&path(&post), Some(&bob)).await).as_of.expect("it is said");
    let first = granted().await;
    assert_eq!(first, now(&social).await);
    assert!(first.relation > 0);

    // Whatever it is that relation tells.
    social.follow(&eve, &bob).await;
    let second = granted().await;
    assert_eq!(second, now(&social).await);
    assert!(second.relation > first.relation && second.own == first.own);

    social.edited(&ada, &post, json!({"visibility": "public"})).await;
    social.edited(&ada, &post, json!({"visibility": "followers"})).await;
    let third = granted().await;
    assert_eq!(third, now(&social).await);
    assert!(third.own > second.own, "it has told that fewer see the post");
}

#[tokio::test]
async fn a_grant_of_a_comment_rests_on_whose_thread_it_is_in_too() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for follower in [&ada, &bob] {
        social.follow(follower, &eve).await;
    }
    let root = social.posted(&eve, json!({"text": "a", "visibility": "followers"})).await;
    let photo = social.photos.upload(&ada, Private);
    let comment = social.posted(&ada, json!({"text": "b", "parent": root["id"], "photos": [photo.id]})).await;
    let seen = granted(&social, &social.read(&path(&comment), Some(&bob)).await);
    assert_eq!((seen.owner, seen.audience_of, seen.viewer), (ada.id, Some(eve.id), bob.id));

    // What it showed before an edit is for the same people.
    social.edited(&ada, &comment, json!({"text": "c"})).await;
    let revisions = social.read(&format!("{}/revisions", path(&comment)), Some(&bob)).await;
    let before = granted(&social, &revisions["items"][0]);
    assert_eq!((before.owner, before.audience_of, before.viewer), (ada.id, Some(eve.id), bob.id));
    assert_eq!(before.as_of, Some(now(&social).await));
}
