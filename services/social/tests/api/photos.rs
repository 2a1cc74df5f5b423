use contracts::photo::PhotoVisibility::{Private, Public};
use contracts::photo::{PhotoDetails, PhotoState};
use identity::PhotoGrant;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::answers::{answer, eventually, id, path};
use crate::photo_service::{Fault, Photo};
use crate::support::{Person, TestSocial};

/// A post of `who` that shows `photo`.
async fn showing(social: &TestSocial, who: &Person, photo: &Photo, visibility: &str) -> Value {
    social.posted(who, json!({"text": "a", "visibility": visibility, "photos": [photo.id]})).await
}

/// The photos of a post as somebody sees them.
async fn photos(social: &TestSocial, post: &Value, who: Option<&Person>) -> Vec<Value> {
    social.read(&path(post), who).await["photos"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_post_shows_its_photos_in_order_after_one_question() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let mut shown: Vec<Photo> = (0..9).map(|_| social.photos.upload(&ada, Public)).collect();
    shown.insert(3, social.photos.upload(&bob, Public));
    shown.reverse();
    let asked: Vec<_> = shown.iter().map(|photo| photo.id).collect();
    let post = social.posted(&ada, json!({"text": "", "photos": asked})).await;
    assert_eq!(social.photos.asked(), 1);

    let expected = shown.iter().map(|Photo { id, owner, state: PhotoState { key, alt, width, height, thumbhash, .. } }| {
        let urls: Value =
            ["thumb", "small", "large", "original"].map(|variant| (variant, json!(format!("/p/{key}/{variant}")))).into_iter().collect();
        json!({
            "id": id, "alt": alt, "width": width, "height": height, "thumbhash": thumbhash, "owner": format!("account:{owner}"),
            "license": "CC-BY-4.0", "credit": "Ada Lovelace", "animated": false, "urls": urls,
        })
    });
    assert_eq!(photos(&social, &post, None).await, expected.collect::<Vec<_>>());
    assert_eq!(social.photos.asked(), 1, "reading asks nobody");
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_and_nothing_is_posted() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let public: Vec<_> = (0..11).map(|_| social.photos.upload(&ada, Public).id).collect();
    let attempt = async |photos: Value| answer(social.post(&ada, &json!({"text": "a", "photos": photos}))).await;
    for wrong in [json!(public), json!([public[0], public[1], public[0]])] {
        let (status, problem) = attempt(wrong).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("photos")));
    }
    assert_eq!(social.photos.asked(), 0, "what is wrong by itself needs no question");

    let others = social.photos.upload(&bob, Private).id;
    let mut answers = Vec::new();
    for unusable in [json!([public[0], others]), json!([public[0], "4711"])] {
        answers.push(attempt(unusable).await);
    }
    assert_eq!((answers[0].0, &answers[0].1["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("photos[1]")));
    assert_eq!(answers[0], answers[1], "another's private photo can be told from none");
    assert_eq!(social.count("posts").await + social.count("photos").await, 0);
}

#[tokio::test]
async fn without_photo_text_is_posted_and_images_are_not() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, Public);
    let faults = [
        Fault::Unreachable,
        Fault::Refuses(StatusCode::UNAUTHORIZED),
        Fault::Refuses(StatusCode::BAD_GATEWAY),
        Fault::Babbles,
        Fault::Silent,
    ];
    for fault in faults {
        social.photos.set_fault(fault);
        social.posted(&ada, json!({"text": "a"})).await;
        let answer = social.post(&ada, &json!({"text": "b", "photos": [photo.id]})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert!(answer.headers().contains_key("retry-after"), "{fault:?}");
    }
    assert_eq!((social.count("posts").await, social.count("photos").await), (5, 0));
    social.photos.set_fault(Fault::None);
    showing(&social, &ada, &photo, "public").await;
}

#[tokio::test]
async fn a_private_photo_carries_a_grant_for_whoever_sees_the_post() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let photo = social.photos.upload(&ada, Private);
    let post = showing(&social, &ada, &photo, "followers").await;
    assert_eq!(post["photos"][0]["urls"]["large"], format!("/p/{}/large", photo.state.key), "its owner needs none");

    let [seen]: [Value; 1] = photos(&social, &post, Some(&bob)).await.try_into().unwrap();
    for variant in ["thumb", "small", "large", "original"] {
        let (address, grant) = seen["urls"][variant].as_str().unwrap().split_once("?grant=").expect("a grant");
        assert_eq!(address, format!("/p/{}/{variant}", photo.state.key));
        let grant = social.issuer.service_keys().verify_grant(grant).expect("photo takes it");
        let (source, audience_of, as_of, iat) = (format!("post:{}", id(&post)), None, grant.as_of, grant.iat);
        assert_eq!(grant, PhotoGrant { photo: photo.id, source, owner: ada.id, audience_of, viewer: bob.id, as_of, iat });
        assert!(as_of.is_some());
    }
    for who in [Some(&eve), None] {
        assert_eq!(social.get(&path(&post), who).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_visitor_sees_a_public_post_without_its_private_photo() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let (hidden, shown) = (social.photos.upload(&ada, Private), social.photos.upload(&ada, Public));
    let post = social.posted(&ada, json!({"text": "a", "photos": [hidden.id, shown.id]})).await;
    let [seen]: [Value; 1] = photos(&social, &post, None).await.try_into().unwrap();
    assert_eq!(seen["id"], json!(shown.id));
    assert_eq!(photos(&social, &post, Some(&social.person())).await.len(), 2);
}

#[tokio::test]
async fn a_post_shows_its_photo_as_it_is_now() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let post = showing(&social, &ada, &photo, "public").await;

    social.tell(photo.changed(Some(PhotoState { alt: "A pier".to_owned(), ..photo.state.clone() }))).await;
    assert_eq!(photos(&social, &post, None).await[0]["alt"], "A pier");

    social.tell(photo.changed(Some(photo.made_private()))).await;
    assert_eq!(photos(&social, &post, None).await.len(), 0);
    let seen = photos(&social, &post, Some(&bob)).await;
    assert!(seen[0]["urls"]["thumb"].as_str().unwrap().starts_with(&format!("/p/{}-private/thumb?grant=", photo.state.key)));

    social.tell(photo.changed(None)).await;
    for who in [Some(&ada), Some(&bob), None] {
        assert_eq!(photos(&social, &post, who).await.len(), 0);
    }
    assert_eq!(social.count("post_photos").await, 0);
}

#[tokio::test]
async fn a_post_credits_its_photo_as_its_owner_says_now() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&bob, Public);
    let post = showing(&social, &ada, &photo, "public").await;
    let credited = async || {
        let [shown]: [Value; 1] = photos(&social, &post, None).await.try_into().unwrap();
        ["owner", "license", "credit", "animated"].map(|name| shown[name].clone())
    };
    let owner = json!(format!("account:{}", bob.id));
    assert_eq!(credited().await, [owner.clone(), json!("CC-BY-4.0"), json!("Ada Lovelace"), json!(false)]);

    let details = PhotoDetails { license: "CC0-1.0".to_owned(), credit: String::new(), animated: true };
    let after = PhotoState { details: Some(details), ..photo.state.clone() };
    social.tell(photo.changed(Some(after.clone()))).await;
    let changed = [owner, json!("CC0-1.0"), json!(""), json!(true)];
    assert_eq!(credited().await, changed);

    // A version that does not tell it takes nothing away.
    social.tell(photo.changed(Some(PhotoState { alt: "A pier".to_owned(), details: None, ..after }))).await;
    assert_eq!(credited().await, changed);
    assert_eq!(photos(&social, &post, None).await[0]["alt"], "A pier");
}

