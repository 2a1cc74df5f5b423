//! What the store of these tests does: what every S3-compatible one does, and no more. All other tests run on it, too.

use std::time::Duration;

use axum::extract::Request;
use photo::Swept;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::direct;
use crate::pictures::jpeg;
use crate::store::BUCKET;
use crate::support::{OBJECTS, TestPhoto, answer, eventually, path, url};
use crate::tus;

/// What a query may ask for, beside a signature: a page of a list. Of the last, the SDK says what it calls.
const QUERY: [&str; 5] = ["list-type", "prefix", "continuation-token", "max-keys", "x-id"];
const SIGNATURE: &str = "X-Amz-";
/// What makes a write into something else: a copy, one with tags, one for others to read.
const MORE: [&str; 3] = ["x-amz-copy-source", "x-amz-tagging", "x-amz-acl"];
/// What makes a write depend on what is there.
const CONDITIONS: [&str; 2] = ["if-match", "if-none-match"];

/// Whether a request is for what every store does: put, get, head and delete an object, and list.
pub fn is_common(request: &Request) -> bool {
    let (method, headers) = (request.method(), request.headers());
    let query = request.uri().query().unwrap_or_default();
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
    let writes = [Method::PUT, Method::DELETE].contains(method);
    (writes || [Method::GET, Method::HEAD].contains(method))
        && names.all(|name| QUERY.contains(&name) || name.starts_with(SIGNATURE))
        && !MORE.iter().any(|name| headers.contains_key(*name))
        && !(writes && CONDITIONS.iter().any(|name| headers.contains_key(*name)))
}

#[tokio::test]
async fn the_store_refuses_what_not_every_store_does() {
    let photos = TestPhoto::spawn().await;
    let object = format!("{}/{BUCKET}/blobs/00112233445566778899aabbccddeeff.thumb", photos.store.endpoint);
    let ask = async |method: Method, query: &str, header: Option<(&str, &str)>| {
        let request = photos.http.request(method, format!("{object}{query}"));
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.unwrap().status()
    };
    for (method, query, header) in [
        (Method::POST, "?delete", None),
        (Method::POST, "?uploads", None),
        (Method::PUT, "?tagging", None),
        (Method::GET, "?acl", None),
        (Method::GET, "?versions", None),
        (Method::DELETE, "?versionId=1", None),
        (Method::PUT, "", Some(("x-amz-copy-source", "/photos/blobs/other.thumb"))),
        (Method::PUT, "", Some(("x-amz-tagging", "a=b"))),
        (Method::PUT, "", Some(("x-amz-acl", "public-read"))),
        (Method::PUT, "", Some(("if-none-match", "*"))),
        (Method::DELETE, "", Some(("if-match", "\"a\""))),
    ] {
        assert_eq!(ask(method.clone(), query, header).await, StatusCode::NOT_IMPLEMENTED, "{method} {query} {header:?}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_ne!(ask(method.clone(), "", None).await, StatusCode::NOT_IMPLEMENTED, "{method}");
    }
}

#[tokio::test]
async fn a_photo_needs_nothing_of_the_store_from_its_upload_to_the_sweep_but_what_every_store_does() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let sent = photos.keep(&ada, jpeg(300, 200, 1), &[("visibility", "public")]).await;

    let file = jpeg(300, 200, 2);
    let upload = direct::begin(&photos, &ada, file.len(), json!({"visibility": "public"})).await;
    assert_eq!(direct::put(&photos, &upload, file).await, StatusCode::OK);
    let (status, straight) = direct::complete(&photos, &ada, &upload).await;
    assert_eq!(status, StatusCode::CREATED, "{straight}");

    let file = jpeg(300, 200, 3);
    let location = tus::begin(&photos, &ada, file.len()).await;
    assert_eq!(tus::send(&photos, &ada, &location, 0, &file).await.status(), StatusCode::NO_CONTENT);
    let (status, resumed) = answer(tus::complete(&photos, &ada, &location)).await;
    assert_eq!(status, StatusCode::CREATED, "{resumed}");
    eventually("nothing lies there as it was sent", async || photos.store.objects().len() == 3 * OBJECTS).await;

    for photo in [&sent, &straight, &resumed] {
        let private = photos.change(&ada, photo, json!({"visibility": "private"})).await;
        assert_eq!(photos.get(url(&private, "large"), Some(&ada)).await.status(), StatusCode::OK);
        let public = photos.change(&ada, photo, json!({"visibility": "public"})).await;
        let part = photos.request(Method::GET, url(&public, "original"), None).header("range", "bytes=0-9");
        assert_eq!(part.send().await.unwrap().status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer(photos.request(Method::DELETE, &path(photo), Some(&ada))).await.0, StatusCode::NO_CONTENT);
    }
    eventually("the objects are gone", async || photos.store.objects().is_empty()).await;

    for left in ["blobs/00112233445566778899aabbccddeeff.original", "incoming/00112233445566778899aabbccddeeff"] {
        photos.store.plant(left, b"left behind");
    }
    let swept = photos.service.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(swept, Swept { orphans: 1, abandoned: 1, ..Swept::default() });
    assert!(photos.store.objects().is_empty());
    assert!(!photos.service.is_exposed().await.unwrap());
}
