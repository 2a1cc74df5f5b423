use contracts::Service;
use contracts::fact::AccountState::{Active, Hidden};
use contracts::fact::Fact;
use identity::{AsOf, PhotoGrant};
use reqwest::StatusCode;
use serde_json::json;

use crate::asks::fetch;
use crate::erasure::hide;
use crate::pictures::jpeg;
use crate::reuse::blocks;
use crate::support::{Person, TestPhoto, shown_in_17};

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

/// What social knows that has heard all that relation has told, and told all that it has to tell.
async fn now(photos: &TestPhoto) -> AsOf {
    let last = async |of: Service| -> i64 {
        let last = sqlx::query_scalar("select coalesce(max(position), 0) from outbox");
        last.fetch_one(&photos.db.superuser_pool(of)).await.unwrap()
    };
    AsOf { relation: last(Service::Relation).await, own: last(Service::Social).await }
}

/// What social signs, that knows this.
fn signed(photos: &TestPhoto, as_of: AsOf, grant: PhotoGrant) -> String {
    photos.issuer.signer(Service::Social).grant(PhotoGrant { as_of: Some(as_of), ..grant })
}

/// Makes what was noted ten seconds older, as if as much time had passed.
async fn let_time_pass(photos: &TestPhoto) {
    let pool = photos.db.superuser_pool(Service::Photo);
    for older in [
        "update severed set severed_at = severed_at - interval '10 seconds', position_at = position_at - interval '10 seconds'",
        "update narrowed set narrowed_at = narrowed_at - interval '10 seconds', position_at = position_at - interval '10 seconds'",
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
async fn a_block_ends_the_grants_before_it_whoever_blocks() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, cleo) = (photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    for (viewer, told) in [(&bob, blocks(&ada, &bob, true)), (&cleo, blocks(&cleo, &ada, true))] {
        let grant = photos.grant(&photo, &ada, viewer);
        assert_eq!(fetch(&photos, &photo, &grant, Some(viewer)).await, StatusCode::OK);
        photos.tell(Service::Relation, told).await;
        assert_eq!(fetch(&photos, &photo, &grant, Some(viewer)).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn severances_that_are_told_at_once_end_their_grants() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, cleo, dan) = (photos.person(), photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let grants = [&bob, &cleo, &dan].map(|viewer| (viewer, photos.grant(&photo, &ada, viewer)));

    // The end of a friendship severs both ways.
    let told = [relation(&ada, &bob, true), relation(&bob, &ada, true), relation(&dan, &ada, false), relation(&cleo, &ada, true)];
    photos.tell_together(Service::Relation, &told).await;
    let mut answers = Vec::new();
    for (viewer, grant) in grants {
        answers.push(fetch(&photos, &photo, &grant, Some(viewer)).await);
    }
    assert_eq!(answers, [StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, StatusCode::OK]);
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

#[tokio::test]
async fn what_was_decided_before_a_severance_ends_with_it_whatever_clocks_say() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let (before, grant) = (now(&photos).await, shown_in_17(&photo, &ada, &bob));
    // By a clock that is two minutes ahead.
    let ahead = PhotoGrant { as_of: Some(before), ..grant.clone() };
    let ahead = photos.issuer.grant_ahead(Service::Social, ahead, 120);
    assert_eq!(fetch(&photos, &photo, &ahead, Some(&bob)).await, StatusCode::OK);

    photos.tell(Service::Relation, relation(&ada, &bob, true)).await;
    assert_eq!(fetch(&photos, &photo, &ahead, Some(&bob)).await, StatusCode::NOT_FOUND);
    // Signed later, and by a social that has not heard yet; then by one that has.
    let_time_pass(&photos).await;
    assert_eq!(fetch(&photos, &photo, &signed(&photos, before, grant.clone()), Some(&bob)).await, StatusCode::NOT_FOUND);
    let after = now(&photos).await;
    assert!(after.relation > before.relation);
    assert_eq!(fetch(&photos, &photo, &signed(&photos, after, grant.clone()), Some(&bob)).await, StatusCode::OK);

    // At once, whoever has heard may show it again.
    photos.tell(Service::Relation, relation(&ada, &bob, true)).await;
    assert_eq!(fetch(&photos, &photo, &signed(&photos, after, grant.clone()), Some(&bob)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &signed(&photos, now(&photos).await, grant), Some(&bob)).await, StatusCode::OK);
}

#[tokio::test]
async fn what_was_decided_before_a_post_was_narrowed_ends_with_that_whatever_clocks_say() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let (before, grant) = (now(&photos).await, shown_in_17(&photo, &ada, &bob));
    let ahead = PhotoGrant { as_of: Some(before), ..grant.clone() };
    let ahead = photos.issuer.grant_ahead(Service::Social, ahead, 120);
    photos.tell(Service::Social, narrowed(18, &ada)).await;
    assert_eq!(fetch(&photos, &photo, &ahead, Some(&bob)).await, StatusCode::OK);

    photos.tell(Service::Social, narrowed(17, &ada)).await;
    assert_eq!(fetch(&photos, &photo, &ahead, Some(&bob)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &signed(&photos, before, grant.clone()), Some(&bob)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &signed(&photos, now(&photos).await, grant), Some(&bob)).await, StatusCode::OK);
}

#[tokio::test]
async fn what_was_decided_before_a_severance_ends_with_it_though_that_is_forgotten() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, cleo) = (photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let (before, grant) = (now(&photos).await, shown_in_17(&photo, &ada, &bob));
    photos.tell(Service::Relation, relation(&ada, &bob, true)).await;
    // Hours later, when the next one is noted.
    let older = "update severed set severed_at = severed_at - interval '2 hours', position_at = position_at - interval '2 hours'";
    sqlx::query(older).execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    photos.tell(Service::Relation, relation(&ada, &cleo, true)).await;
    assert_eq!(photos.count("severed").await, 1);

    // By a social that has still not heard, and by one that has.
    assert_eq!(fetch(&photos, &photo, &signed(&photos, before, grant.clone()), Some(&bob)).await, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&photos, &photo, &signed(&photos, now(&photos).await, grant), Some(&bob)).await, StatusCode::OK);
}

