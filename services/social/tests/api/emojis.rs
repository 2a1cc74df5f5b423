use contracts::photo::PhotoVisibility::{Private, Public};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, path};
use crate::photo_service::Photo;
use crate::support::{Person, TestSocial};

async fn set(social: &TestSocial, admin: &Person, name: &str, body: Value) -> (StatusCode, Value) {
    answer(social.request(Method::PUT, &format!("/v1/emojis/{name}"), Some(admin)).json(&body)).await
}

/// Makes a custom emoji of a photo of the administrator's.
async fn made(social: &TestSocial, admin: &Person, name: &str) -> Photo {
    let photo = social.photos.upload(admin, Public);
    let (status, made) = set(social, admin, name, json!({"photo_id": photo.id})).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    photo
}

async fn disable(social: &TestSocial, admin: &Person, name: &str) -> StatusCode {
    answer(social.request(Method::DELETE, &format!("/v1/emojis/{name}"), Some(admin))).await.0
}

fn picture(of: &Photo) -> Value {
    json!(format!("/p/{}/thumb", of.state.key))
}

/// The names of those that can be used.
async fn names(social: &TestSocial) -> Vec<String> {
    let listed = social.read("/v1/emojis", None).await;
    listed["items"].as_array().unwrap().iter().map(|custom| custom["emoji"].as_str().unwrap().to_owned()).collect()
}

async fn react(social: &TestSocial, who: &Person, post: &Value, emoji: &str) -> StatusCode {
    answer(social.react(Method::PUT, who, post, emoji)).await.0
}

#[tokio::test]
async fn administrators_make_custom_emoji_for_everybody() {
    let social = TestSocial::spawn().await;
    let (ada, admin) = (social.person(), social.admin());
    let photo = social.photos.upload(&ada, Public);
    let made = set(&social, &admin, "Party_Cat", json!({"photo_id": photo.id, "category": "Cats"})).await;
    let expected = json!({"emoji": ":party_cat:", "category": "Cats", "picture": picture(&photo)});
    assert_eq!(made, (StatusCode::OK, expected.clone()));
    assert_eq!(social.read("/v1/emojis", None).await, json!({"items": [expected]}));

    let other = social.photos.upload(&admin, Public);
    let changed = set(&social, &admin, "party_cat", json!({"photo_id": other.id})).await.1;
    assert_eq!(changed, json!({"emoji": ":party_cat:", "category": "", "picture": picture(&other)}));
    assert_eq!(names(&social).await, [":party_cat:"]);

    let body = json!({"photo_id": photo.id});
    assert_eq!(set(&social, &ada, "dog", body.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(disable(&social, &ada, "party_cat").await, StatusCode::FORBIDDEN);
    assert_eq!(social.get("/v1/moderation/emojis", Some(&ada)).await.0, StatusCode::FORBIDDEN);
    for wrong in ["a", "c-t", "c%C3%A4t", &"a".repeat(31)] {
        assert_eq!(set(&social, &admin, wrong, body.clone()).await.0, StatusCode::NOT_FOUND, "{wrong}");
    }
    let acts = social.read("/v1/moderation/acts", Some(&admin)).await;
    let acts: Vec<(&Value, &Value)> = acts["items"].as_array().unwrap().iter().map(|act| (&act["kind"], &act["emoji"])).collect();
    let (kind, emoji) = (json!("emoji_set"), json!(":party_cat:"));
    assert_eq!(acts, [(&kind, &emoji), (&kind, &emoji)]);
}

#[tokio::test]
async fn the_picture_is_a_public_photo() {
    let social = TestSocial::spawn().await;
    let (ada, admin) = (social.person(), social.admin());
    let hidden = social.photos.upload(&admin, Private).id;
    let (status, problem) = set(&social, &admin, "cat", json!({"photo_id": hidden})).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("photo_id")));
    assert!(problem["detail"].as_str().unwrap().contains(&format!("PATCH /v1/photos/{hidden}")), "{problem}");
    let others = social.photos.upload(&ada, Private).id;
    let (status, problem) = set(&social, &admin, "cat", json!({"photo_id": others})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!problem["detail"].as_str().unwrap().contains("PATCH"), "{problem}");
    assert!(names(&social).await.is_empty());
}

