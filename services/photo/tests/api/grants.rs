use contracts::Service;
use contracts::fact::Fact;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, url};

/// Fetches the picture with the grant in its address.
async fn fetch(photos: &TestPhoto, photo: &Value, grant: &str, who: Option<&Person>) -> StatusCode {
    photos.get(&format!("{}?grant={grant}", url(photo, "large")), who).await.status()
}

/// What relation tells when somebody turns away from another, or begins to follow them.
fn relation(actor: &Person, target: &Person, severed: bool) -> Fact {
    let told = json!({
        "kind": "relation.changed", "actor": actor.id, "target": target.id, "follows": !severed, "blocks": false, "severed": severed,
    });
    serde_json::from_value(told).unwrap()
}

/// What social tells when a post is gone.
fn narrowed(post: i64, author: &Person) -> Fact {
    serde_json::from_value(json!({"kind": "post.narrowed", "post": post.to_string(), "author": author.id})).unwrap()
}

/// Makes what was noted ten seconds older, as if as much time had passed.
async fn let_time_pass(photos: &TestPhoto) {
    let pool = photos.db.superuser_pool(Service::Photo);
    for older in [
        "update severed set severed_at = severed_at - interval '10 seconds'",
        "update narrowed set narrowed_at = narrowed_at - interval '10 seconds'",
    ] {
        sqlx::query(older).execute(&pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_grant_works_for_its_viewer_only() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let grant = photos.grant(&photo, &ada, &bob);

    assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::OK);
    assert_eq!(fetch(&photos, &photo, &grant, Some(&eve)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &grant, None).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_grant_is_good_for_one_photo_of_one_owner() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let shown = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let hidden = photos.keep(&ada, jpeg(500, 300, 2), &[("visibility", "private")]).await;

    assert_eq!(fetch(&photos, &hidden, &photos.grant(&shown, &ada, &bob), Some(&bob)).await, StatusCode::NOT_FOUND);
    // A grant whose signer believed the photo to be somebody else's.
    assert_eq!(fetch(&photos, &shown, &photos.grant(&shown, &bob, &bob), Some(&bob)).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_signed_by_a_service_is_no_grant() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let forged = TestPhoto::spawn().await.grant(&photo, &ada, &bob);

    for grant in [forged.as_str(), ada.token.as_str(), bob.token.as_str(), "nonsense", ""] {
        assert_eq!(fetch(&photos, &photo, grant, Some(&bob)).await, StatusCode::NOT_FOUND, "{grant}");
    }
}

#[tokio::test]
async fn a_severance_ends_the_grants_before_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, cleo) = (photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let (for_bob, for_cleo) = (photos.grant(&photo, &ada, &bob), photos.grant(&photo, &ada, &cleo));
    assert_eq!(fetch(&photos, &photo, &for_bob, Some(&bob)).await, StatusCode::OK);

    // Whichever of the two it was that turned away.
    photos.tell(Service::Relation, relation(&bob, &ada, true)).await;
    assert_eq!(fetch(&photos, &photo, &for_bob, Some(&bob)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &for_cleo, Some(&cleo)).await, StatusCode::OK);

    // What is signed later, by a service that has heard, counts again.
    let_time_pass(&photos).await;
    assert_eq!(fetch(&photos, &photo, &photos.grant(&photo, &ada, &bob), Some(&bob)).await, StatusCode::OK);
}

#[tokio::test]
async fn following_somebody_ends_no_grant() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let grant = photos.grant(&photo, &ada, &bob);

    photos.tell(Service::Relation, relation(&bob, &ada, false)).await;
    assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::OK);
}

#[tokio::test]
async fn a_narrowed_post_ends_the_grants_that_rest_on_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let grant = photos.grant(&photo, &ada, &bob);

    photos.tell(Service::Social, narrowed(18, &ada)).await;
    assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::OK);

    photos.tell(Service::Social, narrowed(17, &ada)).await;
    assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::NOT_FOUND);
}
