//! What a user does on the first day, and what remains when they change their mind.

use std::collections::BTreeMap;

use http::StatusCode;
use kube::api::DynamicObject;
use serde_json::json;

use crate::gateway::{Gateway, Person, text};
use crate::objects::{self, Named};
use crate::picture::{self, METADATA, holds};
use crate::platform::minimal;
use crate::scene::{Scene, story};
use crate::wait::eventually;

/// What `deletionPolicy: Retain` keeps: the volumes, and the Secrets without which they could not be read.
const KEPT: [&str; 8] = [
    "PersistentVolumeClaim demo-postgres",
    "PersistentVolumeClaim demo-s3",
    "Secret demo-auth-database",
    "Secret demo-database",
    "Secret demo-key-encryption",
    "Secret demo-photo-database",
    "Secret demo-relation-database",
    "Secret demo-social-database",
];

#[tokio::test]
async fn a_resource_becomes_a_platform_and_leaves_nothing_but_what_is_kept() {
    story("first-day", async |scene: &Scene| {
        let before = objects::all(scene).await;
        let platform = scene.platform();
        platform.run(&minimal(scene)).await;
        let gateway = scene.gateway();
        gateway.serves().await;
        let post = a_private_photo_is_for_followers_alone(&gateway).await;

        platform.delete().await;
        only_what_is_kept_is_left(scene, &before).await;

        platform.run(&minimal(scene)).await;
        gateway.serves().await;
        let alice = Person::sign_in(&gateway, "alice").await;
        let kept = alice.get(&post).await.accepted("read a post of the platform before");
        let photo = alice.get(&text(&kept.json(), "/photos/0/urls/original")).await;
        photo.accepted("read a photo of the platform before");
    })
    .await;
}

/// Waits until deleting the platform has left what the deletion policy keeps, and nothing else beside what was there before.
pub async fn only_what_is_kept_is_left(scene: &Scene, before: &BTreeMap<Named, DynamicObject>) {
    eventually("what the deletion policy keeps is left, and nothing else", async || {
        let left = objects::all(scene).await.into_keys().filter(|named| !before.contains_key(named));
        let left: Vec<String> = left.map(|named| named.to_string()).collect();
        if left == KEPT { Ok(()) } else { Err(left.join(", ")) }
    })
    .await;
}

/// Alice shows a private photo to her followers, of whom Bob is one until she blocks him, and Carol none. Answers the
/// path of the post.
async fn a_private_photo_is_for_followers_alone(gateway: &Gateway) -> String {
    let alice = Person::sign_up(gateway, "alice").await;
    let bob = Person::sign_up(gateway, "bob").await;
    let carol = Person::sign_up(gateway, "carol").await;
    let photo = alice.upload(&picture::jpeg(), "private").await;
    let post = alice.post(json!({ "text": "From the launch pad", "visibility": "followers", "photos": [photo] })).await;

    bob.put(&format!("/v1/relations/{}/follow", alice.id)).await.accepted("follow Alice");
    let seen = eventually("a follower sees the post", async || bob.get(&post).await.with_status(StatusCode::OK)).await;
    let url = text(&seen.json(), "/photos/0/urls/original");
    let bytes = bob.get(&url).await.accepted("read the photo as a follower");
    assert!(bytes.media_type.starts_with("image/"), "a photo, not {bytes}");
    for marker in METADATA {
        assert!(!holds(&bytes.body, marker), "the photo has lost its metadata");
    }
    eventually("the post is in the follower's home timeline", async || {
        let home = bob.get("/v1/timelines/home").await.with_status(StatusCode::OK)?.json();
        let items = home["items"].as_array().cloned().unwrap_or_default();
        if items.iter().any(|item| post.ends_with(&text(item, "/id"))) { Ok(()) } else { Err(home.to_string()) }
    })
    .await;

    for hidden in [&post, &url] {
        assert_eq!(carol.get(hidden).await.status, StatusCode::NOT_FOUND, "for a stranger {hidden} does not exist");
        assert_eq!(gateway.get(hidden).await.status, StatusCode::NOT_FOUND, "for a visitor {hidden} does not exist");
    }
    // 202 where a service has not said in time that it knows; asked again, it answers what holds by then.
    eventually("every service knows of the block before it is answered", async || {
        let blocked = alice.put(&format!("/v1/relations/{}/block", bob.id)).await.accepted("block Bob");
        if blocked.status == StatusCode::ACCEPTED { Err(blocked.to_string()) } else { Ok(()) }
    })
    .await;
    for hidden in [&post, &url] {
        assert_eq!(bob.get(hidden).await.status, StatusCode::NOT_FOUND, "for whom is blocked {hidden} is gone at once");
    }
    post
}
