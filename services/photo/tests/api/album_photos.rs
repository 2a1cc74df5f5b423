use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::albums::{album, path};
use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, id};

/// Puts a photo into an album, perhaps at a place.
async fn put(photos: &TestPhoto, who: &Person, album: &Value, photo: &Value, place: Value) -> StatusCode {
    let path = format!("{}/photos/{}", path(album), id(photo));
    photos.send(Method::PUT, &path, Some(who), &place).await.0
}

async fn take_out(photos: &TestPhoto, who: &Person, album: &Value, photo: &Value) -> StatusCode {
    answer(photos.request(Method::DELETE, &format!("{}/photos/{}", path(album), id(photo)), Some(who))).await.0
}

/// The titles of the photos of an album, as somebody sees it, page by page.
async fn titles(photos: &TestPhoto, album: &Value, who: Option<&Person>) -> Vec<String> {
    let mut titles = Vec::new();
    let mut next = Some(format!("{}/photos?limit=2", path(album)));
    while let Some(page) = next {
        let answer = photos.get(&page, who).await;
        let links = answer.headers().get("link").map_or("", |links| links.to_str().unwrap()).to_owned();
        let body: Value = answer.json().await.unwrap();
        titles.extend(body["items"].as_array().unwrap().iter().map(|photo| photo["title"].as_str().unwrap().to_owned()));
        let link = links.split(", ").find(|link| link.ends_with("rel=\"next\""));
        next = link.map(|link| link.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned());
    }
    titles
}

/// Photos called 0, 1, 2 …
async fn some(photos: &TestPhoto, who: &Person, visibilities: &[&str]) -> Vec<Value> {
    let mut made = Vec::new();
    for (n, visibility) in (0u8..).zip(visibilities) {
        made.push(photos.keep(who, jpeg(30, 30, n), &[("visibility", *visibility), ("title", n.to_string().as_str())]).await);
    }
    made
}

#[tokio::test]
async fn an_album_keeps_its_photos_in_the_order_that_they_were_put_in() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let made = some(&photos, &ada, &["public"; 5]).await;
    let piers = album(&photos, &ada, "Piers", "public").await;
    for photo in &made {
        assert_eq!(put(&photos, &ada, &piers, photo, json!({})).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(titles(&photos, &piers, None).await, ["0", "1", "2", "3", "4"]);

    for (photo, position, order) in [
        (4, json!(0), ["4", "0", "1", "2", "3"]),
        (4, json!(2), ["0", "1", "4", "2", "3"]),
        (0, json!(99), ["1", "4", "2", "3", "0"]),
        (2, json!(2), ["1", "4", "2", "3", "0"]),
        (2, Value::Null, ["1", "4", "2", "3", "0"]),
    ] {
        assert_eq!(put(&photos, &ada, &piers, &made[photo], json!({"position": position})).await, StatusCode::NO_CONTENT);
        assert_eq!(titles(&photos, &piers, None).await, order);
    }

    // Out of the middle, and in again before another.
    assert_eq!(take_out(&photos, &ada, &piers, &made[2]).await, StatusCode::NO_CONTENT);
    assert_eq!(take_out(&photos, &ada, &piers, &made[2]).await, StatusCode::NO_CONTENT, "again changes nothing");
    assert_eq!(put(&photos, &ada, &piers, &made[2], json!({"position": 1})).await, StatusCode::NO_CONTENT);
    assert_eq!(titles(&photos, &piers, None).await, ["1", "2", "4", "3", "0"]);
    let described = photos.json(&path(&piers), None).await;
    assert_eq!((&described["photos"], &described["cover"]), (&json!(5), &made[1]["urls"]["thumb"]));
}

#[tokio::test]
async fn many_who_move_at_once_lose_nothing() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let made = some(&photos, &ada, &["public"; 6]).await;
    let piers = album(&photos, &ada, "Piers", "public").await;
    let moves = made.iter().zip([3, 0, 5, 1, 1, 0]).map(|(photo, place)| put(&photos, &ada, &piers, photo, json!({"position": place})));
    for status in futures::future::join_all(moves).await {
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    let mut seen = titles(&photos, &piers, None).await;
    seen.sort();
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_private_photo_in_a_public_album_is_not_shown_to_others() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let made = some(&photos, &ada, &["private", "public", "private"]).await;
    let piers = album(&photos, &ada, "Piers", "public").await;
    for photo in &made {
        put(&photos, &ada, &piers, photo, json!({})).await;
    }
    assert_eq!(titles(&photos, &piers, Some(&ada)).await, ["0", "1", "2"]);
    for who in [None, Some(&eve)] {
        assert_eq!(titles(&photos, &piers, who).await, ["1"]);
        let seen = photos.json(&path(&piers), who).await;
        // Neither counted, nor on the cover.
        assert_eq!((&seen["photos"], &seen["cover"]), (&json!(1), &made[1]["urls"]["thumb"]));
    }
    photos.change(&ada, &made[1], json!({"visibility": "private"})).await;
    assert_eq!(titles(&photos, &piers, Some(&eve)).await, [""; 0]);
    assert_eq!(photos.json(&path(&piers), None).await["photos"], 0);
}

#[tokio::test]
async fn into_an_album_go_ones_own_photos_and_public_ones() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let made = some(&photos, &bob, &["public", "private"]).await;
    let piers = album(&photos, &ada, "Piers", "public").await;
    assert_eq!(put(&photos, &ada, &piers, &made[0], json!({})).await, StatusCode::NO_CONTENT);
    assert_eq!(put(&photos, &ada, &piers, &made[1], json!({})).await, StatusCode::NOT_FOUND);
    assert_eq!(put(&photos, &bob, &piers, &made[0], json!({})).await, StatusCode::NOT_FOUND, "another's album");
    assert_eq!(titles(&photos, &piers, Some(&ada)).await, ["0"]);

    // Its owner takes it back: it leaves the albums of others, and stays in their own.
    let own = album(&photos, &bob, "Mine", "public").await;
    put(&photos, &bob, &own, &made[0], json!({})).await;
    photos.change(&bob, &made[0], json!({"visibility": "private"})).await;
    assert_eq!(titles(&photos, &piers, Some(&ada)).await, [""; 0]);
    assert_eq!(titles(&photos, &own, Some(&bob)).await, ["0"]);
    // And it does not come back by itself.
    photos.change(&bob, &made[0], json!({"visibility": "public"})).await;
    assert_eq!(titles(&photos, &piers, Some(&ada)).await, [""; 0]);

    answer(photos.request(Method::DELETE, &format!("/v1/photos/{}", id(&made[0])), Some(&bob))).await;
    assert_eq!(titles(&photos, &own, Some(&bob)).await, [""; 0]);
}
