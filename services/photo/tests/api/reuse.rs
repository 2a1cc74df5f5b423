use std::time::Duration;

use contracts::Service;
use contracts::fact::{Fact, RelationChanged};
use photo::Swept;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{self, album};
use crate::left::left;
use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, id, path};

/// The age below which the sweep spares objects, as it runs in the background.
const DAY: Duration = Duration::from_secs(24 * 3600);

pub async fn public(photos: &TestPhoto, who: &Person) -> Value {
    photos.keep(who, jpeg(60, 40, 1), &[("visibility", "public"), ("credit", "By me"), ("tags", "pier")]).await
}

/// How many people show a photo, as everybody sees it.
async fn count(photos: &TestPhoto, photo: &Value) -> Value {
    photos.json(&path(photo), None).await["uses"].clone()
}

/// Who shows a photo, and in what: newest first.
pub async fn seen(photos: &TestPhoto, owner: &Person, photo: &Value) -> Vec<(Value, Value)> {
    let (status, body) = answer(photos.request(Method::GET, &format!("{}/uses", path(photo)), Some(owner))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["items"].as_array().unwrap().iter().map(|used| (used["account"].clone(), used["kind"].clone())).collect()
}

/// What relation tells when somebody blocks another, or no longer.
pub fn blocks(actor: &Person, target: &Person, blocks: bool) -> Fact {
    Fact::RelationChanged(RelationChanged { blocks, severed: blocks, ..RelationChanged::nothing(actor.id, target.id) })
}

async fn say(photos: &TestPhoto, who: &Person, photo: &Value, said: Value) -> (StatusCode, Value) {
    photos.send(Method::POST, &format!("{}/uses", path(photo)), Some(who), &said).await
}

pub async fn delete(photos: &TestPhoto, who: &Person, photo: &Value, uses: &str) -> StatusCode {
    answer(photos.request(Method::DELETE, &format!("{}?uses={uses}", path(photo)), Some(who))).await.0
}

#[tokio::test]
async fn the_owner_sees_who_shows_a_photo_and_each_person_counts_once() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let who = |person: &Person, kind: &str| (json!(person.id), json!(kind));

    // Asked twice, and by the owner: that is no use.
    for _ in 0..2 {
        assert_eq!(photos.usable(&bob, &[&photo]).await, [photo["id"].clone()]);
        photos.usable(&ada, &[&photo]).await;
    }
    assert_eq!(seen(&photos, &ada, &photo).await, [who(&bob, "unknown")]);
    assert_eq!(count(&photos, &photo).await, 1);

    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(seen(&photos, &ada, &photo).await, [who(&bob, "post")]);
    photos.shows(&bob, "profile:2", &[&photo]).await;
    photos.shows(&bob, "profile:2", &[&photo]).await;
    photos.shows(&eve, "post:18", &[&photo]).await;
    assert_eq!(seen(&photos, &ada, &photo).await, [who(&eve, "post"), who(&bob, "profile"), who(&bob, "post")]);
    assert_eq!(count(&photos, &photo).await, 2);

    // They end with what shows them.
    photos.shows(&bob, "post:17", &[]).await;
    assert_eq!(count(&photos, &photo).await, 2);
    photos.shows(&bob, "profile:2", &[]).await;
    assert_eq!(seen(&photos, &ada, &photo).await, [who(&eve, "post")]);
    assert_eq!(count(&photos, &photo).await, 1);

    // Nobody else learns who.
    for person in [None, Some(&bob)] {
        let answer = photos.get(&format!("{}/uses", path(&photo)), person).await;
        assert!([StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].contains(&answer.status()));
    }
}

#[tokio::test]
async fn a_use_that_nothing_came_of_is_forgotten_after_a_day() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    photos.usable(&bob, &[&photo]).await;
    photos.usable(&eve, &[&photo]).await;
    photos.shows(&eve, "post:18", &[&photo]).await;
    assert_eq!(photos.service.sweep(DAY).await.unwrap(), Swept::default(), "he may be about to post it");
    assert_eq!(count(&photos, &photo).await, 2);

    // As if a day had passed.
    let pool = photos.db.superuser_pool(Service::Photo);
    sqlx::query("update photo_uses set created_at = created_at - interval '25 hours'").execute(&pool).await.unwrap();
    assert_eq!(delete(&photos, &ada, &photo, "leave").await, StatusCode::NO_CONTENT);
    let left = left(&photos, &ada).await;
    assert_eq!(photos.service.sweep(DAY).await.unwrap(), Swept { unused: 1, ..Swept::default() });
    assert_eq!(count(&photos, &left).await, 1);
    photos.shows(&eve, "post:18", &[]).await;
    assert_eq!(photos.get(&path(&left), None).await.status(), StatusCode::NOT_FOUND, "nobody shows it any more");
}

#[tokio::test]
async fn many_at_once_are_counted_right() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let sources: Vec<String> = (0..8).map(|n| format!("post:{}", n + 1)).collect();
    let shown = [&photo];
    futures::future::join_all(sources.iter().map(|source| photos.shows(&bob, source, &shown))).await;
    assert_eq!(count(&photos, &photo).await, 1);
    futures::future::join_all(sources.iter().map(|source| photos.shows(&bob, source, &[]))).await;
    assert_eq!(count(&photos, &photo).await, 0);
}