#[tokio::test]
async fn one_reacts_with_a_custom_emoji_and_sees_its_picture() {
    let social = TestSocial::spawn().await;
    let (ada, bob, admin) = (social.person(), social.person(), social.admin());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    assert_eq!(react(&social, &bob, &post, ":cat:").await, StatusCode::UNPROCESSABLE_ENTITY, "there is none yet");
    let cat = made(&social, &admin, "cat").await;
    for (who, emoji) in [(&bob, ":cat:"), (&bob, ":CAT:"), (&admin, ":cat:"), (&bob, "👍")] {
        assert_eq!(react(&social, who, &post, emoji).await, StatusCode::NO_CONTENT);
    }
    let expected = json!([
        {"emoji": ":cat:", "picture": picture(&cat), "count": 2, "mine": true},
        {"emoji": "👍", "count": 1, "mine": true},
    ]);
    assert_eq!(social.read(&path(&post), Some(&bob)).await["reactions"], expected);
    let who = social.read(&format!("{}/reactions?emoji=:cat:", path(&post)), None).await;
    assert_eq!((who["items"].as_array().unwrap().len(), &who["items"][0]["picture"]), (2, &picture(&cat)));
    let told = social.read("/v1/notifications", Some(&ada)).await;
    let people = told["items"][0]["people"].as_array().unwrap().clone();
    let shown = people.iter().find(|person| person["id"] == json!(admin.id)).unwrap();
    assert_eq!((&shown["emoji"], &shown["emoji_picture"]), (&json!(":cat:"), &picture(&cat)));

    // Off, it stands there by its name, cannot be added and can be taken back.
    for _ in 0..2 {
        assert_eq!(disable(&social, &admin, "cat").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(disable(&social, &admin, "dog").await, StatusCode::NOT_FOUND);
    let expected = json!([{"emoji": ":cat:", "count": 2, "mine": false}, {"emoji": "👍", "count": 1, "mine": false}]);
    assert_eq!(social.read(&path(&post), None).await["reactions"], expected);
    assert_eq!(react(&social, &ada, &post, ":cat:").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer(social.react(Method::DELETE, &bob, &post, ":cat:")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(social.read(&path(&post), None).await["reactions"][0]["count"], 1);
    assert_eq!(social.count("moderation_acts where kind = 'emoji_disabled'").await, 1);
}

#[tokio::test]
async fn a_post_says_which_custom_emoji_it_names() {
    let social = TestSocial::spawn().await;
    let (ada, admin) = (social.person(), social.admin());
    let (cat, dog) = (made(&social, &admin, "cat").await, made(&social, &admin, "dog").await);
    let plain = social.posted(&ada, json!({"text": "at 12:30:45 :bird:"})).await;
    assert_eq!(plain.get("emojis"), None);
    let post = social.posted(&ada, json!({"text": ":cat::Cat: sat", "content_warning": "a :dog:"})).await;
    let [named_cat, named_dog] =
        [(":cat:", &cat), (":dog:", &dog)].map(|(emoji, photo)| json!({"emoji": emoji, "picture": picture(photo)}));
    assert_eq!(post["emojis"], json!([named_cat, named_dog]));
    let comment = social.commented(&ada, &post, ":dog:").await;
    assert_eq!(comment["emojis"], json!([named_dog]));
    let edited = social.edited(&ada, &post, json!({"text": "it sat"})).await;
    assert_eq!(edited["emojis"], json!([named_dog]));
    disable(&social, &admin, "dog").await;
    assert_eq!(social.read(&path(&post), None).await.get("emojis"), None);
}

#[tokio::test]
async fn a_photo_made_private_or_deleted_takes_its_emoji_with_it() {
    let social = TestSocial::spawn().await;
    let (ada, admin) = (social.person(), social.admin());
    for private in [true, false] {
        let cat = made(&social, &admin, "cat").await;
        let post = social.posted(&ada, json!({"text": ":cat:"})).await;
        assert_eq!(react(&social, &ada, &post, ":cat:").await, StatusCode::NO_CONTENT);
        social.tell(cat.changed(private.then(|| cat.made_private()))).await;
        assert!(names(&social).await.is_empty(), "private: {private}");
        let seen = social.read(&path(&post), None).await;
        assert_eq!((seen.get("emojis"), &seen["reactions"]), (None, &json!([{"emoji": ":cat:", "count": 1, "mine": false}])));
        let all = social.read("/v1/moderation/emojis", Some(&admin)).await;
        assert_eq!(all["items"], json!([{"emoji": ":cat:", "category": "", "disabled": true}]));
        assert_eq!(react(&social, &admin, &post, ":cat:").await, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
