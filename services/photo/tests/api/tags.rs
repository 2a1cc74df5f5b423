use serde_json::{Value, json};

use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, path};

async fn suggested(photos: &TestPhoto, query: &str) -> Vec<(String, i64)> {
    let found = photos.json(&format!("/v1/photos/tags{query}"), None).await;
    let pair = |tag: &Value| (tag["tag"].as_str().unwrap().to_owned(), tag["photos"].as_i64().unwrap());
    found["items"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(pair).collect()
}

async fn tagged(photos: &TestPhoto, who: &Person, seed: u8, visibility: &str, tags: &str) -> Value {
    photos.keep(who, jpeg(30, 30, seed), &[("visibility", visibility), ("tags", tags)]).await
}

fn counts(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(tag, photos)| ((*tag).to_owned(), *photos)).collect()
}

#[tokio::test]
async fn tags_of_public_photos_are_suggested_with_how_many_have_them() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let first = tagged(&photos, &ada, 1, "public", "sea,sunset,größe").await;
    tagged(&photos, &ada, 2, "public", "sea,seal").await;
    let hidden = tagged(&photos, &ada, 3, "private", "sea,secret").await;

    assert_eq!(suggested(&photos, "?prefix=se").await, counts(&[("sea", 2), ("seal", 1)]));
    assert_eq!(suggested(&photos, "?prefix=%23SU").await, counts(&[("sunset", 1)]));
    assert_eq!(suggested(&photos, "?prefix=gr%C3%B6").await, counts(&[("größe", 1)]));
    assert_eq!(suggested(&photos, "").await[0], ("sea".to_owned(), 2));
    for nothing in ["?prefix=secret", "?prefix=%25", "?prefix=%00", "?prefix=%F4%8F%BF%BF"] {
        assert!(suggested(&photos, nothing).await.is_empty(), "{nothing}");
    }

    // What becomes public counts, and what is no more does not.
    photos.change(&ada, &hidden, json!({"visibility": "public"})).await;
    assert_eq!(suggested(&photos, "?prefix=se").await, counts(&[("sea", 3), ("seal", 1), ("secret", 1)]));
    photos.change(&ada, &hidden, json!({"tags": ["sea"]})).await;
    photos.change(&ada, &first, json!({"visibility": "private"})).await;
    assert_eq!(suggested(&photos, "").await, counts(&[("sea", 2), ("seal", 1)]));
    for photo in photos.json("/v1/photos?owner=me", Some(&ada)).await["items"].as_array().unwrap() {
        answer(photos.request(reqwest::Method::DELETE, &path(photo), Some(&ada))).await;
    }
    assert_eq!(photos.count("terms").await, 0, "a count at zero is no row");
}

#[tokio::test]
async fn many_who_use_the_same_tags_at_once_are_counted_right() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let uploads = (0u8..6).map(|n| {
        let tags = if n % 2 == 0 { "alpha,beta,gamma" } else { "gamma,beta,alpha" };
        tagged(&photos, &ada, n, "public", tags)
    });
    let made = futures::future::join_all(uploads).await;
    assert_eq!(suggested(&photos, "").await, counts(&[("alpha", 6), ("beta", 6), ("gamma", 6)]));
    let changes =
        made.iter().zip(["alpha", "beta"].into_iter().cycle()).map(|(photo, tag)| photos.change(&ada, photo, json!({"tags": [tag]})));
    futures::future::join_all(changes).await;
    assert_eq!(suggested(&photos, "").await, counts(&[("alpha", 3), ("beta", 3)]));
}