#[tokio::test]
async fn what_was_not_told_when_a_photo_was_first_shown_is_asked_for() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let known = showing(&social, &ada, &social.photos.upload(&ada, Public), "public").await;
    let shown = [(&ada, Private), (&ada, Public), (&bob, Public)].map(|(owner, visibility)| social.photos.upload(owner, visibility));
    let ids = shown.each_ref().map(|photo| photo.id);
    let post = social.posted(&ada, json!({"text": "a", "photos": ids})).await;
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let forget = format!("update photos set license = null, credit = null, animated = null where id in ({})", ids.join(", "));
    social.plant(&[forget]).await;
    assert_eq!(photos(&social, &post, Some(&ada)).await[0].get("license"), None);

    assert_eq!(social.social.ask_for_details().await.unwrap(), 3);
    for seen in photos(&social, &post, Some(&ada)).await {
        assert_eq!((&seen["license"], &seen["credit"]), (&json!("CC-BY-4.0"), &json!("Ada Lovelace")));
    }
    assert_eq!(photos(&social, &known, None).await[0]["license"], "CC-BY-4.0");
    let asked = social.photos.asked();
    assert_eq!((social.social.ask_for_details().await.unwrap(), social.photos.asked()), (0, asked));
}

#[tokio::test]
async fn a_borrowed_photo_that_its_owner_makes_private_is_shown_to_nobody_else() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let photo = social.photos.upload(&bob, Public);
    let post = showing(&social, &ada, &photo, "public").await;
    social.tell(photo.changed(Some(photo.made_private()))).await;
    // Only its owner may show a private photo: Ada's post must not go on granting Bob's.
    for who in [Some(&ada), Some(&eve), None] {
        assert_eq!(photos(&social, &post, who).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_change_told_while_a_post_is_made_is_not_lost() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for deleted in [false, true] {
        let photo = social.photos.upload(&ada, Public);
        let asked = social.photos.asked();
        let held = social.photos.hold_answers().await;
        let posting = tokio::spawn(answer(social.post(&ada, &json!({"text": "a", "photos": [photo.id]}))));
        eventually("photo was asked", async || social.photos.asked() > asked).await;
        social.tell(photo.changed((!deleted).then(|| photo.made_private()))).await;
        drop(held);
        // The answer that social waited for was true when it was given, and is no more.
        let (status, post) = posting.await.unwrap();
        if status == StatusCode::CREATED {
            assert_eq!(photos(&social, &post, None).await, Vec::<Value>::new(), "deleted: {deleted}");
        }
    }
}
