//! What photo is told of where the photos of others are shown.

use contracts::AccountId;
use contracts::fact::{Fact, PhotosShown};
use contracts::photo::PhotoVisibility::{Private, Public};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id};
use crate::photo_service::Photo;
use crate::support::{Person, TestSocial};

/// What was told of it, in the order in which it became true.
async fn told(social: &TestSocial) -> Vec<PhotosShown> {
    let told = social.told().await.into_iter().map(|fact| serde_json::from_value(fact).unwrap());
    let shown = told.filter_map(|fact: Fact| match fact {
        Fact::PhotosShown(shown) => Some(shown),
        _ => None,
    });
    shown.collect()
}

fn shown(source: String, author: AccountId, photos: &[&Photo], open: bool) -> PhotosShown {
    PhotosShown { source, author, photos: photos.iter().map(|photo| photo.id).collect(), open }
}

/// Of a public post; what is told when one is gone is open to nobody.
fn post(post: &Value, author: &Person, photos: &[&Photo]) -> PhotosShown {
    shown(format!("post:{}", id(post)), author.id, photos, !photos.is_empty())
}

fn profile(of: &Person, photos: &[&Photo]) -> PhotosShown {
    shown(format!("profile:{}", of.id), of.id, photos, true)
}

async fn change_profile(social: &TestSocial, who: &Person, change: Value) {
    let (status, body) = answer(social.request(Method::PATCH, "/v1/profiles/me", Some(who)).json(&change)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn of_a_post_it_is_told_what_it_shows_of_others_at_any_time() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let [one, two] = [(); 2].map(|()| social.photos.upload(&ada, Public));
    let own = social.photos.upload(&bob, Private);

    let made = social.posted(&bob, json!({"text": "a", "photos": [own.id, one.id]})).await;
    social.edited(&bob, &made, json!({"photos": [two.id, one.id, own.id]})).await;
    social.edited(&bob, &made, json!({"text": "b"})).await;
    social.edited(&bob, &made, json!({"photos": [two.id]})).await;
    let mut expected = vec![post(&made, &bob, &[&one]), post(&made, &bob, &[&one, &two]), post(&made, &bob, &[&two])];
    assert_eq!(told(&social).await, expected);

    assert_eq!(social.delete(&bob, &made).await, StatusCode::NO_CONTENT);
    expected.push(post(&made, &bob, &[]));
    assert_eq!(told(&social).await, expected);
}

#[tokio::test]
async fn of_ones_own_photos_nothing_is_told() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, Public);
    let made = social.posted(&ada, json!({"text": "a", "photos": [photo.id]})).await;
    social.edited(&ada, &made, json!({"photos": []})).await;
    change_profile(&social, &ada, json!({"picture_photo_id": photo.id})).await;
    assert_eq!(social.delete(&ada, &made).await, StatusCode::NO_CONTENT);
    assert_eq!(told(&social).await, Vec::<PhotosShown>::new());
}

#[tokio::test]
async fn a_post_that_is_refused_shows_nothing() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let refused = social.post(&bob, &json!({"text": "a", "parent": "4711", "photos": [photo.id]}));
    assert_eq!(answer(refused).await.0, StatusCode::NOT_FOUND);
    assert_eq!(told(&social).await, Vec::<PhotosShown>::new());
}

#[tokio::test]
async fn the_comments_of_a_deleted_thread_show_nothing_any_more() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let root = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.posted(&bob, json!({"text": "b", "parent": root["id"], "photos": [photo.id]})).await;
    social.commented(&bob, &root, "without a photo").await;
    assert_eq!(social.delete(&ada, &root).await, StatusCode::NO_CONTENT);
    assert_eq!(told(&social).await, [post(&comment, &bob, &[&photo]), post(&comment, &bob, &[])]);
}

#[tokio::test]
async fn of_a_profile_it_is_told_what_its_pictures_are() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let [one, two] = [(); 2].map(|()| social.photos.upload(&ada, Public));
    let own = social.photos.upload(&bob, Public);

    change_profile(&social, &bob, json!({"picture_photo_id": one.id})).await;
    change_profile(&social, &bob, json!({"bio": "Walks"})).await;
    change_profile(&social, &bob, json!({"header_photo_id": two.id})).await;
    change_profile(&social, &bob, json!({"picture_photo_id": own.id, "header_photo_id": two.id})).await;
    change_profile(&social, &bob, json!({"header_photo_id": null})).await;
    let expected = [&[&one][..], &[&one, &two], &[&two], &[]].map(|photos| profile(&bob, photos));
    assert_eq!(told(&social).await, expected);
}

#[tokio::test]
async fn what_its_owner_took_back_does_not_come_back_by_itself() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let borrowed = social.posted(&bob, json!({"text": "a", "photos": [photo.id]})).await;
    let own = social.posted(&ada, json!({"text": "b", "photos": [photo.id]})).await;
    social.tell(photo.changed(Some(photo.made_private()))).await;
    social.tell(photo.changed(Some(photo.state.clone()))).await;
    for (post, photos) in [(&borrowed, 0), (&own, 1)] {
        let seen = social.read(&format!("/v1/posts/{}", id(post)), None).await;
        assert_eq!(seen["photos"].as_array().unwrap().len(), photos, "{seen}");
    }
}

#[tokio::test]
async fn a_post_and_its_comments_are_open_while_everybody_finds_them() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let root = social.posted(&bob, json!({"text": "a", "visibility": "unlisted"})).await;
    let comment = social.posted(&bob, json!({"text": "b", "parent": root["id"], "photos": [photo.id]})).await;
    let is = |open: bool| shown(format!("post:{}", id(&comment)), bob.id, &[&photo], open);
    assert_eq!(told(&social).await, [is(false)], "who is given the address of an unlisted post is its author's choice");

    social.edited(&bob, &root, json!({"visibility": "public"})).await;
    social.edited(&bob, &root, json!({"text": "c"})).await;
    assert_eq!(told(&social).await, [is(false), is(true)]);
    social.edited(&bob, &root, json!({"visibility": "followers"})).await;
    assert_eq!(told(&social).await, [is(false), is(true), is(false)]);
    social.edited(&bob, &root, json!({"visibility": "unlisted"})).await;
    assert_eq!(told(&social).await.len(), 3, "nothing has changed for the owner of the photo");

    let of_friends = social.posted(&bob, json!({"text": "d", "visibility": "friends", "photos": [photo.id]})).await;
    social.edited(&bob, &of_friends, json!({"visibility": "public", "photos": []})).await;
    let last = format!("post:{}", id(&of_friends));
    assert_eq!(told(&social).await[3..], [shown(last.clone(), bob.id, &[&photo], false), shown(last, bob.id, &[], true)]);
}