#[tokio::test]
async fn a_place_outside_is_noted_once_and_can_be_taken_back() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let blog = json!({"url": "https://blog.example.org/pier", "note": "On my blog"});
    let (status, noted) = say(&photos, &bob, &photo, blog.clone()).await;
    assert_eq!((status, &noted["kind"], &noted["url"]), (StatusCode::CREATED, &json!("elsewhere"), &blog["url"]));
    assert_eq!(say(&photos, &bob, &photo, blog).await, (StatusCode::OK, noted.clone()));
    assert_eq!(seen(&photos, &ada, &photo).await.len(), 1);

    for wrong in
        [json!({}), json!({"url": "javascript:alert(1)"}), json!({"url": "https:// x"}), json!({"note": "x".repeat(501)}), json!({"by": 1})]
    {
        assert_eq!(say(&photos, &bob, &photo, wrong.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(say(&photos, &ada, &photo, json!({"note": "mine"})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let hidden = photos.keep(&ada, jpeg(60, 40, 2), &[]).await;
    assert_eq!(say(&photos, &bob, &hidden, json!({"note": "a"})).await.0, StatusCode::NOT_FOUND);

    let place = format!("{}/uses/{}", path(&photo), noted["id"].as_str().unwrap());
    for (who, status) in [(&eve, StatusCode::NOT_FOUND), (&bob, StatusCode::NO_CONTENT), (&bob, StatusCode::NOT_FOUND)] {
        assert_eq!(answer(photos.request(Method::DELETE, &place, Some(who))).await.0, status);
    }
    assert_eq!(count(&photos, &photo).await, 0);
}

#[tokio::test]
async fn the_owner_deletes_what_is_said_of_places_outside() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let (_, noted) = say(&photos, &bob, &photo, json!({"note": "something nasty"})).await;
    photos.shows(&bob, "post:17", &[&photo]).await;
    let place = |noted: &Value| format!("{}/uses/{}", path(&photo), noted["id"].as_str().unwrap());
    let take = async |who: &Person, place: &str| answer(photos.request(Method::DELETE, place, Some(who))).await.0;
    assert_eq!(take(&eve, &place(&noted)).await, StatusCode::NOT_FOUND);
    assert_eq!(take(&ada, &place(&noted)).await, StatusCode::NO_CONTENT);
    assert_eq!(take(&ada, &place(&noted)).await, StatusCode::NOT_FOUND);
    assert_eq!(seen(&photos, &ada, &photo).await, [(json!(bob.id), json!("post"))]);
    assert_eq!(count(&photos, &photo).await, 1, "he still shows it");

    // What is shown here is no word of his, and ends with what shows it.
    let listed = photos.json(&format!("{}/uses", path(&photo)), Some(&ada)).await;
    assert_eq!(take(&ada, &place(&listed["items"][0])).await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn nothing_is_said_of_places_outside_between_two_of_whom_one_blocks_the_other() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let (noted, _) = say(&photos, &bob, &photo, json!({"note": "before"})).await;
    assert_eq!(noted, StatusCode::CREATED);
    for (actor, target) in [(&ada, &bob), (&bob, &ada)] {
        photos.tell(Service::Relation, blocks(actor, target, true)).await;
        for note in ["before", "after"] {
            assert_eq!(say(&photos, &bob, &photo, json!({"note": note})).await.0, StatusCode::NOT_FOUND, "{note}");
        }
        assert_eq!(say(&photos, &eve, &photo, json!({"note": "mine"})).await.0.as_u16() / 100, 2);
        photos.tell(Service::Relation, blocks(actor, target, false)).await;
        assert_eq!(say(&photos, &bob, &photo, json!({"note": "before"})).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_owner_learns_which_it_is_where_everybody_may_see_it() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let paths = async || {
        let listed = photos.json(&format!("{}/uses", path(&photo)), Some(&ada)).await;
        listed["items"].as_array().unwrap().iter().map(|used| used["path"].clone()).collect::<Vec<_>>()
    };
    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(paths().await, [Value::Null], "it may be for friends");
    photos.shows_everybody(&bob, "post:17", &[&photo]).await;
    assert_eq!(paths().await, ["/v1/posts/17"]);
    photos.shows(&bob, "post:17", &[&photo]).await;
    assert_eq!(paths().await, [Value::Null], "it is for friends by now");

    photos.shows_everybody(&bob, "profile:2", &[&photo]).await;
    let piers = album(&photos, &bob, "Piers", "public").await;
    photos.send(Method::PUT, &format!("{}/photos/{}", albums::path(&piers), id(&photo)), Some(&bob), &json!({})).await;
    say(&photos, &bob, &photo, json!({"note": "on a wall"})).await;
    let expected = [Value::Null, json!(albums::path(&piers)), json!("/v1/profiles/2"), Value::Null];
    assert_eq!(paths().await, expected);
}

#[tokio::test]
async fn a_public_album_uses_the_photos_of_others_and_a_private_one_does_not() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let photo = public(&photos, &ada).await;
    let piers = album(&photos, &bob, "Piers", "private").await;
    let place = format!("{}/photos/{}", albums::path(&piers), id(&photo));
    photos.send(Method::PUT, &place, Some(&bob), &json!({})).await;
    assert_eq!(count(&photos, &photo).await, 0);
    for (visibility, uses) in [("public", 1), ("private", 0), ("public", 1)] {
        photos.send(Method::PATCH, &albums::path(&piers), Some(&bob), &json!({"visibility": visibility})).await;
        assert_eq!(count(&photos, &photo).await, uses, "{visibility}");
    }
    answer(photos.request(Method::DELETE, &place, Some(&bob))).await;
    assert_eq!(count(&photos, &photo).await, 0);
    photos.send(Method::PUT, &place, Some(&bob), &json!({})).await;
    assert_eq!(seen(&photos, &ada, &photo).await, [(json!(bob.id), json!("album"))]);
    answer(photos.request(Method::DELETE, &albums::path(&piers), Some(&bob))).await;
    assert_eq!(count(&photos, &photo).await, 0);
}
