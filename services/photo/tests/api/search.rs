use reqwest::StatusCode;
use serde_json::Value;

use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto};

async fn titles(photos: &TestPhoto, query: &str, who: Option<&Person>) -> Vec<String> {
    let found = photos.json(&format!("/v1/photos?{query}"), who).await;
    let title = |photo: &Value| photo["title"].as_str().expect("a title").to_owned();
    found["items"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(title).collect()
}

#[tokio::test]
async fn photos_are_found_by_tag_and_by_the_beginning_of_words() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let public = ("visibility", "public");
    photos.keep(&ada, jpeg(40, 40, 1), &[public, ("title", "Pier"), ("alt", "A long pier at dusk"), ("tags", "sea,dusk")]).await;
    photos.keep(&ada, jpeg(40, 40, 2), &[public, ("title", "Harbor"), ("alt", "Boats"), ("tags", "sea")]).await;
    photos.keep(&ada, jpeg(40, 40, 3), &[public, ("title", "Größe"), ("alt", "A scale")]).await;

    assert_eq!(titles(&photos, "tag=sea", None).await, ["Harbor", "Pier"]);
    assert_eq!(titles(&photos, "tag=%23Dusk", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=pie+dus", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=boat", None).await, ["Harbor"]);
    assert_eq!(titles(&photos, "q=sea", None).await, ["Harbor", "Pier"], "a tag is a word too");
    assert_eq!(titles(&photos, "q=gr%C3%B6", None).await, ["Größe"]);
    assert_eq!(titles(&photos, "q=sea&tag=dusk", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=airplane", None).await, [""; 0]);
    assert_eq!(titles(&photos, &format!("owner=account:{}", ada.id), None).await.len(), 3);
}

#[tokio::test]
async fn a_search_finds_nobodys_private_photos() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    photos.keep(&ada, jpeg(40, 40, 1), &[("title", "Hidden"), ("tags", "sea")]).await;

    let of_ada = format!("owner=account:{}", ada.id);
    for query in ["", "tag=sea", "q=hidden", of_ada.as_str()] {
        for who in [None, Some(&eve)] {
            assert_eq!(titles(&photos, query, who).await, [""; 0], "{query}");
        }
    }
    // Not even her own, unless she asks for her own.
    assert_eq!(titles(&photos, "tag=sea", Some(&ada)).await, [""; 0]);
    assert_eq!(titles(&photos, "owner=me&tag=sea", Some(&ada)).await, ["Hidden"]);
    assert_eq!(titles(&photos, "owner=me", Some(&eve)).await, [""; 0]);
}

#[tokio::test]
async fn pages_lead_through_the_whole_list_and_back() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for n in 0..5 {
        photos.keep(&ada, jpeg(40, 40, n), &[("visibility", "public"), ("title", n.to_string().as_str())]).await;
    }
    let page = async |path: &str| {
        let answer = photos.get(path, None).await;
        let links = answer.headers().get("link").map_or("", |links| links.to_str().unwrap()).to_owned();
        let body: Value = answer.json().await.unwrap();
        let titles: Vec<String> =
            body["items"].as_array().unwrap().iter().map(|photo| photo["title"].as_str().unwrap().to_owned()).collect();
        (titles, links)
    };
    let follow = |links: &str, rel: &str| {
        let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
        Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
    };

    let (first, links) = page("/v1/photos?limit=2").await;
    let (second, links) = page(&follow(&links, "next").unwrap()).await;
    let (third, last_links) = page(&follow(&links, "next").unwrap()).await;
    assert_eq!([first.clone(), second, third].concat(), ["4", "3", "2", "1", "0"]);
    assert_eq!(follow(&last_links, "next"), None);
    let (back, _) = page(&follow(&links, "prev").unwrap()).await;
    assert_eq!(back, first);
}

#[tokio::test]
async fn a_search_that_means_nothing_is_refused() {
    let photos = TestPhoto::spawn().await;
    for (query, status) in [
        ("q=%21%21", StatusCode::BAD_REQUEST),
        ("owner=nobody", StatusCode::BAD_REQUEST),
        ("owner=me", StatusCode::UNAUTHORIZED),
        ("tag=two+words", StatusCode::UNPROCESSABLE_ENTITY),
        ("limit=0", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(photos.get(&format!("/v1/photos?{query}"), None).await.status(), status, "{query}");
    }
}
