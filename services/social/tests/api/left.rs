//! What becomes of photos that their owners have taken back and left to those who show them.

use contracts::PhotoId;
use contracts::fact::{Fact, PhotoChanged};
use contracts::photo::PhotoState;
use contracts::photo::PhotoVisibility::Public;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, path};
use crate::photo_service::Photo;
use crate::support::{Person, TestSocial};

const NOTHING: [(Value, String); 0] = [];

/// The id of the copy that is left of a photo.
fn copy_of(photo: &Photo) -> PhotoId {
    PhotoId(photo.id.0 + 1_000_000)
}

/// What is shown of photos: their ids, and the addresses of the smallest pictures without what proves that one may see them.
async fn shown(social: &TestSocial, post: &Value, who: Option<&Person>) -> Vec<(Value, String)> {
    let post = social.read(&path(post), who).await;
    let photos = post["photos"].as_array().unwrap().iter();
    photos.map(|photo| (photo["id"].clone(), bare(&photo["urls"]["thumb"]))).collect()
}

fn bare(address: &Value) -> String {
    address.as_str().unwrap_or_default().split('?').next().unwrap_or_default().to_owned()
}

fn thumb(state: &PhotoState) -> String {
    format!("/p/{}/thumb", state.key)
}

async fn change_profile(social: &TestSocial, who: &Person, change: Value) {
    let (status, body) = answer(social.request(Method::PATCH, "/v1/profiles/me", Some(who)).json(&change)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

async fn picture(social: &TestSocial, of: &Person) -> String {
    bare(&social.read(&format!("/v1/profiles/{}", of.id), None).await["picture"])
}

#[tokio::test]
async fn what_is_left_to_others_is_private_wherever_its_owner_shows_it() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let photo = social.photos.upload(&ada, Public);
    let show = json!({"text": "a", "photos": [photo.id]});
    let own = social.posted(&ada, show.clone()).await;
    let borrowed = social.posted(&bob, show.clone()).await;
    let edited = social.posted(&bob, show).await;
    social.edited(&bob, &edited, json!({"photos": [], "text": "without it"})).await;
    for who in [&ada, &bob] {
        change_profile(&social, who, json!({"picture_photo_id": photo.id, "header_photo_id": photo.id})).await;
    }

    let (copy, private) = (copy_of(&photo), photo.made_private());
    social.tell(photo.left_as(copy, Some(private.clone()))).await;
    let (theirs, hers) = ((json!(copy), thumb(&photo.state)), (json!(photo.id), thumb(&private)));
    for who in [None, Some(&eve), Some(&ada)] {
        assert_eq!(shown(&social, &borrowed, who).await, std::slice::from_ref(&theirs));
        let revisions = social.read(&format!("{}/revisions", path(&edited)), who).await;
        assert_eq!(revisions["items"][0]["photos"][0]["id"], json!(copy));
    }
    assert_eq!(shown(&social, &own, None).await, NOTHING);
    for who in [&eve, &ada] {
        assert_eq!(shown(&social, &own, Some(who)).await, std::slice::from_ref(&hers), "as any private photo of hers");
    }
    // The pictures of a profile are public ones.
    assert_eq!([picture(&social, &ada).await, picture(&social, &bob).await], [String::new(), thumb(&photo.state)]);

    // When nobody else shows it any more it is gone, and hers is not.
    social.tell(Fact::PhotoChanged(PhotoChanged { photo: copy, owner: ada.id, state: None, left: None })).await;
    assert_eq!(shown(&social, &borrowed, None).await, NOTHING);
    assert_eq!(picture(&social, &bob).await, "");
    assert_eq!(shown(&social, &own, Some(&ada)).await, [hers]);
}

#[tokio::test]
async fn what_is_deleted_and_left_to_others_is_gone_from_what_its_owner_shows() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let photo = social.photos.upload(&ada, Public);
    let show = json!({"text": "a", "photos": [photo.id]});
    let (own, borrowed) = (social.posted(&ada, show.clone()).await, social.posted(&bob, show).await);
    let copy = copy_of(&photo);
    // Once more changes nothing, as with every fact.
    for _ in 0..2 {
        social.tell(photo.left_as(copy, None)).await;
        assert_eq!(shown(&social, &own, Some(&ada)).await, NOTHING);
        assert_eq!(shown(&social, &borrowed, None).await, [(json!(copy), thumb(&photo.state))]);
    }
}

#[tokio::test]
async fn what_nobody_shows_is_not_kept() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, Public);
    social.tell(photo.left_as(copy_of(&photo), Some(photo.made_private()))).await;
    assert_eq!(social.count("photos").await, 0);
}