/// While a platform is updated: it writes when, and knows of no place.
#[tokio::test]
async fn what_an_older_version_withdraws_anew_ends_by_its_time() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let pool = photos.db.superuser_pool(Service::Photo);
    for (told, of, anew) in [
        (relation(&ada, &bob, true), Service::Relation, "update severed set severed_at = clock_timestamp()"),
        (narrowed(17, &ada), Service::Social, "update narrowed set narrowed_at = clock_timestamp()"),
    ] {
        photos.tell(of, told).await;
        let grant = signed(&photos, now(&photos).await, shown_in_17(&photo, &ada, &bob));
        assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::OK);
        sqlx::query(anew).execute(&pool).await.unwrap();
        assert_eq!(fetch(&photos, &photo, &grant, Some(&bob)).await, StatusCode::NOT_FOUND, "{anew}");
        // What is signed for the other is of long after.
        let_time_pass(&photos).await;
    }
}

#[tokio::test]
async fn a_grant_of_a_comment_ends_when_either_author_turns_away_or_is_hidden() {
    let photos = TestPhoto::spawn().await;
    let [ruth, ada, bob, cleo] = [(); 4].map(|()| photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let as_of = now(&photos).await;
    let for_whom = |viewer: &Person| {
        let comment = PhotoGrant { audience_of: Some(ruth.id), ..shown_in_17(&photo, &ada, viewer) };
        signed(&photos, as_of, comment)
    };
    let (for_bob, for_cleo) = (for_whom(&bob), for_whom(&cleo));
    let own_post = signed(&photos, as_of, shown_in_17(&photo, &ada, &bob));
    let see = async |bob_sees: StatusCode, cleo_sees: StatusCode| {
        assert_eq!(fetch(&photos, &photo, &for_bob, Some(&bob)).await, bob_sees);
        assert_eq!(fetch(&photos, &photo, &for_cleo, Some(&cleo)).await, cleo_sees);
    };
    see(StatusCode::OK, StatusCode::OK).await;

    // Suspended, the author of the post, and back.
    hide(&photos, &ruth, Hidden).await;
    see(StatusCode::NOT_FOUND, StatusCode::NOT_FOUND).await;
    hide(&photos, &ruth, Active).await;
    see(StatusCode::OK, StatusCode::OK).await;

    // Ended a friendship, a follow, or all: it is told alike.
    photos.tell(Service::Relation, relation(&ruth, &bob, true)).await;
    see(StatusCode::NOT_FOUND, StatusCode::OK).await;
    assert_eq!(fetch(&photos, &photo, &own_post, Some(&bob)).await, StatusCode::OK, "it does not rest on her");
    photos.tell(Service::Relation, relation(&cleo, &ada, true)).await;
    see(StatusCode::NOT_FOUND, StatusCode::NOT_FOUND).await;
}
